//! The words of benefit files.

use chrono::NaiveDate;
use schemars::{Schema, json_schema};
use serde::{Deserialize, Serialize};

use crate::{
    model::{
        codes::{CareClass, FundClass, Province},
        dates::{parse_date, parse_day},
        money::{Fen, parse_yuan},
    },
    review::cell::{CellWord, no_word},
    text::{Text, quoted},
};

macro_rules! words {
    ($(#[doc = $what:literal])* $name:ident { $($(#[doc = $doc:literal])* $variant:ident $word:literal,)* }) => {
        $(#[doc = $what])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[doc = $doc])* $variant,)* }

        impl $name {
            /// All of them, in the order of the contract.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// Returns the word for it in files.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl CellWord for $name {
            fn parse(text: &str) -> Result<$name, Text> {
                let found = $name::ALL.iter().find(|word| word.name() == text);
                found.copied().ok_or_else(|| no_word(text, &[$($word),*]))
            }

            fn shape() -> Schema {
                json_schema!({ "type": "string", "enum": [$($word),*] })
            }
        }
    };
}

words! {
    /// The level of an institution (review §2.1).
    HospitalLevel {
        /// A clinic of a village (村卫生室).
        Village "village",
        /// A hospital of a township (乡镇卫生院).
        Township "township",
        /// A health centre of a community (社区卫生服务中心), or one of the two above.
        Community "community",
        /// Level one (一级).
        One "1",
        /// Level two (二级).
        Two "2",
        /// Level three (三级), of whatever grade.
        Three "3",
        /// Level three, grade A (三级甲等).
        ThreeA "3A",
        /// Level three, grade B (三级乙等).
        ThreeB "3B",
    }
}

words! {
    /// The kind of an insured person.
    PersonKind {
        /// An employee at work (在职).
        Active "active",
        /// A retired employee (退休).
        Retired "retired",
        /// A resident below 18 years (未成年人).
        Minor "minor",
        /// A student (学生).
        Student "student",
        /// Another resident (成年居民).
        Adult "adult",
    }
}

words! {
    /// The class of a settlement by its filing, the most favourable first (review §5).
    FilingClass {
        /// A long-term filing fits (异地安置退休、异地长期居住、常驻异地工作).
        LongTerm "long_term",
        /// The insured place deems the treating province filed to (视同备案).
        Deemed "deemed",
        /// An emergency (急诊抢救).
        Emergency "emergency",
        /// A transfer (异地转诊).
        Transfer "transfer",
        /// Another temporary filing (其他临时外出就医).
        Temporary "temporary",
        /// Nothing was filed (未备案).
        Unfiled "none",
    }
}

words! {
    /// The amount that a second layer counts.
    LayerBase {
        /// The in-scope amount.
        InScope "in_scope",
        /// What the person has paid.
        OwnPaid "own_paid",
    }
}

impl HospitalLevel {
    /// Whether a rule for this level is for institutions of a level as well.
    pub fn takes_in(self, level: HospitalLevel) -> bool {
        self == level || self.finer().contains(&level)
    }

    /// Returns the levels that this one is divided into.
    pub const fn finer(self) -> &'static [HospitalLevel] {
        match self {
            HospitalLevel::Community => &[HospitalLevel::Village, HospitalLevel::Township],
            HospitalLevel::Three => &[HospitalLevel::ThreeA, HospitalLevel::ThreeB],
            _ => &[],
        }
    }
}

impl FilingClass {
    /// Whether a settlement of this class has the benefit of home where no row says otherwise.
    pub fn is_as_at_home(self) -> bool {
        matches!(self, FilingClass::LongTerm | FilingClass::Deemed)
    }
}

/// A cell of `stay`: one stay of the year, or this one and all later ones (`"3+"`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StayCell {
    /// The number of the stay in the year, from 1.
    pub first: u32,
    /// Whether later stays are meant too.
    pub and_later: bool,
}

impl StayCell {
    /// Whether the cell is for a stay.
    pub fn fits(self, stay: u32) -> bool {
        stay == self.first || (self.and_later && stay > self.first)
    }
}

impl CellWord for StayCell {
    fn parse(text: &str) -> Result<StayCell, Text> {
        let number = text.strip_suffix('+').unwrap_or(text);
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit()) && number.len() <= 3;
        let first = number.parse().ok().filter(|first| is_number && *first > 0);
        let first = first.ok_or_else(|| text!("{} is not a stay such as 2 or 3+", quoted(text)))?;
        Ok(StayCell { first, and_later: number.len() < text.len() })
    }

    fn shape() -> Schema {
        json_schema!({ "type": "string", "pattern": r"^0{0,2}[1-9][0-9]{0,2}\+?$" })
    }
}

/// A number with at most four decimals, in ten-thousandths and within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scaled<const LOW: i64, const HIGH: i64>(i64);

/// Ten-thousandths of 1.
pub(super) const ONE: i64 = 10_000;

/// 0 to 100 per cent.
pub type PerCent = Scaled<0, { 100 * ONE }>;
/// Points to add to per cent.
pub type Points = Scaled<{ -100 * ONE }, { 100 * ONE }>;
/// A factor on the benefit: 0 to 1.
pub type BenefitFactor = Scaled<0, ONE>;
/// A factor that may also raise: 0 to 10.
pub type RaisingFactor = Scaled<0, { 10 * ONE }>;
/// So many times the wage: 0 to 100.
pub type WageTimes = Scaled<0, { 100 * ONE }>;

impl<const LOW: i64, const HIGH: i64> Scaled<LOW, HIGH> {
    /// Returns the number of ten-thousandths.
    pub fn ten_thousandths(self) -> i128 {
        self.0.into()
    }
}

impl<const LOW: i64, const HIGH: i64> CellWord for Scaled<LOW, HIGH> {
    fn parse(text: &str) -> Result<Self, Text> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = all(whole) && all(decimals) && whole.len() <= 6 && decimals.len() <= 4;
        let read = format!("{whole}{decimals:0<4}").parse().ok().filter(|_| is_number);
        let number: i64 = read
            .ok_or_else(|| text!("{} is not a number with at most four decimals", quoted(text)))?;
        let signed = if digits.len() < text.len() { -number } else { number };
        if (LOW..=HIGH).contains(&signed) {
            return Ok(Scaled(signed));
        }
        Err(text!("{} is not between {} and {}", quoted(text), LOW / ONE, HIGH / ONE))
    }

    fn shape() -> Schema {
        json_schema!({ "type": "string", "pattern": r"^-?[0-9]{1,6}(\.[0-9]{1,4})?$" })
    }
}

impl CellWord for Fen {
    fn parse(text: &str) -> Result<Fen, Text> {
        match parse_yuan(text) {
            Ok(amount) if !amount.is_negative() => Ok(amount),
            Ok(_) => Err(text!("{} is below 0", quoted(text))),
            Err(error) => Err(text!("{} is not an amount: {}", quoted(text), error)),
        }
    }

    fn shape() -> Schema {
        json_schema!({ "type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,2})?$" })
    }
}

/// A code, or a sentence: a text that is not empty.
impl CellWord for String {
    fn parse(text: &str) -> Result<String, Text> {
        if text.trim().is_empty() || text.contains(char::is_control) {
            return Err(text!("a text is expected, on one line"));
        }
        Ok(text.to_owned())
    }

    fn shape() -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

impl CellWord for CareClass {
    fn parse(text: &str) -> Result<CareClass, Text> {
        CareClass::from_name(text)
            .ok_or_else(|| no_word(text, &CareClass::ALL.map(CareClass::name)))
    }

    fn shape() -> Schema {
        json_schema!({ "type": "string", "enum": CareClass::ALL.map(CareClass::name) })
    }
}

impl CellWord for FundClass {
    fn parse(text: &str) -> Result<FundClass, Text> {
        FundClass::from_name(text)
            .ok_or_else(|| no_word(text, &FundClass::ALL.map(FundClass::name)))
    }

    fn shape() -> Schema {
        json_schema!({ "type": "string", "enum": FundClass::ALL.map(FundClass::name) })
    }
}

impl CellWord for Province {
    fn parse(text: &str) -> Result<Province, Text> {
        Province::from_text(text)
            .ok_or_else(|| text!("{} is not the code of a province", quoted(text)))
    }

    fn shape() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[1-6][0-9]$" })
    }
}

impl CellWord for NaiveDate {
    fn parse(text: &str) -> Result<NaiveDate, Text> {
        parse_date(text)
    }

    fn shape() -> Schema {
        json_schema!({ "type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$" })
    }
}

/// A day of every year, `MM-DD`; 29 February is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayOfEveryYear(pub(super) NaiveDate);

impl CellWord for DayOfEveryYear {
    fn parse(text: &str) -> Result<DayOfEveryYear, Text> {
        let day = parse_day(&format!("2001-{text}"));
        day.map(DayOfEveryYear).ok_or_else(|| text!("{} is not a day MM-DD", quoted(text)))
    }

    fn shape() -> Schema {
        json_schema!({ "type": "string", "pattern": "^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$" })
    }
}

/// An insured area: the beginning of its divisions, without pairs of zeros at the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AreaPrefix(pub(super) String);

impl std::fmt::Display for AreaPrefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl CellWord for AreaPrefix {
    fn parse(text: &str) -> Result<AreaPrefix, Text> {
        let is_code = [2, 4, 6].contains(&text.len())
            && Province::of_division(format!("{text:0<6}").as_bytes()).is_some();
        if !is_code {
            return Err(text!("{} is not 2, 4 or 6 digits of a division", quoted(text)));
        }
        let mut area = text;
        while let Some(rest) = area.strip_suffix("00") {
            area = rest;
        }
        Ok(AreaPrefix(area.to_owned()))
    }

    fn shape() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[1-6][0-9]([0-9]{2}){0,2}$" })
    }
}
