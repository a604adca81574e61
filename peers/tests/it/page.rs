//! The page of figures is renewed whole or not at all, and the one in the repository belongs to its report.

use std::fs;
use std::path::Path;

use peers::page::{folder, marks, renewed};
use peers::{json, svg};

use crate::json::report;

const PAGE: &str = "before\n\n<!-- figures: head -->\nold\n<!-- end of figures -->\nbetween <!-- a comment -->\n\
    <!-- figures: bars -->\n<!-- end of figures -->\n<!-- figures: bars-growth -->\n<!-- end of figures -->\nafter\n";

#[test]
fn figures_are_replaced_and_the_text_around_them_stays() {
    let once = renewed(PAGE, &report()).expect("page and report fit");
    assert!(!once.contains("old"));
    for text in [
        "before\n\n<!-- figures: head -->\n",
        "<!-- end of figures -->\nbetween <!-- a comment -->\n",
        "-->\nafter\n",
    ] {
        assert!(once.contains(text), "{text} is gone");
    }
    assert!(once.contains("| a &lt; b & c | 10.0"));
    assert_eq!(renewed(&once, &report()).expect("as before"), once);
}

#[test]
fn a_page_that_does_not_fit_its_report_is_refused() {
    let refused = |page: &str, name: &str| {
        let error = renewed(page, &report()).expect_err("they do not fit");
        assert!(error.contains(name), "{error}");
    };
    refused(&PAGE.replace("bars-growth", "other"), "other");
    refused(PAGE.split_once("<!-- figures: bars-growth").expect("it is there").0, "bars-growth");
    refused(&PAGE.replace("bars-growth", "bars"), "bars");
    refused(&PAGE.replacen("<!-- end of figures -->", "", 1), "head");
    refused(PAGE.trim_end_matches("<!-- end of figures -->\nafter\n"), "bars-growth");
}

#[test]
fn what_is_in_the_repository_is_out_of_one_report() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance.md");
    let report = json::read(&folder(&page).join("report.json")).expect("the report stands beside the pictures");
    let text = fs::read_to_string(&page).expect("the page is there");
    assert!(renewed(&text, &report).expect("they fit") == text, "a figure was changed by hand");
    let drawn: Vec<_> = report.groups.iter().flat_map(|group| svg::pictures(&report, group)).collect();
    for (name, picture) in &drawn {
        let file = fs::read_to_string(folder(&page).join(format!("{name}.svg"))).expect("the picture is there");
        assert!(file == *picture, "{name}.svg is of another report, or drawn otherwise");
        assert!(text.contains(&format!("](performance/{name}.svg)")), "{name}.svg is not shown");
    }
    assert_eq!(marks(&text).expect("they are whole").len(), drawn.len() + 1);
    let files = fs::read_dir(folder(&page)).expect("the folder is there").count();
    assert_eq!(files, drawn.len() + 1, "a picture too many");
}
