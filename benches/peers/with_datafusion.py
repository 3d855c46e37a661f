#!/usr/bin/env python3
"""The peers' work in DataFusion.

Its SQL has no hash but cryptographic ones, so both hashes are functions defined here, worked out by Polars on the batches as
they come.
"""
import os

os.environ["POLARS_MAX_THREADS"] = "1"  # DataFusion's own threads call it.
import polars as pl  # noqa: E402
import pyarrow as pa  # noqa: E402
from datafusion import SessionConfig, SessionContext, udf  # noqa: E402

import rules  # noqa: E402
from rules import AMOUNTS, KEPT, PAIR, RULED, SIDES  # noqa: E402

args = rules.arguments(__doc__, ["keep", "late"])


def hashed(turn):
    """A function: the hashes of all its columns, each with a seed of its own, added up, and turned."""
    def of(*columns):
        hashes = [pl.Series(pl.from_arrow(column)).hash(seed) for seed, column in enumerate(columns)]
        return (sum(hashes[1:], hashes[0]) ^ pl.Series([turn], dtype=pl.UInt64)).to_arrow()
    return of


sql = rules.Dialect()
context = SessionContext(SessionConfig().with_target_partitions(args.threads))
types = [pa.string_view()] * 9 + [pa.timestamp("us"), pa.decimal128(18, 2)] + [pa.decimal128(16, 2)] * (len(AMOUNTS) - 1)
for name, values, turn in [("key_hash", types[:1], 0), ("row_hash", types, 0), ("turned_hash", types, PAIR)]:
    context.register_udf(udf(hashed(turn), values, pa.uint64(), "immutable", name))
query = lambda text: context.sql(text).collect()
make = lambda table, select: query("CREATE TABLE %s AS %s" % (table, select))
valid = sql.valid(args.period)
for side in SIDES:
    context.register_parquet(side + "_files", os.path.join(args.delivery, side))
kept = lambda side, hashed: "SELECT key_hash(setl_id) AS k, %s AS h, %s FROM %s_files WHERE %s" % (hashed, ", ".join(KEPT), side, valid)
make("treating", kept("treating", sql.row_hash()))
query("CREATE %s insured AS %s" % ("TABLE" if args.way == "keep" else "VIEW", kept("insured", sql.turned_hash())))
make("odd", """
    SELECT k FROM (SELECT k, h FROM treating UNION ALL SELECT k, h FROM insured) AS hashes
    GROUP BY k HAVING count(*) <> 2 OR bit_xor(h) <> CAST(%d AS BIGINT UNSIGNED)
""" % PAIR)
few = "(SELECT insured.* FROM insured LEFT SEMI JOIN odd ON insured.k = odd.k)"
if args.way == "late":  # The rules are judged for the odd keys' rows alone.
    make("few", "SELECT %s FROM insured_files LEFT SEMI JOIN odd ON key_hash(setl_id) = odd.k" % ", ".join(RULED))
    few = "(SELECT * FROM few WHERE %s)" % valid
make("odd_treating", sql.judged("(SELECT treating.* FROM treating LEFT SEMI JOIN odd ON treating.k = odd.k)"))
make("odd_insured", sql.judged(few))
make("judged", sql.judged_pairs("odd_treating", "odd_insured"))
write = lambda name, select: query("COPY (%s) TO '%s/%s.parquet' STORED AS PARQUET" % (select, args.out, name))
write("breaks", "SELECT * FROM judged WHERE class <> 'cleared' ORDER BY setl_id")
cleared = "(SELECT * FROM odd_treating WHERE nth = 1 AND setl_id IN (SELECT setl_id FROM judged WHERE class = 'cleared'))"
write("positions", sql.positions("(SELECT treating.* FROM treating LEFT ANTI JOIN odd ON treating.k = odd.k)", cleared))
