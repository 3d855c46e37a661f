#!/usr/bin/env python3
"""The peers' work in DataFusion.

Its SQL has no hash but cryptographic ones, so both hashes are functions defined here, worked out by Polars on the batches as
they come.
"""
import os

os.environ["POLARS_MAX_THREADS"] = "1"  # DataFusion's own threads call it.
import polars as pl  # noqa: E402
import pyarrow as pa  # noqa: E402
from datafusion import RuntimeEnvBuilder, SessionConfig, SessionContext, udf  # noqa: E402

import rules  # noqa: E402
from rules import AMOUNTS, KEPT, PAIR, RULED, SIDES  # noqa: E402

args = rules.arguments(__doc__)


class DataFusion(rules.Dialect):
    def division(self, field):
        return "regexp_like(%s, '%s')" % (field, rules.DIVISION)

    def institution(self, field):
        return "regexp_like(%s, '%s')" % (field, rules.INSTITUTION)

    def short(self, field):
        return "octet_length({0}) <= 40 OR character_length({0}) <= 40".format(field)

    def none(self, amounts, side):
        return " AND ".join("coalesce(%s, 0) %s 0" % (field, ">=" if side == "below" else "<=") for field in amounts)

    def month_text(self, month):
        return "to_char(%s, '%%Y-%%m')" % month

    def hash(self, values):
        return "row_hash(%s)" % ", ".join(values)

    def turned_hash(self):
        return self.row_hash().replace("row_hash", "turned_hash")


def hashed(turn=0):
    """A function: the hashes of all its columns, each with a seed of its own, added up."""
    def of(*columns):
        frame = pl.DataFrame([pl.Series(str(at), pl.from_arrow(column)) for at, column in enumerate(columns)])
        return frame.select(sum(pl.col(str(at)).hash(at) for at in range(len(columns))) ^ turn).to_series().to_arrow()
    return of


sql = DataFusion()
context = SessionContext(SessionConfig({"datafusion.execution.parquet.schema_force_view_types":"false"}).with_target_partitions(args.threads),
                         RuntimeEnvBuilder().with_disk_manager_os().with_unbounded_memory_pool())
types = [pa.string()] * 9 + [pa.timestamp("us"), pa.decimal128(18, 2)] + [pa.decimal128(16, 2)] * (len(AMOUNTS) - 1)
for name, values, turn in [("key_hash", types[:1], 0), ("row_hash", types, 0), ("turned_hash", types, PAIR)]:
    context.register_udf(udf(hashed(turn), values, pa.uint64(), "immutable", name))
query = lambda text: context.sql(text).collect()
make = lambda table, select: query("CREATE TABLE %s AS %s" % (table, select))
valid = sql.valid(args.period)
for side in SIDES:
    context.register_parquet(side + "_files", os.path.join(args.delivery, side))
files = lambda side: "(SELECT *, key_hash(setl_id) AS k FROM %s_files)" % side
make("treating", "SELECT k, %s AS h, %s FROM %s AS files WHERE %s" % (sql.row_hash(), ", ".join(KEPT), files("treating"), valid))
make("odd", """
    SELECT k FROM (SELECT k, h FROM treating UNION ALL SELECT k, {hash} AS h FROM {insured} AS files WHERE {valid}) AS hashes
    GROUP BY k HAVING count(*) <> 2 OR bit_xor(h) <> {PAIR}
""".format(hash=sql.turned_hash(), insured=files("insured"), valid=valid, PAIR="CAST(%d AS BIGINT UNSIGNED)" % PAIR))
make("few", "SELECT %s FROM %s AS files LEFT SEMI JOIN odd ON files.k = odd.k" % (", ".join(RULED), files("insured")))
make("odd_treating", sql.judged("(SELECT treating.* FROM treating LEFT SEMI JOIN odd ON treating.k = odd.k)"))
make("odd_insured", sql.judged("(SELECT * FROM few WHERE %s)" % valid))
make("judged", sql.judged_pairs("odd_treating", "odd_insured"))
write = lambda name, select: query("COPY (%s) TO '%s/%s.parquet' STORED AS PARQUET" % (select, args.out, name))
write("breaks", "SELECT * FROM judged WHERE class <> 'cleared' ORDER BY setl_id")
cleared = "(SELECT * FROM odd_treating WHERE nth = 1 AND setl_id IN (SELECT setl_id FROM judged WHERE class = 'cleared'))"
write("positions", sql.positions("(SELECT treating.* FROM treating LEFT ANTI JOIN odd ON treating.k = odd.k)", cleared))
