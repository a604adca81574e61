//! What futures' own tests do not ask.

use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;

use futures_core::Stream;
use futures_unordered::FuturesUnordered;

fn next<Fut: Future>(set: &mut FuturesUnordered<Fut>) -> Poll<Option<Fut::Output>> {
    Pin::new(set).poll_next(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn several_threads_push() {
    let mut set = FuturesUnordered::new();
    thread::scope(|scope| {
        for number in 0..4 {
            let set = &set;
            scope.spawn(move || (0..100).for_each(|_| set.push(ready(number))));
        }
        assert!(set.iter().len() <= 400);
    });
    assert_eq!((set.len(), set.iter().len()), (400, 400));
    let mut sum = 0;
    while let Poll::Ready(Some(number)) = next(&mut set) {
        sum += number;
    }
    assert_eq!((sum, set.len()), (600, 0));
}

#[test]
fn futures_are_seen_through_a_shared_reference_while_others_are_pushed() {
    let set = FuturesUnordered::new();
    set.push(pending::<()>());
    let mut all = set.iter();
    for _ in 0..100 {
        set.push(pending());
    }
    assert!(all.next().is_some() && all.next().is_none());
    assert_eq!(set.iter().len(), 101);
}

#[test]
fn indices_are_used_again() {
    let mut set = FuturesUnordered::new();
    for round in 0..100 {
        (0..10).for_each(|_| set.push(ready(round)));
        (0..10).for_each(|_| assert_eq!(next(&mut set), Poll::Ready(Some(round))));
        assert_eq!(next(&mut set), Poll::Ready(None));
    }
}
