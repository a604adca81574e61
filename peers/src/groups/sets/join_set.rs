//! tokio's `JoinSet` on a runtime of one thread: each child is a task of it.

use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinSet, LocalSet, yield_now};

use super::{Child, Court};
use crate::harness::{Round, timed};

pub(super) const NAME: &str = "tokio JoinSet";

struct Tokio {
    shared: &'static Court,
    local: LocalSet,
    runtime: Runtime,
}

impl Tokio {
    fn new(count: usize) -> Self {
        let runtime = Builder::new_current_thread().build().expect("a runtime can be made");
        Self { shared: Court::leaked(count), local: LocalSet::new(), runtime }
    }

    /// Polls until so many more polls were made.
    async fn polled(shared: &Court, more: u64) {
        let before = shared.polls.get();
        while shared.polls.get() - before < more {
            yield_now().await;
        }
    }

    /// A set whose children were all polled, and wait.
    async fn waiting(shared: &'static Court) -> JoinSet<u64> {
        let mut set = JoinSet::new();
        for place in 0..shared.wakers.len() {
            set.spawn_local(Child { shared, place });
        }
        Self::polled(shared, shared.wakers.len() as u64).await;
        set
    }
}

pub(super) fn steady(count: usize, woken: usize) -> Round<'static> {
    let tokio = Tokio::new(count);
    let shared = tokio.shared;
    let set = tokio.local.block_on(&tokio.runtime, Tokio::waiting(shared));
    let mut first = 0;
    timed(move || {
        let _alive = &set;
        tokio.local.block_on(&tokio.runtime, async {
            for at in 0..woken {
                shared.wake((first + at * (count / woken)) % count);
            }
            Tokio::polled(shared, woken as u64).await;
        });
        first += 1;
        woken as u64
    })
}

pub(super) fn life(count: usize) -> Round<'static> {
    let tokio = Tokio::new(count);
    let shared = tokio.shared;
    timed(move || {
        tokio.local.block_on(&tokio.runtime, async {
            let mut set = Tokio::waiting(shared).await;
            shared.over.set(true);
            (0..count).for_each(|place| shared.wake(place));
            let mut sum = 0;
            while let Some(one) = set.join_next().await {
                sum += one.expect("no child panics");
            }
            shared.over.set(false);
            sum
        })
    })
}
