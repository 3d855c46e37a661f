//! An iCalendar file (RFC 5545) of days: one event for each, without times and alarms.

use chrono::{Days, NaiveDate};

/// A day with a name.
#[derive(Debug)]
pub struct CalendarDay {
    /// An identifier that is the same in every file.
    pub uid: String,
    /// The day, YYYY-MM-DD.
    pub on: NaiveDate,
    /// What is due.
    pub summary: String,
    /// Where it is written.
    pub description: String,
}

/// The longest line in bytes, without its end.
const LONGEST: usize = 75;

/// Returns the text of the file. `stamp` is the day on which the days became known; no clock is asked.
pub fn icalendar(days: &[CalendarDay], stamp: NaiveDate) -> String {
    let mut text = String::new();
    let mut line = |content: &str| folded(content, &mut text);
    line("BEGIN:VCALENDAR");
    line("VERSION:2.0");
    line("PRODID:-//liangqing//status//EN");
    line("CALSCALE:GREGORIAN");
    line("METHOD:PUBLISH");
    for day in days {
        let next = day.on.checked_add_days(Days::new(1)).unwrap_or(day.on);
        line("BEGIN:VEVENT");
        line(&format!("UID:{}", day.uid));
        line(&format!("DTSTAMP:{}T000000Z", stamp.format("%Y%m%d")));
        line(&format!("DTSTART;VALUE=DATE:{}", day.on.format("%Y%m%d")));
        line(&format!("DTEND;VALUE=DATE:{}", next.format("%Y%m%d")));
        line(&format!("SUMMARY:{}", escaped(&day.summary)));
        line(&format!("DESCRIPTION:{}", escaped(&day.description)));
        line("TRANSP:TRANSPARENT");
        line("END:VEVENT");
    }
    line("END:VCALENDAR");
    text
}

/// Escapes a text (RFC 5545, 3.3.11). Control characters have no place in it and are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            character if character.is_control() => {}
            character => escaped.push(character),
        }
    }
    escaped
}

/// Adds a line. A line of more than 75 bytes goes on in the next one, after a blank (RFC 5545, 3.1); no character is cut.
fn folded(content: &str, text: &mut String) {
    let mut width = 0;
    for character in content.chars() {
        if width + character.len_utf8() > LONGEST {
            text.push_str("\r\n ");
            width = 1;
        }
        text.push(character);
        width += character.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(summary: &str) -> CalendarDay {
        CalendarDay {
            uid: "paid-2025-10@liangqing".to_owned(),
            on: NaiveDate::from_ymd_opt(2025, 12, 31).expect("a day"),
            summary: summary.to_owned(),
            description: "procedure".to_owned(),
        }
    }

    #[test]
    fn an_event_is_a_day() {
        let stamp = NaiveDate::from_ymd_opt(2025, 11, 30).expect("a day");
        let text = icalendar(&[day("a, b; c\\d\ne\u{7}")], stamp);
        let expected = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//liangqing//status//EN",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            "BEGIN:VEVENT",
            "UID:paid-2025-10@liangqing",
            "DTSTAMP:20251130T000000Z",
            "DTSTART;VALUE=DATE:20251231",
            "DTEND;VALUE=DATE:20260101",
            "SUMMARY:a\\, b\\; c\\\\d\\ne",
            "DESCRIPTION:procedure",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ];
        assert_eq!(text.split("\r\n").collect::<Vec<_>>(), expected);
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        for summary in ["x".repeat(400), "省".repeat(120), format!("a{}", "省".repeat(120))] {
            let stamp = NaiveDate::from_ymd_opt(2025, 11, 30).expect("a day");
            let text = icalendar(&[day(&summary)], stamp);
            assert!(text.split("\r\n").all(|line| line.len() <= LONGEST), "{text}");
            assert!(text.replace("\r\n ", "").contains(&format!("SUMMARY:{summary}\r\n")));
        }
    }
}
