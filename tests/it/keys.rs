//! Keys and their one text.

use waker_tables::{KeyRef, NameError, ParseKeyError, VTableKey};

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
                assert_eq!(KeyRef::try_from(&*text), Ok(KeyRef::from(key)));
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
