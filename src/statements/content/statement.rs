//! The statement of a province: annexes 14-1 to 14-7, and what is open.

use super::{
    CellValue, Content, RowValues, Sheet, Style, Template, is_of, is_of_row,
    known_since::{offered, with_known},
    named, note, province, text,
};
use crate::{
    book::grid::GridRow,
    diag::Outcome,
    judged::GIVEN_BACK,
    model::{
        codes::{Pair, Province},
        fields::Field,
        words::chinese,
    },
};

const PAIR: [&str; 11] = [
    "province",
    "visits",
    "medfee",
    "employee",
    "resident",
    "gross",
    "deductions",
    "brought_forward",
    "payable",
    "returned",
    "carried_forward",
];
const DETAIL: [&str; 14] = [
    "division",
    "province",
    "care",
    "cost_month",
    "visits",
    "medfee",
    "pooled",
    "account",
    "large",
    "civil",
    "assistance",
    "other",
    "payable",
    "fund",
];

impl Content {
    /// Makes annexes 14-1 to 14-7 of a province, and its sheets of pooling areas, deductions and breaks.
    pub(super) fn statement(&self, of: Province, style: &Style) -> Outcome<Vec<Sheet>> {
        let (template, shown) = (&style.template, &of.full_name());
        let pays = self.pair_rows(|pair| (pair.insured == of).then_some(pair.treating));
        let receives = self.pair_rows(|pair| (pair.treating == of).then_some(pair.insured));
        let mut sheets = vec![self.sheet(template, "payable", shown, pays, &PAIR)?];
        for fund in ["employee", "resident"] {
            let rows = self.positions.iter().filter(|row| {
                let pair = row.pair();
                row.text("fund_class") == fund && pair.is_some_and(|pair| pair.insured == of)
            });
            let rows = rows.map(|row| detail(row, style)).collect();
            sheets.push(self.sheet(template, fund, shown, rows, &DETAIL)?);
        }
        for (file, fund) in [
            ("deductions", None),
            ("deductions_employee", Some("employee")),
            ("deductions_resident", Some("resident")),
        ] {
            sheets.push(self.deductions_of(of, file, fund, template)?);
        }
        sheets.push(self.sheet(template, "receivable", shown, receives, &PAIR)?);
        sheets.push(self.areas(of, style)?);
        sheets.extend(self.judged(shown, template, |row| is_of_row(row, of))?);
        sheets.push(self.breaks_of(of, style)?);
        Ok(sheets)
    }

    fn pair_rows(&self, other: impl Fn(Pair) -> Option<Province>) -> Vec<RowValues> {
        let rows = self.pairs.iter().filter_map(|row| {
            let pair = row.pair()?;
            let other = other(pair)?;
            let medfee = self.medfee.get(&pair).copied().unwrap_or_default();
            let fen = |column| CellValue::Money(row.fen(column));
            Some(RowValues::from([
                ("province", CellValue::Text(province(other))),
                ("visits", CellValue::Count(row.number("visits"))),
                ("medfee", CellValue::Money(medfee)),
                ("employee", fen("gross_employee")),
                ("resident", fen("gross_resident")),
                ("gross", fen("gross")),
                ("deductions", fen("deductions")),
                ("brought_forward", fen("brought_forward")),
                ("payable", fen("payable")),
                ("returned", fen("returned")),
                ("carried_forward", fen("carried_forward")),
            ]))
        });
        rows.collect()
    }

    fn deductions_of(
        &self,
        of: Province,
        file: &str,
        fund: Option<&str>,
        template: &Template,
    ) -> Outcome<Sheet> {
        const OFFERED: [&str; 7] =
            ["insured", "treating", "ddct_id", "setl_id", "fund", "amount", "code"];
        let accepted = self.deductions.iter().filter(|row| row.flag("accepted") == Some(true));
        let own = accepted.filter(|row| {
            let of_fund = fund.is_none_or(|fund| row.text("fund_class") == fund);
            of_fund && row.pair().is_some_and(|pair| is_of(pair, of))
        });
        let rows = own.map(|row| {
            RowValues::from([
                ("insured", named(row.text("insured_province"))),
                ("treating", named(row.text("treating_province"))),
                ("ddct_id", text(row.text("ddct_id"))),
                ("setl_id", text(row.text("setl_id"))),
                ("fund", text(chinese(row.text("fund_class")))),
                ("amount", CellValue::Money(row.fen("amount"))),
                ("code", text(if row.text("code") == GIVEN_BACK { "退回" } else { "扣款" })),
            ])
        });
        self.sheet(template, file, &of.full_name(), rows.collect(), &OFFERED)
    }

    fn breaks_of(&self, of: Province, style: &Style) -> Outcome<Sheet> {
        const OFFERED: [&str; 11] = [
            "insured",
            "treating",
            "setl_id",
            "class",
            "fields",
            "cost_month",
            "treating_payable",
            "insured_payable",
            "effect",
            "first_period",
            "note",
        ];
        let own = self.carried().filter_map(|row| {
            let pair = row.pair().filter(|pair| is_of(*pair, of))?;
            Some((pair, row))
        });
        let rows = own.map(|(pair, row)| {
            let payable = |column| match row.fen_or_null(column) {
                Some(fen) => CellValue::Money(fen),
                None => text("无"),
            };
            let values = RowValues::from([
                ("insured", CellValue::Text(province(pair.insured))),
                ("treating", CellValue::Text(province(pair.treating))),
                ("setl_id", text(row.text("setl_id"))),
                ("class", text(chinese(row.text("class")))),
                ("fields", text(row.text("fields"))),
                ("cost_month", text(row.text("cost_month"))),
                ("treating_payable", payable("treating_payable")),
                ("insured_payable", payable("insured_payable")),
                ("effect", CellValue::Money(row.fen("effect"))),
                ("first_period", text(row.text("first_period"))),
                ("note", note(&self.twins, row)),
            ]);
            with_known(values, style, row.text("setl_id"))
        });
        let offered = offered(&OFFERED, style);
        self.sheet(&style.template, "breaks", &of.full_name(), rows.collect(), &offered)
    }
}

/// Makes a row of the details of a fund.
fn detail(row: GridRow, style: &Style) -> RowValues {
    let sum =
        |fields: &[Field]| CellValue::Money(fields.iter().map(|field| row.fen(field.name())).sum());
    RowValues::from([
        ("division", CellValue::Text(style.names.of(row.text("insuplc_admdvs")))),
        ("province", named(row.text("treating_province"))),
        ("fund", text(chinese(row.text("fund_class")))),
        ("care", text(chinese(row.text("care_class")))),
        ("cost_month", text(row.text("cost_month"))),
        ("visits", CellValue::Count(row.number("visits"))),
        ("medfee", sum(&[Field::medfee_sumamt])),
        ("pooled", sum(&[Field::hifp_pay])),
        ("account", sum(&[Field::acct_pay])),
        ("large", sum(&[Field::hifmi_pay, Field::hifob_pay])),
        ("civil", sum(&[Field::cvlserv_pay])),
        ("assistance", sum(&[Field::maf_pay])),
        ("other", sum(&[Field::hifes_pay, Field::hifdm_pay, Field::oth_pay])),
        ("payable", CellValue::Money(row.fen("payable"))),
    ])
}
