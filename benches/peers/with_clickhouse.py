#!/usr/bin/env python3
"""The peers' work in ClickHouse, in this process (chdb)."""
from chdb import session

import rules
from rules import AMOUNTS, CARE, KEPT, PAIR, RULED, listed

args = rules.arguments(__doc__, ["keep", "late"])


class ClickHouse(rules.Dialect):
    def division(self, field):
        return "match(%s, '%s')" % (field, rules.DIVISION)

    def institution(self, field):
        return "match(%s, '%s')" % (field, rules.INSTITUTION)

    def short(self, field):
        return "length(%s) <= 40 OR lengthUTF8(%s) <= 40" % (field, field)

    def first(self, field, digits):
        return "left(%s, %d)" % (field, digits)

    def month(self, time):
        return "toYYYYMM(%s)" % time

    def month_text(self, month):
        return "concat(toString(intDiv({0}, 100)), '-', leftPad(toString({0} % 100), 2, '0'))".format(month)

    def before(self, day):
        return "setl_time < toDateTime64('%s 00:00:00', 6, 'UTC')" % day

    def row_hash(self):
        empty = {"dise_codg": "''", "init_setl_id": "''", **{field: "0" for field in AMOUNTS}}
        return "cityHash64(%s)" % ", ".join("coalesce(%s, %s)" % (v, empty[v]) if v in empty else v for v in self.values())

    def turned_hash(self):
        return "bitXor(%s, %d)" % (self.row_hash(), PAIR)

    def place(self):
        """Whole numbers: keys of one length are what ClickHouse groups by quickest."""
        care = "multiIf(%s, 0)" % ", ".join("med_type IN %s, %d" % (listed(of), at) for at, of in enumerate(CARE.values(), 1))
        return ["toUInt32(insuplc_admdvs)", "toUInt8(%s)" % self.province("mdtrtarea_admvs"), "insutype = '310'", care,
                self.month("setl_time")]

    def worded(self):
        care = "transform(place3, %s, %s, '')" % (list(range(1, len(CARE) + 1)), list(CARE))
        return ["leftPad(toString(place0), 6, '0')", "toString(place1)", *super().worded()[2:3], care, self.month_text("place4")]


sql = ClickHouse()
chdb = session.Session(args.out + "/clickhouse")
SETTINGS = ("max_threads = {0}, max_insert_threads = {0}, join_use_nulls = 1, "
            "schema_inference_make_columns_nullable = 'auto', schema_inference_mode = 'union'").format(args.threads)


def query(text):
    chdb.query("%s SETTINGS %s" % (text, SETTINGS))


query("CREATE DATABASE work")
chdb.query("USE work")
make = lambda table, select: query("CREATE TABLE %s ENGINE = Memory AS %s" % (table, select))
files = lambda side: "(SELECT *, cityHash64(setl_id) AS k FROM file('%s/%s/**.parquet', Parquet))" % (args.delivery, side)
valid = sql.valid(args.period)
kept = lambda side, hashed: "SELECT k, %s AS h, %s FROM %s WHERE %s" % (hashed, ", ".join(KEPT), files(side), valid)
make("treating", kept("treating", sql.row_hash()))
insured = "TABLE insured ENGINE = Memory" if args.way == "keep" else "VIEW insured"
query("CREATE %s AS %s" % (insured, kept("insured", sql.turned_hash())))
make("odd", """
    SELECT k FROM (SELECT k, h FROM treating UNION ALL SELECT k, h FROM insured)
    GROUP BY k HAVING count() <> 2 OR groupBitXor(h) <> %d
""" % PAIR)
few = "(SELECT * FROM insured WHERE k IN (SELECT k FROM odd))"
if args.way == "late":  # The rules are judged for the odd keys' rows alone.
    make("few", "SELECT %s FROM %s WHERE k IN (SELECT k FROM odd)" % (", ".join(RULED), files("insured")))
    few = "(SELECT * FROM few WHERE %s)" % valid
make("odd_treating", sql.judged("(SELECT * FROM treating WHERE k IN (SELECT k FROM odd))"))
make("odd_insured", sql.judged(few))
make("judged", sql.judged_pairs("odd_treating", "odd_insured"))
write = lambda name, select: query("INSERT INTO FUNCTION file('%s/%s.parquet', Parquet) %s" % (args.out, name, select))
write("breaks", "SELECT * FROM judged WHERE class <> 'cleared' ORDER BY setl_id")
cleared = "(SELECT * FROM odd_treating WHERE nth = 1 AND setl_id IN (SELECT setl_id FROM judged WHERE class = 'cleared'))"
write("positions", sql.positions("(SELECT * FROM treating WHERE k NOT IN (SELECT k FROM odd))", cleared))
