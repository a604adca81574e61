//! `search/index@v1`: from counted words to the index of one shard of a half.

use std::mem;
use std::sync::Arc;
use std::task::{Poll, Waker};

use waker_tables::WakeableTask;

use super::TURN;
use super::parse::Parsed;
use crate::channel::{Receiver, Sender};
use crate::index::{Builder, HalfShard};
use crate::lists::Posting;
use crate::wiring::Context;

/// Indexes one shard of all files of a half, then sends it off.
#[derive(Debug)]
pub struct IndexHalf {
    waker: Waker,
    shard: usize,
    parsed: Receiver<Arc<Parsed>>,
    builder: Builder,
    halves: Sender<HalfShard>,
    /// Indexed, and not yet sent.
    held: Option<HalfShard>,
}

impl IndexHalf {
    pub(crate) fn new(context: &Context, half: usize, shard: usize) -> Self {
        Self {
            waker: context.waker.clone(),
            shard,
            parsed: context.wiring.parsed[half][shard].receiver(context.waker.clone()),
            builder: Builder::default(),
            halves: context.wiring.halves[half][shard].sender(context.waker.clone()),
            held: None,
        }
    }

    fn add(&mut self, parsed: &Parsed) {
        for (word, term) in parsed.terms(self.shard) {
            let (file, count) = (parsed.file, term.count);
            self.builder.add(word, term.hash, Posting { file, count });
        }
    }
}

impl WakeableTask for IndexHalf {
    fn poll(&mut self) -> Poll<()> {
        for _ in 0..TURN {
            if self.held.is_some() {
                return self.halves.send(&mut self.held).map(|_| ());
            }
            match self.parsed.receive() {
                Poll::Ready(Some(parsed)) => self.add(&parsed),
                Poll::Ready(None) => self.held = Some(mem::take(&mut self.builder).finish()),
                Poll::Pending => return Poll::Pending,
            }
        }
        self.waker.wake_by_ref();
        Poll::Pending
    }
}
