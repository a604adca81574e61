//! An executor of one thread: right, or with one bug. One that loses a wake ends its run early instead of hanging.

mod bug;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

pub(crate) use bug::Bug;
use waker_laws::executor::{Body, ExecutorSubject};

use crate::wrong_waker::HANG;

/// What was leaked, where a leak check finds it.
static LEAKED: Mutex<Vec<Body>> = Mutex::new(Vec::new());

thread_local! {
    /// The runs of this thread, the innermost last.
    static RUNS: RefCell<Vec<Arc<Queue>>> = const { RefCell::new(Vec::new()) };
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Queue {
    bug: Bug,
    home: ThreadId,
    ready: Mutex<VecDeque<Arc<Task>>>,
    changed: Condvar,
    state: Mutex<RunState>,
}

#[derive(Default)]
struct RunState {
    lost: bool,
    ending: bool,
    over: bool,
}

#[derive(Default)]
struct TaskState {
    scheduled: bool,
    finished: bool,
    polls: usize,
    wakes_in_poll: usize,
    woken_from_thread: bool,
    by_ref_in_poll: usize,
}

struct Task {
    queue: Arc<Queue>,
    /// A second handle on its body, which only a wrong executor has use for.
    twin: Mutex<Option<Body>>,
    body: Mutex<Option<Body>>,
    state: Mutex<TaskState>,
}

impl Task {
    fn in_poll(&self) -> bool {
        lock(&self.twin).as_ref().is_some_and(Body::in_poll)
    }

    fn schedule(self: &Arc<Self>) {
        let mut state = lock(&self.state);
        let again = std::mem::replace(&mut state.scheduled, true);
        match self.queue.bug {
            Bug::PollsForEachWake if !state.finished => {}
            Bug::PollsPastReady if !again => {}
            _ if state.finished || again => return,
            _ => {}
        }
        drop(state);
        let mut ready = lock(&self.queue.ready);
        if lock(&self.queue.state).over {
            return; // a queue that nobody empties any more, and its tasks, would own each other
        }
        if self.queue.bug == Bug::LastInFirstOut {
            ready.push_front(self.clone());
        } else {
            ready.push_back(self.clone());
        }
        drop(ready);
        self.queue.changed.notify_all();
    }

    fn lose(&self) {
        lock(&self.queue.state).lost = true;
        self.queue.changed.notify_all();
    }

    fn wake_as(self: &Arc<Self>, by_value: bool) {
        let home = self.queue.home == thread::current().id();
        let in_poll = self.in_poll();
        let (ending, over) = {
            let state = lock(&self.queue.state);
            (state.ending, state.over)
        };
        let finished = lock(&self.state).finished;
        if !home {
            lock(&self.state).woken_from_thread = true;
        }
        lock(&self.state).by_ref_in_poll += usize::from(in_poll && !by_value);
        match self.queue.bug {
            Bug::LosesInPoll if home && in_poll && by_value => return self.lose(),
            Bug::LosesAfterAnother if home && in_poll && by_value && lock(&self.state).by_ref_in_poll > 0 => {
                return self.lose();
            }
            Bug::LosesFromThreads if !home && !in_poll && !by_value => return self.lose(),
            Bug::LosesFromThreadsInPoll if !home && in_poll => return self.lose(),
            Bug::PanicsPastCompletion if home && finished && by_value && !ending => {
                resume_unwind(Box::new("woken past its completion"))
            }
            Bug::PanicsPastShutdown if !home && over && !by_value => {
                resume_unwind(Box::new("woken past the shutdown"))
            }
            Bug::PanicsAtShutdown if home && ending && !over && !thread::panicking() => {
                resume_unwind(Box::new("woken at shutdown"))
            }
            Bug::PollsTwiceAtOnce if !home && in_poll && lock(&self.state).polls > 5 => self.poll_twin(),
            Bug::PollsOthersInWake if home && !in_poll && !by_value && !ending && self.poll_here() => return,
            Bug::PollsInWake if !home && by_value && self.poll_here() => return,
            Bug::DropsInWake if finished && !by_value => drop(lock(&self.body).take()),
            Bug::ThirdWakeCancels if in_poll && home => {
                let mut state = lock(&self.state);
                state.wakes_in_poll += 1;
                if state.wakes_in_poll == 3 {
                    state.scheduled = false;
                    drop(state);
                    lock(&self.queue.ready).retain(|task| !Arc::ptr_eq(task, self));
                    return self.lose();
                }
            }
            _ => {}
        }
        self.schedule();
    }

    fn poll_twin(self: &Arc<Self>) {
        let twin = lock(&self.twin).as_ref().map(Body::twin);
        if let Some(mut twin) = twin {
            let waker = Waker::from(self.clone());
            let _ = Pin::new(&mut twin).poll(&mut Context::from_waker(&waker));
        }
    }

    /// A poll in the wake itself, unless one runs.
    fn poll_here(self: &Arc<Self>) -> bool {
        let Ok(mut body) = self.body.try_lock() else { return false };
        let Some(running) = &mut *body else { return false };
        let waker = Waker::from(self.clone());
        if Pin::new(running).poll(&mut Context::from_waker(&waker)).is_ready() {
            lock(&self.state).finished = true;
            let done = body.take();
            drop(body);
            drop(done);
            self.queue.changed.notify_all();
        }
        true
    }

    /// One turn.
    fn run(self: &Arc<Self>) {
        let bug = self.queue.bug;
        let first = {
            let mut state = lock(&self.state);
            state.scheduled = false;
            state.wakes_in_poll = 0;
            state.polls += 1;
            state.polls == 1
        };
        let mut slot = lock(&self.body);
        if lock(&self.state).finished && bug != Bug::PollsAfterReady {
            drop(slot);
            if bug == Bug::PollsPastReady {
                self.poll_twin();
            }
            return;
        }
        let Some(body) = &mut *slot else { return };
        let waker: Waker =
            if bug == Bug::NewWakers { Arc::new(Other(self.clone())).into() } else { self.clone().into() };
        let mut cx = Context::from_waker(&waker);
        let mut answer = Poll::Pending;
        let turns = if bug == Bug::PollsInALoop { 4 } else { 1 };
        let polled = catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..turns {
                answer = Pin::new(&mut *body).poll(&mut cx);
                if answer.is_ready() {
                    break;
                }
            }
            if bug == Bug::PollsAfterReady && answer.is_ready() && lock(&self.state).scheduled {
                let _ = Pin::new(&mut *body).poll(&mut cx);
            }
        }));
        if let Err(panic) = polled {
            lock(&self.state).finished = true;
            if bug == Bug::LeaksOnPanic {
                lock(&LEAKED).extend(slot.take());
                return;
            }
            if bug == Bug::SwallowsPanics {
                let ended = slot.take();
                drop(slot);
                drop(ended);
                return;
            }
            drop(slot);
            resume_unwind(panic);
        }
        if answer.is_pending() || bug == Bug::DropsInWake {
            lock(&self.state).finished |= answer.is_ready();
            return;
        }
        lock(&self.state).finished = true;
        let done = slot.take();
        drop(slot);
        drop(waker);
        // Its run's list, and this turn, own it.
        if bug == Bug::LeaksFinished && first && Arc::strong_count(self) > 2 {
            lock(&LEAKED).extend(done);
            return;
        }
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(done))) {
            if bug != Bug::EndsOnPanicInDrop {
                resume_unwind(panic);
            }
            lock(&self.queue.ready).clear();
            self.lose();
        }
    }

    /// What is to be dropped at shutdown, or nothing if the bug is to leak it.
    fn end(self: &Arc<Self>) -> Option<Body> {
        let body = lock(&self.body).take()?;
        let mut state = lock(&self.state);
        let kept = (Arc::strong_count(self) - 1).saturating_sub(usize::from(state.scheduled));
        let leaks = !state.finished
            && match self.queue.bug {
                Bug::LeaksPending => kept == 0 && !state.scheduled && state.polls == 1,
                Bug::LeaksPendingWithWaker => kept == 1 && !state.scheduled,
                Bug::LeaksWoken => kept == 1 && state.scheduled,
                Bug::LeaksOwnWaker => kept == 2 && state.polls == 1,
                Bug::LeaksWokenFromThreads => state.woken_from_thread,
                _ => false,
            };
        state.finished = true; // a wake that comes later is not scheduled
        drop(state);
        if leaks {
            lock(&LEAKED).push(body);
            return None;
        }
        Some(body)
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_as(true);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_as(false);
    }
}

/// Another waker of the same task.
struct Other(Arc<Task>);

impl Wake for Other {
    fn wake(self: Arc<Self>) {
        self.0.wake_as(true);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake_as(false);
    }
}

/// Drops what is left, also where one destructor panics.
struct Shutdown(Arc<Queue>, Vec<Arc<Task>>);

impl Drop for Shutdown {
    fn drop(&mut self) {
        lock(&self.0.state).ending = true;
        let mut panic = None;
        if self.0.bug == Bug::HangsAtShutdown {
            drop(HANG.read());
        }
        for task in std::mem::take(&mut self.1) {
            let body = task.end();
            if panic.is_some() && self.0.bug == Bug::EndsOnPanicAtShutdown {
                lock(&LEAKED).extend(body);
                continue;
            }
            drop(lock(&task.twin).take());
            if self.0.bug == Bug::DropsOnAThread {
                thread::spawn(move || {
                    (0..100).for_each(|_| thread::yield_now());
                    drop(body);
                });
                continue;
            }
            if let Err(caught) = catch_unwind(AssertUnwindSafe(|| drop(body))) {
                panic = Some(caught);
            }
        }
        lock(&self.0.state).over = true;
        let left = std::mem::take(&mut *lock(&self.0.ready));
        drop(left);
        RUNS.with_borrow_mut(|runs| runs.retain(|run| !Arc::ptr_eq(run, &self.0)));
        if let (Some(panic), false) = (panic, thread::panicking()) {
            resume_unwind(panic);
        }
    }
}

pub(crate) struct Executor(pub(crate) Bug);

impl ExecutorSubject for Executor {
    fn live(&self, main: Body, tasks: Vec<Body>) {
        let queue = Arc::new(Queue {
            bug: self.0,
            home: thread::current().id(),
            ready: Mutex::default(),
            changed: Condvar::new(),
            state: Mutex::default(),
        });
        let outer = RUNS.with_borrow(|runs| runs.last().cloned());
        if let Some(outer) = outer {
            match self.0 {
                Bug::NestedDoesNothing => return,
                Bug::NestedTakesWakes => {
                    for task in std::mem::take(&mut *lock(&outer.ready)) {
                        lock(&task.state).scheduled = false;
                        task.lose();
                    }
                }
                _ => {}
            }
        }
        RUNS.with_borrow_mut(|runs| runs.push(queue.clone()));
        let mut shutdown = Shutdown(queue.clone(), Vec::new());
        for body in tasks.into_iter().chain([main]) {
            let task = Arc::new(Task {
                queue: queue.clone(),
                twin: Mutex::new(Some(body.twin())),
                body: Mutex::new(Some(body)),
                state: Mutex::default(),
            });
            task.schedule();
            shutdown.1.push(task);
        }
        loop {
            if shutdown.1.last().is_none_or(|main| lock(&main.state).finished) {
                return;
            }
            let mut ready = lock(&queue.ready);
            if let Some(task) = ready.pop_front() {
                drop(ready);
                task.run();
                continue;
            }
            // Somewhat later nothing has come that makes up for what was lost.
            let lost = lock(&queue.state).lost;
            let wait = Duration::from_millis(if lost { 100 } else { 50 });
            let (ready, timeout) = queue.changed.wait_timeout(ready, wait).unwrap_or_else(PoisonError::into_inner);
            if lost && timeout.timed_out() && ready.is_empty() && lock(&queue.state).lost {
                return;
            }
        }
    }
}
