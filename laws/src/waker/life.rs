//! Last wakers that are dropped inside of something.

use std::sync::Arc;

use super::WakerSubject;
use super::panics::needs_quiet_drops;
use crate::law::{Fault, Found, demand};
use crate::plan::Plan;
use crate::probe::Watch;
use crate::tried::trying;

const ELSEWHERE: &str = "its wakes run nothing of the target's before they return";

pub(super) fn last_drop_inside_a_wake<S: WakerSubject>(subject: &Arc<S>, _: &Plan) -> Found {
    needs_quiet_drops(&**subject)?;
    trying(["make a waker and a clone", "drop the handle", "wake the waker: inside, drop the clone"]);
    let (watch, probe) = Watch::new();
    let target = subject.target(probe);
    let waker = subject.waker(&target);
    let clone = waker.clone();
    watch.on_wake(move || drop(clone));
    drop(target);
    let before = watch.wakes();
    waker.wake();
    if watch.wakes() == before {
        watch.disarm();
        return Err(Fault::Untried(ELSEWHERE));
    }
    demand(!watch.ended_in_wake(), "the target ended inside of its wake function")?;
    demand(!watch.is_live(), "the target still lives")
}

pub(super) fn last_drop_inside_a_drop<S: WakerSubject>(subject: &Arc<S>, _: &Plan) -> Found {
    needs_quiet_drops(&**subject)?;
    trying([
        "make two targets, a waker of each",
        "drop both handles",
        "drop the waker of the first: inside of the target's end, clone the other's, wake both by value",
    ]);
    let [(first, probe), (second, other)] = [Watch::new(), Watch::new()];
    let targets = [subject.target(probe), subject.target(other)];
    let [waker, another] = [subject.waker(&targets[0]), subject.waker(&targets[1])];
    first.on_drop(move || {
        another.clone().wake();
        another.wake();
    });
    drop(targets);
    drop(waker);
    let ended = !first.is_live();
    first.disarm();
    demand(ended, "the first target still lives")?;
    demand(!second.is_live(), "the other target still lives")
}

pub(super) fn wake_inside_a_wake<S: WakerSubject>(subject: &Arc<S>, _: &Plan) -> Found {
    needs_quiet_drops(&**subject)?;
    trying(["make a waker", "wake it by reference: inside, clone it, wake both by value, drop a third clone"]);
    let (watch, probe) = Watch::new();
    let target = subject.target(probe);
    let waker = subject.waker(&target);
    let [inner, third] = [waker.clone(), waker.clone()];
    watch.on_wake(move || {
        inner.clone().wake();
        inner.wake();
        drop(third);
    });
    waker.wake_by_ref();
    if watch.wakes() == 0 {
        watch.disarm();
        return Err(Fault::Untried(ELSEWHERE));
    }
    subject.settle(&target);
    let wakes = watch.wakes();
    demand(subject.merges() || wakes == 3, format!("{wakes} of 3 wakes"))?;
    drop(waker);
    drop(target);
    demand(!watch.is_live(), "the target still lives after its last waker")
}
