//! Text columns: plain values, or indices into a dictionary.

use std::sync::{Arc, OnceLock};

use arrow_array::{
    Array, DictionaryArray, PrimitiveArray, StringArray, StringViewArray, cast::AsArray,
    types::Int32Type,
};
use arrow_buffer::ArrowNativeType;
use xxhash_rust::xxh3::xxh3_64;

use crate::model::{codes::Province, fields::Flag};

/// A text column; empty text is the same as null.
#[derive(Debug)]
pub enum TextColumn {
    /// The file has no such column, or one of nulls.
    Absent,
    /// Few values, often repeated.
    Coded(Coded),
    /// Many values.
    Plain(StringViewArray),
}

/// Texts as indices into a list.
#[derive(Debug)]
pub struct Coded {
    places: PrimitiveArray<Int32Type>,
    list: Arc<CodeList>,
}

/// The dictionary of a column in a row group, with caches of properties of its values: each is worked out once.
#[derive(Debug)]
pub struct CodeList {
    values: StringArray,
    has_empty: OnceLock<bool>,
    hashes: OnceLock<Vec<u64>>,
    provinces: OnceLock<Vec<Option<Province>>>,
    divisions: OnceLock<Vec<u32>>,
    institutions: OnceLock<Vec<bool>>,
    flags: OnceLock<Vec<Flag>>,
}

impl CodeList {
    fn new(values: &StringArray) -> CodeList {
        CodeList {
            values: values.clone(),
            has_empty: OnceLock::new(),
            hashes: OnceLock::new(),
            provinces: OnceLock::new(),
            divisions: OnceLock::new(),
            institutions: OnceLock::new(),
            flags: OnceLock::new(),
        }
    }

    /// Whether these are its values, by the address of their memory. The list keeps that memory alive, so other values
    /// cannot have its address.
    fn holds(&self, values: &StringArray) -> bool {
        self.values.len() == values.len()
            && self.values.value_data().as_ptr() == values.value_data().as_ptr()
            && self.values.value_offsets().as_ptr() == values.value_offsets().as_ptr()
            && self.values.nulls() == values.nulls()
    }

    /// Returns the value at an index; `None` when null or empty.
    fn value(&self, place: usize) -> Option<&str> {
        let text = self.values.is_valid(place).then(|| self.values.value(place))?;
        (!text.is_empty()).then_some(text)
    }

    fn map<T>(&self, of: impl Fn(Option<&str>) -> T) -> Vec<T> {
        (0..self.values.len()).map(|place| of(self.value(place))).collect()
    }

    /// Whether a value is empty or null.
    fn has_empty(&self) -> bool {
        *self
            .has_empty
            .get_or_init(|| (0..self.values.len()).any(|place| self.value(place).is_none()))
    }
}

/// A property of the values of a list. It is kept from batch to batch, as long as the column has the list.
#[derive(Debug)]
pub struct ListMemo<T> {
    list: Option<Arc<CodeList>>,
    of_place: Vec<T>,
}

impl<T> Default for ListMemo<T> {
    fn default() -> ListMemo<T> {
        ListMemo { list: None, of_place: Vec::new() }
    }
}

impl Coded {
    /// Makes the column of an array; `known` is the list of the batch before, or becomes the new list.
    pub fn of(array: &DictionaryArray<Int32Type>, known: &mut Option<Arc<CodeList>>) -> Coded {
        let values: &StringArray = array.values().as_string();
        let list = match known {
            Some(list) if list.holds(values) => Arc::clone(list),
            _ => Arc::clone(known.insert(Arc::new(CodeList::new(values)))),
        };
        Coded { places: array.keys().clone(), list }
    }

    /// Returns the address of its list, which no other list has while this one is alive.
    pub(super) fn address(&self) -> usize {
        Arc::as_ptr(&self.list).addr()
    }

    /// Spreads a property of the values of the list over the rows.
    fn spread<T: Copy>(&self, of_place: &[T], missing: T, into: &mut Vec<T>) {
        let places = self.places.values();
        if self.places.null_count() == 0 {
            into.extend(places.iter().map(|place| of_place[place.as_usize()]));
        } else {
            let of = |place: Option<i32>| place.map_or(missing, |place| of_place[place.as_usize()]);
            into.extend(self.places.iter().map(of));
        }
    }
}

impl TextColumn {
    /// Returns the text of a row; `None` when null or empty.
    pub fn value(&self, row: usize) -> Option<&str> {
        match self {
            TextColumn::Coded(Coded { places, list }) => {
                places.is_valid(row).then(|| list.value(places.value(row).as_usize()))?
            }
            TextColumn::Plain(array) if array.is_valid(row) => {
                let text = array.value(row);
                (!text.is_empty()).then_some(text)
            }
            TextColumn::Plain(_) | TextColumn::Absent => None,
        }
    }

    /// Loads the view of the text of a row, or with `at_text` the text itself, for a prefetch. The result only depends
    /// on the load; it has no meaning.
    #[expect(clippy::cast_possible_truncation, reason = "it means nothing")]
    pub fn prefetch(&self, row: usize, at_text: bool) -> i64 {
        match self {
            TextColumn::Absent => 0,
            TextColumn::Coded(Coded { places, .. }) => places.values()[row].into(),
            TextColumn::Plain(array) if at_text => {
                array.value(row).bytes().next().map_or(0, i64::from)
            }
            TextColumn::Plain(array) => array.views()[row] as i64,
        }
    }

    /// Works out a property of every row's text, once for each value of a list.
    pub fn map<T: Copy>(&self, rows: usize, into: &mut Vec<T>, of: impl Fn(Option<&str>) -> T) {
        into.clear();
        match self {
            TextColumn::Absent => into.resize(rows, of(None)),
            TextColumn::Coded(coded) => coded.spread(&coded.list.map(&of), of(None), into),
            TextColumn::Plain(array) => {
                let of_row =
                    |row: usize| of(Some(array.value(row)).filter(|text| !text.is_empty()));
                match array.nulls().filter(|nulls| nulls.null_count() > 0) {
                    None => into.extend((0..rows).map(of_row)),
                    Some(nulls) => {
                        into.resize(rows, of(None));
                        nulls.valid_indices().for_each(|row| into[row] = of_row(row));
                    }
                }
            }
        }
    }

    /// Like [`TextColumn::map`]. `memo` keeps what was worked out for a list, so `of` must stay the same.
    pub fn map_with<T: Copy>(
        &self,
        rows: usize,
        memo: &mut ListMemo<T>,
        into: &mut Vec<T>,
        of: impl Fn(Option<&str>) -> T,
    ) {
        let TextColumn::Coded(coded) = self else { return self.map(rows, into, of) };
        into.clear();
        if memo.list.as_ref().is_none_or(|list| !Arc::ptr_eq(list, &coded.list)) {
            memo.of_place = coded.list.map(&of);
            memo.list = Some(Arc::clone(&coded.list));
        }
        coded.spread(&memo.of_place, of(None), into);
    }

    /// Works out a property of every row's text, and caches it with the list.
    fn map_once<T: Copy>(
        &self,
        rows: usize,
        into: &mut Vec<T>,
        once: impl Fn(&CodeList) -> &OnceLock<Vec<T>>,
        of: impl Fn(Option<&str>) -> T,
    ) {
        match self {
            TextColumn::Coded(coded) => {
                into.clear();
                let of_place = once(&coded.list).get_or_init(|| coded.list.map(&of));
                coded.spread(of_place, of(None), into);
            }
            _ => self.map(rows, into, of),
        }
    }

    /// Returns a stable hash of each row's text; 0 where there is none.
    pub fn hashes(&self, rows: usize, into: &mut Vec<u64>) {
        let hash = |text: Option<&str>| text.map_or(0, |text| xxh3_64(text.as_bytes()));
        self.map_once(rows, into, |list| &list.hashes, hash);
    }

    /// Returns the province of each row's division code.
    pub fn provinces(&self, rows: usize, into: &mut Vec<Option<Province>>) {
        let province = |text: Option<&str>| Province::of_division(text?.as_bytes());
        self.map_once(rows, into, |list| &list.provinces, province);
    }

    /// Returns the number of each row's division code, which has six digits in valid rows; 0 when it is no number.
    pub fn divisions(&self, rows: usize, into: &mut Vec<u32>) {
        let number = |text: Option<&str>| text.and_then(|code| code.parse().ok()).unwrap_or(0);
        self.map_once(rows, into, |list| &list.divisions, number);
    }

    /// Says whether each row's text satisfies a condition on institution codes. The results are cached with the list,
    /// so every call must give the same condition.
    pub fn institutions(
        &self,
        rows: usize,
        into: &mut Vec<bool>,
        is_good: impl Fn(Option<&str>) -> bool,
    ) {
        self.map_once(rows, into, |list| &list.institutions, is_good);
    }

    /// Returns each row's text as a flag.
    pub fn flags(&self, rows: usize, into: &mut Vec<Flag>) {
        self.map_once(rows, into, |list| &list.flags, Flag::of);
    }

    /// Says which rows have a text.
    pub fn is_there(&self, rows: usize, into: &mut Vec<bool>) {
        self.map(rows, into, |text| text.is_some());
    }

    /// Whether a text may be missing in some row. It is a quick check, so that most columns are not checked row by row.
    pub fn may_be_missing(&self) -> bool {
        match self {
            TextColumn::Absent => true,
            TextColumn::Coded(Coded { places, list }) => {
                places.null_count() > 0 || list.has_empty()
            }
            TextColumn::Plain(array) => {
                array.null_count() > 0 || lengths(array).fold(u32::MAX, u32::min) == 0
            }
        }
    }

    /// Returns the bytes of the longest text, also of a list's text that no row has.
    pub fn longest(&self) -> usize {
        match self {
            TextColumn::Absent => 0,
            TextColumn::Coded(Coded { list, .. }) => {
                let lengths = list.values.value_offsets().array_windows().map(|[a, b]| b - a);
                lengths.max().unwrap_or(0).as_usize()
            }
            TextColumn::Plain(array) if array.null_count() == array.len() => 0,
            TextColumn::Plain(array) => lengths(array).fold(0, u32::max) as usize,
        }
    }

    /// Returns the bytes by which texts exceed `ordinary` bytes each, added up.
    pub(super) fn bytes_beyond(&self, ordinary: u64) -> u64 {
        let beyond =
            |text: Option<&str>| (text.map_or(0, str::len) as u64).saturating_sub(ordinary);
        let rows = match self {
            TextColumn::Absent => 0,
            TextColumn::Coded(coded) => coded.places.len(),
            TextColumn::Plain(array) => array.len(),
        };
        (0..rows).map(|row| beyond(self.value(row))).sum()
    }

    /// Counts the values that are empty and not null.
    pub fn empty_texts(&self) -> u64 {
        match self {
            TextColumn::Absent => 0,
            TextColumn::Coded(Coded { places, list }) => {
                if !list.has_empty() {
                    return 0;
                }
                let empty = |place: i32| {
                    list.values.is_valid(place.as_usize()) && list.value(place.as_usize()).is_none()
                };
                places.iter().flatten().filter(|place| empty(*place)).count() as u64
            }
            TextColumn::Plain(array) => {
                if array.null_count() == array.len() || !self.may_be_missing() {
                    return 0;
                }
                array.iter().filter(|text| *text == Some("")).count() as u64
            }
        }
    }
}

/// Returns the lengths of all texts: the low 32 bits of their views. The length of a null is arbitrary.
#[expect(clippy::cast_possible_truncation, reason = "the first part of a view")]
fn lengths(array: &StringViewArray) -> impl Iterator<Item = u32> {
    array.views().iter().map(|view| *view as u32)
}
