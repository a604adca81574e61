//! Every size that the documentation names.

use std::mem::offset_of;
use std::sync::Arc;
use std::task::{RawWakerVTable, Waker};

use waker_tables::*;

const WORD: usize = size_of::<usize>();

#[test]
fn handles_are_two_words_with_a_niche() {
    assert_eq!([size_of::<OwnedTask>(), size_of::<Option<OwnedTask>>()], [2 * WORD; 2]);
    assert_eq!([size_of::<LocalOwnedTask>(), size_of::<Option<LocalOwnedTask>>()], [2 * WORD; 2]);
    assert_eq!([size_of::<UnsafeWakeablePtr>(), size_of::<Option<UnsafeWakeablePtr>>()], [2 * WORD; 2]);
    assert_eq!([size_of::<RawTask>(), size_of::<Option<RawTask>>()], [2 * WORD; 2]);
    assert_eq!([size_of::<WakerRef<'_>>(), size_of::<Waker>()], [2 * WORD; 2]);
    assert_eq!(size_of::<Option<WakerRef<'_>>>(), 2 * WORD);
}

#[cfg(feature = "shared")]
#[test]
fn handles_of_shared_tasks_are_one_word_with_a_niche() {
    assert_eq!([size_of::<Runnable<u8>>(), size_of::<Option<Runnable<u8>>>()], [WORD; 2]);
    assert_eq!([size_of::<LocalRunnable<u8>>(), size_of::<Option<LocalRunnable<u8>>>()], [WORD; 2]);
    assert_eq!([size_of::<TaskRef<u8>>(), size_of::<Option<TaskRef<u8>>>()], [WORD; 2]);
    assert_eq!([size_of::<JoinHandle<[u64; 9], u8>>(), size_of::<Option<JoinHandle<[u64; 9], u8>>>()], [WORD; 2]);
    assert_eq!([size_of::<AnyTask>(), size_of::<Option<AnyTask>>()], [WORD; 2]);
    assert_eq!([size_of::<Run<u8>>(), size_of::<LocalRun<u8>>()], [2 * WORD; 2]);
    assert_eq!(size_of::<Claim<TaskMemory<64, 8>>>(), WORD);
    assert_eq!(size_of::<Home>(), WORD);
    assert_eq!([size_of::<Linked<()>>(), size_of::<Linked<u64>>()], [WORD, WORD + 8]);
}

#[cfg(feature = "shared")]
#[test]
fn a_queue_is_five_words() {
    struct Unused;
    impl Schedule<Anywhere, Linked<Self>> for Unused {
        fn schedule(&self, _: Runnable<Linked<Self>>) {}
    }
    assert_eq!(size_of::<Queue<Unused>>(), 5 * WORD);
    assert_eq!(size_of::<Queue<Unused, AtHome>>(), 5 * WORD);
}

#[cfg(feature = "set")]
#[test]
fn a_set_is_seven_words_with_a_niche() {
    assert_eq!([size_of::<WakerSet>(), size_of::<Option<WakerSet>>()], [7 * WORD; 2]);
    assert_eq!(size_of::<StaticWakerSet<9>>() - size_of::<StaticWakerSet<8>>(), 2 * WORD);
    assert_eq!(size_of::<StaticWakerSet<0>>(), 10 * WORD);
}

/// A slot is a joined task that may be local, and a word that says whether there is one.
#[cfg(feature = "shared")]
#[test]
fn a_slot_is_its_task_and_one_word() {
    struct Unused;
    impl Schedule for Unused {
        fn schedule(&self, _: Runnable<Self>) {}
    }
    type Body = std::future::Ready<[usize; 4]>;
    let header = crate::HEAD;
    let joiner = size_of::<Waker>();
    let home = WORD;
    assert_eq!(size_of::<TaskSlot<Unused, Body>>(), header + joiner + home + size_of::<Body>() + WORD);
}

#[cfg(feature = "registry")]
#[test]
fn a_registered_task_is_two_words_with_a_niche() {
    assert_eq!([size_of::<RegisteredTask>(), size_of::<Option<RegisteredTask>>()], [2 * WORD; 2]);
}

#[test]
fn the_hot_table_is_three_functions() {
    assert_eq!(size_of::<UnsafeWakeableVTable>(), 3 * WORD);
    assert_eq!(offset_of!(UnsafeWakeableVTable, poll_fn), 0);
    assert_eq!(offset_of!(UnsafeWakeableVTable, wake_fn), WORD);
    assert_eq!(offset_of!(UnsafeWakeableVTable, drop_fn), 2 * WORD);
}

#[test]
fn a_task_table_begins_with_the_hot_table() {
    struct Nothing;
    impl WakeableTask for Nothing {
        fn poll(&mut self) -> std::task::Poll<()> {
            std::task::Poll::Ready(())
        }
    }
    static TABLE: TaskVTable = TaskVTable::of::<Nothing>();
    static RAW: &UnsafeWakeableVTable = TABLE.raw();
    assert!(std::ptr::eq((&raw const TABLE).cast(), RAW));
    assert!(std::ptr::eq(&raw const *TABLE, RAW));
}

#[test]
fn a_waker_table_is_stds_and_two_words() {
    waker_vtable! { static ID: usize => ignore; }
    const fn ignore(_: usize) {}
    static RAW: &RawWakerVTable = ID.raw();
    assert_eq!(size_of::<WakerVTable<Arc<u8>>>(), size_of::<RawWakerVTable>() + 2 * WORD);
    assert!(std::ptr::eq((&raw const ID).cast(), RAW));
    assert!(std::ptr::eq(&raw const *ID, RAW));
}

#[test]
fn a_wake_state_is_one_word() {
    assert_eq!(size_of::<WakeState>(), WORD);
}
