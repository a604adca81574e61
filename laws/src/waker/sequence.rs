//! Sequences of operations, against a model that only counts.

use std::iter::once;
use std::mem::take;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;

use super::WakerSubject;
use super::shorten::shorten;
use super::step::{Step, WAKERS, all};
use crate::law::{Found, broken};
use crate::limit::message;
use crate::plan::Plan;
use crate::probe::Watch;
use crate::random::Random;
use crate::tried::trying;

/// What a law looks for; the other sights are other laws' business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    Lost,
    Astray,
    Twice,
    Died,
    Leaked,
    Panicked,
    Changed,
    Strangers,
    Confused,
}

/// Tries every short sequence, then random ones. The first that shows the sight is among the shortest.
pub(super) fn sequences<S: WakerSubject>(subject: &Arc<S>, plan: &Plan, sight: Sight) -> Found {
    let see = |steps: &[Step]| {
        trying(beginning(steps));
        World::new(&**subject).play(steps).into_iter().find(|(seen, _)| *seen == sight)
    };
    let choice = all();
    for length in 0..=plan.length {
        let mut places = vec![0; length];
        loop {
            let steps: Vec<Step> = places.iter().map(|&place| choice[place]).collect();
            if let Some((_, saw)) = see(&steps) {
                return Err(broken(saw));
            }
            // The next word of this length, as a counter counts.
            let Some(turn) = places.iter().rposition(|&place| place + 1 < choice.len()) else { break };
            places[turn] += 1;
            places[turn + 1..].fill(0);
        }
    }
    let mut random = Random::new(plan.seed);
    for _ in 0..plan.random {
        let steps: Vec<Step> = (0..12).map(|_| choice[random.below(choice.len())]).collect();
        if see(&steps).is_some() {
            let steps = shorten(steps, |steps| see(steps).is_some());
            let saw = see(&steps).map_or_else(|| "it, but not again".into(), |(_, saw)| saw);
            return Err(broken(saw));
        }
    }
    Ok(())
}

fn beginning(steps: &[Step]) -> impl Iterator<Item = String> + '_ {
    let first = "make two targets, and a waker of each: wakers 0 and 1".to_owned();
    let last = "drop what is left".to_owned();
    once(first).chain(steps.iter().map(ToString::to_string)).chain([last])
}

struct World<'a, S: WakerSubject> {
    subject: &'a S,
    targets: [Option<S::Target>; 2],
    watches: [Watch; 2],
    wakers: Vec<(usize, Waker)>,
    seen: Vec<(Sight, String)>,
}

impl<'a, S: WakerSubject> World<'a, S> {
    fn new(subject: &'a S) -> Self {
        let [(one, probe), (two, other)] = [Watch::new(), Watch::new()];
        let targets = [subject.target(probe), subject.target(other)];
        let wakers = vec![(0, subject.waker(&targets[0])), (1, subject.waker(&targets[1]))];
        let targets = targets.map(Some);
        Self { subject, targets, watches: [one, two], wakers, seen: Vec::new() }
    }

    fn play(mut self, steps: &[Step]) -> Vec<(Sight, String)> {
        let played = quietly(|| {
            for &step in steps {
                if self.step(step) {
                    self.look();
                }
            }
            self.settle();
        });
        // One by one: where two drops panic at once, the process ends.
        let wakers = take(&mut self.wakers).into_iter().map(|(_, waker)| quietly(|| drop(waker)));
        let mut panics: Vec<_> = once(played).chain(wakers).flatten().collect();
        panics.extend(self.targets.iter_mut().filter_map(|target| quietly(|| drop(target.take()))));
        if let (true, Some(which)) = (panics.is_empty(), self.watches.iter().position(Watch::is_live)) {
            self.seen.push((Sight::Leaked, format!("target {which} still lives")));
        }
        self.seen.append(&mut panics);
        self.seen
    }

    /// One step; false if there was nothing to take it on.
    fn step(&mut self, step: Step) -> bool {
        let before = [self.watches[0].wakes(), self.watches[1].wakes()];
        let mut woken = None;
        match step {
            Step::Make(which) => {
                if self.wakers.len() == WAKERS {
                    return false;
                }
                let Some(target) = &self.targets[which] else { return false };
                self.wakers.push((which, self.subject.waker(target)));
            }
            Step::Clone(place) => {
                if self.wakers.len() == WAKERS {
                    return false;
                }
                let Some((which, waker)) = self.wakers.get(place) else { return false };
                let clone = waker.clone();
                if words(&clone) != words(waker) {
                    self.seen.push((Sight::Changed, format!("the clone of waker {place} has another word or table")));
                }
                self.wakers.push((*which, clone));
            }
            Step::CloneFrom(into, from) => {
                if self.wakers.len() <= into.max(from) {
                    return false;
                }
                let (low, high) = self.wakers.split_at_mut(into.max(from));
                let (one, two) = (&mut low[into.min(from)], &mut high[0]);
                let (into, from) = if into < from { (one, two) } else { (two, one) };
                into.1.clone_from(&from.1);
                into.0 = from.0;
            }
            Step::Wake(place) => {
                if place >= self.wakers.len() {
                    return false;
                }
                let (which, waker) = self.wakers.remove(place);
                waker.wake();
                woken = Some(which);
            }
            Step::WakeByRef(place) => {
                let Some((which, waker)) = self.wakers.get(place) else { return false };
                waker.wake_by_ref();
                woken = Some(*which);
            }
            Step::Drop(place) => {
                if place >= self.wakers.len() {
                    return false;
                }
                let (_, waker) = self.wakers.remove(place);
                drop(waker);
            }
            Step::End(which) => {
                self.settle();
                let Some(target) = self.targets[which].take() else { return false };
                drop(target);
            }
        }
        self.settle();
        self.count(before, woken);
        true
    }

    fn settle(&self) {
        for target in self.targets.iter().flatten() {
            self.subject.settle(target);
        }
    }

    fn count(&mut self, before: [usize; 2], woken: Option<usize>) {
        for (which, before) in before.into_iter().enumerate() {
            let wakes = self.watches[which].wakes() - before;
            let its = woken == Some(which);
            if its && wakes == 0 {
                // Without its handle a target may be out of reach, which is the law about its life.
                let sight = if self.targets[which].is_some() { Sight::Lost } else { Sight::Died };
                self.seen.push((sight, format!("target {which} was not woken")));
            }
            if its && wakes > 1 {
                self.seen.push((Sight::Twice, format!("target {which} was woken {wakes} times by one call")));
            }
            if !its && wakes > 0 {
                self.seen.push((Sight::Astray, format!("target {which} was woken")));
            }
        }
    }

    fn look(&mut self) {
        for which in 0..2 {
            let held = self.targets[which].is_some() || self.wakers.iter().any(|&(whose, _)| whose == which);
            if held && !self.watches[which].is_live() {
                self.seen.push((Sight::Died, format!("target {which} ended before its last waker")));
            }
        }
        for (place, (which, waker)) in self.wakers.iter().enumerate() {
            for (other, (whose, another)) in self.wakers.iter().enumerate().take(place) {
                let same = waker.will_wake(another);
                if which == whose && !same {
                    self.seen.push((Sight::Strangers, format!("`will_wake` is false of wakers {other} and {place}")));
                }
                if which != whose && same {
                    self.seen.push((Sight::Confused, format!("`will_wake` is true of wakers {other} and {place}")));
                }
            }
        }
    }
}

/// What a panic of `act` said.
fn quietly(act: impl FnOnce()) -> Option<(Sight, String)> {
    catch_unwind(AssertUnwindSafe(act)).err().map(|panic| (Sight::Panicked, message(&*panic)))
}

fn words(waker: &Waker) -> (usize, usize) {
    (waker.data().addr(), std::ptr::from_ref(waker.vtable()).addr())
}
