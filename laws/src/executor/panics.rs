//! Futures that panic.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::task::Poll;

use super::ExecutorSubject;
use super::body::Body;
use super::clean::dropped;
use super::flag::Flag;
use super::scene::{Place, caught, needs_tasks, places};
use crate::law::{Fault, Found, demand};
use crate::limit::panic_with;
use crate::plan::Plan;
use crate::tried::trying;

pub(super) fn panic_in_poll<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    for &place in places(&**subject) {
        trying([place.name(), "poll: wake, pending", "poll: panic"]);
        let (sender, panic) = channel();
        let mut sender = Some(sender);
        let body = Body::new(move |poll, cx| {
            if poll == 2 {
                panic_with(sender.take().expect("one poll is the second"));
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        play(subject, plan, place, body, &panic)?;
    }
    Ok(())
}

pub(super) fn panic_in_drop<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    for &place in places(&**subject) {
        trying([place.name(), "poll: ready", "in the destructor: panic"]);
        let (sender, panic) = channel();
        let body = Body::new(|_, _| Poll::Ready(())).ending(|| panic_with(sender));
        play(subject, plan, place, body, &panic)?;
    }
    Ok(())
}

pub(super) fn panic_at_shutdown<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    needs_tasks(&**subject)?;
    trying(["spawn three tasks that stay pending", "main future: ready", "in the second one's destructor: panic"]);
    let polled: [Flag; 3] = Default::default();
    let waiting = |which: usize| {
        let polled = polled[which].clone();
        Body::new(move |_, _| {
            polled.set();
            Poll::Pending
        })
    };
    let (sender, panic) = channel();
    let tasks = vec![waiting(0), waiting(1).ending(|| panic_with(sender)), waiting(2)];
    let main = Body::new(move |_, cx| {
        let waits = polled.iter().any(|polled| polled.poll(cx).is_pending());
        if waits { Poll::Pending } else { Poll::Ready(()) }
    });
    let panicking = tasks[1].watched();
    let found = ends(subject, plan, main, tasks, &panic);
    // Whether it is dropped at all is another law's business.
    if panicking.life().drops == 0 { Err(Fault::Untried("its shutdown drops no task")) } else { found }
}

/// Runs it beside another task, which is to run on if the panic does not come out.
fn play<S: ExecutorSubject>(subject: &Arc<S>, plan: &Plan, place: Place, body: Body, panic: &Receiver<()>) -> Found {
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
    match place {
        Place::Main => ends(subject, plan, body, if subject.spawns() { vec![neighbour] } else { Vec::new() }, panic),
        Place::Task => {
            let over = Flag::default();
            let its = over.clone();
            let main = Body::new(move |_, cx| {
                if over.poll(cx).is_pending() || other.poll(cx).is_pending() {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            });
            ends(subject, plan, main, vec![body.over(move || its.set()), neighbour], panic)
        }
    }
}

/// Runs them to the main future's end, or to a panic; all are dropped.
fn ends<S: ExecutorSubject>(
    subject: &Arc<S>,
    plan: &Plan,
    main: Body,
    tasks: Vec<Body>,
    panic: &Receiver<()>,
) -> Found {
    let (ended, watched): (_, Vec<_>) = (main.watched(), tasks.iter().map(Body::watched).collect());
    let ran = caught(|| subject.live(main, tasks));
    demand(ran.is_err() || ended.life().ready, "the run ended, without a panic and without the main future's end")?;
    dropped(&[ended], plan)?;
    dropped(&watched, plan)?;
    // Where it ends the process, it does so now.
    let _: Result<(), _> = panic.recv_timeout(plan.limit / 2);
    Ok(())
}
