//! Wakers of shared tasks: which task they wake, and as whose header they are recovered.

use std::hint::black_box;
use std::task::Waker;

use common::{HEADERS, Header};

use crate::{Checks, Row};

/// Where tasks are made and recovered.
struct Place {
    name: &'static str,
    /// Which copy of the crate it uses.
    copy: u8,
    task: fn(Header) -> Waker,
    headers: fn(&Waker) -> [Option<usize>; 5],
    again: fn(&Waker) -> Option<Waker>,
}

macro_rules! place {
    ($module:ident, $copy:literal) => {
        Place {
            name: stringify!($module),
            copy: $copy,
            task: $module::task,
            headers: $module::headers,
            again: $module::again,
        }
    };
}

mod here {
    common::declare_tasks!(waker_tables);
}

const PLACES: [Place; 5] =
    [place!(common, 1), place!(left, 1), place!(right, 1), place!(here, 1), place!(foreign, 2)];

struct Made {
    place: &'static Place,
    header: Header,
    waker: Waker,
}

pub fn checks(checks: &mut Checks, rows: &[Row]) {
    static MAKERS: [Place; 5] = PLACES;
    let made = MAKERS
        .iter()
        .flat_map(|place| HEADERS.map(|header| Made { place, header, waker: black_box((place.task)(header)) }));
    let made = made.collect::<Vec<_>>();
    for (i, a) in made.iter().enumerate() {
        for (j, b) in made.iter().enumerate() {
            for right in [&b.waker, &black_box(b.waker.clone()), &black_box(b.waker.clone()).clone()] {
                let answer = a.waker.will_wake(right);
                checks.that(answer == (i == j), || format!("{}: will_wake {} is {answer}", a.name(), b.name()));
            }
        }
        recovered(checks, a);
        for row in rows {
            let answer = (row.answer)(black_box(a.waker.clone()));
            checks.that(answer.is_none(), || format!("{} answers {answer:x?} to {}", row.name, a.name()));
        }
    }
    for row in rows {
        for waker in row.wakers() {
            let found = PLACES.iter().any(|place| (place.headers)(&waker) != [None; 5]);
            checks.that(!found, || format!("a waker of {} is a task's", row.name));
        }
    }
}

/// What each place says to the waker of a task.
fn recovered(checks: &mut Checks, made: &Made) {
    for place in PLACES {
        let found = black_box((place.headers)(&made.waker));
        let known = place.copy == made.place.copy;
        let expected = HEADERS.map(|header| (known && header == made.header).then_some(7));
        checks.that(found == expected, || format!("{} finds {found:?} behind {}", place.name, made.name()));
        let again = black_box((place.again)(&made.waker)).map(|waker| waker.will_wake(&made.waker));
        let expected = (known && made.header == Header::Job).then_some(true);
        checks
            .that(again == expected, || format!("{} makes of {} what wakes it: {again:?}", place.name, made.name()));
    }
}

impl Made {
    fn name(&self) -> String {
        format!("a task of {} with {:?}", self.place.name, self.header)
    }
}
