//! Families that only try a fleet: jobs that do nothing, that take long, and all kinds of poison.

use std::convert::Infallible;
use std::process;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use waker_tables::{VTableKey, VTableRegistry, WakeableTask};

use crate::families::Work;
use crate::slot::Context;

/// Ends as it says, in its first poll.
struct Now(Context, Act);

/// What it does to its worker.
type Act = fn(&Context);

impl WakeableTask for Now {
    fn poll(&mut self) -> Poll<()> {
        (self.1)(&self.0);
        Poll::Ready(())
    }
}

/// A job that answers with its bytes.
struct Echo(Context, Vec<u8>);

impl WakeableTask for Echo {
    fn poll(&mut self) -> Poll<()> {
        self.0.deliver(Ok(std::mem::take(&mut self.1)));
        Poll::Ready(())
    }
}

/// Adds the families of this module; `trial/echo` in so many versions, for trials with many keys.
///
/// # Panics
///
/// If the registry is frozen.
pub fn register(registry: &'static VTableRegistry<Context>, echos: u16) {
    for version in 1..=echos {
        registry.register_factory(VTableKey::new("trial", "echo", version), |bytes, context: &Context| {
            Ok::<_, Infallible>(Echo(context.clone(), bytes.into()))
        });
    }
    // Its bytes are milliseconds, as text.
    registry.register_factory(VTableKey::new("trial", "sleep", 1), |bytes, context: &Context| {
        let time =
            str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).ok_or("no number of milliseconds")?;
        Ok::<_, &str>(Work::new(context, move |stop| {
            let end = Instant::now() + Duration::from_millis(time);
            while Instant::now() < end && !stop.asked() {
                thread::sleep(Duration::from_millis(5));
            }
            Ok(b"slept".to_vec())
        }))
    });
    let poison: [(VTableKey, Act); 3] = [
        (VTableKey::new("trial", "panic", 1), |_| panic!("as it was told to, with a \0 in the text")),
        (VTableKey::new("trial", "hang", 1), |_| thread::sleep(Duration::from_mins(1))),
        (VTableKey::new("trial", "abort", 1), |_| process::abort()),
    ];
    for (key, act) in poison {
        registry.register_factory(key, move |_, context: &Context| Ok::<_, Infallible>(Now(context.clone(), act)));
    }
}
