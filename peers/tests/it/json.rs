//! The form of the JSON.

use std::collections::BTreeSet;
use std::fs;

use peers::head::Head;
use peers::plan::Plan;
use peers::prices::Prices;
use peers::report::{CaseReport, GroupReport, GrowthReport, Line, Report, Row, SCHEMA, Side};
use serde_json::Value;

/// A report with one of everything.
pub(crate) fn report() -> Report {
    let row = |candidate: &str, side, median: f64, spread, ratio: Option<f64>| Row {
        candidate: candidate.to_owned(),
        side,
        median,
        low: median * (1.0 - spread / 2.0),
        high: median * (1.0 + spread / 2.0),
        spread,
        cold: Some(median * 2.0),
        ratio,
        ratio_spread: ratio.map(|_| 0.02),
    };
    let case = CaseReport {
        name: "a < b & c".to_owned(),
        picture: "bars".to_owned(),
        unit: "ns".to_owned(),
        reference: "Box<dyn Trait>".to_owned(),
        checksum: Some(7),
        operations: 1024,
        rounds: 11,
        rows: vec![
            row("waker_tables", Side::Own, 10.0, 0.2, Some(0.5)),
            row("Box<dyn Trait>", Side::Peer, 20.0, 0.1, Some(1.0)),
            row("slow", Side::Context, 2_000.0, 0.2, None),
        ],
    };
    let line = Line {
        candidate: "waker_tables".to_owned(),
        side: Side::Own,
        points: vec![(10, 1.0), (100, 1.5)],
        slope: Some(0.2),
    };
    let growth = GrowthReport { name: "growth".to_owned(), unit: "ns".to_owned(), lines: vec![line] };
    let group = GroupReport {
        name: "bars".to_owned(),
        about: "one of everything".to_owned(),
        cases: vec![case],
        growth: vec![growth],
        notes: vec!["a note".to_owned()],
    };
    let prices = Some(Prices { locked: 2.0, exchange: 3.0, allocation: 20.0 });
    Report {
        schema: SCHEMA,
        head: Head { prices, ..Head::read() },
        arguments: Vec::new(),
        pinned: vec![0, 1],
        bound: Plan::BOUND,
        groups: vec![group],
    }
}

/// The paths of all fields; the places of a list count as one.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(format!("{path}.{name}"));
                paths(value, &format!("{path}.{name}"), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, path, found)),
        _ => {}
    }
}

#[test]
fn its_fields_are_these() {
    const FIELDS: &str = ".arguments .bound .groups .groups.about .groups.cases .groups.cases.checksum \
        .groups.cases.name .groups.cases.operations .groups.cases.picture .groups.cases.reference \
        .groups.cases.rounds .groups.cases.rows .groups.cases.rows.candidate .groups.cases.rows.cold \
        .groups.cases.rows.high .groups.cases.rows.low .groups.cases.rows.median .groups.cases.rows.ratio \
        .groups.cases.rows.ratio_spread .groups.cases.rows.side .groups.cases.rows.spread .groups.cases.unit .groups.growth .groups.growth.lines \
        .groups.growth.lines.candidate .groups.growth.lines.points .groups.growth.lines.side \
        .groups.growth.lines.slope .groups.growth.name .groups.growth.unit .groups.name .groups.notes .head \
        .head.cores .head.cpu .head.date .head.governor .head.load .head.prices .head.prices.allocation \
        .head.prices.exchange .head.prices.locked .head.profile .head.rustc .head.target .head.versions .pinned \
        .schema";
    let value = serde_json::to_value(report()).expect("a report is JSON");
    let mut found = BTreeSet::new();
    paths(&value, "", &mut found);
    assert_eq!(found.into_iter().collect::<Vec<_>>().join(" "), FIELDS, "count SCHEMA up if this changes");
    assert_eq!(value["schema"], 4);
    assert_eq!(value["groups"][0]["cases"][0]["rows"][2]["side"], "context");
    assert_eq!(value["groups"][0]["cases"][0]["rows"][2]["ratio"], Value::Null);
}

#[test]
fn it_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let file = folder.path().join("report.json");
    peers::json::write(&report(), &file).expect("it can be written");
    let read = peers::json::read(&file).expect("it can be read");
    let value = |report: &Report| serde_json::to_value(report).expect("a report is JSON");
    assert_eq!(value(&read), value(&report()));
}

#[test]
fn older_forms_are_read_without_prices_and_no_other() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let file = folder.path().join("report.json");
    let mut value = serde_json::to_value(report()).expect("a report is JSON");
    value["schema"] = 2.into();
    value["head"].as_object_mut().expect("it has fields").remove("prices");
    let row = &mut value["groups"][0]["cases"][0]["rows"][0];
    row.as_object_mut().expect("it has fields").remove("ratio_spread");
    fs::write(&file, value.to_string()).expect("it can be written");
    let read = peers::json::read(&file).expect("it can be read");
    assert!(read.head.prices.is_none() && read.schema == SCHEMA);
    for form in [1, SCHEMA + 1] {
        value["schema"] = form.into();
        fs::write(&file, value.to_string()).expect("it can be written");
        assert!(peers::json::read(&file).is_err(), "form {form}");
    }
}
