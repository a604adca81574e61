//! Tables by key, tasks by key, and bad input that loses nothing.

use std::cell::Cell;
use std::error::Error;
use std::num::ParseIntError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::task::Poll;
use std::thread;

use waker_tables::{
    BuildError, GLOBAL_VTABLE_REGISTRY, KeyRef, LookupError, NewTaskError, ParseKeyError, RegisterError,
    RegisteredTask, Release, TaskVTable, UnsafeWakeableVTable, UpdateError, VTableKey, VTableRegistry, VersionReq,
    WakeableTask,
};

struct Parse(Arc<()>);
struct Merge(u32);

impl WakeableTask for Parse {
    fn poll(&mut self) -> Poll<()> {
        Poll::Pending
    }
}

impl WakeableTask for Merge {
    fn poll(&mut self) -> Poll<()> {
        self.0 -= 1;
        if self.0 == 0 { Poll::Ready(()) } else { Poll::Pending }
    }
    fn close(&mut self) {
        assert_ne!(self.0, 100, "closing");
    }
}

static PARSE: TaskVTable = TaskVTable::of::<Parse>();
static MERGE: TaskVTable = TaskVTable::of::<Merge>();

const KEY: VTableKey = VTableKey::new("etl", "parse", 1);
const OTHER: VTableKey = VTableKey::new("etl", "parse", 2);

#[test]
fn a_table_is_found_by_its_whole_key() {
    let registry = VTableRegistry::new();
    assert!(registry.is_empty() && registry.get(&KEY).is_none());
    assert!(registry.register(KEY, &PARSE).is_none());
    registry.register_task::<Merge>(OTHER);

    assert!(ptr::eq(registry.get(&KEY).expect("registered"), &raw const PARSE));
    let found: &'static UnsafeWakeableVTable = registry.get(&KEY).expect("registered");
    assert!(ptr::eq(found, PARSE.raw()));
    assert!(registry.get(&OTHER).expect("registered").is::<Merge>());
    for missing in [("etl", "parse", 3), ("etl", "pars", 1), ("et", "parse", 1), ("etlp", "arse", 1), ("", "", 1)] {
        let (segment, kind, version) = missing;
        assert!(registry.get_ref(KeyRef { segment, kind, version }).is_none(), "{missing:?}");
    }
    let off_the_wire = String::from("etl/parse@v2");
    assert!(registry.get_ref(KeyRef::parse(&off_the_wire).expect("a key")).expect("registered").is::<Merge>());

    let mut keys: Vec<_> = registry.iter().map(|(key, table)| (key, table.is::<Merge>())).collect();
    keys.sort_unstable();
    assert_eq!((registry.len(), keys), (2, vec![(KEY, false), (OTHER, true)]));
}

#[test]
fn register_replaces_and_gives_back_what_was_there() {
    static REGISTRY: VTableRegistry = VTableRegistry::new();
    REGISTRY.register(KEY, &PARSE);
    let seen = Arc::new(());
    let mut before = RegisteredTask::new_in(&REGISTRY, Box::new(Parse(seen.clone())), KEY);

    let replaced = REGISTRY.register(KEY, &MERGE).expect("it was there");
    assert!(ptr::eq(replaced, &raw const PARSE) && REGISTRY.len() == 1);
    assert!(before.poll().is_pending() && before.is::<Parse>(), "a task keeps the table it was made with");
    let mut after = RegisteredTask::new_in(&REGISTRY, Box::new(Merge(1)), KEY);
    assert!(after.poll().is_ready());
    drop(before);
    assert_eq!(Arc::strong_count(&seen), 1);
}

#[test]
fn try_register_refuses_a_taken_key_and_names_both() {
    let registry = VTableRegistry::new();
    let line = line!() + 1;
    registry.try_register(KEY, &PARSE).expect("it is free");
    let error = registry.try_register(KEY, &MERGE).expect_err("it is taken");
    assert!(registry.get(&KEY).expect("registered").is::<Parse>(), "nothing has changed");
    let RegisterError::Taken { key, registered, registered_at, given, given_at } = error else {
        panic!("another error: {error}");
    };
    assert_eq!((key, registered, given), (KEY, PARSE.type_name(), MERGE.type_name()));
    assert_eq!((registered_at.line(), given_at.line()), (line, line + 1));
    assert_eq!((registered_at.file(), given_at.file()), (file!(), file!()));
    assert_eq!(registry.try_register(KEY, &PARSE), Ok(()), "but not by its own table");
}

#[test]
fn try_register_refuses_a_key_that_has_no_text() {
    let registry = VTableRegistry::new();
    let bad = VTableKey { segment: "a/b", kind: "c", version: 1 };
    let error = registry.try_register(bad, &PARSE).expect_err("a bad name");
    assert!(matches!(
        error,
        RegisterError::Refused { key, error: UpdateError::BadName { error: ParseKeyError::Segment(_), .. } } if key == bad
    ));
    assert!(registry.is_empty());
    registry.register(bad, &PARSE);
    assert!(registry.get(&bad).is_some(), "`register` takes every key, as it always did");
}

#[test]
fn a_task_under_an_unknown_key_comes_back() {
    GLOBAL_VTABLE_REGISTRY.register(VTableKey::new("test", "somebody_registers_this", 1), &MERGE);
    let seen = Arc::new(());
    let unknown = VTableKey::new("test", "nobody_registers_this", 1);
    let error = RegisteredTask::try_new(Box::new(Parse(seen.clone())), unknown).expect_err("it is unknown");
    let text = error.to_string();
    let source = error.source().expect("the reason").to_string();
    let NewTaskError::Lookup { error: LookupError::UnknownFamily { asked }, .. } = &error else {
        panic!("another error: {error}")
    };
    assert_eq!((&*asked.segment, &*asked.kind, &asked.version), ("test", unknown.kind, &VersionReq::Exact(1)));
    assert!(Arc::ptr_eq(&error.into_task().0, &seen));

    let panic = catch_unwind(|| RegisteredTask::new(Box::new(Merge(1)), unknown)).expect_err("it panics");
    let other = RegisteredTask::try_new(Box::new(Merge(1)), unknown).expect_err("it is unknown");
    let sentences = format!("{other}: {source}");
    assert_eq!(
        panic.downcast_ref::<String>(),
        Some(&sentences),
        "the panic prints the error's sentence and the reason"
    );
    assert_ne!(text, other.to_string(), "it names the type");
    assert_eq!(Arc::strong_count(&seen), 1);
}

#[test]
fn a_task_of_another_type_or_memory_comes_back() {
    static REGISTRY: VTableRegistry<u8> = VTableRegistry::with_context();
    static SLAB: TaskVTable = TaskVTable::of_released::<Parse, Never>();
    struct Never;
    // SAFETY: no owner is made over it.
    unsafe impl Release<Parse> for Never {
        unsafe fn release(_: *mut Parse) {}
    }
    REGISTRY.register(KEY, &MERGE);
    REGISTRY.register(OTHER, &SLAB);
    let seen = Arc::new(());

    let error = RegisteredTask::try_new_in(&REGISTRY, Box::new(Parse(seen.clone())), KEY).expect_err("another type");
    let NewTaskError::WrongType { key, registered, task } = error else { panic!("another error: {error}") };
    assert_eq!((key, registered), (KEY, MERGE.type_name()));
    let error = RegisteredTask::try_new_in(&REGISTRY, task, OTHER).expect_err("no box");
    let NewTaskError::NotBoxed { key, task } = error else { panic!("another error: {error}") };
    assert_eq!(key, OTHER);
    assert!(Arc::ptr_eq(&task.0, &seen));
}

static JOBS: VTableRegistry<Vec<u32>> = VTableRegistry::with_context();

fn register_jobs() {
    JOBS.register_factory(KEY, |bytes, context: &Vec<u32>| {
        let index: usize = std::str::from_utf8(bytes).unwrap_or("?").parse()?;
        Ok::<_, ParseIntError>(Merge(context.get(index).copied().unwrap_or(1)))
    });
    JOBS.register(OTHER, &PARSE);
}

#[test]
fn a_key_off_the_wire_becomes_a_task() {
    register_jobs();
    let context = vec![2, 3];
    let mut task = JOBS.build(KEY.key_ref(), b"1", &context).expect("a job");
    drop(context);
    assert_eq!((task.key(), task.is::<Merge>()), (KEY, true));
    assert_eq!([task.poll(), task.poll(), task.poll()], [Poll::Pending, Poll::Pending, Poll::Ready(())]);
    thread::spawn(move || drop(task)).join().expect("it is `Send`");
}

#[test]
fn build_says_what_is_missing() {
    register_jobs();
    let build = |key, bytes| JOBS.build(key, bytes, &Vec::new());
    let long = "ä".repeat(100);
    let asked = KeyRef { segment: &long, kind: "k", version: 7 };
    let error = build(asked, b"").expect_err("it is unknown");
    assert!(error.source().is_some_and(<dyn Error>::is::<LookupError>));
    let BuildError::Lookup(LookupError::UnknownFamily { asked }) = error else { panic!("another error") };
    assert_eq!(*asked.segment, *format!("{}…", "ä".repeat(30)), "as much of it as 64 bytes have room for");
    for (length, kept) in [(63, 63), (64, 64), (65, 64), (1000, 64)] {
        let name = "x".repeat(length);
        let error = JOBS.entry(KeyRef { segment: "s", kind: &name, version: 7 }).expect_err("it is unknown");
        let LookupError::UnknownFamily { asked } = error else { panic!("another error") };
        let whole = length == kept;
        assert_eq!((asked.kind.len(), *asked.kind == *name, asked.kind.ends_with("x…")), (kept, whole, !whole));
    }
    assert_eq!((&*asked.kind, asked.version), ("k", VersionReq::Exact(7)));

    let error = build(OTHER.key_ref(), b"").expect_err("no factory");
    assert!(matches!(error, BuildError::NoFactory { key: OTHER, registered } if registered == PARSE.type_name()));

    let error = build(KEY.key_ref(), b"x").expect_err("no number");
    let source = error.source().expect("the factory's error");
    assert!(source.is::<ParseIntError>());
    let BuildError::Factory { key, error } = error else { panic!("another error") };
    assert!(key == KEY && error.is::<ParseIntError>());
}

#[test]
fn a_factory_that_panics_changes_nothing_and_may_use_the_registry() {
    static REGISTRY: VTableRegistry<Cell<u32>> = VTableRegistry::with_context();
    REGISTRY.register_factory(KEY, |bytes, calls: &Cell<u32>| {
        calls.set(calls.get() + 1);
        REGISTRY.register(OTHER, &PARSE);
        assert!(!bytes.is_empty(), "no bytes");
        Ok::<_, ParseIntError>(Merge(1))
    });
    let calls = Cell::new(0);
    let panicked = catch_unwind(AssertUnwindSafe(|| REGISTRY.build(KEY.key_ref(), b"", &calls).is_ok()));
    assert!(panicked.is_err());
    assert!(REGISTRY.build(KEY.key_ref(), b"x", &calls).is_ok());
    assert_eq!((calls.get(), REGISTRY.len()), (2, 2));
}

#[test]
fn a_registered_task_has_the_paths_of_an_owned_one() {
    GLOBAL_VTABLE_REGISTRY.register(VTableKey::new("test", "merge", 1), &MERGE);
    let make = |polls| RegisteredTask::new(Box::new(Merge(polls)), VTableKey::new("test", "merge", 1));

    let mut task = make(5);
    let mut pair = task.as_unsafe_ptr().expect("it is open");
    assert!(ptr::eq(pair.vtable, MERGE.raw()), "the pair has the user's own table");
    // SAFETY: the owner keeps the task alive and is not used meanwhile.
    assert!(unsafe { pair.poll() }.is_pending());
    // SAFETY: the words were given up by the same type.
    let task = unsafe { RegisteredTask::from_raw(task.into_raw()) };
    let task = task.downcast::<u8>().expect_err("it is no number");
    assert_eq!(task.downcast::<Merge>().expect("it is one").0, 4);

    let mut closed = make(5);
    closed.close();
    assert!(closed.is_closed() && closed.poll().is_ready() && closed.as_unsafe_ptr().is_none());
    closed.wake();
    assert_eq!(closed.key(), VTableKey::new("test", "merge", 1), "a closed task knows its key");
    // SAFETY: the words were given up by the same type.
    let closed = unsafe { RegisteredTask::from_raw(closed.into_raw()) };
    assert!(closed.is_closed());
    assert!(closed.downcast::<Merge>().is_err());

    let mut bad = make(100);
    assert!(catch_unwind(AssertUnwindSafe(|| bad.close())).is_err());
    assert!(bad.is_closed() && bad.poll().is_ready());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(make(100)))).is_err(), "and the box is freed");
}

impl std::fmt::Debug for Merge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Merge({})", self.0)
    }
}

#[test]
fn readers_and_writers_from_many_threads_agree() {
    let versions = if cfg!(miri) { 20 } else { 250 };
    let registry = VTableRegistry::new();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for version in 0..versions {
                    let _ = registry.try_register(VTableKey::new("a", "b", version), &PARSE);
                }
            });
            scope.spawn(|| {
                for version in 0..versions {
                    let key = KeyRef { segment: "a", kind: "b", version };
                    assert!(registry.get_ref(key).is_none_or(TaskVTable::is::<Parse>));
                }
            });
        }
    });
    assert_eq!(registry.len(), usize::from(versions));
}

#[test]
fn an_owned_registry_frees_what_it_held() {
    let seen = Arc::new(());
    {
        let registry: VTableRegistry<()> = VTableRegistry::default();
        for _ in 0..3 {
            let held = seen.clone();
            registry.register_factory(KEY, move |_, ()| Ok::<_, ParseIntError>(Parse(held.clone())));
        }
        assert_eq!(Arc::strong_count(&seen), 4, "what was replaced is kept");
    }
    assert_eq!(Arc::strong_count(&seen), 1);
}

#[test]
fn an_error_that_has_a_source_does_not_print_it_too() {
    register_jobs();
    let build = |key: VTableKey, bytes| JOBS.build(key.key_ref(), bytes, &Vec::new()).expect_err("no job");
    let registry = VTableRegistry::new();
    let bad = VTableKey { segment: "a/b", kind: "c", version: 1 };
    let update = registry.family("a/b", "c").update(|f| _ = f.register(1, &PARSE)).expect_err("no name");
    let unknown = RegisteredTask::try_new_in(&JOBS, Box::new(Merge(1)), VTableKey::new("no", "such", 1));
    let errors: [Box<dyn Error>; 5] = [
        Box::new(build(VTableKey::new("no", "such", 1), b"")),
        Box::new(build(KEY, b"x")),
        Box::new(registry.try_register(bad, &PARSE).expect_err("no name")),
        Box::new(update),
        Box::new(unknown.expect_err("it is unknown")),
    ];
    for error in errors {
        let source = error.source().expect("the reason").to_string();
        assert!(!source.is_empty() && !error.to_string().contains(&source), "{error}: {source}");
    }
    let parsed = KeyRef::parse("e l/parse@v1").expect_err("no name");
    assert!(parsed.source().is_none() && parsed.to_string().contains("byte 1"), "what has no source says all");
}
