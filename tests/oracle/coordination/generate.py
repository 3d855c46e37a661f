#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random small books of five periods with requests, replies, system errors and media of settlement. Synthetic data only.

    python generate.py --out DIR --seed N

The reference runs along, so that ids, dates and settlements hit real cases on both sides of every border.
"""
import argparse
import csv
import datetime as dt
import io
import os
import random
import shutil
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

import reference as ref
from reference import o

DIVISIONS = {"31": ["310000", "310115"], "34": ["340100"], "66": ["659001", "660400"], "65": ["650100"]}
CARE = ["11", "14", "140104", "21", "21", "21", "22", "28", "41"]
# First month of a book; the days around the default as-of have holidays in most of them.
FIRSTS = ["2025-08", "2025-09", "2025-11", "2024-08", "2023-08", "2025-12"]
MEDIA = ["01", "02", "03", "1", "2", " 3 ", "　01", "04", "7", "０１", "001", "", "  ", None, "1 1", "10"]
TEXTS = ["", "timeout", "证件 31010119900307123X 不符", "1234567", "12345678", "a12345678xX9", "12345678X1234567X", "1" * 25, "１２３４５６７８",
         "x" * 197 + "12345678X", "字" * 250, "a, \"b\"\nc", "00000000x00000000y", "123456789 1234567"]
MANY = 9_000
ONE_DAY, SECOND = dt.timedelta(days=1), dt.timedelta(seconds=1)
LONG_ID = "协" * 40
MAIN = ["medfee_sumamt", "hifp_pay", "fund_pay_sumamt"]
OPTIONAL = ["mdtrt_id", "dise_codg", "begndate", "enddate", "init_setl_id"]


class World:
    def __init__(self, seed, out):
        self.rng, self.out = random.Random(seed), out
        self.first = FIRSTS[seed % len(FIRSTS)]
        self.book = ref.empty_book()
        self.settlements, self.number = {}, 0       # {setl_id: row last delivered}
        self.later = []                             # [(period number, side, row)]
        self.as_ofs = []
        self.refused_ids, self.accepted_rows = [], []
        self.left_errors = []
        self.many = seed % 20 == 7                  # one period with more errors than a batch of rows holds
        self.has_media = self.rng.choice(["always", "often", "often", "never"])

    def chance(self, p):
        return self.rng.random() < p

    # ------------------------------------------------------------ settlements

    def settlement(self, month, care=None):
        g = self.rng
        self.number += 1
        insured, treating = g.sample(sorted(DIVISIONS), 2)
        begin = dt.datetime.fromisoformat(month + "-01")
        time = begin + dt.timedelta(days=g.randrange(28), seconds=g.randrange(86400))
        care = care or g.choice(CARE)
        fee = g.choice([ref.LEAST_COST - 1, ref.LEAST_COST, ref.LEAST_COST, ref.LEAST_COST + 1, 5_000_00, 99_999_99])
        own = g.randrange(100)
        r = {"setl_id": "S%04d" % self.number, "mdtrt_id": g.choice([None, "M%d" % self.number, "M%d" % self.number, "就诊1"]),
             "init_setl_id": None, "psn_no": "P%03d" % g.randrange(50), "insuplc_admdvs": g.choice(DIVISIONS[insured]),
             "mdtrtarea_admvs": g.choice(DIVISIONS[treating]), "fixmedins_code": g.choice(["H31010000001", "P3401150000A"]),
             "insutype": g.choice(["310", "390"]), "med_type": care, "setl_time": time,
             "dise_codg": "M03900" if o.CARE_CLASS[care] == "chronic" else None, "begndate": None, "enddate": None,
             "medfee_sumamt": fee, "hifp_pay": fee - own, "fund_pay_sumamt": fee - own, "acct_pay": 0, "psn_cash_pay": own}
        if self.chance(0.7):
            r["begndate"], r["enddate"] = time.date() - g.randrange(9) * ONE_DAY, time.date()
        r["medium"] = self.medium()
        return r

    def medium(self):
        return self.rng.choice(MEDIA)

    def fee(self, r):
        """A copy on the other side of the limit."""
        change = (1 if r["medfee_sumamt"] < ref.LEAST_COST else -1) * self.rng.choice([1, 10_000_00])
        return r if r["init_setl_id"] else {**r, **{f: r[f] + change for f in MAIN if r["hifp_pay"] > 10_000_00}}

    def other(self, r):
        """A copy that does not agree."""
        g, r = self.rng, dict(r)
        kind = g.randrange(4)
        if kind == 0:
            r["psn_cash_pay"], r["medfee_sumamt"] = r["psn_cash_pay"] + 1, r["medfee_sumamt"] + 1
        elif kind == 1:
            r["med_type"] = g.choice([c for c in ("21", "11") if c != r["med_type"]])
        elif kind == 2:
            r["insuplc_admdvs"] = g.choice([d for p, ds in DIVISIONS.items() for d in ds
                                            if p != o.province(r["mdtrtarea_admvs"]) and d != r["insuplc_admdvs"]])
        else:
            r["psn_no"] += "x"
        return r

    def reversal(self, r, month):
        new = dict(r, init_setl_id=r["setl_id"], setl_id=self.settlement(month)["setl_id"])
        new["setl_time"] = dt.datetime.fromisoformat(month + "-27") + self.rng.randrange(86400) * SECOND
        for f in [*MAIN, "psn_cash_pay"]:
            new[f] = -r[f]
        return new

    def rows(self, period):
        g, now = self.rng, o.month_no(period)
        rows = {side: [] for side in o.SIDES}

        def put(side, r):
            rows[side].append(dict(r, medium=r["medium"] if self.chance(0.7) else self.medium()))
            self.settlements[r["setl_id"]] = r
        for when, side, r in [x for x in self.later if x[0] == now]:
            put(side, r)
        cleared = [s for s, e in self.book["state"]["register"].items() if not e["voided"] and not e["reversal"]]
        voided = [s for s, e in self.book["state"]["register"].items() if e["voided"]]
        for n in range(g.randrange(14, 32)):
            r = self.settlement(o.month_of(now - g.choice([0, 0, 0, 0, 0, 1, 2])))
            sides = list(o.SIDES) if self.chance(0.5) else [g.choice(o.SIDES)]
            kind = g.random() if n > 6 else 0       # enough of both sides, so that nothing looks like a slip
            if kind < 0.4:
                put("treating", r)
                put("insured", r)
            elif kind < 0.6:                        # missing, perhaps with the other copy later
                put(sides[-1], r)
                if self.chance(0.5):
                    self.later.append((now + g.choice([1, 2]), o.SIDES[1 - o.SIDES.index(sides[-1])],
                                       g.choice([r, self.other(r)])))
            elif kind < 0.75:
                put("treating", r)
                put("insured", self.other(r))
            elif kind < 0.78 and any(self.book["state"]["open"].values()):      # superseding
                side = g.choice([s for s in o.SIDES if self.book["state"]["open"][s]])
                old = self.settlements[g.choice(list(self.book["state"]["open"][side]))]
                put(side, g.choice([old, self.other(old), self.fee(old)]))
            elif kind < 0.82:                       # duplicates and conflicts
                for _ in range(3):
                    put(g.choice(o.SIDES), g.choice([r, r, self.other(r), self.fee(r)]))
            elif kind < 0.9:                        # rejected
                for side in sides:
                    put(side, dict(r, psn_cash_pay=r["psn_cash_pay"] + 1))
            elif kind < 0.94 and cleared + voided:
                for side in sides:
                    put(side, self.settlements[g.choice(cleared + voided)])
            elif cleared or rows["treating"]:
                of = self.settlements[g.choice(cleared or [x["setl_id"] for x in rows["treating"]])]
                new = self.reversal(of, period) if of["init_setl_id"] is None else r
                for side in sides:
                    put(side, new)
        return rows

    def write_side(self, folder, side, rows):
        g = self.rng
        g.shuffle(rows)
        parts = g.randrange(1, 4)
        for n in range(parts):
            path = os.path.join(folder, side, g.choice(["", "a/", "b/c/"]) + "%d.parquet" % n)
            self.write_file(path, rows[n::parts])

    def write_file(self, path, rows):
        g, cols = self.rng, {}
        for f in o.REQUIRED + OPTIONAL:
            values = [r[f] for r in rows]
            if f in o.DECIMALS:
                cols[f] = pa.array([Decimal(v).scaleb(-2) for v in values], pa.decimal128(16, 2))
            elif f in o.DATES:
                cols[f] = pa.array(values, pa.date32())
            elif f == "setl_time":
                zone = g.choice([None, None, "UTC", "Asia/Shanghai"])
                cols[f] = times(values, g.choice(["ms", "us", "ns"]), zone)
            elif not any(values):
                cols[f] = pa.nulls(len(rows))
            else:
                cols[f] = pa.array(values, pa.string())
        if self.has_media == "always" or self.has_media == "often" and self.chance(0.6):
            name = g.choice(["mdtrt_cert_type"] * 3 + [" MDTRT_CERT_TYPE"])
            cols[name] = self.media_column([r["medium"] for r in rows])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        pq.write_table(pa.table(cols), path, row_group_size=g.choice([3, 7, 1000]), use_dictionary=self.chance(0.6))

    def media_column(self, values):
        kind = self.rng.randrange(6)
        if kind == 0:
            return pa.nulls(len(values))
        if kind == 1:
            digits = [v and v.strip() for v in values]
            return pa.array([int(v) if v and v.isascii() and v.isdigit() else None for v in digits],
                            self.rng.choice([pa.int32(), pa.int64()]))
        text = pa.array(values, pa.string())
        return text.dictionary_encode() if kind == 2 else text

    def decisions(self, folder):
        """Some carried settlements are voided or accepted."""
        rows = []
        for b in ref.Close(self.book, self.period, folder, self.opening, self.as_of).tables["breaks"]:
            if b["class"] in ("missing_insured", "missing_treating", "field_mismatch", "amount_mismatch") and self.chance(0.2):
                sides = o.SIDES if b["side"] == "both" else [b["side"]]
                word = self.rng.choice(["void", *("accept_" + s for s in sides)])
                rows.append([b["setl_id"], word, "协查", "甲", "乙", "2025-01-01"])
        if rows:
            self.write_csv(os.path.join(folder, "decisions.csv"), o.SMALL["decisions.csv"], rows)

    # ------------------------------------------------------------ days

    def day(self, *near):
        """A day on some border: batches, the as-of day, holidays, the days given."""
        g = self.rng
        now = g.choice([self.close.as_of, dt.date.fromisoformat(self.period + "-15")])
        n = o.month_no(now.isoformat()[:7]) - g.choice([0, 0, 1, 1, 2, 3])
        month = lambda day: dt.date(n // 12, n % 12 + 1, day)
        kind = g.random()
        if near and kind < 0.5:
            return g.choice(near) + g.choice([-1, 0, 0, 1]) * ONE_DAY
        if kind < 0.75:
            return month(g.choice([25, 26, 27]))
        if kind < 0.85:
            return self.close.as_of + g.choice([-2, -1, 0, 0, 1]) * ONE_DAY
        if kind < 0.9:
            return g.choice([dt.date(2025, 9, 30), dt.date(2025, 10, 1), dt.date(2025, 10, 8), dt.date(2026, 2, 14),
                             dt.date(2026, 2, 23), dt.date(2026, 1, 4), dt.date(2024, 9, 29), dt.date(2023, 10, 7)])
        return month(g.randrange(1, 29))

    # ------------------------------------------------------------ requests and replies

    def request(self, taken):
        g, c = self.rng, self.close
        kind = "verification" if self.chance(0.6) else "problem"
        pools = [[s for s in c.first[side]] for side in o.SIDES] + [list(c.opened[side]) for side in o.SIDES] + [list(c.register)]
        stays = [s for s in c.first["treating"] if c.record(s)["care_class"] == "inpatient"]
        pools += [stays] * 3 + [[s for s in c.register if self.settlements.get(s, {}).get("med_type") == "21"]]
        several = [r["setl_id"] for side in o.SIDES for r in c.valid[side] if r is not c.first[side][r["setl_id"]]]
        undone = [s for s, e in c.register.items() if not e["voided"] and e["reversal"] and e["care_class"] == "inpatient"]
        pools += [several, several, undone,
                  [s for side in o.SIDES for s in c.opened[side] if s in c.first["treating"] or s in c.first["insured"]]]
        pool = g.choice([p for p in pools if p])
        setl_id = g.choice(pool)
        if self.chance(0.1):
            setl_id = g.choice([*self.settlements, "S9999", "S0001 ", ""])
        facts = c.known(setl_id)
        pair = (facts["ip"], facts["tp"]) if facts else tuple(g.sample(sorted(DIVISIONS), 2))
        if self.chance(0.1):
            pair = g.choice([pair[::-1], (pair[0], pair[0]), ("99", pair[1]), (pair[0], ""), ("３１", pair[1]), (pair[0], "11"),
                             ("310000", pair[1]), (" 31", pair[1])])
        ids = ["R%d-%d" % (len(self.book["tables"]), len(taken))] * 8
        ids += g.sample(taken, min(1, len(taken))) + self.refused_ids[:3] + [LONG_ID, "12345678901234567X", "r\"1,"]
        ids += list(self.ledger.records)[:2]
        problem_setl = setl_id if kind == "verification" or self.chance(0.3) else ""
        return {"request_id": g.choice(ids), "kind": kind, "from_province": pair[0], "to_province": pair[1],
                "opened_at": self.day().isoformat(), "setl_id": problem_setl,
                "problem_type": "" if kind == "verification" else g.choice(list(ref.DUE_DAYS)),
                "subject": g.choice(["", "核实住院费用", "card 6222021234567890123, \"urgent\"", "two\nlines", "=1+1"])}

    def reply(self):
        g, q = self.rng, None
        ids = list(self.ledger.records)
        if ids and self.chance(0.93):
            q = self.ledger.records[g.choice(ids)]
        if q is None:
            return dict(self.fresh(g.choice([*self.refused_ids, "nobody", "nobody"]), "problem", self.day()))
        kind, begin = q["kind"], q["reopened_on"] or q["opened_at"]
        if q["replied_on"] is None:
            due = ref.due_of(ref.batch_of(begin))
            row = self.fresh(q["request_id"], kind, self.day(begin, due, begin, self.silent_since(kind)))
        else:
            row = {"request_id": q["request_id"], "replied_on": q["replied_on"].isoformat(), "result": q["result"],
                   "reason": q["reason"] or "", "confirmed_on": "", "reopened_on": ""}
            if self.chance(0.12):
                row.update(self.fresh(q["request_id"], kind, self.day(q["replied_on"])))
            elif self.chance(0.1):
                row["reason"] = g.choice(["", "another"])
        if self.chance(0.5) and row["replied_on"]:
            replied = dt.date.fromisoformat(row["replied_on"])
            end = o.add_working_days(replied, ref.CONFIRM_DAYS[kind])
            step = g.choice(["confirmed_on", "confirmed_on", "reopened_on"])
            row[step] = self.day(replied, end, end, *([q["reopened_on"]] if q["reopened_on"] else [])).isoformat()
            if q["reopened_on"] and self.chance(0.3):       # reopened twice, perhaps on one day
                row.update(replied_on=(q["replied_on"] or q["reopened_on"]).isoformat(), confirmed_on="",
                           reopened_on=max(q["reopened_on"], q["replied_on"] or q["reopened_on"]).isoformat())
            if self.chance(0.04):
                row["confirmed_on"] = row["reopened_on"] = row[step]
        return row

    def silent_since(self, kind):
        """The day of a reply that is to be confirmed by the as-of day."""
        day = self.close.as_of
        while o.add_working_days(day, ref.CONFIRM_DAYS[kind]) > self.close.as_of:
            day -= ONE_DAY
        return day

    def fresh(self, request_id, kind, day):
        result = self.rng.choice(ref.RESULTS[kind] * 8 + sum(ref.RESULTS.values(), []))
        any_reason = result != "incorrect" or self.chance(0.2)
        reason = self.rng.choice(["住院号 123456789", "x", ""] if any_reason else ["费用重复", "x"])
        return {"request_id": request_id, "replied_on": day.isoformat(), "result": result, "reason": reason, "confirmed_on": "",
                "reopened_on": ""}

    def coordination(self, folder):
        g, requests, replies = self.rng, [], []
        self.ledger = self.close.requests()
        for _ in range(g.choice([0, 3, 8, 14])):
            row = self.request([r["request_id"] for r in requests])
            requests.append(row)
            if self.ledger.request(0, dict({k: v or None for k, v in row.items()}, opened_at=ref.day_of(row["opened_at"]))):
                self.refused_ids.insert(0, row["request_id"])
        for _ in range(g.choice([0, 5, 12, 25])):
            row = self.reply()
            if self.accepted_rows and self.chance(0.12):
                row = g.choice(self.accepted_rows)
            replies.append(row)
            days = {c: ref.day_of(row[c]) for c in ("replied_on", "confirmed_on", "reopened_on")}
            if not self.ledger.reply(0, dict({k: v or None for k, v in row.items()}, **days)):
                self.accepted_rows.append(row)
        for name, fields, rows in (("requests.csv", ref.REQUEST, requests), ("replies.csv", ref.REPLY, replies)):
            if rows or self.chance(0.3):
                self.write_csv(os.path.join(folder, name), fields, [[r[c] for c in fields] for r in rows])

    # ------------------------------------------------------------ system errors

    def error(self, number):
        g, c = self.rng, self.close
        rows = [r for side in o.SIDES for r in c.valid[side]]
        day = self.day()
        at = dt.datetime.combine(day, dt.time(g.randrange(24), g.randrange(60), g.randrange(60)))
        there, home, visit = g.choice(sorted(DIVISIONS)), g.choice([*sorted(DIVISIONS), ""]), g.choice(["", "M1", "就诊1"])
        if rows and self.chance(0.5):
            r = g.choice(rows)
            visit, there = r["mdtrt_id"] or "", r["tp"] if self.chance(0.9) else there
            at = r["setl_time"] + g.choice([0, 0, 1, -1, -3600, -30 * 86400]) * SECOND
        if there == home and self.chance(0.9):
            home = ""
        return {"err_id": "E%d-%d" % (len(self.book["tables"]), number), "at": at, "infno": g.choice(["2207", "2305", "", "1101A"]),
                "raised_by": g.choice(ref.RAISED_BY), "treating_province": there, "insured_province": home,
                "fixmedins_code": g.choice(["", "H31010000001"]), "class": g.choice(ref.CLASSES[:4]), "mdtrt_id": visit,
                "code": g.choice(["", "500", "500", "4021234567", "E12345678X", "E" * 201]), "text": g.choice(TEXTS),
                "answered_on": "", "struck_off_on": ""}

    def news(self, row, carried):
        """A row about an error that is known or was."""
        g = self.rng
        old = carried or row
        row = dict(row, **{c: old[c] or "" for c in ("err_id", "at", "treating_province", "insured_province")})
        kind = g.randrange(10)
        if kind == 0:
            row["at"] += g.choice([-1, 1]) * ONE_DAY
        elif kind == 1:
            row["treating_province"] = g.choice(sorted(DIVISIONS))
        elif kind == 2:
            row["insured_province"] = g.choice([*sorted(DIVISIONS), ""])
        elif kind == 3:
            row["at"] = dt.datetime.combine(row["at"].date(), g.choice([dt.time(0), dt.time(23, 59, 59)]))
        return row

    def spoil(self, row):
        g = self.rng
        kind = g.randrange(9)
        if kind == 0:
            row["err_id"] = g.choice(["", "e" * 41, "错" * 41, "9" * 205, "错" * 40])
        elif kind == 1:
            row["at"] = g.choice([None, dt.datetime(1999, 12, 31, 23, 59, 59), dt.datetime(2000, 1, 1), dt.datetime(1900, 1, 1),
                                  dt.datetime.combine(self.close.as_of, dt.time(23, 59, 59)),
                                  dt.datetime.combine(self.close.as_of + ONE_DAY, dt.time(0))])
        elif kind == 2:
            row["treating_province"] = g.choice(["", "99", "3", "３１", "310000"])
        elif kind == 3:
            row["insured_province"] = g.choice(["99", "0", row["treating_province"]])
        elif kind == 4:
            row["raised_by"] = g.choice(["", "Treating", "hospital", "treating "])
        elif kind == 5:
            row["class"] = g.choice(["", "others", "Amount"])
        elif row["at"]:
            row[g.choice(["answered_on", "struck_off_on"])] = g.choice(
                [row["at"].date() - ONE_DAY, self.close.as_of + ONE_DAY]).isoformat()
        return row

    def errors(self, folder):
        g, rows, ledger = self.rng, [], self.close.errors()
        numbers = self.chance(0.2)                  # all ids and codes are integers
        names = list(ledger.known)
        for n in range(MANY if self.many and len(self.book["tables"]) == 2 else g.choice([0, 6, 20, 40])):
            row = self.error(n)
            x = g.random()
            if names and x < 0.35:
                row = self.news(row, ledger.known[g.choice(names)])
            elif self.left_errors and x < 0.45:
                row = self.news(row, g.choice(self.left_errors))
            for c, p in (("answered_on", 0.35), ("struck_off_on", 0.12)):
                if self.chance(p):
                    end = min(row["at"].date() + g.choice([0, 0, 1, 2, 9]) * ONE_DAY, self.close.as_of)
                    row[c] = max(end, row["at"].date()).isoformat()
            if self.chance(0.15):
                row = self.spoil(row)
            if numbers:
                row.update(err_id=str(7000 + len(self.book["tables"]) * 5 + n % 30), code=g.choice(["", "500", "12345678"]),
                           infno=g.choice(["", "2207"]))
            rows.append(row)
            days = {c: ref.day_of(row[c]) for c in ("answered_on", "struck_off_on")}
            if not ledger.row(n, dict({k: v or None for k, v in row.items()}, **days)):
                names.append(row["err_id"])
        _, still, _ = ledger.close()
        open_now = {e["err_id"] for e in still}
        self.left_errors = [e for i, e in ledger.known.items() if i not in open_now] + self.left_errors
        if rows or self.chance(0.3):
            if self.chance(0.5):
                self.write_errors_csv(folder, rows)
            else:
                self.write_errors_parquet(folder, rows, numbers)

    def write_errors_csv(self, folder, rows):
        g, fields, lines = self.rng, ref.ERROR_FIELDS.split(), []
        for r in rows:
            line = dict(r, at=r["at"].strftime("%Y-%m-%d %H:%M:%S") if r["at"] else "")
            if self.chance(0.03):
                line["at"] = g.choice(["2025-02-30 10:00:00", line["at"][:10], line["at"].replace(" ", "T"), line["at"] + ".5",
                                       "2025-09-01 24:00:00", " " + line["at"], "x", "2025-9-1 1:00:00"])
            if self.chance(0.03):
                line[g.choice(["answered_on", "struck_off_on"])] = g.choice(["2025-02-30", "20250901", "-", "2025-09-01 ", "x"])
            lines.append([line[c] for c in fields])
        self.write_csv(os.path.join(folder, "system-errors.csv"), fields, lines)

    def write_errors_parquet(self, folder, rows, numbers):
        g, cols = self.rng, {}
        for c in ref.ERROR_FIELDS.split():
            values = [r[c] or None for r in rows]
            if not any(values) or c == "at" and self.chance(0.05):
                cols[c] = pa.nulls(len(rows)) if self.chance(0.7) else pa.array([None] * len(rows), kind_of(c))
            elif c == "at":
                cols[c] = times(values, g.choice(["ms", "us", "ns"]), g.choice([None, "UTC", "Asia/Shanghai"]), self.chance(0.5))
            elif c.endswith("_on"):
                cols[c] = pa.array([ref.day_of(v) for v in values], pa.date32())
            elif all(v is None or v.isascii() and v.isdigit() and len(v) < 18 and str(int(v)) == v for v in values) \
                    and (numbers or self.chance(0.5)):
                cols[c] = pa.array([v and int(v) for v in values], pa.int64())
            else:
                values = [v if v is not None or self.chance(0.5) else "" for v in values]
                cols[c] = pa.array(values, g.choice([pa.string(), pa.large_string()]))
                cols[c] = cols[c].dictionary_encode() if self.chance(0.2) else cols[c]
        order = list(cols) + ["extra"] * self.chance(0.3)
        cols["extra"] = pa.array([0.5] * len(rows))
        g.shuffle(order)
        utc = pa.types.is_timestamp(cols["at"].type) and cols["at"].type.tz is not None
        int96 = {"use_deprecated_int96_timestamps": True} if utc and self.chance(0.4) else {}
        if int96:                                   # an instant in UTC, without a zone of its own
            cols["at"] = cols["at"].cast(pa.int64()).cast(pa.timestamp(cols["at"].type.unit))
        pq.write_table(pa.table({c: cols[c] for c in order}), os.path.join(folder, "system-errors.parquet"),
                       row_group_size=g.choice([1, 5, 1000] if len(rows) < 1000 else [999, 100_000]), **int96)

    # ------------------------------------------------------------ files

    def write_csv(self, path, fields, rows):
        g = self.rng
        order = list(range(len(fields)))
        if self.chance(0.5):
            g.shuffle(order)
        more = self.chance(0.3)
        buf, end = io.StringIO(), g.choice(["\n", "\r\n"])
        w = csv.writer(buf, lineterminator=end, quoting=g.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        w.writerow([fields[i] for i in order] + ["note"] * more)
        for r in rows:
            w.writerow([r[i] for i in order] + ["备,\"注"] * more)
            buf.write(end * (fields[0] in ("request_id", "err_id") and self.chance(0.05)))      # empty lines do not count
        with open(path, "wb") as f:
            f.write((b"\xef\xbb\xbf" if self.chance(0.3) else b"") + buf.getvalue().encode())

    def choose_as_of(self):
        g = self.rng
        last = o.last_day_of_next_month(self.period)
        if self.chance(0.5):
            return None
        day = g.choice([last + dt.timedelta(days=g.randrange(-20, 6)), last.replace(day=g.choice([25, 26, 27])),
                        dt.date.fromisoformat(self.period + "-28"), last.replace(day=8)])
        return day if self.chance(0.9) or not self.as_ofs else self.as_ofs[-1] - ONE_DAY


def times(values, unit, zone, fine=False):
    """A timestamp column; fine: nanoseconds that are cut."""
    per = {"ms": 1000, "us": 1, "ns": 1}[unit]
    raw = []
    for v in values:
        us = v and (v - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1) - (8 * 3600 * 10 ** 6 if zone else 0)
        raw.append(us if us is None else us * 1000 + 999 * fine if unit == "ns" else us // per)
    return pa.array(raw, pa.int64()).cast(pa.timestamp(unit, tz=zone))


def kind_of(column):
    return pa.timestamp("us") if column == "at" else pa.date32() if column.endswith("_on") else pa.string()


def chain(seed, out, periods=5):
    """Writes the deliveries of a book; yields each step with what the reference makes of it."""
    w = World(seed, out)
    os.makedirs(out, exist_ok=True)
    quotas = os.path.join(out, "opening-quotas.csv")
    with open(quotas, "w") as f:
        f.write("insured_province,treating_province,quota\n31,34,50000000\n")
    for k in range(periods):
        w.period = o.month_of(o.month_no(w.first) + k)
        w.opening = None if k else quotas
        folder = os.path.join(out, w.period)
        w.as_of = w.choose_as_of()
        for side, rows in w.rows(w.period).items():
            w.write_side(folder, side, rows)
        w.decisions(folder)
        w.close = ref.Close(w.book, w.period, folder, w.opening, w.as_of)
        w.as_ofs.append(w.close.as_of)
        w.coordination(folder)
        w.errors(folder)
        w.book, tables = w.close.coordinate()
        yield {"period": w.period, "input": folder, "opening_quotas": w.opening, "as_of": w.as_of, "tables": tables}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", required=True)
    ap.add_argument("--seed", type=int, default=1)
    a = ap.parse_args()
    shutil.rmtree(a.out, ignore_errors=True)
    for step in chain(a.seed, a.out):
        print(step["period"], step["as_of"] or "", {k: len(v) for k, v in step["tables"].items()})


if __name__ == "__main__":
    main()
