//! Outputs of many borrowed futures in the order in which they come. `cargo run --example unordered`

#![forbid(unsafe_code)]

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use waker_tables::WakerSet;

/// Futures in any number; one that is over leaves its index to the next.
struct Unordered<'a, T> {
    children: Vec<Option<Pin<Box<dyn Future<Output = T> + 'a>>>>,
    free: Vec<usize>,
    set: WakerSet,
}

impl<'a, T> Unordered<'a, T> {
    fn new() -> Self {
        Self { children: Vec::new(), free: Vec::new(), set: WakerSet::new(8) }
    }

    fn push(&mut self, child: impl Future<Output = T> + 'a) {
        let index = self.free.pop().unwrap_or(self.children.len());
        self.children.resize_with(self.children.len().max(index + 1), || None);
        self.children[index] = Some(Box::pin(child));
        self.set.grow(self.children.len()).expect("there is memory");
        self.set.mark(index);
    }

    /// The next output; `None` if nobody is left.
    async fn next(&mut self) -> Option<T> {
        poll_fn(|context| {
            if self.free.len() == self.children.len() {
                return Poll::Ready(None);
            }
            self.set.register(context.waker());
            // What this leaves where it returns, the next one gives first.
            for index in self.set.drain() {
                let Some(child) = &mut self.children[index] else { continue };
                let waker = self.set.waker_ref(index);
                if let Poll::Ready(output) = child.as_mut().poll(&mut Context::from_waker(&waker)) {
                    self.children[index] = None;
                    self.free.push(index);
                    return Poll::Ready(Some(output));
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Is ready at the poll after so many.
async fn after(mut polls: u32, name: &str) -> &str {
    poll_fn(|context| {
        let Some(left) = polls.checked_sub(1) else { return Poll::Ready(name) };
        polls = left;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

fn main() {
    let names = String::from("slow quick middle");
    futures::executor::block_on(async {
        let mut all = Unordered::new();
        for (name, polls) in names.split(' ').zip([9, 0, 3]) {
            all.push(after(polls, name));
        }
        assert_eq!(all.next().await, Some("quick"));
        all.push(after(7, "late")); // at the index of the quick one
        let rest = [all.next().await, all.next().await, all.next().await, all.next().await];
        assert_eq!(rest, [Some("middle"), Some("late"), Some("slow"), None]);
        println!("quick, then {rest:?}");
    });
}
