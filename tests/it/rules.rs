//! The row rules V01 to V18 (contract §3): for each the rows that break it, and those that just do not.

use liangqing::model::fields::Field;

use crate::world::{NULL, Row, World};

/// The rules that each row broke, in a delivery of the period 2025-10; `-` for none.
fn judged(rows: &[Row]) -> Vec<String> {
    let world = World::new();
    world.deliver("2025-10", "treating/a.parquet", rows);
    world.deliver("2025-10", "insured/a.parquet", &[]);
    world.run_with("2025-10", &["--independent"]).expect(0);
    let mut judged = vec![NULL.to_owned(); rows.len()];
    for reject in world.table("2025-10", "rejects", &["side", "file", "row", "rules"]) {
        assert_eq!(reject[..2], ["treating", "treating/a.parquet"]);
        judged[reject[2].parse::<usize>().expect("a row")].clone_from(&reject[3]);
    }
    let delivered = i64::try_from(rows.len()).expect("few").to_string();
    let control = world.table("2025-10", "control", &["side", "bucket", "rows"]);
    assert!(control.contains(&vec!["treating".into(), "delivered".into(), delivered]));
    judged
}

/// A valid row, one property of which is to be changed.
fn row() -> Row {
    Row::new("A")
}

fn reversal() -> Row {
    Row::reversal("A", "B")
}

fn id(length: usize) -> String {
    "医".repeat(length)
}

#[test]
fn v01_required_values_are_there() {
    let required = [
        Field::setl_id,
        Field::psn_no,
        Field::insuplc_admdvs,
        Field::mdtrtarea_admvs,
        Field::fixmedins_code,
        Field::insutype,
        Field::med_type,
        Field::setl_time,
        Field::hifp_pay,
        Field::acct_pay,
        Field::psn_cash_pay,
        Field::fund_pay_sumamt,
        Field::medfee_sumamt,
    ];
    // The totals of a row follow its parts, so a missing part alone breaks nothing else.
    let nulls: Vec<Row> = required.into_iter().map(|field| row().without(field)).collect();
    assert_eq!(judged(&nulls), ["V01"; 13]);
    let empty: Vec<Row> = required[..7].iter().map(|field| row().with(*field, "")).collect();
    assert_eq!(judged(&empty), ["V01"; 7]);
    let optional = [Field::mdtrt_id, Field::dise_codg, Field::hifes_pay, Field::refd_setl_flag];
    let optional: Vec<Row> = optional.into_iter().map(|field| row().without(field)).collect();
    assert_eq!(judged(&optional), [NULL; 4]);
}

#[test]
fn v02_divisions_are_six_digits_of_a_known_province() {
    let insured = |code: &str| row().with(Field::insuplc_admdvs, code);
    let treating = |code: &str| row().with(Field::mdtrtarea_admvs, code);
    let rows = [
        insured("34010"),
        insured("3401000"),
        insured("34010x"),
        insured("710000"),
        insured(" 34010"),
        insured("３４０１００"),
        treating("000000"),
        treating("820000"),
        insured("660000"),
        insured("659001"),
    ];
    let mut expected = ["V02"; 10];
    expected[8..].fill(NULL);
    assert_eq!(judged(&rows), expected);
}

#[test]
fn v03_care_within_a_province_is_not_cleared_here() {
    let pair = |insured: &str, treating: &str| {
        row().with(Field::insuplc_admdvs, insured).with(Field::mdtrtarea_admvs, treating)
    };
    let rows = [
        pair("340100", "340200"),
        pair("340100", "340100"),
        pair("659001", "660100"),
        pair("650100", "659001"),
        pair("990000", "990000"),
    ];
    // Two unknown provinces are not the same province.
    assert_eq!(judged(&rows), ["V03", "V03", "V03", NULL, "V02"]);
}

#[test]
fn v04_the_kind_of_insurance_has_a_fund() {
    let rows = ["310", "380", "390", "391", "340", "31", "310 ", "employee"];
    let rows = rows.map(|insutype| row().with(Field::insutype, insutype));
    assert_eq!(judged(&rows), [NULL, NULL, NULL, NULL, "V04", "V04", "V04", "V04"]);
}

#[test]
fn v05_the_kind_of_care_has_a_class() {
    let known = ["11", "12", "13", "21", "22", "23", "24", "28", "41"];
    let known = known.map(|med_type| row().with(Field::med_type, med_type));
    assert_eq!(judged(&known), [NULL; 9]);
    let unknown = ["51", "1", "110104", "25", "140101"];
    let unknown = unknown.map(|med_type| row().with(Field::med_type, med_type));
    assert_eq!(judged(&unknown), ["V05"; 5]);
}

#[test]
fn v06_chronic_diseases_are_open_on_the_day() {
    let chronic = |code: &str, time: &str| {
        row().with(Field::med_type, "14").with(Field::dise_codg, code).with(Field::setl_time, time)
    };
    let rows = [
        chronic("M03900", "2021-09-01 00:00:00"),
        chronic("M03900", "2021-08-31 23:59:59.999999"),
        chronic("M05300", "2024-12-01 00:00:00"),
        chronic("M05300", "2024-11-30 23:59:59"),
        chronic("M07800", "2025-10-15 10:00:00"),
        chronic("m03900", "2025-10-15 10:00:00"),
        chronic("", "2025-10-15 10:00:00"),
        row().with(Field::med_type, "140104"),
        row().with(Field::med_type, "140201").with(Field::dise_codg, "M07200"),
        row().with(Field::dise_codg, "M07800"),
    ];
    let expected = [NULL, "V06", NULL, "V06", "V06", "V06", "V06", "V06", NULL, NULL];
    assert_eq!(judged(&rows), expected);
}

#[test]
fn v07_the_fund_total_is_the_sum_of_its_fields() {
    let rows = [
        row().with(Field::fund_pay_sumamt, "700.01"),
        row().with(Field::maf_pay, "10.00"),
        row().with(Field::maf_pay, "10.00").with(Field::fund_pay_sumamt, "700.00"),
        row().with(Field::acct_mulaid_pay, "10.00"),
        row().without(Field::maf_pay),
    ];
    assert_eq!(judged(&rows), ["V07", NULL, "V07", NULL, NULL]);
}

#[test]
fn v08_the_cost_is_the_sum_of_who_bears_it() {
    let rows = [
        row().with(Field::medfee_sumamt, "1000.01"),
        row().with(Field::medfee_sumamt, "999.99"),
        row().with(Field::hosp_part_amt, "50.00"),
        row().with(Field::hosp_part_amt, "50.00").with(Field::medfee_sumamt, "1000.00"),
        row().with(Field::medfee_sumamt, "1000.01").with(Field::fund_pay_sumamt, "700.01"),
    ];
    assert_eq!(judged(&rows), ["V08", "V08", NULL, "V08", "V07"]);
}

#[test]
fn v09_amounts_have_the_sign_of_their_kind() {
    let rows = [
        row().with(Field::hifes_pay, "-0.01"),
        row().with(Field::hosp_part_amt, "-0.01"),
        reversal(),
        reversal().with(Field::hifes_pay, "0.01"),
        reversal().with(Field::psn_cash_pay, "0.00"),
        // Neither the relative's account nor the scope fields are among the 13 amounts.
        row().with(Field::acct_mulaid_pay, "-1.00"),
        row().with(Field::overlmt_selfpay, "-1.00"),
        // The flag alone makes no reversal, and empty text names no original.
        row().with(Field::refd_setl_flag, "1"),
        row().with(Field::init_setl_id, "").with(Field::hifp_pay, "-0.01"),
    ];
    let expected = ["V09", "V09", NULL, "V09", NULL, NULL, NULL, NULL];
    assert_eq!(judged(&rows)[..8], expected);
    assert_eq!(judged(&rows)[8], "V09");
}

#[test]
fn v10_costs_of_later_months_wait() {
    let at = |time: &str| row().with(Field::setl_time, time);
    let rows = [
        at("2025-10-31 23:59:59.999999"),
        at("2025-11-01 00:00:00"),
        at("2026-10-01 00:00:00"),
        at("2000-01-01 00:00:00"),
    ];
    assert_eq!(judged(&rows), [NULL, "V10", "V10", NULL]);
}

#[test]
fn v11_institutions_are_hospitals_or_pharmacies() {
    let codes = [
        "H31010000001",
        "P3101000000a",
        "X31010000001",
        "h31010000001",
        "H3101000001",
        "H310100000011",
        "H3101000000-",
        "H3101000000１",
    ];
    let rows = codes.map(|code| row().with(Field::fixmedins_code, code));
    assert_eq!(judged(&rows), [NULL, NULL, "V11", "V11", "V11", "V11", "V11", "V11"]);
}

#[test]
fn v12_manual_reimbursement_is_no_debt() {
    let rows = ["1", "0", ""].map(|flag| row().with(Field::fulamt_advpay_flag, flag));
    assert_eq!(judged(&rows), ["V12", NULL, NULL]);
}

#[test]
fn v13_scope_fields_add_up_where_all_are_there() {
    let scope = |amounts: [&str; 4]| {
        let fields = [
            Field::fulamt_ownpay_amt,
            Field::overlmt_selfpay,
            Field::preselfpay_amt,
            Field::inscp_scp_amt,
        ];
        fields.into_iter().zip(amounts).fold(row(), |row, (field, amount)| row.with(field, amount))
    };
    let rows = [
        scope(["100.00", "0.00", "50.00", "850.00"]),
        scope(["100.00", "0.00", "50.00", "850.01"]),
        scope(["100.00", "0.00", "50.00", "1.00"]).without(Field::inscp_scp_amt),
        scope(["0.00", "0.00", "0.00", "0.00"]),
    ];
    assert_eq!(judged(&rows), [NULL, "V13", NULL, "V13"]);
}

#[test]
fn v14_ids_have_at_most_forty_characters() {
    let fields = [Field::setl_id, Field::init_setl_id, Field::psn_no, Field::mdtrt_id];
    let with = |field: Field, length: usize| {
        let row = if field == Field::init_setl_id { reversal() } else { row() };
        row.with(field, id(length))
    };
    assert_eq!(judged(&fields.map(|field| with(field, 41))), ["V14"; 4]);
    assert_eq!(judged(&fields.map(|field| with(field, 40))), [NULL; 4]);
}

#[test]
fn v15_amounts_fit_sixteen_digits() {
    let rows = [
        row().with(Field::acct_mulaid_pay, "99999999999999.99"),
        row().with(Field::acct_mulaid_pay, "100000000000000.00"),
        row().with(Field::overlmt_selfpay, "-100000000000000.00"),
        // The identities that need the value are not judged.
        row()
            .with(Field::hifp_pay, "100000000000000.00")
            .with(Field::fund_pay_sumamt, "700.00")
            .with(Field::medfee_sumamt, "1.00"),
    ];
    assert_eq!(judged(&rows)[..3], [NULL, "V15", "V15"]);
    assert_eq!(judged(&rows)[3], "V08,V15");
}

#[test]
fn v16_flags_are_0_or_1_with_blanks_around_them() {
    let judged_as = |field: Field, flags: &[&str]| {
        judged(&flags.iter().map(|flag| row().with(field, *flag)).collect::<Vec<_>>())
    };
    let manual = judged_as(
        Field::fulamt_advpay_flag,
        &[
            "1  ",
            " 1",
            "\t1\n",
            "\u{3000}1",
            "1\0\0",
            "0  ",
            " ",
            "01",
            "１",
            "Y",
            "是",
            "true",
            "2",
            "1 1",
        ],
    );
    let mut expected = ["V16"; 14];
    expected[..5].fill("V12");
    expected[5..7].fill(NULL);
    assert_eq!(manual, expected);
    let refunded = judged_as(
        Field::refd_setl_flag,
        &["1", "1  ", " 0 ", "", "  ", "N", "-1", "00", "\u{200b}1"],
    );
    assert_eq!(refunded, [NULL, NULL, NULL, NULL, NULL, "V16", "V16", "V16", "V16"]);
    // Each flag by itself.
    let both = row().with(Field::fulamt_advpay_flag, "1").with(Field::refd_setl_flag, "Y");
    assert_eq!(judged(&[both]), ["V12,V16"]);
}

#[test]
fn v17_settlements_are_of_this_century() {
    let at = |time: &str| row().with(Field::setl_time, time);
    let rows = [
        at("2000-01-01 00:00:00"),
        at("1999-12-31 23:59:59.999999"),
        at("2099-12-31 23:59:59.999999"),
        at("2100-01-01 00:00:00"),
        at("1969-12-31 23:59:59"),
        at("infinity"),
        at("-infinity"),
        at("0000-01-01 00:00:00"),
        // A day is needed for a code, and not for its want.
        at("1999-12-31 10:00:00").with(Field::med_type, "14").with(Field::dise_codg, "M03900"),
        at("infinity").with(Field::med_type, "14").with(Field::dise_codg, "none"),
        at("infinity").with(Field::med_type, "14"),
    ];
    let expected = [
        NULL,
        "V17",
        "V10",
        "V10,V17",
        "V17",
        "V10,V17",
        "V17",
        "V17",
        "V17",
        "V10,V17",
        "V06,V10,V17",
    ];
    assert_eq!(judged(&rows), expected);
}

#[test]
fn v18_amounts_are_whole_fen() {
    let rows = [
        row().with(Field::acct_mulaid_pay, "10.00000000"),
        row().with(Field::acct_mulaid_pay, "10.001"),
        row().with(Field::overlmt_selfpay, "-0.00000001"),
        // V07 and V08 need the value, V09 does not judge it, and of its size nothing is said.
        row()
            .with(Field::hifp_pay, "700.005")
            .with(Field::fund_pay_sumamt, "1.00")
            .with(Field::medfee_sumamt, "5.00"),
        row().with(Field::hosp_part_amt, "-0.005").with(Field::psn_cash_pay, "-1.00"),
        row().with(Field::hosp_part_amt, "100000000000000.001"),
        row()
            .with(Field::medfee_sumamt, "1000.004")
            .with(Field::fund_pay_sumamt, "5.00")
            .with(Field::fulamt_ownpay_amt, "1.00")
            .with(Field::overlmt_selfpay, "1.00")
            .with(Field::preselfpay_amt, "1.00")
            .with(Field::inscp_scp_amt, "1.00"),
    ];
    let expected = [NULL, "V18", "V18", "V08,V18", "V09,V18", "V18", "V07,V18"];
    assert_eq!(judged(&rows), expected);
}

#[test]
fn rules_next_to_missing_values() {
    let wide = "100000000000000.00";
    let rows = [
        // V02 judges the code that is there; V03 needs both.
        row().without(Field::insuplc_admdvs).with(Field::mdtrtarea_admvs, "99"),
        // V09 judges the amounts that are there; V07 and V08 need all of theirs.
        row().without(Field::hifp_pay).with(Field::acct_pay, "-1.00"),
        row().without(Field::fund_pay_sumamt).with(Field::medfee_sumamt, "5.00"),
        row().without(Field::medfee_sumamt).with(Field::fund_pay_sumamt, "5.00"),
        // V13 needs the total cost.
        row()
            .without(Field::medfee_sumamt)
            .with(Field::fulamt_ownpay_amt, "1.00")
            .with(Field::overlmt_selfpay, "1.00")
            .with(Field::preselfpay_amt, "1.00")
            .with(Field::inscp_scp_amt, "1.00"),
        // A chronic row without a code is V06, not V01; without a day its code is not judged.
        row().with(Field::med_type, "14"),
        row().with(Field::med_type, "14").without(Field::setl_time).with(Field::dise_codg, "M0"),
        // Everything at once.
        row()
            .without(Field::psn_no)
            .with(Field::insuplc_admdvs, "1")
            .with(Field::insutype, "1")
            .with(Field::med_type, "1")
            .with(Field::fixmedins_code, "1")
            .with(Field::fulamt_advpay_flag, "1")
            .with(Field::setl_time, "2025-11-01 00:00:00")
            .with(Field::fund_pay_sumamt, "1.00")
            .with(Field::medfee_sumamt, "-1.00")
            .with(Field::mdtrt_id, id(41))
            .with(Field::acct_mulaid_pay, wide)
            .with(Field::refd_setl_flag, "?"),
    ];
    let expected = [
        "V01,V02",
        "V01,V09",
        "V01",
        "V01,V07",
        "V01",
        "V06",
        "V01",
        "V01,V02,V04,V05,V07,V08,V09,V10,V11,V12,V14,V15,V16",
    ];
    assert_eq!(judged(&rows), expected);
}

#[test]
fn rejects_name_file_row_and_key_and_count_with_real_values() {
    let world = World::new();
    let wide = Row::new("W").with(Field::acct_pay, "100000000000000.00");
    world.deliver("2025-10", "treating/x/b.parquet", &[Row::new("G"), wide]);
    world.deliver("2025-10", "treating/a.parquet", &[row().without(Field::setl_id)]);
    world.deliver("2025-10", "insured/a.parquet", &[row().with(Field::insutype, "9")]);
    world.run("2025-10").expect(0);
    let rejects = world.table("2025-10", "rejects", &["side", "file", "row", "setl_id", "rules"]);
    let expected = [
        ["insured", "insured/a.parquet", "0", "A", "V04"],
        ["treating", "treating/a.parquet", "0", NULL, "V01"],
        ["treating", "treating/x/b.parquet", "1", "W", "V15"],
    ];
    assert_eq!(rejects, expected);
    let control =
        world.table("2025-10", "control", &["bucket", "rows", "medfee_sumamt", "payable"]);
    let treating = control.into_iter().skip(18).filter(|row| row[1] != "0").collect::<Vec<_>>();
    let expected = [
        ["delivered", "3", "100000000002900.00", "100000000002300.00"],
        ["rejected", "2", "100000000001900.00", "100000000001500.00"],
        ["missing_insured", "1", "1000.00", "800.00"],
    ];
    assert_eq!(treating, expected);
}

#[test]
fn rejects_have_no_cap() {
    let world = World::new();
    let rows: Vec<Row> =
        (0..30_000).map(|n| Row::new(&n.to_string()).with(Field::insutype, "9")).collect();
    world.deliver("2025-10", "treating/a.parquet", &rows);
    world.deliver("2025-10", "insured/a.parquet", &[]);
    world.run("2025-10").expect(0);
    let rejected = world.table("2025-10", "rejects", &["row"]);
    assert!(rejected.iter().enumerate().all(|(n, row)| row[0] == n.to_string()));
    assert_eq!(rejected.len(), 30_000);
}
