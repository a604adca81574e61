//! A subscriber that writes down what it hears of each task.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use waker_tables::Task;

use crate::shared::world::lock;

/// What was heard of one task.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Heard {
    pub fields: BTreeMap<&'static str, String>,
    pub enters: usize,
    pub exits: usize,
    pub clones: usize,
    pub wakes: usize,
    pub wakes_by_ref: usize,
    pub drops: usize,
    pub closes: usize,
    /// What was heard after its end, and what cannot be.
    pub wrong: Vec<String>,
}

impl Heard {
    /// The handles that wake it, which there are, or were at its end.
    pub fn wakers(&self) -> usize {
        self.clones - self.wakes - self.drops
    }

    pub fn is_over(&self) -> bool {
        self.closes == 1 && self.enters == self.exits && self.wrong.is_empty()
    }

    fn hear(&mut self, what: &str, change: impl FnOnce(&mut Self)) {
        if self.closes != 0 {
            self.wrong.push(format!("{what} after its end"));
        }
        change(self);
        if self.clones < self.wakes + self.drops || self.enters.wrapping_sub(self.exits) > 1 {
            self.wrong.push(format!("{what}, and nothing to do it with"));
        }
    }
}

type During = Box<dyn Fn() + Send>;

/// The subscriber, and the right to read what it wrote.
#[derive(Default, Clone)]
pub struct Recorder {
    tasks: Arc<Mutex<Vec<Heard>>>,
    /// The call of it that is to panic, counted from there.
    panics: Arc<AtomicUsize>,
    pub during_event: Arc<Mutex<Option<During>>>,
    /// It wants to be asked before each event; else it hears of all, or of none.
    pub asked: bool,
    /// It wants to hear of no event.
    pub deaf: Arc<AtomicBool>,
}

impl Recorder {
    /// Does it with this as the subscriber of this thread.
    pub fn hears<T>(&self, act: impl FnOnce() -> T) -> T {
        // Another thread that comes first to a span of the crate's, and has no subscriber, may leave word that nobody listens.
        // One that was heard of once is heard of by all.
        static HEARD: Once = Once::new();
        HEARD.call_once(|| {
            let first = Self::default();
            while first.tasks().is_empty() {
                tracing::callsite::rebuild_interest_cache();
                tracing::subscriber::with_default(first.clone(), || {
                    drop(Task::new(std::future::ready(()), ()).detached().hook(|(), _| {}).spawn());
                });
            }
        });
        tracing::subscriber::with_default(self.clone(), act)
    }

    pub fn tasks(&self) -> Vec<Heard> {
        lock(&self.tasks).clone()
    }

    /// The one task that it heard of.
    #[track_caller]
    pub fn task(&self) -> Heard {
        let mut tasks = self.tasks();
        assert_eq!(tasks.len(), 1, "{tasks:?}");
        tasks.remove(0)
    }

    /// The next call of the subscriber panics, or the one so many after it.
    pub fn panic_in(&self, calls: usize) {
        self.panics.store(calls + 1, Ordering::Relaxed);
    }

    fn called(&self) {
        let left = self.panics.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        assert_ne!(left, Ok(1), "the subscriber was told to panic");
    }

    fn hear(&self, span: &Id, what: &str, change: impl FnOnce(&mut Heard)) {
        let index = usize::try_from(span.into_u64()).expect("an index") - 1;
        lock(&self.tasks)[index].hear(what, change);
        self.called();
    }
}

impl Subscriber for Recorder {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match (self.enabled(metadata), self.asked) {
            (false, _) => Interest::never(),
            (true, true) => Interest::sometimes(),
            (true, false) => Interest::always(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // As the console does.
        let event = metadata.target() == "runtime::waker" && !self.deaf.load(Ordering::Relaxed);
        event || metadata.name() == "runtime.spawn"
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut heard = Heard::default();
        if !attributes.is_root() {
            heard.wrong.push("a parent".to_owned());
        }
        attributes.record(&mut Fields(&mut heard.fields));
        self.called();
        let mut tasks = lock(&self.tasks);
        tasks.push(heard);
        Id::from_u64(tasks.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let id = Id::from_u64(fields["task.id"].parse().expect("a number"));
        let op = &*fields["op"];
        self.hear(&id, op, |heard| {
            let count = match op {
                "waker.clone" => &mut heard.clones,
                "waker.wake" => &mut heard.wakes,
                "waker.wake_by_ref" => &mut heard.wakes_by_ref,
                "waker.drop" => &mut heard.drops,
                other => panic!("{other}"),
            };
            *count += 1;
        });
        let during = lock(&self.during_event).take();
        if let Some(during) = during {
            during();
        }
    }

    fn enter(&self, span: &Id) {
        self.hear(span, "a poll", |heard| heard.enters += 1);
    }

    fn exit(&self, span: &Id) {
        self.hear(span, "the end of a poll", |heard| heard.exits += 1);
    }

    fn try_close(&self, span: Id) -> bool {
        self.hear(&span, "the end", |heard| heard.closes += 1);
        true
    }
}

/// Fields with their values. The console reads numbers as such, and names as text.
struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name(), value.to_string());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        panic!("{field} is {value:?}, without a type of its own");
    }
}
