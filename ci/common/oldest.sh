# Sourced by the jobs that need the oldest compiler, or one whose library can be built for any target.
# `oldest` is its cargo, with unstable flags allowed. Debian's stands beside the default toolchain, under full names.
. ci/common/tools.sh

if grep -q '^ID=debian' /etc/os-release; then
    version=1.85.0+dfsg3-1~deb12u3
    need {rustc-web,cargo-web,libstd-rust-web-dev,libstd-rust-web-1.85,rust-web-src}=$version
    oldest() {
        RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1 /usr/bin/cargo "$@"
    }
else
    rustup toolchain install 1.85 --profile minimal --component rust-src
    oldest() {
        RUSTC_BOOTSTRAP=1 cargo +1.85 "$@"
    }
fi
# Objects of two compilers do not mix.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/oldest"
