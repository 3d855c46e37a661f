//! The command `bulletin`.

use std::sync::{Arc, atomic::AtomicBool};

use super::{
    args::{BulletinArguments, Format},
    printer::{counted, report, text},
    progress,
    run::{shown, thread_pool},
    statements::template,
};
use crate::{
    bulletin::{self, Request},
    diag::Outcome,
};

/// `liangqing bulletin`
pub(super) fn bulletin(arguments: &BulletinArguments, stop: Arc<AtomicBool>) -> Outcome<()> {
    let template = template(arguments.forms.as_deref())?;
    let monitor = progress::monitor(stop, arguments.working.quiet, None);
    let request = Request {
        book: &arguments.book,
        period: arguments.period,
        quarterly: arguments.quarter,
        input: arguments.input.as_deref(),
        registry: arguments.registry.as_deref(),
        out: &arguments.out,
        template: &template,
    };
    let pool = thread_pool(arguments.working.threads)?;
    let written = pool.install(|| bulletin::write(&request, &monitor));
    monitor.done();
    let written = written?;
    match arguments.working.format {
        Format::Json => report(&written),
        Format::Human => text(&format!(
            "written   {}\nbulletin  {}, {} in {}\nleft out  {} about few persons\n",
            shown(&arguments.out),
            written.period,
            counted(written.sheets, "sheet"),
            counted(written.files, "file"),
            counted(written.left_out, "value"),
        )),
    }
}
