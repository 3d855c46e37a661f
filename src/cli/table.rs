//! Tables on the terminal: no wider than the terminal, without control characters.

use comfy_table::{CellAlignment, Table as Grid, presets::NOTHING};
use unicode_width::UnicodeWidthStr;

use super::lang::said;
use crate::{
    diag::printable,
    text::{Text, escaped_lines},
};

/// The width of a terminal in columns.
const WIDTH: usize = 80;

/// A text table. Columns from `right_from` on are right-aligned.
#[derive(Debug)]
pub(super) struct TextTable {
    header: Vec<String>,
    right_from: usize,
    rows: Vec<Vec<String>>,
}

/// Makes a table with a header in the language of its reader.
pub(super) fn table<const N: usize>(header: [Text; N], right_from: usize) -> TextTable {
    TextTable { header: header.map(|name| said(&name)).into(), right_from, rows: Vec::new() }
}

impl TextTable {
    /// Adds a row. Its words must be in the language of the reader.
    pub(super) fn add_row<S: AsRef<str>>(&mut self, row: impl IntoIterator<Item = S>) {
        self.rows.push(row.into_iter().map(|value| printable(value.as_ref())).collect());
    }

    /// Whether the table is wider than a terminal.
    pub(super) fn is_wide(&self) -> bool {
        self.grid().lines().any(|line| line.width() > WIDTH)
    }

    /// Returns the lines of the table. If it is too wide, its rows stand one below the other.
    pub(super) fn trim_fmt(&self) -> Text {
        let text = self.grid();
        let wide = text.lines().any(|line| line.width() > WIDTH);
        Text::alone(escaped_lines(if wide { self.turned() } else { text }))
    }

    fn grid(&self) -> String {
        let mut grid = Grid::new();
        grid.load_style(NOTHING);
        grid.set_header(&self.header);
        for column in grid.column_iter_mut().skip(self.right_from) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for row in &self.rows {
            grid.add_row(row);
        }
        grid.trim_fmt()
    }

    /// Returns every row as lines of heading and value.
    fn turned(&self) -> String {
        let widest = self.header.iter().map(|name| name.width()).max().unwrap_or(0);
        let line = |(name, value): (&String, &String)| {
            format!(" {name}{}  {value}", " ".repeat(widest - name.width()))
        };
        let block = |row: &Vec<String>| {
            let lines = self.header.iter().zip(row).filter(|(_, value)| !value.is_empty());
            lines.map(line).collect::<Vec<_>>().join("\n")
        };
        self.rows.iter().map(block).collect::<Vec<_>>().join("\n\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(table: &TextTable) -> Vec<String> {
        table.trim_fmt().to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_table_that_is_too_wide_is_turned() {
        let mut found = table(["province", "yuan"].map(Text::given), 1);
        found.add_row(["31", "1.00"]);
        assert_eq!(lines(&found), [" province  yuan", " 31        1.00"]);
        found.add_row(["新".repeat(35), "12,345,678.90".to_owned()]);
        let long = format!(" province  {}", "新".repeat(35));
        let turned = [" province  31", " yuan      1.00", "", &long, " yuan      12,345,678.90"];
        assert_eq!(lines(&found), turned);
        assert!(found.is_wide());
    }

    #[test]
    fn nothing_in_a_table_steers_the_terminal() {
        let mut found = table([text!("{}", "setl_id")], 1);
        found.add_row(["S\u{1b}[2J\nS\u{202e}\u{200b}\u{1}"]);
        assert_eq!(lines(&found)[1], " S\u{fffd}[2J\u{fffd}S\u{fffd}\u{fffd}\u{fffd}");
    }
}
