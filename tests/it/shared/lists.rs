//! Lists of living tasks: who is on them, and how a scheduler ends them all.

use std::future::{pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use waker_tables::{
    Anywhere, AtHome, Home, JoinError, Kind, Linked, Queue, Ran, Run, Runnable, Schedule, Task, TaskList,
};

/// Header data that pushes into a queue and counts.
struct On<K: Kind = Anywhere> {
    queue: Arc<Queue<Self, K>>,
    hooks: Arc<AtomicUsize>,
    number: usize,
}

impl<K: Kind> Schedule<K, Linked<Self>> for On<K> {
    fn schedule(&self, runnable: Runnable<Linked<Self>, K>) {
        self.hooks.fetch_add(1, Ordering::Relaxed);
        drop(self.queue.push(runnable));
    }
}

struct World<K: Kind = Anywhere> {
    queue: Arc<Queue<On<K>, K>>,
    hooks: Arc<AtomicUsize>,
    list: Arc<TaskList<Linked<On<K>>>>,
}

impl<K: Kind> World<K> {
    fn new() -> Self {
        Self { queue: Arc::default(), hooks: Arc::default(), list: Arc::default() }
    }

    fn header(&self, number: usize) -> Linked<On<K>> {
        Linked::new(On { queue: self.queue.clone(), hooks: self.hooks.clone(), number })
    }

    fn hooks(&self) -> usize {
        self.hooks.load(Ordering::Relaxed)
    }

    fn numbers(&self) -> Vec<usize> {
        let mut numbers = Vec::new();
        self.list.for_each(|task| numbers.push(task.header().number));
        numbers.sort_unstable();
        numbers
    }
}

impl World {
    fn run_all(&self) -> Vec<Ran> {
        self.queue.taker().expect("one takes").batch().map(Runnable::run).collect()
    }
}

/// Counts itself.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[test]
fn a_task_is_on_its_list_while_its_body_is_alive() {
    let world = World::new();
    let (runnable, handle) = Task::new(ready(1), world.header(0)).list(world.list.clone()).spawn();
    let waits = Task::new(pending::<()>(), world.header(1)).list(world.list.clone()).detached().spawn();
    let task = waits.task();
    assert_eq!((world.list.len(), world.numbers()), (2, vec![0, 1]));
    assert_eq!(waits.run(), Ran::Pending);
    assert_eq!(world.list.len(), 2);
    assert_eq!(runnable.run(), Ran::Complete);
    assert_eq!((world.list.len(), world.numbers()), (1, vec![1]));
    drop(task); // the last handle: the body is to be dropped
    assert_eq!(world.run_all(), [Ran::Complete]);
    assert!(world.list.is_empty());
    drop(handle);
}

#[test]
fn a_body_is_off_the_list_before_its_joiner_hears_of_it() {
    struct Asks(Arc<TaskList<()>>);
    impl std::task::Wake for Asks {
        fn wake(self: Arc<Self>) {
            assert!(self.0.is_empty());
        }
    }
    let list = Arc::new(TaskList::new());
    let (runnable, handle) = Task::new(ready(()), ()).hook(|(), _| {}).list(list.clone()).spawn();
    let mut handle = Box::pin(handle);
    let waker = Waker::from(Arc::new(Asks(list)));
    assert!(handle.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(runnable.run(), Ran::Complete);
}

#[test]
fn a_task_that_nobody_can_wake_is_lost_and_leaves_its_list() {
    let list = Arc::new(TaskList::new());
    let runnable = Task::new(pending::<()>(), ()).hook(|(), _| {}).detached().list(list.clone()).spawn();
    assert_eq!(runnable.run(), Ran::Lost);
    assert!(list.is_empty());
}

#[test]
fn panics_and_dropped_runnables_leave_the_list() {
    let list = Arc::new(TaskList::<()>::new());
    let make = |panics: bool| {
        let body = poll_fn(move |_| if panics { panic!("on purpose") } else { Poll::<()>::Pending });
        Task::new(body, ()).hook(|(), _| {}).list(list.clone()).spawn()
    };
    let (runnable, mut handle) = make(true);
    assert!(runnable.run_catching().is_err());
    assert!(list.is_empty() && handle.try_take() == Some(Err(JoinError::Panicked)));
    let (runnable, mut handle) = make(false);
    drop(runnable);
    assert!(list.is_empty() && handle.try_take() == Some(Err(JoinError::Cancelled)));
}

#[test]
fn after_the_end_no_body_is_alive_and_late_wakes_call_no_hook() {
    let world = World::new();
    let alive = Arc::new(AtomicUsize::new(0));
    let wakers = Arc::new(Mutex::new(Vec::<Waker>::new()));
    for number in 0..100 {
        let (wakers, alive) = (wakers.clone(), Alive::new(&alive));
        let body = poll_fn(move |context| {
            let _ = &alive;
            wakers.lock().unwrap().push(context.waker().clone());
            Poll::<()>::Pending
        });
        Task::new(body, world.header(number)).detached().list(world.list.clone()).spawn().schedule();
    }
    assert!(world.run_all().iter().all(|ran| *ran == Ran::Pending));
    assert_eq!((world.list.len(), alive.load(Ordering::Relaxed)), (100, 100));

    world.list.close();
    assert!(world.list.is_closed());
    while !world.list.is_empty() {
        assert!(world.run_all().iter().all(|ran| *ran == Ran::Complete));
    }
    world.queue.taker().expect("one takes").close();
    assert_eq!(alive.load(Ordering::Relaxed), 0);
    let hooks = world.hooks();
    wakers.lock().unwrap().drain(..).for_each(Waker::wake);
    assert_eq!(world.hooks(), hooks);
    assert_eq!(Arc::strong_count(&world.queue), 1);
}

#[test]
fn a_task_put_on_a_closed_list_is_never_polled() {
    let world = World::new();
    world.list.close();
    world.list.for_each(|_| unreachable!("it is empty"));
    assert!(world.list.is_closed(), "for good");
    let polled = |_: &mut Context<'_>| -> Poll<()> { unreachable!("it is cancelled") };
    let (runnable, mut handle) = Task::new(poll_fn(polled), world.header(0)).list(world.list.clone()).spawn();
    assert!(runnable.task().is_cancelled());
    assert_eq!(world.list.len(), 1);
    assert_eq!(runnable.run(), Ran::Complete);
    assert!(world.list.is_empty() && handle.try_take() == Some(Err(JoinError::Cancelled)));
    assert_eq!(world.hooks(), 0);
}

#[test]
fn a_walk_may_do_anything() {
    let world = World::new();
    let mut kept = Vec::new();
    for number in 0..5 {
        let (runnable, handle) = Task::new(pending::<()>(), world.header(number)).list(world.list.clone()).spawn();
        kept.push(handle);
        runnable.schedule();
    }
    world.run_all();
    let mut seen = Vec::new();
    world.list.for_each(|task| {
        seen.push(task.header().number);
        assert!(task.cancel()); // comes to the queue,
        world.run_all(); // and is over: this one and others leave under way
        let number = 10 + seen.len();
        let more = Task::new(pending::<()>(), world.header(number)).detached().list(world.list.clone()).spawn();
        more.schedule(); // not seen by this walk, since it is younger
        assert!(world.numbers().contains(&number)); // a walk in a walk
    });
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2, 3, 4]);
    world.list.close();
    while !world.list.is_empty() {
        world.run_all();
    }
}

#[test]
fn a_walk_that_unwinds_leaves_the_list_as_it_was() {
    let world = World::new();
    let spawn = |number| Task::new(pending::<()>(), world.header(number)).list(world.list.clone()).spawn();
    let tasks: Vec<_> = (0..3).map(spawn).collect();
    let walk = || world.list.for_each(|_| panic!("on purpose"));
    assert!(catch_unwind(AssertUnwindSafe(walk)).is_err());
    assert_eq!(world.numbers(), [0, 1, 2]);
    drop(tasks);
    assert!(world.list.is_empty());
}

#[test]
fn a_list_keeps_no_task_and_a_task_keeps_its_list() {
    let list = Arc::new(TaskList::new());
    let weak = Arc::downgrade(&list);
    let (runnable, handle) = Task::new(pending::<()>(), ()).hook(|(), _| {}).list(list).spawn();
    assert!(weak.upgrade().is_some());
    drop(runnable);
    drop(handle);
    assert!(weak.upgrade().is_none());
}

#[test]
fn nothing_of_a_home_leaks_if_its_list_was_closed_and_drained() {
    let (alive, kept) = (Rc::new(()), Mutex::new(Vec::new()));
    let world = World::<AtHome>::new();
    let home = Home::new();
    for number in 0..10 {
        let alive = alive.clone();
        let task = Task::new(async move { (pending::<()>().await, alive).0 }, world.header(number));
        let runnable = task.at(&home).detached().list(world.list.clone()).spawn();
        kept.lock().unwrap().push(runnable.task().to_waker());
        if number % 2 == 0 {
            runnable.schedule();
        } else {
            drop(runnable); // by mistake: its body stays
        }
    }
    let turn = || {
        for runnable in world.queue.taker().expect("one takes").batch() {
            assert!(home.run(runnable).is_ok());
        }
    };
    turn();
    assert_eq!((world.list.len(), Rc::strong_count(&alive)), (10, 11));
    world.list.close();
    while !world.list.is_empty() {
        turn();
    }
    assert_eq!(Rc::strong_count(&alive), 1);
    let hooks = world.hooks();
    thread::scope(|scope| scope.spawn(|| kept.lock().unwrap().drain(..).for_each(Waker::wake)).join()).unwrap();
    assert_eq!((world.hooks(), Arc::strong_count(&world.queue)), (hooks, 1));
}

#[test]
fn a_local_runnable_dropped_as_the_last_handle_leaves_the_list() {
    struct Nothing;
    // SAFETY: nothing is done.
    unsafe impl waker_tables::ReleaseTask for Nothing {
        unsafe fn release(_: std::ptr::NonNull<u8>, _: std::alloc::Layout) {
            unreachable!("it leaks");
        }
    }
    let list = Arc::new(TaskList::new());
    let home = Home::new();
    // The body leaks, as documented; it holds nothing, and neither does its memory.
    let task = Task::new(pending::<()>(), ()).at(&home).hook(|(), _| {}).detached().list(list.clone());
    let mut place = std::mem::MaybeUninit::<[u128; 16]>::uninit();
    let layout = task.layout();
    assert!(layout.size() <= size_of_val(&place) && layout.align() <= 16);
    let memory = std::ptr::NonNull::from(&mut place).cast();
    // SAFETY: large enough, and nobody uses it again; the future borrows nothing.
    let runnable = unsafe { task.spawn_unchecked_at::<Nothing>(memory) };
    assert_eq!(list.len(), 1);
    drop(runnable);
    assert!(list.is_empty());
    assert_eq!(Arc::strong_count(&list), 1);
}

#[test]
fn threads_spawn_run_walk_and_close_at_once() {
    const TASKS: usize = if cfg!(miri) { 20 } else { 2_000 };
    let world = World::<Anywhere>::new();
    let alive = Arc::new(AtomicUsize::new(0));
    let spawn_all = || {
        for number in 0..TASKS {
            let alive = Alive::new(&alive);
            let mut polls = number % 3;
            let body = poll_fn(move |context| {
                let _ = &alive;
                if polls == 0 {
                    return Poll::Ready(());
                }
                polls -= 1;
                if number % 5 > 0 {
                    context.waker().wake_by_ref();
                }
                Poll::Pending // sometimes it is lost
            });
            Task::new(body, world.header(number)).detached().list(world.list.clone()).spawn().schedule();
        }
    };
    thread::scope(|scope| {
        scope.spawn(spawn_all);
        scope.spawn(spawn_all);
        scope.spawn(|| {
            for _ in 0..20 {
                world.list.for_each(|task| task.clone().wake());
            }
            world.list.close();
        });
        for _ in 0..20 {
            if let Some(taker) = world.queue.taker() {
                for runnable in taker {
                    if let Run::Woken(again) = runnable.run_once() {
                        again.schedule();
                    }
                }
            }
        }
    });
    while !world.list.is_empty() {
        world.run_all();
    }
    assert_eq!(alive.load(Ordering::Relaxed), 0);
    assert!(world.queue.is_empty());
}
