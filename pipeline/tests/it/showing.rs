//! Names on a terminal.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use pipeline::output::{Shown, ShownWord};

use crate::command::{output as run, stderr, stdout};

#[test]
fn a_name_that_can_be_seen_is_shown_as_it_is() {
    for name in ["a b", "naïve", "e\u{301}tude", "東京", "हिन्दी", "❤\u{fe0f}", "don't", "a\\b", "say \"a\"", "~"]
    {
        assert_eq!(Shown(Path::new(name)).to_string(), name);
    }
}

#[test]
fn what_cannot_be_seen_in_a_name_is_escaped() {
    let controls = ('\0'..' ').chain('\u{7f}'..='\u{9f}');
    let format = ('\u{200b}'..='\u{200f}').chain('\u{2028}'..='\u{202e}').chain('\u{2060}'..='\u{206f}');
    let others = "\u{ad}\u{600}\u{61c}\u{6dd}\u{70f}\u{8e2}\u{180e}\u{feff}\u{fff9}\u{fffb}\u{110bd}\u{13430}\u{1d173}\u{e0001}\u{e0020}\u{e007f}";
    for character in controls.chain(format).chain(others.chars()) {
        let name = format!("a{character}b");
        let shown = ShownWord(&name).to_string();
        assert!(shown.starts_with("\"a\\") && shown.ends_with("b\""), "{character:?}: {shown:?}");
        assert!(!shown.contains(character), "{character:?}");
    }
}

#[test]
fn two_names_are_never_shown_alike() {
    let names: [&[u8]; 8] =
        [b"a\n", b"a\\n", b"\"a\\n\"", b"a\xff", b"a\xfe", b"a\\xff", "a\u{fffd}".as_bytes(), b"\"a\""];
    let mut shown = names.map(|name| Shown(Path::new(OsStr::from_bytes(name))).to_string());
    shown.sort_unstable();
    assert!(shown.windows(2).all(|pair| pair[0] != pair[1]), "{shown:?}");
}

#[test]
fn names_and_words_are_printed_as_they_are_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("root\u{202e}");
    fs::create_dir(&root).expect("a directory");
    for name in ["esc\u{1b}[31m", "bidi\u{202e}txt.exe", "zero\u{200b}width", "line\u{2028}separator"] {
        fs::write(root.join(name), "alpha be\u{2060}ta").expect("a file");
    }
    fs::write(root.join(OsStr::from_bytes(b"latin\xff")), "alpha").expect("a file");
    let long = format!("{}\u{200b}", "x".repeat(200));
    let output =
        run(&root, &["--parse-version=v2", "--query=alpha", "--query=be\u{2060}ta", &format!("--query={long}")]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\u{2028}', '\u{2060}', '\u{fffd}']), "{text}");
    for escaped in
        [r"esc\u{1b}[31m", r"bidi\u{202e}txt", r"zero\u{200b}width", r"line\u{2028}", r"latin\xff", r"be\u{2060}ta"]
    {
        assert!(text.contains(escaped), "{escaped}: {text}");
    }
    let nowhere = root.join("nowhere");
    let refused = run(&nowhere, &[]);
    assert!(stderr(&refused).contains(r"root\u{202e}"), "{}", stderr(&refused));
}
