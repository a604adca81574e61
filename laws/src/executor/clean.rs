//! What is dropped, and when.

use std::sync::Arc;
use std::task::{Poll, Waker};

use super::ExecutorSubject;
use super::body::Body;
use super::flag::Flag;
use super::scene::{Kept, caught, needs_tasks, places, run};
use crate::law::{Found, broken, demand};
use crate::plan::Plan;

/// Whether each was dropped once; a shutdown on other threads is given some time.
fn dropped(bodies: &[Arc<super::body::Watched>], plan: &Plan, steps: &[&str]) -> Found {
    for watched in bodies {
        watched.wait(plan.limit / 10, |life| life.drops > 0);
        let drops = watched.life().drops;
        demand(drops == 1, steps, format!("a future was dropped {drops} times"))?;
    }
    Ok(())
}

pub(super) fn done_is_dropped<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    for &place in places(&**subject) {
        let steps = [place.name(), "poll: keep the waker, ready", "with the waker still kept: end the executor"];
        let kept = Kept::default();
        let its = kept.clone();
        let body = Body::new(move |_, cx| {
            its.keep(cx.waker());
            Poll::Ready(())
        });
        let watched = body.watched();
        run(&**subject, place, body);
        dropped(&[watched], plan, &steps)?;
        drop(kept.take());
    }
    Ok(())
}

pub(super) fn pending_is_dropped<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    needs_tasks(&**subject)?;
    let steps = ["spawn a task that stays pending and keeps no waker", "main future: wait for its first poll, ready"];
    let polled = Flag::default();
    let its = polled.clone();
    let task = Body::new(move |_, _| {
        its.set();
        Poll::Pending
    });
    let watched = task.watched();
    subject.live(polled.body(), vec![task]);
    dropped(&[watched], plan, &steps)?;

    let steps = ["spawn a task", "main future: ready at once"];
    let task = Body::new(|_, _| Poll::Pending);
    let watched = task.watched();
    subject.live(Body::new(|_, _| Poll::Ready(())), vec![task]);
    dropped(&[watched], plan, &steps)
}

/// A task that stays pending, whose waker is kept; the main future does `last` with it, and is ready.
fn pending_kept<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan, steps: &[&str], last: fn(&Waker)) -> Found {
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
    let found = dropped(&[watched], plan, steps);
    drop(kept.take());
    found
}

pub(super) fn pending_with_a_waker_is_dropped<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    let steps =
        ["spawn a task that stays pending: keep its waker", "main future: ready", "with the waker still kept: look"];
    pending_kept(subject, plan, &steps, |_| ())
}

pub(super) fn pending_and_woken_is_dropped<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    let steps = ["spawn a task that stays pending: keep its waker", "main future: wake it, ready", "look"];
    pending_kept(subject, plan, &steps, Waker::wake_by_ref)
}

pub(super) fn own_waker_is_dropped<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    needs_tasks(&**subject)?;
    let steps = ["spawn a task: keep a waker inside of the future, pending", "main future: ready", "look"];
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
    dropped(&[watched], plan, &steps)
}

pub(super) fn destructors_that_wake<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    needs_tasks(&**subject)?;
    let steps = [
        "spawn two tasks that stay pending: keep the wakers",
        "main future: ready",
        "at shutdown, in each destructor: wake all, drop all",
    ];
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
    caught(|| subject.live(main, tasks)).map_err(|said| broken(steps, format!("it panicked: {said}")))?;
    let found = dropped(&watched, plan, &steps);
    drop(kept.take());
    found
}
