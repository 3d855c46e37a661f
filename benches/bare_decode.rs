//! Bare decode: every field of a delivery read by the `parquet` crate and thrown away.
//!
//! The floor that a run is measured against: the same columns of the same files, decoded into the same
//! types, by as many threads, row group by row group. `cargo bench --bench bare_decode -- DIR [THREADS]`.

#![expect(clippy::disallowed_methods, clippy::print_stderr, reason = "a program of its own")]

use std::{hint::black_box, path::PathBuf, time::Instant};

use liangqing::{
    columnar::shared::SharedFile,
    ingest::{delivery::Delivery, source::ParquetSource},
    model::codes::Month,
};
use parquet::{
    arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder},
    errors::ParquetError,
};
use rayon::prelude::*;

fn decode(source: &ParquetSource, row_group: usize) -> Result<usize, ParquetError> {
    let leaves = source.columns.iter().map(|column| column.leaf);
    let mask = ProjectionMask::leaves(source.metadata.file_metadata().schema_descr(), leaves);
    let file = SharedFile::open(&source.path)?;
    let metadata = source.reader_metadata(row_group)?;
    let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata)
        .with_row_groups(vec![row_group])
        .with_batch_size(16 * 1024)
        .with_projection(mask)
        .build()?;
    let mut rows = 0;
    for batch in reader {
        rows += black_box(batch?).num_rows();
    }
    Ok(rows)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // cargo adds a flag of its own.
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let input = PathBuf::from(arguments.next().ok_or("usage: bare_decode DIR [THREADS]")?);
    let threads = arguments.next().map_or(Ok(0), |threads| threads.parse())?;
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let begin = Instant::now();
    let mut findings = Vec::new();
    // Any period: it names nothing but the small files' months.
    let delivery = Delivery::open(&input, Month::new(2025, 10), &mut findings)?;
    let units: Vec<(&ParquetSource, usize)> = delivery
        .sources
        .iter()
        .flat_map(|source| (0..source.metadata.num_row_groups()).map(move |group| (source, group)))
        .collect();
    let rows: usize = units
        .par_iter()
        .map(|(source, row_group)| decode(source, *row_group))
        .sum::<Result<usize, ParquetError>>()?;
    eprintln!("{rows} rows decoded in {:.2} s", begin.elapsed().as_secs_f64());
    Ok(())
}
