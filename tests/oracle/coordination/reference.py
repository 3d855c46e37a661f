# SPDX-License-Identifier: Apache-2.0
"""An independent reading of coordination.md, parts 2, 3 and 4, in plain Python: the tables coordination, replies, errors,
errors_open, errors_refused and media of every period of a book.

It knows nothing of the program. What it needs of the close itself (valid rows, open items, register, what cleared) it
takes from the oracle beside it. A book is the oracle's state and the tables of the periods so far; nothing else is
carried, as the page says.

    python reference.py --book FILE.pickle --period 2025-10 --input DIR [--as-of DATE] [--opening-quotas FILE]
"""
import argparse
import csv
import datetime as dt
import io
import os
import pickle
import re
import sys
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import oracle as o  # noqa: E402

TEXT, DAY, NUMBER, YES, MONEY = pa.string(), pa.date32(), pa.int64(), pa.bool_(), pa.decimal128(16, 2)


def columns(text, **kinds):
    """[(name, type)]: text where nothing else is said."""
    return [(name, kinds.get(name, TEXT)) for name in text.split()]


ERROR_FIELDS = ("err_id at infno raised_by treating_province insured_province fixmedins_code class code text mdtrt_id "
                "answered_on struck_off_on")
SCHEMAS = {
    "coordination": columns(
        "request_id row kind problem_type from_province to_province setl_id opened_at subject level reopened_on batch "
        "due_on rolled replied_on result reason confirm_by confirmed_on state trusted fixmedins_code mdtrt_id psn_no "
        "begndate enddate medfee_sumamt code", row=NUMBER, opened_at=DAY, level=NUMBER, reopened_on=DAY, due_on=DAY,
        rolled=NUMBER, replied_on=DAY, confirm_by=DAY, confirmed_on=DAY, trusted=YES, begndate=DAY, enddate=DAY,
        medfee_sumamt=MONEY),
    "replies": columns("row request_id replied_on result reason confirmed_on reopened_on accepted code", row=NUMBER,
                       replied_on=DAY, confirmed_on=DAY, reopened_on=DAY, accepted=YES),
    "errors": columns("treating_province insured_province class code raised_by errors brought_in resolved answered "
                      "struck_off open answer_days_median oldest_open_on", oldest_open_on=DAY, **dict.fromkeys(
                          "errors brought_in resolved answered struck_off open answer_days_median".split(), NUMBER)),
    "errors_open": columns(ERROR_FIELDS + " first_period", at=pa.timestamp("us"), answered_on=DAY, struck_off_on=DAY),
    "errors_refused": columns("file row err_id code", row=NUMBER),
    "media": columns("treating_province care_class mdtrt_cert_type visits", visits=NUMBER),
}
REQUEST = "request_id kind from_province to_province opened_at problem_type setl_id subject".split()
REPLY = "request_id replied_on result reason confirmed_on reopened_on".split()

# Dated data of the rules (procedure §58, procedure §59)
LEAST_COST = 30_000_00
BATCH_DAY = 26
DUE_DAYS = {"filing": 2, "system": 1, "other": 10}
CONFIRM_DAYS = {"verification": 5, "problem": 10}
RESULTS = {"verification": ["correct", "incorrect"], "problem": ["answered"]}
RAISED_BY = ["institution", "treating", "national", "insured"]
CLASSES = "filing entitlement credential institution catalogue amount timeout outage other".split()
LONGEST_ID, LONGEST_TEXT = 40, 200
NO_DATE = "no date"                       # a value that does not parse


def key(*values):
    """An order: null before every value, text as bytes."""
    return tuple((0, 0) if v is None else (1, v.encode() if isinstance(v, str) else v) for v in values)


# ---------------------------------------------------------------- files

def day_of(text):
    """A day, None where there is none, NO_DATE where the text is none."""
    if text in (None, ""):
        return None
    return dt.date.fromisoformat(text) if o.good_value("date", text) else NO_DATE


def time_of(text):
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", text):
        return None
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S") if text[17:] < "60" else None
    except ValueError:
        return None


def records(folder, name, wanted, findings):
    """[(number, {column: text})] of a small file: empty text is null, empty lines do not count. Findings as §3."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return []
    with open(path, "rb") as f:
        raw = f.read()
    try:
        text = raw.decode("utf-8-sig")
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except (UnicodeDecodeError, csv.Error) as e:
        findings.append("%s: %s" % (name, e))
        return []
    header = lines[0] if lines else []
    missing = ["%s: column %s" % (name, c) for c in wanted if header.count(c) != 1]
    findings += missing
    if missing:
        return []
    wrong = [n for n, line in enumerate(lines[1:]) if len(line) != len(header)]
    findings += ["%s: record %d is of the wrong length" % (name, n) for n in wrong]
    at = {c: header.index(c) for c in wanted}
    return [(n, {c: line[i] or None for c, i in at.items()}) for n, line in enumerate(lines[1:]) if n not in wrong]


def read_requests(folder, findings):
    out = records(folder, "requests.csv", REQUEST, findings)
    for n, r in out:
        r["opened_at"] = day_of(r["opened_at"])
        verification = r["kind"] == "verification"
        if not r["request_id"] or len(r["request_id"]) > LONGEST_ID or r["kind"] not in CONFIRM_DAYS \
                or r["opened_at"] in (None, NO_DATE) or (r["problem_type"] is None) != verification \
                or r["problem_type"] not in (None, *DUE_DAYS):
            findings.append("requests.csv: record %d" % n)
    return out


def read_replies(folder, findings):
    out = records(folder, "replies.csv", REPLY, findings)
    for n, r in out:
        for c in ("replied_on", "confirmed_on", "reopened_on"):
            r[c] = day_of(r[c])
        if not r["request_id"] or len(r["request_id"]) > LONGEST_ID or r["replied_on"] is None \
                or NO_DATE in (r["replied_on"], r["confirmed_on"], r["reopened_on"]) \
                or r["result"] not in sum(RESULTS.values(), []):
            findings.append("replies.csv: record %d" % n)
    return out


def read_errors(folder, findings):
    """(file name, [(number, row)]): at is a time or None, the two days are days, None or NO_DATE."""
    names = [n for n in ("system-errors.csv", "system-errors.parquet") if os.path.exists(os.path.join(folder, n))]
    if len(names) == 2:
        findings.append("system errors are there twice")
    if not names:
        return None, []
    if names[0].endswith(".csv"):
        out = records(folder, names[0], ERROR_FIELDS.split(), findings)
        for _, r in out:
            r["at"] = time_of(r["at"] or "")
            r["answered_on"], r["struck_off_on"] = day_of(r["answered_on"]), day_of(r["struck_off_on"])
    else:
        out = error_columns(os.path.join(folder, names[0]), findings)
    return names[0], out


def error_columns(path, findings):
    file = pq.ParquetFile(path)
    table, values = file.read(), {}
    for c in ERROR_FIELDS.split():
        if c not in table.column_names:
            findings.append("system-errors.parquet: column %s" % c)
            continue
        kind = o.kind_of(file, c)
        good = ["time"] if c == "at" else ["date"] if c.endswith("_on") else ["text", "integer"]
        if kind[0] not in good + ["null"]:
            findings.append("system-errors.parquet: column %s is %s" % (c, kind[0]))
            continue
        values[c] = o.column_values(table.column(c), c, kind)
    if findings:
        return []
    return [(n, {c: v[n] for c, v in values.items()}) for n in range(table.num_rows)]


def media_of(folder):
    """{(file, row): mdtrt_cert_type} of both sides, or None where no file has the column."""
    out, there = {}, False
    for side in o.SIDES:
        for at, _, names in os.walk(os.path.join(folder, side)):
            for name in (n for n in names if n.endswith(".parquet")):
                path = os.path.join(at, name)
                file = pq.ParquetFile(path)
                column = [c for c in file.schema_arrow.names if o.field_of(c) == "mdtrt_cert_type"]
                if column:
                    there = True
                    values = o.column_values(file.read(columns=column).column(0), "", o.kind_of(file, column[0]))
                    rel = os.path.relpath(path, folder).replace(os.sep, "/")
                    out.update({(rel, n): medium(v) for n, v in enumerate(values)})
    return out if there else None


def medium(value):
    text = (value or "").strip(o.BLANKS)
    text = "0" + text if len(text) == 1 and text in "0123456789" else text
    return text if text in ("01", "02", "03") else "other" if text else None


# ---------------------------------------------------------------- part 2

def batch_of(day):
    """Number of the month of the batch that a day is in."""
    return day.year * 12 + day.month - 1 + (day.day >= BATCH_DAY)


def due_of(batch):
    n = batch + 1
    return dt.date(n // 12, n % 12 + 1, BATCH_DAY)


class Requests:
    """Requests of the book and of a delivery: rows first, then states (2.1 to 2.3)."""

    def __init__(self, tables, as_of, known):
        """tables: those of the periods so far; known: what is said of a setl_id, or None."""
        self.as_of, self.known = as_of, known
        self.records, self.refused, self.replies = {}, [], []
        self.kept = {tuple(r[c] for c in REPLY) for t in tables for r in t["replies"] if r["accepted"]}
        for t in tables:
            self.records.update({r["request_id"]: dict(r, row=None) for r in t["coordination"] if r["code"] is None})
        self.left = {i for i, r in self.records.items() if r["state"] in ("confirmed", "deemed_confirmed")}

    def request(self, number, r):
        facts = self.known(r["setl_id"]) if r["kind"] == "verification" and r["setl_id"] else None
        code = self.code_of_request(r, facts)
        row = dict.fromkeys([c for c, _ in SCHEMAS["coordination"]])
        row.update(r, row=number, code=code)
        if code:
            self.refused.append(dict(row, state="refused"))
            return code
        row["level"] = 1
        if r["kind"] == "verification":
            row["trusted"] = "medfee_sumamt" not in facts
            for c in () if row["trusted"] else ("fixmedins_code", "mdtrt_id", "psn_no", "begndate", "enddate"):
                row[c] = facts[c]
            if not row["trusted"]:
                row["medfee_sumamt"] = Decimal(facts["medfee_sumamt"]).scaleb(-2)
        self.records[r["request_id"]] = row
        return None

    def code_of_request(self, r, facts):
        pair = (r["from_province"], r["to_province"])
        if r["request_id"] in self.records:
            return "Q01"
        if not o.PROVINCES.issuperset(pair) or pair[0] == pair[1] or facts and pair != (facts["ip"], facts["tp"]):
            return "Q02"
        if r["kind"] == "verification":
            if not facts:
                return "Q03"
            if facts["care_class"] != "inpatient" or facts["reversal"] or facts.get("medfee_sumamt", LEAST_COST) < LEAST_COST:
                return "Q04"
        return "Q05" if r["opened_at"] > self.as_of else None

    def reply(self, number, r):
        again = tuple(r[c] for c in REPLY) in self.kept
        code = None if again else self.code_of_reply(r)
        self.replies.append(dict(r, row=number, accepted=code is None, code=code))
        if code is None and not again:
            self.kept.add(tuple(r[c] for c in REPLY))
            self.take(self.records[r["request_id"]], r)
        return code

    def code_of_reply(self, r):
        q = self.records.get(r["request_id"])
        if q is None:
            return "Q06"
        if q["replied_on"] is not None and (q["replied_on"], q["result"]) != (r["replied_on"], r["result"]):
            return "Q07"
        if r["replied_on"] < (q["reopened_on"] or q["opened_at"]) or r["replied_on"] < q["opened_at"]:
            return "Q08"
        if r["result"] == "incorrect" and not r["reason"] or r["result"] not in RESULTS[q["kind"]]:
            return "Q09"
        later = [d for d in (r["confirmed_on"], r["reopened_on"]) if d]
        if any(d > self.as_of for d in [r["replied_on"], *later]) or any(d < r["replied_on"] for d in later) \
                or len(later) == 2 or r["reopened_on"] and q["reopened_on"] and r["reopened_on"] <= q["reopened_on"]:
            return "Q10"
        return None

    def take(self, q, r):
        """What an accepted reply row does to its request."""
        if q["replied_on"] is None:
            q.update({c: r[c] for c in ("replied_on", "result", "reason")})
        if r["confirmed_on"] and q["confirmed_on"] is None and r["request_id"] not in self.left:
            q["confirmed_on"] = r["confirmed_on"]
        if r["reopened_on"]:
            q.update(dict.fromkeys(("replied_on", "result", "reason", "confirmed_on")))
            q.update(reopened_on=r["reopened_on"], level=q["level"] + 1)
            self.left.discard(r["request_id"])

    def close(self):
        """(coordination, replies)."""
        rows = [self.state(dict(q)) for i, q in self.records.items() if i not in self.left]
        return sorted(rows + self.refused, key=lambda r: key(r["request_id"], r["row"])), self.replies

    def state(self, q):
        begin, verification = q["reopened_on"] or q["opened_at"], q["kind"] == "verification"
        q["batch"], q["rolled"], q["confirm_by"] = None, 0, None
        if verification:
            first = batch_of(begin)
            while due_of(first + q["rolled"]) < (q["replied_on"] or self.as_of):
                q["rolled"] += 1
            q["batch"], q["due_on"] = o.month_of(first + q["rolled"]), due_of(first + q["rolled"])
        else:
            q["due_on"] = o.add_working_days(begin, DUE_DAYS[q["problem_type"]])
        if q["replied_on"] is None:
            late = q["rolled"] > 0 if verification else q["due_on"] < self.as_of
            q["state"] = "overdue" if late else "reopened" if q["level"] > 1 else "open"
            return q
        q["confirm_by"] = o.add_working_days(q["replied_on"], CONFIRM_DAYS[q["kind"]])
        q["state"] = "answered" if q["confirmed_on"] is None else "confirmed"
        confirmed_in_time = q["confirmed_on"] and q["confirmed_on"] <= q["confirm_by"]
        if not verification and self.as_of > q["confirm_by"] and not confirmed_in_time:
            q.update(state="deemed_confirmed", confirmed_on=None)
        return q


# ---------------------------------------------------------------- part 3

def masked(text):
    """Text as it may be kept: long runs of digits are stars, and no more than 200 characters."""
    return text and re.sub("[0-9]{8,}[Xx]?", lambda run: "*" * len(run[0]), text)[:LONGEST_TEXT]


class Errors:
    """System errors of the book and of a delivery."""

    def __init__(self, tables, as_of, period, valid):
        """valid: the valid rows of the delivery, by side."""
        self.as_of, self.period, self.file = as_of, period, None
        self.known = {r["err_id"]: dict(r, brought=True) for r in (tables[-1]["errors_open"] if tables else [])}
        self.refused = []
        self.last = {}
        for r in (r for side in o.SIDES for r in valid[side]):
            if r["init_setl_id"] is None and r["mdtrt_id"] is not None:
                visit = r["mdtrt_id"], r["tp"]
                self.last[visit] = max(r["setl_time"], self.last.get(visit, r["setl_time"]))

    def row(self, number, r):
        code = self.code(r)
        if code:
            self.refused.append({"file": self.file, "row": number, "err_id": r["err_id"] and r["err_id"][:LONGEST_TEXT],
                                 "code": code})
            return code
        error = self.known.get(r["err_id"])
        if error:
            for c in ("answered_on", "struck_off_on"):
                error[c] = error[c] or r[c]
        else:
            self.known[r["err_id"]] = dict(r, code=masked(r["code"]), text=masked(r["text"]), first_period=self.period,
                                           brought=False)
        return None

    def code(self, r):
        if not r["err_id"] or len(r["err_id"]) > LONGEST_ID:
            return "N01"
        if r["at"] is None or r["at"] < o.FIRST_TIME or r["at"].date() > self.as_of:
            return "N02"
        there, home = r["treating_province"], r["insured_province"]
        if there not in o.PROVINCES or home and home not in o.PROVINCES or there == home:
            return "N03"
        if r["raised_by"] not in RAISED_BY or r["class"] not in CLASSES:
            return "N04"
        days = [d for d in (r["answered_on"], r["struck_off_on"]) if d]
        if any(d == NO_DATE or d < r["at"].date() or d > self.as_of for d in days):
            return "N05"
        old = self.known.get(r["err_id"])
        if old and ((there, r["at"].date()) != (old["treating_province"], old["at"].date())
                    or home and old["insured_province"] and home != old["insured_province"]):
            return "N06"
        return None

    def state(self, e):
        if e["struck_off_on"]:
            return "struck_off"
        last = self.last.get((e["mdtrt_id"], e["treating_province"]))
        return "resolved" if last and last >= e["at"] else "open"

    def close(self):
        """(errors, errors_open, errors_refused)."""
        groups, fields = {}, "treating_province insured_province class code raised_by".split()
        for e in self.known.values():
            groups.setdefault(tuple(e[c] for c in fields), []).append((self.state(e), e))
        table = []
        for group in sorted(groups, key=lambda g: key(*g)):
            of, states = [e for _, e in groups[group]], [s for s, _ in groups[group]]
            days = sorted((e["answered_on"] - e["at"].date()).days for e in of if e["answered_on"])
            table.append(dict(
                zip(fields, group), errors=len(of), brought_in=sum(e["brought"] for e in of), answered=len(days),
                **{s: states.count(s) for s in ("resolved", "struck_off", "open")},
                answer_days_median=days[(len(days) - 1) // 2] if days else None,
                oldest_open_on=min((e["at"].date() for s, e in groups[group] if s == "open"), default=None)))
        still = [{c: e[c] for c, _ in SCHEMAS["errors_open"]} for e in self.known.values() if self.state(e) == "open"]
        return table, sorted(still, key=lambda e: key(e["err_id"])), self.refused


# ---------------------------------------------------------------- one period

class Close:
    """What the oracle makes of a delivery, and what the parts of coordination need of it."""

    def __init__(self, book, period, folder, opening_quotas=None, as_of=None):
        self.period, self.folder, self.book = period, folder, book
        self.as_of = as_of or o.last_day_of_next_month(period)
        before = book["state"]
        self.opened, self.register = before["open"], before["register"]
        self.state, self.tables = o.clear_period(before, period, folder, opening_quotas, as_of, look=self.look)

    def look(self, valid, reach, cleared):
        self.valid, self.reach, self.cleared = valid, reach, cleared
        self.first = {side: {} for side in o.SIDES}
        for side in o.SIDES:
            for r in valid[side]:
                self.first[side].setdefault(r["setl_id"], r)

    def record(self, setl_id):
        """2.1: treating's row, treating's open item, insured's row, insured's open item."""
        for side in o.SIDES:
            r = self.first[side].get(setl_id) or self.opened[side].get(setl_id)
            if r:
                return dict(r, reversal=r["init_setl_id"] is not None)
        return None

    def known(self, setl_id):
        """The record of a settlement, what the register has of it, or None."""
        entry = self.register.get(setl_id)
        return self.record(setl_id) or (entry if entry and not entry["voided"] else None)

    def requests(self):
        return Requests(self.book["tables"], self.as_of, self.known)

    def errors(self):
        return Errors(self.book["tables"], self.as_of, self.period, self.valid)

    def media(self):
        values, groups = media_of(self.folder), {}
        for setl_id, r in self.cleared.items() if values is not None else ():
            # A copy that was carried has its class; its file is one of an earlier delivery.
            own = [values.get((c["file"], c["row"])) for c in self.reach[setl_id].values() if "class" not in c]
            group = r["tp"], r["care_class"], next((v for v in own if v), "none")
            groups[group] = groups.get(group, 0) + (1 if r["init_setl_id"] is None else -1)
        return [dict(zip(("treating_province", "care_class", "mdtrt_cert_type"), g), visits=groups[g]) for g in sorted(groups)]

    def coordinate(self):
        """(the book after this period, its tables); raises Refused."""
        findings, out = [], {}
        asked, answers = read_requests(self.folder, findings), read_replies(self.folder, findings)
        requests, errors = self.requests(), self.errors()
        errors.file, rows = read_errors(self.folder, findings)
        if findings:
            raise o.Refused(findings)
        for n, r in asked:
            requests.request(n, r)
        for n, r in answers:
            requests.reply(n, r)
        for n, r in rows:
            errors.row(n, r)
        out["coordination"], out["replies"] = requests.close()
        out["errors"], out["errors_open"], out["errors_refused"] = errors.close()
        out["media"] = self.media()
        return {"state": self.state, "tables": self.book["tables"] + [out]}, out


def empty_book():
    return {"state": o.empty_state(), "tables": []}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--book", required=True, help="file that holds the reference's book, made by the first period")
    ap.add_argument("--period", required=True)
    ap.add_argument("--input", required=True)
    ap.add_argument("--opening-quotas")
    ap.add_argument("--as-of", type=dt.date.fromisoformat)
    a = ap.parse_args()
    book = empty_book()
    if os.path.exists(a.book):
        with open(a.book, "rb") as f:
            book = pickle.load(f)
    book, tables = Close(book, a.period, a.input, a.opening_quotas, a.as_of).coordinate()
    with open(a.book, "wb") as f:
        pickle.dump(book, f)
    for name, rows in tables.items():
        print(name)
        for r in rows:
            print("  " + ", ".join("%s %s" % (c, r[c]) for c, _ in SCHEMAS[name] if r[c] is not None))


if __name__ == "__main__":
    main()
