//! Two spellings of one name: full width or half, composed or not, upper case or lower, with blanks and with
//! characters that nobody sees.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization;

/// Characters that show nothing, beside blanks and control characters: those of Unicode's category Cf, those that it
/// says may be ignored where they are shown, and the blank of Braille.
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

/// Whether a character shows nothing.
pub fn is_unseen(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || UNSEEN.iter().any(|range| range.contains(&letter))
}

/// A text as it is compared where its spelling does not count: equal for two texts that differ by blanks, by
/// characters that nobody sees, by case, width or composition alone.
pub fn bare(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return text.to_ascii_lowercase();
    }
    // Upper case first: letters of one capital become one. What was hidden between a letter and its marks is gone
    // before the marks are put in order.
    let letters = text.nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    let seen = letters.nfkd().filter(|letter| !is_unseen(*letter));
    seen.collect::<String>().nfkd().collect()
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
    fn what_is_plain_takes_the_short_way_to_the_same() {
        for letter in (0..128_u8).map(char::from) {
            let text = letter.to_string();
            let long = bare(&format!("{letter}\u{200b}"));
            assert_eq!(bare(&text), long, "{letter:?}");
        }
    }
}
