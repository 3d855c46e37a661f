#!/usr/bin/env python3
"""A month-end run against bare decode, DuckDB, Polars, ClickHouse and DataFusion on the same files, in turn.

    benches/peers.py [--settlements N | --input DELIVERY] [--period P] [--codec zstd|snappy|none] [--rounds R]
                     [--only NAME,NAME] [--markdown] [--json FILE]

Builds the program, makes a delivery unless one is given, makes a virtual environment with the peers, and
lets each contender do the work `rounds` times, A B C A B C …, as a process of its own. Prints medians of
wall time, processor time and peak memory, and ratios; compares every break, its values and every position.

The peers' work: judge the row rules V01 to V15, find repeated rows, match the two copies, compare 22 fields,
classify, write breaks with both copies' values and positions as Parquet. Their queries are in benches/peers/.
Digests, control totals, open items, register, permits, lateness, decisions, reversals, deductions, reserves and
notices are left out: that is less work than the program does.
"""
import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
QUERIES = os.path.join(HERE, "peers")
OURS = "liangqing"
PEERS = {"duckdb": "DuckDB", "polars": "Polars", "clickhouse": "ClickHouse", "datafusion": "DataFusion"}
PACKAGES = {"clickhouse": "chdb"}
# The ways of a peer, the quickest first; the next one is for months that do not fit the memory.
WAYS = {"duckdb": ["late"], "polars": ["late"], "clickhouse": ["keep", "late"], "datafusion": ["keep", "late"]}
COLUMNS = ["contender", "wall s", "core s", "peak GB", "wall ÷ ours", "core ÷ ours"]
# A contender is ended when the machine has less memory than this, in bytes.
SPARE = 1 << 30


def target():
    return os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))


def build():
    """Paths of the program and of the yardstick."""
    subprocess.run(["cargo", "build", "--locked", "--profile", "dist", "--quiet"], cwd=ROOT, check=True)
    made = subprocess.run(["cargo", "bench", "--locked", "--profile", "dist", "--quiet", "--no-run", "--bench",
                           "bare_decode", "--message-format", "json"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    units = (json.loads(line) for line in made.splitlines() if line.startswith(b"{"))
    yardstick = next(u["executable"] for u in units if u.get("executable") and u["target"]["name"] == "bare_decode")
    return os.path.join(target(), "dist", "liangqing"), yardstick


def environment():
    """A Python with the peers."""
    venv, wanted = os.path.join(target(), "peers"), os.path.join(HERE, "requirements.txt")
    installed = os.path.join(venv, "installed.txt")
    if not os.path.exists(installed) or open(installed).read() != open(wanted).read():
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([venv + "/bin/pip", "install", "--quiet", "-r", wanted], check=True)
        shutil.copy(wanted, installed)
    return venv + "/bin/python"


def versions(python):
    """Names of the peers with the versions that are installed."""
    packages = {peer: PACKAGES.get(peer, peer) for peer in PEERS}
    code = "import importlib.metadata as m, json; print(json.dumps({k: m.version(p) for k, p in %r.items()}))" % packages
    found = json.loads(subprocess.run([python, "-c", code], check=True, stdout=subprocess.PIPE).stdout)
    return {peer: "%s %s" % (PEERS[peer], found[peer] if peer not in PACKAGES else "(%s %s)" % (PACKAGES[peer], found[peer]))
            for peer in PEERS}


def parquet_files(delivery):
    return sorted(os.path.join(folder, name) for side in ("treating", "insured")
                  for folder, _, names in os.walk(os.path.join(delivery, side)) for name in names if name.endswith(".parquet"))


def with_codec(delivery, codec, python):
    """The delivery written once more; it stays in the target folder, under the digest of what it was written from."""
    digest = hashlib.sha256()
    for path in parquet_files(delivery):
        digest.update(os.path.relpath(path, delivery).encode() + b"\0")
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(1 << 24), b""):
                digest.update(block)
    out = os.path.join(target(), "peers-data", "%s-%s" % (digest.hexdigest()[:16], codec))
    if not os.path.exists(out):
        shutil.rmtree(out + ".part", ignore_errors=True)
        subprocess.run([python, os.path.join(QUERIES, "rewrite.py"), delivery, out + ".part", "--codec", codec], check=True)
        os.rename(out + ".part", out)
    return out


def free_memory():
    with open("/proc/meminfo") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("MemAvailable:"))


def watch(process, taken, ended):
    """Ends a process when the machine runs out of memory, before the machine ends another one; says what it had taken."""
    while not ended.wait(0.1):
        if free_memory() < SPARE:
            with open("/proc/%d/statm" % process.pid) as file:
                taken.append(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
            process.kill()
            return


def timed(command, log):
    """Wall seconds, processor seconds and peak bytes of a process; or why it failed."""
    taken, ended = [], threading.Event()
    begin = time.monotonic()
    with open(log, "w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        watcher = threading.Thread(target=watch, args=(process, taken, ended))
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
    ended.set()
    watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if taken:
        return "the machine had no memory left when it had taken %.1f GB" % (taken[0] / 1e9)
    if process.returncode != 0:
        with open(log, errors="replace") as file:
            lines = [line.strip() for line in file if line.strip()]
        return "exit status %d: %s" % (process.returncode, lines[-1][:200] if lines else "no message")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def contenders(args, program, yardstick, python, delivery, work):
    """The command of each contender, and the folder that it writes."""
    threads = str(args.threads)
    commands = {OURS: [program, "run", "--quiet", "--period", args.period, "--input", delivery, "--book", work + "/" + OURS,
                       "--accept", "G04", "--threads", threads]}
    if yardstick:
        commands["bare decode"] = [yardstick, delivery, threads]
    for peer in PEERS:
        commands[peer] = [python, "-B", os.path.join(QUERIES, "with_%s.py" % peer), delivery, args.period, os.path.join(work, peer),
                          "--threads", threads, "--way", WAYS[peer][0]]
    wanted = args.only.split(",") if args.only else commands
    return {name: command for name, command in commands.items() if name in wanted or name == OURS}


def measure(commands, rounds, work):
    """The runs of each contender, and why those failed that did. A peer that fails goes on in its next way."""
    runs, failed = {name: [] for name in commands}, {}
    for number in range(1, rounds + 1):
        for name, command in commands.items():
            if name in failed:
                continue
            shutil.rmtree(os.path.join(work, name), ignore_errors=True)
            os.sync()
            log = os.path.join(work, name.replace(" ", "-") + ".log")
            run = timed(command, log)
            for way in WAYS.get(name, [])[1:]:
                if isinstance(run, str) and command[-1] != way:
                    print("round %d  %-12s %s" % (number, name, "goes on with the way %s: %s" % (way, run)), file=sys.stderr)
                    command[-1] = way
                    run = timed(command, log)
            if isinstance(run, str):
                failed[name] = run
                print("round %d  %-12s failed: %s" % (number, name, run), file=sys.stderr)
                if name == OURS:
                    sys.exit(1)
                continue
            runs[name].append(run)
            print("round %d  %-12s %7.2f s  %7.2f core s  %6.2f GB" % (number, name, run[0], run[1], run[2] / 1e9), file=sys.stderr)
    return runs, failed


def compared(python, period, delivery, work, peers):
    """What each peer found against the tables of the program: answers.py."""
    command = [python, "-B", os.path.join(QUERIES, "answers.py"), "--period", os.path.join(work, OURS, period), "--delivery", delivery]
    command += ["%s=%s" % (peer, os.path.join(work, peer)) for peer in peers]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def medians(runs):
    """Of each contender: medians of its runs, and of its ratios to our run of the same round."""
    found = {}
    for name, of_name in runs.items():
        if of_name:
            wall, core, peak = (statistics.median(values) for values in zip(*of_name))
            ratios = [statistics.median(a[at] / b[at] for a, b in zip(of_name, runs[OURS])) for at in (0, 1)]
            found[name] = {"wall_seconds": wall, "core_seconds": core, "peak_bytes": peak, "wall_ratio": ratios[0],
                           "core_ratio": ratios[1], "runs": of_name}
    return found


def table(found, failed, titles, markdown):
    """Prints the table, as the page has it or in columns."""
    rows = [COLUMNS]
    for name, of in found.items():
        ratios = ["", ""] if name == OURS else ["%.2f" % of["wall_ratio"], "%.2f" % of["core_ratio"]]
        rows.append([titles.get(name, name), "%.2f" % of["wall_seconds"], "%.2f" % of["core_seconds"],
                     "%.2f" % (of["peak_bytes"] / 1e9), *ratios])
    rows += [[titles.get(name, name), "failed", "", "", "", ""] for name in failed if name not in found]
    if markdown:
        lines = ["| %s |" % " | ".join(row) for row in rows]
        print("\n".join([lines[0], "|---" + "|--:" * (len(COLUMNS) - 1) + "|", *lines[1:]]))
    else:
        print("\n".join("%-26s" % row[0] + "".join("%13s" % cell for cell in row[1:]) for row in rows))
    for name, why in failed.items():
        print("\n%s failed: %s" % (titles.get(name, name), why))


def bench(args):
    program, yardstick = (args.program, args.yardstick) if args.program else build()
    python = args.python or environment()
    work = os.path.abspath(args.work or os.path.join(target(), "peers-work"))
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    delivery = args.input
    if not delivery:
        subprocess.run([program, "synth", "--quiet", "--out", work + "/delivery", "--period", args.period, "--settlements",
                        str(args.settlements)], check=True, stdout=subprocess.DEVNULL)
        delivery = os.path.join(work, "delivery", args.period)
    if args.codec:
        delivery = with_codec(delivery, args.codec, python)
    files = parquet_files(delivery)
    for path in files:  # All contenders find the files in the page cache.
        with open(path, "rb") as file:
            while file.read(1 << 24):
                pass
    runs, failed = measure(contenders(args, program, yardstick, python, delivery, work), args.rounds, work)
    answers = compared(python, args.period, delivery, work, [peer for peer in PEERS if runs.get(peer) and peer not in failed])
    report = {"input_bytes": sum(map(os.path.getsize, files)), "files": len(files), "codec": args.codec, "threads": args.threads,
              "rounds": args.rounds, "contenders": medians(runs), "failed": failed, "answers": answers}
    table(report["contenders"], failed, versions(python), args.markdown)
    for peer, unlike in answers["differences"].items():
        print("\n%s: %s" % (PEERS[peer], "; ".join(unlike) if unlike else "the same breaks, values and positions"))
    if args.json:
        with open(args.json, "w") as file:
            json.dump(report, file, indent=2)
    if not args.keep:
        shutil.rmtree(work, ignore_errors=True)
    return 0 if answers["agree"] else 5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settlements", type=int, default=20_000_000)
    parser.add_argument("--input", help="a delivery folder in place of a synthetic month")
    parser.add_argument("--period", default="2025-10")
    parser.add_argument("--codec", choices=["zstd", "snappy", "none"], help="write the files once more so [default: as they are]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--only", help="contenders besides the program, separated by commas")
    parser.add_argument("--markdown", action="store_true", help="print the table as docs/performance.md has it")
    parser.add_argument("--json", help="file for the report as JSON")
    parser.add_argument("--work", help="folder for everything that is made")
    parser.add_argument("--keep", action="store_true", help="keep what was made")
    parser.add_argument("--program", help="a program that is there, in place of building it")
    parser.add_argument("--yardstick", help="with --program: bare decode that is there")
    parser.add_argument("--python", help="a Python that has the peers, in place of installing them")
    return bench(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
