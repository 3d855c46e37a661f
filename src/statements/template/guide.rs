//! The first sheet of a workbook: what is in it, how much, until when, whom to ask.

use super::{
    Template,
    parts::{RowValues, place},
};
use crate::{
    diag::Outcome,
    statements::{
        sheet::{CellValue, Sheet, SheetLayout},
        words::{Filling, filled},
    },
};

impl Template {
    /// Makes the first sheet of a workbook.
    pub(in crate::statements) fn guide(
        &self,
        book: &str,
        filling: &Filling,
        more: &[String],
        sheets: &[Sheet],
    ) -> Outcome<Sheet> {
        const OFFERED: [&str; 5] = ["sheet", "annex", "title", "rows", "amount"];
        let (guide, of_book) = (&self.guide, &self.guide.books[book]);
        let rows = sheets.iter().map(|sheet| {
            let text = |text: &String| CellValue::Text(text.clone());
            let mut values = RowValues::from([
                ("sheet", text(&sheet.name)),
                ("annex", text(&sheet.annex)),
                ("title", text(&sheet.title)),
                ("rows", CellValue::Count(sheet.rows.len() as i128)),
            ]);
            values.extend(sheet.total.map(|total| ("amount", CellValue::Money(total))));
            values
        });
        let mut filling = filling.clone();
        filling.push(("book", of_book.book.clone()));
        let fill = |text: &String| filled(text, &filling);
        let (columns, rows) = (&guide.columns, rows.collect());
        let file = format!("guide-{book}");
        let mut made = self.plain("guide", &file, columns, &filling, rows, &OFFERED)?;
        made.name.clone_from(&guide.name);
        made.title = fill(&guide.title);
        made.lead = of_book.lines.iter().chain(more).chain(&guide.contact).map(fill).collect();
        made.total = None;
        let column = place(columns, "sheet").and_then(|at| u16::try_from(at).ok());
        made.layout = SheetLayout::Index(column);
        Ok(made)
    }
}
