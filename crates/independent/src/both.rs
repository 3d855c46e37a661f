//! Steps 5 to 7 of the reconciliation: compares the copies of both sides.

use polars::prelude::{
    DataFrame, DataType, Expr, IntoLazy, IntoSeries, JoinCoalesce, JoinType, JoinValidation,
    LazyFrame, NULL, Series, StringChunked, UInt32Chunked, UInt64Chunked, UnionArgs, col, cols,
    concat, concat_str, lit, when,
};

use super::{
    facts::{key, month},
    ledger::{INSURED, Ledger, chosen, there},
    side::{IDENTITY, compared},
    stored::failed,
};
use crate::{
    diag::Outcome,
    model::{
        codes::Side,
        money::{Fen, yuan},
    },
};

/// The result of steps 5 to 7.
pub(super) struct AfterMatch {
    /// Normal settlements that clear: `setl_id`, `key`, `group`, `payable`.
    pub(super) normal: DataFrame,
    /// Reversals for step 8, with both copies, `by_insured`, `decision`, and `original` with its key.
    pub(super) reversals: DataFrame,
}

/// Joins the remaining copies of both sides, applies the decisions (`setl_id`, `decision`), and compares.
pub(super) fn compare(
    copies: [DataFrame; 2],
    decisions: &DataFrame,
    ledger: &mut Ledger,
) -> Outcome<AfterMatch> {
    let settlements = classified(copies, decisions)?;
    let of = |which: Expr| settlements.clone().lazy().filter(which).collect().map_err(failed);
    let decision = || col("decision");
    let voided = decision().eq_missing(lit("void"));
    let held = decision().is_null().and(col("class").is_not_null());

    let gone = of(voided.clone())?.lazy().with_columns([
        lit("voided").alias("class"),
        lit(NULL).cast(DataType::String).alias("fields"),
    ]);
    ledger.add_breaks(&gone.collect().map_err(failed)?)?;
    let held_now = of(held.clone())?;
    ledger.add_breaks(&held_now)?;
    if let Some(fields) = break_fields(&held_now)? {
        ledger.break_fields.push(fields);
    }

    let rest = of(voided.or(held).not())?
        .lazy()
        .with_column(decision().eq_missing(lit("accept_insured")).alias("by_insured"));
    let rest = rest.with_column(chosen("init_setl_id").alias("original"));
    let rest = with_keys(rest.drop(cols(["class", "fields"])).collect().map_err(failed)?)?.lazy();
    let normal = rest.clone().filter(col("original").is_null()).collect().map_err(failed)?;
    ledger.clear(&normal, 1)?;
    let key = when(there(Side::Treating)).then(col("key")).otherwise(col(format!("key{INSURED}")));
    let normal = normal.lazy().select([col("setl_id"), key, chosen("group"), chosen("payable")]);
    let reversals = rest.filter(col("original").is_not_null());
    Ok(AfterMatch {
        normal: normal.collect().map_err(failed)?,
        reversals: reversals.collect().map_err(failed)?,
    })
}

/// Adds the keys of originals.
fn with_keys(mut settlements: DataFrame) -> Outcome<DataFrame> {
    let originals =
        settlements.column("original").and_then(|column| column.str()).map_err(failed)?;
    let keys: Vec<_> = originals.iter().map(|original| original.map(key)).collect();
    let high: UInt64Chunked = keys.iter().map(|key| key.map(|(high, _)| high)).collect();
    let low: UInt32Chunked = keys.iter().map(|key| key.map(|(_, low)| low)).collect();
    let columns = [("original_key", high.into_series()), ("original_check", low.into_series())];
    for (name, series) in columns {
        settlements.with_column(series.with_name(name.into()).into()).map_err(failed)?;
    }
    Ok(settlements)
}

/// Returns each settlement with both copies, its `decision`, its `class` of step 6 or 7 and the differing `fields`.
fn classified(copies: [DataFrame; 2], decisions: &DataFrame) -> Outcome<DataFrame> {
    let decisions = decisions.clone().lazy();
    let both = joined(copies).left_join(decisions, col("setl_id"), col("setl_id"));
    let any =
        |fields: Vec<&str>| fields.into_iter().map(differs).reduce(Expr::or).unwrap_or(lit(false));
    let names: Vec<&str> = compared().collect();
    let (identity, amounts) = names.split_at(IDENTITY.len());
    let class = when(there(Side::Insured).not())
        .then(lit("missing_insured"))
        .when(there(Side::Treating).not())
        .then(lit("missing_treating"))
        .when(any(identity.to_vec()))
        .then(lit("field_mismatch"))
        .when(any(amounts.to_vec()))
        .then(lit("amount_mismatch"))
        .otherwise(lit(NULL));
    let listed =
        names.iter().map(|name| when(differs(name)).then(lit(field(name))).otherwise(lit(NULL)));
    let listed = concat_str(listed.collect::<Vec<_>>(), ",", true);
    let mismatch = there(Side::Treating).and(there(Side::Insured)).and(col("class").is_not_null());
    let fields = when(mismatch).then(listed).otherwise(lit(NULL)).alias("fields");
    both.with_column(class.alias("class")).with_column(fields).collect().map_err(failed)
}

/// Joins the copies of both sides by settlement.
fn joined(copies: [DataFrame; 2]) -> LazyFrame {
    let [treating, insured] = copies.map(IntoLazy::lazy);
    treating
        .join_builder()
        .with(insured)
        .how(JoinType::Full)
        .coalesce(JoinCoalesce::CoalesceColumns)
        .validate(JoinValidation::OneToOne)
        .on([col("setl_id")])
        .suffix(INSURED)
        .finish()
}

/// Adds a break for each settlement that was voided in an earlier period and came again. Its rows are counted
/// elsewhere.
pub(super) fn voided_again(rows: [DataFrame; 2], ledger: &mut Ledger) -> Outcome<()> {
    let again = joined(rows).with_columns([
        lit("voided").alias("class"),
        lit(NULL).cast(DataType::String).alias("fields"),
    ]);
    ledger.describe(&again.collect().map_err(failed)?)
}

/// Whether the copies differ in a compared column.
fn differs(name: &str) -> Expr {
    col(name).neq_missing(col(format!("{name}{INSURED}")))
}

/// Returns the contract's name of a compared column.
fn field(name: &str) -> &str {
    if name == "month" { "cost_month" } else { name }
}

/// Returns both values of each differing field.
fn break_fields(held: &DataFrame) -> Outcome<Option<DataFrame>> {
    let mismatches = held.clone().lazy().filter(col("fields").is_not_null()).collect();
    let mismatches = mismatches.map_err(failed)?;
    if mismatches.height() == 0 {
        return Ok(None);
    }
    let mut all = Vec::new();
    for name in compared() {
        let differing =
            mismatches.clone().lazy().filter(differs(name)).collect().map_err(failed)?;
        let mut fields = differing.select(["setl_id"]).map_err(failed)?;
        let values = [("treating_value", ""), ("insured_value", INSURED)];
        for (column, suffix) in values {
            let value = differing.column(&format!("{name}{suffix}")).map_err(failed)?;
            let value = as_text(name, value.as_materialized_series())?.with_name(column.into());
            fields.with_column(value.into_series().into()).map_err(failed)?;
        }
        all.push(fields.lazy().with_column(lit(field(name)).alias("field")));
    }
    let columns = ["setl_id", "field", "treating_value", "insured_value"].map(col);
    let all = concat(all, UnionArgs::default()).map(|all| all.select(columns));
    all.and_then(LazyFrame::collect).map(Some).map_err(failed)
}

/// Returns a compared value as people write it.
fn as_text(name: &str, values: &Series) -> Outcome<StringChunked> {
    Ok(match values.dtype() {
        DataType::String => values.str().map_err(failed)?.clone(),
        DataType::Int32 if name == "month" => {
            let months = values.i32().map_err(failed)?;
            months.iter().map(|number| number.map(|number| month(number).to_string())).collect()
        }
        _ => values
            .i64()
            .map_err(failed)?
            .iter()
            .map(|fen| fen.map(|fen| yuan(Fen::new(fen))))
            .collect(),
    })
}
