//! Forms: papers that people read, print and sign, made from the tables of a closed period.
//!
//! **Purpose.** Statements and notices of each province, and the national tables.
//!
//! **In.** The tables of a closed period; a template with titles, headings and columns.
//!
//! **Out.** Workbooks (XLSX), and the same sheets as CSV and JSON, in a folder or an archive a reader.
//!
//! **Invariants.** A province gets only rows in which it pays or is paid. Every total is the sum of its rows and
//! equals the total of the tables. The same period gives the same bytes.

mod archive;
mod capital;
mod content;
pub mod folder;
mod measure;
mod plain;
mod renderer;
pub mod replies;
mod sheet;
mod sheet_name;
mod style;
mod template;
mod words;
mod write;
mod xlsx;

#[cfg(test)]
pub(crate) use self::plain::SheetFile;
pub(crate) use self::{
    measure::{height, lines_of},
    plain::{no_formula, shown, unguarded},
    sheet_name::sheet_name,
    template::{RowValues, Target},
    words::{month, province},
    write::render,
    xlsx::{exact, fitting},
};
pub use self::{
    sheet::{CellValue, Sheet, SheetLayout, Workbook},
    style::Style,
    template::Template,
    write::{WrittenStatements, write},
};
