//! The stages in tokio-console, for who asks for that.

use std::io;

#[cfg(all(feature = "console", console_without_tokio_unstable))]
pub(crate) use shown::{begin, end};

/// Says how to build a program that can.
#[cfg(not(all(feature = "console", console_without_tokio_unstable)))]
pub(crate) fn begin(_say: fn(&str)) -> io::Result<()> {
    let build =
        "RUSTFLAGS=\"--cfg console_without_tokio_unstable\" cargo run --release -p pipeline --features console";
    Err(io::Error::other(format!("--console is not built in; there is one in: {build} -- --console")))
}

#[cfg(not(all(feature = "console", console_without_tokio_unstable)))]
pub(crate) fn end(_say: fn(&str)) {}

#[cfg(all(feature = "console", console_without_tokio_unstable))]
mod shown {
    use std::io;

    /// Starts the console's server. From now on each stage is told of.
    pub(crate) fn begin(say: fn(&str)) -> io::Result<()> {
        console_subscriber::init();
        say("start tokio-console beside this; Enter begins");
        wait()
    }

    /// Lets the server live for as long as somebody looks.
    pub(crate) fn end(say: fn(&str)) {
        say("all stages are over; Enter ends this");
        drop(wait());
    }

    fn wait() -> io::Result<()> {
        io::stdin().read_line(&mut String::new()).map(drop)
    }
}
