//! Parses the text below the options of a help page into its parts.

/// A part of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HelpPart {
    /// A title with lines below it, such as examples, and the text that follows them.
    Section {
        title: String,
        lines: Vec<String>,
        note: String,
    },
    Paragraph(String),
}

/// Splits a text into its parts. Blocks are separated by an empty line. A block whose first line ends with a colon and
/// whose second line is indented is a section.
pub(super) fn parts(text: &str) -> Vec<HelpPart> {
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    blocks
        .map(|block| {
            let mut lines = block.lines();
            let title = lines.next().and_then(|first| first.strip_suffix([':', '：']));
            match title {
                Some(title) if lines.clone().next().is_some_and(is_indented) => {
                    let shown = lines.clone().take_while(|line| is_indented(line));
                    let note: Vec<&str> = lines.skip_while(|line| is_indented(line)).collect();
                    HelpPart::Section {
                        title: title.to_owned(),
                        lines: shown.map(|line| line.trim_start().to_owned()).collect(),
                        note: joined(note),
                    }
                }
                _ => HelpPart::Paragraph(joined(block.lines())),
            }
        })
        .collect()
}

fn is_indented(line: &str) -> bool {
    line.starts_with(' ')
}

/// Joins lines with a blank between them, but without one between Chinese characters.
fn joined<'a>(lines: impl IntoIterator<Item = &'a str>) -> String {
    lines.into_iter().fold(String::new(), |mut text, line| {
        let chinese = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_ascii());
        let together = chinese(text.chars().last()) && chinese(line.chars().next());
        if !(text.is_empty() || together) {
            text.push(' ');
        }
        text + line
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_sections_and_paragraphs() {
        let section = |title: &str, lines: &[&str], note: &str| HelpPart::Section {
            title: title.to_owned(),
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
            note: note.to_owned(),
        };
        let paragraph = |text: &str| HelpPart::Paragraph(text.to_owned());
        let text = "Exit status:\n  0  done\n  1  our fault\nAll\nelse.\n\nNo section:\nat all";
        let found = [
            section("Exit status", &["0  done", "1  our fault"], "All else."),
            paragraph("No section: at all"),
        ];
        assert_eq!(parts(text), found);
        let text = "示例：\n  liangqing\n\n写出文件，\n见 docs 与\nREADME。";
        assert_eq!(
            parts(text),
            [section("示例", &["liangqing"], ""), paragraph("写出文件，见 docs 与 README。")]
        );
        assert_eq!(parts(""), []);
    }
}
