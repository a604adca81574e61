//! All living tasks of a scheduler, and handles without a type.

use std::sync::{Arc, Mutex};

use waker_tables::*;

use super::world::*;

type List = Arc<TaskList<Header>>;

fn detached(list: &List) -> (Arc<Log>, Runnable<Header>) {
    let log = Log::new();
    let task = Task::new(Body(log.clone()), Header(log.clone())).list(list.clone()).detached();
    (log, task.spawn())
}

/// The logs of those that a walk meets.
fn met(list: &List) -> Vec<Arc<Log>> {
    let mut met = Vec::new();
    list.for_each(|task| met.push(task.header().0.clone()));
    met
}

/// In whatever order.
fn same(some: &[Arc<Log>], others: &[&Arc<Log>]) -> bool {
    some.len() == others.len() && others.iter().all(|other| some.iter().any(|one| Arc::ptr_eq(one, other)))
}

#[test]
fn a_task_is_on_its_list_until_its_body_is_gone() {
    let list = List::default();
    assert!(list.is_empty() && met(&list).is_empty());
    let [(first, one), (second, two), (third, three)] = [(); 3].map(|()| detached(&list));
    assert_eq!(list.len(), 3);
    assert!(same(&met(&list), &[&third, &second, &first]));
    let task = two.task();
    drop(two);
    assert!(same(&met(&list), &[&third, &first]), "dropped with its runnable, though a handle is there");
    assert!(task.is_complete());
    *lock(&third.ends) = Ends::Ready;
    assert_eq!(three.run(), Ran::Complete);
    *lock(&first.ends) = Ends::Panic;
    panics(|| one.run());
    assert!(list.is_empty());
}

/// The list keeps no task alive; a walk does, for as long as it is at it.
#[test]
fn a_list_keeps_nothing_alive() {
    let list = List::default();
    let (log, runnable) = detached(&list);
    *lock(&log.ends) = Ends::Silent;
    assert_eq!(runnable.run(), Ran::Lost);
    assert_eq!((log.events().as_str(), list.len()), ("pbf", 0));
    let (log, runnable) = detached(&list);
    assert_eq!(runnable.run(), Ran::Pending);
    list.for_each(|_task| drop(log.take_waker()));
    assert_eq!(log.events(), "ps", "the walk had the last handle");
    assert!(log.pop().expect("a runnable").run(&Home::new()).is_complete());
    assert_eq!((log.events().as_str(), list.len()), ("bf", 0));
    assert_eq!(Arc::strong_count(&list), 1, "and no task the list");
}

#[test]
fn a_close_that_a_hook_ends_by_a_panic_is_finished_by_another() {
    let list = List::default();
    let logs = [(); 3].map(|()| {
        let (log, runnable) = detached(&list);
        assert_eq!(runnable.run(), Ran::Pending);
        log
    });
    let first = met(&list).remove(0);
    first.panic_at("s");
    panics(|| list.close());
    let told = || logs.iter().map(|log| log.count('s')).sum::<usize>();
    assert_eq!((list.is_closed(), first.count('s'), told()), (true, 1, 1));
    list.close();
    assert_eq!(told(), 3);
    for log in &logs {
        assert!(log.pop().expect("its hook was called").run(&Home::new()).is_complete());
        drop(log.take_waker());
    }
    assert!(list.is_empty());
}

#[test]
fn a_walk_may_do_what_it_likes_with_the_list() {
    let list = List::default();
    let tasks = [(); 4].map(|()| detached(&list));
    let logs = tasks.each_ref().map(|(log, _)| log.clone());
    let mut runnables = tasks.map(|(_, runnable)| Some(runnable));
    let mut walked = Vec::new();
    let mut new = None;
    list.for_each(|task| {
        if walked.is_empty() {
            // The one at hand, which came before all others, and the next one, which came last; two stay.
            assert!(Arc::ptr_eq(&task.header().0, &logs[0]));
            drop((runnables[0].take(), runnables[3].take()));
            new = Some(detached(&list));
            assert_eq!(met(&list).len(), 3, "a walk in a walk");
        }
        walked.push(task.header().0.clone());
    });
    assert!(same(&walked, &[&logs[0], &logs[2], &logs[1]]), "neither those that went nor the one that came");
    panics(|| list.for_each(|_| panic!("told to")));
    assert_eq!(met(&list).len(), 3, "the walk that unwound left the list");
    let kept = Mutex::new(Vec::new());
    list.for_each(|task| lock(&kept).push(task.clone()));
    drop((runnables, new));
    assert!(list.is_empty());
    assert!(lock(&kept).iter().all(TaskRef::is_complete), "a clone keeps the header, and not the body");
}

#[test]
fn a_list_that_is_closed_ends_what_is_on_it_and_what_comes() {
    let (list, home) = (List::default(), Home::new());
    let (idle, runnable) = detached(&list);
    assert_eq!(runnable.run(), Ran::Pending);
    let (scheduled, at_hand) = detached(&list);
    assert!(!list.is_closed());
    for _ in 0..2 {
        list.close();
        assert!(list.is_closed());
    }
    assert_eq!((idle.events().as_str(), scheduled.events().as_str()), ("ps", ""), "the hook is called once");
    assert_eq!(list.len(), 2, "they are alive until they run");
    assert!(idle.pop().expect("a runnable").run(&home).is_complete());
    assert_eq!(at_hand.run(), Ran::Complete);
    assert_eq!((idle.events().as_str(), scheduled.events().as_str()), ("b", "bf"));
    idle.take_waker().wake();
    assert_eq!(idle.events(), "f", "a late wake calls no hook");

    let (late, runnable) = detached(&list);
    assert_eq!(list.len(), 1);
    assert!(runnable.task().is_cancelled());
    assert_eq!(runnable.run(), Ran::Complete);
    assert_eq!((late.events().as_str(), list.len()), ("bf", 0), "it is not polled");
}

#[test]
fn a_task_without_the_type_of_its_header_is_the_same_task() {
    let world = World::new(TaskKind::Boxed, false, &Home::new());
    let runnable = world.ticket().expect("a runnable");
    let task = runnable.task();
    let any = task.clone().into_any();
    assert!(
        AnyTask::any_from_waker(&any.to_waker()).is_some()
            && AnyTask::any_from_waker(std::task::Waker::noop()).is_none()
    );
    assert!(any.to_waker().will_wake(&task.waker_ref()));
    assert_eq!(any.type_name(), std::any::type_name::<Body>());
    assert!(any.state().is_scheduled() && any.state() == task.state());
    let any = any.downcast::<u8>().expect_err("of another type");
    assert!(any.clone().downcast::<Header>().is_ok_and(|same| same.ptr_eq(&task)));

    *lock(&world.log.ends) = Ends::Silent;
    let (inside, seen) = (task.clone(), Arc::new(Mutex::new(None)));
    let there = Arc::clone(&seen);
    world.log.during(move |waker| {
        assert!(inside.state().is_running() && !inside.state().is_scheduled());
        waker.wake_by_ref();
        *lock(&there) = Some(inside.state());
    });
    let Ticket::Any(runnable) = runnable else { unreachable!() };
    let Run::Woken(runnable) = runnable.run_once() else { panic!("not woken") };
    assert!(lock(&seen).is_some_and(TaskState::is_scheduled));
    assert_eq!(runnable.run(), Ran::Pending);
    let state = any.state();
    assert!(!state.is_scheduled() && !state.is_running() && !state.is_complete() && !state.is_cancelled());
    assert_eq!(state.handles(), 2);
    any.wake_by_ref();
    assert!(any.cancel() && !any.cancel() && !task.cancel() && any.state().is_cancelled());
    assert_eq!(world.log.events(), "pps");
    drop(world.log.pop());
    assert!(task.is_complete() && task.is_cancelled() && !task.cancel());
    assert!(!format!("{any:?} {state:?} {:?}", TaskList::<u8>::new()).is_empty());
}

#[test]
fn a_panic_may_be_an_output() {
    use std::future::poll_fn;
    use std::task::Poll;

    let gone = Arc::new(());
    let body = |panics: bool| {
        let gone = Arc::clone(&gone);
        poll_fn(move |_| {
            assert!(!panics, "{}", Arc::strong_count(&gone));
            Poll::Ready(7)
        })
    };
    let spawn = |panics| Task::new(CatchUnwind::new(body(panics)), ()).hook(|(), _| ()).spawn();
    let (runnable, mut handle) = spawn(false);
    assert_eq!(runnable.run(), Ran::Complete);
    assert!(matches!(handle.try_take(), Some(Ok(Ok(7)))));
    let (runnable, mut handle) = spawn(true);
    assert_eq!(runnable.run(), Ran::Complete);
    assert_eq!(Arc::strong_count(&gone), 1, "the future is gone");
    let Some(Ok(Err(payload))) = handle.try_take() else { panic!("no payload") };
    assert_eq!(payload.downcast_ref::<String>().map(String::as_str), Some("2"));
}
