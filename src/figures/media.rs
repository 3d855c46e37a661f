//! Media of settlement by treating province and care class.

use std::collections::BTreeMap;

use crate::{
    book::grid::Grid,
    model::{
        codes::{CareClass, Province},
        media::Medium,
    },
};

/// Visits by medium, in the order of [`Medium::ALL`].
pub type MediaVisits = [i128; Medium::ALL.len()];

/// Visits by treating province, care class and medium.
#[derive(Debug, Default)]
pub struct MediaFigures(BTreeMap<(Province, CareClass), MediaVisits>);

impl MediaFigures {
    /// Reads the table `media`.
    pub fn of(media: &Grid) -> MediaFigures {
        let mut all: BTreeMap<(Province, CareClass), MediaVisits> = BTreeMap::new();
        for row in media.iter() {
            let medium = Medium::ALL.iter().position(|of| of.name() == row.text("mdtrt_cert_type"));
            let province = Province::from_text(row.text("treating_province"));
            let care = CareClass::from_name(row.text("care_class"));
            if let (Some(province), Some(care), Some(at)) = (province, care, medium) {
                all.entry((province, care)).or_default()[at] += row.number("visits");
            }
        }
        MediaFigures(all)
    }

    /// Returns the visits of each province and care class, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Province, CareClass, &MediaVisits)> {
        self.0.iter().map(|((province, care), visits)| (*province, *care, visits))
    }

    /// Returns the visits of a province and care class.
    pub fn get(&self, province: Province, care: CareClass) -> Option<&MediaVisits> {
        self.0.get(&(province, care))
    }
}
