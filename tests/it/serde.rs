//! Keys as text, in a format that can lend it.

use waker_tables::{KeyBuf, KeyRef, VTableKey};

const KEY: VTableKey = VTableKey::new("etl", "parse", 1);

#[test]
fn a_key_is_written_as_its_text_and_read_back_borrowed() {
    for key in [KEY, VTableKey::new("a.b-c", "!#$%&'()*+,-.:;<=>?[]^_`{|}~", u16::MAX), VTableKey::new("v1", "0", 0)]
    {
        let text = serde_json::to_string(&key).expect("a text");
        assert_eq!(text, format!("\"{key}\""), "a name has nothing that JSON escapes");
        assert_eq!(serde_json::to_string(&key.key_ref()).expect("a text"), text);
        let read: KeyRef<'_> = serde_json::from_str(&text).expect("a key");
        assert_eq!(read, key.key_ref());
        assert!(text.as_bytes().as_ptr_range().contains(&read.segment.as_ptr()), "nothing is copied");
    }
    let keys: Vec<KeyRef<'_>> = serde_json::from_str(r#"["a/b@v1", "a/b@v2"]"#).expect("two keys");
    assert_eq!(keys.iter().map(|key| key.version).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn what_is_no_key_is_refused_with_the_reason() {
    for text in ["", "etl", "etl/parse", "etl/parse@v01", "etl/parse@v65536", "e l/parse@v1", "/parse@v1"] {
        let json = serde_json::to_string(text).expect("a text");
        let error = serde_json::from_str::<KeyRef<'_>>(&json).expect_err("no key");
        let reason = KeyRef::parse(text).expect_err("no key").to_string();
        assert!(error.to_string().contains(&reason), "{error}");
    }
    for json in ["1", "null", "[]", "{}", r#"{"segment":"etl","kind":"parse","version":1}"#] {
        assert!(serde_json::from_str::<KeyRef<'_>>(json).is_err(), "{json}");
    }
    let bad = VTableKey { segment: "a/b", kind: "c", version: 1 };
    let json = serde_json::to_string(&bad).expect("it is written quoted");
    assert!(serde_json::from_str::<KeyRef<'_>>(&json).is_err());
}

#[test]
fn a_key_that_cannot_be_borrowed_is_refused() {
    assert!(
        serde_json::from_str::<KeyRef<'_>>(r#""etl\u002fparse@v1""#).is_err(),
        "escapes have to be undone somewhere"
    );
    assert!(
        serde_json::from_reader::<_, String>(&br#""etl/parse@v1""#[..]).is_ok(),
        "a reader lends nothing; a `String` can be parsed"
    );
}

#[test]
fn an_owned_key_is_read_from_every_text() {
    let key = KeyBuf::from(KEY);
    let text = serde_json::to_string(&key).expect("a text");
    assert_eq!(text, r#""etl/parse@v1""#);
    assert_eq!(serde_json::from_str::<KeyBuf>(&text).expect("a key"), key);
    assert_eq!(serde_json::from_str::<KeyBuf>(r#""etl\/parse@v1""#).expect("escaped"), key);
    assert_eq!(serde_json::from_str::<KeyBuf>(r#""etl\u002fparse\u0040v1""#).expect("escaped"), key);
    assert_eq!(serde_json::from_reader::<_, KeyBuf>(text.as_bytes()).expect("a reader lends nothing"), key);
    let value = serde_json::to_value(&key).expect("a text");
    assert_eq!(serde_json::from_value::<KeyBuf>(value).expect("nor does a value"), key);
    for json in ["1", "null", r#""etl\/parse""#, r#""etl/parse@v01""#] {
        assert!(serde_json::from_str::<KeyBuf>(json).is_err(), "{json}");
    }
}
