//! The heading of a table, and the column of each field.

use super::{
    block::{Block, Row},
    map::{ExportMap, Origin},
};
use crate::{
    diag::{Code, Finding},
    spelling::{bare, nearest, short},
    text::{Text, quoted},
};

/// The rows among which a heading is looked for.
pub(crate) const LOOKED_THROUGH: usize = 50;

/// A heading with the column of each field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableHeading {
    /// The names of the columns.
    pub(crate) names: Vec<String>,
    /// The last line of it; 0 when the table has none.
    pub(crate) last_line: u64,
    /// The column of each field that the map reads from one, by the name of the field.
    pub(crate) columns: Vec<(String, usize)>,
}

impl TableHeading {
    /// Finds the heading among the first rows of a table.
    pub(crate) fn find(rows: &Block, map: &ExportMap, file: &str) -> Result<TableHeading, Finding> {
        match map.input.heading {
            Some((0, _)) => {
                let width = rows.rows().next().map_or(0, |row| row.len());
                columns(&vec![String::new(); width], 0, map)
                    .map_err(|found| refused(file, 1, found))
            }
            Some((first, last)) => {
                let names = joined(rows, first, last);
                columns(&names, last, map).map_err(|found| refused(file, first, found))
            }
            None => first_fit(rows, map, file),
        }
    }

    /// Returns the columns that no field is read from.
    pub(crate) fn ignored(&self) -> Vec<&str> {
        let is_read = |column: usize| self.columns.iter().any(|(_, read)| *read == column);
        let names = self.names.iter().enumerate();
        names
            .filter(|(at, name)| !is_read(*at) && !name.is_empty())
            .map(|(_, name)| &**name)
            .collect()
    }

    /// Returns whether a row repeats the heading, as exports of several pages do.
    pub(crate) fn is_repeated_by(&self, row: Row) -> bool {
        let mut names = self.names.iter().filter(|name| !name.is_empty()).peekable();
        names.peek().is_some()
            && row.texts().map(str::trim).filter(|cell| !cell.is_empty()).eq(names)
    }
}

/// Returns the first row that has every column of the map; none has one when the map names columns by number alone.
fn first_fit(rows: &Block, map: &ExportMap, file: &str) -> Result<TableHeading, Finding> {
    if !map.fields.values().any(|rule| matches!(rule.from, Origin::Column(_))) {
        let found = text!("a map that names columns by number alone");
        let hint = text!(
            "write the line of the heading into [input] of the map: heading = 1, or 0 for none"
        );
        return Err(refused(file, 1, found).hinting(hint));
    }
    let mut best: Option<(usize, u64, Text)> = None;
    for row in rows.rows() {
        let names = names(row);
        match columns(&names, row.line, map) {
            Ok(heading) => return Ok(heading),
            Err(found) => {
                let fits = known(&names, map);
                if best.as_ref().is_none_or(|(most, ..)| fits > *most) {
                    best = Some((fits, row.line, found));
                }
            }
        }
    }
    let (_, line, found) = best.unwrap_or((0, 1, text!("no rows")));
    Err(refused(file, line, found))
}

fn refused(file: &str, line: u64, found: Text) -> Finding {
    Finding::new(Code::K02, file, text!("line {}", line), found)
}

/// Returns the number of columns of the map that are among names.
fn known(names: &[String], map: &ExportMap) -> usize {
    let is_there = |wanted: &str| names.iter().any(|name| bare(name) == bare(wanted));
    let wanted = map
        .fields
        .values()
        .filter(|rule| matches!(&rule.from, Origin::Column(wanted) if wanted.iter().any(|name| is_there(name))));
    wanted.count()
}

/// Returns the names of a row.
pub(crate) fn names(row: Row) -> Vec<String> {
    let is_mark = |letter: char| letter.is_whitespace() || letter == '\u{feff}';
    row.texts().map(|cell| cell.trim_matches(is_mark).to_owned()).collect()
}

/// Joins the lines of a heading: the lowest name of each column, with the one above it where the lowest is there twice.
/// A cell that was merged stands for the empty cells to its right.
fn joined(rows: &Block, first: u64, last: u64) -> Vec<String> {
    let lines: Vec<Vec<String>> =
        rows.rows().filter(|row| (first..=last).contains(&row.line)).map(names).collect();
    let Some((lowest, above)) = lines.split_last() else { return Vec::new() };
    let width = lines.iter().map(Vec::len).max().unwrap_or(0);
    let name = |line: &[String], at: usize| line.get(at).cloned().unwrap_or_default();
    let over = |at: usize| {
        let of_line = |line: &Vec<String>| {
            (0..=at).rev().map(|at| name(line, at)).find(|name| !name.is_empty())
        };
        above.iter().rev().find_map(of_line).unwrap_or_default()
    };
    let direct = |at: usize| {
        let mut names = above.iter().rev().map(|line| name(line, at));
        names.find(|name| !name.is_empty()).unwrap_or_default()
    };
    let mut names: Vec<String> = (0..width)
        .map(|at| {
            Some(name(lowest, at)).filter(|name| !name.is_empty()).unwrap_or_else(|| direct(at))
        })
        .collect();
    let plain = names.clone();
    for (at, name) in names.iter_mut().enumerate() {
        let twice = plain.iter().filter(|other| *other == name).count() > 1;
        if twice && !name.is_empty() && !above.is_empty() {
            *name = format!("{}/{name}", over(at));
        }
    }
    names
}

/// Finds the column of each field.
fn columns(names: &[String], last_line: u64, map: &ExportMap) -> Result<TableHeading, Text> {
    let (mut columns, mut missing, mut twice) = (Vec::new(), Vec::new(), Vec::new());
    for (field, rule) in &map.fields {
        match &rule.from {
            Origin::Constant(_) => {}
            Origin::Number(number) if *number <= names.len() => {
                columns.push((field.clone(), number - 1));
            }
            Origin::Number(number) => missing.push(text!("{}", number)),
            Origin::Column(wanted) => {
                match wanted.iter().map(|name| places(name, names)).find(|at| !at.is_empty()) {
                    None => missing.push(not_there(wanted, names)),
                    Some(at) if at.len() > 1 => twice.push(text!("{}", quoted(&names[at[0]]))),
                    Some(at) => columns.push((field.clone(), at[0])),
                }
            }
        }
    }
    let shown = |list: &[Text]| crate::text::list(list.iter().cloned());
    match (missing.is_empty(), twice.is_empty()) {
        (true, true) => Ok(TableHeading { names: names.to_vec(), last_line, columns }),
        (false, _) => Err(text!("a heading without {}; it has {}", shown(&missing), listed(names))),
        (true, false) => Err(text!("a heading with {} twice", shown(&twice))),
    }
}

/// Lists the names of a heading, the first of many.
fn listed(names: &[String]) -> Text {
    const SHOWN: usize = 40;
    let named = names.iter().filter(|name| !name.is_empty());
    let mut shown = named
        .clone()
        .take(SHOWN)
        .map(|name| format!("\"{}\"", short(name, 40)))
        .collect::<Vec<_>>();
    if named.count() > SHOWN {
        shown.push("…".to_owned());
    }
    Text::given(shown.join(", "))
}

/// Returns the places of a name: as it is written, or else in another case or width.
fn places(wanted: &str, names: &[String]) -> Vec<usize> {
    let of = |is: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..names.len()).filter(|at| is(&names[*at])).collect()
    };
    let exact = of(&|name| name == wanted);
    if exact.is_empty() { of(&|name| bare(name) == bare(wanted)) } else { exact }
}

/// Shows a column that is not there, with the one that may be meant.
fn not_there(wanted: &[String], names: &[String]) -> Text {
    let shown = wanted.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" / ");
    let shown = Text::given(shown);
    let [wanted] = wanted else { return shown };
    let candidates = names
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| (name, bare(name), bare(wanted), 1 + wanted.chars().count() / 4));
    match nearest(candidates) {
        Some(near) => text!("{} (is it {}?)", shown, quoted(near)),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::{block::Blocks, table::ExportSink};

    fn block(rows: &[(u64, &[&str])]) -> Block {
        let mut whole = Block::default();
        let mut blocks = Blocks::new(|block| {
            whole = block;
            Ok(true)
        });
        for (line, cells) in rows {
            for cell in *cells {
                blocks.cell(cell, crate::convert::table::CellForm::Text);
            }
            blocks.end(*line).expect("room");
        }
        blocks.finish().expect("room");
        whole
    }

    fn map(text: &str) -> ExportMap {
        let text = format!("format = 1\n{text}");
        ExportMap::parse(&text, &["setl_id", "acct_pay", "hifp_pay"]).expect("a good map")
    }

    #[test]
    fn the_first_row_with_every_column_is_the_heading() {
        let rows = block(&[
            (1, &["某省异地结算明细", ""]),
            (2, &["制表：2025-11-03"]),
            (4, &["\u{feff}结算ＩＤ ", "个账支付", "备注"]),
            (5, &["S1", "1.00", ""]),
        ]);
        let map = map(
            "[fields]\nsetl_id = \"结算ID\"\nacct_pay = \"个账支付\"\nhifp_pay = { value = \"0\" }\n",
        );
        let heading = TableHeading::find(&rows, &map, "a.csv").expect("found");
        assert_eq!(heading.last_line, 4);
        assert_eq!(heading.columns, [("acct_pay".to_owned(), 1), ("setl_id".to_owned(), 0)]);
        assert_eq!(heading.ignored(), ["备注"]);
        let repeated = block(&[(9, &["结算ＩＤ", "个账支付", "备注"]), (10, &["S2", "1", ""])]);
        let repeats: Vec<bool> = repeated.rows().map(|row| heading.is_repeated_by(row)).collect();
        assert_eq!(repeats, [true, false]);
    }

    #[test]
    fn a_missing_column_is_named_with_the_one_that_may_be_meant() {
        let rows = block(&[(1, &["结算ID", "个账支出"])]);
        let map = map("[fields]\nsetl_id = \"结算ID\"\nacct_pay = \"个账支付\"\n");
        let finding = TableHeading::find(&rows, &map, "a.csv").expect_err("refused");
        assert_eq!(
            finding.found.to_string(),
            "a heading without \"个账支付\" (is it \"个账支出\"?); it has \"结算ID\", \"个账支出\""
        );
        let twice = block(&[(1, &["结算ID", "个账支付", "个账支付"])]);
        let finding = TableHeading::find(&twice, &map, "a.csv").expect_err("refused");
        assert_eq!(finding.found.to_string(), "a heading with \"个账支付\" twice");
    }

    #[test]
    fn merged_headings_have_two_lines() {
        let rows = block(&[
            (1, &["结算ID", "基金", "", "个账"]),
            (2, &["", "金额", "笔数", "金额"]),
            (3, &["S1", "1", "1", "2"]),
        ]);
        let map = map(
            "[input]\nheading = [1, 2]\n[fields]\nsetl_id = \"结算ID\"\nhifp_pay = \"基金/金额\"\nacct_pay = \"个账/金额\"\n",
        );
        let heading = TableHeading::find(&rows, &map, "a.csv").expect("found");
        assert_eq!(heading.names, ["结算ID", "基金/金额", "笔数", "个账/金额"]);
        let numbers = self::map("[fields]\nsetl_id = { number = 1 }\n");
        assert_eq!(
            TableHeading::find(&rows, &numbers, "a.csv").expect_err("asked").code,
            Code::K02
        );
        let none = self::map("[input]\nheading = 0\n[fields]\nsetl_id = { number = 1 }\n");
        assert_eq!(TableHeading::find(&rows, &none, "a.csv").expect("none").last_line, 0);
        let beyond = self::map("[input]\nheading = 0\n[fields]\nsetl_id = { number = 5 }\n");
        assert!(TableHeading::find(&rows, &beyond, "a.csv").is_err());
    }
}
