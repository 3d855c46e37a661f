#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the tables of closed periods as readable text, or compares them with what is here.

    python expected.py BOOK            write expected/YYYY-MM/TABLE.csv from BOOK/YYYY-MM/tables
    python expected.py BOOK --check    write nothing; exit 1 when a table differs

Rows and columns stay in the order of the Parquet table. Empty is null, yes/no is true/false.
"""
import csv
import io
import pathlib
import sys

import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).resolve().parent / "expected"


def text(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if hasattr(value, "hour"):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)           # decimals keep their two places, dates are ISO


def as_csv(path):
    table = pq.read_table(path, partitioning=None)
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(table.column_names)
    columns = [[text(v) for v in column.to_pylist()] for column in table.columns]
    lines.writerows(zip(*columns))
    return out.getvalue()


def main():
    args = sys.argv[1:]
    check = args[1:] == ["--check"]
    if not args or (args[1:] and not check):
        sys.exit(__doc__)
    book = pathlib.Path(args[0])
    made = {}
    for path in sorted(book.glob("2???-??/tables/*.parquet")):
        made[HERE / path.parent.parent.name / (path.stem + ".csv")] = as_csv(path)
    if not made:
        sys.exit("no closed period in %s" % book)
    if not check:
        for path, content in made.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8", newline="")
        print("wrote %d tables" % len(made))
        return
    periods = {path.parent for path in made}
    here = {path for period in periods for path in period.glob("*.csv")}
    bad = [path for path in sorted(here | set(made))
           if path not in here or path.read_bytes() != made.get(path, "").encode()]
    for path in bad:
        print("differs: %s" % path.relative_to(HERE))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
