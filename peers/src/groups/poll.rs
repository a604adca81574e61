//! Polling: one pass polls each task of a set once.
//!
//! All sets hold the same tasks in the same order. A set's own list, which a pass runs through, is what a run queue
//! is: handles of whatever size the candidate has. *In order* the tasks lie in memory as the list names them, and
//! their types take turns, so that the processor foresees each call; *shuffled* the list is put into another order before
//! each pass, and it foresees neither the call nor the address. *Alone* one set is made after the other;
//! *in turn* a task of each, then the next of each, so that their memory is mixed as in a program that makes many
//! things.

use crate::harness::{Case, Measured, Round, clocked, timed};
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::{CaseReport, GroupReport, Side};
use crate::rng::Rng;

use super::growth::growth;

mod enums;
mod form;
pub(super) mod job;

use enums::{Enum1, Enum8, Enum64};
use form::{Boxed, Form, Future, Makers, Old, Own, Registered, makers};

/// How a set's memory is laid out, and in which order it is polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Order {
    shuffled: bool,
    in_turn: bool,
}

/// Runs the group.
pub(super) fn fill(plan: &Plan, progress: &mut Progress, report: &mut GroupReport) {
    form::register();
    let of_growth = Order { shuffled: true, in_turn: false };
    let mut known = Vec::new();
    for tasks in [1_024, 1_000_000] {
        for types in [1, 8, 64] {
            for shuffled in [false, true] {
                for in_turn in [false, true] {
                    let (tasks, order) = (plan.scaled(tasks), Order { shuffled, in_turn });
                    let case = compare(plan, progress, types, tasks, order);
                    if types == 8 && order == of_growth {
                        known.push((tasks, case.clone()));
                    }
                    report.cases.push(case);
                }
            }
        }
    }
    report.growth.push(growth(plan, "poll of one task, 8 types, shuffled, each set alone", |tasks| {
        let known = known.iter().find(|known| known.0 == tasks);
        known.map_or_else(|| compare(plan, progress, 8, tasks, of_growth), |known| known.1.clone())
    }));
    report.notes.push(
        "The enum stands in the list itself, without memory of its own: it can do so because it names all types. \
         Where 1 000 000 tasks are polled in a quick run, it is fewer."
            .to_owned(),
    );
}

fn compare(plan: &Plan, progress: &mut Progress, types: usize, tasks: usize, order: Order) -> CaseReport {
    let name = format!(
        "{tasks} tasks of {types} {}, {}, sets made {}",
        if types == 1 { "type" } else { "types" },
        if order.shuffled { "shuffled" } else { "in order" },
        if order.in_turn { "in turn" } else { "alone" },
    );
    let picture = if tasks > 1_024 { "poll-large" } else { "poll" };
    let mut case = Case::new(name, picture, "ns", tasks as u64);
    let (mut owned, mut registered) = (Set::<Own>::new(tasks), Set::<Registered>::new(tasks));
    let (mut dynamic, mut future, mut former) =
        (Set::<Boxed>::new(tasks), Set::<Future>::new(tasks), Set::<Old>::new(tasks));
    let (mut single, mut several, mut many) =
        (Set::<Enum1>::new(tasks), Set::<Enum8>::new(tasks), Set::<Enum64>::new(tasks));
    let enums: &mut dyn Grow = match types {
        1 => &mut single,
        8 => &mut several,
        _ => &mut many,
    };
    let sets: [&mut dyn Grow; 6] = [&mut owned, &mut registered, &mut dynamic, &mut future, &mut former, enums];
    fill_sets(sets, types, tasks, order);

    case.add(Side::Own, "waker_tables OwnedTask", owned.round(order));
    case.add(Side::Own, "waker_tables RegisteredTask", registered.round(order));
    case.add(Side::Peer, "Box<dyn Trait>", dynamic.round(order));
    case.add(Side::Peer, "Pin<Box<dyn Future>>", future.round(order));
    let enum_round = match types {
        1 => single.round(order),
        8 => several.round(order),
        _ => many.round(order),
    };
    case.add(Side::Peer, "enum", enum_round);
    case.add(Side::Peer, "waker_tables 0.4.0", former.round(order));
    case.reference("Box<dyn Trait>");
    case.measure(plan, progress)
}

/// Makes the tasks of all sets, the same ones in the same places.
fn fill_sets(mut sets: [&mut dyn Grow; 6], types: usize, tasks: usize, order: Order) {
    let kinds: Vec<_> = (0..tasks).map(|at| at % types).collect();
    if order.in_turn {
        for (at, &kind) in kinds.iter().enumerate() {
            // Another set begins each time, so that none has the same neighbour in memory throughout.
            for nth in 0..sets.len() {
                sets[(at + nth) % 6].grow(kind, at as u64);
            }
        }
    } else {
        for set in &mut sets {
            for (at, &kind) in kinds.iter().enumerate() {
                set.grow(kind, at as u64);
            }
        }
    }
    if order.shuffled {
        for set in sets {
            set.shuffle(Rng::new(1));
        }
    }
}

/// One candidate's tasks.
struct Set<F: Form> {
    makers: Makers<F>,
    tasks: Vec<F>,
}

/// A set while it is filled, whatever its form.
trait Grow {
    fn grow(&mut self, kind: usize, seed: u64);
    fn shuffle(&mut self, rng: Rng);
}

impl<F: Form> Grow for Set<F> {
    fn grow(&mut self, kind: usize, seed: u64) {
        self.tasks.push(self.makers[kind](seed));
    }

    fn shuffle(&mut self, mut rng: Rng) {
        rng.shuffle(&mut self.tasks);
    }
}

impl<F: Form> Set<F> {
    fn new(tasks: usize) -> Self {
        Self { makers: makers::<F>(), tasks: Vec::with_capacity(tasks) }
    }

    /// A list that is polled in one order again and again is learnt by the branch predictor, now more and now less of it.
    /// So a shuffled one gets a new order before each pass, off the clock; the longest keep theirs, which nothing learns.
    fn round(mut self, order: Order) -> Round<'static> {
        if !order.shuffled || self.tasks.len() > Self::LEARNT {
            return timed(move || pass(&mut self.tasks));
        }
        let mut rng = Rng::new(2);
        Box::new(move |passes| {
            let mut all = Measured::default();
            for _ in 0..passes {
                rng.shuffle(&mut self.tasks);
                all += clocked(|| pass(&mut self.tasks));
            }
            all
        })
    }

    /// More tasks than this no branch predictor remembers.
    const LEARNT: usize = 100_000;
}

/// Counts the polls that were `Ready`. A job's answer depends on all its polls before, so the counts of two sets
/// agree only if each polled each job every time.
#[inline(never)]
fn pass<F: Form>(tasks: &mut [F]) -> u64 {
    tasks.iter_mut().map(|task| u64::from(task.poll().is_ready())).sum()
}
