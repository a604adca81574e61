//! How much memory this process has had.

/// The largest part of it that was in memory at once so far, in bytes; `None` if this system does not tell.
#[must_use]
pub fn peak() -> Option<u64> {
    system::peak()
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;

    /// Not by `getrusage`, which on Linux counts what ran in this process before the program was started.
    pub(super) fn peak() -> Option<u64> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: u64 = line.strip_suffix("kB")?.trim().parse().ok()?;
        Some(kibibytes * 1024)
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
mod system {
    use nix::sys::resource::{UsageWho, getrusage};

    pub(super) fn peak() -> Option<u64> {
        let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
        u64::try_from(usage.max_rss()).ok().map(|peak| peak * unit)
    }
}

#[cfg(not(unix))]
mod system {
    pub(super) fn peak() -> Option<u64> {
        None
    }
}
