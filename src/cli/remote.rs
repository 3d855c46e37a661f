//! The remote parts of a run: a cluster that reads the delivery, and object stores.

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

/// Returns the address of the cluster that is to read the delivery, if any.
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

/// Local copies of what a run reads and writes in object stores. They are removed when the value is dropped.
pub(super) struct Remote {
    delivery: Option<Arc<dyn Mirror>>,
    book: Option<(Arc<dyn Mirror>, PathBuf)>,
    _quotas: Option<Arc<dyn Mirror>>,
}

impl Remote {
    /// Downloads what is remote, and makes the settings point to the local copies.
    pub(super) fn download(
        settings: &mut Settings,
        stop: &AtomicBool,
        extensions: Extensions,
    ) -> Outcome<Remote> {
        let remote = |path: &Option<PathBuf>| path.clone().filter(|path| is_remote(path));
        // Executors read the rows of a delivery from the store themselves.
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

    /// Returns the reader that the settings name.
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

    /// Uploads a closed period to the book if the book is remote. Returns its address.
    pub(super) fn send(&self, period: Month) -> Outcome<Option<PathBuf>> {
        let Some((book, address)) = &self.book else { return Ok(None) };
        // The period is in the local copy, but not in the book yet.
        interrupt::unsettle();
        book.send_period(&period.to_string())?;
        Ok(Some(address.join(period.to_string())))
    }
}
