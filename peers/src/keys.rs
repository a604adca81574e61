//! The keys of the registry group. The build script makes its static tables from the same ones.

/// The subsystems that keys are spread over.
const SEGMENTS: [&str; 7] = ["billing", "etl", "index", "mail", "media", "net", "storage"];

/// The kinds' first words: keys of one length would flatter a hash.
const STEMS: [&str; 5] = ["parse", "merge", "compact", "deliver-receipt", "tick"];

/// One key: segment, kind and version.
pub type Name = (&'static str, String, u16);

/// `count` keys, with `versions` of each family.
pub fn names(count: usize, versions: usize) -> Vec<Name> {
    (0..count).map(|at| name(at / versions, at % versions)).collect()
}

/// The key of a family's version; versions begin with 1.
pub fn name(family: usize, version: usize) -> Name {
    let segment = SEGMENTS[family % SEGMENTS.len()];
    let kind = format!("{}-{family}", STEMS[family % STEMS.len()]);
    (segment, kind, u16::try_from(version + 1).expect("few versions"))
}
