//! The recomputed tables of a period. Each column has texts, booleans or numbers.

use std::collections::BTreeMap;

use polars::prelude::{
    Column, DataFrame, DataType, Int128Chunked, IntoLazy, IntoSeries, Series, StringChunked, col,
};

use super::{
    facts::month,
    ledger::{BUCKETS, Ledger, LedgerKey, group_of},
    money::PairRow,
    stored::failed,
};
use crate::{
    diag::Outcome,
    model::{
        codes::{Pair, Side},
        fields::COMPARED_AMOUNTS,
    },
};

/// A table, and the columns for its comparison.
pub(super) struct TableComparison {
    pub(super) name: &'static str,
    /// The columns that identify a row.
    pub(super) key: &'static [&'static str],
    /// The leading money column.
    pub(super) money: Option<&'static str>,
    /// The rows in any order, or `None` when there are none.
    pub(super) rows: Option<DataFrame>,
}

/// Returns every table to compare.
pub(super) fn all(
    ledger: Ledger,
    pairs: &BTreeMap<Pair, PairRow>,
) -> Outcome<Vec<TableComparison>> {
    let control = control(&ledger)?;
    let positions = positions(&ledger.positions)?;
    let row = |name, key, money, rows| TableComparison { name, key, money, rows };
    Ok(vec![
        row("positions", &POSITION, Some("payable"), Some(positions)),
        row("pairs", &PAIR, Some("payable"), Some(self::pairs(pairs)?)),
        row("breaks", &["setl_id", "class", "side"], Some("effect"), stacked(ledger.breaks)?),
        row("break_fields", &["setl_id", "field"], None, stacked(ledger.break_fields)?),
        row("open_items", &["side", "setl_id"], Some("medfee_sumamt"), stacked(ledger.open_items)?),
        row("rejects", &["side", "file", "row"], None, stacked(ledger.rejects)?),
        row("control", &["side", "bucket"], Some("payable"), Some(control)),
    ])
}

const POSITION: [&str; 5] =
    ["insuplc_admdvs", "treating_province", "fund_class", "care_class", "cost_month"];
const PAIR: [&str; 2] = ["insured_province", "treating_province"];
/// The columns of `pairs` that follow from what cleared.
pub(super) const PAIR_NUMBERS: [&str; 9] = [
    "visits",
    "gross",
    "gross_employee",
    "gross_resident",
    "deductions",
    "brought_forward",
    "payable",
    "returned",
    "carried_forward",
];

fn positions(positions: &BTreeMap<LedgerKey, [i128; 15]>) -> Outcome<DataFrame> {
    let mut texts: [Vec<String>; 5] = Default::default();
    for (division, group, number) in positions.keys() {
        let (pair, fund, care) = group_of(*group)?;
        let values = [
            division.clone(),
            pair.treating.to_string(),
            fund.name().to_owned(),
            care.name().to_owned(),
            month(*number).to_string(),
        ];
        texts.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }
    let texts = POSITION.into_iter().zip(texts).map(|(name, values)| text(name, values));
    let amounts = COMPARED_AMOUNTS.iter().map(|field| field.name());
    let names = ["visits"].into_iter().chain(amounts).chain(["payable"]);
    let sums = names.enumerate().map(|(at, name)| number(name, positions.values().map(|s| s[at])));
    DataFrame::new(positions.len(), texts.chain(sums).collect()).map_err(failed)
}

fn pairs(pairs: &BTreeMap<Pair, PairRow>) -> Outcome<DataFrame> {
    let of = |province: fn(&Pair) -> String| pairs.keys().map(province).collect::<Vec<_>>();
    let provinces = [of(|pair| pair.insured.to_string()), of(|pair| pair.treating.to_string())];
    let texts = PAIR.into_iter().zip(provinces).map(|(name, values)| text(name, values));
    let numbers = PAIR_NUMBERS.into_iter().enumerate();
    let numbers =
        numbers.map(|(at, name)| number(name, pairs.values().map(|row| row.numbers()[at])));
    DataFrame::new(pairs.len(), texts.chain(numbers).collect()).map_err(failed)
}

fn control(ledger: &Ledger) -> Outcome<DataFrame> {
    let cells = || Side::BOTH.into_iter().flat_map(|side| BUCKETS.map(|bucket| (side, bucket)));
    let totals = || cells().map(|(side, bucket)| ledger.totals(side, bucket));
    let columns = vec![
        text("side", cells().map(|(side, _)| side.name().to_owned()).collect()),
        text("bucket", cells().map(|(_, bucket)| bucket.to_owned()).collect()),
        number("rows", totals().map(|totals| totals.rows.into())),
        number("medfee_sumamt", totals().map(|totals| totals.medfee)),
        number("payable", totals().map(|totals| totals.payable)),
    ];
    DataFrame::new(cells().count(), columns).map_err(failed)
}

fn text(name: &str, values: Vec<String>) -> Column {
    let values: StringChunked = values.into_iter().collect();
    values.with_name(name.into()).into_series().into()
}

fn number(name: &str, values: impl Iterator<Item = i128>) -> Column {
    let values: Int128Chunked = values.map(Some).collect();
    values.with_name(name.into()).into_series().into()
}

/// Concatenates frames.
fn stacked(frames: Vec<DataFrame>) -> Outcome<Option<DataFrame>> {
    let mut frames = frames.into_iter();
    let Some(mut all) = frames.next() else { return Ok(None) };
    for frame in frames {
        all.vstack_mut_owned(frame).map_err(failed)?;
    }
    for name in ["cost_month", "first_period"] {
        let Ok(numbers) = all.column(name).and_then(|column| column.i32()) else { continue };
        let months: StringChunked =
            numbers.iter().map(|number| number.map(|number| month(number).to_string())).collect();
        let months: Series = months.with_name(name.into()).into_series();
        all.with_column(months.into()).map_err(failed)?;
    }
    let plain = |column: &Column| {
        let number = column.dtype().is_integer();
        let name = col(column.name().clone());
        if number { name.cast(DataType::Int128) } else { name }
    };
    let columns: Vec<_> = all.columns().iter().map(plain).collect();
    all.lazy().select(columns).collect().map(Some).map_err(failed)
}
