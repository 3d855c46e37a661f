//! The ways in which a value is written differently in an export than in a delivery.

use crate::text::Text;

macro_rules! changes {
    ($($name:ident $id:literal $said:literal;)*) => {
        /// A change of a value. The value itself stays what it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Change {
            $(#[doc = $said] $name),*
        }

        impl Change {
            /// Every change, in the order in which reports list them.
            pub(crate) const ALL: &[Change] = &[$(Change::$name),*];

            /// The name in JSON and CSV.
            pub(crate) const fn id(self) -> &'static str {
                match self { $(Change::$name => $id),* }
            }

            /// What was changed, for people.
            pub(crate) const fn said(self) -> Text {
                match self { $(Change::$name => text!($said)),* }
            }
        }
    };
}

changes! {
    Blanks "blanks" "blanks around it removed";
    FullWidth "full-width" "full-width characters made half-width";
    Apostrophe "apostrophe" "the apostrophe before it removed";
    Empty "empty" "a word that stands for no value left out";
    Mapped "mapped" "replaced as the map says";
    Named "named" "a name or a word made its code";
    Zeros "zeros" "leading zeros put back";
    Number "number" "a number written as text";
    Fraction "fraction" "decimals of 0 removed";
    Sign "sign" "a sign written in another way";
    Currency "currency" "the currency removed";
    Separators "separators" "separators of thousands removed";
    Exponent "exponent" "an exponent written out";
    Point "point" "a digit put before or behind the point";
    Fen "fen" "fen made yuan";
    Rounded "rounded" "a floating point number rounded to the fen that it stands for";
    Spelling "spelling" "a date or time written in another way";
    Serial "serial" "a serial number of a spreadsheet made a date or time";
    Zone "zone" "moved to UTC+8";
    Midnight "midnight" "a day taken as its beginning";
}

/// The changes of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Changes(u32);

impl Changes {
    /// Adds a change.
    pub(crate) const fn add(&mut self, change: Change) {
        self.0 |= 1 << change as u32;
    }

    /// Adds a change when it happened.
    pub(crate) const fn add_if(&mut self, happened: bool, change: Change) {
        if happened {
            self.add(change);
        }
    }

    /// Whether the value is as it was.
    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Iterates over the changes.
    pub(crate) fn iter(self) -> impl Iterator<Item = Change> {
        Change::ALL.iter().copied().filter(move |change| self.0 & (1 << *change as u32) != 0)
    }
}
