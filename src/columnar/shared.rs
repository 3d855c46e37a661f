//! A file that many threads read by offset.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

use bytes::Bytes;
use parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};

use crate::place::identity::Identity;

/// A file that many threads can read: every read names its offset, and there is no shared position.
#[derive(Debug, Clone)]
pub struct SharedFile {
    file: Arc<File>,
    /// Length in bytes.
    pub len: u64,
    /// The identity of the file, noted when it was opened.
    pub identity: Identity,
}

impl SharedFile {
    /// Opens a file.
    pub fn open(path: &Path) -> io::Result<SharedFile> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let (len, identity) = (metadata.len(), Identity::of(&metadata));
        Ok(SharedFile { file: Arc::new(file), len, identity })
    }

    /// Fills a buffer with the bytes from `start` on.
    pub fn read_exact_at(&self, buffer: &mut [u8], start: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, start)
    }

    /// Returns a reader of the bytes from `start` on.
    pub fn reader(&self, start: u64) -> FileReader {
        FileReader { file: Arc::clone(&self.file), at: start }
    }
}

/// A reader of a [`SharedFile`] from an offset on.
pub struct FileReader {
    file: Arc<File>,
    at: u64,
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Length for SharedFile {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for SharedFile {
    type T = BufReader<FileReader>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::with_capacity(1 << 10, self.reader(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut buffer = vec![0; length];
        self.read_exact_at(&mut buffer, start)?;
        Ok(buffer.into())
    }
}
