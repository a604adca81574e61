//! What was found of all laws.

use std::fmt;

use crate::law::{Law, Verdict};
use crate::plan::Plan;

/// What was found of each law, in their order.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was tried: the same plan tries the same again.
    pub plan: Plan,
    /// The laws and what was found.
    pub verdicts: Vec<(Law, Verdict)>,
}

impl Report {
    /// The numbers of the laws that were broken, those left out that the subject never promised.
    pub fn broken(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.verdicts.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Broken(_))).map(|(law, _)| law.number)
    }

    /// Passes if no law was broken.
    ///
    /// # Panics
    ///
    /// With the plan, its seed in it, and every law that was broken: its source, and the shortest steps that show it.
    pub fn assert(&self) {
        assert!(self.broken().next().is_none(), "laws were broken by {:?}\n\n{self}", self.plan);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (law, verdict) in &self.verdicts {
            match verdict {
                Verdict::Holds => {}
                Verdict::Broken(broken) => writeln!(f, "{law}\n  source: {}\n{broken}\n", law.source)?,
                Verdict::Unpromised(broken, why) => writeln!(f, "{law}\n  not promised: {why}\n{broken}\n")?,
                Verdict::Untried(why) => writeln!(f, "{law}\n  not tried: {why}\n")?,
            }
        }
        Ok(())
    }
}
