//! Notices that are late at the close of a period, by kind and payer.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::PathBuf,
};

use super::period::CountedMoney;
use crate::{
    book::{
        ClosedPeriod,
        grid::{Grid, GridRow},
    },
    diag::{Failure, Outcome},
    model::{
        codes::{Month, Province},
        dates::parse_day,
        money::FenSum,
    },
    reserve::notices::NoticeKind,
};

/// The late notices of one kind: unpaid or paid in part, and due before the day on which the period issued its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateNotices {
    /// The kind.
    pub kind: NoticeKind,
    /// The number of notices, and the amount that is open on them.
    pub open: CountedMoney,
    /// The open amount of each payer.
    pub payers: BTreeMap<Province, FenSum>,
}

/// Returns the late notices at the close of a period, by kind; `history` has the periods of the book up to it.
pub fn late_notices(
    closed: &ClosedPeriod,
    history: &[(Month, PathBuf)],
) -> Outcome<Vec<LateNotices>> {
    let as_of = parse_day(&closed.manifest.as_of).map(|day| i128::from(day.to_epoch_days()));
    let status = closed.table("notice_status")?;
    let is_late = |row: &GridRow| {
        let due = row.number_or_null("pay_by").zip(as_of).is_some_and(|(by, day)| by < day);
        due && ["unpaid", "partial"].contains(&row.text("status"))
    };
    let late: Vec<GridRow> = status.iter().filter(is_late).collect();
    let mut issued: BTreeMap<Month, Grid> = BTreeMap::new();
    let mut kinds: BTreeMap<NoticeKind, LateNotices> = BTreeMap::new();
    for row in late {
        let number = row.text("notice_id");
        let Some((kind, period)) = kind_and_period(number) else { continue };
        let payer = payer_of(number, period, history, &mut issued)?;
        let due = row.fen_or_null("approved").unwrap_or_else(|| row.fen("amount"));
        let open = due - row.fen("paid");
        let of_kind = kinds.entry(kind).or_insert_with(|| LateNotices {
            kind,
            open: CountedMoney::default(),
            payers: BTreeMap::new(),
        });
        of_kind.open.add(open);
        *of_kind.payers.entry(payer).or_default() += open;
    }
    Ok(kinds.into_values().collect())
}

/// Returns kind and period of a notice's number, such as `QS-2025-10-34-31`.
fn kind_and_period(number: &str) -> Option<(NoticeKind, Month)> {
    let (kind, rest) = number.split_once('-')?;
    Some((NoticeKind::from_name(kind)?, Month::from_text(rest.get(..7)?)?))
}

fn payer_of(
    number: &str,
    period: Month,
    history: &[(Month, PathBuf)],
    issued: &mut BTreeMap<Month, Grid>,
) -> Outcome<Province> {
    let unknown =
        || Failure::Book(text!("the book is damaged: no period issued the notice {}", number));
    let notices = match issued.entry(period) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => {
            let folder = history.iter().find(|(month, _)| *month == period);
            let (_, folder) = folder.ok_or_else(unknown)?;
            new.insert(ClosedPeriod::read(period, folder.clone())?.table("notices")?)
        }
    };
    let row = notices.iter().find(|row| row.text("notice_id") == number);
    row.and_then(|row| Province::from_text(row.text("payer"))).ok_or_else(unknown)
}
