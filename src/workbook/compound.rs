//! A compound file, the small file system in which old workbooks and those with a password are kept.

use std::{
    collections::BTreeSet,
    io::{self, Read, Seek, SeekFrom},
};

/// The marks of what follows no sector: the end of a chain, and numbers above the last sector.
const END: u32 = 0xffff_fffe;
const NO_ENTRY: u32 = 0xffff_ffff;
/// The bytes of an entry of the directory, and of a sector of small streams.
const ENTRY: usize = 128;
const SMALL_SECTOR: usize = 64;

/// A compound file.
pub(super) struct CompoundFile<R> {
    file: R,
    /// The bytes of a sector, and the number of sectors that the file has.
    sector: usize,
    sectors: usize,
    /// For each sector the one that follows.
    next: Vec<u32>,
    /// Streams of fewer bytes are kept in small sectors.
    small: u64,
    small_next: Vec<u32>,
    /// The stream that holds the small sectors.
    small_stream: Vec<u8>,
    /// The streams and folders of the uppermost folder.
    entries: Vec<DirectoryEntry>,
}

/// A stream or a folder.
#[derive(Debug, Clone)]
struct DirectoryEntry {
    name: String,
    is_stream: bool,
    start: u32,
    length: u64,
    /// Entries of the same folder before and behind this one, and one that is in it.
    left: u32,
    right: u32,
    child: u32,
}

fn damage() -> io::Error {
    io::Error::from(io::ErrorKind::InvalidData)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|four| u32_at(four, 0))
}

impl<R: Read + Seek> CompoundFile<R> {
    /// Opens a compound file. What is held is a small part of the length of the file.
    pub(super) fn open(mut file: R) -> io::Result<CompoundFile<R>> {
        let length = file.seek(SeekFrom::End(0))?;
        let mut header = [0; 512];
        file.seek(SeekFrom::Start(0))?;
        file.read_exact(&mut header)?;
        let sector = match u16_at(&header, 30) {
            shift @ (9 | 12) => 1_usize << shift,
            _ => return Err(damage()),
        };
        let sectors = usize::try_from(length).map_err(|_| damage())?.div_ceil(sector);
        let (next, small_next, entries) = (Vec::new(), Vec::new(), Vec::new());
        let (small, small_stream) = (u64::from(u32_at(&header, 56)), Vec::new());
        if small != 4_096 {
            return Err(damage());
        }
        let mut compound =
            CompoundFile { file, sector, sectors, next, small, small_next, small_stream, entries };
        compound.read_next(&header)?;
        let directory = compound.read_chain(u32_at(&header, 48), u64::MAX)?;
        let all: Vec<DirectoryEntry> =
            directory.chunks_exact(ENTRY).map(|entry| DirectoryEntry::of(entry, sector)).collect();
        let root = all.first().ok_or_else(damage)?;
        let small_next = compound.read_chain(u32_at(&header, 60), u64::MAX)?;
        compound.small_next = numbers(&small_next).collect();
        compound.small_stream = compound.read_chain(root.start, root.length)?;
        compound.entries = of_folder(&all, root.child);
        Ok(compound)
    }

    /// Reads which sector follows which.
    fn read_next(&mut self, header: &[u8; 512]) -> io::Result<()> {
        // Each sector of this table stands for many others, so that the table ends with the file.
        let most = self.sectors / (self.sector / 4) + 1;
        let mut places: Vec<u32> = numbers(&header[76..]).filter(|place| *place < END).collect();
        let mut more = u32_at(header, 68);
        let mut bytes = vec![0; self.sector];
        let mut taken = 0;
        while more < END - 4 && places.len() <= most {
            taken += 1;
            if taken > self.sectors {
                return Err(damage());
            }
            self.read_sector(more, &mut bytes)?;
            let (named, rest) = bytes.split_at(self.sector - 4);
            places.extend(numbers(named).filter(|place| *place < END));
            more = u32_at(rest, 0);
        }
        for place in places.into_iter().take(most) {
            self.read_sector(place, &mut bytes)?;
            self.next.extend(numbers(&bytes));
        }
        Ok(())
    }

    /// Reads a sector. What the last one lacks is zero.
    fn read_sector(&mut self, number: u32, into: &mut [u8]) -> io::Result<()> {
        if number as usize >= self.sectors {
            return Err(damage());
        }
        self.file.seek(SeekFrom::Start((u64::from(number) + 1) * self.sector as u64))?;
        into.fill(0);
        let mut read = 0;
        while read < into.len() {
            match self.file.read(&mut into[read..])? {
                0 => break,
                more => read += more,
            }
        }
        Ok(())
    }

    /// Reads a chain of sectors, and at most so many bytes. A chain in a circle ends with the length of the file.
    fn read_chain(&mut self, start: u32, length: u64) -> io::Result<Vec<u8>> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (mut bytes, mut at, mut taken) = (Vec::new(), start, 0);
        while at < END - 4 && bytes.len() < length {
            taken += 1;
            if taken > self.sectors {
                return Err(damage());
            }
            let end = bytes.len();
            bytes.resize(end + self.sector, 0);
            self.read_sector(at, &mut bytes[end..])?;
            at = *self.next.get(at as usize).ok_or_else(damage)?;
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Whether there is a stream or folder of a name in the uppermost folder.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// Reads a stream of the uppermost folder; `None` when there is no such stream.
    pub(super) fn stream(&mut self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let named =
            |entry: &&DirectoryEntry| entry.is_stream && entry.name.eq_ignore_ascii_case(name);
        let Some(entry) = self.entries.iter().find(named).cloned() else { return Ok(None) };
        if entry.length >= self.small {
            return self.read_chain(entry.start, entry.length).map(Some);
        }
        let length = usize::try_from(entry.length).map_err(|_| damage())?;
        let (mut bytes, mut at) = (Vec::new(), entry.start);
        while bytes.len() < length {
            let start = at as usize * SMALL_SECTOR;
            let sector = self.small_stream.get(start..start + SMALL_SECTOR);
            bytes.extend_from_slice(sector.ok_or_else(damage)?);
            at = *self.small_next.get(at as usize).ok_or_else(damage)?;
        }
        bytes.truncate(length);
        Ok(Some(bytes))
    }
}

impl DirectoryEntry {
    fn of(entry: &[u8], sector: usize) -> DirectoryEntry {
        let letters = usize::from(u16_at(entry, 64)).min(64) / 2;
        let name: Vec<u16> = (0..letters).map(|at| u16_at(entry, at * 2)).collect();
        let name = String::from_utf16_lossy(&name).trim_end_matches('\0').to_owned();
        // The upper half of the length has no meaning when sectors are small.
        let upper = if sector == 512 { 0 } else { u64::from(u32_at(entry, 124)) << 32 };
        DirectoryEntry {
            name,
            is_stream: entry[66] == 2,
            start: u32_at(entry, 116),
            length: u64::from(u32_at(entry, 120)) | upper,
            left: u32_at(entry, 68),
            right: u32_at(entry, 72),
            child: u32_at(entry, 76),
        }
    }
}

/// Returns the entries of a folder, which are a tree. A folder within has its own.
fn of_folder(all: &[DirectoryEntry], first: u32) -> Vec<DirectoryEntry> {
    let (mut found, mut seen, mut wanted) = (Vec::new(), BTreeSet::new(), vec![first]);
    while let Some(at) = wanted.pop() {
        if at != NO_ENTRY
            && seen.insert(at)
            && let Some(entry) = all.get(at as usize)
        {
            wanted.extend([entry.left, entry.right]);
            found.push(entry.clone());
        }
    }
    found
}
