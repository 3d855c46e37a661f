//! The top of the page: main figures, the proof, tasks.

use super::{
    cards::{self, Card, KindLine},
    judged::{self, JudgedOutcome},
    patterns::Patterns,
    punctuality::Punctuality,
    reserves::ReserveSummary,
    source::PeriodTables,
    task::{ReportTask, task},
    words::{Money, Words, bucket, count, pair, percent, province, words},
};
use std::collections::BTreeMap;

use crate::{
    model::{
        codes::{Pair, Province, Side},
        control::Bucket,
        money::FenSum,
    },
    reserve::notices::NoticeKind,
};

/// A line of the control table: rows and payable of the treating side, then of the insured side.
pub(super) struct ControlLine {
    pub(super) name: Words,
    pub(super) cells: [(String, Money); 2],
}

/// One half of the control table: the sources of the rows, or their results.
pub(super) struct Half {
    pub(super) lines: Vec<ControlLine>,
    pub(super) sum: ControlLine,
}

/// The control table and whether it balances.
pub(super) struct ControlProof {
    pub(super) halves: [Half; 2],
    pub(super) difference: ControlLine,
    pub(super) balanced: bool,
}

/// A province with a large payable.
pub(super) struct Debtor {
    pub(super) name: Words,
    pub(super) amount: Words,
    pub(super) share: String,
    /// The share of the largest payable, in hundredths.
    pub(super) width: i128,
}

/// The top of the page.
pub(super) struct Headline {
    /// What happened, in sentences.
    pub(super) sentences: Vec<Words>,
    pub(super) cards: Vec<Card>,
    /// The notices of the period by kind.
    pub(super) kinds: Vec<KindLine>,
    pub(super) proof: ControlProof,
    pub(super) debtors: Vec<Debtor>,
    pub(super) largest: Option<(Words, Words)>,
    pub(super) tasks: Vec<ReportTask>,
    pub(super) judged: Vec<JudgedOutcome>,
}

/// Rows, cost and payable of a bucket on both sides.
type BucketTotals = [[i128; 3]; 2];

impl Headline {
    pub(super) fn of(
        source: &PeriodTables,
        reserves: &ReserveSummary,
        patterns: &Patterns,
        punctuality: &Punctuality,
        sentences: &[Words],
    ) -> Headline {
        let mut buckets: BTreeMap<&str, BucketTotals> = BTreeMap::new();
        for row in source.control.iter() {
            let Some(side) = Side::from_name(row.text("side")) else { continue };
            let totals = &mut buckets.entry(row.text("bucket")).or_default()[side.index()];
            *totals = ["rows", "medfee_sumamt", "payable"].map(|column| row.number(column));
        }
        let (debtors, largest) = debtors(source);
        Headline {
            sentences: sentences.to_vec(),
            cards: cards::cards(source),
            kinds: cards::kinds(source),
            proof: proof(&buckets),
            debtors,
            largest,
            judged: judged::outcomes(source),
            tasks: tasks(source, &buckets, reserves, patterns, punctuality),
        }
    }
}

fn proof(buckets: &BTreeMap<&str, BucketTotals>) -> ControlProof {
    let line = |name: Words, totals: BucketTotals| ControlLine {
        name,
        cells: totals.map(|[rows, _, payable]| (count(rows), Money(FenSum::new(payable)))),
    };
    let mut sums = [BucketTotals::default(); 2];
    let mut lines = [Vec::new(), Vec::new()];
    for name in Bucket::all().map(Bucket::name) {
        let totals = buckets.get(name).copied().unwrap_or_default();
        let comes_in = ["delivered", "opened"].contains(&name);
        let half = usize::from(!comes_in);
        let places = sums[half].iter_mut().flatten().zip(totals.as_flattened());
        places.for_each(|(sum, value)| *sum += value);
        if totals != BucketTotals::default() || comes_in || name == "cleared" {
            lines[half].push(line(bucket(name), totals));
        }
    }
    let [came, went] = sums;
    let mut difference = came;
    let places = difference.iter_mut().flatten().zip(went.as_flattened());
    places.for_each(|(value, went)| *value -= went);
    let [into, out] = lines;
    ControlProof {
        balanced: difference == BucketTotals::default(),
        halves: [
            Half { lines: into, sum: line(words("来源合计", "In"), came) },
            Half { lines: out, sum: line(words("去向合计", "Out"), went) },
        ],
        difference: line(words("来源 − 去向", "In − out"), difference),
    }
}

/// Returns the five provinces with the largest payable, and the pair with the largest payable.
fn debtors(source: &PeriodTables) -> (Vec<Debtor>, Option<(Words, Words)>) {
    let mut owes: BTreeMap<Province, FenSum> = BTreeMap::new();
    let mut largest: Option<(FenSum, Pair)> = None;
    for row in source.pairs.iter() {
        let Some(pair) = row.pair() else { continue };
        let payable = row.fen("payable");
        *owes.entry(pair.insured).or_default() += payable;
        if payable > largest.map_or(FenSum::ZERO, |(most, _)| most) {
            largest = Some((payable, pair));
        }
    }
    let whole: FenSum = owes.values().sum();
    let mut ranked: Vec<(Province, FenSum)> =
        owes.into_iter().filter(|(_, fen)| fen.is_positive()).collect();
    ranked.sort_by_key(|(province, fen)| (-*fen, *province));
    let most = ranked.first().map_or(1, |(_, fen)| fen.fen());
    let debtor = |(of, fen): &(Province, FenSum)| Debtor {
        name: province(*of),
        amount: Money(*fen).short(),
        share: percent(fen.fen(), whole.fen()),
        width: fen.times(100).fen() / most,
    };
    let shown = ranked.iter().take(5).map(debtor).collect();
    (shown, largest.map(|(fen, of)| (pair(of), Money(fen).short())))
}

fn tasks(
    source: &PeriodTables,
    buckets: &BTreeMap<&str, BucketTotals>,
    reserves: &ReserveSummary,
    patterns: &Patterns,
    punctuality: &Punctuality,
) -> Vec<ReportTask> {
    let rejected: i128 = buckets.get("rejected").map_or(0, |[a, b]| a[0] + b[0]);
    let suggested = source.own().notices_of(NoticeKind::Emergency).count;
    let explained = &patterns.explained[0];
    let by_kind =
        source.late.iter().map(|late| format!("{} {}", late.kind.name(), late.open.count));
    let by_kind = by_kind.collect::<Vec<_>>().join(", ");
    let tasks = [
        task(
            reserves.red,
            ["对省份占用预付金达到红色预警", "pair has", "pairs have", "reached the red line"],
            ("#reserves", true),
        ),
        task(
            reserves.overdrawn.len() as i128,
            ["对省份预付金透支", "pair has", "pairs have", "overdrawn the reserve"],
            ("#reserves", true),
        ),
        task(
            punctuality.overdue,
            [
                &format!("份通知书截至本期开具日已逾期未付清（{by_kind}）"),
                "notice was",
                "notices were",
                &format!("overdue when this period's were issued ({by_kind})"),
            ],
            ("#punctuality", true),
        ),
        task(
            suggested,
            [
                "份紧急调增申请建议，待就医省决定是否申请",
                "emergency increase is",
                "emergency increases are",
                "suggested: the treating province decides whether to apply",
            ],
            ("#reserves", false),
        ),
        task(
            patterns.found as i128,
            [
                &format!("条系统性规律，共解释 {explained} 笔差异"),
                "systematic pattern explains",
                "systematic patterns explain",
                &format!("breaks: {explained}"),
            ],
            ("#patterns", false),
        ),
        carried(source),
        task(
            rejected,
            [
                "条记录校验不通过，退回报送方",
                "row goes",
                "rows go",
                "back to the sender: a rule is broken",
            ],
            ("#proof", false),
        ),
    ];
    tasks.into_iter().chain(judged::tasks(source)).flatten().collect()
}

fn carried(source: &PeriodTables) -> Option<ReportTask> {
    let mut breaks = source.all_breaks();
    breaks.retain(|found| found.carried);
    let oldest = breaks.iter().map(|found| found.age).max()?;
    let [zh, en] = match oldest {
        0 => ["均为本期新增".to_owned(), "all new".to_owned()],
        oldest => [format!("最久 {oldest} 期"), format!("periods since the oldest: {oldest}")],
    };
    let zh = format!("笔差异挂账，待两地说明（{zh}）");
    let rest = format!("carried for both sides to explain ({en})");
    task(breaks.len() as i128, [&zh, "break is", "breaks are", &rest], ("#breaks", false))
}
