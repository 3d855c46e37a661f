//! Text from outside, so that it only stands where it is shown.

/// Text from outside for people, on one line: it may neither forge lines, nor drive a terminal, nor turn the
/// order of letters around, nor hide any.
pub fn printable(text: &str) -> String {
    text.chars().map(|letter| if steers(letter) { '\u{fffd}' } else { letter }).collect()
}

/// Text of several lines for people: as [`printable`], with the line breaks that are there.
pub fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Whether a letter does something else on a terminal than to stand there: controls, marks of direction, letters
/// without a width, and what ends a line besides the controls.
fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
