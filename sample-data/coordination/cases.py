# SPDX-License-Identifier: Apache-2.0
"""The settlements, requests and errors of the sample, case by case, and what has to come out.

Nothing here works a class or a state out: EXPECTED_… was written by hand, with README.md. An amount is text in yuan.
"""

SETTLEMENTS, REQUESTS, REPLIES, ERRORS = [], [], [], []
HUASHAN, HANGZHOU = "H31010600001", "H33010600002"
HEFEI, ZHENGZHOU = "340100", "410100"
SAME = object()


def settled(setl_id, home, where, time, copy, treating=SAME, national=SAME, insured=SAME, care="11", begin="", init=""):
    """A settlement. A copy is cost, fund and account; a side has this one, another, none (None) or several (a list)."""
    sides = {}
    for side, own in (("treating", treating), ("national", national), ("insured", insured)):
        own = copy if own is SAME else own
        sides[side] = own if isinstance(own, list) else [] if own is None else [own]
    SETTLEMENTS.append({
        "setl_id": setl_id, "mdtrt_id": "V" + (init or setl_id), "init_setl_id": init, "insuplc_admdvs": home,
        "mdtrtarea_admvs": where[1:7], "fixmedins_code": where, "med_type": care, "setl_time": "2025-" + time,
        "enddate": "2025-" + time[:5], "begndate": begin or "2025-" + time[:5], "sides": sides})


VISIT, STAY, LARGE = ("300.00", "180.00", "50.00"), ("9000.00", "5400.00", "0.00"), ("36000.00", "21600.00", "0.00")

# Wednesday, 1 October: everything agrees but for one settlement that nobody but the nation has twice.
settled("D01", HEFEI, HUASHAN, "10-01 09:00:00", LARGE, care="21", begin="2025-09-20")
settled("D02", ZHENGZHOU, HANGZHOU, "10-01 15:20:00", LARGE, care="21", begin="2025-09-22")
settled("D03", HEFEI, HUASHAN, "10-01 16:00:00", VISIT, national=[VISIT, VISIT])
# Thursday, 2 October: the line to the insured provinces fails at noon.
settled("D04", HEFEI, HUASHAN, "10-02 12:01:00", VISIT, insured=None)
settled("D05", ZHENGZHOU, HUASHAN, "10-02 12:03:00", VISIT, national=("310.00", "180.00", "50.00"), insured=None)
settled("D06", ZHENGZHOU, HANGZHOU, "10-02 12:10:00", STAY, national=None, insured=None, care="21", begin="2025-09-26")
# Tuesday, 7 October: a hospital reverses what timed out, but only at home.
settled("D07", HEFEI, HANGZHOU, "10-07 10:00:00", VISIT, treating=None)
settled("D08", HEFEI, HANGZHOU, "10-07 10:05:00", VISIT, treating=None, insured=("300.00", "170.00", "50.00"))
settled("D09", HEFEI, HANGZHOU, "10-07 10:10:00", VISIT, treating=None, national=None)
settled("D10", HEFEI, HANGZHOU, "10-07 10:12:00", VISIT, treating=None, insured=None)
# Friday, 17 October: amounts.
settled("D11", ZHENGZHOU, HUASHAN, "10-17 08:30:00", VISIT, treating=("300.00", "200.00", "30.00"))
settled("D12", ZHENGZHOU, HUASHAN, "10-17 08:40:00", VISIT, national=("300.00", "190.00", "50.00"))
settled("D13", ZHENGZHOU, HUASHAN, "10-17 08:50:00", VISIT, insured=("300.00", "180.00", "0.00"))
settled("D14", ZHENGZHOU, HUASHAN, "10-17 09:00:00", VISIT, treating=("301.00", "180.00", "50.00"),
        insured=("302.00", "180.00", "50.00"))
# Saturday, 18 October: the nation lacks two; of the second one the provinces are not of one mind either.
settled("D15", HEFEI, HUASHAN, "10-18 11:00:00", VISIT, national=None)
settled("D16", HEFEI, HUASHAN, "10-18 11:30:00", VISIT, national=None, insured=("300.00", "180.00", "60.00"))
# Monday, 20 October: a settlement and its reversal, three times alike.
settled("D17", HEFEI, HUASHAN, "10-20 09:00:00", VISIT)
settled("D18", HEFEI, HUASHAN, "10-20 17:00:00", ("-300.00", "-180.00", "-50.00"), init="D17")
# Of September, delivered late by both provinces: no business of October's days.
settled("D19", ZHENGZHOU, HUASHAN, "09-28 09:00:00", VISIT, national=None)

# setl_id, class, who is to look.
EXPECTED_DAILY = [
    ("D03", "repeated", "national"),
    ("D04", "insured_lacks", "insured"),
    ("D05", "insured_lacks_differs", "insured"),
    ("D06", "treating_only", "treating"),
    ("D07", "treating_lacks", "treating"),
    ("D08", "treating_lacks_differs", "treating"),
    ("D09", "insured_only", "insured"),
    ("D10", "national_only", "national"),
    ("D11", "differs_treating", "treating"),
    ("D12", "differs_national", "national"),
    ("D13", "differs_insured", "insured"),
    ("D14", "differs_all", "treating,national,insured"),
    ("D15", "national_lacks", "national"),
    ("D16", "national_lacks_differs", "national"),
]


def asked(request_id, kind, pair, opened, problem="", setl_id="", subject=""):
    REQUESTS.append([request_id, kind, pair[0], pair[1], "2025-" + opened, problem, setl_id, subject])


def replied(request_id, on, result, reason="", confirmed="", reopened=""):
    days = ["2025-" + day if day else "" for day in (on, confirmed, reopened)]
    REPLIES.append([request_id, days[0], result, reason, days[1], days[2]])


asked("R1", "verification", ("34", "31"), "11-05", setl_id="D01", subject="请核查住院费用明细")
asked("R2", "verification", ("41", "33"), "11-27", setl_id="D02", subject="请核查病案首页与结算清单")
asked("R3", "problem", ("41", "31"), "11-03", "filing", subject="备案信息在就医地查询不到")
asked("R4", "problem", ("34", "33"), "11-03", "system", subject="10 月 2 日结算接口超时")
asked("R5", "problem", ("34", "31"), "11-10", "other", subject="退费后费用明细未同步")
asked("R6", "problem", ("41", "33"), "11-17", "other", subject="生育门诊结算口径")
asked("R7", "verification", ("34", "31"), "11-06", setl_id="D03", subject="请核查门诊费用")
asked("R3", "problem", ("41", "31"), "11-12", "filing", subject="再次催办")
replied("R1", "11-20", "correct", confirmed="11-24")
replied("R4", "11-04", "answered")
replied("R5", "11-14", "answered", reopened="11-27")
replied("R6", "11-24", "answered")
replied("R9", "11-24", "answered")
replied("R1", "11-25", "incorrect", "床位费多计 2 天")

# request_id, row, state, level, due_on, confirm_by, code; at a close of 30 November 2025.
EXPECTED_REQUESTS = [
    ("R1", "0", "confirmed", "1", "2025-12-26", "2025-11-27", ""),
    ("R2", "1", "open", "1", "2026-01-26", "", ""),
    ("R3", "2", "overdue", "1", "2025-11-05", "", ""),
    ("R3", "7", "refused", "", "", "", "Q01"),
    ("R4", "3", "deemed_confirmed", "1", "2025-11-04", "2025-11-18", ""),
    ("R5", "4", "reopened", "2", "2025-12-11", "", ""),
    ("R6", "5", "answered", "1", "2025-12-01", "2025-12-08", ""),
    ("R7", "6", "refused", "", "", "", "Q04"),
]


def failed(err_id, at, infno, by, pair, where, kind, code, text, visit="", answered="", struck=""):
    ERRORS.append([err_id, "2025-" + at, infno, by, pair[0], pair[1], where, kind, code, text, visit] +
                  ["2025-" + day if day else "" for day in (answered, struck)])


failed("E1", "10-02 12:00:20", "2207", "national", ("31", "34"), HUASHAN, "timeout", "", "国家平台响应超时", "VD04")
failed("E2", "10-07 10:02:00", "2207", "institution", ("33", "34"), HANGZHOU, "filing", "B2101",
       "人员 340100000000001234 无有效备案", "VX01", "10-08", "10-09")
failed("E3", "10-17 14:00:00", "2304", "treating", ("31", ""), HUASHAN, "outage", "B9001", "前置机连接中断", "", "10-18")
failed("E4", "10-20 10:00:00", "2208", "insured", ("31", "34"), HUASHAN, "other", "", "冲正失败", "VD17")
failed("E5", "10-21 10:00:00", "2207", "institution", ("31", "31"), HUASHAN, "other", "", "数据格式有误")

# err_id, state; and code of a refused one.
EXPECTED_ERRORS = [
    ("E1", "resolved", ""),
    ("E2", "struck_off", ""),
    ("E3", "open", ""),
    ("E4", "open", ""),
    ("E5", "", "N03"),
]
