//! A renderer: one way to write a workbook as files.

use super::{sheet::Workbook, template::Template};
use crate::diag::Outcome;

/// Writes workbooks in one format.
pub(super) trait Renderer: Sync {
    /// Returns the files of a workbook: path below its folder, bytes.
    fn render(&self, workbook: &Workbook, template: &Template) -> Outcome<Vec<(String, Vec<u8>)>>;
}
