#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The reference against cases worked out by hand: each rule on both sides of its border.

    python -m unittest tests/oracle/coordination/test_reference.py
"""
import datetime as dt
import os
import sys
import tempfile
import unittest
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reference as ref  # noqa: E402
from reference import o  # noqa: E402

D, T = dt.date.fromisoformat, dt.datetime.fromisoformat
EXTRA = "mdtrt_id init_setl_id dise_codg begndate enddate mdtrt_cert_type".split()


def row(setl_id, fee=30_000_00, care="21", time="2025-10-10 10:00:00", home="340100", area="310115", **more):
    """A stay of 34 in 31 at the limit."""
    r = dict.fromkeys(o.REQUIRED + EXTRA)
    r.update(setl_id=setl_id, psn_no="P1", insuplc_admdvs=home, mdtrtarea_admvs=area, fixmedins_code="H31010000001",
             insutype="310", med_type=care, setl_time=T(time), medfee_sumamt=fee, hifp_pay=fee, fund_pay_sumamt=fee, acct_pay=0,
             psn_cash_pay=0)
    r.update(more)
    return r


def write_rows(path, rows):
    cols = {}
    for f in o.REQUIRED + EXTRA:
        values = [r[f] for r in rows]
        if f in o.DECIMALS:
            cols[f] = pa.array([Decimal(v).scaleb(-2) for v in values], pa.decimal128(16, 2))
        elif f != "mdtrt_cert_type" or any(v is not None for v in values):
            kind = pa.timestamp("us") if f == "setl_time" else pa.date32() if f in o.DATES else pa.string()
            cols[f] = pa.array(values, kind)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    pq.write_table(pa.table(cols), path)


def deliver(folder, treating, insured):
    write_rows(os.path.join(folder, "treating", "a.parquet"), treating)
    write_rows(os.path.join(folder, "insured", "b.parquet"), insured)


def asked(request_id="V", setl_id="S1", opened="2025-10-10", pair="34,31", kind="verification", problem_type="", subject=""):
    """A request; a problem when a type is given."""
    return "%s,%s,%s,%s,%s,%s,%s\n" % (request_id, "problem" if problem_type else kind, pair, opened, problem_type,
                                       "" if problem_type else setl_id, subject)


def answer(request_id, replied, result="correct", reason="", confirmed="", reopened=""):
    return ",".join((request_id, replied, result, reason, confirmed, reopened)) + "\n"


def error(err_id="E", at="2025-10-10 10:00:00", there="31", home="34", by="treating", kind="other", code="500", text="",
          visit="", answered="", struck=""):
    return ",".join((err_id, at, "2207", by, there, home, "", kind, code, text, visit, answered, struck)) + "\n"


class Case(unittest.TestCase):
    def setUp(self):
        self.book, self.month = ref.empty_book(), o.month_no("2025-10")

    def close(self, requests="", replies="", errors="", as_of=None, treating=None, insured=None, more=None):
        """Closes the next period; its tables."""
        period = o.month_of(self.month)
        self.month += 1
        with tempfile.TemporaryDirectory() as folder:
            treating = [row("S1")] if treating is None else treating
            deliver(folder, treating, treating if insured is None else insured)
            for name, head, body in (("requests.csv", ref.REQUEST, requests), ("replies.csv", ref.REPLY, replies),
                                     ("system-errors.csv", ref.ERROR_FIELDS.split(), errors)):
                if body:
                    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                        if name == "requests.csv":
                            head = "request_id kind from_province to_province opened_at problem_type setl_id subject".split()
                        f.write(",".join(head) + "\n" + body)
            if more:
                more(folder)
            self.book, tables = ref.Close(self.book, period, folder, as_of=as_of and D(as_of)).coordinate()
        return tables

    def requests(self, *arguments, **named):
        return {r["request_id"]: r for r in self.close(*arguments, **named)["coordination"]}

    def code(self, want, request, **named):
        self.setUp()
        self.assertEqual([r["code"] for r in self.close(request, **named)["coordination"]][-1], want, request)

    def replied(self, want, replies, requests=asked() + asked("P", problem_type="other"), **named):
        self.setUp()
        self.assertEqual([r["code"] for r in self.close(requests, replies, **named)["replies"]], want, replies)


class Asked(Case):
    def test_codes_of_requests(self):
        self.code(None, asked())
        self.code("Q01", asked() + asked())
        self.code(None, asked(pair="34,34") + asked())
        self.code("Q02", asked(pair="34,34"))
        self.code("Q02", asked(pair="99,31"))
        self.code("Q02", asked(pair="31,34"))
        self.code("Q02", asked(pair="99,31", setl_id="nobody"))
        self.code("Q02", asked(pair="99,31", problem_type="other"))
        self.code(None, asked(pair="31,34", problem_type="other"))
        self.code("Q03", asked(setl_id="nobody"))
        self.code("Q03", asked(setl_id=""))
        self.code("Q04", asked(), treating=[row("S1", 29_999_99)])
        self.code("Q04", asked(), treating=[row("S1", care="11")])
        self.code("Q05", asked(opened="2025-12-01"))
        self.code(None, asked(opened="2025-11-30"))
        undo = row("S2", -30_000_00, init_setl_id="S1")
        self.code("Q04", asked(setl_id="S2"), treating=[row("S1"), undo])

    def test_what_is_known(self):
        broken = row("S2", psn_cash_pay=1)
        self.code("Q03", asked(setl_id="S2"), treating=[row("S1"), broken])
        self.code(None, asked(setl_id="S3"), treating=[row("S1")], insured=[row("S1"), row("S3")])
        # Treating's row goes before insured's; its rejected row does not.
        self.code("Q04", asked(), treating=[row("S1", 29_999_99)], insured=[row("S1")])
        self.code(None, asked(), treating=[row("S1", psn_cash_pay=1)], insured=[row("S1")])

    def test_register_and_open_items(self):
        others = [row("S1"), row("S3", care="11")]
        self.close(treating=[row("S2", 29_999_99), *others], insured=[row("S2"), *others])
        r = self.close(asked("A", "S1") + asked("B", "S2") + asked("C", "S3") + asked("D", "S1", pair="34,32"),
                       treating=[row("S9", time="2025-11-10 10:00:00")])["coordination"]
        self.assertEqual([(x["code"], x["trusted"]) for x in r], [(None, True), ("Q04", None), ("Q04", None), ("Q02", None)])
        self.assertIsNone(r[0]["medfee_sumamt"])

    def test_an_insured_row_comes_after_an_open_item_of_treating(self):
        self.close(treating=[row("S1"), row("S2")], insured=[row("S1")])
        new = row("S2", 29_999_99)
        r = self.requests(asked(setl_id="S2"), treating=[row("S3", time="2025-11-10 10:00:00")], insured=[new])["V"]
        self.assertEqual((r["code"], r["medfee_sumamt"], r["trusted"]), (None, Decimal("30000.00"), False))

    def test_refused_ids_come_again(self):
        rows = self.close(asked(setl_id="") + asked() + asked(), as_of="2025-11-26")["coordination"]
        self.assertEqual([(r["row"], r["code"], r["state"], r["level"]) for r in rows],
                         [(0, "Q03", "refused", None), (1, None, "open", 1), (2, "Q01", "refused", None)])
        rows = self.close(asked())["coordination"]
        self.assertEqual([(r["row"], r["code"]) for r in rows], [(None, None), (0, "Q01")])

    def test_codes_of_replies(self):
        first = answer("V", "2025-10-12")
        self.replied(["Q06"], answer("W", "2025-10-12"))
        self.replied(["Q06"], first, asked(setl_id=""))
        self.replied([None, "Q07"], first + answer("V", "2025-10-13"))
        self.replied([None, "Q07"], first + answer("V", "2025-10-12", "incorrect", "x"))
        self.replied([None, None], first + answer("V", "2025-10-12", reason="x"))
        self.replied([None, None], first + first)
        self.replied(["Q08"], answer("V", "2025-10-09"))
        self.replied([None], answer("V", "2025-10-10"))
        self.replied(["Q09"], answer("V", "2025-10-12", "incorrect"))
        self.replied(["Q09"], answer("V", "2025-10-12", "answered"))
        self.replied(["Q09"], answer("P", "2025-10-12", "correct"))
        self.replied([None, "Q09"], answer("V", "2025-10-12", "incorrect", "x")
                     + answer("V", "2025-10-12", "incorrect", "", "2025-10-13"))
        self.replied([None], answer("V", "2025-11-30"))
        self.replied(["Q10"], answer("V", "2025-12-01"))
        self.replied([None, "Q10"], first + answer("V", "2025-10-12", confirmed="2025-12-01"))
        self.replied(["Q10"], answer("V", "2025-10-12", confirmed="2025-10-11"))
        self.replied([None], answer("V", "2025-10-12", confirmed="2025-10-12"))
        self.replied(["Q10"], answer("V", "2025-10-12", reopened="2025-10-11"))
        self.replied(["Q10"], answer("V", "2025-10-12", confirmed="2025-10-13", reopened="2025-10-13"))

    def test_reopened_twice(self):
        replies = [answer("V", "2025-10-12", reopened="2025-10-12"), answer("V", "2025-10-12", reopened="2025-10-12"),
                   answer("V", "2025-10-11"), answer("V", "2025-10-12"), answer("V", "2025-10-12", "correct", "x", "", "2025-10-12"),
                   answer("V", "2025-10-12", reopened="2025-10-13")]
        self.replied([None, None, "Q08", None, "Q10", None], "".join(replies), asked())
        self.setUp()
        r = self.requests(asked(), "".join(replies))["V"]
        self.assertEqual((r["level"], r["reopened_on"], r["replied_on"], r["state"]), (3, D("2025-10-13"), None, "overdue"))

    def test_a_verification_by_the_day(self):
        for opened, as_of, batch, due, rolled, state in (
                ("2025-10-25", "2025-11-26", "2025-10", "2025-11-26", 0, "open"),
                ("2025-10-25", "2025-11-27", "2025-11", "2025-12-26", 1, "overdue"),
                ("2025-10-26", "2025-11-27", "2025-11", "2025-12-26", 0, "open"),
                # Due on the 26th of August; this day and those of the three months after it went by.
                ("2025-07-01", "2025-11-30", "2025-11", "2025-12-26", 4, "overdue"),
                ("2024-12-26", "2025-02-01", "2025-01", "2025-02-26", 0, "open")):
            self.setUp()
            r = self.requests(asked(opened=opened), as_of=as_of)["V"]
            self.assertEqual((r["batch"], r["due_on"], r["rolled"], r["state"]), (batch, D(due), rolled, state))

    def test_a_late_reply_that_is_dated_in_time(self):
        r = self.requests(asked(opened="2025-10-20"))["V"]
        self.assertEqual((r["rolled"], r["state"]), (1, "overdue"))
        november = [row("S2", time="2025-11-10 10:00:00")]
        r = self.requests(replies=answer("V", "2025-11-26"), treating=november)["V"]
        self.assertEqual((r["rolled"], r["batch"], r["state"], r["row"]), (0, "2025-10", "answered", None))
        # Five working days after Wednesday, the 26th of November
        self.assertEqual(r["confirm_by"], D("2025-12-03"))

    def test_problems_by_the_day(self):
        # 1 to 8 October 2025 are holidays, Saturday the 11th is worked.
        for kind, due in (("system", "2025-10-09"), ("filing", "2025-10-10"), ("other", "2025-10-21")):
            self.setUp()
            r = self.requests(asked("P", opened="2025-09-30", problem_type=kind), as_of=due)["P"]
            self.assertEqual((r["due_on"], r["state"], r["batch"], r["rolled"]), (D(due), "open", None, 0))
            self.setUp()
            later = (D(due) + dt.timedelta(days=1)).isoformat()
            self.assertEqual(self.requests(asked("P", opened="2025-09-30", problem_type=kind), as_of=later)["P"]["state"], "overdue")

    def test_silence_is_a_yes(self):
        # Ten working days after Wednesday, the 15th of October: Wednesday, the 29th
        for as_of, confirmed, state in (("2025-10-29", "", "answered"), ("2025-10-30", "", "deemed_confirmed"),
                                        ("2025-11-30", "2025-10-29", "confirmed"), ("2025-11-30", "2025-10-30", "deemed_confirmed")):
            self.setUp()
            r = self.requests(asked("P", problem_type="other"), answer("P", "2025-10-15", "answered", "", confirmed), as_of=as_of)["P"]
            self.assertEqual((r["confirm_by"], r["state"]), (D("2025-10-29"), state))
            self.assertEqual(r["confirmed_on"], D(confirmed) if state == "confirmed" else None)

    def test_the_first_confirmation_stands(self):
        late, early = (answer("P", "2025-10-15", "answered", "", d) for d in ("2025-10-30", "2025-10-20"))
        self.assertEqual(self.requests(asked("P", problem_type="other"), late + early)["P"]["state"], "deemed_confirmed")
        self.setUp()
        rows = answer("V", "2025-10-15", confirmed="2025-10-20") + answer("V", "2025-10-15", confirmed="2025-10-18")
        self.assertEqual(self.requests(asked(), rows)["V"]["confirmed_on"], D("2025-10-20"))

    def test_what_left_and_comes_again(self):
        months = [[row("T%d" % n, time="2025-%02d-10 10:00:00" % n)] for n in (10, 11, 12)]
        self.assertEqual(self.requests(asked("P", problem_type="other"), answer("P", "2025-10-15", "answered"))["P"]["state"],
                         "deemed_confirmed")
        # No confirmation counts any more; reopening does.
        confirmed = answer("P", "2025-10-15", "answered", "", "2025-10-20")
        tables = self.close(replies=confirmed, treating=months[1])
        self.assertEqual((tables["coordination"], tables["replies"][0]["accepted"]), ([], True))
        tables = self.close(replies=answer("P", "2025-10-15", "answered", "", "", "2025-12-31") + confirmed, as_of="2025-12-31",
                            treating=months[2])
        r = tables["coordination"][0]
        self.assertEqual((r["state"], r["level"], r["due_on"], r["row"]), ("reopened", 2, D("2026-01-15"), None))
        self.assertEqual([x["code"] for x in tables["replies"]], [None, None])

    def test_a_reply_that_equals_an_accepted_one(self):
        self.close(asked(), answer("V", "2025-10-12", reopened="2025-10-13"))
        tables = self.close(replies=answer("V", "2025-10-14") + answer("V", "2025-10-12", reopened="2025-10-13")
                            + answer("V", "2025-10-12"), treating=[row("T", time="2025-11-10 10:00:00")])
        self.assertEqual([x["code"] for x in tables["replies"]], [None, None, "Q07"])
        self.assertEqual(tables["coordination"][0]["level"], 2)


class Failed(Case):
    def refused(self, want, errors, **named):
        self.setUp()
        self.assertEqual([(r["row"], r["code"]) for r in self.close(errors=errors, **named)["errors_refused"]], want, errors)

    def test_codes(self):
        for want, errors in (
                ("N01", error("")), ("N01", error("错" * 41)), (None, error("错" * 40)),
                ("N02", error(at="")), ("N02", error(at="2025-10-10T10:00:00")), ("N02", error(at="2025-10-10 24:00:00")),
                ("N02", error(at="1999-12-31 23:59:59")), (None, error(at="2000-01-01 00:00:00")),
                (None, error(at="2025-11-30 23:59:59")), ("N02", error(at="2025-12-01 00:00:00")),
                ("N03", error(there="")), ("N03", error(there="99")), ("N03", error(home="99")), ("N03", error(home="31")),
                (None, error(home="")), ("N04", error(by="")), ("N04", error(kind="Other")),
                ("N05", error(answered="2025-10-09")), (None, error(answered="2025-10-10")), ("N05", error(struck="2025-12-01")),
                (None, error(struck="2025-11-30")), ("N05", error(answered="x")), ("N01", error("", at="", there=""))):
            self.refused([(0, want)] if want else [], errors)

    def test_news(self):
        for code, second in ((None, error(home="")), ("N06", error(home="65")), ("N06", error(there="65")),
                             ("N06", error(at="2025-10-11 10:00:00")), (None, error(at="2025-10-10 23:00:00"))):
            self.refused([(1, code)] if code else [], error() + second)
        self.refused([], error(home="") + error())
        self.setUp()
        tables = self.close(errors=error(home="", text="first") + error(text="second", answered="2025-10-12")
                            + error(answered="2025-10-11"))
        e = tables["errors_open"][0]
        self.assertEqual((e["insured_province"], e["text"], e["answered_on"], e["first_period"]),
                         (None, "first", D("2025-10-12"), "2025-10"))
        tables = self.close(errors=error(home="65", struck="2025-10-13"), treating=[row("T", time="2025-11-10 10:00:00")])
        self.assertEqual((tables["errors_open"], tables["errors_refused"]), ([], []))
        g = tables["errors"][0]
        self.assertEqual([g[c] for c in ("errors", "brought_in", "resolved", "answered", "struck_off", "open", "answer_days_median",
                                         "oldest_open_on")], [1, 1, 0, 1, 1, 0, 2, None])
        # What left is not remembered.
        tables = self.close(errors=error(there="65"), treating=[row("U", time="2025-12-10 10:00:00")])
        self.assertEqual((tables["errors_open"][0]["first_period"], tables["errors_refused"]), ("2025-12", []))

    def test_states(self):
        mine = row("S1", mdtrt_id="M1")
        states = {"struck": dict(struck="2025-10-10", visit="M1"), "equal": dict(visit="M1"), "other": dict(visit="M2"),
                  "later": dict(visit="M1", at="2025-10-10 10:00:01"), "none": dict(),
                  "place": dict(visit="M1", there="34", home=""), "back": dict(visit="M3"),
                  "rejected": dict(visit="M4")}
        text = "".join(error(i, **{"code": i, **kind}) for i, kind in states.items())
        rows = [mine, row("S3", -30_000_00, init_setl_id="S1", mdtrt_id="M3"), row("S4", psn_cash_pay=1, mdtrt_id="M4")]
        tables = self.close(errors=text, treating=[row("S9")], insured=rows)
        got = {g["code"]: [s for s in ("struck_off", "resolved", "open") if g[s]] for g in tables["errors"]}
        self.assertEqual(got, {"struck": ["struck_off"], "equal": ["resolved"], "later": ["open"], "other": ["open"], "none": ["open"],
                               "place": ["open"], "back": ["open"], "rejected": ["open"]})
        self.assertEqual([g["code"] for g in tables["errors"]], "back equal later none other rejected struck place".split())

    def test_median_and_oldest(self):
        text = "".join(error("E%d" % n, answered="2025-10-%d" % (10 + d)) for n, d in enumerate((9, 1, 4, 2)))
        text += error("F", "2025-09-01 00:00:00")
        g = self.close(errors=text)["errors"][0]
        self.assertEqual((g["answer_days_median"], g["oldest_open_on"], g["answered"]), (2, D("2025-09-01"), 4))

    def test_masks(self):
        for text, want in (("1234567", "1234567"), ("12345678", "*" * 8), ("a12345678Xb", "a" + "*" * 9 + "b"),
                           ("12345678xX", "*" * 9 + "X"), ("12345678X87654321x", "*" * 18), ("１２３４５６７８", "１２３４５６７８"),
                           ("字" * 201, "字" * 200), ("x" * 197 + "12345678", "x" * 197 + "***"), (None, None)):
            self.assertEqual(ref.masked(text), want)

    def test_parquet(self):
        def more(folder):
            cols = {c: pa.nulls(2) for c in ref.ERROR_FIELDS.split()}
            cols.update(err_id=pa.array([7, 12345678901]), treating_province=pa.array([31, 31]), raised_by=pa.array(["treating"] * 2),
                        code=pa.array([404, None]), at=pa.array([1760061600_000000999, None], pa.timestamp("ns", "UTC")))
            cols["class"] = pa.array(["other", "other"]).dictionary_encode()
            pq.write_table(pa.table(cols), os.path.join(folder, "system-errors.parquet"))
        tables = self.close(more=more)
        e = tables["errors_open"][0]
        self.assertEqual((e["err_id"], e["at"], e["code"], e["treating_province"]), ("7", T("2025-10-10 10:00:00"), "404", "31"))
        self.assertEqual([(r["file"], r["row"], r["err_id"], r["code"]) for r in tables["errors_refused"]],
                         [("system-errors.parquet", 1, "12345678901", "N02")])

    def test_the_same_twice(self):
        def more(folder):
            with open(os.path.join(folder, "system-errors.parquet"), "wb") as f:
                f.write(b"")
        with self.assertRaises(o.Refused):
            self.close(errors=error(), more=more)


class Media(Case):
    def media(self, treating, insured=None):
        return [(m["treating_province"], m["care_class"], m["mdtrt_cert_type"], m["visits"])
                for m in self.close(treating=treating, insured=insured)["media"]]

    def test_values(self):
        for value, want in (("01", "01"), ("1", "01"), (" 2 ", "02"), ("03", "03"), ("4", "other"), ("001", "other"), ("１", "other")):
            self.setUp()
            self.assertEqual(self.media([row("S1", mdtrt_cert_type=value)]), [("31", "inpatient", want, 1)])

    def test_sides_reversals_and_carried(self):
        undo = row("S2", -30_000_00, init_setl_id="S1", mdtrt_cert_type="02")
        mine = row("S1", mdtrt_cert_type="  ")
        self.assertEqual(self.media([mine, row("S9"), undo], [row("S1", mdtrt_cert_type="03"), undo]),
                         [("31", "inpatient", "02", -1), ("31", "inpatient", "03", 1)])
        self.assertEqual(self.media([row("T", time="2025-11-10 10:00:00", mdtrt_cert_type="1")], [
            row("S9"), row("T", time="2025-11-10 10:00:00")]), [("31", "inpatient", "01", 1), ("31", "inpatient", "none", 1)])
        self.assertEqual(self.media([row("U", time="2025-12-10 10:00:00")]), [])


class Small(unittest.TestCase):
    def test_findings(self):
        import refusals
        for name, (files, file) in refusals.text_cases().items():
            with tempfile.TemporaryDirectory() as folder:
                refusals.write(folder, files)
                findings = []
                ref.read_requests(folder, findings)
                ref.read_replies(folder, findings)
                ref.read_errors(folder, findings)
                self.assertTrue(any(f.startswith(file) for f in findings), (name, findings))

    def test_empty_lines_do_not_count(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "replies.csv"), "w") as f:
                f.write("\n" + ",".join(ref.REPLY) + "\n\n" + answer("A", "2025-10-01") + "\n\n" + answer("B", "2025-10-01"))
            self.assertEqual([(n, r["request_id"]) for n, r in ref.read_replies(folder, [])], [(0, "A"), (1, "B")])


if __name__ == "__main__":
    unittest.main(warnings="ignore")    # the oracle leaves the closing of files to Python
