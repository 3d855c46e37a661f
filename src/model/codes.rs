//! The closed vocabularies: sides, provinces, periods, fund and care classes.

use std::fmt;

use chrono::{Datelike, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::{Fill, Text, Value};

/// Whose copy of a settlement.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Declared by the province where care was given (就医地).
    Treating,
    /// Recorded by the province that insures the person (参保地).
    Insured,
}

impl Fill for Side {
    fn fill(&self) -> Value {
        match self {
            Side::Treating => text!("treating").fill(),
            Side::Insured => text!("insured").fill(),
        }
    }
}

fill_by_display! { Month, Pair, Province }

impl Fill for FundClass {
    fn fill(&self) -> Value {
        match self {
            FundClass::Employee => text!("employee").fill(),
            FundClass::Resident => text!("resident").fill(),
        }
    }
}

impl Fill for CareClass {
    fn fill(&self) -> Value {
        match self {
            CareClass::Chronic => text!("chronic").fill(),
            CareClass::Inpatient => text!("inpatient").fill(),
            CareClass::Outpatient => text!("outpatient").fill(),
            CareClass::Pharmacy => text!("pharmacy").fill(),
        }
    }
}

impl Side {
    /// Both sides, treating first.
    pub const BOTH: [Side; 2] = [Side::Treating, Side::Insured];

    /// Returns the word for it in folders, tables and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Side::Treating => "treating",
            Side::Insured => "insured",
        }
    }

    /// Returns the other side.
    pub const fn other(self) -> Side {
        match self {
            Side::Treating => Side::Insured,
            Side::Insured => Side::Treating,
        }
    }

    /// Returns its index in arrays with one value for each side.
    pub const fn index(self) -> usize {
        match self {
            Side::Treating => 0,
            Side::Insured => 1,
        }
    }

    /// Returns the side that a word names.
    pub fn from_name(name: &str) -> Option<Side> {
        Side::BOTH.into_iter().find(|side| side.name() == name)
    }
}

/// The 32 provincial units by the first two digits of their division codes (GB/T 2260, and 66 for
/// 新疆生产建设兵团), in order, with their names.
pub const PROVINCES: [(u8, &str, &str); 32] = [
    (11, "北京", "Beijing"),
    (12, "天津", "Tianjin"),
    (13, "河北", "Hebei"),
    (14, "山西", "Shanxi"),
    (15, "内蒙古", "Inner Mongolia"),
    (21, "辽宁", "Liaoning"),
    (22, "吉林", "Jilin"),
    (23, "黑龙江", "Heilongjiang"),
    (31, "上海", "Shanghai"),
    (32, "江苏", "Jiangsu"),
    (33, "浙江", "Zhejiang"),
    (34, "安徽", "Anhui"),
    (35, "福建", "Fujian"),
    (36, "江西", "Jiangxi"),
    (37, "山东", "Shandong"),
    (41, "河南", "Henan"),
    (42, "湖北", "Hubei"),
    (43, "湖南", "Hunan"),
    (44, "广东", "Guangdong"),
    (45, "广西", "Guangxi"),
    (46, "海南", "Hainan"),
    (50, "重庆", "Chongqing"),
    (51, "四川", "Sichuan"),
    (52, "贵州", "Guizhou"),
    (53, "云南", "Yunnan"),
    (54, "西藏", "Tibet"),
    (61, "陕西", "Shaanxi"),
    (62, "甘肃", "Gansu"),
    (63, "青海", "Qinghai"),
    (64, "宁夏", "Ningxia"),
    (65, "新疆", "Xinjiang"),
    (66, "兵团", "XPCC"),
];

/// The province of each two-digit code, where there is one: each division of a record is looked up.
const INDICES: [Option<Province>; 100] = {
    let mut indices = [None; 100];
    let mut index: u8 = 0;
    while (index as usize) < PROVINCES.len() {
        indices[PROVINCES[index as usize].0 as usize] = Some(Province(index));
        index += 1;
    }
    indices
};

/// One of the 32 provincial units, as its index in [`PROVINCES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Province(u8);

impl From<Province> for u8 {
    fn from(province: Province) -> u8 {
        province.0
    }
}

impl TryFrom<u8> for Province {
    type Error = &'static str;

    fn try_from(index: u8) -> Result<Province, &'static str> {
        Province::from_index(index.into()).ok_or("no province has this index")
    }
}

impl Province {
    /// Returns all provinces, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Province> {
        (0..32).map(Province)
    }

    /// Returns the province with a two-digit code.
    pub fn from_code(code: u8) -> Option<Province> {
        INDICES.get(usize::from(code)).copied().flatten()
    }

    /// Returns the province with a two-digit code, given as text.
    pub fn from_text(text: &str) -> Option<Province> {
        match text.as_bytes() {
            [b'0'..=b'9', b'0'..=b'9'] => Province::from_code(text.parse().ok()?),
            _ => None,
        }
    }

    /// Returns the province of a 6-digit division code; 6590xx belongs to 66.
    pub fn of_division(division: &[u8]) -> Option<Province> {
        if division.len() != 6 || !division.iter().all(u8::is_ascii_digit) {
            return None;
        }
        if division.starts_with(b"6590") {
            return Province::from_code(66);
        }
        Province::from_code((division[0] - b'0') * 10 + (division[1] - b'0'))
    }

    /// Returns the province of a division code that is given as a number.
    pub fn of_number(division: u32) -> Option<Province> {
        let code = if division / 100 == 6590 { 66 } else { division / 10_000 };
        Province::from_code(u8::try_from(code).ok()?)
    }

    /// Returns its index in [`PROVINCES`], 0 to 31.
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Returns the province at an index of [`PROVINCES`].
    pub fn from_index(index: usize) -> Option<Province> {
        u8::try_from(index).ok().filter(|index| *index < 32).map(Province)
    }

    /// Returns its short Chinese name, without 省, 市 or 自治区.
    pub fn name(self) -> &'static str {
        PROVINCES[self.index()].1
    }

    /// Whether it is a municipality (直辖市), whose counties are one pooling area.
    pub fn is_municipality(self) -> bool {
        matches!(self.code(), 11 | 12 | 31 | 50)
    }

    /// Returns its full Chinese name.
    pub fn full_name(self) -> String {
        let name = self.name();
        match self.code() {
            _ if self.is_municipality() => format!("{name}市"),
            15 | 54 => format!("{name}自治区"),
            45 => format!("{name}壮族自治区"),
            64 => format!("{name}回族自治区"),
            65 => format!("{name}维吾尔自治区"),
            66 => format!("新疆生产建设{name}"),
            _ => format!("{name}省"),
        }
    }

    /// Returns its English name.
    pub fn english_name(self) -> &'static str {
        PROVINCES[self.index()].2
    }

    /// Returns its name in each language.
    pub fn named(self) -> Text {
        Text::named(self.english_name(), self.name())
    }

    /// Returns the two-digit code.
    pub fn code(self) -> u8 {
        PROVINCES[self.index()].0
    }
}

impl fmt::Display for Province {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.code())
    }
}

/// A directed pair of provinces: the first owes the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pair {
    /// The province that owes.
    pub insured: Province,
    /// The province that is owed.
    pub treating: Province,
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.insured, self.treating)
    }
}

/// A month: a clearing period or a cost month, counted from year 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Month(i32);

impl Month {
    /// Makes the month of a year; `month` is 1 to 12.
    pub const fn new(year: i32, month: u8) -> Month {
        Month(year * 12 + month as i32 - 1)
    }

    /// Reads `YYYY-MM`.
    pub fn from_text(text: &str) -> Option<Month> {
        let (year, month) = text.split_once('-')?;
        let digits = |t: &str, n: usize| t.len() == n && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let month: u8 = month.parse().ok()?;
        (1..=12).contains(&month).then_some(Month::new(year.parse().ok()?, month))
    }

    /// Returns the month of a day counted from 1970-01-01; it saturates at the ends of the calendar, some 260,000 years
    /// from now and ago.
    pub fn of_day(day: i64) -> Month {
        let date = i32::try_from(day).ok().and_then(NaiveDate::from_epoch_days);
        let date = date.unwrap_or(if day < 0 { NaiveDate::MIN } else { NaiveDate::MAX });
        Month(date.year() * 12 + date.month0().cast_signed())
    }

    /// Returns the number of months since January of year 0.
    pub const fn number(self) -> u32 {
        self.0.cast_unsigned()
    }

    /// Returns the year.
    pub const fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// Returns the month of the year, 1 to 12.
    pub const fn of_year(self) -> u8 {
        #[expect(clippy::cast_possible_truncation, reason = "0 to 11")]
        return self.0.rem_euclid(12).cast_unsigned() as u8 + 1;
    }

    /// Returns the month that is a number of months later.
    #[must_use]
    pub const fn plus(self, months: i32) -> Month {
        Month(self.0 + months)
    }

    /// Returns the number of months from `earlier` to this month; negative when `earlier` is later.
    pub const fn since(self, earlier: Month) -> i32 {
        self.0 - earlier.0
    }

    /// Returns its first day.
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year(), u32::from(self.of_year()), 1).unwrap_or_default()
    }

    /// Returns its last day.
    pub fn last_day(self) -> NaiveDate {
        self.plus(1).first_day().pred_opt().unwrap_or_default()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.of_year())
    }
}

/// Which fund bears the cost (contract §2.1, `insutype`).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum FundClass {
    /// Employees' basic insurance (职工).
    Employee,
    /// Residents' basic insurance (居民).
    Resident,
}

impl FundClass {
    /// Both classes, in order of their names.
    pub const ALL: [FundClass; 2] = [FundClass::Employee, FundClass::Resident];

    /// The class that a word names.
    pub fn from_name(name: &str) -> Option<FundClass> {
        FundClass::ALL.into_iter().find(|fund| fund.name() == name)
    }

    /// The word used in tables.
    pub const fn name(self) -> &'static str {
        match self {
            FundClass::Employee => "employee",
            FundClass::Resident => "resident",
        }
    }
}

/// What kind of care (contract §2.1, `med_type`).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum CareClass {
    /// Outpatient care of a listed chronic disease (门诊慢特病).
    Chronic,
    /// A hospital stay (住院).
    Inpatient,
    /// Ordinary outpatient care (普通门诊).
    Outpatient,
    /// A pharmacy purchase (药店购药).
    Pharmacy,
}

impl CareClass {
    /// All classes, in order of their names.
    pub const ALL: [CareClass; 4] =
        [CareClass::Chronic, CareClass::Inpatient, CareClass::Outpatient, CareClass::Pharmacy];

    /// The class that a word names.
    pub fn from_name(name: &str) -> Option<CareClass> {
        CareClass::ALL.into_iter().find(|care| care.name() == name)
    }

    /// The word used in tables.
    pub const fn name(self) -> &'static str {
        match self {
            CareClass::Chronic => "chronic",
            CareClass::Inpatient => "inpatient",
            CareClass::Outpatient => "outpatient",
            CareClass::Pharmacy => "pharmacy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisions_name_their_province() {
        assert_eq!(Province::of_division(b"340100").map(Province::code), Some(34));
        assert_eq!(Province::of_division(b"659001").map(Province::code), Some(66));
        assert_eq!(Province::of_division(b"660100").map(Province::code), Some(66));
        assert_eq!(Province::of_division(b"650100").map(Province::code), Some(65));
        for bad in [&b"34010"[..], b"3401000", b"34010x", b"710000", b""] {
            assert_eq!(Province::of_division(bad), None);
        }
    }

    #[test]
    fn months_follow_the_calendar() {
        assert_eq!(Month::of_day(0).to_string(), "1970-01");
        assert_eq!(Month::of_day(-1).to_string(), "1969-12");
        let october = Month::new(2025, 10);
        assert_eq!(Month::from_text("2025-10"), Some(october));
        let days = |month: Month| i64::from(month.first_day().to_epoch_days());
        assert_eq!(Month::of_day(days(october)), october);
        assert_eq!(Month::of_day(days(october) - 1), october.plus(-1));
        assert_eq!(october.plus(3).to_string(), "2026-01");
        assert_eq!(october.last_day().to_string(), "2025-10-31");
        assert_eq!(Month::of_day(i64::MAX).since(october).signum(), 1);
        assert_eq!(Month::of_day(i64::MIN).since(october).signum(), -1);
        for bad in ["2025-13", "2025-00", "2025-1", "25-10", "2025/10", "+025-10"] {
            assert_eq!(Month::from_text(bad), None, "{bad}");
        }
    }
}
