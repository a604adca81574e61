//! Wakers: made, borrowed, cloned, woken, compared, and turned back.
//!
//! Each wake adds to a counter of the target with two plain moves: a locked instruction there would hide those of the
//! waker. The first waker of each kind is used after each batch, so that no maker can be left out.

use std::hint::black_box;
use std::task::Waker;

use crate::harness::{Case, Round, prepared, timed};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{GroupReport, Side};

mod arc;
mod count;
mod fixed;
mod hand;
mod id;

/// How many operations a pass has.
const BATCH: u64 = 1024;

/// How many targets are woken in turn. One alone would make each wake wait for what the one before it stored.
const TARGETS: usize = 8;

/// What a target calls itself.
const NAME: usize = 7;

/// A way to have wakers of one target.
trait Form: 'static {
    const NAME: &'static str;
    const SIDE: Side = Side::Peer;

    /// A fresh target; where it is an id, that is `nth`.
    fn new(nth: usize) -> Self;

    /// An owned waker.
    fn waker(&self) -> Waker;

    /// A waker for the length of one call; an owned one where the form has no other.
    #[inline]
    fn borrow(&self, with: impl FnOnce(&Waker)) {
        with(&self.waker());
    }

    /// How often the target was woken.
    fn wakes(&self) -> u64;

    /// What the target of a waker calls itself (7, always), if the form can tell; else `CAN_RECOVER` is false.
    fn recover(_waker: &Waker) -> Option<u64> {
        None
    }

    const CAN_RECOVER: bool = false;
}

/// What is done with a waker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Make,
    Borrow,
    Clone,
    Wake,
    WakeByRef,
    WillWake,
    Recover,
}

impl Operation {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Make, "make and drop"),
        (Self::Borrow, "borrow"),
        (Self::Clone, "clone and drop"),
        (Self::Wake, "wake"),
        (Self::WakeByRef, "wake_by_ref"),
        (Self::WillWake, "will_wake"),
        (Self::Recover, "recover"),
    ];

    /// The candidate that others are divided by.
    fn reference(self, kind: Kind) -> &'static str {
        match (self, kind) {
            (Self::Borrow, Kind::Arc) => "futures-task",
            (Self::Recover, _) | (_, Kind::Static | Kind::Id) => "by hand, unsafe",
            _ => "std Wake, wake_by_ref written",
        }
    }
}

/// What a waker points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Arc,
    Static,
    Id,
}

/// Runs the group.
pub(super) fn fill(plan: &Plan, progress: &mut Progress, report: &mut GroupReport) {
    for (kind, of) in [(Kind::Arc, "Arc"), (Kind::Static, "&'static"), (Kind::Id, "id")] {
        for (operation, name) in Operation::ALL {
            let picture = ["waker", "waker-static", "waker-id"][kind as usize];
            let mut case = Case::new(format!("{name}, {of}"), picture, "ns", BATCH);
            match kind {
                Kind::Arc => arc::add(&mut case, operation),
                Kind::Static => fixed::add(&mut case, operation),
                Kind::Id => id::add(&mut case, operation),
            }
            case.reference(operation.reference(kind));
            report.cases.push(case.measure(plan, progress));
        }
    }
    report.notes.push(
        "Who cannot borrow makes an owned waker for each call, and drops it. std, futures-task, cooked-waker and \
         waker-fn cannot recover."
            .to_owned(),
    );
}

/// Adds a form to a case, if it can do the operation.
fn add<F: Form>(case: &mut Case<'_>, operation: Operation) {
    let round = match operation {
        Operation::Make => make::<F>(),
        Operation::Borrow => borrow::<F>(),
        Operation::Clone => clone::<F>(),
        Operation::Wake => wake::<F>(),
        Operation::WakeByRef => wake_by_ref::<F>(),
        Operation::WillWake => will_wake::<F>(),
        Operation::Recover if F::CAN_RECOVER => recover::<F>(),
        Operation::Recover => return,
    };
    case.add(F::SIDE, F::NAME, round);
}

fn make<F: Form>() -> Round<'static> {
    let form = F::new(NAME);
    timed(move || {
        let before = form.wakes();
        for _ in 1..BATCH {
            drop(black_box(black_box(&form).waker()));
        }
        black_box(form.waker()).wake_by_ref();
        form.wakes() - before
    })
}

fn borrow<F: Form>() -> Round<'static> {
    let form = F::new(NAME);
    timed(move || {
        let before = form.wakes();
        for _ in 1..BATCH {
            black_box(&form).borrow(|waker| {
                black_box(waker);
            });
        }
        form.borrow(Waker::wake_by_ref);
        form.wakes() - before
    })
}

fn clone<F: Form>() -> Round<'static> {
    let form = F::new(NAME);
    let waker = black_box(form.waker());
    timed(move || {
        let before = form.wakes();
        for _ in 1..BATCH {
            drop(black_box(black_box(&waker).clone()));
        }
        black_box(waker.clone()).wake_by_ref();
        form.wakes() - before
    })
}

fn wake<F: Form>() -> Round<'static> {
    let (forms, wakers) = targets::<F>();
    prepared(
        move || (0..BATCH).zip(wakers.iter().cycle()).map(|(_, waker)| waker.clone()).collect::<Vec<_>>(),
        move |wakers| {
            let before = wakes(&forms);
            for waker in black_box(wakers) {
                waker.wake();
            }
            wakes(&forms) - before
        },
    )
}

fn wake_by_ref<F: Form>() -> Round<'static> {
    let (forms, wakers) = targets::<F>();
    timed(move || {
        let before = wakes(&forms);
        for _ in 0..BATCH / TARGETS as u64 {
            for waker in black_box(&wakers) {
                waker.wake_by_ref();
            }
        }
        wakes(&forms) - before
    })
}

/// Several targets with a waker each.
fn targets<F: Form>() -> ([F; TARGETS], [Waker; TARGETS]) {
    let forms = std::array::from_fn(F::new);
    let wakers = std::array::from_fn(|at| black_box(forms[at].waker()));
    (forms, wakers)
}

fn wakes<F: Form>(forms: &[F]) -> u64 {
    forms.iter().map(Form::wakes).sum()
}

/// What is counted are the questions: whether a clone's answer is yes depends on the build for all but this crate.
fn will_wake<F: Form>() -> Round<'static> {
    let form = F::new(NAME);
    let waker = black_box(form.waker());
    let other = black_box(waker.clone());
    timed(move || {
        let mut asked = 0;
        for _ in 0..BATCH {
            black_box(black_box(&waker).will_wake(black_box(&other)));
            asked += 1;
        }
        asked
    })
}

fn recover<F: Form>() -> Round<'static> {
    let form = F::new(NAME);
    let waker = black_box(form.waker());
    timed(move || (0..BATCH).filter_map(|_| F::recover(black_box(&waker))).sum())
}
