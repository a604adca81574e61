//! Makes the static tables of the registry group, and notes what the head of a report says about the build.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[path = "src/keys.rs"]
mod keys;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/keys.rs");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("static_tables.rs"), tables()).expect("OUT_DIR can be written to");
    println!("cargo::rustc-env=PEERS_RUSTC={}", rustc());
    println!("cargo::rustc-env=PEERS_VERSIONS={}", versions());
    // Cargo knows it before the profile does.
    println!("cargo::rerun-if-env-changed=CARGO_INCREMENTAL");
    println!("cargo::rustc-env=PEERS_INCREMENTAL={}", env::var("CARGO_INCREMENTAL").unwrap_or_default());
    for name in ["PROFILE", "OPT_LEVEL", "TARGET"] {
        println!("cargo::rustc-env=PEERS_{name}={}", env::var(name).expect("cargo sets it"));
    }
}

/// Static tables, phf's and this crate's, for each number of keys and of versions a family. Not for 100 000 keys: that
/// is ten megabytes of source in every build of the workspace.
fn tables() -> String {
    let mut text = String::new();
    for (count, label) in [(8, "8"), (1_000, "1000")] {
        for versions in [3, 1] {
            let names = keys::names(count, versions);
            let mut map = phf_codegen::Map::new();
            for (at, (segment, kind, version)) in names.iter().enumerate() {
                map.entry((*segment, kind.as_str(), *version), at.to_string());
            }
            text.push_str(&own(&names, versions));
            let kind = "phf::Map<(&str, &str, u16), u32>";
            writeln!(text, "pub(super) static KEYS_{label}_BY_{versions}: {kind} = {};", map.build())
                .expect("memory");
        }
    }
    text
}

/// This crate's table.
fn own(names: &[keys::Name], versions: usize) -> String {
    let rows = names.iter().enumerate().map(|(at, (segment, kind, version))| {
        format!("(waker_tables::VTableKey::new({segment:?}, {kind:?}, {version}), &TABLES[{}]),", at % 8)
    });
    let (count, rows) = (names.len(), rows.collect::<String>());
    let table = format!("waker_tables::StaticTable<{count}> = waker_tables::StaticTable::new([{rows}])");
    format!("pub(super) static OWN_{count}_BY_{versions}: {table};\n")
}

fn rustc() -> String {
    let compiler = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let output = Command::new(compiler).arg("--version").output();
    output.map_or_else(|_| "unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The measured packages with their versions, out of the workspace's lock file.
fn versions() -> String {
    const MEASURED: [&str; 19] = [
        "arc-swap",
        "async-executor",
        "async-task",
        "cooked-waker",
        "crossbeam-deque",
        "dashmap",
        "embassy-executor",
        "futures",
        "futures-buffered",
        "futures-concurrency",
        "futures-task",
        "papaya",
        "phf",
        "rustc-hash",
        "smol",
        "tokio",
        "unicycle",
        "waker-fn",
        "waker_tables",
    ];
    let path = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../Cargo.lock");
    println!("cargo::rerun-if-changed={}", path.display());
    let lock = fs::read_to_string(path).unwrap_or_default();
    let packages = lock.split("[[package]]").filter_map(|package| {
        let field = |name: &str| package.lines().find_map(|line| line.strip_prefix(name)?.strip_suffix('"'));
        let name = field("name = \"")?;
        MEASURED.contains(&name).then(|| format!("{name} {}", field("version = \"").unwrap_or("?")))
    });
    packages.collect::<Vec<_>>().join(", ")
}
