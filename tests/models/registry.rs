//! Models of the registry. The first array of its index has eight cells, and is left when a quarter of them is taken.

use std::task::Poll;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use waker_tables::{LookupError, TaskVTable, VTableKey, VTableRegistry, VersionReq, VersionState, WakeableTask};

struct Task<const N: u8>;

impl<const N: u8> WakeableTask for Task<N> {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static ONE: TaskVTable = TaskVTable::of::<Task<1>>();
static TWO: TaskVTable = TaskVTable::of::<Task<2>>();

const V1: VTableKey = VTableKey::new("a", "b", 1);
const V2: VTableKey = VTableKey::new("a", "b", 2);

/// A registry, and something that a writer does before it writes there. Whoever finds what was written may touch that:
/// loom reports it if nothing orders the two.
struct World {
    registry: VTableRegistry,
    before: UnsafeCell<bool>,
}

// SAFETY: what the models are about.
unsafe impl Sync for World {}
// SAFETY: as above.
unsafe impl Send for World {}

impl World {
    fn new() -> Arc<Self> {
        Arc::new(Self { registry: VTableRegistry::new(), before: UnsafeCell::new(false) })
    }

    /// `etl/parse` with version 1.
    fn with_one() -> Arc<Self> {
        let world = Self::new();
        world.registry.register(V1, &ONE);
        world
    }

    /// Lets a reader race a writer, which is here and not in the thread: loom overlooks a load that races a store if the
    /// thread that stores loaded the same atomic meanwhile, as writers do. A reader that comes later it gives every
    /// older value, too, that nothing keeps from it.
    fn race(world: &Arc<Self>, read: impl FnOnce(&Self) + 'static, write: impl FnOnce(&VTableRegistry)) {
        let other = world.clone();
        let reader = thread::spawn(move || read(&other));
        // SAFETY: the models have one writer where they use this, and readers look when they have found its work.
        world.before.with_mut(|before| unsafe { *before = true });
        write(&world.registry);
        reader.join().unwrap();
    }

    /// To be called once the writer's work is seen.
    fn comes_after_the_writer(&self) {
        // SAFETY: as above.
        assert!(self.before.with(|before| unsafe { *before }));
    }

    fn has(&self, key: &VTableKey) -> bool {
        self.registry.get(key).is_some()
    }

    fn resolve(&self, wanted: &VersionReq) -> Result<VTableKey, LookupError> {
        self.registry.resolve("a", "b", wanted).map(|entry| entry.key())
    }
}

#[test]
fn a_get_that_races_a_first_registration_finds_all_of_it_or_nothing() {
    loom::model(|| {
        let world = World::new();
        let read = |world: &World| {
            if let Some(table) = world.registry.get(&V1) {
                assert!(table.is::<Task<1>>());
                world.comes_after_the_writer();
                assert!(world.has(&V1), "and again");
            }
        };
        World::race(&world, read, |registry| _ = registry.register(V1, &ONE));
        assert!(world.has(&V1));
    });
}

#[test]
fn a_get_that_races_another_keys_registration_finds_its_own() {
    loom::model(|| {
        let world = World::with_one();
        let read = |world: &World| {
            if let Some(table) = world.registry.get(&V2) {
                assert!(table.is::<Task<2>>());
                world.comes_after_the_writer();
                assert!(world.has(&V2), "and again");
            }
            assert!(world.has(&V1));
        };
        World::race(&world, read, |registry| registry.try_register(V2, &TWO).unwrap());
    });
}

#[test]
fn a_get_that_races_a_replacement_finds_one_of_the_two() {
    loom::model(|| {
        let world = World::with_one();
        let read = |world: &World| {
            let table = world.registry.get(&V1).expect("one of them is there");
            if table.is::<Task<2>>() {
                world.comes_after_the_writer();
                assert!(world.registry.get(&V1).is_some_and(TaskVTable::is::<Task<2>>), "it does not come back");
            }
        };
        World::race(&world, read, |registry| _ = registry.register(V1, &TWO));
    });
}

#[test]
fn a_resolve_that_races_an_update_sees_both_versions_changed_or_none() {
    loom::model(|| {
        let world = World::with_one();
        let read = |world: &World| {
            let preferred = world.resolve(&VersionReq::Preferred).expect("a version is active at each instant");
            if preferred == V2 {
                world.comes_after_the_writer();
                assert!(world.resolve(&VersionReq::AtMost(1)).is_err(), "the other change was made with it");
                assert!(world.has(&V2), "what a state names is found by its key");
            }
        };
        World::race(&world, read, |registry| {
            let update = registry.family("a", "b").update(|f| _ = f.register(2, &TWO).prefer(2).drain(1, Some(2)));
            update.unwrap();
        });
        assert_eq!(world.resolve(&VersionReq::Preferred), Ok(V2));
    });
}

#[test]
fn a_version_that_resolves_is_among_the_keys() {
    loom::model(|| {
        let world = World::new();
        let read = |world: &World| {
            if world.resolve(&VersionReq::Preferred).is_ok() {
                world.comes_after_the_writer();
                assert!(world.has(&V1) && world.registry.len() == 1);
            }
        };
        World::race(&world, read, |registry| _ = registry.register(V1, &ONE));
    });
}

#[test]
fn a_replaced_version_that_resolves_is_what_its_key_finds() {
    loom::model(|| {
        let world = World::with_one();
        let read = |world: &World| {
            let resolved =
                world.registry.resolve("a", "b", &VersionReq::Preferred).expect("it is always there").table();
            if resolved.is::<Task<2>>() {
                world.comes_after_the_writer();
                assert!(world.registry.get(&V1).is_some_and(TaskVTable::is::<Task<2>>));
            }
        };
        World::race(&world, read, |registry| _ = registry.register(V1, &TWO));
    });
}

#[test]
fn a_key_that_is_gone_resolves_no_more() {
    loom::model(|| {
        let world = World::with_one();
        let read = |world: &World| {
            let listed = world.registry.iter().count();
            let resolved = world.resolve(&VersionReq::Exact(1));
            if listed == 0 {
                world.comes_after_the_writer();
                assert!(matches!(resolved, Err(LookupError::Retired { .. })));
            }
        };
        World::race(&world, read, |registry| assert!(registry.remove(&V1).unwrap().is_some()));
        assert!(!world.has(&V1));
    });
}

#[test]
fn a_removal_that_races_resolve_then_get_leaves_the_other_version() {
    loom::model(|| {
        let world = World::with_one();
        world.registry.register(V2, &TWO);
        let read = |world: &World| {
            let resolved = world.resolve(&VersionReq::Preferred).expect("a version is active at each instant");
            let found = world.has(&resolved);
            if resolved == V1 {
                world.comes_after_the_writer();
                assert!(found);
            } else if !found {
                world.comes_after_the_writer();
                assert_eq!(world.resolve(&VersionReq::Preferred), Ok(V1));
                assert!(!world.has(&V2), "it does not come back");
            }
        };
        World::race(&world, read, |registry| assert!(registry.remove(&V2).unwrap().is_some()));
    });
}

#[test]
fn a_list_that_races_a_registration_has_all_of_it_or_nothing() {
    loom::model(|| {
        let world = World::with_one();
        let read = |world: &World| {
            let listed = world.registry.iter().map(|(key, _)| key).collect::<Vec<_>>();
            assert!(listed.contains(&V1));
            if listed.contains(&V2) {
                world.comes_after_the_writer();
                assert!(world.has(&V2), "what is listed is found");
            }
        };
        World::race(&world, read, |registry| registry.try_register(V2, &TWO).unwrap());
    });
}

#[test]
fn a_list_that_races_a_first_registration_has_all_of_it_or_nothing() {
    loom::model(|| {
        let world = World::new();
        let read = |world: &World| {
            let listed = world.registry.iter().map(|(key, _)| key).collect::<Vec<_>>();
            if !listed.is_empty() {
                world.comes_after_the_writer();
                assert!(listed == [V1] && world.has(&V1), "what is listed is found");
            }
        };
        World::race(&world, read, |registry| registry.try_register(V1, &ONE).unwrap());
    });
}

/// As many names as the first array takes.
const NAMES: [VTableKey; 2] = [VTableKey::new("a", "a", 1), VTableKey::new("a", "b", 1)];

#[test]
fn an_index_that_grows_keeps_what_was_there() {
    const THIRD: VTableKey = VTableKey::new("a", "c", 1);
    loom::model(|| {
        let world = World::new();
        for key in NAMES {
            world.registry.register(key, &ONE);
        }
        let read = |world: &World| {
            if world.registry.get(&THIRD).is_some_and(TaskVTable::is::<Task<2>>) {
                world.comes_after_the_writer();
            }
            assert!(world.has(&NAMES[0]) && world.has(&NAMES[1]));
        };
        World::race(&world, read, |registry| _ = registry.register(THIRD, &TWO));
        assert!(NAMES.iter().all(|key| world.has(key)) && world.has(&THIRD));
    });
}

#[test]
fn an_index_that_grows_for_an_alias_keeps_what_was_there() {
    loom::model(|| {
        let world = World::new();
        for key in NAMES {
            world.registry.register(key, &ONE);
        }
        let read = |world: &World| {
            assert_eq!(world.resolve(&VersionReq::Preferred), Ok(NAMES[1]));
            if let Ok(entry) = world.registry.entry(OLD.key_ref()) {
                assert_eq!(entry.key(), NAMES[1]);
                world.comes_after_the_writer();
            }
        };
        World::race(&world, read, |registry| {
            registry.family("a", "b").update(|f| _ = f.alias("old", "b")).unwrap();
        });
    });
}

const OLD: VTableKey = VTableKey::new("old", "b", 1);

/// The alias is read, moves, and then the version that it led to is removed. Who then looks at that family must not say
/// that the work is retired.
#[test]
fn a_look_up_by_an_alias_that_moves_finds_one_of_the_two_or_knows_no_such_name() {
    const OTHER: VTableKey = VTableKey::new("a", "c", 1);
    loom::model(|| {
        let world = World::with_one();
        world.registry.register(OTHER, &TWO);
        world.registry.family("a", "b").update(|f| _ = f.alias("old", "b")).unwrap();
        let read = |world: &World| match world.registry.entry(OLD.key_ref()).map(|entry| entry.key()) {
            Ok(key) if key == V1 => {}
            Ok(key) => {
                assert_eq!(key, OTHER);
                world.comes_after_the_writer();
                assert!(world.has(&OLD), "and it stays there");
            }
            Err(error) => {
                assert!(matches!(error, LookupError::UnknownFamily { .. }), "{error}");
                world.comes_after_the_writer();
            }
        };
        World::race(&world, read, |registry| {
            registry.family("a", "b").update(|f| _ = f.remove_alias("old", "b")).unwrap();
            registry.family("a", "c").update(|f| _ = f.alias("old", "b")).unwrap();
            assert!(registry.remove(&V1).unwrap().is_some());
        });
        assert!(world.registry.entry(OLD.key_ref()).is_ok_and(|entry| entry.key() == OTHER));
    });
}

/// There and back again: the same family behind the alias, and another one in between.
#[test]
fn a_look_up_by_an_alias_that_comes_back_tells_a_state_that_it_led_to() {
    loom::model(|| {
        let world = World::with_one();
        world.registry.family("a", "b").update(|f| _ = f.alias("old", "b")).unwrap();
        let read = |world: &World| match world.registry.entry(OLD.key_ref()) {
            Ok(entry) => assert_eq!(entry.key(), V1),
            Err(error) => assert!(matches!(error, LookupError::UnknownFamily { .. }), "{error}"),
        };
        World::race(&world, read, |registry| {
            registry.family("a", "b").update(|f| _ = f.remove_alias("old", "b")).unwrap();
            assert!(registry.remove(&V1).unwrap().is_some());
            registry.register(V1, &ONE);
            registry.family("a", "b").update(|f| _ = f.alias("old", "b")).unwrap();
        });
    });
}

#[test]
fn a_manifest_with_one_generation_is_one_state() {
    const OTHER: VTableKey = VTableKey::new("a", "c", 1);
    loom::model(|| {
        let world = World::with_one();
        let read = |world: &World| {
            let before = world.registry.generation();
            let keys: Vec<VTableKey> = world.registry.manifest().iter().map(|entry| entry.key).collect();
            if world.registry.generation() == before {
                assert!([&[V1][..], &[V1, OTHER], &[OTHER]].contains(&&keys[..]), "{keys:?}");
            }
            if before > 2 {
                assert_eq!(keys, [OTHER], "what the number tells can be seen");
            }
        };
        World::race(&world, read, |registry| {
            registry.register(OTHER, &TWO);
            assert!(registry.remove(&V1).unwrap().is_some());
        });
    });
}

#[test]
fn of_two_registrations_of_one_key_one_wins() {
    loom::model(|| {
        let world = World::new();
        let other = world.clone();
        let writer = thread::spawn(move || other.registry.try_register(V1, &ONE).is_ok());
        let here = world.registry.try_register(V1, &TWO).is_ok();
        let there = writer.join().unwrap();
        assert_ne!(here, there);
        assert!(world.registry.get(&V1).is_some_and(|table| table.is::<Task<2>>() == here));
        assert_eq!(world.registry.len(), 1);
    });
}

#[test]
fn of_two_updates_of_one_family_none_is_lost() {
    loom::model(|| {
        let world = World::with_one();
        let other = world.clone();
        let writer = thread::spawn(move || {
            other.registry.family("a", "b").update(|f| _ = f.drain(1, None)).unwrap();
        });
        world.registry.family("a", "b").update(|f| _ = f.register(2, &TWO)).unwrap();
        writer.join().unwrap();
        let states = world.registry.family("a", "b").versions();
        assert_eq!(states, [(1, VersionState::Draining { successor: None }), (2, VersionState::Active)]);
        assert_eq!(world.resolve(&VersionReq::Preferred), Ok(V2));
    });
}

#[test]
fn a_removal_and_a_replacement_leave_keys_and_state_alike() {
    loom::model(|| {
        let world = World::with_one();
        let other = world.clone();
        let writer = thread::spawn(move || other.registry.remove(&V1).unwrap().map(TaskVTable::is::<Task<2>>));
        world.registry.register(V1, &TWO);
        let removed_the_second = writer.join().unwrap().expect("one of them was there");
        assert_eq!(world.has(&V1), !removed_the_second);
        assert_eq!(world.resolve(&VersionReq::Exact(1)).is_ok(), !removed_the_second);
    });
}

#[test]
fn nothing_is_written_after_a_freeze() {
    loom::model(|| {
        let world = World::new();
        let other = world.clone();
        let writer = thread::spawn(move || other.registry.try_register(V1, &ONE).is_ok());
        world.registry.freeze();
        let before = world.has(&V1);
        let written = writer.join().unwrap();
        assert!(before == written && world.has(&V1) == written);
    });
}
