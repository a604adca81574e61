//! Runs one hot path a thousand times; a profiler counts what `measured` executes.

use std::hint::black_box;
use std::sync::Arc;

use cost::*;
use rustc_hash::FxHashMap;
use waker_tables::{
    GLOBAL_VTABLE_REGISTRY, KeyRef, OwnedTask, RegisteredTask, TaskVTable, VTableKey, VTableRegistry, VersionReq,
};

const ROUNDS: usize = 1000;

#[unsafe(no_mangle)]
#[inline(never)]
fn measured(path: &mut dyn FnMut()) {
    for _ in 0..ROUNDS {
        path();
    }
}

/// Makes things that are dropped outside of the count.
fn kept<T>(mut make: impl FnMut() -> T) {
    let mut all: [Option<T>; ROUNDS] = [const { None }; ROUNDS];
    let mut places = all.iter_mut();
    measured(&mut || *places.next().expect("one for each round") = Some(make()));
}

/// A registry and an unshared map of the same keys, three versions a family with names of many lengths, and a thousand
/// questions about them, from a text of their own.
struct Maps {
    registry: VTableRegistry,
    fx: FxHashMap<KeyRef<'static>, &'static TaskVTable>,
    asked: std::iter::Cycle<std::vec::IntoIter<KeyRef<'static>>>,
}

impl Maps {
    fn new(count: usize) -> Self {
        static TABLE: TaskVTable = TaskVTable::of::<Count>();
        const SEGMENTS: [&str; 7] = ["billing", "etl", "index", "mail", "media", "net", "storage"];
        const STEMS: [&str; 5] = ["parse", "merge", "compact", "deliver-receipt", "tick"];
        let (registry, mut fx, mut texts) = (VTableRegistry::new(), FxHashMap::default(), Vec::new());
        for number in 0..count {
            let family = number / 3;
            let kind = format!("{}-{family}", STEMS[family % STEMS.len()]).leak();
            let version = u16::try_from(number % 3 + 1).expect("few");
            let key = VTableKey::new(SEGMENTS[family % SEGMENTS.len()], kind, version);
            registry.register(key, &TABLE);
            fx.insert(key.key_ref(), &TABLE);
            texts.push(key.to_string());
        }
        // A prime number of steps meets all keys, in an order that looks like none.
        let asked = (0..ROUNDS).map(|at| texts[at * 389 % count].clone());
        let asked = asked.map(|text| KeyRef::parse(text.leak()).expect("a key")).collect::<Vec<_>>();
        Self { registry, fx, asked: asked.into_iter().cycle() }
    }

    fn get(&mut self) {
        let key = self.asked.next().expect("again and again");
        assert!(cost_look_up(&self.registry, key).is_some());
    }

    fn resolve(&mut self) {
        let KeyRef { segment, kind, version } = self.asked.next().expect("again and again");
        let wanted = VersionReq::Exact(version);
        assert!(cost_resolve(&self.registry, segment, kind, &wanted).is_ok());
    }

    fn ask_fx(&mut self) {
        let key = self.asked.next().expect("again and again");
        assert!(cost_fx(&self.fx, key).is_some());
    }

    fn skip(&mut self) {
        assert!(black_box(self.asked.next()).is_some());
    }
}

/// Wants to hear all, and does nothing with it.
#[cfg(feature = "tracing")]
struct Listener(std::sync::atomic::AtomicU64);

#[cfg(feature = "tracing")]
impl tracing::Subscriber for Listener {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::Id {
        tracing::Id::from_u64(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
    fn record(&self, _: &tracing::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::Id, _: &tracing::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &tracing::Id) {}
    fn exit(&self, _: &tracing::Id) {}
}

fn main() {
    #[cfg(feature = "tracing")]
    if std::env::args().nth(2).is_some_and(|word| word == "heard") {
        tracing::subscriber::set_global_default(Listener(1.into())).expect("the first");
    }
    let job = Arc::new(Job::new());
    let waker = cost_make(job.clone());
    let id = black_box(cost_id_waker(7));
    for number in 0..1000 {
        let kind = format!("kind{:03}", number / 3).leak();
        GLOBAL_VTABLE_REGISTRY.register_task::<Count>(VTableKey::new("cost", kind, number % 3));
    }
    let key = VTableKey::new("cost", "kind100", 1);
    let entry = black_box(GLOBAL_VTABLE_REGISTRY.entry(key.key_ref()).expect("registered"));
    let (mut few, mut many) = (Maps::new(8), Maps::new(1000));
    let mut owned: OwnedTask = cost_own(Box::new(Count::new()));
    let mut registered = RegisteredTask::new(Box::new(Count::new()), key);
    let mut boxed = Some(Box::new(Count::new()));

    let std_waker = black_box(std_make(job.clone()));
    let futures_waker = black_box(futures_make(job.clone()));
    let mut boxed_task = box_own(Box::new(Count::new()));

    let (idle, theirs) = (shared::idle(), shared::idle_of_async_task());

    let (sixteen, large) = (set::children(16), set::children(100_000));
    let waited_for = set::children(16);
    waited_for.0.register(&waker);
    let place = statics::idle();

    let path = std::env::args().nth(1).expect("the name of a path");
    match &*path {
        "nothing" => measured(&mut || _ = black_box(&job)),
        "arc_clone_drop" => measured(&mut || drop(black_box(job.clone()))),
        "make_drop" => measured(&mut || drop(black_box(cost_make(job.clone())))),
        "make_drop_of_std" => measured(&mut || drop(black_box(std_make(job.clone())))),
        "make_drop_of_futures" => measured(&mut || drop(black_box(futures_make(job.clone())))),
        "borrow" => measured(&mut || drop(black_box(cost_borrow(black_box(&job))))),
        "borrow_of_futures" => measured(&mut || drop(black_box(futures_borrow(black_box(&job))))),
        "clone_drop" => measured(&mut || drop(black_box(black_box(&waker).clone()))),
        "clone_drop_of_std" => measured(&mut || drop(black_box(black_box(&std_waker).clone()))),
        "clone_wake" => measured(&mut || black_box(black_box(&waker).clone()).wake()),
        "clone_wake_of_std" => measured(&mut || black_box(black_box(&std_waker).clone()).wake()),
        "wake_by_ref" => measured(&mut || black_box(&waker).wake_by_ref()),
        "wake_by_ref_of_std" => measured(&mut || black_box(&std_waker).wake_by_ref()),
        "wake_by_ref_of_futures" => measured(&mut || black_box(&futures_waker).wake_by_ref()),
        "recover" => measured(&mut || _ = black_box(cost_get(black_box(&waker)))),
        "recover_pointer" => measured(&mut || drop(black_box(cost_get_pointer(black_box(&waker))))),
        "id_clone_drop" => measured(&mut || drop(black_box(black_box(&id).clone()))),
        "id_wake_by_ref" => measured(&mut || black_box(&id).wake_by_ref()),
        "id_recover" => measured(&mut || _ = black_box(cost_id(black_box(&id)))),
        "poll" => measured(&mut || _ = black_box(cost_poll(black_box(&mut owned)))),
        "poll_registered" => measured(&mut || _ = black_box(cost_poll_registered(black_box(&mut registered)))),
        "poll_of_box_dyn" => measured(&mut || _ = black_box(box_poll(black_box(&mut boxed_task)))),
        "task_wake" => measured(&mut || cost_task_wake(black_box(&owned))),
        "look_up" => measured(&mut || {
            let _ = black_box(cost_look_up(&GLOBAL_VTABLE_REGISTRY, black_box(key.key_ref())));
        }),
        "resolve" => measured(&mut || {
            let wanted = VersionReq::AtMost(black_box(2));
            drop(black_box(cost_resolve(&GLOBAL_VTABLE_REGISTRY, black_box("cost"), black_box("kind100"), &wanted)));
        }),
        "entry_task" => measured(&mut || {
            let task = boxed.take().expect("it came back");
            let task = cost_entry_task(black_box(entry), task).expect("its type");
            boxed = task.downcast().ok();
        }),
        "shared_clone_drop" => measured(&mut || drop(black_box(black_box(&idle).clone()))),
        "shared_wake_scheduled" => {
            idle.wake_by_ref();
            measured(&mut || black_box(&idle).wake_by_ref());
        }
        "shared_header_behind" => measured(&mut || _ = black_box(shared::cost_header_behind(black_box(&idle)))),
        "shared_wake_run" => measured(&mut || shared::wake_and_run(black_box(&idle))),
        "shared_wake_run_of_async_task" => measured(&mut || shared::wake_and_run_of_async_task(black_box(&theirs))),
        "spawn_finish" => measured(&mut || shared::finish(black_box(0))),
        "spawn_finish_by_async_task" => measured(&mut || shared::finish_of_async_task(black_box(0))),
        "spawn_finish_two" => measured(&mut || shared::finish_two(black_box(0))),
        "spawn_finish_two_listed" => measured(&mut || shared::finish_two_listed(black_box(0))),
        "spawn_finish_listed" => measured(&mut || shared::finish_listed(black_box(0))),
        "spawn_join" => measured(&mut || shared::join(black_box(0))),
        "spawn_join_by_async_task" => measured(&mut || shared::join_of_async_task(black_box(0))),
        "yield_detached" => measured(&mut || shared::finish(black_box(100))),
        "yield_detached_by_async_task" => measured(&mut || shared::finish_of_async_task(black_box(100))),
        "yield_joined" => measured(&mut || shared::join(black_box(100))),
        "yield_joined_by_async_task" => measured(&mut || shared::join_of_async_task(black_box(100))),
        "set_wake_again" => {
            sixteen.1[0].wake_by_ref();
            measured(&mut || black_box(&sixteen.1[0]).wake_by_ref());
        }
        "set_wake_and_drain" => {
            waited_for.0.mark(0); // Calls the parent, once for all rounds.
            assert!(waited_for.0.drain().eq([0]));
            measured(&mut || {
                black_box(&waited_for.1[0]).wake_by_ref();
                assert!(black_box(&waited_for.0).drain().eq([0]));
            });
        }
        "set_drain_nothing" => measured(&mut || assert!(black_box(&sixteen.0).drain().eq([]))),
        "set_register_again" => measured(&mut || set::cost_set_register(black_box(&waited_for.0), black_box(&waker))),
        "set_turn_16" => measured(&mut || set::turn(black_box(&sixteen))),
        "set_turn_100000" => measured(&mut || set::turn(black_box(&large))),
        "static_clone_drop" => measured(&mut || drop(black_box(black_box(&place).clone()))),
        "static_wake_scheduled" => {
            place.wake_by_ref();
            measured(&mut || black_box(&place).wake_by_ref());
        }
        "static_wake_run" => measured(&mut || statics::wake_and_run(black_box(&place))),
        "static_spawn_finish" => measured(&mut || statics::finish(black_box(0))),
        "static_yield" => measured(&mut || statics::finish(black_box(100))),
        "make_box" => kept(cost_make_box),
        "make_dyn" => kept(cost_make_dyn),
        "make_owned" => kept(cost_make_owned),
        "make_entered" => kept(|| cost_make_entered(entry)),
        "make_drop_box" => measured(&mut || drop(black_box(cost_make_box()))),
        "make_drop_dyn" => measured(&mut || drop(black_box(cost_make_dyn()))),
        "make_drop_owned" => measured(&mut || drop(black_box(cost_make_owned()))),
        "make_drop_entered" => measured(&mut || drop(black_box(cost_make_entered(entry)))),
        "asked" => measured(&mut || few.skip()),
        "get_8" => measured(&mut || few.get()),
        "fx_8" => measured(&mut || few.ask_fx()),
        "resolve_8" => measured(&mut || few.resolve()),
        "get_1000" => measured(&mut || many.get()),
        "fx_1000" => measured(&mut || many.ask_fx()),
        "resolve_1000" => measured(&mut || many.resolve()),
        other => panic!("no such path: {other}"),
    }
}
