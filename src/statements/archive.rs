//! Archives of the files of one reader.

use std::{
    collections::BTreeMap,
    io::{Cursor, Write},
};

use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use crate::{
    diag::{Failure, Outcome},
    text::Text,
};

/// Packs files in the order of their paths. No clock and no machine is in it: the same files give the same bytes.
pub(super) fn pack(files: &BTreeMap<String, Vec<u8>>) -> Outcome<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let packed = files.iter().try_for_each(|(path, bytes)| {
        let large = options.large_file(u32::try_from(bytes.len()).is_err());
        writer.start_file(path.as_str(), large)?;
        Ok(writer.write_all(bytes)?)
    });
    let finished = packed.and_then(|()| writer.finish());
    match finished {
        Ok(archive) => Ok(archive.into_inner()),
        Err::<_, zip::result::ZipError>(error) => {
            Err(Failure::Bug(text!("archive: {}", Text::foreign(error))))
        }
    }
}
