//! Report: one page about a closed period.
//!
//! **Purpose.** Show whether the month balances, who owes whom, what is to be done, and the causes.
//!
//! **In.** The tables of a closed period and of the periods before it.
//!
//! **Out.** One HTML file that needs no network and no other file.
//!
//! **Invariants.** Every figure for people is text made here from whole fen; scripts only draw. The page has no
//! number of a person or a visit. The same book gives the same bytes.

mod breaks;
mod cards;
mod flows;
mod headline;
mod judged;
mod media;
mod patterns;
mod punctuality;
mod requests;
mod reserves;
mod source;
mod task;
mod trend;
mod words;

use std::{fmt::Write, path::Path};

use askama::Template;
use schemars::JsonSchema;
use serde::Serialize;

use self::{
    breaks::BreakSummary,
    flows::Flows,
    headline::Headline,
    media::MediaSection,
    patterns::Patterns,
    punctuality::{Payer, Punctuality},
    requests::RequestSummary,
    reserves::ReserveSummary,
    source::PeriodTables,
    trend::Point,
    words::Words,
};
use crate::{
    diag::{Failure, Outcome},
    figures::{self, PeriodFacts, SentencePlace, SentenceTemplate},
    judged::Judged,
    known::KnownDifferences,
    model::{codes::Month, money::yuan},
    place::output::{Output, Readers, Replace},
    shapes::{FormatNumber, Period, Yuan},
    text::Text,
};

/// What was written.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "report --format json")]
pub struct WrittenReport {
    /// The format of the report.
    format: FormatNumber<1>,
    /// The period.
    #[schemars(with = "Period")]
    pub period: String,
    /// The first period of its trend.
    #[schemars(with = "Period")]
    pub first_period: String,
    /// What all provinces pay, in yuan.
    #[schemars(with = "Yuan")]
    pub payable: String,
    /// What treating provinces return, in yuan.
    #[schemars(with = "Yuan")]
    pub returned: String,
    /// Whether the control table balances.
    pub balanced: bool,
    /// What became of the deductions.
    pub deductions: Judged,
    /// What became of the payments.
    pub payments: Judged,
    /// The length of the page in bytes.
    pub bytes: u64,
}

/// Writes the page of a closed period; replaces an existing file only with `force`.
pub fn write(
    book: &Path,
    period: Month,
    (out, force): (&Path, bool),
    template: &SentenceTemplate,
    daily: Option<KnownDifferences>,
) -> Outcome<WrittenReport> {
    let output = Output::file(out, Replace::when(force))?;
    let source = PeriodTables { daily, ..PeriodTables::read(book, period)? };
    source.prove()?;
    let (page, balanced) = render(&source, template)?;
    output.write(Readers::Usual, page.as_bytes())?;
    Ok(WrittenReport {
        format: FormatNumber,
        period: period.to_string(),
        first_period: source.history.first().map_or(period, |(first, _)| *first).to_string(),
        payable: yuan(source.own().payable),
        returned: yuan(source.own().returned),
        balanced,
        deductions: source.deductions.clone(),
        payments: source.payments.clone(),
        bytes: page.len() as u64,
    })
}

/// Returns the page, and whether the control table balances.
fn render(source: &PeriodTables, template: &SentenceTemplate) -> Outcome<(String, bool)> {
    let flows = Flows::of(source);
    let breaks = BreakSummary::of(source);
    let reserves = ReserveSummary::of(source)?;
    let trend = trend::trend(source)?;
    let punctuality = Punctuality::of(source)?;
    let patterns = Patterns::of(source);
    let requests = RequestSummary::of(source)?;
    let media = MediaSection::of(source)?;
    let sentences = sentences(source, template);
    let headline = Headline::of(source, &reserves, &patterns, &punctuality, &sentences);
    let data = Data { flows: &flows, breaks: &breaks, trend: &trend, payers: &punctuality.payers };
    let page = ReportPage {
        period: source.period.to_string(),
        month: words::month(source.period),
        as_of: &source.manifest.as_of,
        digest: &source.digest,
        closed_by: &source.manifest.program,
        program: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
        data: data.embedded()?,
        headline: &headline,
        flows: &flows,
        reserves: &reserves,
        breaks: &breaks,
        patterns: &patterns,
        media: &media,
        trend: &trend,
        punctuality: &punctuality,
        requests: requests.as_ref(),
    };
    let text =
        page.render().map_err(|error| Failure::Bug(text!("the page: {}", Text::foreign(error))))?;
    Ok((text, headline.proof.balanced))
}

/// Returns what happened in the period, in sentences.
fn sentences(source: &PeriodTables, template: &SentenceTemplate) -> Vec<Words> {
    let facts = PeriodFacts {
        figures: source.own(),
        positions: &source.positions,
        month_before: source.of_month(source.period.plus(-1)),
        year_before: source.of_month(source.period.plus(-12)),
        late: &source.late,
        as_of: &source.manifest.as_of,
        has_earlier: source.history.len() > 1,
    };
    let facts = figures::of_period(&facts, &template.words, |_, _| true);
    template.say(SentencePlace::Report, &facts).into_iter().map(Words::from).collect()
}

/// The data of the charts.
#[derive(Serialize)]
struct Data<'a> {
    flows: &'a Flows,
    breaks: &'a BreakSummary,
    trend: &'a [Point],
    payers: &'a [Payer],
}

impl Data<'_> {
    fn embedded(&self) -> Outcome<String> {
        let json = serde_json::to_string(self);
        json.map(|json| for_script(&json))
            .map_err(|error| Failure::Bug(text!("the page's data: {}", Text::foreign(error))))
    }
}

/// Escapes JSON so that it cannot end its script element or begin a comment; its value stays the same.
fn for_script(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string does not fail.
                _ = write!(safe, "\\u{:04x}", u32::from(letter));
            }
            letter => safe.push(letter),
        }
    }
    safe
}

/// The page.
#[derive(Template)]
#[template(path = "report.html", config = "src/report/askama.toml")]
struct ReportPage<'a> {
    period: String,
    month: Words,
    as_of: &'a str,
    digest: &'a str,
    closed_by: &'a str,
    program: &'a str,
    data: String,
    headline: &'a Headline,
    flows: &'a Flows,
    reserves: &'a ReserveSummary,
    breaks: &'a BreakSummary,
    patterns: &'a Patterns,
    media: &'a MediaSection,
    trend: &'a [Point],
    punctuality: &'a Punctuality,
    requests: Option<&'a RequestSummary>,
}

impl ReportPage<'_> {
    const STYLE: &'static str = crate::page::STYLE;
    const SCRIPT: &'static str = include_str!("assets/report.js");
    const CHARTS: &'static str = include_str!("assets/echarts.custom.min.js");
    const LICENSES: [&'static str; 5] = [
        include_str!("assets/licenses/echarts-NOTICE"),
        include_str!("assets/licenses/echarts-LICENSE"),
        include_str!("assets/licenses/d3-LICENSE"),
        include_str!("assets/licenses/zrender-LICENSE"),
        include_str!("assets/licenses/tslib-LICENSE"),
    ];

    /// A text of the template.
    fn t(zh: &str, en: &str) -> Words {
        words::words(zh, en)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_stays_data() {
        let hostile = "</script><!--&\u{2028}\u{2029}安徽";
        let json = serde_json::to_string(hostile).expect("JSON");
        let safe = for_script(&json);
        assert!(safe.chars().all(|letter| !"<>&\u{2028}\u{2029}".contains(letter)), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).expect("JSON"), hostile);
    }
}
