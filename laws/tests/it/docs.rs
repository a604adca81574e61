//! What `docs/laws.md` says of the laws, and of the red cells.

use std::path::Path;

use waker_laws::{executor, waker};

const PAGE: &str = include_str!("../../../docs/laws.md");

/// The cells of each row of a table.
fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    PAGE.lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
}

#[test]
fn the_page_has_each_law_with_its_sentence_and_source() {
    let laws: Vec<_> = [waker::laws(), executor::laws()].concat();
    let numbered = rows().filter(|row| row.len() == 3 && row[0].len() < 4 && row[0] != "law" && row[0] != "---");
    let told: Vec<_> = numbered.collect();
    assert_eq!(told, laws.iter().map(|law| vec![law.number, law.sentence, law.source]).collect::<Vec<_>>());
}

#[test]
fn each_red_cell_has_its_program_and_each_program_its_red_cell() {
    let mut numbers = Vec::new();
    let (mut red, mut told) = (Vec::new(), Vec::new());
    let mut programs = Vec::new();
    for row in rows() {
        if row[..2] == ["implementation", "version"] {
            numbers.clone_from(&row);
        } else if row.len() == 5 && row[0] != "---" && row[0] != "implementation" {
            let names = row[0].replace('`', "");
            let names =
                names.split([' ', ',']).filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>();
            told.push((names, row[1].split(", ").collect::<Vec<_>>()));
            programs.push(format!("{}.rs", row[3].trim_matches('`')));
        } else if row.len() == numbers.len() {
            let cells = row.iter().zip(&numbers).filter(|&(&cell, _)| cell == "✗");
            let package = row[0].split(' ').next().expect("a name");
            red.extend(cells.map(|(_, &law)| (package.to_owned(), law)));
        }
    }
    assert!(!red.is_empty());
    for (package, law) in &red {
        let tells = |(names, laws): &(Vec<String>, Vec<&str>)| names.contains(package) && laws.contains(law);
        assert!(told.iter().any(tells), "{package} {law} is not told");
    }
    for (names, laws) in &told {
        for law in laws {
            assert!(
                red.iter().any(|(package, red)| names.contains(package) && red == law),
                "{names:?} {law} is not red"
            );
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("survey/examples");
    let files = folder.read_dir().expect("a folder").map(|entry| entry.expect("a file").file_name());
    let mut files: Vec<_> = files.map(|name| name.into_string().expect("a name")).collect();
    files.sort();
    programs.sort();
    programs.dedup();
    assert_eq!(files, programs);
}
