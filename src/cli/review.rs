//! The command `review`.

use std::{
    cmp::Reverse,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicBool},
};

use clap::{Args, Subcommand};

use super::{
    files::{read_rules, shown},
    lang::{said, word},
    options::{Format, Working},
    printer::{report, text},
    progress,
    rehearsal::DEFAULT_MEMORY,
    table::table,
    threads::thread_pool,
    timings::timings_table,
};
use crate::{
    diag::{Failure, Outcome},
    leads::{
        replies::{self, LeadReplies, ReplyNote},
        rule_name,
        summary::{ReviewSummary, yuan_of},
        write::{LeadSource, fill},
    },
    model::money::{parse_sum, yuan_grouped},
    pipeline::parse_memory,
    place::{
        self,
        output::{Output, Readers, Replace},
        staging::Staging,
    },
    privacy::pseudonym::Pseudonyms,
    review::{
        account::ReviewAccount,
        benefits::Benefits,
        examine::{self, ReviewOptions},
        rule::ReviewRule,
        rules_file::ReviewRules,
    },
    spelling::short,
    text::{Grouped, Text},
};

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  liangqing review --input deliveries/2025-10 --out leads/2025-10
  liangqing review --input deliveries/2025-* --filings filings.csv --registry registry.csv --book book --out leads/2025
  liangqing review explain S16 --input deliveries/2025-10 --filings filings.csv
  liangqing review import replies/31/leads.xlsx --leads leads/2025-10 --out deliveries/2025-11/deductions.csv

Looks for leads in the records themselves: what both copies may have wrong. A lead is a question to the province that
treated; nothing in a book changes. DIR gets leads.parquet, lead_settlements.parquet, summary.json, review.html and a
pack for each province, whose replies become deductions (docs/review.md)."
)]
pub(super) struct ReviewArguments {
    /// What to do in place of a review
    #[command(subcommand)]
    pub(super) command: Option<ReviewCommand>,
    #[command(flatten)]
    pub(super) sources: ReviewSources,
    /// A new folder
    #[arg(long, value_name = "DIR", required = true)]
    pub(super) out: Option<PathBuf>,
    /// Key for pseudonyms of persons, which `keygen --pseudonyms` makes; masked ends of numbers alone without it
    #[arg(long, value_name = "FILE")]
    pub(super) pseudonym_key: Option<PathBuf>,
    /// Say what the time was spent on
    #[arg(long)]
    pub(super) timings: bool,
    #[command(flatten)]
    pub(super) working: Working,
}

/// What to do with leads.
#[derive(Debug, Subcommand)]
pub(super) enum ReviewCommand {
    /// Read packs that provinces have filled in, and write deductions.csv
    Import(LeadImport),
    /// Say step by step what the insured place should have paid for a settlement
    Explain(Box<ExplainedSettlement>),
}

/// What a review reads.
#[derive(Debug, Args)]
pub(super) struct ReviewSources {
    /// Delivery of a month; may be given several times
    #[arg(long, value_name = "DIR", required = true, num_args = 1..)]
    pub(super) input: Vec<PathBuf>,
    /// Rules of the review [default: built in, see liangqing rules review]
    #[arg(long, value_name = "FILE")]
    pub(super) rules: Option<PathBuf>,
    /// Rules of the month-end run: classes, chronic list, payable fields [default: built in]
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// Folder of benefit files [default: those built in]
    #[arg(long, value_name = "DIR")]
    pub(super) benefits: Option<PathBuf>,
    /// Filings of care in another place, CSV or Parquet
    #[arg(long, value_name = "FILE")]
    pub(super) filings: Option<PathBuf>,
    /// Institutions and their levels (registry.csv)
    #[arg(long, value_name = "FILE")]
    pub(super) registry: Option<PathBuf>,
    /// Folder of the closed periods: says what is cleared
    #[arg(long, value_name = "DIR")]
    pub(super) book: Option<PathBuf>,
    /// Memory limit, such as 2GiB [default: 2GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub(super) memory: Option<usize>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  liangqing review import replies/31/leads.xlsx replies/34/leads.csv --leads leads/2025-10
  liangqing review import replies/*/leads.xlsx --leads leads/2025-10 --book book --out deliveries/2025-11/deductions.csv

Without --out it only shows what the replies would deduct. All or nothing: whatever is wrong is listed, and nothing is
written (exit status 3).")]
pub(super) struct LeadImport {
    /// Packs, XLSX or CSV
    #[arg(required = true, value_name = "REPLY")]
    pub(super) replies: Vec<PathBuf>,
    /// The folder that the review has written
    #[arg(long, value_name = "DIR")]
    pub(super) leads: PathBuf,
    /// The book that the deductions are for
    #[arg(long, value_name = "DIR")]
    pub(super) book: Option<PathBuf>,
    /// The deductions.csv to write
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Replace the file when it is there already
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// How to print the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  liangqing review explain S16 --input deliveries/2025-10 --filings filings.csv --registry registry.csv

Names the rule set and its source, the facts and where they are from, the filings, the rows that fit, each amount and
where it was rounded, so that a desk calculator is enough to follow it. Deliveries are read in full: a person may have
other settlements in them.")]
pub(super) struct ExplainedSettlement {
    /// The settlement
    pub(super) setl_id: String,
    #[command(flatten)]
    pub(super) sources: ReviewSources,
    #[command(flatten)]
    pub(super) working: Working,
}

impl ReviewSources {
    /// Reads the rules, and checks what is named.
    fn options(&self) -> Outcome<ReviewOptions> {
        for (at, input) in self.input.iter().enumerate() {
            let same = |other: &PathBuf| match (other.canonicalize(), input.canonicalize()) {
                (Ok(other), Ok(input)) => other == input,
                _ => other == input,
            };
            if self.input[..at].iter().any(same) {
                return Err(Failure::Usage(text!("--input {} is given twice", input)));
            }
        }
        let rules = self.rules.as_deref().map(ReviewRules::read).transpose()?;
        let benefits = self.benefits.as_deref().map(benefits).transpose()?;
        Ok(ReviewOptions {
            inputs: self.input.clone(),
            rules: rules.unwrap_or_else(ReviewRules::built_in),
            policy: read_rules(self.policy.as_deref())?,
            benefits: benefits.unwrap_or_else(Benefits::built_in),
            filings: self.filings.clone(),
            registry: self.registry.clone(),
            book: self.book.clone(),
            memory: self.memory.unwrap_or(DEFAULT_MEMORY),
        })
    }
}

/// Reads a folder of benefit files; the tests in them have to pass.
fn benefits(folder: &Path) -> Outcome<Benefits> {
    let benefits = Benefits::read(folder)?;
    benefits.tested()?;
    Ok(benefits)
}

/// Runs `liangqing review`.
pub(super) fn review(arguments: &ReviewArguments, stop: Arc<AtomicBool>) -> Outcome<()> {
    match (&arguments.command, &arguments.out) {
        (Some(ReviewCommand::Import(arguments)), _) => import(arguments),
        (Some(ReviewCommand::Explain(arguments)), _) => explain(arguments, stop),
        (None, Some(out)) => leads(arguments, out, stop),
        (None, None) => Err(Failure::Usage(text!("--out is missing"))),
    }
}

/// Looks for leads and writes them.
fn leads(arguments: &ReviewArguments, out: &Path, stop: Arc<AtomicBool>) -> Outcome<()> {
    let options = arguments.sources.options()?;
    let pseudonyms = arguments.pseudonym_key.as_deref().map(Pseudonyms::read).transpose()?;
    let output = Output::new_or_empty_folder(out)?;
    let monitor = progress::monitor(stop, arguments.working.quiet, None);
    let pool = thread_pool(arguments.working.threads)?;
    let done = pool.install(|| {
        output.fill(|folder| {
            let scratch = folder.with_file_name("scratch");
            place::make_below(folder.parent().unwrap_or(folder), &scratch)?;
            let reviewed = examine::examine(&options, &scratch, &monitor)?;
            let cleared = reviewed.cleared.as_ref();
            let source = LeadSource {
                leads: &reviewed.leads,
                place: &|ordinal| reviewed.inputs.place(ordinal),
                cleared: &|ordinal| cleared.map(|cleared| cleared.has(ordinal)),
                account: &reviewed.account,
                pseudonyms: pseudonyms.as_ref(),
            };
            monitor.stage(text!("writing"), 0)?;
            let summary = fill(folder, &source, &monitor)?;
            reviewed.inputs.unchanged()?;
            Ok((summary, reviewed.account))
        })
    });
    monitor.done();
    let (summary, account) = done?;
    match arguments.working.format {
        Format::Json => report(&summary),
        Format::Human => {
            let mut lines = summary_lines(&summary, &account, out);
            if arguments.timings {
                lines.extend([text!(""), timings_table(&monitor.stopwatch.timings())]);
            }
            text(&lines)
        }
    }
}

/// Says what was found: a line a rule, then what was looked at.
fn summary_lines(summary: &ReviewSummary, account: &ReviewAccount, out: &Path) -> Vec<Text> {
    let header =
        [text!("rule"), text!("name"), text!("strength"), text!("leads"), text!("yuan at stake")];
    let mut rules = table(header, 3);
    let number = |count: u64| said(&text!("{}", Grouped(count)));
    for of_rule in &summary.by_rule {
        rules.add_row([
            of_rule.rule.to_owned(),
            said(&rule_name(of_rule.rule)),
            word(of_rule.strength),
            number(of_rule.leads),
            yuan_of(&of_rule.fen),
        ]);
    }
    let rows = &summary.rows;
    let mut lines = Vec::new();
    if !summary.by_rule.is_empty() {
        lines.extend([rules.trim_fmt(), text!("")]);
    }
    let month = summary.month.as_deref().unwrap_or("–");
    let looked = text!(
        "{} of {}; rejected {}, repeated {}, reversals {}, reversed {}",
        text!("{} settlement(s)", Grouped(rows.settlements)),
        text!("{} row(s)", Grouped(rows.read)),
        Grouped(rows.rejected),
        Grouped(rows.repeated),
        Grouped(rows.reversals),
        Grouped(rows.reversed)
    );
    let found = text!(
        "{}; payable of all suspects, each once: {} yuan",
        text!("{} lead(s)", Grouped(summary.leads)),
        yuan_of(&summary.fen_once)
    );
    lines.extend([
        Text::labelled("month", text!("{}", month)),
        Text::labelled("reviewed", looked),
        Text::labelled("found", found),
    ]);
    for (rule, rows) in &account.broken {
        let said = text!("{}: {}", rule.id(), text!("{} row(s)", Grouped(*rows)));
        lines.push(Text::labelled("rejected", said));
    }
    for (rule, reason) in &account.rules_left_out {
        lines.push(Text::labelled("not run", text!("{}: {}", rule.id(), reason.text())));
    }
    lines.extend(benefit_line(account));
    lines.extend(unknown_lines(account));
    lines.push(Text::labelled("written", text!("{}", shown(out))));
    lines
}

/// Runs `liangqing review explain`.
fn explain(arguments: &ExplainedSettlement, stop: Arc<AtomicBool>) -> Outcome<()> {
    let options = arguments.sources.options()?;
    let monitor = progress::monitor(stop, arguments.working.quiet, None);
    let pool = thread_pool(arguments.working.threads)?;
    let staging = Staging::for_look_up()?;
    let setl_id = &arguments.setl_id;
    let explained =
        pool.install(|| examine::explain(&options, setl_id, &staging.scratch(), &monitor));
    monitor.done();
    match arguments.working.format {
        Format::Json => report(&explained?),
        Format::Human => text(&explained?.lines()),
    }
}

/// Says for how many settlements a benefit was worked out; nothing where no benefit rule ran.
fn benefit_line(account: &ReviewAccount) -> Option<Text> {
    let counts = &account.benefits;
    let all = counts.reviewed_rows + counts.other_rows;
    let areas = counts.areas_without.count() as u64;
    account.rules_run.contains(&ReviewRule::Ben01).then(|| {
        let settlements = |count| text!("{} settlement(s)", Grouped(count));
        let (some, all) = (settlements(counts.reviewed_rows), settlements(all));
        Text::labelled(
            "benefits",
            text!(
                "worked out for {} of {}; divisions without a rule set: {}",
                some,
                all,
                Grouped(areas)
            ),
        )
    })
}

/// The most unknown values that are shown, and the most letters of one.
const MOST_VALUES: usize = 20;
const LONGEST_VALUE: usize = 40;

/// Says which values the rules do not know, the frequent ones first.
fn unknown_lines(account: &ReviewAccount) -> Vec<Text> {
    let mut values: Vec<_> = account.unknown_values.iter().collect();
    values.sort_by_key(|(field, value, rows)| (Reverse(*rows), *field, *value));
    let more = values.len().saturating_sub(MOST_VALUES) as u64;
    let lines = values.into_iter().take(MOST_VALUES).map(|(field, value, rows)| {
        let value = short(value, LONGEST_VALUE);
        Text::labelled("unknown", text!("{} = {}: {} row(s)", field, value, Grouped(rows)))
    });
    let rest = (more > 0).then(|| {
        let more = text!("and {} more: summary.json has them", Grouped(more));
        Text::labelled("unknown", more)
    });
    let levels = account.unknown_levels.iter().take(MOST_VALUES).map(|(_, level, count)| {
        let (level, count) = (short(level, LONGEST_VALUE), Grouped(count));
        Text::labelled(
            "unknown",
            text!("level of the registry {}: {} institution(s)", level, count),
        )
    });
    lines.chain(rest).chain(levels).collect()
}

/// The most deductions that are shown one by one.
const SHOWN: usize = 20;

/// Runs `liangqing review import`.
fn import(arguments: &LeadImport) -> Outcome<()> {
    replies::must_be_files(&arguments.replies)?;
    if let Some(out) = &arguments.out {
        replies::must_be_apart(out, &arguments.replies, &arguments.leads)?;
    }
    let replace = Replace::when(arguments.force);
    let output = arguments.out.as_deref().map(|out| Output::file(out, replace)).transpose()?;
    let read = || replies::read(&arguments.replies, &arguments.leads, arguments.book.as_deref());
    let replies = thread_pool(None)?.install(read)?;
    if let Some(output) = output {
        if replies.deductions.is_empty() {
            let problem = text!("no reply deducts anything: there is nothing to write");
            return Err(Failure::Usage(problem));
        }
        let csv = replies.to_csv()?;
        if let Some(out) = &arguments.out {
            replies::must_keep(out, &csv)?;
        }
        output.write_below(Readers::Usual, &csv)?;
    }
    match arguments.format {
        Format::Json => report(&replies),
        Format::Human => text(&import_lines(&replies, arguments.out.as_deref())),
    }
}

/// Says what may be a slip.
fn note_lines(notes: &[ReplyNote]) -> Vec<Text> {
    let note = |ReplyNote { form, place, found }: &ReplyNote| {
        Text::labelled_to(16, "note", text!("{}, {}: {}", form, place, found))
    };
    let mut lines: Vec<Text> = notes.iter().take(SHOWN).map(note).collect();
    if let Some(more) = notes.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(text!(" and {} more: --format json shows all of them", Grouped(more as u64)));
    }
    lines
}

/// Says what the replies deduct.
fn import_lines(replies: &LeadReplies, out: Option<&Path>) -> Vec<Text> {
    let mut lines = Vec::new();
    if !replies.deductions.is_empty() {
        let header = [text!("setl_id"), text!("rule"), text!("yuan"), text!("decided on")];
        let mut preview = table(header, 2);
        for one in replies.deductions.iter().take(SHOWN) {
            preview.add_row([
                one.setl_id.clone(),
                one.reason_code.to_owned(),
                one.amount.clone(),
                one.decided_on.clone(),
            ]);
        }
        lines.push(preview.trim_fmt());
    }
    if let Some(more) = replies.deductions.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(text!(" and {} more: --format json shows all of them", Grouped(more as u64)));
    }
    let counts = [
        ("confirmed", replies.confirmed),
        ("refuted", replies.refuted),
        ("unanswered", replies.unanswered),
    ];
    for (name, count) in counts {
        lines.push(Text::labelled_to(16, name, text!("{} line(s)", Grouped(count))));
    }
    for of in replies.by_province.iter().filter(|of| of.answered < of.lines) {
        let (open, all) = (Grouped(of.lines - of.answered), Grouped(of.lines));
        let said = if of.answered == 0 {
            text!("{}: no reply to {}", of.province.named(), text!("{} line(s)", all))
        } else {
            text!("{}: {} of {}", of.province.named(), open, text!("{} line(s)", all))
        };
        lines.push(Text::labelled_to(16, "no reply", said));
    }
    lines.extend(note_lines(&replies.notes));
    let (count, sum) = (replies.deductions.len() as u64, parse_sum(&replies.amount));
    let sum = sum.map_or_else(|_| replies.amount.clone(), yuan_grouped);
    let deducted = text!("{} deduction(s), {} yuan", Grouped(count), sum);
    lines.push(Text::labelled_to(16, "deducted", deducted));
    let written = if let Some(out) = out {
        text!("{}", shown(out))
    } else {
        text!("nothing; --out FILE writes deductions.csv")
    };
    lines.push(Text::labelled_to(16, "written", written));
    lines
}
