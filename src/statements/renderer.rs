//! One way to write a workbook.

use super::{sheet::Workbook, template::Template};
use crate::diag::Outcome;

/// One way to write a workbook.
pub(super) trait Renderer: Sync {
    /// The files of a workbook: path below its folder, bytes.
    fn render(&self, workbook: &Workbook, template: &Template) -> Outcome<Vec<(String, Vec<u8>)>>;
}
