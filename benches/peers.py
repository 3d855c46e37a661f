#!/usr/bin/env python3
"""A month-end run against bare decode, DuckDB, Polars and DataFusion on the same files, in turn.

    benches/peers.py [--settlements N | --input DELIVERY] [--period P] [--rounds R] [--only NAME,NAME] [--json FILE]

Builds the program, makes a delivery unless one is given, makes a virtual environment with the peers, and
lets each contender do the work `rounds` times, A B C A B C …, as a process of its own. Prints medians of
wall time, processor time and peak memory, and ratios; checks that the answers agree.

The peers' work: read every field of both sides, judge the row rules V01 to V15, count repeated keys, join
the two copies, compare 22 fields, classify, write breaks with both copies' values and positions as Parquet.
Digests, control totals, open items, register, permits, decisions, reversals, reserves and notices are left
out: that is less work than the program does.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
FUNDS = "hifp_pay cvlserv_pay hifes_pay hifmi_pay hifob_pay hifdm_pay maf_pay oth_pay".split()
AMOUNTS = ["medfee_sumamt", "fund_pay_sumamt", *FUNDS, "acct_pay", "psn_cash_pay", "hosp_part_amt"]
SCOPE = "fulamt_ownpay_amt overlmt_selfpay preselfpay_amt inscp_scp_amt".split()
IDENTITY = "psn_no insuplc_admdvs mdtrtarea_admvs fixmedins_code insutype med_type dise_codg init_setl_id".split()
COMPARED = IDENTITY + ["cost_month"] + AMOUNTS
REQUIRED = "setl_id psn_no insuplc_admdvs mdtrtarea_admvs fixmedins_code insutype med_type".split()
REQUIRED_AMOUNTS = "medfee_sumamt hifp_pay fund_pay_sumamt acct_pay psn_cash_pay".split()
IDS = "setl_id init_setl_id psn_no mdtrt_id".split()
PROVINCES = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 66".split()
CHRONIC = "M03900 M01600 M00500 M00503 M07801 M07803 M07804 M08300 M05300 M06900 M04600 M00200 M00201 M00202 M07200".split()
FUND_CODES = ["310", "390", "380", "391"]
CARE = {"outpatient": ["11", "12", "13"], "chronic": ["14", "140104", "140201"],
        "inpatient": ["21", "22", "23", "24", "28"], "pharmacy": ["41"]}
INSTITUTION = "^[HP][0-9A-Za-z]{11}$"
TOO_LARGE = 10 ** 14


# --- SQL, for DuckDB and DataFusion ---------------------------------------------------------------

def listed(values):
    return "(" + ", ".join("'%s'" % v for v in values) + ")"


def sql_broken(period, matches):
    """The row rules, joined by OR."""
    missing = " OR ".join("coalesce(%s, '') = ''" % f for f in REQUIRED)
    missing += " OR setl_time IS NULL OR " + " OR ".join("%s IS NULL" % f for f in REQUIRED_AMOUNTS)
    codes = " OR ".join("NOT %s OR substr(%s, 1, 2) NOT IN %s" % (matches(f, "^[0-9]{6}$"), f, listed(PROVINCES))
                        for f in ("insuplc_admdvs", "mdtrtarea_admvs"))
    sign = " OR ".join("CASE WHEN init_setl_id IS NULL THEN %s < 0 ELSE %s > 0 END" % (f, f) for f in AMOUNTS)
    rules = [
        missing, codes, "substr(insuplc_admdvs, 1, 2) = substr(mdtrtarea_admvs, 1, 2)",
        "insutype NOT IN %s" % listed(FUND_CODES), "care_class IS NULL",
        "care_class = 'chronic' AND coalesce(dise_codg, '') NOT IN %s" % listed(CHRONIC),
        "fund_pay_sumamt <> " + " + ".join("coalesce(%s, 0)" % f for f in FUNDS),
        "medfee_sumamt <> fund_pay_sumamt + acct_pay + psn_cash_pay + coalesce(hosp_part_amt, 0)",
        sign, "cost_month > '%s'" % period, "NOT " + matches("fixmedins_code", INSTITUTION),
        "fulamt_advpay_flag = '1'", "medfee_sumamt <> " + " + ".join(SCOPE),
        " OR ".join("length(%s) > 40" % f for f in IDS),
        " OR ".join("abs(%s) >= %d" % (f, TOO_LARGE) for f in AMOUNTS + SCOPE),
    ]
    return " OR ".join("coalesce(%s, false)" % r for r in rules)


def sql_side(table, period, matches, month):
    care = "CASE " + " ".join("WHEN med_type IN %s THEN '%s'" % (listed(codes), name)
                              for name, codes in CARE.items()) + " END"
    return """
    WITH rows AS (SELECT *, {care} AS care_class, {month} AS cost_month FROM {table}),
    valid AS (SELECT * FROM rows WHERE NOT ({broken}))
    SELECT {fields}, care_class, count(*) OVER (PARTITION BY setl_id) AS copies FROM valid
    """.format(care=care, month=month, table=table, broken=sql_broken(period, matches),
               fields=", ".join(["setl_id"] + COMPARED))


def sql_matched():
    pairs = ", ".join("t.%s AS t_%s, i.%s AS i_%s" % (f, f, f, f) for f in COMPARED)
    differs = " OR ".join("(t.%s IS DISTINCT FROM i.%s)" % (f, f) for f in COMPARED)
    identity = " OR ".join("(t.%s IS DISTINCT FROM i.%s)" % (f, f) for f in IDENTITY + ["cost_month"])
    return """
    SELECT coalesce(t.setl_id, i.setl_id) AS setl_id, {pairs}, t.care_class AS care_class,
        CASE WHEN t.copies > 1 OR i.copies > 1 THEN 'repeated'
             WHEN i.setl_id IS NULL THEN 'missing_insured' WHEN t.setl_id IS NULL THEN 'missing_treating'
             WHEN {identity} THEN 'field_mismatch' WHEN {differs} THEN 'amount_mismatch' ELSE 'cleared' END AS class
    FROM treating t FULL OUTER JOIN insured i ON t.setl_id = i.setl_id
    """.format(pairs=pairs, differs=differs, identity=identity)


def sql_positions():
    payable = " + ".join("t_" + f for f in FUNDS + ["acct_pay"])
    sums = ", ".join("sum(t_%s) AS %s" % (f, f) for f in AMOUNTS)
    keys = ["t_insuplc_admdvs", "substr(t_mdtrtarea_admvs, 1, 2)", "t_insutype = '310'", "care_class", "t_cost_month"]
    return "SELECT %s, count(*) AS visits, %s, sum(%s) AS payable FROM matched WHERE class = 'cleared' GROUP BY %s ORDER BY 1, 2, 3, 4, 5" % (
        ", ".join("%s AS k%d" % pair for pair in zip(keys, range(5))), sums, payable, ", ".join(keys))


def duckdb_peer(delivery, period, out, threads):
    import duckdb
    db = duckdb.connect()
    db.execute("SET threads = %d" % threads)
    db.execute("SET preserve_insertion_order = false")
    db.execute("SET temp_directory = '%s/spill'" % out)
    matches = lambda field, pattern: "regexp_matches(%s, '%s')" % (field, pattern)
    for name in ("treating", "insured"):
        table = "read_parquet('%s/%s/**/*.parquet')" % (delivery, name)
        db.execute("CREATE TEMP TABLE %s AS %s" % (name, sql_side(table, period, matches, "strftime(setl_time, '%Y-%m')")))
    db.execute("CREATE TEMP TABLE matched AS " + sql_matched())
    db.execute("COPY (SELECT * FROM matched WHERE class <> 'cleared' ORDER BY setl_id) TO '%s/breaks.parquet'" % out)
    db.execute("COPY (%s) TO '%s/positions.parquet'" % (sql_positions(), out))
    return dict(db.execute("SELECT class, count(*) FROM matched GROUP BY 1").fetchall())


def datafusion_peer(delivery, period, out, threads):
    from datafusion import SessionConfig, SessionContext
    context = SessionContext(SessionConfig().with_target_partitions(threads))
    matches = lambda field, pattern: "regexp_like(%s, '%s')" % (field, pattern)
    for name in ("treating", "insured"):
        context.register_parquet(name + "_files", os.path.join(delivery, name))
        side = sql_side(name + "_files", period, matches, "to_char(setl_time, '%Y-%m')")
        context.sql("CREATE TABLE %s AS %s" % (name, side)).collect()
    context.sql("CREATE TABLE matched AS " + sql_matched()).collect()
    context.sql("SELECT * FROM matched WHERE class <> 'cleared' ORDER BY setl_id").write_parquet(out + "/breaks")
    context.sql(sql_positions()).write_parquet(out + "/positions")
    counts = context.sql("SELECT class, count(*) AS n FROM matched GROUP BY class").to_pydict()
    return dict(zip(counts["class"], counts["n"]))


# --- Polars ---------------------------------------------------------------------------------------

def polars_side(pl, delivery, name, period):
    col, lit = pl.col, pl.lit
    care = pl.coalesce(*[pl.when(col("med_type").is_in(codes)).then(lit(klass)) for klass, codes in CARE.items()])
    rows = pl.scan_parquet(os.path.join(delivery, name, "**/*.parquet"))
    rows = rows.with_columns(care_class=care, cost_month=col("setl_time").dt.strftime("%Y-%m"))
    missing = pl.any_horizontal([col(f).fill_null("") == "" for f in REQUIRED] + [col("setl_time").is_null()]
                                + [col(f).is_null() for f in REQUIRED_AMOUNTS])
    zero = lambda f: col(f).fill_null(0)
    total = lambda fields: sum((zero(f) for f in fields[1:]), zero(fields[0]))
    codes = [~col(f).str.contains("^[0-9]{6}$") | ~col(f).str.slice(0, 2).is_in(PROVINCES)
             for f in ("insuplc_admdvs", "mdtrtarea_admvs")]
    signs = [pl.when(col("init_setl_id").is_null()).then(col(f) < 0).otherwise(col(f) > 0) for f in AMOUNTS]
    broken = [
        missing, *codes, col("insuplc_admdvs").str.slice(0, 2) == col("mdtrtarea_admvs").str.slice(0, 2),
        ~col("insutype").is_in(FUND_CODES), col("care_class").is_null(),
        (col("care_class") == "chronic") & ~col("dise_codg").fill_null("").is_in(CHRONIC),
        col("fund_pay_sumamt") != total(FUNDS),
        col("medfee_sumamt") != total(["fund_pay_sumamt", "acct_pay", "psn_cash_pay", "hosp_part_amt"]),
        *signs, col("cost_month") > period, ~col("fixmedins_code").str.contains(INSTITUTION),
        col("fulamt_advpay_flag") == "1", col("medfee_sumamt") != total(SCOPE),
        *[col(f).str.len_chars() > 40 for f in IDS], *[col(f).abs() >= TOO_LARGE for f in AMOUNTS + SCOPE],
    ]
    valid = rows.filter(~pl.any_horizontal([rule.fill_null(False) for rule in broken]))
    return valid.select("setl_id", *COMPARED, "care_class", copies=pl.len().over("setl_id"))


def polars_peer(delivery, period, out, threads):
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    import polars as pl
    col = pl.col
    treating, insured = (polars_side(pl, delivery, name, period) for name in ("treating", "insured"))
    joined = treating.join(insured, on="setl_id", how="full", coalesce=True, suffix="_i")
    differs = lambda fields: pl.any_horizontal([col(f).ne_missing(col(f + "_i")) for f in fields])
    klass = (pl.when((col("copies") > 1) | (col("copies_i") > 1)).then(pl.lit("repeated"))
             .when(col("copies_i").is_null()).then(pl.lit("missing_insured"))
             .when(col("copies").is_null()).then(pl.lit("missing_treating"))
             .when(differs(IDENTITY + ["cost_month"])).then(pl.lit("field_mismatch"))
             .when(differs(AMOUNTS)).then(pl.lit("amount_mismatch")).otherwise(pl.lit("cleared")))
    matched = joined.with_columns(klass.alias("class")).collect(engine="streaming")
    matched.lazy().filter(col("class") != "cleared").sort("setl_id").sink_parquet(out + "/breaks.parquet")
    keys = ["insuplc_admdvs", col("mdtrtarea_admvs").str.slice(0, 2), (col("insutype") == "310").alias("employee"),
            "care_class", "cost_month"]
    payable = sum((col(f) for f in FUNDS), col("acct_pay"))
    (matched.lazy().filter(col("class") == "cleared").group_by(keys)
     .agg(pl.len().alias("visits"), *[col(f).sum() for f in AMOUNTS], payable.sum().alias("payable"))
     .sort("insuplc_admdvs", "mdtrtarea_admvs", "employee", "care_class", "cost_month")
     .sink_parquet(out + "/positions.parquet"))
    counts = matched.group_by("class").len()
    return dict(counts.iter_rows())


PEERS = {"duckdb": duckdb_peer, "polars": polars_peer, "datafusion": datafusion_peer}


# --- The bench ------------------------------------------------------------------------------------

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


def timed(command, log):
    """Wall seconds, processor seconds, peak bytes of a process; None when it failed."""
    begin = time.monotonic()
    with open(log, "w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        return None
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def our_answer(book, period, python):
    """Counts of the classes that every contender knows, with those that decisions overrode."""
    code = ("import pyarrow.parquet as p, collections, json;"
            "read = lambda table, column: p.read_table('%s/%s/tables/' + table + '.parquet', columns=[column])[column].to_pylist();"
            "c = collections.Counter(read('breaks', 'class') + read('decisions', 'class_without'));"
            "print(json.dumps({k: c[k] for k in ('field_mismatch', 'amount_mismatch')}))" % (book, period))
    return json.loads(subprocess.run([python, "-c", code], check=True, stdout=subprocess.PIPE).stdout)


def bench(args):
    program, yardstick = build()
    python = environment()
    work = args.work or os.path.join(target(), "peers-work")
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    delivery = args.input
    if not delivery:
        subprocess.run([program, "synth", "--quiet", "--out", work + "/delivery", "--period", args.period, "--settlements",
                        str(args.settlements)], check=True, stdout=subprocess.DEVNULL)
        delivery = os.path.join(work, "delivery", args.period)
    files = [os.path.join(folder, name) for side in ("treating", "insured")
             for folder, _, names in os.walk(os.path.join(delivery, side)) for name in names if name.endswith(".parquet")]
    for path in files:  # All contenders find the files in the page cache.
        with open(path, "rb") as file:
            while file.read(1 << 24):
                pass
    peer = lambda name: [python, os.path.abspath(__file__), "--peer", name, "--input", delivery, "--period", args.period,
                         "--threads", str(args.threads), "--work", os.path.join(work, name)]
    commands = {
        "liangqing": [program, "run", "--quiet", "--period", args.period, "--input", delivery, "--book", work + "/book",
                      "--accept", "G04", "--threads", str(args.threads)],
        "bare decode": [yardstick, delivery, str(args.threads)],
        **{name: peer(name) for name in PEERS},
    }
    if args.only:
        commands = {name: commands[name] for name in commands if name in args.only.split(",") or name == "liangqing"}
    runs = {name: [] for name in commands}
    answers, failed = {}, set()
    for round_ in range(args.rounds):
        for name, command in commands.items():
            if name in failed:
                continue
            shutil.rmtree(work + "/book", ignore_errors=True)
            if name in PEERS:
                shutil.rmtree(os.path.join(work, name), ignore_errors=True)
                os.makedirs(os.path.join(work, name))
            os.sync()
            run = timed(command, os.path.join(work, name.replace(" ", "-") + ".log"))
            if run is None:
                failed.add(name)
                print("round %d  %-12s failed, see %s" % (round_ + 1, name, work), file=sys.stderr)
                continue
            runs[name].append(run)
            print("round %d  %-12s %7.2f s  %7.2f core s  %6.2f GB" % (round_ + 1, name, run[0], run[1], run[2] / 1e9), file=sys.stderr)
            if name == "liangqing":
                answers[name] = our_answer(work + "/book", args.period, python)
            elif name in PEERS:
                with open(os.path.join(work, name, "answer.json")) as file:
                    answers[name] = {k: v for k, v in json.load(file).items() if k in answers["liangqing"]}
    report = {"input_bytes": sum(map(os.path.getsize, files)), "files": len(files), "threads": args.threads,
              "rounds": args.rounds, "contenders": {}, "answers": answers,
              "agree": all(answer == answers["liangqing"] for answer in answers.values())}
    ours = statistics.median(run[0] for run in runs["liangqing"])
    print("%-12s %9s %9s %9s %14s" % ("", "wall s", "core s", "peak GB", "ours is"))
    for name, of_name in runs.items():
        if not of_name:
            print("%-12s %9s" % (name, "failed"))
            report["contenders"][name] = None
            continue
        wall, core, peak = (statistics.median(values) for values in zip(*of_name))
        ratio = statistics.median(a[0] / b[0] for a, b in zip(of_name, runs["liangqing"]))
        ratio_text = "%.2f × faster" % ratio if ratio > 1 else "%.2f × it" % (1 / ratio)
        print("%-12s %9.2f %9.2f %9.2f %14s" % (name, wall, core, peak / 1e9, "" if name == "liangqing" else ratio_text))
        report["contenders"][name] = {"wall_seconds": wall, "core_seconds": core, "peak_bytes": peak,
                                      "ratio_to_liangqing": ratio, "runs": of_name}
    print("answers %s: %s" % ("agree" if report["agree"] else "DIFFER", json.dumps(answers)))
    if args.json:
        with open(args.json, "w") as file:
            json.dump(report, file, indent=2)
    if not args.keep:
        shutil.rmtree(work, ignore_errors=True)
    return 0 if report["agree"] else 5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settlements", type=int, default=20_000_000)
    parser.add_argument("--input", help="a delivery folder in place of a synthetic month")
    parser.add_argument("--period", default="2025-10")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--only", help="contenders besides the program, separated by commas")
    parser.add_argument("--json", help="file for the report as JSON")
    parser.add_argument("--work", help="folder for everything that is made")
    parser.add_argument("--keep", action="store_true", help="keep what was made")
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.peer:
        counts = PEERS[args.peer](args.input, args.period, args.work, args.threads)
        with open(os.path.join(args.work, "answer.json"), "w") as file:
            json.dump(counts, file)
        return 0
    return bench(args)


if __name__ == "__main__":
    sys.exit(main())
