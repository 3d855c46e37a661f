//! Object stores that speak S3: deliveries are read from them, books are kept in them.
//!
//! Addresses are `s3://bucket/prefix`; keys, region and endpoint are those of the usual variables
//! (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL` and so on), on this machine and on the executors.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use datafusion::{
    common::DataFusionError,
    execution::{TaskContext, spill_file::SpillFile},
};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::{
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, aws::AmazonS3Builder, buffered::BufWriter,
    path::Path as Key,
};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::{functions::external, is_remote, runtime};
use crate::{
    book::manifest,
    diag::{Failure, Outcome},
};

/// Objects that are brought or sent at a time.
const AT_A_TIME: usize = 16;
/// Bytes of a file's end that are brought at once; most footers are shorter.
const TAIL: u64 = 64 << 10;

/// A place in an object store.
#[derive(Debug, Clone)]
struct Place {
    address: String,
    store: Arc<dyn ObjectStore>,
    key: Key,
}

impl Place {
    fn of(address: &str) -> Outcome<Place> {
        let problem = |what: String| Failure::Usage(format!("{address}: {what}"));
        let rest = address.strip_prefix("s3://").unwrap_or_default();
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(problem("s3://BUCKET/PREFIX is expected".to_owned()));
        }
        let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build();
        let store = Arc::new(store.map_err(|error| problem(error.to_string()))?);
        let key = Key::parse(key).map_err(|error| problem(error.to_string()))?;
        Ok(Place { address: address.trim_end_matches('/').to_owned(), store, key })
    }

    fn failed(&self) -> impl Fn(object_store::Error) -> Failure + Copy + use<'_> {
        |error| Failure::Io { place: self.address.clone(), error: io::Error::other(error) }
    }

    /// Every object below, with its path from here.
    async fn list(&self) -> Outcome<Vec<(String, ObjectMeta)>> {
        let objects: Vec<ObjectMeta> =
            self.store.list(Some(&self.key)).try_collect().await.map_err(self.failed())?;
        let below = |object: ObjectMeta| {
            let path: Vec<String> = object
                .location
                .prefix_match(&self.key)?
                .map(|part| part.as_ref().to_owned())
                .collect();
            Some((path.join("/"), object))
        };
        Ok(objects.into_iter().filter_map(below).collect())
    }

    /// Brings an object into a new file.
    async fn bring(&self, key: &Key, file: &mut File) -> Outcome<()> {
        let mut bytes = self.store.get(key).await.map_err(self.failed())?.into_stream();
        while let Some(piece) = bytes.try_next().await.map_err(self.failed())? {
            file.write_all(&piece).map_err(|error| self.failed_here(error))?;
        }
        Ok(())
    }

    /// Makes a file that is as long as an object, and has its end: a footer is all that is read of it.
    async fn bring_footer(&self, object: &ObjectMeta, file: &File) -> Outcome<()> {
        let here = |error| self.failed_here(error);
        file.set_len(object.size).map_err(here)?;
        let mut length = TAIL.min(object.size);
        loop {
            let start = object.size - length;
            let range = start..object.size;
            let end = self.store.get_range(&object.location, range).await;
            let end = end.map_err(self.failed())?;
            file.write_all_at(&end, start).map_err(here)?;
            let footer = end
                .last_chunk::<8>()
                .map_or(0, |[a, b, c, d, ..]| u64::from(u32::from_le_bytes([*a, *b, *c, *d])) + 8);
            // What a file says that it has and has not is told when its footer is read.
            if footer <= length || length == object.size {
                return Ok(());
            }
            length = footer.min(object.size);
        }
    }

    fn failed_here(&self, error: io::Error) -> Failure {
        Failure::Io { place: format!("a local copy of {}", self.address), error }
    }

    async fn send(&self, path: PathBuf, key: Key) -> Outcome<()> {
        let failed = |error| Failure::Io { place: format!("{}/{key}", self.address), error };
        let mut from = tokio::fs::File::open(&path).await.map_err(Failure::io(&path))?;
        let mut into = BufWriter::new(Arc::clone(&self.store), key.clone());
        tokio::io::copy(&mut from, &mut into).await.map_err(failed)?;
        into.shutdown().await.map_err(failed)
    }
}

/// A copy on this machine of what is in an object store; it goes with the value.
#[derive(Debug)]
pub struct Mirror {
    folder: TempDir,
    address: String,
}

impl Mirror {
    /// Copies a delivery: its small files, and of its Parquet files all or the footers alone.
    pub fn of_delivery(address: &Path, whole: bool) -> Outcome<Mirror> {
        Mirror::of(address, |path| match path.ends_with(".parquet") {
            true if whole => Some(Copied::Whole),
            true => Some(Copied::Footer),
            false => (whole || !path.contains('/')).then_some(Copied::Whole),
        })
    }

    /// Copies a file, under its own name.
    pub fn of_file(address: &Path) -> Outcome<Mirror> {
        let place = Place::of(&address.to_string_lossy())?;
        let folder = new_folder()?;
        let path = folder.path().join(address.file_name().unwrap_or_default());
        let mut file = File::create_new(&path).map_err(Failure::io(&path))?;
        runtime()?.block_on(place.bring(&place.key, &mut file))?;
        Ok(Mirror { address: place.address, folder })
    }

    /// Copies a book: every period whose manifest is there. A run that was cut off while it sent its
    /// period has left no manifest.
    pub fn of_book(address: &Path) -> Outcome<Mirror> {
        Mirror::of(address, |_| Some(Copied::Whole)).and_then(|mirror| {
            let folders = fs::read_dir(mirror.path()).map_err(Failure::io(mirror.path()))?;
            for folder in folders {
                let folder = folder.map_err(Failure::io(mirror.path()))?.path();
                if folder.is_dir() && !folder.join(manifest::NAME).exists() {
                    fs::remove_dir_all(&folder).map_err(Failure::io(&folder))?;
                }
            }
            Ok(mirror)
        })
    }

    fn of(address: &Path, wanted: impl Fn(&str) -> Option<Copied>) -> Outcome<Mirror> {
        let address = address.to_string_lossy();
        let place = Place::of(&address)?;
        let folder = new_folder()?;
        let root = folder.path();
        let copy = async {
            let objects = place.list().await?;
            let copies = objects.iter().filter_map(|(path, object)| {
                wanted(path).map(|how| place.copy(object, root.join(path), how))
            });
            stream::iter(copies).buffer_unordered(AT_A_TIME).try_collect::<Vec<()>>().await
        };
        runtime()?.block_on(copy)?;
        Ok(Mirror { address: place.address.clone(), folder })
    }

    /// The copy.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The address of what a path is a copy of.
    pub fn origin(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(self.path()).ok()?;
        Some(format!("{}/{}", self.address, below.display()))
    }

    /// Sends a closed period: its manifest last, and only if no other run has sent one.
    pub fn send_period(&self, period: &str) -> Outcome<()> {
        let place = Place::of(&self.address)?;
        let root = self.path().join(period);
        let mut files = Vec::new();
        files_below(&root, period, &mut files)?;
        let last = format!("{period}/{}", manifest::NAME);
        files.retain(|file| *file != last);
        let key = |file: &str| file.split('/').fold(place.key.clone(), |key, part| key.join(part));
        let send = async {
            let sent = files.iter().map(|file| place.send(self.path().join(file), key(file)));
            stream::iter(sent).buffer_unordered(AT_A_TIME).try_collect::<Vec<()>>().await?;
            let bytes = fs::read(root.join(manifest::NAME)).map_err(Failure::io(&root))?;
            let sent =
                place.store.put_opts(&key(&last), bytes.into(), PutMode::Create.into()).await;
            match sent {
                Err(object_store::Error::AlreadyExists { .. }) => Err(Failure::Book(format!(
                    "period {period} is closed already in {}: another run has sent it meanwhile",
                    self.address
                ))),
                sent => sent.map(drop).map_err(place.failed()),
            }
        };
        runtime()?.block_on(send)
    }
}

fn new_folder() -> Outcome<TempDir> {
    TempDir::with_prefix("liangqing-").map_err(Failure::io(&std::env::temp_dir()))
}

/// How much of an object is copied.
#[derive(Clone, Copy)]
enum Copied {
    Whole,
    Footer,
}

impl Place {
    async fn copy(&self, object: &ObjectMeta, path: PathBuf, how: Copied) -> Outcome<()> {
        let folder = path.parent().unwrap_or(&path);
        fs::create_dir_all(folder).map_err(Failure::io(folder))?;
        let mut file = File::create_new(&path).map_err(Failure::io(&path))?;
        match how {
            Copied::Whole => self.bring(&object.location, &mut file).await,
            Copied::Footer => self.bring_footer(object, &file).await,
        }
    }
}

fn files_below(folder: &Path, name: &str, files: &mut Vec<String>) -> Outcome<()> {
    for entry in fs::read_dir(folder).map_err(Failure::io(folder))? {
        let path = entry.map_err(Failure::io(folder))?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{name}/{file}");
        if path.is_dir() {
            files_below(&path, &name, files)?;
        } else {
            files.push(name);
        }
    }
    Ok(())
}

/// Brings a file to where an executor spills, if it is in an object store; it goes with the value.
pub(super) fn bring(
    place: &str,
    context: &TaskContext,
) -> Result<Option<Arc<dyn SpillFile>>, DataFusionError> {
    if !is_remote(Path::new(place)) {
        return Ok(None);
    }
    let spilled = context.runtime_env().disk_manager.create_tmp_file("a delivery's file")?;
    let path = spilled.path().ok_or_else(|| Failure::Bug("a spill without a path".into()));
    let mut file = File::create(path.map_err(external)?)?;
    let place = Place::of(place).map_err(external)?;
    let brought = place.bring(&place.key, &mut file);
    tokio::runtime::Handle::current().block_on(brought).map_err(external)?;
    Ok(Some(spilled))
}
