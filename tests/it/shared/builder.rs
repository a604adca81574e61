//! Every combination of what a task can be, and the memory it can stand in.

use std::alloc::Layout;
use std::future::Future;
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread;

use waker_tables::{
    Anywhere, AtHome, Detached, Home, JoinHandle, Joined, Kind, Linked, Queue, Ran, ReleaseTask, Runnable, Schedule,
    Task, TaskList, TaskPlace, TaskSlot, task_layout, task_slot,
};

/// Header data that lends itself to both kinds of hook.
struct Data {
    hooks: Arc<AtomicUsize>,
    _alive: Arc<()>,
}

impl<K: Kind> Schedule<K> for Data {
    fn schedule(&self, runnable: Runnable<Self, K>) {
        self.hooks.fetch_add(1, Ordering::Relaxed);
        give_back(runnable);
    }
}

/// Hands the runnable back to the test.
fn give_back<K: Kind>(runnable: Runnable<Data, K>) {
    BACK.set(Some(runnable.into_raw()));
}

thread_local! {
    static BACK: std::cell::Cell<Option<NonNull<()>>> = const { std::cell::Cell::new(None) };
}

/// A future that waits once, and whose end is seen.
struct Body(u32, Arc<()>, u32);

impl Future for Body {
    type Output = (u32, Arc<()>);

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Self::Output> {
        self.2 += 1;
        if self.2 == 1 { Poll::Pending } else { Poll::Ready((self.0, self.1.clone())) }
    }
}

static RELEASED: AtomicUsize = AtomicUsize::new(0);

/// Memory from the global allocator, counted.
struct Own;

// SAFETY: the allocator takes back what it gave.
unsafe impl ReleaseTask for Own {
    unsafe fn release(memory: NonNull<u8>, layout: Layout) {
        RELEASED.fetch_add(1, Ordering::Relaxed);
        // SAFETY: `memory` below is from there, with this layout.
        unsafe { std::alloc::dealloc(memory.as_ptr(), layout) }
    }
}

fn memory(layout: Layout) -> NonNull<u8> {
    // SAFETY: no task is of no size.
    NonNull::new(unsafe { std::alloc::alloc(layout) }).expect("there is memory")
}

/// What a spawn gave, however it was joined.
trait Given<K: Kind> {
    fn into_parts(self) -> (Runnable<Data, K>, Option<Handle>);
}

type Handle = JoinHandle<(u32, Arc<()>), Data>;

impl<K: Kind> Given<K> for Runnable<Data, K> {
    fn into_parts(self) -> (Self, Option<Handle>) {
        (self, None)
    }
}

impl<K: Kind> Given<K> for (Runnable<Data, K>, Handle) {
    fn into_parts(self) -> (Runnable<Data, K>, Option<Handle>) {
        (self.0, Some(self.1))
    }
}

/// Runs at either kind of place.
trait Runs: Kind + Sized {
    fn run(home: &Home, runnable: Runnable<Data, Self>) -> Ran;
}

impl Runs for Anywhere {
    fn run(_: &Home, runnable: Runnable<Data, Self>) -> Ran {
        runnable.run()
    }
}

impl Runs for AtHome {
    fn run(home: &Home, runnable: Runnable<Data, Self>) -> Ran {
        home.run(runnable).expect("it is at home here")
    }
}

fn check<K: Runs>(
    name: &str,
    home: &Home,
    given: impl Given<K>,
    alive: &Arc<()>,
    hooks: &Arc<AtomicUsize>,
    list: &TaskList<Data>,
    listed: usize,
) {
    let (runnable, handle) = given.into_parts();
    assert_eq!((Arc::strong_count(alive), list.len()), (3, listed), "{name}");
    let task = runnable.task();
    assert_eq!(K::run(home, runnable), Ran::Pending, "{name}");
    let before = hooks.load(Ordering::Relaxed);
    task.wake_by_ref();
    assert_eq!(hooks.load(Ordering::Relaxed), before + 1, "{name}: the hook was called once");
    let raw = BACK.take().expect("the hook gave it");
    // SAFETY: the hook's word, of this type, used once.
    let runnable = unsafe { Runnable::<Data, K>::from_raw(raw) };
    assert_eq!(K::run(home, runnable), Ran::Complete, "{name}");
    assert!(list.is_empty(), "{name}");
    match handle {
        Some(mut handle) => {
            assert_eq!(Arc::strong_count(alive), 3, "{name}: output and header are alive");
            let (number, output) = handle.try_take().expect("it is over").expect("it has an output");
            assert_eq!((number, Arc::strong_count(&output)), (7, 3), "{name}");
        }
        None => assert_eq!(Arc::strong_count(alive), 2, "{name}: the header is alive"),
    }
    drop(task);
}

macro_rules! combinations {
    ($($name:ident: $join:tt $kind:tt $hook:tt $source:tt $list:tt;)*) => {$(
        #[test]
        fn $name() {
            static SLOT: TaskSlot<Data, Wide> = TaskSlot::new();
            let home = Home::new();
            for place in ["box", "slot", "memory"] {
                let (alive, hooks, list) = (Arc::new(()), Arc::<AtomicUsize>::default(), Arc::new(TaskList::new()));
                let data = Data { hooks: hooks.clone(), _alive: alive.clone() };
                let body = alive.clone();
                let task = combinations!(@source $source data body);
                let task = combinations!(@kind $kind task home);
                let task = combinations!(@hook $hook task);
                let task = combinations!(@join $join task);
                let task = combinations!(@list $list task list);
                let layout = task.layout();
                let given = match place {
                    "box" => task.spawn(),
                    "slot" => task.spawn_in(SLOT.claim().expect("it is free, and free again")),
                    // SAFETY: the memory is for this task; its types are those of a safe spawn.
                    _ => unsafe { task.spawn_unchecked_at::<Own>(memory(layout)) },
                };
                let name = format!("{} in {place}", stringify!($name));
                let listed = combinations!(@listed $list);
                check::<combinations!(@type $kind)>(&name, &home, given, &alive, &hooks, &list, listed);
                assert_eq!(Arc::strong_count(&alive), 1, "{name}: all is dropped");
                assert_eq!(Arc::strong_count(&list), 1, "{name}");
                assert!(SLOT.is_free(), "{name}");
            }
        }
    )*};
    (@source moved $data:ident $body:ident) => { Task::new(Body(7, $body, 0), $data) };
    (@source made $data:ident $body:ident) => { Task::init($data, move || Body(7, $body, 0)) };
    (@kind anywhere $task:ident $home:ident) => { $task };
    (@kind home $task:ident $home:ident) => { $task.at(&$home) };
    (@hook header $task:ident) => { $task };
    (@hook closure $task:ident) => {{
        let captured = Arc::new(());
        $task.hook(move |data: &Data, runnable| {
            assert_eq!(Arc::strong_count(&captured), 1);
            data.hooks.fetch_add(1, Ordering::Relaxed);
            give_back(runnable);
        })
    }};
    (@join joined $task:ident) => { $task };
    (@join detached $task:ident) => { $task.detached() };
    (@list unlisted $task:ident $list:ident) => { $task };
    (@list listed $task:ident $list:ident) => { $task.list($list.clone()) };
    (@listed unlisted) => { 0 };
    (@listed listed) => { 1 };
    (@type anywhere) => { Anywhere };
    (@type home) => { AtHome };
}

/// A future for which a slot has room for any of the tasks here.
type Wide = std::future::Ready<[usize; 32]>;

combinations! {
    joined_anywhere_header_moved: joined anywhere header moved unlisted;
    joined_anywhere_header_made: joined anywhere header made unlisted;
    joined_anywhere_closure_moved: joined anywhere closure moved unlisted;
    joined_anywhere_closure_made: joined anywhere closure made unlisted;
    joined_home_header_moved: joined home header moved unlisted;
    joined_home_header_made: joined home header made unlisted;
    joined_home_closure_moved: joined home closure moved unlisted;
    joined_home_closure_made: joined home closure made unlisted;
    detached_anywhere_header_moved: detached anywhere header moved unlisted;
    detached_anywhere_header_made: detached anywhere header made unlisted;
    detached_anywhere_closure_moved: detached anywhere closure moved unlisted;
    detached_anywhere_closure_made: detached anywhere closure made unlisted;
    detached_home_header_moved: detached home header moved unlisted;
    detached_home_header_made: detached home header made unlisted;
    detached_home_closure_moved: detached home closure moved unlisted;
    detached_home_closure_made: detached home closure made unlisted;
    joined_anywhere_header_moved_listed: joined anywhere header moved listed;
    joined_anywhere_header_made_listed: joined anywhere header made listed;
    joined_anywhere_closure_moved_listed: joined anywhere closure moved listed;
    joined_anywhere_closure_made_listed: joined anywhere closure made listed;
    joined_home_header_moved_listed: joined home header moved listed;
    joined_home_header_made_listed: joined home header made listed;
    joined_home_closure_moved_listed: joined home closure moved listed;
    joined_home_closure_made_listed: joined home closure made listed;
    detached_anywhere_header_moved_listed: detached anywhere header moved listed;
    detached_anywhere_header_made_listed: detached anywhere header made listed;
    detached_anywhere_closure_moved_listed: detached anywhere closure moved listed;
    detached_anywhere_closure_made_listed: detached anywhere closure made listed;
    detached_home_header_moved_listed: detached home header moved listed;
    detached_home_header_made_listed: detached home header made listed;
    detached_home_closure_moved_listed: detached home closure moved listed;
    detached_home_closure_made_listed: detached home closure made listed;
}

/// A future of a mebibyte.
#[expect(clippy::large_stack_arrays, reason = "it stands in the future")]
async fn large(number: u8) -> u8 {
    let bytes = [number; 1 << 20];
    std::future::ready(()).await;
    black_box(&bytes)[9]
}

/// The same with a name, made without a byte of it being written.
struct Large(MaybeUninit<[u8; 1 << 20]>);

impl Future for Large {
    type Output = usize;

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<usize> {
        Poll::Ready(size_of_val(&self.0))
    }
}

#[test]
#[cfg_attr(miri, allow(unused, reason = "its stack is no measure"))]
fn a_large_future_is_made_where_it_stays() {
    static SLOT: TaskSlot<(), Large> = TaskSlot::new();
    task_slot!(static UNNAMED: large(u8));

    const STACK: usize = if cfg!(debug_assertions) { 1280 << 10 } else { 128 << 10 };
    let on_a_small_stack = |body: fn()| thread::Builder::new().stack_size(STACK).spawn(body).unwrap().join().unwrap();
    on_a_small_stack(|| {
        let (runnable, mut handle) = Task::init((), || large(1)).hook(|(), _| {}).spawn();
        assert_eq!((runnable.run(), handle.try_take()), (Ran::Complete, Some(Ok(1))));
    });
    on_a_small_stack(|| {
        let make = || Large(const { MaybeUninit::uninit() });
        let (runnable, mut handle) = Task::init((), make).hook(|(), _| {}).spawn_in(SLOT.claim().unwrap());
        assert_eq!((runnable.run(), handle.try_take()), (Ran::Complete, Some(Ok(1 << 20))));
    });
    on_a_small_stack(|| {
        let task = Task::init((), || large(2)).hook(|(), _| {});
        let (runnable, mut handle) = task.spawn_in(UNNAMED.claim().unwrap());
        assert_eq!((runnable.run(), handle.try_take()), (Ran::Complete, Some(Ok(2))));
    });
}

#[test]
fn a_maker_that_panics_spawns_nothing() {
    static PLACE: TaskSlot<[Arc<()>; 8], std::future::Ready<()>> = TaskSlot::new();
    let (alive, list) = (Arc::new(()), Arc::new(TaskList::new()));
    let released = RELEASED.load(Ordering::Relaxed);
    let task = || {
        let captured = alive.clone();
        let panics = || -> std::future::Ready<()> { panic!("on purpose") };
        Task::init(alive.clone(), panics).hook(move |_, _| drop(captured.clone())).list(list.clone())
    };
    let caught = |spawn: &dyn Fn()| {
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(spawn)).is_err());
        assert_eq!((Arc::strong_count(&alive), Arc::strong_count(&list), list.len()), (1, 1, 0));
    };
    caught(&|| drop(task().spawn()));
    caught(&|| drop(task().detached().spawn_in(PLACE.claim().unwrap())));
    assert!(PLACE.is_free());
    caught(&|| {
        let task = task();
        let memory = memory(task.layout());
        // SAFETY: the memory is for this task; its types are those of a safe spawn.
        drop(unsafe { task.spawn_unchecked_at::<Own>(memory) });
    });
    assert!(RELEASED.load(Ordering::Relaxed) > released);
}

#[test]
fn a_claim_that_is_dropped_leaves_the_place_free() {
    static SLOT: TaskSlot<(), std::future::Ready<()>> = TaskSlot::new();
    let claim = SLOT.claim().expect("it is free");
    assert!(SLOT.claim().is_none() && !SLOT.is_free());
    drop(claim);
    assert!(SLOT.is_free());
}

async fn worker(number: usize) -> usize {
    std::future::ready(()).await;
    number
}

#[test]
fn a_pool_has_so_many_places() {
    task_slot!(static POOL: [worker(usize); 3]);
    static NAMED: [TaskSlot<(), std::future::Ready<u8>>; 2] = [const { TaskSlot::new() }; 2];

    let spawn = |number| {
        Some(Task::new(worker(number), ()).hook(|(), _| {}).spawn_in(POOL.iter().find_map(TaskPlace::claim)?))
    };
    let tasks: Vec<_> = (0..3).map(|number| spawn(number).expect("there is a place")).collect();
    assert!(POOL.iter().find_map(TaskPlace::claim).is_none());
    for (number, (runnable, mut handle)) in tasks.into_iter().enumerate() {
        assert_eq!(runnable.run(), Ran::Complete);
        assert!(number > 0 || POOL.iter().find_map(TaskPlace::claim).is_none());
        assert_eq!(handle.try_take(), Some(Ok(number)));
        drop(handle);
        drop(POOL.iter().find_map(TaskPlace::claim).expect("its place is free again"));
    }
    let (first, second) =
        (NAMED.iter().find_map(TaskSlot::claim).unwrap(), NAMED.iter().find_map(TaskSlot::claim).unwrap());
    assert!(NAMED.iter().find_map(TaskSlot::claim).is_none());
    drop((first, second));
}

#[test]
fn layouts_are_those_of_the_tasks() {
    static LIST: TaskList<()> = TaskList::new();
    struct H(#[expect(dead_code, reason = "for its size")] [usize; 3]);
    type F = std::future::Ready<[usize; 5]>;
    const WORD: usize = size_of::<usize>();
    let size = |layout: Layout| (layout.size() / WORD, layout.align());
    let (head, body) = (crate::HEAD / WORD, size_of::<F>() / WORD);
    assert_eq!(size(task_layout::<F, H, Anywhere, Detached>()), (head + 3 + body, WORD));
    assert_eq!(size(task_layout::<F, H, Anywhere, Joined>()), (head + 3 + 2 + body, WORD));
    assert_eq!(size(task_layout::<F, H, AtHome, Joined>()), (head + 3 + 2 + 1 + body, WORD));
    let task = || Task::new(std::future::ready([0_usize; 5]), ()).hook(|(), _| {}).detached();
    assert_eq!(size(task().layout()), (head + body, WORD));
    assert_eq!(size(task().list(&LIST).layout()), (head + 4 + body, WORD));
    assert_eq!(size(task().list(Arc::new(TaskList::new())).layout()), (head + 4 + body, WORD));
}

struct In<K: Kind>(Arc<Queue<Self, K>>);
impl<K: Kind> Schedule<K, Linked<Self>> for In<K> {
    fn schedule(&self, runnable: Runnable<Linked<Self>, K>) {
        assert!(self.0.push(runnable).is_ok());
    }
}

/// Both kinds of queue hold the runnables of their kind.
#[test]
fn a_queue_is_of_either_kind() {
    let (home, queue) = (Home::new(), Arc::new(Queue::new()));
    let alive = std::rc::Rc::new(());
    let body = (alive.clone(), std::future::ready(())).1;
    home.spawn_detached(body, Linked::new(In(queue.clone()))).schedule();
    let runnable = queue.taker().unwrap().pop().unwrap();
    assert_eq!(home.run(runnable).unwrap(), Ran::Complete);

    let queue = Arc::new(Queue::new());
    Task::new(std::future::ready(()), Linked::new(In(queue.clone()))).detached().spawn().schedule();
    assert_eq!(queue.taker().unwrap().pop().unwrap().run(), Ran::Complete);
}
