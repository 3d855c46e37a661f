//! Compares spellings of names: width, composition, case, blanks and invisible characters are ignored. Finds similar
//! names. Shortens long texts.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization;

/// Invisible characters besides blanks and control characters: Unicode's category Cf, its default-ignorable
/// characters, and the blank of Braille.
const UNSEEN: [RangeInclusive<char>; 26] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{600}'..='\u{605}',
    '\u{61c}'..='\u{61c}',
    '\u{6dd}'..='\u{6dd}',
    '\u{70f}'..='\u{70f}',
    '\u{890}'..='\u{891}',
    '\u{8e2}'..='\u{8e2}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{2800}'..='\u{2800}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{110bd}'..='\u{110bd}',
    '\u{110cd}'..='\u{110cd}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Whether a character is invisible.
pub fn is_unseen(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || UNSEEN.iter().any(|range| range.contains(&letter))
}

/// Returns the normal form of a text for comparison. Two texts have the same one when they differ only in blanks,
/// invisible characters, case, width or composition.
pub fn bare(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return text.to_ascii_lowercase();
    }
    // Upper case first, because several letters can share one capital. Invisible characters between a letter and its
    // marks are removed before the marks are ordered.
    let letters = text.nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    let seen = letters.nfkd().filter(|letter| !is_unseen(*letter));
    seen.collect::<String>().nfkd().collect()
}

/// Returns the candidate with the smallest Damerau-Levenshtein distance, the first of several. A candidate is a value,
/// a known name, the name to compare, and the highest distance allowed.
pub fn nearest<T, K: AsRef<str>, N: AsRef<str>>(
    candidates: impl Iterator<Item = (T, K, N, usize)>,
) -> Option<T> {
    let near = candidates.filter_map(|(value, known, name, most)| {
        let steps = strsim::damerau_levenshtein(known.as_ref(), name.as_ref());
        (steps <= most).then_some((steps, value))
    });
    near.min_by_key(|(steps, _)| *steps).map(|(_, value)| value)
}

/// Whether two names differ by at most `most` edits.
pub fn is_near(known: &str, name: &str, most: usize) -> bool {
    nearest([((), known, name, most)].into_iter()).is_some()
}

/// Returns the longest beginning of a text whose letters together are at most `most` wide.
pub fn beginning(text: &str, most: usize, width: fn(char) -> usize) -> &str {
    let mut room = most;
    let beyond = text.char_indices().find(|(_, letter)| {
        let left = room.checked_sub(width(*letter));
        room = left.unwrap_or(0);
        left.is_none()
    });
    &text[..beyond.map_or(text.len(), |(end, _)| end)]
}

/// Returns at most `most` letters of a text, with `…` when it is longer.
pub fn short(text: &str, most: usize) -> String {
    let beginning = beginning(text, most, |_| 1);
    let mark = if beginning.len() < text.len() { "…" } else { "" };
    format!("{beginning}{mark}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_is_one_however_it_is_spelt() {
        for (one, other) in [
            ("Li Si", "\u{3000}LISI"),
            ("ＬＩ　Ｓｉ", "li si"),
            ("张\u{200b}三", "张三"),
            ("\u{feff}张三\u{202e}", "张 三\n"),
            ("Jose\u{301}", "JOS\u{c9}"),
            ("e\u{200c}\u{301}", "é"),
            ("a\u{301}\u{200d}\u{323}", "ạ\u{301}"),
            ("李\u{fe00}四\u{e0101}", "李四"),
            ("Straße", "STRASSE"),
            ("ΣΟΦΟΣ", "σοφος"),
            ("①", "1"),
            ("ｶﾞ", "ガ"),
            ("\u{3164}\u{2800}\u{34f}王", "王"),
        ] {
            assert_eq!(bare(one), bare(other), "{one:?} {other:?}");
        }
        assert_ne!(bare("张三"), bare("张山"));
        assert_ne!(bare("Jose"), bare("José"));
        assert_eq!(bare("\u{200b} \u{ad}\u{0}\u{3164}"), "");
    }

    #[test]
    fn the_first_of_the_nearest_names_is_found() {
        let known = ["permits", "payments", "paymants"];
        let near = |name: &'static str, most| {
            nearest(known.into_iter().map(move |known| (known, known, name, most)))
        };
        assert_eq!(near("paymnets", 1), Some("payments"));
        assert_eq!(near("paymints", 1), Some("payments"), "the first");
        assert_eq!(near("payment", 2), Some("payments"), "the nearest");
        assert_eq!(near("paym", 3), None);
        assert!(is_near("parquet", "parqeut", 1) && !is_near("parquet", "parket", 1));
    }

    #[test]
    fn a_text_is_cut_between_letters() {
        for (text, letters, units) in
            [("", "", ""), ("两清", "两清", "两清"), ("a𠀀𠀀b", "a𠀀𠀀…", "a𠀀")]
        {
            assert_eq!(short(text, 3), letters);
            assert_eq!(beginning(text, 4, char::len_utf16), units);
        }
    }

    #[test]
    fn what_is_plain_takes_the_short_way_to_the_same() {
        for letter in (0..128_u8).map(char::from) {
            let text = letter.to_string();
            let long = bare(&format!("{letter}\u{200b}"));
            assert_eq!(bare(&text), long, "{letter:?}");
        }
    }
}
