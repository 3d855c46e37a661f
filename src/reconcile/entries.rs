//! Makes the entries of a batch, one for each valid row.

use crate::{
    ingest::{batch::Batch, rows::CheckedBatch},
    keyed::{entry::Entry, key::Key},
    model::{
        codes::Month,
        fields::{COMPARED_AMOUNTS, Field, IDENTITY_FIELDS},
        group::Group,
        media::Medium,
        money::Fen,
    },
    rules::Policy,
};

/// The entries of a batch's valid rows.
#[derive(Debug, Default)]
pub struct BatchEntries {
    /// Entries of plain rows that are not foreseen to be in doubt, in the order of rows.
    pub undoubted: Vec<Entry>,
    /// Entries of all other valid rows, in the order of rows.
    pub doubtful: Vec<Entry>,
    /// The key of each row, and the rest of its hash.
    keys: Vec<(Key, u64)>,
    prints: Vec<u64>,
    hashes: [Vec<u64>; 2],
    foreseen: Vec<bool>,
    /// The medium of each row; empty where the file has none.
    media: Vec<Medium>,
}

impl BatchEntries {
    /// Makes the entries of a batch, in place of those of the batch before, whose memory is used again. `is_foreseen`
    /// says for a hash, and whether its row is late, whether the row is doubtful.
    pub fn index(
        &mut self,
        batch: &Batch,
        checked: &CheckedBatch,
        policy: &Policy,
        period: Month,
        first_ordinal: u32,
        is_foreseen: impl Fn(u64, bool) -> bool,
    ) {
        self.undoubted.clear();
        self.doubtful.clear();
        self.hash(batch, checked);
        batch.media(&mut self.media);
        let is_late = |month: &Option<Month>| month.is_some_and(|month| month < period);
        let keys = self.keys.iter().zip(&checked.month);
        self.foreseen.clear();
        // A loop of its own: the look-ups miss the cache, and without other work between them they overlap.
        self.foreseen.extend(keys.map(|((key, _), month)| is_foreseen(key.hash, is_late(month))));
        let mut timely = TimelyMonths { policy, period, last: None };
        let rows = (first_ordinal..).zip(&self.keys).zip(&self.prints).enumerate();
        for (row, ((ordinal, (key, _)), fingerprint)) in rows {
            if !checked.broken[row].is_valid() {
                continue;
            }
            let month = checked.month[row];
            let in_time = month.is_some_and(|month| timely.contains(month));

            let payable = plain_payable(checked.payable[row], in_time, checked.reversal[row]);
            let entry = Entry {
                hash: key.hash,
                check: key.check,
                ordinal,
                fingerprint: *fingerprint,
                payable: payable.unwrap_or(0),
                group: checked.group(row).map_or(0, Group::number),
                plain: payable.map(|_| self.media.get(row).copied().unwrap_or_default()),
                valued: false,
            };
            if entry.plain.is_some() && !self.foreseen[row] {
                self.undoubted.push(entry);
            } else {
                self.doubtful.push(entry);
            }
        }
    }

    /// Returns all entries.
    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.undoubted.iter().chain(&self.doubtful)
    }

    /// Hashes setl_id into keys, and setl_id with every compared field into fingerprints, two fields at a time.
    fn hash(&mut self, batch: &Batch, checked: &CheckedBatch) {
        let ids = batch.text(Field::setl_id);
        ids.map(batch.rows, &mut self.keys, |id| Key::and_rest(id.unwrap_or_default()));
        self.prints.clear();
        self.prints.extend(self.keys.iter().map(|(_, rest)| *rest));
        let [first, second] = &mut self.hashes;
        for fields in IDENTITY_FIELDS.as_chunks::<2>().0 {
            batch.text(fields[0]).hashes(batch.rows, first);
            batch.text(fields[1]).hashes(batch.rows, second);
            mix(&mut self.prints, first, second);
        }
        first.clear();
        first.extend(checked.month.iter().map(|month| month.map_or(0, |m| u64::from(m.number()))));
        let [cost, rest @ ..] = COMPARED_AMOUNTS;
        amounts(batch, cost, second);
        mix(&mut self.prints, first, second);
        for fields in rest.as_chunks::<2>().0 {
            amounts(batch, fields[0], first);
            amounts(batch, fields[1], second);
            mix(&mut self.prints, first, second);
        }
    }
}

/// Returns the payable of a plain row; none for other rows. A row is plain when it is in time, no reversal, and its
/// payable fits 32 bits.
pub fn plain_payable(payable: Fen, in_time: bool, reversal: bool) -> Option<u32> {
    if in_time && !reversal { u32::try_from(payable.fen()).ok() } else { None }
}

/// Says which months are in time; it remembers the last answer, as neighbouring rows mostly have one month.
struct TimelyMonths<'a> {
    policy: &'a Policy,
    period: Month,
    last: Option<(Month, bool)>,
}

impl TimelyMonths<'_> {
    fn contains(&mut self, month: Month) -> bool {
        if let Some((_, timely)) = self.last.filter(|(last, _)| *last == month) {
            return timely;
        }
        let timing = self.policy.timing(month, self.period);
        let timely = timing.in_time();
        self.last = Some((month, timely));
        timely
    }
}

/// Copies the values of an amount to be hashed; 0 where the file has no such column.
fn amounts(batch: &Batch, field: Field, into: &mut Vec<u64>) {
    into.clear();
    match batch.amount(field) {
        Some(column) => into.extend(column.fen.iter().map(|fen| fen.cast_unsigned())),
        None => into.resize(batch.rows, 0),
    }
}

/// Folds two more values into each fingerprint (folded multiply): both halves of a 128-bit product.
//
// A factor of 0 would lose the other value. The constants make it unlikely: amounts of 0 are frequent, and 0 ^ constant
// is not 0. The rotated fingerprint is XORed in, so that even then no earlier value is lost.
#[expect(clippy::cast_possible_truncation, reason = "the product is cut into halves")]
fn mix(prints: &mut [u64], first: &[u64], second: &[u64]) {
    const FIRST: u64 = 0x9e37_79b9_7f4a_7c15;
    const SECOND: u64 = 0xd1b5_4a32_d192_ed03;
    for (print, (first, second)) in prints.iter_mut().zip(first.iter().zip(second)) {
        let product = u128::from(first ^ FIRST) * u128::from(second ^ SECOND ^ *print);
        *print = (product as u64) ^ ((product >> 64) as u64) ^ print.rotate_left(23);
    }
}
