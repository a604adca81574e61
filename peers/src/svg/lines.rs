//! Growth as lines: both axes in powers of ten.

use super::{Canvas, WIDTH, figure};
use crate::report::{GrowthReport, Side};

const LEFT: f64 = 70.0;
const RIGHT: f64 = WIDTH - 385.0;
const HEIGHT: f64 = 300.0;

/// The height of a name.
const NAME: f64 = 18.0;

/// All growths below each other.
pub(super) fn picture(title: &str, growth: &[GrowthReport], head: &str) -> String {
    let mut canvas = Canvas::default();
    canvas.text(14.0, 26.0, "head", title);
    canvas.text(14.0, 45.0, "soft", head);
    canvas.height = 56.0;
    for one in growth {
        draw(&mut canvas, one);
    }
    canvas.finish(title)
}

/// The range of the values, widened to powers of ten.
fn decades(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|&value| value > 0.0)
        .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value.log10()), high.max(value.log10())));
    let (low, high) = (low.floor(), high.ceil());
    (low, if high > low { high } else { low + 1.0 })
}

fn draw(canvas: &mut Canvas, growth: &GrowthReport) {
    let top = canvas.height + 44.0;
    canvas.text(14.0, top - 22.0, "case", &format!("{}, {}", growth.name, growth.unit));
    canvas.text(RIGHT + 26.0, top - 8.0, "soft", "slope: 0 is constant, 1 proportional");
    canvas.height = top + HEIGHT + 40.0;
    if growth.lines.is_empty() {
        return;
    }
    let points = || growth.lines.iter().flat_map(|line| &line.points);
    let (first, last) = decades(points().map(|point| point.0 as f64));
    let (low, high) = decades(points().map(|point| point.1));
    let x = |size: f64| LEFT + (size.log10() - first) / (last - first) * (RIGHT - LEFT);
    let y = |cost: f64| top + HEIGHT - (cost.max(1e-9).log10() - low) / (high - low) * HEIGHT;
    for cost in powers(low, high) {
        canvas.line((LEFT, y(cost)), (RIGHT, y(cost)), "grid");
        canvas.text(LEFT - 8.0, y(cost) + 4.5, "soft end", &plain(cost));
    }
    for size in powers(first, last) {
        canvas.line((x(size), top), (x(size), top + HEIGHT), "grid");
        canvas.text(x(size), top + HEIGHT + 18.0, "soft middle", &plain(size));
    }
    let mut ends = Vec::new();
    for (at, line) in growth.lines.iter().enumerate() {
        let colour = at % 8;
        let thick = if line.side == Side::Own { " thick" } else { "" };
        let path: Vec<_> =
            line.points.iter().map(|&(size, cost)| format!("{:.1},{:.1}", x(size as f64), y(cost))).collect();
        canvas.put(&format!("<polyline points=\"{}\" class=\"c{colour} line{thick}\"/>", path.join(" ")));
        for &(size, cost) in &line.points {
            canvas.rectangle((x(size as f64) - 2.5, y(cost) - 2.5), (5.0, 5.0), &format!("c{colour}"));
        }
        if let Some(&(_, cost)) = line.points.last() {
            ends.push((y(cost), colour, line, cost));
        }
    }
    // Names beside the ends: pushed down where ends are close, then up again where they would leave the plot.
    ends.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut places: Vec<f64> = Vec::new();
    for end in &ends {
        places.push(places.last().map_or(top + 4.0, |last| last + NAME).max(end.0));
    }
    let mut free = (top + HEIGHT - 2.0).max(top + 4.0 + NAME * (ends.len() - 1) as f64);
    for place in places.iter_mut().rev() {
        *place = place.min(free);
        free = *place - NAME;
    }
    for ((end, colour, line, cost), place) in ends.into_iter().zip(places) {
        canvas.line((RIGHT, end), (RIGHT + 22.0, place), &format!("c{colour}"));
        let slope = line.slope.map_or_else(String::new, |slope| format!(", slope {slope:.2}"));
        let class = if line.side == Side::Own { "bold" } else { "" };
        canvas.text(RIGHT + 26.0, place + 4.5, class, &format!("{} {}{slope}", line.candidate, figure(cost)));
        canvas.height = canvas.height.max(place + 24.0);
    }
}

/// The powers of ten between two exponents.
fn powers(low: f64, high: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(low), |exponent| Some(exponent + 1.0))
        .take_while(move |&exponent| exponent <= high)
        .map(|exponent| 10_f64.powf(exponent))
}

/// A power of ten: thousands and millions by a letter.
fn plain(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{:.0} M", value / 1e6),
        value if value >= 1e3 => format!("{:.0} k", value / 1e3),
        value if value >= 1.0 => format!("{value:.0}"),
        value => format!("{value}"),
    }
}
