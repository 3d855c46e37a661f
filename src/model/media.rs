//! The medium with which a person settled (mdtrt_cert_type).

use serde::{Deserialize, Serialize};

use super::fields::without_blanks;

/// A medium, in the order of its words.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Medium {
    /// The e-credential.
    Credential,
    /// The identity card.
    IdCard,
    /// The social-security card.
    SocialCard,
    /// None that is known: the file, the row or the copy has no value.
    #[default]
    None,
    /// Another value.
    Other,
}

impl Medium {
    /// Every medium, in order.
    pub const ALL: [Medium; 5] =
        [Medium::Credential, Medium::IdCard, Medium::SocialCard, Medium::None, Medium::Other];

    /// The field that says it.
    pub const FIELD: &str = "mdtrt_cert_type";

    /// The word in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Medium::Credential => "01",
            Medium::IdCard => "02",
            Medium::SocialCard => "03",
            Medium::None => "none",
            Medium::Other => "other",
        }
    }

    /// What a value says. Blanks around it do not count, and a code of one digit lacks its 0.
    pub fn of(value: Option<&str>) -> Medium {
        match without_blanks(value.unwrap_or_default()) {
            "" => Medium::None,
            "01" | "1" => Medium::Credential,
            "02" | "2" => Medium::IdCard,
            "03" | "3" => Medium::SocialCard,
            _ => Medium::Other,
        }
    }

    /// Returns this medium, or the other one where this copy has none.
    #[must_use]
    pub fn or(self, other: Medium) -> Medium {
        if self == Medium::None { other } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_normalised() {
        assert!(Medium::ALL.is_sorted_by_key(|medium| medium.name()));
        for (value, medium) in [
            ("01", Medium::Credential),
            ("1", Medium::Credential),
            (" 02 ", Medium::IdCard),
            ("3", Medium::SocialCard),
            ("04", Medium::Other),
            ("001", Medium::Other),
            ("0", Medium::Other),
            ("", Medium::None),
            ("  ", Medium::None),
        ] {
            assert_eq!(Medium::of(Some(value)), medium, "{value:?}");
        }
        assert_eq!(Medium::of(None), Medium::None);
        assert_eq!(Medium::None.or(Medium::IdCard), Medium::IdCard);
        assert_eq!(Medium::Other.or(Medium::IdCard), Medium::Other);
    }
}
