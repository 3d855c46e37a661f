# SPDX-License-Identifier: Apache-2.0
"""What a review has to refuse (sections 1, 2, 4.1, 6 of review.md): each case spoils one thing of a good world."""
import os
import subprocess

import pyarrow as pa
import pyarrow.parquet as pq

GOOD_RULES = 'format = 1\nthreshold = [ { rule = "BEH-02", from = "2023-01-01", source = "ours", days = 7 } ]\n'
FILINGS = "psn_no,insu_admdvs,rloc_admdvs,rloc_rea,begndate,enddate,crte_time,vali_flag\n"
LINE = "P00,6101,31,1,2025-01-01,,2025-01-01 08:00:00,1\n"
REGISTRY = "fixmedins_code,county,kind,care_classes,opened_on,level,networked\n"
PLACE = "H00000000001,310115,H,inpatient,2020-01-01,3,1\n"
SET = 'format = 1\n[[set]]\narea = ["6101"]\nfund_class = "employee"\nfrom = "2023-01-01"\nsource = "ours"\n%s\n'
RATIO = 'ratio = [ { care_class = "inpatient", percent = "80" } ]'


def entry(text):
    return 'format = 1\nthreshold = [ { %s } ]\n' % text


RULES = {
    "format": GOOD_RULES.replace("1", "2", 1),
    "unknown rule": entry('rule = "BEH-99", from = "2023-01-01", source = "ours", days = 7'),
    "rule without a key": entry('rule = "BEH-04", from = "2023-01-01", source = "ours", days = 7'),
    "unknown key": entry('rule = "BEH-02", from = "2023-01-01", source = "ours", days = 7, hours = 1'),
    "missing key": entry('rule = "BEH-15", from = "2023-01-01", source = "ours", limit = "3.00", count = 5, times = 3'),
    "missing source": entry('rule = "BEH-02", from = "2023-01-01", days = 7'),
    "no date": entry('rule = "BEH-02", from = "2023-02-29", source = "ours", days = 7'),
    "amount as a number": entry('rule = "BEN", from = "2023-01-01", source = "ours", tolerance = 1'),
    "care class": entry('rule = "FIL", from = "2023-01-01", source = "ours", care_class = ["dental"]'),
    "twice": GOOD_RULES.replace("} ]", '}, { rule = "BEH-02", from = "2023-01-01", source = "ours", days = 8 } ]'),
    "unknown rule is off": 'format = 1\noff = ["BEH-21"]\n',
    "unknown field": 'format = 1\n[values]\nsetl_id = { "1" = "3" }\n',
    "unknown word": 'format = 1\n[values]\nhosp_lv = { "1" = "4" }\n',
    "word of another field": 'format = 1\n[values]\nrloc_rea = { "1" = "emergency" }\n',
    "unknown table": GOOD_RULES + "[more]\nx = 1\n",
}
BENEFITS = {
    "unknown key": SET % (RATIO + '\ncolour = "red"'),
    "key of another table": SET % RATIO.replace("percent", "visit = \"1.00\", percent"),
    "points and factor": SET % (RATIO + '\nremote = [ { filing = "none", points = "-10", factor = "0.9" } ]'),
    "no care class": SET % 'ratio = [ { percent = "80" } ]',
    "gap": SET % RATIO.replace("percent", 'upto = "10.00", percent').replace(
        "]", ', { care_class = "inpatient", above = "20.00", percent = "90" } ]'),
    "overlap": SET % RATIO.replace("percent", 'upto = "10.00", percent').replace(
        "]", ', { care_class = "inpatient", above = "5.00", percent = "90" } ]'),
    "or less and again": SET % ('deductible = [ { care_class = "inpatient", amount = "1.00", or_less = true, '
                                'again_days = 90 } ]\n' + RATIO),
    "two sets on one day": SET % (RATIO + "\n" + (SET % RATIO).split("\n", 1)[1].replace('"6101"', '"610100"')),
    "failed test": SET % (RATIO + '\ntest = [ { settlement = { care_class = "inpatient", filing = "long_term", '
                          'inscp_scp_amt = "100.00", act_pay_dedc = "0.00" }, hifp_pay = "81.00" } ]'),
}
FILING_LINES = {
    "no person": LINE.replace("P00", ""), "no begndate": LINE.replace("2025-01-01,,", ",,"),
    "no such date": LINE.replace("2025-01-01,,", "2025-02-29,,"), "no such end": LINE.replace(",,", ",2025-13-01,"),
    "no such time": LINE.replace("08:00:00", "25:00:00"), "date for a time": LINE.replace(" 08:00:00", ""),
    "three digits": LINE.replace("6101", "610"), "unknown province": LINE.replace("31", "99"),
    "no division": LINE.replace("6101", ""), "short line": LINE.replace(",1\n", "\n"), "long line": LINE.replace(",1\n", ",1,\n"),
}
COLUMNS = {
    "age as text": ("age", lambda n: pa.array(["40"] * n)), "level as decimal": ("hosp_lv", lambda n: pa.array([1.5] * n)),
    "birth as text": ("brdy", lambda n: pa.array(["2000-01-01"] * n)),
    "deductible as float": ("act_pay_dedc", lambda n: pa.array([1.0] * n)),
    "standard as integer": ("dedc_std", lambda n: pa.array([1] * n)),
    "flag as date": ("mid_setl_flag", lambda n: pa.array([None] * n, pa.date32())),
}


def cases(world):
    """(name, exit status, options that differ from the good ones)."""
    def text(name, body):
        path = os.path.join(world, "bad", name.replace(" ", "-"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(body)
        return path
    for name, body in RULES.items():
        yield "rules: " + name, 2, {"rules": text("rules-%s.toml" % name, body)}
    for name, body in BENEFITS.items():
        yield "benefits: " + name, 2, {"benefits": os.path.dirname(text("benefits-%s/a.toml" % name, body))}
    for name, line in FILING_LINES.items():
        yield "filings: " + name, 3, {"filings": text("filings-%s.csv" % name, FILINGS + LINE + line)}
    yield "filings: no column", 3, {"filings": text("f1.csv", FILINGS.replace("rloc_rea,", "") + LINE.replace("31,1", "31"))}
    yield "registry: twice", 3, {"registry": text("r1.csv", REGISTRY + PLACE + PLACE)}
    yield "registry: no code", 3, {"registry": text("r2.csv", REGISTRY + PLACE.replace("H00000000001", ""))}
    yield "input: twice", 2, {"input": ["1", "1"]}
    yield "input: empty", 3, {"input": [os.path.dirname(text("empty/readme.txt", ""))]}
    for name, (column, values) in COLUMNS.items():
        folder = os.path.join(world, "bad", "column-" + name.replace(" ", "-"))
        os.makedirs(os.path.join(folder, "treating"))
        table = pq.read_table(os.path.join(world, "1", "treating", "a.parquet"))
        bad = table.drop_columns([column] if column in table.column_names else [])
        pq.write_table(bad.append_column(column, values(len(bad))), os.path.join(folder, "treating", "a.parquet"))
        yield "column: " + name, 3, {"input": [folder]}
    folder = os.path.join(world, "bad", "twice")
    os.makedirs(os.path.join(folder, "treating"))
    pq.write_table(table.append_column(" HOSP_LV", pa.array([None] * len(table), pa.string())),
                   os.path.join(folder, "treating", "a.parquet"))
    yield "column: twice", 3, {"input": [folder]}


def run(program, world, write):
    """(cases, [(case, problem)]): what is not refused, or not with its exit status, or leaves something behind."""
    write(os.path.join(world, "1", "treating", "a.parquet"))
    good = {"input": ["1"]}
    for name, file, body in (("rules", "rules.toml", GOOD_RULES), ("filings", "filings.csv", FILINGS + LINE),
                             ("registry", "registry.csv", REGISTRY + PLACE)):
        with open(os.path.join(world, file), "w", encoding="utf-8") as f:
            f.write(body)
        good[name] = os.path.join(world, file)
    os.makedirs(os.path.join(world, "benefits"))
    with open(os.path.join(world, "benefits", "a.toml"), "w", encoding="utf-8") as f:
        f.write(SET % RATIO)
    good["benefits"] = os.path.join(world, "benefits")
    problems = []

    def attempt(name, status, options, out):
        command = [program, "review", "--quiet", "--out", out]
        for folder in options["input"]:
            command += ["--input", os.path.join(world, folder)]
        for option in ("rules", "filings", "registry", "benefits"):
            command += ["--" + option, options[option]]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
        if done.returncode != status:
            problems.append((name, "exit %d, expected %d: %s\n  command: %s" % (
                done.returncode, status, (done.stdout + done.stderr)[-300:], " ".join(command))))
        return done
    out = os.path.join(world, "out")
    attempt("the good one", 0, good, out)
    attempt("the folder is not empty", 2, good, out)
    count = 2
    for n, (name, status, options) in enumerate(cases(world)):
        out, count = os.path.join(world, "out-%d" % n), count + 1
        done = attempt(name, status, {**good, **options}, out)
        if status and os.path.exists(out) and os.listdir(out):
            problems.append((name, "left %s behind" % os.listdir(out)))
        if status and not (done.stdout + done.stderr).strip():
            problems.append((name, "no word"))
    return count, problems
