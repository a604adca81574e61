//! A run queue on one thread. A task that waits is in no queue, and is really woken: whoever wakes it holds a `Waker`
//! whose target is the task's slot.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use waker_tables::{OwnedTask, Pause, Start, WakeState, WakeableTask, Woke, waker_vtable};

static READY: Mutex<VecDeque<usize>> = Mutex::new(VecDeque::new());
static BALL: AtomicUsize = AtomicUsize::new(0);

/// The scheduler's part of a task: what its wakers lead to.
struct Slot(usize, WakeState);

impl Slot {
    fn on_wake(&self) {
        if self.1.wake() == Woke::Schedule {
            self.push();
        }
    }

    fn push(&self) {
        READY.lock().expect("nobody panics under it").push_back(self.0);
    }
}

waker_vtable! { static SLOT: Arc<Slot> => Slot::on_wake; }

/// Passes the ball on and wakes the next player, then waits for it to come round.
struct Player(usize, u32, Waker);

impl WakeableTask for Player {
    fn poll(&mut self) -> Poll<()> {
        let Self(number, rounds, next) = self;
        if BALL.load(Ordering::Relaxed) == *number {
            *rounds -= 1;
            println!("player {number} passes, {rounds} rounds left");
            BALL.store((*number + 1) % 3, Ordering::Relaxed);
            next.wake_by_ref();
        }
        if *rounds == 0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn main() {
    let slots = [0, 1, 2].map(|number| Arc::new(Slot(number, WakeState::new())));
    let next = |number: usize| SLOT.waker(Arc::clone(&slots[(number + 1) % 3]));
    let mut tasks = [0, 1, 2].map(|number| OwnedTask::new(Box::new(Player(number, 2, next(number)))));
    SLOT.waker_ref(&slots[0]).wake_by_ref();

    let pop = || READY.lock().expect("nobody panics under it").pop_front();
    let mut polls = 0;
    while let Some(number) = pop() {
        let (task, state) = (&mut tasks[number], &slots[number].1);
        assert_eq!(state.start(), Start::Run);
        polls += 1;
        if task.poll().is_ready() {
            let _ = state.complete();
        } else if state.pause() == Pause::Again {
            slots[number].push();
        }
    }
    println!("{polls} polls for 6 passes; all done: {}", slots.iter().all(|slot| slot.1.is_complete()));
}
