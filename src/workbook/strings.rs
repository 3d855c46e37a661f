//! The texts that the cells of a workbook share.

use quick_xml::events::Event;

use super::{cells::Unreadable, parts::PartEvents};

/// The shared texts, concatenated. `ends[i]` is the end of text `i`.
#[derive(Default)]
pub(super) struct SharedStrings {
    all: String,
    ends: Vec<u32>,
}

impl SharedStrings {
    /// Reads the shared texts of XLSX. Their declared count is not looked at.
    pub(super) fn read(mut part: PartEvents) -> Result<SharedStrings, Unreadable> {
        let mut texts = SharedStrings::default();
        let (mut text, mut buffer) = (String::new(), Vec::new());
        while let Some(event) = part.next(&mut buffer)? {
            let Event::Start(of) = event else { continue };
            if of.local_name().as_ref() == "si" {
                text.clear();
                part.rich_text("si", &mut text)?;
                unescape(&text, &mut texts.all);
                texts.end().ok_or_else(|| part.damage())?;
            }
        }
        Ok(texts)
    }

    /// Adds a text.
    pub(super) fn push(&mut self, text: &str) -> Option<()> {
        self.all.push_str(text);
        self.end()
    }

    fn end(&mut self) -> Option<()> {
        self.ends.push(u32::try_from(self.all.len()).ok()?);
        Some(())
    }

    /// Returns a text by its number, from 0.
    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] as usize };
        Some(&self.all[start..end])
    }
}

/// Appends a text of XLSX. `_x000D_` stands for a character that XML cannot hold.
pub(super) fn unescape(text: &str, into: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        into.push_str(before);
        let digits = from.get(2..6).filter(|_| from.get(6..7) == Some("_"));
        let hex = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let letter = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        let (letter, taken) = letter.map_or(('_', 1), |letter| (letter, 7));
        into.push(letter);
        rest = &from[taken..];
    }
    into.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_xml_cannot_hold_are_written_by_their_number() {
        let plain = |text: &str| {
            let mut plain = String::new();
            unescape(text, &mut plain);
            plain
        };
        assert_eq!(plain("a_x000D_b_x005F_x000D_"), "a\rb_x000D_");
        assert_eq!(plain("_x00_ _xD800_ _x12éx0041_ _x0041_"), "_x00_ _xD800_ _x12éx0041_ A");
    }

    #[test]
    fn a_text_is_found_by_its_number() {
        let mut texts = SharedStrings::default();
        for text in ["a", "", "上海"] {
            texts.push(text).expect("room");
        }
        let found: Vec<_> = (0..4).map(|at| texts.get(at)).collect();
        assert_eq!(found, [Some("a"), Some(""), Some("上海"), None]);
    }
}
