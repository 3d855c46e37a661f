//! Quotas that are refused: of a first period, and of pairs or periods that cannot get any.

use crate::world::{Ran, Row, World};

#[test]
fn initial_quotas_are_for_pairs_without_one() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    let quotas = "insured_province,treating_province,quota\n34,31,8000\n";
    world.small_file("2025-10", "opening-quotas.csv", quotas);
    let header = "insured_province,treating_province,quota,approved_by,approved_on\n";
    let lines = "34,31,1.00,Chen,2025-10-30\n34,33,1.00,Chen,2025-10-30\n";
    world.small_file("2025-10", "initial-quotas.csv", format!("{header}{lines}"));
    insta::assert_snapshot!(world.run("2025-10").expect(3).stderr, @r#"
    error: the delivery is refused
      Q06 initial-quotas.csv, line 2: found 34-31 has 8000.00, expected a pair whose quota in force is 0
        hint: remove the line: a quota in force changes by quota-changes.csv
    1 finding in all; nothing was published and the book is as it was
    "#);
    world.small_file("2025-10", "initial-quotas.csv", header);
    for period in ["2025-10", "2025-11"] {
        world.run(period).expect(0);
        world.deliver_both("2025-11", &[Row::new("B").in_month("2025-11")]);
        world.deliver_both("2025-12", &[Row::new("C").in_month("2025-12")]);
    }
    world.small_file("2025-12", "initial-quotas.csv", format!("{header}{}", &lines[27..]));
    insta::assert_snapshot!(world.run("2025-12").expect(3).stderr, @r#"
    error: the delivery is refused
      Q08 initial-quotas.csv, line 2: found this period makes yearly quotas, expected a period that makes no yearly quotas
        hint: deliver it with the next period: the yearly quota of this one is made of payables
    1 finding in all; nothing was published and the book is as it was
    "#);
}

/// Opening quotas go with the first period only.
fn opening_quotas(lines: &str) -> String {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    let text = format!("insured_province,treating_province,quota\n{lines}");
    world.small_file("2025-10", "opening-quotas.csv", text);
    let ran = world.run("2025-10").expect(3);
    assert!(!world.book().exists(), "a book was made");
    ran.stderr
}

#[test]
fn a_first_period_without_quotas_is_asked_about() {
    let world = World::new();
    world.deliver_both("2025-10", &[Row::new("A")]);
    let asked: Ran = world.asking_command("2025-10").output().expect("started").into();
    insta::assert_snapshot!(asked.expect(3).stderr, @r#"
    error: the delivery is refused
      G04 opening-quotas.csv: found a first period without them, expected the quotas that the first period of a book starts from
        hint: give --opening-quotas FILE, without it every quota is 0; `--accept G04` if it is meant
    1 finding in all; nothing was published and the book is as it was
    "#);
    assert!(!world.book().exists(), "a book was made");
}

#[test]
fn opening_quotas_are_checked() {
    let lines = "34,31,1.00\n34,31,2.00\n35,31,-0.01\n35,00,1.00\n35,33,x\n";
    insta::assert_snapshot!(opening_quotas(lines), @r#"
    error: the delivery is refused
      S08 opening-quotas.csv, line 3: found 34-31 again, expected each pair once
        hint: remove one of the lines
      S09 opening-quotas.csv, line 4, column quota: found "-0.01", expected a quota of 0 or more
        hint: correct the quota
      S07 opening-quotas.csv, line 5, column treating_province: found "00", expected the two-digit code of one of the 32 provinces
        hint: correct the code
      S04 opening-quotas.csv, line 6, column quota: found "x", expected digits with at most two decimals
        hint: write amounts as 1234.56, without separators, blanks or signs other than a minus
    4 findings in all; nothing was published and the book is as it was
    "#);
}
