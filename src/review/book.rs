//! What a review asks a book: what is cleared, and how much is deducted.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    behaviour::{
        CoveredMonths,
        deductions::{ProvinceDeductions, deduction_leads},
    },
    found::FoundLead,
    keys::RowBits,
    rule::ReviewRule,
    thresholds::DeductionLimits,
};
use crate::{
    book::{Book, ClosedPeriod},
    diag::Outcome,
    event::Monitor,
    keyed::{
        key::Key,
        registered::RegisteredKind,
        sorted::Sorted,
        store::{Partitioning, Storable, Store},
    },
    model::codes::{Month, Province},
    register::lookup::Register,
};

/// A book that a review looks into.
pub struct ReviewBook {
    periods: Vec<(Month, PathBuf)>,
}

impl ReviewBook {
    /// Opens a book and checks every file of it.
    pub fn open(root: &Path) -> Outcome<ReviewBook> {
        Ok(ReviewBook { periods: Book::look(root)? })
    }

    /// Returns the leads of BEH-20.
    pub(super) fn deduction_leads(
        &self,
        covered: &CoveredMonths,
        limits: &DeductionLimits,
    ) -> Outcome<Vec<FoundLead>> {
        let mut provinces: BTreeMap<Province, ProvinceDeductions> = BTreeMap::new();
        let mut days: Option<(i32, i32)> = None;
        let periods = self.periods.iter().filter(|(month, _)| covered.has(*month));
        for (month, folder) in periods {
            let pairs = ClosedPeriod::read(*month, folder.clone())?.table("pairs")?;
            for row in pairs.iter() {
                let Some(pair) = row.pair() else { continue };
                let of = provinces.entry(pair.treating);
                let of = of.or_insert_with(|| ProvinceDeductions::of(pair.treating));
                of.gross += row.fen("gross");
                of.deductions += row.fen("deductions");
            }
            let (first, last) =
                (month.first_day().to_epoch_days(), month.last_day().to_epoch_days());
            days = Some(days.map_or((first, last), |(begin, _)| (begin, last)));
        }
        let Some(days) = days else { return Ok(Vec::new()) };
        let provinces: Vec<ProvinceDeductions> = provinces.into_values().collect();
        let found = deduction_leads(&provinces, limits).into_iter().map(|lead| {
            FoundLead::of_book(ReviewRule::Beh20, lead.province, days, lead.amount, lead.detail)
        });
        Ok(found.collect())
    }

    /// Marks the rows, of `rows` rows, of leads whose settlement is registered as cleared.
    pub fn cleared(
        &self,
        leads: &Sorted<FoundLead>,
        rows: u64,
        memory: usize,
        scratch: &Path,
        monitor: &Monitor,
    ) -> Outcome<RowBits> {
        let register = Register::open(&self.periods)?;
        let (asked, cleared) = (RowBits::new(rows), RowBits::new(rows));
        let partitioning = Partitioning::for_rows(rows);
        let store = Store::new(partitioning, rows / 64, memory, scratch.join("cleared-keys"));
        leads.for_each(|lead| {
            for settlement in lead.settlements().filter(|one| !asked.set(one.ordinal)) {
                let key = Key::of(&settlement.setl_id);
                let asked = AskedKey { key, ordinal: settlement.ordinal };
                store.push(partitioning.of(key), &[asked])?;
            }
            Ok(())
        })?;
        for partition in 0..partitioning.count() {
            monitor.check()?;
            let mut asked = store.take(partition)?;
            asked.sort_unstable();
            let keys: Vec<Key> = asked.iter().map(|one| one.key).collect();
            let found = register.find(&[&keys])?;
            for one in &asked {
                let is_cleared = found
                    .get(&one.key)
                    .is_some_and(|registered| registered.kind != RegisteredKind::Voided);
                if is_cleared {
                    cleared.set(one.ordinal);
                }
            }
        }
        Ok(cleared)
    }
}

/// A settlement whose key is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct AskedKey {
    key: Key,
    ordinal: u64,
}

impl Storable for AskedKey {
    type Bytes = [u8; 20];

    fn to_bytes(self) -> [u8; 20] {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&self.key.hash.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.key.check.to_le_bytes());
        bytes[12..].copy_from_slice(&self.ordinal.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; 20]) -> AskedKey {
        let part = |from: usize| std::array::from_fn(|at| bytes[from + at]);
        let check = [bytes[8], bytes[9], bytes[10], bytes[11]];
        AskedKey {
            key: Key { hash: u64::from_le_bytes(part(0)), check: u32::from_le_bytes(check) },
            ordinal: u64::from_le_bytes(part(12)),
        }
    }
}
