//! Long lists on the terminal: their beginning, how many more there are, and lines that fit.

use clap::Args;
use unicode_width::UnicodeWidthStr;

use super::{lang::said, table::TextTable};
use crate::text::{Grouped, Text};

/// The width of a terminal in columns.
const WIDTH: usize = 80;

/// How much of a list is shown to people.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct ListLength {
    /// Show at most so many entries of a list
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(super) limit: usize,
    /// Show every entry
    #[arg(long, conflicts_with = "limit")]
    pub(super) all: bool,
}

impl ListLength {
    /// The length when nothing is said about it.
    pub(super) const USUAL: ListLength = ListLength { limit: 10, all: false };

    /// Returns the number of entries that are shown of a list.
    pub(super) const fn most(&self) -> usize {
        if self.all { usize::MAX } else { self.limit }
    }

    /// Returns the lines of a table of so many entries, of which the first are in it.
    pub(super) fn table(&self, table: &TextTable, entries: usize) -> Vec<Text> {
        let mut lines = vec![table.trim_fmt()];
        lines.extend(self.more(entries).map(|more| text!(" {}", more)));
        lines
    }

    /// Says how many of a list are not shown.
    fn more(&self, entries: usize) -> Option<Text> {
        let more = entries.checked_sub(self.most()).filter(|more| *more > 0)?;
        Some(text!("and {} more: --all", Grouped(more as u64)))
    }

    /// Returns a label and a list in lines that fit a terminal; the label takes so many columns.
    pub(super) fn lines(&self, column: usize, label: &'static str, values: &[String]) -> Vec<Text> {
        let mut words: Vec<String> = values.iter().take(self.most()).cloned().collect();
        let more = self.more(values.len()).map(|more| said(&more));
        let none = words.is_empty() && more.is_none();
        words.extend(none.then(|| said(&text!("none"))));
        words.extend(more);
        let last = words.len() - 1;
        let commas = words.iter().enumerate();
        let words =
            commas.map(|(at, word)| if at < last { format!("{word},") } else { word.clone() });
        let mut lines: Vec<String> = vec![String::new()];
        for word in words {
            let width = lines.last().map_or(0, |line| line.width());
            if width > 0 && column + 2 + width + 1 + word.width() > WIDTH {
                lines.push(String::new());
            }
            if let Some(line) = lines.last_mut() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&word);
            }
        }
        let mut lines = lines.into_iter();
        let first = Text::labelled_to(column, label, Text::given(lines.next().unwrap_or_default()));
        let rest = lines.map(|line| Text::given(format!("{}{line}", " ".repeat(column))));
        std::iter::once(first).chain(rest).map(|line| text!("  {}", line)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut_and_wrapped() {
        let pairs: Vec<String> = (0..40).map(|n| format!("34-{n:02}")).collect();
        let lines = |shown: ListLength, values: &[String]| -> Vec<String> {
            shown.lines(13, "turn red", values).iter().map(Text::to_string).collect()
        };
        let ten = lines(ListLength { limit: 10, all: false }, &pairs);
        assert_eq!(ten.len(), 2, "{ten:?}");
        assert!(ten[0].starts_with("  turn red     34-00, 34-01,"), "{ten:?}");
        assert_eq!(ten[1], "               34-09, and 30 more: --all");
        let all = lines(ListLength { limit: 10, all: true }, &pairs);
        assert!(all.len() > 3 && all.iter().all(|line| line.width() <= WIDTH), "{all:?}");
        assert_eq!(lines(ListLength { limit: 10, all: false }, &[]), ["  turn red     none"]);
        let none = lines(ListLength { limit: 0, all: false }, &pairs);
        assert_eq!(none, ["  turn red     and 40 more: --all"]);
    }
}
