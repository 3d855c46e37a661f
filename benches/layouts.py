#!/usr/bin/env python3
"""The same month in unhelpful layouts: how much longer a run takes, and whether its tables are the same.

    benches/layouts.py --program liangqing --input DELIVERY --work DIR [--period P] [--rounds R] [--only NAME,NAME]

Needs pyarrow. Every layout holds the rows of DELIVERY, each side in the order of setl_time.
"""
import argparse
import filecmp
import os
import shutil
import statistics
import subprocess
import time

import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

SAME = "positions pairs breaks break_fields deductions quotas reserves notices".split()


def one_file(table, out, rows):
    pq.write_table(table, os.path.join(out, "all.parquet"), row_group_size=rows, compression="zstd",
                   store_decimal_as_integer=True)


def small_files(table, out, files):
    step = -(-table.num_rows // files)
    for number, start in enumerate(range(0, table.num_rows, step)):
        pq.write_table(table.slice(start, step), os.path.join(out, "%05d.parquet" % number), compression="zstd",
                       store_decimal_as_integer=True)


def one_large_province(table, out, _):
    """40 % of the rows in one file, the others by their first digits."""
    cut = table.num_rows * 2 // 5
    order = pc.sort_indices(table.slice(cut).append_column("p", pc.utf8_slice_codeunits(table.slice(cut)["mdtrtarea_admvs"], 0, 2)),
                            sort_keys=[("p", "ascending"), ("setl_time", "ascending")])
    pq.write_table(table.slice(0, cut), os.path.join(out, "large.parquet"), compression="zstd", store_decimal_as_integer=True)
    small_files(table.slice(cut).take(order), out, 31)


LAYOUTS = {
    "one file": (one_file, 128 * 1024),
    "one row group": (one_file, 1 << 30),
    "row groups of 1,000 rows": (one_file, 1000),
    "2,500 files a side": (small_files, 2500),
    "40 % in one file": (one_large_province, 0),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--period", default="2025-10")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only")
    args = parser.parse_args()
    wanted = {name: LAYOUTS[name] for name in LAYOUTS if not args.only or name in args.only.split(",")}
    folders = {"ordinary": args.input}
    for name, (write, size) in wanted.items():
        folders[name] = os.path.join(args.work, name.replace(" ", "-").replace("%", "percent"))
        for side in ("treating", "insured"):
            out = os.path.join(folders[name], side)
            shutil.rmtree(out, ignore_errors=True)
            os.makedirs(out)
            table = ds.dataset(os.path.join(args.input, side), format="parquet").to_table()
            write(table.sort_by("setl_time"), out, size)
        for small in os.listdir(args.input):
            if small.endswith(".csv") and small != "control-totals.csv":
                shutil.copy(os.path.join(args.input, small), folders[name])
    walls = {name: [] for name in folders}
    for _ in range(args.rounds):
        for name, folder in folders.items():
            book = os.path.join(args.work, "book-" + name.replace(" ", "-").replace("%", "percent"))
            shutil.rmtree(book, ignore_errors=True)
            begin = time.monotonic()
            subprocess.run([args.program, "run", "--quiet", "--period", args.period, "--input", folder, "--book", book,
                            "--accept", "G04"], check=True, stdout=subprocess.DEVNULL)
            walls[name].append(time.monotonic() - begin)
            ordinary = os.path.join(args.work, "book-ordinary")
            for table in SAME:
                path = os.path.join(args.period, "tables", table + ".parquet")
                assert filecmp.cmp(os.path.join(book, path), os.path.join(ordinary, path), False), (name, table)
    for name, of_name in walls.items():
        ratio = statistics.median(wall / ordinary for wall, ordinary in zip(of_name, walls["ordinary"]))
        print("%-26s %6.2f s   %.2f × ordinary" % (name, statistics.median(of_name), ratio))


if __name__ == "__main__":
    main()
