//! Tasks without an executor: the survey runs them from a channel on one thread, and at the end cancels and runs what
//! is left, as their docs ask.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use waker_laws::executor::Body;
use waker_tables::{
    Anywhere, AtHome, Home, Linked, LocalRunnable, Queue, Runnable, Schedule, StaticTask, TaskRef, spawn,
};

use crate::{Exec, Subject};

pub fn subjects() -> Vec<Subject> {
    let task = |live| Exec { live, spawns: true, unpromised: &[] };
    vec![
        task(async_task_tasks).subject("async-task", "async-task"),
        task(lightproc_tasks).subject("lightproc", "lightproc"),
        task(shared).subject("this crate, shared tasks", "waker_tables 0.5"),
        task(linked).subject("this crate, shared tasks in a Queue", "waker_tables 0.5"),
        task(home).subject("this crate, shared tasks at home", "waker_tables 0.5"),
        task(statics).subject("this crate, static tasks", "waker_tables 0.5"),
    ]
}

/// Does at the end of a scope what its docs ask at shutdown, also while a panic unwinds.
struct Finish<F: FnMut()>(F);

impl<F: FnMut()> Drop for Finish<F> {
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

/// The main future, and whether it is over.
fn noting(main: Body) -> (Arc<AtomicBool>, impl Future<Output = ()> + Send + 'static) {
    /// Also where it panics.
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

fn async_task_tasks(main: Body, tasks: Vec<Body>) {
    let (sender, queue) = channel();
    let schedule = move |runnable| drop(sender.send(runnable));
    let (over, main) = noting(main);
    let mut handles = Vec::new();
    for task in tasks {
        let (runnable, handle) = async_task::spawn(task, schedule.clone());
        runnable.schedule();
        handles.push(handle);
    }
    let (runnable, handle) = async_task::spawn(main, schedule);
    runnable.schedule();
    handles.push(handle);
    let _finish = Finish(|| {
        handles.clear();
        to_the_end(|| queue.try_recv().ok().map(|runnable| _ = runnable.run()));
    });
    while !over.load(Ordering::SeqCst) {
        let runnable: async_task::Runnable = queue.recv().expect("a sender lives");
        runnable.run();
    }
}

fn lightproc_tasks(main: Body, tasks: Vec<Body>) {
    use lightproc::prelude::{LightProc, ProcStack};
    let (sender, queue) = channel::<LightProc>();
    let sender = Arc::new(std::sync::Mutex::new(sender));
    let schedule = move |process| drop(sender.lock().expect("no panic under it").send(process));
    let (over, main) = noting(main);
    let mut handles = Vec::new();
    for task in tasks {
        let (process, handle) = LightProc::build(task, schedule.clone(), ProcStack::default());
        process.schedule();
        handles.push(handle);
    }
    let (process, handle) = LightProc::build(main, schedule, ProcStack::default());
    process.schedule();
    handles.push(handle);
    let _finish = Finish(|| {
        handles.iter().for_each(|handle| handle.cancel());
        to_the_end(|| queue.try_recv().ok().map(LightProc::run));
    });
    while !over.load(Ordering::SeqCst) {
        queue.recv().expect("a sender lives").run();
    }
}

struct ToQueue(Sender<Runnable<Self>>);

impl Schedule for ToQueue {
    fn schedule(&self, runnable: Runnable<Self>) {
        drop(self.0.send(runnable));
    }
}

fn shared(main: Body, tasks: Vec<Body>) {
    let (sender, queue) = channel();
    let (over, main) = noting(main);
    let mut handles = Vec::new();
    for task in tasks {
        let (runnable, handle) = spawn(task, ToQueue(sender.clone()));
        runnable.schedule();
        handles.push(handle);
    }
    let (runnable, handle) = spawn(main, ToQueue(sender));
    runnable.schedule();
    handles.push(handle);
    let _finish = Finish(|| {
        for handle in &handles {
            handle.cancel();
        }
        to_the_end(|| queue.try_recv().ok().map(|runnable| _ = runnable.run()));
    });
    while !over.load(Ordering::SeqCst) {
        queue.recv().expect("a sender lives").run();
    }
}

struct On(Arc<Queue<On>>, thread::Thread);

impl Schedule<Anywhere, Linked<Self>> for On {
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        if matches!(self.0.push(runnable), Ok(true)) {
            self.1.unpark();
        }
    }
}

fn linked(main: Body, tasks: Vec<Body>) {
    let queue: Arc<Queue<On>> = Arc::new(Queue::new());
    let header = || Linked::new(On(queue.clone(), thread::current()));
    let (over, main) = noting(main);
    let mut handles = Vec::new();
    for task in tasks {
        let (runnable, handle) = spawn(task, header());
        runnable.schedule();
        handles.push(handle);
    }
    let (runnable, handle) = spawn(main, header());
    runnable.schedule();
    handles.push(handle);
    let taker = RefCell::new(queue.taker().expect("nobody else takes"));
    let pop = || taker.borrow_mut().pop();
    let _finish = Finish(|| {
        for handle in &handles {
            handle.cancel();
        }
        to_the_end(|| pop().map(|runnable| _ = runnable.run()));
        taker.borrow_mut().close();
    });
    while !over.load(Ordering::SeqCst) {
        match pop() {
            Some(runnable) => _ = runnable.run(),
            None => thread::park(),
        }
    }
}

#[derive(Clone)]
struct Homewards(Sender<LocalRunnable<Self>>);

impl Schedule<AtHome> for Homewards {
    fn schedule(&self, runnable: LocalRunnable<Self>) {
        drop(self.0.send(runnable));
    }
}

fn home(main: Body, tasks: Vec<Body>) {
    let home = Home::new();
    let (sender, queue) = channel();
    let (over, main) = noting(main);
    let mut handles = Vec::new();
    for task in tasks {
        let (runnable, handle) = home.spawn(task, Homewards(sender.clone()));
        runnable.schedule();
        handles.push(handle);
    }
    let (runnable, handle) = home.spawn(main, Homewards(sender));
    runnable.schedule();
    handles.push(handle);
    let _finish = Finish(|| {
        for handle in &handles {
            handle.cancel();
        }
        to_the_end(|| queue.try_recv().ok().map(|runnable| drop(home.run(runnable))));
    });
    while !over.load(Ordering::SeqCst) {
        drop(home.run(queue.recv().expect("a sender lives")));
    }
}

struct Place(Mutex<Option<Sender<Runnable<Self>>>>);

impl Schedule for Place {
    fn schedule(&self, runnable: Runnable<Self>) {
        let sender = self.0.lock().expect("no panic under it").clone();
        drop(sender.expect("a task stands here").send(runnable));
    }
}

fn statics(main: Body, tasks: Vec<Body>) {
    type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;
    static PLACES: [StaticTask<Place, Boxed>; 8] = [const { StaticTask::new(Place(Mutex::new(None))) }; 8];
    let (sender, queue) = channel();
    let (over, main) = noting(main);
    let start = |future: Boxed| {
        let claim = PLACES.iter().find_map(StaticTask::claim).expect("a place is free");
        *claim.header().0.lock().expect("no panic under it") = Some(sender.clone());
        let runnable = claim.spawn(|| future);
        let task = runnable.task();
        runnable.schedule();
        task
    };
    let mut started: Vec<TaskRef<Place>> = tasks.into_iter().map(|task| start(Box::pin(task))).collect();
    started.push(start(Box::pin(main)));
    let _finish = Finish(|| {
        for task in &started {
            task.cancel();
        }
        to_the_end(|| queue.try_recv().ok().map(|runnable| _ = runnable.run()));
    });
    while !over.load(Ordering::SeqCst) {
        queue.recv().expect("a sender lives").run();
    }
}
