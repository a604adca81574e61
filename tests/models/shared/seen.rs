//! What a subscriber hears of a task against the task's end, and against the next task in its place.

use std::sync::Mutex;

use loom::thread;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use waker_tables::{Ran, StaticTask};

use super::*;

/// What was heard of a task: touched by each event, and at the end by one who has it alone.
struct Heard {
    alive: Mutex<Option<Arc<Alive>>>,
    clones: Counter,
    drops: Counter,
    closed: Counter,
}

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Arc<Heard>>>>);

impl Recorder {
    /// Makes something that is told of to this.
    fn hears<T>(&self, make: impl FnOnce() -> T) -> T {
        tracing::subscriber::with_default(self.clone(), make)
    }

    /// No lock is held while loom may turn to another thread.
    fn of(&self, span: &Id) -> Arc<Heard> {
        self.0.lock().unwrap()[usize::try_from(span.into_u64()).unwrap() - 1].clone()
    }

    fn ended(&self, tasks: usize) {
        let heard = std::mem::take(&mut *self.0.lock().unwrap());
        assert!(heard.len() <= tasks);
        for heard in heard {
            assert_eq!(World::count(&heard.closed), 1);
            assert!(World::count(&heard.clones) >= World::count(&heard.drops));
        }
    }
}

#[derive(Default)]
struct Fields(u64, String);

impl Visit for Fields {
    fn record_u64(&mut self, _: &Field, value: u64) {
        self.0 = value;
    }
    fn record_str(&mut self, _: &Field, value: &str) {
        self.1 = value.to_owned();
    }
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        let alive = Mutex::new(Some(Arc::new(Alive::new())));
        let heard = Heard { alive, clones: Counter::new(0), drops: Counter::new(0), closed: Counter::new(0) };
        let mut tasks = self.0.lock().unwrap();
        tasks.push(Arc::new(heard));
        Id::from_u64(tasks.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let heard = self.of(&Id::from_u64(fields.0));
        let alive = heard.alive.lock().unwrap().clone().expect("an event after the end");
        alive.touch();
        match &*fields.1 {
            "waker.clone" => heard.clones.fetch_add(1, Ordering::Relaxed),
            "waker.drop" | "waker.wake" => heard.drops.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
    }

    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}

    fn try_close(&self, span: Id) -> bool {
        let heard = self.of(&span);
        heard.closed.fetch_add(1, Ordering::Relaxed);
        let alive = heard.alive.lock().unwrap().take();
        let alive = alive.and_then(|alive| Arc::into_inner(alive));
        alive.expect("the end while something is told").touch_mut();
        true
    }
}

#[test]
fn what_is_told_is_told_before_the_end() {
    model(|| {
        let (world, recorder) = (World::new(), Recorder::default());
        let runnable = recorder.hears(|| world.detached(0));
        let waker = runnable.task().to_waker();
        let waking = thread::spawn(move || {
            waker.wake_by_ref();
            drop(waker);
        });
        run(runnable);
        waking.join().unwrap();
        world.run_all();
        world.ended();
        recorder.ended(1);
    });
}

#[test]
fn the_next_task_of_a_place_is_told_of_alone() {
    /// Leaves its waker, and is ready.
    struct Once(Arc<Mutex<Option<Waker>>>);

    impl Future for Once {
        type Output = ();
        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            let waker = context.waker().clone();
            self.0.lock().unwrap().get_or_insert(waker);
            Poll::Ready(())
        }
    }

    struct Nothing;
    impl Schedule for Nothing {
        fn schedule(&self, _: Runnable<Self>) {}
    }

    model(|| {
        let recorder = Recorder::default();
        let place = Box::into_raw(Box::new(StaticTask::<Nothing, Once>::new(Nothing)));
        // SAFETY: it is freed below, when nobody uses it any more.
        let get = || unsafe { &*place };
        let kept = Arc::new(Mutex::new(None));
        let spawn = || recorder.hears(|| get().claim().unwrap().spawn(|| Once(kept.clone())));
        assert_eq!(spawn().run(), Ran::Complete);
        let first = spawn();
        let waker = kept.lock().unwrap().take().unwrap();
        let old = thread::spawn(move || drop(waker.clone()));
        drop(first);
        let second = spawn();
        drop(second);
        old.join().unwrap();
        drop(kept.lock().unwrap().take());
        recorder.ended(3);
        // SAFETY: all tasks, wakers and threads are gone.
        drop(unsafe { Box::from_raw(place) });
    });
}
