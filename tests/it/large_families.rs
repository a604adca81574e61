//! Families of as many versions as there may be: they answer as a map does, and their old states keep little.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Poll;

use waker_tables::{LookupError, TaskVTable, VTableKey, VTableRegistry, VersionReq, VersionState, WakeableTask};

use VersionReq::{AtLeast, AtMost, Exact, Preferred, Within};

struct Parse;

impl WakeableTask for Parse {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static TABLE: TaskVTable = TaskVTable::of::<Parse>();

/// The most that a family has.
const MOST: u16 = 256;

const fn parse(version: u16) -> VTableKey {
    VTableKey::new("etl", "parse", version)
}

/// Numbers that look random, the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u16) -> u16 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u16::try_from((self.0 >> 33) % u64::from(bound)).expect("below a number of 16 bits")
    }
}

/// The family's states in numbers, and what was there once.
#[derive(Default)]
struct Model {
    states: BTreeMap<u16, VersionState>,
    preferred: Option<u16>,
    /// What was there once.
    once: BTreeSet<u16>,
}

impl Model {
    fn is_active(&self, version: u16) -> bool {
        self.states.get(&version) == Some(&VersionState::Active)
    }

    /// One change of the registry and the model.
    fn change(&mut self, registry: &VTableRegistry, kind: u16, version: u16) {
        let family = registry.family("etl", "parse");
        self.once.extend(self.states.keys());
        match kind {
            0 => {
                let removed = registry.remove(&parse(version)).expect("nothing speaks against it");
                assert_eq!(removed.is_some(), self.states.remove(&version).is_some());
                self.preferred = self.preferred.filter(|preferred| *preferred != version);
            }
            1 if self.states.contains_key(&version) => {
                let successor = Some(version / 2);
                family.update(|f| _ = f.drain(version, successor)).expect("it is there");
                self.states.insert(version, VersionState::Draining { successor });
                self.preferred = self.preferred.filter(|preferred| *preferred != version);
            }
            2 if self.is_active(version) => {
                family.update(|f| _ = f.prefer(version)).expect("it is active");
                self.preferred = Some(version);
            }
            3 => {
                let some = [version, version / 3, MOST - 1 - version, version.wrapping_mul(7) % MOST];
                let update = family.update(|f| some.iter().for_each(|version| _ = f.register(*version, &TABLE)));
                update.expect("there is room");
                for version in some {
                    self.states.entry(version).or_insert(VersionState::Active);
                }
            }
            _ => {
                assert_eq!(registry.register(parse(version), &TABLE).is_some(), self.states.contains_key(&version));
                self.states.entry(version).or_insert(VersionState::Active);
            }
        }
    }

    fn compare(&self, registry: &VTableRegistry, wanted: &VersionReq) {
        let (low, high) = match *wanted {
            Exact(version) => (version, version),
            AtMost(version) => (0, version),
            AtLeast(version) => (version, u16::MAX),
            Within(ref range) => (*range.start(), *range.end()),
            Preferred => self.preferred.map_or((0, u16::MAX), |version| (version, version)),
        };
        let fitting = || self.states.range(low..=high).rev();
        let chosen = fitting().find(|(version, _)| matches!(wanted, Exact(_)) || self.is_active(**version));
        match registry.resolve("etl", "parse", wanted) {
            Ok(entry) => assert_eq!(Some(&entry.key().version), chosen.map(|(version, _)| version), "{wanted:?}"),
            Err(LookupError::Draining { version, successor, .. }) => {
                let highest = fitting().next().map(|(version, state)| (*version, *state));
                assert_eq!((chosen, highest), (None, Some((version, VersionState::Draining { successor }))));
            }
            Err(LookupError::UnknownVersion { versions, .. }) => {
                assert_eq!(fitting().next(), None, "{wanted:?}");
                assert!(versions.iter().eq(self.states.keys()));
                assert!(!matches!(wanted, Exact(version) if self.once.contains(version)), "{wanted:?} is retired");
            }
            Err(LookupError::Retired { versions, .. }) => {
                assert!(versions.iter().eq(self.states.keys()));
                assert!(
                    matches!(wanted, Exact(version) if fitting().next().is_none() && self.once.contains(version))
                );
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_family_of_any_size_answers_as_a_map() {
    let (registry, mut model, mut numbers) = (VTableRegistry::new(), Model::default(), Numbers(0x5eed));
    let rounds = if cfg!(miri) { 40 } else { 1500 };
    // Grows, is almost emptied, and grows again; then only the last change, as in a program that lives long.
    for phase in 0..4 {
        for round in 0..rounds {
            let version = numbers.below(MOST);
            let kind = if phase == 1 { 0 } else { numbers.below(8) };
            // Of what is there, when there is less and less.
            let there = model.states.range(version..).next().map(|(version, _)| *version);
            let version = if kind < 3 { there.unwrap_or(version) } else { version };
            model.change(&registry, kind, if phase == 3 { MOST - 6 + round % 6 } else { version });
            let version = numbers.below(MOST + 10);
            for wanted in
                [Exact(version), AtMost(version), AtLeast(version), Within(version..=version + 9), Preferred]
            {
                model.compare(&registry, &wanted);
            }
            if round % 50 == 0 {
                let states = registry.family("etl", "parse").versions();
                assert_eq!(
                    states,
                    model.states.iter().map(|(version, state)| (*version, *state)).collect::<Vec<_>>()
                );
                assert_eq!(registry.len(), states.len());
            }
        }
    }
}

type Order = fn(u16) -> u16;

/// Many versions come one by one, in any order.
#[test]
fn the_old_states_of_a_full_family_take_less_than_a_megabyte() {
    const ODD: u16 = 85;
    let orders: [(&str, Order); 3] =
        [("ascending", |at| at), ("descending", |at| MOST - at), ("scattered", |at| at.wrapping_mul(ODD) % MOST)];
    for (order, number) in orders.into_iter().take(if cfg!(miri) { 1 } else { 3 }) {
        let registry = VTableRegistry::new();
        for at in 0..if cfg!(miri) { 40 } else { MOST } {
            registry.try_register(parse(number(at)), &TABLE).expect("there is room");
        }
        let filled = registry.retained_bytes();
        assert!(filled < 1 << 20, "{order}: {filled} bytes for {MOST} states");
        let family = registry.family("etl", "parse");
        family.update(|f| _ = f.drain(number(7), None)).expect("it is there");
        let kept = registry.retained_bytes() - filled;
        assert!(
            kept <= (usize::from(MOST) + 2) * 3 * size_of::<u64>(),
            "{order}: a change of one version keeps {kept}"
        );
    }
}

/// Versions that are gone are remembered while there is room, and never stand in the way of one that comes.
#[test]
fn retired_versions_are_remembered_while_there_is_room() {
    let registry = VTableRegistry::new();
    let is_retired = |version| matches!(registry.entry(parse(version).key_ref()), Err(LookupError::Retired { .. }));
    let is_unknown =
        |version| matches!(registry.entry(parse(version).key_ref()), Err(LookupError::UnknownVersion { .. }));
    let family = registry.family("etl", "parse");
    family.update(|f| (0..MOST).for_each(|version| _ = f.register(version, &TABLE))).expect("there is room");
    family.update(|f| (0..MOST).for_each(|version| _ = f.remove(version))).expect("they are there");
    assert!((0..MOST).all(is_retired));
    for version in MOST..if cfg!(miri) { MOST + 5 } else { 2 * MOST } {
        registry.try_register(parse(version), &TABLE).expect("there is room");
        registry.remove(&parse(version)).expect("nothing speaks against it");
        let first = version + 1 - MOST;
        assert!(is_retired(version) && is_retired(first) && is_unknown(first - 1), "the lowest is forgotten");
    }
    let last = 3 * MOST;
    registry.try_register(parse(last), &TABLE).expect("there is room");
    registry.remove(&parse(last)).expect("nothing speaks against it");
    family.update(|f| (0..MOST - 1).for_each(|version| _ = f.register(version, &TABLE))).expect("there is room");
    assert!(is_retired(last) && is_unknown(last - MOST - 1), "one is remembered beside as many as there may be");
    registry.try_register(parse(MOST - 1), &TABLE).expect("there is room");
    assert!(is_unknown(last) && registry.try_register(parse(MOST), &TABLE).is_err());
    assert_eq!(registry.len(), usize::from(MOST));
}

/// What a family that stays small keeps does not depend on how often it has changed before.
#[test]
fn each_change_of_a_small_family_keeps_the_same() {
    let registry = VTableRegistry::new();
    registry.register(parse(0), &TABLE);
    let family = registry.family("etl", "parse");
    let kept = |number: u16| {
        let before = registry.retained_bytes();
        family.update(|f| _ = f.drain(number, None)).expect("it is there");
        family.update(|f| _ = f.activate(number)).expect("it is there");
        registry.retained_bytes() - before
    };
    let first = kept(0);
    assert!((1..=256).contains(&first), "{first} bytes for two changes");
    (0..if cfg!(miri) { 5 } else { 500 }).for_each(|_| assert_eq!(kept(0), first));
}
