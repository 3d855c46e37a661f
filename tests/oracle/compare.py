#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the program and the oracle over the same deliveries and compares every table.

    python compare.py --binary PATH --deliveries DIR --work DIR      one generated folder
    python compare.py --binary PATH --seeds 1..20 --work DIR         generate and compare many
    python compare.py --binary PATH --bad-seeds 1..2 --work DIR      refused deliveries as well

Exit 1 on any difference. Tables are compared as multisets of rows; rows without any money
may be left out of pairs, quotas, reserves and control; null and empty text are the same.
"""
import argparse
import datetime as dt
import decimal
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict

import pyarrow.parquet as pq

import generate
import oracle as o

KEYS = {
    "positions": ["insuplc_admdvs", "treating_province", "fund_class", "care_class", "cost_month"],
    "pairs": ["insured_province", "treating_province"],
    "breaks": ["setl_id", "class", "side"],
    "break_fields": ["setl_id", "field"],
    "open_items": ["side", "setl_id"],
    "rejects": ["side", "file", "row"],
    "control": ["side", "bucket"],
    "deductions": ["ddct_id", "setl_id", "code"],
    "quotas": ["insured_province", "treating_province"],
    "reserves": ["insured_province", "treating_province"],
    "notices": ["notice_id"],
    "notice_status": ["notice_id"],
    "payments": ["notice_id", "bank_serial", "amount"],
    "permits": ["permit_id"],
    "decisions": ["setl_id"],
}
COLUMNS = {
    "positions": KEYS["positions"] + ["visits"] + o.AMOUNTS13 + ["payable"],
    "pairs": "insured_province treating_province visits gross gross_employee gross_resident "
             "deductions brought_forward payable returned carried_forward quota "
             "reserve_level".split(),
    "breaks": "setl_id class side fields insuplc_admdvs mdtrtarea_admvs insutype med_type "
              "cost_month lateness treating_payable insured_payable effect carried "
              "first_period".split(),
    "break_fields": "setl_id field treating_value insured_value".split(),
    "open_items": ["side", "first_period", "class"] + o.ALL_FIELDS,
    "rejects": "side file row setl_id rules".split(),
    "control": "side bucket rows medfee_sumamt payable".split(),
    "deductions": "ddct_id setl_id amount accepted code insured_province treating_province "
                  "fund_class".split(),
    "quotas": "insured_province treating_province quota next_quota".split(),
    "reserves": "insured_province treating_province opening paid_in paid_back drawn "
                "closing".split(),
    "notices": "notice_id kind period payer payee amount issued_on file_by pay_by "
               "confirm_by".split(),
    "notice_status": "notice_id amount approved paid pay_by status completed_on punctual".split(),
    "payments": "notice_id paid_on amount bank_serial accepted code".split(),
    "permits": o.SMALL["permits.csv"] + ["first_period"],
    "decisions": "setl_id decision class_without payable".split(),
}
# tables whose key alone fixes the order
SORTED = ["positions", "pairs", "break_fields", "rejects", "quotas", "reserves", "notices",
          "notice_status", "decisions", "breaks", "open_items"]
MAY_BE_LEFT_OUT = {"pairs", "quotas", "reserves", "control"}
INTEGERS = {"visits", "lateness", "row", "rows"}
BOOLEANS = {"carried", "accepted", "punctual", "past_year_close"}
DATES = {"issued_on", "file_by", "pay_by", "confirm_by", "paid_on", "completed_on", "begndate",
         "enddate"}
RECORD_MONEY = set(o.DECIMALS) | {"amount"}
ZONE = dt.timezone(dt.timedelta(hours=8))


def plain(column, v):
    """One value of either program in a common form."""
    if isinstance(v, decimal.Decimal):
        return o.yuan(o.to_fen(v)[0])
    if isinstance(v, dt.datetime):
        v = v.astimezone(ZONE).replace(tzinfo=None) if v.tzinfo else v
        return v.isoformat()
    if isinstance(v, dt.date):
        return v.isoformat()
    if column == "past_year_close" and v in ("0", "1", 0, 1):
        return v in ("1", 1)
    if column in ("refd_setl_flag", "fulamt_advpay_flag") and not v:
        return "0"
    return None if v == "" else v


def engine_table(book, period, name, problems):
    path = os.path.join(book, period, "tables", name + ".parquet")
    if not os.path.exists(path):
        problems.append("%s: table is not there" % name)
        return None
    t = pq.read_table(path, partitioning=None)
    missing = [c for c in COLUMNS[name] if c not in t.column_names]
    if missing:
        problems.append("%s: columns are not there: %s" % (name, ", ".join(missing)))
        return None
    if name != "open_items" and t.column_names != COLUMNS[name]:
        print("  note: %s: columns are %s" % (name, ", ".join(t.column_names)))
    check_types(name, t, problems)
    t = t.select(COLUMNS[name])
    return [{c: plain(c, v) for c, v in r.items()} for r in t.to_pylist()]


def check_types(name, t, problems):
    for f in t.schema:
        c, s = f.name, str(f.type)
        if c not in COLUMNS[name]:
            continue
        if c in INTEGERS:
            want = s == "int64"
        elif c in BOOLEANS:
            want = s == "bool"
        elif c in DATES:
            want = s.startswith("date32")
        elif c == "setl_time":
            want = s.startswith("timestamp")
        elif name == "open_items" and c in o.DECIMALS:
            want = s in ("decimal128(16, 2)",)
        elif c in o.DECIMALS or c in ("payable", "gross", "gross_employee", "gross_resident",
                                      "brought_forward", "returned", "carried_forward", "quota",
                                      "next_quota",
                                      "opening", "paid_in", "paid_back", "drawn", "closing", "paid",
                                      "approved", "effect", "treating_payable", "insured_payable") \
                or c == "amount" or (name == "pairs" and c == "deductions"):
            want = s in ("decimal128(16, 2)", "decimal128(38, 2)")
        else:
            want = s in ("string", "large_string", "string_view") or s.startswith("dictionary")
        if not want:
            problems.append("%s.%s: type %s" % (name, c, s))


def no_money(name, r):
    """A row that the contract allows to be left out."""
    values = [v for c, v in r.items() if c not in KEYS[name] and c != "reserve_level"]
    return name in MAY_BE_LEFT_OUT and all(v in ("0.00", 0) for v in values)


def frozen(row, columns):
    return tuple(row[c] for c in columns)


def compare_table(name, want, got, limit, problems):
    cols = COLUMNS[name]
    w = Counter(frozen({c: plain(c, v) for c, v in r.items()}, cols)
                for r in want if not no_money(name, r))
    g = Counter(frozen(r, cols) for r in got if not no_money(name, r))
    only_w, only_g = list((w - g).elements()), list((g - w).elements())
    if not only_w and not only_g:
        return
    problems.append("%s: %d rows of the oracle and %d rows of the program without a partner "
                    "(of %d and %d)" % (name, len(only_w), len(only_g), sum(w.values()),
                                        sum(g.values())))
    at = [cols.index(k) for k in KEYS[name]]
    by_key = defaultdict(lambda: ([], []))
    for side, rows in enumerate((only_w, only_g)):
        for r in rows:
            by_key[tuple(str(r[i]) for i in at)][side].append(r)
    for key in sorted(by_key)[:limit]:
        ws, gs = by_key[key]
        head = "    " + ", ".join("%s=%s" % kv for kv in zip(KEYS[name], key))
        if len(ws) == 1 and len(gs) == 1:
            diff = ["%s: oracle %r, program %r" % (c, a, b)
                    for c, a, b in zip(cols, ws[0], gs[0]) if a != b]
            problems.append(head + "\n        " + "\n        ".join(diff))
            continue
        for label, rows in (("oracle", ws), ("program", gs)):
            for r in rows[:2]:
                problems.append(head + "\n        only %s: %s" % (
                    label, {c: v for c, v in zip(cols, r) if v is not None}))


def check_order(name, rows, problems):
    if name in SORTED:
        keys = [tuple(r[k].encode() if isinstance(r[k], str) else (r[k] if r[k] is not None else -1)
                      for k in KEYS[name]) for r in rows]
        if name == "breaks":              # the order within a setl_id is the program's
            keys = [k[:1] for k in keys]
        if name == "open_items":          # by side or by key first
            if keys == sorted(keys, key=lambda k: (k[1], k[0])):
                return
        if keys != sorted(keys) and \
                not (name == "break_fields" and [k[:1] for k in keys] == sorted(k[:1] for k in keys)):
            problems.append("%s: not sorted by its key" % name)


# ---------------------------------------------------------------- identities of the output

def fen(v):
    return int(v.replace(".", "")) if v else 0


def by_pair(notices, kind):
    """{(insured, treating): sum} of a kind, whoever pays; a payer on the wrong side makes a pair of its own."""
    out = defaultdict(int)
    for n in notices:
        if n["kind"] == kind:
            pair = (n["payer"], n["payee"])
            out[pair[::-1] if kind == "FH" else pair] += fen(n["amount"])
    return dict(out)


def initial_quotas(folder):
    """{pair: fen} of a delivery that was accepted."""
    path = os.path.join(folder, "initial-quotas.csv")
    rows = o.read_small(path, path, o.SMALL["initial-quotas.csv"], []) if os.path.exists(path) else []
    return {(r["insured_province"], r["treating_province"]): r["quota"] for r in rows}


def identities(t, before, initial, problems):
    """On the program's own tables; before: its tables of the period before, or None; initial: quotas of
    the delivery."""
    def need(ok, text):
        if not ok:
            problems.append("identity: " + text)
    control = {(r["side"], r["bucket"]): (r["rows"], fen(r["medfee_sumamt"]), fen(r["payable"]))
               for r in t["control"]}
    for side in o.SIDES:
        for i, what in enumerate(("rows", "medfee_sumamt", "payable")):
            come = sum(v[i] for (s, b), v in control.items()
                       if s == side and b in ("delivered", "opened"))
            go = sum(v[i] for (s, b), v in control.items()
                     if s == side and b not in ("delivered", "opened"))
            need(come == go, "control %s %s: %d in, %d out" % (side, what, come, go))
        opened = [r for r in (before or {}).get("open_items", []) if r["side"] == side]
        have = control.get((side, "opened"), (0, 0, 0))
        need(have[:2] == (len(opened), sum(fen(r["medfee_sumamt"]) for r in opened)),
             "opened of %s is not what was carried" % side)
        carried = [r for r in t["open_items"] if r["side"] == side]
        out = [sum(control.get((side, c), (0, 0, 0))[i] for c in o.CARRIED) for i in range(3)]
        need(out == [len(carried), sum(fen(r["medfee_sumamt"]) for r in carried),
                     sum(fen(r[f]) for r in carried for f in o.PAYABLE)],
             "open items of %s are not the carried buckets" % side)
        need(sum(r["side"] == side for r in t["rejects"]) ==
             control.get((side, "rejected"), (0,))[0], "rejects of %s" % side)
        per_row = ("already_cleared", "duplicate", "conflict", "late_refused", "expired")
        for c in per_row + tuple(o.CARRIED) + ("already_reversed",):
            n = sum(b["class"] == c and b["side"] in (side, "both") for b in t["breaks"])
            need(n == control.get((side, c), (0,))[0], "breaks %s of %s" % (c, side))
    per_id = Counter(b["setl_id"] for b in t["breaks"] if b["class"] not in
                     ("already_cleared", "duplicate", "conflict", "late_refused", "expired"))
    need(all(n == 1 for n in per_id.values()), "more than one break of a setl_id")
    pairs = t["pairs"]
    for a, b in (("payable", "gross"), ("visits", "visits")):
        x = sum(r[a] if a == "visits" else fen(r[a]) for r in t["positions"])
        y = sum(r[b] if b == "visits" else fen(r[b]) for r in pairs)
        need(x == y, "positions %s %d, pairs %s %d" % (a, x, b, y))
    for r in t["positions"]:
        need(fen(r["payable"]) == sum(fen(r[f]) for f in o.PAYABLE), "position payable")
    cleared = defaultdict(int)
    for r in t["positions"]:
        cleared[o.province(r["insuplc_admdvs"]), r["treating_province"]] += fen(r["payable"])
    deducted = defaultdict(int)
    for d in t["deductions"]:
        if d["accepted"]:
            deducted[d["insured_province"], d["treating_province"]] += fen(d["amount"])
    last = {(r["insured_province"], r["treating_province"]): r for r in (before or {}).get("pairs", [])}
    for r in pairs:
        p = (r["insured_province"], r["treating_province"])
        need(fen(r["gross"]) == cleared.pop(p, 0), "gross of %s-%s" % p)
        need(fen(r["deductions"]) == deducted.pop(p, 0), "deductions of %s-%s" % p)
        need(fen(r["gross"]) == fen(r["gross_employee"]) + fen(r["gross_resident"]),
             "fund classes of %s-%s" % p)
        need(fen(r["gross"]) - fen(r["deductions"]) + fen(r["brought_forward"]) ==
             fen(r["payable"]) - fen(r["returned"]) + fen(r["carried_forward"]), "net of %s-%s" % p)
        need(fen(r["payable"]) >= 0 >= fen(r["carried_forward"]), "signs of %s-%s" % p)
        need(fen(r["returned"]) >= 0, "what %s-%s gives back" % p)
        need(sum(fen(r[c]) != 0 for c in ("payable", "returned", "carried_forward")) <= 1,
             "more than one end of %s-%s" % p)
        old = last.pop(p, None)
        need(fen(r["brought_forward"]) == (fen(old["carried_forward"]) if old else 0),
             "brought forward of %s-%s" % p)
    need(not any(cleared.values()) and not any(deducted.values()), "a pair is left out")
    need(not any(fen(r["carried_forward"]) for r in last.values()), "a carry was dropped")
    closed = {(r["insured_province"], r["treating_province"]): r
              for r in (before or {}).get("reserves", [])}
    drawn = {(r["insured_province"], r["treating_province"]): fen(r["payable"]) - fen(r["returned"])
             for r in pairs}
    for r in t["reserves"]:
        p = (r["insured_province"], r["treating_province"])
        need(fen(r["drawn"]) == drawn.get(p, 0), "drawn of %s-%s" % p)
        need(fen(r["opening"]) + fen(r["paid_in"]) - fen(r["paid_back"]) - fen(r["drawn"]) ==
             fen(r["closing"]), "reserve of %s-%s" % p)
        if before is not None:
            need(fen(r["opening"]) == (fen(closed[p]["closing"]) if p in closed else 0),
                 "opening reserve of %s-%s" % p)
    next_quota = {(r["insured_province"], r["treating_province"]): r["next_quota"]
                  for r in (before or {}).get("quotas", [])}
    for r in t["quotas"]:
        p = (r["insured_province"], r["treating_province"])
        if before is not None:
            need(fen(r["quota"]) == fen(next_quota.get(p)), "quota of %s-%s" % p)
    for kind, column, words in (("QS", "payable", "clearing notices and payables"),
                                ("FH", "returned", "notices of returns and what is returned")):
        need(by_pair(t["notices"], kind) ==
             {(r["insured_province"], r["treating_province"]): fen(r[column]) for r in pairs
              if fen(r[column])}, words)
    need(by_pair(t["notices"], "CS") == initial, "notices of initial quotas and the delivery's file")
    accepted = sum(fen(p["amount"]) for p in t["payments"] if p["accepted"])
    need(accepted == sum(fen(r["paid_in"]) + fen(r["paid_back"]) for r in t["reserves"]),
         "accepted payments and reserves")


def check_manifest(book, period, deliveries, work, problems):
    """Every digest in the manifest is right, every table is in it, no place is named."""
    path = os.path.join(book, period, "manifest.json")
    if not os.path.exists(path):
        problems.append("manifest.json is not there")
        return
    text = open(path, encoding="utf-8").read()
    for place in (os.path.abspath(work), os.path.abspath(deliveries)):
        if place in text:
            problems.append("manifest.json names %s" % place)
    seen, wrong = set(), []

    def walk(v):
        if isinstance(v, dict):
            if isinstance(v.get("path"), str) and isinstance(v.get("sha256"), str):
                for base in (os.path.join(book, period), os.path.join(deliveries)):
                    p = os.path.join(base, v["path"])
                    if os.path.isfile(p):
                        raw = open(p, "rb").read()
                        seen.add(v["path"])
                        if v["sha256"] != hashlib.sha256(raw).hexdigest() or \
                                v.get("bytes", len(raw)) != len(raw):
                            wrong.append(v["path"])
                        break
            v = list(v.values())
        if isinstance(v, list):
            for x in v:
                walk(x)
    walk(json.loads(text))
    problems.extend("manifest.json: wrong digest or size of %s" % w for w in wrong)
    for name in COLUMNS:
        if not any(s.endswith("tables/%s.parquet" % name) for s in seen):
            problems.append("manifest.json: tables/%s.parquet is not listed" % name)
            break


# ---------------------------------------------------------------- running

def tree(folder):
    """{path: digest} of everything below; folders count."""
    out = {}
    for d, dirs, names in os.walk(folder):
        for n in dirs:
            out[os.path.relpath(os.path.join(d, n), folder) + "/"] = ""
        for n in names:
            p = os.path.join(d, n)
            out[os.path.relpath(p, folder)] = hashlib.sha256(open(p, "rb").read()).hexdigest()
    return out


INVARIANT = ["positions", "pairs", "breaks", "break_fields", "deductions", "quotas", "reserves",
             "notices"]


def other_ways(binary, deliveries, work, again, do_relayout):
    """§6: other arguments give the same bytes; other files give the same rows. Returns problems.

    Runs the accepted steps of the plan into books of their own, next to the first one."""
    problems = []
    plan = json.load(open(os.path.join(deliveries, "plan.json")))
    steps = [s for s in plan["steps"] if s["expect"] == 0]
    ways = [("again %d" % i, text.split(), False) for i, text in enumerate(again)]
    ways += [("relayout", [], True)] if do_relayout else []
    for no, (label, args, other_files) in enumerate(ways):
        book = os.path.join(work, "book-%d" % no)
        os.makedirs(book)
        for step in steps:
            folder = os.path.join(deliveries, step["dir"])
            if other_files:
                folder = os.path.join(work, "relayout", step["dir"])
                generate.relayout(os.path.join(deliveries, step["dir"]), folder,
                                  plan["seed"] + 1000)
            cmd = [binary, "run", "--period", step["period"], "--input", folder, "--book", book]
            if step["opening_quotas"]:
                cmd += ["--opening-quotas", os.path.join(deliveries, step["opening_quotas"])]
            if step["as_of"]:
                cmd += ["--as-of", step["as_of"]]
            if step["rules"]:
                cmd += ["--rules", os.path.join(deliveries, step["rules"])]
            cmd += accepting(o.ASKED)
            done = subprocess.run(cmd + args, capture_output=True, text=True, errors="replace")
            if done.returncode:
                problems.append("%s: exit %d\n%s\n%s" % (label, done.returncode, " ".join(cmd + args),
                                                         (done.stdout + done.stderr)[-800:]))
                break
            if not other_files:
                continue
            for name in INVARIANT:
                a, b = (Counter(frozen(r, COLUMNS[name]) for r in
                                engine_table(x, step["period"], name, problems) or [])
                        for x in (os.path.join(work, "book"), book))
                if a != b:
                    problems.append("%s: %s: %s differs: %s" % (
                        label, step["period"], name,
                        [*list((a - b).elements())[:2], *list((b - a).elements())[:2]]))
        if not other_files:
            a, b = tree(os.path.join(work, "book")), tree(book)
            bad = sorted(k for k in set(a) | set(b) if a.get(k) != b.get(k))
            if bad:
                problems.append("%s (%s): other bytes: %s" % (label, " ".join(args),
                                                              ", ".join(bad[:5])))
    for p in problems:
        print("  " + p)
    return not problems


def accepting(codes):
    return [word for code in codes for word in ("--accept", code)]


def check_asked(cmd, met, problems):
    """The program asks about what the oracle has met, in its two rounds."""
    rounds = [{c for c in met if c != "G03"}, {c for c in met if c == "G03"}]
    said = set()
    for asked in rounds:
        if not asked:
            continue
        done = subprocess.run(cmd + ["--quiet", "--format", "json"] + accepting(sorted(said)),
                              capture_output=True, text=True, errors="replace")
        found = {f["code"] for f in json.loads(done.stdout or "{}").get("findings", [])}
        if done.returncode != 3 or found != asked:
            problems.append("exit %d with %s, where the oracle asks about %s" % (
                done.returncode, sorted(found), sorted(asked)))
        said |= asked


def check_quota_findings(cmd, findings, problems):
    """Bad quota changes and initial quotas: the program finds on each line what the oracle finds."""
    want = [re.match(r"((?:quota-changes|initial-quotas)\.csv: line [0-9]+: Q[0-9]+) ", f) for f in findings]
    if not want or not all(want):
        return
    done = subprocess.run(cmd + ["--quiet", "--format", "json"], capture_output=True, text=True,
                          errors="replace")
    got = ["%s: %s: %s" % (f["file"], f["place"].split(",")[0], f["code"])
           for f in json.loads(done.stdout or "{}").get("findings", [])]
    if Counter(m[1] for m in want) != Counter(got):
        problems.append("findings %s, where the oracle has %s" % (sorted(got), sorted(m[1] for m in want)))


def check_accepted(book, period, met, problems):
    manifest = json.load(open(os.path.join(book, period, "manifest.json"), encoding="utf-8"))
    if manifest.get("accepted", []) != met or met == [] and "accepted" in manifest:
        problems.append("manifest.json: accepted %s, where the oracle has met %s" % (
            manifest.get("accepted"), met))


def run_plan(binary, deliveries, work, extra, limit, keep_going):
    """Returns True when everything is equal."""
    shutil.rmtree(work, ignore_errors=True)
    book = os.path.join(work, "book")
    os.makedirs(book)
    plan = json.load(open(os.path.join(deliveries, "plan.json")))
    state, before, fine = o.empty_state(), None, True
    for step in plan["steps"]:
        label = "%s %s %s" % (deliveries, step["period"], step["kind"])
        folder = os.path.join(deliveries, step["dir"])
        cmd = [binary, "run", "--period", step["period"], "--input", folder, "--book", book]
        quotas = step["opening_quotas"] and os.path.join(deliveries, step["opening_quotas"])
        if quotas:
            cmd += ["--opening-quotas", quotas]
        if step["as_of"]:
            cmd += ["--as-of", step["as_of"]]
        rules = step["rules"] and os.path.join(deliveries, step["rules"])
        if rules:
            cmd += ["--rules", rules]
        was = tree(book)
        problems, cleared, meant = [], None, o.ASKED
        if step["expect"] == 0:
            as_of = step["as_of"] and dt.date.fromisoformat(step["as_of"])
            cleared = o.clear_period(state, step["period"], folder, quotas, as_of, rules=rules)
            meant = cleared[0]["accepted"]
            check_asked(cmd, meant, problems)
        cmd += accepting(meant)
        done = subprocess.run(cmd + extra, capture_output=True, text=True, errors="replace")
        if done.returncode != step["expect"]:
            problems.append("exit %d, expected %d\n%s" % (
                done.returncode, step["expect"], (done.stdout + done.stderr)[-1500:]))
            for f in step.get("findings", [])[:3]:
                problems.append("oracle: " + f)
        now = tree(book)
        if step["expect"]:
            check_quota_findings(cmd, step.get("findings", []), problems)
            changed = sorted(k for k in set(was) | set(now) if was.get(k) != now.get(k))
            if changed:
                problems.append("the book was touched: %s" % ", ".join(changed[:5]))
        else:
            touched = sorted(k for k in was if "/" in k.rstrip("/") and was[k] != now.get(k))
            if touched:
                problems.append("closed periods changed: %s" % ", ".join(touched[:5]))
            state, tables = cleared
            if done.returncode == 0:
                got = {}
                for name in COLUMNS:
                    rows = engine_table(book, step["period"], name, problems)
                    if rows is not None:
                        got[name] = rows
                        compare_table(name, tables[name], rows, limit, problems)
                        check_order(name, rows, problems)
                check_manifest(book, step["period"], folder, work, problems)
                check_accepted(book, step["period"], meant, problems)
                if len(got) == len(COLUMNS):
                    identities(got, before, initial_quotas(folder), problems)
                before = got
        if problems:
            fine = False
            print("DIFFERENT %s" % label)
            for p in problems:
                print("  " + p)
            print("  command: " + " ".join(cmd + extra))
            if step["expect"] == 0 and not keep_going:
                print("  later periods are left out")
                return False
    done = subprocess.run([binary, "verify", "--quiet", "--book", book], capture_output=True,
                          text=True, errors="replace")
    if tree(book) and done.returncode:
        fine = False
        print("DIFFERENT the book does not verify: exit %d\n%s" % (done.returncode, done.stderr))
    return fine


# From 2023-01 on what is below 0 is returned, before it is carried
FIRSTS = ["2025-09", "2022-10", "2025-10", "2024-09", "2022-11", "2025-12", "2025-11"]
ROWS = [60, 150, 300, 100]


def parse_range(text):
    a, _, b = text.partition("..")
    return range(int(a), int(b or a) + 1)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--binary", required=True)
    ap.add_argument("--work", required=True)
    ap.add_argument("--deliveries")
    ap.add_argument("--seeds", type=parse_range, default=[])
    ap.add_argument("--bad-seeds", type=parse_range, default=[])
    ap.add_argument("--periods", type=int, default=5)
    ap.add_argument("--rows", type=int, help="settlements per period (default: by seed)")
    ap.add_argument("--limit", type=int, default=5, help="differing keys shown per table")
    ap.add_argument("--keep-going", action="store_true", help="go on after a differing period")
    ap.add_argument("--keep", action="store_true", help="keep deliveries without a difference")
    ap.add_argument("--again", action="append", default=[], metavar="ARGS",
                    help="run again with these arguments and expect the same bytes")
    ap.add_argument("--relayout", action="store_true",
                    help="run again with the rows in other files and expect the same rows")
    ap.add_argument("extra", nargs="*", help="after --: further arguments of the program")
    a = ap.parse_args()
    results = []
    if a.deliveries:
        results.append(("deliveries", run_plan(a.binary, a.deliveries, os.path.join(a.work, "run"),
                                               a.extra, a.limit, a.keep_going)))
    todo = [(s, None) for s in a.seeds] + [(s, "all") for s in a.bad_seeds]
    for seed, bad in todo:
        name = "%s-%d" % ("bad" if bad else "seed", seed)
        folder = os.path.join(a.work, name, "deliveries")
        rows = a.rows or (60 if bad else ROWS[seed % len(ROWS)])
        generate.generate(folder, seed, 4 if bad else a.periods, rows,
                          FIRSTS[seed % len(FIRSTS)], bad)
        ok = run_plan(a.binary, folder, os.path.join(a.work, name, "run"), a.extra, a.limit,
                      a.keep_going)
        if ok and not bad:
            ok = other_ways(a.binary, folder, os.path.join(a.work, name, "run"), a.again,
                            a.relayout)
        results.append((name, ok))
        if ok and not a.keep:
            shutil.rmtree(os.path.join(a.work, name))
    wrong = [n for n, ok in results if not ok]
    print("%d of %d equal%s" % (len(results) - len(wrong), len(results),
                                "; different: " + ", ".join(wrong) if wrong else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
