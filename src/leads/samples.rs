//! Leads made by hand, for tests.

use std::path::Path;

use super::{
    summary::ReviewSummary,
    write::{LeadSource, write},
};
use crate::{
    diag::{Outcome, codes::RowRule},
    event::Monitor,
    ingest::times::DAY,
    keyed::sorted::Sorter,
    model::{
        codes::{CareClass, FundClass, Month, Province},
        money::{Fen, FenSum},
    },
    place::staging::Staging,
    privacy::pseudonym::Pseudonyms,
    review::{
        account::{InputAccount, NotRun, ReviewAccount, RowAccount, RowPlace, UnknownValues},
        benefit_rules::BenefitCounts,
        found::{FoundLead, LeadSettlement},
        rule::ReviewRule,
    },
};

/// 2025-10-01, counted from 1970-01-01.
pub(super) const OCTOBER: i32 = 20_362;

/// A visit at noon of a day of October 2025 (from 1).
pub(super) fn visit(
    setl_id: &str,
    ordinal: u64,
    psn_no: &str,
    treating: &str,
    day: i32,
) -> LeadSettlement {
    LeadSettlement {
        setl_id: setl_id.into(),
        ordinal,
        psn_no: psn_no.into(),
        institution: format!("H{treating}00000001").into(),
        insured: "610100".into(),
        treating: treating.into(),
        care: CareClass::Outpatient,
        fund: FundClass::Employee,
        med_type: "11".into(),
        time: i64::from(OCTOBER + day - 1) * DAY + DAY / 2,
        begin: None,
        end: None,
        medfee: Fen::new(20_000),
        payable: Fen::new(12_345),
        hifp_pay: Fen::new(10_000),
        in_scope: Some(Fen::new(18_000)),
        act_pay_dedc: None,
    }
}

/// A stay from one day of October 2025 to another.
pub(super) fn stay(
    setl_id: &str,
    ordinal: u64,
    psn_no: &str,
    treating: &str,
    days: (i32, i32),
) -> LeadSettlement {
    LeadSettlement {
        care: CareClass::Inpatient,
        institution: format!("H{treating}00000009").into(),
        med_type: "21".into(),
        begin: Some(OCTOBER + days.0 - 1),
        end: Some(OCTOBER + days.1 - 1),
        payable: Fen::new(1_234_567),
        ..visit(setl_id, ordinal, psn_no, treating, days.1)
    }
}

/// A lead of a rule about some settlements.
pub(super) fn lead(
    rule: ReviewRule,
    suspects: Vec<LeadSettlement>,
    context: Vec<LeadSettlement>,
    detail: &str,
) -> FoundLead {
    let amount = suspects.iter().map(|suspect| FenSum::from(suspect.payable)).sum();
    FoundLead {
        rule,
        strength: rule.strength(),
        amount,
        detail: detail.to_owned(),
        suspects,
        context,
        of_book: None,
    }
}

/// A visit in Shanghai during a stay in Shanghai.
pub(super) fn care_during_a_stay(n: u64) -> FoundLead {
    let person = format!("6100000000000000{n:04}");
    let visit = visit(&format!("V{n:05}"), 2 * n, &person, "310104", 3);
    let stay = stay(&format!("S{n:05}"), 2 * n + 1, &person, "310115", (1, 10));
    lead(ReviewRule::Beh04, vec![visit], vec![stay], "stay_institution=H31011500000009")
}

/// Visits in two provinces on a day.
pub(super) fn two_provinces(n: u64) -> FoundLead {
    let person = format!("6100000000000001{n:04}");
    let one = visit(&format!("A{n:05}"), 1_000_000 + 2 * n, &person, "110105", 7);
    let mut other = visit(&format!("B{n:05}"), 1_000_001 + 2 * n, &person, "440106", 7);
    other.time += 3_600_000_000;
    lead(ReviewRule::Beh06, vec![one, other], Vec::new(), "minutes=60;provinces=11,44")
}

/// Many persons at one institution on a day.
pub(super) fn burst(count: u64) -> FoundLead {
    let visit = |n: u64| {
        visit(&format!("Z{n:05}"), 2_000_000 + n, &format!("620000000000000{n:05}"), "320102", 15)
    };
    lead(
        ReviewRule::Beh13,
        (0..count).map(visit).collect(),
        Vec::new(),
        "count=500;days=12;total=900",
    )
}

/// A lead without settlements.
pub(super) fn of_book(province: u8) -> FoundLead {
    let province = Province::from_code(province).expect("a province");
    let detail = "deductions=1.00;gross=1000.00;nation_deductions=900.00;nation_gross=90000.00";
    FoundLead::of_book(
        ReviewRule::Beh20,
        province,
        (OCTOBER, OCTOBER + 30),
        FenSum::new(900),
        detail.to_owned(),
    )
}

/// The account of a review of October 2025.
pub(super) fn account() -> ReviewAccount {
    let month = Month::new(2025, 10);
    let mut unknown_values = UnknownValues::default();
    unknown_values.add("hosp_lv", "a<b", 7);
    ReviewAccount {
        month: Some(month),
        covered_months: vec![month, month.plus(-1)],
        inputs: vec![InputAccount { files: 2, rows: 60 }, InputAccount { files: 1, rows: 40 }],
        rules_run: vec![ReviewRule::Beh06, ReviewRule::Beh04, ReviewRule::Beh01],
        rules_left_out: vec![
            (ReviewRule::Fil01, NotRun::NoFilings),
            (ReviewRule::Beh18, NotRun::NoField("mdtrt_cert_no")),
        ],
        broken: [(RowRule::V11, 3)].into(),
        rows: RowAccount { rejected: 3, repeated: 2, reversals: 4, reversed: 1, settlements: 90 },
        persons: 70,
        benefits: BenefitCounts {
            reviewed_rows: 60,
            reviewed_fen: FenSum::new(900_000),
            other_rows: 30,
            other_fen: FenSum::new(100_000),
            areas_without: [
                (620_100, (20, FenSum::new(60_000))),
                (510_100, (10, FenSum::new(40_000))),
            ]
            .into_iter()
            .collect(),
        },
        unknown_values,
        unknown_levels: UnknownValues::default(),
    }
}

/// Writes leads, sorted within some bytes of memory; every third row is cleared.
pub(super) fn written(
    out: &Path,
    leads: &[FoundLead],
    room: usize,
    pseudonyms: Option<&Pseudonyms>,
) -> Outcome<ReviewSummary> {
    let folder = tempfile::tempdir().expect("a folder");
    let staging = Staging::inside(folder.path())?;
    let sorter = Sorter::new(room, &staging.scratch(), "leads");
    leads.iter().rev().try_for_each(|lead| sorter.push(vec![lead.clone()]))?;
    let source = LeadSource {
        leads: &sorter.finish()?,
        place: &|ordinal| RowPlace { input: 1, file: "treating/a.parquet", row: ordinal },
        cleared: &|ordinal| Some(ordinal % 3 == 0),
        account: &account(),
        pseudonyms,
    };
    write(out, &source, &Monitor::silent())
}
