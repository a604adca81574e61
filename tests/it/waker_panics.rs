//! A panic in the function that a wake runs leaves the counts right and later wakes working.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Wake, Waker};

use waker_tables::{WakerVTable, declare_raw_waker_vtable, derive_arc_unsafe_wakeable, waker_vtable};

#[derive(Default)]
struct Moody {
    bad: AtomicBool,
    wakes: AtomicUsize,
}

impl Moody {
    fn by_target(&self) {
        assert!(!self.bad.load(Ordering::Relaxed), "a bad mood");
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }

    fn by_reference(self: &Arc<Self>) {
        self.by_target();
    }

    fn by_pointer(self: Arc<Self>) {
        self.by_target();
    }
}

derive_arc_unsafe_wakeable!(Moody, by_pointer);
declare_raw_waker_vtable!(Moody, DECLARED);

waker_vtable! {
    static BY_TARGET: Arc<Moody> => Moody::by_target;
    static BY_REFERENCE: Arc<Moody> => Moody::by_reference;
    static BY_POINTER: Arc<Moody> => Moody::by_pointer;
}

fn panics(run: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "it was to panic");
}

#[test]
fn a_panic_in_a_wake_keeps_the_counts_right() {
    let tables: [&'static WakerVTable<Arc<Moody>>; 4] = [&BY_TARGET, &BY_REFERENCE, &BY_POINTER, &DECLARED];
    for table in tables {
        let moody = Arc::new(Moody::default());
        let waker = table.waker(moody.clone());
        moody.bad.store(true, Ordering::Relaxed);

        panics(|| waker.wake_by_ref());
        assert_eq!(Arc::strong_count(&moody), 2, "by reference: the waker still has its count");
        panics(|| table.waker_ref(&moody).wake_by_ref());
        assert_eq!(Arc::strong_count(&moody), 2, "borrowed: nothing was taken");
        let second = waker.clone();
        panics(|| second.wake());
        assert_eq!(Arc::strong_count(&moody), 2, "by value: the waker is used up");

        moody.bad.store(false, Ordering::Relaxed);
        waker.wake();
        assert_eq!((Arc::strong_count(&moody), moody.wakes.load(Ordering::Relaxed)), (1, 1));
    }
}

#[test]
fn a_panic_in_a_target_that_a_waker_frees_frees_the_memory() {
    struct Bomb(Arc<()>);
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("the destructor");
        }
    }
    impl Bomb {
        fn nothing(&self) {
            let _ = &self.0;
        }
    }
    waker_vtable! { static BOMB: Arc<Bomb> => Bomb::nothing; }

    let seen = Arc::new(());
    panics(|| drop(BOMB.waker(Arc::new(Bomb(seen.clone())))));
    assert_eq!(Arc::strong_count(&seen), 1, "the fields are dropped");
    panics(|| BOMB.waker(Arc::new(Bomb(seen.clone()))).wake());
    assert_eq!(Arc::strong_count(&seen), 1);
}

#[test]
fn best_effort_wakers_panic_like_stds() {
    struct Generic<T>(T);
    impl<T: Send + Sync + 'static> Wake for Generic<T> {
        fn wake(self: Arc<Self>) {
            panic!("always");
        }
    }
    let arc = Arc::new(Generic(1));
    let borrowed = WakerVTable::<Arc<Generic<i32>>>::best_effort().waker_ref(&arc);
    panics(|| borrowed.wake_by_ref());
    assert_eq!((Arc::strong_count(&arc), arc.0), (1, 1));
    let owned: Waker = borrowed.clone();
    assert_eq!(Arc::strong_count(&arc), 2);
    assert!(borrowed.will_wake(&owned) || cfg!(miri), "as good as std's, which Miri makes as bad as it may be");
    drop(owned);
    assert_eq!(Arc::strong_count(&arc), 1);
}
