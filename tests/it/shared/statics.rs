//! Static tasks: places whose tasks come and go, and wakers that count nothing.

use std::collections::VecDeque;
use std::future::{Future, Ready, pending, poll_fn, ready};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use waker_tables::*;

use crate::HEAD;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Queues what it gets, and writes down what happens, one letter each: `s` the hook was called, `r` the hint that the task
/// runs, `f` the hint that none is there, `p` the body was polled, `b` dropped, `o` the output dropped.
struct Header<K: Kind = Anywhere> {
    events: Mutex<String>,
    /// Letters at which it is to panic, each once.
    panics: Mutex<String>,
    queue: Mutex<VecDeque<Runnable<Header<K>, K>>>,
    waker: Mutex<Option<Waker>>,
    ready: AtomicBool,
}

impl<K: Kind> Header<K> {
    const fn new() -> Self {
        Self {
            events: Mutex::new(String::new()),
            panics: Mutex::new(String::new()),
            queue: Mutex::new(VecDeque::new()),
            waker: Mutex::new(None),
            ready: AtomicBool::new(false),
        }
    }

    fn note(&self, event: char) {
        lock(&self.events).push(event);
        let mut panics = lock(&self.panics);
        let found = panics.find(event).map(|at| panics.remove(at));
        drop(panics);
        assert!(found.is_none(), "told to panic at `{event}`");
    }

    fn panic_at(&self, events: &str) {
        lock(&self.panics).push_str(events);
    }

    /// What happened since the last call.
    fn events(&self) -> String {
        std::mem::take(&mut lock(&self.events))
    }

    fn pop(&self) -> Option<Runnable<Self, K>> {
        lock(&self.queue).pop_front()
    }

    /// The waker that the last poll kept, which stays.
    fn waker(&self) -> Waker {
        lock(&self.waker).clone().expect("a poll kept one")
    }
}

impl<K: Kind> Schedule<K> for Header<K> {
    fn schedule(&self, runnable: Runnable<Self, K>) {
        lock(&self.queue).push_back(runnable);
        self.note('s');
    }

    fn woken_while_running(&self) {
        self.note('r');
    }

    fn woken_while_free(&self) {
        self.note('f');
    }
}

/// Keeps its waker and waits, or is ready if the header says so.
struct Body<K: Kind + 'static = Anywhere>(&'static Header<K>, PhantomData<fn(K)>);

impl<K: Kind> Future for Body<K> {
    type Output = Note<K>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Note<K>> {
        self.0.note('p');
        *lock(&self.0.waker) = Some(context.waker().clone());
        if self.0.ready.load(Ordering::Relaxed) { Poll::Ready(Note(self.0)) } else { Poll::Pending }
    }
}

impl<K: Kind> Drop for Body<K> {
    fn drop(&mut self) {
        self.0.note('b');
    }
}

/// The output.
struct Note<K: Kind + 'static>(&'static Header<K>);

impl<K: Kind> Drop for Note<K> {
    fn drop(&mut self) {
        self.0.note('o');
    }
}

type Place = StaticTask<Header, Body>;
type LocalPlace = StaticTask<Header<AtHome>, Body<AtHome>, AtHome>;

/// A place of the test's own, whose header has not written anything yet.
macro_rules! place {
    ($place:ty) => {{
        static PLACE: $place = StaticTask::new(Header::new());
        &PLACE
    }};
}

fn body<K: Kind>(place: &'static StaticTask<Header<K>, Body<K>, K>) -> Body<K> {
    Body(place.header(), PhantomData)
}

fn spawn_in(place: &'static Place) -> Runnable<Header> {
    place.claim().expect("it is free").spawn(|| body(place))
}

#[test]
fn a_place_has_one_task_after_the_other() {
    let place = place!(Place);
    let header = place.header();
    for _ in 0..3 {
        assert!(place.is_free());
        header.ready.store(false, Ordering::Relaxed);
        spawn_in(place).schedule();
        assert!(!place.is_free());
        assert_eq!(header.pop().unwrap().run(), Ran::Pending);
        header.waker().wake_by_ref();
        header.waker().wake();
        header.ready.store(true, Ordering::Relaxed);
        assert_eq!(header.pop().unwrap().run(), Ran::Complete);
        assert_eq!(header.events(), "spspbo");
        assert!(header.pop().is_none() && place.is_free());
    }
}

#[test]
fn a_claim_that_fails_changes_nothing() {
    let place = place!(Place);
    let claim = place.claim().unwrap();
    assert!(place.claim().is_none() && place.claim().is_none() && !place.is_free());
    drop(claim);
    assert!(place.is_free());
    let runnable = spawn_in(place);
    assert!(place.claim().is_none() && place.claim().is_none());
    assert_eq!(runnable.run(), Ran::Pending);
    assert!(place.claim().is_none() && place.claim().is_none());
    place.header().ready.store(true, Ordering::Relaxed);
    place.header().waker().wake();
    assert_eq!(place.header().pop().unwrap().run(), Ran::Complete);
    assert_eq!(place.header().events(), "pspbo");
}

#[test]
fn an_old_waker_wakes_who_stands_there_now() {
    let place = place!(Place);
    let header = place.header();
    assert_eq!(spawn_in(place).run(), Ran::Pending);
    let old = header.waker();
    header.ready.store(true, Ordering::Relaxed);
    old.wake_by_ref();
    assert_eq!(header.pop().unwrap().run(), Ran::Complete);
    header.ready.store(false, Ordering::Relaxed);
    assert_eq!(spawn_in(place).run(), Ran::Pending);
    assert!(old.will_wake(&header.waker()), "the place's");
    header.events();
    old.wake();
    assert_eq!(header.pop().unwrap().run(), Ran::Pending, "a spurious wake");
    assert_eq!(header.events(), "sp");
}

#[test]
fn an_old_waker_of_a_free_place_is_a_hint() {
    let place = place!(Place);
    let header = place.header();
    header.ready.store(true, Ordering::Relaxed);
    assert_eq!(spawn_in(place).run(), Ran::Complete);
    header.events();
    let old = header.waker();
    old.wake_by_ref();
    let another = old.clone();
    another.wake();
    assert_eq!(header.events(), "ff");
    assert!(place.is_free() && header.pop().is_none());
    // Nor does it disturb a claim, or the task that comes of it.
    let claim = place.claim().unwrap();
    old.wake_by_ref();
    let runnable = claim.spawn(|| {
        old.wake_by_ref();
        body(place)
    });
    old.wake_by_ref();
    assert_eq!(runnable.run(), Ran::Complete);
    assert_eq!(header.events(), "pbo");
    let claim = place.claim().unwrap();
    old.wake_by_ref();
    drop(claim);
    assert!(place.is_free() && header.events().is_empty());
}

#[test]
fn a_wake_during_a_run_is_a_hint_once() {
    let place = place!(StaticTask<Header, [usize; 2]>);
    let header = place.header();
    let mut polls = 0;
    let runnable = place.claim().unwrap().spawn(|| {
        poll_fn(move |context| {
            polls += 1;
            for _ in 0..polls {
                context.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        })
    });
    assert_eq!(runnable.run(), Ran::Woken);
    assert_eq!(header.events(), "rs");
    let Run::Woken(runnable) = header.pop().unwrap().run_once() else { panic!("it woke itself") };
    assert_eq!(header.events(), "r");
    // A wake of one that is scheduled is none.
    runnable.task().wake();
    assert_eq!(header.events(), "");
    drop(runnable);
    assert!(place.is_free());
}

#[test]
fn no_task_is_lost_and_its_handle_cancels_it() {
    let place = place!(StaticTask<Header, ()>);
    let runnable = place.claim().unwrap().spawn(pending::<()>);
    let task = runnable.task();
    assert_eq!(runnable.run(), Ran::Pending, "nobody can wake it");
    assert!(!place.is_free());
    assert!(task.cancel() && !task.cancel() && task.is_cancelled());
    assert_eq!(place.header().pop().unwrap().run(), Ran::Complete);
    assert!(task.is_complete() && task.is_cancelled());
    assert!(!task.cancel(), "it is over");
    assert_eq!(place.header().events(), "s");
}

#[test]
fn a_counted_handle_keeps_the_place_for_its_task() {
    let place = place!(Place);
    let header = place.header();
    header.ready.store(true, Ordering::Relaxed);
    let runnable = spawn_in(place);
    let (task, waker) = (runnable.task(), runnable.task().to_waker());
    assert_eq!(runnable.run(), Ran::Complete);
    assert!(!place.is_free() && place.claim().is_none());
    task.wake_by_ref();
    drop(task);
    assert!(!place.is_free() && place.claim().is_none());
    waker.wake();
    assert!(place.is_free(), "the last handle frees the place, and nothing else");
    assert_eq!(header.events(), "pbo");

    // Nor does the last one cancel: the place has its wakers.
    header.ready.store(false, Ordering::Relaxed);
    let runnable = spawn_in(place);
    let task = runnable.task();
    assert_eq!(runnable.run(), Ran::Pending);
    let another = task.clone();
    task.wake();
    assert_eq!(header.pop().unwrap().run(), Ran::Pending);
    drop(another);
    assert!(header.pop().is_none() && !place.is_free());
    assert_eq!(header.events(), "psp");
    header.waker().wake();
    drop(header.pop().unwrap());
    assert!(place.is_free());
}

#[test]
fn a_dropped_runnable_ends_its_task() {
    let place = place!(Place);
    drop(spawn_in(place));
    assert_eq!(place.header().events(), "b");
    assert!(place.is_free());
    assert_eq!(spawn_in(place).run(), Ran::Pending);
    place.header().waker().wake();
    drop(place.header().pop());
    assert_eq!(place.header().events(), "psb");
    assert!(place.is_free());
}

#[test]
fn a_task_stays_at_home() {
    let place = place!(LocalPlace);
    let header = place.header();
    let (home, other) = (Home::new(), Home::new());
    let runnable = place.claim().unwrap().spawn_at(&home, || body(place));
    let runnable = other.run(runnable).expect_err("it is at home elsewhere");
    assert!(matches!(home.run(runnable), Ok(Ran::Pending)));
    header.waker().wake();
    let runnable = header.pop().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| drop(runnable));
    });
    assert_eq!(header.events(), "ps");
    assert!(!place.is_free(), "its body is alive");
    // The next one that it hears of brings it home.
    let waker = header.waker();
    thread::scope(|scope| {
        scope.spawn(|| waker.wake());
    });
    assert!(matches!(home.run(header.pop().unwrap()), Ok(Ran::Complete)));
    assert_eq!(header.events(), "sb", "it was cancelled");
    assert!(place.is_free());

    // And the next task in the place has another home.
    let runnable = place.claim().unwrap().spawn_at(&other, || body(place));
    header.ready.store(true, Ordering::Relaxed);
    let runnable = home.run(runnable).expect_err("it is at home elsewhere");
    assert!(matches!(other.run(runnable), Ok(Ran::Complete)));
    assert_eq!(header.events(), "pbo");
    assert!(place.is_free());
}

#[test]
fn panics_leave_the_place_free_and_the_word_right() {
    let place = place!(Place);
    let header = place.header();
    let panics = |act: &dyn Fn()| catch_unwind(AssertUnwindSafe(act)).expect_err("told to");

    panics(&|| drop(place.claim().unwrap().spawn(|| -> Body { panic!("told to") })));
    assert!(place.is_free() && header.events().is_empty());

    header.ready.store(true, Ordering::Relaxed);
    for (at, events) in [("p", "pb"), ("b", "pbo"), ("o", "pbo")] {
        header.panic_at(at);
        panics(&|| assert_eq!(spawn_in(place).run(), Ran::Complete));
        assert_eq!(header.events(), events);
        assert!(place.is_free());
    }

    header.panic_at("b");
    panics(&|| drop(spawn_in(place)));
    assert_eq!(header.events(), "b");
    assert!(place.is_free());

    // A hint.
    header.panic_at("f");
    panics(&|| header.waker().wake_by_ref());
    assert_eq!(header.events(), "f");
    assert!(place.is_free());

    // The hook, which keeps the runnable.
    header.ready.store(false, Ordering::Relaxed);
    assert_eq!(spawn_in(place).run(), Ran::Pending);
    header.panic_at("s");
    panics(&|| header.waker().wake_by_ref());
    assert_eq!(header.pop().unwrap().run(), Ran::Pending);
    header.waker().wake();
    drop(header.pop().unwrap());
    assert_eq!(header.events(), "pspsb");
    assert!(place.is_free());
}

#[test]
fn a_handle_of_the_place_is_exact() {
    let [one, other] = [place!(Place), place!(Place)];
    assert_eq!(spawn_in(one).run(), Ran::Pending);
    assert_eq!(spawn_in(other).run(), Ran::Pending);
    let wakers = [one, other].map(|place| place.header().waker());
    let [first, second] = wakers.each_ref().map(|waker| StaticRef::<Header>::from_waker(waker).unwrap());
    assert!(first == first.to_waker_and_back() && first != second);
    assert!(!wakers[0].will_wake(&wakers[1]) && wakers[0].will_wake(&wakers[0].clone()));
    assert!(first.to_waker().will_wake(&wakers[0]));
    assert!(std::ptr::eq(first.header(), one.header()) && std::ptr::eq(second.header(), other.header()));
    assert!(StaticRef::<Header<AtHome>>::from_waker(&wakers[0]).is_none(), "another header");
    assert!(StaticRef::<Header>::from_waker(Waker::noop()).is_none());
    assert!(TaskRef::<Header>::from_waker(&wakers[0]).is_none() && AnyTask::any_from_waker(&wakers[0]).is_none());
    assert!(!first.state().is_complete() && !first.state().is_scheduled());
    first.wake();
    assert!(first.state().is_scheduled());
    let runnable = one.header().pop().unwrap();
    let counted = runnable.task().to_waker();
    assert!(StaticRef::<Header>::from_waker(&counted).is_none());
    assert!(std::ptr::eq(TaskRef::<Header>::header_behind(&counted).unwrap(), one.header()));
    drop(counted);
    drop(runnable);
    assert!(first.state().is_complete() && one.is_free());
    second.wake();
    drop(other.header().pop());
    assert!(!format!("{:?}{:?}", other.claim(), one).is_empty());
}

trait AndBack {
    fn to_waker_and_back(self) -> Self;
}

impl AndBack for StaticRef<Header> {
    fn to_waker_and_back(self) -> Self {
        Self::from_waker(&self.to_waker()).unwrap()
    }
}

impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Header")
    }
}

/// In a queue of its kind, with a number.
struct Number<K: Kind + 'static>(usize, fn() -> &'static Queue<Number<K>, K>, AtomicUsize);

impl<K: Kind> Schedule<K, Linked<Self>> for Number<K> {
    fn schedule(&self, runnable: Runnable<Linked<Self>, K>) {
        assert!((self.1)().push(runnable).is_ok());
    }

    fn woken_while_running(&self) {
        self.2.fetch_add(1, Ordering::Relaxed);
    }

    fn woken_while_free(&self) {
        self.2.fetch_add(100, Ordering::Relaxed);
    }
}

async fn yields(times: usize) {
    for _ in 0..times {
        let mut woken = false;
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut woken, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

#[test]
fn a_place_holds_what_is_aligned_more_than_a_word() {
    #[repr(align(64))]
    struct Wide([u8; 64]);
    async fn wide(wide: Wide) {
        ready(()).await;
        assert_eq!(((&raw const wide).addr() % 64, wide.0[63]), (0, 9));
    }
    struct Drops;
    impl Schedule for Drops {
        fn schedule(&self, runnable: Runnable<Self>) {
            drop(runnable);
        }
    }
    static_task!(static WIDE: wide(Wide) in Drops = Drops);
    assert_eq!(WIDE.claim().unwrap().spawn(|| wide(Wide([9; 64]))).run(), Ran::Complete);
}

#[test]
fn pools_of_both_kinds_run_through_queues() {
    static QUEUE: Queue<Number<Anywhere>> = Queue::new();
    static LOCAL: Queue<Number<AtHome>, AtHome> = Queue::new();
    static_task!(
        /// With an attribute.
        static POOL: [yields(usize); 3] in Linked<Number<Anywhere>> = Linked::new(Number(7, || &QUEUE, AtomicUsize::new(0)))
    );
    static_task!(static ROOM: yields(usize) in Linked<Number<AtHome>>, AtHome =
        Linked::new(Number(8, || &LOCAL, AtomicUsize::new(0))););

    for _ in 0..2 {
        for times in [1, 2, 3] {
            let claim = POOL.iter().find_map(StaticTask::claim).expect("three places");
            assert_eq!(claim.header().0, 7);
            claim.spawn(move || yields(times)).schedule();
        }
        assert!(POOL.iter().find_map(StaticTask::claim).is_none());
        let mut taker = QUEUE.taker().unwrap();
        let mut lefts = Vec::new();
        while !QUEUE.is_empty() {
            lefts.push(taker.batch().map(Runnable::run).filter(|ran| *ran == Ran::Woken).count());
        }
        assert_eq!(lefts, [3, 2, 1, 0]);
        assert!(POOL.iter().all(StaticTask::is_free));
    }
    let hints = POOL.each_ref().map(|place| place.header().2.swap(0, Ordering::Relaxed));
    // One that is ready has woken itself once more.
    assert_eq!(hints, [4, 6, 8]);

    let home = Home::new();
    ROOM.claim().unwrap().spawn_at(&home, || yields(2)).schedule();
    let mut taker = LOCAL.taker().unwrap();
    let mut runs = 0;
    while let Some(runnable) = taker.pop() {
        home.run(runnable).expect("it is at home");
        runs += 1;
    }
    assert_eq!((runs, ROOM.header().2.load(Ordering::Relaxed)), (3, 3));
    assert!(ROOM.is_free());
}

#[test]
fn a_place_takes_any_future_that_fits() {
    struct Inline;
    impl Schedule for Inline {
        fn schedule(&self, _: Runnable<Self>) {}
    }
    static PLACE: StaticTask<Inline, [u64; 4]> = StaticTask::new(Inline);
    for _ in 0..2 {
        assert_eq!(PLACE.claim().unwrap().spawn(|| ready(1_u8)).run(), Ran::Complete);
        assert_eq!(PLACE.claim().unwrap().spawn(|| ready([2_u64; 3])).run(), Ran::Complete);
        drop(PLACE.claim().unwrap().spawn(pending::<()>));
    }
    assert!(PLACE.is_free());
}

#[test]
fn a_body_may_borrow_the_header_and_one_thread_may_keep_it() {
    static PLACE: StaticTask<Header, [usize; 8]> = StaticTask::new(Header::new());
    let claim = PLACE.claim().unwrap();
    let header = claim.header();
    let here = std::rc::Rc::new(());
    let kept = here.clone();
    // SAFETY: the runnable is run and dropped here, and there is no other.
    let runnable = unsafe {
        claim.spawn_unchecked(move || async move {
            header.note('p');
            drop(kept);
        })
    };
    assert_eq!(runnable.run(), Ran::Complete);
    assert_eq!(std::rc::Rc::strong_count(&here), 1);
    assert_eq!(PLACE.header().events(), "p");
}

#[test]
fn a_task_takes_two_words_beside_header_and_future() {
    const WORD: usize = size_of::<usize>();
    type Future = Ready<[usize; 5]>;
    assert_eq!(size_of::<StaticTask<usize, Future>>(), HEAD + WORD + size_of::<Future>());
    assert_eq!(size_of::<StaticTask<usize, Future, AtHome>>(), HEAD + 2 * WORD + size_of::<Future>());
    assert_eq!(size_of::<StaticTask<Linked<usize>, Future>>(), HEAD + 2 * WORD + size_of::<Future>());
    assert_eq!(size_of::<StaticRef<Header>>(), WORD);
    assert_eq!(size_of::<Option<StaticRef<Header>>>(), WORD);
    let label = if cfg!(feature = "tracing") { 8 * WORD } else { 0 };
    assert_eq!(size_of::<StaticClaim<Header, Future>>(), WORD + label);
}

/// 1 MiB, made where it stays: a debug build has it on the stack once.
#[test]
fn a_large_future_goes_over_the_stack_once_at_most() {
    const SIZE: usize = 1 << 20;

    #[expect(clippy::large_stack_arrays, reason = "it stands in the future")]
    async fn large() {
        let memory = [const { MaybeUninit::<u8>::uninit() }; SIZE];
        ready(()).await;
        assert_eq!(memory.len(), SIZE);
    }

    static_task!(static PLACE: large() in Header = Header::new());
    assert!(size_of_val(&PLACE) > SIZE);
    let stack = if cfg!(debug_assertions) { SIZE + SIZE / 4 } else { 128 << 10 };
    let spawner = thread::Builder::new().stack_size(stack);
    let runs = spawner.spawn(|| PLACE.claim().unwrap().spawn(large).run());
    assert_eq!(runs.unwrap().join().unwrap(), Ran::Complete);
    assert!(PLACE.is_free());
}

/// Tasks come and go while others wake the place.
#[test]
fn wakes_race_the_ends_of_tasks_and_the_claims_of_new_ones() {
    const TASKS: usize = if cfg!(miri) { 20 } else { 20_000 };
    static QUEUE: Queue<Number<Anywhere>> = Queue::new();
    static POOL: [StaticTask<Linked<Number<Anywhere>>, [usize; 4]>; 2] =
        [const { StaticTask::new(Linked::new(Number(0, || &QUEUE, AtomicUsize::new(0)))) }; 2];
    static ENDED: AtomicUsize = AtomicUsize::new(0);
    static WAKERS: Mutex<Option<Waker>> = Mutex::new(None);

    struct Once(usize);

    impl Future for Once {
        type Output = ();

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            *lock(&WAKERS) = Some(context.waker().clone());
            context.waker().wake_by_ref();
            self.0 += 1;
            if self.0 > 2 { Poll::Ready(()) } else { Poll::Pending }
        }
    }

    impl Drop for Once {
        fn drop(&mut self) {
            ENDED.fetch_add(1, Ordering::Relaxed);
        }
    }

    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let waker = lock(&WAKERS).clone();
                    let Some(waker) = waker else { continue };
                    waker.wake_by_ref();
                    waker.wake();
                }
            });
        }
        let mut spawned = 0;
        let mut taker = QUEUE.taker().unwrap();
        while ENDED.load(Ordering::Relaxed) < TASKS {
            if spawned < TASKS {
                if let Some(claim) = POOL.iter().find_map(StaticTask::claim) {
                    claim.spawn(|| Once(0)).schedule();
                    spawned += 1;
                }
            }
            if let Some(runnable) = taker.pop() {
                runnable.run();
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(POOL.iter().all(StaticTask::is_free) && QUEUE.is_empty());
    assert_eq!(ENDED.load(Ordering::Relaxed), TASKS);
}
