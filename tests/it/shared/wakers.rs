//! What the wakers of shared tasks are, and whose they are.

use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use waker_tables::*;

use super::world::*;

/// The same size, and a hook of the same code.
struct A(#[expect(dead_code, reason = "to be read as the other's")] usize);
struct B(#[expect(dead_code, reason = "to be read as the other's")] &'static usize);

impl Schedule for A {
    fn schedule(&self, runnable: Runnable<Self>) {
        drop(runnable);
    }
}
impl Schedule for B {
    fn schedule(&self, runnable: Runnable<Self>) {
        drop(runnable);
    }
}
impl Schedule<AtHome> for A {
    fn schedule(&self, runnable: LocalRunnable<Self>) {
        drop(runnable);
    }
}

fn knows<H: 'static>(waker: &Waker) -> bool {
    let by_count = TaskRef::<H>::from_waker(waker).is_some();
    assert_eq!(by_count, TaskRef::<H>::header_behind(waker).is_some());
    by_count
}

#[test]
fn a_waker_knows_its_own_header_type_alone() {
    let a = spawn_detached(async {}, A(1));
    let b = spawn_detached(async {}, B(&1));
    let local = Home::new().spawn_detached(async {}, A(1)); // its home is gone, and it leaks
    let (hooked, _handle) = Task::new(async {}, 7_usize).hook(|_: &_, _| ()).spawn();
    let [a_waker, b_waker, hooked_waker] = [a.task().to_waker(), b.task().to_waker(), hooked.task().to_waker()];
    assert_eq!([knows::<A>(&a_waker), knows::<B>(&a_waker), knows::<usize>(&a_waker)], [true, false, false]);
    assert_eq!([knows::<A>(&b_waker), knows::<B>(&b_waker), knows::<usize>(&b_waker)], [false, true, false]);
    assert_eq!([knows::<A>(&hooked_waker), knows::<usize>(&hooked_waker)], [false, true]);
    let local_waker = local.task().to_waker();
    assert_eq!([knows::<A>(&local_waker), knows::<B>(&local_waker)], [true, false]);
    forget(local);
    forget(local_waker);
    assert_eq!(TaskRef::<usize>::header_behind(&hooked_waker), Some(&7));
    assert!(TaskRef::<A>::from_waker(&a_waker).is_some_and(|found| found.ptr_eq(&a.task())));
}

#[test]
fn a_foreign_waker_is_nobodys() {
    struct Std;
    impl Wake for Std {
        fn wake(self: Arc<Self>) {}
    }
    waker_vtable! { static ID: usize => ignore; }
    waker_vtable! { static OF_A: Arc<A> => ignore_a; }
    const fn ignore(_: usize) {}
    const fn ignore_a(_: &A) {}
    let task = spawn_detached(async {}, A(1));
    let wrapped = futures::task::waker(Arc::new(Wrapped(task.task().to_waker())));
    let foreign = [
        Waker::noop().clone(),
        Waker::from(Arc::new(Std)),
        ID.waker(0),
        ID.waker(usize::MAX),
        OF_A.waker(Arc::new(A(1))),
        wrapped,
    ];
    for waker in foreign {
        assert!(!knows::<A>(&waker) && !knows::<B>(&waker) && !knows::<()>(&waker));
    }
}

/// What a combinator gives its parts: only the outermost waker is seen.
struct Wrapped(#[expect(dead_code, reason = "it would be found here")] Waker);

impl futures::task::ArcWake for Wrapped {
    fn wake_by_ref(_: &Arc<Self>) {}
}

#[test]
fn all_wakers_of_a_task_are_one() {
    let home = Home::new();
    for (kind, joined) in KINDS {
        let world = World::new(kind, joined, &home);
        let other = World::new(kind, joined, &home);
        let task = lock(&world.ticket).as_ref().expect("a runnable").task();
        let another = lock(&other.ticket).as_ref().expect("a runnable").task();
        let inside = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&inside);
        let expected = task.to_waker();
        world.log.during(move |waker| {
            assert!(waker.will_wake(&expected) && expected.will_wake(waker));
            *lock(&seen) = Some(waker.clone());
        });
        assert_eq!(world.run(Ends::Pending, &home), 'P');
        let inside = lock(&inside).take().expect("it was polled");
        let all = [inside, task.to_waker(), task.waker_ref().clone(), task.clone().into(), world.log.take_waker()];
        for waker in &all {
            assert!(all.iter().all(|same| same.will_wake(waker)));
            assert!(!another.waker_ref().will_wake(waker));
            assert!(TaskRef::<Header>::from_waker(waker).is_some_and(|same| same.ptr_eq(&task)));
        }
        drop((all, task, another));
        assert_eq!(world.finish(&home) + &other.finish(&home), "");
    }
}

#[test]
fn every_handle_leads_to_the_header() {
    let home = Home::new();
    for (kind, joined) in KINDS {
        let world = World::new(kind, joined, &home);
        let ticket = world.ticket().expect("a runnable");
        let is_it = |header: &Header| assert!(Arc::ptr_eq(&header.0, &world.log));
        match &ticket {
            Ticket::Any(runnable) => is_it(runnable.header()),
            Ticket::Local(runnable) => is_it(runnable.header()),
        }
        let task = ticket.task();
        is_it(task.header());
        let handle = world.handle();
        if let Some(handle) = &handle {
            is_it(handle.header());
            assert!(handle.task().ptr_eq(&task));
        }
        let waker: Waker = task.clone().into();
        is_it(TaskRef::header_behind(&waker).expect("its own"));
        assert!(!task.is_complete());
        let shown = format!("{ticket:?} {task:?} {handle:?}");
        assert!(!shown.is_empty());
        *lock(&world.log.ends) = Ends::Ready;
        assert!(matches!(ticket.run(&home), TicketRun::Complete));
        assert!(task.is_complete());
        drop((handle, task, waker));
        assert_eq!(world.finish(&home), "");
    }
}

/// Wakers go to any thread, as does all else but a home.
#[test]
fn wakes_from_other_threads_arrive() {
    let home = Home::new();
    for (kind, joined) in KINDS {
        let world = World::new(kind, joined, &home);
        assert_eq!(world.run(Ends::Pending, &home), 'P');
        let waker = world.log.take_waker();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let waker = waker.clone();
                scope.spawn(move || waker.wake());
            }
        });
        assert_eq!(world.log.events(), "ps", "one of them hands it over");
        drop(waker);
        assert_eq!(world.finish(&home), "");
    }
}

#[test]
fn a_header_may_be_of_no_size() {
    struct Nothing;
    impl Schedule for Nothing {
        fn schedule(&self, runnable: Runnable<Self>) {
            drop(runnable.run_once());
        }
    }
    let (wakers, kept) = std::sync::mpsc::channel();
    let mut polls = 0;
    let body = std::future::poll_fn(move |context| {
        wakers.send(context.waker().clone()).expect("the test is there");
        polls += 1;
        if polls == 4 { std::task::Poll::Ready(polls) } else { std::task::Poll::Pending }
    });
    let (runnable, handle) = spawn(body, Nothing);
    assert!(matches!(runnable.run_once(), Run::Pending));
    let next = || kept.recv().expect("a waker");
    next().wake();
    next().wake_by_ref();
    let task = TaskRef::<Nothing>::from_waker(&next()).expect("its own");
    task.wake();
    assert_eq!(futures::executor::block_on(handle), Ok(4));
    drop(next());
}
