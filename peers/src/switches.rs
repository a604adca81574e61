//! How often the system took the processor away from this thread.

/// So often until now, where the system says it. A round in which the number grew was disturbed from outside.
#[cfg(target_os = "linux")]
#[must_use]
pub fn taken_away() -> std::ffi::c_long {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the call writes to a place of the right type, which lives throughout.
    let failed = unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) };
    if failed != 0 {
        return 0;
    }
    // SAFETY: the call has filled it, and all zeros were a value too.
    unsafe { usage.assume_init() }.ru_nivcsw
}

/// Not known here: no round counts as disturbed.
#[cfg(not(target_os = "linux"))]
#[must_use]
pub fn taken_away() -> std::ffi::c_long {
    0
}
