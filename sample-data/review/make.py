#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the files of this sample from cases.py.

    python make.py            write YYYY-MM/, text/, filings.csv, registry.csv and expected.csv
    python make.py --check    write nothing; exit 1 when a file is not what cases.py says
    python make.py LEADS      compare the leads of `liangqing review` in a folder with expected.csv

The versions in ../requirements.txt give the same bytes every time.
"""
import decimal
import pathlib
import sys

import pyarrow.parquet as pq

import cases

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))
from sample_files import parquet_of, text_of, write_or_check

RECORD = ("setl_id mdtrt_id init_setl_id psn_no insuplc_admdvs mdtrtarea_admvs fixmedins_code insutype med_type "
          "dise_codg begndate enddate setl_time refd_setl_flag fulamt_advpay_flag medfee_sumamt fund_pay_sumamt "
          "hifp_pay acct_pay psn_cash_pay inscp_scp_amt").split()
MORE = "hosp_lv psn_type dedc_std act_pay_dedc mdtrt_cert_type mdtrt_cert_no".split()


def rows():
    """Whole rows: the basic fund is all of the fund, cash is the rest, all of the cost is in scope."""
    for row in cases.SETTLEMENTS:
        cost, fund, account = (decimal.Decimal(row[n]) for n in ("medfee_sumamt", "hifp_pay", "acct_pay"))
        yield dict(row, mdtrt_id="V" + row["setl_id"], fund_pay_sumamt=row["hifp_pay"],
                   psn_cash_pay=str(cost - fund - account), inscp_scp_amt=row["medfee_sumamt"])


def files():
    """Every file by its path, with its bytes."""
    made, totals = {}, {}
    for side, header, by in (("treating", RECORD + MORE, "mdtrtarea_admvs"), ("insured", RECORD, "insuplc_admdvs")):
        groups = {}
        for row in rows():
            place = row["setl_time"][:7], row[by][:2]
            groups.setdefault(place, []).append([row.get(name, "") for name in header])
        for (month, province), lines in sorted(groups.items()):
            name = "%s/%s" % (side, province)
            made["%s/%s.parquet" % (month, name)] = parquet_of(header, lines)
            if side == "treating":
                made["text/%s/%s.csv" % (month, name)] = text_of(header, lines)
            sums = [sum(decimal.Decimal(line[header.index(n)]) for line in lines)
                    for n in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")]
            totals.setdefault(month, []).append([name + ".parquet", len(lines)] + sums)
    for month, lines in totals.items():
        head = ["file", "rows", "medfee_sumamt", "fund_pay_sumamt", "acct_pay"]
        made["%s/control-totals.csv" % month] = text_of(head, lines)
    head = "psn_no insu_admdvs rloc_admdvs rloc_rea begndate enddate crte_time vali_flag".split()
    made["filings.csv"] = text_of(head, cases.FILINGS)
    head = "fixmedins_code county kind care_classes opened_on level networked".split()
    made["registry.csv"] = text_of(head, cases.REGISTRY)
    made["expected.csv"] = text_of("rule strength setl_ids amount detail".split(), cases.EXPECTED)
    return {HERE / path: content for path, content in made.items()}


def leads_of(folder):
    """The leads of a review, in the form of EXPECTED and in their order."""
    order = {"suspect": 0, "context": 1}
    members = {}
    for row in pq.read_table(folder / "lead_settlements.parquet").to_pylist():
        members.setdefault(row["lead_id"], []).append((order[row["role"]], row["setl_id"]))
    return [(row["rule"], row["strength"], " ".join(s for _, s in sorted(members[row["lead_id"]])),
             str(row["amount"]), row["detail"]) for row in pq.read_table(folder / "leads.parquet").to_pylist()]


def main():
    args = sys.argv[1:]
    if len(args) > 1:
        sys.exit(__doc__)
    if args and args != ["--check"]:
        found = leads_of(pathlib.Path(args[0]))
        bad = [("missing", x) for x in cases.EXPECTED if x not in found]
        bad += [("not expected", x) for x in found if x not in cases.EXPECTED]
        if not bad and found != cases.EXPECTED:
            bad = [("the order differs", "")]
        for what, lead in bad:
            print("%s: %s" % (what, " | ".join(lead)))
        sys.exit(1 if bad else 0)
    write_or_check(files(), HERE, ["2???-??/**/*.*", "text/**/*.csv"], bool(args))


if __name__ == "__main__":
    main()
