# SPDX-License-Identifier: Apache-2.0
"""What the samples in the folders beside this file share: rows as text and as Parquet, written or compared."""
import csv
import datetime as dt
import decimal
import io
import sys

import pyarrow as pa
import pyarrow.parquet as pq

TEXT = ("setl_id mdtrt_id init_setl_id psn_no insuplc_admdvs mdtrtarea_admvs fixmedins_code insutype med_type "
        "dise_codg refd_setl_flag fulamt_advpay_flag hosp_lv psn_type mdtrt_cert_type mdtrt_cert_no").split()
KINDS = {"begndate": (pa.date32(), dt.date.fromisoformat), "enddate": (pa.date32(), dt.date.fromisoformat),
         "setl_time": (pa.timestamp("us"), dt.datetime.fromisoformat)}


def text_of(header, lines):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return out.getvalue().encode()


def parquet_of(header, lines):
    arrays, fields = [], []
    for at, name in enumerate(header):
        kind, read = KINDS.get(name, (pa.string(), str) if name in TEXT else (pa.decimal128(16, 2), decimal.Decimal))
        arrays.append(pa.array([read(line[at]) if line[at] else None for line in lines], kind))
        fields.append(pa.field(name, kind))
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), sink, compression="snappy",
                   write_page_checksum=True, store_schema=False)
    return sink.getvalue().to_pybytes()


def write_or_check(made, folder, patterns, check, source="cases.py"):
    """Writes every file; or compares them, and those of the patterns, and ends with 1 when one differs from its source."""
    if not check:
        for path, content in made.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        print("wrote %d files" % len(made))
        return
    there = set(made).union(*(folder.glob(pattern) for pattern in patterns))
    bad = [path for path in sorted(there) if not path.exists() or path.read_bytes() != made.get(path)]
    for path in bad:
        print("differs from %s: %s" % (source, path.relative_to(folder)))
    sys.exit(1 if bad else 0)
