//! The run queue that allocates nothing.

use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;

use waker_tables::*;

use super::world::{Body, Log, lock};

struct InQueue {
    queue: Arc<Queue<Self>>,
    number: usize,
}

impl ScheduleLinked for InQueue {
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        self.queue.push(runnable);
    }
}

fn numbered(queue: &Arc<Queue<InQueue>>, number: usize) -> Runnable<Linked<InQueue>> {
    spawn_detached(async {}, Linked::new(InQueue { queue: queue.clone(), number }))
}

#[test]
fn first_in_first_out_also_across_batches() {
    let queue = Arc::new(Queue::new());
    let mut taker = queue.taker().expect("nobody has it");
    assert!(taker.pop().is_none());
    let mut numbers = Vec::new();
    let mut pushed = 0;
    for (push, pop) in [(3, 1), (2, 3), (0, 2), (4, 4), (1, 1)] {
        for _ in 0..push {
            queue.push(numbered(&queue, pushed));
            pushed += 1;
        }
        for _ in 0..pop {
            numbers.extend(taker.pop().map(|runnable| runnable.header().number));
        }
    }
    assert!(numbers.iter().copied().eq(0..10));
    numbers.extend(taker.by_ref().map(|runnable| runnable.header().number));
    assert!(numbers.iter().copied().eq(0..pushed));
    assert!(taker.pop().is_none());
}

#[test]
fn a_push_tells_whether_the_taker_has_to_be_woken() {
    let queue = Arc::new(Queue::new());
    assert_eq!([1, 2, 3].map(|number| queue.push(numbered(&queue, number))), [true, false, false]);
    let mut taker = queue.taker().expect("nobody has it");
    drop(taker.pop());
    assert_eq!([4, 5].map(|number| queue.push(numbered(&queue, number))), [true, false]);
    assert_eq!(taker.count(), 4);
}

#[test]
fn the_wakes_of_a_task_put_it_in_once() {
    let queue = Arc::new(Queue::new());
    let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
    let mut polls = 0;
    let body = {
        let kept = Arc::clone(&kept);
        std::future::poll_fn(move |context| {
            polls += 1;
            *lock(&kept) = Some(context.waker().clone());
            if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
        })
    };
    spawn_detached(body, Linked::new(InQueue { queue: queue.clone(), number: 0 })).schedule();
    let mut taker = queue.taker().expect("nobody has it");
    for _ in 0..2 {
        assert!(matches!(taker.pop().expect("scheduled").run(), Run::Pending));
        let waker = lock(&kept).take().expect("it was polled");
        waker.wake_by_ref();
        waker.wake_by_ref();
        waker.wake();
    }
    let last = taker.pop().expect("scheduled");
    assert!(taker.pop().is_none());
    assert!(matches!(last.run(), Run::Complete));
    drop((lock(&kept).take(), taker));
    assert_eq!(Arc::strong_count(&queue), 1, "the header is gone");
}

#[test]
fn many_push_and_one_takes() {
    const THREADS: usize = 3;
    const EACH: usize = if cfg!(miri) { 10 } else { 2_000 };
    let queue = Arc::new(Queue::new());
    let mut numbers = Vec::new();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let queue = &queue;
            scope.spawn(move || {
                for number in 0..EACH {
                    queue.push(numbered(queue, thread * EACH + number));
                }
            });
        }
        let mut taker = queue.taker().expect("nobody has it");
        while numbers.len() < THREADS * EACH {
            match taker.pop() {
                Some(runnable) => numbers.push(runnable.header().number),
                None => thread::yield_now(),
            }
        }
    });
    for thread in 0..THREADS {
        let range = thread * EACH..(thread + 1) * EACH;
        let of_one = numbers.iter().copied().filter(|number| range.contains(number));
        assert!(of_one.eq(range.clone()), "those of one thread come in order, and each once");
    }
    assert_eq!(Arc::strong_count(&queue), 1);
}

#[test]
fn a_queue_that_is_dropped_drops_its_runnables() {
    struct Unused;
    impl ScheduleLinked for Unused {
        fn schedule(&self, _: Runnable<Linked<Self>>) {}
    }
    let queue = Queue::new();
    let logs: Vec<_> = (0..5).map(|_| Log::new()).collect();
    let mut handles = Vec::new();
    for (number, log) in logs.iter().enumerate() {
        let (runnable, handle) = spawn(Body(log.clone()), Linked::new(Unused));
        queue.push(runnable);
        handles.push(handle);
        if number == 2 {
            // The rest stays in the taker's list.
            drop(queue.taker().expect("nobody has it").pop());
        }
    }
    assert_eq!(logs.iter().map(|log| log.events()).collect::<Vec<_>>(), ["b", "", "", "", ""]);
    drop(queue);
    assert_eq!(logs.iter().map(|log| log.events()).collect::<Vec<_>>(), ["", "b", "b", "b", "b"]);
    for handle in handles {
        assert!(matches!(futures::executor::block_on(handle), Err(JoinError::Cancelled)));
    }
}

#[test]
fn a_forgotten_taker_takes_the_right_with_it() {
    let queue = Queue::<InQueue>::default();
    std::mem::forget(queue.taker());
    assert!(queue.taker().is_none());
}

#[test]
fn the_data_is_seen_through_the_link() {
    let queue = Arc::new(Queue::new());
    let runnable = numbered(&queue, 7);
    let task = runnable.task();
    assert_eq!([runnable.header().number, task.header().number], [7, 7]);
    let waker = task.to_waker();
    assert!(TaskRef::<Linked<InQueue>>::from_waker(&waker).is_some());
    assert!(TaskRef::<InQueue>::from_waker(&waker).is_none());
}

#[test]
fn the_next_taker_goes_on_where_the_last_one_left_off() {
    let queue = Arc::new(Queue::new());
    for number in 0..4 {
        queue.push(numbered(&queue, number));
    }
    for number in 0..4 {
        let mut taker = queue.taker().expect("the last one was dropped");
        assert_eq!(taker.pop().map(|runnable| runnable.header().number), Some(number));
    }
}

#[test]
fn one_takes_at_a_time() {
    let queue = Arc::new(Queue::new());
    for number in 0..4 {
        queue.push(numbered(&queue, number));
    }
    let mut taker = queue.taker().expect("nobody has it");
    assert!(queue.taker().is_none() && queue.taker().is_none());
    assert!(thread::scope(|scope| scope.spawn(|| queue.taker().is_none()).join().expect("no panic")));
    assert_eq!(taker.pop().map(|runnable| runnable.header().number), Some(0));
    drop(taker);
    // The next one goes on where that one left off.
    let taker = queue.taker().expect("it was given up");
    assert!(taker.map(|runnable| runnable.header().number).eq(1..4));
}
