# SPDX-License-Identifier: Apache-2.0
"""Random copies of days for daily reconciliation: a chain of runs over one month, with everything that can differ."""
import datetime as dt
import os
import random
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

SIDES = ["treating", "national", "insured"]
DIVISIONS = ["110101", "310101", "340100", "440300", "650100", "659001", "460200"]


def base(rng, number, days):
    """A settlement as it should be."""
    insured, treating = rng.sample(DIVISIONS, 2)
    day = rng.choice(days)
    time = dt.datetime.combine(day, dt.time(rng.randrange(24), rng.randrange(60), rng.randrange(60)))
    if rng.random() < 0.1:
        time = dt.datetime.combine(day, rng.choice([dt.time(0), dt.time(23, 59, 59, 999999)]))
    medfee = rng.randrange(0, 500_000)
    is_reversal = rng.random() < 0.1
    setl_id = f"S{number:04d}" + rng.choice(["", "", "甲", "-" + "x" * 30])
    sign = -1 if is_reversal else 1
    return {"setl_id": setl_id, "init_setl_id": f"S{rng.randrange(999):04d}" if is_reversal else None,
            "insuplc_admdvs": insured, "mdtrtarea_admvs": treating, "setl_time": time,
            "medfee_sumamt": sign * medfee, "fund_pay_sumamt": sign * medfee * 6 // 10, "acct_pay": sign * (medfee // 9)}


def other(rng, row):
    """The row with another fact, or with something else that is not compared."""
    row = dict(row)
    kind = rng.randrange(8)
    sign = -1 if row["init_setl_id"] else 1
    if kind < 3:
        row[["medfee_sumamt", "fund_pay_sumamt", "acct_pay"][kind]] += sign
    elif kind == 3:
        for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay"):
            row[name] = -row[name]
        row["init_setl_id"] = None if row["init_setl_id"] else "S0001"
    elif kind == 4:
        row["setl_time"] += dt.timedelta(hours=rng.choice([-30, -1, 1, 30]))
    elif kind == 5:
        row["insuplc_admdvs"] = rng.choice([d for d in DIVISIONS if d[:2] != row["mdtrtarea_admvs"][:2]])
    elif kind == 6 and row["init_setl_id"]:
        row["init_setl_id"] = "S7777"
    return row


def spoilt(rng, row):
    """The row, breaking a rule."""
    row = dict(row)
    kind = rng.randrange(11)
    if kind == 0:
        row[rng.choice(["setl_id", "insuplc_admdvs", "mdtrtarea_admvs", "setl_time", "acct_pay"])] = None
    elif kind == 1:
        row["insuplc_admdvs"] = rng.choice(["99", "990000", "３１0000", "31010a", "310101 "])
    elif kind == 2:
        row["insuplc_admdvs"] = row["mdtrtarea_admvs"][:2] + row["mdtrtarea_admvs"][2:4] + "99"
    elif kind == 3:
        row["acct_pay"] = -1 if not row["init_setl_id"] else 1
    elif kind == 4:
        row["setl_id"] = "甲" * 41
    elif kind == 5:
        row["init_setl_id"] = "x" * 41
    elif kind == 6:
        row["medfee_sumamt"] = 10**16 * (-1 if row["init_setl_id"] else 1)
    elif kind == 7:
        row["setl_time"] = dt.datetime(1999, 12, 31, 23, 59, 59)
    elif kind == 8:
        row["setl_time"] = dt.datetime(2100, 1, 1)
    elif kind == 9:
        row["fund_pay_sumamt"] = Decimal(row["fund_pay_sumamt"]) + Decimal("0.5")
    else:
        row["setl_id"] = ""
    return row


def copies(rng, row):
    """The rows of each side for a settlement."""
    found = {side: [dict(row)] for side in SIDES}
    kind = rng.random()
    if kind < 0.5:
        return found
    for side in SIDES:
        chance = rng.random()
        if chance < 0.25:
            found[side] = []
        elif chance < 0.5:
            found[side] = [other(rng, row)]
        elif chance < 0.6:
            found[side] = [rng.choice([row, other(rng, row)]) for _ in range(rng.randrange(2, 4))]
        elif chance < 0.65:
            found[side] = [spoilt(rng, row)] + ([row] if rng.random() < 0.5 else [])
    return found


def money(rng, values, style):
    """A decimal column; values are in fen."""
    decimals = [None if v is None else Decimal(v).scaleb(-2) for v in values]
    scale = 4 if any(d is not None and d != d.quantize(Decimal("0.01")) for d in decimals) else style["scale"]
    return pa.array(decimals, pa.decimal128(38 if scale > 2 else 24, scale))


def write(rng, path, side, rows):
    style = {"scale": rng.choice([2, 2, 2, 3])}
    divisions = lambda name: [row[name] for row in rows]
    as_numbers = lambda values: rows and all(v is not None and v.isascii() and v.isdigit() and v[0] != "0" for v in values)
    arrays, names = [], []

    def add(name, array):
        names.append(name)
        arrays.append(array)

    add("setl_id", pa.array([row["setl_id"] for row in rows], pa.string()))
    inits = [row["init_setl_id"] for row in rows]
    if any(inits):
        add("init_setl_id", pa.array([i if i or rng.random() < 0.5 else "" for i in inits], pa.string()))
    elif side == "national" or rng.random() < 0.5:
        add("init_setl_id", pa.nulls(len(rows)) if rng.random() < 0.5 else pa.array(inits, pa.string()))
    for name, alias in (("insuplc_admdvs", "INSU_PLC"), ("mdtrtarea_admvs", " mdtrtarea_admdvs")):
        values = divisions(name)
        array = pa.array(values, pa.string())
        if as_numbers(values) and rng.random() < 0.3:
            array = pa.array([int(v) for v in values], pa.int32())
        elif rng.random() < 0.3:
            array = array.dictionary_encode()
        add(alias if rng.random() < 0.3 else name, array)
    times = [row["setl_time"] for row in rows]
    whole = all(t is None or t.microsecond % 1000 == 0 for t in times)
    unit = rng.choice(["ms", "us", "ns"] if whole else ["us", "ns"])
    if rng.random() < 0.3:
        add("setl_time", pa.array([t and t - dt.timedelta(hours=8) for t in times], pa.timestamp(unit, "UTC")))
    else:
        add("setl_time", pa.array(times, pa.timestamp(unit)))
    for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay"):
        add(name, money(rng, [row[name] for row in rows], style))
    if side == "national":
        if rng.random() < 0.5:
            # Other columns of the national copy may be anything.
            add("hifp_pay", pa.array([0.5] * len(rows), pa.float64()))
            add("psn_no", pa.array([[1]] * len(rows), pa.list_(pa.int8())))
    else:
        for name, value in (("psn_no", "P1"), ("fixmedins_code", "H31010100001"), ("insutype", "310"), ("med_type", "99")):
            add(name, pa.array([value] * len(rows), pa.string()))
        for name in ("hifp_pay", "psn_cash_pay"):
            add(name, pa.array([Decimal("1.00")] * len(rows), pa.decimal128(16, 2)))
    order = list(range(len(names)))
    rng.shuffle(order)
    table = pa.Table.from_arrays([arrays[at] for at in order], [names[at] for at in order])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    pq.write_table(table, path, row_group_size=rng.choice([1, 7, 1000]), compression=rng.choice(["none", "snappy", "zstd"]),
                   use_dictionary=rng.random() < 0.7, data_page_version=rng.choice(["1.0", "2.0"]))


def deliver(rng, folder, settlements):
    """Writes the copies of some settlements, each side in one to three files."""
    rows = {side: [] for side in SIDES}
    for found in settlements:
        for side in SIDES:
            rows[side] += found[side]
    for side in SIDES:
        files = rng.randrange(1, 4)
        rng.shuffle(rows[side])
        for at in range(files):
            name = rng.choice(["", "a/", "b/c/"]) + f"{at}.parquet"
            write(rng, os.path.join(folder, side, name), side, rows[side][at::files])


def chain(seed, work):
    """Writes the deliveries of a chain of runs; yields the arguments of each."""
    rng = random.Random(seed)
    period = rng.choice(["2025-02", "2025-10", "2024-12"])
    first = dt.date.fromisoformat(period + "-01")
    after = (first + dt.timedelta(days=32)).replace(day=1)
    month = [first + dt.timedelta(days=n) for n in range((after - first).days)]
    days = rng.sample(month, 5) + [month[0], month[-1], first - dt.timedelta(days=1), after]
    plans = {}
    for number in range(rng.choice([0, 20, 120])):
        row = base(rng, number, days)
        plans[number] = (row, copies(rng, row))
    reference = None
    for step in range(rng.randrange(2, 5)):
        for number, (row, _) in list(plans.items()):
            # Copies are corrected, spoilt, taken away, moved to another day.
            chance = rng.random()
            if chance < 0.25:
                plans[number] = (row, {side: [dict(row)] for side in SIDES})
            elif chance < 0.4:
                plans[number] = (row, copies(rng, row))
            elif chance < 0.45:
                plans[number] = (row, {side: [] for side in SIDES})
            elif chance < 0.6:
                moved = {**row, "setl_time": row["setl_time"] + dt.timedelta(days=rng.choice([-40, -1, 1, 40]))}
                plans[number] = (moved, copies(rng, moved))
        day = rng.choice([None, *days[:5]])
        only = rng.random() < 0.5 and day is not None
        chosen = [found for row, found in plans.values() if not only or row["setl_time"].date() == day]
        folder = os.path.join(work, f"in-{step}")
        deliver(rng, folder, chosen)
        as_of = None
        if rng.random() < 0.3:
            earliest = max(filter(None, [day, reference]), default=first)
            as_of = earliest + dt.timedelta(days=rng.randrange(0, 40))
        step_before = step > 0 and rng.random() < 0.85
        reference = yield {"input": folder, "period": period, "day": day, "as_of": as_of, "before": step_before}
