//! Wakers that outlive what they wake.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::thread;

use super::ExecutorSubject;
use super::body::{Body, calling};
use super::flag::Flag;
use super::scene::{Kept, Threads, caught, needs_tasks, places, run};
use crate::law::{Found, broken, demand};
use crate::plan::Plan;
use crate::tried::trying;

/// Clones, wakes and drops all that were kept; what a panic said.
fn use_up(kept: &Kept) -> Result<(), String> {
    caught(|| {
        for waker in kept.take() {
            let clone = waker.clone();
            calling(|| clone.wake_by_ref());
            calling(|| clone.wake());
            calling(|| drop(waker));
        }
    })
}

pub(super) fn past_completion<S: ExecutorSubject>(subject: &Arc<S>, _: &Plan) -> Found {
    needs_tasks(&**subject)?;
    trying(["spawn a task: keep the waker, ready", "in the main future, after its end: clone, wake, drop the waker"]);
    let (kept, over) = (Kept::default(), Flag::default());
    let (its, its_over) = (kept.clone(), over.clone());
    let task = Body::new(move |_, cx| {
        its.keep(cx.waker());
        Poll::Ready(())
    })
    .over(move || its_over.set());
    let said = Arc::new(std::sync::Mutex::new(None));
    let its_said = said.clone();
    let main = Body::new(move |poll, cx| {
        if over.poll(cx).is_pending() {
            return Poll::Pending;
        }
        if let Err(panic) = use_up(&kept) {
            *its_said.lock().expect("no panic holds it") = Some(panic);
        }
        if poll > 2 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref(); // once more, for a wake that comes to something later
        Poll::Pending
    });
    subject.live(main, vec![task]);
    let said = said.lock().expect("no panic holds it").take();
    demand(said.is_none(), format!("a call on the waker panicked: {}", said.unwrap_or_default()))
}

pub(super) fn past_shutdown<S: ExecutorSubject>(subject: &Arc<S>, _: &Plan) -> Found {
    trying([
        "a main future, and a task if it can: keep the waker",
        "run to the end",
        "on another thread: clone, wake, drop the wakers",
    ]);
    let kept = Kept::default();
    for &place in places(&**subject) {
        let its = kept.clone();
        let body = Body::new(move |_, cx| {
            its.keep(cx.waker());
            Poll::Ready(())
        });
        run(&**subject, place, body);
    }
    if subject.spawns() {
        let (its, polled) = (kept.clone(), Flag::default());
        let main = polled.body();
        let pending = Body::new(move |_, cx| {
            its.keep(cx.waker());
            polled.set();
            Poll::Pending
        });
        subject.live(main, vec![pending]);
    }
    let used = thread::spawn(move || use_up(&kept)).join();
    match used {
        Ok(Ok(())) => Ok(()),
        Ok(Err(said)) => Err(broken(format!("a call on the waker panicked: {said}"))),
        Err(_) => Err(broken("the thread panicked")),
    }
}

pub(super) fn wakes_race_the_shutdown<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    trying([
        "main future and two tasks: give clones of the waker to another thread, pending",
        "that thread wakes the tasks, the main one in between, and the tasks again",
        "the main one is ready: the executor ends",
    ]);
    for _ in 0..plan.rounds {
        let (threads, kept) = (Threads::default(), Kept::default());
        let polled: Vec<Flag> = (0..if subject.spawns() { 2 } else { 0 }).map(|_| Flag::default()).collect();
        let tasks: Vec<Body> = polled
            .iter()
            .map(|polled| {
                let (its, polled) = (kept.clone(), polled.clone());
                Body::new(move |poll, cx| {
                    if poll == 1 {
                        (0..3).for_each(|_| its.keep(cx.waker()));
                        polled.set();
                    }
                    Poll::Pending
                })
            })
            .collect();
        let watched: Vec<_> = tasks.iter().map(Body::watched).collect();
        let go = Flag::default();
        let its = threads.clone();
        let mut started = false;
        let main = Body::new(move |_, cx| {
            if polled.iter().any(|polled| polled.poll(cx).is_pending()) {
                return Poll::Pending;
            }
            if go.is_set() {
                return Poll::Ready(());
            }
            if std::mem::replace(&mut started, true) {
                return go.poll(cx);
            }
            let (go, main, wakers) = (go.clone(), cx.waker().clone(), kept.take());
            its.start(move || {
                wakers.iter().for_each(Waker::wake_by_ref);
                go.set();
                main.clone().wake();
                for _ in 0..8 {
                    wakers.iter().for_each(|waker| waker.clone().wake());
                }
                drop(wakers);
                main.wake();
            });
            Poll::Pending
        });
        subject.live(main, tasks);
        threads.join();
        for life in watched {
            let dropped = life.wait(plan.limit / 10, |life| life.drops == 1);
            demand(dropped, "a task's future was not dropped")?;
        }
    }
    Ok(())
}
