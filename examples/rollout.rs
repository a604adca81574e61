//! Two releases of one program on one board of work: v1 and v2, a rename, draining, a roll back, the end of v1.
//!
//! A release is a process in production; here each is a registry of its own, with a thread of workers. The board is what
//! a database would be: keys as text, and who may take what. No job is lost, none is run by a worker that lacks its
//! version, and what is given up is given up by a worker that once had it. `docs/versions.md` tells the steps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard};
use std::task::Poll;
use std::thread;

use waker_tables::{
    BuildError, FamilyUpdate, KeyBuf, LookupError, VTableKey, VTableRegistry, VersionReq, VersionState, WakeableTask,
};

/// A resizing of one picture, as a version of the program does it.
struct Resize<const VERSION: u16>(u32);

impl<const VERSION: u16> WakeableTask for Resize<VERSION> {
    fn poll(&mut self) -> Poll<()> {
        self.0 -= 1;
        if self.0 == 0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, clippy::unnecessary_wraps, reason = "the shape of a factory")]
fn make<const VERSION: u16>(bytes: &[u8], (): &()) -> Result<Resize<VERSION>, Infallible> {
    Ok(Resize(1 + u32::from(bytes.first().is_some_and(|first| first % 2 == 0))))
}

/// The release of last month, which knows the family by its old name.
static BEFORE: VTableRegistry = VTableRegistry::new();
/// Today's, which can do both, and has renamed the family.
static NOW: VTableRegistry = VTableRegistry::new();

const OLD_V1: VTableKey = VTableKey::new("picture", "shrink", 1);
const OLD_V2: VTableKey = VTableKey::new("picture", "shrink", 2);

type Change = fn(&mut FamilyUpdate<'_, ()>);

/// What workers take jobs from, and where they leave what became of them.
#[derive(Default)]
struct Board {
    waiting: BTreeMap<KeyBuf, VecDeque<Vec<u8>>>,
    /// By release and real key.
    done: BTreeMap<(&'static str, KeyBuf), usize>,
    dead: Vec<KeyBuf>,
    posted: usize,
}

static BOARD: Mutex<Option<Board>> = Mutex::new(None);

fn board() -> MutexGuard<'static, Option<Board>> {
    BOARD.lock().expect("nobody panics with the board")
}

fn on_board<R>(work: impl FnOnce(&mut Board) -> R) -> R {
    work(board().get_or_insert_default())
}

fn post(key: VTableKey, jobs: usize) {
    on_board(|board| {
        let queue = board.waiting.entry(key.into()).or_default();
        queue.extend((0..jobs).map(|job| job.to_le_bytes().to_vec()));
        board.posted += jobs;
    });
}

/// New work, under whatever key the producer's own registry has for it.
fn produce(registry: &VTableRegistry, kind: &str, jobs: usize) -> VTableKey {
    let key = registry.resolve("picture", kind, &VersionReq::Preferred).expect("a version is active").key();
    post(key, jobs);
    key
}

/// The keys that a worker may take: what its registry can make, under the names that it knows the families by.
fn leases(registry: &VTableRegistry) -> BTreeSet<KeyBuf> {
    let manifest = registry.manifest();
    let runs = manifest.iter().filter(|entry| entry.has_factory);
    let aliases = registry.aliases();
    runs.flat_map(|entry| {
        let old = aliases.iter().filter(|alias| alias.family == entry.key.family()).map(|alias| alias.alias);
        let old = old.map(|name| VTableKey { segment: name.segment, kind: name.kind, version: entry.key.version });
        std::iter::once(entry.key).chain(old).map(KeyBuf::from)
    })
    .collect()
}

/// What became of a job.
enum End {
    Done(KeyBuf),
    /// Others may know it, or this program's next release.
    LeftToOthers,
    /// It was known here, and is given up.
    Dead,
}

fn run(registry: &'static VTableRegistry, key: &KeyBuf, bytes: &[u8]) -> End {
    match registry.build(key.key_ref(), bytes, &()) {
        Ok(mut task) => {
            while task.poll().is_pending() {}
            End::Done(task.key().into())
        }
        Err(BuildError::Lookup(LookupError::Retired { .. })) => End::Dead,
        Err(_) => End::LeftToOthers,
    }
}

/// Takes jobs until it is to stop; asks the registry again what it may take when that has changed.
fn work(release: &'static str, registry: &'static VTableRegistry, stop: &AtomicBool) {
    let (mut generation, mut mine) = (registry.generation(), leases(registry));
    while !stop.load(SeqCst) {
        if registry.generation() != generation {
            // The number first: what changes after it is seen the next time.
            (generation, mine) = (registry.generation(), leases(registry));
        }
        let taken = on_board(|board| {
            mine.iter().find_map(|key| Some((key.clone(), board.waiting.get_mut(key)?.pop_front()?)))
        });
        if let Some((key, bytes)) = taken {
            let end = run(registry, &key, &bytes);
            on_board(|board| match end {
                End::Done(real) => *board.done.entry((release, real)).or_default() += 1,
                End::LeftToOthers => board.waiting.entry(key).or_default().push_back(bytes),
                End::Dead => board.dead.push(key),
            });
        }
        thread::yield_now();
    }
}

/// Waits until nothing is left under a key: what tells that a version is drained.
fn drained(key: VTableKey) {
    let key = KeyBuf::from(key);
    while on_board(|board| board.waiting.get(&key).is_some_and(|queue| !queue.is_empty())) {
        thread::yield_now();
    }
}

fn waiting(key: VTableKey) -> usize {
    on_board(|board| board.waiting.get(&KeyBuf::from(key)).map_or(0, VecDeque::len))
}

/// Gives up what is waiting under keys that were known here once, and nothing else.
fn sweep(registry: &VTableRegistry) {
    on_board(|board| {
        for (key, queue) in &mut board.waiting {
            if let Err(LookupError::Retired { .. }) = registry.entry(key.key_ref()) {
                board.dead.extend(queue.drain(..).map(|_| key.clone()));
            }
        }
    });
}

fn step(what: &str, change: Change) {
    NOW.family("picture", "resize").update(change).expect("nothing speaks against it");
    println!("{what}");
}

fn main() {
    // Last month's release has v1 alone, under the old name.
    BEFORE.register_factory(OLD_V1, make::<1>);
    // Today's can run both, still prefers v1, and knows the old name, under which work is waiting.
    step("v2 can run what v1 can, and more; new work is still v1", |f| {
        f.register_factory(1, make::<1>).register_factory(2, make::<2>).prefer(1).alias("picture", "shrink");
    });

    let (stop_before, stop_now) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        let before = scope.spawn(|| work("last month's", &BEFORE, &stop_before));
        let now = scope.spawn(|| work("today's", &NOW, &stop_now));

        assert_eq!(produce(&BEFORE, "shrink", 500), OLD_V1);
        assert_eq!(
            produce(&NOW, "shrink", 500),
            VTableKey::new("picture", "resize", 1),
            "an alias gives the real key"
        );
        // Somebody is ahead of both: v3, which neither knows. It stays where it is.
        post(VTableKey { version: 3, ..OLD_V1 }, 5);

        step("v2 is preferred, and v1 drains: it is finished, and no new work goes there", |f| {
            _ = f.prefer(2).drain(1, Some(2));
        });
        let v2 = produce(&NOW, "shrink", 300);
        assert_eq!(v2, VTableKey::new("picture", "resize", 2));

        step("v2 was a mistake: back to v1, and v2 drains", |f| _ = f.activate(1).prefer(1).drain(2, Some(1)));
        assert_eq!(produce(&NOW, "shrink", 100).version, 1);
        step("it was none: forward again", |f| _ = f.activate(2).prefer(2).drain(1, Some(2)));

        // Work of v2 under the old name: last month's release never knew it, and leaves it; today's runs it.
        post(OLD_V2, 50);
        drained(OLD_V2);

        for key in [OLD_V1, VTableKey::new("picture", "resize", 1), v2] {
            drained(key);
        }
        stop_before.store(true, SeqCst);
        before.join().expect("no look-up failed");
        println!("nothing of v1 is left, and last month's release stops");

        step("v1 is removed", |f| _ = f.remove(1));
        // A producer that had slept through all this.
        post(OLD_V1, 1);
        sweep(&NOW);
        let listed = NOW.manifest();
        assert!(
            listed.iter().all(|entry| entry.state == VersionState::Active && entry.preferred) && listed.len() == 1
        );

        step("the old name is free", |f| _ = f.remove_alias("picture", "shrink"));
        assert!(NOW.aliases().is_empty() && NOW.entry(OLD_V2.key_ref()).is_err());
        stop_now.store(true, SeqCst);
        now.join().expect("no look-up failed");
    });

    let left = waiting(VTableKey { version: 3, ..OLD_V1 });
    on_board(|board| {
        for ((release, key), jobs) in &board.done {
            println!("{jobs:5} of {key} by {release} release");
        }
        let done: usize = board.done.values().sum();
        println!("{left} of a version that nobody knows yet are where they were, {} given up", board.dead.len());
        assert_eq!(done + left + board.dead.len(), board.posted, "nothing is lost, and nothing is run twice");
        assert!(left == 5 && board.dead == [KeyBuf::from(OLD_V1)]);
        assert!(board.done.keys().all(|(release, key)| *release == "today's" || key.key_ref() == OLD_V1.key_ref()));
    });
    println!("kept for readers: {} bytes", NOW.retained_bytes());
}
