//! Who holds a copy of a settlement.

use serde::{Deserialize, Serialize};

use crate::{
    ingest::{scope::FieldScope, source::ParquetSource},
    model::codes::Side,
};

/// Who holds a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    Treating,
    National,
    Insured,
}

impl Holder {
    /// All, in the order of the column `look`. A settlement takes its day and its provinces from the first that has it.
    pub(super) const ALL: [Holder; 3] = [Holder::Treating, Holder::National, Holder::Insured];

    /// Returns the holder of a file.
    pub(super) fn of(source: &ParquetSource) -> Holder {
        match (source.scope, source.side) {
            (FieldScope::National, _) => Holder::National,
            (_, Side::Treating) => Holder::Treating,
            (_, Side::Insured) => Holder::Insured,
        }
    }

    /// Returns the word for it in tables.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Holder::Treating => "treating",
            Holder::National => "national",
            Holder::Insured => "insured",
        }
    }

    /// Returns its place in arrays with one value for each holder.
    pub(super) const fn index(self) -> usize {
        self as usize
    }
}

/// Those who are to look at a difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Looking(u8);

impl Looking {
    /// Everybody.
    pub(super) const ALL: Looking = Looking(0b111);

    /// Returns one alone.
    pub(super) const fn only(holder: Holder) -> Looking {
        Looking(1 << holder as u8)
    }

    /// Returns those who are so.
    pub(super) fn those(is_so: impl Fn(Holder) -> bool) -> Looking {
        let bits = Holder::ALL.into_iter().filter(|holder| is_so(*holder));
        Looking(bits.fold(0, |bits, holder| bits | Looking::only(holder).0))
    }

    /// Whether nobody is to look.
    pub(super) const fn is_nobody(self) -> bool {
        self.0 == 0
    }

    /// Whether somebody is to look.
    pub(super) const fn has(self, holder: Holder) -> bool {
        self.0 & Looking::only(holder).0 != 0
    }

    /// Returns the names, separated by commas.
    pub(super) fn names(self) -> String {
        let names = Holder::ALL.into_iter().filter(|holder| self.has(*holder)).map(Holder::name);
        names.collect::<Vec<_>>().join(",")
    }

    /// Reads names that are separated by commas and stand in their order.
    pub(super) fn from_names(names: &str) -> Option<Looking> {
        let looking = Looking::those(|holder| names.split(',').any(|name| name == holder.name()));
        (looking.names() == names && !looking.is_nobody()).then_some(looking)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_one_order() {
        let both = Looking::those(|holder| holder != Holder::National);
        assert_eq!(both.names(), "treating,insured");
        assert_eq!(Looking::ALL.names(), "treating,national,insured");
        assert_eq!(Looking::from_names("treating,insured"), Some(both));
        assert_eq!(Looking::from_names("national"), Some(Looking::only(Holder::National)));
        for bad in ["", "insured,treating", "treating,treating", "treating,", "nation"] {
            assert_eq!(Looking::from_names(bad), None, "{bad}");
        }
    }
}
