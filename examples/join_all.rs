//! A join of futures that are borrowed, of several types, and woken one by one. `cargo run --example join_all`

#![forbid(unsafe_code)]

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::thread;

use waker_tables::WakerSet;

/// What one thread leaves for a future on another.
#[derive(Default)]
struct Letter(Mutex<(Option<u32>, Option<Waker>)>);

impl Letter {
    fn leave(&self, number: u32) {
        let mut inside = self.0.lock().unwrap();
        inside.0 = Some(number);
        let waiting = inside.1.take();
        drop(inside);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    async fn take(&self, polls: &Cell<u32>) -> u32 {
        poll_fn(|context| {
            polls.set(polls.get() + 1);
            let mut inside = self.0.lock().unwrap();
            inside.1 = Some(context.waker().clone());
            inside.0.take().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

type Child<'a, T> = Pin<&'a mut (dyn Future<Output = T> + 'a)>;

/// Waits for all children. Each is polled once, and then when it was woken.
async fn join_all<T, const N: usize>(children: [Child<'_, T>; N]) -> [T; N] {
    let set = WakerSet::new(N);
    let mut children = children.map(Some);
    let mut outputs = [const { None }; N];
    (0..N).for_each(|index| set.mark(index));
    poll_fn(|context| {
        set.register(context.waker());
        for index in set.drain() {
            let Some(child) = &mut children[index] else { continue }; // It is over, and was woken once more.
            if let Poll::Ready(output) = child.as_mut().poll(&mut Context::from_waker(&set.waker_ref(index))) {
                (children[index], outputs[index]) = (None, Some(output));
            }
        }
        if children.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.map(|output| output.expect("all are over"))
}

fn main() {
    let letters = [Letter::default(), Letter::default(), Letter::default()];
    let polls = Cell::new(0); // Not `Send`: these futures stay on this thread.
    let mut first = pin!(letters[0].take(&polls));
    let mut second = pin!(async { letters[1].take(&polls).await + letters[2].take(&polls).await });
    let mut third = pin!(std::future::ready(3));
    let [first, second, third] = thread::scope(|scope| {
        for (letter, number) in letters.iter().zip([10, 20, 30]) {
            scope.spawn(move || letter.leave(number));
        }
        futures::executor::block_on(join_all([first.as_mut(), second.as_mut(), third.as_mut()]))
    });
    assert_eq!([first, second, third], [10, 50, 3]);
    assert!((3..=6).contains(&polls.get()), "each is polled when there is something for it");
    println!("{first}, {second} and {third}, in {} polls of the first two", polls.get());
}
