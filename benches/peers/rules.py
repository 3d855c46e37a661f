"""The work that every peer does, as names, lists and SQL: row rules, the row's hash, odd keys, classes, positions.

The lists are those of the built-in rules for months of 2025. The files are as `synth` writes them: fields have their usual
names, amounts are DECIMAL(16,2), medfee_sumamt is DECIMAL(18,2), times are without zone.

The idea is the same in every engine:

1. One pass over each side judges the rows and makes two hashes: k of setl_id, and h of setl_id and the 22 compared fields.
   The treating side's valid rows stay in memory, as positions and breaks need their values; of the insured side nothing stays
   (`late`), or its rows stay, too (`keep`).
2. One GROUP BY k over both sides names the odd keys, those that are not two rows with equal h, one a side: 0.2 % of all.
3. The values of the odd keys come by a semi join; `late` reads the insured side's files again. Repeated rows, classes and breaks with both copies' values are worked out on a few thousand rows.
4. Positions are the sums of the treating rows without the odd ones, and of the odd ones that clear after all.
"""
import argparse
import os
import shutil

FUNDS = "hifp_pay cvlserv_pay hifes_pay hifmi_pay hifob_pay hifdm_pay maf_pay oth_pay".split()
AMOUNTS = ["medfee_sumamt", "fund_pay_sumamt", *FUNDS, "acct_pay", "psn_cash_pay", "hosp_part_amt"]
PAYABLE = [*FUNDS, "acct_pay"]
SCOPE = "fulamt_ownpay_amt overlmt_selfpay preselfpay_amt inscp_scp_amt".split()
REQUIRED_AMOUNTS = "medfee_sumamt hifp_pay fund_pay_sumamt acct_pay psn_cash_pay".split()
REQUIRED = "setl_id psn_no insuplc_admdvs mdtrtarea_admvs fixmedins_code insutype med_type".split()
IDENTITY = "psn_no insuplc_admdvs mdtrtarea_admvs fixmedins_code insutype med_type dise_codg init_setl_id".split()
IDS = "setl_id init_setl_id psn_no mdtrt_id".split()
VALUES = [*IDENTITY, "cost_month", *AMOUNTS]
KEPT = ["setl_id", "setl_time", *IDENTITY, *AMOUNTS]
RULED = [*KEPT, "mdtrt_id", "fulamt_advpay_flag", *SCOPE]
PLACE = ["insuplc_admdvs", "treating_province", "fund_class", "care_class", "cost_month"]
PROVINCES = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 66".split()
CHRONIC = "M03900 M01600 M00500 M00503 M07801 M07803 M07804 M08300 M05300 M06900 M04600 M00200 M00201 M00202 M07200".split()
INSURANCE = {"employee": ["310"], "resident": ["390", "380", "391"]}
CARE = {"outpatient": ["11", "12", "13"], "chronic": ["14", "140104", "140201"],
        "inpatient": ["21", "22", "23", "24", "28"], "pharmacy": ["41"]}
INSTITUTION = "^[HP][0-9A-Za-z]{11}$"
DIVISION = "^[0-9]{6}$"
LARGEST = 10 ** 16 - 1  # fen
SIDES = ("treating", "insured")
# The XOR of the two hashes of a pair: those of the insured side are turned by it, so that two rows of one side are no pair.
PAIR = 0x5bd1e9955bd1e995


def arguments(doc, ways=("late",)):
    """The arguments of a peer. `keep` leaves the insured side's rows in memory, too."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("delivery")
    parser.add_argument("period")
    parser.add_argument("out", help="folder for breaks and positions")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--way", choices=ways, default=ways[0])
    args = parser.parse_args()
    shutil.rmtree(args.out, ignore_errors=True)
    os.makedirs(args.out)
    return args


def month_after(period):
    """The first day of the month after a period."""
    year, month = map(int, period.split("-"))
    return "%04d-%02d-01" % (year + month // 12, month % 12 + 1)


def listed(values):
    return "(" + ", ".join("'%s'" % value for value in values) + ")"


def named(field, names):
    """SQL: the name of the list that has the value of a field."""
    return "CASE " + " ".join("WHEN %s IN %s THEN '%s'" % (field, listed(of), name) for name, of in names.items()) + " END"


class Dialect:
    """SQL; engines change what they word in another way or can do quicker."""

    def division(self, field):
        return "regexp_like(%s, '%s')" % (field, DIVISION)

    def institution(self, field):
        return "regexp_like(%s, '%s')" % (field, INSTITUTION)

    def short(self, field):
        return "octet_length({0}) <= 40 OR character_length({0}) <= 40".format(field)

    def first(self, field, digits):
        return "substr(%s, 1, %d)" % (field, digits)

    def month(self, time):
        return "date_trunc('month', %s)" % time

    def month_text(self, month):
        return "to_char(%s, '%%Y-%%m')" % month

    def before(self, day):
        return "setl_time < TIMESTAMP '%s 00:00:00'" % day

    def province(self, field):
        return "CASE WHEN %s LIKE '6590%%' THEN '66' ELSE %s END" % (field, self.first(field, 2))

    def none(self, amounts, side):
        """No amount is below 0, or none is above it; null is 0."""
        return " AND ".join("coalesce(%s, 0) %s 0" % (field, ">=" if side == "below" else "<=") for field in amounts)

    def valid(self, period):
        """The row rules V01 to V15: what holds for valid rows, and for no other."""
        insured, treating = "insuplc_admdvs", "mdtrtarea_admvs"
        zero = lambda field: field if field in REQUIRED_AMOUNTS else "coalesce(%s, 0)" % field
        total = lambda fields: " + ".join(map(zero, fields))
        cares = [code for codes in CARE.values() for code in codes]
        funds = [code for codes in INSURANCE.values() for code in codes]
        rules = [
            # V01; all else may count on values.
            *("%s <> ''" % field for field in REQUIRED),
            *("%s IS NOT NULL" % field for field in ["setl_time", *REQUIRED_AMOUNTS]),
            # V02, V03
            *(rule for field in (insured, treating)
              for rule in (self.division(field), "%s IN %s" % (self.first(field, 2), listed(PROVINCES)))),
            "%s <> %s" % (self.province(insured), self.province(treating)),
            # V04, V05, V06
            "insutype IN %s" % listed(funds),
            "med_type IN %s" % listed(cares),
            "med_type NOT IN %s OR coalesce(dise_codg, '') IN %s" % (listed(CARE["chronic"]), listed(CHRONIC)),
            # V07, V08, V09
            "fund_pay_sumamt = " + total(FUNDS),
            "medfee_sumamt = " + total(["fund_pay_sumamt", "acct_pay", "psn_cash_pay", "hosp_part_amt"]),
            "(coalesce(init_setl_id, '') = '' AND %s) OR (init_setl_id <> '' AND %s)" % (
                self.none(AMOUNTS, "below"), self.none(AMOUNTS, "above")),
            # V10, V11, V12, V13, V14, V15
            self.before(month_after(period)),
            self.institution("fixmedins_code"),
            "coalesce(fulamt_advpay_flag, '') <> '1'",
            "coalesce(medfee_sumamt = %s, true)" % " + ".join(SCOPE),
            *(self.short(field) if field in REQUIRED else "%s IS NULL OR %s" % (field, self.short(field)) for field in IDS),
            "abs(medfee_sumamt) < %d" % (LARGEST // 100 + 1),
        ]
        return " AND ".join("(%s)" % rule for rule in rules)

    def values(self):
        """What h is made of. Empty texts and nulls, which are equal, may differ here: that makes their keys odd, and no more."""
        return ["setl_id", *IDENTITY, self.month("setl_time"), *AMOUNTS]

    def row_hash(self):
        """h."""
        return "row_hash(%s)" % ", ".join(self.values())

    def turned_hash(self):
        """h of the insured side: two rows of one side are no pair."""
        return "turned_hash(%s)" % ", ".join(self.values())

    def place(self):
        """What positions are grouped by, as is cheapest."""
        return ["insuplc_admdvs", self.province("mdtrtarea_admvs"), "insutype = '310'", named("med_type", CARE), self.month("setl_time")]

    def worded(self):
        """The place of a position as the table has it, from `place0`, `place1` …"""
        return ["place0", "place1", "CASE WHEN place2 THEN 'employee' ELSE 'resident' END", "place3", self.month_text("place4")]

    def positions(self, plain, odd):
        """Sums by position of plain rows and of odd ones that clear."""
        columns = ["%s AS place%d" % (of, at) for at, of in enumerate(self.place())] + ["init_setl_id", *AMOUNTS]
        return """
            SELECT {worded}, CAST(visits AS BIGINT) AS visits, {amounts}, {payable} AS payable
            FROM (SELECT place0, place1, place2, place3, place4,
                      sum(CASE WHEN coalesce(init_setl_id, '') = '' THEN 1 ELSE -1 END) AS visits, {sums}
                  FROM (SELECT {columns} FROM {plain} UNION ALL SELECT {columns} FROM {odd}) AS cleared
                  GROUP BY place0, place1, place2, place3, place4) AS added
            ORDER BY place0, place1, place2, place3, place4
        """.format(worded=", ".join("%s AS %s" % pair for pair in zip(self.worded(), PLACE)),
                   amounts=", ".join("s_{0} AS {0}".format(field) for field in AMOUNTS),
                   payable=" + ".join("s_" + field for field in PAYABLE),
                   sums=", ".join("coalesce(sum({0}), 0) AS s_{0}".format(field) for field in AMOUNTS),
                   columns=", ".join(columns), plain=plain, odd=odd)

    def same(self, fields):
        """A text that is equal exactly when the values of all fields are."""
        return "concat_ws('\x1f', %s)" % ", ".join(fields)

    def judged(self, rows):
        """Odd rows of a side, normalised, with how they stand among the rows of their key."""
        values = ["setl_id", "setl_time", *("coalesce({0}, '') AS {0}".format(field) for field in IDENTITY),
                  self.month_text(self.month("setl_time")) + " AS cost_month",
                  *("coalesce({0}, 0) AS {0}".format(field) for field in AMOUNTS)]
        texts = lambda fields: ["CAST(%s AS VARCHAR)" % field for field in fields]
        return """
            SELECT *, row_number() OVER (PARTITION BY setl_id ORDER BY identity, amounts) AS nth,
                min(concat(identity, '|', amounts)) OVER (PARTITION BY setl_id)
                    <> max(concat(identity, '|', amounts)) OVER (PARTITION BY setl_id) AS conflict
            FROM (SELECT *, {identity} AS identity, {amounts} AS amounts FROM (SELECT {values} FROM {rows}) AS whole) AS texts
        """.format(identity=self.same([*IDENTITY, "cost_month"]), amounts=self.same(texts(AMOUNTS)), values=", ".join(values), rows=rows)

    def judged_pairs(self, treating, insured):
        """Classes of odd keys, with the values of both copies; `cleared` among them."""
        both = ", ".join("%s.%s AS %s_%s" % (side, field, side, field) for side in "ti" for field in ["setl_time", *VALUES])
        one = lambda side: ", ".join("%s AS %s_%s" % (field if of == side else "NULL", of, field) for of in "ti"
                                     for field in ["setl_time", *VALUES])
        return """
            SELECT coalesce(t.setl_id, i.setl_id) AS setl_id,
                CASE WHEN i.setl_id IS NULL THEN 'missing_insured' WHEN t.setl_id IS NULL THEN 'missing_treating'
                     WHEN t.identity <> i.identity THEN 'field_mismatch' WHEN t.amounts <> i.amounts THEN 'amount_mismatch'
                     ELSE 'cleared' END AS class,
                CASE WHEN i.setl_id IS NULL THEN 'treating' WHEN t.setl_id IS NULL THEN 'insured' ELSE 'both' END AS side, {both}
            FROM (SELECT * FROM {t} WHERE nth = 1 AND NOT conflict) AS t
            FULL JOIN (SELECT * FROM {i} WHERE nth = 1 AND NOT conflict) AS i ON t.setl_id = i.setl_id
            UNION ALL SELECT setl_id, CASE WHEN conflict THEN 'conflict' ELSE 'duplicate' END, 'treating', {t_alone}
            FROM {t} WHERE conflict OR nth > 1
            UNION ALL SELECT setl_id, CASE WHEN conflict THEN 'conflict' ELSE 'duplicate' END, 'insured', {i_alone}
            FROM {i} WHERE conflict OR nth > 1
        """.format(both=both, t=treating, i=insured, t_alone=one("t"), i_alone=one("i"))
