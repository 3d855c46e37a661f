#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the Parquet files of the sample from their CSV twins. The CSV is the source.

    python make.py            write YYYY-MM/{treating,insured}/NN.parquet from each text/…/NN.csv,
                              and exports/2025-10/*.csv: October as provinces export it
    python make.py --check    write nothing; exit 1 when a file is not what its twin says

The versions in requirements.txt give the same bytes every time. A twin is
UTF-8 CSV with a header; an empty cell is null.
"""
import csv
import datetime as dt
import decimal
import io
import pathlib
import re
import sys

import pyarrow as pa
import pyarrow.parquet as pq

from sample_files import write_or_check

HERE = pathlib.Path(__file__).resolve().parent
TEXT = set("setl_id mdtrt_id init_setl_id psn_no insuplc_admdvs insu_admdvs mdtrtarea_admvs "
           "fixmedins_code insutype med_type dise_codg refd_setl_flag fulamt_advpay_flag".split())
DATES = {"begndate", "enddate"}
TIMES = {"setl_time"}                     # every other column is an amount


def typed(name):
    """Arrow type of a column, and how a cell of it is read."""
    if name in TEXT:
        return pa.string(), str
    if name in DATES:
        return pa.date32(), dt.date.fromisoformat
    if name in TIMES:                     # without a zone: China Standard Time
        return pa.timestamp("us"), dt.datetime.fromisoformat
    return pa.decimal128(16, 2), decimal.Decimal


def parquet_of(twin):
    """The bytes of the Parquet file that belongs to a CSV twin."""
    with open(twin, encoding="utf-8", newline="") as source:
        header, *lines = csv.reader(source)
    arrays, fields = [], []
    for at, name in enumerate(header):
        arrow, read = typed(name)
        cells = [read(line[at]) if line[at] else None for line in lines]
        arrays.append(pa.array(cells, arrow))
        fields.append(pa.field(name, arrow))
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), sink,
                   compression="snappy", write_page_checksum=True, store_schema=False)
    return sink.getvalue().to_pybytes()


def headings():
    """The Chinese heading of each field: the first that the program knows."""
    known = (HERE.parent / "src" / "convert" / "headings.toml").read_text(encoding="utf-8")
    return dict(re.findall(r'^(\w+) = \["([^"]+)"', known, re.MULTILINE))


def grouped(cell):
    """An amount with separators of thousands."""
    return format(decimal.Decimal(cell), ",.2f") if cell else ""


def export_of(twin, side):
    """October as a province exports it: the treating side GBK with a title and a sum line, the insured side the
    "Unicode text" of a spreadsheet. Days and times are spelt as spreadsheets spell them."""
    with open(twin, encoding="utf-8", newline="") as source:
        header, *lines = csv.reader(source)
    names = headings()
    separator, charset = (",", "gb18030") if side == "treating" else ("\t", "utf-16")
    rows = [[names.get(name, name) for name in header]]
    sums = [decimal.Decimal(0)] * len(header)
    for line in lines:
        row = []
        for at, (name, cell) in enumerate(zip(header, line)):
            if name in TIMES and cell:
                time = dt.datetime.fromisoformat(cell)
                cell = "%d/%d/%d %d:%02d:%02d" % (time.year, time.month, time.day, time.hour, time.minute, time.second)
            elif name in DATES:
                cell = cell.replace("-", "")
            elif name not in TEXT and cell:
                sums[at] += decimal.Decimal(cell)
                cell = grouped(cell)
            row.append(cell)
        rows.append(row)
    if side == "treating":
        total = [grouped(str(s)) if s else "" for s in sums]
        total[0] = "合计"
        rows.append(total)
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    title = "跨省异地就医结算明细（就医地）\r\n\r\n" if side == "treating" else ""
    return (title + out.getvalue()).encode(charset)


def exports(text):
    """The exports of October by path."""
    for side, stem in (("treating", "jiuyi"), ("insured", "canbao")):
        for twin in sorted((text / "2025-10" / side).glob("*.csv")):
            yield HERE / "exports" / "2025-10" / ("%s-%s.csv" % (stem, twin.stem)), export_of(twin, side)


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    text = HERE / "text"                  # a delivery holds no text of its rows
    twins = sorted(text.glob("2???-??/treating/*.csv")) + sorted(text.glob("2???-??/insured/*.csv"))
    wanted = {HERE / twin.relative_to(text).with_suffix(".parquet"): parquet_of(twin) for twin in twins}
    wanted.update(exports(text))
    write_or_check(wanted, HERE, ["2???-??/*/*.parquet", "exports/*/*"], check, "its CSV twin")


if __name__ == "__main__":
    main()
