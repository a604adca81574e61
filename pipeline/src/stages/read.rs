//! `etl/read@v1`: from files to texts.

use std::sync::Arc;
use std::task::{Poll, Waker};

use waker_tables::WakeableTask;

use super::TURN;
use crate::channel::Sender;
use crate::document;
use crate::wiring::{Context, Wiring};

/// One file's text.
#[derive(Debug)]
pub struct Text {
    /// The file's number.
    pub file: u32,
    /// What is in it.
    pub text: String,
}

/// Reads files of a half until there are no more. Several share the files.
#[derive(Debug)]
pub struct Read {
    waker: Waker,
    wiring: Arc<Wiring>,
    half: usize,
    texts: Sender<Text>,
    /// Read, and not yet sent.
    held: Option<Text>,
}

impl Read {
    pub(crate) fn new(context: &Context, half: usize) -> Self {
        Self {
            waker: context.waker.clone(),
            wiring: context.wiring.clone(),
            half,
            texts: context.wiring.texts[half].sender(context.waker.clone()),
            held: None,
        }
    }

    /// Reads the next file; `false` if there is none.
    fn read(&mut self) -> bool {
        let Some((file, path)) = self.wiring.next_file(self.half) else {
            return false;
        };
        let (outcome, text) = document::load(path);
        self.held = text.map(|text| Text { file, text });
        if self.held.is_none() {
            self.wiring.progress.inc(1);
        }
        self.wiring.record(file, outcome);
        true
    }
}

impl WakeableTask for Read {
    fn poll(&mut self) -> Poll<()> {
        for _ in 0..TURN {
            if self.held.is_none() && !self.read() {
                return Poll::Ready(());
            }
            if self.held.is_some() {
                match self.texts.send(&mut self.held) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        }
        self.waker.wake_by_ref();
        Poll::Pending
    }
}
