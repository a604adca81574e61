//! What may not happen inside of a call on a waker.

use std::sync::Arc;
use std::task::Poll;

use super::ExecutorSubject;
use super::body::{Body, Watched, calling};
use super::flag::Flag;
use super::scene::{Kept, Threads, needs_tasks, places, run};
use crate::law::{Found, demand};
use crate::plan::Plan;
use crate::tried::trying;

pub(super) fn no_poll_after_ready<S: ExecutorSubject>(subject: &Arc<S>, _: &Plan) -> Found {
    for &place in places(&**subject) {
        trying([place.name(), "poll: wake, wake a clone on another thread, ready"]);
        let body = Body::new(|_, cx| {
            cx.waker().wake_by_ref();
            let waker = cx.waker().clone();
            assert!(std::thread::spawn(move || waker.wake()).join().is_ok(), "a wake panicked");
            Poll::Ready(())
        });
        let watched = body.watched();
        run(&**subject, place, body);
        demand(!watched.life().polled_after_ready, "a poll after ready")?;
    }
    if subject.spawns() {
        // Other tasks give the executor turns in which it could poll once more.
        trying([
            "spawn a task: keep the waker, wake, ready",
            "main future: wake the kept one, three times over",
            "ready",
        ]);
        let kept = Kept::default();
        let its = kept.clone();
        let task = Body::new(move |_, cx| {
            its.keep(cx.waker());
            cx.waker().wake_by_ref();
            Poll::Ready(())
        });
        let watched = task.watched();
        let main = Body::new(move |poll, cx| {
            kept.take().iter().for_each(|waker| {
                waker.wake_by_ref();
                kept.keep(waker);
            });
            if poll > 5 {
                kept.take();
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        subject.live(main, vec![task]);
        demand(!watched.life().polled_after_ready, "a poll after ready")?;
    }
    Ok(())
}

pub(super) fn no_poll_inside_a_wake<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    for &place in places(&**subject) {
        trying([place.name(), "poll: pending", "on another thread, with a lock that the future takes: wake"]);
        let threads = Threads::default();
        let (its, limit) = (threads.clone(), plan.limit);
        let shared = Arc::new(std::sync::OnceLock::new());
        let its_shared = shared.clone();
        let body = Body::new(move |poll, cx| {
            if poll > 3 {
                return Poll::Ready(());
            }
            let waker = cx.waker().clone();
            let watched = its_shared.get().expect("set before it runs");
            its.after_poll(watched, poll, limit, move || {
                let clone = waker.clone();
                calling(|| clone.wake());
                drop(waker);
            });
            Poll::Pending
        });
        let watched = body.watched();
        assert!(shared.set(watched.clone()).is_ok(), "set once");
        run(&**subject, place, body);
        threads.join();
        demand(!watched.life().polled_in_call, "the future was polled inside of the wake: with a lock, a deadlock")?;
    }
    if subject.spawns() {
        let inside = calls(subject).iter().any(|watched| watched.life().polled_in_call);
        demand(!inside, "a task was polled inside of the wake: with a lock, a deadlock")?;
    }
    Ok(())
}

pub(super) fn no_drop_inside_a_wake<S: ExecutorSubject>(subject: &Arc<S>, _: &Plan) -> Found {
    needs_tasks(&**subject)?;
    let inside = calls(subject).iter().any(|watched| watched.life().dropped_in_call);
    demand(!inside, "a future was dropped inside of a call on its waker")
}

/// Two tasks whose wakers are called while the executor runs, and after.
fn calls<S: ExecutorSubject>(subject: &Arc<S>) -> Vec<Arc<Watched>> {
    trying([
        "spawn a task that is ready at once, one that stays pending: keep the wakers",
        "main future: wake them, ready",
        "after the run: wake them by reference and by value, drop a clone",
    ]);
    let (kept, both) = (Kept::default(), [Flag::default(), Flag::default()]);
    let tasks: Vec<Body> = both
        .iter()
        .cloned()
        .zip([Poll::Ready(()), Poll::Pending])
        .map(|(polled, answer)| {
            let its = kept.clone();
            Body::new(move |_, cx| {
                its.keep(cx.waker());
                polled.set();
                answer
            })
        })
        .collect();
    let watched: Vec<_> = tasks.iter().map(Body::watched).collect();
    let its = kept.clone();
    let main = Body::new(move |_, cx| {
        if both.iter().any(|polled| polled.poll(cx).is_pending()) {
            return Poll::Pending;
        }
        for waker in its.take() {
            calling(|| waker.wake_by_ref());
            its.keep(&waker);
            calling(|| drop(waker));
        }
        Poll::Ready(())
    });
    subject.live(main, tasks);
    for waker in kept.take() {
        let clone = waker.clone();
        calling(|| waker.wake_by_ref());
        calling(|| clone.wake());
        calling(|| drop(waker));
    }
    watched
}
