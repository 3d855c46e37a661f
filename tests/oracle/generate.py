#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeded generator of small hostile deliveries over several periods. Synthetic data only.

    python generate.py --out DIR --seed N --periods K --rows M --first 2025-09 [--bad KIND|all]

Writes DIR/plan.json (steps to run), DIR/opening-quotas.csv, rules files and one folder per step.
The oracle runs along, so that decisions, deductions, quotas and payments hit real cases.
--bad adds refused variants of the last delivery, between the accepted ones, and some of the first
and of a period that makes yearly quotas.
"""
import argparse
import csv
import datetime as dt
import io
import json
import os
import random
import re
import shutil
import sys
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa
import pyarrow.parquet as pq

import footer
import oracle as o

PROVINCE_SETS = [
    {"31": ["310000", "310115"], "34": ["340100", "341300"], "32": ["320500"]},
    {"65": ["650100", "659900"], "66": ["659001", "660400"], "11": ["110000"]},
    {"44": ["440300"], "45": ["450100", "450900"], "46": ["460000"], "66": ["659004"]},
]
ALIAS_OF = {}
for _a, _f in o.ALIASES.items():
    ALIAS_OF.setdefault(_f, []).append(_a)
OPT_AMOUNTS = [f for f in o.DECIMALS if f not in o.REQUIRED]
CODES = ["insuplc_admdvs", "mdtrtarea_admvs", "insutype", "med_type", "refd_setl_flag",
         "fulamt_advpay_flag"]
BUILT_IN_RULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "pipelines",
                              "rules.toml")
FILE_NAMES = ["a.parquet", "a-1.parquet", "a/x.parquet", "a/b/c.parquet", "a b.parquet",
              "B.parquet", "dt=2025/part-0.parquet", "dt=2025/part-10.parquet",
              "dt=2025/part-2.parquet", "安徽.parquet", "z.parquet", "a.x.parquet", "a0.parquet"]


def relayout(source, target, seed):
    """The same delivery with its rows in other files, row groups, types and order."""
    shutil.copytree(source, target)
    gen = Gen(seed, 0, "2025-09")
    rows, _ = o.read_delivery(source)
    for r in rows["treating"] + rows["insured"]:
        r.update(r["fraction"])
    for side in o.SIDES:
        shutil.rmtree(os.path.join(target, side))
        gen.write_side(target, side, rows[side])
    if os.path.exists(os.path.join(target, "control-totals.csv")):
        gen.control_totals(target)


def write_rules(path, policies):
    """The built-in rules with [(first period, negative_net or None)] in place of their policies."""
    head, *blocks = re.split(r"(?m)^\[\[policy\]\]\n", open(BUILT_IN_RULES, encoding="utf-8").read())
    policy, calendars = re.split(r"(?m)^(?=\[\[calendar\]\])", blocks[-1], maxsplit=1)
    policy = re.sub(r"(?m)^(from|negative_net) .*\n", "", policy)
    calendars = re.split(r"(?m)^\[\[test\]\]", calendars)[0]
    with open(path, "w", encoding="utf-8") as f:
        f.write(head)
        for first, word in policies:
            dated = 'from = "%s"\n' % first + ('negative_net = "%s"\n' % word if word else "")
            f.write("[[policy]]\n" + dated + policy)
        f.write(calendars)


# INT64's ends: what exports hold for infinity, whatever the unit
FAR = [-2 ** 63, 2 ** 63 - 1]


class Gen:
    def __init__(self, seed, rows, first):
        self.rng = random.Random(seed)
        self.rows, self.first = rows, first
        self.divs = self.rng.choice(PROVINCE_SETS)
        self.state = o.empty_state()
        self.seq, self.seed = 0, seed
        self.records = {}                 # setl_id -> {side: row} last delivered
        self.later = []                   # (period number, side, row)
        self.huge = self.rng.random() < 0.1
        self.serial = 0
        self.id_style = self.rng.choice(["S%06d", "%030d", "s-%d", "结算%05d", "%d"])
        self.scale = self.rng.choice([2000, 200000, 3000000])
        self.rules = None                 # path of the period's rules file
        self.unanswered = 0               # so many proposals stay open, for refused deliveries
        # optional fields that this world does not know
        self.blank = {f for f in o.ALL_FIELDS if f not in o.REQUIRED and self.chance(0.12)
                      and f not in ("init_setl_id", "dise_codg")}

    def chance(self, p):
        return self.rng.random() < p

    # ------------------------------------------------------------ records

    def new_id(self):
        self.seq += 1
        n = self.seq if self.chance(0.8) else 900000 - self.seq
        s = self.id_style % n
        return s + "x" * (40 - len(s)) if self.chance(0.03) else s

    def time_in(self, month):
        n = o.month_no(month)
        start = dt.datetime(n // 12, n % 12 + 1, 1)
        end = dt.datetime((n + 1) // 12, (n + 1) % 12 + 1, 1)
        x = self.rng.random()
        if x < 0.1:
            return start + dt.timedelta(seconds=self.rng.choice([0, 1, 3600, 8 * 3600 - 1, 8 * 3600]))
        if x < 0.2:
            return end - dt.timedelta(seconds=self.rng.choice([1, 3600, 8 * 3600, 8 * 3600 + 1]))
        t = start + dt.timedelta(seconds=self.rng.randrange(int((end - start).total_seconds())))
        return t + dt.timedelta(milliseconds=self.rng.randrange(1000))

    def amounts(self, r):
        g = self.rng
        big = self.huge and self.chance(0.01)
        top = 10 ** 15 if big else self.scale
        for f in o.DECIMALS:
            r[f] = 0
        for f in o.FUNDS:
            if f == "hifp_pay" or (self.chance(0.25) and f not in self.blank):
                r[f] = g.randrange(top) if self.chance(0.9) else g.choice([0, 1, 100 * (top // 100)])
        r["fund_pay_sumamt"] = sum(r[f] for f in o.FUNDS)
        r["acct_pay"] = g.randrange(top // 4) if self.chance(0.6) else 0
        r["psn_cash_pay"] = g.randrange(top // 4) if self.chance(0.7) else 0
        r["hosp_part_amt"] = g.randrange(500) if self.chance(0.2) and "hosp_part_amt" not in self.blank \
            else 0
        if self.chance(0.05):             # an acceptable row of nothing
            for f in o.AMOUNTS13:
                r[f] = 0
        r["acct_mulaid_pay"] = r["acct_pay"] // 2 if self.chance(0.3) else 0
        self.balance(r)
        for f in o.SCOPE:
            r[f] = None
        if self.chance(0.4):
            left = r["medfee_sumamt"]
            for f in o.SCOPE[:3]:
                r[f] = g.randrange(left + 1) if left else 0
                left -= r[f]
            r[o.SCOPE[3]] = left
            if self.chance(0.2):
                r[g.choice(o.SCOPE)] = None

    def balance(self, r):
        r["fund_pay_sumamt"] = sum(r[f] for f in o.FUNDS)
        r["medfee_sumamt"] = (r["fund_pay_sumamt"] + r["acct_pay"] + r["psn_cash_pay"]
                              + r["hosp_part_amt"])

    def scope_fit(self, r):
        """Drops the scope fields of a row whose total was moved."""
        if all(r[f] is not None for f in o.SCOPE) and \
                sum(r[f] for f in o.SCOPE) != r["medfee_sumamt"]:
            r["inscp_scp_amt"] = None

    def settlement(self, month):
        g = self.rng
        ip, tp = g.sample(sorted(self.divs), 2)
        r = {"setl_id": self.new_id(), "mdtrt_id": g.choice([None, "M%d" % self.seq]),
             "init_setl_id": None, "psn_no": "P%03d" % g.randrange(50),
             "insuplc_admdvs": g.choice(self.divs[ip]), "mdtrtarea_admvs": g.choice(self.divs[tp]),
             "fixmedins_code": g.choice(["H34010000001", "P3101150000A", "Habcdefghij0"]),
             "insutype": g.choice(["310", "310", "390", "380", "391"]),
             "med_type": g.choice(list(o.CARE_CLASS)), "dise_codg": None,
             "begndate": None, "enddate": None, "setl_time": self.time_in(month),
             "refd_setl_flag": g.choice([None, "0", "1"]),
             "fulamt_advpay_flag": g.choice([None, "0"])}
        if o.CARE_CLASS[r["med_type"]] == "chronic" or self.chance(0.05):
            open_now = [c for c, d in o.CHRONIC.items() if d <= r["setl_time"].date()]
            r["dise_codg"] = g.choice(open_now or ["M03900"])
        if self.chance(0.4):
            r["begndate"] = r["setl_time"].date() - dt.timedelta(days=g.randrange(9))
            r["enddate"] = r["setl_time"].date()
        self.amounts(r)
        for f in self.blank:
            r[f] = 0 if f in o.AMOUNTS13 else None
        return r

    def reversal(self, orig, month, twist):
        g = self.rng
        r = dict(orig)
        r["setl_id"], r["init_setl_id"] = self.new_id(), orig["setl_id"]
        r["setl_time"] = self.time_in(month)
        r["refd_setl_flag"] = g.choice([None, "0", "1"])
        for f in o.DECIMALS:
            r[f] = None if r[f] is None else -abs(r[f])
        if o.CARE_CLASS.get(r["med_type"]) == "chronic" and \
                o.CHRONIC.get(r["dise_codg"], dt.date.max) > r["setl_time"].date():
            r["dise_codg"] = "M03900"
        if twist == "amount":
            r["hifp_pay"] -= g.choice([1, 100])
            self.balance(r)
        elif twist == "shift":            # same payable, other parts: still a pair
            r["hifp_pay"], r["acct_pay"] = r["hifp_pay"] + r["acct_pay"], 0
            self.balance(r)
        elif twist == "insutype":
            r["insutype"] = g.choice([t for t in o.FUND_CLASS if t != r["insutype"]])
        elif twist == "care":
            r["med_type"] = g.choice(["11", "12", "21", "41"])
        elif twist == "division":
            r["insuplc_admdvs"] = g.choice(self.divs[o.province(orig["insuplc_admdvs"])])
        elif twist == "pair":
            others = [p for p in self.divs if p != o.province(r["mdtrtarea_admvs"])]
            r["insuplc_admdvs"] = self.divs[g.choice(others)][0]
        self.scope_fit(r)
        return r

    def uncompared(self, r):
        """A copy that differs at most in fields that are not compared."""
        g, c = self.rng, dict(r)
        for _ in range(g.randrange(3)):
            x = g.randrange(5)
            if x == 0:
                c["mdtrt_id"] = "M-other"
            elif x == 1:
                c["enddate"] = r["setl_time"].date()
            elif x == 2:
                t = r["setl_time"].replace(second=g.randrange(60), microsecond=0)
                c["setl_time"] = t
            elif x == 3:
                c["acct_mulaid_pay"] = 0
            else:
                c["refd_setl_flag"] = g.choice([None, "0", "1"])
        if self.chance(0.1):
            for f in o.SCOPE:
                c[f] = None
        return c

    def twist_identity(self, r):
        """Another valid row of the same setl_id that differs in a compared identity field."""
        g, c = self.rng, dict(r)
        x = g.randrange(8)
        if x == 0:
            c["psn_no"] = r["psn_no"] + g.choice([" ", "x", "\u00e9"])
        elif x == 1:
            pool = [d for ds in self.divs.values() for d in ds
                    if d != r["insuplc_admdvs"]
                    and o.province(d) != o.province(r["mdtrtarea_admvs"])]
            c["insuplc_admdvs"] = g.choice(pool) if pool else r["insuplc_admdvs"]
        elif x == 2:
            c["fixmedins_code"] = g.choice(["H99999999999", r["fixmedins_code"].upper() + ""])
            if c["fixmedins_code"] == r["fixmedins_code"]:
                c["fixmedins_code"] = "H00000000000"
        elif x == 3:
            c["insutype"] = g.choice([t for t in o.FUND_CLASS if t != r["insutype"]])
        elif x == 4:
            c["med_type"] = "12" if r["med_type"] != "12" else "13"
        elif x == 5:
            c["dise_codg"] = "M01600" if r["dise_codg"] != "M01600" else "M03900"
        elif x == 6:
            n = o.month_no(r["setl_time"].strftime("%Y-%m")) - g.choice([1, 1, 2, 3])
            c["setl_time"] = self.time_in(o.month_of(n))
            if c["dise_codg"]:
                c["dise_codg"] = "M03900"
        else:
            pool = [d for ds in self.divs.values() for d in ds
                    if d != r["mdtrtarea_admvs"]
                    and o.province(d) != o.province(r["insuplc_admdvs"])]
            c["mdtrtarea_admvs"] = g.choice(pool) if pool else r["mdtrtarea_admvs"]
        return c

    def twist_amount(self, r):
        g, c = self.rng, dict(r)
        sign = -1 if r["init_setl_id"] is not None else 1
        f = g.choice(o.FUNDS + ["acct_pay", "psn_cash_pay", "hosp_part_amt"])
        c[f] += sign * g.choice([1, 50, 1000])
        if self.chance(0.3):              # the total stays, the parts move
            c["psn_cash_pay"] = max(0, abs(c["psn_cash_pay"]) - 1) * sign
        self.balance(c)
        self.scope_fit(c)
        return c

    # ------------------------------------------------------------ broken rows

    def break_row(self, r, period):
        g = self.rng
        r = dict(r)
        neg = r["init_setl_id"] is not None
        for _ in range(g.choice([1, 1, 1, 2, 3])):
            x = g.randrange(22)
            if x == 0:
                f = g.choice(o.REQUIRED)
                r[f] = "" if f in o.STRINGS and self.chance(0.5) else None
            elif x == 1:
                r[g.choice(["insuplc_admdvs", "mdtrtarea_admvs"])] = g.choice(
                    ["34010", "3401000", "abcdef", "990000", "000000", "710000", " 340100",
                     "\uff13\uff14\uff10\uff11\uff10\uff10", "160000"])
            elif x == 2:
                r["insuplc_admdvs"] = r["mdtrtarea_admvs"]
            elif x == 3:
                r["insuplc_admdvs"], r["mdtrtarea_admvs"] = "659001", "660000"
            elif x == 4:
                r["insutype"] = g.choice(["510", "0310", "31", "310 "])
            elif x == 5:
                r["med_type"] = g.choice(["99", "140105", "1", "51"])
            elif x == 6:
                r["med_type"] = g.choice(["14", "140104"])
                r["dise_codg"] = g.choice([None, "", "M07800", "m03900", "M039"])
            elif x == 7:
                r["med_type"], r["dise_codg"] = "14", g.choice(["M05300", "M03900", "M07200"])
                r["setl_time"] = g.choice([
                    dt.datetime(2024, 11, 30, 23, 59, 59), dt.datetime(2024, 12, 1),
                    dt.datetime(2021, 8, 31, 23, 59, 59), dt.datetime(2021, 9, 1)])
            elif x == 8 and r["fund_pay_sumamt"] is not None:
                r["fund_pay_sumamt"] += -1 if neg else 1
            elif x == 9 and r["medfee_sumamt"] is not None:
                r["medfee_sumamt"] += -1 if neg else 1
            elif x == 10:
                r["maf_pay"] = 7 if neg else -7
            elif x == 11:
                n = o.month_no(period) + 1
                r["setl_time"] = g.choice([
                    dt.datetime(n // 12, n % 12 + 1, 1),
                    dt.datetime(n // 12, n % 12 + 1, 1) - dt.timedelta(milliseconds=1),
                    dt.datetime(n // 12 + 1, 5, 5)])
            elif x == 12:
                r["fixmedins_code"] = g.choice(["X34010000001", "H3401000000", "H340100000011",
                                                "h34010000001", "H3401000000\u00e9", "H34010-00001"])
            elif x == 13:
                r["fulamt_advpay_flag"] = "1"
            elif x == 14:
                for f in o.SCOPE:
                    r[f] = g.choice([0, 1, None]) if self.chance(0.1) else 3
            elif x == 15:
                f = g.choice(["setl_id", "init_setl_id", "psn_no", "mdtrt_id"])
                if f != "init_setl_id" or neg:
                    r[f] = g.choice(["y" * 41, "\u7ed3" * 41, "\u7ed3" * 40])
            elif x == 16:
                f = g.choice(o.DECIMALS)
                big = g.choice([10 ** 16, 10 ** 16 - 1, 10 ** 18 + 1, 10 ** 30])
                r[f] = -big if neg else big
            elif x == 17:
                r["init_setl_id"] = None if neg else "Z1"
            elif x == 18:
                for f in g.sample(["setl_time", "medfee_sumamt", "acct_pay", "hifp_pay",
                                   "med_type", "insuplc_admdvs"], 2):
                    r[f] = None
            elif x == 19:
                r["setl_time"] = g.choice([
                    dt.datetime(1999, 12, 31, 23, 59, 59, 999000), dt.datetime(2000, 1, 1),
                    dt.datetime(2099, 12, 31, 23, 59, 59, 999000), dt.datetime(2100, 1, 1),
                    dt.datetime(1970, 1, 1), dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30), *FAR])
            elif x == 20:
                r[g.choice(o.FLAGS)] = g.choice(["Y", "01", "\uff11", "2", "true", "\u662f", "-", "1 1",
                                                 "\u200b1", " 1 ", "1  ", "\u30001", "0 ", "\t0", "   "])
            elif x == 21:
                f = g.choice(o.DECIMALS)
                part = Fraction(g.choice([1, 4, 5, 6, 9, 49, 50, 51]), g.choice([10, 100]))
                r[f] = (r[f] or 0) + g.choice([0, 10 ** 16]) + part
                r[f] = -r[f] if neg and r[f] > 0 and self.chance(0.8) else r[f]
        return r

    # ------------------------------------------------------------ one delivery

    def months_back(self, period):
        k = self.rng.choices([0, 1, 2, 3, 4, 5, 13], [55, 15, 10, 9, 5, 3, 1])[0]
        return o.month_of(o.month_no(period) - k)

    def rows_of(self, period):
        """Rows of both sides, by scenario."""
        g, rows = self.rng, {s: [] for s in o.SIDES}
        now = o.month_no(period)

        def put(side, r):
            rows[side].append(r)
            if r["setl_id"]:
                self.records.setdefault(r["setl_id"], {})[side] = r

        def both(r, other=None):
            put("treating", r)
            put("insured", self.uncompared(r) if other is None else other)
        for when, side, r in list(self.later):
            if when <= now:
                put(side, r)
                self.later.remove((when, side, r))
        cleared = [s for s, e in self.state["register"].items()
                   if not e["voided"] and s in self.records]
        opened = {s: list(self.state["open"][s]) for s in o.SIDES}
        voided = [s for s, e in self.state["register"].items() if e["voided"]]
        used_voided = set()
        fresh = []
        for _ in range(self.rows):
            r = self.settlement(self.months_back(period))
            side = g.choice(o.SIDES)
            other = o.SIDES[1 - o.SIDES.index(side)]
            x = g.random()
            if x < 0.36:
                both(r)
                fresh.append(r)
            elif x < 0.44:                # one side only, the other perhaps later
                put(side, r)
                if self.chance(0.5):
                    t = g.choice([r, r, self.twist_amount(r), self.twist_identity(r)])
                    self.later.append((now + g.choice([1, 1, 2, 3]), other, self.uncompared(t)))
            elif x < 0.50:
                both(r, self.twist_identity(r))
            elif x < 0.56:
                both(r, self.twist_amount(r))
            elif x < 0.58:
                both(r, self.twist_amount(self.twist_identity(r)))
            elif x < 0.62:                # duplicates
                both(r)
                fresh.append(r)
                for _ in range(g.choice([1, 1, 2, 4])):
                    put(g.choice(o.SIDES), self.uncompared(r))
            elif x < 0.65:                # conflicts
                both(r)
                put(side, self.twist_amount(r) if self.chance(0.5) else self.twist_identity(r))
                if self.chance(0.3):
                    put(side, dict(r))
            elif x < 0.75:                # broken rows
                if self.chance(0.5):
                    put(side, self.break_row(r, period))
                    put(other, r)
                else:
                    b = self.break_row(r, period)
                    both(b, dict(b))
                if self.chance(0.2):
                    self.later.append((now + 1, side, r))
            elif x < 0.80 and cleared:    # delivered again
                c = self.records[g.choice(cleared)]
                for s in c:
                    if self.chance(0.7):
                        for _ in range(g.choice([1, 1, 2])):
                            put(s, g.choice([dict(c[s]), self.uncompared(c[s])]))
            elif x < 0.85 and opened[side]:   # superseding
                k = g.choice(opened[side])
                c = self.state["open"][side][k]
                c = {f: c[f] or (0 if f in o.AMOUNTS13 else c[f]) for f in o.ALL_FIELDS}
                y = g.random()
                if y < 0.3:
                    put(side, c)
                elif y < 0.5:
                    put(side, self.twist_amount(c))
                elif y < 0.65:
                    put(side, c)
                    put(side, self.uncompared(c))
                elif y < 0.8:
                    put(side, c)
                    put(side, self.twist_identity(c))
                else:                     # brought in line with the other side
                    t = self.state["open"][other].get(k)
                    if t:
                        put(side, {f: t[f] or (0 if f in o.AMOUNTS13 else t[f])
                                   for f in o.ALL_FIELDS})
                    else:
                        put(other, self.uncompared(c))
            elif x < 0.87 and voided:     # a voided key again
                v = g.choice(voided)
                if v in self.records and v not in used_voided:
                    used_voided.add(v)
                    c = self.records[v]
                    for s in c:
                        if s in c and self.chance(0.7):
                            for _ in range(g.choice([1, 2])):
                                put(s, dict(c[s]))
            else:                         # reversals
                self.put_reversal(period, both, put, fresh, cleared, opened, side, voided)
        return rows

    def put_reversal(self, period, both, put, fresh, cleared, opened, side, voided):
        g = self.rng
        x = g.random()
        if x < 0.3 and fresh:
            orig = g.choice(fresh)
        elif x < 0.6 and cleared:
            c = self.records[g.choice(cleared)]
            orig = c.get("treating") or c["insured"]
        elif x < 0.75 and opened[side]:
            orig = {f: self.state["open"][side][g.choice(opened[side])][f] for f in o.ALL_FIELDS}
            orig = {f: v or (0 if f in o.AMOUNTS13 else v) for f, v in orig.items()}
        elif x < 0.8 and voided and g.choice(voided) in self.records:
            c = self.records.get(g.choice(voided))
            if not c:
                return
            orig = c.get("treating") or c["insured"]
        else:                             # the original comes later, or never
            orig = self.settlement(self.months_back(period))
            if self.chance(0.5):
                when = o.month_no(period) + g.choice([1, 1, 2])
                self.later.append((when, "treating", orig))
                self.later.append((when, "insured", dict(orig)))
                if self.chance(0.4):
                    self.later.append((when, "insured", self.reversal(orig, period, None)))
        if any(orig[f] is None for f in o.REQUIRED) or not o.province(orig["insuplc_admdvs"]) \
                or not o.province(orig["mdtrtarea_admvs"]) or not orig["setl_id"]:
            return
        if any(abs(orig[f] or 0) > o.LIMIT_16_2 for f in o.DECIMALS):
            return
        month = self.months_back(period) if self.chance(0.3) else period
        twist = g.choice([None] * 8 + ["amount", "shift", "insutype", "care", "division", "pair"])
        for _ in range(g.choice([1, 1, 1, 2])):
            r = self.reversal(orig, month, twist)
            if self.chance(0.8):
                both(r, None if self.chance(0.85) else
                     g.choice([self.twist_amount(r), self.twist_identity(r)]))
            else:
                put(side, r)
            if self.chance(0.1):
                put(side, self.uncompared(r))

    # ------------------------------------------------------------ Parquet

    def write_side(self, folder, side, rows):
        g = self.rng
        g.shuffle(rows)
        n = g.choice([1, 1, 2, 3, 5])
        names = g.sample(FILE_NAMES, n + (1 if self.chance(0.25) else 0))
        cuts = sorted(g.randrange(len(rows) + 1) for _ in range(n - 1))
        cuts = [0, *cuts, len(rows)]
        for i, name in enumerate(names):
            part = rows[cuts[i]:cuts[i + 1]] if i < n else []
            path = os.path.join(folder, side, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self.write_file(path, part)

    def string_array(self, f, values):
        g = self.rng
        numeric = all(v is None or (v.isascii() and v.isdigit() and str(int(v)) == v
                                    and len(v) < 10) for v in values)
        if f in CODES and numeric and self.chance(0.15):
            return pa.array([None if v is None else int(v) for v in values],
                            g.choice([pa.int32(), pa.int64(), pa.uint32()]))
        if f not in o.REQUIRED and self.chance(0.3):
            values = ["" if v is None and self.chance(0.5) else v for v in values]
        if f in o.FLAGS and self.chance(0.15):
            values = [v + "  " if v and self.chance(0.7) else v for v in values]
        typ = g.choice([pa.string(), pa.string(), pa.large_string()])
        a = pa.array(values, typ)
        return a.dictionary_encode() if self.chance(0.1) else a

    def decimal_array(self, f, values):
        g = self.rng
        there = [abs(v) for v in values if v is not None]
        scale = 2
        if any(isinstance(v, Fraction) and v.denominator > 1 for v in there):
            scale = g.choice([4, 5, 10, 18])
        elif self.chance(0.1) and all(v % 10 == 0 for v in there):
            scale = 0 if all(v % 100 == 0 for v in there) else 1
        elif self.chance(0.1):
            scale = g.choice([3, 6, 10, 18])
        scale = min(scale, 40 - len(str(int(max(there, default=0)) + 1)))
        vals = [None if v is None else v * Fraction(10) ** (scale - 2) for v in values]
        assert all(v is None or v.denominator == 1 for v in vals), (f, scale)
        vals = [None if v is None else int(v) for v in vals]
        digits = max([len(str(abs(v))) for v in vals if v is not None] + [scale + 1])
        precision = g.choice([p for p in (9, 12, 16, 18, 19, 20, 38, digits) if p >= digits])
        vals = [None if v is None else o_decimal(v, scale) for v in vals]
        return pa.array(vals, pa.decimal128(precision, scale))

    def time_array(self, values, writer):
        g = self.rng
        unit = g.choice(["ms", "us", "ns"])
        per = {"ms": 1000, "us": 1, "ns": 1}[unit]
        zone = g.choice([None, None, "UTC", "Asia/Shanghai"])
        near = dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)
        far = any(v in FAR or v is not None and not near[0] < v < near[1] for v in values)
        if far and unit == "ns":
            unit, per = "us", 1           # nanoseconds do not hold them
        int96 = writer == "pyarrow" and not far and self.chance(0.12)
        utc = zone is not None or int96
        raw = []
        for v in values:
            if v is None or v in FAR:
                raw.append(v)
                continue
            us = (v - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)
            us -= 8 * 3600 * 10 ** 6 if utc else 0
            raw.append(us * 1000 if unit == "ns" else us // per)
        typ = pa.timestamp(unit, tz=None if int96 else zone)
        return pa.array(raw, pa.int64()).cast(typ), int96

    def write_file(self, path, rows):
        g = self.rng
        writer = g.choice(["pyarrow", "pyarrow", "duckdb", "polars"])
        cols, int96 = [], False
        if any(r["setl_time"] in FAR for r in rows) and writer == "duckdb":
            writer = "pyarrow"            # it does not take them in every unit
        respell = g.choice([None] * 5 + [str.upper, str.title, lambda n: " " + n, lambda n: n + "\u3000",
                                         lambda n: "\ufeff" + n if n == "setl_id" else n])
        for f in o.ALL_FIELDS:
            values = [r[f] for r in rows]
            name = f
            if f in ALIAS_OF and self.chance(0.2):
                name = g.choice(ALIAS_OF[f])
            if respell:
                name = respell(name)
            optional = f not in o.REQUIRED
            if optional and all(not v for v in values) and self.chance(0.5):
                continue                  # the column is not there
            if optional and all(not v for v in values) and writer != "duckdb" and self.chance(0.3):
                cols.append((name, pa.nulls(len(rows))))
                continue
            if f in OPT_AMOUNTS and f not in o.SCOPE and self.chance(0.5):
                values = [None if v == 0 and self.chance(0.5) else v for v in values]
            if f in o.STRINGS:
                a = self.string_array(f, values)
            elif f in o.DATES:
                a = pa.array(values, pa.date32())
            elif f == "setl_time":
                a, int96 = self.time_array(values, writer)
            else:
                a = self.decimal_array(f, values)
            cols.append((name, a))
        n = len(rows)
        for extra in (("updt_time", pa.array([1.5] * n, pa.float64())),
                      ("tags", pa.array([["a"]] * n, pa.list_(pa.string()))),
                      ("box", pa.array([{"setl_id": "x", "acct_pay": 1.0}] * n,
                                       pa.struct([("setl_id", pa.string()),
                                                  ("acct_pay", pa.float64())]))),
                      ("setl id", pa.array(["no"] * n, pa.string()))):
            if self.chance(0.12):
                cols.append(extra)
        if self.chance(0.5):
            g.shuffle(cols)
        fields = [pa.field(c, a.type, nullable=a.null_count > 0 or pa.types.is_null(a.type)
                           or self.chance(0.8)) for c, a in cols]
        table = pa.Table.from_arrays([a for _, a in cols], schema=pa.schema(fields))
        getattr(self, "write_" + writer)(path, table, int96)

    def write_pyarrow(self, path, t, int96):
        g = self.rng
        version = g.choice(["1.0", "2.4", "2.6", "2.6"])
        opt = {"version": version, "data_page_version": g.choice(["1.0", "2.0"]),
               "compression": g.choice(["none", "snappy", "gzip", "lz4", "zstd", "brotli"]),
               "row_group_size": g.choice([1, 7, 50, 100000]) if len(t) < 120 else
               g.choice([40, 100000]),
               "write_statistics": self.chance(0.7), "store_schema": self.chance(0.7),
               "write_page_checksum": self.chance(0.3), "write_page_index": self.chance(0.2),
               "store_decimal_as_integer": self.chance(0.5),
               "data_page_size": g.choice([64, 1024, 1 << 20]),
               "write_batch_size": g.choice([8, 1024])}
        if int96:
            opt["use_deprecated_int96_timestamps"] = True
        mode = g.choice(["dict", "plain", "delta", "some"])
        opt["use_dictionary"] = mode == "dict"
        if mode == "some":
            opt["use_dictionary"] = g.sample(t.column_names, max(1, len(t.column_names) // 2))
        if mode == "delta" and not any(pa.types.is_dictionary(f.type) for f in t.schema):
            enc = {}
            for f in t.schema:
                if pa.types.is_integer(f.type) or pa.types.is_date(f.type):
                    enc[f.name] = "DELTA_BINARY_PACKED"
                elif pa.types.is_string(f.type) or pa.types.is_large_string(f.type):
                    enc[f.name] = g.choice(["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
                elif pa.types.is_timestamp(f.type) and not int96:
                    enc[f.name] = "DELTA_BINARY_PACKED"
                elif pa.types.is_decimal(f.type) and opt["store_decimal_as_integer"] \
                        and f.type.precision <= 18:
                    enc[f.name] = "DELTA_BINARY_PACKED"
                elif pa.types.is_decimal(f.type) and self.chance(0.5):
                    enc[f.name] = "DELTA_BYTE_ARRAY"
            opt["column_encoding"] = enc
        binary = {}
        if self.chance(0.15):             # decimals as BYTE_ARRAY
            opt.pop("column_encoding", None)
            opt.update(store_schema=False, write_statistics=False, write_page_index=False)
            for i, f in enumerate(t.schema):
                if pa.types.is_decimal(f.type) and f.type.scale == 2 and self.chance(0.5):
                    binary[f.name] = f.type.precision
                    pad = g.choice([0, 0, 1])
                    vals = [None if v is None else signed_bytes(o.to_fen(v)[0], pad)
                            for v in t.column(i).to_pylist()]
                    t = t.set_column(i, pa.field(f.name, pa.binary(), f.nullable),
                                     pa.array(vals, pa.binary()))
            if opt["use_dictionary"] is False and self.chance(0.5):
                opt["column_encoding"] = {c: g.choice(["DELTA_BYTE_ARRAY",
                                                       "DELTA_LENGTH_BYTE_ARRAY"])
                                          for c in binary}
        pq.write_table(t, path, **opt)
        if binary:
            footer.rewrite(path, footer.binary_decimal(binary, self.chance(0.5)))
        if self.chance(0.2):              # as older writers do
            footer.rewrite(path, footer.converted_only)

    def write_duckdb(self, path, t, _):
        import duckdb
        g = self.rng
        con = duckdb.connect(config={"threads": 1})
        con.register("t", t)
        codec = g.choice(["uncompressed", "snappy", "gzip", "zstd", "lz4_raw", "brotli"])
        version = g.choice(["V1", "V2"])
        con.execute("COPY (SELECT * FROM t) TO '%s' (FORMAT parquet, CODEC '%s', "
                    "PARQUET_VERSION %s)" % (path.replace("'", "''"), codec, version))
        con.close()

    def write_polars(self, path, t, _):
        import polars as pl
        g = self.rng
        pl.from_arrow(t).write_parquet(
            path, compression=g.choice(["uncompressed", "snappy", "gzip", "lz4", "zstd",
                                        "brotli"]),
            statistics=self.chance(0.5), row_group_size=g.choice([None, 20, 100]))

    # ------------------------------------------------------------ small files

    def write_csv(self, path, columns, rows):
        g = self.rng
        columns = list(columns)
        if self.chance(0.3):
            columns.append("note")
        if self.chance(0.5):
            g.shuffle(columns)
        buf = io.StringIO()
        w = csv.writer(buf, lineterminator=g.choice(["\n", "\r\n"]),
                       quoting=g.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        w.writerow(columns)
        for r in rows:
            w.writerow([r.get(c, "备,\"注") for c in columns])
        with open(path, "wb") as f:
            f.write((b"\xef\xbb\xbf" if self.chance(0.3) else b"")
                    + buf.getvalue().encode())

    def text_amount(self, fen):
        s = o.yuan(fen)
        if self.chance(0.3) and s.endswith("0"):
            s = s[:-1]
        if self.chance(0.5) and s.endswith(".0"):
            s = s[:-2]
        return s

    def permits(self, period):
        g, out = self.rng, []
        now = o.month_no(period)
        for _ in range(g.randrange(6)):
            ip, tp = g.sample(sorted(self.divs), 2)
            out.append({"permit_id": "PM-%s-%d" % (period, len(out)), "insured_province": ip,
                        "treating_province": tp,
                        "cost_month": o.month_of(now - g.choice([2, 3, 3, 4, 5, 13])),
                        "until_period": o.month_of(now + g.choice([-1, 0, 0, 1, 3])),
                        "past_year_close": g.choice(["0", "1"]), "reason": "报备"})
        return out

    def decisions(self, tables):
        g, out = self.rng, []
        for b in tables["breaks"]:
            if not b["carried"] or self.chance(0.8):
                continue
            sides = o.SIDES if b["side"] == "both" else [b["side"]]
            out.append({"setl_id": b["setl_id"], "reason": "协查",
                        "decision": g.choice(["void"] + ["accept_" + s for s in sides] * 2),
                        "decided_by": "Li Lei", "approved_by": g.choice(["韩梅梅", "Li Le i2", "Ｈａｎ Ｍｅｉ"]),
                        "decided_on": "2025-11-03"})
        return out

    def audits(self, state, tables, period):
        """Deductions that bring pairs to a net of 0, or below it as far as their settlements go; pairs
        that were below it mostly stay there."""
        g, out = self.rng, []
        everything = self.rows * self.scale * 10
        for p in tables["pairs"]:
            again = p["brought_forward"] != "0.00"
            if self.chance(0.3 if again else 0.7):
                continue
            pair = (p["insured_province"], p["treating_province"])
            net = sum(o.value_of("amount", p[c]) * sign for c, sign in
                      (("payable", 1), ("returned", -1), ("carried_forward", 1)))
            left = net + g.choice([everything] if again else [0, 1, 777, self.scale, everything])
            for sid, e in sorted(state["register"].items()):
                if e["voided"] or sid in state["reversed"] or (e["ip"], e["tp"]) != pair:
                    continue
                there = e["payable"] - sum(a for _, a in state["deducted"].get(sid, []))
                amount = min(left, there)
                if amount > 0:
                    left -= amount
                    out.append({"ddct_id": "A-%s-%d" % (period, len(out)), "setl_id": sid,
                                "amount": self.text_amount(amount), "reason_code": "audit",
                                "decided_on": period + "-28"})
        return out

    def deductions(self, state, period):
        g, out = self.rng, []
        reg = [s for s, e in state["register"].items() if not e["voided"]]
        for i in range(g.randrange(4, 25)):
            x = g.random()
            sid = g.choice(reg) if reg else "none"
            if x < 0.08:
                sid = "unknown-%d" % i
            elif x < 0.16 and state["open"]["treating"]:
                sid = g.choice(sorted(state["open"]["treating"]))
            elif x < 0.2:
                sid = g.choice([s for s, e in state["register"].items() if e["voided"]] or [sid])
            elif x < 0.35:
                sid = g.choice(sorted(state["reversed"]) or [sid])
            pay = state["register"].get(sid, {}).get("payable", 5000)
            amount = g.choice([pay, pay // 2, pay // 3, 1, pay + 1, 0, -5])
            ddct = "%s-%d" % (period, g.randrange(60))
            if self.chance(0.1) and state["ddct_ids"]:
                ddct = g.choice(sorted(state["ddct_ids"]))
            out.append({"ddct_id": ddct, "setl_id": sid, "amount": self.text_amount(amount),
                        "reason_code": "R%d" % i, "decided_on": period + "-15"})
        return out

    def some_day(self, period):
        """A day about the end of the period's month of work, or far from it."""
        day = o.last_day_of_next_month(period) - dt.timedelta(days=self.rng.randrange(60))
        return self.rng.choice([day.isoformat()] * 3 + ["2025-10-09", "2026-02-13", "2021-12-31"])

    def quota_changes(self, state, period):
        g, out = self.rng, []
        proposals = [(k, n) for k, n in sorted(state["notices"].items())
                     if n["kind"] == "JJ" and n["approved"] is None]
        for nid, n in proposals[self.unanswered:]:
            if self.chance(0.35):
                out.append({"notice_id": nid, "approved_by": "agency",
                            "amount": self.text_amount(g.choice([n["amount"], 1, n["amount"] * 2])),
                            "approved_on": self.some_day(period)})
        return out

    def initial_quotas(self, quota, changes, period):
        """First quotas of pairs that have none, mostly of this world; quota: those in force."""
        g, out = self.rng, []
        if o.yearly_months(self.state, period):
            return out
        answered = {self.state["notices"][c["notice_id"]]["pair"] for c in changes}
        pairs = [(ip, tp) for ip in sorted(self.divs) for tp in sorted(self.divs) if ip != tp]
        for ip, tp in pairs + [("62", "63"), ("63", "62")]:
            likely = 0.8 if (ip, tp) in answered else 0.3 if ip in self.divs else 0.05
            if quota.get((ip, tp), 0) == 0 and self.chance(likely):
                amount = g.choice([1, g.randrange(1, 10 ** 7), self.rows * self.scale // 20,
                                   self.rows * self.scale])
                out.append({"insured_province": ip, "treating_province": tp,
                            "quota": self.text_amount(amount), "approved_on": self.some_day(period),
                            "approved_by": g.choice(["agency", "国家 中心"])})
        g.shuffle(out)
        return out

    def payments(self, state, changes, period):
        g, out = self.rng, []
        approved = {c["notice_id"]: o.value_of("amount", c["amount"]) for c in changes}
        base = o.last_day_of_next_month(period) - dt.timedelta(days=40)
        for nid, n in sorted(state["notices"].items()):
            left = o.open_amount(n) + approved.get(nid, 0)
            if self.chance(0.2 if n["kind"] in ("FH", "CS") else 0.4):
                continue
            amount = g.choice([left, left, left, left // 2, left + 1, 0, -1])
            self.serial += 1
            serial = "B%05d" % self.serial
            if self.chance(0.08):
                serial = "B%05d" % g.randrange(1, self.serial + 1)
            day = base + dt.timedelta(days=g.randrange(45))
            if n["pay_by"] and self.chance(0.2):
                day = n["pay_by"] + dt.timedelta(days=g.choice([0, 1]))
            for part in ([amount] if self.chance(0.8) else [amount // 2, amount - amount // 2]):
                out.append({"notice_id": nid, "paid_on": day.isoformat(),
                            "amount": self.text_amount(part), "bank_name": "某银行",
                            "bank_serial": serial})
                self.serial += 1
                serial = "B%05d" % self.serial
        pair = "%s-%s" % tuple(g.sample(sorted(self.divs), 2))
        for bad in ("QS-%s-31-34" % period, "FH-%s-%s" % (period, pair), "CS-%s-%s" % (period, pair),
                    "XX-1", "QS-2020-01-31-34"):
            if self.chance(0.3):
                out.append({"notice_id": bad, "paid_on": base.isoformat(), "amount": "10",
                            "bank_name": "", "bank_serial": "X" + bad + period})
        g.shuffle(out)
        return out

    def control_totals(self, folder):
        out = []
        for side in o.SIDES:
            for d, _, names in os.walk(os.path.join(folder, side)):
                for n in names:
                    rel = os.path.relpath(os.path.join(d, n), folder)
                    rows, bad = o.read_parquet(os.path.join(d, n), rel)
                    assert not bad, bad
                    out.append({"file": rel, "rows": len(rows), **{
                        f: self.text_amount(sum(r[f] or 0 for r in rows))
                        for f in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")}})
        self.rng.shuffle(out)
        self.write_csv(os.path.join(folder, "control-totals.csv"), o.SMALL["control-totals.csv"],
                       out)

    # ------------------------------------------------------------ periods

    def opening_quotas(self, path):
        g, rows = self.rng, []
        for ip in sorted(self.divs):
            for tp in sorted(self.divs):
                if ip != tp and self.chance(0.8):
                    q = g.choice([0, 1, self.rows * self.scale // 20, self.rows * self.scale // 8,
                                  self.rows * self.scale // 3, g.randrange(10 ** 9)])
                    rows.append({"insured_province": ip, "treating_province": tp,
                                 "quota": self.text_amount(q)})
        self.write_csv(path, ["insured_province", "treating_province", "quota"], rows)

    def period(self, folder, period, quotas, as_of):
        """Writes one accepted delivery and moves the state on."""
        rows = self.rows_of(period)
        for side in o.SIDES:
            self.write_side(folder, side, rows[side])

        def put(name, data):
            if data or self.chance(0.1):
                self.write_csv(os.path.join(folder, name), o.SMALL[name], data)

        def clear():
            return o.clear_period(self.state, period, folder, quotas, as_of, rules=self.rules)
        put("permits.csv", self.permits(period))
        changes = self.quota_changes(self.state, period)
        put("quota-changes.csv", changes)
        in_force = o.read_opening_quotas(quotas) if quotas else self.state["quota"]
        put("initial-quotas.csv", self.initial_quotas(in_force, changes, period))
        put("payments.csv", self.payments(self.state, changes, period))
        state, tables = clear()
        decisions = self.decisions(tables)
        while decisions:
            put("decisions.csv", decisions)
            try:
                state, tables = clear()
                break
            except o.Refused as e:        # drop what is not needed any more
                bad = {f.split(": ")[1] for f in e.findings}
                left = [d for d in decisions if d["setl_id"] not in bad]
                assert len(left) < len(decisions), e.findings
                decisions = left
                os.remove(os.path.join(folder, "decisions.csv"))
        put("deductions.csv", self.deductions(state, period) + self.audits(state, tables, period))
        if self.chance(0.35):
            self.control_totals(folder)
        before = self.state
        self.state, tables = clear()
        return before, tables


def signed_bytes(n, pad):
    return n.to_bytes((n.bit_length() + 8) // 8 + pad, "big", signed=True)


def o_decimal(unscaled, scale):
    """Exact whatever the decimal context is."""
    return Decimal((int(unscaled < 0), tuple(map(int, str(abs(unscaled)))), -scale))


# ---------------------------------------------------------------- refused deliveries

def files_of(folder, side=None):
    out = []
    for s in [side] if side else o.SIDES:
        for d, _, names in os.walk(os.path.join(folder, s)):
            out += [os.path.join(d, n) for n in names if n.endswith(".parquet")]
    return sorted(out)


def full_file(folder):
    """A Parquet file with rows."""
    for p in files_of(folder):
        if pq.ParquetFile(p).metadata.num_rows > 0:
            return p
    raise AssertionError("no rows")


def canonical(path):
    """The file as a plain table of every field under its own name."""
    rows, bad = o.read_parquet(path, "x")
    assert not bad
    cols = {}
    for f in o.ALL_FIELDS:
        v = [r[f] for r in rows]
        if f in o.STRINGS:
            cols[f] = pa.array(v, pa.string())
        elif f in o.DATES:
            cols[f] = pa.array(v, pa.date32())
        elif f == "setl_time":
            cols[f] = pa.array(v, pa.timestamp("us"))
        else:
            cols[f] = pa.array([None if x is None else o_decimal(x, 2) for x in v],
                               pa.decimal128(38, 2))
    return pa.table(cols)


def set_col(t, name, array):
    return t.set_column(t.column_names.index(name), name, array)


def bad_parquet(change):
    def make(folder, gen, state):
        p = full_file(folder)
        pq.write_table(change(canonical(p)), p)
    return make


def nulls_of(t, typ):
    return pa.nulls(len(t), typ)


def truncated(folder, gen, state):
    p = full_file(folder)
    raw = open(p, "rb").read()
    open(p, "wb").write(raw[:len(raw) * 2 // 3])


def tail_cut(folder, gen, state):
    p = full_file(folder)
    raw = open(p, "rb").read()
    open(p, "wb").write(raw[:-1])


def not_parquet(folder, gen, state):
    open(full_file(folder), "wb").write(b"PAR1 this is no parquet file PAR1")


def zero_bytes(folder, gen, state):
    open(full_file(folder), "wb").write(b"")


def flipped(folder, gen, state):
    """Page bytes changed below a checksum; the values stay readable."""
    p = full_file(folder)
    t = canonical(p)
    pq.write_table(t, p, write_page_checksum=True, compression="none", use_dictionary=False)
    raw = bytearray(open(p, "rb").read())
    meta = pq.ParquetFile(p).metadata.row_group(0)
    for i in range(meta.num_columns):
        c = meta.column(i)
        if c.path_in_schema == "hifp_pay":
            at = c.data_page_offset + c.total_compressed_size - 1
            raw[at] ^= 1
    open(p, "wb").write(bytes(raw))


def damaged_page(folder, gen, state):
    """A compressed page without checksum, destroyed."""
    p = full_file(folder)
    pq.write_table(canonical(p), p, compression="zstd", use_dictionary=False)
    raw = bytearray(open(p, "rb").read())
    meta = pq.ParquetFile(p).metadata.row_group(0)
    for i in range(meta.num_columns):
        c = meta.column(i)
        if c.path_in_schema == "setl_id":
            end = c.data_page_offset + c.total_compressed_size
            for at in range(max(c.data_page_offset, end - 40), end):
                raw[at] ^= 0xA5
    open(p, "wb").write(bytes(raw))


def same_bytes(folder, gen, state):
    p = full_file(folder)
    shutil.copyfile(p, os.path.join(folder, os.path.relpath(p, folder).split(os.sep)[0],
                                    "copy of it.parquet"))


def no_side(side, keep_folder):
    def make(folder, gen, state):
        shutil.rmtree(os.path.join(folder, side))
        if keep_folder:
            os.makedirs(os.path.join(folder, side))
    return make


def totals(change):
    def make(folder, gen, state):
        gen.control_totals(folder)
        p = os.path.join(folder, "control-totals.csv")
        rows = list(csv.DictReader(io.StringIO(open(p, encoding="utf-8-sig", newline="").read())))
        rows.sort(key=lambda r: -int(r["rows"]))
        rows = change(rows)
        gen.write_csv(p, o.SMALL["control-totals.csv"], rows)
    return make


def edit(**kw):
    def change(rows):
        rows[0] = dict(rows[0], **{k: v(rows[0][k]) for k, v in kw.items()})
        return rows
    return change


def plus_fen(s):
    return o.yuan(o.value_of("amount", s) + 1)


def good_line(name, folder, gen, state):
    """One line, acceptable by itself, in the order of the columns."""
    if name == "control-totals.csv":
        raise AssertionError("made from the real totals")
    if name == "decisions.csv":
        sid, side = carried_now(folder, gen, state)
        return [sid, "accept_" + side, "why", "a", "b", "2025-10-10"]
    if name == "initial-quotas.csv":
        return [*without_quota(state), "1.00", "a", "2025-10-10"]
    if name == "quota-changes.csv":
        jj = [k for k, n in state["notices"].items() if n["kind"] == "JJ" and not n["approved"]]
        assert jj
        return [jj[0], "1.00", "a", "2025-10-10"]
    return {"deductions.csv": "D1,S1,1.00,R,2025-10-10",
            "permits.csv": "PM,31,34,2025-06,2025-12,0,why",
            "payments.csv": "QS-2025-09-31-34,2025-10-10,1.00,bank,serial"}[name].split(",")


def small_file(name, make_bytes):
    """Replaces a small file by a good one that make_bytes spoils: (header, lines) -> bytes."""
    def make(folder, gen, state):
        p = os.path.join(folder, name)
        header = list(o.SMALL[name])
        if name == "control-totals.csv":
            gen.control_totals(folder)
            rows = csv.DictReader(io.StringIO(open(p, encoding="utf-8-sig", newline="").read()))
            lines = [[r[c] for c in header] for r in rows]
        else:
            lines = [good_line(name, folder, gen, state)]
        open(p, "wb").write(make_bytes(header, lines))
    return make


def to_csv(*lines):
    buf = io.StringIO()
    csv.writer(buf, lineterminator="\n").writerows(lines)
    return buf.getvalue().encode()


def put_value(column, value):
    def build(name):
        def make_bytes(header, lines):
            lines[0][header.index(column)] = value
            return to_csv(header, *lines)
        return small_file(name, make_bytes)
    return build


def decision(**kw):
    """One needed decision, spoiled by kw; kw["setl_id"] may be a function of the state."""
    def make(folder, gen, state):
        sid, side = carried_now(folder, gen, state)
        row = {"setl_id": sid, "decision": "accept_" + side, "reason": "r", "decided_by": "Li Lei",
               "approved_by": "Han", "decided_on": "2025-11-03"}
        rows = [dict(row)]
        for k, v in kw.items():
            rows[0][k] = v(gen, state, row, side, folder) if callable(v) else v
        if kw.get("twice"):
            rows = [row, dict(row)]
        gen.write_csv(os.path.join(folder, "decisions.csv"), o.SMALL["decisions.csv"], rows)
    return make


def without_decisions(folder, state, gen):
    p = os.path.join(folder, "decisions.csv")
    if os.path.exists(p):
        os.remove(p)
    return o.clear_period(state, gen.last_period, folder, rules=gen.rules)[1]


def carried_now(folder, gen, state):
    for b in without_decisions(folder, state, gen)["breaks"]:
        if b["class"].startswith("missing"):
            return b["setl_id"], b["side"]
    raise AssertionError("no carried break")


def other_side(gen, state, row, side, folder):
    return "accept_" + ("insured" if side == "treating" else "treating")


def cleared_id(gen, state, row, side, folder):
    return next(s for s, e in state["register"].items() if not e["voided"])


def clears_now(gen, state, row, side, folder):
    """A settlement that clears without any decision."""
    tables = without_decisions(folder, state, gen)
    broken = {b["setl_id"] for b in tables["breaks"]}
    after = o.clear_period(state, gen.last_period, folder, rules=gen.rules)[0]
    return next(s for s, e in after["register"].items()
                if s not in state["register"] and s not in broken and not e["reversal"])


def quota_change(rows):
    def make(folder, gen, state):
        jj = sorted(k for k, n in state["notices"].items()
                    if n["kind"] == "JJ" and n["approved"] is None)
        qs = sorted(k for k, n in state["notices"].items() if n["kind"] == "QS")
        assert jj and qs
        base = {"notice_id": jj[0], "amount": "5", "approved_by": "agency",
                "approved_on": "2025-10-20"}
        out = [dict(base, **{k: (qs[0] if v == "QS" else v) for k, v in r.items()}) for r in rows]
        gen.write_csv(os.path.join(folder, "quota-changes.csv"), o.SMALL["quota-changes.csv"], out)
    return make


def without_quota(state):
    return next((a, b) for a in sorted(o.PROVINCES) for b in sorted(o.PROVINCES)
                if a != b and state["quota"].get((a, b), 0) == 0)


def with_quota(state):
    return next(p for p, q in sorted(state["quota"].items()) if q)


def initial_quota(*rows, pair=without_quota, change=None):
    """Initial quotas of a pair, each spoiled by one of rows; change: spoils a quota change beside them."""
    def make(folder, gen, state):
        ip, tp = pair(state)
        base = {"insured_province": ip, "treating_province": tp, "quota": "5", "approved_by": "agency",
                "approved_on": "2025-10-20"}
        out = [{**base, **r} for r in rows]
        gen.write_csv(os.path.join(folder, "initial-quotas.csv"), o.SMALL["initial-quotas.csv"], out)
        if change:
            quota_change([change])(folder, gen, state)
    return make


# In the first period opening quotas are in force
OPENED = {"initial-of-opening": initial_quota({}, {"quota": "6"}, pair=with_quota)}
# Refused only where yearly quotas are made
YEARLY = {"initial-yearly": initial_quota({}), "initial-yearly-of-all": initial_quota(
    {}, {"quota": "0"}, {"insured_province": "99"}, {"approved_by": ""})}


def initial_kinds():
    same = lambda state: (without_quota(state)[0],) * 2
    return {
        "initial-unknown": initial_quota({"insured_province": "99"}, {"treating_province": "71"}),
        "initial-no-province": initial_quota({"insured_province": ""}, {"treating_province": " 11"}),
        "initial-wide-province": initial_quota({"treating_province": "\uff13\uff14"}),
        "initial-division": initial_quota({"insured_province": "340100"}),
        "initial-same": initial_quota({}, pair=same),
        "initial-has-quota": initial_quota({}, pair=with_quota),
        "initial-twice": initial_quota({}, {"quota": "6"}, {}),
        "initial-twice-after-a-bad-one": initial_quota({"quota": "0"}, {}),
        "initial-unknown-twice": initial_quota({"insured_province": "99"}, {"insured_province": "99"}),
        "initial-zero": initial_quota({"quota": "0.00"}),
        "initial-negative": initial_quota({"quota": "-0.01"}),
        "initial-nobody": initial_quota({"approved_by": ""}),
        "initial-blank-name": initial_quota({"approved_by": " \u3000\u200b"}),
        "initial-all-at-once": initial_quota({"quota": "0", "approved_by": " "},
                                             {"quota": "-1", "approved_by": ""}, pair=with_quota),
        "initial-and-change": initial_quota({"quota": "0"}, {}, change={"approved_by": " "}),
    }


BAD_RULES = {
    "rules-half": [("2000-01", None), ("2023-01", "return")],
    "rules-other-half": [("2000-01", "carry"), ("2099-01", None)],
    "rules-word": [("2000-01", "Return")],
}


def bad_kinds():
    f64 = lambda t, c: pa.array([1.0] * len(t), pa.float64())
    kinds = {
        "truncated": truncated, "tail-cut": tail_cut, "not-parquet": not_parquet,
        "zero-bytes": zero_bytes, "crc": flipped, "damaged-page": damaged_page,
        "same-bytes": same_bytes,
        "no-treating": no_side("treating", False), "empty-insured": no_side("insured", True),
        "text-amount": bad_parquet(lambda t: set_col(t, "acct_pay", pa.array(["1.00"] * len(t)))),
        "text-time": bad_parquet(lambda t: set_col(t, "setl_time",
                                                   pa.array(["2025-10-01 00:00:00"] * len(t)))),
        "date-time": bad_parquet(lambda t: set_col(t, "setl_time", nulls_of(t, pa.date32()))),
        "text-date": bad_parquet(lambda t: set_col(t, "begndate", pa.array(["2025-10-01"] * len(t)))),
        "float-code": bad_parquet(lambda t: set_col(t, "insutype", f64(t, 0))),
        "float-amount": bad_parquet(lambda t: set_col(t, "hifp_pay", f64(t, 0))),
        "float32-optional": bad_parquet(lambda t: set_col(t, "maf_pay", nulls_of(t, pa.float32()))),
        "integer-amount": bad_parquet(lambda t: set_col(t, "medfee_sumamt",
                                                        pa.array([100] * len(t), pa.int64()))),
        "integer-scope": bad_parquet(lambda t: set_col(t, "preselfpay_amt",
                                                       nulls_of(t, pa.int32()))),
        "scale-19": bad_parquet(lambda t: set_col(t, "acct_pay",
                                                  pa.array([Decimal("1.000")] * len(t),
                                                           pa.decimal128(38, 19)))),
        "beyond-38": bad_parquet(lambda t: set_col(t, "overlmt_selfpay",
                                                   pa.array([Decimal(10 ** 36)] * len(t),
                                                            pa.decimal128(38, 0)))),
        "null-required": bad_parquet(lambda t: set_col(t, "psn_cash_pay", pa.nulls(len(t)))),
        "null-required-text": bad_parquet(lambda t: set_col(t, "psn_no", pa.nulls(len(t)))),
        "list-field": bad_parquet(lambda t: set_col(t, "psn_no", pa.array([["a"]] * len(t)))),
        "twice-alias": bad_parquet(lambda t: t.append_column("cash_payamt", t["psn_cash_pay"])),
        "twice-two-aliases": bad_parquet(lambda t: t.rename_columns(
            ["insu_plc" if c == "insuplc_admdvs" else c for c in t.column_names])
            .append_column("insu_admdvs", t["insuplc_admdvs"])),
        "twice-case": bad_parquet(lambda t: t.append_column(" SETL_ID", t["setl_id"])),
        "twice-name": bad_parquet(lambda t: t.append_column("setl_id", t["setl_id"])),
        "twice-name-optional": bad_parquet(lambda t: t.append_column("dise_no", t["dise_codg"])),
        "totals-rows": totals(edit(rows=lambda v: str(int(v) + 1))),
        "totals-medfee": totals(edit(medfee_sumamt=plus_fen)),
        "totals-fund": totals(edit(fund_pay_sumamt=plus_fen)),
        "totals-acct": totals(edit(acct_pay=plus_fen)),
        "totals-unlisted": totals(lambda rows: rows[1:]),
        "totals-nothing": totals(lambda rows: []),
        "totals-twice": totals(lambda rows: rows + rows[:1]),
        "totals-ghost": totals(lambda rows: rows + [dict(rows[0], file="treating/ghost.parquet")]),
        "decision-form": decision(decision="accept"),
        "decision-unknown": decision(setl_id="nobody"),
        "decision-cleared": decision(setl_id=cleared_id),
        "decision-other-copy": decision(decision=other_side),
        "decision-not-needed": decision(setl_id=clears_now, decision="accept_treating"),
        "void-not-needed": decision(setl_id=clears_now, decision="void"),
        "decision-twice": decision(twice=True),
        "decision-no-name": decision(decided_by=""),
        "decision-no-approval": decision(approved_by=" "),
        "decision-wide-name": decision(approved_by="\uff2c\uff49\u3000\uff2c\uff45\uff49"),
        "decision-hidden-in-name": decision(approved_by="li \u200blei\u2060"),
        "decision-name-of-nothing": decision(approved_by="\u200b\ufeff"),
        "decision-same-name": decision(approved_by=" lI  LEI "),
        "change-unknown": quota_change([{"notice_id": "JJ-2020-01-31-34"}]),
        "change-of-clearing": quota_change([{"notice_id": "QS"}]),
        "change-zero": quota_change([{"amount": "0.00"}]),
        "change-negative": quota_change([{"amount": "-1"}]),
        "change-nobody": quota_change([{"approved_by": ""}]),
        "change-twice": quota_change([{}, {"amount": "6"}]),
        **initial_kinds(),
    }
    for f in o.REQUIRED:
        kinds["no-column-" + f] = bad_parquet(lambda t, f=f: t.drop_columns([f]))
    for name, columns in o.SMALL.items():
        short = name[:-4]
        kinds[short + "-empty"] = small_file(name, lambda h, ls: b"")
        kinds[short + "-no-header"] = small_file(name, lambda h, ls: to_csv(*ls))
        kinds[short + "-no-column"] = small_file(
            name, lambda h, ls: to_csv(h[:-1], *(x[:-1] for x in ls)))
        kinds[short + "-long-line"] = small_file(
            name, lambda h, ls: to_csv(h, *ls[:-1], ls[-1] + ["x"]))
        kinds[short + "-short-line"] = small_file(
            name, lambda h, ls: to_csv(h, *ls[:-1], ls[-1][:-1]))
        kinds[short + "-not-utf8"] = small_file(
            name, lambda h, ls: to_csv(h + ["note"], *(x + ["\u00ff"] for x in ls))
            .replace("\u00ff".encode(), b"\xff"))
        for c in columns:
            values = {"amount": ["1.234", "1,5", "", "1e3", " 1.00", "+1.00", "1.", ".5", "¥1",
                                 "１.00", "--1"],
                      "count": ["x", "-1", "1.0"], "date": ["2025-02-29", "2025-1-1", "20251001", ""],
                      "month": ["2025-13", "2025-00", "202510", "2025-10-01"],
                      "flag": ["2", "true", ""]}
            for i, v in enumerate(values.get(o.KIND.get(c), [])):
                kinds["%s-%s-%d" % (short, c, i)] = put_value(c, v)(name)
    return kinds


OPENING_BAD = {
    "opening-unknown-province": "31,99,5\n", "opening-twice": "31,34,5\n31,34,6\n",
    "opening-negative": "31,34,-1\n", "opening-amount": "31,34,1.234\n", "opening-line": "31,34\n",
}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--out", required=True)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--periods", type=int, default=4)
    ap.add_argument("--rows", type=int, default=150)
    ap.add_argument("--first", default="2025-09")
    ap.add_argument("--bad", help="a kind of refused delivery, or all")
    a = ap.parse_args()
    generate(a.out, a.seed, a.periods, a.rows, a.first, a.bad)


def period_rules(gen, out, first):
    """Writes the world's rules files; returns what a period chooses from, None for the built-in ones."""
    g = gen.rng
    if gen.chance(0.5):
        return [None]
    from_on = lambda k: o.month_of(o.month_no(first) + k)
    files = {
        "rules-old.toml": [("2000-01", None)] + [(from_on(1), None)] * gen.chance(0.5),
        "rules-dated.toml": [("2000-01", g.choice(["carry", "return"])),
                             (from_on(g.choice([1, 2])), g.choice(["carry", "return"])),
                             (from_on(3), g.choice(["carry", "return"]))]}
    for name, policies in files.items():
        write_rules(os.path.join(out, name), policies)
    return g.choice([[None, *files], ["rules-dated.toml"], ["rules-old.toml", None]])


def refused_openings(out, first, bad):
    """Steps with opening quotas that cannot be."""
    steps = []
    for kind, lines in OPENING_BAD.items():
        if bad in ("all", kind):
            name = kind + ".csv"
            open(os.path.join(out, name), "w").write(
                "insured_province,treating_province,quota\n" + lines)
            steps.append({"period": first, "dir": first, "opening_quotas": name, "as_of": None,
                          "rules": None, "expect": 3, "kind": kind})
    return steps


def refused_rules(out, good, gen, state, bad):
    """Steps with rules that cannot be."""
    steps = []
    for kind, policies in BAD_RULES.items():
        if bad in ("all", kind):
            path = os.path.join(out, kind + ".toml")
            write_rules(path, policies)
            try:
                o.clear_period(state, good["period"], os.path.join(out, good["dir"]), rules=path)
                raise SystemExit("%s: not refused by the oracle" % kind)
            except o.Usage:
                steps.append(dict(good, rules=kind + ".toml", expect=2, kind=kind))
    return steps


def refused(out, good, gen, state, kinds):
    """Steps with spoiled copies of a good delivery."""
    steps = []
    opening = good["opening_quotas"] and os.path.join(out, good["opening_quotas"])
    for kind, make in kinds.items():
        name = "bad-" + kind
        folder = os.path.join(out, name)
        shutil.copytree(os.path.join(out, good["dir"]), folder)
        try:
            make(folder, gen, state)
        except (AssertionError, StopIteration) as e:
            print("skipped %s: %r" % (kind, e), file=sys.stderr)
            shutil.rmtree(folder)
            continue
        try:
            o.clear_period(state, good["period"], folder, opening, rules=gen.rules)
            raise SystemExit("%s: not refused by the oracle" % kind)
        except o.Refused as e:
            steps.append(dict(good, dir=name, expect=3, kind=kind, findings=e.findings))
    return steps


def generate(out, seed, periods, rows, first, bad=None):
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    gen = Gen(seed, rows, first)
    gen.unanswered = 1 if bad else 0
    gen.opening_quotas(os.path.join(out, "opening-quotas.csv"))
    opening = None if gen.chance(0.1) else "opening-quotas.csv"
    steps = refused_openings(out, first, bad)
    choice = period_rules(gen, out, first)
    wanted = lambda kinds: {k: v for k, v in kinds.items() if bad in ("all", k)}
    before = None
    for k in range(periods):
        period = o.month_of(o.month_no(first) + k)
        gen.last_period = period
        folder = os.path.join(out, period)
        as_of = None
        if gen.chance(0.3):
            as_of = o.last_day_of_next_month(period) + dt.timedelta(days=gen.rng.randrange(-20, 5))
        rules = gen.rng.choice(choice)
        gen.rules = rules and os.path.join(out, rules)
        quotas = None if k else opening
        path = quotas and os.path.join(out, quotas)
        before, _ = gen.period(folder, period, path, as_of)
        good = {"period": period, "dir": period, "as_of": as_of and as_of.isoformat(),
                "opening_quotas": quotas, "rules": rules, "expect": 0, "kind": "good"}
        if path:
            opened = dict(before, quota=o.read_opening_quotas(path))
            steps += refused(out, good, gen, opened, wanted(OPENED))
        if o.yearly_months(before, period):
            steps += refused(out, good, gen, before, wanted(YEARLY))
        steps.append(good)
    if bad and bad not in OPENING_BAD:
        good = steps.pop()
        assert periods > 1, "refused deliveries need a period before"
        steps += refused(out, good, gen, before, wanted(bad_kinds()))
        steps += refused_rules(out, good, gen, before, bad)
        steps.append(dict(good, opening_quotas="opening-quotas.csv", expect=2, kind="quotas-late"))
        later = o.month_of(o.month_no(good["period"]) + 1)
        steps.append(dict(good, period=later, expect=4, kind="gap"))
        steps.append(good)
        steps.append(dict(good, expect=4, kind="closed"))
    with open(os.path.join(out, "plan.json"), "w") as f:
        json.dump({"seed": seed, "steps": steps}, f, indent=1)


if __name__ == "__main__":
    main()
