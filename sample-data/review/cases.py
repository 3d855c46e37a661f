# SPDX-License-Identifier: Apache-2.0
"""The settlements, filings and institutions of the sample, case by case, and the leads that have to come out.

Nothing here works a lead out: EXPECTED was written by hand, with README.md. An amount is text in yuan.
"""

SETTLEMENTS, FILINGS, REGISTRY = [], [], []


def institution(code, level="", classes="inpatient;outpatient;chronic"):
    REGISTRY.append([code, code[1:7], code[0], classes if code[0] == "H" else "pharmacy", "2022-01-01", level, "1"])
    return code


def person(number, home, employee=False):
    """A person: personal number, insured division, insutype."""
    return "%s%010d" % (home, number), home, "310" if employee else "390"


def settled(setl_id, who, where, care, day, time, cost, fund, account="0.00", begin="", **more):
    SETTLEMENTS.append(dict({
        "setl_id": setl_id, "psn_no": who[0], "insuplc_admdvs": who[1], "mdtrtarea_admvs": where[1:7],
        "fixmedins_code": where, "insutype": who[2], "med_type": care, "begndate": begin or day, "enddate": day,
        "setl_time": "%s %s" % (day, time), "medfee_sumamt": cost, "hifp_pay": fund, "acct_pay": account}, **more))


def stay(setl_id, who, where, begin, end, cost="6000.00", fund="4000.00", **more):
    settled(setl_id, who, where, "21", end, "11:00:00", cost, fund, begin=begin, **more)


def visit(setl_id, who, where, day, time="10:00:00", cost="200.00", fund="100.00", **more):
    settled(setl_id, who, where, "11", day, time, cost, fund, **more)


def chronic(setl_id, who, where, day, disease, **more):
    settled(setl_id, who, where, "14", day, "10:30:00", "500.00", "300.00", dise_codg=disease, **more)


def purchase(setl_id, who, where, day, cost="100.00", fund="40.00", account="0.00"):
    settled(setl_id, who, where, "41", day, "16:00:00", cost, fund, account)


def filing(who, place, kind, begin="2025-10-01", end="2026-09-30", made="2025-09-30 09:00:00", valid="1"):
    FILINGS.append([who[0], who[1], place, kind, begin, end, made, valid])


LONG_TERM, TRANSFER, TEMPORARY = "1", "2", "3"

# Institutions that more than one case uses: three in Shanghai (31), two in Suzhou (3205), two pharmacies.
HUASHAN, RENJI, PUDONG = (institution(c, "3") for c in ("H31010600001", "H31010100002", "H31011500003"))
SUZHOU, KUNSHAN = institution("H32050800004", "3"), institution("H32058300005", "2")
# A hospital in Shanghai that is visited in November alone.
XUHUI = institution("H31010400006", "2")
DRUGS, PILLS = institution("P31010600001"), institution("P31011500002")

# BEH-01: in two beds from 4 to 6 December.
P01 = person(1, "340200")
filing(P01, "310000", TEMPORARY)
filing(P01, "320500", TEMPORARY)
stay("B01-1", P01, HUASHAN, "2025-12-01", "2025-12-06")
stay("B01-2", P01, SUZHOU, "2025-12-04", "2025-12-08")

# BEH-02: discharged on 23 November, back in the same hospital on the 27th.
P02 = person(2, "340200")
filing(P02, "310000", TEMPORARY)
stay("B02-1", P02, RENJI, "2025-11-20", "2025-11-23")
stay("B02-2", P02, RENJI, "2025-11-27", "2025-11-30")

# BEH-03: three stays end in the fourth quarter.
P03 = person(3, "341200")
filing(P03, "31", TEMPORARY)
stay("B03-1", P03, XUHUI, "2025-11-03", "2025-11-05")
stay("B03-2", P03, RENJI, "2025-12-01", "2025-12-03")
stay("B03-3", P03, PUDONG, "2025-12-15", "2025-12-18")

# BEH-04: in bed from the 10th to the 16th, and at a doctor and a pharmacy meanwhile. The visit of the 16th is no lead.
P04 = person(4, "341200")
filing(P04, "310000", TEMPORARY)
stay("B04-1", P04, HUASHAN, "2025-12-10", "2025-12-16")
visit("B04-2", P04, RENJI, "2025-12-12")
purchase("B04-3", P04, DRUGS, "2025-12-14")
visit("B04-4", P04, RENJI, "2025-12-16", "15:00:00")

# BEH-05: two of five stays begin and end on one day.
SHORT = institution("H31010700010", "2")
for number, begin, end in [(1, "02", "02"), (2, "09", "09"), (3, "03", "06"), (4, "11", "15"), (5, "18", "22")]:
    P = person(50 + number, "411600")
    filing(P, "310000", TEMPORARY)
    stay("B05-%d" % number, P, SHORT, "2025-12-" + begin, "2025-12-" + end)

# BEH-06: Shanghai at 9:00, Suzhou at 10:30.
P06 = person(6, "340200")
visit("B06-1", P06, PUDONG, "2025-12-05", "09:00:00")
visit("B06-2", P06, KUNSHAN, "2025-12-05", "10:30:00")

# BEH-07: three visits at one hospital on one day.
P07 = person(7, "341200")
visit("B07-1", P07, KUNSHAN, "2025-12-06", "08:30:00")
visit("B07-2", P07, KUNSHAN, "2025-12-06", "11:00:00")
visit("B07-3", P07, KUNSHAN, "2025-12-06", "14:15:00")

# BEH-08: five visits in December (threshold 5). The purchase is not counted.
P08 = person(8, "341200")
visit("B08-1", P08, HUASHAN, "2025-12-01")
visit("B08-2", P08, RENJI, "2025-12-05")
visit("B08-3", P08, PUDONG, "2025-12-12")
visit("B08-4", P08, HUASHAN, "2025-12-19")
visit("B08-5", P08, RENJI, "2025-12-26")
purchase("B08-6", P08, PILLS, "2025-12-26")

# BEH-09: four purchases in December (threshold 4).
P09 = person(9, "341200")
for number, day in enumerate(("03", "10", "17", "24"), 1):
    purchase("B09-%d" % number, P09, DRUGS if number % 2 else PILLS, "2025-12-" + day)

# BEH-10: five pharmacies, 5,000.01 yuan in all.
P10 = person(10, "411600")
for number, (month, day) in enumerate((("11", "06"), ("11", "20"), ("12", "04"), ("12", "11"), ("12", "18")), 1):
    purchase("B10-%d" % number, P10, institution("P3101070001%d" % number), "2025-%s-%s" % (month, day), "1500.00",
             "1000.01" if number == 5 else "1000.00")

# BEH-11: three persons of one county, together on two days.
VILLAGE = institution("H32050900011", "1")
for number in (1, 2, 3):
    P = person(110 + number, "411622")
    visit("B11-%d" % number, P, VILLAGE, "2025-12-03", "09:0%d:00" % number)
    visit("B11-%d" % (number + 3), P, VILLAGE, "2025-12-17", "09:0%d:00" % number)

# BEH-12: 4,000 yuan in November, 12,000 in December.
SURGE = institution("H31011200012", "2")
for number, begin, end in [(1, "11-10", "11-14"), (2, "12-02", "12-05"), (3, "12-10", "12-14"), (4, "12-20", "12-23")]:
    P = person(120 + number, "340200")
    filing(P, "3101", TRANSFER)
    stay("B12-%d" % number, P, SURGE, "2025-" + begin, "2025-" + end)

# BEH-13: five of eight visits of a month on the 8th.
BURST = institution("H31011300013", "1")
for number, day in enumerate(("08", "08", "08", "08", "08", "09", "10", "11"), 1):
    visit("B13-%d" % number, person(130 + number, "341200"), BURST, "2025-12-" + day, "10:%02d:00" % (number * 5))

# BEH-14: five hospitals of Zhejiang; the last one costs 400.00 yuan a visit, the others about 200.
for number, cost in enumerate(("190.00", "200.00", "205.00", "210.00", "400.00"), 1):
    PEER = institution("H3301060002%d" % number, "2")
    for turn, day in enumerate(("04", "11", "18"), 1):
        visit("B14-%d%d" % (number, turn), person(1400 + 10 * number + turn, "340200"), PEER, "2025-12-" + day,
              cost=cost)

# BEH-15: two stays just below 30,000 yuan, one just above.
LIMIT = institution("H31011000015", "3")
for number, (day, cost) in enumerate((("05", "29500.00"), ("12", "29999.99"), ("19", "30000.00")), 1):
    P = person(150 + number, "411600")
    filing(P, "310000", TEMPORARY)
    stay("B15-%d" % number, P, LIMIT, "2025-12-02", "2025-12-" + day, cost, "20000.00")

# BEH-16: two of five visits are taken back.
BACK = institution("H32050500016", "2")
for number, day in enumerate(("02", "05", "10", "16", "23"), 1):
    P = person(160 + number, "411600")
    visit("B16-%d" % number, P, BACK, "2025-12-" + day)
    if number <= 2:
        visit("B16-%d" % (number + 5), P, BACK, "2025-12-" + day, "15:00:00", "-200.00", "-100.00",
              init_setl_id="B16-%d" % number, refd_setl_flag="1")

# BEH-17: one disease in one month, in two provinces.
P17 = person(17, "341200")
filing(P17, "310000", TEMPORARY)
filing(P17, "320500", TEMPORARY)
chronic("B17-1", P17, PUDONG, "2025-12-04", "M03900")
chronic("B17-2", P17, SUZHOU, "2025-12-20", "M03900")

# BEH-18: one e-credential, two persons.
visit("B18-1", person(18, "340200"), HUASHAN, "2025-12-09", mdtrt_cert_type="01", mdtrt_cert_no="EC-7714")
visit("B18-2", person(19, "411600"), SUZHOU, "2025-12-22", mdtrt_cert_type="01", mdtrt_cert_no="EC-7714")

# BEH-19: three of four purchases of a pharmacy are account alone, 212.50 yuan each in the mean.
CARDS = institution("P32050500019")
for number, (fund, account, cost) in enumerate((("0.00", "250.00", "250.00"), ("0.00", "250.00", "250.00"),
                                               ("0.00", "240.00", "250.00"), ("40.00", "0.00", "100.00")), 1):
    purchase("B19-%d" % number, person(190 + number, "410100", employee=True), CARDS, "2025-12-%02d" % (7 * number - 3),
             cost, fund, account)

# FIL-01 to 04.
P21, P22, P23, P24 = (person(200 + n, "411600") for n in (1, 2, 3, 4))
stay("F01-1", P21, RENJI, "2025-12-08", "2025-12-11")
filing(P22, "310000", TEMPORARY, "2025-12-01", made="2025-12-20 10:00:00")
stay("F02-1", P22, RENJI, "2025-12-08", "2025-12-12")
filing(P23, "320500", TEMPORARY)
stay("F03-1", P23, PUDONG, "2025-12-14", "2025-12-17")
filing(P24, "310000", LONG_TERM, end="")
filing(P24, "320500", LONG_TERM, end="")
stay("F04-1", P24, PUDONG, "2025-12-20", "2025-12-23")
visit("F04-2", P24, SUZHOU, "2025-12-29")

# BEN-01 to 05: employees of Hefei, whose rule set is benefits/hefei.toml.
P31, P32, P33, P34, P35 = (person(300 + n, "340100", employee=True) for n in (1, 2, 3, 4, 5))
for who in (P31, P32, P34, P35):
    filing(who, "310000", LONG_TERM, end="")
filing(P33, "310000", TEMPORARY)
FACTS = {"hosp_lv": "3", "psn_type": "11"}
stay("N01-1", P31, HUASHAN, "2025-12-01", "2025-12-05", "10800.00", "8500.00", dedc_std="800.00",
     act_pay_dedc="800.00", **FACTS)
stay("N02-1", P32, HUASHAN, "2025-12-07", "2025-12-11", "10300.00", "8000.00", dedc_std="800.00",
     act_pay_dedc="300.00", **FACTS)
stay("N03-1", P33, HUASHAN, "2025-12-13", "2025-12-18", "10800.00", "8000.00", dedc_std="800.00",
     act_pay_dedc="800.00", **FACTS)
visit("N04-1", P34, RENJI, "2025-11-12", cost="1000.00", fund="400.00", act_pay_dedc="200.00", **FACTS)
visit("N04-2", P34, RENJI, "2025-12-03", cost="800.00", fund="400.00", act_pay_dedc="0.00", **FACTS)
visit("N04-3", P34, RENJI, "2025-12-24", cost="500.00", fund="250.00", act_pay_dedc="0.00", **FACTS)
stay("N05-1", P35, PUDONG, "2025-12-26", "2025-12-28", "700.00", "100.00", dedc_std="800.00",
     act_pay_dedc="800.00", **FACTS)

# BEN-06: two diseases in one settlement. It breaks rule V06, so a run rejects it.
P36 = person(306, "341200")
filing(P36, "310000", TEMPORARY)
chronic("N06-1", P36, PUDONG, "2025-12-15", "M03900,M01600")

# Quiet visits, so that November is a covered month.
for number in range(1, 5):
    visit("Q-%d" % number, person(400 + number, "340200"), XUHUI, "2025-11-%02d" % (5 * number))

# rule, strength, settlements (suspects first), amount, detail. In the order of `leads.parquet`.
EXPECTED = [
    ("BEH-01", "certain", "B01-1 B01-2", "8000.00", "days=2"),
    ("BEH-02", "consistent", "B02-1 B02-2", "8000.00", "gap=4"),
    ("BEH-03", "statistical", "B03-1 B03-2 B03-3", "12000.00", "quarter=2025Q4;stays=3"),
    ("BEH-04", "consistent", "B04-2 B04-3 B04-1", "140.00", "stay_institution=H31010600001"),
    ("BEH-05", "statistical", "B05-1 B05-2", "8000.00", "short=2;stays=5"),
    ("BEH-06", "certain", "B06-1 B06-2", "200.00", "minutes=90;provinces=31,32"),
    ("BEH-07", "consistent", "B07-1 B07-2 B07-3", "300.00", "count=3"),
    ("BEH-08", "statistical", "B08-1 B08-2 B08-3 B08-4 B08-5", "500.00", "count=5"),
    ("BEH-09", "statistical", "B09-1 B09-2 B09-3 B09-4", "160.00", "count=4"),
    ("BEH-10", "statistical", "B10-1 B10-2 B10-3 B10-4 B10-5", "5000.01", "pharmacies=5"),
    ("BEH-11", "statistical", "B11-1 B11-2 B11-3 B11-4 B11-5 B11-6", "600.00", "persons=3;days=2"),
    ("BEH-12", "statistical", "B12-2 B12-3 B12-4", "12000.00", "mean=4000.00"),
    ("BEH-13", "statistical", "B13-1 B13-2 B13-3 B13-4 B13-5", "500.00", "count=5;days=4;total=8"),
    ("BEH-14", "statistical", "B14-51 B14-52 B14-53", "585.00", "mean=400.00;median=205.00;mad=5.00;peers=5"),
    ("BEH-15", "statistical", "B15-1 B15-2", "40000.00", "below=2;above=1"),
    ("BEH-16", "statistical", "B16-6 B16-7", "200.00", "reversals=2;settlements=5"),
    ("BEH-17", "consistent", "B17-1 B17-2", "600.00", "disease=M03900;count=2;provinces=31,32"),
    ("BEH-18", "certain", "B18-1 B18-2", "200.00", "persons=2;media=01"),
    ("BEH-19", "statistical", "B19-1 B19-2 B19-3", "740.00", "purchases=4;alone=3"),
    ("BEN-01", "certain", "N01-1", "500.00", "lo=8000.00;hi=8000.00;class=long_term"),
    ("BEN-02", "consistent", "N02-1", "500.00", "paid=300.00;standard=800.00;nearest=800.00"),
    ("BEN-03", "consistent", "N03-1", "2000.00", "class=temporary;fits=long_term;lo=6000.00;hi=6000.00"),
    ("BEN-04", "certain", "N04-1 N04-2 N04-3", "50.00", "paid=1050.00;cap=1000.00;year=2025"),
    ("BEN-05", "certain", "N05-1", "100.00", "scope=700.00;deductible=800.00"),
    ("BEN-06", "certain", "N06-1", "300.00", "diseases=2"),
    ("FIL-01", "consistent", "F01-1", "4000.00", ""),
    ("FIL-02", "certain", "F02-1", "4000.00", "made=2025-12-20 10:00:00"),
    ("FIL-03", "consistent", "F03-1", "4000.00", "filed_to=320500"),
    ("FIL-04", "certain", "F04-1 F04-2", "4100.00", "places=31,3205"),
]
