//! The row rules V01 to V18 (contract §3), as expressions over columns.

use polars::prelude::{
    BooleanChunked, DataFrame, DataType, Expr, IntoLazy, IntoSeries, NULL, NamedFrom,
    StringChunked, col, lit, when,
};

use super::{facts::number, stored::failed};
use crate::{
    diag::Outcome,
    model::{
        codes::{CareClass, Month},
        fields::{AMOUNT_FIELDS, COMPARED_AMOUNTS, FIELDS, FUNDS, Field, SCOPE, SHARES},
        money::FEN_LIMIT,
    },
};

/// The most characters of a key or number (V14).
const LONGEST: usize = 40;
/// The days 2000-01-01 and 2100-01-01, counted from 1970-01-01. Times must lie between them (V17).
const FIRST_DAY: i64 = 30 * 365 + 7;
const END_DAY: i64 = 130 * 365 + 32;

/// Adds a column for each rule, `V01` to `V18`, true where a row breaks it, and `broken` for any rule.
pub(super) fn judge(frame: &mut DataFrame, period: Month) -> Outcome<()> {
    for (name, mask) in [("institution", institutions(frame)?), ("long", lengths(frame)?)] {
        frame.with_column(mask.with_name(name.into()).into_series().into()).map_err(failed)?;
    }
    let rules = rules(period);
    let named = rules.iter().map(|(name, rule)| rule.clone().fill_null(lit(false)).alias(*name));
    let any = rules.iter().map(|(name, _)| col(*name)).reduce(Expr::or).unwrap_or(lit(false));
    let judged = frame
        .clone()
        .lazy()
        .with_columns(named.collect::<Vec<_>>())
        .with_column(any.alias("broken"))
        .collect();
    *frame = judged.map_err(failed)?;
    Ok(())
}

/// Returns the rejects of judged rows: row, setl_id, and the codes of the broken rules.
pub(super) fn rejects(broken: &DataFrame) -> Outcome<DataFrame> {
    let names: Vec<String> = (1..=18).map(|rule| format!("V{rule:02}")).collect();
    let masks: Result<Vec<_>, _> =
        names.iter().map(|name| broken.column(name).and_then(|mask| mask.bool())).collect();
    let masks = masks.map_err(failed)?;
    let codes = (0..broken.height()).map(|row| {
        let broke = names.iter().zip(&masks).filter(|(_, mask)| mask.get(row) == Some(true));
        broke.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(",")
    });
    let codes = StringChunked::new("rules".into(), codes.collect::<Vec<_>>());
    let mut rejects = broken.select(["row", "setl_id"]).map_err(failed)?;
    rejects.with_column(codes.into_series().into()).map_err(failed)?;
    Ok(rejects)
}

fn rules(period: Month) -> [(&'static str, Expr); 18] {
    let there = |field: Field| col(field.name()).is_not_null();
    let any =
        |expressions: Vec<Expr>| expressions.into_iter().reduce(Expr::or).unwrap_or(lit(false));
    let missing =
        FIELDS.into_iter().filter(|field| field.required()).map(|field| there(field).not());
    let unknown = |field: Field, code: &str| there(field).and(col(code).is_null());
    let chronic = col("care").eq(lit(CareClass::Chronic as i32));
    let not_open = col("since").is_null().or(col("day").lt(col("since")));
    let disease = there(Field::dise_codg);
    let dated = col("day").gt_eq(lit(FIRST_DAY)).and(col("day").lt(lit(END_DAY)));
    let not_open = disease.clone().not().or(dated.clone().and(not_open));
    let reversal = there(Field::init_setl_id);
    let signs = COMPARED_AMOUNTS.iter().map(|field| {
        let value = || col(field.name());
        when(reversal.clone())
            .then(value().gt(lit(0)))
            .otherwise(value().lt(lit(0)))
            .and(is_fraction(*field).not())
            .fill_null(lit(false))
    });
    let all_scope = SCOPE.map(there).into_iter().reduce(Expr::and);
    let large = AMOUNT_FIELDS
        .iter()
        .map(|field| fits(*field).not().and(is_fraction(*field).not()).fill_null(lit(false)));
    let says = |field: Field, text: &'static str| col(field.name()).eq(lit(text));
    let no_flag = [Field::refd_setl_flag, Field::fulamt_advpay_flag]
        .map(|field| there(field).and(says(field, "0").or(says(field, "1")).not()));
    [
        ("V01", any(missing.collect())),
        (
            "V02",
            unknown(Field::insuplc_admdvs, "insured")
                .or(unknown(Field::mdtrtarea_admvs, "treating")),
        ),
        ("V03", col("insured").eq(col("treating"))),
        ("V04", unknown(Field::insutype, "fund")),
        ("V05", unknown(Field::med_type, "care")),
        ("V06", chronic.and(not_open)),
        ("V07", unequal(Field::fund_pay_sumamt, &FUNDS)),
        ("V08", unequal(Field::medfee_sumamt, &SHARES)),
        ("V09", any(signs.collect())),
        ("V10", col("month").gt(lit(number(period)))),
        ("V11", col("institution")),
        ("V12", says(Field::fulamt_advpay_flag, "1")),
        ("V13", all_scope.unwrap_or(lit(false)).and(unequal(Field::medfee_sumamt, &SCOPE))),
        ("V14", col("long")),
        ("V15", any(large.collect())),
        ("V16", any(no_flag.into())),
        ("V17", dated.not()),
        ("V18", col("fractions").neq(lit(0u32))),
    ]
}

/// Whether an amount is not the sum of its parts. Null where a needed value is null or too large.
fn unequal(total: Field, parts: &[Field]) -> Expr {
    let parts = parts.iter().map(|field| judged(*field));
    let sum = parts.reduce(|sum, part| sum + part).unwrap_or(lit(0));
    judged(total).neq(sum)
}

/// Returns an amount that rules can judge. Null where a required amount is missing, is too large or has a fraction of
/// a fen.
fn judged(field: Field) -> Expr {
    let value = col(field.name());
    let value = if field.required() { value } else { value.fill_null(lit(0)) };
    let fit = fits(field).neq_missing(lit(false)).and(is_fraction(field).not());
    when(fit).then(value).otherwise(lit(NULL)).cast(DataType::Int64)
}

/// Whether an amount had a fraction of a fen.
fn is_fraction(field: Field) -> Expr {
    let place = AMOUNT_FIELDS.iter().position(|amount| *amount == field);
    let bit = place.map_or(0, |place| 1u32 << place);
    col("fractions").and(lit(bit)).neq(lit(0u32))
}

/// Whether an amount fits `DECIMAL(16,2)`. Null where it is null.
fn fits(field: Field) -> Expr {
    let limit = FEN_LIMIT.fen();
    col(field.name()).gt(lit(-limit)).and(col(field.name()).lt(lit(limit)))
}

/// V11: whether a code is not `H` or `P` followed by 11 letters or digits.
fn institutions(frame: &DataFrame) -> Outcome<BooleanChunked> {
    let codes = frame.column(Field::fixmedins_code.name()).and_then(|codes| codes.str());
    let wrong = |code: &str| {
        let (first, rest) = code.as_bytes().split_first().unwrap_or((&0, &[]));
        !matches!(first, b'H' | b'P')
            || rest.len() != 11
            || !rest.iter().all(u8::is_ascii_alphanumeric)
    };
    Ok(codes.map_err(failed)?.iter().map(|code| code.map(wrong)).collect())
}

/// V14: whether a key or number is too long.
fn lengths(frame: &DataFrame) -> Outcome<BooleanChunked> {
    let mut long = vec![false; frame.height()];
    for field in [Field::setl_id, Field::init_setl_id, Field::psn_no, Field::mdtrt_id] {
        let texts = frame.column(field.name()).and_then(|texts| texts.str()).map_err(failed)?;
        for (long, text) in long.iter_mut().zip(texts.iter()) {
            *long |= text.is_some_and(|text| text.chars().count() > LONGEST);
        }
    }
    Ok(long.into_iter().collect())
}
