//! Unpacks pages into buffers of the declared size: no codec decides how much memory it takes.

use std::{cell::RefCell, io::Read};

use parquet::{
    basic::Compression,
    errors::{ParquetError, Result},
};
use zstd::bulk::Decompressor;

use crate::columnar::guard::damage;

thread_local! {
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Unpacks a page; fails unless it fills the buffer exactly.
pub(crate) fn unpack(codec: Compression, packed: &[u8], into: &mut [u8]) -> Result<()> {
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
            let found = text!(
                "{}: a codec that nobody reads; Zstandard and Snappy are read everywhere",
                codec.to_string()
            );
            return Err(damage(found));
        }
    };
    if found != wanted {
        let found = text!("a page of {} bytes where {} are declared", found, wanted);
        return Err(damage(found));
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

/// Reads a stream into a buffer; returns the number of bytes, one more than the buffer when the stream is longer.
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

/// Unpacks the deprecated codec LZ4, which never was specified: writers mean Hadoop's frames, LZ4 frames, or a raw
/// block.
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

/// Unpacks Hadoop's frames. A frame is its unpacked size, then blocks; each block is its packed size, then its bytes.
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

/// Reads a big-endian size off the front.
fn size(bytes: &mut &[u8]) -> Option<usize> {
    let (size, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    usize::try_from(u32::from_be_bytes(*size)).ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use parquet::basic::{BrotliLevel, GzipLevel, ZstdLevel};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(bytes).and_then(|()| gzip.finish()).expect("packed")
    }

    fn brotli(bytes: &[u8]) -> Vec<u8> {
        let mut packed = Vec::new();
        brotli::CompressorWriter::new(&mut packed, 4 << 10, 5, 22)
            .write_all(bytes)
            .expect("packed");
        packed
    }

    fn framed(bytes: &[u8]) -> Vec<u8> {
        let mut frames = lz4_flex::frame::FrameEncoder::new(Vec::new());
        frames.write_all(bytes).expect("packed");
        frames.finish().expect("packed")
    }

    #[test]
    fn every_codec_fills_its_room_and_no_more() {
        let bytes: Vec<u8> = (0..200_000u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        let snappy = snap::raw::Encoder::new().compress_vec(&bytes).expect("packed");
        let block = lz4_flex::block::compress(&bytes);
        let packed = [
            (
                Compression::ZSTD(ZstdLevel::default()),
                zstd::bulk::compress(&bytes, 1).expect("packed"),
            ),
            (Compression::SNAPPY, snappy),
            (Compression::GZIP(GzipLevel::default()), gzip(&bytes)),
            (Compression::BROTLI(BrotliLevel::default()), brotli(&bytes)),
            (Compression::LZ4_RAW, block.clone()),
            (Compression::LZ4, block),
            (Compression::LZ4, framed(&bytes)),
        ];
        for (codec, packed) in packed {
            let mut room = vec![0; bytes.len()];
            unpack(codec, &packed, &mut room).expect("unpacked");
            assert!(room == bytes, "{codec}");
            for other in [0, 80, bytes.len() - 1, bytes.len() + 1] {
                assert!(unpack(codec, &packed, &mut vec![0; other]).is_err(), "{codec}, {other}");
            }
            let cut = &packed[..packed.len() / 2];
            assert!(unpack(codec, cut, &mut room).is_err(), "{codec}, cut");
        }
        assert!(unpack(Compression::LZO, &[], &mut []).is_err());
    }

    #[test]
    fn frames_of_hadoop_are_of_any_size_and_of_any_number_of_blocks() {
        let bytes: Vec<u8> = (0..1000u32).flat_map(u32::to_le_bytes).collect();
        let size = |length: usize| u32::try_from(length).expect("short").to_be_bytes();
        let block = |part: &[u8]| {
            let block = lz4_flex::block::compress(part);
            [&size(block.len())[..], &block].concat()
        };
        let frame = |parts: &[&[u8]]| {
            let length = parts.iter().map(|part| part.len()).sum();
            [size(length).to_vec(), parts.iter().flat_map(|part| block(part)).collect()].concat()
        };
        let (first, second) = bytes.split_at(3000);
        let (small, large) = bytes.split_at(1000);
        let ways = [
            [frame(&[first]), frame(&[second])].concat(),
            [frame(&[small]), frame(&[large])].concat(),
            frame(&[first, second]),
            [frame(&[small, &large[..2000]]), frame(&[&large[2000..]])].concat(),
        ];
        for way in ways {
            let mut room = vec![0; bytes.len()];
            unpack(Compression::LZ4, &way, &mut room).expect("unpacked");
            assert!(room == bytes);
            assert!(unpack(Compression::LZ4, &way[..way.len() - 1], &mut room).is_err());
        }
    }
}
