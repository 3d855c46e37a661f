//! Recognises files of other formats that are named `.parquet`, to say what to do about them.

use std::io::Read;

use crate::{
    columnar::shared::SharedFile,
    contract::encoding::{self, Encoding},
    text::Text,
};

/// The format of a file, and a hint.
pub(super) type Disguise = (Text, Text);

/// Bytes that are read of the beginning of a file.
const HEAD: usize = 4096;
/// Bytes that are read of the end of an archive, where its directory is.
const END: usize = 1 << 16;

const UNPACK: Text = text!("unpack it and deliver the Parquet file that is in it");
const EXPORT: Text =
    text!("export the rows as Parquet; another name does not make it a Parquet file");
const CONVERT: Text = text!(
    "convert it to Parquet with the types of the contract, or have the sender export Parquet"
);
const FETCH: Text =
    text!("fetch the file again: what came is an answer of the server, not the file");

/// Offset and magic bytes of other formats.
static KINDS: [(usize, &[u8], Disguise); 32] = [
    (0, b"PARE", (text!("an encrypted Parquet file"), DECRYPT)),
    (0, b"PK\x05\x06", (text!("an empty ZIP archive"), UNPACK)),
    (0, b"PK\x07\x08", (text!("a ZIP archive"), UNPACK)),
    (0, b"\x1f\x8b", (text!("a file packed with gzip"), UNPACK)),
    (0, b"\x1f\x9d", (text!("a file packed with compress"), UNPACK)),
    (0, b"BZh", (text!("a file packed with bzip2"), UNPACK)),
    (0, b"\xfd7zXZ\0", (text!("a file packed with xz"), UNPACK)),
    (0, b"\x28\xb5\x2f\xfd", (text!("a file packed with zstd"), UNPACK)),
    (0, b"\x04\x22\x4d\x18", (text!("a file packed with lz4"), UNPACK)),
    (0, b"\x89LZO\0", (text!("a file packed with lzop"), UNPACK)),
    (0, b"\xff\x06\0\0sNaPpY", (text!("a file packed with snappy"), UNPACK)),
    (0, b"7z\xbc\xaf\x27\x1c", (text!("a 7-Zip archive"), UNPACK)),
    (0, b"Rar!\x1a\x07", (text!("a RAR archive"), UNPACK)),
    (257, b"ustar", (text!("a tar archive"), UNPACK)),
    (0, b"ORC", (text!("an ORC file"), CONVERT)),
    (0, b"Obj\x01", (text!("an Avro file"), CONVERT)),
    (0, b"ARROW1", (text!("an Arrow IPC (Feather) file"), CONVERT)),
    (0, b"FEA1", (text!("a Feather file"), CONVERT)),
    (0, b"\xff\xff\xff\xff", (text!("an Arrow IPC stream"), CONVERT)),
    (0, b"SQLite format 3\0", (text!("an SQLite database"), CONVERT)),
    (8, b"DUCK", (text!("a DuckDB database"), CONVERT)),
    (0, b"SEQ", (text!("a Hadoop SequenceFile"), CONVERT)),
    (0, b"RCF", (text!("a Hadoop RCFile"), CONVERT)),
    (0, b"\x89HDF\r\n", (text!("an HDF5 file"), CONVERT)),
    (0, b"%PDF", (text!("a PDF document"), EXPORT)),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        (text!("an Excel workbook (XLS, or one with a password)"), EXPORT),
    ),
    (
        0,
        b"\0\x05\x16\x07",
        (
            text!("a companion file of macOS, without rows"),
            text!("remove it; copy without such files"),
        ),
    ),
    (
        0,
        b"version https://git-lfs",
        (text!("a pointer of Git LFS, not the file"), text!("fetch the file itself: git lfs pull")),
    ),
    (0, b"<!DOCTYPE html", (text!("a web page"), FETCH)),
    (0, b"<!doctype html", (text!("a web page"), FETCH)),
    (0, b"<html", (text!("a web page"), FETCH)),
    (0, b"<?xml", (text!("an XML document"), EXPORT)),
];

/// The hint about encryption.
pub(super) const DECRYPT: Text =
    text!("export it without encryption; protect the way that it takes instead");

/// Recognises a file that does not begin like a Parquet file; none when its format is unknown.
pub(super) fn of(file: &SharedFile) -> Option<Disguise> {
    let head = part(file, 0, HEAD)?;
    if head.starts_with(b"PAR1") || head.is_empty() {
        return None;
    }
    no_text(file, &head).or_else(|| text(&head))
}

/// Recognises a file that is neither Parquet nor text.
pub(super) fn of_no_text(file: &SharedFile) -> Option<Disguise> {
    no_text(file, &part(file, 0, HEAD)?)
}

fn no_text(file: &SharedFile, head: &[u8]) -> Option<Disguise> {
    let known = KINDS.iter().find(|(at, magic, _)| {
        head.get(*at..).is_some_and(|from_there| from_there.starts_with(magic))
    });
    if let Some((_, _, kind)) = known {
        return Some(kind.clone());
    }
    if head.starts_with(b"PK\x03\x04") {
        return Some(archive(file));
    }
    head.iter().all(|byte| *byte == 0).then(|| {
        (
            text!("zeros in place of its beginning"),
            text!("fetch the file again: it was not copied to its end"),
        )
    })
}

/// Tells Excel workbooks from other ZIP archives.
fn archive(file: &SharedFile) -> Disguise {
    let end = file.len.saturating_sub(END as u64);
    let lists = |part: &[u8]| {
        let pieces = [part, b"xl/workbook".as_slice()];
        pieces[0].windows(pieces[1].len()).any(|piece| piece == pieces[1])
    };
    let parts = [part(file, end, END), part(file, 0, HEAD)];
    if parts.iter().flatten().any(|part| lists(part)) {
        (text!("an Excel workbook (XLSX)"), EXPORT)
    } else {
        (text!("a ZIP archive"), UNPACK)
    }
}

/// Recognises text.
fn text(head: &[u8]) -> Option<Disguise> {
    let (words, hint) = match encoding::guess(head)? {
        Encoding::Utf8 => {
            let start = String::from_utf8_lossy(head);
            let start = start.trim_start_matches('\u{feff}').trim_start();
            let lower = start.get(..14).unwrap_or(start).to_ascii_lowercase();
            if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
                return Some((text!("a web page"), FETCH));
            }
            let line = start.lines().next().unwrap_or_default();
            match line.chars().next() {
                Some('{' | '[') => (text!("JSON text"), CONVERT),
                Some('<') => (text!("an XML document"), EXPORT),
                _ if line.contains([',', ';', '\t', '|']) => (text!("CSV text"), CONVERT),
                _ => (text!("text"), EXPORT),
            }
        }
        Encoding::Gbk => (text!("text in GBK, perhaps CSV"), CONVERT),
        Encoding::Utf16 => (text!("text in UTF-16, perhaps CSV"), CONVERT),
    };
    Some((words, hint))
}

/// Reads up to `length` bytes of a file.
fn part(file: &SharedFile, start: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    file.reader(start).take(length as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Option<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f");
        std::fs::write(&path, bytes).expect("written");
        of(&SharedFile::open(&path).expect("opened")).map(|(found, _)| found.to_string())
    }

    #[test]
    fn a_file_of_another_kind_is_told_by_its_beginning() {
        for (at, magic, (kind, _)) in &KINDS {
            let bytes = [vec![0; *at].as_slice(), magic, b"\x01 and more PAR1"].concat();
            assert_eq!(found(&bytes), Some(kind.to_string()));
        }
        assert_eq!(found(b"PK\x03\x04....PAR1").as_deref(), Some("a ZIP archive"));
        assert_eq!(
            found(b"PK\x03\x04[Content_Types].xml xl/workbook.xml").as_deref(),
            Some("an Excel workbook (XLSX)")
        );
        assert_eq!(found(b"setl_id,psn_no\nS1,X1\n").as_deref(), Some("CSV text"));
        assert_eq!(found(b"\n <!Doctype HTML><body>").as_deref(), Some("a web page"));
        assert_eq!(found(b"{\"setl_id\": 1}").as_deref(), Some("JSON text"));
        assert_eq!(found(b"\xff\xfes\0e\0t\0").as_deref(), Some("text in UTF-16, perhaps CSV"));
        assert_eq!(
            found(b"setl_id,\xc9\xcf\xba\xa3\n").as_deref(),
            Some("text in GBK, perhaps CSV")
        );
        assert_eq!(found(&[0; 100]).as_deref(), Some("zeros in place of its beginning"));
    }

    #[test]
    fn what_begins_like_a_parquet_file_and_what_nobody_knows_is_left_to_the_decoder() {
        assert_eq!(found(b"PAR1 and nothing more PAR1"), None);
        assert_eq!(found(b"\x15\x04\x00\xfe\x80\x02\x99"), None);
        assert_eq!(found(b""), None);
    }
}
