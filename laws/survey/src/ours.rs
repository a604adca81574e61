//! This crate's wakers, in every form.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use waker_laws::Probe;
use waker_tables::{
    AtHome, Counted, Home, JoinHandle, LocalRunnable, Runnable, Schedule, StaticTask, StaticWakerSet, Task,
    TaskMemory, TaskRef, WakerPointer, WakerSet, waker_vtable,
};

use crate::wakers::{Boxed, Made, OWNED, Runs, Spawned, plain, queued};
use crate::{Subject, Unpromised};

const PACKAGE: &str = "waker_tables 0.5";

pub fn by_table() -> Vec<Subject> {
    vec![
        plain(|probe| Arc::new(Job(probe)), |job: &Arc<Job>| JOB.waker(job.clone()), &[])
            .subject("this crate, Arc", PACKAGE),
        plain(|probe| Arc::new(Job(probe)), |job: &Arc<Job>| JOB.waker_ref(job).clone(), &[])
            .subject("this crate, WakerRef, cloned", PACKAGE),
        plain(Own::new, |own: &Own| OWN.waker_ref(own).clone(), &[]).subject("this crate, own header", PACKAGE),
        plain(Static::new, |job: &Static| STATIC.waker(job.0), FOREVER).subject("this crate, &'static", PACKAGE),
        plain(Id::new, |id: &Id| ID.waker(id.0), FOREVER).subject("this crate, id", PACKAGE),
    ]
}

pub fn of_sets() -> Vec<Subject> {
    let children = |target, unpromised| Made {
        target,
        waker: |(set, _): &(WakerSet, Probe)| set.waker(1),
        settle: |(set, probe)| set.drain().for_each(|_| probe.woken()),
        merges: true,
        unpromised,
    };
    const IN_STATIC: Unpromised = &[OWNED[0], ("W2", "an old waker wakes whoever stands there now, as its docs say")];
    vec![
        children(|probe| (WakerSet::new(2), probe), OWNED).subject("this crate, WakerSet, child", PACKAGE),
        children(
            |probe| {
                static SETS: [StaticWakerSet<2>; 2] = [const { StaticWakerSet::new() }; 2];
                (SETS.iter().find_map(StaticWakerSet::take).expect("two targets at once"), probe)
            },
            IN_STATIC,
        )
        .subject("this crate, StaticWakerSet, child", PACKAGE),
    ]
}

pub fn of_tasks() -> Vec<Subject> {
    vec![
        queued::<Runnable<ToQueue>>().subject("this crate, shared task", PACKAGE),
        queued::<InMemory>().subject("this crate, shared task in own memory", PACKAGE),
        queued::<AtItsHome>().subject("this crate, shared task at home", PACKAGE),
        queued::<InStatic>().subject("this crate, static task", PACKAGE),
    ]
}

/// A job whose wake is noted.
struct Job(Probe);

impl Job {
    fn on_wake(&self) {
        self.0.woken();
    }
}

waker_vtable! {
    static JOB: Arc<Job> => Job::on_wake;
    static OWN: Own => Header::on_wake;
    static STATIC: &'static Job => Job::on_wake;
    static ID: usize => on_wake_id;
}

/// A header with its count inside.
struct Header(AtomicUsize, Probe);

impl Header {
    fn on_wake(&self) {
        self.1.woken();
    }
}

struct Own(NonNull<Header>);

// SAFETY: `Header` is `Send` and `Sync`.
unsafe impl Send for Own {}
// SAFETY: as above.
unsafe impl Sync for Own {}

impl Own {
    fn new(probe: Probe) -> Self {
        Self(NonNull::from(Box::leak(Box::new(Header(AtomicUsize::new(1), probe)))))
    }
}

// SAFETY: the word is the header's address; `clone_raw` adds one to the count inside, `Drop` takes one away.
unsafe impl WakerPointer for Own {
    type Target = Header;
    type Kind = Counted;

    fn into_raw(self) -> *const () {
        ManuallyDrop::new(self).as_raw()
    }
    fn as_raw(&self) -> *const () {
        self.0.as_ptr().cast_const().cast()
    }
    unsafe fn from_raw(raw: *const ()) -> Self {
        Self(NonNull::new(raw.cast_mut().cast()).expect("no word is null"))
    }
    unsafe fn clone_raw(raw: *const ()) -> *const () {
        // SAFETY: the caller holds a count.
        unsafe { &*raw.cast::<Header>() }.0.fetch_add(1, Ordering::Relaxed);
        raw
    }
    unsafe fn as_ref<'a>(raw: *const ()) -> &'a Header {
        // SAFETY: the caller holds a count for `'a`.
        unsafe { &*raw.cast() }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // SAFETY: this value holds a count.
        if unsafe { self.0.as_ref() }.0.fetch_sub(1, Ordering::Release) == 1 {
            fence(Ordering::Acquire);
            // SAFETY: that was the last count of a box.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

/// A target that lives for ever: the laws about its end say nothing.
const FOREVER: Unpromised = &[("W5 W11 W12 W13 W14 W15 W16", "the target is static: it never ends")];

struct Static(&'static Job);

impl Static {
    fn new(probe: Probe) -> Self {
        Self(Box::leak(Box::new(Job(probe))))
    }
}

static IDS: Mutex<Vec<&'static Probe>> = Mutex::new(Vec::new());

fn on_wake_id(id: usize) {
    let probe = IDS.lock().expect("no panic under it")[id];
    probe.woken();
}

struct Id(usize);

impl Id {
    fn new(probe: Probe) -> Self {
        let mut ids = IDS.lock().expect("no panic under it");
        ids.push(Box::leak(Box::new(probe)));
        Self(ids.len() - 1)
    }
}

struct ToQueue(Sender<Runnable<Self>>);

impl Schedule for ToQueue {
    fn schedule(&self, runnable: Runnable<Self>) {
        drop(self.0.send(runnable));
    }
}

/// Cancels it when it is dropped.
struct Cancel<H: 'static>(TaskRef<H>);

impl<H: 'static> Drop for Cancel<H> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Runs for Runnable<ToQueue> {
    fn spawn(future: Boxed) -> Spawned<Self> {
        let (sender, queue) = channel();
        let (runnable, handle) = waker_tables::spawn(future, ToQueue(sender));
        runnable.schedule();
        (queue, Box::new(Cancel(handle.task())))
    }

    fn run_it(self) {
        self.run();
    }
}

/// A runnable of a task in memory of the survey's own.
struct InMemory(Runnable<ToMemory>);

struct ToMemory(Sender<InMemory>);

impl Schedule for ToMemory {
    fn schedule(&self, runnable: Runnable<Self>) {
        drop(self.0.send(InMemory(runnable)));
    }
}

impl Runs for InMemory {
    fn spawn(future: Boxed) -> Spawned<Self> {
        static PLACES: [TaskMemory<128, 8>; 4] = [const { TaskMemory::new() }; 4];
        let (sender, queue) = channel();
        let claim = PLACES.iter().find_map(TaskMemory::claim).expect("two targets at once, and their wakers");
        let (runnable, handle): (_, JoinHandle<(), _>) = Task::new(future, ToMemory(sender)).spawn_in(claim);
        runnable.schedule();
        (queue, Box::new(Cancel(handle.task())))
    }

    fn run_it(self) {
        self.0.run();
    }
}

/// A runnable of a task that is at home on this thread.
struct AtItsHome(LocalRunnable<ToHome>);

struct ToHome(Sender<AtItsHome>);

impl Schedule<AtHome> for ToHome {
    fn schedule(&self, runnable: LocalRunnable<Self>) {
        drop(self.0.send(AtItsHome(runnable)));
    }
}

thread_local! {
    static HOME: Home = Home::new();
}

impl Runs for AtItsHome {
    fn spawn(future: Boxed) -> Spawned<Self> {
        let (sender, queue) = channel();
        let (runnable, handle) = HOME.with(|home| home.spawn(future, ToHome(sender)));
        runnable.schedule();
        (queue, Box::new(Cancel(handle.task())))
    }

    fn run_it(self) {
        HOME.with(|home| drop(home.run(self.0)));
    }
}

/// A runnable of a task in a static, whose header data stays there.
struct InStatic(Runnable<ToWhoever>);

struct ToWhoever(Mutex<Option<Sender<InStatic>>>);

impl Schedule for ToWhoever {
    fn schedule(&self, runnable: Runnable<Self>) {
        let sender = self.0.lock().expect("no panic under it").clone();
        drop(sender.expect("a task stands here").send(InStatic(runnable)));
    }
}

impl Runs for InStatic {
    fn spawn(future: Boxed) -> Spawned<Self> {
        static PLACES: [StaticTask<ToWhoever, Boxed>; 4] =
            [const { StaticTask::new(ToWhoever(Mutex::new(None))) }; 4];
        let (sender, queue) = channel();
        let claim = PLACES.iter().find_map(StaticTask::claim).expect("two targets at once");
        *claim.header().0.lock().expect("no panic under it") = Some(sender);
        let runnable = claim.spawn(|| future);
        let cancel = Cancel(runnable.task());
        runnable.schedule();
        (queue, Box::new(cancel))
    }

    fn run_it(self) {
        self.0.run();
    }
}
