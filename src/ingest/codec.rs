//! Pages unpacked into room that is made beforehand: no codec decides how much memory it takes.

use std::{cell::RefCell, io::Read};

use parquet::{
    basic::Compression,
    errors::{ParquetError, Result},
};
use zstd::bulk::Decompressor;

thread_local! {
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Unpacks a page, which has to fill the room for it.
pub(super) fn unpack(codec: Compression, packed: &[u8], into: &mut [u8]) -> Result<()> {
    let wanted = into.len();
    let found = match codec {
        Compression::ZSTD(_) => zstd(packed, into)?,
        Compression::SNAPPY => {
            let snappy = snap::raw::Decoder::new().decompress(packed, into);
            snappy.map_err(|error| ParquetError::General(error.to_string()))?
        }
        Compression::GZIP(_) => fill(flate2::bufread::MultiGzDecoder::new(packed), into)?,
        Compression::BROTLI(_) => fill(brotli::Decompressor::new(packed, 4 << 10), into)?,
        Compression::LZ4_RAW => block(packed, into)?,
        Compression::LZ4 => lz4(packed, into)?,
        Compression::UNCOMPRESSED | Compression::LZO => {
            let found = "a codec that nobody reads; Zstandard and Snappy are read everywhere";
            return Err(ParquetError::General(format!("{codec}: {found}")));
        }
    };
    if found != wanted {
        let found = format!("a page of {found} bytes where {wanted} are declared");
        return Err(ParquetError::General(found));
    }
    Ok(())
}

fn zstd(frame: &[u8], into: &mut [u8]) -> Result<usize> {
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        let decompressor = match decompressor {
            Some(decompressor) => decompressor,
            none => none.insert(Decompressor::new()?),
        };
        Ok(decompressor.decompress_to_buffer(frame, into)?)
    })
}

/// Reads to the end of a stream; what does not fit is not read, but counted as one byte more.
fn fill(mut stream: impl Read, into: &mut [u8]) -> Result<usize> {
    let mut found = 0;
    while found < into.len() {
        match stream.read(&mut into[found..])? {
            0 => return Ok(found),
            some => found += some,
        }
    }
    Ok(found + stream.read(&mut [0])?)
}

fn block(packed: &[u8], into: &mut [u8]) -> Result<usize> {
    let unpacked = lz4_flex::block::decompress_into(packed, into);
    unpacked.map_err(|error| ParquetError::General(error.to_string()))
}

/// LZ4 before it was defined what is meant: as Hadoop frames it, in its own frames, or as a block.
fn lz4(packed: &[u8], into: &mut [u8]) -> Result<usize> {
    let wanted = Some(into.len());
    if hadoop(packed, into) == wanted {
        return Ok(into.len());
    }
    if fill(lz4_flex::frame::FrameDecoder::new(packed), into).ok() == wanted {
        return Ok(into.len());
    }
    block(packed, into)
}

/// Hadoop's frames: the size of some bytes, then blocks that unpack to them, each behind its own size.
fn hadoop(mut packed: &[u8], mut into: &mut [u8]) -> Option<usize> {
    let mut all = 0;
    while !packed.is_empty() {
        let mut frame = size(&mut packed)?;
        while frame > 0 {
            let length = size(&mut packed)?;
            let (of_block, rest) = packed.split_at_checked(length)?;
            let found = block(of_block, into.get_mut(..frame)?).ok().filter(|found| *found > 0)?;
            (packed, into) = (rest, &mut into[found..]);
            (frame, all) = (frame - found, all + found);
        }
    }
    Some(all)
}

/// The size that bytes begin with.
fn size(bytes: &mut &[u8]) -> Option<usize> {
    let (size, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    usize::try_from(u32::from_be_bytes(*size)).ok()
}
