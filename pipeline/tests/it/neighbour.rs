//! A stage alone, with the test's thread as its neighbour on both sides.

use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context as PollContext, Poll, Waker};
use std::thread::{self, JoinHandle};

use indicatif::ProgressBar;
use pipeline::channel::{Channel, Receiver, Sender};
use pipeline::families::jobs;
use pipeline::scheduler::{Counts, Gauges, Scheduler};
use pipeline::stop::Stop;
use pipeline::wiring::{Context, Wiring};

/// One task on one thread of its own.
pub struct Stage {
    pub wiring: Arc<Wiring>,
    pub stop: Arc<Stop>,
    gauges: Gauges,
    thread: JoinHandle<Vec<Counts>>,
}

/// What is to be connected before the task begins.
pub fn wiring(files: Vec<PathBuf>) -> Arc<Wiring> {
    Wiring::new(files.into(), 1, ProgressBar::hidden())
}

/// The test's own end of a channel. It is never woken; it asks again.
pub fn sender<T>(channel: &Arc<Channel<T>>) -> Sender<T> {
    channel.sender()
}

/// The test's own end of a channel. It is never woken; it asks again.
pub fn receiver<T>(channel: &Arc<Channel<T>>) -> Receiver<T> {
    channel.receiver()
}

impl Stage {
    pub fn start(line: &str, wiring: Arc<Wiring>) -> Self {
        let stop: Arc<Stop> = Arc::default();
        let mut scheduler = Scheduler::new(1, 1, stop.clone());
        let context = |spawner| Context { spawner, wiring: wiring.clone() };
        scheduler.submit(line, jobs(), context).expect("a good line");
        let gauges = scheduler.gauges();
        let thread = thread::spawn(|| scheduler.run().expect("a thread"));
        Self { wiring, stop, gauges, thread }
    }

    /// Returns once the task has parked so often. Nothing but this thread can wake it then.
    pub fn wait_for_parks(&self, parks: u64) {
        while self.gauges.read()[0].parks < parks {
            thread::yield_now();
        }
    }

    /// What happened, and what is left, once the task is over.
    pub fn finish(self) -> (Counts, Arc<Wiring>) {
        let [counts] = self.thread.join().expect("no panic").try_into().expect("one family");
        assert_eq!(Arc::strong_count(&self.wiring), 1, "the task is gone");
        (counts, self.wiring)
    }
}

fn nobody() -> PollContext<'static> {
    PollContext::from_waker(Waker::noop())
}

pub fn send<T>(sender: &mut Sender<T>, item: T) {
    let mut item = Some(item);
    while sender.poll_send(&mut nobody(), &mut item).is_pending() {
        thread::yield_now();
    }
    assert!(item.is_none(), "it was taken");
}

pub fn receive<T>(receiver: &mut Receiver<T>) -> Option<T> {
    loop {
        match receiver.poll_receive(&mut nobody()) {
            Poll::Ready(item) => return item,
            Poll::Pending => thread::yield_now(),
        }
    }
}
