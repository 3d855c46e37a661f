#!/usr/bin/env python3
"""The peers' work in DuckDB, which spills by itself what does not fit the memory."""
import duckdb

import rules
from rules import KEPT, PAIR, RULED


class DuckDB(rules.Dialect):
    def division(self, field):
        return "%s GLOB '%s'" % (field, "[0-9]" * 6)

    def institution(self, field):
        return "%s GLOB '[HP]%s'" % (field, "[0-9A-Za-z]" * 11)

    def short(self, field):
        return "strlen(%s) <= 40 OR length(%s) <= 40" % (field, field)

    def none(self, amounts, side):
        return ("least(%s) >= 0" if side == "below" else "greatest(%s) <= 0") % ", ".join(amounts)

    def month_text(self, month):
        return "strftime(%s, '%%Y-%%m')" % month

    def row_hash(self):
        return "hash(%s)" % ", ".join(self.values())

    def turned_hash(self):
        return "xor(%s, %d::UBIGINT)" % (self.row_hash(), PAIR)


args = rules.arguments(__doc__)
sql = DuckDB()
db = duckdb.connect(config={"threads": args.threads, "preserve_insertion_order": False, "temp_directory": args.out + "/spill"})
valid = sql.valid(args.period)
files = lambda side: "(SELECT *, hash(setl_id) AS k FROM read_parquet('%s/%s/**/*.parquet'))" % (args.delivery, side)
db.execute("CREATE TABLE treating AS SELECT k, %s AS h, %s FROM %s WHERE %s" % (
    sql.row_hash(), ", ".join(KEPT), files("treating"), valid))
db.execute("""
    CREATE TABLE odd AS SELECT k FROM (
        SELECT k, h FROM treating UNION ALL SELECT k, {hash} AS h FROM {insured} WHERE {valid}
    ) GROUP BY k HAVING count(*) <> 2 OR bit_xor(h) <> {PAIR}
""".format(hash=sql.turned_hash(), insured=files("insured"), valid=valid, PAIR="%d::UBIGINT" % PAIR))
db.execute("CREATE TABLE few AS SELECT %s FROM %s SEMI JOIN odd USING (k)" % (", ".join(RULED), files("insured")))
db.execute("CREATE TABLE odd_treating AS " + sql.judged("(FROM treating SEMI JOIN odd USING (k))"))
db.execute("CREATE TABLE odd_insured AS " + sql.judged("(FROM few WHERE %s)" % valid))
db.execute("CREATE TABLE judged AS " + sql.judged_pairs("odd_treating", "odd_insured"))
db.execute("COPY (FROM judged WHERE class <> 'cleared' ORDER BY setl_id) TO '%s/breaks.parquet'" % args.out)
cleared = "(FROM odd_treating SEMI JOIN (FROM judged WHERE class = 'cleared') USING (setl_id) WHERE nth = 1)"
db.execute("COPY (%s) TO '%s/positions.parquet'" % (sql.positions("(FROM treating ANTI JOIN odd USING (k))", cleared), args.out))
