//! What of a run lies elsewhere: a cluster that reads the delivery, copies in object stores.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use super::{extensions::Extensions, printer::warning};
use crate::{
    cluster::Mirror,
    diag::{Failure, Outcome, shown},
    interrupt,
    model::codes::Month,
    pipeline::{EngineName, Settings, is_remote},
    reconcile::reader::{Local, Reader},
};

/// The cluster that is to read a delivery, if one is.
pub(super) fn named_cluster(settings: &Settings) -> Outcome<Option<&str>> {
    match (settings.engine.unwrap_or_default(), settings.cluster.as_deref()) {
        (EngineName::Native, None) => Ok(None),
        (EngineName::Ballista, Some(cluster)) => Ok(Some(cluster)),
        (EngineName::Native, Some(_)) => {
            Err(Failure::Usage(text!("--cluster goes with --engine ballista")))
        }
        (EngineName::Ballista, None) => {
            let problem = text!("--engine ballista needs --cluster df://HOST:PORT");
            Err(Failure::Usage(problem))
        }
    }
}

fn copy_book(
    address: &Path,
    stop: &AtomicBool,
    extensions: Extensions,
) -> Outcome<(Arc<dyn Mirror>, PathBuf)> {
    let (book, without) = extensions.cluster()?.book(address, stop)?;
    for period in without {
        warning(text!(
            "{} has no manifest: it was never closed, and is not looked at",
            format!("{}/{period}", shown(address))
        ));
    }
    Ok((book, address.to_owned()))
}

/// Copies of what a run reads and writes in object stores; they go with the value.
pub(super) struct Remote {
    delivery: Option<Arc<dyn Mirror>>,
    book: Option<(Arc<dyn Mirror>, PathBuf)>,
    _quotas: Option<Arc<dyn Mirror>>,
}

impl Remote {
    /// Copies what is elsewhere, and puts the copies in its place.
    pub(super) fn bring(
        settings: &mut Settings,
        stop: &AtomicBool,
        extensions: Extensions,
    ) -> Outcome<Remote> {
        let remote = |path: &Option<PathBuf>| path.clone().filter(|path| is_remote(path));
        // Executors read the rows of a delivery themselves.
        let whole = settings.engine != Some(EngineName::Ballista)
            || settings.is_rerun()
            || settings.independent == Some(true);
        let delivery = remote(&settings.input)
            .map(|path| extensions.cluster()?.delivery(&path, whole, stop))
            .transpose()?;
        let quotas = remote(&settings.opening_quotas)
            .map(|path| extensions.cluster()?.file(&path, stop))
            .transpose()?;
        let book =
            remote(&settings.book).map(|path| copy_book(&path, stop, extensions)).transpose()?;
        let path = |mirror: &dyn Mirror| mirror.path().to_owned();
        settings.input = delivery.as_deref().map(path).or(settings.input.take());
        settings.book = book.as_ref().map(|(book, _)| path(&**book)).or(settings.book.take());
        let file = settings.opening_quotas.as_deref().and_then(Path::file_name);
        let copied = quotas.as_ref().zip(file).map(|(quotas, file)| quotas.path().join(file));
        settings.opening_quotas = copied.or(settings.opening_quotas.take());
        Ok(Remote { delivery, book, _quotas: quotas })
    }

    /// The engine that the settings name.
    pub(super) fn engine(
        &self,
        settings: &Settings,
        extensions: Extensions,
    ) -> Outcome<Arc<dyn Reader>> {
        match named_cluster(settings)? {
            Some(cluster) => extensions.cluster()?.engine(cluster, self.delivery.clone()),
            None => Ok(Arc::new(Local)),
        }
    }

    /// Sends a period that was closed to the book, if that is elsewhere; says where it is.
    pub(super) fn send(&self, period: Month) -> Outcome<Option<PathBuf>> {
        let Some((book, address)) = &self.book else { return Ok(None) };
        // What is in the copy is not in the book yet.
        interrupt::unsettle();
        book.send_period(&period.to_string())?;
        Ok(Some(address.join(period.to_string())))
    }
}
