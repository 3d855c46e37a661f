#!/usr/bin/env python3
"""Writes a delivery once more with another codec: the same rows in the same row groups.

    rewrite.py DELIVERY OUT --codec zstd|snappy|none      needs pyarrow

Columns have dictionaries and statistics where they had them before. Small files are copied.
"""
import argparse
import os
import shutil

import pyarrow.parquet as pq

from rules import SIDES


def rewrite(source, target, codec):
    file = pq.ParquetFile(source)
    chunks = [file.metadata.row_group(group).column(column) for group in range(file.num_row_groups)
              for column in range(file.metadata.num_columns)]
    named = lambda holds: sorted({chunk.path_in_schema for chunk in chunks if holds(chunk)})
    with pq.ParquetWriter(target, file.schema_arrow, compression=codec, store_decimal_as_integer=True,
                          use_dictionary=named(lambda chunk: "RLE_DICTIONARY" in chunk.encodings) or False,
                          write_statistics=named(lambda chunk: chunk.is_stats_set) or False) as writer:
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group)
            writer.write_table(rows, row_group_size=max(rows.num_rows, 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("delivery")
    parser.add_argument("out")
    parser.add_argument("--codec", choices=["zstd", "snappy", "none"], required=True)
    args = parser.parse_args()
    os.makedirs(args.out)
    for name in os.listdir(args.delivery):
        if os.path.isfile(os.path.join(args.delivery, name)):
            shutil.copy(os.path.join(args.delivery, name), args.out)
    for side in SIDES:
        for folder, _, names in os.walk(os.path.join(args.delivery, side)):
            target = os.path.join(args.out, os.path.relpath(folder, args.delivery))
            os.makedirs(target, exist_ok=True)
            for name in sorted(name for name in names if name.endswith(".parquet")):
                rewrite(os.path.join(folder, name), os.path.join(target, name), args.codec)


if __name__ == "__main__":
    main()
