//! Number formats: which of them show a number as a day or as a time.

use std::collections::BTreeMap;

use quick_xml::events::Event;

use super::{
    cells::Unreadable,
    parts::{PartEvents, attribute},
};

/// How a number is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum NumberFormat {
    /// As a number.
    #[default]
    Plain,
    /// As a day, month or year.
    Calendar,
    /// As a time, with or without its day.
    Clock,
}

/// Reads the number format of each style of XLSX.
pub(super) fn read(mut part: PartEvents) -> Result<Vec<NumberFormat>, Unreadable> {
    let mut formats: BTreeMap<String, NumberFormat> = BTreeMap::new();
    let (mut styles, mut of_cells, mut buffer) = (Vec::new(), false, Vec::new());
    while let Some(event) = part.next(&mut buffer)? {
        match event {
            Event::Start(of) => match of.local_name().as_ref() {
                "numFmt" => {
                    if let (Some(id), Some(code)) =
                        (attribute(&of, "numFmtId"), attribute(&of, "formatCode"))
                    {
                        formats.insert(id, NumberFormat::of_code(&code));
                    }
                }
                "cellXfs" => of_cells = true,
                "xf" if of_cells => {
                    let id = attribute(&of, "numFmtId").unwrap_or_default();
                    let known = formats.get(&id).copied();
                    styles.push(known.unwrap_or_else(|| {
                        id.parse().map_or(NumberFormat::Plain, NumberFormat::built_in)
                    }));
                }
                _ => {}
            },
            Event::End(of) if of.local_name().as_ref() == "cellXfs" => of_cells = false,
            _ => {}
        }
    }
    Ok(styles)
}

impl NumberFormat {
    /// Returns a built-in format; 27 to 36 and from 50 on they are those of Chinese programs.
    pub(super) fn built_in(id: u16) -> NumberFormat {
        match id {
            18..=22 | 32..=35 | 45..=47 | 55 | 56 => NumberFormat::Clock,
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => NumberFormat::Calendar,
            _ => NumberFormat::Plain,
        }
    }

    /// Returns what a format code shows outside of quotes, brackets and escapes, in its first section.
    pub(super) fn of_code(code: &str) -> NumberFormat {
        let mut shown = NumberFormat::Plain;
        let mut letters = code.chars();
        while let Some(letter) = letters.next() {
            let closing = match letter {
                '"' => '"',
                '[' => ']',
                '\\' | '_' | '*' => {
                    letters.next();
                    continue;
                }
                ';' => break,
                'h' | 'H' | 's' | 'S' => return NumberFormat::Clock,
                'y' | 'Y' | 'm' | 'M' | 'd' | 'D' => {
                    shown = NumberFormat::Calendar;
                    continue;
                }
                _ => continue,
            };
            let inside = letters.by_ref().take_while(|inside| *inside != closing);
            // [h]:mm counts hours beyond the day.
            if inside.fold(String::new(), |all, one| all + &one.to_lowercase().to_string()) == "h" {
                return NumberFormat::Clock;
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::{NumberFormat::*, *};

    #[test]
    fn days_and_times_are_told_from_numbers() {
        for (code, is) in [
            ("yyyy-mm-dd", Calendar),
            ("[$-804]yyyy\"年\"m\"月\"d\"日\"", Calendar),
            ("yyyy\"年\"m\"月\"d\"日\" h\"时\"", Clock),
            ("yyyy/m/d h:mm;@", Clock),
            ("mmm\\-yy", Calendar),
            ("h:mm", Clock),
            ("[h]:mm", Clock),
            ("mm:ss", Clock),
            ("General", Plain),
            ("@", Plain),
            ("#,##0.00", Plain),
            ("0.00E+00", Plain),
            ("[Red]0", Plain),
            ("[DBNum1][$-804]0", Plain),
            ("0\"day\"", Plain),
            ("0\\d", Plain),
            ("_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ", Plain),
            ("0;yyyy", Plain),
            ("\"y", Plain),
        ] {
            assert_eq!(NumberFormat::of_code(code), is, "{code}");
        }
        let clocks: Vec<u16> = (0..100).filter(|id| NumberFormat::built_in(*id) == Clock).collect();
        assert_eq!(clocks, [18, 19, 20, 21, 22, 32, 33, 34, 35, 45, 46, 47, 55, 56]);
        for (id, is) in [(13, Plain), (14, Calendar), (17, Calendar), (23, Plain), (31, Calendar)] {
            assert_eq!(NumberFormat::built_in(id), is, "{id}");
        }
    }
}
