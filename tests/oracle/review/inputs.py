# SPDX-License-Identifier: Apache-2.0
"""What a review reads: deliveries, filings, registry, rules, benefit sets (sections 1, 2, 4.1, 6 of review.md)."""
import csv
import datetime as dt
import glob
import hashlib
import io
import os
import re
import sys
from fractions import Fraction

import pyarrow.parquet as pq

try:
    import tomllib
except ImportError:                               # before Python 3.11
    import tomli as tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import oracle as o  # noqa: E402

SHIPPED = os.path.join(HERE, "..", "..", "..", "pipelines", "benefits")

CODES = ["hosp_lv", "psn_type", "clct_grde", "cal_ipt_cnt", "otp_er_refl_flag", "ipt_type", "mid_setl_flag",
         "mdtrt_cert_type", "mdtrt_cert_no"]
AMOUNTS = ["dedc_std", "act_pay_dedc"]
EXTRA = CODES + AMOUNTS + ["brdy", "age"]


class Usage(Exception):
    """Exit 2."""


def read_bytes(path):
    with open(path, "rb") as f:
        return f.read()


def toml(path):
    return tomllib.loads(read_bytes(path).decode())


# ---------------------------------------------------------------- deliveries

def extra_fits(field, kind):
    if kind[0] == "null":
        return True
    if field in CODES:
        return kind[0] in ("text", "integer")
    if field in AMOUNTS:
        return kind[0] == "decimal" and 0 <= kind[1] <= 18
    return kind[0] == ("date" if field == "brdy" else "integer")


def read_extra(path, rel, rows):
    """Adds the optional fields of section 2 to rows; returns findings."""
    pf = pq.ParquetFile(path)
    found, findings = {}, []
    for name in pf.schema_arrow.names:
        field = o.field_of(name)
        if field in EXTRA:
            if field in found:
                findings.append("%s: field %s is there twice" % (rel, field))
            found[field] = name
    kinds = {f: o.kind_of(pf, n) for f, n in found.items()}
    findings += ["%s: column %s is of the wrong kind %s" % (rel, found[f], k)
                 for f, k in kinds.items() if not extra_fits(f, k)]
    if findings:
        return findings
    table = pf.read(columns=list(found.values()), use_threads=False)
    for r in rows:
        r.update(dict.fromkeys(EXTRA))
    for field, name in found.items():
        if field == "age" and kinds[field][0] == "integer":
            values = table.column(name).to_pylist()
        else:
            values = o.column_values(table.column(name), field, kinds[field])
        for r, v in zip(rows, values):
            if field in AMOUNTS and v is not None:
                v = v[0] if v[0] == v[1] else None         # no whole fen: nothing (CHOICES)
            r[field] = v
    return []


def parquet_files(folder):
    files = []
    for d, folders, names in os.walk(os.path.join(folder, "treating")):
        folders[:] = [f for f in folders if f[0] not in "._"]
        files += [os.path.join(d, n) for n in names if n.endswith(".parquet") and n[0] not in "._"]
    rel = {os.path.relpath(p, folder).replace(os.sep, "/"): p for p in files}
    return sorted(rel.items(), key=lambda x: x[0].encode())


def read_input(number, folder, findings):
    """(rows, number of files) of one delivery; rows carry input, file, row."""
    rows, totals, digests = [], {}, {}
    files = parquet_files(folder)
    if not files:
        findings.append("input %d: no file below treating" % number)
    for rel, path in files:
        got, bad = o.read_parquet(path, rel)
        bad = bad or read_extra(path, rel, got)
        findings += bad
        totals[rel] = (len(got), *(sum(r[f] or 0 for r in got) for f in
                                   ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")))
        if bad or not got:
            continue
        digest = hashlib.sha256(read_bytes(path)).hexdigest()
        if digest in digests:
            findings.append("%s: same bytes as %s" % (rel, digests[digest]))
        digests.setdefault(digest, rel)
        rows += [dict(o.finish_record(r), input=number) for r in got]
    declared = os.path.join(folder, "control-totals.csv")
    if os.path.exists(declared) and not findings:
        name = "control-totals.csv"
        listed = o.read_small(declared, name, o.SMALL[name], findings)
        listed = [x for x in listed if x["file"].startswith("treating/")]
        findings += findings or o.check_control_totals(listed, totals)
    return rows, len(files)


# ---------------------------------------------------------------- small files

def read_table(path, columns):
    """Rows of a CSV or Parquet file as dicts of text, dates and times; empty is None."""
    if path.lower().endswith(".parquet"):
        table = pq.read_table(path)
        out = []
        for r in table.to_pylist():
            out.append({c: parquet_value(r.get(c)) for c in columns})
        return out
    text = read_bytes(path).decode("utf-8-sig")
    lines = [x for x in csv.reader(io.StringIO(text, newline=""), strict=True)]
    header = lines[0]
    if any(header.count(c) != 1 for c in columns):
        raise o.Refused(["%s: a column is missing" % path])
    if any(len(x) != len(header) for x in lines[1:]):
        raise o.Refused(["%s: a line of the wrong length" % path])
    return [{c: x[header.index(c)] or None for c in columns} for x in lines[1:]]


def parquet_value(v):
    if isinstance(v, dt.datetime):
        return (v.astimezone(dt.timezone(dt.timedelta(hours=8))).replace(tzinfo=None) if v.tzinfo else v)
    if v is None or isinstance(v, dt.date):
        return v
    return str(v) or None


def division(text):
    if text is None or not re.fullmatch(r"[0-9]{2}|[0-9]{4}|[0-9]{6}", text):
        raise ValueError("no division: %r" % text)
    text = text.ljust(6, "0")
    if o.province(text) is None:
        raise ValueError("no province: %r" % text)
    return text


def as_date(v):
    if v is None or isinstance(v, dt.date):
        return v
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", v):
        raise ValueError("no date: %r" % v)
    return dt.date.fromisoformat(v)


def as_time(v):
    if v is None or isinstance(v, dt.datetime):
        return v
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", v):
        raise ValueError("no time: %r" % v)
    return dt.datetime.fromisoformat(v)


FILING = ["psn_no", "insu_admdvs", "rloc_admdvs", "rloc_rea", "begndate", "enddate", "crte_time", "vali_flag"]


def read_filings(path):
    if path is None:
        return None
    out, findings = [], []
    for no, r in enumerate(read_table(path, FILING), 1):
        try:
            if r["psn_no"] is None or r["begndate"] is None:
                raise ValueError("no psn_no or begndate")
            out.append({"psn_no": r["psn_no"], "insu": division(r["insu_admdvs"]),
                        "rloc": division(r["rloc_admdvs"]), "rloc_rea": r["rloc_rea"],
                        "begin": as_date(r["begndate"]), "end": as_date(r["enddate"]),
                        "made": as_time(r["crte_time"]), "valid": r["vali_flag"] != "0"})
        except ValueError as e:
            findings.append("filings: line %d: %s" % (no, e))
    if findings:
        raise o.Refused(findings)
    return out


def read_registry(path):
    """{institution: (level, networked)}; what the file does not say is None."""
    if path is None:
        return None
    text = read_bytes(path).decode("utf-8-sig")
    out = {}
    for r in csv.DictReader(io.StringIO(text, newline="")):
        if r["fixmedins_code"] in out:
            raise o.Refused(["registry: %s twice" % r["fixmedins_code"]])
        networked = r.get("networked") or None
        out[r["fixmedins_code"]] = (r.get("level") or None, None if networked is None else networked == "1")
    return out


# ---------------------------------------------------------------- rules of the review (section 4.1)

def fen(text):
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]+(\.[0-9]{1,2})?", text):
        raise Usage("no amount: %r" % (text,))
    return o.value_of("amount", text)


AMOUNT_KEYS = {"amount", "limit", "width", "tolerance"}
BUILT_IN = {
    "BEH-01": {"days": 1}, "BEH-02": {"days": 7}, "BEH-03": {"count": 3}, "BEH-05": {"count": 5, "percent": 20},
    "BEH-06": {"minutes": 120}, "BEH-07": {"count": 3}, "BEH-08": {"count": 15}, "BEH-09": {"count": 10},
    "BEH-10": {"institutions": 5, "amount": "5000.00"}, "BEH-11": {"crowd": 20, "days": 2, "persons": 3},
    "BEH-12": {"times": 3, "months": 2, "amount": "100000.00"}, "BEH-13": {"count": 20, "times": 5},
    "BEH-14": {"settlements": 30, "institutions": 10, "factor": 35000},
    "BEH-15": {"limit": "30000.00", "width": "1000.00", "count": 5, "times": 3},
    "BEH-16": {"count": 20, "percent": 5}, "BEH-17": {"count": 3}, "BEH-18": {"persons": 2},
    "BEH-19": {"count": 100, "percent": 95, "amount": "200.00"}, "BEH-20": {"part": 4},
    "FIL": {"care_class": ["inpatient", "chronic"]}, "BEN": {"tolerance": "1.00"},
}
RULES = (["BEH-%02d" % i for i in range(1, 21)] + ["BEN-%02d" % i for i in range(1, 7)]
         + ["FIL-%02d" % i for i in range(1, 5)])
VALUES = {"psn_type": {"11": "active", "12": "retired", "13": "retired", "14": "minor", "15": "adult",
                       "16": "adult"},
          "otp_er_refl_flag": {"0": ""}, "ipt_type": {"0": ""}}
LEVELS = ["village", "township", "community", "1", "2", "3", "3A", "3B"]
WORDS = {"rloc_rea": ["long_term", "transfer", "temporary"], "hosp_lv": LEVELS,
         "psn_type": ["active", "retired", "minor", "student", "adult"],
         "otp_er_refl_flag": ["emergency"], "ipt_type": ["emergency"]}


class Rules:
    def __init__(self, path):
        doc = {"format": 1}
        if path:
            doc = toml(path)
        if set(doc) - {"format", "off", "threshold", "values"} or doc.get("format") != 1:
            raise Usage("keys of the rules: %s" % sorted(doc))
        self.off = set(doc.get("off", []))
        self.entries = {r: [(dt.date(2000, 1, 1), keys)] for r, keys in BUILT_IN.items()}
        named = {}
        for e in doc.get("threshold", []):
            e = dict(e)
            rule, first, _ = e.pop("rule"), dt.date.fromisoformat(e.pop("from")), e.pop("source")
            if rule not in BUILT_IN or set(e) != set(BUILT_IN[rule]):
                raise Usage("threshold %s: keys %s" % (rule, sorted(e)))
            if any(first == f for f, _ in named.get(rule, [])):
                raise Usage("threshold %s: twice from %s" % (rule, first))
            named.setdefault(rule, []).append((first, e))
        self.entries.update(named)
        self.values = {**VALUES, **doc.get("values", {})}
        if self.off - set(RULES) or set(self.values) - set(WORDS):
            raise Usage("unknown rule or field")
        for field, table in self.values.items():
            if set(table.values()) - set(WORDS[field]) - {""}:
                raise Usage("unknown word of %s" % field)

    def in_force(self, day):
        """{rule: {key: value}} of the entries with the latest `from` up to this day; amounts in fen."""
        out = {}
        for rule, entries in self.entries.items():
            fit = [e for e in entries if e[0] <= day]
            if fit:
                keys = max(fit, key=lambda e: e[0])[1]
                out[rule] = {k: fen(v) if k in AMOUNT_KEYS else v for k, v in keys.items()}
        return out

    def word(self, field, value):
        """(word or None, whether the value is unknown). The word "" says nothing."""
        if value is None:
            return None, False
        word = self.values.get(field, {}).get(value)
        if word is None and value in WORDS[field]:
            word = value
        return word or None, word is None


# ---------------------------------------------------------------- benefit sets (section 6)

PREDICATES = ["care_class", "level", "person", "age_from", "age_below", "grade", "stay", "filing", "disease",
              "institutions", "networked", "months_insured_from"]


def exact(text):
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        raise Usage("no number: %r" % text)
    return Fraction(text)


def area_prefix(area):
    while area.endswith("00") and len(area) > 2:
        area = area[:-2]
    return area


class Row:
    """A row of a table: its predicates as lists, and what it says."""
    def __init__(self, raw):
        self.fit = {k: v if isinstance(v, list) else [v] for k, v in raw.items() if k in PREDICATES}
        amount = lambda k: fen(raw[k]) if k in raw else None
        number = lambda k, other: exact(raw[k]) if k in raw else Fraction(other)
        self.amount, self.year, self.visit = amount("amount"), amount("year"), amount("visit")
        self.above, self.upto = amount("above") or 0, amount("upto")
        self.or_less, self.again_days = raw.get("or_less", False), raw.get("again_days")
        self.percent = number("percent", 0)
        self.effect = (number("points", 0), number("factor", 1), number("first_share", 0),
                       number("deductible_factor", 1))
        self.wage_times = exact(raw["wage_times"]) if "wage_times" in raw else None


class BenefitSet:
    def __init__(self, raw):
        areas = raw["area"] if isinstance(raw["area"], list) else [raw["area"]]
        self.areas = [area_prefix(a) for a in areas]
        self.fund_class = raw["fund_class"]
        self.first = dt.date.fromisoformat(raw["from"])
        self.until = dt.date.fromisoformat(raw["until"]) if "until" in raw else dt.date.max
        month, day = raw.get("year_starts", "01-01").split("-")
        self.year_starts = (int(month), int(day))
        self.deemed = set(raw.get("deemed", []))
        self.tables = {t: [Row(r) for r in raw.get(t, [])] for t in ("deductible", "ratio", "remote", "cap")}
        self.layers = [Row({k: v for k, v in r.items() if k in PREDICATES}) for r in raw.get("layer", [])]
        self.wage = sorted((dt.date.fromisoformat(w["from"]), fen(w["amount"])) for w in raw.get("wage", []))

    def benefit_year(self, day):
        return day.year if (day.month, day.day) >= self.year_starts else day.year - 1


def read_benefits(folder):
    sets = []
    for path in sorted(glob.glob(os.path.join(folder, "*.toml"))):
        doc = toml(path)
        sets += [BenefitSet(s) for s in doc.get("set", [])]
    return sets


def set_of(sets, fund_class, insured, day):
    """(set, area) with the longest area that begins the insured division, or (None, None)."""
    fit = [(len(a), a, s) for s in sets if s.fund_class == fund_class and s.first <= day <= s.until
           for a in s.areas if insured.startswith(a)]
    if not fit:
        return None, None
    _, area, found = max(fit, key=lambda x: x[0])
    return found, area
