#!/usr/bin/env python3
"""A review against the month-end run of the same month, in turn; then a review of several months at once.

    benches/review.py [--settlements N] [--rounds R] [--months M] [--month-settlements N] [--memory SIZE] [--scratch DIR]
                      [--program PATH] [--json FILE]

Makes months with planted leads (`synth --review`), and lets `run` and `review` work on the same month, A B A B …, each as a
process of its own. Prints medians of wall time, processor time and peak memory, and their ratios. Then it reviews 1, 2, 4 …
months within the memory given, so that one sees whether time is linear in the rows and memory flat.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)


def measured(command):
    """Runs a command; returns wall seconds, core seconds and peak memory in megabytes."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit("%s ended with %s" % (" ".join(command), os.waitstatus_to_exitcode(status)))
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def medians(rounds):
    return [statistics.median(values) for values in zip(*rounds)]


class Bench:
    def __init__(self, arguments, scratch):
        self.program, self.memory, self.scratch = arguments.program, arguments.memory, scratch

    def synth(self, name, settlements, periods):
        out = os.path.join(self.scratch, name)
        subprocess.run([self.program, "synth", "--review", "--out", out, "--period", "2025-01", "--periods", str(periods),
                        "--settlements", str(settlements), "--quiet"], check=True, stdout=subprocess.DEVNULL)
        return out

    def fresh(self, name):
        path = os.path.join(self.scratch, name)
        shutil.rmtree(path, ignore_errors=True)
        return path

    def run(self, nation, period):
        return measured([self.program, "run", "--quiet", "--period", period, "--input", os.path.join(nation, period), "--book",
                         self.fresh("book"), "--opening-quotas", os.path.join(nation, "opening-quotas.csv")])

    def review(self, nation, periods):
        inputs = [os.path.join(nation, period) for period in periods]
        return measured([self.program, "review", "--quiet", "--memory", self.memory, "--rules", os.path.join(nation, "review.toml"),
                         "--registry", os.path.join(nation, "registry.csv"), "--filings", os.path.join(nation, "filings.parquet"),
                         "--out", self.fresh("leads"), "--input", *inputs])


def table(heading, rows):
    print("| %s | wall s | core s | peak MB |\n|---|---|---|---|" % heading)
    for name, (wall, core, peak) in rows:
        print("| %s | %.1f | %.1f | %.0f |" % (name, wall, core, peak))
    print()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settlements", type=int, default=20_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--month-settlements", type=int, default=2_000_000)
    parser.add_argument("--memory", default="1500MB")
    parser.add_argument("--scratch")
    parser.add_argument("--program", default=os.path.join(ROOT, "target/release/liangqing"))
    parser.add_argument("--json")
    arguments = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix="review-bench-", dir=arguments.scratch)
    found = {}
    try:
        bench = Bench(arguments, scratch)
        nation = bench.synth("nation", arguments.settlements, 1)
        rounds = {"run": [], "review": []}
        for _ in range(arguments.rounds):
            rounds["run"].append(bench.run(nation, "2025-01"))
            rounds["review"].append(bench.review(nation, ["2025-01"]))
        month = {name: medians(of) for name, of in rounds.items()}
        ratios = [statistics.median(b[at] / a[at] for a, b in zip(rounds["run"], rounds["review"])) for at in (0, 1, 2)]
        table("%d settlements" % arguments.settlements, [*month.items(), ("review ÷ run", ratios)])
        found["month"] = {**month, "ratios": ratios}
        for name in ("nation", "book", "leads"):
            shutil.rmtree(os.path.join(scratch, name), ignore_errors=True)
        year = bench.synth("year", arguments.month_settlements, arguments.months)
        periods = sorted(name for name in os.listdir(year) if name[:2] == "20" and os.path.isdir(os.path.join(year, name)))
        counts = [count for count in (1, 2, 4, 8, 16) if count < len(periods)] + [len(periods)]
        rows = [(count, bench.review(year, periods[:count])) for count in counts]
        table("months of %d" % arguments.month_settlements, rows)
        found["months"] = dict(rows)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(found, file, indent=1)


if __name__ == "__main__":
    main()
