#!/usr/bin/env bash
# ThreadSanitizer over the tests. It is blind to the locks of a standard library that was compiled without it, and
# reports races where there are none; so the library is compiled too, by the oldest compiler, whose source is at hand.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/common/oldest.sh
need lld

# Debian's compiler has no runtime of its own; the default toolchain's is as good. It needs lld for its symbol versions.
runtime=$(rustc --print sysroot)/lib/rustlib/x86_64-unknown-linux-gnu/lib/librustc-stable_rt.tsan.a
export RUSTFLAGS="-Zsanitizer=thread -Zexternal-clangrt -Clink-arg=-fuse-ld=lld -Clink-arg=-Wl,--whole-archive,$runtime"
RUSTFLAGS+=",--no-whole-archive -Clink-arg=-lm -Clink-arg=-lc"
export CARGO_PROFILE_DEV_OPT_LEVEL=1 CARGO_PROFILE_DEV_DEBUG=line-tables-only
# It holds a signal back while a thread waits in a system call that it does not know, such as std's for locks; and the
# other test allows it too few addresses.
oldest test -Zbuild-std --target x86_64-unknown-linux-gnu --package waker_tables --package waker_laws --package pipeline \
    --features waker_tables/tracing --lib --bins --tests -- --skip ctrl_c --skip threads_that_cannot_be_had
