//! The report of `run` for programs.

use std::{collections::BTreeMap, path::Path};

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::timings::TimingReport;
use crate::{
    clear::pairs::PairClearing,
    cli::files::PipelineSource,
    contract::walk::Unread,
    coordination::totals::RequestTotals,
    diag::Finding,
    engine::{RunOptions, RunReport},
    event::ActivityTime,
    figures::cut_off,
    independent::{Compared, ComparedTable},
    ingest::survey::Normalisations,
    judged::Judged,
    model::{
        codes::Side,
        control::{Bucket, Class, Control},
        money::{FenSum, yuan},
    },
    rehearsal::Overview,
    reserve::notices::NoticeKind,
    shapes::{FormatNumber, KeyId, MapOf, Period, Sha256, Yuan},
    signing::Signer,
    system_errors::settle::ErrorSummary,
};

/// A period that was closed, or worked out without being published.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "run --format json")]
pub(crate) struct RunJson<'a> {
    /// The format of the report.
    format: FormatNumber<1>,
    /// What became of the period.
    status: RunStatus,
    /// The period.
    #[schemars(with = "Period")]
    period: String,
    /// The pipeline that was taken.
    pipeline: &'a PipelineSource,
    /// What the delivery has, on a dry run; null when the period is closed.
    check: Option<&'a Overview>,
    /// The folder, or the address in an object store, of the closed period; null on a dry run.
    published: Option<&'a Path>,
    /// The SHA-256 of the manifest.
    #[schemars(with = "Sha256")]
    manifest_sha256: &'a str,
    /// The id of the key that signed the manifest; null without one.
    #[schemars(with = "Option<KeyId>")]
    signed_by: Option<String>,
    /// Where every row went.
    control: BothSides,
    /// The match rate: of the rows that the treating side delivered and of its open items, those that cleared.
    matched: MatchedRows,
    /// Cleared settlements, each reversal counted −1.
    visits: i64,
    /// The number of rows that broke a row rule, on both sides.
    rejects: u64,
    /// The number of breaks of each class that occurred.
    #[schemars(with = "MapOf<Class, u64>")]
    breaks: &'a BTreeMap<&'static str, u64>,
    /// The breaks of each class that daily reconciliation knew; null where nobody gave its result.
    #[schemars(with = "Option<MapOf<Class, u64>>")]
    known_breaks: Option<&'a BTreeMap<&'static str, u64>>,
    /// The number of pairs of provinces.
    pairs: usize,
    /// What cleared, in yuan.
    #[schemars(with = "Yuan")]
    gross: String,
    /// What is to be paid, in yuan.
    #[schemars(with = "Yuan")]
    payable: String,
    /// What treating provinces return, in yuan.
    #[schemars(with = "Yuan")]
    returned: String,
    /// What is handed to the next period, in yuan.
    #[schemars(with = "Yuan")]
    carried_forward: String,
    /// The notices of the period by kind; those of JJ are suggestions.
    notices: Vec<KindOfNotices>,
    /// What became of the deductions.
    deductions: &'a Judged,
    /// What became of the payments.
    payments: &'a Judged,
    /// What became of requests between provinces and their replies.
    requests: &'a RequestTotals,
    /// What became of the system errors.
    system_errors: ErrorSummary,
    /// How many things were taken although they are written differently from the contract.
    normalisations: Normalisations,
    /// What was asked about and is meant, by code.
    accepted: &'a [Finding],
    /// What lies in the delivery and was not read.
    unread: &'a [Unread],
    /// What the second implementation found equal; null when it was not asked.
    independent: Option<Recomputed>,
    /// What threads were busy with, added up over all of them; left out when nobody asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    timings: Option<Vec<TimingReport>>,
}

/// Numerator and denominator of the match rate, and the rate in per cent with two decimals, cut off.
#[derive(Serialize, JsonSchema)]
struct MatchedRows {
    /// Rows of the treating side that cleared.
    cleared: i64,
    /// Rows that the treating side delivered, and its open items that were brought in.
    came: i64,
    /// The rate in per cent; null when nothing came.
    percent: Option<String>,
}

/// The notices of a kind.
#[derive(Serialize, JsonSchema)]
struct KindOfNotices {
    /// The kind: QS, FH, CS, ND or JJ.
    #[schemars(regex(pattern = "^(QS|FH|CS|ND|JJ)$"))]
    kind: &'static str,
    /// The number of notices.
    notices: usize,
    /// Their sum in yuan.
    #[schemars(with = "Yuan")]
    amount: String,
}

impl KindOfNotices {
    fn of(report: &RunReport, kind: NoticeKind) -> KindOfNotices {
        let own = || report.money.notices.values().filter(|notice| notice.kind == kind);
        KindOfNotices {
            kind: kind.name(),
            notices: own().count(),
            amount: yuan(own().map(|notice| notice.amount).sum::<FenSum>()),
        }
    }
}

impl MatchedRows {
    fn of(control: &Control) -> MatchedRows {
        let rows = |bucket| control.get(Side::Treating, bucket).rows;
        let (cleared, came) =
            (rows(Bucket::Cleared), rows(Bucket::Delivered) + rows(Bucket::Opened));
        let percent = cut_off(i128::from(cleared) * 100, came.into());
        MatchedRows { cleared, came, percent }
    }
}

/// What became of a period.
#[derive(Serialize, JsonSchema)]
enum RunStatus {
    /// The period is closed.
    #[serde(rename = "closed")]
    Closed,
    /// Everything was done but publishing.
    #[serde(rename = "dry run")]
    DryRun,
}

/// Where the rows of each side went: delivered + opened = all the others.
#[derive(Serialize, JsonSchema)]
struct BothSides {
    /// The treating side.
    #[schemars(with = "MapOf<Bucket, ControlCell>")]
    treating: BTreeMap<Bucket, ControlCell>,
    /// The insured side.
    #[schemars(with = "MapOf<Bucket, ControlCell>")]
    insured: BTreeMap<Bucket, ControlCell>,
}

/// Rows, and two of their sums.
#[derive(Serialize, JsonSchema)]
struct ControlCell {
    /// The number of rows.
    rows: i64,
    /// The sum of medfee_sumamt in yuan.
    #[schemars(with = "Yuan")]
    medfee_sumamt: String,
    /// The sum of the payable fields in yuan.
    #[schemars(with = "Yuan")]
    payable: String,
}

/// What the second implementation found equal.
#[derive(Serialize, JsonSchema)]
struct Recomputed {
    /// Always true: what is not equal is a failure.
    equal: bool,
    /// The number of rows of all tables.
    rows: u64,
    /// The tables by name.
    tables: BTreeMap<&'static str, RecomputedTable>,
}

/// A table whose rows are the same in both implementations.
#[derive(Serialize, JsonSchema)]
struct RecomputedTable {
    /// The number of rows.
    rows: u64,
    /// The sum of its leading column of money in yuan; 0.00 where it has none.
    #[schemars(with = "Yuan")]
    yuan: String,
}

impl From<&Compared> for Recomputed {
    fn from(compared: &Compared) -> Recomputed {
        let table = |table: &ComparedTable| {
            (table.name, RecomputedTable { rows: table.rows, yuan: yuan(table.fen) })
        };
        Recomputed {
            equal: true,
            rows: compared.rows(),
            tables: compared.tables.iter().map(table).collect(),
        }
    }
}

impl<'a> RunJson<'a> {
    pub(super) fn of(
        report: &'a RunReport,
        (options, source): (&'a RunOptions, &'a PipelineSource),
        timings: Option<&[ActivityTime]>,
    ) -> RunJson<'a> {
        let control = |side| of_side(&report.control, side);
        let pairs = &report.money.pairs;
        let sum = |of: fn(&PairClearing) -> FenSum| yuan(pairs.values().map(of).sum::<FenSum>());
        RunJson {
            format: FormatNumber,
            status: if options.dry_run { RunStatus::DryRun } else { RunStatus::Closed },
            period: report.period.to_string(),
            pipeline: source,
            check: report.overview.as_ref(),
            published: report.published.as_deref(),
            manifest_sha256: &report.manifest_sha256,
            signed_by: options.signer.as_ref().map(Signer::id),
            control: BothSides {
                treating: control(Side::Treating),
                insured: control(Side::Insured),
            },
            rejects: report.rejects,
            breaks: &report.breaks,
            known_breaks: report.known.as_ref(),
            matched: MatchedRows::of(&report.control),
            visits: pairs.values().map(|pair| pair.visits).sum(),
            notices: NoticeKind::ALL.map(|kind| KindOfNotices::of(report, kind)).into(),
            pairs: pairs.len(),
            gross: sum(|pair| pair.gross),
            payable: sum(PairClearing::payable),
            returned: sum(|pair| pair.returned),
            carried_forward: sum(|pair| pair.carried_forward),
            deductions: &report.deductions,
            requests: &report.requests,
            payments: &report.payments,
            system_errors: report.errors,
            normalisations: report.normalisations,
            accepted: &report.accepted,
            unread: &report.unread,
            independent: report.independent.as_ref().map(Recomputed::from),
            timings: timings.map(|all| all.iter().map(TimingReport::from).collect()),
        }
    }
}

fn of_side(control: &Control, side: Side) -> BTreeMap<Bucket, ControlCell> {
    let cell = |bucket: Bucket| {
        let totals = control.get(side, bucket);
        let (medfee_sumamt, payable) = (yuan(totals.medfee), yuan(totals.payable));
        (bucket, ControlCell { rows: totals.rows, medfee_sumamt, payable })
    };
    Bucket::all().map(cell).collect()
}
