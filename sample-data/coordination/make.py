#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the files of this sample from cases.py.

    python make.py                write 2025-10/, text/ and expected-….csv
    python make.py --check        write nothing; exit 1 when a file is not what cases.py says
    python make.py --daily DIR    compare the result of `liangqing daily` with expected-daily.csv
    python make.py --book BOOK    compare requests and errors of a closed October with expected-requests.csv and
                                  expected-errors.csv

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

MONTH = "2025-10"
RECORD = ("setl_id mdtrt_id init_setl_id psn_no insuplc_admdvs mdtrtarea_admvs fixmedins_code insutype med_type "
          "begndate enddate setl_time refd_setl_flag fulamt_advpay_flag medfee_sumamt fund_pay_sumamt hifp_pay acct_pay "
          "psn_cash_pay inscp_scp_amt").split()
NATIONAL = ("setl_id setl_time insuplc_admdvs mdtrtarea_admvs medfee_sumamt fund_pay_sumamt acct_pay "
            "init_setl_id").split()
DAILY = ["setl_id", "class", "look"]
REQUESTS = "request_id row state level due_on confirm_by code".split()
ERRORS = "err_id state code".split()


def rows(side):
    """Whole rows of a side: the basic fund is all of the fund, cash is the rest, all of the cost is in scope."""
    for number, settlement in enumerate(cases.SETTLEMENTS):
        for medfee, fund, account in settlement["sides"][side]:
            cash = decimal.Decimal(medfee) - decimal.Decimal(fund) - decimal.Decimal(account)
            yield dict(settlement, psn_no="%s%010d" % (settlement["insuplc_admdvs"], number), insutype="310",
                       medfee_sumamt=medfee, fund_pay_sumamt=fund, hifp_pay=fund, acct_pay=account,
                       psn_cash_pay=str(cash), inscp_scp_amt=medfee)


def files():
    """Every file by its path, with its bytes."""
    made, totals = {}, []
    for side, header in (("treating", RECORD), ("national", NATIONAL), ("insured", RECORD)):
        by = "insuplc_admdvs" if side == "insured" else "mdtrtarea_admvs"
        groups = {}
        for row in rows(side):
            groups.setdefault(row[by][:2], []).append([row.get(name, "") for name in header])
        for province, lines in sorted(groups.items()):
            name = "%s/%s" % (side, province)
            made["%s/%s.parquet" % (MONTH, name)] = parquet_of(header, lines)
            made["text/%s/%s.csv" % (MONTH, name)] = text_of(header, lines)
            sums = [sum(decimal.Decimal(line[header.index(n)]) for line in lines)
                    for n in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")]
            totals.append([name + ".parquet", len(lines)] + sums)
    head = ["file", "rows", "medfee_sumamt", "fund_pay_sumamt", "acct_pay"]
    made[MONTH + "/control-totals.csv"] = text_of(head, totals)
    head = "request_id kind from_province to_province opened_at problem_type setl_id subject".split()
    made[MONTH + "/requests.csv"] = text_of(head, cases.REQUESTS)
    head = "request_id replied_on result reason confirmed_on reopened_on".split()
    made[MONTH + "/replies.csv"] = text_of(head, cases.REPLIES)
    head = ("err_id at infno raised_by treating_province insured_province fixmedins_code class code text mdtrt_id "
            "answered_on struck_off_on").split()
    made[MONTH + "/system-errors.csv"] = text_of(head, cases.ERRORS)
    made["expected-daily.csv"] = text_of(DAILY, cases.EXPECTED_DAILY)
    made["expected-requests.csv"] = text_of(REQUESTS, cases.EXPECTED_REQUESTS)
    made["expected-errors.csv"] = text_of(ERRORS, cases.EXPECTED_ERRORS)
    return {HERE / path: content for path, content in made.items()}


def table(path, columns):
    found = pq.read_table(path).to_pylist()
    return [tuple("" if row.get(name) is None else str(row[name]) for name in columns) for row in found]


def errors_of(tables):
    """The errors of the book: those that stay have a table, and so have refused ones; of the rest there are sums."""
    stay = [(err_id, "open", "") for err_id, in table(tables / "errors_open.parquet", ["err_id"])]
    refused = [(err_id, "", code) for err_id, code in table(tables / "errors_refused.parquet", ["err_id", "code"])]
    sums = [sum(row[state] for row in pq.read_table(tables / "errors.parquet").to_pylist())
            for state in ("resolved", "struck_off")]
    expected = [sum(state == name for _, state, _ in cases.EXPECTED_ERRORS) for name in ("resolved", "struck_off")]
    left = [line for line in cases.EXPECTED_ERRORS if line[1] in ("resolved", "struck_off")]
    return sorted(stay + refused + (left if sums == expected else []))


def compare(name, found, expected):
    bad = [("missing", line) for line in expected if line not in found]
    bad += [("not expected", line) for line in found if line not in expected]
    for what, line in bad:
        print("%s: %s: %s" % (name, what, " | ".join(line)))
    return bool(bad)


def main():
    args = sys.argv[1:]
    if len(args) == 2 and args[0] == "--daily":
        found = sorted(table(pathlib.Path(args[1]) / "differences.parquet", DAILY))
        sys.exit(compare("daily", found, cases.EXPECTED_DAILY))
    if len(args) == 2 and args[0] == "--book":
        tables = pathlib.Path(args[1]) / MONTH / "tables"
        bad = compare("requests", table(tables / "coordination.parquet", REQUESTS), cases.EXPECTED_REQUESTS)
        sys.exit(compare("errors", errors_of(tables), cases.EXPECTED_ERRORS) or bad)
    if args and args != ["--check"]:
        sys.exit(__doc__)
    write_or_check(files(), HERE, ["2???-??/**/*.*", "text/**/*.csv", "expected-*.csv"], bool(args))


if __name__ == "__main__":
    main()
