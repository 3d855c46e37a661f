//! Object stores with the S3 protocol. Deliveries are read from them, books are kept in them.
//!
//! Addresses are `s3://bucket/prefix`. Keys, region and endpoint come from the usual variables (`AWS_ACCESS_KEY_ID`,
//! `AWS_ENDPOINT_URL` and so on), on this machine and on the executors.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::{FileExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
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
use tempfile::{Builder, TempDir};
use tokio::io::AsyncWriteExt;

use super::{
    Mirror,
    functions::external,
    waiting::{runtime, wait_for},
};
use crate::{
    diag::{Failure, Outcome},
    digest::sha256_hex,
    interrupt::{self, Unfinished},
    pipeline::is_remote,
    place::{make_below, period::MANIFEST},
    text::Text,
};

/// The most objects that are transferred at a time.
const AT_A_TIME: usize = 16;
/// The bytes at the end of a file that are read first. Most footers are shorter.
const TAIL: u64 = 64 << 10;
/// The most bytes of a valid footer.
const LONGEST_FOOTER: u64 = 256 << 20;

/// A place in an object store.
#[derive(Debug, Clone)]
struct ObjectPlace {
    address: String,
    store: Arc<dyn ObjectStore>,
    key: Key,
}

impl ObjectPlace {
    fn of(address: &str) -> Outcome<ObjectPlace> {
        let problem = |what: Text| Failure::Usage(text!("{}: {}", address, what));
        let rest = address.strip_prefix("s3://").unwrap_or_default();
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(problem(text!("s3://BUCKET/PREFIX is expected")));
        }
        let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build();
        let store = Arc::new(store.map_err(|error| problem(Text::foreign(error)))?);
        let key = Key::parse(key).map_err(|error| problem(Text::foreign(error)))?;
        Ok(ObjectPlace { address: address.trim_end_matches('/').to_owned(), store, key })
    }

    fn failed(&self) -> impl Fn(object_store::Error) -> Failure + Copy + use<'_> {
        |error| Failure::Io { place: Text::given(&self.address), error: io::Error::other(error) }
    }

    /// Lists every object below this place, with its relative path.
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
        let objects: Vec<(String, ObjectMeta)> = objects.into_iter().filter_map(below).collect();
        let folders: BTreeSet<String> = objects
            .iter()
            .flat_map(|(path, _)| Path::new(path).ancestors().skip(1))
            .map(|folder| folder.display().to_string())
            .collect();
        // Some tools create an empty object for a folder.
        let is_marker = |path: &str, size| path.is_empty() || (size == 0 && folders.contains(path));
        let real = objects.into_iter().filter(|(path, object)| !is_marker(path, object.size));
        Ok(real.collect())
    }

    /// Downloads an object into a new file.
    async fn download(&self, key: &Key, file: &mut File) -> Outcome<()> {
        let mut bytes = self.store.get(key).await.map_err(self.failed())?.into_stream();
        while let Some(piece) = bytes.try_next().await.map_err(self.failed())? {
            file.write_all(&piece).map_err(|error| self.failed_here(error))?;
        }
        Ok(())
    }

    /// Makes a sparse file with the length of an object and its last bytes, because only the footer is read from it.
    async fn download_footer(&self, object: &ObjectMeta, file: &File) -> Outcome<()> {
        let here = |error| self.failed_here(error);
        file.set_len(object.size).map_err(here)?;
        let mut length = TAIL.min(object.size);
        while length > 0 {
            let start = object.size - length;
            let range = start..object.size;
            let end = self.store.get_range(&object.location, range).await;
            let end = end.map_err(self.failed())?;
            file.write_all_at(&end, start).map_err(here)?;
            let footer = end
                .last_chunk::<8>()
                .map_or(0, |[a, b, c, d, ..]| u64::from(u32::from_le_bytes([*a, *b, *c, *d])) + 8);
            // A footer with wrong lengths is reported when it is read.
            if footer <= length || length == object.size || footer > LONGEST_FOOTER {
                break;
            }
            length = footer.min(object.size);
        }
        Ok(())
    }

    fn failed_here(&self, error: io::Error) -> Failure {
        Failure::Io { place: text!("a local copy of {}", self.address), error }
    }

    async fn send(&self, path: PathBuf, key: Key) -> Outcome<()> {
        let failed =
            |error| Failure::Io { place: Text::given(format!("{}/{key}", self.address)), error };
        let mut from = tokio::fs::File::open(&path).await.map_err(Failure::io(&path))?;
        let mut into = BufWriter::new(Arc::clone(&self.store), key.clone());
        tokio::io::copy(&mut from, &mut into).await.map_err(failed)?;
        into.shutdown().await.map_err(failed)
    }
}

/// A local copy of data in an object store. Dropping the value removes it.
#[derive(Debug)]
pub(super) struct LocalCopy {
    address: String,
    copy: PathBuf,
    /// The temporary folder of the copy and of the files that a run puts beside it.
    _folder: TempDir,
    _unfinished: Unfinished,
}

impl LocalCopy {
    /// Copies a delivery: its small files, and its Parquet files whole or only their footers.
    pub(super) fn of_delivery(
        address: &Path,
        whole: bool,
        stop: &AtomicBool,
    ) -> Outcome<LocalCopy> {
        LocalCopy::of(address, stop, |path| match path.ends_with(".parquet") {
            true if whole => Some(Copied::Whole),
            true => Some(Copied::Footer),
            false => (whole || !path.contains('/')).then_some(Copied::Whole),
        })
    }

    /// Copies a file under its own name.
    pub(super) fn of_file(address: &Path, stop: &AtomicBool) -> Outcome<LocalCopy> {
        let place = ObjectPlace::of(&address.to_string_lossy())?;
        let mirror = LocalCopy::empty(&place)?;
        let path = mirror.path().join(address.file_name().unwrap_or_default());
        let mut file = File::create_new(&path).map_err(Failure::io(&path))?;
        wait_for(place.download(&place.key, &mut file), || stopped(stop))??;
        Ok(mirror)
    }

    /// Copies a book: every period that has a manifest. Returns the periods without one. They are from runs that were
    /// interrupted while they sent their period.
    pub(super) fn of_book(address: &Path, stop: &AtomicBool) -> Outcome<(LocalCopy, Vec<String>)> {
        let mirror = LocalCopy::of(address, stop, |_| Some(Copied::Whole))?;
        let mut without = Vec::new();
        for folder in fs::read_dir(mirror.path()).map_err(Failure::io(mirror.path()))? {
            let folder = folder.map_err(Failure::io(mirror.path()))?;
            let path = folder.path();
            if path.is_dir() && !path.join(MANIFEST).exists() {
                fs::remove_dir_all(&path).map_err(Failure::io(&path))?;
                without.push(folder.file_name().to_string_lossy().into_owned());
            }
        }
        without.sort();
        Ok((mirror, without))
    }

    /// Makes a folder that only its owner can read. A run's own files go beside the copy.
    fn empty(place: &ObjectPlace) -> Outcome<LocalCopy> {
        let private = fs::Permissions::from_mode(0o700);
        let folder = Builder::new().prefix("liangqing-").permissions(private).tempdir();
        #[expect(clippy::disallowed_methods, reason = "it is named in a message")]
        let folder = folder.map_err(Failure::io(&std::env::temp_dir()))?;
        let unfinished = Unfinished::tree(folder.path(), || Ok(()))?;
        let copy = folder.path().join("copy");
        fs::create_dir(&copy).map_err(Failure::io(&copy))?;
        Ok(LocalCopy {
            address: place.address.clone(),
            copy,
            _folder: folder,
            _unfinished: unfinished,
        })
    }

    fn of(
        address: &Path,
        stop: &AtomicBool,
        wanted: impl Fn(&str) -> Option<Copied>,
    ) -> Outcome<LocalCopy> {
        let place = ObjectPlace::of(&address.to_string_lossy())?;
        let mirror = LocalCopy::empty(&place)?;
        let root = mirror.path();
        let copy = async {
            let objects = place.list().await?;
            let copies = objects.iter().filter_map(|(path, object)| {
                wanted(path).map(|how| place.copy(object, root, path, how))
            });
            stream::iter(copies).buffer_unordered(AT_A_TIME).try_collect::<Vec<()>>().await
        };
        wait_for(copy, || stopped(stop))??;
        Ok(mirror)
    }
}

impl Mirror for LocalCopy {
    fn path(&self) -> &Path {
        &self.copy
    }

    fn origin(&self, path: &Path) -> Option<String> {
        let below = path.strip_prefix(self.path()).ok()?;
        Some(format!("{}/{}", self.address, below.display()))
    }

    /// The claim is created first, so only one of two runs can send. Objects left by an interrupted run that do not
    /// belong to this period are deleted before the manifest is written.
    fn send_period(&self, period: &str) -> Outcome<()> {
        let place = ObjectPlace::of(&self.address)?.below(period);
        let root = self.path().join(period);
        let mut files = Vec::new();
        files_below(&root, "", &mut files)?;
        files.retain(|file| file != MANIFEST);
        #[expect(clippy::disallowed_methods, reason = "this run has written it")]
        let bytes = fs::read(root.join(MANIFEST)).map_err(Failure::io(&root))?;
        let send = async {
            if !place.put_new(CLAIM, sha256_hex(&bytes).into_bytes()).await? {
                return Err(place.sent_by_another(period));
            }
            let sent = files.iter().map(|file| place.send(root.join(file), place.key_of(file)));
            stream::iter(sent).buffer_unordered(AT_A_TIME).try_collect::<Vec<()>>().await?;
            for (path, object) in place.list().await? {
                if path != CLAIM && path != MANIFEST && !files.contains(&path) {
                    place.store.delete(&object.location).await.map_err(place.failed())?;
                }
            }
            Ok::<(), Failure>(())
        };
        let runtime = runtime()?;
        runtime.block_on(send)?;
        let close = async {
            if !place.put_new(MANIFEST, bytes.clone()).await? {
                return Err(place.sent_by_another(period));
            }
            place.store.delete(&place.key_of(CLAIM)).await.map_err(place.failed())
        };
        interrupt::settle(|| runtime.block_on(close))
    }
}

/// The object by which a run claims a period before it sends it. It holds the digest of the manifest.
const CLAIM: &str = "sending";

impl ObjectPlace {
    fn below(self, folder: &str) -> ObjectPlace {
        let address = format!("{}/{folder}", self.address);
        ObjectPlace { address, key: self.key_of(folder), ..self }
    }

    fn key_of(&self, file: &str) -> Key {
        file.split('/').fold(self.key.clone(), Key::join)
    }

    /// Creates an object if it does not exist. Returns whether the object now has these bytes.
    async fn put_new(&self, file: &str, bytes: Vec<u8>) -> Outcome<bool> {
        let key = self.key_of(file);
        match self.store.put_opts(&key, bytes.clone().into(), PutMode::Create.into()).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => {
                let there = self.store.get(&key).await.map_err(self.failed())?;
                Ok(there.bytes().await.map_err(self.failed())? == bytes)
            }
            Err(error) => Err(self.failed()(error)),
        }
    }

    fn sent_by_another(&self, period: &str) -> Failure {
        Failure::Book(
            text!(
                "period {} has been sent to {} by another run, or is being sent",
                period,
                self.address
            )
            .hinting(text!(
                "if that run is over and the period is not closed, remove {}",
                format!("{}/{CLAIM}", self.address)
            )),
        )
    }
}

fn stopped(stop: &AtomicBool) -> Outcome<()> {
    if stop.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
}

/// How much of an object is copied.
#[derive(Clone, Copy)]
enum Copied {
    Whole,
    Footer,
}

impl ObjectPlace {
    async fn copy(&self, object: &ObjectMeta, root: &Path, path: &str, how: Copied) -> Outcome<()> {
        let path = root.join(path);
        let folder = path.parent().unwrap_or(&path);
        make_below(root, folder)?;
        let mut file = File::create_new(&path).map_err(Failure::io(&path))?;
        match how {
            Copied::Whole => self.download(&object.location, &mut file).await,
            Copied::Footer => self.download_footer(object, &file).await,
        }
    }
}

fn files_below(folder: &Path, name: &str, files: &mut Vec<String>) -> Outcome<()> {
    for entry in fs::read_dir(folder).map_err(Failure::io(folder))? {
        let path = entry.map_err(Failure::io(folder))?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            files_below(&path, &format!("{name}{file}/"), files)?;
        } else {
            files.push(format!("{name}{file}"));
        }
    }
    Ok(())
}

/// Downloads a file of an object store to the spill folder of an executor. Dropping the result removes it.
pub(super) fn download_to_spill(
    place: &str,
    context: &TaskContext,
) -> Result<Option<Arc<dyn SpillFile>>, DataFusionError> {
    if !is_remote(Path::new(place)) {
        return Ok(None);
    }
    let spilled = context.runtime_env().disk_manager.create_tmp_file("a delivery's file")?;
    let path = spilled.path().ok_or_else(|| Failure::Bug(text!("a spill without a path")));
    let mut file = File::create(path.map_err(external)?)?;
    let place = ObjectPlace::of(place).map_err(external)?;
    let brought = place.download(&place.key, &mut file);
    tokio::runtime::Handle::current().block_on(brought).map_err(external)?;
    Ok(Some(spilled))
}
