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

impl Schedule<Anywhere, Linked<Self>> for InQueue {
    fn schedule(&self, runnable: Runnable<Linked<Self>>) {
        self.queue.push(runnable).expect("it is open");
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
            queue.push(numbered(&queue, pushed)).expect("it is open");
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
    assert_eq!(
        [1, 2, 3].map(|number| queue.push(numbered(&queue, number)).expect("it is open")),
        [true, false, false]
    );
    let mut taker = queue.taker().expect("nobody has it");
    drop(taker.pop());
    assert_eq!([4, 5].map(|number| queue.push(numbered(&queue, number)).expect("it is open")), [true, false]);
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
        assert!(matches!(taker.pop().expect("scheduled").run_once(), Run::Pending));
        let waker = lock(&kept).take().expect("it was polled");
        waker.wake_by_ref();
        waker.wake_by_ref();
        waker.wake();
    }
    let last = taker.pop().expect("scheduled");
    assert!(taker.pop().is_none());
    assert!(matches!(last.run_once(), Run::Complete));
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
                    queue.push(numbered(queue, thread * EACH + number)).expect("it is open");
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
    impl Schedule<Anywhere, Linked<Self>> for Unused {
        fn schedule(&self, _: Runnable<Linked<Self>>) {}
    }
    let queue = Queue::new();
    let logs: Vec<_> = (0..5).map(|_| Log::new()).collect();
    let mut handles = Vec::new();
    for (number, log) in logs.iter().enumerate() {
        let (runnable, handle) = spawn(Body(log.clone()), Linked::new(Unused));
        queue.push(runnable).expect("it is open");
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
        queue.push(numbered(&queue, number)).expect("it is open");
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
        queue.push(numbered(&queue, number)).expect("it is open");
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

#[test]
fn a_batch_is_what_was_there_and_leaves_what_comes() {
    let queue = Arc::new(Queue::new());
    let push = |numbers: std::ops::Range<usize>| {
        for number in numbers {
            queue.push(numbered(&queue, number)).expect("it is open");
        }
    };
    let mut taker = queue.taker().expect("nobody has it");
    assert_eq!(taker.batch().count(), 0);
    push(0..3);
    let mut numbers = Vec::new();
    for runnable in taker.batch() {
        numbers.push(runnable.header().number);
        push(numbers.len() + 2..numbers.len() + 3);
    }
    assert_eq!(numbers, [0, 1, 2], "and none of those pushed meanwhile");
    assert!(!queue.is_empty());
    numbers.extend(taker.batch().take(1).map(|runnable| runnable.header().number));
    assert_eq!(numbers, [0, 1, 2, 3]);
    push(6..7);
    // What was left comes first, whoever asks next.
    numbers.extend(taker.batch().map(|runnable| runnable.header().number));
    numbers.extend(taker.by_ref().map(|runnable| runnable.header().number));
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6]);
    assert!(queue.is_empty());
    push(7..9);
    let _ = taker.batch();
    drop(taker);
    assert!(!queue.is_empty(), "a batch that nobody looked at is there still");
    let numbers = queue.taker().expect("it was given up").map(|runnable| runnable.header().number);
    assert!(numbers.eq(7..9));
}

/// A task that wakes itself is run once a batch.
#[test]
fn a_task_that_wakes_itself_does_not_keep_a_batch_going() {
    let queue = Arc::new(Queue::new());
    let body = std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        Poll::<()>::Pending
    });
    spawn_detached(body, Linked::new(InQueue { queue: queue.clone(), number: 0 })).schedule();
    let mut taker = queue.taker().expect("nobody has it");
    for _ in 0..3 {
        assert_eq!(taker.batch().map(|runnable| assert_eq!(runnable.run(), Ran::Woken)).count(), 1);
    }
    drop(taker.pop());
}

#[test]
fn a_closed_queue_gives_back_what_is_pushed_and_out_what_was() {
    let queue = Arc::new(Queue::new());
    let mut taker = queue.taker().expect("nobody has it");
    for number in 0..3 {
        queue.push(numbered(&queue, number)).expect("it is open");
    }
    assert_eq!(taker.pop().map(|runnable| runnable.header().number), Some(0));
    queue.push(numbered(&queue, 3)).expect("it is open");
    assert!(!queue.is_closed());
    for _ in 0..2 {
        taker.close();
        assert!(queue.is_closed() && !queue.is_empty());
        let back = queue.push(numbered(&queue, 9)).expect_err("it is closed");
        assert_eq!(back.run(), Ran::Complete, "as good as ever");
    }
    let numbers = taker.by_ref().map(|runnable| runnable.header().number).collect::<Vec<_>>();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(taker.pop().is_none() && taker.batch().next().is_none() && queue.is_empty() && queue.is_closed());
    drop(taker);
    assert!(queue.taker().is_some(), "it can be served, though nothing comes");
    assert_eq!(Arc::strong_count(&queue), 1, "all headers are gone");
}

#[test]
fn a_queue_that_is_closed_and_dropped_drops_its_runnables() {
    struct Unused;
    impl Schedule<Anywhere, Linked<Self>> for Unused {
        fn schedule(&self, _: Runnable<Linked<Self>>) {}
    }
    let (queue, log) = (Queue::new(), Log::new());
    queue.push(spawn_detached(Body(log.clone()), Linked::new(Unused))).expect("it is open");
    queue.taker().expect("nobody has it").close();
    assert_eq!(log.events(), "");
    drop(queue);
    assert_eq!(log.events(), "b");
}

/// Who is refused is noted, and whoever gives up the right is told, once.
#[test]
fn who_gives_up_the_right_hears_whether_somebody_asked() {
    let queue = Queue::<InQueue>::new();
    assert!(!queue.taker().expect("nobody has it").release());
    let taker = queue.taker().expect("it was given up");
    assert!(queue.taker().is_none() && queue.taker().is_none());
    assert!(taker.release());
    assert!(!queue.taker().expect("it was given up").release());
}

/// Tasks of one home in a queue, which other threads push to.
#[test]
fn a_queue_of_tasks_at_home() {
    struct Local(Arc<Queue<Self, AtHome>>);
    impl Schedule<AtHome, Linked<Self>> for Local {
        fn schedule(&self, runnable: LocalRunnable<Linked<Self>>) {
            self.0.push(runnable).expect("it is open");
        }
    }
    let (queue, home) = (Arc::new(Queue::new()), Home::new());
    let kept: Arc<Mutex<Option<Waker>>> = Arc::default();
    let (rc, waker) = (std::rc::Rc::new(3), Arc::clone(&kept));
    let mut polls = 0;
    let body = std::future::poll_fn(move |context| {
        polls += 1;
        *lock(&waker) = Some(context.waker().clone());
        if polls == *rc { Poll::Ready(()) } else { Poll::Pending }
    });
    home.spawn_detached(body, Linked::new(Local(queue.clone()))).schedule();
    let mut taker = queue.taker().expect("nobody has it");
    for expected in [Ran::Pending, Ran::Pending, Ran::Complete] {
        assert_eq!(home.run(taker.pop().expect("scheduled")).expect("it is at home here"), expected);
        let waker = lock(&kept).take().expect("it was polled");
        thread::spawn(move || waker.wake()).join().expect("no panic");
    }
    assert!(taker.pop().is_none());
}
