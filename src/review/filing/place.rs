//! The place of a division, and the places that a filing reaches (review §2.1).

use std::fmt;

use crate::model::codes::Province;

/// The part of a province that counts as one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DivisionPlace {
    /// The province; 6590xx is 66.
    pub province: Province,
    /// The city or county within it, as digits; 0 where the province is one place.
    part: u32,
}

/// What a filing reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FilingReach {
    /// A whole province.
    All(Province),
    /// A place.
    Of(DivisionPlace),
}

/// Fills a division of 2 or 4 digits with zeros; none where it is no division of a known province.
pub(super) fn filled(division: &str) -> Option<[u8; 6]> {
    let mut filled = [b'0'; 6];
    if ![2, 4, 6].contains(&division.len()) {
        return None;
    }
    filled[..division.len()].copy_from_slice(division.as_bytes());
    Province::of_division(&filled).map(|_| filled)
}

impl DivisionPlace {
    /// Returns the place of a division of six digits; none where its province is not known.
    pub fn of(division: &str) -> Option<DivisionPlace> {
        let province = Province::of_division(division.as_bytes())?;
        let county: u32 = division.parse().ok()?;
        let city = county / 100;
        let part = match city % 100 {
            _ if matches!(province.code(), 11 | 12 | 31 | 46 | 50 | 54 | 66) => 0,
            0 | 99 => city / 100 * 100 + 1,
            90 => county,
            _ => city,
        };
        Some(DivisionPlace { province, part })
    }
}

/// Writes the digits of the place: two of a province, four of a city, six of a county under its province.
impl fmt::Display for DivisionPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.part == 0 { self.province.fmt(f) } else { self.part.fmt(f) }
    }
}

impl FilingReach {
    /// Returns what a filing to a division of six digits reaches.
    pub fn of(division: &str) -> Option<FilingReach> {
        let place = DivisionPlace::of(division)?;
        let is_whole = division.ends_with("0000");
        Some(if is_whole { FilingReach::All(place.province) } else { FilingReach::Of(place) })
    }

    /// Whether it reaches a place.
    pub fn takes_in(self, place: DivisionPlace) -> bool {
        self == FilingReach::All(place.province) || self == FilingReach::Of(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisions_are_filled_with_zeros() {
        let text =
            |division| filled(division).map(|digits| String::from_utf8_lossy(&digits).into_owned());
        assert_eq!(text("61").as_deref(), Some("610000"));
        assert_eq!(text("6101").as_deref(), Some("610100"));
        assert_eq!(text("610102").as_deref(), Some("610102"));
        for bad in ["", "6", "610", "61010", "6101020", "71", "6x", "610 ", "北"] {
            assert_eq!(text(bad), None, "{bad}");
        }
    }

    /// Whether a filing to the first division reaches the second one.
    fn reaches(filed_to: &str, division: &str) -> bool {
        let place = DivisionPlace::of(division).expect("a place");
        FilingReach::of(filed_to).expect("a reach").takes_in(place)
    }

    #[test]
    fn a_filing_reaches_its_city() {
        assert!(reaches("610100", "610102") && reaches("610102", "610100"));
        assert!(reaches("610102", "610103"));
        assert!(!reaches("610100", "610200") && !reaches("610100", "510100"));
        // Counties under the province are places of their own.
        assert!(reaches("429004", "429004") && !reaches("429004", "429005"));
        assert!(!reaches("429000", "429004"));
        // 00 and 99 stand for the capital.
        assert!(reaches("610100", "619901") && reaches("619901", "610000"));
        assert!(!reaches("610200", "610000"));
    }

    #[test]
    fn some_provinces_are_one_place() {
        for [filed_to, division] in [
            ["110101", "110115"],
            ["120100", "120000"],
            ["310115", "310230"],
            ["500101", "500240"],
            ["460100", "460300"],
            ["460100", "469001"],
            ["540100", "542500"],
            ["660100", "660200"],
            ["659001", "660200"],
            ["660000", "659001"],
        ] {
            assert!(
                reaches(filed_to, division) && reaches(division, filed_to),
                "{filed_to} {division}"
            );
        }
        assert!(!reaches("659001", "650100") && !reaches("650000", "659001"));
    }

    #[test]
    fn a_place_is_written_as_its_digits() {
        let written = |division| DivisionPlace::of(division).expect("a place").to_string();
        let all = ["310115", "659001", "610000", "619902", "610302", "429004"].map(written);
        assert_eq!(all, ["31", "66", "6101", "6101", "6103", "429004"]);
    }

    #[test]
    fn a_whole_province_may_be_filed_to() {
        for division in ["610100", "610102", "611000", "619001", "610000"] {
            assert!(reaches("610000", division), "{division}");
        }
        assert!(!reaches("610000", "620100"));
        // The other way round it is the capital alone.
        assert!(!reaches("610300", "610000"));
    }
}
