#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The reference against cases worked out by hand: each rule on both sides of its border.

    python -m unittest tests/oracle/review/test_reference.py
"""
import datetime as dt
import glob
import os
import sys
import tempfile
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import benefit  # noqa: E402
import inputs  # noqa: E402
import reference  # noqa: E402
from inputs import o  # noqa: E402

D = dt.date.fromisoformat
SET = """
[[set]]
area = ["610100"]
fund_class = "employee"
from = "2023-01-01"
source = "ours"
"""
FLAT = SET + """
deductible = [ { care_class = "inpatient", level = "3", amount = "1000.00" }, { care_class = "inpatient", amount = "200.00" } ]
ratio = [ { care_class = "inpatient", percent = "80" } ]
remote = [ { filing = "transfer", points = "-10" }, { filing = "none", points = "-20" } ]
"""


def row(setl_id, time="2025-10-10 10:00:00", psn="P1", at="H00000000001", kind="21", stay=None, area="310115",
        insured="610100", hifp=100, acct=0, cash=0, **more):
    """A row; amounts in yuan, `stay` is (begin, end)."""
    r = dict.fromkeys(o.ALL_FIELDS + inputs.EXTRA)
    fen = lambda v: round(v * 100)
    r.update(setl_id=setl_id, psn_no=psn, insuplc_admdvs=insured, mdtrtarea_admvs=area, fixmedins_code=at,
             insutype="310", med_type=kind, setl_time=dt.datetime.fromisoformat(time), hifp_pay=fen(hifp),
             fund_pay_sumamt=fen(hifp), acct_pay=fen(acct), psn_cash_pay=fen(cash), medfee_sumamt=fen(hifp + acct + cash))
    if stay:
        r["begndate"], r["enddate"] = (D(d) if d else None for d in stay)
    if kind == "14":
        r["dise_codg"] = "M03900"
    for k, v in more.items():
        r[k] = fen(v) if k in o.DECIMALS + inputs.AMOUNTS and v is not None else v
    return r


def undo(setl_id, of, **more):
    r = row(setl_id, init_setl_id=of, **more)
    return {k: -v if k in o.DECIMALS and v is not None else v for k, v in r.items()}


def write(path, rows):
    decimal = lambda v: None if v is None else reference.decimal(v)
    cols = {}
    for f in o.ALL_FIELDS + inputs.EXTRA:
        values = [r[f] for r in rows]
        if f in o.DECIMALS + inputs.AMOUNTS:
            cols[f] = pa.array(list(map(decimal, values)), pa.decimal128(16, 2))
        elif f in o.DATES + ["brdy"]:
            cols[f] = pa.array(values, pa.date32())
        elif f == "setl_time":
            cols[f] = pa.array(values, pa.timestamp("us"))
        else:
            cols[f] = pa.array(values, pa.int64() if f == "age" else pa.string())
    os.makedirs(os.path.dirname(path), exist_ok=True)
    pq.write_table(pa.table(cols), path)


def filing(to, rea="long_term", begin="2025-01-01", end="", made="", insured="610000", psn="P1", valid="1"):
    return [psn, insured, to, rea, begin, end, made, valid]


class Case(unittest.TestCase):
    def review(self, rows, rules="", filings=None, benefits="", registry=None, deliveries=None):
        with tempfile.TemporaryDirectory() as d:
            files = {}

            def put(name, text):
                path = os.path.join(d, name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as f:
                    f.write(text)
                return path
            files["rules"] = put("rules.toml", "format = 1\n" + rules)
            files["benefits"] = os.path.dirname(put("sets/a.toml", "format = 1\n" + benefits))
            if filings is not None:
                lines = [inputs.FILING] + filings
                files["filings"] = put("f.csv", "".join(",".join(x) + "\n" for x in lines))
            if registry is not None:
                files["registry"] = put("registry.csv", registry)
            folders = []
            for n, part in enumerate(deliveries or [rows], 1):
                write(os.path.join(d, str(n), "treating", "a.parquet"), part)
                folders.append(os.path.join(d, str(n)))
            leads, settlements, self.summary = reference.review(folders, **files)
        of = {}
        for s in settlements:
            of.setdefault(s["lead_id"], []).append(s["setl_id"])
        return [dict(x, ids=of[x["lead_id"]]) for x in leads]

    def leads(self, rule, rows, **more):
        """[(setl_ids, amount, detail)] of one rule."""
        return [(x["ids"], str(x["amount"]), x["detail"]) for x in self.review(rows, **more) if x["rule"] == rule]

    def quiet(self, rule, rows, **more):
        self.assertEqual(self.leads(rule, rows, **more), [])

    def one(self, rule, rows, ids, amount, detail, **more):
        self.assertEqual(self.leads(rule, rows, **more), [(ids, amount, detail)])


def stays(*spans, **more):
    return [row("S%d" % i, stay=s, at="H%011d" % i, **more) for i, s in enumerate(spans, 1)]


class Behaviour(Case):
    def test_beh_01(self):
        self.one("BEH-01", stays(("2025-10-01", "2025-10-05"), ("2025-10-04", "2025-10-08")), ["S1", "S2"], "200.00",
                 "days=1")
        self.quiet("BEH-01", stays(("2025-10-01", "2025-10-05"), ("2025-10-05", "2025-10-08")))
        same = stays(("2025-10-01", "2025-10-05"), ("2025-10-04", "2025-10-08"))
        same[1]["fixmedins_code"] = same[0]["fixmedins_code"]
        self.quiet("BEH-01", same)

    def test_beh_02(self):
        def pair(second, mid=None):
            return [row("S1", stay=("2025-10-01", "2025-10-05"), mid_setl_flag=mid), row("S2", stay=second)]
        self.one("BEH-02", pair(("2025-10-12", "2025-10-13")), ["S1", "S2"], "200.00", "gap=7")
        self.one("BEH-02", pair(("2025-10-05", "2025-10-13")), ["S1", "S2"], "200.00", "gap=0")
        self.quiet("BEH-02", pair(("2025-10-13", "2025-10-13")))
        self.quiet("BEH-02", pair(("2025-10-04", "2025-10-13")))
        self.quiet("BEH-02", pair(("2025-10-12", "2025-10-13"), "1"))

    def test_beh_03(self):
        three = [("2025-10-01", "2025-10-01"), ("2025-11-01", "2025-11-02"), ("2025-12-01", "2025-12-31")]
        self.one("BEH-03", stays(*three), ["S1", "S2", "S3"], "300.00", "quarter=2025Q4;stays=3")
        self.quiet("BEH-03", stays(*three[:2], ("2025-12-31", "2026-01-01")))
        marked = stays(*three)
        marked[0]["mid_setl_flag"] = "1"
        self.quiet("BEH-03", marked)

    def test_beh_04(self):
        stay = row("A", stay=("2025-10-01", "2025-10-05"))
        visits = [row("V%d" % d, "2025-10-%02d 23:59:59" % d, kind="11", at="H00000000009") for d in (1, 2, 4, 5)]
        self.one("BEH-04", [stay] + visits, ["V2", "V4", "A"], "200.00", "stay_institution=H00000000001")
        self.quiet("BEH-04", [stay, visits[0], visits[3]])

    def test_beh_05(self):
        short = [row("S%d" % i, psn="P%d" % i, stay=("2025-10-02", "2025-10-02")) for i in range(5)]
        long = [row("L%d" % i, psn="Q%d" % i, stay=("2025-10-02", "2025-10-03")) for i in range(21)]
        self.one("BEH-05", short + long[:20], ["S%d" % i for i in range(5)], "500.00", "short=5;stays=25")
        self.quiet("BEH-05", short + long)
        self.quiet("BEH-05", short[:4])
        short[0]["med_type"] = "28"
        self.quiet("BEH-05", short + long[:1])

    def test_beh_06(self):
        def pair(second, area="340100"):
            return [row("A", "2025-10-10 10:00:00", kind="11", insured="650100", area="610100"),
                    row("B", second, kind="41", at="P00000000001", insured="650100", area=area)]
        self.one("BEH-06", pair("2025-10-10 12:00:00"), ["A", "B"], "200.00", "minutes=120;provinces=34,61")
        self.one("BEH-06", pair("2025-10-10 11:59:59.999999"), ["A", "B"], "200.00", "minutes=119;provinces=34,61")
        self.quiet("BEH-06", pair("2025-10-10 12:00:00.000001"))
        self.quiet("BEH-06", pair("2025-10-10 10:00:00", "610200"))
        towns = [row(i, kind="11", insured="610100", area=a) for i, a in (("A", "650100"), ("B", "659001"))]
        self.quiet("BEH-06", towns)
        midnight = [row("A", "2025-10-10 23:59:59", kind="11", area="340100"), row("B", "2025-10-11 00:00:00", kind="11")]
        self.quiet("BEH-06", midnight)

    def test_beh_07_08_09(self):
        day = [row("S%d" % i, kind=("11", "14", "41")[i]) for i in range(3)]
        self.one("BEH-07", day, ["S0", "S1", "S2"], "300.00", "count=3")
        self.quiet("BEH-07", day[:2])
        day[2]["setl_time"] += dt.timedelta(days=1)
        self.quiet("BEH-07", day)
        for rule, kind, n in (("BEH-08", "11", 15), ("BEH-09", "41", 10)):
            many = [row("S%02d" % i, "2025-10-%02d 10:00:00" % (i + 1), kind=kind) for i in range(n)]
            self.one(rule, many, ["S%02d" % i for i in range(n)], "%d.00" % (100 * n), "count=%d" % n)
            self.quiet(rule, many[1:])

    def test_beh_10(self):
        shops = [row("S%d" % i, "2025-1%d-10 10:00:00" % (i % 3), kind="41", at="P%011d" % i, hifp=1000)
                 for i in range(5)]
        self.quiet("BEH-10", shops)                                  # exactly 5,000.00
        shops[0] = row("S0", kind="41", at="P00000000000", hifp=1000.01)
        self.one("BEH-10", shops, ["S%d" % i for i in range(5)], "5000.01", "pharmacies=5")
        shops[1]["fixmedins_code"] = shops[0]["fixmedins_code"]
        self.quiet("BEH-10", shops)

    def test_beh_11(self):
        def there(*days_of):
            return [row("%s%d" % (p, d), "2025-10-%02d 10:00:00" % d, psn=p, kind="11")
                    for p, days in days_of for d in days]
        chain = there(("a", (1, 2)), ("b", (1, 2, 3, 4)), ("c", (3, 4, 5)))
        self.one("BEH-11", chain, ["a1", "a2", "b1", "b2", "b3", "b4", "c3", "c4"], "800.00", "persons=3;days=4")
        self.quiet("BEH-11", there(("a", (1, 2)), ("b", (1, 2, 3)), ("c", (3, 5))))
        crowd = chain + [row("x%d" % i, "2025-10-01 10:00:00", psn="x%d" % i, kind="11") for i in range(19)]
        self.quiet("BEH-11", crowd)                                  # 21 persons on 1 October
        self.assertEqual(len(self.leads("BEH-11", crowd[:-1])), 1)   # 20 persons
        chain[0]["insuplc_admdvs"] = "610200"
        self.quiet("BEH-11", chain)

    def test_beh_12(self):
        month = lambda m, v: row("S" + m, "2025-%s-10 10:00:00" % m, psn=m, hifp=v)
        rows = [month("08", 40000), month("09", 26666.67), month("11", 100000.01)]
        self.one("BEH-12", rows, ["S11"], "100000.01", "mean=33333.34")   # 3 × 66,666.67 ÷ 2 = 100,000.005
        self.quiet("BEH-12", rows[:2] + [month("11", 100000)])
        self.quiet("BEH-12", [month("08", 1), month("09", 1), month("11", 99999.99)])
        self.quiet("BEH-12", rows[1:])

    def test_beh_13(self):
        def days(first, others):
            n, out = 0, []
            for day, k in [(1, first)] + [(d + 2, v) for d, v in enumerate(others)]:
                for _ in range(k):
                    n += 1
                    out.append(row("S%03d" % n, "2025-10-%02d 10:00:00" % day, psn="P%d" % n, kind="11"))
            return out
        lead = self.leads("BEH-13", days(20, [1] * 5 + [0] + [1]))     # 20 × 7 = 140 ≥ 5 × 26 = 130
        self.assertEqual([x[2] for x in lead], ["count=20;days=7;total=26"])
        self.assertEqual(len(self.leads("BEH-13", days(20, [2, 2] + [1] * 4))), 1)     # 20 × 7 = 5 × 28
        self.quiet("BEH-13", days(20, [2, 2, 2] + [1] * 3))            # 140 < 5 × 29
        self.quiet("BEH-13", days(19, [1] * 6))

    def test_beh_14(self):
        rules = 'threshold = [{ rule = "BEH-14", from = "2000-01-01", source = "ours", settlements = 2, ' \
                'institutions = 3, factor = 6745 }]\n'
        def means(*values):
            return [row("%d-%d" % (i, k), psn="P%d%d" % (i, k), at="H%011d" % i, kind="11", hifp=v)
                    for i, v in enumerate(values) for k in range(2)]
        # Median 110, distances 10, 0, 20: MAD 10; the third is 20 away, the first 10: both reach 1 × MAD
        got = self.leads("BEH-14", means(100, 110, 130), rules=rules)
        self.assertEqual([(x[1], x[2]) for x in got],
                         [("40.00", "mean=130.00;median=110.00;mad=10.00;peers=3"),
                          ("0.00", "mean=100.00;median=110.00;mad=10.00;peers=3")])
        # An even number: the lower median 110; distances 10 0 1 20, the lower median 1; 110 itself is not away
        got = self.leads("BEH-14", means(100, 110, 111, 130), rules=rules)
        self.assertEqual([x[2].split(";")[0] for x in got], ["mean=130.00", "mean=111.00", "mean=100.00"])
        self.quiet("BEH-14", means(100, 130), rules=rules)
        self.quiet("BEH-14", means(100, 100, 130), rules=rules)        # MAD 0
        levels = means(100, 110, 130)
        levels[0]["hosp_lv"] = "3"
        self.quiet("BEH-14", levels, rules=rules)                      # only two of unknown level are left

    def test_beh_15(self):
        def fees(*values):
            return [row("S%02d" % i, psn="P%d" % i, stay=("2025-10-01", "2025-10-02"), hifp=v)
                    for i, v in enumerate(values)]
        below = [29000, 29999.99, 29500, 29500, 29500]
        self.one("BEH-15", fees(*below, 28999.99, 31000), ["S0%d" % i for i in range(5)], "147499.99",
                 "below=5;above=0")
        self.quiet("BEH-15", fees(*below[:4], 28999.99))
        self.assertEqual(len(self.leads("BEH-15", fees(*below, 30000))), 1)     # 5 ≥ 3 × 1
        self.quiet("BEH-15", fees(*below, 30000, 30999.99))                     # 5 < 3 × 2

    def test_beh_16(self):
        undone = [undo("R%02d" % i, "gone%d" % i, psn="P%d" % i) for i in range(20)]
        others = [row("S%03d" % i, psn="Q%d" % i, kind="11") for i in range(401)]
        self.one("BEH-16", undone, ["R%02d" % i for i in range(20)], "2000.00", "reversals=20;settlements=0")
        self.assertEqual([x[2] for x in self.leads("BEH-16", undone + others[:400])], ["reversals=20;settlements=400"])
        self.quiet("BEH-16", undone + others)
        self.quiet("BEH-16", undone[1:])

    def test_beh_17(self):
        def chronic(*where, **more):
            return [row("S%d" % i, "2025-10-%02d 10:00:00" % (i + 1), kind="14", area=a, **more)
                    for i, a in enumerate(where)]
        self.one("BEH-17", chronic("310115", "310115", "310115"), ["S0", "S1", "S2"], "300.00",
                 "disease=M03900;count=3;provinces=31")
        self.quiet("BEH-17", chronic("310115", "310115"))
        self.one("BEH-17", chronic("310115", "340100"), ["S0", "S1"], "200.00", "disease=M03900;count=2;provinces=31,34")
        self.quiet("BEH-17", chronic("650100", "659001"))
        other = chronic("310115", "340100")
        other[1]["dise_codg"] = "M01600"
        self.quiet("BEH-17", other)

    def test_beh_18(self):
        rows = [row("A", psn="P1", mdtrt_cert_no="t", mdtrt_cert_type="02"), row("B", psn="P2", mdtrt_cert_no="t")]
        self.one("BEH-18", rows, ["A", "B"], "200.00", "persons=2;media=02")
        rows[1]["psn_no"] = "P1"
        self.quiet("BEH-18", rows)
        self.assertIn("BEH-18", self.summary["rules_run"])
        rows = [row("A")]
        self.quiet("BEH-18", rows)
        self.assertNotIn("BEH-18", self.summary["rules_run"])

    def test_beh_19(self):
        def buy(n, acct, cash, fund=0):
            return [row("S%03d%s" % (i, acct), psn="P%d" % i, kind="41", hifp=fund, acct=acct, cash=cash) for i in range(n)]
        self.assertEqual([x[2] for x in self.leads("BEH-19", buy(95, 190, 10) + buy(5, 189.99, 10.01))],
                         ["purchases=100;alone=95"])
        self.quiet("BEH-19", buy(94, 190, 10) + buy(6, 189.99, 10.01))
        self.quiet("BEH-19", buy(99, 190, 10))
        self.quiet("BEH-19", buy(99, 190, 10) + buy(1, 190, 9.99))      # mean below 200.00


class Reviewed(Case):
    def test_the_first_row_and_reversals(self):
        one = [row("A", hifp=1), undo("R1", "B"), undo("R2", "R1"), undo("R3", "B"), row("C", fund_pay_sumamt=7)]
        two = [row("A", hifp=2), row("B", hifp=3), row("D"), undo("R4", "C")]
        self.review(None, deliveries=[one, two])
        self.assertEqual(self.summary["rows"], {"read": 9, "rejected": 1, "repeated": 1, "reversals": 4,
                                                "reversed": 1, "settlements": 2})
        self.assertEqual(self.summary["benefits"]["other_fen"], "10100")

    def test_covered_months(self):
        rows = [row("S%d" % i, "2025-09-10 10:00:00", psn="P%d" % i) for i in range(20)]
        rows += [row("L%d" % i, "2025-11-10 10:00:00", psn="P%d" % i) for i in range(2)]
        self.review(rows)
        self.assertEqual(self.summary["covered_months"], ["2025-09", "2025-11"])
        self.review(rows[:-1])
        self.assertEqual(self.summary["month"], "2025-09")

    def test_thresholds_are_those_of_the_month(self):
        rules = 'threshold = [{ rule = "BEH-07", from = "2025-10-01", source = "ours", count = 2 }, ' \
                '{ rule = "BEH-07", from = "2025-10-02", source = "ours", count = 9 }, ' \
                '{ rule = "BEH-08", from = "2025-10-02", source = "ours", count = 1 }]\n'
        rows = [row("A", kind="11"), row("B", kind="11")]
        self.one("BEH-07", rows, ["A", "B"], "200.00", "count=2", rules=rules)
        self.assertIn({"rule": "BEH-08", "reason": "no threshold"}, self.summary["rules_left_out"])

    def test_the_columns_of_a_lead(self):
        rows = [row("B", kind="11", psn="P1", stay=("2025-01-01", "2025-01-02")),
                row("A", "2025-10-10 10:30:00", kind="11", area="340100", psn="P1", at="H00000000002")]
        lead = [x for x in self.review(rows) if x["rule"] == "BEH-06"][0]
        self.assertEqual([lead[k] for k in ("treating_province", "other_province", "insured_province", "psn_no",
                                            "fixmedins_code", "first_day", "settlements")],
                         ["34", "31", "61", "P1", None, D("2025-10-10"), 2])

    def test_order_of_leads(self):
        days = [row("%s%d" % (p, i), psn=p, kind="11", hifp=v) for p, v in (("b", 1), ("a", 1), ("c", 2)) for i in range(3)]
        self.assertEqual([x["psn_no"] for x in self.review(days) if x["rule"] == "BEH-07"], ["c", "a", "b"])


class Filings(Case):
    def rules_of(self, rows, filings, **more):
        return [(x["rule"], x["detail"]) for x in self.review(rows, filings=filings, **more) if x["rule"][:3] == "FIL"]

    def test_none(self):
        other = filing("310000", psn="somebody")
        self.assertEqual(self.rules_of([row("A")], [other]), [("FIL-01", "")])
        self.assertEqual(self.rules_of([row("A", kind="11")], [other]), [])          # care class
        self.assertEqual(self.rules_of([row("A")], [filing("310000", insured="62", psn="x")]), [])   # unknown
        self.assertEqual(self.rules_of([row("A")], [filing("310000", valid="0")]), [("FIL-01", "")])
        self.assertEqual(self.rules_of([row("A")], [filing("310000")]), [])
        self.assertEqual(self.rules_of([row("A", otp_er_refl_flag="emergency")], [other]), [])
        self.assertEqual(self.rules_of([row("A", insured="650100", area="659001")],
                                       [filing("310000", psn="x", insured="65")]), [])

    def test_days(self):
        stay = dict(stay=("2025-10-05", "2025-10-09"))
        late = ("FIL-01", "")
        for begin, end, found in (("2025-10-05", "2025-10-05", []), ("2025-10-06", "", [late]),
                                  ("2025-01-01", "2025-10-04", [late]), ("2025-10-07", "2025-10-03", [late])):
            self.assertEqual(self.rules_of([row("A", **stay)], [filing("310000", begin=begin, end=end)]), found)

    def test_places(self):
        def to(place, area):
            return self.rules_of([row("A", area=area)], [filing(place, rea="temporary")])
        elsewhere = lambda p: [("FIL-03", "filed_to=" + p)]
        self.assertEqual(to("310115", "310101"), [])                 # one city
        self.assertEqual(to("3401", "340104"), [])
        self.assertEqual(to("34", "341300"), [])                     # the whole province
        self.assertEqual(to("340199", "340104"), [])
        self.assertEqual(to("349900", "340104"), [])                 # the capital
        self.assertEqual(to("341300", "340104"), elsewhere("341300"))
        self.assertEqual(to("429004", "429004"), [])
        self.assertEqual(to("429004", "429005"), elsewhere("429004"))
        self.assertEqual(to("650000", "659001"), elsewhere("650000"))
        self.assertEqual(to("6590", "660400"), [])

    def test_late(self):
        def made(*times, **more):
            return self.rules_of([row("A", "2025-10-10 10:00:00", **more)],
                                 [filing("310000", rea="transfer", made=t) for t in times])
        self.assertEqual(made("2025-10-10 10:00:01", "2025-10-11 00:00:00"), [("FIL-02", "made=2025-10-10 10:00:01")])
        self.assertEqual(made("2025-10-10 10:00:00"), [])
        self.assertEqual(made("2025-10-10 10:00:01", ""), [])
        self.assertEqual(made("2025-10-10 10:00:01", ipt_type="emergency"), [])
        deemed = SET + 'deemed = ["31"]\nratio = [ { care_class = "inpatient", percent = "80" } ]\n'
        self.assertEqual(self.rules_of([row("A")], [filing("310000", made="2025-10-10 10:00:01")], benefits=deemed), [])

    def test_unknown_type(self):
        self.assertEqual(self.rules_of([row("A")], [filing("310000", rea="7")]), [])
        self.assertEqual(self.summary["unknown_values"], [{"field": "rloc_rea", "value": "7", "rows": 1}])
        late = "2025-10-10 10:00:01"
        self.assertEqual(self.rules_of([row("A")], [filing("310000", rea="7", made=late)]), [])
        self.assertEqual(self.rules_of([row("A")], [filing("310000", rea="7", made=late), filing("310000", made=late)]),
                         [("FIL-02", "made=" + late)])
        self.assertEqual(self.rules_of([row("A")], [filing("340000", rea="7")]), [("FIL-03", "filed_to=340000")])

    def test_two_places(self):
        both = [filing("310000"), filing("3401")]
        self.assertEqual(self.rules_of([row("A", kind="11")], both), [("FIL-04", "places=31,3401")])
        self.assertEqual(self.rules_of([row("A")], [filing("3401"), filing("34"), filing("310000")][:2]),
                         [("FIL-03", "filed_to=340000,340100")])
        self.assertEqual(self.rules_of([row("A")], [filing("310000"), filing("3401", end="2025-10-09")]), [])
        self.assertEqual(self.rules_of([row("A")], [filing("310000"), filing("3401", rea="temporary")]), [])


class Benefits(Case):
    def ben(self, benefits, *rows, filings=None, **more):
        filings = [filing("310000")] if filings is None else filings
        return [(x["rule"], str(x["amount"]), x["detail"], x["strength"]) for x in
                self.review(list(rows), benefits=benefits, filings=filings, **more) if x["rule"][:3] == "BEN"]

    def test_ben_01(self):
        # 11,000 − 1,000 = 10,000; 80 % = 8,000
        stay = dict(inscp_scp_amt=11000, act_pay_dedc=1000, hosp_lv="3")
        self.assertEqual(self.ben(FLAT, row("A", hifp=8001, **stay)), [])
        self.assertEqual(self.ben(FLAT, row("A", hifp=8001.01, **stay)),
                         [("BEN-01", "1.01", "lo=8000.00;hi=8000.00;class=long_term", "certain")])
        self.assertEqual(self.ben(FLAT, row("A", hifp=7999, **stay)), [])
        self.assertEqual(self.ben(FLAT, row("A", hifp=7998.99, **stay))[0][1], "1.01")
        # Deductible and level unknown: 200 to 1,000, so 8,000 to 8,640
        stay = dict(inscp_scp_amt=11000)
        self.assertEqual(self.ben(FLAT, row("A", hifp=8641, **stay)), [])
        self.assertEqual(self.ben(FLAT, row("A", hifp=8641.01, **stay)),
                         [("BEN-01", "1.01", "lo=8000.00;hi=8640.00;class=long_term", "consistent")])
        self.assertEqual(self.summary["benefits"]["reviewed_rows"], 1)
        self.assertEqual(self.ben(FLAT, row("A", hifp=1, kind="11", **stay)), [])         # no row fits
        self.assertEqual(self.summary["benefits"]["other_rows"], 1)

    def test_bands(self):
        # 1,000 of a base with 80 % up to 500 and 60 % above: used 0 gives 700, used 500 or more gives 600
        bands = SET + """ratio = [ { care_class = "inpatient", upto = "500.00", percent = "80" },
            { care_class = "inpatient", above = "500.00", percent = "60" } ]\n"""
        stay = dict(inscp_scp_amt=1000, act_pay_dedc=0)
        for hifp, found in ((701, []), (701.01, ["lo=600.00;hi=700.00;class=long_term"]), (599, []), (598.99, 1)):
            got = self.ben(bands, row("A", hifp=hifp, **stay))
            self.assertEqual(len(got), bool(found), hifp)
        # A peak in the middle: 50 % to 100, 100 % to 300, 0 above; 200 in the middle pay 200, at the start 150
        peak = SET + """ratio = [ { care_class = "inpatient", upto = "100.00", percent = "50" },
            { care_class = "inpatient", above = "100.00", upto = "300.00", percent = "100" },
            { care_class = "inpatient", above = "300.00", percent = "0" } ]\n"""
        got = self.ben(peak, row("A", hifp=300, inscp_scp_amt=200, act_pay_dedc=0))
        self.assertEqual(got[0][2], "lo=0.00;hi=200.00;class=long_term")

    def test_remote_arithmetic(self):
        def paid(remote, rea="transfer"):
            sets = SET + 'ratio = [ { care_class = "inpatient", percent = "80" } ]\n' \
                'deductible = [ { care_class = "inpatient", amount = "100.01" } ]\nremote = [ %s ]\n' % remote
            got = self.ben(sets, row("A", hifp=9999, inscp_scp_amt=1100.01), filings=[filing("310000", rea=rea)])
            return got[0][2] if got else None
        at = lambda lo, c="transfer": "lo=%s;hi=%s;class=%s" % (lo, lo, c)
        self.assertEqual(paid('{ filing = "transfer", points = "-10" }'), at("700.00"))
        self.assertEqual(paid('{ filing = "transfer", factor = "0.9" }'), at("720.00"))
        self.assertEqual(paid('{ filing = "transfer", points = "-90" }'), at("0.00"))
        # 1,100.01 × 90 ÷ 100 − 100.01 = 889.999; 80 % = 711.9992
        self.assertEqual(paid('{ filing = "transfer", first_share = "10" }'), at("712.00"))
        # 100.01 × 1.5 = 150.015 → 150.02; 949.99 × 80 % = 759.992
        self.assertEqual(paid('{ filing = "transfer", deductible_factor = "1.5" }'), at("759.99"))
        self.assertEqual(paid('{ filing = "none", points = "-10" }'), None)         # transfer is not judged
        self.assertEqual(paid('{ filing = "none", points = "-10" }', "long_term"), at("800.00", "long_term"))

    def test_unknown_class(self):
        # No filings of the province: long-term 80 % to none 60 %; but emergency and temporary have no row
        stay = dict(inscp_scp_amt=1000, act_pay_dedc=0, hifp=900)
        self.assertEqual(self.ben(FLAT, row("A", **stay), filings=[filing("310000", insured="62")]), [])
        every = FLAT.replace('filing = "transfer"', 'filing = ["transfer", "emergency", "temporary"]')
        got = self.ben(every, row("A", **stay), filings=[filing("310000", insured="62")])
        self.assertEqual([x[2] for x in got if x[0] == "BEN-01"], ["lo=600.00;hi=800.00;class=unknown"])
        # An emergency is at worst an emergency: 70 to 80 %
        got = self.ben(every, row("A", ipt_type="emergency", **stay), filings=[filing("310000", insured="62")])
        self.assertEqual([x[2] for x in got if x[0] == "BEN-01"], ["lo=700.00;hi=800.00;class=unknown"])

    def test_visit(self):
        sets = SET + 'ratio = [ { care_class = "outpatient", percent = "60" } ]\n' \
            'cap = [ { care_class = "outpatient", visit = "30.00" } ]\n'
        visit = dict(kind="11", inscp_scp_amt=100, act_pay_dedc=0)
        self.assertEqual(self.ben(sets, row("A", hifp=31, **visit)), [])
        self.assertEqual(self.ben(sets, row("A", hifp=31.01, **visit))[0][2], "lo=30.00;hi=30.00;class=long_term")

    def test_ben_02(self):
        stay = dict(inscp_scp_amt=11000, hosp_lv="3")
        only = lambda got: [x[1:3] for x in got if x[0] == "BEN-02"]
        self.assertEqual(only(self.ben(FLAT, row("A", act_pay_dedc=1000, dedc_std=1000, **stay))), [])
        self.assertEqual(only(self.ben(FLAT, row("A", act_pay_dedc=999.99, dedc_std=1000, **stay))),
                         [("0.01", "paid=999.99;standard=1000.00;nearest=1000.00")])
        self.assertEqual(only(self.ben(FLAT, row("A", dedc_std=900, **stay))),
                         [("100.00", "paid=;standard=900.00;nearest=1000.00")])
        self.assertEqual(only(self.ben(FLAT, row("A", act_pay_dedc=1000, dedc_std=900, **stay))),
                         [("100.00", "paid=1000.00;standard=900.00;nearest=1000.00")])
        # All of a smaller amount in scope
        self.assertEqual(only(self.ben(FLAT, row("A", act_pay_dedc=700, inscp_scp_amt=700, hosp_lv="3"))), [])
        self.assertEqual(only(self.ben(FLAT, row("A", act_pay_dedc=1100, inscp_scp_amt=1100, hosp_lv="3")))[0][0], "100.00")
        less = FLAT.replace('amount = "1000.00"', 'amount = "1000.00", or_less = true')
        self.assertEqual(only(self.ben(less, row("A", act_pay_dedc=123.45, **stay))), [])
        self.assertEqual(only(self.ben(less, row("A", act_pay_dedc=1000.01, **stay)))[0][0], "0.01")

    def test_again_days(self):
        again = FLAT.replace('amount = "1000.00"', 'amount = "1000.00", again_days = 90')
        only = lambda end, d: [x for x in self.ben(again, row("A", inscp_scp_amt=11000, hosp_lv="3", act_pay_dedc=d,
                                                              stay=("2025-01-01", end))) if x[0] == "BEN-02"]
        self.assertEqual(len(only("2025-03-31", 2000)), 1)            # 89 days
        self.assertEqual(len(only("2025-04-01", 2000)), 0)            # 90 days
        self.assertEqual(len(only("2025-04-01", 1000)), 0)
        self.assertEqual(len(only("2025-04-01", 3000)), 1)

    def test_ben_03(self):
        none = [filing("340000")]
        stay = dict(inscp_scp_amt=11000, act_pay_dedc=1000, hosp_lv="3")
        got = [x for x in self.ben(FLAT, row("A", hifp=8001, **stay), filings=none)]
        self.assertEqual(got, [("BEN-03", "2001.00", "class=none;fits=long_term;lo=6000.00;hi=6000.00", "consistent")])
        got = self.ben(FLAT, row("A", hifp=8001.01, **stay), filings=none)
        self.assertEqual([x[0] for x in got], ["BEN-01"])
        got = self.ben(FLAT, row("A", hifp=7000, **stay), filings=none)
        self.assertEqual(got[0][2][:24], "class=none;fits=transfer")
        # 30 % instead of 70 %, but by another row of `ratio`, not of `remote`
        ratio = FLAT.replace("ratio = [ ", 'ratio = [ { care_class = "inpatient", filing = "none", percent = "50" }, ') \
            .replace('"transfer", points = "-10"', '["transfer", "temporary"], points = "-20"')
        got = self.ben(ratio, row("A", hifp=3000, **stay), filings=[filing("310000", rea="temporary")])
        self.assertEqual(got, [("BEN-01", "3000.00", "lo=6000.00;hi=6000.00;class=temporary", "certain")])
        # Level unknown: a deductible of 1,000 or 5,000 makes ranges that have amounts in common
        doubt = FLAT.replace('"200.00"', '"5000.00"')
        got = self.ben(doubt, row("A", hifp=8000, inscp_scp_amt=11000), filings=none)
        self.assertEqual([x[0] for x in got], ["BEN-01"])

    def test_ben_04(self):
        cap = SET + 'year_starts = "07-01"\ncap = [ { care_class = ["inpatient", "chronic"], year = "1000.00" } ]\n'
        rows = [row("A", "2025-07-01 10:00:00", hifp=600), row("B", "2025-10-10 10:00:00", hifp=400, kind="14"),
                row("C", "2025-06-30 10:00:00", hifp=500), row("D", hifp=500, kind="11")]
        self.assertEqual([x for x in self.ben(cap, *rows) if x[0] == "BEN-04"], [])
        rows.append(row("E", hifp=0.01))
        self.assertEqual([x[:3] for x in self.ben(cap, *rows) if x[0] == "BEN-04"],
                         [("BEN-04", "0.01", "paid=1000.01;cap=1000.00;year=2025")])
        two = SET + 'cap = [ { care_class = "inpatient", level = "3", year = "1000.00" }, ' \
            '{ care_class = "inpatient", year = "500.00" } ]\n'
        self.assertEqual(self.ben(two, row("A", hifp=1000)), [])                      # level unknown: the highest
        self.assertEqual(self.ben(two, row("A", hifp=501, hosp_lv="2"))[0][1], "1.00")
        wage = SET + 'wage = [ { from = "2025-10-01", amount = "333.33" } ]\n' \
            'cap = [ { care_class = "inpatient", wage_times = "1.5" } ]\n'
        self.assertEqual(self.ben(wage, row("A", hifp=500)), [])                      # 499.995 → 500.00
        self.assertEqual(self.ben(wage, row("A", hifp=500.01))[0][1], "0.01")

    def test_ben_05(self):
        stay = dict(hifp=5, hosp_lv="3")
        self.assertEqual([x[:3] for x in self.ben(FLAT, row("A", inscp_scp_amt=1000, act_pay_dedc=1000, **stay))],
                         [("BEN-05", "5.00", "scope=1000.00;deductible=1000.00")])
        got = self.ben(FLAT, row("A", inscp_scp_amt=1000.01, act_pay_dedc=1000, **stay))
        self.assertEqual([x[0] for x in got], ["BEN-01"])
        self.assertEqual([x[0] for x in self.ben(FLAT, row("A", inscp_scp_amt=1000, **stay))], ["BEN-05"])
        # Level unknown: 200 or 1,000; 200 is not above every one of them
        self.assertEqual([x[0] for x in self.ben(FLAT, row("A", inscp_scp_amt=200, hifp=5))], ["BEN-05"])
        self.assertEqual([x[0] for x in self.ben(FLAT, row("A", inscp_scp_amt=200.01, hifp=5))], ["BEN-01"])
        self.assertEqual(self.ben(FLAT, row("A", inscp_scp_amt=200, hifp=0)), [])

    def test_ben_06(self):
        def found(code, *more):
            return [(x["ids"], x["detail"]) for x in self.review([row("A", kind="14", dise_codg=code), *more])
                    if x["rule"] == "BEN-06"]
        self.assertEqual(found("M03900,M01600"), [(["A"], "diseases=2")])
        self.assertEqual(found(None), [(["A"], "diseases=0")])
        self.assertEqual(found("M03900\u3000M01600|M00500"), [(["A"], "diseases=3")])
        self.assertEqual(found("M99999"), [])
        self.assertEqual(found(" M99999；"), [])
        self.assertEqual(found("M03900,M01600", row("A", kind="11")), [])
        self.assertEqual(found("M03900,M01600", undo("R", "A")), [])
        self.assertEqual(found("M03900,M01600", row("A", kind="14", dise_codg=None)), [(["A"], "diseases=2")])

    def test_facts(self):
        sets = SET.replace("employee", "resident") + """ratio = [ { care_class = "inpatient", person = "minor", percent = "90" },
            { care_class = "inpatient", age_from = 60, percent = "70" }, { care_class = "inpatient", percent = "50" } ]\n"""
        def span(**more):
            got = self.ben(sets, row("A", hifp=5000, inscp_scp_amt=1000, act_pay_dedc=0, insutype="390", **more))
            return got[0][2].rsplit(";", 1)[0]
        self.assertEqual(span(brdy=D("2007-10-10")), "lo=500.00;hi=500.00")             # 18 on that day
        self.assertEqual(span(brdy=D("2007-10-11")), "lo=900.00;hi=900.00")
        self.assertEqual(span(psn_type="14", age=70), "lo=900.00;hi=900.00")
        self.assertEqual(span(age=60), "lo=700.00;hi=700.00")
        self.assertEqual(span(), "lo=500.00;hi=900.00")

    def test_the_tests_of_the_shipped_sets(self):
        """Each was worked out by hand beside its set."""
        count = 0
        for path in sorted(glob.glob(os.path.join(inputs.SHIPPED, "*.toml"))):
            for raw in inputs.toml(path)["set"]:
                bset = inputs.BenefitSet(raw)
                for test in raw.get("test", []):
                    count += 1
                    lo, hi = (inputs.fen(test.get(k, test.get("hifp_pay"))) for k in ("lo", "hi"))
                    self.assertEqual(self.span_of_test(bset, test["settlement"]), (lo, hi), (path, test))
        self.assertGreater(count, 20)

    def span_of_test(self, bset, given):
        left = set(given) - {"care_class", "level", "person", "age", "grade", "stay", "filing", "inscp_scp_amt",
                             "act_pay_dedc", "networked", "disease", "institution", "days"}
        self.assertEqual(left, set())
        amount = lambda k: inputs.fen(given[k]) if k in given else None
        stay = given.get("stay")
        s = {"care_class": given["care_class"], "level": given.get("level"), "person": given.get("person"),
             "age_years": given.get("age"), "clct_grde": given.get("grade"), "stay_no": int(stay) if stay else None,
             "networked": given.get("networked"), "dise_codg": given.get("disease"),
             "fixmedins_code": given.get("institution"), "class": given.get("filing", "unknown"), "emergency": False,
             "inscp_scp_amt": amount("inscp_scp_amt"), "act_pay_dedc": amount("act_pay_dedc"), "days": given.get("days")}
        return benefit.Judgement(bset, s).span


if __name__ == "__main__":
    unittest.main()
