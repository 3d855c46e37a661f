//! Rows of an export in blocks, so that threads can take them.

use super::table::{CellForm, ExportSink};
use crate::diag::Outcome;

/// The most rows of a block. The blocks of an export are the same whatever the threads.
const ROWS: usize = 8192;
/// The bytes of cells, and the cells, from which on a block ends before it has all rows.
const BYTES: usize = 8 << 20;
const CELLS: usize = 2 << 20;

/// Rows of an export, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Block {
    text: String,
    /// The end of each cell in `text`.
    ends: Vec<u32>,
    forms: Vec<CellForm>,
    /// The end of each row in `ends`, and the line in which it begins.
    rows: Vec<(u32, u64)>,
}

impl Block {
    /// Returns the number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Iterates over the rows.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows.len()).map(move |row| {
            let (end, line) = self.rows[row];
            let start = if row == 0 { 0 } else { self.rows[row - 1].0 };
            Row { block: self, start: start as usize, end: end as usize, line }
        })
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= ROWS || self.text.len() >= BYTES || self.ends.len() >= CELLS
    }

    /// Ends a row. Blocks are far smaller than 4 GiB: a row has 1 MiB at the most.
    fn end(&mut self, line: u64) {
        self.rows.push((u32::try_from(self.ends.len()).unwrap_or(u32::MAX), line));
    }

    fn push(&mut self, text: &str, form: CellForm) {
        self.text.push_str(text);
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.forms.push(form);
    }
}

/// A row of a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'a> {
    block: &'a Block,
    start: usize,
    end: usize,
    /// The line in which it begins, from 1.
    pub(crate) line: u64,
}

impl<'a> Row<'a> {
    /// Returns the number of cells.
    pub(crate) fn len(&self) -> usize {
        self.end - self.start
    }

    /// Returns a cell; an empty text when the row is shorter.
    pub(crate) fn cell(&self, column: usize) -> (&'a str, CellForm) {
        if column >= self.len() {
            return ("", CellForm::Text);
        }
        let at = self.start + column;
        (&self.block.text[self.start_of(at)..self.start_of(at + 1)], self.block.forms[at])
    }

    /// Returns where a cell of the block begins in its text.
    fn start_of(&self, at: usize) -> usize {
        if at == 0 { 0 } else { self.block.ends[at - 1] as usize }
    }

    /// Whether a cell has a line break inside.
    pub(crate) fn has_line_break(&self) -> bool {
        let text = self.start_of(self.start)..self.start_of(self.end);
        let text = &self.block.text.as_bytes()[text];
        memchr::memchr2(b'\r', b'\n', text).is_some()
    }

    /// Iterates over the texts of the cells.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let row = *self;
        (0..self.len()).map(move |column| row.cell(column).0)
    }
}

/// Makes blocks of rows and hands them over.
pub(crate) struct Blocks<F> {
    block: Block,
    /// Receives a block; false when no more are wanted.
    full: F,
}

impl<F: FnMut(Block) -> Outcome<bool>> Blocks<F> {
    /// Makes blocks for a receiver.
    pub(crate) fn new(full: F) -> Blocks<F> {
        Blocks { block: Block::default(), full }
    }

    /// Hands over the rows that fill no block.
    pub(crate) fn finish(mut self) -> Outcome<()> {
        if !self.block.is_empty() {
            (self.full)(self.block)?;
        }
        Ok(())
    }
}

impl<F: FnMut(Block) -> Outcome<bool>> ExportSink for Blocks<F> {
    fn cell(&mut self, text: &str, form: CellForm) {
        self.block.push(text, form);
    }

    fn texts(&mut self, text: &str, ends: &[usize]) {
        let block = &mut self.block;
        let start = block.text.len();
        block.text.push_str(text);
        block.ends.extend(ends.iter().map(|end| u32::try_from(start + end).unwrap_or(u32::MAX)));
        block.forms.resize(block.ends.len(), CellForm::Text);
    }

    fn end(&mut self, line: u64) -> Outcome<bool> {
        self.block.end(line);
        if !self.block.is_full() {
            return Ok(true);
        }
        (self.full)(std::mem::take(&mut self.block))
    }
}

/// Returns the first rows of a sheet.
pub(crate) fn first_rows(
    reader: &mut dyn super::table::ExportReader,
    sheet: usize,
    rows: usize,
) -> Outcome<Block> {
    struct First {
        block: Block,
        rows: usize,
    }
    impl ExportSink for First {
        fn cell(&mut self, text: &str, form: CellForm) {
            self.block.push(text, form);
        }
        fn end(&mut self, line: u64) -> Outcome<bool> {
            self.block.end(line);
            Ok(self.block.len() < self.rows && !self.block.is_full())
        }
    }
    let mut first = First { block: Block::default(), rows };
    reader.read(sheet, &mut first)?;
    Ok(first.block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_as_they_went_in() {
        let mut seen = Vec::new();
        let mut blocks = Blocks::new(|block: Block| {
            for row in block.rows() {
                seen.push((row.line, row.texts().map(str::to_owned).collect::<Vec<_>>()));
            }
            Ok(true)
        });
        for line in 0..20_000_u64 {
            blocks.texts("ab", &[1, 1, 2]);
            blocks.cell("5", CellForm::Number);
            assert!(blocks.end(line).expect("room"));
        }
        blocks.finish().expect("room");
        assert_eq!(seen.len(), 20_000);
        assert!(seen.iter().enumerate().all(|(at, (line, _))| at as u64 == *line));
        assert!(seen.iter().all(|(_, cells)| cells == &["a", "", "b", "5"]));
    }
}
