//! Recomputes a period from its files to its tables: three passes, the last two by partitions of keys.

use std::{ops::Range, path::PathBuf};

use polars::prelude::{
    Column, DataFrame, DataType, Expr, IntoLazy, NamedFrom, PolarsResult, Series, UnionArgs, col,
    concat, lit,
};

use super::{
    Compared, RecomputeTask, both, compare,
    delivery::{self, GivenDecision, GivenDeduction},
    earlier::{self, Registers},
    facts::{self, HEAD, RecordFacts, columns, key},
    ledger::Ledger,
    money::{self, KnownSettlements},
    reversals::{self, Originals},
    rowrules,
    rows::Records,
    side,
    spill::{Scratch, SpilledRows},
    stored::failed,
    tables,
};
use crate::{
    diag::{Failure, Outcome},
    event::Monitor,
    model::{
        codes::Side,
        fields::{FIELDS, Field, FieldKind, SCOPE},
    },
};

/// Bytes of memory that a row needs while it is processed.
const ROW: usize = 1024;
/// The fewest and the most rows that are read at a time.
const PIECE: [usize; 2] = [1 << 10, 1 << 18];
/// The most partitions, and the fewest rows in each.
const PARTS: usize = 512;
const PART_ROWS: usize = 100;

/// Recomputes a period and compares its tables.
pub fn recompute(task: &RecomputeTask, monitor: &Monitor) -> Outcome<Compared> {
    let policy = task.rules.policy(task.period);
    let policy = policy.map_err(|error| Failure::Usage(error.text()))?;
    let previous = task.earlier.last().map(|(_, folder)| folder);
    let mut permits = delivery::permits(task.input)?;
    if let Some(folder) = previous {
        permits.extend(earlier::permits(folder)?);
    }
    let setting = RecordFacts { policy, period: task.period, permits: &permits };
    let mut files = Vec::new();
    for side in Side::BOTH {
        for (name, path) in delivery::files(task.input, side)? {
            let records = Records::open(&path, &name, task.rules.int96)?;
            files.push(RecomputedFile { side, name, records });
        }
    }
    let delivered: usize = files.iter().map(|file| file.records.rows()).sum();
    let parts = delivered.saturating_mul(ROW) / (task.memory / 2).max(1);
    let parts = parts.min(delivered / PART_ROWS).clamp(1, PARTS);
    let scratch = Scratch::create(task.scratch, u32::try_from(parts).unwrap_or(1))?;
    let mut period = RecomputedPeriod {
        setting,
        monitor,
        ledger: Ledger::new(task.period),
        rows: Side::BOTH.map(|side| scratch.spill(side.name(), "key")),
        normal: scratch.spill("normal", "key"),
        reversals: scratch.spill("reversals", "original_key"),
        registers: Registers::open(task.earlier)?,
        decisions: delivery::decisions(task.input)?,
        scratch: &scratch,
    };
    let most = (task.memory / 4 / ROW).clamp(PIECE[0], PIECE[1]);
    period.read(&files, previous, most)?;
    monitor.stage(text!("recomputing: match"), scratch.parts().len() as u64)?;
    for part in scratch.parts() {
        period.settle(part)?;
        monitor.advance(1)?;
    }
    let deductions = delivery::deductions(task.input)?;
    let standing = period.reverse(&deductions)?;
    let accepted = earlier::deductions(task.earlier)?;
    let deducted = money::deducted(&deductions, &standing, accepted);
    let carried = previous.map(|folder| earlier::carried_forward(folder)).transpose()?;
    let ledger = period.ledger;
    let carried = carried.unwrap_or_default();
    let pairs = money::pairs(ledger.by_pair()?, deducted, carried, policy.negative_net);
    compare::all(tables::all(ledger, &pairs)?, task.result)
}

/// A Parquet file of the delivery.
struct RecomputedFile {
    side: Side,
    name: String,
    records: Records,
}

/// A period that is being recomputed.
struct RecomputedPeriod<'a> {
    setting: RecordFacts<'a>,
    monitor: &'a Monitor,
    ledger: Ledger,
    /// Valid rows and open items of each side.
    rows: [SpilledRows<'a>; 2],
    /// Normal settlements that clear.
    normal: SpilledRows<'a>,
    /// Reversals for step 8, in the partition of their original.
    reversals: SpilledRows<'a>,
    registers: Registers,
    decisions: Vec<GivenDecision>,
    scratch: &'a Scratch,
}

impl RecomputedPeriod<'_> {
    /// First pass: reads rows, judges them, and writes them to their partitions.
    fn read(
        &mut self,
        files: &[RecomputedFile],
        previous: Option<&PathBuf>,
        most: usize,
    ) -> Outcome<()> {
        let rows = files.iter().map(|file| file.records.rows() as u64).sum();
        self.monitor.stage(text!("recomputing: read"), rows)?;
        for (number, file) in files.iter().enumerate() {
            for piece in file.records.pieces(most) {
                let mut frame = file.records.read(piece.clone())?;
                facts::add(&mut frame, self.setting)?;
                self.judge(file, number, piece.clone(), frame)?;
                self.monitor.advance(piece.len() as u64)?;
            }
        }
        let Some(folder) = previous else { return Ok(()) };
        earlier::open_items(folder, most, |side, mut frame| {
            facts::add(&mut frame, self.setting)?;
            let groups = frame.column("group").map_err(failed)?;
            if groups.null_count() > 0 {
                return Err(Failure::Usage(text!(
                    "the rules of {} have no class for an open item",
                    self.setting.period
                )));
            }
            let own = [lit(true).alias("open"), place(0).alias("file"), place(0).alias("row")];
            let frame = frame.lazy().with_columns(own).select(canonical()).collect();
            self.rows[side.index()].add(&frame.map_err(failed)?)
        })
    }

    fn judge(
        &mut self,
        file: &RecomputedFile,
        number: usize,
        rows: Range<usize>,
        mut frame: DataFrame,
    ) -> Outcome<()> {
        let beyond = |_| Failure::Bug(text!("more rows than the contract has"));
        let first = u32::try_from(rows.start).map_err(beyond)?;
        let number = u32::try_from(number).map_err(beyond)?;
        rowrules::judge(&mut frame, self.setting.period)?;
        let frame = frame.with_row_index("row".into(), Some(first)).map_err(failed)?;
        self.ledger.count(file.side, "delivered", &frame)?;
        let of = |which: Expr| frame.clone().lazy().filter(which).collect().map_err(failed);
        let broken = of(col("broken"))?;
        if broken.height() > 0 {
            self.ledger.count(file.side, "rejected", &broken)?;
            let named = [
                lit(file.side.name()).alias("side"),
                lit(file.name.as_str()).alias("file"),
                col("row"),
                col("setl_id"),
                col("rules"),
            ];
            let rejects = rowrules::rejects(&broken)?.lazy().select(named).collect();
            self.ledger.rejects.push(rejects.map_err(failed)?);
        }
        let own = [
            lit(false).alias("open"),
            place(number).alias("file"),
            lit(facts::number(self.setting.period)).alias("first"),
        ];
        let valid = of(col("broken").not())?.lazy().with_columns(own).select(canonical());
        self.rows[file.side.index()].add(&valid.collect().map_err(failed)?)
    }

    /// Second pass: applies steps 1 to 7 to a partition.
    fn settle(&mut self, part: u32) -> Outcome<()> {
        let treating = self.one_side(Side::Treating, part)?;
        let insured = self.one_side(Side::Insured, part)?;
        let copies = [treating.copies, insured.copies];
        let left = both::compare(copies, &self.decisions(part)?, &mut self.ledger)?;
        self.normal.add(&left.normal)?;
        self.reversals.add(&left.reversals)?;
        both::voided_again([treating.voided_again, insured.voided_again], &mut self.ledger)
    }

    fn one_side(&mut self, side: Side, part: u32) -> Outcome<side::AfterSide> {
        let rows = self.rows[side.index()].read(part)?;
        let rows = rows.map_or_else(|| empty(columns()), Ok).map_err(failed)?;
        let wanted = rows.clone().lazy().filter(col("open").not());
        let wanted = wanted.select([col("key"), col("check")]).collect().map_err(failed)?;
        let registered = self.registers.registered(&self.scratch.keys_of(part), &wanted)?;
        side::settle(side, &rows, &registered, self.setting.period, &mut self.ledger)
    }

    /// Returns the decisions on settlements of a partition.
    fn decisions(&self, part: u32) -> Outcome<DataFrame> {
        let here = |setl_id: &str| self.scratch.part_of(key(setl_id).0) == part;
        let here = self.decisions.iter().filter(|decision| here(&decision.setl_id));
        let (ids, decisions): (Vec<&str>, Vec<&str>) =
            here.map(|line| (line.setl_id.as_str(), line.decision.as_str())).unzip();
        let columns = [("setl_id", ids), ("decision", decisions)];
        let columns = columns.map(|(name, texts)| Series::new(name.into(), texts).into());
        DataFrame::new_infer_height(columns.into()).map_err(failed)
    }

    /// Third pass, by the partition of the original: settles reversals, and collects the state that deductions need.
    fn reverse(&mut self, deductions: &[GivenDeduction]) -> Outcome<KnownSettlements> {
        let mut standing = KnownSettlements::default();
        for part in self.scratch.parts() {
            self.monitor.check()?;
            let reversals = self.reversals.read(part)?;
            let here = |deduction: &&GivenDeduction| {
                self.scratch.part_of(key(&deduction.setl_id).0) == part
            };
            let deductions: Vec<&str> =
                deductions.iter().filter(here).map(|line| line.setl_id.as_str()).collect();
            if reversals.is_none() && deductions.is_empty() {
                continue;
            }
            let normal = self.normal.read(part)?;
            let cleared = normal
                .map_or_else(|| empty(["setl_id", "key", "group", "payable"]), Ok)
                .map_err(failed)?;
            let wanted = wanted(reversals.as_ref(), &deductions).map_err(failed)?;
            let range = self.scratch.keys_of(part);
            let registered = self.registers.registered(&range, &wanted)?;
            let reversed = self.registers.reversed(&range, &wanted)?;
            let originals =
                Originals { cleared: &cleared, registered: &registered, reversed: &reversed };
            if let Some(reversals) = reversals {
                let now = reversals::settle(&reversals, &originals, &mut self.ledger)?;
                standing.reversed_now.extend(now);
            }
            standing.add(&deductions, &originals)?;
        }
        Ok(standing)
    }
}

/// Returns the keys of originals and of settlements with deductions.
fn wanted(reversals: Option<&DataFrame>, deductions: &[&str]) -> PolarsResult<DataFrame> {
    let (keys, checks): (Vec<u64>, Vec<u32>) = deductions.iter().map(|id| key(id)).unzip();
    let columns =
        vec![Series::new("key".into(), keys).into(), Series::new("check".into(), checks).into()];
    let of_deductions = DataFrame::new_infer_height(columns)?.lazy();
    let Some(reversals) = reversals else { return of_deductions.collect() };
    let of_reversals = reversals
        .clone()
        .lazy()
        .select([col("original_key").alias("key"), col("original_check").alias("check")]);
    concat([of_deductions, of_reversals], UnionArgs::default())?.collect()
}

fn place(number: u32) -> Expr {
    lit(number).cast(DataType::UInt32)
}

/// Returns the columns of a valid row or an open item, with nulls filled in where they have a meaning.
fn canonical() -> Vec<Expr> {
    let head = HEAD.map(|name| match name {
        "payable" => col(name).cast(DataType::Int64),
        _ => col(name),
    });
    let fields = FIELDS.map(|field| {
        let value = col(field.name());
        match (field.kind(), field) {
            (FieldKind::Text, Field::refd_setl_flag | Field::fulamt_advpay_flag) => {
                value.fill_null(lit("0"))
            }
            (FieldKind::Amount, _) if SCOPE.contains(&field) => value.cast(DataType::Int64),
            (FieldKind::Amount, _) => value.fill_null(lit(0)).cast(DataType::Int64),
            _ => value,
        }
    });
    head.into_iter().chain(fields).collect()
}

/// Returns an empty frame with columns of the rows between the steps.
fn empty<'a>(names: impl IntoIterator<Item = &'a str>) -> PolarsResult<DataFrame> {
    let dtype = |name: &str| match name {
        "open" | "late" => DataType::Boolean,
        "key" => DataType::UInt64,
        "file" | "row" | "check" => DataType::UInt32,
        "first" | "month" | "group" => DataType::Int32,
        _ => match FIELDS.into_iter().find(|field| field.name() == name).map(Field::kind) {
            Some(FieldKind::Text) => DataType::String,
            Some(FieldKind::Date) => DataType::Int32,
            _ => DataType::Int64,
        },
    };
    let columns = names.into_iter().map(|name| Column::new_empty(name.into(), &dtype(name)));
    DataFrame::new(0, columns.collect())
}
