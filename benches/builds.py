#!/usr/bin/env python3
"""What each build costs, and what it gives: from empty folders, with what cargo has downloaded.

    benches/builds.py [--builds NAME,NAME] [--settlements N] [--rounds R] [--work DIR]

Builds everything once for each name: `core` (cargo check --package liangqing), `tests` (what cargo test builds),
`release`, `dist`. Prints wall time and processor time; the second means something on a shared machine too. Then
programs of `release` and `dist`, where both were built, clear a synthetic month in turn.
"""
import argparse
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILDS = {
    "core": ["check", "--package", "liangqing"],
    "tests": ["test", "--no-run"],
    "release": ["build", "--release"],
    "dist": ["build", "--profile", "dist"],
}


def measured(command, **options):
    """Seconds by the clock, and of processors."""
    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - begin, processor


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--builds", default=",".join(BUILDS))
    parser.add_argument("--settlements", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work")
    arguments = parser.parse_args()
    work = tempfile.mkdtemp(dir=arguments.work)
    programs = {}
    for name in arguments.builds.split(","):
        target = os.path.join(work, name)
        environment = os.environ | {"CARGO_TARGET_DIR": target, "CARGO_INCREMENTAL": "0"}
        wall, processor = measured(["cargo", *BUILDS[name], "--locked", "--quiet"], cwd=ROOT, env=environment)
        print(f"{name:8} {wall:7.1f} s {processor:7.1f} core s", flush=True)
        if name in ("release", "dist"):
            programs[name] = shutil.copy(os.path.join(target, name, "liangqing"), os.path.join(work, f"liangqing-{name}"))
        shutil.rmtree(target)
    if len(programs) == 2:
        compare(programs, work, arguments)
    shutil.rmtree(work)


def compare(programs, work, arguments):
    """Runs of both programs in turn on one month, and the medians of their ratios."""
    quiet = {"stdout": subprocess.DEVNULL}
    month, book = os.path.join(work, "month"), os.path.join(work, "book")
    subprocess.run([programs["dist"], "synth", "--quiet", "--out", month, "--period", "2025-10",
                    "--settlements", str(arguments.settlements)], check=True, **quiet)
    ratios = []
    for _ in range(arguments.rounds):
        times = {}
        for name, program in programs.items():
            times[name] = measured([program, "run", "--quiet", "--period", "2025-10", "--input",
                                    os.path.join(month, "2025-10"), "--book", book, "--accept", "G04"], **quiet)
            shutil.rmtree(book)
        print("  ".join(f"{name} {wall:.2f} s {processor:.2f} core s" for name, (wall, processor) in times.items()))
        ratios.append([release / dist for release, dist in zip(times["release"], times["dist"])])
    wall, processor = (statistics.median(ratio) for ratio in zip(*ratios))
    print(f"release ÷ dist: {wall:.2f} by the clock, {processor:.2f} of the processors")


if __name__ == "__main__":
    main()
