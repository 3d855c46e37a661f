//! Cleared settlements by treating province, care class and medium: the table `media`.

use crate::{
    columnar::{shape, table::TableBuilder},
    diag::{Failure, Outcome},
    model::{
        codes::{CareClass, Province},
        group::Group,
        media::Medium,
    },
};

const CARES: usize = CareClass::ALL.len();
const MEDIA: usize = Medium::ALL.len();

/// Counts of cleared settlements.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct MediaCounts {
    /// Settlements and visits of each treating province, care class and medium; empty without any.
    counts: Vec<(u64, i64)>,
}

impl MediaCounts {
    /// Adds a settlement: a visit more, or with a reversal one less.
    pub fn add(&mut self, group: u16, medium: Medium, visits: i64) {
        if self.counts.is_empty() {
            self.counts.resize(32 * CARES * MEDIA, (0, 0));
        }
        let Some(Group { pair, care, .. }) = Group::from_number(group) else { return };
        let place = (pair.treating.index() * CARES + care as usize) * MEDIA + medium as usize;
        let (settlements, sum) = &mut self.counts[place];
        *settlements += 1;
        *sum += visits;
    }

    /// Adds other counts.
    pub fn merge(&mut self, other: &MediaCounts) {
        if self.counts.is_empty() {
            self.counts.clone_from(&other.counts);
            return;
        }
        for ((settlements, sum), more) in self.counts.iter_mut().zip(&other.counts) {
            *settlements += more.0;
            *sum += more.1;
        }
    }

    /// Returns the counts with others added.
    #[must_use]
    pub fn with(mut self, other: &MediaCounts) -> MediaCounts {
        self.merge(other);
        self
    }

    /// Returns the counts, once they are all visits of the period; none where no file says the medium.
    pub fn proven(self, has_media: bool, visits: i64) -> Outcome<MediaCounts> {
        if !has_media {
            return Ok(MediaCounts::default());
        }
        let own: i64 = self.counts.iter().map(|(_, visits)| visits).sum();
        Failure::unless(own == visits, || text!("{} visits by medium, there are {}", own, visits))?;
        Ok(self)
    }

    /// Makes the table `media`: a row for each province, class and medium with which something has cleared.
    pub fn table(&self) -> TableBuilder {
        let mut rows = Vec::new();
        for (place, (settlements, visits)) in self.counts.iter().enumerate() {
            let treating = Province::from_index(place / MEDIA / CARES);
            let care = CareClass::ALL[place / MEDIA % CARES].name();
            let medium = Medium::ALL[place % MEDIA].name();
            rows.extend(treating.filter(|_| *settlements > 0).map(|t| (t, care, medium, *visits)));
        }
        rows.sort_unstable();
        TableBuilder::new(shape::MEDIA)
            .text("treating_province", rows.iter().map(|row| Some(row.0.to_string())))
            .text("care_class", rows.iter().map(|row| Some(row.1)))
            .text("mdtrt_cert_type", rows.iter().map(|row| Some(row.2)))
            .count("visits", rows.iter().map(|row| row.3))
    }
}
