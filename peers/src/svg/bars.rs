//! Comparisons as bars: the reference's end is a dashed line, the ratio stands at each bar's end.

use super::{Canvas, WIDTH, class, counted, figure};
use crate::report::{CaseReport, Row, Side};
use crate::table::verdict;

const LEFT: f64 = 250.0;
const LONGEST: f64 = 330.0;
const ROW: f64 = 20.0;
const RIGHT: f64 = WIDTH - 14.0;

/// How often the reference's length a bar may have before it is cut.
const CUT: f64 = 8.0;

/// All comparisons below each other.
pub(super) fn picture(title: &str, head: &str, cases: &[&CaseReport]) -> String {
    let mut canvas = Canvas::default();
    canvas.text(14.0, 26.0, "head", title);
    canvas.text(14.0, 45.0, "soft", head);
    legend(&mut canvas, 54.0);
    canvas.height = 80.0;
    for case in cases {
        draw(&mut canvas, case);
    }
    canvas.height += 8.0;
    canvas.finish(title)
}

fn legend(canvas: &mut Canvas, y: f64) {
    let mut x = 14.0;
    for (side, name, width) in
        [(Side::Own, "this crate", 100.0), (Side::Peer, "a peer", 76.0), (Side::Context, "for orientation", 130.0)]
    {
        canvas.rectangle((x, y), (12.0, 12.0), class(side));
        canvas.text(x + 18.0, y + 10.5, "soft", name);
        x += width;
    }
    canvas.line((x, y + 6.0), (x + 18.0, y + 6.0), "mark");
    canvas.text(x + 24.0, y + 10.5, "soft", "the reference");
    canvas.line((x + 116.0, y + 6.0), (x + 134.0, y + 6.0), "range");
    canvas.text(x + 140.0, y + 10.5, "soft", "middle half of the rounds; shorter is better");
}

fn draw(canvas: &mut Canvas, case: &CaseReport) {
    let top = canvas.height + 22.0;
    canvas.text(14.0, top, "case", &case.name);
    let spread = if case.checksum.is_some() { ", spread" } else { "" };
    canvas.text(RIGHT, top, "soft end", &format!("{}{spread}", case.unit));
    let reference = case.reference_row().map_or(0.0, |row| row.median);
    let largest = case.rows.iter().map(|row| row.median).fold(0.0, f64::max);
    let end = if reference > 0.0 { largest.min(reference * CUT) } else { largest };
    let scale = if end > 0.0 { LONGEST / end } else { 0.0 };
    let rows = top + 8.0;
    for (at, row) in case.rows.iter().enumerate() {
        bar(canvas, case, row, rows + ROW * at as f64, (scale, reference));
    }
    canvas.height = rows + ROW * case.rows.len() as f64 + 10.0;
    let x = LEFT + reference * scale;
    canvas.line((x, rows - 2.0), (x, canvas.height - 8.0), "mark");
}

fn bar(canvas: &mut Canvas, case: &CaseReport, row: &Row, y: f64, (scale, reference): (f64, f64)) {
    let (middle, base) = (y + ROW / 2.0, y + 14.5);
    let name = if row.side == Side::Own { "bold end" } else { "end" };
    canvas.text(LEFT - 8.0, base, name, &row.candidate);
    let length = (row.median * scale).min(LONGEST);
    let cut = row.median * scale > LONGEST + 0.5;
    canvas.rectangle((LEFT, y + 3.0), (length.max(1.0), ROW - 6.0), class(row.side));
    let mut text = LEFT + length + 6.0;
    if cut {
        // A gap near the end says that the bar is longer than drawn.
        canvas.rectangle((LEFT + length - 16.0, y + 2.0), (4.0, ROW - 4.0), "back");
    } else if row.spread > 0.0 {
        let (low, high) = (LEFT + row.low * scale, LEFT + (row.high * scale).min(LONGEST));
        canvas.line((low, middle), (high, middle), "range");
        text = text.max(high + 6.0);
    }
    let (ratio, mark) = (verdict(case, row), LEFT + reference * scale);
    if text < mark + 5.0 && text + 64.0 > mark {
        text = mark + 6.0; // Not across the line.
    }
    canvas.text(text, base, if row.side == Side::Own { "bold" } else { "" }, &ratio);
    let text = match case.checksum {
        Some(_) => format!("{} \u{b1}{:.0} %", figure(row.median), row.spread * 100.0),
        None => counted(row.median),
    };
    canvas.text(RIGHT, base, "end", &text);
}
