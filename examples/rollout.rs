//! A second version takes over while tasks are made: registered, preferred, the first one drained, then removed.
//!
//! No look-up fails on the way, and each is answered with a version that was active at that instant.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{self, Sender};
use std::task::Poll;
use std::thread;

use waker_tables::{Entry, FamilyUpdate, RegisteredTask, VTableKey, VTableRegistry, VersionReq, WakeableTask};

/// A resizing of one picture, as a version of the program does it.
struct Resize<const VERSION: u16>;

impl<const VERSION: u16> WakeableTask for Resize<VERSION> {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static JOBS: VTableRegistry = VTableRegistry::new();
/// The steps of the rollout that have begun, and those that are over.
static BEGUN: AtomicUsize = AtomicUsize::new(0);
static OVER: AtomicUsize = AtomicUsize::new(0);

const WORKERS: usize = 4;
type Change = fn(&mut FamilyUpdate<'_, ()>);
const STEPS: [(&str, Change); 4] = [
    ("v2 is registered for those who ask for it", |f| _ = f.prefer(1).register_task::<Resize<2>>(2)),
    ("v2 is preferred", |f| _ = f.prefer(2)),
    ("v1 drains", |f| _ = f.drain(1, Some(2))),
    ("v1 is removed", |f| _ = f.remove(1)),
];

fn make(entry: Entry<'static>) -> RegisteredTask {
    let task = match entry.key().version {
        1 => entry.task(Box::new(Resize::<1>)).ok(),
        _ => entry.task(Box::new(Resize::<2>)).ok(),
    };
    task.expect("an entry keeps its table, also when its key is removed")
}

/// Makes and runs tasks until the rollout is over, and says so every thousand. Gives how many of each version.
fn work(thousand: &Sender<()>) -> [usize; 2] {
    let mut made = [0; 2];
    loop {
        for _ in 0..1000 {
            let before = OVER.load(SeqCst);
            let entry = JOBS.resolve("picture", "resize", &VersionReq::Preferred).expect("one is always active");
            let after = BEGUN.load(SeqCst);
            let version = entry.key().version;
            assert!(if version == 1 { before < 2 } else { after >= 2 }, "v{version} between {before} and {after}");
            assert!(make(entry).poll().is_ready());
            made[usize::from(version) - 1] += 1;
        }
        if OVER.load(SeqCst) == STEPS.len() || thousand.send(()).is_err() {
            return made;
        }
    }
}

fn main() {
    JOBS.register_task::<Resize<1>>(VTableKey::new("picture", "resize", 1));
    let (sender, thousands) = mpsc::channel();
    let workers: Vec<_> =
        (0..WORKERS).map(|_| sender.clone()).map(|sender| thread::spawn(move || work(&sender))).collect();
    for (number, (step, change)) in STEPS.into_iter().enumerate() {
        thousands.iter().take(2 * WORKERS).for_each(drop);
        BEGUN.store(number + 1, SeqCst);
        JOBS.family("picture", "resize").update(change).expect("nothing speaks against it");
        OVER.store(number + 1, SeqCst);
        println!("{step}");
    }
    let made = workers.into_iter().map(|worker| worker.join().expect("no look-up failed"));
    let [first, second] = made.fold([0; 2], |sum, made| [sum[0] + made[0], sum[1] + made[1]]);
    println!("{first} tasks of v1, {second} of v2, kept for readers: {} bytes", JOBS.retained_bytes());
}
