#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seeded generator of small nasty inputs of a review. Synthetic data only; the same seed gives the same files.

    python generate.py SEED OUT

Writes OUT/1, OUT/2 … (deliveries), rules.toml, benefits/*.toml, filings.csv or .parquet, registry.csv, and plan.json
that names them. Values lie on coarse grids, so that every border of a threshold is met from both sides.
"""
import csv
import datetime as dt
import io
import json
import os
import random
import shutil
import sys

import pyarrow as pa
import pyarrow.parquet as pq

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import inputs  # noqa: E402
import benefit  # noqa: E402
import reference  # noqa: E402
from inputs import o  # noqa: E402
import importlib.util  # noqa: E402

_spec = importlib.util.spec_from_file_location("settlements", os.path.join(HERE, "..", "generate.py"))
settlements = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(settlements)

# Divisions of every shape: province, capital, district, county of a city, county under the province, XPCC
WORLDS = [
    {"31": ["310000", "310115"], "34": ["340100", "340104", "341300", "340000"], "61": ["610100", "610102", "611002"]},
    {"65": ["650100", "650000", "652301"], "66": ["659001", "660400", "659000"], "61": ["610100", "610102"],
     "62": ["620100"]},
    {"42": ["420100", "429004", "429005", "429900", "420000"], "41": ["419001", "410000", "410102"],
     "65": ["650100"], "66": ["659001"]},
    {"11": ["110000", "110105"], "12": ["120000", "120101"], "50": ["500100"], "46": ["460100", "469005"],
     "61": ["610100", "611000"]},
]
DISEASES = ["M03900", "M01600", "M00500"]
SPLIT = [None, "", "M03900,M01600", "M03900 M01600", "M03900、", "M99999", "M03900|M01600", "M03900\u3000M01600", ";",
         "M07800", " M03900 ", "M03900;M01600/M00500", "M03900，M03900", "M03900\u00a0M01600", "；,", "M039.00"]


# What a row's total is made of.
PARTS = [*o.FUNDS, "acct_pay", "psn_cash_pay", "hosp_part_amt"]


def q(v):
    """A value in TOML."""
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, str):
        return json.dumps(v, ensure_ascii=False)
    if isinstance(v, list):
        return "[%s]" % ", ".join(map(q, v))
    return str(v)


def inline(d):
    return "{ %s }" % ", ".join("%s = %s" % (k, q(v)) for k, v in d.items())


class Gen:
    def __init__(self, seed):
        self.rng = g = random.Random("review %d" % seed)
        self.old = settlements.Gen(seed, 0, "2025-09")
        self.divs = g.choice(WORLDS)
        self.old.divs = self.divs
        self.month = g.choice(["2025-10", "2025-12", "2026-01", "2024-02", "2025-03"])
        self.first = dt.date.fromisoformat(self.month + "-01")
        self.persons = ["P%02d" % i for i in range(g.choice([3, 6, 12, 30]))] + ["人一", "p 1", "P01 "]
        self.persons = self.persons[:max(2, g.randrange(len(self.persons) + 1))]
        self.places = {p: g.choice(sorted(self.divs)) for p in self.persons}
        many = g.choice([3, 5, 9])
        self.hospitals = ["H%011d" % i for i in range(1, many)] + ["Habc00000001"]
        self.pharmacies = ["P%011d" % i for i in range(1, g.choice([2, 4, 7]))]
        self.area = {i: g.choice(self.divs[g.choice(sorted(self.divs))]) for i in self.hospitals + self.pharmacies}
        self.count = 0
        self.days = g.choice([4, 10, 27])                 # settlements lie in so many days
        self.months_back = g.choice([0, 1, 3])
        self.grid = g.choice([100, 5000, 10000, 50000])
        self.mix = g.choice([[3, 3, 2, 3], [8, 1, 1, 1], [1, 8, 1, 1], [1, 1, 1, 8], [1, 1, 8, 1]])
        self.missing = {f for f in inputs.EXTRA if self.chance(0.2)}
        self.levels = g.sample(["01", "1", "2", "3", "3A", "3B", "community", "village", "zz", "", None], 5) + [None, "3"]
        self.values = self.make_values()

    def chance(self, p):
        return self.rng.random() < p

    # ------------------------------------------------------------ rows

    def when(self):
        """A time in few days and on a grid of minutes, so that borders are met."""
        g = self.rng
        if self.months_back and self.chance(0.6):
            n = o.month_no(self.month) - g.randrange(self.months_back + 1)
        else:
            n = o.month_no(self.month)
        if self.chance(0.02):
            n -= g.choice([1, 5, 13])                     # a late claim
        day = dt.date(n // 12, n % 12 + 1, 1) + dt.timedelta(days=g.randrange(self.days))
        if self.chance(0.05):
            day = dt.date(n // 12, n % 12 + 1, 28)
        minutes = g.choice([0, 1, 60, 120, 121, 240, 600, 601, 720, 840, 1439, 1320, g.randrange(1440)])
        micro = g.choice([0] * 6 + [1000, 999000, -1000])
        return dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minutes, microseconds=micro)

    def new_id(self):
        self.count += 1
        return self.rng.choice(["S%05d", "S%05d", "s%d", "结%d", "S%d"]) % self.count

    def settlement(self, care=None):
        g = self.rng
        care = care or g.choices(["inpatient", "outpatient", "chronic", "pharmacy"], self.mix)[0]
        codes = {"inpatient": ["21", "21", "22", "28"], "outpatient": ["11", "12"], "chronic": ["14", "140104"],
                 "pharmacy": ["41"]}[care]
        person = g.choice(self.persons)
        ip = self.places[person] if self.chance(0.9) else g.choice(sorted(self.divs))
        inst = g.choice(self.pharmacies if care == "pharmacy" and self.chance(0.95) else self.hospitals)
        area = self.area[inst] if self.chance(0.85) else g.choice(self.divs[g.choice(sorted(self.divs))])
        if o.province(area) == ip:
            area = g.choice(self.divs[g.choice([p for p in sorted(self.divs) if p != ip])])
        r = dict.fromkeys(o.ALL_FIELDS + inputs.EXTRA)
        r.update(setl_id=self.new_id(), psn_no=person, insuplc_admdvs=g.choice(self.divs[ip]), mdtrtarea_admvs=area,
                 fixmedins_code=inst, insutype=g.choice(["310", "310", "390"]), med_type=g.choice(codes),
                 setl_time=self.when())
        if care == "chronic" or self.chance(0.02):
            r["dise_codg"] = g.choice(DISEASES)
        day = r["setl_time"].date()
        if care == "inpatient" or self.chance(0.1):
            r["enddate"] = day - dt.timedelta(days=g.choice([0, 0, 0, 1, 2]))
            r["begndate"] = r["enddate"] - dt.timedelta(days=g.choice([0, 0, 1, 1, 2, 3, 6, 7, 8, 89, 90, 180, 200]
                                                                      if self.chance(0.3) else [0, 1, 2, 4]))
            x = g.random()
            if x < 0.04:
                r["begndate"] = None
            elif x < 0.08:
                r["enddate"] = None
            elif x < 0.12:
                r["begndate"] = r["enddate"] + dt.timedelta(days=1)
        self.amounts(r, care)
        self.extras(r)
        return r

    def amounts(self, r, care):
        g = self.rng
        for f in o.AMOUNTS13 + ["acct_mulaid_pay"]:
            r[f] = 0
        unit = self.grid
        r["hifp_pay"] = unit * g.choice([0, 1, 2, 3, 5, 10])
        if self.chance(0.2):
            r[g.choice(o.FUNDS[1:])] = unit * g.choice([1, 2])
        r["acct_pay"] = unit * g.choice([0, 0, 1, 2])
        r["psn_cash_pay"] = unit * g.choice([0, 1, 2])
        if self.chance(0.2):                              # of the account alone, at its border
            for f in o.FUNDS:
                r[f] = 0
            total = unit * g.choice([1, 2, 4])
            r["acct_pay"] = total * 95 // 100 + g.choice([0, 0, -1, total * 5 // 100])
            r["psn_cash_pay"] = total - r["acct_pay"]
        if care == "inpatient" and self.chance(0.5):      # around the limit of BEH-15
            border = g.choice([200000, 250000, 300000, 350000])
            r["psn_cash_pay"] = max(0, border + g.choice([0, -1, 1]) - r["hifp_pay"] - r["acct_pay"])
        self.old.balance(r)
        if not self.chance(0.15):
            r["inscp_scp_amt"] = max(0, r["medfee_sumamt"] - unit * g.choice([0, 0, 1, 2]))
        if self.chance(0.05):
            r["inscp_scp_amt"] = g.choice([0, 1, -100])

    def extras(self, r):
        g = self.rng
        r["hosp_lv"] = g.choice(self.levels)
        r["psn_type"] = g.choice(["11", "12", "14", "15", "99", "retired", "student", "", None, None])
        born = g.choice([None, dt.date(1960, 1, 1), dt.date(2008, 2, 29), dt.date(2007, 11, 3), dt.date(1980, 10, 4),
                         r["setl_time"].date().replace(year=2007, day=min(28, r["setl_time"].day)),
                         r["setl_time"].date().replace(year=1980, day=min(28, r["setl_time"].day))])
        r["brdy"], r["age"] = born, g.choice([None, 17, 18, 44, 45, 46, 70, 0])
        r["clct_grde"] = g.choice([None, "1", "2", "高"])
        r["cal_ipt_cnt"] = g.choice([None, "1", "1", "2", "02", "3", "4", "0", "x", "1.0", "-1"])
        r["otp_er_refl_flag"] = g.choice([None] * 4 + ["0", "1", "emergency", "9", ""])
        r["ipt_type"] = g.choice([None] * 6 + ["0", "2", "emergency", "9"])
        r["mid_setl_flag"] = g.choice([None, "0", "0", "1", " 1"])
        r["mdtrt_cert_type"] = g.choice(["01", "02", "03", None])
        r["mdtrt_cert_no"] = g.choice([None, None, "c-%d" % self.persons.index(r["psn_no"]),
                                       "c-%d" % g.randrange(40), "令牌"])
        ladder = [0, 10000, 20000, 40000, 30000, 12000, 24000, 36000, 9600, 1, self.grid]
        r["act_pay_dedc"] = g.choice([None, None] + ladder)
        if r["act_pay_dedc"] is not None and self.chance(0.1):
            r["act_pay_dedc"] = r["inscp_scp_amt"] if self.chance(0.7) else -100
        r["dedc_std"] = g.choice([None, r["act_pay_dedc"], r["act_pay_dedc"]] + ladder)
        for f in self.missing:
            r[f] = None

    def reversal(self, orig):
        g = self.rng
        r = dict(orig, setl_id=self.new_id(), init_setl_id=orig["setl_id"])
        if self.chance(0.7):
            r["setl_time"] = self.when()
        if self.chance(0.1):
            r["fixmedins_code"] = g.choice(self.hospitals)
        for f in o.DECIMALS:
            r[f] = None if r[f] is None else -abs(r[f])
        # The payments of a repeated row may be null, and then nothing adds up.
        if self.chance(0.2) and None not in (r[f] for f in PARTS):
            r["hifp_pay"] -= 100
            self.old.balance(r)
        return r

    def rows(self, count):
        """Rows with what may happen to them: copies, reversals, broken rows, chronic rows without a disease."""
        g, out = self.rng, []
        reversals = g.choice([0.05, 0.05, 0.25])
        while len(out) < count:
            x, r = g.random(), self.settlement()
            if out and x < 0.06:                          # the same id again, somewhere else
                r = dict(g.choice(out))
                if self.chance(0.6):
                    r.update(psn_no=g.choice(self.persons), setl_time=self.when())
            elif x < 0.06 + reversals:
                orig = g.choice(out) if out and self.chance(0.8) else r
                r = self.reversal(orig)
                if self.chance(0.1):
                    r["init_setl_id"] = "unknown"
                if self.chance(0.2):
                    out.append(self.reversal(orig))
            elif x < 0.12 + reversals:
                old = self.old.rng.getstate()
                self.old.rng.seed(g.random())
                broken = self.old.break_row(r, self.month)
                self.old.rng.setstate(old)
                if broken["setl_time"] is None or isinstance(broken["setl_time"], dt.datetime) \
                        and 2000 <= broken["setl_time"].year < 2100:
                    out.append(broken)
                    if self.chance(0.3):
                        out.append(self.reversal(r))
            elif x < 0.17 + reversals:
                r["med_type"], r["dise_codg"] = "14", g.choice(SPLIT)
                if self.chance(0.15) and out:
                    r["setl_id"] = g.choice(out)["setl_id"]
                y = g.random()
                if y < 0.1:
                    out.append(dict(r, dise_codg=g.choice(SPLIT)))
                elif y < 0.2:
                    out.append(self.reversal(r))
                elif y < 0.3:
                    out.append(dict(self.reversal(r), dise_codg="M03900"))
                elif y < 0.4:
                    r = dict(self.reversal(r))
                elif y < 0.5:
                    r["hifp_pay"] += 1                    # breaks V07 too
            out.append(r)
            if self.chance(0.3):
                out += self.near(r)
        return out

    def near(self, r):
        """Settlements that meet the one before: same person, at a border."""
        g, out = self.rng, []
        for _ in range(g.choice([1, 1, 2, 4])):
            c = self.settlement()
            c["psn_no"], c["insuplc_admdvs"] = r["psn_no"], r["insuplc_admdvs"]
            c["mdtrt_cert_no"] = r["mdtrt_cert_no"]
            if o.province(c["mdtrtarea_admvs"]) == o.province(c["insuplc_admdvs"]):
                c["mdtrtarea_admvs"] = r["mdtrtarea_admvs"]
            if r["setl_time"] is None or not 2000 < r["setl_time"].year < 2099:
                continue
            if self.chance(0.6):
                apart = g.choice([0, 1, 119, 120, 121, 30])
                c["setl_time"] = r["setl_time"] + dt.timedelta(minutes=apart, milliseconds=g.choice([0, 0, 1, -1]))
            if self.chance(0.5):
                c["fixmedins_code"] = r["fixmedins_code"]
            if c["med_type"] in ("21", "22", "28") and r["enddate"]:
                gap = g.choice([0, 1, -1, 2, 3, 7, 8])
                c["begndate"] = r["enddate"] + dt.timedelta(days=gap)
                c["enddate"] = c["begndate"] + dt.timedelta(days=g.choice([0, 1, 2]))
                if self.chance(0.3):
                    c["begndate"], c["enddate"] = r["begndate"], r["enddate"]
            if c["dise_codg"] and c["dise_codg"] not in DISEASES:
                c["dise_codg"] = "M03900"
            out.append(c)
        return out

    def worth(self, care, day, inst, amount, alone=False):
        """A settlement of so many fen, paid by the account alone or half by the fund."""
        r = self.settlement(care)
        for f in o.AMOUNTS13:
            r[f] = 0
        r["acct_pay"] = amount if alone else amount // 2
        r["hifp_pay"] = amount - r["acct_pay"]
        self.old.balance(r)
        r["inscp_scp_amt"] = None
        r.update(fixmedins_code=inst, setl_time=dt.datetime.combine(day, dt.time(self.rng.randrange(24))))
        return r

    def planted(self):
        """Institutions and persons whose sums meet the borders of BEH-10, 12 and 19 to the fen."""
        g, out, n = self.rng, [], o.month_no(self.month)
        first = lambda k: dt.date((n - k) // 12, (n - k) % 12 + 1, 1)
        for i in range(g.choice([0, 2, 4])):
            inst = "Hsurge%06d" % i
            for k, amount in ((2, g.choice([20000, 10000, None])), (1, g.choice([40000, 10000])),
                              (0, g.choice([10000, 30000, 60000, 100000]) + g.choice([0, 0, 0, -1, 1]))):
                if amount and (k == 0 or self.months_back):
                    out.append(self.worth("outpatient", first(k), inst, amount))
        for i in range(g.choice([0, 2, 4])):
            shop = "Palone%06d" % i
            unit = g.choice([100, 10000])
            for k in range(g.choice([1, 2, 4, 5])):
                out.append(self.worth("pharmacy", first(0) + dt.timedelta(days=k), shop,
                                      unit + (g.choice([0, 0, 0, -1]) if k == 0 else 0), self.chance(0.7)))
        for i in range(g.choice([0, 2, 4])):
            shops = g.choice([1, 2, 3])
            total = g.choice([20000, 50000]) + g.choice([0, 0, 1])
            for k in range(shops):
                r = self.worth("pharmacy", first(0) + dt.timedelta(days=k), "Pshop%07d" % k,
                               total // shops + (total % shops if k == 0 else 0))
                out.append(dict(r, psn_no="买药%d" % i))
        g.shuffle(out)
        return out

    def border_month(self, rows, world):
        """Another month with a tenth of the settlements of the largest one, or one settlement less."""
        count = {}
        for r in world.settlements:
            count[r["month"]] = count.get(r["month"], 0) + 1
        if not count:
            return
        most = max(count.values())
        largest = dt.date.fromisoformat(min(m for m in count if count[m] == most) + "-02")
        for _ in range(-most % 10):
            rows.append(self.worth("outpatient", largest, self.hospitals[0], 1000))
        n = o.month_no(self.month) + 1
        later = dt.date(n // 12, n % 12 + 1, 3)
        for _ in range((most + 9) // 10 - self.chance(0.3)):
            rows.append(self.worth("outpatient", later, self.hospitals[0], 1000))

    # ------------------------------------------------------------ rules and benefits

    def make_values(self):
        g, out = self.rng, {}
        if self.chance(0.7):
            out["rloc_rea"] = {"1": "long_term", "2": "transfer", "3": "temporary"}
            if self.chance(0.2):
                out["rloc_rea"]["4"] = ""
        if self.chance(0.6):
            out["hosp_lv"] = {"01": g.choice(["3", "3A", "2"])}
            if self.chance(0.3):
                out["hosp_lv"]["zz"] = ""
            if self.chance(0.2):
                out["hosp_lv"]["2"] = "3B"
        if self.chance(0.2):
            out["psn_type"] = {"11": "adult", "12": "retired", "14": "student"}
        if self.chance(0.5):
            out["otp_er_refl_flag"] = {"1": "emergency"}
        if self.chance(0.4):
            out["ipt_type"] = {"2": "emergency", "0": ""}
        return out

    def rules_text(self):
        g = self.rng
        money = lambda *v: g.choice(v)
        small = {
            "BEH-01": {"days": g.choice([0, 1, 2])}, "BEH-02": {"days": g.choice([0, 2, 7])},
            "BEH-03": {"count": g.choice([1, 2, 3])}, "BEH-05": {"count": g.choice([1, 2]), "percent": g.choice([20, 50, 100])},
            "BEH-06": {"minutes": g.choice([0, 30, 120, 121])}, "BEH-07": {"count": g.choice([2, 3])},
            "BEH-08": {"count": g.choice([2, 4])}, "BEH-09": {"count": g.choice([2, 3])},
            "BEH-10": {"institutions": g.choice([1, 2, 3]), "amount": money("0.00", "200.00", "500.00")},
            "BEH-11": {"crowd": g.choice([2, 4, 20]), "days": g.choice([1, 2]), "persons": g.choice([2, 3])},
            "BEH-12": {"times": g.choice([1, 2]), "months": g.choice([1, 2]), "amount": money("0.00", "100.00", "1000.00")},
            "BEH-13": {"count": g.choice([2, 5]), "times": g.choice([1, 2, 3])},
            "BEH-14": {"settlements": g.choice([1, 2, 5]), "institutions": g.choice([2, 3]),
                       "factor": g.choice([1, 6745, 10000])},
            "BEH-15": {"limit": money("2500.00", "3000.00"), "width": money("500.00", "0.01", "1000.00"),
                       "count": g.choice([1, 2]), "times": g.choice([1, 2])},
            "BEH-16": {"count": g.choice([1, 2]), "percent": g.choice([5, 20, 50])}, "BEH-17": {"count": g.choice([2, 3])},
            "BEH-18": {"persons": g.choice([2, 3])},
            "BEH-19": {"count": g.choice([1, 2, 4]), "percent": g.choice([20, 50, 95]), "amount": money("0.00", "1.00", "100.00")},
            "FIL": {"care_class": g.choice([["inpatient"], ["inpatient", "outpatient", "chronic", "pharmacy"],
                                            ["outpatient", "chronic"]])},
            "BEN": {"tolerance": money("0.00", "1.00", "10.00")},
        }
        lines = ["format = 1"]
        off = g.sample(inputs.RULES, g.choice([0, 0, 0, 1, 3]))
        if off or self.chance(0.3):
            lines.append("off = %s" % q(off))
        entries, n = [], o.month_no(self.month)
        months = [o.month_of(n - k) + "-01" for k in (-1, 0, 1, 2)] + [self.month + "-02", "2000-01-01", "2023-01-01"]
        for rule, keys in small.items():
            if self.chance(0.12):
                continue
            since = ["2000-01-01"] if self.chance(0.85) else g.sample(months, g.choice([1, 2, 3]))
            for k, day in enumerate(since):
                own = keys
                if k and "count" in keys:
                    own = dict(keys, count=keys["count"] + k)
                entries.append(inline({"rule": rule, "from": day, "source": "ours", **own}))
        g.shuffle(entries)
        lines.append("threshold = [\n  %s\n]" % ",\n  ".join(entries))
        if self.values:
            lines.append("[values]")
            lines += ["%s = { %s }" % (f, ", ".join("%s = %s" % (q(k), q(v)) for k, v in t.items()))
                      for f, t in self.values.items()]
        return "\n".join(lines) + "\n"

    def deductibles(self):
        """Shapes H1 to H11."""
        g, rows = self.rng, []
        add = lambda **k: rows.append(k)
        shape = g.choice(["level", "stay", "or_less", "again", "age", "person", "institutions", "none", "grade", "disease"])
        care = {"care_class": "inpatient"}
        if shape == "level":
            for lv, a in (("community", "100.00"), ("1", "100.00"), ("3A", "400.00"), ("3", "300.00")):
                add(**care, level=lv, amount=a)
            add(**care, amount="200.00")
        elif shape == "stay":
            add(**care, stay="1", level=["3", "2"], amount="400.00")
            add(**care, stay=["2", "3"], amount="200.00")
            add(**care, stay="4+", amount="100.00")
            if self.chance(0.5):
                add(**care, amount="300.00")
        elif shape == "or_less":
            add(**care, level="3", amount="400.00", or_less=True)
            add(**care, amount="100.00", or_less=self.chance(0.5))
        elif shape == "again":
            add(**care, level="3", amount="100.01", again_days=90)
            add(**care, amount="120.00", again_days=g.choice([1, 2, 90]))
        elif shape == "age":
            add(**care, age_below=45, amount="400.00")
            add(**care, age_from=70, amount="100.00")
            add(**care, amount="200.00")
        elif shape == "person":
            add(**care, person=["retired", "minor"], amount="100.00")
            add(**care, person="student", amount="0.00")
            add(**care, amount="200.00")
        elif shape == "institutions":
            add(**care, institutions=self.hospitals[:2], amount="400.00")
            add(**care, networked=False, amount="300.00")
            add(**care, amount="200.00")
        elif shape == "grade":
            add(**care, grade="1", amount="300.00")
            add(**care, grade=["2", "高"], amount="100.00")
        elif shape == "disease":
            add(care_class="chronic", disease=["M03900", "M01600"], amount="100.00")
            add(care_class="inpatient", filing=["none", "temporary"], amount="400.00")
            add(care_class="inpatient", amount="100.00")
        if self.chance(0.6):
            add(care_class=["outpatient", "chronic"], amount=g.choice(["100.00", "0.00", "0.01"]),
                **({"or_less": True} if self.chance(0.4) else {}))
        return rows

    def ratios(self, shape=None):
        """Shapes R1 to R6."""
        g, rows = self.rng, []
        care = {"care_class": g.choice(["inpatient", ["inpatient", "outpatient"], ["inpatient", "chronic", "pharmacy"]])}
        shape = shape or g.choice(["flat", "level", "bands", "bands2", "grade", "months", "holes", "filing", "filing"])
        if shape == "level":
            rows.append({**care, "level": "3", "person": "retired", "percent": "85"})
            rows.append({**care, "level": "3B", "percent": "82.5"})
            rows.append({**care, "level": "3", "percent": "80"})
            rows.append({**care, "level": "community", "percent": "95"})
        elif shape in ("bands", "bands2"):
            top = [{**care, "upto": "500.00", "percent": "80"}]
            if shape == "bands2":
                top += [{**care, "above": "500.00", "upto": "1000.01", "percent": "95"},
                        {**care, "above": "1000.01", "percent": "33.3"}]
            else:
                top += [{**care, "above": "500.00", "percent": g.choice(["90", "60", "0"])}]
            return ([{**care, "person": "retired", "percent": "97"}] if self.chance(0.5) else []) + top
        elif shape == "grade":
            rows.append({**care, "grade": "1", "percent": "50"})
            rows.append({**care, "age_below": 18, "percent": "70"})
        elif shape == "months":
            rows.append({**care, "months_insured_from": 72, "percent": "90"})
            rows.append({**care, "disease": "M03900", "percent": "99.99"})
        elif shape == "filing":
            rows.append({**care, "filing": g.choice([["none"], ["none", "temporary"], ["transfer"]]), "percent": "40"})
        if shape == "holes":
            return [{**care, "level": ["3", "2"], "percent": "80"}]
        return rows + [{**care, "percent": g.choice(["80", "70", "5", "98"])}]

    def remotes(self, shape=None):
        """Shapes X1 to X5."""
        g = self.rng
        shape = shape or g.choice(["points", "factor", "share", "dedc", "none", "all", "level", "early", "same"])
        return {
            "points": [{"filing": ["transfer", "emergency"], "points": "-10"},
                       {"filing": ["temporary", "none"], "points": "-20"}],
            "factor": [{"filing": ["transfer", "emergency", "temporary"], "factor": "0.9"},
                       {"filing": "none", "networked": True, "factor": "0.5"}, {"filing": "none", "factor": "0.3"}],
            "share": [{"filing": "none", "first_share": "20"}, {"filing": ["emergency", "transfer", "temporary"],
                                                               "first_share": "10", "points": "-5"}],
            "dedc": [{"filing": "none", "deductible_factor": "1.2", "points": "-10"},
                     {"filing": ["transfer", "emergency"], "points": "0"}],
            "none": [],
            "same": [{"filing": ["emergency", "transfer", "temporary", "none"], "points": "-10"}],
            "all": [{"points": "-99"}],
            "level": [{"filing": ["transfer", "none"], "level": "3", "points": "-10"},
                      {"filing": ["transfer", "emergency", "temporary", "none"], "points": "-20"}],
            "early": [{"filing": "long_term", "points": "10"}, {"filing": "temporary", "factor": "0"}],
        }[shape]

    def caps(self):
        g = self.rng
        amount = lambda: g.choice(["500.00", "1000.00", "2000.00", "5000.00"])
        rows = []
        if self.chance(0.4):
            rows.append({"care_class": "inpatient", "level": "3", "year": amount()})
        if self.chance(0.4):
            rows.append({"care_class": ["inpatient", "chronic"], "year": amount()})
        if self.chance(0.4):
            rows.append({"care_class": "outpatient", "person": "retired", "year": amount()})
        if self.chance(0.5):
            rows.append({"care_class": ["outpatient", "pharmacy"], **({"year": amount()} if self.chance(0.5) else {}),
                         "visit": g.choice(["50.00", "20.01", "300.00"])})
        if self.chance(0.4):
            rows.append({"care_class": ["inpatient", "outpatient", "chronic", "pharmacy"], "wage_times": g.choice(["6", "0.015"])})
        return rows

    def set_text(self, areas, fund, first, until):
        g = self.rng
        lines = ["[[set]]", "area = %s" % q(areas), 'fund_class = "%s"' % fund, 'from = "%s"' % first]
        if until:
            lines.append('until = "%s"' % until)
        lines.append('source = "ours"')
        if self.chance(0.3):
            lines.append('year_starts = "%s"' % g.choice(["07-01", "10-05", self.month[5:] + "-03"]))
        if self.chance(0.4):
            lines.append("deemed = %s" % q(g.sample(sorted(self.divs), g.choice([1, 1, 2]))))
        caps = self.caps()
        if any("wage_times" in c for c in caps):
            lines.append('wage = [ { from = "2020-01-01", amount = "333.33" }, { from = "%s-04", amount = "450.01" } ]'
                         % self.month)
        by_class = self.chance(0.15)                      # the ratio hangs on the class, the row of `remote` does not
        for table, rows in (("deductible", self.deductibles()), ("ratio", self.ratios("filing" if by_class else None)),
                            ("remote", self.remotes("same" if by_class else None)), ("cap", caps)):
            if rows:
                lines.append("%s = [\n  %s\n]" % (table, ",\n  ".join(map(inline, rows))))
        return "\n".join(lines) + "\n"

    def benefits(self, folder):
        g = self.rng
        os.makedirs(folder)
        files = {}
        for n, p in enumerate(sorted(self.divs)):
            for fund in ("employee", "resident"):
                if self.chance(0.25):
                    continue
                areas = sorted({inputs.area_prefix(d) for d in self.divs[p]} | {p})
                areas = g.sample(areas, g.choice([1, 1, len(areas)]))
                for a in areas:
                    name = "%s-%d.toml" % (fund, n)
                    full = a.ljust(6, "0")
                    if self.chance(0.25):                 # a new set from within the month on
                        cut = self.first + dt.timedelta(days=g.randrange(1, 5))
                        before = cut - dt.timedelta(days=1)
                        files.setdefault(name, []).append(self.set_text([full], fund, "2000-01-01", before))
                        if self.chance(0.8):
                            files[name].append(self.set_text([full], fund, cut, None))
                    else:
                        files.setdefault(name, []).append(self.set_text([full], fund, "2000-01-01", None))
        if not files:
            files["all.toml"] = [self.set_text([sorted(self.divs)[0]], "employee", "2000-01-01", None)]
        for name, sets in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                f.write("format = 1\n\n" + "\n".join(sets))

    # ------------------------------------------------------------ filings and registry

    def filing(self, r):
        """A filing near the settlement: it fits, or just does not."""
        g = self.rng
        day = r["begndate"] or r["setl_time"].date()
        begin = day + dt.timedelta(days=g.choice([0, 0, -1, 1, -30, -400]))
        end = g.choice([None, day, day + dt.timedelta(days=1), day - dt.timedelta(days=1), begin, begin - dt.timedelta(days=1)])
        tp = o.province(r["mdtrtarea_admvs"])
        place = g.choice([r["mdtrtarea_admvs"], r["mdtrtarea_admvs"][:4], tp, g.choice(self.divs[tp]),
                          g.choice(self.divs[g.choice(sorted(self.divs))])])
        insu = g.choice([r["insuplc_admdvs"], r["insuplc_admdvs"][:2], r["insuplc_admdvs"][:4],
                         g.choice(self.divs[g.choice(sorted(self.divs))])])
        made = r["setl_time"].replace(microsecond=0) + dt.timedelta(seconds=g.choice([0, 0, 1, -1, 86400, 5000, -9000]))
        return {"psn_no": r["psn_no"] if self.chance(0.95) else "nobody", "insu_admdvs": insu, "rloc_admdvs": place,
                "rloc_rea": g.choice(["1", "1", "2", "3", "long_term", "temporary", "transfer", "9", "4", None]),
                "begndate": begin, "enddate": end, "crte_time": g.choice([None, made, made, made, made]),
                "vali_flag": g.choice(["1", "1", "1", "1", None, "0", "2", "Y"])}

    def filings(self, path, rows):
        g = self.rng
        fit = [r for r in rows if r["setl_time"] and o.province(r["mdtrtarea_admvs"]) in self.divs
               and o.province(r["insuplc_admdvs"]) in self.divs and r["psn_no"]]
        quiet = g.choice([None, None, *sorted(self.divs)])          # a province that files nothing
        out = [self.filing(g.choice(fit)) for _ in range(int(len(rows) * g.choice([0.05, 0.3, 1])))]
        out = [f for f in out if o.province(f["insu_admdvs"].ljust(6, "0")) != quiet]
        out += g.sample(out, len(out) // 10)                        # repetitions
        g.shuffle(out)
        if path.endswith(".parquet"):
            zone = g.choice([None, "UTC", "Asia/Shanghai"])
            unit = g.choice(["ms", "us", "ns"])
            times = [None if f["crte_time"] is None else
                     (f["crte_time"] - dt.timedelta(hours=8)).replace(tzinfo=dt.timezone.utc) if zone else f["crte_time"]
                     for f in out]
            cols = {c: pa.array([f[c] for f in out], pa.string()) for c in
                    ("psn_no", "insu_admdvs", "rloc_admdvs", "rloc_rea", "vali_flag")}
            cols.update(begndate=pa.array([f["begndate"] for f in out], pa.date32()),
                        enddate=pa.array([f["enddate"] for f in out], pa.date32()),
                        crte_time=pa.array(times, pa.timestamp(unit, tz=zone)))
            names = list(cols)
            g.shuffle(names)
            pq.write_table(pa.table({n: cols[n] for n in names}), path)
            return
        columns = list(inputs.FILING) + (["note"] if self.chance(0.5) else [])
        g.shuffle(columns)
        buf = io.StringIO()
        w = csv.writer(buf, lineterminator=g.choice(["\n", "\r\n"]), quoting=g.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        w.writerow(columns)
        for f in out:
            text = {k: "" if v is None else v.strftime("%Y-%m-%d %H:%M:%S") if isinstance(v, dt.datetime) else str(v)
                    for k, v in f.items()}
            w.writerow([text.get(c, '备,"注"\n二') for c in columns])
        with open(path, "wb") as f:
            f.write((b"\xef\xbb\xbf" if self.chance(0.3) else b"") + buf.getvalue().encode())

    def registry(self, path):
        g = self.rng
        columns = ["fixmedins_code", "county", "kind", "care_classes", "opened_on"]
        columns += [c for c in ("level", "networked") if self.chance(0.8)]
        with open(path, "w", encoding="utf-8", newline="") as f:
            w = csv.writer(f)
            w.writerow(columns)
            for code in self.hospitals + self.pharmacies:
                if self.chance(0.85):
                    row = {"fixmedins_code": code, "county": self.area[code], "kind": code[0],
                           "care_classes": "pharmacy" if code[0] == "P" else "inpatient;outpatient;chronic",
                           "opened_on": "2020-01-01", "level": g.choice(["01", "1", "2", "3", "3A", "community", "", "zz"]),
                           "networked": g.choice(["1", "0", ""])}
                    w.writerow([row[c] for c in columns])

    # ------------------------------------------------------------ Parquet

    def text_array(self, values):
        g = self.rng
        numeric = all(v is None or v.isascii() and v.isdigit() and str(int(v)) == v and len(v) < 9 for v in values)
        if numeric and self.chance(0.3):
            return pa.array([None if v is None else int(v) for v in values], g.choice([pa.int32(), pa.int64()]))
        return pa.array(["" if v is None and self.chance(0.3) else v for v in values], pa.string())

    def write(self, path, rows):
        g, cols = self.rng, []
        for f in o.ALL_FIELDS + inputs.EXTRA:
            values = [r[f] for r in rows]
            optional = f not in o.REQUIRED
            if optional and all(v is None for v in values) and self.chance(0.7):
                if self.chance(0.4):
                    cols.append((f, pa.nulls(len(rows))))
                continue
            if f in inputs.CODES:
                a = self.text_array(values)
            elif f == "age":
                a = pa.array(values, g.choice([pa.int8(), pa.int32(), pa.int64()]))
            elif f in o.DATES + ["brdy"]:
                a = pa.array(values, pa.date32())
            elif f == "setl_time":
                a, _ = self.old.time_array(values, "plain")
            elif f in o.DECIMALS + inputs.AMOUNTS:
                a = self.old.decimal_array(f, values)
            else:
                a = self.old.string_array(f, values)
            cols.append((f, a))
        if self.chance(0.5):
            g.shuffle(cols)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        pq.write_table(pa.table(dict(cols)), path, row_group_size=g.choice([7, 50, 100000]),
                       compression=g.choice(["none", "snappy", "zstd"]))

    def deliveries(self, out, rows):
        g = self.rng
        n = g.choice([1, 2, 3])
        parts = [[] for _ in range(n)]
        for r in rows:
            parts[g.randrange(n)].append(r)
        for i, part in enumerate(parts, 1):
            files = g.choice([1, 2, 3])
            names = g.sample(settlements.FILE_NAMES, files)
            for k, name in enumerate(names):
                self.write(os.path.join(out, str(i), "treating", name), part[k::files])
            if self.chance(0.2):
                self.totals(os.path.join(out, str(i)))
        return [str(i) for i in range(1, n + 1)]

    def totals(self, folder):
        with open(os.path.join(folder, "control-totals.csv"), "w", encoding="utf-8", newline="") as f:
            w = csv.writer(f)
            w.writerow(["file", "rows", "medfee_sumamt", "fund_pay_sumamt", "acct_pay"])
            for rel, path in inputs.parquet_files(folder):
                got, _ = o.read_parquet(path, rel)
                w.writerow([rel, len(got)] + [o.yuan(sum(r[c] or 0 for r in got))
                                              for c in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")])

    # ------------------------------------------------------------ what the fund should have paid

    def tune(self, rows, world):
        """Sets hifp_pay of some settlements to a border of their range, or of that of another class."""
        g = self.rng
        tolerance = world.keys.get("BEN", {}).get("tolerance", 100)
        at = {(r["file"], r["row"]): r for r in world.settlements}
        for k, r in enumerate(rows):
            s = at.get(("memory", k))
            if s is None or not s["set"] or not self.chance(0.6):
                continue
            j = benefit.Judgement(s["set"], s)
            if self.chance(0.1) and self.touch(r, j):
                continue
            spans = [j.span]
            for c in benefit.CLASSES:
                spans.append(benefit.span_of(j.facts.all(s["care_class"], [c])[c], s))
            spans = [x for x in spans if x]
            if not spans:
                continue
            span = spans[0] if self.chance(0.5) else g.choice(spans)
            border = g.choice(span)
            r["hifp_pay"] = max(0, border + g.choice([0, 0, 0, 1, -1, tolerance, -tolerance, tolerance + 1,
                                                      -tolerance - 1]))
            if self.chance(0.1):
                r["act_pay_dedc"] = r["inscp_scp_amt"]
            self.old.balance(r)
            if all(r[f] is not None for f in o.SCOPE):
                r["preselfpay_amt"] = None


    def touch(self, r, j):
        """An amount in scope with which the ranges of two classes have one amount in common (BEN-03)."""
        s = dict(j.s, act_pay_dedc=None)
        if s["class"] == "unknown":
            return False
        for c in benefit.CLASSES:
            other = j.facts.all(s["care_class"], [c])[c]
            for mine, its in ((1, 0), (0, 1)):
                def apart(scope):
                    s["inscp_scp_amt"] = scope
                    spans = benefit.span_of(j.own[s["class"]], s), benefit.span_of(other, s)
                    return spans, None if None in spans else spans[0][mine] - spans[1][its]
                high = 500000
                if apart(high)[1] is None:
                    continue
                low = next((x for x in (10000, 20000, 40000, 80000) if apart(x)[1] * apart(high)[1] < 0), None)
                if low is None:
                    continue
                sign = 1 if apart(high)[1] > 0 else -1
                while high - low > 1:
                    middle = (low + high) // 2
                    low, high = (low, middle) if sign * apart(middle)[1] >= 0 else (middle, high)
                spans, difference = apart(high)
                if difference == 0 and spans[0][0] < spans[0][1] and spans[1][0] < spans[1][1]:
                    r["inscp_scp_amt"], r["act_pay_dedc"], r["hifp_pay"] = high, None, spans[1][1 - its]
                    r["preselfpay_amt"] = None
                    self.old.balance(r)
                    return True
        return False


class Memory(reference.World):
    """The world of rows that are not written yet."""
    def __init__(self, rows, rules, filings, registry, sets):
        self.rules, self.filings, self.registry, self.sets = rules, filings, registry, sets
        copies = [o.finish_record(dict(r, fraction={}, input=1, file="memory", row=k)) for k, r in enumerate(rows)
                  if all(v is None or isinstance(v, int) for v in (r[f] for f in o.DECIMALS))]
        for r in copies:
            for f in o.STRINGS + inputs.CODES:
                r[f] = r[f] or None
        self.judge(copies)
        for rid, r in enumerate(self.reviewed + self.undiseased):
            r["rid"] = rid
            self.derive(r)
        self.all = self.reviewed + self.undiseased
        self.settlements = [r for r in self.reviewed if r["status"] == "settlement"]
        self.months()


def generate(seed, out):
    """Writes the world of a seed and returns its plan."""
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    gen = Gen(seed)
    g = gen.rng
    plan = {"seed": seed}
    path = lambda name: os.path.join(out, name)
    if gen.chance(0.95):
        plan["rules"] = "rules.toml"
        with open(path("rules.toml"), "w", encoding="utf-8") as f:
            f.write(gen.rules_text())
    rows = gen.rows(g.choice([100, 200, 300, 500])) + gen.planted()
    if gen.chance(0.9):
        plan["benefits"] = "benefits"
        gen.benefits(path("benefits"))
    if gen.chance(0.8):
        plan["filings"] = g.choice(["filings.csv", "filings.parquet"])
        gen.filings(path(plan["filings"]), rows)
    if gen.chance(0.7):
        plan["registry"] = "registry.csv"
        gen.registry(path("registry.csv"))
    given = lambda k: path(plan[k]) if k in plan else None
    world = Memory(rows, inputs.Rules(given("rules")), inputs.read_filings(given("filings")),
                   inputs.read_registry(given("registry")), inputs.read_benefits(given("benefits") or inputs.SHIPPED))
    reference.Finder(world)
    gen.tune(rows, world)
    if gen.chance(0.3):
        gen.border_month(rows, world)
    plan["inputs"] = gen.deliveries(out, rows)
    with open(path("plan.json"), "w", encoding="utf-8") as f:
        json.dump(plan, f, indent=1)
    return plan


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    generate(int(sys.argv[1]), sys.argv[2])
