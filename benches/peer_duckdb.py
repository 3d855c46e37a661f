#!/usr/bin/env python3
"""DuckDB doing the work of a month-end run in SQL, to be timed against the program on the same files.

    python benches/peer_duckdb.py DELIVERY PERIOD OUT [--threads N] [--breaks BOOK/PERIOD/tables/breaks.parquet]

Reads every field of both sides, judges the row rules V01 to V15, finds duplicates and conflicts, joins
the two copies, compares 22 fields, classifies, writes breaks with both copies' values and positions as
Parquet. Open items, register, permits, decisions and reversals are left out, which is less work than the
program does. With --breaks the counts of the classes that both know are compared.
"""
import argparse
import os
import time

import duckdb

FUNDS = "hifp_pay cvlserv_pay hifes_pay hifmi_pay hifob_pay hifdm_pay maf_pay oth_pay".split()
AMOUNTS = ["medfee_sumamt", "fund_pay_sumamt", *FUNDS, "acct_pay", "psn_cash_pay", "hosp_part_amt"]
SCOPE = "fulamt_ownpay_amt overlmt_selfpay preselfpay_amt inscp_scp_amt".split()
IDENTITY = "psn_no insuplc_admdvs mdtrtarea_admvs fixmedins_code insutype med_type dise_codg init_setl_id".split()
COMPARED = IDENTITY + ["cost_month"] + AMOUNTS
PROVINCES = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 66".split()
CHRONIC = "M03900 M01600 M00500 M00503 M07801 M07803 M07804 M08300 M05300 M06900 M04600 M00200 M00201 M00202 M07200".split()


def listed(values):
    return "(" + ", ".join("'%s'" % v for v in values) + ")"


def broken(period):
    """One boolean a row rule."""
    required = "setl_id psn_no insuplc_admdvs mdtrtarea_admvs fixmedins_code insutype med_type".split()
    missing = " OR ".join("coalesce(%s, '') = ''" % f for f in required)
    missing += " OR setl_time IS NULL OR " + " OR ".join(
        "%s IS NULL" % f for f in "medfee_sumamt hifp_pay fund_pay_sumamt acct_pay psn_cash_pay".split())
    bad_code = " OR ".join("NOT regexp_full_match(%s, '[0-9]{6}') OR %s[1:2] NOT IN %s" % (f, f, listed(PROVINCES))
                           for f in ("insuplc_admdvs", "mdtrtarea_admvs"))
    sign = " OR ".join("CASE WHEN init_setl_id IS NULL THEN %s < 0 ELSE %s > 0 END" % (f, f) for f in AMOUNTS)
    rules = [
        missing, bad_code, "insuplc_admdvs[1:2] = mdtrtarea_admvs[1:2]",
        "insutype NOT IN ('310', '390', '380', '391')", "care_class IS NULL",
        "care_class = 'chronic' AND coalesce(dise_codg, '') NOT IN %s" % listed(CHRONIC),
        "fund_pay_sumamt <> " + " + ".join("coalesce(%s, 0)" % f for f in FUNDS),
        "medfee_sumamt <> fund_pay_sumamt + acct_pay + psn_cash_pay + coalesce(hosp_part_amt, 0)",
        sign, "cost_month > '%s'" % period, "NOT regexp_full_match(fixmedins_code, '[HP][0-9A-Za-z]{11}')",
        "fulamt_advpay_flag = '1'", "medfee_sumamt <> " + " + ".join(SCOPE),
        "length(setl_id) > 40 OR length(init_setl_id) > 40 OR length(psn_no) > 40 OR length(mdtrt_id) > 40",
        " OR ".join("abs(%s) >= 100000000000000" % f for f in AMOUNTS + SCOPE),
    ]
    return " OR ".join("coalesce(%s, false)" % r for r in rules)


def side(name, args):
    care = ("CASE WHEN med_type IN ('11', '12', '13') THEN 'outpatient' WHEN med_type IN ('14', '140104', '140201') "
            "THEN 'chronic' WHEN med_type IN ('21', '22', '23', '24', '28') THEN 'inpatient' WHEN med_type = '41' "
            "THEN 'pharmacy' END")
    month = "strftime(setl_time, '%Y-%m')"
    return """
    CREATE TEMP TABLE {name} AS
    WITH rows AS (
        SELECT *, {care} AS care_class, {month} AS cost_month
        FROM read_parquet('{input}/{name}/**/*.parquet')
    ), valid AS (SELECT * FROM rows WHERE NOT ({broken})),
    keyed AS (
        SELECT *, count(*) OVER (PARTITION BY setl_id) AS copies FROM valid
    )
    SELECT {fields}, care_class, copies FROM keyed
    """.format(name=name, care=care, month=month, input=args.delivery, broken=broken(args.period),
               fields=", ".join(["setl_id"] + COMPARED))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("delivery")
    parser.add_argument("period")
    parser.add_argument("out")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--breaks")
    args = parser.parse_args()
    os.makedirs(args.out, exist_ok=True)
    begin = time.monotonic()
    db = duckdb.connect()
    db.execute("SET threads = %d" % args.threads)
    db.execute("SET preserve_insertion_order = false")
    for name in ("treating", "insured"):
        db.execute(side(name, args))
    pairs = ", ".join("t.%s AS t_%s, i.%s AS i_%s" % (f, f, f, f) for f in COMPARED)
    differs = " OR ".join("t.%s IS DISTINCT FROM i.%s" % (f, f) for f in COMPARED)
    identity = " OR ".join("t.%s IS DISTINCT FROM i.%s" % (f, f) for f in IDENTITY + ["cost_month"])
    db.execute("""
    CREATE TEMP TABLE matched AS
    SELECT coalesce(t.setl_id, i.setl_id) AS setl_id, {pairs}, t.care_class,
        CASE WHEN t.copies > 1 OR i.copies > 1 THEN 'repeated'
             WHEN i.setl_id IS NULL THEN 'missing_insured' WHEN t.setl_id IS NULL THEN 'missing_treating'
             WHEN {identity} THEN 'field_mismatch' WHEN {differs} THEN 'amount_mismatch' ELSE 'cleared' END AS class
    FROM treating t FULL OUTER JOIN insured i ON t.setl_id = i.setl_id
    """.format(pairs=pairs, differs=differs, identity=identity))
    db.execute("COPY (SELECT * FROM matched WHERE class <> 'cleared' ORDER BY setl_id) TO '%s/breaks.parquet'" % args.out)
    payable = " + ".join("t_" + f for f in FUNDS + ["acct_pay"])
    sums = ", ".join("sum(t_%s) AS %s" % (f, f) for f in AMOUNTS)
    db.execute("""
    COPY (SELECT t_insuplc_admdvs, t_mdtrtarea_admvs[1:2] AS treating_province, t_insutype = '310' AS employee,
                 care_class, t_cost_month, count(*) AS visits, {sums}, sum({payable}) AS payable
          FROM matched WHERE class = 'cleared' GROUP BY ALL ORDER BY ALL) TO '{out}/positions.parquet'
    """.format(sums=sums, payable=payable, out=args.out))
    print("duckdb %s: %.1f s" % (duckdb.__version__, time.monotonic() - begin))
    if args.breaks:
        classes = "SELECT class, count(*) FROM %s WHERE class IN ('field_mismatch', 'amount_mismatch') GROUP BY 1 ORDER BY 1"
        ours = db.execute(classes % ("read_parquet('%s')" % args.breaks)).fetchall()
        theirs = db.execute(classes % "matched").fetchall()
        print("classes of the program %s, of DuckDB %s" % (ours, theirs))


if __name__ == "__main__":
    main()
