//! Any text is the one text of a key, or no key.

#![no_main]

use libfuzzer_sys::fuzz_target;
use waker_tables::{KeyBuf, KeyRef};

fuzz_target!(|text: &str| {
    match KeyRef::parse(text) {
        Ok(key) => {
            let owned: KeyBuf = text.parse().expect("the same");
            assert!(key.to_string() == text && owned.to_string() == text && owned.key_ref() == key);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let (segment, kind) = text.split_once('\n').unwrap_or((text, text));
    let key = KeyRef { segment, kind, version: 7 };
    if let Ok(read) = KeyRef::parse(&key.to_string()) {
        assert_eq!(read, key, "a text leads to no other key");
    }
});
