//! Executors over shared tasks in each kind of queue, at home and in statics, and over a set of wakers.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::thread::{self, Thread};

use waker_laws::executor::{Body, ExecutorSubject, judge};
use waker_tables::{
    Anywhere, AtHome, Home, JoinHandle, Linked, LocalRunnable, Queue, Runnable, Schedule, StaticTask, TaskRef, spawn,
    waker_vtable,
};

use super::{all_hold_but, lock, plan};

/// An executor by its one function.
struct Runs(fn(Body, Vec<Body>));

impl ExecutorSubject for Runs {
    fn live(&self, main: Body, tasks: Vec<Body>) {
        (self.0)(main, tasks);
    }
}

/// Does at the end of a scope what is to be done at shutdown, also while a panic unwinds.
struct AtEnd<F: FnMut()>(F);

impl<F: FnMut()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Takes turns until there is none, also after one that panics: the first panic comes out at the end.
fn to_the_end(mut turn: impl FnMut() -> Option<()>) {
    let mut first = None;
    loop {
        match catch_unwind(AssertUnwindSafe(&mut turn)) {
            Ok(Some(())) => {}
            Ok(None) => break,
            Err(panic) => _ = first.get_or_insert(panic),
        }
    }
    if let (Some(panic), false) = (first, thread::panicking()) {
        resume_unwind(panic);
    }
}

/// A main future that notes its end, also by a panic.
fn noting(main: Body) -> (Arc<AtomicBool>, impl Future<Output = ()> + Send + 'static) {
    struct Over(Arc<AtomicBool>);

    impl Drop for Over {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }

    let over = Arc::new(AtomicBool::new(false));
    let its = Over(over.clone());
    (over, async move {
        let _its = its;
        main.await;
    })
}

struct ToQueue(Sender<Runnable<Self>>);

impl Schedule for ToQueue {
    fn schedule(&self, runnable: Runnable<Self>) {
        drop(self.0.send(runnable));
    }
}

#[test]
fn of_tasks_in_a_channel() {
    fn live(main: Body, tasks: Vec<Body>) {
        let ((sender, queue), (over, main)) = (channel(), noting(main));
        let start = |(runnable, handle): (Runnable<ToQueue>, _)| {
            runnable.schedule();
            handle
        };
        let mut handles: Vec<JoinHandle<(), _>> =
            tasks.into_iter().map(|task| start(spawn(task, ToQueue(sender.clone())))).collect();
        handles.push(start(spawn(main, ToQueue(sender))));
        let _end = AtEnd(|| {
            for handle in &handles {
                handle.cancel();
            }
            to_the_end(|| queue.try_recv().ok().map(|runnable| _ = runnable.run()));
        });
        while !over.load(Ordering::SeqCst) {
            queue.recv().expect("a task waits").run();
        }
    }
    all_hold_but(&[], &judge(Runs(live), &plan()));
}

/// The executor of `examples/executor.rs`: tasks in a queue without locks, and a main future that is no task.
struct OnThread {
    thread: Thread,
    queue: Queue<On>,
    main: AtomicBool,
}

struct On(Arc<OnThread>);

impl Schedule<Anywhere, Linked<Self>> for On {
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        // A closed queue gives it back, and it is dropped.
        if matches!(self.0.queue.push(runnable), Ok(true)) {
            self.0.thread.unpark();
        }
    }
}

waker_vtable! { static MAIN: Arc<OnThread> => OnThread::wake_main; }

impl OnThread {
    fn wake_main(&self) {
        self.main.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

#[test]
fn of_tasks_in_a_queue_beside_a_main_future() {
    fn live(mut main: Body, tasks: Vec<Body>) {
        let executor =
            Arc::new(OnThread { thread: thread::current(), queue: Queue::new(), main: AtomicBool::new(true) });
        let spawn = |task| {
            let (runnable, handle) = spawn(task, Linked::new(On(executor.clone())));
            runnable.schedule();
            handle
        };
        let handles: Vec<JoinHandle<(), _>> = tasks.into_iter().map(spawn).collect();
        let taker = RefCell::new(executor.queue.taker().expect("nobody else takes"));
        let pop = || taker.borrow_mut().pop();
        let _end = AtEnd(|| {
            for handle in &handles {
                handle.cancel();
            }
            to_the_end(|| pop().map(|runnable| _ = runnable.run()));
            taker.borrow_mut().close();
        });
        loop {
            if executor.main.swap(false, Ordering::Acquire) {
                let waker = MAIN.waker_ref(&executor);
                if Pin::new(&mut main).poll(&mut Context::from_waker(&waker)).is_ready() {
                    return;
                }
            }
            if let Some(runnable) = pop() {
                runnable.run();
            } else if !executor.main.load(Ordering::Acquire) {
                thread::park();
            }
        }
    }
    all_hold_but(&[], &judge(Runs(live), &plan()));
}

struct Homewards(Sender<LocalRunnable<Self>>);

impl Schedule<AtHome> for Homewards {
    fn schedule(&self, runnable: LocalRunnable<Self>) {
        drop(self.0.send(runnable));
    }
}

#[test]
fn of_tasks_at_home() {
    fn live(main: Body, tasks: Vec<Body>) {
        let (home, (sender, queue), (over, main)) = (Home::new(), channel(), noting(main));
        let start = |(runnable, handle): (LocalRunnable<Homewards>, _)| {
            runnable.schedule();
            handle
        };
        let mut handles: Vec<JoinHandle<(), _>> =
            tasks.into_iter().map(|task| start(home.spawn(task, Homewards(sender.clone())))).collect();
        handles.push(start(home.spawn(main, Homewards(sender))));
        let _end = AtEnd(|| {
            for handle in &handles {
                handle.cancel();
            }
            to_the_end(|| queue.try_recv().ok().map(|runnable| drop(home.run(runnable))));
        });
        while !over.load(Ordering::SeqCst) {
            assert!(home.run(queue.recv().expect("a task waits")).is_ok());
        }
    }
    all_hold_but(&[], &judge(Runs(live), &plan()));
}

/// Whose task stands in a place, and where its runnables go.
#[derive(Clone)]
struct Lent(Arc<(Thread, Mutex<VecDeque<Runnable<Place>>>)>);

struct Place(Mutex<Option<Lent>>);

impl Schedule for Place {
    fn schedule(&self, runnable: Runnable<Self>) {
        let lent = lock(&self.0).clone().expect("a task stands here");
        lock(&lent.0.1).push_back(runnable);
        lent.0.0.unpark();
    }
}

#[test]
fn of_tasks_in_statics() {
    fn live(main: Body, tasks: Vec<Body>) {
        type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;
        // Lives that are inside of each other, too.
        static PLACES: [StaticTask<Place, Boxed>; 8] = [const { StaticTask::new(Place(Mutex::new(None))) }; 8];
        let executor = Lent(Arc::new((thread::current(), Mutex::default())));
        let (over, main) = noting(main);
        let start = |future: Boxed| -> TaskRef<Place> {
            let claim = PLACES.iter().find_map(StaticTask::claim).expect("a place is free");
            *lock(&claim.header().0) = Some(executor.clone());
            let runnable = claim.spawn(|| future);
            let task = runnable.task();
            runnable.schedule();
            task
        };
        let mut started: Vec<_> = tasks.into_iter().map(|task| start(Box::pin(task))).collect();
        started.push(start(Box::pin(main)));
        let pop = || lock(&executor.0.1).pop_front();
        let _end = AtEnd(|| {
            for task in &started {
                task.cancel();
            }
            to_the_end(|| pop().map(|runnable| _ = runnable.run()));
        });
        while !over.load(Ordering::SeqCst) {
            match pop() {
                Some(runnable) => _ = runnable.run(),
                None => thread::park(),
            }
        }
    }
    all_hold_but(&[], &judge(Runs(live), &plan()));
}

/// The main future and the tasks as children of one set, which the thread's own waker drives.
#[cfg(feature = "set")]
#[test]
fn of_children_of_a_set() {
    fn live(main: Body, tasks: Vec<Body>) {
        let executor =
            Arc::new(OnThread { thread: thread::current(), queue: Queue::new(), main: AtomicBool::new(true) });
        let parent = MAIN.waker(executor.clone());
        let mut children: Vec<Option<Body>> = std::iter::once(main).chain(tasks).map(Some).collect();
        let set = waker_tables::WakerSet::new(children.len());
        (0..children.len()).for_each(|index| set.mark(index));
        while children[0].is_some() {
            while !executor.main.swap(false, Ordering::Acquire) {
                thread::park();
            }
            set.register(&parent);
            for index in set.drain() {
                let waker = set.waker_ref(index);
                let Some(child) = &mut children[index] else { continue };
                if let Poll::Ready(()) = Pin::new(child).poll(&mut Context::from_waker(&waker)) {
                    let over = children[index].take();
                    drop(over);
                }
            }
        }
    }
    all_hold_but(&[], &judge(Runs(live), &plan()));
}
