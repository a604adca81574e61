//! The page of figures is renewed whole or not at all, and the one in the repository belongs to its reports.

use std::fs;
use std::path::{Path, PathBuf};

use peers::json;
use peers::page::ratios::{self, PAIRS};
use peers::page::{folder, marks, renewed};
use peers::prices::HANG;
use peers::report::CaseReport;
use peers::reports::Reports;
use peers::svg::figure;

use crate::json::report;

const PAGE: &str = "before\n\n<!-- figures: head -->\nold\n<!-- end of figures -->\nbetween <!-- a comment -->\n\
    <!-- figures: bars -->\n<!-- end of figures -->\n<!-- figures: bars-growth -->\n<!-- end of figures -->\nafter\n";

fn one() -> Reports {
    let mut reports = Reports::default();
    reports.put(report());
    reports
}

#[test]
fn figures_are_replaced_and_the_text_around_them_stays() {
    let once = renewed(PAGE, &one()).expect("page and report fit");
    assert!(!once.contains("old"));
    for text in [
        "before\n\n<!-- figures: head -->\n",
        "<!-- end of figures -->\nbetween <!-- a comment -->\n",
        "-->\nafter\n",
    ] {
        assert!(once.contains(text), "{text} is gone");
    }
    assert!(once.contains("| 10.0 (0.50 \u{d7}) | 20.0 |"));
    assert_eq!(renewed(&once, &one()).expect("as before"), once);
}

#[test]
fn a_page_that_does_not_fit_its_report_is_refused() {
    let refused = |page: &str, name: &str| {
        let error = renewed(page, &one()).expect_err("they do not fit");
        assert!(error.contains(name), "{error}");
    };
    refused(&PAGE.replace("bars-growth", "other"), "other");
    refused(PAGE.split_once("<!-- figures: bars-growth").expect("it is there").0, "bars-growth");
    refused(&PAGE.replace("bars-growth", "bars"), "bars");
    refused(&PAGE.replacen("<!-- end of figures -->", "", 1), "head");
    refused(PAGE.trim_end_matches("<!-- end of figures -->\nafter\n"), "bars-growth");
}

#[test]
fn machines_stand_below_each_other_and_the_newest_decides_what_there_is() {
    let with = |cpu: &str, date: &str, change: &dyn Fn(&mut CaseReport)| {
        let mut report = report();
        (report.head.cpu, report.head.date) = (cpu.to_owned(), date.to_owned());
        change(&mut report.groups[0].cases[0]);
        report
    };
    let mut reports = Reports::default();
    assert_eq!(reports.put(with("Old(R) One Processor", "2026-01-01", &|_| ())), "report-old-one.json");
    let changed = |case: &mut CaseReport| {
        case.rows[0].median = 15.0;
        case.rows.remove(2);
    };
    assert_eq!(reports.put(with("Zuse 4 @ 5 Hz", "2026-02-01", &changed)), "report-zuse-4.json");
    let text = renewed(PAGE, &reports).expect("page and reports fit");
    let found: Vec<_> = text.lines().filter(|line| line.contains("Old One |") || line.contains("Zuse 4 |")).collect();
    assert_eq!(
        found,
        [
            "| | Old One | Zuse 4 |",
            "| a &lt; b & c | Old One | 10.0 (0.50 \u{d7}) | 20.0 | 2000 (too noisy) |",
            "|  | Zuse 4 | 15.0 (0.50 \u{d7}) | 20.0 | \u{2013} |",
            "| waker_tables | Old One, Zuse 4 | 1.00 | 1.50 | 0.20 |",
        ],
        "growth is one line, where they agree"
    );
    let [(_, picture), _] = &reports.pictures()[..] else { panic!("two pictures") };
    assert!(picture.contains("Zuse 4") && !picture.contains("Old"));

    reports.put(with("Zuse 4", "2026-03-01", &|_| ()));
    assert_eq!(reports.iter().count(), 2, "a machine has one report");
}

#[test]
fn a_report_under_another_name_is_refused() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    assert_eq!(Reports::read(&folder.path().join("none")).expect("no folder has none").iter().count(), 0);
    json::write(&report(), &folder.path().join("report-another.json")).expect("it can be written");
    assert!(Reports::read(folder.path()).expect_err("it is another machine's").contains("report-another.json"));
}

/// The page, and the reports beside it.
fn repository() -> (PathBuf, String, Reports) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance.md");
    let text = fs::read_to_string(&page).expect("the page is there");
    let reports = Reports::read(&folder(&page)).expect("reports stand beside the pictures");
    (folder(&page), text, reports)
}

#[test]
fn what_is_in_the_repository_is_out_of_its_reports() {
    let (folder, text, reports) = repository();
    assert!(renewed(&text, &reports).expect("they fit") == text, "a figure was changed by hand");
    let drawn = reports.pictures();
    for (name, picture) in &drawn {
        let file = fs::read_to_string(folder.join(format!("{name}.svg"))).expect("the picture is there");
        assert!(file == *picture, "{name}.svg is of another report, or drawn otherwise");
        assert!(text.contains(&format!("](performance/{name}.svg)")), "{name}.svg is not shown");
    }
    assert_eq!(marks(&text).expect("they are whole").len(), drawn.len() + 2);
    let files = fs::read_dir(folder).expect("the folder is there").count();
    let machines = reports.iter().count();
    assert!(machines >= 2, "ratios of one machine do not carry over");
    assert_eq!(files, drawn.len() + machines, "a picture too many");
}

#[test]
fn what_hangs_on_a_price_is_there() {
    let (.., reports) = repository();
    let names = reports.iter().flat_map(|(_, report)| &report.groups).flat_map(|group| &group.cases);
    let names: Vec<_> = names.map(|case| &case.name).collect();
    for begin in HANG.iter().flat_map(|(_, begins)| *begins) {
        assert!(names.iter().any(|name| name.starts_with(begin)), "no comparison begins with {begin}");
    }
}

#[test]
fn the_readme_quotes_the_worst_ratio_of_all_machines() {
    let (.., reports) = repository();
    let worst = |name: &str| {
        let cases = reports.iter().flat_map(|(_, report)| ratios::cases(report)).filter(|case| case.name == name);
        let all = cases.flat_map(|case| PAIRS.map(|(_, pair)| case.ratio(pair).expect("it has both").0));
        figure(all.reduce(f64::max).unwrap_or_else(|| panic!("no ratio of {name}")))
    };
    let [detached, joined, yields] = ["spawn and finish, detached", "spawn and finish, joined", "yield"]
        .map(|name| worst(&format!("{name}, the thread's queue")));
    let sentence = format!("{detached} of its time for a task, {joined} for a joined one, {yields} for a yield");
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).expect("it is there");
    assert!(readme.contains(&sentence), "the README does not say: {sentence}");
}
