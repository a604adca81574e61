//! A recorded history: what readers of a family are told while it changes was true between question and answer.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};
use std::task::Poll;
use std::thread;

use waker_tables::{LookupError, TaskVTable, VTableKey, VTableRegistry, VersionReq, WakeableTask};

struct Parse;

impl WakeableTask for Parse {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static PARSE: TaskVTable = TaskVTable::of::<Parse>();

const fn key(version: u16) -> VTableKey {
    VTableKey::new("etl", "parse", version)
}

/// A family whose state is a function of a sequence number `n`: version `n` is preferred, `n + 1` is active too, `n - 1`
/// drains for `n`, and all before are gone. So each answer tells the numbers at which it is true.
struct World {
    registry: VTableRegistry,
    begun: AtomicU16,
    done: AtomicU16,
}

impl World {
    fn advance(&self, number: u16) {
        self.begun.store(number, SeqCst);
        let family = self.registry.family("etl", "parse");
        let updated = family.update(|f| {
            f.register(number + 1, &PARSE).prefer(number);
            if number >= 1 {
                f.drain(number - 1, Some(number));
            }
            if number >= 2 {
                f.remove(number - 2);
            }
        });
        updated.expect("there is one writer");
        self.done.store(number, SeqCst);
    }

    /// Asks `question`, which gets the number that had been reached before; gives the answer, and the numbers at which
    /// it may be true.
    fn ask<T>(&self, question: impl FnOnce(u16) -> T) -> (T, u16, u16) {
        let first = self.done.load(SeqCst);
        let answer = question(first);
        (answer, first, self.begun.load(SeqCst))
    }

    fn resolve(&self, wanted: impl FnOnce(u16) -> VersionReq) -> (Result<u16, LookupError>, u16, u16) {
        self.ask(|first| self.registry.resolve("etl", "parse", &wanted(first)).map(|entry| entry.key().version))
    }

    /// One round of questions, by a reader who has seen a state. Gives the state that was seen last.
    fn check(&self, seen: u16) -> u16 {
        let (answer, first, last) = self.resolve(|_| VersionReq::AtMost(u16::MAX));
        let now = answer.expect("a version is active at each instant") - 1;
        assert!((first.max(seen)..=last).contains(&now), "v{now} + 1 was the highest between {first} and {last}");

        let (answer, first, last) = self.resolve(|_| VersionReq::Preferred);
        let preferred = answer.expect("a version is active at each instant");
        assert!(
            (first.max(now)..=last).contains(&preferred),
            "v{preferred} was preferred between {first} and {last}"
        );
        if preferred > 0 {
            let (answer, ..) = self.resolve(|_| VersionReq::AtMost(preferred - 1));
            assert!(answer.is_err(), "v{} drains since v{preferred} is preferred", preferred - 1);
        }

        let (answer, first, last) = self.resolve(VersionReq::AtMost);
        match answer {
            Ok(version) => assert_eq!(version, first),
            Err(LookupError::Draining { version, successor, .. }) => {
                assert!((version, successor) == (first, Some(first + 1)) && first < last);
            }
            Err(LookupError::UnknownVersion { versions, .. }) => is_state(&versions, first + 2, last),
            Err(error) => panic!("{error}"),
        }
        let (answer, first, last) = self.resolve(VersionReq::Exact);
        match answer {
            Ok(version) => assert_eq!(version, first),
            Err(LookupError::Retired { versions, .. }) => is_state(&versions, first + 2, last),
            // A reader who slept: of 256 versions three are there, and 253 that are gone are remembered.
            Err(LookupError::UnknownVersion { versions, .. }) => is_state(&versions, first + 255, last),
            Err(error) => panic!("{error}"),
        }

        let (there, first, last) = self.ask(|first| self.registry.get(&key(first)).is_some());
        assert!(there || last >= first + 2, "v{first} was there at {first} and at {}", first + 1);
        let (there, first, last) = self.ask(|first| self.registry.get(&key(first + 2)).is_some());
        assert!(!there || last > first, "v{} was not there at {first}", first + 2);
        let (there, first, _) = self.ask(|first| first >= 2 && self.registry.get(&key(first - 2)).is_some());
        assert!(!there, "v{first} - 2 was gone at {first}");
        preferred
    }
}

/// Whether these are all the versions of a state between two.
fn is_state(versions: &[u16], first: u16, last: u16) {
    let &[before, number, after] = versions else { panic!("no state has the versions {versions:?}") };
    assert!(before + 1 == number && number + 1 == after, "no state has the versions {versions:?}");
    assert!((first..=last).contains(&number), "{number} is not between {first} and {last}");
}

#[test]
fn every_answer_was_true_between_the_question_and_the_answer() {
    let updates = if cfg!(miri) { 30 } else { 10_000 };
    let world = World { registry: VTableRegistry::new(), begun: AtomicU16::new(0), done: AtomicU16::new(0) };
    world.registry.register(key(0), &PARSE);
    world.advance(0);
    let readers = 3;
    let start = Barrier::new(readers + 1);
    thread::scope(|scope| {
        for _ in 0..readers {
            scope.spawn(|| {
                start.wait();
                let mut seen = 0;
                while seen < updates {
                    seen = world.check(seen);
                }
            });
        }
        start.wait();
        (1..=updates).for_each(|number| world.advance(number));
    });
    assert_eq!(world.registry.len(), 3);
}
