//! Several futures, several threads, several runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::Poll;

use super::ExecutorSubject;
use super::body::Body;
use super::flag::Flag;
use super::scene::{Place, Threads, caught, needs_tasks, places, run};
use crate::law::{Found, demand};
use crate::plan::Plan;
use crate::tried::trying;

/// So many polls a future may have that always wakes itself before another had one.
const BOUND: usize = 10_000;

pub(super) fn no_two_polls<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    for &place in places(&**subject) {
        trying([place.name(), "each poll: three threads wake while it runs; pending, ten times"]);
        for _ in 0..plan.rounds {
            let threads = Threads::default();
            let its = threads.clone();
            let body = Body::new(move |poll, cx| {
                if poll > 10 {
                    return Poll::Ready(());
                }
                for _ in 0..3 {
                    let waker = cx.waker().clone();
                    its.start(move || waker.wake());
                }
                cx.waker().wake_by_ref();
                (0..5).for_each(|_| std::thread::yield_now());
                Poll::Pending
            });
            let watched = body.watched();
            run(&**subject, place, body);
            threads.join();
            demand(!watched.life().polled_twice_at_once, "two polls at once")?;
        }
    }
    Ok(())
}

/// What came of the inner run.
type Inner = Arc<Mutex<Option<Result<bool, String>>>>;

pub(super) fn nested_run<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    trying(["run a main future; in its poll: run another, which waits for another thread's wake"]);
    let (inner, threads): (Inner, _) = (Inner::default(), Threads::default());
    let (its, its_subject, its_threads, limit) = (inner.clone(), subject.clone(), threads.clone(), plan.limit);
    let outer = Body::new(move |_, _| {
        let body = waits_for_a_thread(&its_threads, limit);
        let watched = body.watched();
        let ran = caught(|| its_subject.live(body, Vec::new())).map(|()| watched.life().ready);
        *its.lock().expect("no panic holds it") = Some(ran);
        Poll::Ready(())
    });
    let watched = outer.watched();
    subject.live(outer, Vec::new());
    threads.join();
    let ended = !matches!(*inner.lock().expect("no panic holds it"), Some(Ok(false)));
    demand(ended, "the inner run ended before its future")?;
    demand(watched.life().ready, "the outer run ended before its future")
}

/// A future that is pending until another thread wakes it.
fn waits_for_a_thread(threads: &Threads, limit: std::time::Duration) -> Body {
    let shared = Arc::new(OnceLock::new());
    let (its_shared, its) = (shared.clone(), threads.clone());
    let woken = Flag::default();
    let body = Body::new(move |poll, cx| {
        if poll == 1 {
            let flag = woken.clone();
            its.after_poll(its_shared.get().expect("set before it runs"), 1, limit, move || {
                // Time for a run that was woken for another one to wait again.
                (0..200).for_each(|_| std::thread::yield_now());
                flag.set();
            });
        }
        woken.poll(cx)
    });
    assert!(shared.set(body.watched()).is_ok(), "set once");
    body
}

pub(super) fn nested_run_takes_no_wakes<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    trying([
        "run a main future; its poll: wake itself, then run another to its end, which waits for another thread's wake",
        "pending",
        "it is polled again",
    ]);
    let threads = Threads::default();
    let (its_subject, its_threads, limit) = (subject.clone(), threads.clone(), plan.limit);
    let outer = Body::new(move |poll, cx| {
        if poll > 1 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        let body = waits_for_a_thread(&its_threads, limit);
        // One that refuses takes nothing either.
        drop(caught(|| its_subject.live(body, Vec::new())));
        Poll::Pending
    });
    let watched = outer.watched();
    subject.live(outer, Vec::new());
    threads.join();
    demand(watched.life().ready, "the outer run ended before its future")
}

pub(super) fn no_starvation<S: ExecutorSubject>(subject: &Arc<S>, _: &Plan) -> Found {
    needs_tasks(&**subject)?;
    for greedy in [Place::Main, Place::Task] {
        trying(match greedy {
            Place::Main => ["main future: wakes itself in each poll", "task: needs one poll"],
            Place::Task => ["task: wakes itself in each poll", "another task, and the main future: need a few polls"],
        });
        let (polls, done) = (Arc::new(AtomicUsize::new(0)), Flag::default());
        let (its, its_done) = (polls.clone(), done.clone());
        let glutton = Body::new(move |poll, cx| {
            its.store(poll, Ordering::SeqCst);
            if its_done.is_set() || poll > BOUND {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            std::thread::yield_now(); // for executors with several threads, where the other runs elsewhere
            Poll::Pending
        });
        let its_done = done.clone();
        let other = Body::new(move |_, _| {
            its_done.set();
            Poll::Ready(())
        });
        match greedy {
            Place::Main => subject.live(glutton, vec![other]),
            Place::Task => subject.live(done.body(), vec![glutton, other]),
        }
        let polls = polls.load(Ordering::SeqCst);
        demand(polls <= BOUND, format!("more than {BOUND} polls of the one before one of the other"))?;
    }
    Ok(())
}
