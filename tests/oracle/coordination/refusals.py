# SPDX-License-Identifier: Apache-2.0
"""Deliveries whose requests, replies or system errors have to be refused as files, and some that must not be."""
import json
import os
import shutil
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq

import reference as ref
import test_reference as cases
from reference import o

REQUEST = "R1,problem,34,31,2025-10-10,other,,about\n"
REPLY = "R1,2025-10-12,answered,,,\n"
ERROR = "E1,2025-10-10 10:00:00,2207,treating,31,34,,other,500,text,M1,,\n"
HEADS = {"requests.csv": ",".join(ref.REQUEST) + "\n", "replies.csv": ",".join(ref.REPLY) + "\n",
         "system-errors.csv": ",".join(ref.ERROR_FIELDS.split()) + "\n"}
GOOD = {"requests.csv": REQUEST, "replies.csv": REPLY, "system-errors.csv": ERROR}


def of_request(old, new):
    return {"requests.csv": HEADS["requests.csv"] + REQUEST + REQUEST.replace(old, new)}


def of_reply(old, new):
    return {"requests.csv": HEADS["requests.csv"] + REQUEST, "replies.csv": HEADS["replies.csv"] + REPLY + REPLY.replace(old, new)}


def text_cases():
    """{name: (files, the file that is named)}."""
    out = {}
    for name, head in HEADS.items():
        good, short = head + GOOD[name], name[:-4]
        out[short + "-empty"] = ({name: ""}, name)
        out[short + "-no-header"] = ({name: GOOD[name]}, name)
        out[short + "-long-line"] = ({name: good + GOOD[name].replace("\n", ",\n")}, name)
        out[short + "-short-line"] = ({name: good + GOOD[name].replace(",", "", 1)}, name)
        out[short + "-not-utf8"] = ({name: good.encode() + GOOD[name].encode().replace(b"1,", b"\xff,", 1)}, name)
        for c in head.strip().split(","):
            out["%s-without-%s" % (short, c)] = ({name: good.replace(c, "else", 1)}, name)
    for n, (old, new) in enumerate((
            ("R1", ""), ("R1", "x" * 41), ("R1", "协" * 41), ("problem", "Problem"), ("problem", ""), ("problem", "verification"),
            ("other", ""), ("other", "Other"), ("2025-10-10", ""), ("2025-10-10", "2025-10-32"), ("2025-10-10", "20251010"),
            ("2025-10-10", "2025-10-10 10:00:00"))):
        out["requests-%d" % n] = (of_request(old, new), "requests.csv")
    for n, (old, new) in enumerate((
            ("R1", ""), ("R1", "x" * 41), ("2025-10-12", ""), ("2025-10-12", "2025-02-29"), ("answered", ""), ("answered", "Correct"),
            (",,,", ",,2025-10-1,"), (",,,", ",,,x"), (",,,", ",, ,"))):
        out["replies-%d" % n] = (of_reply(old, new), "replies.csv")
    return out


def parquet(change):
    """system-errors.parquet of one row, changed."""
    def make(folder):
        values = dict(zip(ref.ERROR_FIELDS.split(), ERROR.strip().split(",")))
        cols = {c: pa.array([v]) for c, v in values.items()}
        cols["at"] = pa.array([ref.time_of(values["at"])], pa.timestamp("us"))
        cols["answered_on"] = cols["struck_off_on"] = pa.nulls(1)
        pq.write_table(pa.table(change(cols)), os.path.join(folder, "system-errors.parquet"))
    return make


def without(name):
    return lambda cols: {c: v for c, v in cols.items() if c != name}


def put(name, values):
    return lambda cols: {**cols, name: values}


def spoilt(folder):
    with open(os.path.join(folder, "system-errors.parquet"), "wb") as f:
        f.write(b"PAR1 not a file PAR1")


def parquet_cases():
    bad = {"time-as-text": put("at", pa.array(["2025-10-10 10:00:00"])), "time-as-date": put("at", pa.array([20000], pa.date32())),
           "day-as-text": put("answered_on", pa.array(["2025-10-10"])),
           "day-as-time": put("struck_off_on", pa.array([0], pa.timestamp("us"))),
           "float-code": put("code", pa.array([1.5])), "list-text": put("text", pa.array([["a"]]))}
    out = {name: (parquet(change), "system-errors.parquet") for name, change in bad.items()}
    out.update({"no-column-" + c: (parquet(without(c)), "system-errors.parquet") for c in ref.ERROR_FIELDS.split()})
    out["damaged"] = (spoilt, "system-errors.parquet")
    return out


def fine(folder):
    """A delivery of everything that must not be refused."""
    text = {name: HEADS[name] for name in HEADS}
    text["requests.csv"] = "\n" + ",".join([*ref.REQUEST, "note"]) + "\n\n" + REQUEST.replace("\n", ",x\n") + "\n"
    write(folder, text)
    os.makedirs(os.path.join(folder, "national"))
    pq.write_table(pa.table({"any": [1.5]}), os.path.join(folder, "national", "a.parquet"))


SLIPS = ["request.csv", "Requests.csv", "requests.csv.csv", "requests.xlsx", "reply.csv", "replies.CSV", "system_errors.csv",
         "system-error.csv", "system errors.csv", "system-errors.parq", "system-errors.PARQUET", "system_errors.parquet"]


def slip(name):
    def make(folder):
        with open(os.path.join(folder, name), "w") as f:
            f.write("x\n")
    return make


def write(folder, files):
    for name, text in files.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())


def close(program, work, make, accept):
    """(exit status, findings) of a first period with files beside a good delivery; the book is gone afterwards."""
    shutil.rmtree(work, ignore_errors=True)
    folder, book = os.path.join(work, "in"), os.path.join(work, "book")
    cases.deliver(folder, [cases.row("S1")], [cases.row("S1")])
    write(folder, make) if isinstance(make, dict) else make(folder)
    words = [program, "run", "--quiet", "--format", "json", "--period", "2025-10", "--input", folder, "--book", book]
    done = subprocess.run(words + ["--accept=" + c for c in accept], capture_output=True, text=True, errors="replace")
    closed = os.path.exists(os.path.join(book, "2025-10"))
    try:
        findings = json.loads(done.stdout or "{}").get("findings", [])
    except ValueError:
        findings = []
    return done.returncode if closed == (done.returncode == 0) else "%d and touched the book" % done.returncode, findings


def run(program, work):
    """Whether all of them end as they should."""
    count, wrong = 0, []
    todo = {**text_cases(), **parquet_cases()}
    todo["both"] = ((lambda folder: (parquet(dict)(folder), write(folder, {"system-errors.csv": HEADS["system-errors.csv"]}))),
                    "system-errors")
    for name, (make, file) in todo.items():
        count += 1
        status, findings = close(program, work, make, o.ASKED)
        if status != 3 or not any(file in (f.get("file") or "") for f in findings):
            wrong.append("%s: exit %s with %s" % (name, status, findings[:2]))
    for name in SLIPS:
        count += 1
        status, findings = close(program, work, slip(name), ["G04", "G06"])
        if status != 3 or [f.get("code") for f in findings] != ["G01"]:
            wrong.append("%s is there: exit %s with %s" % (name, status, findings[:2]))
    count += 1
    status, findings = close(program, work, fine, ["G04", "G06"])
    if status != 0:
        wrong.append("nothing wrong: exit %s with %s" % (status, findings[:2]))
    for text in wrong:
        print("DIFFERENT " + text)
    print("%d of %d ended as they should" % (count - len(wrong), count))
    if not wrong:
        shutil.rmtree(work)
    return not wrong
