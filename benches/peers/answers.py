#!/usr/bin/env python3
"""Compares what the peers found in a month with what the program found: every break, its values, every position.

    answers.py --period BOOK/PERIOD --delivery DELIVERY NAME=FOLDER…      prints JSON; needs pyarrow

The peers leave out lateness, decisions and reversals. So the rows of the settlements in which these had a say, some thousandths
of all, are read from the delivery and classified here once more without them; all other answers are those of the program's
tables. What the program and a peer say of a settlement is then equal, or it is a difference.
"""
import argparse
import json
import os
from collections import Counter, defaultdict
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rules import AMOUNTS, CARE, IDENTITY, PAYABLE, PLACE, SIDES, VALUES

# Classes that the peers do not know.
UNKNOWN = ["late_refused", "voided", "reversal_unpaired", "reversal_mismatch", "already_reversed"]
SUMS = [*AMOUNTS, "payable"]
SHOWN = 5


def text(value):
    """A compared value as the table of differing fields has it."""
    return None if value in (None, "") else str(value)


def payable(row, prefix=""):
    return sum((row[prefix + field] for field in PAYABLE), Decimal(0))


class Answer:
    """Breaks, differing fields and positions."""

    def __init__(self):
        self.breaks, self.fields, self.positions = Counter(), Counter(), None

    def found(self, key, kind, side, treating, insured):
        """A break with the values of its copies."""
        copies = [row and payable(row) for row in (treating, insured)]
        self.breaks[(key, kind, side, *copies)] += 1
        if kind in ("field_mismatch", "amount_mismatch"):
            for field in VALUES:
                if treating[field] != insured[field]:
                    self.fields[(key, field, text(treating[field]), text(insured[field]))] += 1


def normal(row):
    """A row with the values that are compared: no text is null, no amount is."""
    values = {field: row[field] or "" for field in IDENTITY}
    values["cost_month"] = row["setl_time"].strftime("%Y-%m")
    values.update((field, row[field] or Decimal("0.00")) for field in AMOUNTS)
    return values


def place(row):
    """The position that a row belongs to."""
    treating = row["mdtrtarea_admvs"]
    care = next(name for name, codes in CARE.items() if row["med_type"] in codes)
    return [row["insuplc_admdvs"], "66" if treating.startswith("6590") else treating[:2],
            "employee" if row["insutype"] == "310" else "resident", care, row["cost_month"]]


def classify(answer, key, treating, insured):
    """Steps 2, 6 and 7 of the contract for one settlement; returns the copy that clears."""
    kept = []
    for side, rows in zip(SIDES, (treating, insured)):
        same = all(row == rows[0] for row in rows)
        left, kind = (rows[1:], "duplicate") if same else (rows, "conflict")
        for row in left:
            answer.found(key, kind, side, *((row, None) if side == "treating" else (None, row)))
        kept.append(rows[0] if rows and same else None)
    treating, insured = kept
    if not (treating and insured):
        if treating:
            answer.found(key, "missing_insured", "treating", treating, None)
        if insured:
            answer.found(key, "missing_treating", "insured", None, insured)
    elif any(treating[field] != insured[field] for field in [*IDENTITY, "cost_month"]):
        answer.found(key, "field_mismatch", "both", treating, insured)
    elif treating != insured:
        answer.found(key, "amount_mismatch", "both", treating, insured)
    else:
        return treating
    return None


def rows_of(delivery, side, keys, rejected):
    """The valid rows of some settlements, by key."""
    found, columns, keys = defaultdict(list), ["setl_id", "setl_time", *IDENTITY, *AMOUNTS], pa.array(sorted(keys), pa.string())
    for folder, _, names in sorted(os.walk(os.path.join(delivery, side))):
        for name in sorted(name for name in names if name.endswith(".parquet")):
            path, first = os.path.join(folder, name), 0
            file = pq.ParquetFile(path)
            for group in range(file.num_row_groups):
                ids = file.read_row_group(group, columns=["setl_id"])["setl_id"]
                at = pc.indices_nonzero(pc.is_in(ids, keys))
                if len(at):
                    rows = file.read_row_group(group, columns=columns).take(at).to_pylist()
                    for row, number in zip(rows, at.to_pylist()):
                        if (os.path.relpath(path, delivery), first + number) not in rejected:
                            found[row["setl_id"]].append(normal(row))
                first += len(ids)
    return found


def settled(positions):
    """Positions added up and sorted, in one form, without those that are nothing."""
    sums = {field: pa.decimal128(38, 2) for field in SUMS}
    types = {**{field: pa.string() for field in PLACE}, "visits": pa.int64(), **sums}
    table = pa.table({field: pc.cast(positions[field], of) for field, of in types.items()})
    table = table.group_by(PLACE).aggregate([(field, "sum") for field in ["visits", *SUMS]])
    table = table.rename_columns([name.removesuffix("_sum") for name in table.column_names]).select(list(types))
    zero = pc.equal(table["visits"], 0)
    for field in SUMS:
        zero = pc.and_(zero, pc.equal(table[field], pa.scalar(Decimal(0), pa.decimal128(38, 2))))
    return table.filter(pc.invert(zero)).sort_by([(field, "ascending") for field in PLACE])


def expected(period, delivery):
    """What a peer has to find."""
    tables = os.path.join(period, "tables")
    read = lambda name, columns: pq.read_table(os.path.join(tables, name + ".parquet"), columns=columns)
    breaks = read("breaks", ["setl_id", "class", "side", "treating_payable", "insured_payable"]).to_pylist()
    decisions = {row["setl_id"]: row["decision"] for row in read("decisions", ["setl_id", "decision"]).to_pylist()}
    again = {row["setl_id"] for row in breaks if row["class"] in UNKNOWN} | set(decisions)
    answer = Answer()
    answer.breaks.update(tuple(row.values()) for row in breaks if row["setl_id"] not in again)
    fields = read("break_fields", ["setl_id", "field", "treating_value", "insured_value"]).to_pylist()
    answer.fields.update(tuple(row.values()) for row in fields if row["setl_id"] not in again)
    rejected = {(row["file"], row["row"]) for row in read("rejects", ["file", "row"]).to_pylist()}
    treating, insured = (rows_of(delivery, side, again, rejected) for side in SIDES)
    moved = []
    for key in sorted(again):
        cleared = classify(answer, key, treating[key], insured[key])
        if cleared:
            moved.append((1, cleared))
        # A copy that a decision made clear is in the positions of the program alone.
        if decisions.get(key, "").startswith("accept_"):
            moved.append((-1, (treating if decisions[key] == "accept_treating" else insured)[key][0]))
    ours = read("positions", [*PLACE, "visits", *SUMS])
    delta = [dict(zip(PLACE, place(row)), visits=sign * (-1 if row["init_setl_id"] else 1), payable=sign * payable(row),
                  **{field: sign * row[field] for field in AMOUNTS}) for sign, row in moved]
    answer.positions = settled(pa.concat_tables([ours, pa.Table.from_pylist(delta, schema=ours.schema)]))
    return answer


def given(folder):
    """What a peer has found."""
    answer = Answer()
    for row in pq.read_table(os.path.join(folder, "breaks.parquet")).to_pylist():
        copies = [{field: row["%s_%s" % (of, field)] for field in VALUES} if row["%s_setl_time" % of] else None for of in "ti"]
        answer.found(row["setl_id"], row["class"], row["side"], *copies)
    answer.positions = settled(pq.read_table(os.path.join(folder, "positions.parquet")))
    return answer


def unlike(what, wanted, got):
    """The first differences of two multisets."""
    for word, rest in (("lacks", wanted - got), ("has besides", got - wanted)):
        if rest:
            shown = [" ".join(map(str, item)) for item in sorted(rest, key=str)[:SHOWN]]
            yield "%s %d %s: %s" % (word, sum(rest.values()), what, "; ".join(shown))


def differences(wanted, got):
    """All that differs, in words, with the first ids."""
    for kind in sorted({item[1] for item in [*wanted.breaks, *got.breaks]}):
        of = lambda answer: Counter({item: count for item, count in answer.breaks.items() if item[1] == kind})
        yield from unlike("breaks of class " + kind, of(wanted), of(got))
    yield from unlike("differing fields", wanted.fields, got.fields)
    if not wanted.positions.equals(got.positions):
        yield from unlike("positions", *(Counter(tuple(row.values()) for row in answer.positions.to_pylist()) for answer in (wanted, got)))


def summary(answer):
    """Counts by class, and what the positions add up to."""
    kinds = Counter()
    for item, count in answer.breaks.items():
        kinds[item[1]] += count
    totals = {field: str(pc.sum(answer.positions[field]).as_py()) for field in ["visits", *SUMS]}
    return {"breaks": dict(sorted(kinds.items())), "differing_fields": sum(answer.fields.values()),
            "positions": answer.positions.num_rows, "totals": totals}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--period", required=True)
    parser.add_argument("--delivery", required=True)
    parser.add_argument("peers", nargs="*", metavar="NAME=FOLDER")
    args = parser.parse_args()
    wanted = expected(args.period, args.delivery)
    found = {name: list(differences(wanted, given(folder))) for name, folder in (peer.split("=", 1) for peer in args.peers)}
    print(json.dumps({"expected": summary(wanted), "differences": found, "agree": not any(found.values())}))


if __name__ == "__main__":
    main()
