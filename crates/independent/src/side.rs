//! Steps 1 to 4 of the reconciliation: processes the rows of one side alone.

use polars::prelude::{
    DataFrame, Expr, IntoLazy, JoinType, LazyFrame, SortMultipleOptions, UnionArgs,
    UniqueKeepStrategy, coalesce, col, cols, concat, len, lit,
};

use super::{
    facts::{columns, number},
    ledger::Ledger,
    stored::failed,
};
use crate::{
    diag::Outcome,
    model::{
        codes::{Month, Side},
        fields::{COMPARED_AMOUNTS, IDENTITY_FIELDS},
    },
};

/// The identity fields with the cost month, in the order of comparison.
pub(super) const IDENTITY: [&str; IDENTITY_FIELDS.len() + 1] = {
    let mut names = ["month"; IDENTITY_FIELDS.len() + 1];
    let mut at = 0;
    while at < IDENTITY_FIELDS.len() {
        names[at] = IDENTITY_FIELDS[at].name();
        at += 1;
    }
    names
};

/// Returns every compared column, in the order of the contract.
pub(super) fn compared() -> impl Iterator<Item = &'static str> {
    IDENTITY.into_iter().chain(COMPARED_AMOUNTS.iter().map(|field| field.name()))
}

/// The result of steps 1 to 4 for a side.
pub(super) struct AfterSide {
    /// At most one copy of each settlement.
    pub(super) copies: DataFrame,
    /// Rows of settlements that were voided in an earlier period, one for each settlement.
    pub(super) voided_again: DataFrame,
}

/// Applies steps 1 to 4 to a side's rows of a partition, delivered and open. `registered` has `key`, `check` and
/// `kind` of their keys in the register.
pub(super) fn settle(
    side: Side,
    rows: &DataFrame,
    registered: &DataFrame,
    period: Month,
    ledger: &mut Ledger,
) -> Outcome<AfterSide> {
    let open = rows.clone().lazy().filter(col("open")).collect().map_err(failed)?;
    ledger.count(side, "opened", &open)?;
    let (new, voided_again) = not_registered(side, rows, registered, ledger)?;

    let of_open = open.clone().lazy().select([col("setl_id"), col("first").alias("opened_first")]);
    let on = [col("setl_id")];
    let new =
        new.lazy().left_join(of_open, col("setl_id"), col("setl_id")).collect().map_err(failed)?;
    let ids = new.clone().lazy().select(&on);
    let superseded = open.clone().lazy().semi_join(ids.clone(), col("setl_id"), col("setl_id"));
    ledger.count(side, "superseded", &superseded.collect().map_err(failed)?)?;
    let still_open = open.lazy().anti_join(ids, col("setl_id"), col("setl_id"));

    let kept = one_each(side, &new, period, ledger)?;
    let mut in_time = Vec::new();
    for (copies, class) in [(kept.lazy(), "late_refused"), (still_open, "expired")] {
        let copies = copies.collect().map_err(failed)?;
        let late = copies.clone().lazy().filter(col("late")).collect().map_err(failed)?;
        ledger.add_row_breaks(side, class, &late)?;
        in_time.push(copies.lazy().filter(col("late").not()));
    }
    let copies = concat(in_time, UnionArgs::default()).and_then(LazyFrame::collect);
    Ok(AfterSide { copies: copies.map_err(failed)?, voided_again })
}

/// Step 1: removes rows whose keys are in the register.
fn not_registered(
    side: Side,
    rows: &DataFrame,
    registered: &DataFrame,
    ledger: &mut Ledger,
) -> Outcome<(DataFrame, DataFrame)> {
    let keys = || [col("key"), col("check")];
    let known = registered.clone().lazy().select([col("key"), col("check"), col("kind")]);
    let new = rows.clone().lazy().filter(col("open").not());
    let new = new.join(known, keys(), keys(), JoinType::Left.into());
    let new = new.collect().map_err(failed)?;
    let of_kind = |kinds: Expr| {
        new.clone().lazy().filter(kinds).drop(cols(["kind"])).collect().map_err(failed)
    };
    ledger.add_row_breaks(side, "already_cleared", &of_kind(col("kind").lt(lit(2)))?)?;
    let voided = of_kind(col("kind").eq(lit(2)))?;
    ledger.count(side, "voided", &voided)?;
    // The break shows one of several rows. This order does not depend on files: null first, then texts by their bytes
    // and amounts by their size.
    let order: Vec<&str> = compared().collect();
    let first = voided
        .sort(order, SortMultipleOptions::default().with_maintain_order(true))
        .and_then(|sorted| {
            sorted.unique_stable(Some(&["setl_id".into()]), UniqueKeepStrategy::First, None)
        });
    Ok((of_kind(col("kind").is_null())?, first.map_err(failed)?))
}

/// Steps 2 and 3: removes duplicates and conflicts. A row that supersedes an open item keeps its first period.
fn one_each(side: Side, new: &DataFrame, period: Month, ledger: &mut Ledger) -> Outcome<DataFrame> {
    let id = || col("setl_id");
    let more_than_one =
        |rows: LazyFrame| rows.group_by([id()]).agg([len()]).filter(col("len").gt(lit(1)));
    let columns: Vec<Expr> = columns().map(col).collect();
    let first = coalesce(&[col("opened_first"), col("first")]).alias("first");
    let replacing = new.clone().lazy().with_column(first).select(columns);
    let repeated = more_than_one(new.clone().lazy());
    let order = SortMultipleOptions::default;
    let again = replacing.clone().semi_join(repeated.clone(), id(), id());
    let again = again.sort(["file", "row"], order()).collect().map_err(failed)?;

    let all = ["setl_id"].into_iter().chain(compared());
    let variants = again.clone().lazy().unique(Some(cols(all)), UniqueKeepStrategy::Any);
    let differing = more_than_one(variants).collect().map_err(failed)?.lazy();
    let conflict = again.clone().lazy().semi_join(differing.clone(), id(), id());
    ledger.add_row_breaks(side, "conflict", &conflict.collect().map_err(failed)?)?;

    let equal = again.lazy().anti_join(differing, id(), id()).sort(["file", "row"], order());
    let equal = equal.collect().map_err(failed)?;
    let first =
        equal.clone().lazy().unique_stable(Some(cols(["setl_id"])), UniqueKeepStrategy::First);
    let first = first.collect().map_err(failed)?;
    let place = [col("file"), col("row")];
    let others = equal.lazy().join(first.clone().lazy(), &place, &place, JoinType::Anti.into());
    let duplicates = others.with_column(lit(number(period)).alias("first"));
    ledger.add_row_breaks(side, "duplicate", &duplicates.collect().map_err(failed)?)?;
    let once = replacing.anti_join(repeated, id(), id());
    concat([once, first.lazy()], UnionArgs::default()).and_then(LazyFrame::collect).map_err(failed)
}
