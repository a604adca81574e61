//! Where the macros are used. Crates that rename `std` or have none are doctests and programs of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use waker_tables::{OwnedTask, derive_unsafe_wakeable_vtable, waker_vtable};

/// User items with the names of ours, no prelude, no `unsafe`, and every macro twice.
#[no_implicit_prelude]
#[forbid(unsafe_code)]
#[allow(dead_code, reason = "the names are what is tested")]
mod hostile {
    use ::std::sync::Arc as Rc;
    use ::std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug)]
    pub struct Arc;
    #[derive(Debug)]
    pub struct WakerVTable;
    #[derive(Debug)]
    pub enum Option {}
    #[derive(Debug)]
    pub struct Slot;
    pub trait Wake {}
    pub mod core {}
    pub mod std {}

    #[derive(Debug)]
    pub struct First(pub AtomicUsize);
    #[derive(Debug)]
    pub struct Second(pub AtomicUsize);

    impl First {
        pub fn woken(self: &Rc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    impl Second {
        pub fn wake(self: Rc<Self>) {
            self.0.fetch_add(10, Ordering::Relaxed);
        }
    }

    ::waker_tables::derive_arc_unsafe_wakeable!(First, woken);
    ::waker_tables::derive_arc_unsafe_wakeable!(Second, wake);
    ::waker_tables::declare_raw_waker_vtable!(First, FIRST);
    ::waker_tables::declare_raw_waker_vtable!(Second, SECOND);
    ::waker_tables::waker_vtable! {
        pub static FIRST_AGAIN: Rc<First> => First::woken;
    }
    ::waker_tables::waker_vtable! {
        pub(crate) static SECOND_AGAIN: Rc<Second> => Second::wake;
        static NAMED_LIKE_OURS: &'static Slot => nothing;
    }

    fn nothing(_: &Slot) {}
}

#[test]
fn macros_need_no_prelude_and_no_name_of_the_users() {
    let first = Arc::new(hostile::First(AtomicUsize::new(0)));
    hostile::FIRST.waker(first.clone()).wake();
    hostile::FIRST_AGAIN.waker_ref(&first).wake_by_ref();
    assert_eq!(first.0.load(Ordering::Relaxed), 2);

    let second = Arc::new(hostile::Second(AtomicUsize::new(0)));
    hostile::SECOND.waker_ref(&second).wake_by_ref();
    hostile::SECOND_AGAIN.waker(second.clone()).wake();
    assert_eq!((Arc::strong_count(&second), second.0.load(Ordering::Relaxed)), (1, 20));
}

#[test]
fn macros_work_in_functions_for_private_types() {
    struct Private(AtomicUsize);

    impl Private {
        fn woken(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    waker_vtable! {
        static INSIDE: Arc<Private> => Private::woken;
        static FIXED: &'static Private => Private::woken;
    }

    static TARGET: Private = Private(AtomicUsize::new(0));
    let private = Arc::new(Private(AtomicUsize::new(0)));
    INSIDE.waker(private.clone()).wake();
    FIXED.waker(&TARGET).wake();
    assert_eq!((private.0.load(Ordering::Relaxed), TARGET.0.load(Ordering::Relaxed)), (1, 1));
}

mod visible {
    use std::sync::Arc;

    struct Hidden;

    const fn nothing(_: &Hidden) {}

    waker_tables::waker_vtable! {
        /// More visible than its target.
        pub(super) static HIDDEN: Arc<Hidden> => nothing;
    }

    pub(super) fn is_hidden(waker: &std::task::Waker) -> bool {
        HIDDEN.matches(waker)
    }

    pub(super) fn waker() -> std::task::Waker {
        HIDDEN.waker(Arc::new(Hidden))
    }
}

#[test]
fn a_table_may_be_more_visible_than_its_type() {
    assert!(visible::is_hidden(&visible::waker()));
}

mod traits {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    pub(super) trait Runs: Send + Sync + 'static {
        fn run(&self);
    }

    pub(super) struct Generic<T>(pub(super) T, pub(super) AtomicUsize);

    impl<T: Send + Sync + 'static> Runs for Generic<T> {
        fn run(&self) {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
    }

    waker_tables::waker_vtable! {
        pub(super) static OF_TRAIT: Arc<Generic<u8>> => <Generic<u8> as Runs>::run;
        pub(super) static IN_SCOPE: Arc<Generic<u16>> => Generic::<u16>::run;
        pub(super) static BOXED: Arc<Box<dyn Runs>> => boxed;
    }

    #[expect(clippy::borrowed_box, reason = "the shape asks for it")]
    fn boxed(target: &Box<dyn Runs>) {
        target.run();
    }
}

#[test]
fn a_path_may_name_a_trait_method_or_an_instance_of_a_generic_type() {
    let of_trait = Arc::new(traits::Generic(1_u8, AtomicUsize::new(0)));
    traits::OF_TRAIT.waker(of_trait.clone()).wake();
    let in_scope = Arc::new(traits::Generic(1_u16, AtomicUsize::new(0)));
    traits::IN_SCOPE.waker(in_scope.clone()).wake();
    let boxed: Arc<Box<dyn traits::Runs>> = Arc::new(Box::new(traits::Generic(1_u32, AtomicUsize::new(0))));
    traits::BOXED.waker(boxed).wake();
    assert_eq!((of_trait.0, of_trait.1.load(Ordering::Relaxed)), (1, 1));
    assert_eq!((in_scope.0, in_scope.1.load(Ordering::Relaxed)), (1, 1));
}

#[test]
fn task_tables_work_in_functions_and_twice() {
    #[derive(Debug)]
    struct Nothing;

    // SAFETY: nothing is done.
    unsafe impl waker_tables::UnsafeWakeableTask for Nothing {
        unsafe fn poll(&mut self) -> std::task::Poll<()> {
            std::task::Poll::Ready(())
        }
        unsafe fn wake(&self) {}
        unsafe fn drop_in_place(&mut self) {}
    }

    /// Methods of the type's own with the names of the trait's are never called.
    impl Nothing {
        #[expect(dead_code, reason = "that is the point")]
        fn poll(&mut self) -> ! {
            unreachable!("{:p}", self)
        }
    }

    derive_unsafe_wakeable_vtable!(Nothing, ONE);
    derive_unsafe_wakeable_vtable!(Nothing, TWO);
    for table in [&ONE, &TWO] {
        let mut task = OwnedTask::with_table(Box::new(Nothing), table).expect("its own table");
        assert!(task.poll().is_ready());
    }
}
