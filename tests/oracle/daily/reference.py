# SPDX-License-Identifier: Apache-2.0
"""An independent reading of coordination.md, part 1 (daily three-way reconciliation), in plain Python.

It knows nothing of the program: it reads the same Parquet files with pyarrow, judges every row, and works the tables
out settlement by settlement.
"""
import datetime as dt
import os
from collections import defaultdict
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

SIDES = ["treating", "national", "insured"]
AMOUNTS = ["medfee_sumamt", "fund_pay_sumamt", "acct_pay"]
ALIASES = {"insu_admdvs": "insuplc_admdvs", "insu_plc": "insuplc_admdvs",
           "fix_blng_admdvs": "mdtrtarea_admvs", "mdtrtarea_admdvs": "mdtrtarea_admvs"}
FIELDS = ["setl_id", "init_setl_id", "insuplc_admdvs", "mdtrtarea_admvs", "setl_time"] + AMOUNTS
PROVINCES = set("11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 66".split())
EPOCH = dt.date(1970, 1, 1)
MICROS_OF_DAY = 86_400_000_000
FIRST = (dt.date(2000, 1, 1) - EPOCH).days * MICROS_OF_DAY
LAST = (dt.date(2100, 1, 1) - EPOCH).days * MICROS_OF_DAY


def text(value):
    return None if value is None or value == "" else str(value)


def micros(column):
    """Local microseconds of a timestamp column."""
    kind = column.type
    unit = {"ms": 1000, "us": 1, "ns": None}[kind.unit]
    shift = 8 * 3600 * 1_000_000 if kind.tz else 0
    whole = column.cast(pa.int64()).to_pylist()
    scale = (lambda v: v // 1000) if unit is None else (lambda v: v * unit)
    return [None if v is None else scale(v) + shift for v in whole]


def rows_of(path):
    """The eight fields of every row."""
    table = pq.read_table(path, partitioning=None)
    columns = {}
    for name in table.column_names:
        bare = name.strip().lower()
        field = ALIASES.get(bare, bare)
        if field in FIELDS:
            columns[field] = table.column(name)
    count = table.num_rows
    values = {}
    for field in FIELDS:
        column = columns.get(field)
        if column is None:
            values[field] = [None] * count
        elif field == "setl_time":
            values[field] = micros(column.combine_chunks() if column.num_chunks != 1 else column.chunk(0))
        elif field in AMOUNTS:
            values[field] = column.to_pylist()
        else:
            values[field] = [text(v) for v in column.to_pylist()]
    return [{field: values[field][row] for field in FIELDS} for row in range(count)]


def province(division):
    if division is None or len(division) != 6 or any(c not in "0123456789" for c in division):
        return None
    code = "66" if division.startswith("6590") else division[:2]
    return code if code in PROVINCES else None


def broken(row):
    """The rules that a row breaks."""
    rules = set()
    for field in FIELDS:
        if field != "init_setl_id" and row[field] is None:
            rules.add("V01")
    insured, treating = province(row["insuplc_admdvs"]), province(row["mdtrtarea_admvs"])
    for division, known in ((row["insuplc_admdvs"], insured), (row["mdtrtarea_admvs"], treating)):
        if division is not None and known is None:
            rules.add("V02")
    if insured is not None and insured == treating:
        rules.add("V03")
    for field in AMOUNTS:
        if row[field] is None:
            continue
        fen = row[field] * 100
        if fen != int(fen):
            rules.add("V18")
            continue
        if abs(fen) >= 10**16:
            rules.add("V15")
        if fen > 0 if row["init_setl_id"] is not None else fen < 0:
            rules.add("V09")
    for field in ("setl_id", "init_setl_id"):
        if row[field] is not None and len(row[field]) > 40:
            rules.add("V14")
    if row["setl_time"] is not None and not FIRST <= row["setl_time"] < LAST:
        rules.add("V17")
    return sorted(rules)


class Side:
    """What a side has of a settlement."""

    def __init__(self):
        self.rows, self.sums, self.signs, self.places = 0, [0, 0, 0], set(), []

    def add(self, row):
        self.rows += 1
        for at, field in enumerate(AMOUNTS):
            self.sums[at] += int(row[field] * 100)
        self.signs.add(-1 if row["init_setl_id"] is not None else 1)
        self.places.append((row["setl_time"], row["insuplc_admdvs"], row["mdtrtarea_admvs"]))

    def sign(self):
        return next(iter(self.signs)) if len(self.signs) == 1 else None

    def facts(self):
        return (tuple(self.sums), self.sign()) if self.rows else None


def class_of(sides):
    repeated = [name for name in SIDES if sides[name].rows > 1]
    if repeated:
        return "repeated", ",".join(repeated)
    facts = {name: sides[name].facts() for name in SIDES}
    there = [name for name in SIDES if facts[name] is not None]
    if len(there) == 1:
        return f"{there[0]}_only", there[0]
    if len(there) == 2:
        lacking = next(name for name in SIDES if name not in there)
        equal = facts[there[0]] == facts[there[1]]
        return f"{lacking}_lacks" + ("" if equal else "_differs"), lacking
    kinds = defaultdict(list)
    for name in SIDES:
        kinds[facts[name]].append(name)
    if len(kinds) == 1:
        return "agrees", ""
    if len(kinds) == 3:
        return "differs_all", ",".join(SIDES)
    alone = next(names[0] for names in kinds.values() if len(names) == 1)
    return f"differs_{alone}", alone


def day_at(number):
    return EPOCH + dt.timedelta(days=number)


def month_days(period):
    first = dt.date.fromisoformat(period + "-01")
    after = (first + dt.timedelta(days=32)).replace(day=1)
    return [first + dt.timedelta(days=n) for n in range((after - first).days)]


def yuan(fen):
    return Decimal(fen).scaleb(-2)


def parquet_files(folder):
    found = []
    for top, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name[0] not in "._"]
        found += [os.path.join(top, name) for name in files if name.endswith(".parquet") and name[0] not in "._"]
    return sorted(found)


def read(source):
    """Valid rows by setl_id and side, rejects, counts of rows, the days of valid rows."""
    settlements = defaultdict(lambda: {name: Side() for name in SIDES})
    rejects, counts, days = [], {}, set()
    for side in SIDES:
        counts[side] = {"read": 0, "rejected": 0}
        for path in parquet_files(os.path.join(source, side)):
            name = os.path.relpath(path, source)
            for number, row in enumerate(rows_of(path)):
                counts[side]["read"] += 1
                rules = broken(row)
                if rules:
                    counts[side]["rejected"] += 1
                    rejects.append({"side": side, "file": name, "row": number, "setl_id": row["setl_id"],
                                    "rules": ",".join(rules)})
                else:
                    settlements[row["setl_id"]][side].add(row)
                    days.add(day_at(row["setl_time"] // MICROS_OF_DAY))
    return settlements, rejects, counts, days


def compared(national, own):
    if national.rows != own.rows:
        return 1 if national.rows > own.rows else 2
    return None if national.facts() == own.facts() else 3


def sums_row(sides, without):
    row = {}
    for name in SIDES:
        there = sides[name].rows > 0
        for at, word in enumerate(("medfee", "fund", "acct")):
            row[f"{name}_{word}"] = yuan(sides[name].sums[at]) if there else without
    return row


def reconcile(source, period, day=None, as_of=None, before=None):
    """Tables and summary of a run; `before` is the result of another call."""
    settlements, rejects, counts, row_days = read(source)
    month = month_days(period)
    scope = [day] if day else month
    in_month = [d for d in row_days if d in month]
    if as_of:
        reference = as_of
    else:
        candidates = [day] if day else in_month
        candidates = candidates + ([before["reference_day"]] if before else [])
        reference = max(candidates, default=month[0])
    open_before = {row["setl_id"]: row for row in before["differences"]} if before else {}
    out = {"reference_day": reference, "rejects": rejects, "rows": counts, "differences": [], "mended": [],
           "results": [], "outside": 0}
    groups, totals, classes = {}, defaultdict(lambda: [0, 0, 0, 0]), defaultdict(int)

    def age(since):
        return max((reference - since).days, 0)

    def mend(was, how):
        kept = ("setl_id", "day", "class", "insured_province", "treating_province", "since")
        out["mended"].append({**{key: was[key] for key in kept}, "age": age(was["since"]), "how": how})

    for setl_id, sides in settlements.items():
        owner = next(name for name in SIDES if sides[name].rows)
        time, insured, treating = min(sides[owner].places)
        own_day = day_at(time // MICROS_OF_DAY)
        was = open_before.get(setl_id)
        if own_day not in month:
            out["outside"] += 1
            if was:
                mend(was, "other_month")
            continue
        insured, treating = province(insured), province(treating)
        kind, look = class_of(sides)
        if own_day in scope:
            classes[kind] += 1
            group = groups.setdefault((own_day, insured, treating, kind), [0, [0] * 9])
            group[0] += 1
            for at, name in enumerate(SIDES):
                for n in range(3):
                    group[1][at * 3 + n] += sides[name].sums[n]
                    totals[own_day, name][n + 1] += sides[name].sums[n]
                totals[own_day, name][0] += sides[name].rows
            for role, own in (("treating", treating), ("insured", insured)):
                result = compared(sides["national"], sides[role])
                if result:
                    out["results"].append({"province": own, "role": role, "setl_id": setl_id, "result": result})
        if kind == "agrees":
            if was:
                mend(was, "agrees")
        elif was or own_day in scope:
            since = was["since"] if was else own_day
            row = {"setl_id": setl_id, "day": own_day, "class": kind, "insured_province": insured,
                   "treating_province": treating, **sums_row(sides, None), "look": look, "since": since,
                   "age": age(since)}
            row.update({f"{name}_sign": sides[name].sign() for name in SIDES})
            out["differences"].append(row)
    for setl_id, was in open_before.items():
        if setl_id not in settlements:
            if was["day"] in scope:
                mend(was, "gone")
            else:
                out["differences"].append({**was, "age": age(was["since"])})

    names = [f"{side}_{word}" for side in SIDES for word in ("medfee", "fund", "acct")]
    out["days"] = [{"day": key[0], "insured_province": key[1], "treating_province": key[2], "class": key[3],
                    "settlements": count, **dict(zip(names, map(yuan, sums)))}
                   for key, (count, sums) in groups.items()]
    out["totals"] = []
    for own_day in {key[0] for key in groups}:
        for side in SIDES:
            rows, medfee, fund, acct = totals[own_day, side]
            out["totals"].append({"day": own_day, "side": side, "settlements": rows, "medfee": yuan(medfee),
                                  "fund": yuan(fund), "acct": yuan(acct)})
    keys = {"days": ("day", "insured_province", "treating_province", "class"), "differences": ("day", "setl_id"),
            "mended": ("day", "setl_id"), "rejects": ("side", "file", "row"), "totals": ("day", "side"),
            "results": ("province", "role", "setl_id")}
    for table, key in keys.items():
        as_bytes = lambda value: value.encode() if isinstance(value, str) else value
        out[table].sort(key=lambda row: tuple(as_bytes(row[name]) for name in key))
    done = {d for d in scope if d <= reference} | (set(before["days_done"]) if before else set())
    out["days_done"] = sorted(done)
    out["classes"] = dict(classes)
    return out
