#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs `liangqing review` on random inputs and compares what comes out with the reference, column for column.

    python compare.py --program PATH --work DIR [--seeds 1..40] [--again "--threads 1 --memory 16MiB"]
                      [--limit 5] [--keep] [--no-refusals]

leads.parquet, lead_settlements.parquet and summary.json have to be equal; of rules_left_out the words of the reasons
are the program's own. Exit status 1 when anything differs.
"""
import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys

import pyarrow.parquet as pq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import generate  # noqa: E402
import reference  # noqa: E402
import refusals  # noqa: E402
import test_reference  # noqa: E402


def keyed(leads, settlements):
    """{(rule, setl_ids): lead} and {(rule, setl_ids, role setl_id): settlement}: keys without the order."""
    of = {}
    for s in settlements:
        of.setdefault(s["lead_id"], []).append(s)
    name, by_lead, by_settlement = {}, {}, {}
    for x in leads:
        ids = sorted(s["setl_id"] for s in of.get(x["lead_id"], []))
        name[x["lead_id"]] = (x["rule"], *ids)
        by_lead[name[x["lead_id"]]] = x
    for s in settlements:
        by_settlement[(*name.get(s["lead_id"], ("no lead", s["lead_id"])), s["role"] + " " + s["setl_id"])] = s
    return by_lead, by_settlement


def words(key):
    ids = list(key[1:])
    return "%s of %s%s" % (key[0], ", ".join(ids[:4]), "" if len(ids) < 5 else " … (%d)" % len(ids))


def compare_rows(table, want, got, limit, problems):
    """Rows of one table by their keys: what is missing, what is too much, which columns differ."""
    for label, a, b in (("is missing", want, got), ("is too much", got, want)):
        lost = [k for k in a if k not in b]
        problems += ["%s: %s %s: %s" % (table, words(k), label, show(a[k])) for k in lost[:limit]]
        if len(lost) > limit:
            problems.append("%s: %d in all: %s" % (table, len(lost), label))
    shown = 0
    for k in want:
        if k not in got or shown == limit:
            continue
        different = [c for c in want[k] if c != "lead_id" and want[k][c] != got[k].get(c)]
        if different:
            shown += 1
            problems.append("%s: %s: %s" % (table, words(k), "; ".join(
                "%s is %s in place of %s" % (c, got[k].get(c), want[k][c]) for c in different)))


def show(r):
    return ", ".join("%s %s" % (k, v) for k, v in r.items() if v is not None and k not in ("rule", "setl_id"))


def compare_summary(want, got, problems, path="summary.json"):
    if path.endswith(".rules_left_out"):
        if any(not x.get("reason") for x in got):
            problems.append(path + ": a rule without a reason")
        want, got = [x["rule"] for x in want], [x.get("rule") for x in got]
    if isinstance(want, dict) and isinstance(got, dict):
        for k in [*want, *(k for k in got if k not in want)]:
            if k not in want or k not in got:
                problems.append("%s.%s is %s" % (path, k, "missing" if k not in got else "too much"))
            else:
                compare_summary(want[k], got[k], problems, path + "." + k)
    elif isinstance(want, list) and isinstance(got, list) and want != got:
        lost, more = [x for x in want if x not in got], [x for x in got if x not in want]
        problems.append("%s: without %s, with %s too much%s" % (
            path, lost[:3], more[:3], "" if lost or more else ": another order: %s" % got[:5]))
    elif type(want) is not type(got) or want != got:
        problems.append("%s is %r in place of %r" % (path, got, want))


def compare(out, expected, limit):
    leads, settlements, total = expected
    problems, tables = [], []
    for name, schema in (("leads", reference.LEADS), ("lead_settlements", reference.LEAD_SETTLEMENTS)):
        table = pq.read_table(os.path.join(out, name + ".parquet"))
        plain = [(f.name, str(f.type)) for f in table.schema]
        meant = [(f.name, str(f.type)) for f in schema]
        if plain != meant:
            problems.append("%s.parquet: columns %s in place of %s" % (
                name, [x for x in plain if x not in meant], [x for x in meant if x not in plain]))
        tables.append(table.to_pylist())
    (want_leads, want_rows), (got_leads, got_rows) = keyed(leads, settlements), keyed(*tables)
    compare_rows("leads", want_leads, got_leads, limit, problems)
    compare_rows("lead_settlements", want_rows, got_rows, limit, problems)
    if not problems:
        for name, want, got in (("leads", leads, tables[0]), ("lead_settlements", settlements, tables[1])):
            at = next((i for i, (a, b) in enumerate(zip(want, got)) if a != b), None)
            if at is not None or len(want) != len(got):
                at = min(len(want), len(got)) if at is None else at
                problems.append("%s: another order from row %d on: %s in place of %s" % (
                    name, at, show((got + [{}])[at]), show((want + [{}])[at])))
    with open(os.path.join(out, "summary.json"), encoding="utf-8") as f:
        compare_summary(total, json.load(f), problems)
    return problems


def tree(folder):
    out = {}
    for d, _, names in os.walk(folder):
        for n in names:
            path = os.path.join(d, n)
            with open(path, "rb") as f:
                out[os.path.relpath(path, folder)] = hashlib.sha256(f.read()).hexdigest()
    return out


def run_seed(program, seed, work, again, limit):
    """Problems of one seed."""
    world = os.path.join(work, "world")
    plan = generate.generate(seed, world)
    files = {k: os.path.join(world, plan[k]) for k in ("rules", "filings", "registry", "benefits") if k in plan}
    folders = [os.path.join(world, i) for i in plan["inputs"]]
    command = [program, "review", "--quiet"]
    for folder in folders:
        command += ["--input", folder]
    for name, path in files.items():
        command += ["--" + name, path]
    expected = reference.review(folders, **files)
    problems, first = [], None
    for n, more in enumerate([[]] + [a.split() for a in again]):
        out = os.path.join(work, "out-%d" % n)
        this = command + ["--out", out] + more
        done = subprocess.run(this, capture_output=True, text=True, errors="replace")
        if done.returncode:
            problems.append("exit %d, expected 0\n%s" % (done.returncode, (done.stdout + done.stderr)[-1500:]))
        elif first is None:
            problems += compare(out, expected, limit)
            first = tree(out)
        elif tree(out) != first:
            now = tree(out)
            problems.append("%s: other bytes: %s" % (" ".join(more), ", ".join(
                sorted(k for k in {*first, *now} if first.get(k) != now.get(k)))))
        if problems:
            problems.append("command: " + " ".join(this))
            break
    return problems


def run_refusals(program, work):
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    rows = [test_reference.row("S%d" % i, psn="P%02d" % i) for i in range(5)]
    count, problems = refusals.run(program, work, lambda path: test_reference.write(path, rows))
    for case in problems:
        print("DIFFERENT %s: %s" % case)
    print("%d of %d refused as they should be" % (count - len({name for name, _ in problems}), count))
    if not problems:
        shutil.rmtree(work)
    return not problems


def parse_range(text):
    a, _, b = text.partition("..")
    return range(int(a), int(b or a) + 1)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--program", "--binary", required=True)
    ap.add_argument("--work", required=True)
    ap.add_argument("--seeds", type=parse_range, default=range(1, 41))
    ap.add_argument("--again", action="append", default=[], metavar="ARGS",
                    help="run again with these arguments and expect the same bytes")
    ap.add_argument("--limit", type=int, default=5, help="differences shown per table and seed")
    ap.add_argument("--keep", action="store_true", help="keep inputs without a difference")
    ap.add_argument("--no-refusals", action="store_true", help="do not try what has to be refused")
    a = ap.parse_args()
    refused = a.no_refusals or run_refusals(a.program, os.path.join(a.work, "refusals"))
    wrong = []
    for seed in a.seeds:
        work = os.path.join(a.work, "seed-%d" % seed)
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        problems = run_seed(a.program, seed, work, a.again, a.limit)
        if problems:
            wrong.append(seed)
            print("DIFFERENT seed %d" % seed)
            for p in problems:
                print("  " + p)
        elif not a.keep:
            shutil.rmtree(work)
    print("%d of %d equal%s" % (len(a.seeds) - len(wrong), len(a.seeds),
                                "; different: " + ", ".join(map(str, wrong)) if wrong else ""))
    return 0 if refused and not wrong else 1


if __name__ == "__main__":
    sys.exit(main())
