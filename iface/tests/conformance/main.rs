//! The ledger of requirements: every row of `checklists/` that is owed is shown by a test that cites it, declared a
//! deviation, or listed as open; and nothing is claimed that is not there.
//!
//! ```text
//!   // conf: TCP-SEQ-04, TCP-ATK-02     a test of ours shows these rows
//!   deviations.md                       we decided otherwise: why, and the test that pins what we do
//!   open.md                             owed and not shown yet, by what they wait for
//! ```
//!
//! `cargo test -p tersus-iface --test conformance -- --nocapture` prints how much of each group is shown, and the
//! rows that no test cites.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// One row of a checklist.
struct Row {
    tier: u8,
    section: String,
    requirement: String,
}

/// What one of our lists says of a row: the rest of its line.
type List = BTreeMap<String, Vec<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(name)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether `text` has the form of a row's name: `TCP-SEQ-04`.
fn is_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [file, group, number] = parts.as_slice() else { return false };
    let is_name = |part: &str| part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    file.len() == 3 && is_name(file) && is_name(group) && !group.is_empty() && number.parse::<u8>().is_ok()
}

/// The names of rows in a text.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|word| is_id(word))
}

/// The cells of a line of a Markdown table.
fn cells(line: &str) -> Vec<String> {
    line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
}

/// All rows of all checklists.
fn checklists() -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    for file in fs::read_dir(here("checklists")).expect("the checklists are there") {
        for line in read(&file.expect("a file").path()).lines().filter(|line| line.starts_with("| ")) {
            let cells = cells(line);
            let [id, tier, section, _, requirement, ..] = cells.as_slice() else { continue };
            if !is_id(id) || requirement.contains("withdrawn") {
                continue;
            }
            let tier = tier.parse().unwrap_or_else(|_| panic!("{id}: tier {tier:?}"));
            let row = Row { tier, section: section.clone(), requirement: requirement.clone() };
            assert!(rows.insert(id.clone(), row).is_none(), "{id} is there twice");
        }
    }
    rows
}

/// Rows listed in a table of ours, of which the first cell is the row's name.
fn table(name: &str) -> List {
    let text = read(&here(name));
    let lines = text.lines().filter(|line| line.starts_with("| "));
    let rows = lines.map(cells).filter(|cells| cells.first().is_some_and(|id| is_id(id)));
    let mut list = List::new();
    for mut cells in rows {
        let id = cells.remove(0);
        assert!(list.insert(id.clone(), cells).is_none(), "{name}: {id} is there twice");
    }
    list
}

/// Rows owed and not shown yet.
fn open() -> BTreeSet<String> {
    let text = read(&here("open.md"));
    let mut all = BTreeSet::new();
    for id in ids(&text) {
        assert!(all.insert(id.to_owned()), "open.md: {id} is there twice");
    }
    all
}

/// Every source file of ours.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// What the tests show: row, and the tests that cite it.
struct Citations {
    by_row: BTreeMap<String, Vec<String>>,
    tests: BTreeSet<String>,
}

/// Reads the `// conf:` lines. One must stand on a test: between it and the function are attributes and comments
/// alone.
fn citations() -> Citations {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    let mut found = Citations { by_row: BTreeMap::new(), tests: BTreeSet::new() };
    for path in files {
        let (mut cited, mut is_test) = (Vec::new(), false);
        for (number, line) in read(&path).lines().enumerate() {
            let line = line.trim();
            if let Some(list) = line.strip_prefix("// conf: ") {
                cited.extend(ids(list).map(str::to_owned));
                let count = list.split(", ").count();
                assert_eq!(ids(list).count(), count, "{}:{}: {list:?}", path.display(), number + 1);
            } else if line == "#[test]" {
                is_test = true;
            } else if let Some(name) = line.strip_prefix("fn ").and_then(|rest| rest.split(['(', '<']).next())
            {
                assert!(cited.is_empty() || is_test, "{}: {name} cites rows and is no test", path.display());
                if is_test {
                    found.tests.insert(name.to_owned());
                }
                for id in cited.drain(..) {
                    found.by_row.entry(id).or_default().push(name.to_owned());
                }
                is_test = false;
            } else if !line.starts_with("//") && !line.starts_with("#[") {
                assert!(cited.is_empty(), "{}:{}: no test follows the citation", path.display(), number + 1);
            }
        }
    }
    found
}

/// The group of a row: `TCP-SEQ`.
fn group(id: &str) -> &str {
    id.rsplit_once('-').map_or(id, |(group, _)| group)
}

#[test]
fn every_citation_names_a_row_that_exists() {
    let rows = checklists();
    assert!(rows.len() > 800, "{} rows were read", rows.len());
    for (id, tests) in citations().by_row {
        assert!(rows.contains_key(&id), "{id}, cited by {tests:?}, is in no checklist");
    }
    for id in open().iter().chain(table("deviations.md").keys()) {
        assert!(rows.contains_key(id), "{id} is in no checklist");
    }
}

#[test]
fn every_row_of_the_first_tier_is_shown_declared_or_open() {
    let (rows, citations, open, deviations) = (checklists(), citations(), open(), table("deviations.md"));
    let owed: Vec<&str> = rows
        .iter()
        .filter(|(id, row)| {
            row.tier == 1
                && !citations.by_row.contains_key(*id)
                && !open.contains(*id)
                && !deviations.contains_key(*id)
        })
        .map(|(id, _)| id.as_str())
        .collect();
    assert!(owed.is_empty(), "no test cites {owed:?}");
}

#[test]
fn what_is_open_is_not_shown_already() {
    let (citations, deviations) = (citations(), table("deviations.md"));
    let settled = |id: &&String| citations.by_row.contains_key(*id) || deviations.contains_key(*id);
    let open = open();
    let settled: Vec<&String> = open.iter().filter(settled).collect();
    assert!(settled.is_empty(), "strike from open.md: {settled:?}");
}

#[test]
fn each_deviation_is_pinned_by_a_test() {
    let tests = citations().tests;
    for (id, cells) in table("deviations.md") {
        let [_, _, pinned] = cells.as_slice() else { panic!("{id}: what, why and test, not {cells:?}") };
        let pinned = pinned.trim_matches('`');
        assert!(tests.contains(pinned), "{id}: there is no test {pinned}");
    }
}

/// Prints the table; what it asserts is that it counted every row.
#[test]
fn the_state_of_the_ledger() {
    let (rows, citations, open, deviations) = (checklists(), citations(), open(), table("deviations.md"));
    // Group: rows of the first tier, of those shown, rows of the second, of those shown.
    let mut groups: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for (id, row) in &rows {
        let counts = groups.entry(group(id)).or_default();
        let first = if row.tier == 1 { 0 } else { 2 };
        counts[first] += 1;
        counts[first + 1] += usize::from(citations.by_row.contains_key(id));
    }
    println!("| group | tier 1 shown | of | tier 2 shown | of |\n| --- | --- | --- | --- | --- |");
    for (group, [first, first_shown, second, second_shown]) in &groups {
        println!("| {group} | {first_shown} | {first} | {second_shown} | {second} |");
    }
    println!("\nRows that no test cites:");
    for (id, row) in rows.iter().filter(|(id, _)| !citations.by_row.contains_key(*id)) {
        let state = match (deviations.contains_key(id), open.contains(id)) {
            (true, _) => "deviation",
            (_, true) => "open",
            _ => "not owed",
        };
        println!("{id} tier {} ({state}) {}: {}", row.tier, row.section, row.requirement);
    }
    assert_eq!(groups.values().map(|counts| counts[0] + counts[2]).sum::<usize>(), rows.len());
}
