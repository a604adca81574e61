//! Panics of targets that are not wakes: those are a law (`laws/wakers.rs`).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Wake, Waker};

use waker_tables::{WakerVTable, waker_vtable};

fn panics(run: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "it was to panic");
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
