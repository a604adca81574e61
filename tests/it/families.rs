//! Families: versions that are changed together, negotiated, drained, renamed and removed.

use std::cell::Cell;
use std::convert::Infallible;
use std::error::Error;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use waker_tables::{
    Alias, FamilyName, FamilyUpdate, KeyRef, LookupError, RegisterError, TaskVTable, UnsafeWakeableTask, UpdateError,
    VTableKey, VTableRegistry, VersionReq, VersionState, WakeableTask,
};

use VersionReq::{AtLeast, AtMost, Exact, Preferred, Within};

/// The task of a version.
struct V<const N: u16>;

impl<const N: u16> WakeableTask for V<N> {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static TABLE: TaskVTable = TaskVTable::of::<V<0>>();
static OTHER: TaskVTable = TaskVTable::of::<V<9>>();

const fn parse(version: u16) -> VTableKey {
    VTableKey::new("etl", "parse", version)
}

const fn old(version: u16) -> KeyRef<'static> {
    VTableKey::new("legacy", "parser", version).key_ref()
}

type Change = fn(&mut FamilyUpdate<'_, ()>);

/// Puts an update of `etl/parse` into force that nothing speaks against.
fn change(registry: &VTableRegistry, change: impl FnMut(&mut FamilyUpdate<'_, ()>)) {
    registry.family("etl", "parse").update(change).expect("nothing speaks against it");
}

/// `etl/parse` with versions 1, 3, 5 and 7, of which 3 drains, and 7 for 5.
fn four() -> VTableRegistry {
    let registry = VTableRegistry::new();
    change(&registry, |f| {
        f.register_task::<V<7>>(7).register_task::<V<1>>(1).register_task::<V<5>>(5).register_task::<V<3>>(3);
        f.drain(3, None).drain(7, Some(5));
    });
    registry
}

fn pick(registry: &VTableRegistry, wanted: &VersionReq) -> Result<u16, LookupError> {
    registry.resolve("etl", "parse", wanted).map(|entry| {
        let table = entry.table();
        let right =
            [table.is::<V<0>>(), table.is::<V<1>>(), table.is::<V<3>>(), table.is::<V<5>>(), table.is::<V<7>>()];
        let number = [0, 1, 3, 5, 7].into_iter().zip(right).find(|(_, is)| *is).expect("one of them").0;
        assert_eq!(entry.key(), parse(number), "the key and the table are of one version");
        number
    })
}

#[test]
fn a_request_gets_the_version_that_fits() {
    let registry = four();
    let reversed = RangeInclusive::new(6, 4);
    let cases = [
        (Exact(1), 1),
        (Exact(3), 3),
        (Exact(7), 7),
        (AtMost(1), 1),
        (AtMost(2), 1),
        (AtMost(4), 1),
        (AtMost(5), 5),
        (AtMost(u16::MAX), 5),
        (AtLeast(0), 5),
        (AtLeast(2), 5),
        (AtLeast(5), 5),
        (Within(0..=u16::MAX), 5),
        (Within(1..=1), 1),
        (Within(1..=4), 1),
        (Within(3..=6), 5),
        (Within(5..=9), 5),
        (Preferred, 5),
    ];
    for (wanted, expected) in cases {
        assert_eq!(pick(&registry, &wanted), Ok(expected), "{wanted:?}");
        assert_eq!(registry.family("etl", "parse").resolve(&wanted).map(|entry| entry.key().version), Ok(expected));
    }
    let draining =
        [(AtLeast(6), 7, Some(5)), (AtLeast(7), 7, Some(5)), (Within(2..=4), 3, None), (Within(7..=9), 7, Some(5))];
    for (wanted, drains, succeeds) in draining {
        let Err(LookupError::Draining { asked, version, successor }) = pick(&registry, &wanted) else {
            panic!("another answer to {wanted:?}");
        };
        assert_eq!((asked.version, version, successor), (wanted, drains, succeeds));
    }
    let unknown =
        [Exact(0), Exact(2), Exact(8), AtMost(0), AtLeast(8), Within(8..=9), Within(4..=4), Within(reversed)];
    for wanted in unknown {
        let Err(LookupError::UnknownVersion { asked, versions }) = pick(&registry, &wanted) else {
            panic!("another answer to {wanted:?}");
        };
        assert_eq!((&*asked.segment, &*asked.kind, asked.version), ("etl", "parse", wanted));
        assert_eq!(versions, [1, 3, 5, 7], "draining ones too");
    }
}

#[test]
fn the_preferred_version_is_chosen_until_it_drains_or_goes() {
    let registry = four();
    change(&registry, |f| _ = f.prefer(1));
    assert_eq!(pick(&registry, &Preferred), Ok(1));
    assert_eq!(pick(&registry, &AtLeast(0)), Ok(5), "it is what `Preferred` means, and nothing else");

    change(&registry, |f| _ = f.drain(1, Some(5)));
    assert_eq!(pick(&registry, &Preferred), Ok(5));
    change(&registry, |f| _ = f.activate(1));
    assert_eq!(pick(&registry, &Preferred), Ok(5), "it is preferred no longer");

    change(&registry, |f| _ = f.prefer(1));
    registry.remove(&parse(1)).expect("nothing speaks against it");
    registry.register_task::<V<1>>(parse(1));
    assert_eq!(pick(&registry, &Preferred), Ok(5), "nor when it comes back");
    change(&registry, |f| _ = f.prefer(1).remove(1));
    assert_eq!(pick(&registry, &Preferred), Ok(5));

    change(&registry, |f| _ = f.drain(5, Some(9)));
    let Err(LookupError::Draining { version, successor, .. }) = pick(&registry, &Preferred) else {
        panic!("all that is left drains");
    };
    assert_eq!((version, successor), (7, Some(5)), "the highest one");
}

#[test]
fn a_draining_version_is_found_by_its_exact_key_and_can_come_back() {
    let registry = four();
    for version in [3, 7] {
        assert!(registry.get(&parse(version)).is_some());
        assert_eq!(registry.entry(parse(version).key_ref()).expect("it is there").key(), parse(version));
    }
    assert_eq!(
        registry.family("etl", "parse").versions(),
        [
            (1, VersionState::Active),
            (3, VersionState::Draining { successor: None }),
            (5, VersionState::Active),
            (7, VersionState::Draining { successor: Some(5) }),
        ]
    );
    change(&registry, |f| _ = f.activate(7));
    assert_eq!(pick(&registry, &AtLeast(6)), Ok(7));
    registry.register_task::<V<3>>(parse(3));
    assert_eq!(pick(&registry, &Within(2..=4)).ok(), None, "a replaced version drains on");
}

#[test]
fn an_update_that_names_what_is_not_there_changes_nothing() {
    let registry = four();
    let before = registry.family("etl", "parse").versions();
    let retained = registry.retained_bytes();
    let unknown: [Change; 4] = [
        |f| _ = f.register_task::<V<0>>(0).drain(2, None),
        |f| _ = f.activate(2).register_task::<V<0>>(0),
        |f| _ = f.register_task::<V<0>>(0).remove(2),
        |f| _ = f.register_task::<V<0>>(0).prefer(2),
    ];
    for change in unknown {
        let error = registry.family("etl", "parse").update(change).expect_err("there is no such version");
        assert_eq!(error, UpdateError::UnknownVersion { version: 2 });
    }
    let drained: [Change; 2] = [|f| _ = f.prefer(3), |f| _ = f.drain(5, None).prefer(5)];
    for (change, version) in drained.into_iter().zip([3, 5]) {
        let error = registry.family("etl", "parse").update(change).expect_err("it drains");
        assert_eq!(error, UpdateError::PreferredDrains { version });
    }
    assert_eq!(registry.family("etl", "parse").versions(), before);
    assert_eq!((registry.len(), registry.retained_bytes()), (4, retained));
    let error = registry.family("etl", "new").update(|f| _ = f.remove(1)).expect_err("it is empty");
    assert_eq!(error, UpdateError::UnknownVersion { version: 1 });
    let error = registry.entry(VTableKey::new("etl", "new", 1).key_ref()).expect_err("it is not there");
    assert!(matches!(error, LookupError::UnknownFamily { .. }), "no family was founded");
}

#[test]
fn an_update_sees_and_gives_back_what_its_closure_makes() {
    let registry = four();
    let family = registry.family("etl", "parse");
    let seen = family.update(|f| f.versions().map(|(version, _)| version).collect::<Vec<_>>());
    assert_eq!(seen.as_deref(), Ok(&[1, 3, 5, 7][..]));
    let seen = family.update(|f| {
        f.remove(3).register_task::<V<0>>(0).drain(1, Some(5)).activate(7);
        f.versions().collect::<Vec<_>>()
    });
    assert_eq!(seen.as_ref(), Ok(&family.versions()));
    let states = family.versions().into_iter().map(|(version, state)| (version, state == VersionState::Active));
    assert_eq!(states.collect::<Vec<_>>(), [(0, true), (1, false), (5, true), (7, true)]);
}

#[test]
fn a_removed_version_is_retired_and_others_are_unknown() {
    let registry = four();
    assert!(registry.remove(&parse(5)).expect("nothing speaks against it").is_some_and(TaskVTable::is::<V<5>>));
    assert!(registry.remove(&parse(5)).expect("nothing speaks against it").is_none(), "it is gone");
    assert!(registry.remove(&parse(6)).expect("nothing speaks against it").is_none(), "it was never there");
    assert!(registry.remove(&VTableKey::new("a", "b", 1)).expect("nothing speaks against it").is_none());
    assert!(registry.get(&parse(5)).is_none() && registry.len() == 3);

    let error = |key: VTableKey| registry.entry(key.key_ref()).expect_err("it is not there");
    let LookupError::Retired { asked, versions } = error(parse(5)) else { panic!("it was there once") };
    assert_eq!((asked.version, versions), (Exact(5), vec![1, 3, 7]));
    assert_eq!(pick(&registry, &Exact(5)), Err(error(parse(5))), "both say the same");
    let LookupError::UnknownVersion { asked, versions } = error(parse(6)) else { panic!("it was never there") };
    assert_eq!((asked.version, versions), (Exact(6), vec![1, 3, 7]));
    assert!(
        matches!(error(VTableKey::new("etl", "pars", 5)), LookupError::UnknownFamily { asked } if &*asked.kind == "pars")
    );
    assert!(
        matches!(error(VTableKey::new("et", "parse", 5)), LookupError::UnknownFamily { asked } if &*asked.segment == "et")
    );

    registry.register_task::<V<5>>(parse(5));
    assert_eq!(pick(&registry, &Exact(5)), Ok(5), "a retired key can be registered again");
    change(&registry, |f| _ = f.remove(1).remove(3).remove(5).remove(7));
    for version in [1, 3, 5, 7] {
        let error = error(parse(version));
        assert!(matches!(error, LookupError::Retired { versions, .. } if versions.is_empty()));
    }
    for wanted in [Exact(2), AtMost(9), AtLeast(0), Within(0..=9), Preferred] {
        let Err(LookupError::UnknownVersion { versions, .. }) = pick(&registry, &wanted) else {
            panic!("{wanted:?}")
        };
        assert!(versions.is_empty(), "versions of this family were there, and are gone");
    }
    assert!(registry.is_empty() && registry.family("etl", "parse").versions().is_empty());
}

#[test]
fn an_alias_leads_every_look_up_to_the_family() {
    static REGISTRY: VTableRegistry = VTableRegistry::new();
    REGISTRY.register_factory(parse(1), |_, ()| Ok::<_, Infallible>(V::<1>));
    assert!(REGISTRY.get_ref(old(1)).is_none());
    change(&REGISTRY, |f| _ = f.alias("legacy", "parser").alias("legacy", "parser"));
    change(&REGISTRY, |f| _ = f.alias("legacy", "parser"));
    REGISTRY.register_task::<V<3>>(parse(3));

    assert!(REGISTRY.get_ref(old(1)).is_some_and(TaskVTable::is::<V<1>>));
    assert!(
        REGISTRY.get(&VTableKey::new("legacy", "parser", 3)).is_some_and(TaskVTable::is::<V<3>>),
        "later ones too"
    );
    assert_eq!(REGISTRY.entry(old(1)).expect("an alias").key(), parse(1), "the real key");
    assert_eq!(REGISTRY.resolve("legacy", "parser", &AtMost(2)).expect("an alias").key(), parse(1));
    assert_eq!(REGISTRY.family("legacy", "parser").resolve(&Preferred).expect("an alias").key(), parse(3));
    assert_eq!(REGISTRY.family("legacy", "parser").versions(), REGISTRY.family("etl", "parse").versions());
    assert_eq!(REGISTRY.build(old(1), b"", &()).expect("a factory").key(), parse(1));
    assert_eq!(REGISTRY.build(old(3), b"", &()).expect_err("no factory").to_string().find("etl/parse@v3"), Some(0));

    REGISTRY.register_task::<V<0>>(parse(1));
    assert!(REGISTRY.get_ref(old(1)).is_some_and(TaskVTable::is::<V<0>>), "replacements too");
    REGISTRY.remove(&parse(1)).expect("nothing speaks against it");
    let Err(LookupError::Retired { asked, versions }) = REGISTRY.entry(old(1)) else { panic!("it was there once") };
    assert_eq!(
        (&*asked.segment, &*asked.kind, versions),
        ("legacy", "parser", vec![3]),
        "the name that was asked for"
    );
    assert!(matches!(REGISTRY.entry(old(2)), Err(LookupError::UnknownVersion { .. })));
    assert_eq!((REGISTRY.len(), REGISTRY.iter().count()), (1, 1), "it is no key");
}

#[test]
fn a_version_that_comes_back_is_active_and_one_in_the_place_of_a_draining_one_drains() {
    let registry: VTableRegistry = VTableRegistry::new();
    let family = registry.family("etl", "parse");
    let drained = VersionState::Draining { successor: Some(2) };
    family.update(|f| _ = f.register(1, &TABLE).drain(1, Some(2))).expect("nothing speaks against it");
    registry.register(parse(1), &OTHER);
    assert_eq!(family.versions(), [(1, drained)]);
    registry.remove(&parse(1)).expect("nothing speaks against it");
    registry.register(parse(1), &TABLE);
    assert_eq!(family.versions(), [(1, VersionState::Active)]);
}

#[test]
fn what_was_never_registered_is_not_retired() {
    let registry = VTableRegistry::new();
    let unknown = |asked| matches!(registry.entry(asked), Err(LookupError::UnknownVersion { versions, .. }) if versions.is_empty());
    change(&registry, |f| _ = f.alias("legacy", "parser"));
    assert!(unknown(old(1)) && unknown(parse(1).key_ref()), "the family is known, and has no versions");
    assert!(matches!(registry.resolve("legacy", "parser", &Preferred), Err(LookupError::UnknownVersion { .. })));
    assert!(registry.get_ref(old(1)).is_none() && registry.is_empty());
    registry.register_task::<V<1>>(parse(1));
    assert_eq!(registry.entry(old(1)).expect("it is there now").key(), parse(1));

    registry.remove(&parse(1)).expect("nothing speaks against it");
    assert!(matches!(registry.entry(old(1)), Err(LookupError::Retired { .. })), "this very key was");
    assert!(unknown(old(2)) && unknown(parse(2).key_ref()), "the next one may come with a newer program");
    for wanted in [AtMost(9), AtLeast(0), Within(1..=1), Preferred] {
        let error = registry.resolve("etl", "parse", &wanted).expect_err("it is gone");
        assert!(matches!(error, LookupError::UnknownVersion { .. }), "a request is no key: {error}");
    }
    change(&registry, |f| _ = f.register(2, &TABLE).remove(2));
    assert!(unknown(parse(2).key_ref()), "nobody has ever seen it");
    registry.register_task::<V<1>>(parse(1));
    assert!(registry.entry(old(1)).is_ok(), "it can come back");
}

#[test]
fn an_alias_may_take_no_other_name() {
    let registry = four();
    registry.register_task::<V<0>>(VTableKey::new("etl", "merge", 1));
    change(&registry, |f| _ = f.alias("legacy", "parser"));
    let alias = |segment, kind| {
        registry
            .family("etl", "merge")
            .update(move |f| _ = f.register_task::<V<1>>(2).alias("new", "name").alias(segment, kind))
    };
    for (segment, kind) in [("etl", "parse"), ("etl", "merge"), ("legacy", "parser")] {
        assert_eq!(
            alias(segment, kind),
            Err(UpdateError::AliasTaken(FamilyName { segment, kind })),
            "a family, itself, another's"
        );
    }
    assert_eq!(registry.family("etl", "merge").versions().len(), 1, "nothing has changed");
    assert!(matches!(registry.resolve("new", "name", &Preferred), Err(LookupError::UnknownFamily { .. })));
    let own = registry.family("etl", "new").update(|f| _ = f.register_task::<V<1>>(1).alias("etl", "new"));
    assert_eq!(own, Err(UpdateError::AliasTaken(FamilyName { segment: "etl", kind: "new" })));

    registry.remove(&VTableKey::new("etl", "merge", 1)).expect("nothing speaks against it");
    let empty = registry.family("etl", "parse").update(|f| _ = f.alias("etl", "merge"));
    assert_eq!(
        empty,
        Err(UpdateError::AliasTaken(FamilyName { segment: "etl", kind: "merge" })),
        "also one without versions"
    );
}

#[test]
fn an_update_refuses_names_that_no_text_leads_to() {
    let registry = four();
    for (segment, kind) in [("", "parser"), ("legacy", ""), ("a/b", "c"), ("a", "c@v1"), ("a", "c "), ("ä", "c")] {
        let alias = registry.family("etl", "parse").update(|f| _ = f.alias(segment, kind).remove(1));
        let Err(UpdateError::BadName { error, .. }) = alias else { panic!("{segment:?}/{kind:?} is an alias") };
        let refused = registry.family(segment, kind).update(|f| _ = f.register(1, &TABLE));
        assert_eq!(refused, Err(UpdateError::BadName { name: FamilyName { segment, kind }, error }));
        assert!(registry.get_ref(KeyRef { segment, kind, version: 1 }).is_none());
        assert_eq!(registry.len(), 4, "nothing has changed");

        // What registers without a check is still a family that can be changed.
        let loose = VTableRegistry::new();
        loose.register(VTableKey { segment, kind, version: 1 }, &TABLE);
        loose.family(segment, kind).update(|f| _ = f.register_task::<V<1>>(1).drain(1, None)).expect("it is there");
        assert!(loose.family(segment, kind).update(|f| _ = f.register(2, &TABLE)).is_err());
    }
}

#[test]
fn an_error_among_very_many_versions_stays_readable() {
    let registry = VTableRegistry::new();
    change(&registry, |f| {
        (0..if cfg!(miri) { 40 } else { 256 }).for_each(|version| _ = f.register(version, &TABLE));
    });
    let error = registry.entry(parse(u16::MAX).key_ref()).expect_err("it is unknown");
    assert!(error.to_string().len() < 300, "{error}");
    let LookupError::UnknownVersion { versions, .. } = error else { panic!("another error: {error}") };
    assert_eq!(versions.len(), registry.len(), "and its field has all");
    let few = four().entry(parse(9).key_ref()).expect_err("it is unknown").to_string();
    assert!(["v1", "v3", "v5", "v7"].iter().all(|version| few.contains(version)), "{few}");
}

#[test]
fn nothing_is_written_under_an_alias() {
    let registry = four();
    change(&registry, |f| _ = f.alias("legacy", "parser"));
    let key = VTableKey::new("legacy", "parser", 9);
    let refused = registry.try_register(key, &TABLE).expect_err("an alias");
    assert_eq!(
        refused,
        RegisterError::Refused { key, error: UpdateError::Alias(FamilyName { segment: "etl", kind: "parse" }) }
    );
    panics_with(&refused, || registry.register(key, &TABLE).is_some());
    panics_with(&refused, || registry.register_factory(key, |_, ()| Ok::<_, Infallible>(V::<0>)).is_some());

    let alias = UpdateError::Alias(FamilyName { segment: "etl", kind: "parse" });
    assert_eq!(registry.remove(&VTableKey { version: 1, ..key }).err(), Some(alias));
    let update = registry.family("legacy", "parser").update(|f| _ = f.register_task::<V<0>>(9));
    assert_eq!(update, Err(alias));
    let update = registry.family("legacy", "parser").update(|f| _ = f.alias("older", "parser"));
    assert_eq!(update, Err(alias), "an alias of an alias");
    assert_eq!(registry.len(), 4);
}

fn panics_with(refused: &RegisterError, run: impl FnOnce() -> bool) {
    let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("it panics");
    let sentences = format!("{refused}: {}", refused.source().expect("the reason"));
    assert_eq!(panic.downcast_ref::<String>(), Some(&sentences), "the error's sentence and its source's");
}

#[test]
fn a_frozen_registry_refuses_every_writer_and_answers_on() {
    static REGISTRY: VTableRegistry = VTableRegistry::new();
    REGISTRY.register_factory(parse(1), |_, ()| Ok::<_, Infallible>(V::<1>));
    change(&REGISTRY, |f| _ = f.alias("legacy", "parser"));
    REGISTRY.freeze();
    REGISTRY.freeze();
    for key in [parse(1), parse(2), VTableKey::new("a", "b", 1), VTableKey::new("legacy", "parser", 1)] {
        let refused = REGISTRY.try_register(key, &TABLE).expect_err("it is frozen");
        assert_eq!(refused, RegisterError::Refused { key, error: UpdateError::Frozen });
        panics_with(&refused, || REGISTRY.register(key, &TABLE).is_some());
        panics_with(&refused, || REGISTRY.register_task::<V<0>>(key).is_some());
        panics_with(&refused, || REGISTRY.register_factory(key, |_, ()| Ok::<_, Infallible>(V::<0>)).is_some());
        assert_eq!(REGISTRY.remove(&key).err(), Some(UpdateError::Frozen));
        let update = REGISTRY.family(key.segment, key.kind).update(|f| _ = f.register_task::<V<0>>(3));
        assert_eq!(update, Err(UpdateError::Frozen));
    }
    assert_eq!(REGISTRY.len(), 1);
    assert!(REGISTRY.get(&parse(1)).is_some_and(TaskVTable::is::<V<1>>));
    assert_eq!(REGISTRY.resolve("legacy", "parser", &Preferred).expect("an alias").key(), parse(1));
    assert!(REGISTRY.build(old(1), b"", &()).expect("a factory").poll().is_ready());
}

#[test]
fn a_registry_frozen_by_a_closure_keeps_what_it_had() {
    let registry = four();
    let refused = registry.family("etl", "parse").update(|f| {
        f.register_task::<V<0>>(0);
        registry.freeze();
    });
    assert_eq!((refused, registry.len()), (Err(UpdateError::Frozen), 4));
}

/// More versions than this no family has.
const MOST: u16 = 256;

#[test]
fn a_family_takes_so_many_versions_and_no_more() {
    let registry = VTableRegistry::new();
    let fill = |versions: RangeInclusive<u16>| {
        registry
            .family("etl", "parse")
            .update(|f| versions.clone().for_each(|version| _ = f.register(version, &TABLE)))
    };
    assert_eq!(fill(0..=MOST), Err(UpdateError::TooManyVersions));
    assert!(registry.is_empty());
    fill(1..=MOST - 1).expect("there is room");
    registry.try_register(parse(MOST), &TABLE).expect("there is room for one more");

    let key = parse(MOST + 1);
    let refused = registry.try_register(key, &TABLE).expect_err("it is full");
    assert_eq!(refused, RegisterError::Refused { key, error: UpdateError::TooManyVersions });
    panics_with(&refused, || registry.register(key, &TABLE).is_some());
    panics_with(&refused, || registry.register_factory(key, |_, ()| Ok::<_, Infallible>(V::<0>)).is_some());
    let alias = |f: &mut FamilyUpdate<'_, ()>| _ = f.register(0, &TABLE).alias("legacy", "parser");
    assert_eq!(registry.family("etl", "parse").update(alias), Err(UpdateError::TooManyVersions));
    assert_eq!(registry.len(), usize::from(MOST));
    assert!((1..=MOST).all(|version| registry.get(&parse(version)).is_some()), "nothing is lost");
    assert!(registry.get(&key).is_none() && registry.get_ref(old(1)).is_none());

    assert!(registry.register_task::<V<1>>(parse(1)).is_some(), "one that is there can be replaced");
    registry.try_register(VTableKey::new("etl", "merge", 0), &TABLE).expect("other families have room");
    change(&registry, |f| _ = f.remove(1).register(MOST + 1, &TABLE));
    registry.remove(&parse(2)).expect("nothing speaks against it");
    registry.try_register(parse(1), &TABLE).expect("there is room again");
    assert_eq!(registry.len(), usize::from(MOST) + 1);
}

#[test]
fn a_closure_that_panics_publishes_nothing() {
    let seen = Arc::new(());
    let registry = four();
    let before = registry.family("etl", "parse").versions();
    let held = seen.clone();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        registry.family("etl", "parse").update(|f| {
            let held = held.clone();
            f.register_factory(9, move |_, ()| Ok::<_, Infallible>(Holds(held.clone())))
                .remove(1)
                .alias("legacy", "parser");
            f.prefer(9);
            panic!("in the middle");
        })
    }));
    drop(held);
    assert!(panicked.is_err());
    assert_eq!((registry.family("etl", "parse").versions(), registry.len()), (before, 4));
    assert_eq!(Arc::strong_count(&seen), 1, "what it registered is dropped");
    change(&registry, |f| _ = f.remove(1));
    assert_eq!(registry.len(), 3, "and the registry works");
}

struct Holds(#[expect(dead_code, reason = "to be counted")] Arc<()>);

impl WakeableTask for Holds {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

#[test]
fn an_update_runs_again_if_its_family_changed_meanwhile() {
    let registry = four();
    let runs = Cell::new(0);
    let seen = registry.family("etl", "parse").update(|f| {
        runs.set(runs.get() + 1);
        if runs.get() == 1 {
            registry.register_task::<V<0>>(parse(0));
        }
        f.remove(1);
        (runs.get(), f.versions().map(|(version, _)| version).collect::<Vec<_>>())
    });
    assert_eq!(seen, Ok((2, vec![0, 3, 5, 7])), "the answer of the run that counted");
    assert_eq!(pick(&registry, &AtMost(2)), Ok(0));
    assert!(registry.get(&parse(1)).is_none());
}

#[test]
fn an_update_that_changes_its_own_family_each_time_gives_up() {
    let registry = four();
    let (runs, tables) = (Cell::new(0), [&TABLE, &OTHER]);
    let update = registry.family("etl", "parse").update(|f| {
        registry.register(parse(1), tables[runs.get() % 2]);
        runs.set(runs.get() + 1);
        f.remove(1);
    });
    assert_eq!(update, Err(UpdateError::Contended));
    assert!((2..=256).contains(&runs.get()), "{} runs", runs.get());
    assert!(registry.get(&parse(1)).is_some(), "nothing is changed by it");
    let update = registry.family("etl", "parse").update(|f| {
        registry.register(VTableKey::new("etl", "merge", 1), tables[runs.get() % 2]);
        runs.set(runs.get() + 1);
        f.remove(1);
    });
    assert_eq!(update, Ok(()), "other families are fine");
}

#[test]
fn an_alias_can_be_removed_moved_and_listed() {
    let registry = four();
    let names = |all: Vec<Alias>| {
        all.into_iter().map(|alias| (alias.alias.to_string(), alias.family.to_string())).collect::<Vec<_>>()
    };
    let pair = |alias: &str, family: &str| (alias.to_owned(), family.to_owned());
    change(&registry, |f| _ = f.alias("legacy", "parser").alias("a", "parser"));
    assert_eq!(names(registry.aliases()), [pair("a/parser", "etl/parse"), pair("legacy/parser", "etl/parse")]);
    assert_eq!(names(registry.family("etl", "parse").aliases()), names(registry.aliases()));

    let gone = UpdateError::UnknownAlias(FamilyName { segment: "legacy", kind: "other" });
    let update = registry.family("etl", "parse").update(|f| _ = f.remove(1).remove_alias("legacy", "other"));
    assert_eq!((update, registry.len()), (Err(gone), 4), "nothing has changed");
    let other = registry.family("etl", "merge");
    let update = other.update(|f| _ = f.remove_alias("legacy", "parser"));
    assert_eq!(update, Err(UpdateError::UnknownAlias(FamilyName { segment: "legacy", kind: "parser" })), "another's");
    change(&registry, |f| _ = f.alias("new", "parser").remove_alias("new", "parser"));
    change(&registry, |f| _ = f.remove_alias("legacy", "parser").alias("legacy", "parser"));
    assert_eq!(names(registry.aliases()).len(), 2, "the last word counts");

    change(&registry, |f| _ = f.remove_alias("legacy", "parser"));
    assert!(registry.get_ref(old(1)).is_none());
    assert!(
        matches!(registry.entry(old(1)), Err(LookupError::UnknownFamily { .. })),
        "its keys were never registered"
    );
    other.update(|f| _ = f.register_task::<V<0>>(1).alias("legacy", "parser")).expect("the name is free");
    assert_eq!(registry.entry(old(1)).expect("it leads there now").key(), VTableKey::new("etl", "merge", 1));
    assert_eq!(names(other.aliases()), [pair("legacy/parser", "etl/merge")]);

    other.update(|f| _ = f.remove_alias("legacy", "parser")).expect("it is ours");
    let key = VTableKey::new("legacy", "parser", 9);
    registry.try_register(key, &TABLE).expect("the name may become a family");
    assert_eq!(registry.entry(key.key_ref()).expect("it is there").key(), key);
    let taken = registry.family("etl", "parse").update(|f| _ = f.alias("legacy", "parser"));
    assert_eq!(taken, Err(UpdateError::AliasTaken(FamilyName { segment: "legacy", kind: "parser" })));
}

#[expect(clippy::trivially_copy_pass_by_ref, clippy::unnecessary_wraps, reason = "the shape of a factory")]
fn make(_: &[u8], (): &()) -> Result<V<0>, Infallible> {
    Ok(V)
}

#[test]
fn the_same_again_changes_and_keeps_nothing() {
    static AGAIN: TaskVTable = TaskVTable::of::<V<0>>();
    static UNSAFE: TaskVTable = TaskVTable::of_unsafe::<U>();
    static UNSAFE_AGAIN: TaskVTable = TaskVTable::of_unsafe::<U>();
    struct U;
    // SAFETY: nothing is done.
    unsafe impl UnsafeWakeableTask for U {
        unsafe fn poll(&mut self) -> Poll<()> {
            Poll::Ready(())
        }
        unsafe fn wake(&self) {}
        unsafe fn drop_in_place(&mut self) {}
    }
    let registry = VTableRegistry::new();
    let state = || {
        let entry = registry.entry(parse(1).key_ref()).expect("it is there");
        (entry, registry.generation(), registry.retained_bytes())
    };
    let same = |why: &str, change: &dyn Fn()| {
        let before = state();
        change();
        assert_eq!(state(), before, "{why} is the same");
    };
    let another = |why: &str, change: &dyn Fn()| {
        let before = state();
        change();
        assert!(state().0 != before.0 && state().1 > before.1 && state().2 > before.2, "{why} is another one");
    };
    let captures = 1;

    registry.register(parse(1), &TABLE);
    change(&registry, |f| _ = f.drain(1, None));
    same("one table", &|| assert!(registry.register(parse(1), &TABLE).is_some()));
    same("one table", &|| registry.try_register(parse(1), &TABLE).expect("nothing happens"));
    same("a table of one type", &|| assert!(registry.register(parse(1), &AGAIN).is_some()));
    same("a table of one type", &|| registry.try_register(parse(1), &AGAIN).expect("nothing happens"));
    same("no table by name", &|| assert!(registry.register_task::<V<0>>(parse(1)).is_some()));
    same("an update", &|| change(&registry, |f| _ = f.register(1, &AGAIN).register_task::<V<0>>(1)));
    another("another type", &|| assert!(registry.register(parse(1), &OTHER).is_some()));
    another("a factory", &|| assert!(registry.register_factory(parse(1), make).is_some()));
    same("a function", &|| assert!(registry.register_factory(parse(1), make).is_some()));
    assert!(registry.try_register(parse(1), &TABLE).is_err(), "a table is not a table and a factory");
    another("a table over a factory", &|| assert!(registry.register(parse(1), &TABLE).is_some()));
    let pure = || assert!(registry.register_factory(parse(1), |_, ()| Ok::<_, Infallible>(V::<0>)).is_some());
    another("a closure", &pure);
    same("one closure that captures nothing", &pure);
    let capturing = || {
        let make = move |_: &[u8], (): &()| if captures == 1 { Ok(V::<0>) } else { Err("no") };
        assert!(registry.register_factory(parse(1), make).is_some());
    };
    another("a closure that captures", &capturing);
    another("a closure that captures", &capturing);
    another("a function pointer", &|| {
        let pointer: fn(&[u8], &()) -> Result<V<0>, Infallible> = make;
        assert!(registry.register_factory(parse(1), pointer).is_some());
    });
    another("a table with the unsafe contract", &|| assert!(registry.register(parse(1), &UNSAFE).is_some()));
    same("itself", &|| assert!(registry.register(parse(1), &UNSAFE).is_some()));
    another("a second of its kind", &|| assert!(registry.register(parse(1), &UNSAFE_AGAIN).is_some()));
    assert_eq!(registry.family("etl", "parse").versions(), [(1, VersionState::Draining { successor: None })]);
}

#[test]
fn an_update_may_use_the_registry() {
    let registry = four();
    let merge = VTableKey::new("etl", "merge", 1);
    let runs = Cell::new(0);
    change(&registry, |f| {
        runs.set(runs.get() + 1);
        registry.register_task::<V<1>>(merge);
        registry.family("blob", "copy").update(|g| _ = g.register_task::<V<3>>(1)).expect("another family");
        registry.remove(&merge).expect("nothing speaks against it");
        assert!(pick(&registry, &Exact(9)).is_err() && registry.iter().count() == 5 && registry.len() == 5);
        f.register_task::<V<1>>(9).remove(1);
        assert!(registry.get(&parse(9)).is_none() && registry.get(&parse(1)).is_some(), "not yet");
    });
    assert_eq!((runs.get(), registry.len()), (1, 5), "changes of other families make it run no second time");
    assert!(registry.get(&parse(9)).is_some() && registry.get(&parse(1)).is_none());
}

#[test]
fn updates_from_many_threads_all_count() {
    let each = if cfg!(miri) { 5 } else { 60 };
    let registry = VTableRegistry::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let registry = &registry;
            scope.spawn(move || {
                for version in (thread * each)..(thread + 1) * each {
                    change(registry, |f| _ = f.register(version, &TABLE));
                }
            });
        }
    });
    assert_eq!(registry.family("etl", "parse").versions().len(), 4 * usize::from(each));
    assert_eq!(registry.len(), 4 * usize::from(each));
}

/// A captured value whose destructor takes the writers' turn.
struct Meddler(&'static VTableRegistry, &'static AtomicUsize);

impl Drop for Meddler {
    fn drop(&mut self) {
        let _ = self.0.try_register(VTableKey::new("meddler", "was_here", 1), &TABLE);
        assert!(self.0.retained_bytes() < 1 << 20, "it takes the turn");
        self.1.fetch_add(1, Ordering::Relaxed);
    }
}

impl Meddler {
    fn factory(self) -> impl Fn(&[u8], &()) -> Result<V<0>, Infallible> + Send + Sync + 'static {
        move |_, ()| {
            let _ = &self;
            Ok(V::<0>)
        }
    }
}

#[test]
fn a_factory_that_a_full_family_refuses_is_dropped_outside_the_turn() {
    static REGISTRY: VTableRegistry = VTableRegistry::new();
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    change(&REGISTRY, |f| (1..=MOST).for_each(|version| _ = f.register(version, &TABLE)));
    let factory = || Meddler(&REGISTRY, &DROPPED).factory();
    assert!(catch_unwind(|| REGISTRY.register_factory(parse(0), factory())).is_err());
    let update = REGISTRY.family("etl", "parse").update(|f| _ = f.register_factory(0, factory()));
    assert_eq!((update, DROPPED.load(Ordering::Relaxed)), (Err(UpdateError::TooManyVersions), 2));
}

#[test]
fn factories_that_are_not_kept_are_dropped_outside_the_turn() {
    static REGISTRY: VTableRegistry = VTableRegistry::new();
    static FROZEN: VTableRegistry = VTableRegistry::new();
    static FREEZES: VTableRegistry = VTableRegistry::new();
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    let factory = |registry| Meddler(registry, &DROPPED).factory();
    let dropped = || DROPPED.swap(0, Ordering::Relaxed);
    change(&REGISTRY, |f| _ = f.alias("legacy", "parser"));
    FROZEN.freeze();

    let old = VTableKey::new("legacy", "parser", 1);
    assert!(catch_unwind(|| REGISTRY.register_factory(old, factory(&REGISTRY))).is_err(), "an alias");
    assert!(catch_unwind(|| FROZEN.register_factory(old, factory(&FROZEN))).is_err(), "frozen");
    assert_eq!(dropped(), 2);

    let update = |segment, kind, version, alias| {
        let family = REGISTRY.family(segment, kind);
        family.update(move |f| _ = f.register_factory(version, factory(&REGISTRY)).alias("legacy", alias))
    };
    assert_eq!(
        update("etl", "merge", 1, "parser"),
        Err(UpdateError::AliasTaken(FamilyName { segment: "legacy", kind: "parser" }))
    );
    assert_eq!(
        update("legacy", "parser", 1, "name"),
        Err(UpdateError::Alias(FamilyName { segment: "etl", kind: "parse" }))
    );
    let unknown =
        REGISTRY.family("etl", "merge").update(|f| _ = f.register_factory(1, factory(&REGISTRY)).drain(2, None));
    assert_eq!(unknown, Err(UpdateError::UnknownVersion { version: 2 }));
    assert_eq!(dropped(), 2, "no closure runs for an alias");
    let frozen = FREEZES.family("a", "b").update(|f| {
        FREEZES.freeze();
        f.register_factory(1, factory(&FREEZES));
    });
    assert_eq!((frozen, dropped()), (Err(UpdateError::Frozen), 1));

    let runs = Cell::new(0);
    let update = REGISTRY.family("blob", "copy").update(|f| {
        runs.set(runs.get() + 1);
        f.register_factory(1, factory(&REGISTRY)).register_factory(1, factory(&REGISTRY)).register(1, &TABLE);
        f.register_factory(2, factory(&REGISTRY)).register_factory(3, factory(&REGISTRY)).remove(3);
        if runs.get() == 1 {
            REGISTRY.register(VTableKey::new("blob", "copy", 9), &TABLE);
        }
    });
    assert_eq!((update, runs.get(), dropped()), (Ok(()), 2, 7), "only version 2 of the second run is kept");
    assert!(REGISTRY.get(&VTableKey::new("blob", "copy", 2)).is_some());
    REGISTRY.register_task::<V<0>>(VTableKey::new("blob", "copy", 2));
    REGISTRY.remove(&VTableKey::new("blob", "copy", 2)).expect("nothing speaks against it");
    assert_eq!(dropped(), 0, "what was registered is kept");
}

#[test]
fn an_error_names_the_place_in_the_closure_that_registered() {
    let registry = VTableRegistry::new();
    let line = line!() + 2;
    change(&registry, |f| {
        f.register(1, &TABLE);
        f.register_task::<V<0>>(2);
        f.register_factory(3, |_, ()| Ok::<_, Infallible>(V::<0>));
    });
    for version in 1..=3 {
        let error = registry.try_register(parse(version), &OTHER).expect_err("it is taken");
        let RegisterError::Taken { registered, registered_at, .. } = error else { panic!("another error: {error}") };
        assert_eq!((registered_at.file(), registered_at.line()), (file!(), line + u32::from(version) - 1));
        assert_eq!(registered, TABLE.type_name());
    }
}

#[test]
fn an_entry_keeps_the_registration_that_it_was_made_of() {
    let registry = four();
    let first = registry.entry(parse(1).key_ref()).expect("it is there");
    assert_eq!(first, registry.resolve("etl", "parse", &AtMost(1)).expect("the same one"));
    assert!(ptr::eq(registry.register_task::<V<0>>(parse(1)).expect("it was there"), first.table()));
    let second = registry.entry(parse(1).key_ref()).expect("it is there");
    assert!(first != second && first.table().is::<V<1>>() && second.table().is::<V<0>>());
    registry.remove(&parse(1)).expect("nothing speaks against it");
    assert!(first.table().is::<V<1>>() && first.key() == parse(1) && { first } == first);
    for version in 0..if cfg!(miri) { 40 } else { 200 } {
        registry.register_task::<V<0>>(VTableKey::new("etl", "merge", version));
    }
    assert!(first.table().is::<V<1>>(), "nothing moves when the registry grows");
}
