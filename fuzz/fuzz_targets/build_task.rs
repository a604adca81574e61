//! `key bytes` off the wire: a task, or an error that keeps little of it.

#![no_main]

use std::str::{self, Utf8Error};
use std::sync::Once;
use std::task::Poll;

use libfuzzer_sys::fuzz_target;
use waker_tables::{BuildError, KeyRef, LookupError, VTableKey, VTableRegistry, VersionReq, WakeableTask};

struct Count(usize);

impl WakeableTask for Count {
    fn poll(&mut self) -> Poll<()> {
        Poll::Ready(())
    }
}

static JOBS: VTableRegistry = VTableRegistry::new();
const COUNT: VTableKey = VTableKey::new("etl", "count", 1);

fn register() {
    JOBS.register_factory(COUNT, |bytes, ()| Ok::<_, Utf8Error>(Count(str::from_utf8(bytes)?.len())));
    JOBS.register_task::<Count>(VTableKey { version: 2, ..COUNT });
    JOBS.register_task::<Count>(VTableKey { version: 3, ..COUNT });
    JOBS.family("etl", "count")
        .update(|f| _ = f.remove(2).drain(3, Some(1)).alias("old", "n"))
        .expect("nothing is there");
}

fn is_short(error: &LookupError) {
    let (LookupError::UnknownFamily { asked }
    | LookupError::UnknownVersion { asked, .. }
    | LookupError::Draining { asked, .. }
    | LookupError::Retired { asked, .. }) = error
    else {
        panic!("{error}")
    };
    assert!(asked.segment.len() <= 64 && asked.kind.len() <= 64 && error.to_string().len() < 2000);
}

fn build(key: KeyRef<'_>, bytes: &[u8]) {
    let is_ours = matches!((key.segment, key.kind), ("etl", "count") | ("old", "n"));
    match JOBS.build(key, bytes, &()) {
        Ok(mut task) => {
            assert!(is_ours && key.version == 1 && task.key() == COUNT && task.poll().is_ready());
            assert_eq!(task.downcast::<Count>().map(|count| count.0).ok(), Some(bytes.len()));
        }
        Err(BuildError::Lookup(error)) => {
            is_short(&error);
            let is_gone = is_ours && key.version == 2;
            assert_eq!(matches!(error, LookupError::Retired { .. }), is_gone, "of what was never here nothing is retired");
        }
        Err(BuildError::NoFactory { .. }) => assert!(is_ours && key.version == 3),
        Err(BuildError::Factory { .. }) => assert!(is_ours && key.version == 1 && str::from_utf8(bytes).is_err()),
        Err(error) => panic!("{error}"),
    }
    let up = key.version..=key.version.saturating_add(1);
    for wanted in [VersionReq::AtMost(key.version), VersionReq::AtLeast(key.version), VersionReq::Within(up)] {
        match JOBS.resolve(key.segment, key.kind, &wanted) {
            Ok(entry) => assert!(is_ours && entry.key() == COUNT),
            Err(error) => is_short(&error),
        }
    }
}

fuzz_target!(|line: &[u8]| {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(register);

    let space = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
    let (key, bytes) = line.split_at(space);
    let Ok(text) = str::from_utf8(key) else { return };
    if let Ok(key) = KeyRef::parse(text) {
        build(key, bytes);
    }
    // Names that no text gives, too.
    let (segment, kind) = text.split_once('/').unwrap_or((text, "count"));
    build(KeyRef { segment, kind, version: bytes.get(1).map_or(0, |byte| u16::from(*byte)) }, bytes);
});
