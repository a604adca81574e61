//! The machine and the build that figures belong to.

use std::fmt;
use std::fs;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::prices::Prices;
use crate::svg::figure;

/// What stands at the head of a report.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Head {
    /// The day on which the run began, in UTC.
    pub date: String,
    /// The processor's name.
    pub cpu: String,
    /// How many of its cores this process may use.
    pub cores: usize,
    /// The governor of the first core's clock, where it can be read.
    pub governor: Option<String>,
    /// How many processes were runnable, on average over the last minute, where it can be read.
    pub load: Option<f64>,
    /// The kind of machine the code was made for.
    pub target: String,
    /// The compiler.
    pub rustc: String,
    /// The profile, with its level of optimization.
    pub profile: String,
    /// This crate and its peers, with their versions.
    pub versions: Vec<String>,
    /// What some steps cost here; not in reports of form 2.
    #[serde(default)]
    pub prices: Option<Prices>,
}

impl Head {
    /// Reads it off this machine. Nothing is measured.
    #[must_use]
    pub fn read() -> Self {
        let first = |path: &str| fs::read_to_string(path).ok();
        let cpu = first("/proc/cpuinfo").and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        });
        let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self {
            date: date(seconds / 86_400),
            cpu: cpu.unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, Into::into),
            governor: first("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
                .map(|text| text.trim().to_owned()),
            load: first("/proc/loadavg").and_then(|text| text.split(' ').next()?.parse().ok()),
            target: env!("PEERS_TARGET").to_owned(),
            rustc: env!("PEERS_RUSTC").to_owned(),
            profile: format!("{}, opt-level {}", env!("PEERS_PROFILE"), env!("PEERS_OPT_LEVEL")),
            versions: env!("PEERS_VERSIONS").split(", ").map(str::to_owned).collect(),
            prices: None,
        }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let governor = self.governor.as_deref().unwrap_or("not readable");
        writeln!(f, "date      {}", self.date)?;
        writeln!(f, "cpu       {}", self.cpu)?;
        write!(f, "cores     {}, governor {governor}", self.cores)?;
        self.load.map_or(Ok(()), |load| write!(f, ", load {load}"))?;
        writeln!(f, "\ntarget    {}", self.target)?;
        writeln!(f, "rustc     {}", self.rustc)?;
        writeln!(f, "profile   {}", self.profile)?;
        write!(f, "versions  {}", self.versions.join(", "))?;
        for (name, price) in self.prices.iter().flat_map(|prices| Prices::NAMES.into_iter().zip(prices.all())) {
            write!(f, "\nprice     {name}: {} ns", figure(price))?;
        }
        Ok(())
    }
}

/// So many days after the first of January 1970.
#[must_use]
pub fn date(mut days: u64) -> String {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut year, mut month) = (1970, 0);
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let months = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while days >= months[month] {
        days -= months[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, days + 1)
}
