//! What a registry tells the world.

use std::convert::Infallible;
use std::task::Poll;

use waker_tables::{VTableKey, VTableRegistry, VersionState, WakeableTask};

struct Parse;

impl WakeableTask for Parse {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

const fn key(kind: &'static str, version: u16) -> VTableKey {
    VTableKey::new("etl", kind, version)
}

#[test]
fn a_manifest_has_every_key_in_order_with_what_others_need_to_know() {
    let registry = VTableRegistry::new();
    assert_eq!((registry.manifest(), registry.generation()), (vec![], 0));
    registry.register_task::<Parse>(key("parse", 10));
    registry.register_factory(key("parse", 9), |_, ()| Ok::<_, Infallible>(Parse));
    registry.register_task::<Parse>(key("merge", 1));
    registry.register_task::<Parse>(VTableKey::new("a", "z", 3));
    registry
        .family("etl", "parse")
        .update(|f| _ = f.drain(10, Some(9)).alias("old", "parse"))
        .expect("nothing speaks against it");

    let manifest = registry.manifest();
    let rows: Vec<_> =
        manifest.iter().map(|entry| (entry.key, entry.state, entry.preferred, entry.has_factory)).collect();
    let draining = VersionState::Draining { successor: Some(9) };
    assert_eq!(
        rows,
        [
            (VTableKey::new("a", "z", 3), VersionState::Active, true, false),
            (key("merge", 1), VersionState::Active, true, false),
            (key("parse", 9), VersionState::Active, true, true),
            (key("parse", 10), draining, false, false),
        ],
        "an alias is no key, and of each family one version is what new work should go to"
    );
    assert!(manifest.iter().all(|entry| entry.type_name == std::any::type_name::<Parse>()));
}

#[test]
fn a_generation_changes_with_every_write_and_with_nothing_else() {
    let registry = VTableRegistry::new();
    let mut last = registry.generation();
    let mut changed = |why: &str, expected: bool| {
        assert_eq!(registry.generation() > last, expected, "{why}");
        last = registry.generation();
    };
    registry.register_task::<Parse>(key("parse", 1));
    changed("a registration", true);
    registry.family("etl", "parse").update(|f| _ = f.drain(1, None)).expect("it is there");
    changed("an update", true);
    assert!(registry.family("etl", "parse").update(|f| _ = f.drain(2, None)).is_err());
    changed("an update that failed", false);
    drop((registry.get(&key("parse", 1)), registry.manifest(), registry.len()));
    changed("a look", false);
    registry.remove(&key("parse", 1)).expect("nothing speaks against it");
    changed("a removal", true);
    registry.remove(&key("parse", 1)).expect("nothing speaks against it");
    changed("a removal of nothing", false);
}
