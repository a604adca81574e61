//! A registered task's second word leads to the registry: its hook and its destructor run as often as an owned one's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

use waker_tables::{RegisteredTask, VTableKey, VTableRegistry, WakeableTask};

fn panics(run: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

#[test]
fn a_registered_task_closes_once_and_destroys_once_however_it_ends() {
    struct Counted(Arc<[AtomicU32; 2]>, bool);

    impl WakeableTask for Counted {
        fn poll(&mut self) -> Poll<()> {
            Poll::Pending
        }

        fn close(&mut self) {
            self.0[0].fetch_add(1, Ordering::Relaxed);
            assert!(!self.1, "asked to panic");
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0[1].fetch_add(1, Ordering::Relaxed);
        }
    }

    const KEY: VTableKey = VTableKey::new("drops", "counted", 1);
    static REGISTRY: VTableRegistry = VTableRegistry::new();
    let registry = &REGISTRY;
    registry.register_task::<Counted>(KEY);

    for closes in [0, 1, 2] {
        for panics_in_close in [false, true] {
            let counts = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
            let mut task = RegisteredTask::new_in(registry, Box::new(Counted(counts.clone(), panics_in_close)), KEY);
            let close = if closes == 2 { RegisteredTask::close } else { RegisteredTask::drop_in_place };
            for nth in 0..closes {
                assert_eq!(panics(|| close(&mut task)), panics_in_close && nth == 0);
            }
            assert_eq!(task.is_closed(), closes > 0);
            assert_eq!(panics(|| drop(task)), panics_in_close && closes == 0);
            assert_eq!(counts.each_ref().map(|count| count.load(Ordering::Relaxed)), [1, 1]);
            assert_eq!(Arc::strong_count(&counts), 1);
        }
    }
}
