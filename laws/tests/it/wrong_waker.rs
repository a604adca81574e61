//! Wakers over numbers, counted in one table: right, or with one bug. No bug is undefined behaviour.

use std::cell::Cell;
use std::collections::HashMap;
use std::ptr::without_provenance;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, RwLock};
use std::task::{RawWaker, RawWakerVTable, Waker};
use std::thread::{self, ThreadId};

use waker_laws::Probe;
use waker_laws::waker::WakerSubject;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    None,
    Loses,
    WakesInDrop,
    WakesTwice,
    EndsWithItsHandle,
    Leaks,
    PanicsAfterTheEnd,
    CloneChangesTable,
    MakeChangesTable,
    OneWord,
    LosesFromThreads,
    OtherTableOnThreads,
    LeaksOnThreads,
    EndsInWake,
    LeaksInDrop,
    LeaksWhileUnwinding,
    LeaksOnPanic,
    LosesInside,
    LosesAfterPanic,
    PanicsInDrop,
    HangsInDrop,
    CountsApart,
    EndsOnThreads,
}

type Wake = Arc<dyn Fn() + Send + Sync>;

/// One target, or with [`Bug::OneWord`] all of one life of the subject's.
struct Entry {
    bug: Bug,
    probes: Vec<Probe>,
    wakes: Vec<Wake>,
    references: usize,
    handle: bool,
    home: ThreadId,
    /// What was done to its wakers.
    made: usize,
    woken_by_ref: usize,
    woken_by_value: usize,
    drops: usize,
    panicked: bool,
}

/// What hangs does so while a test holds this.
pub(crate) static HANG: RwLock<()> = RwLock::new(());

static ENTRIES: LazyLock<Mutex<HashMap<usize, Entry>>> = LazyLock::new(Mutex::default);
static NEXT: AtomicUsize = AtomicUsize::new(1);

thread_local! {
    static ENDING: Cell<bool> = const { Cell::new(false) };
    /// The target inside of whose wake this thread is.
    static INSIDE: Cell<usize> = const { Cell::new(0) };
    /// The entry of all targets that this thread makes, for [`Bug::OneWord`].
    static ONE: Cell<usize> = const { Cell::new(0) };
}

fn entries() -> MutexGuard<'static, HashMap<usize, Entry>> {
    ENTRIES.lock().unwrap_or_else(PoisonError::into_inner)
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, release);
static OTHER: RawWakerVTable = RawWakerVTable::new(clone_other, wake, wake_by_ref, release);

fn raw(id: usize, table: &'static RawWakerVTable) -> RawWaker {
    RawWaker::new(without_provenance(id), table)
}

fn clone(data: *const ()) -> RawWaker {
    let mut entries = entries();
    let Some(entry) = entries.get_mut(&data.addr()) else { return raw(data.addr(), &TABLE) };
    entry.references += 1;
    let other = match entry.bug {
        Bug::CloneChangesTable => true,
        Bug::OtherTableOnThreads => entry.home != thread::current().id(),
        _ => false,
    };
    raw(data.addr(), if other { &OTHER } else { &TABLE })
}

fn clone_other(data: *const ()) -> RawWaker {
    let _ = clone(data); // counted; a word alone owns nothing
    raw(data.addr(), &OTHER)
}

/// What a wake has to call: nothing if it is lost.
fn wakes(id: usize, by_value: bool) -> Vec<Wake> {
    let mut entries = entries();
    let Some(entry) = entries.get_mut(&id) else { return Vec::new() };
    let first = entry.woken_by_ref + entry.woken_by_value == 0;
    let lost = match entry.bug {
        Bug::Loses => entry.handle && entry.drops > 0 && first,
        Bug::LosesFromThreads => entry.home != thread::current().id(),
        Bug::LosesInside => INSIDE.get() == id,
        Bug::LosesAfterPanic => entry.panicked,
        _ => false,
    };
    let twice = entry.bug == Bug::WakesTwice && by_value && entry.drops > 0;
    let panics = entry.bug == Bug::PanicsAfterTheEnd && !entry.handle && entry.woken_by_ref > 0;
    *(if by_value { &mut entry.woken_by_value } else { &mut entry.woken_by_ref }) += 1;
    let mut wakes = if lost { Vec::new() } else { entry.wakes.clone() };
    if twice {
        wakes.extend(entry.wakes.clone());
    }
    if panics {
        wakes.push(Arc::new(|| std::panic::resume_unwind(Box::new("a wake after the end"))));
    }
    wakes
}

fn call(id: usize, wakes: &[Wake]) {
    struct Leave(usize);

    impl Drop for Leave {
        fn drop(&mut self) {
            let id = INSIDE.replace(self.0);
            if let Some(entry) = entries().get_mut(&id) {
                entry.panicked |= thread::panicking();
            }
        }
    }

    let _leave = Leave(INSIDE.replace(id));
    wakes.iter().for_each(|wake| wake());
}

fn wake_by_ref(data: *const ()) {
    let wakes = wakes(data.addr(), false);
    call(data.addr(), &wakes);
}

fn wake(data: *const ()) {
    struct Release(usize);

    impl Drop for Release {
        fn drop(&mut self) {
            give_back(self.0);
        }
    }

    let id = data.addr();
    let wakes = wakes(id, true);
    let bug = entries().get(&id).map(|entry| entry.bug);
    match bug {
        Some(Bug::EndsInWake) => {
            give_back(id);
            call(id, &wakes);
        }
        Some(Bug::LeaksOnPanic) => {
            call(id, &wakes);
            give_back(id);
        }
        Some(Bug::LeaksInDrop) if ENDING.get() => call(id, &wakes),
        _ => {
            let _release = Release(id);
            call(id, &wakes);
        }
    }
}

fn release(data: *const ()) {
    let id = data.addr();
    let (bug, woken, leaks, wakes) = {
        let mut entries = entries();
        let Some(entry) = entries.get_mut(&id) else { return };
        entry.drops += 1;
        let never = entry.woken_by_ref + entry.woken_by_value == 0;
        let leaks = match entry.bug {
            Bug::Leaks => entry.handle && entry.woken_by_value > 0 && entry.woken_by_ref == 0,
            Bug::LeaksOnThreads => entry.home != thread::current().id(),
            Bug::LeaksWhileUnwinding => thread::panicking(),
            _ => false,
        };
        let wakes =
            if entry.bug == Bug::WakesInDrop && entry.handle && never { entry.wakes.clone() } else { Vec::new() };
        (entry.bug, entry.woken_by_ref > 0, leaks, wakes)
    };
    call(id, &wakes);
    if bug == Bug::CountsApart {
        // Read and written apart, as a count that is not atomic.
        let read = entries().get(&id).map(|entry| entry.references);
        thread::yield_now();
        if let (Some(read), Some(entry)) = (read, entries().get_mut(&id)) {
            entry.references = read;
        }
    }
    if bug == Bug::EndsOnThreads {
        let mut entries = entries();
        let early = entries.get(&id).is_some_and(|entry| !entry.handle && entry.home != thread::current().id());
        let ended = if early { entries.remove(&id) } else { None };
        drop(entries);
        drop(ended);
    }
    if !leaks {
        give_back(id);
    }
    match bug {
        Bug::PanicsInDrop => std::panic::resume_unwind(Box::new("a drop")),
        Bug::HangsInDrop if woken => drop(HANG.read()),
        _ => {}
    }
}

/// One reference less. The last ends the target.
fn give_back(id: usize) {
    let ended = {
        let mut entries = entries();
        let Some(entry) = entries.get_mut(&id) else { return };
        entry.references -= 1;
        if entry.references == 0 { entries.remove(&id) } else { None }
    };
    if let Some(entry) = ended {
        let before = ENDING.replace(true);
        drop(entry);
        ENDING.set(before);
    }
}

pub(crate) struct Ids(pub(crate) Bug);

/// The handle of a target.
pub(crate) struct Handle(usize);

impl Drop for Handle {
    fn drop(&mut self) {
        let early = {
            let mut entries = entries();
            let Some(entry) = entries.get_mut(&self.0) else { return };
            entry.handle = false;
            let early = entry.bug == Bug::EndsWithItsHandle && entry.woken_by_ref > 0 && entry.references > 1;
            if early { entries.remove(&self.0) } else { None }
        };
        drop(early);
        give_back(self.0);
    }
}

impl WakerSubject for Ids {
    type Target = Handle;

    fn target(&self, probe: Probe) -> Handle {
        let wake: Wake = Arc::new(probe.hook());
        if self.0 == Bug::OneWord {
            if let Some(entry) = entries().get_mut(&ONE.get()) {
                entry.probes.push(probe);
                entry.wakes.push(wake);
                entry.references += 1;
                return Handle(ONE.get());
            }
        }
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        ONE.set(id);
        let entry = Entry {
            bug: self.0,
            probes: vec![probe],
            wakes: vec![wake],
            references: 1,
            handle: true,
            home: thread::current().id(),
            made: 0,
            woken_by_ref: 0,
            woken_by_value: 0,
            drops: 0,
            panicked: false,
        };
        entries().insert(id, entry);
        Handle(id)
    }

    fn waker(&self, target: &Handle) -> Waker {
        let mut entries = entries();
        let entry = entries.get_mut(&target.0).expect("its handle lives");
        entry.references += 1;
        entry.made += 1;
        let table = if self.0 == Bug::MakeChangesTable && entry.made > 1 { &OTHER } else { &TABLE };
        // SAFETY: the functions are safe for every number, from every thread; what they count is behind a lock.
        unsafe { Waker::from_raw(raw(target.0, table)) }
    }
}
