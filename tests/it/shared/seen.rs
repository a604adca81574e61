//! What a subscriber hears of tasks: a span each, from spawn to end, its polls, and what is done with its wakers.

#![allow(clippy::waker_clone_wake, reason = "a clone and a wake by value are what is told")]

#[path = "seen/recorder.rs"]
mod recorder;

use std::future::{Future, Ready, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use tracing::{Span, trace_span};
use waker_tables::*;

use super::world::*;
use recorder::{Heard, Recorder};

/// A way through a task's life. The answer is how often it was polled.
type Path = fn(&World, &Home) -> usize;

fn task(world: &World) -> TaskRef<Header> {
    lock(&world.ticket).as_ref().expect("a runnable").task()
}

/// A poll that keeps its waker and waits.
fn wait(world: &World, home: &Home) {
    assert_eq!(world.run(Ends::Pending, home), 'P');
}

const PATHS: &[(&str, Path)] = &[
    ("ready at once", |world, home| {
        assert_eq!(world.run(Ends::Ready, home), 'C');
        1
    }),
    ("woken by value, and ready", |world, home| {
        wait(world, home);
        world.log.take_waker().wake();
        assert_eq!(world.run(Ends::Ready, home), 'C');
        2
    }),
    ("woken by reference, twice, and ready", |world, home| {
        wait(world, home);
        let waker = world.log.take_waker();
        waker.wake_by_ref();
        waker.wake_by_ref();
        assert_eq!(world.run(Ends::Ready, home), 'C');
        2
    }),
    ("woken while it runs", |world, home| {
        world.log.during(Waker::wake_by_ref);
        assert_eq!(world.run(Ends::Pending, home), 'W');
        world.log.during(|waker| waker.clone().wake());
        assert_eq!(world.run(Ends::Silent, home), 'W');
        assert_eq!(world.run(Ends::Ready, home), 'C');
        3
    }),
    ("cancelled before it runs", |world, home| {
        assert!(task(world).cancel());
        assert_eq!(world.run(Ends::Ready, home), 'C');
        0
    }),
    ("cancelled while it runs", |world, home| {
        world.log.during(|waker| assert!(TaskRef::<Header>::from_waker(waker).unwrap().cancel()));
        assert_eq!(world.run(Ends::Pending, home), 'C');
        1
    }),
    ("cancelled while it waits", |world, home| {
        wait(world, home);
        assert!(TaskRef::<Header>::from_waker(&world.log.take_waker()).unwrap().cancel());
        assert_eq!(world.run(Ends::Ready, home), 'C');
        1
    }),
    ("cancelled when it is to run again", |world, home| {
        wait(world, home);
        world.log.take_waker().wake();
        let ticket = world.ticket().unwrap();
        assert!(ticket.task().into_any().cancel());
        *lock(&world.ticket) = Some(ticket);
        assert_eq!(world.run(Ends::Ready, home), 'C');
        1
    }),
    ("panicked", |world, home| {
        assert_eq!(world.run(Ends::Panic, home), '!');
        1
    }),
    ("its destructor panicked", |world, home| {
        world.log.panic_at("b");
        assert_eq!(world.run(Ends::Ready, home), '!');
        1
    }),
    ("cancelled, and its destructor panicked", |world, home| {
        world.log.panic_at("b");
        assert!(task(world).cancel());
        assert_eq!(world.run(Ends::Ready, home), '!');
        0
    }),
    ("lost, if nobody joins it", |world, home| {
        if lock(&world.handle).is_some() {
            assert_eq!(world.run(Ends::Silent, home), 'P');
            drop(world.handle()); // the last handle: so it is scheduled once more
            assert_eq!(world.run(Ends::Ready, home), 'C');
        } else {
            assert_eq!(world.run(Ends::Silent, home), 'L');
        }
        1
    }),
    ("left by its last waker", |world, home| {
        drop(world.handle());
        wait(world, home);
        drop(world.log.take_waker());
        assert_eq!(world.run(Ends::Ready, home), 'C');
        1
    }),
    ("joined by one who waits", |world, home| {
        if lock(&world.handle).is_some() {
            assert_eq!(world.join(), '-');
            assert_eq!(world.run(Ends::Ready, home), 'C');
            assert_eq!(world.join(), 'O');
        } else {
            world.run(Ends::Ready, home);
        }
        1
    }),
    ("its join handle dropped, which waits", |world, home| {
        if lock(&world.handle).is_some() {
            world.join();
        }
        wait(world, home);
        drop(world.handle());
        world.log.take_waker().wake();
        assert_eq!(world.run(Ends::Ready, home), 'C');
        2
    }),
    ("its runnable dropped", |world, home| {
        let spare = task(world);
        drop(world.ticket());
        spare.wake_by_ref(); // of a local task the home then drops the body
        if let Some(ticket) = world.ticket() {
            assert!(ticket.run(home).is_complete());
        }
        0
    }),
    ("handles to and fro", |world, home| {
        let spare = task(world);
        let waker = Waker::from(spare.clone());
        let other = TaskRef::<Header>::from_waker(&waker).unwrap();
        let any = AnyTask::any_from_waker(&spare.to_waker()).unwrap();
        spare.waker_ref().wake_by_ref();
        any.wake_by_ref();
        let any = any.downcast::<()>().unwrap_err().downcast::<Header>().unwrap();
        any.wake();
        waker.wake();
        assert!(other.ptr_eq(&spare));
        assert_eq!(world.run(Ends::Ready, home), 'C');
        1
    }),
];

/// Each path, for each kind of task.
#[test]
fn a_span_opens_and_closes_once_on_every_path() {
    let home = Home::new();
    for (name, path) in PATHS {
        for (kind, joined) in KINDS {
            let recorder = Recorder::default();
            let polls = recorder.hears(|| {
                let world = World::new(kind, joined, &home);
                assert_eq!(recorder.task().closes, 0, "{name}, {kind:?}");
                let polls = path(&world, &home);
                let at_end = recorder.task();
                assert!(at_end.is_over(), "{name}, {kind:?}, joined: {joined}: {at_end:?}");
                assert_eq!(world.finish(&home), "", "{name}, {kind:?}");
                assert_eq!(recorder.task(), at_end, "nothing is told after the end: {name}, {kind:?}");
                polls
            });
            let heard = recorder.task();
            assert_eq!((heard.enters, heard.exits), (polls, polls), "{name}, {kind:?}");
            assert!(heard.wakers() <= 2, "{name}, {kind:?}: {heard:?}"); // what the path has kept beyond the end
            let expected = if kind.is_local() { "local" } else { "task" };
            assert_eq!(heard.fields["kind"], expected);
        }
    }
}

/// Whatever can be done with each handle in each state. What leaks has no end.
#[test]
fn nothing_is_told_after_the_end_and_nothing_twice() {
    let recorder = Recorder::default();
    recorder.hears(super::matrix::every_cell_of_the_table);
    let tasks = recorder.tasks();
    assert!(tasks.len() > 500);
    for heard in &tasks {
        assert!(heard.wrong.is_empty() && heard.closes <= 1 && heard.enters == heard.exits, "{heard:?}");
    }
}

#[test]
fn what_is_done_with_handles_is_told_once() {
    let (home, recorder) = (Home::new(), Recorder::default());
    recorder.hears(|| {
        let world = World::new(TaskKind::Boxed, true, &home);
        let now = || {
            let Heard { clones, wakes, wakes_by_ref, drops, .. } = recorder.task();
            [clones, wakes, wakes_by_ref, drops]
        };
        let told = |what: &str, act: &mut dyn FnMut(), expected: [usize; 4]| {
            let before = now();
            act();
            let after = now();
            assert_eq!([0, 1, 2, 3].map(|at| after[at] - before[at]), expected, "{what}");
        };
        let mut spare = None;
        told("Runnable::task", &mut || spare = Some(task(&world)), [1, 0, 0, 0]);
        let spare = spare.unwrap();
        told("JoinHandle::task", &mut || drop(lock(&world.handle).as_ref().unwrap().task()), [1, 0, 0, 1]);
        told("TaskRef::clone", &mut || drop(spare.clone()), [1, 0, 0, 1]);
        told("TaskRef::to_waker", &mut || drop(spare.to_waker()), [1, 0, 0, 1]);
        told("TaskRef::waker_ref", &mut || drop(spare.waker_ref()), [0, 0, 0, 0]);
        told("Waker::from", &mut || drop(Waker::from(spare.clone())), [1, 0, 0, 1]);
        told("TaskRef::from_waker", &mut || drop(TaskRef::<Header>::from_waker(&spare.waker_ref())), [1, 0, 0, 1]);
        told("… of another header", &mut || assert!(TaskRef::<()>::from_waker(&spare.waker_ref()).is_none()), [0; 4]);
        told("AnyTask::any_from_waker", &mut || drop(AnyTask::any_from_waker(&spare.waker_ref())), [1, 0, 0, 1]);
        told("TaskRef::wake_by_ref", &mut || spare.wake_by_ref(), [0, 0, 1, 0]);
        told("Waker::wake_by_ref", &mut || spare.waker_ref().wake_by_ref(), [0, 0, 1, 0]);
        told("TaskRef::wake", &mut || spare.clone().wake(), [1, 1, 0, 0]);
        told("Waker::wake", &mut || spare.to_waker().wake(), [1, 1, 0, 0]);
        told(
            "a header that is read",
            &mut || assert!(TaskRef::<Header>::header_behind(&spare.waker_ref()).is_some()),
            [0; 4],
        );
        told("a state that is read", &mut || assert!(spare.state().is_scheduled()), [0; 4]);
        told("a run", &mut || wait(&world, &home), [1, 0, 0, 0]); // the body keeps its waker
        // The join handle is the one handle that wakes nothing.
        assert_eq!(recorder.task().wakers() + 1, spare.state().handles());
        told("cancel", &mut || assert!(spare.cancel()), [0; 4]);
        assert_eq!(world.run(Ends::Ready, &home), 'C');
        told("after the end", &mut || spare.clone().to_waker().clone().wake(), [0; 4]);
        world.finish(&home);
    });
    assert!(recorder.task().is_over());
}

#[test]
fn a_walk_through_a_list_has_handles_for_the_moment() {
    let (home, recorder) = (Home::new(), Recorder::default());
    let list = Arc::<TaskList<Header>>::default();
    recorder.hears(|| {
        let log = Log::new();
        let task = Task::new(Body(log.clone()), Header(log.clone())).at(&home).list(list.clone()).name("listed");
        let (runnable, _handle) = task.spawn();
        list.for_each(|task| assert_eq!(task.name(), Some("listed")));
        list.close();
        assert!(matches!(home.run(runnable), Ok(Ran::Complete)));
    });
    let heard = recorder.task();
    assert_eq!((heard.clones, heard.drops, heard.enters), (2, 2, 0));
    assert!(heard.is_over());
}

/// The list is not locked where a subscriber hears of a walk's handle.
#[test]
fn nobody_waits_for_a_subscriber_that_hears_of_a_walk() {
    let recorder = Recorder::default();
    let list = Arc::<TaskList<Keeps>>::default();
    recorder.hears(|| {
        let runnable = Task::new(pending::<()>(), Keeps::new()).list(list.clone()).detached().spawn();
        let walked = list.clone();
        *lock(&recorder.during_event) = Some(Box::new(move || {
            let (list, (sender, answer)) = (walked.clone(), mpsc::channel());
            let other = thread::spawn(move || sender.send(list.len()));
            assert_eq!(answer.recv_timeout(Duration::from_secs(20)), Ok(1));
            assert!(other.join().unwrap().is_ok());
        }));
        list.for_each(|_task| {});

        // And if it panics, the handle's count leaks, and nothing else is done with it.
        let task = runnable.task();
        recorder.panic_in(0);
        panics(|| list.for_each(|_task| {}));
        assert_eq!((task.state().handles(), recorder.task().drops), (3, 1));
        // SAFETY: the count that has leaked.
        drop(unsafe { std::ptr::read(&raw const task) });
    });
    assert!(list.is_empty() && recorder.task().is_over());
}

/// A place in this file.
macro_rules! here {
    () => {
        (file!().to_owned(), line!().to_string())
    };
}

#[test]
fn a_span_says_what_the_console_reads() {
    static PLACE: StaticTask<Nothing, Ready<()>> = StaticTask::new(Nothing);
    static AT_HOME: StaticTask<Nothing, Ready<()>, AtHome> = StaticTask::new(Nothing);
    let recorder = Recorder::default();
    let home = Home::new();
    let mut places = Vec::new();
    recorder.hears(|| {
        let header = || Header(Log::new());
        let mut at = |(file, line), _spawned: Box<dyn std::any::Any>| places.push((file, line));
        at(here!(), Box::new(spawn(ready(()), header())));
        at(here!(), Box::new(spawn_detached(ready(()), header())));
        // Dropped, these would leak.
        let run = |runnable| Box::new(home.run::<Header>(runnable).is_ok());
        at(here!(), run(home.spawn(ready(()), header()).0));
        at(here!(), run(home.spawn_detached(ready(()), header())));
        at(here!(), Box::new(Task::new(ready(()), header()).spawn()));
        at(here!(), run(Task::init(header(), || ready(())).detached().at(&home).spawn()));
        // SAFETY: the future borrows nothing.
        at(here!(), Box::new(unsafe { Task::init_borrowing(header(), |_| ready(())) }.spawn()));
        at(here!(), Box::new(PLACE.claim().unwrap().spawn(|| ready(()))));
        at(here!(), Box::new(AT_HOME.claim().unwrap().spawn_at(&home, || ready(()))));
    });
    let tasks = recorder.tasks();
    let kinds: Vec<_> = tasks.iter().map(|task| &*task.fields["kind"]).collect();
    assert_eq!(kinds, ["task", "task", "local", "local", "task", "local", "task", "task", "local"]);
    for (task, (file, line)) in tasks.iter().zip(places) {
        let fields = &task.fields;
        assert_eq!((&fields["loc.file"], &fields["loc.line"]), (&file, &line));
        assert_ne!(fields["loc.col"], "0");
        assert_eq!(fields["task.name"], std::any::type_name::<Ready<()>>());
        assert_eq!(fields["size.bytes"], size_of::<Ready<()>>().to_string());
        assert_eq!(fields.len(), 7);
    }
    let mut numbers: Vec<_> = tasks.iter().map(|task| &task.fields["task.id"]).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), tasks.len());
}

struct Nothing;

impl<K: Kind> Schedule<K> for Nothing {
    fn schedule(&self, _: Runnable<Self, K>) {}
}

#[test]
fn a_task_has_the_name_that_it_is_given() {
    static PLACE: StaticTask<Nothing, Ready<()>> = StaticTask::new(Nothing);
    let recorder = Recorder::default();
    recorder.hears(|| {
        let task = Task::new(ready(()), Nothing).detached().name("first");
        let runnable = task.hook(|_, _| {}).name("second").spawn();
        let task = runnable.task();
        assert_eq!(task.name(), Some("second"));
        assert_eq!((task.type_name(), task.location().file()), (std::any::type_name::<Ready<()>>(), file!()));
        runnable.run();
        let runnable = PLACE.claim().unwrap().name("static").spawn(|| ready(()));
        assert_eq!(runnable.task().name(), Some("static"));
        runnable.run();
        assert_eq!(PLACE.claim().unwrap().spawn(|| ready(())).task().name(), None);
    });
    let names: Vec<_> = recorder.tasks().iter().map(|task| task.fields["task.name"].clone()).collect();
    assert_eq!(names, ["second", "static", std::any::type_name::<Ready<()>>()]);
    assert!(recorder.tasks().iter().all(Heard::is_over));
}

#[test]
fn names_and_places_are_there_when_nobody_listens() {
    let task = Task::new(ready(()), Nothing).name("unheard").detached();
    let (line, runnable) = (line!() - 1, task.spawn());
    assert_eq!((runnable.task().name(), runnable.task().location().line()), (Some("unheard"), line));
}

#[test]
fn a_runtime_says_what_it_likes_of_its_tasks() {
    let recorder = Recorder::default();
    recorder.hears(|| {
        let span = trace_span!(parent: None, "runtime.spawn", kind = "mine", shard = 7_u64);
        let runnable = Task::new(ready(()), Nothing).detached().span(span).name("not in the span").spawn();
        let waker = runnable.task().to_waker();
        assert_eq!(runnable.run(), Ran::Complete);
        drop(waker);
        assert_eq!(Task::new(ready(()), Nothing).detached().span(Span::none()).spawn().run(), Ran::Complete);
        drop(Task::new(ready(()), Nothing).span(trace_span!(parent: None, "runtime.spawn", kind = "unspawned")));
    });
    let [heard, unspawned] = <[Heard; 2]>::try_from(recorder.tasks()).unwrap();
    assert_eq!(heard.fields.len(), 2);
    assert_eq!((heard.fields["shard"].as_str(), heard.enters, heard.clones), ("7", 1, 2));
    assert!(heard.is_over() && unspawned.is_over());
}

/// The subscriber of a task is the one that was there when it was spawned.
#[test]
fn its_subscriber_hears_of_a_task_on_every_thread() {
    let (home, recorder, other) = (Home::new(), Recorder::default(), Recorder::default());
    let world = recorder.hears(|| World::new(TaskKind::Boxed, true, &home));
    wait(&world, &home);
    let waker = world.log.take_waker();
    thread::scope(|scope| {
        scope.spawn(|| other.hears(|| drop(waker.clone())));
        scope.spawn(|| waker.wake_by_ref());
    });
    other.hears(|| {
        drop(waker);
        assert_eq!(world.run(Ends::Ready, &home), 'C');
        world.finish(&home);
    });
    assert!(other.tasks().is_empty());
    let heard = recorder.task();
    assert_eq!((heard.enters, heard.clones, heard.wakes_by_ref, heard.drops), (2, 2, 1, 2));
    assert!(heard.is_over());

    // Nor does one that comes later hear of what it does not know.
    let world = World::new(TaskKind::Boxed, false, &home);
    other.hears(|| world.finish(&home));
    assert!(other.tasks().is_empty());
}

#[test]
fn a_body_that_leaks_has_its_end() {
    for kind in [TaskKind::Local, TaskKind::LocalListed] {
        let recorder = Recorder::default();
        recorder.hears(|| {
            let (home, world);
            home = Home::new();
            world = World::new(kind, true, &home);
            drop(world.handle());
            drop(world.ticket().unwrap().that_may_leak()); // the last handle, and the body is not at hand
            assert_eq!(world.finish(&home), "B");
        });
        let heard = recorder.task();
        assert!(heard.is_over() && heard.enters == 0, "{heard:?}");
    }
}

#[test]
fn a_task_whose_future_was_not_made_has_its_end() {
    static PLACE: StaticTask<Nothing, Ready<()>> = StaticTask::new(Nothing);
    let recorder = Recorder::default();
    recorder.hears(|| {
        panics(|| Task::init(Nothing, || -> Ready<()> { panic!("told to") }).spawn());
        panics(|| PLACE.claim().unwrap().spawn(|| -> Ready<()> { panic!("told to") }));
        drop(PLACE.claim()); // nothing is told of a claim
        PLACE.claim().unwrap().spawn(|| ready(())).run();
    });
    let tasks = recorder.tasks();
    assert_eq!(tasks.iter().map(|task| task.enters).collect::<Vec<_>>(), [0, 0, 1]);
    assert!(tasks.iter().all(Heard::is_over), "{tasks:?}");
}

/// A hook that keeps what it gets.
struct Keeps(Mutex<Vec<Runnable<Self>>>);

impl Schedule for Keeps {
    fn schedule(&self, runnable: Runnable<Self>) {
        lock(&self.0).push(runnable);
    }
}

impl Keeps {
    const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

/// Keeps the waker of its first poll, and waits.
fn waits(kept: &'static Mutex<Option<Waker>>) -> impl Future<Output = ()> + Send {
    poll_fn(move |context| {
        lock(kept).get_or_insert_with(|| context.waker().clone());
        Poll::Pending
    })
}

/// Old wakers wake the new task, so that it has them from its beginning.
#[test]
fn a_static_task_has_the_wakers_of_those_before() {
    static PLACE: StaticTask<Keeps, [usize; 4]> = StaticTask::new(Keeps::new());
    static KEPT: Mutex<Option<Waker>> = Mutex::new(None);
    let recorder = Recorder::default();
    let told = || {
        let tasks = recorder.tasks();
        let Heard { clones, wakes, wakes_by_ref, drops, .. } = tasks[tasks.len() - 1];
        [clones, wakes, wakes_by_ref, drops]
    };
    let spawn = || recorder.hears(|| PLACE.claim().unwrap().spawn(|| waits(&KEPT)));
    let woken = || lock(&PLACE.header().0).pop().unwrap();
    let end = |runnable: Runnable<Keeps>| {
        assert!(runnable.task().cancel()); // a handle for the moment
        assert_eq!(runnable.run(), Ran::Complete);
    };

    assert_eq!(spawn().run(), Ran::Pending);
    assert_eq!(told(), [1, 0, 0, 0]);
    let place = StaticRef::<Keeps>::from_waker(lock(&KEPT).as_ref().unwrap()).unwrap();
    place.wake();
    assert_eq!(told(), [1, 0, 1, 0]);
    end(woken());
    // Nobody hears of these: there is no task.
    let [one, two, three] = [place.to_waker(), place.to_waker().clone(), lock(&KEPT).take().unwrap()];
    one.wake_by_ref();
    two.wake();
    place.wake();
    assert_eq!(told(), [2, 0, 1, 1]);

    let runnable = spawn();
    assert_eq!(told(), [2, 0, 0, 0], "one and three");
    *lock(&KEPT) = Some(three);
    assert_eq!(runnable.run(), Ran::Pending);
    drop(one.clone());
    one.wake();
    assert_eq!(told(), [3, 1, 0, 1]);
    end(woken());
    drop(lock(&KEPT).take());

    assert_eq!(spawn().run(), Ran::Pending);
    assert_eq!(told(), [1, 0, 0, 0], "none was left");
    lock(&KEPT).take().unwrap().wake();
    assert_eq!(told(), [1, 1, 0, 0]);
    end(woken());
    let tasks = recorder.tasks();
    assert_eq!(tasks.iter().map(|task| task.enters).collect::<Vec<_>>(), [1, 1, 1]);
    assert!(tasks.iter().all(Heard::is_over), "{tasks:?}");
}

#[test]
fn a_static_task_has_the_wakers_of_one_that_nobody_heard_of() {
    static PLACE: StaticTask<Nothing, [usize; 4]> = StaticTask::new(Nothing);
    static KEPT: Mutex<Option<Waker>> = Mutex::new(None);
    let claim = || PLACE.claim().unwrap();
    let runnable = claim().spawn(|| waits(&KEPT));
    let place = |waker: &Waker| StaticRef::<Nothing>::from_waker(waker).unwrap();
    assert_eq!(runnable.run(), Ran::Pending);
    let waker = lock(&KEPT).take().unwrap();
    place(&waker).wake(); // whose hook drops it

    let recorder = Recorder::default();
    let runnable = recorder.hears(|| claim().spawn(|| ready(())));
    assert_eq!(recorder.task().clones, 1);
    drop(waker);
    assert_eq!((recorder.task().drops, runnable.run()), (1, Ran::Complete));
}

#[test]
fn a_static_task_has_its_end_on_every_path() {
    static PLACE: StaticTask<Keeps, [usize; 4]> = StaticTask::new(Keeps::new());
    let recorder = Recorder::default();
    recorder.hears(|| {
        let claim = || PLACE.claim().unwrap();
        assert_eq!(claim().spawn(|| ready(())).run(), Ran::Complete);
        drop(claim().spawn(pending::<()>));
        panics(|| claim().spawn(|| poll_fn(|_| -> Poll<()> { panic!("told to") })).run());
        let runnable = claim().spawn(|| {
            poll_fn(|context| {
                context.waker().wake_by_ref();
                Poll::<()>::Pending
            })
        });
        assert_eq!(runnable.run(), Ran::Woken);
        drop(lock(&PLACE.header().0).pop());
    });
    let tasks = recorder.tasks();
    assert_eq!(tasks.iter().map(|task| task.enters).collect::<Vec<_>>(), [1, 0, 1, 1]);
    assert!(tasks.iter().all(Heard::is_over), "{tasks:?}");
}

/// Nobody waits for a subscriber, and its span is not another's.
#[test]
fn a_task_that_comes_while_the_last_one_is_told_of_has_no_span() {
    static PLACE: StaticTask<Keeps, [usize; 4]> = StaticTask::new(Keeps::new());
    static KEPT: Mutex<Option<Waker>> = Mutex::new(None);
    let recorder = Recorder::default();
    assert_eq!(recorder.hears(|| PLACE.claim().unwrap().spawn(|| waits(&KEPT))).run(), Ran::Pending);
    StaticRef::<Keeps>::from_waker(lock(&KEPT).as_ref().unwrap()).unwrap().wake();
    let own = recorder.clone();
    *lock(&recorder.during_event) = Some(Box::new(move || {
        drop(lock(&PLACE.header().0).pop()); // the end, but for what is just told
        assert_eq!(own.task().closes, 0);
        assert_eq!(own.hears(|| PLACE.claim().unwrap().spawn(|| ready(())).run()), Ran::Complete);
    }));
    drop(lock(&KEPT).take());
    assert!(recorder.task().is_over(), "{:?}", recorder.task());
    assert_eq!(recorder.hears(|| PLACE.claim().unwrap().spawn(|| ready(())).run()), Ran::Complete);
    assert_eq!(recorder.tasks().len(), 2);
    assert!(recorder.tasks().iter().all(Heard::is_over));
}

/// Threads that do with wakers what they like, while tasks end; and in places of statics begin again.
#[test]
fn what_races_with_the_end_is_told_before_it_or_not_at_all() {
    static PLACE: StaticTask<Keeps, [usize; 4]> = StaticTask::new(Keeps::new());
    static KEPT: Mutex<Option<Waker>> = Mutex::new(None);
    let recorder = Recorder::default();
    let rounds = if cfg!(miri) { 5 } else { 2_000 };
    let (barrier, over) = (Barrier::new(3), AtomicBool::new(false));
    let wakers = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    barrier.wait();
                    let mine: Vec<Waker> = lock(&wakers).clone();
                    barrier.wait();
                    for waker in &mine {
                        waker.wake_by_ref();
                        waker.clone().wake();
                    }
                    drop(mine);
                    barrier.wait();
                }
            });
        }
        for round in 1..=rounds {
            let (counted, placed) = recorder.hears(|| {
                let counted = Task::new(pending::<()>(), Keeps::new()).detached().hook(|_, _| {}).spawn();
                (counted, PLACE.claim().map(|claim| claim.spawn(|| waits(&KEPT))))
            });
            let placed = placed.map(|runnable| {
                assert_eq!(runnable.run(), Ran::Pending);
                StaticRef::<Keeps>::from_waker(lock(&KEPT).as_ref().unwrap()).unwrap().wake();
                lock(&PLACE.header().0).pop().unwrap()
            });
            let mut kept = vec![counted.task().to_waker()];
            kept.extend(lock(&KEPT).take());
            *lock(&wakers) = kept;
            barrier.wait();
            over.store(round == rounds, Ordering::Relaxed);
            barrier.wait();
            drop(counted);
            drop(placed.expect("its last task is over"));
            barrier.wait();
            drop(lock(&PLACE.header().0).drain(..));
            lock(&wakers).clear();
        }
    });
    let tasks = recorder.tasks();
    assert_eq!(tasks.len(), 2 * rounds);
    for heard in tasks {
        assert!(heard.is_over(), "{heard:?}");
    }
}

#[test]
fn a_subscriber_may_panic() {
    static SLOT: TaskSlot<Header, Body> = TaskSlot::new();
    let (home, recorder) = (Home::new(), Recorder::default());
    recorder.hears(|| {
        // Where it hears of the task: nothing was spawned.
        let log = Log::new();
        recorder.panic_in(0);
        let spawn = || Task::new(Body(log.clone()), Header(log.clone())).spawn_in(SLOT.claim().unwrap());
        panics(spawn);
        assert_eq!((log.events(), SLOT.is_free()), ("fb".to_owned(), true));
        assert!(recorder.tasks().is_empty());

        // Where a poll begins, or ends: as if the poll had done so.
        for (calls, ends, events) in [(0, Ends::Silent, "bj"), (1, Ends::Silent, "pbj"), (1, Ends::Ready, "pobj")] {
            let world = World::new(TaskKind::Boxed, true, &home);
            world.join();
            recorder.panic_in(calls);
            assert_eq!(world.run(ends, &home), '!');
            assert_eq!((world.log.events(), world.join()), (events.to_owned(), 'P'));
            assert_eq!(world.finish(&home), "");
        }

        // Where it hears of the end: the task is over, and its joiner knows.
        let world = World::new(TaskKind::Listed, true, &home);
        world.join();
        recorder.panic_in(2);
        assert_eq!(world.run(Ends::Ready, &home), '!');
        assert_eq!((world.log.events(), world.join()), ("pboj".to_owned(), 'P'));
        assert_eq!(world.finish(&home), "");

        // Where it hears of a waker: it is not done, and nothing else is.
        let world = World::new(TaskKind::Boxed, true, &home);
        wait(&world, &home);
        let waker = world.log.take_waker();
        let handles = || lock(&world.handle).as_ref().unwrap().state().handles();
        for act in [|waker: &Waker| drop(waker.clone()), |waker: &Waker| waker.wake_by_ref()] {
            recorder.panic_in(0);
            panics(|| act(&waker));
            assert_eq!((handles(), world.log.count('s')), (2, 0));
        }
        waker.wake();
        assert_eq!(world.run(Ends::Ready, &home), 'C');
        assert_eq!(world.join(), 'O');
        assert_eq!(world.finish(&home), "");
    });
    assert!(recorder.tasks().iter().all(|heard| heard.closes == 1));
}

#[test]
fn a_subscriber_that_wants_to_be_asked_is_asked_each_time() {
    let mut recorder = Recorder::default();
    recorder.asked = true;
    recorder.hears(|| {
        let (runnable, _handle) = Task::new(ready(()), ()).hook(|(), _| ()).spawn();
        let waker = runnable.task().to_waker();
        let heard = |deaf| {
            recorder.deaf.store(deaf, Ordering::Relaxed);
            let before = recorder.task();
            drop(waker.clone());
            let after = recorder.task();
            [after.clones - before.clones, after.drops - before.drops]
        };
        assert_eq!([heard(false), heard(true), heard(false)], [[1, 1], [0, 0], [1, 1]]);
    });
}

#[test]
fn a_subscriber_may_use_the_handles_of_which_it_hears() {
    let (home, recorder) = (Home::new(), Recorder::default());
    recorder.hears(|| {
        let world = World::new(TaskKind::Boxed, true, &home);
        wait(&world, &home);
        let waker = world.log.take_waker();
        let during = waker.clone();
        let home_of_it = AssertUnwindSafe(&world);
        *lock(&recorder.during_event) = Some(Box::new(move || during.wake_by_ref()));
        drop(waker); // of which it hears, and wakes
        assert!(catch_unwind(|| home_of_it.run(Ends::Ready, &Home::new())).is_ok_and(|ran| ran == 'C'));
        assert_eq!(world.finish(&home), "");
    });
    let heard = recorder.task();
    assert!(heard.is_over() && heard.wakes_by_ref == 1, "{heard:?}");
}
