//! Punctuality of payments: the notices of the book by payer.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    source::PeriodTables,
    words::{Money, Words, count, province, words},
};
use crate::{
    book::grid::Grid,
    diag::Outcome,
    model::{codes::Province, dates::parse_day, money::FenSum},
};

/// The outcome of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoticeFate {
    OnTime,
    Late,
    Partial,
    Unpaid,
}

/// A notice at the latest close that lists it.
struct NoticeStanding {
    payer: Province,
    fate: NoticeFate,
    overdue: bool,
    due: FenSum,
    paid: FenSum,
}

/// The notices of a payer.
#[derive(Serialize)]
pub(super) struct Payer {
    pub(super) name: Words,
    /// The numbers of notices paid in time, paid late, paid in part, unpaid.
    counts: [u32; 4],
    /// These numbers and the number of overdue notices, for people.
    pub(super) shown: [String; 5],
    #[serde(skip)]
    pub(super) due: Money,
    #[serde(skip)]
    pub(super) open: Money,
}

/// The notices of the book.
pub(super) struct Punctuality {
    /// The payers; those with the largest unpaid amount come first.
    pub(super) payers: Vec<Payer>,
    pub(super) total: Option<Payer>,
    /// The number of unpaid notices that were due before this period issued its notices.
    pub(super) overdue: i128,
    /// The number of emergency proposals without approval.
    pub(super) proposals: i128,
}

impl Punctuality {
    pub(super) fn of(source: &PeriodTables) -> Outcome<Punctuality> {
        let today = parse_day(&source.manifest.as_of);
        let today = today.map(|day| i128::from(day.to_epoch_days()));
        let mut payers: BTreeMap<String, Province> = BTreeMap::new();
        let mut standings: BTreeMap<String, Option<NoticeStanding>> = BTreeMap::new();
        for (_, folder) in &source.history {
            for row in Grid::open(folder, "notices")?.iter() {
                if let Some(payer) = Province::from_text(row.text("payer")) {
                    payers.insert(row.text("notice_id").to_owned(), payer);
                }
            }
            for row in Grid::open(folder, "notice_status")?.iter() {
                let fate = match (row.text("status"), row.flag("punctual")) {
                    ("paid", Some(false)) => Some(NoticeFate::Late),
                    ("paid", _) => Some(NoticeFate::OnTime),
                    ("partial", _) => Some(NoticeFate::Partial),
                    ("unpaid", _) => Some(NoticeFate::Unpaid),
                    _ => None,
                };
                let notice = row.text("notice_id");
                let standing = fate.zip(payers.get(notice)).map(|(fate, payer)| NoticeStanding {
                    payer: *payer,
                    fate,
                    overdue: matches!(fate, NoticeFate::Partial | NoticeFate::Unpaid)
                        && row
                            .number_or_null("pay_by")
                            .zip(today)
                            .is_some_and(|(by, day)| by < day),
                    due: row.fen_or_null("approved").unwrap_or_else(|| row.fen("amount")),
                    paid: row.fen("paid"),
                });
                standings.insert(notice.to_owned(), standing);
            }
        }
        let proposals = standings.values().filter(|standing| standing.is_none()).count();
        let standings: Vec<NoticeStanding> = standings.into_values().flatten().collect();
        Ok(Punctuality::sorted(&standings, proposals as i128))
    }

    fn sorted(standings: &[NoticeStanding], proposals: i128) -> Punctuality {
        let mut by_payer: BTreeMap<Province, Vec<&NoticeStanding>> = BTreeMap::new();
        for standing in standings {
            by_payer.entry(standing.payer).or_default().push(standing);
        }
        let mut payers: Vec<Payer> =
            by_payer.into_iter().map(|(of, own)| payer(province(of), &own)).collect();
        // The sort is stable, so provinces with equal sums stay in official order.
        payers.sort_by_key(|payer| (-payer.open.0, -payer.due.0));
        let all: Vec<&NoticeStanding> = standings.iter().collect();
        Punctuality {
            payers,
            total: (!all.is_empty()).then(|| payer(words("合计", "Total"), &all)),
            overdue: standings.iter().filter(|standing| standing.overdue).count() as i128,
            proposals,
        }
    }
}

fn payer(name: Words, own: &[&NoticeStanding]) -> Payer {
    let counts = [NoticeFate::OnTime, NoticeFate::Late, NoticeFate::Partial, NoticeFate::Unpaid]
        .map(|fate| {
            let of = own.iter().filter(|standing| standing.fate == fate).count();
            u32::try_from(of).unwrap_or(u32::MAX)
        });
    let overdue = own.iter().filter(|standing| standing.overdue).count();
    let [on_time, late, partial, unpaid] = counts.map(|number| count(number.into()));
    Payer {
        name,
        counts,
        shown: [on_time, late, partial, unpaid, count(overdue as i128)],
        due: Money(own.iter().map(|standing| standing.due).sum()),
        open: Money(own.iter().map(|standing| standing.due - standing.paid).sum()),
    }
}
