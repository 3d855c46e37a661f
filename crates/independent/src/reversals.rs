//! Step 8 of the reconciliation: joins reversals with their originals, for one partition of originals.

use polars::prelude::{
    DataFrame, DataType, Expr, IntoLazy, JoinType, NULL, SortMultipleOptions, UniqueKeepStrategy,
    coalesce, col, cols, lit, when,
};

use super::{
    ledger::{Ledger, chosen},
    stored::failed,
};
use crate::diag::Outcome;

/// The known originals of a partition.
pub(super) struct Originals<'a> {
    /// Normal settlements that clear now: `setl_id`, `group`, `payable`.
    pub(super) cleared: &'a DataFrame,
    /// Rows of the register: `key`, `check`, `kind`, `group`, `payable`.
    pub(super) registered: &'a DataFrame,
    /// Keys that were reversed earlier: `key`, `check`.
    pub(super) reversed: &'a DataFrame,
}

/// Settles reversals. Returns the setl_ids that are reversed now.
pub(super) fn settle(
    reversals: &DataFrame,
    originals: &Originals,
    ledger: &mut Ledger,
) -> Outcome<Vec<String>> {
    let classified = classified(reversals, originals)?;
    let held = col("decision").is_null().and(col("class").is_not_null());
    let of = |which: Expr| classified.clone().lazy().filter(which).collect().map_err(failed);
    ledger.add_breaks(&of(held.clone())?)?;

    // Of several reversals of an original, the one with the smallest setl_id comes first.
    let order = SortMultipleOptions::default();
    let eligible = of(held.not())?.lazy().sort(["setl_id"], order).collect().map_err(failed)?;
    let fresh = eligible.clone().lazy().filter(col("reversed_earlier").is_null());
    let first = fresh.unique_stable(Some(cols(["original"])), UniqueKeepStrategy::First);
    let first = first.collect().map_err(failed)?;
    ledger.clear(&first, -1)?;
    let id = || col("setl_id");
    let too_late = eligible.lazy().anti_join(first.clone().lazy(), id(), id());
    let too_late = too_late.with_column(lit("already_reversed").alias("class"));
    ledger.add_breaks(&too_late.collect().map_err(failed)?)?;
    let reversed = first.column("original").and_then(|column| column.str()).map_err(failed)?;
    Ok(reversed.iter().flatten().map(str::to_owned).collect())
}

/// Returns reversals with the break `class` of step 8, or null, and whether they were `reversed_earlier`.
fn classified(reversals: &DataFrame, originals: &Originals) -> Outcome<DataFrame> {
    let now = originals.cleared.clone().lazy().select([
        col("setl_id").alias("original"),
        col("group").alias("group_now"),
        col("payable").alias("payable_now"),
    ]);
    let key = || [col("key").alias("original_key"), col("check").alias("original_check")];
    let [high, low] = key();
    let earlier = originals.registered.clone().lazy().filter(col("kind").eq(lit(0))).select([
        high,
        low,
        col("group").alias("group_earlier"),
        col("payable").alias("payable_earlier"),
    ]);
    let [high, low] = key();
    let reversed = originals.reversed.clone().lazy();
    let reversed = reversed.select([high, low, lit(true).alias("reversed_earlier")]);
    let on = [col("original_key"), col("original_check")];
    let found = reversals.clone().lazy().left_join(now, col("original"), col("original"));
    let found = found.join(earlier, &on, &on, JoinType::Left.into());
    let found = found.join(reversed, &on, &on, JoinType::Left.into());
    let group = coalesce(&[col("group_now"), col("group_earlier")]);
    let payable = coalesce(&[col("payable_now"), col("payable_earlier")]);
    let fits = group.clone().eq(chosen("group")).and((payable + chosen("payable")).eq(lit(0)));
    let class = when(group.is_null())
        .then(lit("reversal_unpaired"))
        .when(fits.not())
        .then(lit("reversal_mismatch"))
        .otherwise(lit(NULL));
    let fields = lit(NULL).cast(DataType::String).alias("fields");
    found.with_columns([class.alias("class"), fields]).collect().map_err(failed)
}
