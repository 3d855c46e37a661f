//! A row as bytes. Its numbers come first and its texts last, so that all texts are checked at once.
//!
//! The bytes are read again in the same review only, so their format may change.

use super::{
    benefits::words::{HospitalLevel, PersonKind},
    row::{OptionalFields, ReviewedRow},
};
use crate::{
    diag::{Failure, Outcome},
    model::{
        codes::{CareClass, FundClass},
        money::Fen,
    },
};

/// Flags of a row: what it has, and how its numbers are written.
mod flag {
    pub(super) const REVERSES: u32 = 1;
    pub(super) const DISEASE: u32 = 1 << 1;
    pub(super) const GRADE: u32 = 1 << 2;
    pub(super) const MEDIUM: u32 = 1 << 3;
    pub(super) const BEGIN: u32 = 1 << 4;
    pub(super) const END: u32 = 1 << 5;
    pub(super) const IN_SCOPE: u32 = 1 << 6;
    pub(super) const DEDC_STD: u32 = 1 << 7;
    pub(super) const ACT_PAY_DEDC: u32 = 1 << 8;
    pub(super) const AGE: u32 = 1 << 9;
    pub(super) const STAY: u32 = 1 << 10;
    pub(super) const TOKEN: u32 = 1 << 11;
    pub(super) const EMERGENCY: u32 = 1 << 12;
    pub(super) const MID_STAY: u32 = 1 << 13;
    /// The registry says whether the institution is in the network, and whether it is.
    pub(super) const LISTED: u32 = 1 << 14;
    pub(super) const NETWORKED: u32 = 1 << 15;
    pub(super) const UNKNOWN: u32 = 1 << 16;
    /// An amount does not fit four bytes.
    pub(super) const WIDE_AMOUNTS: u32 = 1 << 17;
    /// A text does not fit 255 bytes.
    pub(super) const WIDE_TEXTS: u32 = 1 << 18;
}

/// The amounts of a row, in their order among the bytes.
const AMOUNTS: usize = 8;
/// The texts of a row, in their order among the bytes.
const TEXTS: usize = 10;
/// Stands for no word.
const NO_WORD: u8 = u8::MAX;

/// Appends the bytes of a row.
pub(super) fn append(row: &ReviewedRow<'_>, bytes: &mut Vec<u8>) {
    let optional = &row.optional;
    let amounts = [
        row.medfee,
        row.payable,
        row.hifp_pay,
        row.fund_pay,
        row.acct_pay,
        row.in_scope.unwrap_or_default(),
        optional.dedc_std.unwrap_or_default(),
        optional.act_pay_dedc.unwrap_or_default(),
    ]
    .map(Fen::fen);
    let texts: [&str; TEXTS] = [
        row.setl_id,
        row.psn_no,
        row.institution,
        row.insured,
        row.treating,
        row.med_type,
        row.reverses.unwrap_or_default(),
        row.disease.unwrap_or_default(),
        optional.grade.unwrap_or_default(),
        optional.medium.unwrap_or_default(),
    ];
    let flags = flags(row)
        | when(amounts.iter().any(|fen| i32::try_from(*fen).is_err()), flag::WIDE_AMOUNTS)
        | when(texts.iter().any(|text| u8::try_from(text.len()).is_err()), flag::WIDE_TEXTS);
    bytes.extend_from_slice(&flags.to_le_bytes());
    bytes.extend_from_slice(&row.ordinal.to_le_bytes());
    bytes.extend_from_slice(&row.time.to_le_bytes());
    bytes.extend_from_slice(&row.begin.unwrap_or_default().to_le_bytes());
    bytes.extend_from_slice(&row.end.unwrap_or_default().to_le_bytes());
    bytes.extend_from_slice(&optional.stay.unwrap_or_default().to_le_bytes());
    bytes.extend_from_slice(&optional.age.unwrap_or_default().to_le_bytes());
    bytes.extend_from_slice(&optional.delivered.to_le_bytes());
    bytes.extend_from_slice(&[
        row.care as u8,
        row.fund as u8,
        optional.level.map_or(NO_WORD, |level| level as u8),
        optional.person.map_or(NO_WORD, |person| person as u8),
    ]);
    if flags & flag::WIDE_AMOUNTS == 0 {
        let narrow = amounts.map(|fen| i32::try_from(fen).unwrap_or_default().to_le_bytes());
        bytes.extend_from_slice(narrow.as_flattened());
    } else {
        bytes.extend_from_slice(amounts.map(i64::to_le_bytes).as_flattened());
    }
    if let Some(token) = optional.token {
        bytes.extend_from_slice(&token.to_le_bytes());
    }
    append_texts(&texts, flags & flag::WIDE_TEXTS != 0, bytes);
    if flags & flag::UNKNOWN != 0 {
        append_unknown(&optional.unknown, bytes);
    }
}

fn when(is: bool, flag: u32) -> u32 {
    if is { flag } else { 0 }
}

fn flags(row: &ReviewedRow<'_>) -> u32 {
    let optional = &row.optional;
    when(row.reverses.is_some(), flag::REVERSES)
        | when(row.disease.is_some(), flag::DISEASE)
        | when(optional.grade.is_some(), flag::GRADE)
        | when(optional.medium.is_some(), flag::MEDIUM)
        | when(row.begin.is_some(), flag::BEGIN)
        | when(row.end.is_some(), flag::END)
        | when(row.in_scope.is_some(), flag::IN_SCOPE)
        | when(optional.dedc_std.is_some(), flag::DEDC_STD)
        | when(optional.act_pay_dedc.is_some(), flag::ACT_PAY_DEDC)
        | when(optional.age.is_some(), flag::AGE)
        | when(optional.stay.is_some(), flag::STAY)
        | when(optional.token.is_some(), flag::TOKEN)
        | when(optional.emergency, flag::EMERGENCY)
        | when(optional.mid_stay, flag::MID_STAY)
        | when(optional.networked.is_some(), flag::LISTED)
        | when(optional.networked == Some(true), flag::NETWORKED)
        | when(!optional.unknown.is_empty(), flag::UNKNOWN)
}

/// Appends the length of a text in four bytes. A text of a column has at most 65,536 bytes (F15).
fn append_length(text: &str, bytes: &mut Vec<u8>) {
    let length = u32::try_from(text.len()).expect("Invariant: F15 holds the length of texts");
    bytes.extend_from_slice(&length.to_le_bytes());
}

fn append_texts(texts: &[&str; TEXTS], are_wide: bool, bytes: &mut Vec<u8>) {
    if are_wide {
        for text in texts {
            append_length(text, bytes);
        }
    } else {
        bytes.extend_from_slice(&texts.map(|text| u8::try_from(text.len()).unwrap_or_default()));
    }
    for text in texts {
        bytes.extend_from_slice(text.as_bytes());
    }
}

fn append_unknown(unknown: &[(u8, &str)], bytes: &mut Vec<u8>) {
    bytes.push(u8::try_from(unknown.len()).expect("Invariant: a field is unknown once"));
    for (field, value) in unknown {
        bytes.push(*field);
        append_length(value, bytes);
        bytes.extend_from_slice(value.as_bytes());
    }
}

/// Reads the first of some rows that lie one after the other; returns the rest too.
pub(super) fn first(bytes: &[u8]) -> Outcome<(ReviewedRow<'_>, &[u8])> {
    let mut bytes = RowBytes(bytes);
    let row = bytes.row().ok_or_else(damaged)?;
    Ok((row, bytes.0))
}

pub(super) fn damaged() -> Failure {
    Failure::Bug(text!("the bytes of a row are not whole"))
}

/// The bytes that are still to be read.
struct RowBytes<'a>(&'a [u8]);

impl<'a> RowBytes<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*array)
    }

    fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (slice, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(slice)
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).ok()
    }

    fn amounts(&mut self, are_wide: bool) -> Option<[Fen; AMOUNTS]> {
        let mut amounts = [Fen::ZERO; AMOUNTS];
        if are_wide {
            for amount in &mut amounts {
                *amount = Fen::new(i64::from_le_bytes(self.array()?));
            }
        } else {
            for amount in &mut amounts {
                *amount = Fen::new(i32::from_le_bytes(self.array()?).into());
            }
        }
        Some(amounts)
    }

    fn texts(&mut self, are_wide: bool) -> Option<[&'a str; TEXTS]> {
        let mut lengths = [0; TEXTS];
        if are_wide {
            for length in &mut lengths {
                *length = self.length()?;
            }
        } else {
            lengths = self.array::<TEXTS>()?.map(usize::from);
        }
        let mut rest = std::str::from_utf8(self.slice(lengths.iter().sum())?).ok()?;
        let mut texts = [""; TEXTS];
        for (text, length) in texts.iter_mut().zip(lengths) {
            (*text, rest) = rest.split_at_checked(length)?;
        }
        Some(texts)
    }

    fn unknown(&mut self) -> Option<Vec<(u8, &'a str)>> {
        let [count] = self.array()?;
        (0..count)
            .map(|_| {
                let [field] = self.array()?;
                let length = self.length()?;
                Some((field, std::str::from_utf8(self.slice(length)?).ok()?))
            })
            .collect()
    }

    fn row(&mut self) -> Option<ReviewedRow<'a>> {
        let flags = u32::from_le_bytes(self.array()?);
        let has = |flag: u32| flags & flag != 0;
        let (ordinal, time) =
            (u64::from_le_bytes(self.array()?), i64::from_le_bytes(self.array()?));
        let (begin, end) = (i32::from_le_bytes(self.array()?), i32::from_le_bytes(self.array()?));
        let (stay, age) = (u32::from_le_bytes(self.array()?), u16::from_le_bytes(self.array()?));
        let delivered = u16::from_le_bytes(self.array()?);
        let [care, fund, level, person] = self.array()?.map(usize::from);
        let [medfee, payable, hifp_pay, fund_pay, acct_pay, in_scope, dedc_std, act_pay_dedc] =
            self.amounts(has(flag::WIDE_AMOUNTS))?;
        let token = if has(flag::TOKEN) { Some(u128::from_le_bytes(self.array()?)) } else { None };
        let texts = self.texts(has(flag::WIDE_TEXTS))?;
        let [
            setl_id,
            psn_no,
            institution,
            insured,
            treating,
            med_type,
            reverses,
            disease,
            grade,
            medium,
        ] = texts;
        let unknown = if has(flag::UNKNOWN) { self.unknown()? } else { Vec::new() };
        Some(ReviewedRow {
            ordinal,
            setl_id,
            reverses: has(flag::REVERSES).then_some(reverses),
            psn_no,
            institution,
            insured,
            treating,
            med_type,
            disease: has(flag::DISEASE).then_some(disease),
            care: *CareClass::ALL.get(care)?,
            fund: *FundClass::ALL.get(fund)?,
            time,
            begin: has(flag::BEGIN).then_some(begin),
            end: has(flag::END).then_some(end),
            medfee,
            payable,
            hifp_pay,
            fund_pay,
            acct_pay,
            in_scope: has(flag::IN_SCOPE).then_some(in_scope),
            optional: OptionalFields {
                level: HospitalLevel::ALL.get(level).copied(),
                person: PersonKind::ALL.get(person).copied(),
                age: has(flag::AGE).then_some(age),
                grade: has(flag::GRADE).then_some(grade),
                stay: has(flag::STAY).then_some(stay),
                dedc_std: has(flag::DEDC_STD).then_some(dedc_std),
                act_pay_dedc: has(flag::ACT_PAY_DEDC).then_some(act_pay_dedc),
                emergency: has(flag::EMERGENCY),
                mid_stay: has(flag::MID_STAY),
                medium: has(flag::MEDIUM).then_some(medium),
                token,
                networked: has(flag::LISTED).then_some(has(flag::NETWORKED)),
                unknown,
                delivered,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;

    type Texts = ([String; 6], [Option<String>; 4], Vec<(u8, String)>);

    fn texts() -> impl Strategy<Value = Texts> {
        let text = || prop_oneof![8 => "[A-Z0-9医保]{0,12}", 1 => "x{254,258}"];
        (
            [text(), text(), text(), text(), text(), text()],
            [option::of(text()), option::of(text()), option::of(text()), option::of(text())],
            vec((any::<u8>(), text()), 0..3),
        )
    }

    fn amount() -> impl Strategy<Value = Fen> {
        let near = |most: i64| (most - 1)..=(most + 1);
        prop_oneof![
            4 => -1_000_000_i64..1_000_000,
            1 => near(i32::MAX.into()),
            1 => near(i32::MIN.into()),
            1 => select(vec![i64::MIN, i64::MAX]),
        ]
        .prop_map(Fen::new)
    }

    fn amounts() -> impl Strategy<Value = ([Fen; 5], [Option<Fen>; 3])> {
        let given = [amount(), amount(), amount(), amount(), amount()];
        (given, [option::of(amount()), option::of(amount()), option::of(amount())])
    }

    fn optional() -> impl Strategy<Value = OptionalFields<'static>> {
        let words = (
            option::of(select(HospitalLevel::ALL)),
            option::of(select(PersonKind::ALL)),
            any::<(bool, bool, Option<bool>)>(),
        );
        let numbers = any::<(Option<u16>, Option<u32>, Option<u128>, u16)>();
        (words, numbers).prop_map(|(words, (age, stay, token, delivered))| {
            let (level, person, (emergency, mid_stay, networked)) = words;
            OptionalFields {
                level,
                person,
                age,
                stay,
                emergency,
                mid_stay,
                token,
                networked,
                delivered,
                ..OptionalFields::default()
            }
        })
    }

    fn row<'a>(
        (given, maybe, unknown): &'a Texts,
        (ordinal, time, begin, end): (u64, i64, Option<i32>, Option<i32>),
        (care, fund): (CareClass, FundClass),
        ([medfee, payable, hifp_pay, fund_pay, acct_pay], fen): ([Fen; 5], [Option<Fen>; 3]),
        optional: &OptionalFields<'a>,
    ) -> ReviewedRow<'a> {
        let [setl_id, psn_no, institution, insured, treating, med_type] =
            given.each_ref().map(String::as_str);
        let [reverses, disease, grade, medium] = maybe.each_ref().map(Option::as_deref);
        let [in_scope, dedc_std, act_pay_dedc] = fen;
        let unknown = unknown.iter().map(|(field, value)| (*field, value.as_str())).collect();
        ReviewedRow {
            ordinal,
            setl_id,
            reverses,
            psn_no,
            institution,
            insured,
            treating,
            med_type,
            disease,
            care,
            fund,
            time,
            begin,
            end,
            medfee,
            payable,
            hifp_pay,
            fund_pay,
            acct_pay,
            in_scope,
            optional: OptionalFields {
                grade,
                dedc_std,
                act_pay_dedc,
                medium,
                unknown,
                ..optional.clone()
            },
        }
    }

    proptest! {
        #[test]
        fn a_row_comes_back_as_it_went(
            texts in texts(),
            numbers in any::<(u64, i64, Option<i32>, Option<i32>)>(),
            care in select(&CareClass::ALL[..]),
            fund in select(&FundClass::ALL[..]),
            amounts in amounts(),
            optional in optional(),
        ) {
            let row = row(&texts, numbers, (care, fund), amounts, &optional);
            let mut bytes = Vec::new();
            append(&row, &mut bytes);
            for end in 0..bytes.len() {
                prop_assert!(first(&bytes[..end]).is_err());
            }
            bytes.extend_from_slice(b"the next");
            let (read, rest) = first(&bytes).expect("whole");
            prop_assert_eq!((read, rest), (row, &b"the next"[..]));
        }
    }
}
