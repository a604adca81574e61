//! The files of a directory tree.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::stop::Stop;

/// What a walk found, in the order of the names.
#[derive(Debug, Default)]
pub struct Tree {
    /// Regular files, hidden ones too.
    pub files: Vec<PathBuf>,
    /// Directories and entries that could not be looked at, with the reason.
    pub refused: Vec<(PathBuf, String)>,
    /// Symbolic links, which are not followed, and devices, sockets and pipes.
    pub others: usize,
}

/// Walks `directory`, which may itself be a link to one.
#[must_use]
pub fn walk(directory: &Path, stop: &Stop) -> Tree {
    let mut tree = Tree::default();
    for entry in WalkDir::new(directory).sort_by_file_name() {
        if stop.asked() {
            break;
        }
        match entry {
            Ok(entry) if entry.file_type().is_file() => tree.files.push(entry.into_path()),
            Ok(entry) if entry.file_type().is_dir() => {}
            // The root, if it is a link.
            Ok(entry) if entry.depth() == 0 => {}
            Ok(_) => tree.others += 1,
            Err(error) => {
                let path = error.path().unwrap_or(directory).to_path_buf();
                let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                tree.refused.push((path, reason));
            }
        }
    }
    tree
}
