#!/usr/bin/env python3
"""The peers' work in Polars, by its streaming engine.

Amounts are read as whole fen: 64 bits are quicker than decimals of 128.
"""
import os
from datetime import date

import rules
from rules import (AMOUNTS, CARE, CHRONIC, DIVISION, FUNDS, IDENTITY, IDS, INSTITUTION, INSURANCE, KEPT, LARGEST, PAIR, PAYABLE,
                   PLACE, PROVINCES, REQUIRED, REQUIRED_AMOUNTS, RULED, SCOPE, VALUES)

args = rules.arguments(__doc__)
os.environ["POLARS_MAX_THREADS"] = str(args.threads)
import polars as pl  # noqa: E402  It reads the number of threads once.

col, lit, every = pl.col, pl.lit, pl.all_horizontal
zero = lambda field: col(field) if field in REQUIRED_AMOUNTS else col(field).fill_null(0)
empty = lambda field: col(field).fill_null("")
total = lambda fields: sum(map(zero, fields[1:]), zero(fields[0]))
province = lambda field: pl.when(col(field).str.starts_with("6590")).then(lit("66")).otherwise(col(field).str.slice(0, 2))
one_of = lambda field, lists: col(field).is_in([code for codes in lists.values() for code in codes])
short = lambda field: (col(field).str.len_bytes() <= 40) | (col(field).str.len_chars() <= 40)
named = lambda field, names: pl.coalesce(*(pl.when(col(field).is_in(of)).then(lit(name)) for name, of in names.items()))
run = lambda frame: frame.collect(engine="streaming")


def files(side):
    """All rows of a side, with the key's hash."""
    rows = pl.scan_parquet(os.path.join(args.delivery, side, "**/*.parquet"))
    return rows.with_columns(*(col(field).to_physical().cast(pl.Int64) for field in AMOUNTS + SCOPE), k=col("setl_id").hash())


def valid():
    """The row rules V01 to V15."""
    insured, treating = "insuplc_admdvs", "mdtrtarea_admvs"
    return every(rule.fill_null(False) for rule in [
        *(col(field) != "" for field in REQUIRED),
        *(col(field).is_not_null() for field in ["setl_time", *REQUIRED_AMOUNTS]),
        *(rule for field in (insured, treating)
          for rule in (col(field).str.contains(DIVISION), col(field).str.slice(0, 2).is_in(PROVINCES))),
        province(insured) != province(treating),
        one_of("insutype", INSURANCE),
        one_of("med_type", CARE),
        ~col("med_type").is_in(CARE["chronic"]) | empty("dise_codg").is_in(CHRONIC),
        col("fund_pay_sumamt") == total(FUNDS),
        col("medfee_sumamt") == total(["fund_pay_sumamt", "acct_pay", "psn_cash_pay", "hosp_part_amt"]),
        pl.when(empty("init_setl_id") == "").then(every(zero(field) >= 0 for field in AMOUNTS))
        .otherwise(every(zero(field) <= 0 for field in AMOUNTS)),
        col("setl_time") < date.fromisoformat(rules.month_after(args.period)),
        col("fixmedins_code").str.contains(INSTITUTION),
        empty("fulamt_advpay_flag") != "1",
        (col("medfee_sumamt") == sum(map(col, SCOPE[1:]), col(SCOPE[0]))).fill_null(True),
        *(short(field).fill_null(True) for field in IDS),
        col("medfee_sumamt").abs() <= LARGEST,
    ])


def row_hash():
    """h: hashes of all compared values, each with a seed of its own, added up; a hash of structs takes twice as long."""
    values = [col("setl_id"), *map(empty, IDENTITY), col("setl_time").dt.truncate("1mo"), *map(zero, AMOUNTS)]
    return sum((value.hash(seed) for seed, value in enumerate(values[1:], 1)), values[0].hash(len(values)))


def judged(rows):
    """Odd rows of a side, normalised, with how they stand among the rows of their key."""
    rows = rows.with_columns(*map(empty, IDENTITY), *map(zero, AMOUNTS), cost_month=col("setl_time").dt.strftime("%Y-%m"))
    return run(rows.with_columns(nth=pl.int_range(pl.len()).over("setl_id"),
                                 conflict=pl.any_horizontal((col(field).n_unique() > 1).over("setl_id") for field in VALUES)))


def classes(treating, insured):
    """The class of each odd key, or row of it, with the values of both copies."""
    values = ["setl_time", *VALUES]
    side = lambda rows, name: rows.select("setl_id", *(col(field).alias("%s_%s" % (name, field)) for field in values))
    kept = lambda rows: rows.filter(~col("conflict") & (col("nth") == 0))
    left = lambda rows, name: side(rows, name[0]).with_columns(
        pl.when(rows["conflict"]).then(lit("conflict")).otherwise(lit("duplicate")).alias("class"), side=lit(name)
    ).filter(rows["conflict"] | (rows["nth"] > 0))
    pairs = side(kept(treating), "t").join(side(kept(insured), "i"), on="setl_id", how="full", coalesce=True)
    differ = lambda fields: pl.any_horizontal(col("t_" + field) != col("i_" + field) for field in fields)
    no_t, no_i = col("t_setl_time").is_null(), col("i_setl_time").is_null()
    pairs = pairs.with_columns(
        pl.when(no_i).then(lit("missing_insured")).when(no_t).then(lit("missing_treating"))
        .when(differ([*IDENTITY, "cost_month"])).then(lit("field_mismatch")).when(differ(AMOUNTS)).then(lit("amount_mismatch"))
        .otherwise(lit("cleared")).alias("class"),
        side=pl.when(no_i).then(lit("treating")).when(no_t).then(lit("insured")).otherwise(lit("both")))
    return pl.concat([pairs, left(treating, "treating"), left(insured, "insured")], how="diagonal")


def yuan(columns):
    """Whole fen as decimals."""
    return (col(column).cast(pl.Decimal(38, 2)) / 100 for column in columns)


def positions(rows):
    """Sums by position."""
    visits = pl.when(empty("init_setl_id") == "").then(1).otherwise(-1)
    places = [col("insuplc_admdvs"), province("mdtrtarea_admvs").alias("treating_province"),
              (col("insutype") == "310").alias("fund_class"), named("med_type", CARE).alias("care_class"),
              col("setl_time").dt.truncate("1mo").alias("cost_month")]
    added = rows.group_by(places).agg(visits.sum().alias("visits"), *(col(field).sum() for field in AMOUNTS))
    return added.with_columns(
        pl.when("fund_class").then(lit("employee")).otherwise(lit("resident")).alias("fund_class"),
        col("cost_month").dt.strftime("%Y-%m"), payable=total(PAYABLE)
    ).with_columns(*yuan([*AMOUNTS, "payable"])).sort(PLACE)


treating = run(files("treating").filter(valid()).select("k", *KEPT, h=row_hash())).lazy()
insured = files("insured").filter(valid()).select("k", h=row_hash() ^ lit(PAIR, pl.UInt64))
odd = run(pl.concat([treating.select("k", "h"), insured]).group_by("k").agg(n=pl.len(), x=col("h").bitwise_xor())
          .filter((col("n") != 2) | (col("x") != PAIR)).select("k")).lazy()
odd_treating = judged(treating.join(odd, on="k", how="semi"))
odd_insured = judged(run(files("insured").select("k", *RULED).join(odd, on="k", how="semi")).lazy().filter(valid()))
found = classes(odd_treating, odd_insured)
amounts = ["%s_%s" % (side, field) for side in "ti" for field in AMOUNTS]
found.filter(col("class") != "cleared").with_columns(*yuan(amounts)).sort("setl_id").write_parquet(args.out + "/breaks.parquet")
cleared = odd_treating.filter(col("nth") == 0).join(found.filter(col("class") == "cleared"), on="setl_id", how="semi")
plain = treating.join(odd, on="k", how="anti").select(KEPT)
run(positions(pl.concat([plain, cleared.lazy().select(KEPT)]))).write_parquet(args.out + "/positions.parquet")
