//! Pictures are XML, show what they should, and stay inside of themselves.

use peers::svg::{figure, pictures};
use roxmltree::{Document, Node};

use crate::json::report;

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).and_then(|text| text.parse().ok()).unwrap_or(0.0)
}

#[test]
fn there_is_one_for_each_set_of_cases_and_one_for_growth() {
    let report = report();
    let names: Vec<_> = pictures(&report, &report.groups[0]).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["bars", "bars-growth"]);
}

#[test]
fn all_are_well_formed_and_everything_is_inside() {
    let report = report();
    for (name, picture) in pictures(&report, &report.groups[0]) {
        let document = Document::parse(&picture).unwrap_or_else(|error| panic!("{name}: {error}"));
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "svg");
        let (width, height) = (number(root, "width"), number(root, "height"));
        for node in root.descendants().filter(Node::is_element) {
            let (x, y) = (number(node, "x") + number(node, "width"), number(node, "y") + number(node, "height"));
            let line = (number(node, "x1").max(number(node, "x2")), number(node, "y1").max(number(node, "y2")));
            assert!(x.max(line.0) <= width && y.max(line.1) <= height, "{name}: {node:?} is outside");
        }
    }
}

#[test]
fn a_bar_says_its_ratio_and_the_reference_is_marked() {
    let report = report();
    let (_, picture) = pictures(&report, &report.groups[0]).remove(0);
    let document = Document::parse(&picture).expect("well-formed");
    let texts: Vec<_> = document
        .descendants()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")))
        .filter_map(|node| node.text())
        .collect();
    for text in ["a < b & c", "Box<dyn Trait>", "0.50 \u{d7}", "reference", "too noisy"] {
        assert!(texts.contains(&text), "{text} is missing in {texts:?}");
    }
    assert!(document.descendants().filter(|node| node.attribute("class") == Some("mark")).count() > 1);
    assert!(picture.contains("prefers-color-scheme:dark"));
}

#[test]
fn a_figure_has_three_places_also_after_rounding() {
    let texts = [0.004, 9.99, 9.999, 99.9, 99.96, 1234.5].map(figure);
    assert_eq!(texts, ["0.00", "9.99", "10.0", "99.9", "100", "1234"]);
}
