#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs `liangqing run` over random books with requests, replies, system errors and media of settlement, and compares their
tables with the reference, column for column and row for row in order.

    python compare.py --program PATH --work DIR [--seeds 1..20] [--again "--threads 1 --memory 16MiB"]
                      [--limit 5] [--keep] [--no-refusals] [--tables coordination,replies]

Each book has to verify. Over 20 seeds or more every code and state has to occur. Exit status 1 when anything differs.
"""
import argparse
import datetime as dt
import hashlib
import json
import os
import shutil
import subprocess
import sys

import pyarrow.parquet as pq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import generate  # noqa: E402
import reference as ref  # noqa: E402
import refusals  # noqa: E402
from reference import o  # noqa: E402

FILES = ["requests.csv", "replies.csv", "system-errors.csv", "system-errors.parquet"]
ENOUGH_SEEDS = 20
KEYS = {"coordination": ["request_id", "row"], "replies": ["row"], "errors_open": ["err_id"], "errors_refused": ["file", "row"],
        "errors": "treating_province insured_province class code raised_by".split(),
        "media": ["treating_province", "care_class", "mdtrt_cert_type"]}
STATES = "refused open overdue reopened answered confirmed deemed_confirmed".split()


def show(row):
    return ", ".join("%s %s" % (c, v) for c, v in row.items() if v is not None)


def compare_table(name, path, want, limit, problems):
    if not os.path.exists(path):
        problems.append("%s: table is not there" % name)
        return
    table = pq.read_table(path, partitioning=None)
    plain, meant = [(f.name, str(f.type)) for f in table.schema], [(c, str(t)) for c, t in ref.SCHEMAS[name]]
    if plain != meant:
        problems.append("%s: columns %s in place of %s" % (name, [x for x in plain if x not in meant] or plain,
                                                           [x for x in meant if x not in plain] or meant))
        return
    names = [c for c, _ in meant]
    want, got = [{c: r[c] for c in names} for r in want], table.to_pylist()
    if want == got:
        return
    of = lambda rows: {tuple(r[c] for c in KEYS[name]): r for r in rows}
    by_want, by_got = of(want), of(got)
    found = []
    for k, r in by_want.items():
        if k not in by_got:
            found.append("%s is missing: %s" % (k, show(r)))
        elif by_got[k] != r:
            found.append("%s: %s\n      %s" % (k, "; ".join("%s is %r in place of %r" % (c, by_got[k][c], r[c])
                                                       for c in names if r[c] != by_got[k][c]), show(r)))
    found += ["%s is too much: %s" % (k, show(r)) for k, r in by_got.items() if k not in by_want]
    problems += ["%s: %s" % (name, x) for x in found[:limit] or ["another order or repeated rows"]]
    if len(found) > limit:
        problems.append("%s: %d differences in all" % (name, len(found)))


def tree(folder):
    out = {}
    for at, _, names in os.walk(folder):
        for n in names:
            path = os.path.join(at, n)
            with open(path, "rb") as f:
                out[os.path.relpath(path, folder)] = hashlib.sha256(f.read()).hexdigest()
    return out


def check_manifest(folder, delivery, problems):
    """The small files that were delivered are inputs, the tables are outputs."""
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as f:
        manifest = json.load(f)
    inputs = {x["path"]: x["sha256"] for x in manifest["inputs"]}
    outputs = {x["path"] for x in manifest["outputs"]}
    for name in FILES:
        path = os.path.join(delivery, name)
        there = hashlib.sha256(open(path, "rb").read()).hexdigest() if os.path.exists(path) else None
        if inputs.get(name) != there:
            problems.append("manifest.json: input %s is %s in place of %s" % (name, inputs.get(name), there))
    lost = [n for n in ref.SCHEMAS if "tables/%s.parquet" % n not in outputs]
    if lost:
        problems.append("manifest.json: without the tables %s" % ", ".join(lost))


def command(program, step, book, more=()):
    out = [program, "run", "--quiet", "--period", step["period"], "--input", step["input"], "--book", book]
    if step["opening_quotas"]:
        out += ["--opening-quotas", step["opening_quotas"]]
    if step["as_of"]:
        out += ["--as-of", step["as_of"].isoformat()]
    for code in o.ASKED:
        out += ["--accept", code]
    return out + list(more)


def execute(words):
    return subprocess.run(words, capture_output=True, text=True, errors="replace")


def failed(done, what):
    return "%s: exit %d\n%s" % (what, done.returncode, (done.stdout + done.stderr)[-1500:])


def run_seed(program, seed, work, again, limit, tables, seen):
    """Problems of one seed."""
    problems, book, steps = [], os.path.join(work, "book"), []
    for step in generate.chain(seed, os.path.join(work, "world")):
        steps.append(step)
        seen |= seen_in(step["tables"])
        words = command(program, step, book)
        done = execute(words)
        if done.returncode:
            return [failed(done, " ".join(words))]
        folder, found = os.path.join(book, step["period"]), []
        for name in tables:
            compare_table(name, os.path.join(folder, "tables", name + ".parquet"), step["tables"][name], limit, found)
        if len(tables) == len(ref.SCHEMAS):
            check_manifest(folder, step["input"], found)
        if found:
            return ["%s, as of %s: %s" % (step["period"], step["as_of"], x) for x in found] + ["command: " + " ".join(words)]
    done = execute([program, "verify", "--quiet", "--book", book])
    if done.returncode:
        problems.append(failed(done, "verify --book " + book))
    for n, arguments in enumerate(again):
        other = os.path.join(work, "book-%d" % n)
        for step in steps:
            done = execute(command(program, step, other, arguments.split()))
            if done.returncode:
                return problems + [failed(done, arguments)]
        a, b = tree(book), tree(other)
        if a != b:
            problems.append("%s: other bytes: %s" % (arguments, ", ".join(
                sorted(k for k in {*a, *b} if a.get(k) != b.get(k))[:5])))
    return problems


def seen_in(tables):
    """Codes, states and media that occur in the tables of a period."""
    seen = {r["code"] for r in tables["coordination"] + tables["replies"] + tables["errors_refused"]}
    seen |= {r["state"] for r in tables["coordination"]} | {(r["kind"], r["state"]) for r in tables["coordination"]}
    seen |= {("rolled", min(r["rolled"] or 0, 2)) for r in tables["coordination"]}
    seen |= {("level", min(r["level"] or 0, 3)) for r in tables["coordination"]}
    seen |= {("trusted", r["trusted"]) for r in tables["coordination"]} | {r["mdtrt_cert_type"] for r in tables["media"]}
    return seen | {("errors", c) for r in tables["errors"] for c in ("brought_in", "resolved", "struck_off", "open") if r[c]}


def unseen(seen):
    """What many seeds have to have shown."""
    wanted = {"Q%02d" % n for n in range(1, 11)} | {"N%02d" % n for n in range(1, 7)} | {"01", "02", "03", "other", "none"}
    wanted |= {("problem", s) for s in STATES} | {("verification", s) for s in STATES if s != "deemed_confirmed"}
    wanted |= {("rolled", n) for n in range(3)} | {("level", n) for n in range(1, 4)} | {("trusted", v) for v in (True, False)}
    wanted |= {("errors", c) for c in ("brought_in", "resolved", "struck_off", "open")}
    return sorted(map(str, wanted - seen))


def parse_range(text):
    a, _, b = text.partition("..")
    return range(int(a), int(b or a) + 1)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--program", "--binary", required=True)
    ap.add_argument("--work", required=True)
    ap.add_argument("--seeds", type=parse_range, default=range(1, 21))
    ap.add_argument("--again", action="append", default=[], metavar="ARGS",
                    help="close every book again with these arguments and expect the same bytes")
    ap.add_argument("--limit", type=int, default=5, help="differences shown per table")
    ap.add_argument("--keep", action="store_true", help="keep books without a difference")
    ap.add_argument("--no-refusals", action="store_true", help="do not try what has to be refused")
    ap.add_argument("--tables", default=",".join(ref.SCHEMAS), help="compare these tables only")
    a = ap.parse_args()
    refused = a.no_refusals or refusals.run(a.program, os.path.join(a.work, "refusals"))
    wrong, seen = [], set()
    for seed in a.seeds:
        work = os.path.join(a.work, "seed-%d" % seed)
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        problems = run_seed(a.program, seed, work, a.again, a.limit, a.tables.split(","), seen)
        if problems:
            wrong.append(seed)
            print("DIFFERENT seed %d" % seed)
            for p in problems:
                print("  " + p)
        elif not a.keep:
            shutil.rmtree(work)
    print("%d of %d equal%s" % (len(a.seeds) - len(wrong), len(a.seeds),
                                "; different: " + ", ".join(map(str, wrong)) if wrong else ""))
    lost = unseen(seen) if len(a.seeds) >= ENOUGH_SEEDS and not wrong else []
    if lost:
        print("never seen: " + ", ".join(lost))
    return 0 if refused and not wrong and not lost else 1


if __name__ == "__main__":
    sys.exit(main())
