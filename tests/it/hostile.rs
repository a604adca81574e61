//! Text off the wire by somebody who means ill.

use std::task::Poll;

use waker_tables::{
    KeyRef, LookupError, StaticTable, TaskVTable, VTableKey, VTableRegistry, VersionReq, WakeableTask,
};

struct Parse;

impl WakeableTask for Parse {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static PARSE: TaskVTable = TaskVTable::of::<Parse>();
static TABLE: StaticTable<1> = StaticTable::new([(KEY, &PARSE)]);

const KEY: VTableKey = VTableKey::new("etl", "parse", 1);

/// Numbers that look random, the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).expect("31 bits") % bound
    }
}

fn registry() -> VTableRegistry {
    let registry = VTableRegistry::new();
    registry.register(KEY, &PARSE);
    registry.family("etl", "parse").update(|f| _ = f.alias("old", "p")).expect("nothing speaks against it");
    registry
}

/// Whatever it is, it is one of the two texts that lead to the key, or is refused everywhere without a panic.
fn is_harmless(registry: &VTableRegistry, text: &str) {
    let Ok(key) = KeyRef::parse(text) else { return };
    assert_eq!(key.to_string(), text, "each key has one text");
    let ours = text == "etl/parse@v1";
    assert_eq!(registry.get_ref(key).is_some(), ours || text == "old/p@v1", "{text:?}");
    assert_eq!(TABLE.get(key).is_some(), ours, "{text:?}");
    assert_eq!(registry.entry(key).is_ok(), ours || text == "old/p@v1", "{text:?}");
}

#[test]
fn bytes_of_every_kind_are_read_or_refused() {
    let registry = registry();
    let mut numbers = Numbers(0x5eed);
    let parts = [
        "etl", "parse", "/", "@", "@v", "v", "1", "0", "65535", "65536", "old", "p", "\0", "\u{661}", "ä", "\\",
        "\"", " ",
    ];
    let rounds = if cfg!(miri) { 200 } else { 50_000 };
    for _ in 0..rounds {
        let bytes: Vec<u8> = (0..numbers.below(24)).map(|_| numbers.next().to_le_bytes()[5]).collect();
        is_harmless(&registry, &String::from_utf8_lossy(&bytes));
        let text: String = (0..numbers.below(8)).map(|_| parts[numbers.below(parts.len())]).collect();
        is_harmless(&registry, &text);
    }
    for at in 0.."etl/parse@v1".len() {
        for byte in (0..=127_u8).step_by(if cfg!(miri) { 20 } else { 1 }) {
            let mut text = String::from("etl/parse@v1");
            text.insert(at, byte.into());
            is_harmless(&registry, &text);
            text.remove(at + 1);
            is_harmless(&registry, &text);
        }
    }
}

#[test]
fn names_of_every_length_miss() {
    let registry = registry();
    let longest = if cfg!(miri) { 20 } else { 300 };
    let text = "x".repeat(longest);
    for length in (0..=longest).chain([1 << 16, 1 << 20].into_iter().take(if cfg!(miri) { 0 } else { 2 })) {
        let long = if length <= longest { text[..length].to_owned() } else { "x".repeat(length) };
        for (segment, kind) in [("etl", &*long), (&*long, "parse"), (&*long, &*long)] {
            let key = KeyRef { segment, kind, version: 1 };
            assert!(registry.get_ref(key).is_none() && TABLE.get(key).is_none());
            let error = registry.resolve(segment, kind, &VersionReq::Preferred).expect_err("it is unknown");
            let asked = match error {
                LookupError::UnknownFamily { asked } if segment == "etl" => asked,
                LookupError::UnknownFamily { asked } if segment != "etl" => asked,
                other => panic!("another error: {other}"),
            };
            assert!(asked.segment.len() <= 64 && asked.kind.len() <= 64, "errors keep little of it");
        }
    }
}

#[test]
fn a_name_is_told_from_its_neighbours() {
    const NAMES: [&str; 6] = ["a", "ab", "abc", "abcdefgh", "abcdefghijklmnop", "abcdefghijklmnopqrstuvwxyz"];
    let registry = VTableRegistry::new();
    for name in NAMES {
        registry.register(VTableKey::new(name, name, 1), &PARSE);
    }
    // Everything that differs in one byte, or in its length by one.
    for name in NAMES {
        for other in NAMES {
            let found = registry.get_ref(KeyRef { segment: name, kind: other, version: 1 });
            assert_eq!(found.is_some(), name == other);
        }
        for at in 0..name.len() {
            let mut near = name.to_owned();
            near.replace_range(at..=at, "~");
            let mut shorter = name.to_owned();
            shorter.remove(at);
            for near in [near, shorter].iter().filter(|near| !NAMES.contains(&near.as_str())) {
                for (segment, kind) in [(name, &**near), (near, name), (near, near)] {
                    assert!(registry.get_ref(KeyRef { segment, kind, version: 1 }).is_none(), "{segment}/{kind}");
                }
            }
        }
    }
    // The same bytes, cut elsewhere.
    for (segment, kind) in [("abcdefgh", "ijklmnop"), ("abcd", "efghabcdefgh"), ("aba", "b"), ("", "aa"), ("aa", "")]
    {
        assert!(registry.get_ref(KeyRef { segment, kind, version: 1 }).is_none());
    }
}
