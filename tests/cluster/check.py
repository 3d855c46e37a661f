#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the program on a real cluster on this machine: a scheduler and two executors, each a process.

    python check.py --binary PATH --work DIR [--settlements N]

Every period is closed twice, natively and on the cluster, and the two books are compared byte by byte.
Exit 1 when anything differs. Needs the program with the feature `cluster`, and moto for the object store.
"""
import argparse
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SAMPLE = ROOT / "sample-data"
PERIODS = ["2025-10", "2025-11", "2025-12"]


def free_port(after=0):
    """A port that nobody listens at, nor at the next `after` ones."""
    while True:
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                for more in range(1, after + 1):
                    with socket.socket() as other:
                        other.bind(("127.0.0.1", port + more))
            except OSError:
                continue
            return port


class Cluster:
    """A scheduler and executors, which end with the block."""

    def __init__(self, binary, work, executors=2):
        self.binary, self.work = binary, work
        self.port = free_port()
        self.url = f"df://127.0.0.1:{self.port}"
        self.logs = []
        self.scheduler = self.start("scheduler", "--bind", f"127.0.0.1:{self.port}")
        wait_for_port(self.port)
        self.executors = [self.add() for _ in range(executors)]
        if executors:
            self.wait_until_ready()

    def start(self, *arguments):
        log = open(self.work / f"{arguments[0]}-{len(self.logs)}.log", "w")
        self.logs.append(log)
        return subprocess.Popen([self.binary, "cluster", *arguments], stdout=log, stderr=log)

    def add(self):
        port = free_port(after=1)
        folder = self.work / f"executor-{port}"
        executor = self.start("executor", "--scheduler", self.url, "--bind", f"127.0.0.1:{port}", "--tasks", "1",
                              "--memory", "1GiB", "--work", str(folder))
        wait_for_port(port)
        return executor

    def wait_until_ready(self):
        """Until the scheduler knows an executor."""
        for _ in range(200):
            with socket.create_connection(("127.0.0.1", self.port)) as connection:
                connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if b" 200 " in connection.recv(64):
                    return
            time.sleep(0.1)
        sys.exit("no executor joined the cluster")

    def arguments(self):
        return ["--engine", "ballista", "--cluster", self.url]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in [*self.executors, self.scheduler]:
            process.kill()
            process.wait()
        for log in self.logs:
            log.close()


def wait_for_port(port):
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nothing listens at port {port}")


def files_of(folder):
    """Digest of each file below a folder, by its path."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


class Checks:
    def __init__(self, binary, work):
        self.binary, self.work = binary, work
        self.failed = 0

    def check(self, holds, what, more=""):
        print(("ok    " if holds else "FAIL  ") + what + ("" if holds else f"\n{more}"), flush=True)
        self.failed += not holds

    def run(self, book, source, period, *arguments, env=None):
        command = [self.binary, "run", "--quiet", "--period", period, "--input", str(source), "--book", str(book)]
        # Synthetic months have no opening quotas, random ones odd cost months.
        command += [f"--accept=G0{number}" for number in range(1, 8)]
        return subprocess.run(command + list(arguments), capture_output=True, text=True, env=env)

    def same(self, what, native, cluster):
        one, other = files_of(native), files_of(cluster)
        differ = [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
        self.check(one and not differ, f"{what}: {len(one)} files, the same bytes", "\n".join(differ))


def quotas(period):
    return ["--opening-quotas", str(SAMPLE / "opening-quotas.csv")] if period == PERIODS[0] else []


def sample(checks, cluster):
    """The sample periods, natively and on the cluster; then all of them again as a range."""
    books = {name: checks.work / name for name in ("sample-native", "sample-cluster")}
    for period in PERIODS:
        for name, book in books.items():
            more = cluster.arguments() if name == "sample-cluster" else []
            if more and period == PERIODS[-1]:
                more = [str(ROOT / "pipelines/cluster.toml"), "--cluster", cluster.url]
            done = checks.run(book, SAMPLE / period, period, *quotas(period), *more)
            checks.check(done.returncode == 0, f"{name} {period} closes", done.stdout + done.stderr)
    checks.same("the sample", *books.values())
    rerun = [checks.binary, "run", "--quiet", str(ROOT / "pipelines/audit-rerun.toml"), "--period", PERIODS[0],
             "--through", PERIODS[-1], "--input", str(SAMPLE), "--book", str(books["sample-native"]),
             *quotas(PERIODS[0]), "--format", "json"]
    native = subprocess.run(rerun, capture_output=True, text=True)
    distributed = subprocess.run(rerun + cluster.arguments(), capture_output=True, text=True)
    same = native.returncode == distributed.returncode == 0 and native.stdout == distributed.stdout
    checks.check(same, "a range of periods, rerun on the cluster, comes out as it does natively",
                 native.stderr + distributed.stderr)


def refused(checks, cluster):
    """A delivery with faults in several files is refused in the same words."""
    source = checks.work / "faulty"
    shutil.copytree(SAMPLE / PERIODS[0], source)
    files = sorted((source / "treating").glob("*.parquet"))
    damaged = bytearray(files[0].read_bytes())
    damaged[40:60] = bytes(20)
    files[0].write_bytes(damaged)
    shutil.copy(files[1], source / "treating/again.parquet")
    outputs = []
    for name, more in (("faulty-native", []), ("faulty-cluster", cluster.arguments())):
        book = checks.work / name
        done = checks.run(book, source, PERIODS[0], *more)
        outputs.append((done.returncode, done.stderr, book.exists() and any(book.iterdir())))
    checks.check(outputs[0] == outputs[1] and outputs[0][0] == 3, "a faulty delivery is refused in the same words",
                 "\n".join(map(str, outputs)))


def synthetic(checks, cluster, settlements):
    """Two periods that are in no repository."""
    folder = checks.work / "synthetic"
    seed = str(int.from_bytes(os.urandom(3), "big"))
    subprocess.run([checks.binary, "synth", "--quiet", "--out", str(folder), "--period", PERIODS[0], "--periods", "2",
                    "--settlements", str(settlements), "--seed", seed], check=True, stdout=subprocess.DEVNULL)
    books = {name: checks.work / name for name in ("synthetic-native", "synthetic-cluster")}
    for period in PERIODS[:2]:
        for name, book in books.items():
            more = cluster.arguments() if name == "synthetic-cluster" else []
            start = time.monotonic()
            done = checks.run(book, folder / period, period, *more)
            seconds = time.monotonic() - start
            checks.check(done.returncode == 0, f"{name} {period} closes in {seconds:.1f} s", done.stdout + done.stderr)
    checks.same(f"{settlements} settlements, twice, seed {seed}", *books.values())
    return folder / PERIODS[0], books["synthetic-native"] / PERIODS[0]


def killed(checks, delivery, closed):
    """Executors that are killed while they work."""
    for victims in (1, 2):
        folder = checks.work / f"killed-{victims}"
        folder.mkdir()
        with Cluster(checks.binary, folder) as cluster:
            book = folder / "book"
            command = [checks.binary, "run", "--quiet", "--period", PERIODS[0], "--input", str(delivery),
                       "--book", str(book), "--accept", "G04", *cluster.arguments()]
            run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            # It is at work when what passes between stages is on its disk.
            while run.poll() is None and not any(folder.glob("executor-*/*/*")):
                time.sleep(0.02)
            for executor in cluster.executors[:victims]:
                executor.send_signal(signal.SIGKILL)
            _, words = run.communicate(timeout=300)
            if run.returncode == 0:
                checks.same(f"{victims} of 2 executors killed: the run completes", closed, book / PERIODS[0])
            else:
                clean = run.returncode == 6 and not any(book.glob("2*")) and "df://" in words
                checks.check(clean, f"{victims} of 2 executors killed: the run fails, nothing is published", words)
                left = list(book.parent.glob(".book.staging"))
                checks.check(not left, "and nothing is left behind", str(left))


def absent(checks):
    """A scheduler that is not there, one that has no executor, and something else at its place."""
    def attempt(port, expected):
        start = time.monotonic()
        book = checks.work / "absent"
        done = checks.run(book, SAMPLE / PERIODS[0], PERIODS[0], *quotas(PERIODS[0]), "--engine", "ballista",
                          "--cluster", f"df://127.0.0.1:{port}")
        quick = time.monotonic() - start < 10
        clear = done.returncode == 6 and expected in done.stderr and not book.exists()
        checks.check(quick and clear, f"at once: {expected}", done.stderr)
    attempt(free_port(), "no scheduler answers")
    folder = checks.work / "lonely"
    folder.mkdir()
    with Cluster(checks.binary, folder, executors=0) as cluster:
        attempt(cluster.port, "the scheduler has no executor")
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        attempt(deaf.getsockname()[1], "no scheduler answers")


def object_store(checks):
    """Delivery and book in an object store; executors and runs with nothing but its address."""
    port = free_port()
    log = open(checks.work / "moto.log", "w")
    server = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                              stdout=log, stderr=log)
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_REGION="us-east-1",
                      AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}", AWS_ALLOW_HTTP="true")
    try:
        wait_for_port(port)
        import boto3
        store = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1")
        store.create_bucket(Bucket="clearing")
        for path in SAMPLE.rglob("*"):
            if path.is_file():
                store.upload_file(str(path), "clearing", f"in/{path.relative_to(SAMPLE)}")
        folder = checks.work / "store"
        folder.mkdir()
        with Cluster(checks.binary, folder) as cluster:
            with_store(checks, cluster, store)
    finally:
        server.kill()
        server.wait()
        log.close()


def with_store(checks, cluster, store):
    native = checks.work / "sample-native"
    first = ["--opening-quotas", "s3://clearing/in/opening-quotas.csv"]
    # Some tools make an empty object for a folder.
    for marker in ("in/2025-10/", "in/2025-10/treating/", "book/"):
        store.put_object(Bucket="clearing", Key=marker, Body=b"")
    for period in PERIODS:
        # What a run leaves that is cut off while it sends its period.
        for name in ("register.parquet", "manifest.sig", "tables/old.parquet"):
            store.put_object(Bucket="clearing", Key=f"book/{period}/{name}", Body=b"cut off")
        more = first if period == PERIODS[0] else []
        done = checks.run("s3://clearing/book", f"s3://clearing/in/{period}", period, *more, *cluster.arguments(),
                          "--format", "json")
        published = json.loads(done.stdout)["published"] if done.returncode == 0 else None
        checks.check(published == f"s3://clearing/book/{period}", f"object store: {period} closes",
                     done.stdout + done.stderr)
    def brought(prefix):
        folder = checks.work / prefix
        for entry in store.list_objects_v2(Bucket="clearing", Prefix=f"{prefix}/").get("Contents", []):
            if entry["Key"].endswith("/"):
                continue
            path = folder / entry["Key"].removeprefix(f"{prefix}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            store.download_file("clearing", entry["Key"], str(path))
        return folder
    checks.same("object store: the book", native, brought("book"))
    done = checks.run("s3://clearing/native", f"s3://clearing/in/{PERIODS[0]}", PERIODS[0], *first)
    checks.check(done.returncode == 0, "object store: a native run closes", done.stdout + done.stderr)
    checks.same("object store: natively", native / PERIODS[0], brought("native") / PERIODS[0])
    done = checks.run("s3://clearing/book", f"s3://clearing/in/{PERIODS[0]}", PERIODS[0], *first, *cluster.arguments())
    checks.check(done.returncode == 4, "object store: a closed period stays closed", done.stderr)
    store.put_object(Bucket="clearing", Key=f"race/{PERIODS[0]}/sending", Body=b"another manifest")
    done = checks.run("s3://clearing/race", f"s3://clearing/in/{PERIODS[0]}", PERIODS[0], *first)
    checks.check(done.returncode == 4 and "another run" in done.stderr, "object store: of two runs, one sends",
                 done.stderr)
    source = checks.work / "cut"
    shutil.copytree(SAMPLE / PERIODS[0], source)
    first_file = sorted((source / "treating").glob("*.parquet"))[0]
    first_file.write_bytes(b"")
    for path in source.rglob("*"):
        if path.is_file():
            store.upload_file(str(path), "clearing", f"cut/{path.relative_to(source)}")
    words = [checks.run(checks.work / "cut-book", place, PERIODS[0], *more).stderr
             for place, more in ((source, []), ("s3://clearing/cut", cluster.arguments()))]
    checks.check("F02" in words[0] and words[0] == words[1], "object store: an empty file is refused in the same words",
                 "\n".join(words))
    done = checks.run("s3://nowhere/book", f"s3://clearing/in/{PERIODS[0]}", PERIODS[0], *first, *cluster.arguments())
    checks.check(done.returncode == 6 and "s3://nowhere/book" in done.stderr, "object store: no such bucket is told",
                 done.stderr)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--settlements", type=int, default=2_000_000)
    parser.add_argument("--seeds", default="201..202")
    arguments = parser.parse_args()
    work = pathlib.Path(arguments.work).resolve()
    work.mkdir(parents=True)
    checks = Checks(arguments.binary, work)
    absent(checks)
    with Cluster(arguments.binary, work) as cluster:
        sample(checks, cluster)
        refused(checks, cluster)
        delivery, closed = synthetic(checks, cluster, arguments.settlements)
        # Random deliveries, every table against the reference implementation.
        compare = [sys.executable, str(ROOT / "tests/oracle/compare.py"), "--binary", arguments.binary, "--work",
                   str(work / "seeds"), "--seeds", arguments.seeds, "--relayout", "--", *cluster.arguments()]
        compared = subprocess.run(compare, capture_output=True, text=True)
        checks.check(compared.returncode == 0, f"random deliveries {arguments.seeds}: as the reference implementation",
                     compared.stdout + compared.stderr)
    killed(checks, delivery, closed)
    object_store(checks)
    if checks.failed:
        sys.exit(f"{checks.failed} checks failed")


if __name__ == "__main__":
    main()
