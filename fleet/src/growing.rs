//! Delays between tries.

use std::time::Duration;

use ulid::Ulid;

/// A delay that doubles up to 10 s, with a part that is left to chance, so that workers do not come back in step.
#[derive(Debug, Default)]
pub struct Growing {
    /// How many there were.
    pub times: u32,
}

impl Growing {
    /// The next delay.
    pub fn delay(&mut self) -> Duration {
        self.times += 1;
        let whole = 200u64.saturating_mul(1 << self.times.min(10)).min(10_000);
        let chance = u64::try_from(Ulid::generate().random() % u128::from(whole / 2)).unwrap_or(0);
        Duration::from_millis(whole / 2 + chance)
    }
}
