//! Medians, spreads, and the line through a growth.

/// The middle of a set of measurements and the range that its middle half covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Half of the values are below.
    pub median: f64,
    /// A quarter of the values is below.
    pub low: f64,
    /// A quarter of the values is above.
    pub high: f64,
}

impl Summary {
    /// Sums up some values; the order does not matter.
    ///
    /// # Panics
    ///
    /// If there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        assert!(!values.is_empty(), "no value has no median");
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Self { median: quantile(&sorted, 0.5), low: quantile(&sorted, 0.25), high: quantile(&sorted, 0.75) }
    }

    /// Of what is known and not measured.
    #[must_use]
    pub fn exact(value: f64) -> Self {
        Self { median: value, low: value, high: value }
    }

    /// The range of the middle half, as a part of the median. A few rounds that something disturbed do not move it.
    #[must_use]
    pub fn spread(&self) -> f64 {
        if self.median > 0.0 { (self.high - self.low) / self.median } else { 0.0 }
    }
}

/// The value that a part of the sorted values is below, between two of them by a straight line.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len() - 1;
    let mut left = part * last as f64;
    let mut at = 0;
    while left >= 1.0 {
        left -= 1.0;
        at += 1;
    }
    let above = sorted[(at + 1).min(last)];
    sorted[at] + (above - sorted[at]) * left
}

/// The slope of the line through the logarithms, by least squares: 0 where cost per operation does not grow, 1 where
/// it grows as the size does. None of fewer than two sizes.
#[must_use]
pub fn slope(points: &[(f64, f64)]) -> Option<f64> {
    if points.len() < 2 {
        return None;
    }
    let count = points.len() as f64;
    let logs: Vec<_> = points.iter().map(|&(size, cost)| (size.ln(), cost.ln())).collect();
    let (x, y) = logs.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (over, under) = logs.iter().fold((0.0, 0.0), |(over, under), point| {
        (over + (point.0 - x) * (point.1 - y), under + (point.0 - x) * (point.0 - x))
    });
    (under > 0.0).then(|| over / under)
}
