//! The row rules V01 to V18 (contract §3), column by column.

use crate::{
    diag::codes::RowRule,
    ingest::{
        amounts::AmountColumn,
        batch::Batch,
        scope::FieldScope,
        text::TextColumn,
        times::{DAY, TimeColumn},
    },
    model::{
        codes::{CareClass, FundClass, Month, Pair, Province},
        fields::{AMOUNT_FIELDS, COMPARED_AMOUNTS, FLAGS, FUNDS, Field, Flag, SCOPE, SHARES},
        group::Group,
        institution::is_institution,
        money::Fen,
    },
    rules::Policy,
};

/// The rules that a row broke: a bit for each rule, by its place in [`RowRule::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BrokenRules(u32);

/// The texts that a record must have; a disease code is V06.
const REQUIRED_TEXTS: [Field; 7] = [
    Field::setl_id,
    Field::psn_no,
    Field::insuplc_admdvs,
    Field::mdtrtarea_admvs,
    Field::fixmedins_code,
    Field::insutype,
    Field::med_type,
];

/// Longest key or number, in characters (V14).
const LONGEST_ID: usize = 40;

impl BrokenRules {
    const fn bit(rule: RowRule) -> u32 {
        1 << rule as u32
    }

    fn add(&mut self, rule: RowRule, broken: bool) {
        if broken {
            self.0 |= BrokenRules::bit(rule);
        }
    }

    /// Whether the row is valid.
    pub const fn is_valid(self) -> bool {
        self.0 == 0
    }

    /// Whether the row is valid but for a cost month after the period (V10).
    pub const fn is_valid_but_early(self) -> bool {
        self.0 & !BrokenRules::bit(RowRule::V10) == 0
    }

    /// The broken rules, in order.
    pub fn rules(self) -> impl Iterator<Item = RowRule> {
        RowRule::ALL.iter().copied().filter(move |rule| self.0 & BrokenRules::bit(*rule) != 0)
    }

    /// The codes of the broken rules, in order, separated by commas.
    pub fn codes(self) -> String {
        self.rules().map(RowRule::id).collect::<Vec<_>>().join(",")
    }
}

/// The results of the row rules for a batch, row by row.
#[derive(Debug, Default)]
pub struct CheckedBatch {
    /// The rules that each row broke.
    pub broken: Vec<BrokenRules>,
    /// Whether each row is a reversal.
    pub reversal: Vec<bool>,
    /// Province of the insured division; meaningful for valid rows.
    pub insured: Vec<Option<Province>>,
    /// Province of the treating division.
    pub treating: Vec<Option<Province>>,
    /// Fund class.
    pub fund: Vec<Option<FundClass>>,
    /// Care class.
    pub care: Vec<Option<CareClass>>,
    /// Cost month.
    pub month: Vec<Option<Month>>,
    /// Payable: nulls and values that are unfit count as 0 here.
    pub payable: Vec<Fen>,
    /// The number of flags with blanks around them.
    pub padded_flags: u64,
    // Buffers, used again for each batch.
    flags: Vec<Flag>,
    marks: Vec<bool>,
    sums: [Vec<i64>; 2],
}

impl CheckedBatch {
    /// Judges every row of a batch by the rules that apply to a scope.
    pub fn judge(&mut self, scope: FieldScope, batch: &Batch, policy: &Policy, period: Month) {
        match scope {
            FieldScope::Record => self.check(batch, policy, period),
            FieldScope::Daily | FieldScope::National => self.check_daily(batch),
        }
    }

    /// Judges every row by V01, V02, V03, V09, V14, V15, V17 and V18 over the eight fields of daily reconciliation.
    fn check_daily(&mut self, batch: &Batch) {
        let rows = batch.rows;
        self.broken.clear();
        self.broken.resize(rows, BrokenRules::default());
        batch.text(Field::init_setl_id).is_there(rows, &mut self.reversal);
        batch.text(Field::insuplc_admdvs).provinces(rows, &mut self.insured);
        batch.text(Field::mdtrtarea_admvs).provinces(rows, &mut self.treating);
        months(batch.time(), rows, &mut self.month);
        self.required_values(
            batch,
            &[Field::setl_id, Field::insuplc_admdvs, Field::mdtrtarea_admvs],
        );
        self.divisions(batch);
        self.signs(batch);
        self.lengths(batch);
        self.unfit_amounts(batch);
        self.years(batch.time());
        self.padded_flags = 0;
    }

    /// Judges every row of a batch. The results replace those of the batch before, whose memory is used again.
    pub fn check(&mut self, batch: &Batch, policy: &Policy, period: Month) {
        let rows = batch.rows;
        self.broken.clear();
        self.broken.resize(rows, BrokenRules::default());
        batch.text(Field::init_setl_id).is_there(rows, &mut self.reversal);
        batch.text(Field::insuplc_admdvs).provinces(rows, &mut self.insured);
        batch.text(Field::mdtrtarea_admvs).provinces(rows, &mut self.treating);
        let fund = |text: Option<&str>| text.and_then(|text| policy.fund_class(text));
        batch.text(Field::insutype).map(rows, &mut self.fund, fund);
        let care = |text: Option<&str>| text.and_then(|text| policy.care_class(text));
        batch.text(Field::med_type).map(rows, &mut self.care, care);
        months(batch.time(), batch.rows, &mut self.month);
        payables(batch, policy, &mut self.payable);
        self.required_values(batch, &REQUIRED_TEXTS);
        self.divisions(batch);
        self.codes(batch);
        self.chronic(batch, policy);
        self.identities(batch);
        self.signs(batch);
        for (broken, month) in self.broken.iter_mut().zip(&self.month) {
            broken.add(RowRule::V10, month.is_some_and(|month| month > period));
        }
        self.lengths(batch);
        self.unfit_amounts(batch);
        self.flags(batch);
        self.years(batch.time());
    }

    /// Returns the group of a row; `None` where a code has no class.
    pub fn group(&self, row: usize) -> Option<Group> {
        Some(Group {
            pair: Pair { insured: self.insured[row]?, treating: self.treating[row]? },
            fund: self.fund[row]?,
            care: self.care[row]?,
        })
    }

    /// V01: a required value is null or empty.
    fn required_values(&mut self, batch: &Batch, texts: &[Field]) {
        for column in texts.iter().map(|field| batch.text(*field)) {
            if column.may_be_missing() {
                self.mark_texts(RowRule::V01, column, |text| text.is_none());
            }
        }
        for (broken, month) in self.broken.iter_mut().zip(&self.month) {
            broken.add(RowRule::V01, month.is_none());
        }
        for field in AMOUNT_FIELDS {
            let nulls = batch.amount(field).and_then(|amounts| amounts.nulls.as_ref());
            if let Some(nulls) = nulls.filter(|_| field.required()) {
                for (row, broken) in self.broken.iter_mut().enumerate() {
                    broken.add(RowRule::V01, nulls.is_null(row));
                }
            }
        }
    }

    /// V02, V03: divisions.
    fn divisions(&mut self, batch: &Batch) {
        let [insured, treating] = [Field::insuplc_admdvs, Field::mdtrtarea_admvs];
        self.mark_unclassified(RowRule::V02, batch.text(insured), |c, row| {
            c.insured[row].is_none()
        });
        self.mark_unclassified(RowRule::V02, batch.text(treating), |c, row| {
            c.treating[row].is_none()
        });
        let provinces = self.insured.iter().zip(&self.treating);
        for (broken, (insured, treating)) in self.broken.iter_mut().zip(provinces) {
            broken.add(RowRule::V03, insured.is_some() && insured == treating);
        }
    }

    /// V04, V05, V11: codes.
    fn codes(&mut self, batch: &Batch) {
        self.mark_unclassified(RowRule::V04, batch.text(Field::insutype), |c, row| {
            c.fund[row].is_none()
        });
        self.mark_unclassified(RowRule::V05, batch.text(Field::med_type), |c, row| {
            c.care[row].is_none()
        });
        let is_good = |text: Option<&str>| text.is_none_or(|t| is_institution(t.as_bytes()));
        let column = batch.text(Field::fixmedins_code);
        column.institutions(batch.rows, &mut self.marks, is_good);
        for (broken, good) in self.broken.iter_mut().zip(&self.marks) {
            broken.add(RowRule::V11, !good);
        }
    }

    /// V06: chronic without a disease code that was open on the day of settlement.
    fn chronic(&mut self, batch: &Batch, policy: &Policy) {
        let diseases = batch.text(Field::dise_codg);
        let chronic: Vec<usize> =
            (0..batch.rows).filter(|row| self.care[*row] == Some(CareClass::Chronic)).collect();
        if chronic.is_empty() {
            return;
        }
        let mut since = Vec::new();
        diseases.map(batch.rows, &mut since, |text| text.and_then(|t| policy.chronic_since(t)));
        for row in chronic {
            let named = diseases.value(row).is_some();
            let open = match (batch.time().allowed(row), since[row]) {
                // Without an allowed day (V17) only a missing code can be judged.
                (None, _) => named,
                (Some(time), Some(since)) => named && time.div_euclid(DAY) >= since,
                (Some(_), None) => false,
            };
            self.broken[row].add(RowRule::V06, !open);
        }
    }

    /// V07, V08, V13: sums of amounts.
    fn identities(&mut self, batch: &Batch) {
        self.mark_sum(RowRule::V07, batch, Field::fund_pay_sumamt, &FUNDS);
        self.mark_sum(RowRule::V08, batch, Field::medfee_sumamt, &SHARES);
        if SCOPE.iter().all(|field| batch.amount(*field).is_some()) {
            self.mark_sum(RowRule::V13, batch, Field::medfee_sumamt, &SCOPE);
        }
    }

    /// Marks rows in which a total is not the sum of its parts. Null optional amounts are 0. Rows are not judged in
    /// which an unfit amount, or a null of a required or a scope field, takes part.
    fn mark_sum(&mut self, rule: RowRule, batch: &Batch, total: Field, parts: &[Field]) {
        let rest = &mut self.sums[0];
        rest.clear();
        rest.resize(batch.rows, 0);
        let mut skip: Vec<usize> = Vec::new();
        for (field, sign) in parts.iter().map(|part| (*part, -1)).chain(std::iter::once((total, 1)))
        {
            let Some(column) = batch.amount(field) else { continue };
            // Ten values below 10^16 cannot overflow 64 bits. Without overflow checks the loop vectorises.
            for (rest, fen) in rest.iter_mut().zip(column.fen.iter()) {
                *rest = rest.wrapping_add(fen.wrapping_mul(sign));
            }
            skip.extend(column.unfit.iter().map(|unfit| unfit.row));
            let needed = field.required() || SCOPE.contains(&field);
            if let Some(nulls) = column.nulls.as_ref().filter(|_| needed) {
                skip.extend((0..batch.rows).filter(|row| nulls.is_null(*row)));
            }
        }
        for row in skip {
            rest[row] = 0;
        }
        for (broken, rest) in self.broken.iter_mut().zip(rest) {
            broken.add(rule, *rest != 0);
        }
    }

    /// V09: an amount below 0 without init_setl_id, or above 0 with it.
    fn signs(&mut self, batch: &Batch) {
        // All amounts of a row, and their negatives, joined by OR: the sign bit says whether one of them is below 0, or
        // above 0. Without a branch the loop below vectorises.
        let [below, above] = &mut self.sums;
        for signs in [&mut *below, &mut *above] {
            signs.clear();
            signs.resize(batch.rows, 0);
        }
        for column in COMPARED_AMOUNTS.into_iter().filter_map(|field| batch.amount(field)) {
            for ((below, above), fen) in below.iter_mut().zip(&mut *above).zip(column.fen.iter()) {
                *below |= fen;
                *above |= fen.wrapping_neg();
            }
            for unfit in column.unfit.iter().filter(|unfit| !unfit.fraction) {
                let reversal = self.reversal[unfit.row];
                self.broken[unfit.row].add(
                    RowRule::V09,
                    if reversal { unfit.fen.is_positive() } else { unfit.fen.is_negative() },
                );
            }
        }
        let signs = below.iter().zip(above).zip(&self.reversal);
        for (broken, ((below, above), reversal)) in self.broken.iter_mut().zip(signs) {
            broken.add(RowRule::V09, if *reversal { *above < 0 } else { *below < 0 });
        }
    }

    /// V14: ids that are too long.
    fn lengths(&mut self, batch: &Batch) {
        for field in [Field::setl_id, Field::init_setl_id, Field::psn_no, Field::mdtrt_id] {
            let column = batch.text(field);
            if column.longest() > LONGEST_ID {
                self.mark_texts(RowRule::V14, column, |text| {
                    text.is_some_and(|id| id.len() > LONGEST_ID && id.chars().count() > LONGEST_ID)
                });
            }
        }
    }

    /// V15, V18: amounts that are too large, or no whole number of fen.
    fn unfit_amounts(&mut self, batch: &Batch) {
        for column in AMOUNT_FIELDS.into_iter().filter_map(|field| batch.amount(field)) {
            for unfit in &column.unfit {
                let rule = if unfit.fraction { RowRule::V18 } else { RowRule::V15 };
                self.broken[unfit.row].add(rule, true);
            }
        }
    }

    /// V12, V16: flags.
    fn flags(&mut self, batch: &Batch) {
        self.padded_flags = 0;
        for field in FLAGS {
            batch.text(field).flags(batch.rows, &mut self.flags);
            for (broken, flag) in self.broken.iter_mut().zip(&self.flags) {
                broken.add(
                    RowRule::V12,
                    field == Field::fulamt_advpay_flag && flag.says == Some(true),
                );
                broken.add(RowRule::V16, flag.says.is_none());
                self.padded_flags += u64::from(flag.padded);
            }
        }
    }

    /// V17: times that no settlement of this system has.
    fn years(&mut self, times: &TimeColumn) {
        if times.all_allowed() {
            return;
        }
        for (row, broken) in self.broken.iter_mut().enumerate() {
            broken.add(RowRule::V17, times.value(row) != times.allowed(row));
        }
    }

    /// Marks rows by a property of their texts.
    fn mark_texts(
        &mut self,
        rule: RowRule,
        column: &TextColumn,
        broken: impl Fn(Option<&str>) -> bool,
    ) {
        column.map(self.broken.len(), &mut self.marks, broken);
        for (row, broken) in self.broken.iter_mut().zip(&self.marks) {
            row.add(rule, *broken);
        }
    }

    /// Marks rows that have a code without a class.
    fn mark_unclassified(
        &mut self,
        rule: RowRule,
        column: &TextColumn,
        unclassified: impl Fn(&CheckedBatch, usize) -> bool,
    ) {
        let rows: Vec<usize> =
            (0..self.broken.len()).filter(|row| unclassified(self, *row)).collect();
        for row in rows {
            self.broken[row].add(rule, column.value(row).is_some());
        }
    }
}

/// Returns the cost month of each row.
fn months(times: &TimeColumn, rows: usize, into: &mut Vec<Option<Month>>) {
    // Neighbouring rows mostly have one day, so the last day and its month are remembered, at first 1970-01-01.
    let (mut start, mut month) = (0, Month::of_day(0));
    let mut month_of = |time: i64| {
        if !time.checked_sub(start).is_some_and(|since| (0..DAY).contains(&since)) {
            let day = time.div_euclid(DAY);
            (start, month) = (day.saturating_mul(DAY), Month::of_day(day));
        }
        month
    };
    into.clear();
    into.extend((0..rows).map(|row| times.value(row).map(&mut month_of)));
}

/// Adds up the payable of each row.
fn payables(batch: &Batch, policy: &Policy, into: &mut Vec<Fen>) {
    into.clear();
    into.resize(batch.rows, Fen::ZERO);
    for column in policy.payable_fields().filter_map(|field| batch.amount(field)) {
        add(into, column);
    }
}

/// Adds a column to sums. 13 amounts below 10^16 cannot overflow 64 bits; without overflow checks the loop vectorises.
fn add(sums: &mut [Fen], column: &AmountColumn) {
    for (sum, fen) in sums.iter_mut().zip(column.fen.iter()) {
        *sum = sum.wrapping_add(Fen::new(*fen));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_month_of_a_time_does_not_depend_on_the_times_before_it() {
        let times = [
            i64::MAX,
            i64::MAX - DAY,
            i64::MIN,
            i64::MIN + DAY,
            0,
            -1,
            DAY - 1,
            DAY,
            1_760_000_000_000_000,
            1_762_000_000_000_000,
        ];
        let months_of = |local: Vec<i64>| {
            let (rows, mut of) = (local.len(), Vec::new());
            months(&TimeColumn { local, nulls: None }, rows, &mut of);
            of
        };
        let alone = |time: i64| months_of(vec![time])[0];
        assert_eq!(alone(i64::MAX), Some(Month::of_day(i64::MAX.div_euclid(DAY))));
        for first in times {
            for second in times {
                let both = months_of(vec![first, second]);
                assert_eq!(both, [alone(first), alone(second)], "{first} {second}");
            }
        }
    }
}
