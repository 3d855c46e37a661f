//! A row of the system errors, judged by itself: N01 to N05.

use super::{
    error::{ErrorClass, RaisedBy, SystemError, day_of},
    masking::masked_and_cut,
};
use crate::{
    contract::columns::SYSTEM_ERRORS,
    diag::codes::ErrorRule,
    ingest::typed_table::{TableCell, TypedKind},
    model::codes::{Month, Province},
};

/// The number of columns.
pub(super) const COLUMNS: usize = SYSTEM_ERRORS.columns.len();

/// The names of the columns.
pub(super) const NAMES: [&str; COLUMNS] = {
    let mut names = [""; COLUMNS];
    let mut at = 0;
    while at < names.len() {
        names[at] = SYSTEM_ERRORS.columns[at].name;
        at += 1;
    }
    names
};

/// What each column has to hold in Parquet.
pub(super) const FORMS: [TypedKind; COLUMNS] = {
    let mut forms = [TypedKind::Code; COLUMNS];
    forms[1] = TypedKind::Time;
    forms[11] = TypedKind::Day;
    forms[12] = TypedKind::Day;
    forms
};

/// The values of a row.
pub(super) type ErrorCells<'a> = [TableCell<'a>; COLUMNS];

/// The longest number of an error, in characters.
const LONGEST_ID: usize = 40;
/// The first day that an error may have: 2000-01-01.
const FIRST_DAY: i32 = 10_957;

/// What rows are judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowLimits {
    /// The last day that may stand in a row: the as-of day.
    pub(super) last_day: i32,
    /// The period whose delivery has the rows.
    pub(super) period: Month,
}

impl RowLimits {
    /// Returns the error of a row, or the first rule that it breaks.
    pub(super) fn judge(self, cells: &ErrorCells) -> Result<SystemError, ErrorRule> {
        let err_id = cells[0].text().unwrap_or_default();
        if err_id.is_empty() || err_id.chars().count() > LONGEST_ID {
            return Err(ErrorRule::N01);
        }
        let days = FIRST_DAY..=self.last_day;
        let at = cells[1].time().filter(|at| days.contains(&day_of(*at)));
        let at = at.ok_or(ErrorRule::N02)?;
        let (treating, insured) = provinces(cells).ok_or(ErrorRule::N03)?;
        let (raised_by, class) = words(cells).ok_or(ErrorRule::N04)?;
        let days = day_of(at)..=self.last_day;
        let day = |cell: TableCell| match cell {
            TableCell::Empty => Ok(None),
            cell => cell.day().filter(|day| days.contains(day)).map(Some).ok_or(ErrorRule::N05),
        };
        let (answered_on, struck_off_on) = (day(cells[11])?, day(cells[12])?);
        let text = |at: usize| cells[at].text().map(str::to_owned);
        let masked = |at: usize| cells[at].text().map(masked_and_cut);
        Ok(SystemError {
            err_id: err_id.to_owned(),
            at,
            infno: text(2),
            raised_by,
            treating,
            insured,
            fixmedins_code: text(6),
            class,
            code: masked(8),
            text: masked(9),
            mdtrt_id: text(10),
            answered_on,
            struck_off_on,
            first_period: self.period,
        })
    }
}

/// Returns the treating and the insured province; none where one is unknown or both are the same.
pub(super) fn provinces(cells: &ErrorCells) -> Option<(Province, Option<Province>)> {
    let treating = Province::from_text(cells[4].text()?)?;
    let insured = match cells[5].text() {
        None => None,
        Some(text) => Some(Province::from_text(text)?),
    };
    (insured != Some(treating)).then_some((treating, insured))
}

/// Returns who has raised it and its class.
pub(super) fn words(cells: &ErrorCells) -> Option<(RaisedBy, ErrorClass)> {
    let raised_by = RaisedBy::from_name(cells[3].text()?)?;
    Some((raised_by, ErrorClass::from_name(cells[7].text()?)?))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    /// A row as CSV has it.
    const ROW: [&str; COLUMNS] = [
        "E1",
        "2025-10-07 08:09:10",
        "2207",
        "treating",
        "31",
        "34",
        "H31000000001",
        "timeout",
        "c12345678x",
        "号110105194912310021X超时",
        "V1",
        "",
        "",
    ];

    fn judged(changes: &[(usize, &str)]) -> Result<SystemError, ErrorRule> {
        let mut row = ROW;
        for (at, text) in changes {
            row[*at] = text;
        }
        let day = NaiveDate::from_ymd_opt(2025, 11, 30).expect("a day");
        let limits = RowLimits { last_day: day.to_epoch_days(), period: Month::new(2025, 10) };
        limits.judge(&row.map(TableCell::of_text))
    }

    #[test]
    fn each_code_on_both_sides_of_its_border() {
        use ErrorRule::{N01, N02, N03, N04, N05};
        let forty = "错".repeat(40);
        let long = "错".repeat(41);
        let good: [&[(usize, &str)]; 10] = [
            &[(0, &forty)],
            &[(1, "2000-01-01 00:00:00")],
            &[(1, "2025-11-30 23:59:59")],
            &[(5, "")],
            &[(4, "66"), (5, "65")],
            &[(11, "2025-10-07")],
            &[(11, "2025-11-30"), (12, "2025-10-07")],
            &[(2, ""), (6, ""), (8, ""), (9, ""), (10, "")],
            &[(3, "institution"), (7, "other")],
            &[(0, " ")],
        ];
        for changes in good {
            assert!(judged(changes).is_ok(), "{changes:?}: {:?}", judged(changes));
        }
        let bad: [(&[(usize, &str)], ErrorRule); 22] = [
            (&[(0, "")], N01),
            (&[(0, &long), (1, "")], N01),
            (&[(1, "")], N02),
            (&[(1, "1999-12-31 23:59:59")], N02),
            (&[(1, "2025-12-01 00:00:00")], N02),
            (&[(1, "2025-10-07")], N02),
            (&[(1, "2025-10-07T08:09:10")], N02),
            (&[(1, "2025-10-07 24:00:00")], N02),
            (&[(1, "2025-02-30 08:09:10"), (4, "")], N02),
            (&[(4, "")], N03),
            (&[(4, "99")], N03),
            (&[(4, "031")], N03),
            (&[(5, "00")], N03),
            (&[(5, "31"), (3, "")], N03),
            (&[(3, "")], N04),
            (&[(3, "Treating")], N04),
            (&[(7, "")], N04),
            (&[(7, "time-out"), (11, "x")], N04),
            (&[(11, "2025-10-06")], N05),
            (&[(11, "2025-12-01")], N05),
            (&[(12, "2025-10-06")], N05),
            (&[(12, "2025-1-1")], N05),
        ];
        for (changes, code) in bad {
            assert_eq!(judged(changes).err(), Some(code), "{changes:?}");
        }
    }

    #[test]
    fn what_is_kept_is_masked() {
        let error = judged(&[]).expect("an error");
        assert_eq!(error.code.as_deref(), Some("c*********"));
        assert_eq!(error.text.as_deref(), Some("号*******************超时"));
        assert_eq!(error.mdtrt_id.as_deref(), Some("V1"));
        assert_eq!(error.at % 86_400_000_000 / 1_000_000, 8 * 3600 + 9 * 60 + 10);
    }
}
