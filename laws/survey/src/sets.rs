//! Sets of futures that are polled as one: the tasks stand in the set, beside the main future.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use futures::Stream;
use waker_laws::executor::Body;

use crate::{Exec, Subject};

pub fn subjects() -> Vec<Subject> {
    let set = |live| Exec { live, spawns: true, unpromised: &[] };
    vec![
        set(futures_unordered).subject("futures FuturesUnordered", "futures-util"),
        set(futures_buffered_set).subject("futures-buffered FuturesUnordered", "futures-buffered"),
        set(unicycle_set).subject("unicycle", "unicycle"),
        set(concurrency).subject("futures-concurrency FutureGroup", "futures-concurrency"),
        set(join_set).subject("tokio JoinSet", "tokio"),
        set(waker_set).subject("this crate, children of a WakerSet", "waker_tables 0.5"),
    ]
}

/// Polls the set for as long as something in it ends, then the main future.
fn drive(set: impl Stream, main: Body) {
    let (mut set, mut main) = (pin!(set), main);
    // One without tokens of earlier runs.
    beul::execute(poll_fn(|cx| {
        while let Poll::Ready(Some(_)) = set.as_mut().poll_next(cx) {}
        Pin::new(&mut main).poll(cx)
    }));
}

fn futures_unordered(main: Body, tasks: Vec<Body>) {
    drive(tasks.into_iter().collect::<futures::stream::FuturesUnordered<_>>(), main);
}

fn futures_buffered_set(main: Body, tasks: Vec<Body>) {
    drive(tasks.into_iter().collect::<futures_buffered::FuturesUnordered<_>>(), main);
}

fn unicycle_set(main: Body, tasks: Vec<Body>) {
    drive(tasks.into_iter().collect::<unicycle::FuturesUnordered<_>>(), main);
}

fn concurrency(main: Body, tasks: Vec<Body>) {
    let mut group = futures_concurrency::future::FutureGroup::new();
    for task in tasks {
        group.insert(task);
    }
    drive(group, main);
}

fn join_set(main: Body, tasks: Vec<Body>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let mut set = tokio::task::JoinSet::new();
        for task in tasks {
            set.spawn(task);
        }
        let mut main = main;
        poll_fn(|cx: &mut Context<'_>| {
            while let Poll::Ready(Some(_)) = set.poll_join_next(cx) {}
            Pin::new(&mut main).poll(cx)
        })
        .await;
    });
}

fn waker_set(mut main: Body, tasks: Vec<Body>) {
    let set = waker_tables::WakerSet::new(tasks.len());
    let mut tasks: Vec<_> = tasks.into_iter().map(Some).collect();
    (0..tasks.len()).for_each(|index| set.mark(index));
    beul::execute(poll_fn(|cx| {
        set.register(cx.waker());
        for index in set.drain() {
            let Some(task) = &mut tasks[index] else { continue };
            if Pin::new(task).poll(&mut Context::from_waker(&set.waker_ref(index))).is_ready() {
                tasks[index] = None;
            }
        }
        Pin::new(&mut main).poll(cx)
    }));
}
