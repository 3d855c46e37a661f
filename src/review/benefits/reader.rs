//! Reads a benefit file: every error of it, by line.

use toml::de::DeTable;

use super::{
    facts::{BenefitTest, TestSettlement},
    file::{
        BenefitsFile, CapTable, DeductibleTable, LayerTable, RatioTable, RemoteTable, SetTable,
        SettlementTable, TestTable, WageTable,
    },
    named::{MOST_CASES, NamedValues},
    predicates::Predicates,
    rows::{
        AverageWage, BenefitRow, BenefitSet, CapTerms, DeductibleTerms, RatioTerms, RemoteTerms,
    },
};
use crate::{
    diag::toml_problem,
    model::{
        codes::CareClass,
        fields::COMPARED_AMOUNTS,
        money::{Fen, yuan},
    },
    review::{
        cell::OneCell,
        toml_reader::{KeysOf, TomlReader, place, tables_of},
    },
    text::{Text, Value, list, quoted},
    toml_keys,
};

/// The tables of a file, by the key under which each stands, with their own keys.
const TABLES: [(&str, KeysOf); 10] = [
    ("the file", toml_keys::known_keys::<BenefitsFile>),
    ("set", toml_keys::known_keys::<SetTable>),
    ("deductible", toml_keys::known_keys::<DeductibleTable>),
    ("ratio", toml_keys::known_keys::<RatioTable>),
    ("remote", toml_keys::known_keys::<RemoteTable>),
    ("cap", toml_keys::known_keys::<CapTable>),
    ("layer", toml_keys::known_keys::<LayerTable>),
    ("wage", toml_keys::known_keys::<WageTable>),
    ("test", toml_keys::known_keys::<TestTable>),
    ("settlement", toml_keys::known_keys::<SettlementTable>),
];

/// Reads the sets of a file; adds to the errors, each with the name of the file and its line.
pub(super) fn read(file: &str, text: &str, errors: &mut Vec<Text>) -> Vec<BenefitSet> {
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let problem = toml_problem(text, &error);
            errors.push(text!("{}: {}", file, Value::Text(problem)));
            return Vec::new();
        }
    };
    let mut reader = TomlReader::new(file, text, &TABLES);
    let _: BenefitsFile = reader.read("the file", &table);
    reader.require_format(&table);
    let tables = tables_of(&table, "set");
    if tables.is_empty() {
        reader.error(0, "set", text!("there is none; each set starts with [[set]]"));
    }
    let sets: Vec<_> = tables.into_iter().filter_map(|(set, at)| reader.set(set, at)).collect();
    let found = reader.finish().into_iter();
    errors.extend(found.map(|(line, error)| text!("{} line {}, {}", file, line, error)));
    sets
}

impl TomlReader<'_> {
    fn set(&mut self, table: &DeTable, at: usize) -> Option<BenefitSet> {
        let before = self.found();
        let set: SetTable = self.read("set", table);
        self.require(table, at, &["area", "fund_class", "from", "source"]);
        if let (Some(from), Some(until)) = (set.from.0, set.until.0)
            && until < from
        {
            self.error(place(table, "until", at), "until", text!("it is before `from`"));
        }
        let wages = self.wages(table);
        let deductibles = self.deductibles(table);
        let ratios = self.ratios(table);
        let remotes = self.remotes(table);
        let caps = self.caps(table, !wages.is_empty());
        self.layers(table);
        let tests = self.tests(table);
        if ratios.is_empty() && self.found() == before {
            self.error(at, "ratio", text!("there is none: nothing could be judged"));
        }
        let mut set = BenefitSet {
            file: self.file().to_owned(),
            line: self.line(at),
            areas: set.area.0?,
            fund_class: set.fund_class.0?,
            from: set.from.0?,
            until: set.until.0,
            source: set.source.0?,
            year_starts: set.year_starts.0,
            deemed: set.deemed.0.unwrap_or_default(),
            wages,
            deductibles,
            ratios,
            remotes,
            caps,
            tests,
            named: Default::default(),
        };
        set.named = CareClass::ALL.map(|care| NamedValues::of(set.predicates(care)));
        if set.named.iter().any(|named| named.cases() > MOST_CASES) {
            let problem = text!("its rows tell more than {} cases apart", MOST_CASES);
            self.error(at, "set", problem);
        }
        (self.found() == before).then_some(set)
    }

    /// Reads the rows of a table of a set; `says` returns what a row says, or `None` after an error.
    fn rows<T, R: serde::de::DeserializeOwned + Default>(
        &mut self,
        set: &DeTable,
        name: &str,
        required: &[&str],
        mut says: impl FnMut(&mut Self, R, (&DeTable, usize)) -> Option<(Predicates, T)>,
    ) -> Vec<BenefitRow<T>> {
        let mut rows = Vec::new();
        for (table, at) in tables_of(set, name) {
            let row: R = self.read(name, table);
            self.require(table, at, required);
            if let Some((fits, says)) = says(self, row, (table, at)) {
                self.check_predicates(&fits, table, at);
                rows.push(BenefitRow { line: self.line(at), fits, says });
            }
        }
        rows
    }

    fn check_predicates(&mut self, fits: &Predicates, table: &DeTable, at: usize) {
        let is_inpatient = fits.care_class.as_deref() == Some(&[CareClass::Inpatient]);
        if fits.stay.is_some() && !is_inpatient {
            let problem = text!("it goes with care_class = {} alone", quoted("inpatient"));
            self.error(place(table, "stay", at), "stay", problem);
        }
        if let (Some(from), Some(below)) = (fits.age_from, fits.age_below)
            && from >= below
        {
            self.error(at, "age_below", text!("it is not above age_from: the row fits nobody"));
        }
    }

    /// Reports rows that fit the same as an earlier one, which always wins.
    fn check_repeated<T>(&mut self, set: &DeTable, name: &str, rows: &[BenefitRow<T>]) {
        let places = tables_of(set, name);
        for (number, row) in rows.iter().enumerate() {
            let Some(first) = rows[..number].iter().find(|first| first.fits == row.fits) else {
                continue;
            };
            let at = places.iter().find(|(_, at)| self.line(*at) == row.line);
            let at = at.map_or(0, |(_, at)| *at);
            let problem = text!("the row never wins: the one of line {} fits the same", first.line);
            self.error(at, name, problem);
        }
    }

    fn deductibles(&mut self, set: &DeTable) -> Vec<BenefitRow<DeductibleTerms>> {
        let required = ["care_class", "amount"];
        let says = |reader: &mut Self, mut row: DeductibleTable, (table, at): (&DeTable, usize)| {
            if row.or_less && row.again_days > 0 {
                let at = place(table, "again_days", at);
                reader.error(at, "again_days", text!("it does not go together with or_less"));
            }
            let again_days = Some(row.again_days).filter(|days| *days > 0);
            let says = DeductibleTerms { amount: row.amount.0?, or_less: row.or_less, again_days };
            Some((row.predicates(), says))
        };
        let rows = self.rows(set, "deductible", &required, says);
        self.check_repeated(set, "deductible", &rows);
        rows
    }

    fn ratios(&mut self, set: &DeTable) -> Vec<BenefitRow<RatioTerms>> {
        let required = ["care_class", "percent"];
        let says = |_: &mut Self, mut row: RatioTable, _: (&DeTable, usize)| {
            let (above, upto) = (row.above.0.unwrap_or(Fen::ZERO), row.upto.0);
            let says = RatioTerms { percent: row.percent.0?, above, upto };
            Some((row.predicates(), says))
        };
        let rows = self.rows(set, "ratio", &required, says);
        // Bands are complete only where every row could be read.
        let all = tables_of(set, "ratio");
        if rows.len() == all.len() {
            for (number, problem) in bad_bands(&rows) {
                self.error(all[number].1, "ratio", problem);
            }
        }
        rows
    }

    fn remotes(&mut self, set: &DeTable) -> Vec<BenefitRow<RemoteTerms>> {
        let says = |reader: &mut Self, mut row: RemoteTable, (table, at): (&DeTable, usize)| {
            if table.contains_key("points") && table.contains_key("factor") {
                let problem = text!("it never goes together with points");
                reader.error(place(table, "factor", at), "factor", problem);
            }
            let says = RemoteTerms {
                points: row.points.0,
                factor: row.factor.0,
                first_share: row.first_share.0,
                deductible_factor: row.deductible_factor.0,
            };
            Some((row.predicates(), says))
        };
        let rows = self.rows(set, "remote", &[], says);
        self.check_repeated(set, "remote", &rows);
        rows
    }

    fn caps(&mut self, set: &DeTable, has_wages: bool) -> Vec<BenefitRow<CapTerms>> {
        let says = |reader: &mut Self, mut row: CapTable, (table, at): (&DeTable, usize)| {
            let has = |key: &str| table.contains_key(key);
            if has("year") && has("wage_times") {
                let problem = text!("it never goes together with year");
                reader.error(place(table, "wage_times", at), "wage_times", problem);
            }
            if !(has("year") || has("wage_times") || has("visit")) {
                reader.error(at, "cap", text!("one of year, wage_times and visit is missing"));
            }
            if has("wage_times") && !has_wages {
                let problem = text!("the set has no wage");
                reader.error(place(table, "wage_times", at), "wage_times", problem);
            }
            let says =
                CapTerms { year: row.year.0, wage_times: row.wage_times.0, visit: row.visit.0 };
            Some((row.predicates(), says))
        };
        let rows = self.rows(set, "cap", &["care_class"], says);
        self.check_repeated(set, "cap", &rows);
        rows
    }

    /// Checks the form of second layers. No rule judges by them.
    fn layers(&mut self, set: &DeTable) {
        let required = ["fund", "of", "percent"];
        let says = |reader: &mut Self, mut row: LayerTable, (table, at): (&DeTable, usize)| {
            if let OneCell(Some(fund)) = &row.fund
                && !COMPARED_AMOUNTS.iter().any(|field| field.name() == fund)
            {
                let problem = text!("{} is not an amount of the record", quoted(fund));
                reader.error(place(table, "fund", at), "fund", problem);
            }
            let above = row.above.0.unwrap_or(Fen::ZERO);
            if row.upto.0.is_some_and(|upto| upto <= above) {
                reader.error(place(table, "upto", at), "upto", text!("it is not above `above`"));
            }
            Some((row.predicates(), ()))
        };
        self.rows(set, "layer", &required, says);
    }

    fn wages(&mut self, set: &DeTable) -> Vec<AverageWage> {
        let mut wages: Vec<AverageWage> = Vec::new();
        for (table, at) in tables_of(set, "wage") {
            let wage: WageTable = self.read("wage", table);
            self.require(table, at, &["from", "amount"]);
            let (Some(from), Some(amount)) = (wage.from.0, wage.amount.0) else { continue };
            if wages.last().is_some_and(|last| last.from >= from) {
                self.error(at, "wage", text!("wages stand in the order of `from`, each once"));
            }
            wages.push(AverageWage { from, amount });
        }
        wages
    }

    fn tests(&mut self, set: &DeTable) -> Vec<BenefitTest> {
        let mut tests = Vec::new();
        for (table, at) in tables_of(set, "test") {
            let test: TestTable = self.read("test", table);
            self.require(table, at, &["settlement"]);
            let expected = match (test.hifp_pay.0, test.lo.0, test.hi.0) {
                (Some(pays), None, None) => Some((pays, pays)),
                (None, Some(lo), Some(hi)) if lo <= hi => Some((lo, hi)),
                _ => {
                    let problem = text!("it names hifp_pay, or lo and hi with lo ≤ hi");
                    self.error(at, "test", problem);
                    None
                }
            };
            let settlement = table.get("settlement");
            let known = settlement.and_then(|value| value.get_ref().as_table()).and_then(|known| {
                let at = settlement.map_or(at, |value| value.span().start);
                self.settlement(known, at)
            });
            if let (Some((lo, hi)), Some(settlement)) = (expected, known) {
                tests.push(BenefitTest { line: self.line(at), settlement, lo, hi });
            }
        }
        tests
    }

    fn settlement(&mut self, table: &DeTable, at: usize) -> Option<TestSettlement> {
        let known: SettlementTable = self.read("settlement", table);
        self.require(table, at, &["care_class"]);
        if known.stay.0.is_some_and(|stay| stay.and_later) {
            let problem = text!("a settlement is one stay");
            self.error(place(table, "stay", at), "stay", problem);
        }
        Some(TestSettlement {
            care_class: known.care_class.0?,
            level: known.level.0,
            person: known.person.0,
            age: known.age,
            grade: known.grade.0,
            stay: known.stay.0.map(|stay| stay.first),
            filing: known.filing.0,
            disease: known.disease.0,
            institution: known.institution.0,
            networked: known.networked,
            days: known.days,
            in_scope: known.inscp_scp_amt.0,
            act_pay_dedc: known.act_pay_dedc.0,
        })
    }
}

/// Returns what is wrong with the bands of rows that fit the same, with the number of the row.
fn bad_bands(rows: &[BenefitRow<RatioTerms>]) -> Vec<(usize, Text)> {
    let mut problems = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        if rows[..number].iter().any(|before| before.fits == row.fits) {
            continue;
        }
        let same = rows.iter().enumerate().filter(|(_, other)| other.fits == row.fits);
        let mut bands: Vec<(Fen, Option<Fen>, usize)> =
            same.map(|(number, row)| (row.says.above, row.says.upto, number)).collect();
        bands.sort_by_key(|(above, ..)| *above);
        let mut reached = Some(Fen::ZERO);
        for (above, upto, number) in bands {
            if upto.is_some_and(|upto| upto <= above) {
                problems.push((number, text!("the band ends before it begins")));
            }
            match reached {
                Some(end) if end == above => {}
                Some(end) if end < above => {
                    let (from, upto) = (yuan(end), yuan(above));
                    problems.push((number, text!("bands leave a gap from {} to {}", from, upto)));
                }
                _ => {
                    let lines = same_lines(rows, row);
                    problems.push((number, text!("bands overlap: lines {}", lines)));
                }
            }
            reached = upto;
        }
        if let Some(end) = reached {
            problems
                .push((number, text!("bands end with {}: what is above has no ratio", yuan(end))));
        }
    }
    problems
}

/// Returns the lines of the rows that fit the same as a row.
fn same_lines(rows: &[BenefitRow<RatioTerms>], row: &BenefitRow<RatioTerms>) -> Value {
    let same = rows.iter().filter(|other| other.fits == row.fits);
    list(same.map(|row| text!("{}", row.line)))
}
