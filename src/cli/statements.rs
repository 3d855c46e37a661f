//! The command `statements`.

use std::path::Path;

use super::{
    args::{Format, StatementsArguments},
    printer::{counted, report, text},
    run::{read_text, shown},
};
use crate::{
    diag::{Failure, Outcome},
    forms::{self, Template},
};

/// `liangqing statements`
pub(super) fn statements(arguments: &StatementsArguments) -> Outcome<()> {
    let template = template(arguments.forms.as_deref())?;
    let written = forms::write(&arguments.book, arguments.period, &arguments.out, &template)?;
    match arguments.format {
        Format::Json => report(&written),
        Format::Human => text(&format!(
            "written   {}\nforms     {} in {} for {}\npayable   {} yuan, which {} tell payers and payees\n",
            shown(&arguments.out),
            counted(written.files, "file"),
            written.period,
            counted(written.provinces, "province"),
            written.payable,
            counted(written.notices, "notice"),
        )),
    }
}

/// The template in a file, or the built-in one.
pub(super) fn template(path: Option<&Path>) -> Outcome<Template> {
    match path {
        None => Ok(Template::built_in()),
        Some(path) => Template::parse(&read_text(path)?)
            .map_err(|error| Failure::Usage(format!("{}: {error}", path.display()))),
    }
}
