//! Keys and their one text.

use std::collections::{BTreeMap, HashMap};

use waker_tables::{AsKeyRef, KeyBuf, KeyRef, NameError, ParseKeyError, VTableKey};

#[test]
fn the_text_of_a_key_reads_back_as_the_key() {
    let names = ["a", "etl", "gpu_stage", "v1", "a.b-c:d+e", "!#$%&'()*+,-.:;<=>?[]^_`{|}~", "@"];
    for segment in names {
        for kind in names {
            for version in [0, 1, 9, 10, 255, u16::MAX] {
                if segment == "@" || kind == "@" {
                    continue;
                }
                let key = VTableKey::new(segment, kind, version);
                let text = key.to_string();
                assert_eq!(text, format!("{segment}/{kind}@v{version}"));
                assert_eq!(KeyRef::parse(&text), Ok(key.key_ref()));
                assert_eq!(KeyRef::try_from(&*text), Ok(key.key_ref()));
            }
        }
    }
}

#[test]
fn every_other_text_is_refused_with_its_reason() {
    use ParseKeyError::{Kind, MissingSlash, MissingVersion, Segment, Version};
    let byte = |at, byte| NameError::Byte { at, byte };
    let cases = [
        ("", MissingSlash),
        ("etl", MissingSlash),
        ("etl@v1", MissingSlash),
        ("etl/parse", MissingVersion),
        ("etl/parse@", MissingVersion),
        ("etl/parse@1", MissingVersion),
        ("/parse@v1", Segment(NameError::Empty)),
        ("etl/@v1", Kind(NameError::Empty)),
        ("e l/parse@v1", Segment(byte(1, b' '))),
        ("etl/par/se@v1", Kind(byte(3, b'/'))),
        ("e@l/parse@v1", Segment(byte(1, b'@'))),
        ("etl/par\"se@v1", Kind(byte(3, b'"'))),
        ("etl/p\\@v1", Kind(byte(1, b'\\'))),
        ("etl/größe@v1", Kind(byte(2, 0xc3))),
        ("etl/\0@v1", Kind(byte(0, 0))),
        ("etl/parse\n@v1", Kind(byte(5, b'\n'))),
        ("etl/parse@v", Version),
        ("etl/parse@v+1", Version),
        ("etl/parse@v-1", Version),
        ("etl/parse@v01", Version),
        ("etl/parse@v00", Version),
        ("etl/parse@v1 ", Version),
        ("etl/parse@v1@v1", Version),
        ("etl/parse@v65536", Version),
        ("etl/parse@v99999999999999999999999999", Version),
        ("etl/parse@v\u{661}", Version),
    ];
    for (text, error) in cases {
        assert_eq!(KeyRef::parse(text), Err(error), "{text:?}");
    }
    assert_eq!(KeyRef::parse("\"etl\"/\"parse\"@v1"), Err(Segment(byte(0, b'"'))));
}

#[test]
fn a_key_with_bad_names_displays_as_no_key() {
    for (segment, kind) in [("a/b", "c"), ("", ""), ("a", "b@v1"), ("a", "\""), ("ä", "b"), ("a", "b c")] {
        let text = VTableKey { segment, kind, version: 1 }.to_string();
        assert!(KeyRef::parse(&text).is_err(), "{text}");
        assert!(std::panic::catch_unwind(|| VTableKey::new(segment, kind, 1)).is_err(), "{text}");
    }
    let one = VTableKey { segment: "a/b", kind: "c", version: 1 };
    let other = VTableKey { segment: "a", kind: "b/c", version: 1 };
    assert_ne!(one.to_string(), other.to_string());
}

#[test]
fn keys_are_ordered_by_segment_then_kind_then_version() {
    let key = VTableKey::new;
    let mut keys = [key("b", "a", 1), key("a", "b", 10), key("a", "b", 9), key("a", "a", 11)];
    keys.sort_unstable();
    assert_eq!(keys, [key("a", "a", 11), key("a", "b", 9), key("a", "b", 10), key("b", "a", 1)]);
}

#[test]
fn a_key_is_written_as_wide_as_is_asked_for() {
    let good = VTableKey::new("etl", "parse", 1);
    let bad = VTableKey { segment: "ä", kind: "\"", version: 1 };
    for key in [good, bad] {
        let text = key.to_string();
        for width in [0, 1, 12, 13, 14, 20] {
            assert_eq!(format!("{key:width$}|"), format!("{text:width$}|"));
            assert_eq!(format!("{key:<width$}|"), format!("{text:<width$}|"));
            assert_eq!(format!("{key:->width$}|"), format!("{text:->width$}|"));
            assert_eq!(format!("{:ö^width$}|", key.key_ref()), format!("{text:ö^width$}|"));
            assert_eq!(format!("{:>width$}|", KeyBuf::from(key)), format!("{text:>width$}|"));
        }
    }
}

#[test]
fn an_owned_key_is_the_key_that_it_was_made_of() {
    let keys = [
        VTableKey::new("a", "bc", 1),
        VTableKey::new("ab", "c", 1),
        VTableKey::new("ab", "c", 9),
        VTableKey::new("ab", "c", 10),
        VTableKey { segment: "", kind: "ä/", version: 0 },
    ];
    for one in keys {
        let owned = KeyBuf::from(one);
        assert_eq!((owned.key_ref(), owned.to_string()), (one.key_ref(), one.to_string()));
        assert_eq!(owned.to_string().parse::<KeyBuf>().ok(), KeyBuf::parse(&one.to_string()).ok());
        for other in keys {
            let other_owned = KeyBuf::from(other.key_ref());
            assert_eq!(owned.cmp(&other_owned), one.cmp(&other), "{one} and {other}");
            assert_eq!(owned == other_owned, one == other);
            let [mine, others]: [&dyn AsKeyRef; 2] = [&owned, &other.key_ref()];
            assert_eq!((mine == others, mine.partial_cmp(others)), (one == other, Some(one.cmp(&other))));
        }
    }
    assert_eq!("etl/parse@v1".parse(), Ok(KeyBuf::from(VTableKey::new("etl", "parse", 1))));
    assert_eq!("etl/parse".parse::<KeyBuf>(), Err(ParseKeyError::MissingVersion));
}

#[test]
fn a_map_of_owned_keys_is_asked_with_a_borrowed_one() {
    let keys = [("etl", "parse", 1), ("etl", "parse", 2), ("et", "lparse", 1)];
    let keys = keys.map(|(segment, kind, version)| VTableKey::new(segment, kind, version));
    let hashed: HashMap<KeyBuf, u16> = keys.iter().map(|key| (KeyBuf::from(*key), key.version)).collect();
    let sorted: BTreeMap<KeyBuf, u16> = keys.iter().map(|key| (KeyBuf::from(*key), key.version)).collect();
    for key in keys {
        let text = key.to_string();
        let off_the_wire = KeyRef::parse(&text).expect("a key");
        let asked: [&dyn AsKeyRef; 3] = [&off_the_wire, &key, &KeyBuf::from(key)];
        for asked in asked {
            assert_eq!((hashed.get(asked), sorted.get(asked)), (Some(&key.version), Some(&key.version)));
        }
    }
    let unknown: &dyn AsKeyRef = &VTableKey::new("etl", "parse", 3);
    assert_eq!((hashed.get(unknown), sorted.get(unknown)), (None, None));
}
