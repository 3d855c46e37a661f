"""The peers of `benches/peers.py` find in a month what the program finds, and an answer that was tampered with is noticed.

    check.py --binary target/debug/liangqing --work DIR [--required duckdb,polars]

A synthetic month with planted breaks, and a file of awkward rows beside it. A peer whose package is not there is left out and
named, unless it is required.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

QUERIES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "benches", "peers")
sys.path.insert(0, QUERIES)
import answers  # noqa: E402

PERIOD = "2025-10"
PEERS = {"duckdb": "duckdb", "polars": "polars", "clickhouse": "chdb", "datafusion": "datafusion"}
CLASSES = {"amount_mismatch", "conflict", "duplicate", "field_mismatch", "missing_insured", "missing_treating"}


def awkward(row):
    """Rows of both sides: what is equal but for its form, and what only looks like a pair."""
    treating, insured = [], []

    def settlement(name, ours, theirs):
        treating.extend({**row, "setl_id": name, **change} for change in ours)
        insured.extend({**row, "setl_id": name, **change} for change in theirs)

    settlement("Z-empty-text-and-null", [{"dise_codg": ""}], [{"dise_codg": None}])
    settlement("Z-zero-and-null", [{"oth_pay": Decimal("0.00")}], [{"oth_pay": None}])
    settlement("Z-twice-on-both", [{}, {}], [{}, {}])
    settlement("Z-twice-on-one", [{}, {}], [])
    settlement("Z-four-on-one", [{}] * 4, [])
    settlement("Z-three-and-one", [{}] * 3, [{}])
    settlement("Z-conflict", [{}, {"psn_no": "0"}], [{}])
    settlement("Z-rejected-beside-a-pair", [{}, {"fulamt_advpay_flag": "1"}], [{}])
    settlement("Z-rejected-on-one", [{}], [{"fulamt_advpay_flag": "1"}])
    settlement("Z-no-scope", [{"inscp_scp_amt": None}], [{}])
    settlement("字" * 40, [{}], [{}])
    settlement("字" * 41, [{}], [{}])
    settlement("Z-corps", [{"mdtrtarea_admvs": "659001"}], [{"mdtrtarea_admvs": "659001"}])
    settlement("Z-corps-and-region", [{"mdtrtarea_admvs": "650101"}], [{"mdtrtarea_admvs": "659001"}])
    return treating, insured


def plain(rows):
    """A row that nothing is the matter with."""
    return next(row for row in rows.to_pylist() if row["init_setl_id"] is None and row["dise_codg"] is None and row["oth_pay"] == 0
                and row["insuplc_admdvs"][:2] not in ("65", "66") and row["mdtrtarea_admvs"] != "659001"
                and row["setl_time"].month == int(PERIOD[-2:]))


def month(binary, work):
    """A closed month and its delivery."""
    subprocess.run([binary, "synth", "--quiet", "--out", work, "--period", PERIOD, "--settlements", "20000"], check=True,
                   stdout=subprocess.DEVNULL)
    delivery = os.path.join(work, PERIOD)
    os.remove(os.path.join(delivery, "control-totals.csv"))
    first = os.path.join(delivery, "treating", sorted(os.listdir(os.path.join(delivery, "treating")))[0])
    rows = pq.read_table(first)
    schema = pa.schema([field.with_nullable(True) for field in rows.schema])
    for side, of_side in zip(("treating", "insured"), awkward(plain(rows))):
        pq.write_table(pa.Table.from_pylist(of_side, schema=schema), os.path.join(delivery, side, "awkward.parquet"))
    book = os.path.join(work, "book")
    subprocess.run([binary, "run", "--quiet", "--period", PERIOD, "--input", delivery, "--book", book, "--accept", "G04"], check=True,
                   stdout=subprocess.DEVNULL)
    return delivery, os.path.join(book, PERIOD)


def tampered(folder):
    """Each way to spoil an answer, and the id that has to be named."""
    breaks, positions = (pq.read_table(os.path.join(folder, name + ".parquet")).to_pylist() for name in ("breaks", "positions"))
    at = next(number for number, row in enumerate(breaks) if row["class"] == "amount_mismatch")
    row, cent = breaks[at], Decimal("0.01")
    put = lambda rows, number, change: [*rows[:number], *change, *rows[number + 1:]]
    yield "a break is missing", row["setl_id"], put(breaks, at, []), positions
    yield "a break is there twice", row["setl_id"], [*breaks, row], positions
    yield "another class", row["setl_id"], put(breaks, at, [{**row, "class": "field_mismatch"}]), positions
    yield "another value", row["setl_id"], put(breaks, at, [{**row, "i_medfee_sumamt": row["i_medfee_sumamt"] + cent}]), positions
    place = positions[0]
    for field, by in (("visits", 1), ("psn_cash_pay", cent), ("payable", cent)):
        yield "another " + field, place["insuplc_admdvs"], breaks, put(positions, 0, [{**place, field: place[field] + by}])
    yield "a position is missing", place["insuplc_admdvs"], breaks, positions[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--required", default="duckdb,polars")
    args = parser.parse_args()
    failed, compared = [], []
    delivery, period = month(args.binary, args.work)
    wanted = answers.expected(period, delivery)
    there = {item[1] for item in wanted.breaks}
    if there != CLASSES:
        failed.append("the month has other classes: " + ", ".join(sorted(there)))
    for peer, package in PEERS.items():
        if not importlib.util.find_spec(package):
            if peer in args.required.split(","):
                failed.append("%s: the package %s is not there" % (peer, package))
            continue
        folder = os.path.join(args.work, peer)
        subprocess.run([sys.executable, os.path.join(QUERIES, "with_%s.py" % peer), delivery, PERIOD, folder, "--threads", "2"], check=True)
        failed += ["%s %s" % (peer, text) for text in answers.differences(wanted, answers.given(folder))]
        compared.append(peer)
    spoilt = os.path.join(args.work, "spoilt")
    os.makedirs(spoilt)
    schemas = {name: pq.read_schema(os.path.join(args.work, compared[0], name + ".parquet")) for name in ("breaks", "positions")}
    for what, named, *rows in tampered(os.path.join(args.work, compared[0])):
        for name, of_name in zip(schemas, rows):
            pq.write_table(pa.Table.from_pylist(of_name, schema=schemas[name]), os.path.join(spoilt, name + ".parquet"))
        if not any(named in text for text in answers.differences(wanted, answers.given(spoilt))):
            failed.append("not noticed: " + what)
    for text in failed:
        print("FAILED " + text)
    if not failed:
        print("the answers of %s are those of the program" % ", ".join(compared))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
