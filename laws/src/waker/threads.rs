//! Wakers on other threads.

use std::sync::{Arc, Barrier};
use std::task::Waker;
use std::thread;

use super::WakerSubject;
use super::panics::needs_quiet_drops;
use crate::law::{Found, demand};
use crate::plan::Plan;
use crate::probe::Watch;
use crate::tried::trying;

/// How often a thread clones and drops while another one does.
const BUSY: usize = if cfg!(miri) { 3 } else { 2_000 };

pub(super) fn wakes_from_threads<S: WakerSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    needs_quiet_drops(&**subject)?;
    trying([
        "make a waker, box it",
        "on two threads at once, three times: clone, wake_by_ref, wake the clone",
        "join",
    ]);
    for _ in 0..plan.rounds {
        let (watch, probe) = Watch::new();
        let target = subject.target(probe);
        let boxed = Box::new(subject.waker(&target));
        let start = Barrier::new(2);
        let (known, boxed) = thread::scope(|scope| {
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let (waker, start) = ((*boxed).clone(), &start);
                    scope.spawn(move || {
                        start.wait();
                        for _ in 0..3 {
                            let clone = waker.clone();
                            waker.wake_by_ref();
                            clone.wake();
                        }
                        [waker.clone(), waker]
                    })
                })
                .collect();
            let wakers: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
            let known = |wakers: [Waker; 2]| wakers.iter().all(|waker| waker.will_wake(&boxed));
            (wakers.into_iter().all(|wakers| wakers.is_ok_and(known)), boxed)
        });
        subject.settle(&target);
        let wakes = watch.wakes();
        let right = if subject.merges() { (1..=12).contains(&wakes) } else { wakes == 12 };
        demand(right, format!("{wakes} of 12 wakes"))?;
        let same = known || !boxed.will_wake(&boxed.clone());
        demand(same, "a clone that was made on a thread is another waker, by `will_wake`, or the thread panicked")?;
        drop(boxed);
        drop(target);
    }
    Ok(())
}

pub(super) fn last_drop_elsewhere<S: WakerSubject>(subject: &Arc<S>, plan: &Plan) -> Found {
    needs_quiet_drops(&**subject)?;
    trying([
        "make a waker and two clones",
        "drop the handle",
        "on two threads at once: clone a clone and drop that, many times, then drop the clone",
        "drop the waker there",
    ]);
    for _ in 0..plan.rounds {
        let (watch, probe) = Watch::new();
        let target = subject.target(probe);
        let waker = subject.waker(&target);
        let clones = [waker.clone(), waker.clone()];
        drop(target);
        // Whether wakers keep it is another law's business.
        let kept = watch.is_live();
        let start = Barrier::new(2);
        let lived = thread::scope(|scope| {
            let threads = clones.map(|clone| {
                let (start, watch) = (&start, &watch);
                scope.spawn(move || {
                    start.wait();
                    (0..BUSY).for_each(|_| drop(clone.clone()));
                    let lives = watch.is_live();
                    drop(clone);
                    lives
                })
            });
            // The last one is dropped here or there.
            scope.spawn(move || drop(waker));
            threads.map(|thread| thread.join().is_ok_and(|lives| lives))
        });
        demand(!kept || lived == [true; 2], "the target ended before its last waker")?;
        demand(!watch.is_live(), "the target still lives")?;
    }
    Ok(())
}
