//! What is dropped, and when.

use std::sync::Arc;
use std::task::{Poll, Waker};

use super::ExecutorSubject;
use super::body::{Body, Watched};
use super::flag::Flag;
use super::scene::{Kept, needs_tasks, places, run};
use crate::law::{Found, demand};
use crate::plan::Plan;
use crate::tried::trying;

/// Whether each was dropped once; a shutdown on other threads is given some time.
pub(super) fn dropped(bodies: &[Arc<Watched>], plan: &Plan) -> Found {
    for (place, watched) in bodies.iter().enumerate() {
        watched.wait(plan.limit / 10, |life| life.drops > 0);
        let drops = watched.life().drops;
        let which = if bodies.len() == 1 { "the future".into() } else { format!("task {}", place + 1) };
        demand(drops == 1, format!("{which} was dropped {drops} times"))?;
    }
    Ok(())
}

pub(super) fn done_is_dropped<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    for &place in places(&**subject) {
        trying([place.name(), "poll: keep the waker, ready", "with the waker still kept: end the executor"]);
        let kept = Kept::default();
        let its = kept.clone();
        let body = Body::new(move |_, cx| {
            its.keep(cx.waker());
            Poll::Ready(())
        });
        let watched = body.watched();
        run(&**subject, place, body);
        dropped(&[watched], plan)?;
        drop(kept.take());
    }
    Ok(())
}

pub(super) fn pending_is_dropped<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    needs_tasks(&**subject)?;
    trying(["spawn a task that stays pending and keeps no waker", "main future: wait for its first poll, ready"]);
    let polled = Flag::default();
    let its = polled.clone();
    let task = Body::new(move |_, _| {
        its.set();
        Poll::Pending
    });
    let watched = task.watched();
    subject.live(polled.body(), vec![task]);
    dropped(&[watched], plan)?;

    trying(["spawn a task", "main future: ready at once"]);
    let task = Body::new(|_, _| Poll::Pending);
    let watched = task.watched();
    subject.live(Body::new(|_, _| Poll::Ready(())), vec![task]);
    dropped(&[watched], plan)
}

/// A task that stays pending, whose waker is kept; the main future does `last` with it, and is ready.
fn pending_kept<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan, last: fn(&Waker)) -> Found {
    needs_tasks(&**subject)?;
    let (kept, polled) = (Kept::default(), Flag::default());
    let (its, its_polled) = (kept.clone(), polled.clone());
    let task = Body::new(move |poll, cx| {
        if poll == 1 {
            its.keep(cx.waker());
            its_polled.set();
        }
        Poll::Pending
    });
    let watched = task.watched();
    let its = kept.clone();
    let main = Body::new(move |_, cx| {
        if polled.poll(cx).is_pending() {
            return Poll::Pending;
        }
        for waker in its.take() {
            last(&waker);
            its.keep(&waker);
        }
        Poll::Ready(())
    });
    subject.live(main, vec![task]);
    let found = dropped(&[watched], plan);
    drop(kept.take());
    found
}

pub(super) fn pending_with_a_waker_is_dropped<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    trying([
        "spawn a task that stays pending: keep its waker",
        "main future: ready",
        "with the waker still kept: look",
    ]);
    pending_kept(subject, plan, |_| ())
}

pub(super) fn pending_and_woken_is_dropped<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    trying(["spawn a task that stays pending: keep its waker", "main future: wake it, ready", "look"]);
    pending_kept(subject, plan, Waker::wake_by_ref)
}

pub(super) fn own_waker_is_dropped<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    needs_tasks(&**subject)?;
    trying(["spawn a task: keep a waker inside of the future, pending", "main future: ready", "look"]);
    let polled = Flag::default();
    let its = polled.clone();
    let mut own = Vec::new();
    let task = Body::new(move |_, cx| {
        own.extend([cx.waker().clone(), cx.waker().clone()]);
        its.set();
        Poll::Pending
    });
    let watched = task.watched();
    subject.live(polled.body(), vec![task]);
    dropped(&[watched], plan)
}

pub(super) fn destructors_that_wake<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    needs_tasks(&**subject)?;
    trying([
        "spawn two tasks that stay pending: keep the wakers",
        "main future: ready",
        "at shutdown, in each destructor: wake all, drop all",
    ]);
    let (kept, flags) = (Kept::default(), [Flag::default(), Flag::default()]);
    let tasks: Vec<Body> = flags
        .iter()
        .cloned()
        .map(|polled| {
            let (its, at_end) = (kept.clone(), kept.clone());
            Body::new(move |poll, cx| {
                if poll == 1 {
                    (0..3).for_each(|_| its.keep(cx.waker()));
                    polled.set();
                }
                Poll::Pending
            })
            .ending(move || {
                let mut wakers = at_end.take();
                let half = wakers.split_off(wakers.len() / 2);
                wakers.iter().for_each(|waker| at_end.keep(waker));
                half.into_iter().chain(wakers).for_each(Waker::wake);
            })
        })
        .collect();
    let watched: Vec<_> = tasks.iter().map(Body::watched).collect();
    let main = Body::new(move |_, cx| {
        let waits = flags.iter().any(|polled| polled.poll(cx).is_pending());
        if waits { Poll::Pending } else { Poll::Ready(()) }
    });
    subject.live(main, tasks);
    let found = dropped(&watched, plan);
    drop(kept.take());
    found
}
