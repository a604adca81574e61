//! Scripts: one act a poll, then ready.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, OnceLock};
use std::task::{Poll, Waker};
use std::thread;

use super::ExecutorSubject;
use super::act::Act;
use super::body::{Body, Watched};
use super::flag::Flag;
use super::scene::{Place, Threads, caught, places, run};
use crate::law::{Found, broken, demand};
use crate::plan::Plan;
use crate::tried::trying;

/// Tries every script over `acts`, the shortest first: each is polled to its end.
pub(super) fn scripts<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan, acts: &[Act]) -> Found {
    for length in 1..=plan.length {
        for word in 0..acts.len().pow(u32::try_from(length).expect("a short length")) {
            let script: Vec<Act> = (0..length)
                .scan(word, |rest, _| {
                    let act = acts[*rest % acts.len()];
                    *rest /= acts.len();
                    Some(act)
                })
                .collect();
            for &place in places(&**subject) {
                play(subject, plan, place, &script)?;
            }
        }
    }
    Ok(())
}

/// Plays one script to its end.
fn play<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan, place: Place, script: &[Act]) -> Found {
    let acts = script.iter().map(ToString::to_string);
    trying(std::iter::once(place.name().to_owned()).chain(acts).chain(["poll: ready".into()]));
    let threads = Threads::default();
    let (its, acts) = (threads.clone(), script.to_vec());
    let limit = plan.limit;
    // A hang is seen here, with its script, before the whole check is given up.
    let (subject, watchdog) = (subject.clone(), plan.limit / 2);
    let (sender, receiver) = channel();
    let shared: Arc<OnceLock<Arc<Watched>>> = Arc::default();
    let its_shared = shared.clone();
    let body = Body::new(move |poll, cx| match acts.get(poll - 1) {
        Some(act) => {
            let watched = its_shared.get().expect("set before it runs");
            act.play(watched, poll, cx, &its, limit);
            Poll::Pending
        }
        None => Poll::Ready(()),
    });
    let watched = body.watched();
    assert!(shared.set(watched.clone()).is_ok(), "set once");
    let runner = thread::spawn(move || {
        let ran = caught(|| run(&*subject, place, body));
        drop(sender.send(ran));
    });
    let ran = receiver.recv_timeout(watchdog);
    let life = watched.life();
    match ran {
        Err(_) => return Err(broken(format!("it hung: {} polls of {}", life.polls, script.len() + 1))),
        Ok(Err(said)) => return Err(broken(format!("the run panicked: {said}"))),
        Ok(Ok(())) => {}
    }
    drop(runner.join());
    threads.join();
    demand(life.ready, format!("the run ended after {} polls of {}", life.polls, script.len() + 1))
}

pub(super) fn no_poll_without_a_wake<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    for script in [&[Act::InPoll][..], &[Act::Later], &[Act::ManyLater, Act::Later], &[Act::Later, Act::InPoll]] {
        for &place in places(&**subject) {
            // More polls than the script is long are polls without a wake of its own, or for a wake that was counted.
            let bound: usize = 1 + script.iter().map(|act| act.wakes()).sum::<usize>();
            let first = ["an earlier run on this thread, whose future woke itself in its last poll", place.name()];
            trying(first.map(str::to_owned).into_iter().chain(script.iter().map(ToString::to_string)));
            let polls = spurious(subject, plan, place, script);
            demand(polls <= bound, format!("{polls} polls for {} wakes", bound - 1))?;
        }
    }
    Ok(())
}

/// The polls of a script that is ready only when its wakes were all made, however often it is polled meanwhile.
fn spurious<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan, place: Place, script: &[Act]) -> usize {
    let threads = Threads::default();
    let (its, acts) = (threads.clone(), script.to_vec());
    let shared: Arc<OnceLock<Arc<Watched>>> = Arc::default();
    let its_shared = shared.clone();
    let limit = plan.limit;
    let made = Arc::new(AtomicUsize::new(0));
    let mut begun = 0;
    let body = Body::new(move |poll, cx| {
        if made.load(Ordering::SeqCst) < begun {
            return Poll::Pending; // polled before the wake that it waits for
        }
        let Some(&act) = acts.get(begun) else { return Poll::Ready(()) };
        begun += 1;
        let made = made.clone();
        if matches!(act, Act::InPoll) {
            made.fetch_add(1, Ordering::SeqCst);
            cx.waker().wake_by_ref();
        } else {
            let (waker, watched) = (cx.waker().clone(), Arc::clone(its_shared.get().expect("set before it runs")));
            its.start(move || {
                watched.wait(limit, |life| life.returned >= poll);
                // Time for an executor that polls in a loop to do so.
                (0..200).for_each(|_| thread::yield_now());
                made.fetch_add(1, Ordering::SeqCst);
                (0..act.wakes()).for_each(|_| waker.clone().wake());
            });
        }
        Poll::Pending
    });
    let watched = body.watched();
    assert!(shared.set(watched.clone()).is_ok(), "set once");
    // What this leaves behind is no wake of the next future.
    let earlier = Body::new(|_, cx| {
        cx.waker().wake_by_ref();
        Poll::Ready(())
    });
    run(&**subject, Place::Main, earlier);
    run(&**subject, place, body);
    threads.join();
    watched.life().polls
}

pub(super) fn same_waker<S: ExecutorSubject>(subject: &Arc<S>, _: &Plan) -> Found {
    for &place in places(&**subject) {
        trying([place.name(), "poll: clone the waker, wake, pending", "poll: compare"]);
        let differs = Flag::default();
        let its = differs.clone();
        let mut first: Option<Waker> = None;
        let body = Body::new(move |poll, cx| {
            let kept = first.get_or_insert_with(|| cx.waker().clone());
            if !kept.will_wake(cx.waker()) {
                its.set();
            }
            if poll == 3 {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        run(&**subject, place, body);
        demand(!differs.is_set(), "`will_wake` is false between the wakers of two polls")?;
    }
    Ok(())
}
