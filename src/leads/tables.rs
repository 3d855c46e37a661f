//! The tables of leads and of their settlements.

use super::direction::PaidDirection;
use crate::review::account::RowPlace;
use crate::{
    columnar::{
        shape::{
            self,
            CellKind::{Amount, Count, Day, Flag, Sum, Text},
            TableSpec,
        },
        table::TableBuilder,
    },
    model::{
        codes::Province,
        money::{Fen, FenSum},
    },
    review::{
        found::{FoundLead, LeadSettlement},
        rule::{ReviewRule, Strength},
    },
};

/// The columns of `leads.parquet`.
const LEADS: TableSpec = shape::table(
    "leads",
    &["lead_id"],
    Some("amount"),
    &[
        ("lead_id", Text),
        ("rule", Text),
        ("strength", Text),
        ("treating_province", Text),
        ("other_province", Text),
        ("insured_province", Text),
        ("psn_no", Text),
        ("fixmedins_code", Text),
        ("first_day", Day),
        ("last_day", Day),
        ("settlements", Count),
        ("amount", Sum),
        ("detail", Text),
        ("cleared", Flag),
    ],
);

/// The columns of `lead_settlements.parquet`.
const LEAD_SETTLEMENTS: TableSpec = shape::table(
    "lead_settlements",
    &["lead_id", "setl_id"],
    Some("payable"),
    &[
        ("lead_id", Text),
        ("setl_id", Text),
        ("role", Text),
        ("input", Count),
        ("file", Text),
        ("row", Count),
        ("treating_province", Text),
        ("payable", Amount),
        ("cleared", Flag),
    ],
);

/// The paths of both tables below the output folder.
pub(super) const LEADS_FILE: &str = "leads.parquet";
pub(super) const SETTLEMENTS_FILE: &str = "lead_settlements.parquet";

/// What a settlement is in its lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeadRole {
    Suspect,
    Context,
}

impl LeadRole {
    /// Returns the word for it in tables.
    pub(super) const fn name(self) -> &'static str {
        match self {
            LeadRole::Suspect => "suspect",
            LeadRole::Context => "context",
        }
    }

    /// Returns the role that a word names.
    pub(super) fn from_name(name: &str) -> Option<LeadRole> {
        [LeadRole::Suspect, LeadRole::Context].into_iter().find(|role| role.name() == name)
    }
}

/// Returns the settlements of a lead with their roles, suspects first.
pub(super) fn with_roles(
    lead: &FoundLead,
) -> impl Iterator<Item = (LeadRole, &LeadSettlement)> + Clone {
    let suspects = lead.suspects.iter().map(|settlement| (LeadRole::Suspect, settlement));
    suspects.chain(lead.context.iter().map(|settlement| (LeadRole::Context, settlement)))
}

/// Numbers the leads of each rule from 1, in their order.
#[derive(Debug, Default)]
pub(super) struct LeadIds(Option<(ReviewRule, u64)>);

impl LeadIds {
    /// Returns the number of the next lead, whose rule is that of the last one or a later one.
    pub(super) fn next_number(&mut self, rule: ReviewRule) -> u64 {
        let number = match self.0 {
            Some((last, number)) if last == rule => number + 1,
            _ => 1,
        };
        self.0 = Some((rule, number));
        number
    }

    /// Returns the id of a lead.
    pub(super) fn id(rule: ReviewRule, number: u64) -> String {
        format!("{}-{number:06}", rule.id())
    }
}

/// A row of `leads.parquet`.
#[derive(Debug, Clone)]
pub(super) struct LeadRow {
    pub(super) lead_id: String,
    pub(super) rule: ReviewRule,
    pub(super) strength: Strength,
    pub(super) treating: Province,
    pub(super) other: Option<Province>,
    pub(super) insured: Option<Province>,
    pub(super) psn_no: Option<Box<str>>,
    pub(super) institution: Option<Box<str>>,
    pub(super) days: (i32, i32),
    pub(super) settlements: i64,
    pub(super) amount: FenSum,
    pub(super) detail: String,
    pub(super) cleared: Option<bool>,
    /// For packs and page; no column.
    pub(super) direction: Option<PaidDirection>,
}

impl LeadRow {
    /// Makes the row of a lead; `cleared` says it of each settlement, and is empty without a book.
    pub(super) fn of(lead: &FoundLead, lead_id: String, cleared: &[Option<bool>]) -> LeadRow {
        let known: Option<Vec<bool>> = cleared.iter().copied().collect();
        LeadRow {
            lead_id,
            rule: lead.rule,
            strength: lead.strength,
            treating: lead.treating_province(),
            other: lead.other_province(),
            insured: lead.insured_province(),
            psn_no: lead.psn_no().map(Into::into),
            institution: lead.institution().map(Into::into),
            days: lead.days(),
            settlements: i64::try_from(lead.count()).unwrap_or(i64::MAX),
            amount: lead.amount,
            detail: lead.detail.clone(),
            cleared: known
                .filter(|known| !known.is_empty())
                .map(|known| known.into_iter().all(|one| one)),
            direction: PaidDirection::of(lead),
        }
    }
}

/// A row of `lead_settlements.parquet`.
#[derive(Debug)]
pub(super) struct SettlementRow<'a> {
    pub(super) lead_id: String,
    pub(super) setl_id: Box<str>,
    pub(super) role: LeadRole,
    pub(super) place: RowPlace<'a>,
    pub(super) treating: Province,
    pub(super) payable: Fen,
    pub(super) cleared: Option<bool>,
}

/// Makes the table of leads.
pub(super) fn leads_table(rows: &[LeadRow]) -> TableBuilder {
    let text = |of: fn(&LeadRow) -> Option<&str>| rows.iter().map(of);
    let province = |of: fn(&LeadRow) -> Option<Province>| {
        rows.iter().map(move |row| of(row).map(|province| province.to_string()))
    };
    TableBuilder::new(LEADS)
        .text("lead_id", text(|row| Some(&row.lead_id)))
        .text("rule", text(|row| Some(row.rule.id())))
        .text("strength", text(|row| Some(row.strength.name())))
        .text("treating_province", province(|row| Some(row.treating)))
        .text("other_province", province(|row| row.other))
        .text("insured_province", province(|row| row.insured))
        .text("psn_no", text(|row| row.psn_no.as_deref()))
        .text("fixmedins_code", text(|row| row.institution.as_deref()))
        .date("first_day", rows.iter().map(|row| Some(row.days.0)))
        .date("last_day", rows.iter().map(|row| Some(row.days.1)))
        .count("settlements", rows.iter().map(|row| row.settlements))
        .sum("amount", rows.iter().map(|row| row.amount))
        .text("detail", text(|row| Some(&row.detail)))
        .flag("cleared", rows.iter().map(|row| row.cleared))
}

/// Makes the table of their settlements.
pub(super) fn settlements_table(rows: &[SettlementRow<'_>]) -> TableBuilder {
    TableBuilder::new(LEAD_SETTLEMENTS)
        .text("lead_id", rows.iter().map(|row| Some(&row.lead_id)))
        .text("setl_id", rows.iter().map(|row| Some(&*row.setl_id)))
        .text("role", rows.iter().map(|row| Some(row.role.name())))
        .count("input", rows.iter().map(|row| i64::from(row.place.input)))
        .text("file", rows.iter().map(|row| Some(row.place.file)))
        .count("row", rows.iter().map(|row| row.place.row.cast_signed()))
        .text("treating_province", rows.iter().map(|row| Some(row.treating.to_string())))
        .amount("payable", rows.iter().map(|row| Some(row.payable)))
        .flag("cleared", rows.iter().map(|row| row.cleared))
}
