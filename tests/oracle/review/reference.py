#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reference implementation of the review. Slow and plain on purpose; shares no code with the program.

    python reference.py --input DIR [--input DIR …] --out DIR
                        [--rules FILE] [--filings FILE] [--registry FILE] [--benefits DIR]

Sections of review.md are named in the comments. Most rules are SQL over one table `s` of all reviewed rows; the rest is
brute force in Python. Money is whole fen. There is no book: BEH-20 is left out and `cleared` is null.
"""
import argparse
import datetime as dt
import json
import os
import re
import sys
from collections import defaultdict
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

import benefit
import inputs
from inputs import o

# White space as Unicode has it
SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200b)))
DISEASE_ENDS = re.compile("[,;/、，；|" + SPACE + "]+")


# ---------------------------------------------------------------- section 2: reviewed rows

class World:
    def __init__(self, folders, rules=None, filings=None, registry=None, benefits=None):
        findings, rows = [], []
        self.inputs = []
        for n, folder in enumerate(folders, 1):
            got, files = inputs.read_input(n, folder, findings)
            rows += got
            self.inputs.append({"input": n, "files": files, "rows": len(got)})
        if findings:
            raise o.Refused(findings)
        self.rules = inputs.Rules(rules)
        self.filings = inputs.read_filings(filings)
        self.registry = inputs.read_registry(registry)
        self.sets = inputs.read_benefits(benefits or inputs.SHIPPED)
        rows.sort(key=lambda r: (r["input"], r["file"].encode(), r["row"]))
        self.judge(rows)
        self.unknown = defaultdict(int)
        for rid, r in enumerate(self.reviewed + self.undiseased):
            r["rid"] = rid
            self.derive(r)
        self.all = self.reviewed + self.undiseased
        self.settlements = [r for r in self.reviewed if r["status"] == "settlement"]
        self.count_unknown()
        self.months()

    def judge(self, rows):
        """Reviewed rows, what they are, and rows of BEN-06."""
        first, only_v06 = {}, {}
        repeated = rejected = 0
        for r in rows:
            broken = o.broken_rules(r, "9999-12")          # V10 is not judged
            if not broken:
                repeated += r["setl_id"] in first
                first.setdefault(r["setl_id"], r)
                continue
            rejected += 1
            if broken == ["V06"]:
                only_v06.setdefault(r["setl_id"], r)
        self.reviewed = list(first.values())
        named = {r["init_setl_id"] for r in self.reviewed if r["init_setl_id"]}
        for r in self.reviewed:
            r["status"] = ("reversal" if r["init_setl_id"] else
                           "reversed" if r["setl_id"] in named else "settlement")
        count = lambda status: sum(r["status"] == status for r in self.reviewed)
        self.rows = {"read": len(rows), "rejected": rejected, "repeated": repeated, "reversals": count("reversal"),
                     "reversed": count("reversed"), "settlements": count("settlement")}
        # BEN-06: of rows without exactly one disease, the first of its setl_id, and no reviewed row has it
        left = [r for k, r in only_v06.items() if k not in first]
        named |= {r["init_setl_id"] for r in left if r["init_setl_id"]}
        self.undiseased = [r for r in left if not r["init_setl_id"] and r["setl_id"] not in named]
        for r in self.undiseased:
            r["status"] = "undiseased"

    def derive(self, r):
        """Section 2.1."""
        r["day"] = r["setl_time"].date()
        r["month"] = r["cost_month"]
        begin, end = r["begndate"], r["enddate"]
        inpatient = r["care_class"] == "inpatient"
        r["is_stay"] = inpatient and begin is not None and end is not None and begin <= end
        r["is_visit"] = r["care_class"] in ("outpatient", "chronic")
        r["is_purchase"] = r["care_class"] == "pharmacy"
        r["admission"] = begin if inpatient and begin else r["day"]
        r["benefit_day"] = end if inpatient and end else r["day"]
        r["days"] = (end - begin).days if begin and end else None
        r["mid"] = r["mid_setl_flag"] == "1"
        word = lambda field: self.rules.word(field, r[field])[0]
        level, networked = (self.registry or {}).get(r["fixmedins_code"], (None, None))
        r["level"] = word("hosp_lv") or self.rules.word("hosp_lv", level)[0]
        r["networked"] = networked
        r["emergency"] = "emergency" in (word("otp_er_refl_flag"), word("ipt_type"))
        age = r["age"]
        if r["brdy"]:
            day, born = r["admission"], r["brdy"]
            age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
        r["age_years"] = age
        r["person"] = word("psn_type")
        if not r["person"] and r["fund_class"] == "resident" and age is not None:
            r["person"] = "minor" if age < 18 else "adult"
        nth = r["cal_ipt_cnt"]
        r["stay_no"] = int(nth) if nth and re.fullmatch("[0-9]+", nth) and int(nth) else None
        r["set"], r["area"] = inputs.set_of(self.sets, r["fund_class"], r["insuplc_admdvs"], r["benefit_day"])
        r["deemed"] = r["set"] is not None and r["tp"] in r["set"].deemed

    def count_unknown(self):
        """Values that are no word: of reviewed rows, and of distinct filings."""
        for field in ("hosp_lv", "psn_type", "otp_er_refl_flag", "ipt_type"):
            for r in self.reviewed:
                if self.rules.word(field, r[field])[1]:
                    self.unknown[field, r[field]] += 1
        for f in {tuple(sorted((k, str(v)) for k, v in f.items())): f for f in self.filings or []}.values():
            if self.rules.word("rloc_rea", f["rloc_rea"])[1]:
                self.unknown["rloc_rea", f["rloc_rea"]] += 1

    def months(self):
        count = defaultdict(int)
        for r in self.settlements:
            count[r["month"]] += 1
        most = max(count.values(), default=0)
        self.covered = sorted(m for m, n in count.items() if 10 * n >= most)
        self.month = self.covered[-1] if self.covered else None
        first = dt.date.fromisoformat(self.month + "-01") if self.month else dt.date(2000, 1, 1)
        self.keys = self.rules.in_force(first)


# ---------------------------------------------------------------- leads

class Lead:
    def __init__(self, rule, strength, suspects, amount, context=(), **detail):
        self.rule, self.strength, self.amount = rule, strength, amount
        self.suspects, self.context, self.detail = list(suspects), list(context), detail


class Finder:
    """One method a rule, named after it; each returns its leads."""
    def __init__(self, world):
        self.w = world
        self.db = duckdb.connect(config={"threads": 1})
        self.load()
        self.find_classes()

    def load(self):
        columns = {"rid": pa.int64(), "status": pa.string(), "setl_id": pa.string(), "psn_no": pa.string(),
                   "fixmedins_code": pa.string(), "insuplc_admdvs": pa.string(), "mdtrtarea_admvs": pa.string(),
                   "ip": pa.string(), "tp": pa.string(), "care_class": pa.string(), "fund_class": pa.string(),
                   "dise_codg": pa.string(), "begndate": pa.date32(), "enddate": pa.date32(), "day": pa.date32(),
                   "month": pa.string(), "setl_time": pa.timestamp("us"), "payable": pa.int64(),
                   "medfee_sumamt": pa.int64(), "hifp_pay": pa.int64(), "inscp_scp_amt": pa.int64(),
                   "act_pay_dedc": pa.int64(), "is_stay": pa.bool_(), "is_visit": pa.bool_(),
                   "is_purchase": pa.bool_(), "mid": pa.bool_(), "emergency": pa.bool_(), "deemed": pa.bool_(),
                   "admission": pa.date32()}
        schema = pa.schema(list(columns.items()))
        table = pa.Table.from_pylist([{c: r[c] for c in columns} for r in self.w.reviewed], schema=schema)
        self.db.register("given", table)
        fcolumns = {"psn_no": pa.string(), "insu": pa.string(), "rloc": pa.string(), "word": pa.string(),
                    "unknown": pa.bool_(), "begin": pa.date32(), "end": pa.date32(), "made": pa.timestamp("us"),
                    "valid": pa.bool_()}
        filings = []
        for f in self.w.filings or []:
            word, _ = self.w.rules.word("rloc_rea", f["rloc_rea"])
            says_nothing = f["rloc_rea"] is not None and self.w.rules.values.get("rloc_rea", {}) \
                .get(f["rloc_rea"]) == ""
            filings.append({**f, "word": word, "unknown": word is None and not says_nothing})
        ftable = pa.Table.from_pylist([{c: f[c] for c in fcolumns} for f in filings],
                                      schema=pa.schema(list(fcolumns.items())))
        self.db.register("given_filings", ftable)
        self.db.execute("""
            create table r as select * from given;
            create view s as select * from r where status = 'settlement';
            create view stays as select * from s where is_stay;
            create view care as select * from s where is_visit or is_purchase;
            -- 65 and 66 lie in the same towns
            create macro town(p) as case when p = '66' then '65' else p end;
            create macro prov(d) as case when d like '6590%' then '66' else substr(d, 1, 2) end;
            create macro place(d) as case
                when prov(d) in ('11', '12', '31', '50', '46', '54', '66') then prov(d)
                when substr(d, 3, 2) in ('00', '99') then prov(d) || '01'
                when substr(d, 3, 2) = '90' then d
                else substr(d, 1, 4) end;
            create macro reaches(filed, d) as place(filed) = place(d)
                or substr(filed, 3) = '0000' and prov(filed) = prov(d);
            create table filing as select distinct * from given_filings;
            -- filings of a settlement
            create table filed as
                select s.rid, f.*, reaches(f.rloc, s.mdtrtarea_admvs) as fits
                from s join filing f on f.psn_no = s.psn_no and prov(f.insu) = s.ip and f.valid
                    and f.begin <= s.admission and (f."end" is null or s.admission <= f."end");
        """)

    def sql(self, text, **values):
        return self.db.execute(text, values or None).fetchall()

    def put(self, name, rows, **types):
        """A table of rows that Python has worked out."""
        given = pa.Table.from_pylist([dict(zip(types, x)) for x in rows], schema=pa.schema(list(types.items())))
        self.db.register("new_" + name, given)
        self.db.execute("create or replace table %s as select * from new_%s" % (name, name))

    # ------------------------------------------------------------ section 5: classes

    def find_classes(self):
        rows = self.sql("""
            select s.rid, case
                when coalesce(bool_or(f.fits and f.word = 'long_term'), false) then 'long_term'
                when s.deemed then 'deemed'
                when not $given or s.ip not in (select prov(insu) from filing)
                    or coalesce(bool_or(f.fits and f.unknown), false) then 'unknown'
                when s.emergency then 'emergency'
                when coalesce(bool_or(f.fits and f.word = 'transfer'), false) then 'transfer'
                when coalesce(bool_or(f.fits and f.word = 'temporary'), false) then 'temporary'
                else 'none' end
            from s left join filed f on f.rid = s.rid
            group by s.rid, s.deemed, s.ip, s.emergency""", given=self.w.filings is not None)
        for rid, c in rows:
            self.w.reviewed[rid]["class"] = c
        self.put("class", rows, rid=pa.int64(), **{"class": pa.string()})

    # ------------------------------------------------------------ section 4.2: behaviour

    def payable(self, rids):
        return sum(self.w.all[i]["payable"] for i in rids)

    def leads(self, rule, strength, rows, names):
        """Leads of rows (suspects, detail …) whose amount is the payable of the suspects."""
        return [Lead(rule, strength, x[0], self.payable(x[0]), **dict(zip(names, x[1:]))) for x in rows]

    def beh_01(self, days):
        return self.leads("BEH-01", "certain", self.sql("""
            select [a.rid, b.rid], date_diff('day', greatest(a.begndate, b.begndate), least(a.enddate, b.enddate)) n
            from stays a join stays b on a.psn_no = b.psn_no and a.fixmedins_code <> b.fixmedins_code
                and a.setl_id < b.setl_id
            where n >= $days""", days=days), ["days"])

    def beh_02(self, days):
        return self.leads("BEH-02", "consistent", self.sql("""
            select [before, rid], gap from (
                select rid, lag(rid) over w before, lag(mid) over w mid_before,
                    date_diff('day', lag(enddate) over w, begndate) gap
                from stays
                window w as (partition by psn_no, fixmedins_code order by begndate, enddate, setl_id))
            where before is not null and not mid_before and gap between 0 and $days""", days=days), ["gap"])

    def beh_03(self, count):
        groups = defaultdict(list)
        for r in self.w.settlements:
            if r["is_stay"] and not r["mid"]:
                e = r["enddate"]
                groups[r["psn_no"], "%04dQ%d" % (e.year, (e.month + 2) // 3)].append(r["rid"])
        return [Lead("BEH-03", "statistical", g, self.payable(g), quarter=k[1], stays=len(g))
                for k, g in groups.items() if len(g) >= count]

    def beh_04(self):
        rows = self.sql("""
            select t.rid, t.fixmedins_code, list(v.rid) from stays t join care v on v.psn_no = t.psn_no
                and t.begndate < v.day and v.day < t.enddate
            group by all""")
        return [Lead("BEH-04", "consistent", visits, self.payable(visits), [stay], stay_institution=place)
                for stay, place, visits in rows]

    def beh_05(self, count, percent):
        groups = defaultdict(list)
        for r in self.w.settlements:
            if r["is_stay"]:
                groups[r["fixmedins_code"], r["enddate"].strftime("%Y-%m")].append(r)
        out = []
        for g in groups.values():
            short = [r["rid"] for r in g if r["begndate"] == r["enddate"] and r["med_type"] != "28"]
            if len(short) >= count and 100 * len(short) >= percent * len(g):
                out.append(Lead("BEH-05", "statistical", short, self.payable(short), short=len(short),
                                stays=len(g)))
        return out

    def beh_06(self, minutes):
        return self.leads("BEH-06", "certain", self.sql("""
            with pair as (
                select a.rid, a.tp, a.psn_no, a.day, abs(epoch_us(a.setl_time) - epoch_us(b.setl_time)) apart
                from care a join care b on a.psn_no = b.psn_no and a.day = b.day and town(a.tp) <> town(b.tp)
                where apart <= $minutes::bigint * 60000000)
            select list(distinct rid), min(apart) // 60000000, list(distinct tp) from pair group by psn_no, day""",
            minutes=minutes), ["minutes", "provinces"])

    def beh_07(self, count):
        return self.leads("BEH-07", "consistent", self.sql("""
            select list(rid), count(*) from care group by psn_no, fixmedins_code, day having count(*) >= $count""",
            count=count), ["count"])

    def many_in_a_month(self, rule, kind, count):
        groups = defaultdict(list)
        for r in self.w.settlements:
            if r[kind]:
                groups[r["psn_no"], r["month"]].append(r["rid"])
        return [Lead(rule, "statistical", g, self.payable(g), count=len(g)) for g in groups.values()
                if len(g) >= count]

    def beh_08(self, count):
        return self.many_in_a_month("BEH-08", "is_visit", count)

    def beh_09(self, count):
        return self.many_in_a_month("BEH-09", "is_purchase", count)

    def beh_10(self, institutions, amount):
        return self.leads("BEH-10", "statistical", self.sql("""
            select list(rid), count(distinct fixmedins_code) n from s where is_purchase group by psn_no
            having n >= $institutions and sum(payable) > $amount""",
            institutions=institutions, amount=amount), ["pharmacies"])

    def beh_11(self, crowd, days, persons):
        """Brute force: every pair of persons, then groups by following links."""
        places = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))      # day, person → settlements
        for r in self.w.settlements:
            places[r["fixmedins_code"], r["insuplc_admdvs"]][r["day"]][r["psn_no"]].append(r["rid"])
        out = []
        for by_day in places.values():
            counted = {d: p for d, p in by_day.items() if len(p) <= crowd}
            there = defaultdict(set)
            for d, p in counted.items():
                for person in p:
                    there[person].add(d)
            links = {(a, b): there[a] & there[b] for a in there for b in there
                     if a != b and len(there[a] & there[b]) >= days}
            todo = {a for a, _ in links}
            while todo:
                group, more = set(), {min(todo)}
                while more:
                    group |= more
                    more = {b for a, b in links if a in group} - group
                todo -= group
                if len(group) < persons:
                    continue
                together = {(a, d) for (a, _), ds in links.items() if a in group for d in ds}
                rids = [i for a, d in together for i in counted[d][a]]
                out.append(Lead("BEH-11", "statistical", rids, self.payable(rids), persons=len(group),
                                days=len({d for _, d in together})))
        return out

    def beh_12(self, times, months, amount):
        covered = defaultdict(lambda: defaultdict(list))
        for r in self.w.settlements:
            if r["month"] in self.w.covered:
                covered[r["fixmedins_code"]][r["month"]].append(r["rid"])
        out = []
        for by_month in covered.values():
            for m, rids in by_month.items():
                before = [self.payable(g) for k, g in by_month.items() if k < m]
                now = self.payable(rids)
                if len(before) >= months and now * len(before) >= times * sum(before) and now >= amount:
                    mean = (2 * sum(before) + len(before)) // (2 * len(before)) if before else 0
                    out.append(Lead("BEH-12", "statistical", rids, now, mean=o.yuan(mean)))
        return out

    def beh_13(self, count, times):
        return self.leads("BEH-13", "statistical", self.sql("""
            with d as (select fixmedins_code, month, day, list(rid) rids, count(*) n from s group by all),
            w as (select rids, n, count(*) over m as days, sum(n) over m as total from d
                window m as (partition by fixmedins_code, month))
            select rids, n, days, total::bigint from w where n >= $count and n * days >= $times * total""",
            count=count, times=times), ["count", "days", "total"])

    def beh_14(self, settlements, institutions, factor):
        cells = defaultdict(list)
        for r in self.w.settlements:
            cells[r["fixmedins_code"], r["tp"], r["care_class"], r["month"]].append(r)
        peers = defaultdict(list)
        for key, g in cells.items():
            if len(g) >= settlements:
                levels = {r["level"] for r in g if r["level"]}
                level = levels.pop() if len(levels) == 1 else None
                mean = (2 * sum(r["medfee_sumamt"] for r in g) + len(g)) // (2 * len(g))
                peers[(*key[1:], level)].append((mean, [r["rid"] for r in g]))
        lower = lambda v: sorted(v)[(len(v) - 1) // 2]
        out = []
        for group in peers.values():
            if len(group) < institutions:
                continue
            median = lower([x for x, _ in group])
            mad = lower([abs(x - median) for x, _ in group])
            for x, rids in group:
                if mad > 0 and 6745 * abs(x - median) >= factor * mad:
                    out.append(Lead("BEH-14", "statistical", rids, max(x - median, 0) * len(rids), mean=o.yuan(x),
                                    median=o.yuan(median), mad=o.yuan(mad), peers=len(group)))
        return out

    def beh_15(self, limit, width, count, times):
        groups = defaultdict(lambda: ([], []))
        for r in self.w.settlements:
            if r["is_stay"] and limit - width <= r["medfee_sumamt"] < limit + width:
                groups[r["fixmedins_code"]][r["medfee_sumamt"] >= limit].append(r["rid"])
        return [Lead("BEH-15", "statistical", below, self.payable(below), below=len(below), above=len(above))
                for below, above in groups.values() if len(below) >= count and len(below) >= times * len(above)]

    def beh_16(self, count, percent):
        rows = self.sql("""
            select list(rid) filter (status = 'reversal'), count(*) filter (status = 'reversal') n,
                count(*) filter (status <> 'reversal') of
            from r group by fixmedins_code, month having n >= $count and 100 * n >= $percent * of""",
            count=count, percent=percent)
        return [Lead("BEH-16", "statistical", g, -self.payable(g), reversals=n, settlements=of)
                for g, n, of in rows]

    def beh_17(self, count):
        return self.leads("BEH-17", "consistent", self.sql("""
            select list(rid), dise_codg, count(*) n, list(distinct tp) from s where care_class = 'chronic'
            group by psn_no, dise_codg, month having n >= $count or n >= 2 and count(distinct town(tp)) > 1""",
            count=count), ["disease", "count", "provinces"])

    def beh_18(self, persons):
        groups = defaultdict(list)
        for r in self.w.settlements:
            if r["mdtrt_cert_no"]:
                groups[r["mdtrt_cert_no"]].append(r)
        out = []
        for g in groups.values():
            who = {r["psn_no"] for r in g}
            if len(who) >= persons:
                rids = [r["rid"] for r in g]
                out.append(Lead("BEH-18", "certain", rids, self.payable(rids), persons=len(who),
                                media=[m for m in {r["mdtrt_cert_type"] for r in g} if m]))
        return out

    def beh_19(self, count, percent, amount):
        groups = defaultdict(list)
        for r in self.w.settlements:
            if r["is_purchase"]:
                groups[r["fixmedins_code"], r["month"]].append(r)
        out = []
        for g in groups.values():
            alone = [r["rid"] for r in g if r["fund_pay_sumamt"] == 0
                     and 100 * r["acct_pay"] >= 95 * r["medfee_sumamt"]]
            if len(g) >= count and 100 * len(alone) >= percent * len(g) \
                    and sum(r["medfee_sumamt"] for r in g) >= amount * len(g):
                out.append(Lead("BEH-19", "statistical", alone, self.payable(alone), purchases=len(g),
                                alone=len(alone)))
        return out

    # ------------------------------------------------------------ section 5: filing

    def of_class_none(self, rule, having, names):
        return self.leads(rule, "consistent", self.sql("""
            select [s.rid], coalesce(list(distinct f.rloc) filter (f.rid is not null), []) from s
                join class c using (rid) left join filed f on f.rid = s.rid
            where c.class = 'none' and list_contains($care, s.care_class) and town(s.ip) <> town(s.tp)
            group by s.rid having """ + having, care=self.w.keys["FIL"]["care_class"]), names)

    def fil_01(self):
        return self.of_class_none("FIL-01", "count(f.rid) = 0", [])

    def fil_02(self):
        return self.leads("FIL-02", "certain", self.sql("""
            select [s.rid], strftime(min(f.made), '%Y-%m-%d %H:%M:%S') from s join class c using (rid)
                join filed f on f.rid = s.rid and f.fits
            where list_contains($care, s.care_class) and town(s.ip) <> town(s.tp)
                and c.class <> 'unknown' and not s.deemed and not s.emergency
            group by s.rid having bool_and(f.made is not null and f.made > s.setl_time)""".replace(
                "group by s.rid", "group by s.rid, s.setl_time"),
            care=self.w.keys["FIL"]["care_class"]), ["made"])

    def fil_03(self):
        return self.of_class_none("FIL-03", "count(f.rid) > 0", ["filed_to"])

    def fil_04(self):
        rows = self.sql("""
            with two as (
                select a.rid, a.psn_no, unnest([place(a.rloc), place(b.rloc)]) filed_place
                from filed a join filed b on a.rid = b.rid
                where a.word = 'long_term' and b.word = 'long_term'
                    and not reaches(a.rloc, b.rloc) and not reaches(b.rloc, a.rloc))
            select list(distinct rid), list(distinct filed_place) from two group by psn_no""")
        return self.leads("FIL-04", "certain", rows, ["places"])

    # ------------------------------------------------------------ section 6: benefits

    def judgements(self):
        """{rid: Judgement} of all settlements with a set."""
        if not hasattr(self, "judged"):
            self.judged = {r["rid"]: benefit.Judgement(r["set"], r) for r in self.w.settlements if r["set"]}
        return self.judged

    def nothing_left(self):
        """rids of BEN-05: the fund paid though the deductible takes all."""
        rows = [(rid, j.least_allowed()) for rid, j in self.judgements().items()]
        self.put("deductible", rows, rid=pa.int64(), least=pa.int64())
        return {rid: d for rid, d in self.sql("""
            select rid, coalesce(act_pay_dedc, least) from s join deductible using (rid)
            where hifp_pay > 0 and inscp_scp_amt <= coalesce(act_pay_dedc, least)""")}

    def outside(self, tolerance):
        """Settlements outside the range: (rid, judgement, other class that fits or None)."""
        nothing = self.nothing_left()
        for rid, j in self.judgements().items():
            if j.span and rid not in nothing and j.distance() > tolerance:
                yield rid, j, j.other_class(tolerance)

    def ben_01(self, tolerance):
        out = []
        for rid, j, other in self.outside(tolerance):
            if other is None:
                lo, hi = j.span
                certain = lo == hi and j.s["act_pay_dedc"] is not None
                out.append(Lead("BEN-01", "certain" if certain else "consistent", [rid], j.distance(),
                                lo=o.yuan(lo), hi=o.yuan(hi), **{"class": j.s["class"]}))
        return out

    def ben_02(self):
        out = []
        for rid, j in self.judgements().items():
            if not j.allowed:
                continue
            paid, standard, scope = (j.s[f] for f in ("act_pay_dedc", "dedc_std", "inscp_scp_amt"))
            most = max(b for _, b in j.allowed)
            paid_wrong = paid is not None and not j.allows(paid) and not (paid == scope and scope < most)
            standard_wrong = standard is not None and not j.allows(standard)
            if paid_wrong or standard_wrong:
                wrong = paid if paid_wrong else standard
                nearest = j.nearest(wrong, scope if paid_wrong and scope < most else None)
                out.append(Lead("BEN-02", "consistent", [rid], abs(wrong - nearest), paid=o.yuan(paid),
                                standard=o.yuan(standard), nearest=o.yuan(nearest)))
        return out

    def ben_03(self, tolerance):
        return [Lead("BEN-03", "consistent", [rid], j.distance(), **{"class": j.s["class"]}, fits=other,
                     lo=o.yuan(j.span[0]), hi=o.yuan(j.span[1]))
                for rid, j, other in self.outside(tolerance) if other]

    def ben_04(self):
        groups = defaultdict(list)
        for r in self.w.settlements:
            if r["set"]:
                year = r["set"].benefit_year(r["benefit_day"])
                groups[r["psn_no"], r["area"], r["fund_class"], year].append(r)
        rows = []
        for no, (key, g) in enumerate(groups.items()):
            last = max(g, key=lambda r: (r["setl_time"], r["setl_id"].encode()))
            caps = benefit.cap_rows(last["set"], last, last["benefit_day"])
            rows += [(r["rid"], no, key[3], *caps[r["care_class"]]) for r in g if r["care_class"] in caps]
        self.put("capped", rows, **dict.fromkeys(["rid", "g", "year", "n", "cap"], pa.int64()))
        found = self.sql("""
            select list(rid), sum(hifp_pay)::hugeint paid, cap, year from s join capped using (rid)
            group by g, n, cap, year having paid > cap""")
        return [Lead("BEN-04", "certain", rids, int(paid) - cap, paid=o.yuan(int(paid)), cap=o.yuan(cap), year=year)
                for rids, paid, cap, year in found]

    def ben_05(self):
        return [Lead("BEN-05", "certain", [rid], self.w.all[rid]["hifp_pay"],
                     scope=o.yuan(self.w.all[rid]["inscp_scp_amt"]), deductible=o.yuan(d))
                for rid, d in self.nothing_left().items()]

    def ben_06(self):
        out = []
        for r in self.w.undiseased:
            parts = [p for p in DISEASE_ENDS.split(r["dise_codg"] or "") if p]
            if len(parts) != 1:
                out.append(Lead("BEN-06", "certain", [r["rid"]], r["payable"], diseases=len(parts)))
        return out

    # ------------------------------------------------------------ which rules run

    def needs(self, rule):
        """What a rule needs and nobody delivered, or None."""
        delivered = lambda *fields: any(r[f] is not None for r in self.w.reviewed for f in fields)
        if rule == "BEH-20":
            return "book"
        if rule == "BEH-18" and not delivered("mdtrt_cert_no"):
            return "mdtrt_cert_no"
        if rule.startswith("FIL") and self.w.filings is None:
            return "filings"
        if rule.startswith("BEN") and rule != "BEN-06" and not self.w.sets:
            return "benefits"
        if rule in ("BEN-01", "BEN-03", "BEN-05") and not delivered("inscp_scp_amt"):
            return "inscp_scp_amt"
        if rule == "BEN-02" and not delivered("act_pay_dedc", "dedc_std"):
            return "act_pay_dedc, dedc_std"
        return None

    def arguments(self, rule):
        """Thresholds of a rule as arguments of its method; None without an entry in force."""
        entry = {"FIL-01": "FIL", "FIL-02": "FIL", "FIL-03": "FIL", "BEN-01": "BEN", "BEN-03": "BEN"}.get(rule, rule)
        if entry not in inputs.BUILT_IN:
            return {}
        if entry not in self.w.keys:
            return None
        return {} if entry == "FIL" else self.w.keys[entry]

    def run(self):
        self.ran, self.left_out, out = [], [], []
        for rule in inputs.RULES:
            arguments = self.arguments(rule)
            reason = ("off" if rule in self.w.rules.off else self.needs(rule)
                      or ("no threshold" if arguments is None else None))
            if reason:
                self.left_out.append({"rule": rule, "reason": reason})
                continue
            self.ran.append(rule)
            out += getattr(self, rule.lower().replace("-", "_"))(**arguments)
        return out


# ---------------------------------------------------------------- section 3: what comes out

YUAN38, YUAN16 = pa.decimal128(38, 2), pa.decimal128(16, 2)
LEADS = pa.schema([
    ("lead_id", pa.string()), ("rule", pa.string()), ("strength", pa.string()), ("treating_province", pa.string()),
    ("other_province", pa.string()), ("insured_province", pa.string()), ("psn_no", pa.string()),
    ("fixmedins_code", pa.string()), ("first_day", pa.date32()), ("last_day", pa.date32()),
    ("settlements", pa.int64()), ("amount", YUAN38), ("detail", pa.string()), ("cleared", pa.bool_())])
LEAD_SETTLEMENTS = pa.schema([
    ("lead_id", pa.string()), ("setl_id", pa.string()), ("role", pa.string()), ("input", pa.int64()),
    ("file", pa.string()), ("row", pa.int64()), ("treating_province", pa.string()), ("payable", YUAN16),
    ("cleared", pa.bool_())])


def detail_text(detail):
    """`name=value;…`; a list has commas, in order of bytes."""
    text = lambda v: ",".join(sorted(v, key=str.encode)) if isinstance(v, list) else "" if v is None else str(v)
    return ";".join("%s=%s" % (k, text(v)) for k, v in detail.items())


def decimal(fen):
    return Decimal(fen).scaleb(-2)


def shared(values):
    values = set(values)
    return values.pop() if len(values) == 1 else None


def tables(world, leads):
    """Rows of leads.parquet and lead_settlements.parquet, in their order."""
    by_id = lambda rids: sorted((world.all[i] for i in rids), key=lambda r: r["setl_id"].encode())
    order = lambda x: (x.rule, -x.amount, [r["setl_id"].encode() for r in by_id(x.suspects + x.context)])
    lead_rows, settlement_rows, number = [], [], defaultdict(int)
    for lead in sorted(leads, key=order):
        number[lead.rule] += 1
        lead_id = "%s-%06d" % (lead.rule, number[lead.rule])
        suspects, context = by_id(lead.suspects), by_id(lead.context)
        rows = suspects + context
        last = max(suspects, key=lambda r: (r["setl_time"], r["setl_id"].encode()))
        provinces = {r["tp"] for r in rows}
        first_days = [r["begndate"] if r["is_stay"] else r["day"] for r in rows]
        last_days = [r["enddate"] if r["is_stay"] else r["day"] for r in rows]
        lead_rows.append({
            "lead_id": lead_id, "rule": lead.rule, "strength": lead.strength, "treating_province": last["tp"],
            "other_province": (provinces - {last["tp"]}).pop() if len(provinces) == 2 else None,
            "insured_province": shared(r["ip"] for r in rows), "psn_no": shared(r["psn_no"] for r in rows),
            "fixmedins_code": shared(r["fixmedins_code"] for r in rows), "first_day": min(first_days),
            "last_day": max(last_days), "settlements": len(rows), "amount": decimal(lead.amount),
            "detail": detail_text(lead.detail), "cleared": None})
        settlement_rows += [{
            "lead_id": lead_id, "setl_id": r["setl_id"], "role": role, "input": r["input"], "file": r["file"],
            "row": r["row"], "treating_province": r["tp"], "payable": decimal(r["payable"]), "cleared": None}
            for role, part in (("suspect", suspects), ("context", context)) for r in part]
    return lead_rows, settlement_rows


def summary(world, finder, lead_rows, leads):
    fen = lambda rows: str(sum(int(x["amount"].scaleb(2)) for x in rows))

    def grouped(keys):
        out = defaultdict(list)
        for x in lead_rows:
            out[tuple(x[k] for k in keys)].append(x)
        return sorted(out.items())
    suspects = {i for x in leads for i in x.suspects}
    looked = {rid for rid, j in finder.judgements().items() if j.span}
    reviewed = [r for r in world.settlements if r["rid"] in looked]
    other = [r for r in world.settlements if r["rid"] not in looked]
    areas = defaultdict(list)
    for r in world.settlements:
        if r["set"] is None:
            areas[r["insuplc_admdvs"]].append(r)
    hifp = lambda rows: str(sum(r["hifp_pay"] for r in rows))
    return {
        "month": world.month, "covered_months": world.covered, "inputs": world.inputs, "rules_run": finder.ran,
        "rules_left_out": finder.left_out, "rows": world.rows,
        "persons": len({r["psn_no"] for r in world.settlements}), "leads": len(lead_rows), "fen": fen(lead_rows),
        "fen_once": str(finder.payable(suspects)),
        "by_rule": [{"rule": k[0], "strength": k[1], "leads": len(g),
                     "settlements": sum(x["settlements"] for x in g), "fen": fen(g)}
                    for k, g in grouped(["rule", "strength"])],
        "by_province": [{"treating_province": k[0], "rule": k[1], "leads": len(g), "fen": fen(g)}
                        for k, g in grouped(["treating_province", "rule"])],
        "benefits": {"reviewed_rows": len(reviewed), "reviewed_fen": hifp(reviewed), "other_rows": len(other),
                     "other_fen": hifp(other),
                     "areas_without": [{"area": a, "rows": len(g), "fen": hifp(g)}
                                       for a, g in sorted(areas.items())]},
        "unknown_values": [{"field": f, "value": v, "rows": n}
                           for (f, v), n in sorted(world.unknown.items(), key=lambda x: (x[0][0], x[0][1].encode()))],
    }


def review(folders, **files):
    """(lead rows, settlement rows, summary)."""
    world = World(folders, **files)
    finder = Finder(world)
    leads = finder.run()
    lead_rows, settlement_rows = tables(world, leads)
    return lead_rows, settlement_rows, summary(world, finder, lead_rows, leads)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--input", action="append", required=True)
    ap.add_argument("--out", required=True)
    for name in ("rules", "filings", "registry", "benefits"):
        ap.add_argument("--" + name)
    a = ap.parse_args()
    try:
        leads, settlements, total = review(a.input, rules=a.rules, filings=a.filings, registry=a.registry,
                                           benefits=a.benefits)
    except inputs.Usage as e:
        print(e, file=sys.stderr)
        return 2
    except o.Refused as e:
        print("\n".join(e.findings), file=sys.stderr)
        return 3
    os.makedirs(a.out, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(leads, schema=LEADS), os.path.join(a.out, "leads.parquet"))
    pq.write_table(pa.Table.from_pylist(settlements, schema=LEAD_SETTLEMENTS),
                   os.path.join(a.out, "lead_settlements.parquet"))
    with open(os.path.join(a.out, "summary.json"), "w", encoding="utf-8") as f:
        json.dump(total, f, ensure_ascii=False, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
