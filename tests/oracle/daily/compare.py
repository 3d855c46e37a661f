#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs `liangqing daily` over random chains of days and compares every table with the reference.

    python compare.py --binary PATH --seeds 1..40 --work DIR

Each run is done twice, with other threads and another memory: the bytes have to be the same. Exit 1 on any difference.
"""
import argparse
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal

import pyarrow.parquet as pq

import generate
import reference as r

TABLES = ["days", "differences", "mended", "rejects", "totals", "results"]


def run(binary, out, step, before, more):
    command = [binary, "daily", "--quiet", "--input", step["input"], "--period", step["period"], "--out", out,
               "--accept", "G06", "--format", "json", *more]
    if step["day"]:
        command += ["--day", step["day"].isoformat()]
    if step["as_of"]:
        command += ["--as-of", step["as_of"].isoformat()]
    if before:
        command += ["--before", before]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\nexit {done.returncode}\n{done.stderr}")
    return done.stdout


def table(folder, name):
    return pq.read_table(os.path.join(folder, f"{name}.parquet")).to_pylist()


def same_bytes(one, other):
    names = sorted(os.listdir(one))
    if names != sorted(os.listdir(other)):
        return "other files"
    for name in names:
        with open(os.path.join(one, name), "rb") as a, open(os.path.join(other, name), "rb") as b:
            if a.read() != b.read():
                return name
    return None


def check(found, expected, what, problems):
    if found != expected:
        problems.append(f"{what}: {found!r} where the reference has {expected!r}")


def compare(folder, expected, problems):
    for name in TABLES:
        found, wanted = table(folder, name), expected[name]
        if found == wanted:
            continue
        for at in range(max(len(found), len(wanted))):
            own, other = (rows[at] if at < len(rows) else None for rows in (found, wanted))
            if own != other:
                problems.append(f"{name}, row {at}: {own}\n  where the reference has {other}")
                break
    with open(os.path.join(folder, "summary.json")) as file:
        summary = json.load(file)
    check(summary["reference_day"], expected["reference_day"].isoformat(), "reference_day", problems)
    check(summary["days_done"], [day.isoformat() for day in expected["days_done"]], "days_done", problems)
    check(summary["classes"], expected["classes"], "classes", problems)
    check(summary["rows"], expected["rows"], "rows", problems)
    check(summary["outside"], expected["outside"], "outside", problems)
    for name in ("differences", "mended", "rejects"):
        check(summary[name], len(expected[name]), name, problems)


def seen_in(tables):
    """What occurs in the tables of a run: classes, ways of mending, results, rules."""
    seen = {("class", row["class"]) for row in tables["days"] + tables["differences"]}
    seen |= {("how", row["how"]) for row in tables["mended"]}
    seen |= {("result", row["result"]) for row in tables["results"]}
    return seen | {("rule", rule) for row in tables["rejects"] for rule in row["rules"].split(",")}


def unseen(seen):
    """What many seeds have to have shown."""
    only = [f"{side}_{end}" for side in r.SIDES for end in ("lacks", "lacks_differs", "only")]
    classes = only + [f"differs_{side}" for side in r.SIDES] + ["agrees", "differs_all", "repeated"]
    wanted = {("class", name) for name in classes} | {("result", number) for number in (1, 2, 3)}
    wanted |= {("how", how) for how in ("agrees", "gone", "other_month")}
    wanted |= {("rule", rule) for rule in ("V01", "V02", "V03", "V09", "V14", "V15", "V17", "V18")}
    return sorted(wanted - seen)


def seed_of(binary, work, seed, seen):
    shutil.rmtree(work, ignore_errors=True)
    steps = generate.chain(seed, work)
    step, last, before, runs, problems = next(steps), None, None, 0, []
    while True:
        used = before if step["before"] else None
        out = os.path.join(work, f"out-{runs}")
        printed = run(binary, out, step, used, ["--threads", "2"])
        again = out + "-again"
        run(binary, again, step, used, ["--threads", "1", "--memory", "16MiB"])
        other = same_bytes(out, again)
        if other:
            problems.append(f"other bytes with other threads and memory: {other}")
        with open(os.path.join(out, "summary.json")) as file:
            if file.read() != printed:
                problems.append("the report is not summary.json")
        expected = r.reconcile(step["input"], step["period"], step["day"], step["as_of"], last if used else None)
        compare(out, expected, problems)
        seen |= seen_in(expected)
        if problems:
            return runs, [f"seed {seed}, run {runs} {step}: {problem}" for problem in problems]
        runs, last, before = runs + 1, expected, out
        try:
            step = steps.send(expected["reference_day"])
        except StopIteration:
            shutil.rmtree(work)
            return runs, []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--seeds", default="1..40")
    parser.add_argument("--work", required=True)
    arguments = parser.parse_args()
    first, _, last = arguments.seeds.partition("..")
    runs, failed, seen = 0, 0, set()
    for seed in range(int(first), int(last or first) + 1):
        done, problems = seed_of(arguments.binary, os.path.join(arguments.work, str(seed)), seed, seen)
        runs += done
        failed += bool(problems)
        for problem in problems:
            print(problem)
    print(f"daily: {runs} runs, {failed} seeds differ")
    missing = unseen(seen) if int(last or first) - int(first) >= 19 else []
    if missing:
        print(f"daily: no seed has {missing}")
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())
