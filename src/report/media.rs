//! Media of settlement by treating province and care class, against the month before.

use super::{
    source::PeriodTables,
    words::{Words, bucket, count, percent, province, words},
};
use crate::{
    book::grid::Grid,
    diag::Outcome,
    figures::{MediaFigures, MediaVisits},
    model::{
        codes::{CareClass, Province},
        media::Medium,
    },
};

/// The media of a province and care class.
pub(super) struct MediaLine {
    pub(super) province: Words,
    pub(super) care: Words,
    pub(super) visits: String,
    /// The share of each medium, in the order of [`Medium::ALL`].
    pub(super) shares: Vec<String>,
    /// The share of the e-credential in the month before.
    pub(super) before: String,
}

/// The media of a period; empty where nobody told them.
pub(super) struct MediaSection {
    pub(super) names: Vec<Words>,
    pub(super) lines: Vec<MediaLine>,
}

impl MediaSection {
    pub(super) fn of(source: &PeriodTables) -> Outcome<MediaSection> {
        let of_month = |month| {
            let found = source.history.iter().find(|(closed, _)| *closed == month);
            let table = found.map(|(_, folder)| Grid::open(folder, "media")).transpose();
            table.map(|table| table.as_ref().map(MediaFigures::of).unwrap_or_default())
        };
        let (own, before) = (of_month(source.period)?, of_month(source.period.plus(-1))?);
        let line = |(treating, care, visits): (Province, CareClass, &MediaVisits)| MediaLine {
            province: province(treating),
            care: bucket(care.name()),
            visits: count(visits.iter().sum()),
            shares: visits.iter().map(|of| share(*of, visits)).collect(),
            before: before
                .get(treating, care)
                .map_or_else(String::new, |then| share(then[0], then)),
        };
        let lines = own.iter().map(line).collect();
        Ok(MediaSection { names: Medium::ALL.map(name).into(), lines })
    }
}

/// Returns the share of a medium in all visits.
fn share(of: i128, visits: &MediaVisits) -> String {
    percent(of, visits.iter().sum())
}

fn name(medium: Medium) -> Words {
    match medium {
        Medium::Credential => words("医保电子凭证", "E-credential"),
        Medium::IdCard => words("居民身份证", "ID card"),
        Medium::SocialCard => words("社会保障卡", "Social-security card"),
        Medium::Other => words("其他", "Other"),
        Medium::None => words("未提供", "Not told"),
    }
}
