//! A system error, and the words of its columns.

use serde::{Deserialize, Serialize};

use crate::model::codes::{Month, Province};

/// Words of a column, in their order as bytes.
macro_rules! words {
    ($(#[$docs:meta])* $name:ident: $($word:ident $text:literal;)*) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $(#[doc = $text] $word),*
        }

        impl $name {
            /// Every word, in order.
            pub const ALL: &[$name] = &[$($name::$word),*];

            /// The word in tables.
            pub const fn name(self) -> &'static str {
                match self { $($name::$word => $text),* }
            }

            /// What a word says.
            pub fn from_name(name: &str) -> Option<$name> {
                $name::ALL.iter().find(|word| word.name() == name).copied()
            }
        }
    };
}

words! {
    /// Whose system has raised an error.
    RaisedBy:
    Institution "institution";
    Insured "insured";
    National "national";
    Treating "treating";
}

words! {
    /// What an error is about.
    ErrorClass:
    Amount "amount";
    Catalogue "catalogue";
    Credential "credential";
    Entitlement "entitlement";
    Filing "filing";
    Institution "institution";
    Other "other";
    Outage "outage";
    Timeout "timeout";
}

words! {
    /// What has become of an error at a close.
    ErrorState:
    Open "open";
    Resolved "resolved";
    StruckOff "struck_off";
}

/// An error that a system has reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemError {
    /// Its number.
    pub err_id: String,
    /// When it was raised, in microseconds from 1970-01-01 local time.
    pub at: i64,
    /// The transaction.
    pub infno: Option<String>,
    /// Whose system has raised it.
    pub raised_by: RaisedBy,
    /// The treating province.
    pub treating: Province,
    /// The insured province; none while it is not known.
    pub insured: Option<Province>,
    /// The institution.
    pub fixmedins_code: Option<String>,
    /// What it is about.
    pub class: ErrorClass,
    /// Its code, masked.
    pub code: Option<String>,
    /// Its text, masked.
    pub text: Option<String>,
    /// The visit.
    pub mdtrt_id: Option<String>,
    /// The day of the answer, from 1970-01-01.
    pub answered_on: Option<i32>,
    /// The day on which it was struck off, from 1970-01-01.
    pub struck_off_on: Option<i32>,
    /// The period whose delivery has brought it.
    pub first_period: Month,
}

impl SystemError {
    /// The day on which it was raised, from 1970-01-01.
    pub fn day(&self) -> i32 {
        day_of(self.at)
    }

    /// Whether a row names another treating province, another day or another insured province than this error.
    pub fn contradicts(&self, row: &SystemError) -> bool {
        let other_insured = self.insured.zip(row.insured).is_some_and(|(own, other)| own != other);
        self.treating != row.treating || self.day() != row.day() || other_insured
    }

    /// Takes what later news of it bring.
    pub fn take_news(&mut self, news: &SystemError) {
        self.answered_on = self.answered_on.or(news.answered_on);
        self.struck_off_on = self.struck_off_on.or(news.struck_off_on);
    }
}

/// Returns the day of a time.
pub(super) fn day_of(micros: i64) -> i32 {
    i32::try_from(micros.div_euclid(crate::ingest::times::DAY)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_their_order_as_bytes() {
        assert!(RaisedBy::ALL.is_sorted_by_key(|word| word.name()));
        assert!(ErrorClass::ALL.is_sorted_by_key(|word| word.name()));
        assert!(ErrorState::ALL.is_sorted_by_key(|word| word.name()));
        assert_eq!(ErrorClass::from_name("timeout"), Some(ErrorClass::Timeout));
        assert_eq!(RaisedBy::from_name("Treating"), None);
    }
}
