//! The ledger of the steps: control totals, positions, rows of the tables of breaks and open items.

use std::collections::BTreeMap;

use polars::prelude::{DataFrame, DataType, Expr, IntoLazy, NULL, col, len, lit, when};

use super::{
    facts::{number, of_group},
    stored::{failed, sum},
};
use crate::{
    diag::{Failure, Outcome},
    model::{
        codes::{CareClass, FundClass, Month, Pair, Side},
        fields::{COMPARED_AMOUNTS, FIELDS, Field},
    },
    text::quoted,
};

/// The suffix of the insured copy's columns in rows with both copies.
pub(super) const INSURED: &str = "_insured";

/// The buckets of the control table, in the order of the contract.
pub(super) const BUCKETS: [&str; 18] = [
    "delivered",
    "opened",
    "rejected",
    "superseded",
    "already_cleared",
    "duplicate",
    "conflict",
    "late_refused",
    "expired",
    "voided",
    "missing_insured",
    "missing_treating",
    "field_mismatch",
    "amount_mismatch",
    "reversal_unpaired",
    "reversal_mismatch",
    "already_reversed",
    "cleared",
];
/// The classes whose copies are carried over to the next period.
pub(super) const CARRIED: [&str; 6] = [
    "missing_insured",
    "missing_treating",
    "field_mismatch",
    "amount_mismatch",
    "reversal_unpaired",
    "reversal_mismatch",
];

/// Rows, medfee_sumamt and payable, in fen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LedgerTotals {
    pub(super) rows: i64,
    pub(super) medfee: i128,
    pub(super) payable: i128,
}

/// The key of a position: division, group, cost month.
pub(super) type LedgerKey = (String, i32, i32);

/// The ledger of a period.
pub(super) struct Ledger {
    period: Month,
    control: BTreeMap<(Side, &'static str), LedgerTotals>,
    /// Visits, the 13 amounts, payable.
    pub(super) positions: BTreeMap<LedgerKey, [i128; 15]>,
    pub(super) breaks: Vec<DataFrame>,
    pub(super) break_fields: Vec<DataFrame>,
    pub(super) open_items: Vec<DataFrame>,
    pub(super) rejects: Vec<DataFrame>,
}

impl Ledger {
    pub(super) fn new(period: Month) -> Ledger {
        Ledger {
            period,
            control: BTreeMap::new(),
            positions: BTreeMap::new(),
            breaks: Vec::new(),
            break_fields: Vec::new(),
            open_items: Vec::new(),
            rejects: Vec::new(),
        }
    }

    /// Returns the totals of a bucket.
    pub(super) fn totals(&self, side: Side, bucket: &'static str) -> LedgerTotals {
        self.control.get(&(side, bucket)).copied().unwrap_or_default()
    }

    /// Adds rows of a side to a bucket.
    pub(super) fn count(
        &mut self,
        side: Side,
        bucket: &'static str,
        rows: &DataFrame,
    ) -> Outcome<()> {
        self.count_columns(side, bucket, rows, "")
    }

    fn count_columns(
        &mut self,
        side: Side,
        bucket: &'static str,
        rows: &DataFrame,
        suffix: &str,
    ) -> Outcome<()> {
        let sum = |name: &str| sum(rows, &format!("{name}{suffix}"));
        let (medfee, payable) = (sum(Field::medfee_sumamt.name())?, sum("payable")?);
        let totals = self.control.entry((side, bucket)).or_default();
        totals.rows += i64::try_from(rows.height()).unwrap_or(i64::MAX);
        totals.medfee += medfee;
        totals.payable += payable;
        Ok(())
    }

    /// Adds a break for each row of a side, and counts the row in its class.
    pub(super) fn add_row_breaks(
        &mut self,
        side: Side,
        class: &'static str,
        rows: &DataFrame,
    ) -> Outcome<()> {
        if rows.height() == 0 {
            return Ok(());
        }
        self.count(side, class, rows)?;
        let payables = Side::BOTH.map(|of| if of == side { col("payable") } else { no_payable() });
        let described = Described {
            of: &|name| col(name),
            class: lit(class),
            side: lit(side.name()),
            fields: lit(NULL).cast(DataType::String),
            payables,
            first: col("first"),
        };
        let breaks = rows.clone().lazy().select(described.columns(self.period)).collect();
        self.breaks.push(breaks.map_err(failed)?);
        Ok(())
    }

    /// Adds a break for each settlement, counts its copies, and carries them if its class is carried. Rows have both
    /// copies, and columns `class` and `fields`.
    pub(super) fn add_breaks(&mut self, settlements: &DataFrame) -> Outcome<()> {
        for of_class in settlements.partition_by_stable(["class"], true).map_err(failed)? {
            let class = of_class.column("class").and_then(|class| class.str()).map_err(failed)?;
            let class = class.get(0).unwrap_or_default().to_owned();
            let bucket = BUCKETS.into_iter().find(|bucket| *bucket == class);
            let bucket = bucket.ok_or_else(|| Failure::Bug(text!("no class {}", quoted(class))))?;
            self.count_copies(bucket, &of_class)?;
            self.describe(&of_class)?;
            if CARRIED.contains(&bucket) {
                for side in Side::BOTH {
                    self.open_items.push(carried(&of_class, side)?);
                }
            }
        }
        Ok(())
    }

    /// Adds the breaks of settlements whose copies are counted elsewhere.
    pub(super) fn describe(&mut self, settlements: &DataFrame) -> Outcome<()> {
        self.breaks.push(breaks(settlements, self.period)?);
        Ok(())
    }

    /// Counts the existing copies of settlements in a bucket, each on its side.
    fn count_copies(&mut self, bucket: &'static str, settlements: &DataFrame) -> Outcome<()> {
        for side in Side::BOTH {
            let there = settlements.clone().lazy().filter(there(side)).collect().map_err(failed)?;
            self.count_columns(side, bucket, &there, suffix(side))?;
        }
        Ok(())
    }

    /// Adds settlements that clear, each with the copy that `by_insured` selects. Reversals subtract visits.
    pub(super) fn clear(&mut self, settlements: &DataFrame, visits: i128) -> Outcome<()> {
        self.count_copies("cleared", settlements)?;
        let amounts = || COMPARED_AMOUNTS.iter().map(|field| field.name()).chain(["payable"]);
        let keys = ["insuplc_admdvs", "group", "month"];
        let chosen: Vec<Expr> = keys.into_iter().chain(amounts()).map(chosen).collect();
        let sums = amounts().map(|name| col(name).cast(DataType::Int128).sum());
        let sums: Vec<Expr> = [len().alias("visits")].into_iter().chain(sums).collect();
        let added = settlements.clone().lazy().select(chosen).group_by(keys.map(col)).agg(sums);
        let added = added.collect().map_err(failed)?;
        let text = added.column(keys[0]).and_then(|column| column.str()).map_err(failed)?;
        let number =
            |name: &str| added.column(name).and_then(|column| column.i32()).map_err(failed);
        let (groups, months) = (number("group")?, number("month")?);
        let counts = added.column("visits").and_then(|column| column.u32()).map_err(failed)?;
        let columns: Result<Vec<_>, _> =
            amounts().map(|name| added.column(name).and_then(|column| column.i128())).collect();
        let columns = columns.map_err(failed)?;
        for row in 0..added.height() {
            let (Some(division), Some(group), Some(month)) =
                (text.get(row), groups.get(row), months.get(row))
            else {
                return Err(Failure::Bug(text!("a settlement that cleared has no place")));
            };
            let place = (division.to_owned(), group, month);
            let position = self.positions.entry(place).or_default();
            position[0] += visits * i128::from(counts.get(row).unwrap_or_default());
            for (sum, column) in position[1..].iter_mut().zip(&columns) {
                *sum += column.get(row).unwrap_or_default();
            }
        }
        Ok(())
    }
}

/// Returns the suffix of the columns of a side's copy.
pub(super) fn suffix(side: Side) -> &'static str {
    match side {
        Side::Treating => "",
        Side::Insured => INSURED,
    }
}

/// Whether the copy of a side exists.
pub(super) fn there(side: Side) -> Expr {
    col(format!("key{}", suffix(side))).is_not_null()
}

/// Returns the value of the copy that clears.
pub(super) fn chosen(name: &str) -> Expr {
    let insured = col(format!("{name}{INSURED}"));
    when(col("by_insured")).then(insured).otherwise(col(name)).alias(name)
}

/// Returns the value of the treating copy, or of the insured one when the other is missing.
fn shown(name: &str) -> Expr {
    if name == Field::setl_id.name() {
        return col(name);
    }
    let insured = col(format!("{name}{INSURED}"));
    when(there(Side::Treating)).then(col(name)).otherwise(insured).alias(name)
}

fn no_payable() -> Expr {
    lit(NULL).cast(DataType::Int64)
}

/// The columns that describe a break.
struct Described<'a> {
    of: &'a dyn Fn(&str) -> Expr,
    class: Expr,
    side: Expr,
    fields: Expr,
    payables: [Expr; 2],
    first: Expr,
}

impl Described<'_> {
    fn columns(self, period: Month) -> Vec<Expr> {
        let [treating, insured] = self.payables;
        let zero = |payable: &Expr| payable.clone().fill_null(lit(0));
        let carried = CARRIED.map(|class| self.class.clone().eq(lit(class)));
        let carried = carried.into_iter().reduce(Expr::or).unwrap_or(lit(false));
        let of = self.of;
        vec![
            of("setl_id"),
            self.class.alias("class"),
            self.side.alias("side"),
            self.fields.alias("fields"),
            of("insuplc_admdvs"),
            of("mdtrtarea_admvs"),
            of("insutype"),
            of("med_type"),
            of("month").alias("cost_month"),
            (lit(number(period)) - of("month")).alias("lateness"),
            treating.clone().alias("treating_payable"),
            insured.clone().alias("insured_payable"),
            (zero(&treating) - zero(&insured)).alias("effect"),
            carried.alias("carried"),
            self.first.alias("first_period"),
        ]
    }
}

fn breaks(settlements: &DataFrame, period: Month) -> Outcome<DataFrame> {
    let [treating, insured] = Side::BOTH.map(there);
    let side = when(treating.clone().and(insured.clone()))
        .then(lit("both"))
        .when(treating.clone())
        .then(lit(Side::Treating.name()))
        .otherwise(lit(Side::Insured.name()));
    let both_first = [col("first"), col(format!("first{INSURED}"))];
    let [first, other] = both_first;
    let older =
        when(treating.not().or(other.clone().lt(first.clone()))).then(other).otherwise(first);
    let described = Described {
        of: &shown,
        class: col("class"),
        side,
        fields: col("fields"),
        payables: Side::BOTH.map(|side| col(format!("payable{}", suffix(side)))),
        first: older,
    };
    settlements.clone().lazy().select(described.columns(period)).collect().map_err(failed)
}

/// Returns the open items of a side.
fn carried(settlements: &DataFrame, side: Side) -> Outcome<DataFrame> {
    let own = |name: &str| match name {
        "setl_id" => col(name),
        _ => col(format!("{name}{}", suffix(side))).alias(name),
    };
    let head = [lit(side.name()).alias("side"), own("first").alias("first_period"), col("class")];
    let fields = FIELDS.iter().map(|field| own(field.name()));
    let columns: Vec<Expr> = head.into_iter().chain(fields).collect();
    settlements.clone().lazy().filter(there(side)).select(columns).collect().map_err(failed)
}

/// The sums of a pair.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Gross {
    pub(super) visits: i128,
    pub(super) by_fund: [i128; 2],
}

impl Ledger {
    /// Returns the cleared sums of each pair.
    pub(super) fn by_pair(&self) -> Outcome<BTreeMap<Pair, Gross>> {
        let mut pairs: BTreeMap<Pair, Gross> = BTreeMap::new();
        for ((_, group, _), sums) in &self.positions {
            let (pair, fund, _) = group_of(*group)?;
            let gross = pairs.entry(pair).or_default();
            gross.visits += sums[0];
            gross.by_fund[fund as usize] += sums[14];
        }
        Ok(pairs)
    }
}

/// Decodes the group number of a cleared settlement.
pub(super) fn group_of(group: i32) -> Outcome<(Pair, FundClass, CareClass)> {
    of_group(group).ok_or_else(|| Failure::Bug(text!("no group {}", group)))
}
