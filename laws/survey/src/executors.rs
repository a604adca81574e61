//! Executors that run a main future, and most of them tasks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use waker_laws::executor::Body;

use crate::{Exec, Subject, Unpromised};

const ALL: Unpromised = &[];
const SPINS: Unpromised = &[("E5", "it polls in a loop, as its docs say")];
/// Executors that are one for the whole process: nothing ends them.
const GLOBAL: Unpromised = &[("E11 E12 E13 E20 E21 E24", "the executor is global and never ends")];

/// Executors that are made for programs that do not end, nor unwind.
const STATIC: Unpromised = &[("E11 E12 E13 E16 E17 E20 E21 E24", "an executor is static and never ends")];
/// Documented.
const ABORTS: Unpromised = &[("E17 E25", "its docs say that it aborts")];

fn only(live: fn(Body, Vec<Body>), unpromised: Unpromised) -> Exec {
    Exec { live, spawns: false, unpromised }
}

fn all(live: fn(Body, Vec<Body>), unpromised: Unpromised) -> Exec {
    Exec { live, spawns: true, unpromised }
}

pub fn subjects() -> Vec<Subject> {
    vec![
        only(|main, _| pollster::block_on(main), ALL).subject("pollster", "pollster"),
        only(|main, _| extreme::run(main), ALL).subject("extreme", "extreme"),
        only(|main, _| beul::execute(main), ALL).subject("beul", "beul"),
        only(|main, _| futures::executor::block_on(main), ALL).subject("futures block_on", "futures-executor"),
        only(|main, _| futures_lite::future::block_on(main), ALL).subject("futures-lite block_on", "futures-lite 2"),
        only(|main, _| async_io::block_on(main), ALL).subject("async-io block_on", "async-io"),
        only(|main, _| tokio_test::block_on(main), ALL).subject("tokio-test block_on", "tokio-test"),
        only(|main, _| spin_on::spin_on(main), SPINS).subject("spin_on", "spin_on"),
        only(|main, _| cassette::block_on(main), SPINS).subject("cassette", "cassette"),
        only(|main, _| pasts::Executor::default().block_on(main), ALL).subject("pasts", "pasts"),
        all(local_pool, ALL).subject("futures LocalPool", "futures-executor"),
        all(thread_pool, ALL).subject("futures ThreadPool", "futures-executor"),
        all(tokio_current_thread, ALL).subject("tokio current_thread", "tokio"),
        all(tokio_multi_thread, ALL).subject("tokio multi_thread", "tokio"),
        all(tokio_local_set, ALL).subject("tokio LocalSet", "tokio"),
        all(async_executor, ALL).subject("async-executor", "async-executor"),
        all(async_local_executor, ALL).subject("async-executor local", "async-executor"),
        all(smol_global, GLOBAL).subject("smol global", "smol"),
        all(async_global_executor, GLOBAL).subject("async-global-executor", "async-global-executor"),
        all(edge, ALL).subject("edge-executor local", "edge-executor"),
        all(embassy, STATIC).subject("embassy-executor", "embassy-executor"),
        all(compio, ABORTS).subject("compio-executor", "compio-executor"),
        all(yard, ALL).subject("switchyard", "switchyard"),
        all(bastion, GLOBAL).subject("bastion-executor", "bastion-executor"),
        all(monoio_runtime, ALL).subject("monoio", "monoio"),
    ]
}

fn local_pool(main: Body, tasks: Vec<Body>) {
    use futures::task::LocalSpawnExt;
    let mut pool = futures::executor::LocalPool::new();
    let spawner = pool.spawner();
    tasks.into_iter().for_each(|task| spawner.spawn_local(task).expect("it lives"));
    pool.run_until(main);
}

fn thread_pool(main: Body, tasks: Vec<Body>) {
    use futures::task::SpawnExt;
    let pool = futures::executor::ThreadPool::builder().pool_size(2).create().expect("threads");
    tasks.into_iter().for_each(|task| pool.spawn(task).expect("it lives"));
    let main = pool.spawn_with_handle(main).expect("it lives");
    futures::executor::block_on(main);
}

fn tokio_on(runtime: &tokio::runtime::Runtime, main: Body, tasks: Vec<Body>) {
    for task in tasks {
        drop(runtime.spawn(task));
    }
    runtime.block_on(main);
}

fn tokio_current_thread(main: Body, tasks: Vec<Body>) {
    tokio_on(&tokio::runtime::Builder::new_current_thread().build().expect("a runtime"), main, tasks);
}

fn tokio_multi_thread(main: Body, tasks: Vec<Body>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    tokio_on(&runtime, main, tasks);
}

fn tokio_local_set(main: Body, tasks: Vec<Body>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let set = tokio::task::LocalSet::new();
    for task in tasks {
        drop(set.spawn_local(task));
    }
    set.block_on(&runtime, main);
}

fn async_executor(main: Body, tasks: Vec<Body>) {
    let executor = async_executor::Executor::new();
    tasks.into_iter().for_each(|task| executor.spawn(task).detach());
    beul::execute(executor.run(main)); // one without tokens of earlier runs
}

fn async_local_executor(main: Body, tasks: Vec<Body>) {
    let executor = async_executor::LocalExecutor::new();
    tasks.into_iter().for_each(|task| executor.spawn(task).detach());
    beul::execute(executor.run(main)); // one without tokens of earlier runs
}

fn smol_global(main: Body, tasks: Vec<Body>) {
    tasks.into_iter().for_each(|task| smol::spawn(task).detach());
    smol::block_on(main);
}

fn async_global_executor(main: Body, tasks: Vec<Body>) {
    tasks.into_iter().for_each(|task| async_global_executor::spawn(task).detach());
    async_global_executor::block_on(main);
}

fn edge(main: Body, tasks: Vec<Body>) {
    let executor: edge_executor::LocalExecutor<'_> = edge_executor::LocalExecutor::default();
    tasks.into_iter().for_each(|task| executor.spawn(task).detach());
    beul::execute(executor.run(main)); // one without tokens of earlier runs
}

#[embassy_executor::task(pool_size = 256)]
async fn embassy_task(body: Body) {
    body.await;
}

#[embassy_executor::task(pool_size = 256)]
async fn embassy_main(body: Body, over: &'static AtomicBool) {
    body.await;
    over.store(true, Ordering::SeqCst);
}

fn embassy(main: Body, tasks: Vec<Body>) {
    let executor = Box::leak(Box::new(embassy_executor::Executor::new()));
    let over: &'static AtomicBool = Box::leak(Box::default());
    executor.run_until(
        |spawner| {
            for task in tasks {
                spawner.spawn(embassy_task(task).expect("room"));
            }
            spawner.spawn(embassy_main(main, over).expect("room"));
        },
        || over.load(Ordering::SeqCst),
    );
}

/// Wakes a thread.
struct Unpark(Thread, AtomicBool);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.1.store(true, Ordering::SeqCst);
        self.0.unpark();
    }
}

fn compio(main: Body, tasks: Vec<Body>) {
    /// As its docs ask: cleared before it is dropped.
    struct Clear(compio_executor::Executor);

    impl Drop for Clear {
        fn drop(&mut self) {
            self.0.clear();
        }
    }

    let woken = Arc::new(Unpark(thread::current(), AtomicBool::new(true)));
    let waker = Some(woken.clone().into());
    let config = compio_executor::ExecutorConfig { waker, ..Default::default() };
    let executor = Clear(compio_executor::Executor::with_config(config));
    tasks.into_iter().for_each(|task| executor.0.spawn(task).detach());
    let mut main = executor.0.spawn(main);
    let waker = Waker::from(woken.clone());
    loop {
        let hot = executor.0.tick();
        if let Poll::Ready(ended) = std::pin::Pin::new(&mut main).poll(&mut Context::from_waker(&waker)) {
            compio_executor::ResumeUnwind::resume_unwind(ended);
            return;
        }
        while !hot && !woken.1.swap(false, Ordering::SeqCst) {
            thread::park();
        }
    }
}

fn yard(main: Body, tasks: Vec<Body>) {
    let info = switchyard::threads::one_to_one(switchyard::threads::thread_info(), None);
    let yard: switchyard::Switchyard<()> = switchyard::Switchyard::new(info, || ()).expect("threads");
    for task in tasks {
        drop(yard.spawn(0, task));
    }
    futures_lite::future::block_on(yard.spawn(0, main));
}

fn bastion(main: Body, tasks: Vec<Body>) {
    use lightproc::prelude::ProcStack;
    for task in tasks {
        drop(bastion_executor::pool::spawn(task, ProcStack::default()));
    }
    bastion_executor::run::run(main, ProcStack::default());
}

fn monoio_runtime(main: Body, tasks: Vec<Body>) {
    let mut runtime = monoio::RuntimeBuilder::<monoio::LegacyDriver>::new().build().expect("a runtime");
    runtime.block_on(async {
        for task in tasks {
            drop(monoio::spawn(task));
        }
        main.await;
    });
}
