//! Counts the rows of a batch by the province that sends them.

use std::ops::RangeInclusive;

use super::{
    amounts::AmountColumn,
    batch::Batch,
    rows::CheckedBatch,
    senders::{SENDERS, Senders, TOTALS},
};
use crate::model::{
    codes::{Month, Province, Side},
    money::FenSum,
};

/// The years of allowed times (V17): so there are few months, whatever a file has.
const YEARS: RangeInclusive<i32> = 2000..=2099;

impl Senders {
    /// Counts the rows of a batch; `first` is its first row, counted from 0 in the file.
    pub(super) fn count(&mut self, side: Side, batch: &Batch, checked: &CheckedBatch, first: u64) {
        let provinces = match side {
            Side::Treating => &checked.treating,
            Side::Insured => &checked.insured,
        };
        let senders: Vec<u8> = provinces.iter().copied().map(sender).collect();
        let mut rows = [0u64; SENDERS];
        for sender in &senders {
            rows[usize::from(*sender)] += 1;
        }
        let sums = TOTALS.map(|field| sums(batch.amount(field), &senders));
        for sender in (0..SENDERS).filter(|sender| rows[*sender] > 0) {
            let own = self.of(sender);
            own.rows += rows[sender];
            for (sum, of_batch) in own.sums.iter_mut().zip(&sums) {
                *sum = sum.saturating_add(of_batch[sender]);
            }
        }
        self.count_months(checked, &senders);
        let broken = checked.broken.iter().zip(&senders).enumerate();
        for (row, (broken, sender)) in broken.filter(|(_, (broken, _))| !broken.is_valid()) {
            self.of(usize::from(*sender)).reject(broken.rules(), first + row as u64);
        }
    }

    /// Counts the months of a batch. A batch has few of them, mostly one.
    fn count_months(&mut self, checked: &CheckedBatch, senders: &[u8]) {
        let mut months: Vec<(Month, [u64; SENDERS])> = Vec::new();
        let mut last = 0;
        for (month, sender) in checked.month.iter().zip(senders) {
            let Some(month) = month.filter(|month| YEARS.contains(&month.year())) else { continue };
            if months.get(last).is_none_or(|(known, _)| *known != month) {
                last = months.iter().position(|(known, _)| *known == month).unwrap_or_else(|| {
                    months.push((month, [0; SENDERS]));
                    months.len() - 1
                });
            }
            months[last].1[usize::from(*sender)] += 1;
        }
        for (month, rows) in months {
            for (sender, rows) in rows.into_iter().enumerate().filter(|(_, rows)| *rows > 0) {
                *self.of(sender).months.entry(month).or_default() += rows;
            }
        }
    }
}

/// Returns the number of a sender; rows without a province have the last one.
fn sender(province: Option<Province>) -> u8 {
    let index = province.map_or(SENDERS - 1, Province::index);
    u8::try_from(index).unwrap_or(u8::MAX)
}

/// Adds up a column by sender.
fn sums(column: Option<&AmountColumn>, senders: &[u8]) -> [FenSum; SENDERS] {
    let mut sums = [FenSum::ZERO; SENDERS];
    let Some(column) = column else { return sums };
    // Most files have one sender, whose sum is that of the column.
    if let Some((first, others)) = senders.split_first()
        && others.iter().all(|sender| sender == first)
    {
        sums[usize::from(*first)] = column.total();
        return sums;
    }
    let mut add = |sender: u8, fen: FenSum| {
        let sum = &mut sums[usize::from(sender)];
        *sum = sum.saturating_add(fen);
    };
    // What is null or unfit is 0 here.
    for (fen, sender) in column.fen.iter().zip(senders) {
        add(*sender, FenSum::new((*fen).into()));
    }
    column.unfit.iter().for_each(|unfit| add(senders[unfit.row], unfit.fen));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_added_up_by_sender_with_what_is_unfit() {
        let unfit = crate::ingest::amounts::Unfit { row: 1, fen: FenSum::MAX, fraction: false };
        let column =
            AmountColumn { fen: vec![5, 0, 7, -2].into(), nulls: None, unfit: vec![unfit] };
        let sums = sums(Some(&column), &[8, 9, 8, 32]);
        assert_eq!(sums[8], FenSum::new(12));
        assert_eq!((sums[9], sums[32], sums[0]), (FenSum::MAX, FenSum::new(-2), FenSum::ZERO));
        let alone = super::sums(Some(&column), &[8; 4]);
        assert_eq!(alone[8], column.total());
        assert_eq!(super::sums(None, &[8]), [FenSum::ZERO; SENDERS]);
        assert_eq!([sender(None), sender(Province::from_code(11))], [32, 0]);
    }
}
