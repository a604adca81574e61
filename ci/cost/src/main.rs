//! Runs one hot path a thousand times; a profiler counts what `measured` executes.

use std::hint::black_box;
use std::sync::Arc;

use cost::*;
use waker_tables::{GLOBAL_VTABLE_REGISTRY, OwnedTask, RegisteredTask, VTableKey, VersionReq};

const ROUNDS: usize = 1000;

#[unsafe(no_mangle)]
#[inline(never)]
fn measured(path: &mut dyn FnMut()) {
    for _ in 0..ROUNDS {
        path();
    }
}

fn main() {
    let job = Arc::new(Job::new());
    let waker = cost_make(job.clone());
    let id = black_box(cost_id_waker(7));
    for number in 0..1000 {
        let kind = format!("kind{:03}", number / 3).leak();
        GLOBAL_VTABLE_REGISTRY.register_task::<Count>(VTableKey::new("cost", kind, number % 3));
    }
    let key = VTableKey::new("cost", "kind100", 1);
    let entry = GLOBAL_VTABLE_REGISTRY.entry(key.key_ref()).expect("registered");
    let mut owned: OwnedTask = cost_own(Box::new(Count::new()));
    let mut registered = RegisteredTask::new(Box::new(Count::new()), key);
    let mut boxed = Some(Box::new(Count::new()));

    let std_waker = black_box(std_make(job.clone()));
    let futures_waker = black_box(futures_make(job.clone()));
    let mut boxed_task = box_own(Box::new(Count::new()));

    let path = std::env::args().nth(1).expect("the name of a path");
    match &*path {
        "nothing" => measured(&mut || _ = black_box(&job)),
        "arc_clone_drop" => measured(&mut || drop(black_box(job.clone()))),
        "make_drop" => measured(&mut || drop(black_box(cost_make(job.clone())))),
        "make_drop_of_std" => measured(&mut || drop(black_box(std_make(job.clone())))),
        "make_drop_of_futures" => measured(&mut || drop(black_box(futures_make(job.clone())))),
        "borrow" => measured(&mut || drop(black_box(cost_borrow(black_box(&job))))),
        "borrow_of_futures" => measured(&mut || drop(black_box(futures_borrow(black_box(&job))))),
        "clone_drop" => measured(&mut || drop(black_box(black_box(&waker).clone()))),
        "clone_drop_of_std" => measured(&mut || drop(black_box(black_box(&std_waker).clone()))),
        "clone_wake" => measured(&mut || black_box(black_box(&waker).clone()).wake()),
        "clone_wake_of_std" => measured(&mut || black_box(black_box(&std_waker).clone()).wake()),
        "wake_by_ref" => measured(&mut || black_box(&waker).wake_by_ref()),
        "wake_by_ref_of_std" => measured(&mut || black_box(&std_waker).wake_by_ref()),
        "wake_by_ref_of_futures" => measured(&mut || black_box(&futures_waker).wake_by_ref()),
        "recover" => measured(&mut || _ = black_box(cost_get(black_box(&waker)))),
        "recover_pointer" => measured(&mut || drop(black_box(cost_get_pointer(black_box(&waker))))),
        "id_clone_drop" => measured(&mut || drop(black_box(black_box(&id).clone()))),
        "id_wake_by_ref" => measured(&mut || black_box(&id).wake_by_ref()),
        "id_recover" => measured(&mut || _ = black_box(cost_id(black_box(&id)))),
        "poll" => measured(&mut || _ = black_box(cost_poll(black_box(&mut owned)))),
        "poll_registered" => measured(&mut || _ = black_box(cost_poll_registered(black_box(&mut registered)))),
        "poll_of_box_dyn" => measured(&mut || _ = black_box(box_poll(black_box(&mut boxed_task)))),
        "task_make_drop" => measured(&mut || cost_task_drop(black_box(cost_own(Box::new(Count::new()))))),
        "task_make_drop_by_entry" => measured(&mut || {
            cost_task_drop_registered(
                black_box(cost_entry_task(black_box(entry), Box::new(Count::new()))).expect("its type"),
            );
        }),
        "task_make_drop_of_box_dyn" => measured(&mut || box_drop(black_box(box_own(Box::new(Count::new()))))),
        "task_make_drop_of_box" => measured(&mut || drop(black_box(Box::new(Count::new())))),
        "task_wake" => measured(&mut || cost_task_wake(black_box(&owned))),
        "look_up" => measured(&mut || {
            let _ = black_box(cost_look_up(&GLOBAL_VTABLE_REGISTRY, black_box(key.key_ref())));
        }),
        "resolve" => measured(&mut || {
            let wanted = VersionReq::AtMost(black_box(2));
            drop(black_box(cost_resolve(&GLOBAL_VTABLE_REGISTRY, black_box("cost"), black_box("kind100"), &wanted)));
        }),
        "entry_task" => measured(&mut || {
            let task = boxed.take().expect("it came back");
            let task = cost_entry_task(black_box(entry), task).expect("its type");
            boxed = task.downcast().ok();
        }),
        other => panic!("no such path: {other}"),
    }
}
