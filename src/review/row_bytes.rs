//! A row as bytes: its numbers, its texts, and last the digest of its credential, which not everybody needs.
//!
//! The bytes are read again in the same review only, so their format may change.

mod ids;

use self::ids::{IDS, PackedIds};
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
    /// An amount does not fit three bytes.
    pub(super) const WIDE_AMOUNTS: u32 = 1 << 17;
    /// A text does not fit 255 bytes.
    pub(super) const WIDE_TEXTS: u32 = 1 << 18;
    /// The ordinal does not fit four bytes.
    pub(super) const WIDE_ORDINAL: u32 = 1 << 19;
    /// The time is no whole second that fits four bytes.
    pub(super) const WIDE_TIME: u32 = 1 << 20;
    /// A day does not fit two bytes.
    pub(super) const WIDE_DAYS: u32 = 1 << 21;
    /// The texts that every row has are packed as digits.
    pub(super) const PACKED_IDS: u32 = 1 << 22;
}

/// The amounts of a row, in their order among the bytes.
const AMOUNTS: usize = 8;
/// The bytes of an amount that is not wide.
const NARROW: usize = 3;
/// The texts of a row, in their order among the bytes.
const TEXTS: usize = 10;
/// Those that not every row has, the last ones, with their flags.
const RARE: [u32; 4] = [flag::REVERSES, flag::DISEASE, flag::GRADE, flag::MEDIUM];
/// Stands for no word.
const NO_WORD: u8 = u8::MAX;
/// Microseconds of a second.
const SECOND: i64 = 1_000_000;

/// Appends the bytes of a row.
pub(super) fn append(row: &ReviewedRow<'_>, bytes: &mut Vec<u8>) {
    let optional = &row.optional;
    let amounts = amounts(row);
    let texts = texts(row);
    let (given, rare) = texts.split_first_chunk::<IDS>().expect("Invariant: TEXTS are more");
    let packed = PackedIds::of(given);
    let flags = flags(row)
        | when(packed.is_some(), flag::PACKED_IDS)
        | when(amounts.iter().any(|fen| narrow(*fen).is_none()), flag::WIDE_AMOUNTS)
        | when(texts.iter().any(|text| u8::try_from(text.len()).is_err()), flag::WIDE_TEXTS)
        | when(u32::try_from(row.ordinal).is_err(), flag::WIDE_ORDINAL)
        | when(seconds(row.time).is_none(), flag::WIDE_TIME)
        | when(
            [row.begin, row.end].into_iter().flatten().any(|day| i16::try_from(day).is_err()),
            flag::WIDE_DAYS,
        );
    let has = |flag: u32| flags & flag != 0;
    let mut numbers = Numbers::default();
    numbers.put(flags.to_le_bytes());
    numbers.put([
        row.care as u8,
        row.fund as u8,
        optional.level.map_or(NO_WORD, |level| level as u8),
        optional.person.map_or(NO_WORD, |person| person as u8),
    ]);
    numbers.put(optional.delivered.to_le_bytes());
    match u32::try_from(row.ordinal) {
        Ok(ordinal) => numbers.put(ordinal.to_le_bytes()),
        Err(_) => numbers.put(row.ordinal.to_le_bytes()),
    }
    match seconds(row.time) {
        Some(seconds) => numbers.put(seconds.to_le_bytes()),
        None => numbers.put(row.time.to_le_bytes()),
    }
    for day in [row.begin, row.end].into_iter().flatten() {
        match i16::try_from(day) {
            Ok(day) if !has(flag::WIDE_DAYS) => numbers.put(day.to_le_bytes()),
            _ => numbers.put(day.to_le_bytes()),
        }
    }
    if let Some(stay) = optional.stay {
        numbers.put(stay.to_le_bytes());
    }
    if let Some(age) = optional.age {
        numbers.put(age.to_le_bytes());
    }
    numbers.put_amounts(&amounts, has(flag::WIDE_AMOUNTS));
    numbers.put_lengths(&texts, flags);
    bytes.extend_from_slice(&numbers.bytes[..numbers.length]);
    match &packed {
        Some(packed) => packed.append(bytes),
        None => append_texts(given, bytes),
    }
    append_texts(rare, bytes);
    if has(flag::UNKNOWN) {
        append_unknown(&optional.unknown, bytes);
    }
    if let Some(token) = optional.token {
        bytes.extend_from_slice(&token.to_le_bytes());
    }
}

/// Appends texts. A text that is not there is empty.
fn append_texts(texts: &[&str], bytes: &mut Vec<u8>) {
    for text in texts {
        bytes.extend_from_slice(text.as_bytes());
    }
}

/// Appends the bytes of a row without the digest of its credential.
pub(super) fn append_without_token(packed: &[u8], bytes: &mut Vec<u8>) -> Outcome<()> {
    let (flags, rest) = packed.split_first_chunk().ok_or_else(damaged)?;
    let flags = u32::from_le_bytes(*flags);
    let token = if flags & flag::TOKEN == 0 { 0 } else { size_of::<u128>() };
    let without = rest.len().checked_sub(token).ok_or_else(damaged)?;
    bytes.extend_from_slice(&(flags & !flag::TOKEN).to_le_bytes());
    bytes.extend_from_slice(&rest[..without]);
    Ok(())
}

/// The numbers of a row before they are appended, all at once.
struct Numbers {
    bytes: [u8; MOST_NUMBERS],
    length: usize,
}

/// More than the bytes of all numbers, as wide as they may be: 53 before the amounts and 1 + 64 of these, 40 of lengths.
const MOST_NUMBERS: usize = 192;

impl Default for Numbers {
    fn default() -> Numbers {
        Numbers { bytes: [0; MOST_NUMBERS], length: 0 }
    }
}

impl Numbers {
    fn put<const N: usize>(&mut self, number: [u8; N]) {
        self.bytes[self.length..self.length + N].copy_from_slice(&number);
        self.length += N;
    }

    /// Puts a byte that tells which amounts are not 0, then these.
    fn put_amounts(&mut self, amounts: &[i64; AMOUNTS], are_wide: bool) {
        let some = (0..AMOUNTS).fold(0_u8, |some, at| some | u8::from(amounts[at] != 0) << at);
        self.put([some]);
        for fen in amounts.iter().filter(|fen| **fen != 0) {
            match narrow(*fen) {
                Some(narrow) if !are_wide => self.put(narrow),
                _ => self.put(fen.to_le_bytes()),
            }
        }
    }

    /// Puts the lengths of the texts that are there.
    fn put_lengths(&mut self, texts: &[&str; TEXTS], flags: u32) {
        for (_, text) in texts.iter().enumerate().filter(|(at, _)| is_there(*at, flags)) {
            match u8::try_from(text.len()) {
                Ok(length) if flags & flag::WIDE_TEXTS == 0 => self.put([length]),
                _ => self.put(length(text)),
            }
        }
    }
}

/// Returns the amounts of a row; 0 stands for none, which the flags tell.
fn amounts(row: &ReviewedRow<'_>) -> [i64; AMOUNTS] {
    [
        row.medfee,
        row.payable,
        row.hifp_pay,
        row.fund_pay,
        row.acct_pay,
        row.in_scope.unwrap_or_default(),
        row.optional.dedc_std.unwrap_or_default(),
        row.optional.act_pay_dedc.unwrap_or_default(),
    ]
    .map(Fen::fen)
}

/// Returns the texts of a row; an empty one stands for none, which the flags tell.
fn texts<'r>(row: &'r ReviewedRow<'_>) -> [&'r str; TEXTS] {
    [
        row.setl_id,
        row.psn_no,
        row.institution,
        row.insured,
        row.treating,
        row.med_type,
        row.reverses.unwrap_or_default(),
        row.disease.unwrap_or_default(),
        row.optional.grade.unwrap_or_default(),
        row.optional.medium.unwrap_or_default(),
    ]
}

/// Returns a time in seconds, if it is a whole second that fits.
fn seconds(time: i64) -> Option<u32> {
    if time % SECOND != 0 { None } else { u32::try_from(time / SECOND).ok() }
}

/// Returns the bytes of an amount in fen that is not wide: up to 83,886.07 yuan.
fn narrow(fen: i64) -> Option<[u8; NARROW]> {
    let fits = (-(1 << 23)..1 << 23).contains(&fen);
    let [first, second, third, ..] = fen.to_le_bytes();
    fits.then_some([first, second, third])
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

/// Returns the length of a text as four bytes. A text of a column has at most 65,536 bytes (F15).
fn length(text: &str) -> [u8; 4] {
    u32::try_from(text.len()).expect("Invariant: F15 holds the length of texts").to_le_bytes()
}

/// Whether a text is among the bytes of a row of some flags.
fn is_there(text: usize, flags: u32) -> bool {
    text.checked_sub(TEXTS - RARE.len()).is_none_or(|rare| flags & RARE[rare] != 0)
}

fn append_unknown(unknown: &[(u8, &str)], bytes: &mut Vec<u8>) {
    bytes.push(u8::try_from(unknown.len()).expect("Invariant: a field is unknown once"));
    for (field, value) in unknown {
        bytes.push(*field);
        bytes.extend_from_slice(&length(value));
        bytes.extend_from_slice(value.as_bytes());
    }
}

/// The room that is left for the texts of rows.
pub(super) struct TextRoom<'a>(&'a mut [u8]);

impl<'a> TextRoom<'a> {
    /// Makes room for the texts of rows that take so many bytes: two digits lie in a byte.
    pub(super) fn of(memory: &'a mut Vec<u8>, bytes: usize) -> TextRoom<'a> {
        memory.resize(memory.len().max(bytes * 2), 0);
        TextRoom(memory)
    }

    fn take(&mut self, length: usize) -> Option<&'a mut [u8]> {
        let (taken, left) = std::mem::take(&mut self.0).split_at_mut_checked(length)?;
        self.0 = left;
        Some(taken)
    }
}

/// Reads the first of some rows that lie one after the other; returns the rest too. `room` is for the texts of all.
pub(super) fn first<'a>(
    bytes: &'a [u8],
    room: &mut TextRoom<'a>,
) -> Outcome<(ReviewedRow<'a>, &'a [u8])> {
    let mut bytes = RowBytes { bytes, room };
    let row = bytes.row().ok_or_else(damaged)?;
    Ok((row, bytes.bytes))
}

pub(super) fn damaged() -> Failure {
    Failure::Bug(text!("the bytes of a row are not whole"))
}

/// The bytes that are still to be read, and the room that is left for texts.
struct RowBytes<'a, 'r> {
    bytes: &'a [u8],
    room: &'r mut TextRoom<'a>,
}

impl<'a> RowBytes<'a, '_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*array)
    }

    fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (slice, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(slice)
    }

    /// Returns the texts of some lengths, one after the other.
    fn joined(&mut self, lengths: &[usize], are_packed: bool) -> Option<&'a str> {
        let length = lengths.iter().sum();
        if !are_packed {
            return std::str::from_utf8(self.slice(length)?).ok();
        }
        let packed = self.slice(ids::packed_length(lengths))?;
        let texts = self.room.take(length)?;
        ids::unpack(packed, lengths, texts)?;
        std::str::from_utf8(texts).ok()
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_le_bytes(self.array()?)).ok()
    }

    /// Returns the ordinal and the time.
    fn place(&mut self, flags: u32) -> Option<(u64, i64)> {
        let ordinal = if flags & flag::WIDE_ORDINAL != 0 {
            u64::from_le_bytes(self.array()?)
        } else {
            u32::from_le_bytes(self.array()?).into()
        };
        let time = if flags & flag::WIDE_TIME != 0 {
            i64::from_le_bytes(self.array()?)
        } else {
            i64::from(u32::from_le_bytes(self.array()?)) * SECOND
        };
        Some((ordinal, time))
    }

    fn day(&mut self, flags: u32) -> Option<i32> {
        Some(if flags & flag::WIDE_DAYS != 0 {
            i32::from_le_bytes(self.array()?)
        } else {
            i16::from_le_bytes(self.array()?).into()
        })
    }

    fn amounts(&mut self, are_wide: bool) -> Option<[Fen; AMOUNTS]> {
        let mut amounts = [Fen::ZERO; AMOUNTS];
        let [some] = self.array()?;
        for (at, amount) in amounts.iter_mut().enumerate() {
            if some >> at & 1 == 0 {
                continue;
            }
            *amount = Fen::new(if are_wide {
                i64::from_le_bytes(self.array()?)
            } else {
                let [first, second, third]: [u8; NARROW] = self.array()?;
                i64::from(i32::from_le_bytes([0, first, second, third]) >> 8)
            });
        }
        Some(amounts)
    }

    fn texts(&mut self, flags: u32) -> Option<[&'a str; TEXTS]> {
        let mut lengths = [0; TEXTS];
        for (at, length) in lengths.iter_mut().enumerate() {
            if is_there(at, flags) {
                *length = if flags & flag::WIDE_TEXTS != 0 {
                    self.length()?
                } else {
                    let [length] = self.array()?;
                    length.into()
                };
            }
        }
        let (given, rare) = lengths.split_at(IDS);
        let mut texts = [""; TEXTS];
        let mut parts = texts.iter_mut();
        for (lengths, are_packed) in [(given, flags & flag::PACKED_IDS != 0), (rare, false)] {
            let mut rest = self.joined(lengths, are_packed)?;
            // The lengths end first, so no part is lost.
            for (length, text) in lengths.iter().zip(parts.by_ref()) {
                (*text, rest) = rest.split_at_checked(*length)?;
            }
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
        let [care, fund, level, person] = self.array()?.map(usize::from);
        let delivered = u16::from_le_bytes(self.array()?);
        let (ordinal, time) = self.place(flags)?;
        let begin = if has(flag::BEGIN) { Some(self.day(flags)?) } else { None };
        let end = if has(flag::END) { Some(self.day(flags)?) } else { None };
        let stay = if has(flag::STAY) { Some(u32::from_le_bytes(self.array()?)) } else { None };
        let age = if has(flag::AGE) { Some(u16::from_le_bytes(self.array()?)) } else { None };
        let [medfee, payable, hifp_pay, fund_pay, acct_pay, in_scope, dedc_std, act_pay_dedc] =
            self.amounts(has(flag::WIDE_AMOUNTS))?;
        let texts = self.texts(flags)?;
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
        let token = if has(flag::TOKEN) { Some(u128::from_le_bytes(self.array()?)) } else { None };
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
            begin,
            end,
            medfee,
            payable,
            hifp_pay,
            fund_pay,
            acct_pay,
            in_scope: has(flag::IN_SCOPE).then_some(in_scope),
            optional: OptionalFields {
                level: HospitalLevel::ALL.get(level).copied(),
                person: PersonKind::ALL.get(person).copied(),
                age,
                grade: has(flag::GRADE).then_some(grade),
                stay,
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
mod tests;
