//! A real `Waker` from your own `Arc`: what a wake does is your method, and the way back is checked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use waker_tables::waker_vtable;

/// What a scheduler keeps for each of its tasks.
struct Job {
    name: &'static str,
    wakes: AtomicUsize,
    queue: Arc<Mutex<Vec<&'static str>>>,
}

impl Job {
    /// Takes `&self`, so that `wake_by_ref` costs no refcount.
    fn on_wake(&self) {
        self.wakes.fetch_add(1, Ordering::Relaxed);
        self.queue.lock().expect("nobody panics under it").push(self.name);
    }
}

waker_vtable! {
    static JOB: Arc<Job> => Job::on_wake;
}

fn main() {
    let queue = Arc::new(Mutex::new(Vec::new()));
    let job = Arc::new(Job { name: "parse", wakes: AtomicUsize::new(0), queue: Arc::clone(&queue) });

    let borrowed = JOB.waker_ref(&job);
    println!("borrowed: {} count of the job", Arc::strong_count(&job));
    let waker = borrowed.clone();
    println!("cloned:   {} counts, will wake the same: {}", Arc::strong_count(&job), borrowed.will_wake(&waker));

    waker.wake_by_ref();
    let back: &Job = JOB.get(&waker).expect("it is this table's");
    println!("woken {} time; the waker leads back to `{}`", back.wakes.load(Ordering::Relaxed), back.name);

    thread::spawn(move || waker.wake()).join().expect("a wake does not panic");
    println!("queue: {:?}, {} count left", queue.lock().expect("nobody panics under it"), Arc::strong_count(&job));
}
