//! A package in a temporary folder.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use object::{Object, ObjectSection, SectionFlags, elf};

use super::programs::Program;

/// Where this package's manifest stood when it was compiled: the crate beside it is measured.
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// A package with one dependency or none, as a library's user has it.
#[derive(Debug)]
pub(super) struct Package {
    folder: PathBuf,
    dependency: Option<&'static str>,
}

impl Package {
    /// Writes it into a folder of its own below `folder`.
    pub(super) fn new(folder: &Path, program: &Program) -> Self {
        let folder = folder.join(program.package);
        fs::create_dir_all(folder.join("src")).expect("the temporary folder can be written to");
        let root = Path::new(HERE).parent().expect("the workspace is around it").display().to_string();
        let manifest = format!(
            "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{}\n\n\
             [profile.release]\ncodegen-units = 1\n",
            program.package,
            program.dependency.replace("PATH", &root),
        );
        fs::write(folder.join("Cargo.toml"), manifest).expect("as above");
        fs::write(folder.join("src/main.rs"), program.source).expect("as above");
        // The same versions as those beside which everything else is measured. A missing file is no failure: cargo
        // then takes what it has.
        drop(fs::copy(Path::new(HERE).join("../Cargo.lock"), folder.join("Cargo.lock")));
        Self { folder, dependency: program.dependency.split(" =").next().filter(|name| !name.is_empty()) }
    }

    /// Builds the dependency alone; the package itself, if there is none.
    pub(super) fn compile(&self) -> bool {
        let mut cargo = self.cargo("build");
        cargo.args(["--release", "--target-dir", "target"]);
        if let Some(name) = self.dependency {
            let name = if name == "waker_tables_04" { "waker_tables" } else { name };
            cargo.args(["--package", name]);
        }
        cargo.status().is_ok_and(|status| status.success())
    }

    /// Forgets what was built.
    pub(super) fn clean(&self) {
        // There may be nothing yet.
        drop(fs::remove_dir_all(self.folder.join("target")));
    }

    /// The bytes that the program has loaded.
    pub(super) fn size(&self) -> Option<u64> {
        let built = self.cargo("build").args(["--release", "--target-dir", "target"]).status().ok()?;
        if !built.success() {
            return None;
        }
        let name = self.folder.file_name()?;
        let file = fs::read(self.folder.join("target/release").join(name)).ok()?;
        let program = object::File::parse(&*file).ok()?;
        let loaded = program.sections().filter(|section| {
            let loaded =
                matches!(section.flags(), SectionFlags::Elf { sh_flags } if sh_flags & u64::from(elf::SHF_ALLOC) != 0);
            // The linker's filling up to the next page would hide what stands before it.
            loaded && section.name() != Ok(".relro_padding")
        });
        Some(loaded.map(|section| section.size()).sum())
    }

    /// How many crates the dependency brings along.
    pub(super) fn dependencies(&self) -> Option<u64> {
        let output =
            self.cargo("tree").args(["--edges", "normal", "--prefix", "none"]).stdout(Stdio::piped()).output();
        let text = String::from_utf8(output.ok()?.stdout).ok()?;
        let crates: HashSet<_> = text.lines().filter(|line| !line.is_empty()).collect();
        // The package itself and its dependency are no further ones.
        (crates.len() as u64).checked_sub(1 + u64::from(self.dependency.is_some()))
    }

    fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args([command, "--offline", "--quiet"]).current_dir(&self.folder);
        cargo.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS").stdout(Stdio::null()).stderr(Stdio::null());
        cargo
    }
}
