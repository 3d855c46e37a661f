//! Text columns: as plain values, or as codes of a list.

use std::sync::{Arc, OnceLock};

use arrow_array::{
    Array, DictionaryArray, PrimitiveArray, StringArray, StringViewArray, cast::AsArray,
    types::Int32Type,
};
use arrow_buffer::ArrowNativeType;
use xxhash_rust::xxh3::xxh3_64;

use crate::codes::Province;

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

/// Texts as places in a list.
#[derive(Debug)]
pub struct Coded {
    places: PrimitiveArray<Int32Type>,
    list: Arc<CodeList>,
}

/// The list of a row group's column. What follows from a value alone is worked out once a list.
#[derive(Debug)]
pub struct CodeList {
    values: StringArray,
    has_empty: OnceLock<bool>,
    hashes: OnceLock<Vec<u64>>,
    provinces: OnceLock<Vec<Option<Province>>>,
    divisions: OnceLock<Vec<u32>>,
    institutions: OnceLock<Vec<bool>>,
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
        }
    }

    /// Whether these are its values: the same memory, which it keeps from being used again.
    fn holds(&self, values: &StringArray) -> bool {
        self.values.len() == values.len()
            && self.values.value_data().as_ptr() == values.value_data().as_ptr()
            && self.values.value_offsets().as_ptr() == values.value_offsets().as_ptr()
            && self.values.nulls() == values.nulls()
    }

    fn value(&self, place: usize) -> Option<&str> {
        let text = self.values.is_valid(place).then(|| self.values.value(place))?;
        (!text.is_empty()).then_some(text)
    }

    fn map<T>(&self, of: impl Fn(Option<&str>) -> T) -> Vec<T> {
        (0..self.values.len()).map(|place| of(self.value(place))).collect()
    }

    /// Whether a value is empty or null.
    fn has_empty(&self) -> bool {
        *self.has_empty.get_or_init(|| {
            (0..self.values.len()).any(|place| self.value(place).is_none())
        })
    }
}

impl Coded {
    /// The texts of an array; `known` is the list of the batch before.
    pub fn of(array: &DictionaryArray<Int32Type>, known: &mut Option<Arc<CodeList>>) -> Coded {
        let values: &StringArray = array.values().as_string();
        let list = match known {
            Some(list) if list.holds(values) => Arc::clone(list),
            _ => Arc::clone(known.insert(Arc::new(CodeList::new(values)))),
        };
        Coded { places: array.keys().clone(), list }
    }

    /// What is known of each place of the list, row by row.
    fn spread<T: Copy>(&self, of_place: &[T], missing: T) -> Vec<T> {
        let places = self.places.values();
        if self.places.null_count() == 0 {
            places.iter().map(|place| of_place[place.as_usize()]).collect()
        } else {
            let of = |place: Option<i32>| place.map_or(missing, |place| of_place[place.as_usize()]);
            self.places.iter().map(of).collect()
        }
    }
}

impl TextColumn {
    /// The text of a row; `None` when null or empty.
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

    /// A property of every row's text, worked out once a value of a list.
    pub fn map<T: Copy>(&self, rows: usize, of: impl Fn(Option<&str>) -> T) -> Vec<T> {
        match self {
            TextColumn::Absent => vec![of(None); rows],
            TextColumn::Coded(coded) => coded.spread(&coded.list.map(&of), of(None)),
            TextColumn::Plain(_) => (0..rows).map(|row| of(self.value(row))).collect(),
        }
    }

    /// The same, remembered with the list.
    fn map_once<T: Copy>(
        &self,
        rows: usize,
        once: impl Fn(&CodeList) -> &OnceLock<Vec<T>>,
        of: impl Fn(Option<&str>) -> T,
    ) -> Vec<T> {
        match self {
            TextColumn::Coded(coded) => {
                let of_place = once(&coded.list).get_or_init(|| coded.list.map(&of));
                coded.spread(of_place, of(None))
            }
            _ => self.map(rows, of),
        }
    }

    /// A stable hash of each row's text; 0 where there is none.
    pub fn hashes(&self, rows: usize) -> Vec<u64> {
        let hash = |text: Option<&str>| text.map_or(0, |text| xxh3_64(text.as_bytes()));
        self.map_once(rows, |list| &list.hashes, hash)
    }

    /// The province of each row's division code.
    pub fn provinces(&self, rows: usize) -> Vec<Option<Province>> {
        let province = |text: Option<&str>| Province::of_division(text?.as_bytes());
        self.map_once(rows, |list| &list.provinces, province)
    }

    /// The number of each row's division code, which has six digits in valid rows; else 0.
    pub fn divisions(&self, rows: usize) -> Vec<u32> {
        let number = |text: Option<&str>| text.and_then(|code| code.parse().ok()).unwrap_or(0);
        self.map_once(rows, |list| &list.divisions, number)
    }

    /// Whether each row's text satisfies a condition on institution codes; always the same condition.
    pub fn institutions(&self, rows: usize, is_good: impl Fn(Option<&str>) -> bool) -> Vec<bool> {
        self.map_once(rows, |list| &list.institutions, is_good)
    }

    /// Which rows have a text.
    pub fn is_there(&self, rows: usize) -> Vec<bool> {
        match self {
            TextColumn::Plain(array) if array.null_count() == rows => vec![false; rows],
            _ => self.map(rows, |text| text.is_some()),
        }
    }

    /// Whether a text may be missing in some row, and bytes of the longest one; seen at a glance, so that
    /// ordinary columns need not be gone through row by row.
    pub fn extent(&self) -> (bool, usize) {
        match self {
            TextColumn::Absent => (true, 0),
            TextColumn::Coded(Coded { places, list }) => {
                // Lists are short.
                let longest = list.values.value_offsets().array_windows().map(|[a, b]| b - a).max();
                (places.null_count() > 0 || list.has_empty(), longest.unwrap_or(0).as_usize())
            }
            TextColumn::Plain(array) => {
                // The length is the first part of a view; that of a null is 0 or means nothing.
                #[expect(clippy::cast_possible_truncation, reason = "the first part of a view")]
                let lengths = array.views().iter().map(|view| *view as u32);
                let (shortest, longest) = lengths
                    .fold((u32::MAX, 0), |(least, most), len| (least.min(len), most.max(len)));
                (shortest == 0 || array.null_count() > 0, longest as usize)
            }
        }
    }

    /// How many values are there, but empty.
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
                if array.null_count() == array.len() || !self.extent().0 {
                    return 0;
                }
                array.iter().filter(|text| *text == Some("")).count() as u64
            }
        }
    }
}
