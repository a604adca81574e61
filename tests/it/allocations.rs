//! What allocates, counted on the thread that asks.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use std::task::Poll;

use waker_tables::{
    CachedEntry, GLOBAL_VTABLE_REGISTRY, KeyRef, OwnedTask, TaskVTable, VTableKey, VTableRegistry, VersionReq,
    WakeableTask, waker_vtable,
};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<usize> = const { Cell::new(0) };
    static FREES: Cell<usize> = const { Cell::new(0) };
    static FREED: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        let _ = BYTES.try_with(|count| count.set(count.get() + layout.size()));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        let _ = FREES.try_with(|count| count.set(count.get() + 1));
        let _ = FREED.try_with(|count| count.set(count.get() + layout.size()));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `run` allocates.
fn allocations<T>(run: impl FnOnce() -> T) -> usize {
    let before = ALLOCATIONS.get();
    let result = black_box(run());
    let after = ALLOCATIONS.get();
    drop(result);
    after - before
}

/// How many bytes `run` allocates, and what it gives.
#[cfg(any(feature = "shared", feature = "set"))]
fn bytes<T>(run: impl FnOnce() -> T) -> (usize, T) {
    let before = BYTES.get();
    let result = black_box(run());
    (BYTES.get() - before, result)
}

struct Job(#[expect(dead_code, reason = "so that a box of it is an allocation")] u64);

impl WakeableTask for Job {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| Box::new(1)), 1);
}

#[test]
fn looking_up_and_parsing_allocate_nothing() {
    static JOBS: VTableRegistry = VTableRegistry::new();
    for version in 0..100 {
        JOBS.register_task::<Job>(VTableKey::new("etl", "parse", version));
    }
    let text = String::from("etl/parse@v42");
    let long = format!("{}/parse@v1", "x".repeat(1 << 20));
    let made = allocations(|| {
        let found = JOBS.get_ref(KeyRef::parse(&text).expect("a key")).is_some();
        let missed = JOBS.get_ref(KeyRef::parse("etl/parse@v101").expect("a key")).is_none();
        let long = JOBS.get_ref(KeyRef::parse(&long).expect("a key")).is_none();
        let malformed = KeyRef::parse("etl/pa/rse@v1").is_err();
        let exact = JOBS.get(&VTableKey::new("etl", "parse", 7)).is_some();
        assert!(found && missed && long && malformed && exact);
    });
    assert_eq!(made, 0);
}

#[test]
fn resolving_an_alias_or_a_cached_key_allocates_nothing() {
    static KEY: CachedEntry = CachedEntry::new(VTableKey::new("allocations", "cached", 1));
    let family = GLOBAL_VTABLE_REGISTRY.family("allocations", "cached");
    family.update(|f| _ = f.register_task::<Job>(1).alias("allocations", "old")).expect("nothing speaks against it");
    let made = allocations(|| {
        let entry = GLOBAL_VTABLE_REGISTRY.resolve("allocations", "old", &VersionReq::AtLeast(1));
        assert!(entry.is_ok() && KEY.get().is_some() && KEY.get().is_some());
        assert!(GLOBAL_VTABLE_REGISTRY.generation() > 0);
    });
    assert_eq!(made, 0);
}

/// The key comes off the wire, so who sends it must not make this dear.
#[test]
fn a_refused_look_up_allocates_at_most_three_times_and_little() {
    let registry: VTableRegistry = VTableRegistry::new();
    let family = registry.family("etl", "parse");
    family.update(|f| (0..256).for_each(|version| _ = f.register_task::<Job>(version))).expect("there is room");
    let long = "x".repeat(1 << 16);
    for (segment, kind) in [("etl", "parse"), ("etl", &*long), (&*long, &*long)] {
        let before = (ALLOCATIONS.get(), BYTES.get());
        let error = registry.entry(KeyRef { segment, kind, version: 999 });
        let (made, bytes) = (ALLOCATIONS.get() - before.0, BYTES.get() - before.1);
        assert!(error.is_err() && made <= 3 && bytes <= 640, "{made} allocations of {bytes} bytes");
    }
}

#[test]
fn a_registry_that_is_dropped_gives_back_all() {
    // Wrapping: a thread may free what another one has allocated.
    let kept = || BYTES.get().wrapping_sub(FREED.get());
    let before = kept();
    let registry: VTableRegistry = VTableRegistry::new();
    for kind in ["a", "b", "c", "d", "e", "f", "g"] {
        for version in [1, 2, 1] {
            let captured = Box::new(version);
            registry.register_factory(VTableKey::new("etl", kind, version), move |_, ()| {
                Ok::<_, Infallible>(Job(u64::from(*captured)))
            });
        }
        registry.remove(&VTableKey::new("etl", kind, 2)).expect("nothing speaks against it");
    }
    registry.family("etl", "a").update(|f| _ = f.alias("old", "a")).expect("the name is free");
    registry.family("etl", "a").update(|f| _ = f.remove_alias("old", "a")).expect("it is there");
    assert!(kept() != before && registry.retained_bytes() > 0);
    drop(registry);
    assert_eq!(kept(), before);
}

#[test]
fn registering_the_same_again_keeps_nothing() {
    let registry: VTableRegistry = VTableRegistry::new();
    let key = VTableKey::new("etl", "parse", 1);
    registry.register_task::<Job>(key);
    let kept = || (FREED.get(), BYTES.get());
    let before = kept();
    for _ in 0..10 {
        registry.register_task::<Job>(key);
        registry.try_register(key, const { &TaskVTable::of::<Job>() }).expect("it is there");
    }
    let after = kept();
    assert_eq!(after.0 - before.0, after.1 - before.1, "what it takes for the question is given back");
}

#[test]
fn building_a_task_allocates_its_box() {
    static JOBS: VTableRegistry = VTableRegistry::new();
    let key = VTableKey::new("etl", "parse", 1);
    JOBS.register_factory(key, |_, ()| Ok::<_, Infallible>(Job(1)));
    assert_eq!(allocations(|| JOBS.build(key.key_ref(), b"", &()).expect("a job")), 1);
}

#[test]
fn owning_polling_closing_and_dropping_allocate_nothing() {
    let job = Box::new(Job(1));
    let made = allocations(|| {
        let mut task = OwnedTask::new(job);
        assert!(task.poll().is_ready());
        task.close();
    });
    assert_eq!(made, 0);
}

#[test]
fn wakers_allocate_nothing() {
    waker_vtable! { static JOB: Arc<Job> => nothing; }
    const fn nothing(_: &Job) {}
    let job = Arc::new(Job(1));
    let made = allocations(|| {
        let waker = JOB.waker(job.clone());
        JOB.waker_ref(&job).wake_by_ref();
        let clone = waker.clone();
        clone.wake();
        JOB.into_pointer(waker).expect("its table");
    });
    assert_eq!(made, 0);
}

#[cfg(feature = "shared")]
mod shared {
    use std::future::{Future, poll_fn};
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use waker_tables::*;

    use super::{Arc, allocations, bytes};
    use crate::HEAD;

    /// A body that does nothing, of that many bytes and with that output.
    struct Sized<const BYTES: usize, T>([u64; 0], [u8; BYTES], std::marker::PhantomData<T>);

    impl<const BYTES: usize, T: Default> Future for Sized<BYTES, T> {
        type Output = T;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
            Poll::Ready(T::default())
        }
    }

    const fn sized<const BYTES: usize, T>() -> Sized<BYTES, T> {
        Sized([], [0; BYTES], std::marker::PhantomData)
    }

    struct Eight(#[expect(dead_code, reason = "for its size")] u64);
    impl Schedule for Eight {
        fn schedule(&self, _: Runnable<Self>) {}
    }
    impl Schedule<AtHome> for Eight {
        fn schedule(&self, _: LocalRunnable<Self>) {}
    }

    const WORD: usize = size_of::<usize>();

    #[test]
    fn a_task_is_as_large_as_the_page_says() {
        let (detached, _) = bytes(|| spawn_detached(sized::<40, ()>(), Eight(0)));
        let (joined, _) = bytes(|| spawn(sized::<40, ()>(), Eight(0)));
        assert_eq!(detached, HEAD + 8 + 40);
        assert_eq!(joined, HEAD + 8 + size_of::<Waker>() + 40);
        assert!(cfg!(feature = "tracing") || (detached <= 64 && joined <= 80));

        let (larger_output, _) = bytes(|| spawn(sized::<8, [u64; 6]>(), Eight(0)));
        assert_eq!(larger_output, HEAD + 8 + size_of::<Waker>() + 48, "one place for body and output");
        let (detached, _) = bytes(|| spawn_detached(sized::<8, [u64; 6]>(), Eight(0)));
        assert_eq!(detached, HEAD + 8 + 8, "an output that nobody fetches has no place");
        let (no_size, _) = bytes(|| Task::new(sized::<40, ()>(), ()).hook(|(), _| ()).spawn());
        assert_eq!(no_size, HEAD + size_of::<Waker>() + 40);
    }

    #[test]
    fn a_local_task_is_one_word_larger() {
        let home = Home::new();
        let (detached, runnable) = bytes(|| home.spawn_detached(sized::<40, ()>(), Eight(0)));
        assert_eq!(detached, HEAD + WORD + 8 + 40);
        assert!(matches!(home.run_once(runnable), Ok(LocalRun::Complete)));
        let (joined, (runnable, _handle)) = bytes(|| home.spawn(sized::<40, ()>(), Eight(0)));
        assert_eq!(joined, HEAD + WORD + 8 + size_of::<Waker>() + 40);
        assert!(matches!(home.run_once(runnable), Ok(LocalRun::Complete)));
    }

    #[test]
    fn a_task_is_one_allocation_and_nothing_else_is_any() {
        assert_eq!(allocations(|| spawn_detached(sized::<40, ()>(), Eight(0))), 1);
        let mut polls = 0;
        let body = poll_fn(move |context| {
            polls += 1;
            let waker = context.waker().clone();
            waker.wake_by_ref();
            waker.wake();
            if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
        });
        let mut task = None;
        assert_eq!(allocations(|| task = Some(spawn(body, Eight(0)))), 1);
        let (mut runnable, mut handle) = task.expect("it was made");
        let joiner = Waker::noop();
        let made = allocations(|| {
            let mut join = |expected| {
                let polled = Pin::new(&mut handle).poll(&mut Context::from_waker(joiner));
                assert_eq!(polled.is_ready(), expected);
            };
            join(false);
            let task = runnable.task();
            let waker = task.clone().to_waker();
            let another = waker.clone();
            another.wake();
            assert!(TaskRef::<Eight>::from_waker(&waker).is_some());
            for _ in 0..2 {
                let Run::Woken(again) = runnable.run_once() else { panic!("it wakes itself") };
                runnable = again;
                join(false);
            }
            assert!(matches!(runnable.run_once(), Run::Complete));
            join(true);
            drop(handle);
        });
        assert_eq!(made, 0);
    }

    #[test]
    fn a_cancel_allocates_nothing() {
        let (runnable, handle) = spawn(sized::<40, ()>(), Eight(0));
        let made = allocations(|| {
            handle.cancel();
            runnable.task().cancel();
            drop(runnable);
            drop(handle);
        });
        assert_eq!(made, 0);
    }

    #[test]
    fn a_task_in_a_slot_allocates_nothing() {
        static SLOT: TaskSlot<Eight, Sized<40, u64>> = TaskSlot::new();
        static MEMORY: TaskMemory<128, 16> = TaskMemory::new();
        let made = allocations(|| {
            for _ in 0..3 {
                let (runnable, mut handle) =
                    Task::new(sized::<40, u64>(), Eight(0)).spawn_in(SLOT.claim().expect("it is free"));
                assert!(SLOT.claim().is_none());
                assert!(matches!(runnable.run_once(), Run::Complete));
                assert!(Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop())).is_ready());
                let claim = MEMORY.claim().expect("it is free");
                drop(Task::new(async {}, Eight(0)).detached().spawn_in(claim));
            }
        });
        assert_eq!(made, 0);
    }

    #[test]
    fn a_queue_allocates_nothing() {
        struct InQueue(Arc<Queue<Self>>);
        impl Schedule<Anywhere, Linked<Self>> for InQueue {
            fn schedule(&self, runnable: Runnable<Linked<Self>>) {
                self.0.push(runnable).expect("it is open");
            }
        }
        let queue = Arc::new(Queue::new());
        let new = || spawn_detached(sized::<8, ()>(), Linked::new(InQueue(queue.clone())));
        let tasks = [new(), new(), new()];
        let made = allocations(|| {
            tasks.into_iter().for_each(Runnable::schedule);
            let mut taker = queue.taker().expect("nobody has it");
            while let Some(runnable) = taker.pop() {
                assert!(matches!(runnable.run_once(), Run::Complete));
            }
            assert!(Queue::<InQueue>::new().taker().is_some());
        });
        assert_eq!(made, 0);
    }
}

#[cfg(feature = "set")]
#[test]
fn a_set_is_one_allocation_and_each_chunk_one_more() {
    use waker_tables::WakerSet;

    assert_eq!(allocations(|| WakerSet::new(1_000)), 1);
    let set = WakerSet::new(10);
    assert_eq!(allocations(|| set.grow(10).unwrap()), 0);
    assert_eq!(allocations(|| set.grow(11).unwrap()), 1);
    assert_eq!(allocations(|| (12..=20).for_each(|len| set.grow(len).unwrap())), 0);
    let two_words = 2 * size_of::<usize>();
    let of = |len| bytes(|| WakerSet::new(len)).0;
    assert_eq!(of(1_000) - of(999), two_words);
    assert!(of(16) <= 16 * 3 * size_of::<usize>(), "{} bytes", of(16));
}

#[cfg(feature = "set")]
#[test]
fn more_than_a_set_can_have_are_refused_before_there_is_memory() {
    use waker_tables::WakerSet;

    let too_many = if usize::BITS > 32 { 1 << 32 } else { 1 << 31 };
    assert_eq!(allocations(|| assert!(WakerSet::try_new(too_many).is_err())), 0);
    let set = WakerSet::new(1);
    assert_eq!(allocations(|| assert!(set.grow(too_many).is_err())), 0);
}

#[cfg(feature = "set")]
#[test]
fn only_the_last_waker_of_a_set_that_is_gone_frees() {
    use std::task::Waker;
    use waker_tables::WakerSet;

    let set = WakerSet::new(2);
    set.grow(3).unwrap();
    let frees = |run: &mut dyn FnMut()| {
        let before = FREES.get();
        run();
        FREES.get() - before
    };
    let wakers = [set.waker(0), set.waker(2)];
    let use_all = || {
        for waker in &wakers {
            let another = waker.clone();
            another.wake();
            waker.wake_by_ref();
            drop(waker.clone());
        }
    };
    let mut turn = || {
        use_all();
        set.register(Waker::noop());
        assert_eq!(set.drain().count(), 2);
    };
    assert_eq!(frees(&mut turn), 0);
    assert_eq!(allocations(turn), 0);
    assert_eq!(frees(&mut || use_all()), 0);
    let mut set = Some(set);
    assert_eq!(frees(&mut || drop(set.take())), 0, "wakers keep the memory");
    let [mut first, mut last] = wakers.map(Some);
    assert_eq!(frees(&mut || drop(first.take())), 0);
    assert_eq!(frees(&mut || last.take().unwrap().wake()), 2, "both chunks");
}
