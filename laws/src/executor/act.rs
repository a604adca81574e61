//! What a script does in one poll.

use std::fmt;
use std::sync::Arc;
use std::task::Context;
use std::thread;
use std::time::Duration;

use super::body::{Watched, calling};
use super::scene::Threads;

/// One poll's act, after which it answers pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    InPoll,
    CloneInPoll,
    ManyInPoll,
    FromThreadInPoll,
    Later,
    CloneLater,
    ManyLater,
}

impl Act {
    /// How many wakes it makes.
    pub(super) fn wakes(self) -> usize {
        match self {
            Self::ManyInPoll | Self::ManyLater => 3,
            _ => 1,
        }
    }

    pub(super) fn play(
        self,
        watched: &Arc<Watched>,
        poll: usize,
        cx: &Context<'_>,
        threads: &Threads,
        limit: Duration,
    ) {
        let waker = cx.waker();
        match self {
            Self::InPoll => calling(|| waker.wake_by_ref()),
            Self::CloneInPoll => {
                let clone = waker.clone();
                calling(|| clone.wake());
            }
            Self::ManyInPoll => calling(|| (0..3).for_each(|_| waker.wake_by_ref())),
            Self::FromThreadInPoll => {
                let waker = waker.clone();
                let woken = thread::spawn(move || calling(|| waker.wake())).join();
                assert!(woken.is_ok(), "a wake panicked");
            }
            Self::Later => {
                let waker = waker.clone();
                threads.after_poll(watched, poll, limit, move || calling(|| waker.wake()));
            }
            Self::CloneLater => {
                let waker = waker.clone();
                threads.after_poll(watched, poll, limit, move || {
                    let clone = waker.clone();
                    calling(|| drop(waker));
                    calling(|| clone.wake_by_ref());
                    calling(|| drop(clone));
                });
            }
            Self::ManyLater => {
                let waker = waker.clone();
                threads.after_poll(watched, poll, limit, move || {
                    for clone in [waker.clone(), waker.clone(), waker] {
                        calling(|| clone.wake());
                    }
                });
            }
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InPoll => "poll: wake_by_ref, pending",
            Self::CloneInPoll => "poll: wake a clone by value, pending",
            Self::ManyInPoll => "poll: wake_by_ref three times, pending",
            Self::FromThreadInPoll => "poll: wake on another thread, join it, pending",
            Self::Later => "poll: pending; then, on another thread, wake",
            Self::CloneLater => "poll: pending; then, on another thread, clone, drop, wake the clone by reference",
            Self::ManyLater => "poll: pending; then, on another thread, wake three times",
        })
    }
}
