//! Checks that a spreadsheet program accepts a template, before any form is made from it.

use rust_xlsxwriter::utility::check_sheet_name;

use super::{
    BULLETIN, Template,
    parts::{ColumnForm, GuideTemplate, Paper, RowForm},
};

use crate::text::{Text, quoted};

/// The most characters of a text. A cell holds 32,767, some of which are filled in.
const LONGEST_TEXT: usize = 1_000;
/// The most columns of a form; a sheet has 16,384.
const MOST_COLUMNS: usize = 1_000;
/// The greatest width of a column, in characters.
const WIDEST: u16 = 255;
/// The most signers.
const MOST_SIGN: usize = 100;
/// The most characters of the word list of a cell, with its commas.
const LONGEST_LIST: usize = 255;
/// The most characters of a font's name.
const LONGEST_FONT: usize = 31;

/// Returns every problem that a spreadsheet program would have with the template.
pub(super) fn check(template: &Template, file: &toml::Table) -> Vec<Text> {
    let mut problems = Vec::new();
    for (key, value) in file {
        texts(key, value, &mut problems);
    }
    for workbook in workbooks(template) {
        for (at, form) in workbook.iter().enumerate() {
            problems.extend(of_name(form));
            problems.extend(of_columns(form));
            let alike = |other: &&NamedForm| other.name.to_lowercase() == form.name.to_lowercase();
            if let Some(other) = workbook[..at].iter().find(alike) {
                problems.push(text!(
                    "{}: sheet {} is there already, as {}",
                    form.place,
                    quoted(form.name),
                    other.place
                ));
            }
        }
    }
    problems.sort_by_key(Text::to_string);
    problems.dedup_by_key(|problem| problem.to_string());
    if template.font.trim().is_empty() || template.font.chars().count() > LONGEST_FONT {
        problems.push(text!("font: a name of 1 to {} characters is expected", LONGEST_FONT));
    }
    if template.sign_off.len() > MOST_SIGN {
        problems.push(text!("sign_off: more than {} sign", MOST_SIGN));
    }
    problems.extend(of_decisions(template));
    problems
}

/// A sheet of the template: its place in the file, its name and its columns.
struct NamedForm<'a> {
    place: String,
    name: &'a str,
    columns: &'a [ColumnForm],
}

/// Returns the forms that become sheets of one workbook.
fn workbooks(template: &Template) -> [Vec<NamedForm<'_>>; 9] {
    let form = |name: &str, place: String| {
        let RowForm { name, columns, .. } = template.form(name);
        NamedForm { place, name, columns }
    };
    let guide = || {
        let GuideTemplate { name, columns, .. } = &template.guide;
        NamedForm { place: "guide".to_owned(), name, columns }
    };
    let named = |names: &[&str]| {
        let forms = names.iter().map(|name| form(name, (*name).to_owned()));
        std::iter::once(guide()).chain(forms).collect()
    };
    let monthly = BULLETIN.iter().filter(|name| **name != "quarter");
    let of_bulletin = |name: &&str| form(name, format!("bulletin.forms.{name}"));
    let mut notices: Vec<NamedForm> = named(&["accounts"]);
    let (pay, receive) = (&template.notice.pay_columns, &template.notice.receive_columns);
    for (part, papers, columns) in
        [("pay", &template.pay, pay), ("receive", &template.receive, receive)]
    {
        notices.extend(papers.iter().map(|(kind, Paper { name, .. })| {
            let place = format!("{part}.{kind}");
            NamedForm { place, name, columns }
        }));
    }
    [
        named(&["national", "quotas", "accounts", "judged"]),
        named(&[
            "payable",
            "employee",
            "resident",
            "deductions",
            "deductions_employee",
            "deductions_resident",
            "receivable",
            "pooling",
            "judged",
            "breaks",
        ]),
        notices,
        named(&["suggestions"]),
        named(&["reject_files", "rejects", "refused"]),
        named(&["differences", "copies", "reply"]),
        named(&[
            "requests_due",
            "requests_asked",
            "requests_received",
            "requests_incorrect",
            "requests_refused",
        ]),
        monthly.map(of_bulletin).collect(),
        vec![of_bulletin(&"quarter")],
    ]
}

fn of_name(form: &NamedForm) -> Option<Text> {
    let name = form.name;
    let reserved = name.trim().is_empty() || name.to_lowercase() == "history";
    let bad = reserved || name.contains(char::is_control) || check_sheet_name(name).is_err();
    bad.then(|| {
        text!(
            "{}: no sheet can be named {}: expected are 1 to 31 characters, without []:*? and slashes of either kind, \
             without ' at an end, and not History",
            form.place,
            quoted(name)
        )
    })
}

fn of_columns(form: &NamedForm) -> Vec<Text> {
    let NamedForm { place, columns, .. } = form;
    let mut problems = Vec::new();
    if columns.is_empty() || columns.len() > MOST_COLUMNS {
        let columns = columns.len();
        problems.push(text!("{}: {} columns, 1 to {} are expected", place, columns, MOST_COLUMNS));
    }
    let wide = columns.iter().filter(|(_, _, width)| *width > WIDEST);
    problems.extend(wide.map(|(heading, _, width)| {
        text!("{}: column {}: width {}, at most {} is expected", place, heading, width, WIDEST)
    }));
    problems
}

/// Returns a problem when the words of decisions do not fit the list of a cell.
fn of_decisions(template: &Template) -> Option<Text> {
    let words: Vec<String> = template.verdicts().map(|(_, word)| word).collect();
    let bad = |(at, word): (usize, &String)| {
        word.trim().is_empty() || word.contains([',', '"']) || words[..at].contains(word)
    };
    let length: usize = words.iter().map(|word| word.encode_utf16().count() + 1).sum();
    (length > LONGEST_LIST || words.iter().enumerate().any(bad)).then(|| {
        text!("decisions: different words without commas and quotes are expected, of {} characters together", LONGEST_LIST)
    })
}

/// Checks every text of the file.
fn texts(place: &str, value: &toml::Value, problems: &mut Vec<Text>) {
    match value {
        toml::Value::String(text) => {
            let unfit = |letter: char| {
                matches!(letter, '\u{fffe}' | '\u{ffff}')
                    || (letter.is_control() && !matches!(letter, '\n' | '\t'))
            };
            if text.contains(unfit) || text.chars().count() > LONGEST_TEXT {
                problems.push(text!(
                    "{}: a text of at most {} characters without control characters is expected",
                    place,
                    LONGEST_TEXT
                ));
            }
        }
        toml::Value::Array(values) => values.iter().for_each(|value| texts(place, value, problems)),
        toml::Value::Table(values) => {
            for (key, value) in values {
                texts(&format!("{place}.{key}"), value, problems);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statements::template::read::BUILT_IN;

    fn problem(from: &str, to: &str) -> String {
        assert!(BUILT_IN.contains(from), "{from}");
        let parsed = Template::parse(&BUILT_IN.replacen(from, to, 1));
        parsed.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn names_that_no_sheet_can_have_are_told() {
        let named = |name: &str| problem("name = \"清算表\"", &format!("name = {name:?}"));
        let long = "表".repeat(32);
        for bad in [
            "", " ", "a[b", "a]b", "a:b", "a*b", "a?b", "a/b", "a\\b", "'a", "a'", "hIsTory",
            "a\nb", &long,
        ] {
            assert!(
                named(bad).contains("national: no sheet can be named"),
                "{bad:?}: {}",
                named(bad)
            );
        }
        // 31 UTF-16 units, as spreadsheets count.
        assert!(!named(&"𠮷".repeat(16)).is_empty());
        for good in ["表".repeat(31), "a'b".to_owned(), "History 2".to_owned(), "𠮷".repeat(15)]
        {
            assert_eq!(named(&good), "", "{good:?}");
        }
    }

    #[test]
    fn two_sheets_of_a_workbook_have_two_names() {
        let alike = problem("name = \"14-7应收\"", "name = \"14-1应付\"");
        assert!(
            alike.contains("receivable: sheet \"14-1应付\" is there already, as payable"),
            "{alike}"
        );
        assert_eq!(problem("name = \"14-7应收\"", "name = \"清算表\""), "");
        assert!(problem("name = \"匹配率\"", "name = \"迟报\"").contains("bulletin.forms.late"));
    }

    #[test]
    fn texts_that_no_cell_takes_are_told_all_at_once() {
        let long = "x".repeat(1_001);
        let several = BUILT_IN
            .replacen("name = \"清算表\"", &format!("name = \"a/b\"\n#{long}"), 1)
            .replacen("font = \"", &format!("font = \"{long}"), 1);
        let told = Template::parse(&several).expect_err("refused").to_string();
        assert!(told.contains("font: a text") && told.contains("national: no sheet"), "{told}");
        assert!(problem("经办人:", "经办人:\\u0007").starts_with("sign_off: a text"));
    }
}
