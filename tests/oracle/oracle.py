#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reference implementation of the clearing contract. Slow and plain on purpose.

Shares no code with the program. Money is Python integers in fen. Sections of the
contract are named in the comments. Parquet is read with pyarrow, nothing else is.

    python oracle.py --period 2025-10 --input DIR --book DIR --out DIR
                     [--opening-quotas FILE] [--rules FILE] [--accept CODE] [--as-of DATE]

Of a rules file only `from` and `negative_net` of its policies are read: all else has to be as built in.
"""
import argparse
import copy
import csv
import datetime as dt
import hashlib
import io
import json
import os
import pickle
import re
import sys
import unicodedata
from collections import defaultdict
from fractions import Fraction

import pyarrow as pa
import pyarrow.parquet as pq

# ---------------------------------------------------------------- names of persons (§4, §6.1)

# Shown as nothing though Unicode counts them among letters, marks and symbols.
EMPTY = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\u2065"
                   "\U000e0000-\U000e0fff]")


def bare(name):
    """A name without blanks, format characters, width and case: two spellings of one person are one person."""
    text = "".join(c.upper() for c in unicodedata.normalize("NFKD", name))
    text = unicodedata.normalize("NFKD", "".join(c.lower() for c in text))
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf") and not c.isspace())
    return unicodedata.normalize("NFKD", EMPTY.sub("", text))


# ---------------------------------------------------------------- policy data (§2.1, §3, §5)

PROVINCES = set("11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 "
                "61 62 63 64 65 66".split())
FUND_CLASS = {"310": "employee", "390": "resident", "380": "resident", "391": "resident"}
CARE_CLASS = {"11": "outpatient", "12": "outpatient", "13": "outpatient",
              "14": "chronic", "140104": "chronic", "140201": "chronic",
              "21": "inpatient", "22": "inpatient", "23": "inpatient", "24": "inpatient",
              "28": "inpatient", "41": "pharmacy"}
CHRONIC = {c: dt.date(2021, 9, 1) for c in
           "M03900 M01600 M00500 M00503 M07801 M07803 M07804 M08300".split()}
CHRONIC.update({c: dt.date(2024, 12, 1) for c in
                "M05300 M06900 M04600 M00200 M00201 M00202 M07200".split()})
LATENESS_LIMIT = 2
CLOSE_MONTH = 2                      # February of the next year
YELLOW, RED = 70, 90
FILE_DAYS, PAY_DAYS, CONFIRM_DAYS = 5, 10, 5
# What a net below 0 becomes, from a period on
NEGATIVE_NET = [("2000-01", "carry"), ("2023-01", "return")]
LIMIT_16_2 = 10 ** 16 - 1            # largest fen value of DECIMAL(16,2)
LIMIT_38_2 = 10 ** 38 - 1
FIRST_TIME, END_TIME = dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1)
# White space of Unicode, and NUL: what may stand around flags
BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\0" + "".join(
    map(chr, range(0x2000, 0x200b)))

FUNDS = ["hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "hifdm_pay",
         "maf_pay", "oth_pay"]
AMOUNTS13 = ["medfee_sumamt", "fund_pay_sumamt"] + FUNDS + ["acct_pay", "psn_cash_pay",
                                                            "hosp_part_amt"]
SCOPE = ["fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"]
PAYABLE = FUNDS + ["acct_pay"]
STRINGS = ["setl_id", "mdtrt_id", "init_setl_id", "psn_no", "insuplc_admdvs", "mdtrtarea_admvs",
           "fixmedins_code", "insutype", "med_type", "dise_codg", "refd_setl_flag",
           "fulamt_advpay_flag"]
FLAGS = ["refd_setl_flag", "fulamt_advpay_flag"]
DATES = ["begndate", "enddate"]
DECIMALS = AMOUNTS13 + ["acct_mulaid_pay"] + SCOPE
ALL_FIELDS = STRINGS + DATES + ["setl_time"] + DECIMALS
REQUIRED = ["setl_id", "psn_no", "insuplc_admdvs", "mdtrtarea_admvs", "fixmedins_code",
            "insutype", "med_type", "setl_time", "medfee_sumamt", "hifp_pay",
            "fund_pay_sumamt", "acct_pay", "psn_cash_pay"]
ALIASES = {"insu_admdvs": "insuplc_admdvs", "insu_plc": "insuplc_admdvs",
           "fix_blng_admdvs": "mdtrtarea_admvs", "mdtrtarea_admdvs": "mdtrtarea_admvs",
           "cash_payamt": "psn_cash_pay", "othfund_pay": "oth_pay",
           "inscp_amt": "inscp_scp_amt", "ownpay_hosp_part": "hosp_part_amt",
           "dise_no": "dise_codg"}
# §4, in this order
IDENTITY = ["psn_no", "insuplc_admdvs", "mdtrtarea_admvs", "fixmedins_code", "insutype",
            "med_type", "dise_codg", "init_setl_id", "cost_month"]
CMP_AMOUNTS = ["medfee_sumamt", "fund_pay_sumamt"] + FUNDS + ["acct_pay", "psn_cash_pay",
                                                              "hosp_part_amt"]
COMPARED = IDENTITY + CMP_AMOUNTS
SIDES = ["treating", "insured"]
CARRIED = {"missing_insured", "missing_treating", "field_mismatch", "amount_mismatch",
           "reversal_unpaired", "reversal_mismatch"}
SMALL = {
    "control-totals.csv": ["file", "rows", "medfee_sumamt", "fund_pay_sumamt", "acct_pay"],
    "deductions.csv": ["ddct_id", "setl_id", "amount", "reason_code", "decided_on"],
    "decisions.csv": ["setl_id", "decision", "reason", "decided_by", "approved_by", "decided_on"],
    "permits.csv": ["permit_id", "insured_province", "treating_province", "cost_month",
                    "until_period", "past_year_close", "reason"],
    "quota-changes.csv": ["notice_id", "amount", "approved_by", "approved_on"],
    "initial-quotas.csv": ["insured_province", "treating_province", "quota", "approved_by",
                           "approved_on"],
    "payments.csv": ["notice_id", "paid_on", "amount", "bank_name", "bank_serial"],
}
KIND = {"amount": "amount", "medfee_sumamt": "amount", "fund_pay_sumamt": "amount",
        "acct_pay": "amount", "quota": "amount", "rows": "count", "decided_on": "date",
        "approved_on": "date", "paid_on": "date", "cost_month": "month", "until_period": "month",
        "past_year_close": "flag"}


class Refused(Exception):
    """Exit 3: the delivery is refused, every finding listed."""
    def __init__(self, findings):
        super().__init__("; ".join(findings))
        self.findings = findings


class WrongOrder(Exception):
    """Exit 4."""


class Usage(Exception):
    """Exit 2."""


# ---------------------------------------------------------------- small helpers

def month_no(m):
    return int(m[:4]) * 12 + int(m[5:7]) - 1


def month_of(n):
    return "%04d-%02d" % (n // 12, n % 12 + 1)


def yuan(fen):
    if fen is None:
        return None
    return "%s%d.%02d" % ("-" if fen < 0 else "", abs(fen) // 100, abs(fen) % 100)


def province(division):
    """§1: first two digits; 6590xx belongs to 66. None when there is no such province."""
    if division is None or not re.fullmatch(r"[0-9]{6}", division):
        return None
    p = "66" if division.startswith("6590") else division[:2]
    return p if p in PROVINCES else None


def last_day_of_next_month(period):
    n = month_no(period) + 2
    return dt.date(n // 12, n % 12 + 1, 1) - dt.timedelta(days=1)


# ---------------------------------------------------------------- dated policy

def read_negative_net(path):
    """[(first period, negative_net)] of a rules file; one of version 2 has none and carries (§6.1)."""
    out = []
    for block in re.split(r"(?m)^\[\[policy\]\]", open(path, encoding="utf-8").read())[1:]:
        own = re.split(r"(?m)^\[", block)[0]
        first, word = (re.search(r'(?m)^%s *= *"(.*?)"' % key, own) for key in ("from", "negative_net"))
        out.append((first[1], word and word[1]))
    words = {word for _, word in out}
    if words == {None}:
        return [(first, "carry") for first, _ in out]
    if not words <= {"carry", "return"}:
        raise Usage("negative_net is carry or return, in every policy or in none: %s" % out)
    return out


def returns(policies, period):
    """Whether the policy in force returns what a net is below 0."""
    words = [word for first, word in policies if first <= period]
    if not words:
        raise Usage("no policy is in force in %s" % period)
    return words[-1] == "return"


# ---------------------------------------------------------------- working days

# Working days: State Council calendar where known (chinesecalendar's facts), else Monday-Friday.
_CAL = json.load(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "calendar.json")))
_OFF, _ON = set(_CAL["off"]), set(_CAL["on"])


def is_working(day):
    iso = day.isoformat()
    if iso in _OFF:
        return False
    return iso in _ON or day.weekday() < 5


def add_working_days(day, n):
    while n:
        day += dt.timedelta(days=1)
        if is_working(day):
            n -= 1
    return day


def due_dates(start):
    file_by = add_working_days(start, FILE_DAYS)
    pay_by = add_working_days(file_by, PAY_DAYS)
    return file_by, pay_by, add_working_days(pay_by, CONFIRM_DAYS)


# ---------------------------------------------------------------- §2.1 Parquet

def kind_of(pf, name):
    """Kind of a top-level column, decided by the Parquet schema, not by embedded hints."""
    for i in range(len(pf.schema)):
        col = pf.schema.column(i)
        if col.path == name and col.max_repetition_level == 0:
            logical = json.loads(col.logical_type.to_json())
            typ, phys = logical["Type"], col.physical_type
            if typ == "Null":
                return ("null",)
            if phys == "INT96":
                return ("time", True)
            if typ == "Timestamp":
                return ("time", bool(logical["isAdjustedToUTC"]))
            if typ == "Decimal":
                return ("decimal", logical["scale"])
            if typ == "Date":
                return ("date",)
            if typ in ("String", "Enum", "JSON"):
                return ("text",)
            if phys == "BYTE_ARRAY" and typ == "None":
                return ("text",)
            if phys in ("INT32", "INT64") and typ in ("None", "Int"):
                return ("integer",)
            if phys in ("FLOAT", "DOUBLE") or typ == "Float16":
                return ("float",)
            return ("other", phys, typ)
    return ("nested",)


def wanted_kind(field, kind):
    if kind[0] == "null":
        return field not in REQUIRED
    if field in DECIMALS:
        return kind[0] == "decimal" and 0 <= kind[1] <= 18
    if field in DATES:
        return kind[0] == "date"
    if field == "setl_time":
        return kind[0] == "time"
    return kind[0] in ("text", "integer")


def to_local(value, unit, utc):
    """Raw timestamp to wall time of UTC+8; what no datetime holds is the first or the last one."""
    per = {"s": 10 ** 9, "ms": 10 ** 6, "us": 1000, "ns": 1}[unit]
    try:
        t = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=value * per // 1000)
        return t + dt.timedelta(hours=8) if utc else t
    except OverflowError:
        return dt.datetime.min if value < 0 else dt.datetime.max


def field_of(name):
    """What a column stands for: names in any case, with blanks or a BOM around them."""
    bare = name.strip(BLANKS + "\ufeff")
    bare = "".join(c.lower() if c.isascii() else c for c in bare)
    return ALIASES.get(bare, bare)


def read_parquet(path, rel):
    """Returns (rows, findings); rows are dicts of ALL_FIELDS, amounts in fen, without judgement.
    `fraction` of a row names the amounts that are no whole fen, with their exact fen."""
    try:
        pf = pq.ParquetFile(path, page_checksum_verification=True)
        names = list(pf.schema_arrow.names)
    except Exception as e:
        return [], ["%s: unreadable: %s" % (rel, str(e).splitlines()[0])]
    found, findings = {}, []
    for n in names:
        f = field_of(n)
        if f not in ALL_FIELDS:
            continue
        if f in found:
            findings.append("%s: field %s is there twice" % (rel, f))
        found[f] = n
    for f in REQUIRED:
        if f not in found:
            findings.append("%s: required column %s is missing" % (rel, f))
    kinds = {}
    for f, n in found.items():
        kinds[f] = kind_of(pf, n)
        if not wanted_kind(f, kinds[f]):
            findings.append("%s: column %s is of the wrong kind %s" % (rel, n, kinds[f]))
    if findings:
        return [], findings
    try:
        table = pf.read(columns=list(found.values()), use_threads=False)
        table.validate(full=True)
        cols = {}
        for f, n in found.items():
            cols[f] = column_values(table.column(n), f, kinds[f])
        if table.num_rows != pf.metadata.num_rows:
            raise ValueError("row count differs from the footer")
    except Exception as e:
        return [], ["%s: damaged: %s" % (rel, (str(e).splitlines() or [repr(e)])[0])]
    rows = []
    for i in range(table.num_rows):
        r = {f: None for f in ALL_FIELDS}
        r["fraction"] = {}
        for f in cols:
            r[f] = cols[f][i]
            if f in DECIMALS and r[f] is not None:
                r[f], exact = r[f]
                if exact != r[f]:
                    r["fraction"][f] = exact
                if abs(r[f]) > LIMIT_38_2:
                    return [], ["%s: an amount of %s is beyond DECIMAL(38,2)" % (rel, f)]
        r["file"], r["row"] = rel, i
        rows.append(r)
    return rows, []


def column_values(col, field, kind):
    if kind[0] == "null":
        return [None] * len(col)
    if kind[0] == "time":
        unit = col.type.unit
        return [None if v is None else to_local(v, unit, kind[1])
                for v in col.cast(pa.int64()).to_pylist()]
    if kind[0] == "decimal":
        return [None if v is None else to_fen(v) for v in col.to_pylist()]
    values = col.to_pylist()
    if kind[0] == "date":
        return values
    out = []
    for v in values:
        if isinstance(v, bytes):
            v = v.decode("utf-8")
        if v is not None and not isinstance(v, str):
            v = str(int(v))                       # integer codes
        if v is not None and field in FLAGS:
            v = v.strip(BLANKS)
        out.append(v if v else None)              # empty text is null
    return out


def to_fen(v):
    """The fen of a decimal, half a fen away from 0, and the exact value; no decimal context is involved."""
    sign, digits, exp = v.as_tuple()
    exact = Fraction(int("".join(map(str, digits)))) * Fraction(10) ** (exp + 2)
    fen = (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    return (-fen, -exact) if sign else (fen, exact)


def finish_record(r):
    """Derived values; the rest of the program sees optional amounts as 0."""
    r["cost_month"] = None if r["setl_time"] is None else "%04d-%02d" % (
        r["setl_time"].year, r["setl_time"].month)
    r["ip"], r["tp"] = province(r["insuplc_admdvs"]), province(r["mdtrtarea_admvs"])
    r["fund_class"] = FUND_CLASS.get(r["insutype"])
    r["care_class"] = CARE_CLASS.get(r["med_type"])
    r["payable"] = sum(r[f] or 0 for f in PAYABLE)
    return r


# ---------------------------------------------------------------- §2.2 small files

def good_value(kind, text):
    if kind == "amount":
        return re.fullmatch(r"-?[0-9]+(\.[0-9]{1,2})?", text) is not None
    if kind == "count":
        return re.fullmatch(r"[0-9]+", text) is not None
    if kind == "date":
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return False
        try:
            dt.date.fromisoformat(text)
            return True
        except ValueError:
            return False
    if kind == "month":
        return re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) is not None
    return text in ("0", "1")


def value_of(kind, text):
    if kind == "amount":
        sign = -1 if text.startswith("-") else 1
        whole, _, frac = text.lstrip("-").partition(".")
        return sign * (int(whole) * 100 + int((frac + "00")[:2]))
    if kind == "count":
        return int(text)
    if kind == "date":
        return dt.date.fromisoformat(text)
    if kind == "flag":
        return text == "1"
    return text


def read_small(path, name, columns, findings):
    raw = open(path, "rb").read()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        findings.append("%s: not UTF-8" % name)
        return []
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as e:
        findings.append("%s: %s" % (name, e))
        return []
    if not lines or not lines[0]:
        findings.append("%s: no header" % name)
        return []
    header, bad = lines[0], False
    for c in columns:
        if header.count(c) != 1:
            findings.append("%s: column %s is there %d times" % (name, c, header.count(c)))
            bad = True
    if bad:
        return []
    rows = []
    for no, line in enumerate(lines[1:], 2):
        if len(line) != len(header):
            findings.append("%s: line %d has %d values, not %d" % (name, no, len(line), len(header)))
            continue
        row = {}
        for c in columns:
            text, kind = line[header.index(c)], KIND.get(c)
            if kind and not good_value(kind, text):
                findings.append("%s: line %d: %s is no %s: %r" % (name, no, c, kind, text))
            elif kind:
                row[c] = value_of(kind, text)
            else:
                row[c] = text
        rows.append(row)
    return rows


# ---------------------------------------------------------------- §3 file level

def read_delivery(folder):
    """All of the delivery or Refused with every finding."""
    findings, rows, totals, small = [], {}, {}, {}
    for side in SIDES:
        base, files = os.path.join(folder, side), []
        for d, folders, names in os.walk(base):
            folders[:] = [f for f in folders if f[0] not in "._"]
            files += [os.path.join(d, n) for n in names if n.endswith(".parquet") and n[0] not in "._"]
        rel = {p: os.path.relpath(p, folder).replace(os.sep, "/") for p in files}
        files.sort(key=lambda p: rel[p].encode())
        if not files:
            findings.append("%s: no file on this side" % side)
        rows[side], digests = [], {}
        for p in files:
            got, bad = read_parquet(p, rel[p])
            findings += bad
            rows[side] += [finish_record(r) for r in got]
            totals[rel[p]] = (len(got), *(sum(r[f] or 0 for r in got) for f in
                                          ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")))
            if bad or not got:
                continue
            digest = hashlib.sha256(open(p, "rb").read()).hexdigest()
            if digest in digests:
                findings.append("%s: same bytes as %s" % (rel[p], digests[digest]))
            digests.setdefault(digest, rel[p])
    for name, columns in SMALL.items():
        p = os.path.join(folder, name)
        small[name] = read_small(p, name, columns, findings) if os.path.exists(p) else None
    if small["control-totals.csv"] is not None and not findings:
        findings += check_control_totals(small["control-totals.csv"], totals)
    if findings:
        raise Refused(findings)
    return rows, {k: v or [] for k, v in small.items()}


def check_control_totals(listed, totals):
    findings, seen = [], set()
    for r in listed:
        if r["file"] not in totals:
            findings.append("control-totals.csv: no such file %s" % r["file"])
            continue
        if r["file"] in seen:
            findings.append("control-totals.csv: %s is listed twice" % r["file"])
        seen.add(r["file"])
        said = (r["rows"], r["medfee_sumamt"], r["fund_pay_sumamt"], r["acct_pay"])
        if said != totals[r["file"]]:
            findings.append("control-totals.csv: %s: said %s, found %s"
                            % (r["file"], said, totals[r["file"]]))
    for f in sorted(set(totals) - seen):
        findings.append("control-totals.csv: %s is not listed" % f)
    return findings


def read_opening_quotas(path):
    findings, quotas = [], {}
    rows = read_small(path, "opening-quotas.csv",
                      ["insured_province", "treating_province", "quota"], findings)
    for r in rows:
        pair = (r["insured_province"], r["treating_province"])
        for p in pair:
            if p not in PROVINCES:
                findings.append("opening-quotas.csv: unknown province %r" % p)
        if pair in quotas:
            findings.append("opening-quotas.csv: pair %s twice" % (pair,))
        if r.get("quota", 0) < 0:
            findings.append("opening-quotas.csv: quota of %s below 0" % (pair,))
        quotas[pair] = r.get("quota", 0)
    if findings:
        raise Refused(findings)
    return quotas


# ---------------------------------------------------------------- §3 row level

def broken_rules(r, period):
    """§3 and §6.1; every rule that the row broke, in order."""
    out = []
    large = {f for f in DECIMALS if r[f] is not None and abs(r[f]) > LIMIT_16_2
             and f not in r["fraction"]}
    unfit = large | set(r["fraction"])
    in_range = r["setl_time"] is not None and FIRST_TIME <= r["setl_time"] < END_TIME

    def known(*fields):
        """Required values that are there, whole and not too large; optional amounts are 0."""
        return all(f not in unfit and (r[f] is not None or f not in REQUIRED) for f in fields)

    def amt(f):
        return r[f] or 0
    if any(r[f] is None for f in REQUIRED):
        out.append("V01")
    codes = [r["insuplc_admdvs"], r["mdtrtarea_admvs"]]
    if any(c is not None and province(c) is None for c in codes):
        out.append("V02")
    if r["ip"] and r["tp"] and r["ip"] == r["tp"]:
        out.append("V03")
    if r["insutype"] is not None and r["fund_class"] is None:
        out.append("V04")
    if r["med_type"] is not None and r["care_class"] is None:
        out.append("V05")
    if r["care_class"] == "chronic":
        if r["dise_codg"] is None:
            out.append("V06")
        elif in_range:
            since = CHRONIC.get(r["dise_codg"])
            if since is None or r["setl_time"].date() < since:
                out.append("V06")
    if known("fund_pay_sumamt", *FUNDS):
        if amt("fund_pay_sumamt") != sum(amt(f) for f in FUNDS):
            out.append("V07")
    parts = ["fund_pay_sumamt", "acct_pay", "psn_cash_pay", "hosp_part_amt"]
    if known("medfee_sumamt", *parts):
        if amt("medfee_sumamt") != sum(amt(f) for f in parts):
            out.append("V08")
    there = [r[f] for f in AMOUNTS13 if r[f] is not None and f not in unfit]
    if any(a > 0 if r["init_setl_id"] is not None else a < 0 for a in there):
        out.append("V09")
    if r["cost_month"] is not None and r["cost_month"] > period:
        out.append("V10")
    if r["fixmedins_code"] is not None and not re.fullmatch(r"[HP][A-Za-z0-9]{11}",
                                                            r["fixmedins_code"]):
        out.append("V11")
    if r["fulamt_advpay_flag"] == "1":
        out.append("V12")
    if all(r[f] is not None for f in SCOPE) and known("medfee_sumamt", *SCOPE):
        if sum(r[f] for f in SCOPE) != r["medfee_sumamt"]:
            out.append("V13")
    if any(r[f] is not None and len(r[f]) > 40
           for f in ("setl_id", "init_setl_id", "psn_no", "mdtrt_id")):
        out.append("V14")
    if large:
        out.append("V15")
    if any(r[f] not in (None, "0", "1") for f in FLAGS):
        out.append("V16")
    if r["setl_time"] is not None and not in_range:
        out.append("V17")
    if r["fraction"]:
        out.append("V18")
    return out


# ---------------------------------------------------------------- §3 plausibility

FEWEST_ROWS = 10
ASKED = ["G01", "G02", "G03", "G04", "G05", "G06", "G07"]


def files_with_rows(folder):
    """Per side the digests of the files that have rows."""
    out = {}
    for side in SIDES:
        out[side] = set()
        for d, _, names in os.walk(os.path.join(folder, side)):
            for p in (os.path.join(d, n) for n in names if n.endswith(".parquet")):
                if pq.ParquetFile(p).metadata.num_rows:
                    out[side].add(hashlib.sha256(open(p, "rb").read()).hexdigest())
    return out


def asked_about_files(run, rows, folder, opening_quotas):
    """G02, G04, G05, G06."""
    asked, state = set(), run.state
    for side in SIDES:
        months = [r["cost_month"] for r in rows[side]
                  if broken_rules(r, run.period) in ([], ["V10"])]
        if len(months) >= FEWEST_ROWS and 2 * months.count(run.period) < len(months):
            asked.add("G02")
    if not state["periods"] and opening_quotas is None:
        asked.add("G04")
    files = files_with_rows(folder)
    if state["delivered"] & (files["treating"] | files["insured"]):
        asked.add("G05")
    if files["treating"] & files["insured"]:
        asked.add("G06")
    state["delivered"] |= files["treating"] | files["insured"]
    return asked


def asked_about_cleared(run):
    """G03."""
    for side in SIDES:
        rows = lambda bucket: run.control[side, bucket][0]
        valid = rows("delivered") - rows("rejected")
        if valid >= FEWEST_ROWS and 2 * rows("already_cleared") >= valid:
            return {"G03"}
    return set()


def must_be_meant(state, asked, accept):
    """Every code that is met has to be accepted."""
    state["accepted"] = sorted(set(state["accepted"]) | asked)
    if asked - set(accept):
        raise Refused(sorted(asked - set(accept)))


# ---------------------------------------------------------------- §4 reconciliation

class Run:
    """One period: collects breaks and control while the steps move rows out."""

    def __init__(self, state, period, returns):
        self.state, self.period, self.returns = state, period, returns
        self.breaks, self.break_fields, self.rejects = [], [], []
        self.control = defaultdict(lambda: [0, 0, 0])

    def count(self, side, bucket, r):
        c = self.control[side, bucket]
        c[0] += 1
        c[1] += r["medfee_sumamt"] or 0
        c[2] += r["payable"]

    def add_break(self, setl_id, cls, copies, fields=()):
        """copies: {side: row}. One break, described by the treating copy, else the insured."""
        main = copies.get("treating") or copies["insured"]
        side = "both" if len(copies) == 2 else list(copies)[0]
        t = copies["treating"]["payable"] if "treating" in copies else None
        i = copies["insured"]["payable"] if "insured" in copies else None
        self.breaks.append({
            "setl_id": setl_id, "class": cls, "side": side,
            "fields": ",".join(fields) if fields else None,
            "insuplc_admdvs": main["insuplc_admdvs"], "mdtrtarea_admvs": main["mdtrtarea_admvs"],
            "insutype": main["insutype"], "med_type": main["med_type"],
            "cost_month": main["cost_month"],
            "lateness": month_no(self.period) - month_no(main["cost_month"]),
            "treating_payable": yuan(t), "insured_payable": yuan(i),
            "effect": yuan((t or 0) - (i or 0)), "carried": cls in CARRIED,
            "first_period": min(c["first_period"] for c in copies.values())})

    def leave(self, side, cls, r):
        """A break of one row."""
        self.count(side, cls, r)
        self.add_break(r["setl_id"], cls, {side: r})

    def leave_copies(self, setl_id, cls, copies, fields=()):
        """A break of one setl_id."""
        for side, r in copies.items():
            self.count(side, cls, r)
        self.add_break(setl_id, cls, copies, fields)


def differing(a, b):
    return [f for f in COMPARED if cmp_value(a, f) != cmp_value(b, f)]


def cmp_value(r, f):
    return (r[f] or 0) if f in CMP_AMOUNTS else r[f]


def step0_reject(run, rows):
    valid = {}
    for side in SIDES:
        valid[side] = []
        for r in rows[side]:
            run.count(side, "delivered", r)
            rules = broken_rules(r, run.period)
            if rules:
                run.count(side, "rejected", r)
                run.rejects.append({"side": side, "file": r["file"], "row": r["row"],
                                    "setl_id": r["setl_id"], "rules": ",".join(rules)})
            else:
                r["first_period"] = run.period
                valid[side].append(r)
    return valid


def step1_register(run, valid):
    voided = defaultdict(lambda: defaultdict(list))
    for side in SIDES:
        stay = []
        for r in valid[side]:
            entry = run.state["register"].get(r["setl_id"])
            if entry is None:
                stay.append(r)
            elif entry["voided"]:
                voided[r["setl_id"]][side].append(r)
            else:
                run.leave(side, "already_cleared", r)
        valid[side] = stay
    for setl_id, sides in voided.items():            # §6.1 one break, every row counts
        for side, rs in sides.items():
            for r in rs:
                run.count(side, "voided", r)
        run.add_break(setl_id, "voided", {side: rs[0] for side, rs in sides.items()})


def steps2_and_3(run, valid):
    """Duplicates, conflicts, superseding. Returns the rows kept and the open items left."""
    kept, still_open = {}, {}
    for side in SIDES:
        by_id = defaultdict(list)
        for r in valid[side]:                        # already in order of (file, row)
            by_id[r["setl_id"]].append(r)
        opened = dict(run.state["open"][side])
        for r in opened.values():
            run.count(side, "opened", r)
        kept[side] = {}
        for setl_id, rs in by_id.items():
            conflict = any(differing(rs[0], r) for r in rs[1:])
            old = opened.pop(setl_id, None)
            if old is not None:
                run.count(side, "superseded", old)
                for r in (rs if conflict else rs[:1]):
                    r["first_period"] = old["first_period"]
            if conflict:
                for r in rs:
                    run.leave(side, "conflict", r)
                continue
            for r in rs[1:]:
                run.leave(side, "duplicate", r)
            kept[side][setl_id] = rs[0]
        still_open[side] = opened
    return kept, still_open


def too_late(r, period, permits):
    late = month_no(period) - month_no(r["cost_month"]) > LATENESS_LIMIT
    close = (int(r["cost_month"][:4]) + 1) * 12 + CLOSE_MONTH - 1
    past = month_no(period) > close
    if not late and not past:
        return False
    for p in permits:
        if (p["insured_province"], p["treating_province"]) == (r["ip"], r["tp"]) \
                and p["cost_month"] == r["cost_month"] and period <= p["until_period"] \
                and (p["past_year_close"] or not past):
            return False
    return True


def step4_late(run, kept, still_open, permits):
    """Returns {setl_id: {side: row}} of what reaches step 5."""
    reach = defaultdict(dict)
    for side in SIDES:
        for source, cls in ((kept, "late_refused"), (still_open, "expired")):
            for setl_id, r in source[side].items():
                if too_late(r, run.period, permits):
                    run.leave(side, cls, r)
                else:
                    reach[setl_id][side] = r
    return {k: {s: v[s] for s in SIDES if s in v} for k, v in reach.items()}


def held_by_6_or_7(copies):
    if len(copies) == 1:
        return ("missing_insured" if "treating" in copies else "missing_treating"), []
    diff = differing(copies["treating"], copies["insured"])
    if not diff:
        return None, []
    return ("field_mismatch" if any(f in IDENTITY for f in diff) else "amount_mismatch"), diff


def chosen_copy(copies, decision):
    """What would clear after steps 5 to 7, or None."""
    if decision == "void":
        return None
    if decision == "accept_treating":
        return copies["treating"]
    if decision == "accept_insured":
        return copies["insured"]
    return copies["treating"] if held_by_6_or_7(copies)[0] is None else None


def held_by_8(run, r, normals):
    """Pairing of a reversal that no decision accepts."""
    orig = normals.get(r["init_setl_id"])
    if orig is None:
        entry = run.state["register"].get(r["init_setl_id"])
        if entry is not None and not entry["voided"] and not entry["reversal"]:
            orig = entry
    if orig is None:
        return "reversal_unpaired"
    same = all(orig[f] == r[f] for f in ("ip", "tp", "fund_class", "care_class"))
    return None if same and orig["payable"] == -r["payable"] else "reversal_mismatch"


def check_decisions(rows, reach):
    """Form of the decisions; returns ({setl_id: decision}, findings)."""
    findings, out = [], {}
    seen = defaultdict(int)
    for d in rows:
        seen[d["setl_id"]] += 1
    for d in rows:
        sid, bad = d["setl_id"], []
        if d["decision"] not in ("accept_treating", "accept_insured", "void"):
            bad.append("unknown decision %r" % d["decision"])
        elif sid not in reach:
            bad.append("does not reach step 5")
        elif d["decision"] != "void" and d["decision"][7:] not in reach[sid]:
            bad.append("no such copy")
        if seen[sid] > 1:
            bad.append("decided twice")
        names = [bare(d[k]) for k in ("decided_by", "approved_by")]
        if not all(names):
            bad.append("decided_by or approved_by is not given")
        elif names[0] == names[1]:
            bad.append("decided and approved by the same person")
        for b in bad:
            findings.append("decisions.csv: %s: %s" % (sid, b))
        if not bad:
            out[sid] = d["decision"]
    return out, findings


def steps5_to_9(run, reach, decision_rows):
    """Returns (cleared {setl_id: (row, copies)}, decisions table). Open items are set in state."""
    decisions, findings = check_decisions(decision_rows, reach)
    chosen = {s: chosen_copy(c, decisions.get(s)) for s, c in reach.items()}
    normals = {s: r for s, r in chosen.items() if r is not None and r["init_setl_id"] is None}
    without = {}
    for s in decisions:                              # §4, §6.1 a decision must be needed
        cls, _ = held_by_6_or_7(reach[s])
        if cls is None and reach[s]["treating"]["init_setl_id"] is not None:
            cls = held_by_8(run, reach[s]["treating"], normals)
        if cls is None:
            findings.append("decisions.csv: %s: not needed" % s)
        without[s] = cls
    if findings:
        raise Refused(findings)
    carried = {side: {} for side in SIDES}

    def carry(s, cls, fields=()):
        run.leave_copies(s, cls, reach[s], fields)
        for side, r in reach[s].items():
            carried[side][s] = dict(r, **{"class": cls})
    cleared, reversals = {}, []
    for s, copies in reach.items():
        r, d = chosen[s], decisions.get(s)
        if d == "void":                              # step 5
            run.leave_copies(s, "voided", copies)
            run.state["register"][s] = {"voided": True}
        elif r is None:                              # steps 6 and 7
            cls, diff = held_by_6_or_7(copies)
            carry(s, cls, diff)
            for f in diff:
                run.break_fields.append({
                    "setl_id": s, "field": f,
                    "treating_value": text_value(copies["treating"], f),
                    "insured_value": text_value(copies["insured"], f)})
        elif r["init_setl_id"] is None:
            cleared[s] = r
        else:                                        # step 8
            cls = None if d else held_by_8(run, r, normals)
            if cls:
                carry(s, cls)
            else:
                reversals.append(s)
    done = run.state["reversed"]
    for s in sorted(reversals, key=lambda x: x.encode()):
        init = chosen[s]["init_setl_id"]
        if init in done:
            run.leave_copies(s, "already_reversed", reach[s])
        else:
            done[init] = s
            cleared[s] = chosen[s]
    for s, r in cleared.items():                     # step 9
        for side, c in reach[s].items():
            run.count(side, "cleared", c)
        run.state["register"][s] = {
            "voided": False, "reversal": r["init_setl_id"] is not None,
            **{k: r[k] for k in ("payable", "ip", "tp", "fund_class", "care_class")}}
    run.state["open"] = carried
    table = [{"setl_id": s, "decision": d, "class_without": without[s],
              "payable": yuan(cleared[s]["payable"]) if s in cleared else None}
             for s, d in decisions.items()]
    return cleared, table


def text_value(r, f):
    return yuan(r[f] or 0) if f in CMP_AMOUNTS else r[f]


# ---------------------------------------------------------------- §4 deductions

def deduct(run, rows, cleared):
    """Returns (table, {pair: accepted fen})."""
    st, out = run.state, []
    per_pair = defaultdict(int)

    def put(d, sid, amount, code, accepted, entry):
        out.append({"ddct_id": d, "setl_id": sid, "amount": yuan(amount), "accepted": accepted,
                    "code": code, "insured_province": entry and entry["ip"],
                    "treating_province": entry and entry["tp"],
                    "fund_class": entry and entry["fund_class"]})
        if accepted:
            per_pair[entry["ip"], entry["tp"]] += amount
    for d in sorted(rows, key=lambda x: x["ddct_id"].encode()):   # stable: then file order
        sid, amount = d["setl_id"], d["amount"]
        entry = st["register"].get(sid)
        if entry is not None and entry["voided"]:
            entry = None
        so_far = sum(a for _, a in st["deducted"].get(sid, []))
        if amount <= 0:
            code = "D05"
        elif d["ddct_id"] in st["ddct_ids"]:
            code = "D04"
        elif entry is None:
            code = "D01"
        elif sid in st["reversed"]:
            code = "D03"
        elif so_far + amount > entry["payable"]:
            code = "D02"
        else:
            code = None
            st["ddct_ids"].add(d["ddct_id"])
            st["deducted"].setdefault(sid, []).append((d["ddct_id"], amount))
        put(d["ddct_id"], sid, amount, code, code is None, entry)
    for s, r in cleared.items():                     # given back when a reversal clears
        init = r["init_setl_id"]
        if init is not None:
            for ddct_id, amount in st["deducted"].pop(init, []):
                put(ddct_id, init, -amount, "R01", True, st["register"][init])
    return out, per_pair


# ---------------------------------------------------------------- §5 clearing and reserves

def positions_table(cleared):
    groups = defaultdict(lambda: dict.fromkeys(["visits"] + AMOUNTS13 + ["payable"], 0))
    for r in cleared.values():
        g = groups[r["insuplc_admdvs"], r["tp"], r["fund_class"], r["care_class"], r["cost_month"]]
        g["visits"] += -1 if r["init_setl_id"] is not None else 1
        for f in AMOUNTS13 + ["payable"]:
            g[f] += r[f] or 0
    out = []
    for k in sorted(groups):
        row = dict(zip(["insuplc_admdvs", "treating_province", "fund_class", "care_class",
                        "cost_month"], k))
        row["visits"] = groups[k]["visits"]
        row.update({f: yuan(groups[k][f]) for f in AMOUNTS13 + ["payable"]})
        out.append(row)
    return out


def apply_quota_changes(run, rows):
    """§5: answers to JJ notices; returns {pair: approved fen} or Refused."""
    findings, out, st = [], defaultdict(int), run.state
    seen = set()
    for line, r in enumerate(rows, 2):
        n, nid, bad = st["notices"].get(r["notice_id"]), r["notice_id"], []
        if n is None or n["kind"] != "JJ":
            bad.append("Q01 no emergency notice of an earlier period")
        elif n["approved"] is not None or nid in seen:
            bad.append("Q02 answered twice")
        if r["amount"] <= 0:
            bad.append("Q03 amount not above 0")
        if not bare(r["approved_by"]):
            bad.append("Q04 approved_by is not given")
        findings += ["quota-changes.csv: line %d: %s" % (line, b) for b in bad]
        seen.add(nid)
    if findings:
        raise Refused(findings)
    for r in rows:
        n = st["notices"][r["notice_id"]]
        n["approved"] = r["amount"]
        n["pay_by"] = due_dates(r["approved_on"])[1]
        out[n["pair"]] += r["amount"]
    return out


def initial_quotas(run, rows):
    """§5: first quotas of pairs that have none; returns {pair: fen} or Refused."""
    findings, out, seen = [], {}, set()
    yearly = yearly_months(run.state, run.period) != []
    for line, r in enumerate(rows, 2):
        pair = (r["insured_province"], r["treating_province"])
        known = set(pair) <= PROVINCES and pair[0] != pair[1]
        broken = {
            "Q03 quota not above 0": r["quota"] <= 0,
            "Q04 approved_by is not given": not bare(r["approved_by"]),
            "Q05 not two different known provinces": not known,
            "Q06 quota in force is not 0": known and run.state["quota"].get(pair, 0) != 0,
            "Q07 pair again": known and pair in seen,
            "Q08 yearly quotas are made": yearly}
        findings += ["initial-quotas.csv: line %d: %s" % (line, b) for b, so in broken.items() if so]
        seen.add(pair)
        out[pair] = r["quota"]
    if findings:
        raise Refused(findings)
    return out


def open_amount(n):
    return ((n["approved"] or 0) if n["kind"] == "JJ" else n["amount"]) - n["paid"]


def apply_payments(run, rows):
    """§5: returns (table, {pair: paid in}, {pair: paid back})."""
    st, out = run.state, []
    paid_in, paid_back = defaultdict(int), defaultdict(int)
    for p in rows:
        n = st["notices"].get(p["notice_id"])
        if p["amount"] <= 0:
            code = "P03"
        elif p["bank_serial"] in st["serials"]:
            code = "P02"
        elif n is None:
            code = "P01"
        elif p["amount"] > open_amount(n):
            code = "P04"
        else:
            code = None
            st["serials"].add(p["bank_serial"])
            n["paid"] += p["amount"]
            if open_amount(n) == 0:
                n["completed_on"] = p["paid_on"]
            ip, tp = n["pair"]
            (paid_in if n["payer"] == ip else paid_back)[n["pair"]] += p["amount"]
        out.append({"notice_id": p["notice_id"], "paid_on": p["paid_on"].isoformat(),
                    "amount": yuan(p["amount"]), "bank_serial": p["bank_serial"],
                    "accepted": code is None, "code": code})
    return out, paid_in, paid_back


def yearly_months(state, period):
    """§5: the months that make the yearly quotas in this period, or none."""
    months = ["%s-%02d" % (period[:4], m) for m in (10, 11, 12)]
    closed = [*state["payables"], period]
    return months if period == months[-1] and all(m in closed for m in months) else []


def reserve_level(payable, quota):
    if quota == 0:
        return "red" if payable > 0 else "none"
    if 100 * payable >= RED * quota:
        return "red"
    return "yellow" if 100 * payable >= YELLOW * quota else "green"


def clear_pairs(run, cleared, deducted, approved, initial, paid_in, paid_back, as_of):
    st, period = run.state, run.period
    gross, by_class, visits = defaultdict(int), defaultdict(int), defaultdict(int)
    for r in cleared.values():
        pair = (r["ip"], r["tp"])
        gross[pair] += r["payable"]
        by_class[pair, r["fund_class"]] += r["payable"]
        visits[pair] += -1 if r["init_setl_id"] is not None else 1
    months = yearly_months(st, period)
    all_pairs = set(gross) | set(visits) | set(deducted) | set(st["quota"]) | set(st["carry"]) \
        | set(st["reserve"]) | set(approved) | set(initial) | set(paid_in) | set(paid_back)
    for m in months:
        all_pairs |= set(st["payables"].get(m, {}))
    st["payables"][period] = {}
    tables = {"pairs": [], "quotas": [], "reserves": [], "notices": []}
    carry, quota_next, reserve = {}, {}, {}
    for pair in sorted(all_pairs):
        ip, tp = pair
        brought = st["carry"].get(pair, 0)
        net = gross[pair] - deducted.get(pair, 0) + brought
        payable, below = max(net, 0), max(-net, 0)
        returned, carried = (below, 0) if run.returns else (0, -below)
        quota = st["quota"].get(pair, 0)
        level = reserve_level(payable, quota)
        st["payables"][period][pair] = payable
        new = quota
        if months:
            total = sum(st["payables"][m].get(pair, 0) for m in months)
            new = (4 * total + 3) // 6               # 2*total/3, half up
        nxt = new + approved.get(pair, 0) + initial.get(pair, 0)
        tables["pairs"].append({
            "insured_province": ip, "treating_province": tp, "visits": visits[pair],
            "gross": yuan(gross[pair]), "gross_employee": yuan(by_class[pair, "employee"]),
            "gross_resident": yuan(by_class[pair, "resident"]),
            "deductions": yuan(deducted.get(pair, 0)), "brought_forward": yuan(brought),
            "payable": yuan(payable), "returned": yuan(returned), "carried_forward": yuan(carried),
            "quota": yuan(quota), "reserve_level": level})
        tables["quotas"].append({"insured_province": ip, "treating_province": tp,
                                 "quota": yuan(quota), "next_quota": yuan(nxt)})
        opening, drawn = st["reserve"].get(pair, 0), payable - returned
        closing = opening + paid_in.get(pair, 0) - paid_back.get(pair, 0) - drawn
        tables["reserves"].append({
            "insured_province": ip, "treating_province": tp, "opening": yuan(opening),
            "paid_in": yuan(paid_in.get(pair, 0)), "paid_back": yuan(paid_back.get(pair, 0)),
            "drawn": yuan(drawn), "closing": yuan(closing)})
        carry[pair], quota_next[pair], reserve[pair] = carried, nxt, closing
        if payable > 0:
            issue(run, tables, "QS", pair, ip, tp, payable, as_of)
        if returned > 0:
            issue(run, tables, "FH", pair, tp, ip, returned, as_of)
        if pair in initial:
            issue(run, tables, "CS", pair, ip, tp, initial[pair], as_of)
        if months and new > quota:
            issue(run, tables, "ND", pair, ip, tp, new - quota, as_of)
        if months and new < quota:
            issue(run, tables, "ND", pair, tp, ip, quota - new, as_of)
        if level == "red" and 2 * payable > nxt:
            issue(run, tables, "JJ", pair, ip, tp, 2 * payable - nxt, as_of)
    st["carry"], st["quota"], st["reserve"] = carry, quota_next, reserve
    return tables


def issue(run, tables, kind, pair, payer, payee, amount, as_of):
    nid = "%s-%s-%s-%s" % (kind, run.period, *pair)
    dates = (None, None, None) if kind == "JJ" else due_dates(as_of)
    run.state["notices"][nid] = {
        "kind": kind, "pair": pair, "payer": payer, "amount": amount, "approved": None,
        "paid": 0, "pay_by": dates[1], "completed_on": None, "reported": False}
    tables["notices"].append({
        "notice_id": nid, "kind": kind, "period": run.period, "payer": payer, "payee": payee,
        "amount": yuan(amount), "issued_on": as_of.isoformat(),
        **{k: d and d.isoformat() for k, d in zip(("file_by", "pay_by", "confirm_by"), dates)}})


def status_table(run):
    out = []
    for nid in sorted(run.state["notices"]):
        n = run.state["notices"][nid]
        if n["reported"]:
            continue
        if n["kind"] == "JJ" and n["approved"] is None:
            status = "proposed"
        elif open_amount(n) == 0:
            status = "paid"
        else:
            status = "partial" if n["paid"] else "unpaid"
        n["reported"] = status == "paid"
        done = n["completed_on"]
        out.append({"notice_id": nid, "amount": yuan(n["amount"]), "approved": yuan(n["approved"]),
                    "paid": yuan(n["paid"]), "pay_by": n["pay_by"] and n["pay_by"].isoformat(),
                    "status": status, "completed_on": done and done.isoformat(),
                    "punctual": None if done is None else done <= n["pay_by"]})
    return out


# ---------------------------------------------------------------- one period

def empty_state():
    return {"periods": [], "register": {}, "reversed": {}, "open": {s: {} for s in SIDES},
            "permits": [], "quota": {}, "carry": {}, "reserve": {}, "payables": {},
            "notices": {}, "serials": set(), "ddct_ids": set(), "deducted": {},
            "delivered": set(), "accepted": []}


def clear_period(state, period, folder, opening_quotas=None, as_of=None, accept=ASKED, rules=None, look=None):
    """Returns (new state, tables); raises Refused, WrongOrder or Usage. state is not touched; the new one
    says which plausibility codes were met. look is told the valid rows by side, the copies that reached step 5 and
    the rows that cleared."""
    state = copy.deepcopy(state)
    if state["periods"]:
        if month_no(period) != month_no(state["periods"][-1]) + 1:
            raise WrongOrder("last closed period is %s" % state["periods"][-1])
        if opening_quotas is not None:
            raise Usage("opening quotas go with the first period alone")
    elif opening_quotas is not None:
        state["quota"] = read_opening_quotas(opening_quotas)
        state["reserve"] = dict(state["quota"])      # §5 opening of the first period
    as_of = as_of or last_day_of_next_month(period)
    policies = NEGATIVE_NET if rules is None else read_negative_net(rules)
    run = Run(state, period, returns(policies, period))
    rows, small = read_delivery(folder)
    state["accepted"] = []
    must_be_meant(state, asked_about_files(run, rows, folder, opening_quotas), accept)
    for p in small["permits.csv"]:
        state["permits"].append(dict(p, first_period=period))
    permits = [p for p in state["permits"] if period <= p["until_period"]]
    state["permits"] = permits
    valid = step0_reject(run, rows)
    every_valid_row = dict(valid)
    step1_register(run, valid)
    must_be_meant(state, asked_about_cleared(run), accept)
    kept, still_open = steps2_and_3(run, valid)
    reach = step4_late(run, kept, still_open, permits)
    (cleared, decisions), approved, initial = all_or_refused(
        lambda: steps5_to_9(run, reach, small["decisions.csv"]),
        lambda: apply_quota_changes(run, small["quota-changes.csv"]),
        lambda: initial_quotas(run, small["initial-quotas.csv"]))
    if look:
        look(every_valid_row, reach, cleared)
    deductions, deducted = deduct(run, small["deductions.csv"], cleared)
    payments, paid_in, paid_back = apply_payments(run, small["payments.csv"])
    tables = clear_pairs(run, cleared, deducted, approved, initial, paid_in, paid_back, as_of)
    tables.update({
        "positions": positions_table(cleared), "breaks": run.breaks,
        "break_fields": run.break_fields, "rejects": run.rejects,
        "open_items": open_table(state["open"]), "control": control_table(run.control),
        "deductions": deductions, "notice_status": status_table(run), "payments": payments,
        "permits": permits, "decisions": decisions})
    state["periods"].append(period)
    check(tables, run)
    return state, tables


def all_or_refused(*parts):
    """What each part gives, or the findings of all of them."""
    out, findings = [], []
    for part in parts:
        try:
            out.append(part())
        except Refused as e:
            findings += e.findings
    if findings:
        raise Refused(findings)
    return out


def open_table(opened):
    out = []
    for side in SIDES:
        for s in sorted(opened[side]):
            r = opened[side][s]
            row = {"side": side, "first_period": r["first_period"], "class": r["class"]}
            for f in ALL_FIELDS:
                v = r[f]
                if f in DECIMALS:
                    # §2.1: nulls in optional amounts are 0, a null scope field counts as absent
                    v = yuan(v if f in SCOPE else v or 0)
                elif v is not None and (f in DATES or f == "setl_time"):
                    v = v.isoformat()
                row[f] = v
            out.append(row)
    return out


def control_table(control):
    return [{"side": s, "bucket": b, "rows": c[0], "medfee_sumamt": yuan(c[1]),
             "payable": yuan(c[2])} for (s, b), c in sorted(control.items())]


def check(tables, run):
    """The oracle's own identities."""
    for side in SIDES:
        for i in range(3):
            left = sum(c[i] for (s, b), c in run.control.items()
                       if s == side and b in ("delivered", "opened"))
            right = sum(c[i] for (s, b), c in run.control.items()
                        if s == side and b not in ("delivered", "opened"))
            assert left == right, (side, i, left, right)
    fen = lambda t: int(t.replace(".", ""))
    assert sum(fen(p["payable"]) for p in tables["positions"]) == \
        sum(fen(p["gross"]) for p in tables["pairs"])
    assert sum(p["visits"] for p in tables["positions"]) == \
        sum(p["visits"] for p in tables["pairs"])
    for p in tables["pairs"]:
        net = fen(p["gross"]) - fen(p["deductions"]) + fen(p["brought_forward"])
        payable, returned, carried = (fen(p[c]) for c in ("payable", "returned", "carried_forward"))
        assert net == payable - returned + carried, p
        assert sum(part != 0 for part in (payable, returned, carried)) <= 1, p


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--period", required=True)
    ap.add_argument("--input", required=True)
    ap.add_argument("--book", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--opening-quotas")
    ap.add_argument("--rules")
    ap.add_argument("--accept", action="append", default=[], choices=ASKED)
    ap.add_argument("--as-of", type=dt.date.fromisoformat)
    a = ap.parse_args()
    saved = os.path.join(a.book, "oracle.pickle")
    state = pickle.load(open(saved, "rb")) if os.path.exists(saved) else empty_state()
    try:
        state, tables = clear_period(state, a.period, a.input, a.opening_quotas, a.as_of, a.accept,
                                     a.rules)
    except Refused as e:
        print("\n".join(e.findings), file=sys.stderr)
        return 3
    except WrongOrder as e:
        print(e, file=sys.stderr)
        return 4
    except Usage as e:
        print(e, file=sys.stderr)
        return 2
    os.makedirs(a.out, exist_ok=True)
    os.makedirs(a.book, exist_ok=True)
    for name, rows in tables.items():
        with open(os.path.join(a.out, name + ".json"), "w", encoding="utf-8") as f:
            json.dump(rows, f, ensure_ascii=False, indent=0)
    with open(saved + ".new", "wb") as f:
        pickle.dump(state, f)
    os.replace(saved + ".new", saved)
    return 0


if __name__ == "__main__":
    sys.exit(main())
