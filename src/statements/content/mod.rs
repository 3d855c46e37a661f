//! The content of the forms of a period, computed from its tables.

use std::collections::{BTreeMap, BTreeSet};

mod judged;
mod verification;

use super::{
    capital::capitals,
    sheet::{CellValue, Sheet, Workbook},
    style::Style,
    template::{RowValues, Template},
    words::province,
};
use crate::{
    book::{
        ClosedPeriod,
        grid::{Grid, GridRow, pair_of_notice},
        twins::{Twins, visible},
    },
    diag::{Failure, Outcome},
    judged::GIVEN_BACK,
    model::{
        codes::{Month, Pair, Province},
        fields::Field,
        money::FenSum,
        words::chinese,
    },
};

/// The tables of a period from which forms are made.
pub(super) struct Content {
    period: Month,
    pairs: Grid,
    positions: Grid,
    quotas: Grid,
    deductions: Grid,
    payments: Grid,
    breaks: Grid,
    notices: Grid,
    break_fields: Grid,
    open_items: Grid,
    /// Total cost of each pair in fen. The table `pairs` does not have it.
    medfee: BTreeMap<Pair, FenSum>,
    twins: Twins,
}

const PAIR: [&str; 10] = [
    "province",
    "visits",
    "medfee",
    "employee",
    "resident",
    "gross",
    "deductions",
    "brought_forward",
    "payable",
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
    pub(super) fn read(closed: &ClosedPeriod) -> Outcome<Content> {
        let positions = closed.table("positions")?;
        let mut medfee = BTreeMap::new();
        for row in positions.iter() {
            if let Some(pair) = row.pair() {
                *medfee.entry(pair).or_default() += row.fen("medfee_sumamt");
            }
        }
        let breaks = closed.table("breaks")?;
        Ok(Content {
            twins: Twins::of(&breaks),
            breaks,
            period: closed.month,
            positions,
            medfee,
            pairs: closed.table("pairs")?,
            quotas: closed.table("quotas")?,
            deductions: closed.table("deductions")?,
            payments: closed.table("payments")?,
            notices: closed.table("notices")?,
            break_fields: closed.table("break_fields")?,
            open_items: closed.table("open_items")?,
        })
    }

    /// Returns the sum of what all provinces pay, in fen.
    pub(super) fn payable(&self) -> FenSum {
        self.pairs.sum("payable")
    }

    pub(super) fn notices(&self) -> u64 {
        self.notices.rows as u64
    }

    /// Fails when the positions of a pair do not add up to its gross amount, or when a pair is missing.
    pub(super) fn prove(&self) -> Outcome<()> {
        let mut detailed: BTreeMap<Pair, FenSum> = BTreeMap::new();
        for row in self.positions.iter() {
            if let Some(pair) = row.pair() {
                *detailed.entry(pair).or_default() += row.fen("payable");
            }
        }
        for row in self.pairs.iter() {
            let Some(pair) = row.pair() else { continue };
            let (gross, positions) = (row.fen("gross"), detailed.remove(&pair).unwrap_or_default());
            if gross != positions {
                let problem = text!("pairs and positions of {} differ for {}", self.period, pair)
                    .hinting(text!("verify the book"));
                return Err(Failure::Book(problem));
            }
        }
        Failure::unless(detailed.values().all(|fen| fen.is_zero()), || text!("a pair is missing"))
    }

    /// Returns the provinces that pay or are paid, or have a carried break.
    pub(super) fn provinces(&self) -> Vec<Province> {
        let mut found = BTreeSet::new();
        let pairs = self.pairs.iter().filter_map(|row| row.pair());
        let breaks = self.carried().filter_map(|row| row.pair());
        for pair in pairs.chain(breaks) {
            found.extend([pair.insured, pair.treating]);
        }
        found.into_iter().collect()
    }

    fn carried(&self) -> impl Iterator<Item = GridRow<'_>> {
        self.breaks.iter().filter(|row| row.flag("carried") == Some(true))
    }

    /// Makes the workbook of the nation.
    pub(super) fn nation(&self, template: &Template) -> Outcome<Vec<Workbook>> {
        let mut sheets = vec![self.national(template)?, self.quota_changes(template)?];
        sheets.extend(self.judged("全国", template, |_| true)?);
        Ok(vec![Workbook { folder: "national".to_owned(), name: "statement", sheets }])
    }

    /// Makes the workbooks of a province.
    pub(super) fn province(&self, of: Province, style: &Style) -> Outcome<Vec<Workbook>> {
        let template = &style.template;
        let sheets = [
            ("statement", self.statement(of, template)?),
            ("notices", self.notices_of(of, template)?),
            ("verification", self.verification(of, style)?),
        ];
        let workbook = |(name, sheets)| Workbook { folder: of.to_string(), name, sheets };
        Ok(sheets.map(workbook).into_iter().filter(|book| !book.sheets.is_empty()).collect())
    }

    fn sheet(
        &self,
        template: &Template,
        file: &str,
        of: &str,
        rows: Vec<RowValues>,
        offered: &[&str],
    ) -> Outcome<Sheet> {
        template.sheet(file, of, &self.period.to_string(), rows, offered)
    }

    /// Makes F1: each province, what it pays and what it receives.
    fn national(&self, template: &Template) -> Outcome<Sheet> {
        const OFFERED: [&str; 12] = [
            "province",
            "payable_visits",
            "payable_medfee",
            "payable_gross",
            "payable_deductions",
            "payable_amount",
            "receivable_visits",
            "receivable_medfee",
            "receivable_gross",
            "receivable_deductions",
            "receivable_amount",
            "net",
        ];
        let columns = ["visits", "medfee", "gross", "deductions", "payable"];
        let mut sums: BTreeMap<Province, [[FenSum; 5]; 2]> = BTreeMap::new();
        for row in self.pairs.iter() {
            let Some(pair) = row.pair() else { continue };
            let values = columns.map(|column| match column {
                "medfee" => self.medfee.get(&pair).copied().unwrap_or_default(),
                column => row.fen(column),
            });
            for (side, province) in [pair.insured, pair.treating].into_iter().enumerate() {
                let sums = &mut sums.entry(province).or_default()[side];
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
        }
        let rows = sums.into_iter().map(|(of, [pays, receives])| {
            let mut values = RowValues::from([("province", CellValue::Text(province(of)))]);
            let sides = OFFERED[1..11].iter().zip(pays.into_iter().chain(receives));
            for (at, (name, sum)) in sides.enumerate() {
                let value =
                    if at % 5 == 0 { CellValue::Count(sum.fen()) } else { CellValue::Money(sum) };
                values.insert(*name, value);
            }
            values.insert("net", CellValue::Money(receives[4] - pays[4]));
            values
        });
        self.sheet(template, "national", "全国", rows.collect(), &OFFERED)
    }

    /// Makes F14: quotas that notices change.
    fn quota_changes(&self, template: &Template) -> Outcome<Sheet> {
        const OFFERED: [&str; 9] = [
            "notice_id",
            "insured",
            "treating",
            "kind",
            "quota",
            "next_quota",
            "payer",
            "payee",
            "amount",
        ];
        let quotas: BTreeMap<Pair, GridRow> =
            self.quotas.iter().filter_map(|row| Some((row.pair()?, row))).collect();
        let rows = self.notices.iter().filter(|row| row.text("kind") != "QS").filter_map(|row| {
            let pair = row.pair()?;
            let quota = |column| {
                CellValue::Money(quotas.get(&pair).map_or(FenSum::ZERO, |quota| quota.fen(column)))
            };
            let amount = row.fen("amount");
            let proposal = row.text("kind") == "JJ";
            let next = if proposal {
                let next = quotas.get(&pair).map_or(FenSum::ZERO, |quota| quota.fen("next_quota"));
                CellValue::Money(next + amount)
            } else {
                quota("next_quota")
            };
            Some(RowValues::from([
                ("notice_id", text(row.text("notice_id"))),
                ("insured", CellValue::Text(province(pair.insured))),
                ("treating", CellValue::Text(province(pair.treating))),
                ("kind", text(if proposal { "紧急调增" } else { "年度调整" })),
                ("quota", quota("quota")),
                ("next_quota", next),
                ("payer", named(row.text("payer"))),
                ("payee", named(row.text("payee"))),
                ("amount", CellValue::Money(amount)),
            ]))
        });
        self.sheet(template, "quotas", "全国", rows.collect(), &OFFERED)
    }

    /// Makes F2 to F7 of a province, and its sheets of deductions and breaks.
    fn statement(&self, of: Province, template: &Template) -> Outcome<Vec<Sheet>> {
        let shown = &of.full_name();
        let pays = self.pair_rows(|pair| (pair.insured == of).then_some(pair.treating));
        let receives = self.pair_rows(|pair| (pair.treating == of).then_some(pair.insured));
        let mut sheets = vec![
            self.sheet(template, "payable", shown, pays, &PAIR)?,
            self.sheet(template, "receivable", shown, receives, &PAIR)?,
        ];
        for fund in ["employee", "resident"] {
            let rows = self.positions.iter().filter(|row| {
                let pair = row.pair();
                row.text("fund_class") == fund && pair.is_some_and(|pair| pair.insured == of)
            });
            let rows = rows.map(detail).collect();
            sheets.push(self.sheet(template, fund, shown, rows, &DETAIL)?);
        }
        sheets.push(self.deductions_of(of, template)?);
        sheets.extend(self.judged(shown, template, |row| is_of_row(row, of))?);
        sheets.push(self.breaks_of(of, template)?);
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
                ("carried_forward", fen("carried_forward")),
            ]))
        });
        rows.collect()
    }

    fn deductions_of(&self, of: Province, template: &Template) -> Outcome<Sheet> {
        const OFFERED: [&str; 7] =
            ["insured", "treating", "ddct_id", "setl_id", "fund", "amount", "code"];
        let accepted = self.deductions.iter().filter(|row| row.flag("accepted") == Some(true));
        let own = accepted.filter(|row| row.pair().is_some_and(|pair| is_of(pair, of)));
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
        self.sheet(template, "deductions", &of.full_name(), rows.collect(), &OFFERED)
    }

    fn breaks_of(&self, of: Province, template: &Template) -> Outcome<Sheet> {
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
            RowValues::from([
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
            ])
        });
        self.sheet(template, "breaks", &of.full_name(), rows.collect(), &OFFERED)
    }

    /// Makes F8 to F13: the notices on which a province pays or is paid.
    fn notices_of(&self, of: Province, template: &Template) -> Outcome<Vec<Sheet>> {
        let code = of.to_string();
        let own = self
            .notices
            .iter()
            .filter(|row| [row.text("payer"), row.text("payee")].contains(&code.as_str()));
        own.map(|row| {
            let day = |column: &str| match row.number_or_null(column) {
                Some(_) => CellValue::Text(row.shown(column)),
                None => CellValue::Text(String::new()),
            };
            let amount = row.fen("amount");
            let values = RowValues::from([
                ("notice_id", text(row.text("notice_id"))),
                ("period", text(row.text("period"))),
                ("payer", named(row.text("payer"))),
                ("payee", named(row.text("payee"))),
                ("amount", CellValue::Money(amount)),
                ("capital", CellValue::Text(capitals(amount))),
                ("issued_on", day("issued_on")),
                ("file_by", day("file_by")),
                ("pay_by", day("pay_by")),
                ("confirm_by", day("confirm_by")),
            ]);
            let pays = row.text("payer") == code;
            template.notice(pays, row.text("kind"), &of.full_name(), &values)
        })
        .collect()
    }
}

/// Whether the province takes part in a row of `deductions` (by its settlement) or of `payments` (by its notice).
fn is_of_row(row: &GridRow, province: Province) -> bool {
    let pair =
        if row.is_of("payments") { pair_of_notice(row.text("notice_id")) } else { row.pair() };
    pair.is_some_and(|pair| is_of(pair, province))
}

fn is_of(pair: Pair, province: Province) -> bool {
    pair.insured == province || pair.treating == province
}

/// Makes a row of the details of a fund.
fn detail(row: GridRow) -> RowValues {
    let sum =
        |fields: &[Field]| CellValue::Money(fields.iter().map(|field| row.fen(field.name())).sum());
    RowValues::from([
        ("division", text(row.text("insuplc_admdvs"))),
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

fn text(text: &str) -> CellValue {
    CellValue::Text(text.to_owned())
}

/// Returns a note on a missing copy: the copy of the other side whose setl_id differs in spelling only. Both are of
/// one pair.
fn note(twins: &Twins, row: GridRow) -> CellValue {
    CellValue::Text(twins.other(&row).map_or_else(String::new, |other| {
        let other = visible(other.text("setl_id"));
        format!("与对方 {other} 仅空格、大小写或全半角不同")
    }))
}

/// Returns the code and name of a province, or the code alone when it is unknown.
fn named(code: &str) -> CellValue {
    CellValue::Text(Province::from_text(code).map_or_else(|| code.to_owned(), province))
}
