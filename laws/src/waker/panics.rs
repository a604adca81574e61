//! Wakers and panics.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::WakerSubject;
use crate::law::{Fault, Found, demand};
use crate::limit::panic_quietly;
use crate::plan::Plan;
use crate::probe::Watch;
use crate::tried::trying;

/// Two drops that panic at once end the process: for the laws that may come to that.
pub(super) fn needs_quiet_drops<S: WakerSubject>(subject: &S) -> Found {
    let (_, probe) = Watch::new();
    let target = subject.target(probe);
    let waker = subject.waker(&target);
    let clone = waker.clone();
    let drops = [
        catch_unwind(AssertUnwindSafe(|| drop(clone))),
        catch_unwind(AssertUnwindSafe(|| drop(target))),
        catch_unwind(AssertUnwindSafe(|| drop(waker))),
    ];
    if drops.iter().all(Result::is_ok) { Ok(()) } else { Err(Fault::Untried("dropping its wakers panics")) }
}

pub(super) fn drop_while_unwinding<S: WakerSubject>(subject: &Arc<S>, _: &Plan) -> Found {
    needs_quiet_drops(&**subject)?;
    trying(["make a waker and a clone", "drop the handle", "panic in a frame that owns both"]);
    let (watch, probe) = Watch::new();
    let target = subject.target(probe);
    let waker = subject.waker(&target);
    let clone = waker.clone();
    drop(target);
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        let _owned = (waker, clone);
        panic_quietly();
    }));
    demand(unwound.is_err(), "the panic was lost")?;
    demand(!watch.is_live(), "the target still lives")
}

pub(super) fn panic_in_a_wake<S: WakerSubject>(subject: &Arc<S>, _: &Plan) -> Found {
    needs_quiet_drops(&**subject)?;
    trying(["make a waker", "wake it by reference: inside, panic", "wake it by reference", "drop it and the handle"]);
    let (watch, probe) = Watch::new();
    let target = subject.target(probe);
    let waker = subject.waker(&target);
    watch.on_wake(|| panic_quietly());
    drop(catch_unwind(AssertUnwindSafe(|| waker.wake_by_ref())));
    if watch.wakes() == 0 {
        watch.disarm();
        return Err(Fault::Untried("its wakes run nothing of the target's before they return"));
    }
    demand(watch.is_live(), "the target ended though its handle and a waker live")?;
    let before = watch.wakes();
    waker.wake_by_ref();
    demand(watch.wakes() > before, "the second wake was lost")?;
    drop(waker);
    demand(watch.is_live(), "the target ended though its handle lives")?;
    drop(target);
    demand(!watch.is_live(), "the target still lives")?;

    trying(["make a waker and a clone", "wake the clone by value: inside, panic", "drop the waker and the handle"]);
    let (watch, probe) = Watch::new();
    let target = subject.target(probe);
    let waker = subject.waker(&target);
    let clone = waker.clone();
    watch.on_wake(|| panic_quietly());
    drop(catch_unwind(AssertUnwindSafe(|| clone.wake())));
    demand(watch.is_live(), "the target ended though its handle and a waker live")?;
    drop(target);
    demand(watch.is_live(), "the target ended though a waker lives")?;
    drop(waker);
    demand(!watch.is_live(), "the target still lives")
}
