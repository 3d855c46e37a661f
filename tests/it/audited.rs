//! A book of two periods for the auditor's commands, and what they say about it.

use std::{fs, path::Path};

use liangqing::model::fields::Field;
use serde_json::Value;

use crate::world::{Ran, Row, World, program};

/// Two closed periods: a mismatch that is accepted later, a missing copy, a deduction.
pub(crate) fn book() -> World {
    let world = World::new();
    let quotas = "insured_province,treating_province,quota\n34,31,5000.00\n";
    world.small_file("2025-10", "opening-quotas.csv", quotas);
    let rows = [Row::new("A"), Row::new("B"), Row::new("C").with(Field::hifp_pay, "600.00")];
    world.deliver("2025-10", "treating/a.parquet", &[&rows[..], &[Row::new("M")]].concat());
    world.deliver(
        "2025-10",
        "insured/a.parquet",
        &[rows[0].clone(), other(&rows[1]), rows[2].clone()],
    );
    world.run("2025-10").expect(0);
    world.deliver_both("2025-11", &[Row::new("D").in_month("2025-11")]);
    let decisions = "setl_id,decision,reason,decided_by,approved_by,decided_on\n\
                     B,accept_treating,checked,Wang,Li,2025-12-01\n";
    world.small_file("2025-11", "decisions.csv", decisions);
    let deductions = "ddct_id,setl_id,amount,reason_code,decided_on\nk1,A,10.00,x,2025-12-01\n";
    world.small_file("2025-11", "deductions.csv", deductions);
    world.run("2025-11").expect(0);
    world
}

/// Another copy of a row, with another person.
pub(crate) fn other(row: &Row) -> Row {
    row.clone().with(Field::psn_no, "3400000000000000999999")
}

pub(crate) fn liangqing(arguments: &[&str]) -> Ran {
    program().args(arguments).output().expect("started").into()
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

pub(crate) fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).expect("JSON")
}

pub(crate) fn head(world: &World, period: &str) -> String {
    let seal = fs::read_to_string(world.book().join(period).join("manifest.sha256"));
    seal.expect("a seal")[..64].to_owned()
}
