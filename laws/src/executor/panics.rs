//! Futures that panic.

use std::sync::Arc;
use std::task::Poll;

use super::ExecutorSubject;
use super::body::Body;
use super::flag::Flag;
use super::scene::{Place, caught, places};
use crate::law::{Found, demand};
use crate::limit::panic_quietly;
use crate::plan::Plan;

pub(super) fn panic_in_poll<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    for &place in places(&**subject) {
        let steps = [place.name(), "poll: wake, pending", "poll: panic"];
        let body = Body::new(|poll, cx| {
            if poll == 2 {
                panic_quietly();
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        play(subject, plan, place, body, &steps)?;
    }
    Ok(())
}

pub(super) fn panic_in_drop<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    for &place in places(&**subject) {
        let steps = [place.name(), "poll: ready", "in the destructor: panic"];
        let body = Body::new(|_, _| Poll::Ready(())).ending(|| panic_quietly());
        play(subject, plan, place, body, &steps)?;
    }
    Ok(())
}

/// Runs it beside another task, which is to run on if the panic does not come out.
fn play<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan, place: Place, body: Body, steps: &[&str]) -> Found {
    let mut watched = vec![("the future that panics", body.watched())];
    let other = Flag::default();
    let its = other.clone();
    let neighbour = Body::new(move |poll, cx| {
        if poll == 4 {
            its.set();
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    let ran = match place {
        Place::Main => {
            let tasks = if subject.spawns() { vec![neighbour] } else { Vec::new() };
            watched.extend(tasks.iter().map(|task| ("its neighbour", task.watched())));
            caught(|| subject.live(body, tasks))
        }
        Place::Task => {
            watched.push(("its neighbour", neighbour.watched()));
            let over = Flag::default();
            let its = over.clone();
            let (first, second) = (over, other.clone());
            let main = Body::new(move |_, cx| {
                if first.poll(cx).is_pending() || second.poll(cx).is_pending() {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            });
            watched.push(("the main future", main.watched()));
            let ended = main.watched();
            let ran = caught(|| subject.live(main, vec![body.over(move || its.set()), neighbour]));
            let ready = ended.life().ready;
            demand(ran.is_err() || ready, steps, "the run ended, without a panic and without the main future's end")?;
            ran
        }
    };
    if let Err(said) = ran {
        // Its own, or one that stands for it, as in a handle's `unwrap`.
        demand(!said.is_empty(), steps, "a panic without a word")?;
    }
    for (which, watched) in watched {
        watched.wait(plan.limit / 10, |life| life.drops > 0);
        let drops = watched.life().drops;
        demand(drops == 1, steps, format!("{which} was dropped {drops} times"))?;
    }
    Ok(())
}
