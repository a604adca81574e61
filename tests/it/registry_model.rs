//! The registry against a model of maps, over random operations; and the text of keys both ways.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;
use std::task::Poll;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use waker_tables::{
    FamilyName, FamilyUpdate, KeyRef, LookupError, RegisterError, TaskVTable, UpdateError, VTableKey, VTableRegistry,
    VersionReq, VersionState, WakeableTask,
};

use VersionReq::{AtLeast, AtMost, Exact, Preferred, Within};

struct Job<const N: usize>;

impl<const N: usize> WakeableTask for Job<N> {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static TABLES: [TaskVTable; 3] = [TaskVTable::of::<Job<0>>(), TaskVTable::of::<Job<1>>(), TaskVTable::of::<Job<2>>()];

type Name = (&'static str, &'static str);

const NAMES: [Name; 5] =
    [("etl", "parse"), ("etl", "merge"), ("e", "tlparse"), ("blob", "copy"), ("legacy", "parser")];

/// Versions go from 0 to this.
const HIGHEST: u16 = 5;

#[derive(Debug, Clone)]
enum Operation {
    Register(Name, u16, usize),
    TryRegister(Name, u16, usize),
    Remove(Name, u16),
    Update(Name, Vec<Change>),
}

#[derive(Debug, Clone)]
enum Change {
    Register(u16, usize),
    Remove(u16),
    Prefer(u16),
    Drain(u16, Option<u16>),
    Activate(u16),
    Alias(Name),
    RemoveAlias(Name),
}

#[derive(Debug, Clone, Default)]
struct Family {
    versions: BTreeMap<u16, (usize, VersionState)>,
    preferred: Option<u16>,
    /// Versions that were there once.
    once: BTreeSet<u16>,
}

#[derive(Debug, Default)]
struct Model {
    families: BTreeMap<Name, Family>,
    aliases: BTreeMap<Name, Name>,
}

impl Family {
    fn put(&mut self, version: u16, table: usize) -> Option<usize> {
        let known = self.versions.get(&version).copied();
        let state = known.map_or(VersionState::Active, |(_, state)| state);
        self.versions.insert(version, (table, state));
        known.map(|(table, _)| table)
    }

    fn remove(&mut self, version: u16) -> Option<usize> {
        self.preferred = self.preferred.filter(|preferred| *preferred != version);
        self.versions.remove(&version).map(|(table, _)| table)
    }

    fn change(&mut self, change: &Change) -> Result<(), UpdateError> {
        let known = |version: u16| UpdateError::UnknownVersion { version };
        match *change {
            Change::Register(version, table) => _ = self.put(version, table),
            Change::Remove(version) => _ = self.remove(version).ok_or(known(version))?,
            Change::Prefer(version) => self.preferred = Some(version),
            Change::Drain(version, successor) => {
                self.preferred = self.preferred.filter(|preferred| *preferred != version);
                self.versions.get_mut(&version).ok_or(known(version))?.1 = VersionState::Draining { successor };
            }
            Change::Activate(version) => {
                self.versions.get_mut(&version).ok_or(known(version))?.1 = VersionState::Active;
            }
            Change::Alias(_) | Change::RemoveAlias(_) => {}
        }
        Ok(())
    }

    fn check(&self) -> Result<(), UpdateError> {
        let Some(version) = self.preferred else { return Ok(()) };
        match self.versions.get(&version) {
            None => Err(UpdateError::UnknownVersion { version }),
            Some((_, VersionState::Active)) => Ok(()),
            Some(_) => Err(UpdateError::PreferredDrains { version }),
        }
    }

    /// What a request gets: a version that there is, or the draining one that stood in its way, or nothing.
    fn pick(&self, wanted: &VersionReq) -> Result<u16, Option<(u16, Option<u16>)>> {
        let fits = |version: u16| match wanted {
            Exact(exact) => version == *exact,
            AtMost(most) => version <= *most,
            AtLeast(least) => version >= *least,
            Within(range) => range.contains(&version),
            Preferred => true,
        };
        if let (Preferred, Some(version)) = (wanted, self.preferred) {
            return Ok(version);
        }
        let fitting = || self.versions.iter().rev().filter(|(version, _)| fits(**version));
        let is_exact = matches!(wanted, Exact(_));
        let chosen = fitting().find(|(_, (_, state))| is_exact || *state == VersionState::Active);
        match (chosen, fitting().next()) {
            (Some((version, _)), _) => Ok(*version),
            (None, Some((version, (_, VersionState::Draining { successor })))) => Err(Some((*version, *successor))),
            _ => Err(None),
        }
    }
}

impl Model {
    fn real(&self, name: Name) -> Name {
        *self.aliases.get(&name).unwrap_or(&name)
    }

    fn run(&mut self, registry: &VTableRegistry, operation: &Operation) {
        match *operation {
            Operation::Register(name, version, table) if !self.aliases.contains_key(&name) => {
                let before = registry.register(key(name, version), &TABLES[table]);
                let family = self.families.entry(name).or_default();
                assert_eq!(before.map(number), family.put(version, table));
                family.once.insert(version);
            }
            // `register` would panic as `try_register` refuses.
            Operation::Register(name, version, table) | Operation::TryRegister(name, version, table) => {
                let answer = registry.try_register(key(name, version), &TABLES[table]);
                if let Some(real) = self.aliases.get(&name) {
                    let error = UpdateError::Alias(family_name(*real));
                    assert_eq!(answer, Err(RegisterError::Refused { key: key(name, version), error }));
                    return;
                }
                let family = self.families.entry(name).or_default();
                if let Some((known, _)) = family.versions.get(&version).filter(|(known, _)| *known != table) {
                    let Err(RegisterError::Taken { registered, .. }) = answer else { panic!("{answer:?}") };
                    assert_eq!(registered, TABLES[*known].type_name());
                    return;
                }
                assert_eq!(answer, Ok(()));
                family.put(version, table);
                family.once.insert(version);
            }
            Operation::Remove(name, version) => {
                let answer = registry.remove(&key(name, version)).map(|table| table.map(number));
                let expected = match self.aliases.get(&name) {
                    Some(real) => Err(UpdateError::Alias(family_name(*real))),
                    None => Ok(self.families.get_mut(&name).and_then(|family| family.remove(version))),
                };
                assert_eq!(answer, expected);
            }
            Operation::Update(name, ref changes) => {
                let answer =
                    registry.family(name.0, name.1).update(|f| changes.iter().for_each(|change| apply(f, change)));
                assert_eq!(answer, self.update(name, changes));
            }
        }
    }

    fn update(&mut self, name: Name, changes: &[Change]) -> Result<(), UpdateError> {
        if let Some(real) = self.aliases.get(&name) {
            return Err(UpdateError::Alias(family_name(*real)));
        }
        let mut family = self.families.get(&name).cloned().unwrap_or_default();
        // The first of the errors is told, and the other changes are made all the same.
        let errors: Vec<_> = changes.iter().filter_map(|change| family.change(change).err()).collect();
        errors.first().map_or(Ok(()), |error| Err(*error))?;
        family.check()?;
        // What is to become of each alias, and whether it has to be one now; in the order that they are first named in.
        let mut wishes: Vec<(Name, bool, bool)> = Vec::new();
        for change in changes {
            let (alias, leads) = match change {
                Change::Alias(alias) => (*alias, true),
                Change::RemoveAlias(alias) => (*alias, false),
                _ => continue,
            };
            match wishes.iter_mut().find(|(known, ..)| *known == alias) {
                Some(wish) => (wish.1, wish.2) = (leads, false),
                None => wishes.push((alias, leads, !leads)),
            }
        }
        for &(alias, leads, has_to_lead) in &wishes {
            let real = self.aliases.get(&alias);
            if leads
                && (alias == name || self.families.contains_key(&alias) || real.is_some_and(|real| *real != name))
            {
                return Err(UpdateError::AliasTaken(family_name(alias)));
            }
            if has_to_lead && real != Some(&name) {
                return Err(UpdateError::UnknownAlias(family_name(alias)));
            }
        }
        // A change of nothing founds nothing.
        let is_named = wishes.iter().any(|(_, leads, _)| *leads);
        if is_named || !family.versions.is_empty() || self.families.contains_key(&name) {
            family.once.extend(family.versions.keys());
            self.families.insert(name, family);
        }
        for (alias, leads, _) in wishes {
            if leads {
                self.aliases.insert(alias, name);
            } else if self.aliases.get(&alias) == Some(&name) {
                self.aliases.remove(&alias);
            }
        }
        Ok(())
    }

    /// Everything that can be asked.
    fn compare(&self, registry: &VTableRegistry) {
        let mut keys = Vec::new();
        for name in NAMES {
            let real = self.real(name);
            let family = self.families.get(&real);
            for version in 0..=HIGHEST {
                let known = family.and_then(|family| family.versions.get(&version)).map(|(table, _)| *table);
                assert_eq!(registry.get(&key(name, version)).map(number), known);
                if real == name {
                    keys.extend(known.map(|table| (key(name, version), table)));
                }
                let entry = registry.entry(key(name, version).key_ref());
                self.compare_one(name, &Exact(version), entry.map(|entry| (entry.key(), number(entry.table()))));
                let up = version..=version + 2;
                for wanted in [Exact(version), AtMost(version), AtLeast(version), Within(up), Preferred] {
                    let entry = registry.resolve(name.0, name.1, &wanted);
                    self.compare_one(name, &wanted, entry.map(|entry| (entry.key(), number(entry.table()))));
                }
            }
            let states =
                family.into_iter().flat_map(|family| &family.versions).map(|(version, known)| (*version, known.1));
            assert_eq!(registry.family(name.0, name.1).versions(), states.collect::<Vec<_>>());
        }
        let mut listed: Vec<_> = registry.iter().map(|(key, table)| (key, number(table))).collect();
        listed.sort_unstable();
        keys.sort_unstable();
        assert_eq!(listed, keys);
        assert_eq!((registry.len(), registry.is_empty()), (keys.len(), keys.is_empty()));
        let manifest: Vec<_> = registry.manifest().iter().map(|entry| (entry.key, entry.preferred)).collect();
        let preferred = |key: &VTableKey| self.families[&(key.segment, key.kind)].pick(&Preferred) == Ok(key.version);
        assert_eq!(manifest, keys.iter().map(|(key, _)| (*key, preferred(key))).collect::<Vec<_>>());
        let aliases = registry.aliases().into_iter().map(|alias| (alias.alias, alias.family));
        let expected = self.aliases.iter().map(|(alias, real)| (family_name(*alias), family_name(*real)));
        assert!(aliases.eq(expected), "{:?}", registry.aliases());
    }

    fn compare_one(&self, name: Name, wanted: &VersionReq, answer: Result<(VTableKey, usize), LookupError>) {
        let real = self.real(name);
        let Some(family) = self.families.get(&real) else {
            let error = answer.expect_err("there is no such family");
            assert!(matches!(error, LookupError::UnknownFamily { .. }), "{error}");
            return;
        };
        let asked = || match &answer {
            Ok(_) => panic!("{name:?} {wanted:?}: {answer:?}"),
            Err(
                LookupError::UnknownFamily { asked }
                | LookupError::UnknownVersion { asked, .. }
                | LookupError::Draining { asked, .. }
                | LookupError::Retired { asked, .. },
            ) => asked.clone(),
            Err(error) => panic!("{error}"),
        };
        let versions = || family.versions.keys().copied().collect::<Vec<_>>();
        let expected = match family.pick(wanted) {
            Ok(version) => Ok((key(real, version), family.versions[&version].0)),
            Err(Some((version, successor))) => Err(LookupError::Draining { asked: asked(), version, successor }),
            Err(None) if matches!(wanted, Exact(version) if family.once.contains(version)) => {
                Err(LookupError::Retired { asked: asked(), versions: versions() })
            }
            Err(None) => Err(LookupError::UnknownVersion { asked: asked(), versions: versions() }),
        };
        assert_eq!(answer, expected, "{name:?} {wanted:?}");
        if let Err(error) = &answer {
            let asked = asked();
            assert_eq!((&*asked.segment, &*asked.kind, &asked.version), (name.0, name.1, wanted));
            assert_eq!(discriminant(error), discriminant(expected.as_ref().expect_err("it is equal")));
        }
    }
}

const fn key((segment, kind): Name, version: u16) -> VTableKey {
    VTableKey::new(segment, kind, version)
}

const fn family_name((segment, kind): Name) -> FamilyName<'static> {
    FamilyName { segment, kind }
}

fn number(table: &TaskVTable) -> usize {
    TABLES.iter().position(|known| std::ptr::eq(known, table)).expect("one of these tables")
}

fn apply(update: &mut FamilyUpdate<'_, ()>, change: &Change) {
    match *change {
        Change::Register(version, table) => update.register(version, &TABLES[table]),
        Change::Remove(version) => update.remove(version),
        Change::Prefer(version) => update.prefer(version),
        Change::Drain(version, successor) => update.drain(version, successor),
        Change::Activate(version) => update.activate(version),
        Change::Alias((segment, kind)) => update.alias(segment, kind),
        Change::RemoveAlias((segment, kind)) => update.remove_alias(segment, kind),
    };
}

fn operations() -> impl Strategy<Value = Operation> {
    let (name, version, table) = (|| select(&NAMES[..]), || 0..=HIGHEST, || 0..TABLES.len());
    let change = prop_oneof![
        6 => (version(), table()).prop_map(|(version, table)| Change::Register(version, table)),
        2 => version().prop_map(Change::Remove),
        2 => version().prop_map(Change::Prefer),
        3 => (version(), prop::option::of(version())).prop_map(|(version, successor)| Change::Drain(version, successor)),
        2 => version().prop_map(Change::Activate),
        1 => name().prop_map(Change::Alias),
        1 => name().prop_map(Change::RemoveAlias),
    ];
    prop_oneof![
        2 => (name(), version(), table()).prop_map(|(name, version, table)| Operation::Register(name, version, table)),
        2 => (name(), version(), table()).prop_map(|(name, version, table)| Operation::TryRegister(name, version, table)),
        2 => (name(), version()).prop_map(|(name, version)| Operation::Remove(name, version)),
        5 => (name(), prop::collection::vec(change, 0..4)).prop_map(|(name, changes)| Operation::Update(name, changes)),
    ]
}

/// A name of a key.
fn names() -> impl Strategy<Value = String> {
    let bytes: Vec<u8> = (b'!'..=b'~').filter(|byte| !b"/@\"\\".contains(byte)).collect();
    prop::collection::vec(select(bytes), 1..40).prop_map(|bytes| String::from_utf8(bytes).expect("ASCII"))
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases: if cfg!(miri) { 1 } else { cases },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn the_registry_answers_as_its_model(run in prop::collection::vec(operations(), 1..30)) {
        let (registry, mut model) = (VTableRegistry::new(), Model::default());
        let last = run.len() - 1;
        for (at, operation) in run.iter().enumerate() {
            model.run(&registry, operation);
            // All that can be asked is much for Miri.
            if at == last || !cfg!(miri) {
                model.compare(&registry);
            }
        }
    }
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn a_text_is_read_as_the_key_that_it_was_written_from(segment in names(), kind in names(), version: u16) {
        let key = KeyRef { segment: &segment, kind: &kind, version };
        let text = key.to_string();
        prop_assert_eq!(&text, &format!("{segment}/{kind}@v{version}"));
        prop_assert_eq!(KeyRef::parse(&text), Ok(key));
    }

    #[test]
    fn a_text_that_is_read_is_the_one_text_of_its_key(segment in names(), kind in names(), version: u16, at: Index, byte in 0..128_u8) {
        let mut text = format!("{segment}/{kind}@v{version}");
        let at = at.index(text.len());
        text.replace_range(at..=at, char::from(byte).encode_utf8(&mut [0]));
        if let Ok(key) = KeyRef::parse(&text) {
            prop_assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn any_text_is_read_as_its_key_or_refused(text: String) {
        if let Ok(key) = KeyRef::parse(&text) {
            prop_assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn a_key_of_any_names_displays_as_what_reads_back_or_as_no_key(segment: String, kind: String, version: u16) {
        let key = KeyRef { segment: &segment, kind: &kind, version };
        let text = key.to_string();
        if let Ok(read) = KeyRef::parse(&text) {
            prop_assert_eq!(read, key);
        }
    }
}
