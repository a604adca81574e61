//! What is looked up once and kept: entries, cached entries, tables in constants; and what a registry keeps for them.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::task::Poll;

use waker_tables::{
    CachedEntry, GLOBAL_VTABLE_REGISTRY, KeyRef, NewTaskError, Release, StaticTable, TaskVTable, VTableKey,
    VTableRegistry, WakeableTask,
};

struct Parse;
struct Merge(#[expect(dead_code, reason = "to be counted")] Arc<()>);

impl WakeableTask for Parse {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

impl WakeableTask for Merge {
    fn poll(&mut self) -> Poll<()> {
        Poll::Pending
    }
}

static PARSE: TaskVTable = TaskVTable::of::<Parse>();
static MERGE: TaskVTable = TaskVTable::of::<Merge>();

const KEY: VTableKey = VTableKey::new("etl", "parse", 1);

#[test]
fn an_entry_makes_tasks_of_its_type_and_gives_others_back() {
    static REGISTRY: VTableRegistry = VTableRegistry::new();
    static SLAB: TaskVTable = TaskVTable::of_released::<Merge, Never>();
    struct Never;
    // SAFETY: no owner is made over it.
    unsafe impl Release<Merge> for Never {
        unsafe fn release(_: *mut Merge) {}
    }
    let seen = Arc::new(());
    REGISTRY.register(KEY, &MERGE);
    let entry = REGISTRY.entry(KEY.key_ref()).expect("it is there");
    REGISTRY.register(KEY, &SLAB);
    let slab = REGISTRY.entry(KEY.key_ref()).expect("it is there");
    REGISTRY.remove(&KEY).expect("nothing speaks against it");

    let mut task = entry.task(Box::new(Merge(seen.clone()))).expect("its type");
    assert!(task.poll().is_pending() && task.key() == KEY && task.is::<Merge>());
    let mut closed = entry.task(Box::new(Merge(seen.clone()))).expect("its type");
    closed.close();
    assert!(closed.poll().is_ready() && closed.key() == KEY);

    let NewTaskError::WrongType { key, registered, task: back } =
        entry.task(Box::new(seen.clone())).expect_err("another type")
    else {
        panic!("another error")
    };
    assert_eq!((key, registered), (KEY, MERGE.type_name()));
    assert!(Arc::ptr_eq(&back, &seen));
    let error = slab.task(Box::new(Merge(seen.clone()))).expect_err("no box");
    assert!(matches!(error, NewTaskError::NotBoxed { key: KEY, .. }));
    drop((task, closed, back, error));
    assert_eq!(Arc::strong_count(&seen), 1);
}

#[test]
fn a_cached_entry_sees_registration_replacement_and_removal() {
    const KEY: VTableKey = VTableKey::new("cached_entries", "parse", 1);
    static CACHED: CachedEntry = CachedEntry::new(KEY);
    let key_and_type = || CACHED.get().map(|entry| (entry.key(), entry.table().is::<Parse>()));

    assert_eq!((key_and_type(), key_and_type()), (None, None));
    GLOBAL_VTABLE_REGISTRY.register(KEY, &PARSE);
    assert_eq!((key_and_type(), key_and_type()), (Some((KEY, true)), Some((KEY, true))));
    let first = CACHED.get().expect("it is there");
    assert_eq!(first, GLOBAL_VTABLE_REGISTRY.entry(KEY.key_ref()).expect("it is there"));
    assert!(first.task(Box::new(Parse)).expect("its type").poll().is_ready());

    GLOBAL_VTABLE_REGISTRY.register(KEY, &MERGE);
    assert_eq!(key_and_type(), Some((KEY, false)));
    assert!(first.table().is::<Parse>(), "an entry is one registration");
    GLOBAL_VTABLE_REGISTRY.remove(&KEY).expect("nothing speaks against it");
    assert_eq!((key_and_type(), key_and_type()), (None, None));
    GLOBAL_VTABLE_REGISTRY.register(KEY, &PARSE);
    assert_eq!(key_and_type(), Some((KEY, true)), "and that it is there again");
    assert!(CachedEntry::new(KEY).get().is_some() && CachedEntry::new(KEY_OF_NOTHING).get().is_none());
}

const KEY_OF_NOTHING: VTableKey = VTableKey::new("cached_entries", "nothing", 1);

#[test]
fn a_cached_entry_of_an_alias_follows_it() {
    static CACHED: CachedEntry = CachedEntry::new(VTableKey::new("cached_entries", "old", 1));
    const REAL: VTableKey = VTableKey::new("cached_entries", "new", 1);
    let key_and_type = || CACHED.get().map(|entry| (entry.key(), entry.table().is::<Parse>()));
    assert_eq!(key_and_type(), None);
    let family = GLOBAL_VTABLE_REGISTRY.family("cached_entries", "new");
    family.update(|f| _ = f.alias("cached_entries", "old")).expect("nothing speaks against it");
    assert_eq!(key_and_type(), None, "a name of nothing");
    GLOBAL_VTABLE_REGISTRY.register(REAL, &PARSE);
    assert_eq!((key_and_type(), key_and_type()), (Some((REAL, true)), Some((REAL, true))));
    GLOBAL_VTABLE_REGISTRY.register(REAL, &MERGE);
    assert_eq!(key_and_type(), Some((REAL, false)));
    GLOBAL_VTABLE_REGISTRY.remove(&REAL).expect("nothing speaks against it");
    assert_eq!(key_and_type(), None);
}

/// Far more than a sort by insertion may have in a constant.
const ROWS: usize = 3000;

/// Names of many lengths, and versions of each.
const fn row(number: usize) -> VTableKey {
    const NAMES: [&str; 12] = [
        "a",
        "ab",
        "abc",
        "abcd",
        "abcdefg",
        "abcdefgh",
        "abcdefghi",
        "abcdefghijklmno",
        "abcdefghijklmnop",
        "abcdefghijklmnopq",
        "abcdefghijklmnopqrstuvwx",
        "abcdefghijklmnopqrstuvwxyz",
    ];
    let name = NAMES[number % 12];
    #[expect(clippy::cast_possible_truncation, reason = "there are few")]
    let version = (number / 24) as u16;
    if number % 24 < 12 { VTableKey::new("etl", name, version) } else { VTableKey::new(name, "etl", version) }
}

static MANY: StaticTable<ROWS> = StaticTable::new(
    const {
        let mut rows: [(VTableKey, &TaskVTable); ROWS] = [(row(0), &PARSE); ROWS];
        let mut number = 0;
        while number < ROWS {
            rows[number] = (row(number), if number % 3 == 0 { &MERGE } else { &PARSE });
            number += 1;
        }
        rows
    },
);

#[test]
fn a_static_table_has_its_rows_and_no_others() {
    for number in 0..ROWS {
        let table = MANY.get(row(number).key_ref()).expect("a row");
        assert!(ptr::eq(table, if number % 3 == 0 { &raw const MERGE } else { &raw const PARSE }), "{number}");
    }
    let mut all: Vec<_> = MANY.iter().map(|(key, table)| (key, table.is::<Merge>())).collect();
    let mut given: Vec<_> = (0..ROWS).map(|number| (row(number), number % 3 == 0)).collect();
    all.sort_unstable();
    given.sort_unstable();
    assert_eq!(all, given);

    let long = "a".repeat(100);
    for (segment, kind, version) in [
        ("etl", "a", 125),
        ("etl", "a", u16::MAX),
        ("etl", "b", 0),
        ("etl", "", 0),
        ("", "", 0),
        ("", "etl", 0),
        ("etl", "etl", 0),
        ("ab", "a", 0),
        ("etl", "abcdefghijklmnopqrstuvwxy", 0),
        ("etl", "abcdefgh\0jklmnop", 0),
        (&long, &long, 0),
    ] {
        assert!(MANY.get(KeyRef { segment, kind, version }).is_none(), "{segment}/{kind}@v{version}");
    }
}

#[test]
fn a_static_table_of_any_size_is_in_order_whatever_the_rows_come_in() {
    fn of<const SIZE: usize>() {
        for first in 0..24 {
            // Hashes know no order, so that these come in many.
            let rows: [(VTableKey, &'static TaskVTable); SIZE] = std::array::from_fn(|at| (row(first + at), &PARSE));
            let table = StaticTable::new(rows);
            assert!(rows.iter().all(|(key, _)| table.get(key.key_ref()).is_some()), "{SIZE} from {first}");
        }
    }
    of::<2>();
    of::<3>();
    of::<4>();
    of::<5>();
    of::<6>();
    of::<7>();
    of::<16>();
}

#[test]
fn a_static_table_of_nothing_is_empty() {
    static NONE: StaticTable<0> = StaticTable::new([]);
    assert!(NONE.get(KEY.key_ref()).is_none() && NONE.iter().next().is_none());
}

#[test]
fn a_static_table_refuses_a_key_that_is_there_twice_wherever_that_is() {
    const FEW: usize = 20;
    let rows: [(VTableKey, &'static TaskVTable); FEW] = std::array::from_fn(|number| (row(number), &PARSE));
    assert_eq!(StaticTable::new(rows).iter().count(), FEW);
    for (one, other) in (0..FEW).flat_map(|one| (0..one).map(move |other| (one, other))) {
        let mut twice = rows;
        twice[one] = (row(other), &MERGE);
        assert!(catch_unwind(|| StaticTable::new(twice)).is_err(), "{one} is {other}");
    }
}

#[test]
fn the_old_memory_of_a_registry_only_grows() {
    const KINDS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let registry = VTableRegistry::new();
    assert_eq!(registry.retained_bytes(), 0);
    registry.register(KEY, &PARSE);
    assert_eq!(registry.retained_bytes(), 0, "nobody can see anything old");

    let mut last = 0;
    let mut grows = |why: &str| {
        let now = registry.retained_bytes();
        assert!(now > last, "{why} keeps the family's old state, at least");
        last = now;
    };
    registry.register(KEY, &MERGE);
    grows("a replacement");
    registry.try_register(VTableKey { version: 2, ..KEY }, &PARSE).expect("it is free");
    grows("a registration");
    registry.family("etl", "parse").update(|f| _ = f.prefer(2)).expect("nothing speaks against it");
    grows("an update");
    registry.remove(&KEY).expect("nothing speaks against it");
    grows("a removal");
    registry.try_register(VTableKey { version: 2, ..KEY }, &MERGE).expect_err("it is taken");
    registry.try_register(VTableKey { version: 2, ..KEY }, &PARSE).expect("it is there already");
    registry.family("etl", "parse").update(|f| _ = f.drain(9, None)).expect_err("there is none");
    registry.remove(&KEY).expect("nothing speaks against it");
    let family = registry.family("etl", "parse");
    family.update(|f| _ = f.alias("etl", "old")).expect("nothing speaks against it");
    family.update(|f| _ = f.remove_alias("etl", "old")).expect("nothing speaks against it");
    grows("an alias that is gone");
    for kind in KINDS {
        registry.register(VTableKey::new("many", kind, 1), &PARSE);
    }
    grows("an index that grew");
    assert_eq!((registry.len(), registry.is_empty()), (9, false));
}

#[test]
fn what_is_kept_of_a_replacement_is_its_registration_too() {
    let registry: VTableRegistry = VTableRegistry::new();
    registry.register(KEY, &PARSE);
    let family = registry.family("etl", "parse");
    let kept = |change: &dyn Fn()| {
        let before = registry.retained_bytes();
        change();
        registry.retained_bytes() - before
    };
    let state = kept(&|| family.update(|f| _ = f.drain(1, None)).expect("nothing speaks against it"));
    assert_eq!(state, kept(&|| family.update(|f| _ = f.activate(1)).expect("nothing speaks against it")));
    let replacement = kept(&|| _ = registry.register(KEY, &MERGE));
    let removal = kept(&|| _ = registry.remove(&KEY).expect("nothing speaks against it"));
    assert_eq!(replacement, removal, "the state before, and what was registered");
    assert!((100..=250).contains(&(removal - state)), "a registration of {} bytes", removal - state);
    assert_eq!(kept(&|| _ = registry.register(KEY, &PARSE)), state, "nothing was registered before");
}

#[test]
fn an_owned_registry_frees_every_registration_it_ever_had() {
    let seen = Arc::new(());
    {
        let registry: VTableRegistry = VTableRegistry::new();
        let factory = || {
            let held = seen.clone();
            move |_: &[u8], (): &()| Ok::<_, Infallible>(Merge(held.clone()))
        };
        for version in 0..40 {
            registry.register_factory(VTableKey::new("etl", "parse", version), factory());
            registry.register_factory(VTableKey::new("etl", "merge", version % 4), factory());
        }
        registry
            .family("etl", "parse")
            .update(|f| {
                f.register_factory(1, factory()).register_factory(1, factory()).remove(2).alias("etl", "old");
                f.register_factory(3, factory()).remove(3).register_factory(3, factory());
            })
            .expect("nothing speaks against it");
        registry.remove(&VTableKey::new("etl", "merge", 0)).expect("nothing speaks against it");
        registry.register_factory(VTableKey::new("etl", "merge", 0), factory());
        assert_eq!(Arc::strong_count(&seen), 1 + 80 + 2 + 1, "two of the update's were never published");
    }
    assert_eq!(Arc::strong_count(&seen), 1);
}

/// A factory whose destructor panics.
struct Bomb(#[expect(dead_code, reason = "to be counted")] Arc<()>);

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("asked to panic");
    }
}

#[test]
fn a_registry_whose_factory_panics_when_it_is_dropped_frees_the_rest() {
    let seen = Arc::new(());
    for place in 0..4 {
        let registry: VTableRegistry = VTableRegistry::new();
        for version in 0..4 {
            let (bomb, held) = ((version == place).then(|| Bomb(seen.clone())), seen.clone());
            registry.register_factory(VTableKey::new("etl", "parse", version), move |_, ()| {
                let _ = &bomb;
                Ok::<_, Infallible>(Merge(held.clone()))
            });
        }
        registry.register_task::<Parse>(VTableKey::new("etl", "merge", place));
        assert_eq!(Arc::strong_count(&seen), 6);
        assert!(catch_unwind(AssertUnwindSafe(|| drop(registry))).is_err());
        assert_eq!(Arc::strong_count(&seen), 1, "the panic was the factory's at {place}");
    }
}
