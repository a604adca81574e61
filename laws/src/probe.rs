//! What the kit puts into a waker's target.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};

type Hook = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Shared {
    wakes: AtomicUsize,
    drops: AtomicUsize,
    /// The threads that are inside of [`Probe::woken`].
    waking: Mutex<Vec<ThreadId>>,
    ended_in_wake: AtomicBool,
    on_wake: Mutex<Option<Hook>>,
    on_drop: Mutex<Option<Hook>>,
}

/// Stands in a target: tells the kit of its wakes, and by its drop of its end.
///
/// The target's wake function calls [`woken`](Self::woken), and the target owns the probe: it is dropped with it.
pub struct Probe(Arc<Shared>);

impl Probe {
    /// To be called by the wake function, each time.
    ///
    /// May panic, wake, clone and drop wakers of this and of other targets: what a wake function may do.
    pub fn woken(&self) {
        woken(&self.0);
    }
}

impl Probe {
    /// What calls [`woken`](Self::woken) without borrowing the probe, for subjects that are wrong on purpose.
    #[doc(hidden)]
    pub fn hook(&self) -> impl Fn() + Send + Sync + 'static + use<> {
        let shared = self.0.clone();
        move || woken(&shared)
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        if lock(&self.0.waking).contains(&thread::current().id()) {
            self.0.ended_in_wake.store(true, Ordering::SeqCst);
        }
        self.0.drops.fetch_add(1, Ordering::SeqCst);
        let hook = lock(&self.0.on_drop).take();
        if let Some(hook) = hook {
            hook();
        }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe").field("wakes", &self.0.wakes).finish_non_exhaustive()
    }
}

fn woken(shared: &Arc<Shared>) {
    struct Leave<'a>(&'a Shared);

    impl Drop for Leave<'_> {
        fn drop(&mut self) {
            let mut waking = lock(&self.0.waking);
            let place = waking.iter().position(|&id| id == thread::current().id());
            waking.swap_remove(place.expect("it was entered"));
        }
    }

    // The probe may be dropped meanwhile, by a target that is wrong.
    let shared = shared.clone();
    shared.wakes.fetch_add(1, Ordering::SeqCst);
    lock(&shared.waking).push(thread::current().id());
    let _leave = Leave(&shared);
    let hook = lock(&shared.on_wake).take();
    if let Some(hook) = hook {
        hook();
    }
}

/// The kit's end of a probe.
#[derive(Clone)]
pub(crate) struct Watch(Arc<Shared>);

impl Watch {
    pub(crate) fn new() -> (Self, Probe) {
        let shared = Arc::<Shared>::default();
        (Self(shared.clone()), Probe(shared))
    }

    pub(crate) fn wakes(&self) -> usize {
        self.0.wakes.load(Ordering::SeqCst)
    }

    pub(crate) fn is_live(&self) -> bool {
        self.0.drops.load(Ordering::SeqCst) == 0
    }

    /// The target ended while its own wake function was running on the same thread.
    pub(crate) fn ended_in_wake(&self) -> bool {
        self.0.ended_in_wake.load(Ordering::SeqCst)
    }

    /// Runs `hook` inside of the next wake.
    pub(crate) fn on_wake(&self, hook: impl FnOnce() + Send + 'static) {
        *lock(&self.0.on_wake) = Some(Box::new(hook));
    }

    /// Runs `hook` inside of the target's drop.
    pub(crate) fn on_drop(&self, hook: impl FnOnce() + Send + 'static) {
        *lock(&self.0.on_drop) = Some(Box::new(hook));
    }

    /// Takes the hooks back that have not run.
    pub(crate) fn disarm(&self) {
        for hook in [&self.0.on_wake, &self.0.on_drop] {
            // Dropped outside of the lock: a hook may own wakers.
            let hook = lock(hook).take();
            drop(hook);
        }
    }
}

/// A lock that a panic of the kit's own making does not spoil.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
