//! Rows of an export → converted columns, with the account of what was changed and refused.

use std::collections::BTreeMap;

use arrow_array::ArrayRef;

use super::{
    block::{Block, Row},
    columns::Values,
    heading::TableHeading,
    map::{ExportMap, Origin},
    table::CellForm,
    tally::{AsideKind, ChangeExample, Refusal, Tally},
    target::{ConvertTarget, TargetKind},
    value::{
        Read, UnreadValue, ValueChanges, ValueRule, amount, code, day, decision, flag, month,
        province, time, words,
    },
};
use crate::{
    diag::{Code, Outcome},
    model::{fields::without_blanks, money::FenSum},
    privacy::mask::masked,
    spelling::short,
};

/// Characters of a refused value that are shown: a value in the wrong column may be long.
const SHOWN: usize = 40;

/// A block of converted rows.
pub(crate) struct Converted {
    /// The columns, in the order of the plan.
    pub(crate) columns: Vec<ArrayRef>,
    /// The line of each row.
    pub(crate) lines: Vec<u64>,
    pub(crate) tally: Tally,
    /// Refused values and rows, in their order.
    pub(crate) refusals: Vec<Refusal>,
}

/// A target and the cell that its values come from.
#[derive(Debug, Clone)]
struct Planned {
    target: ConvertTarget,
    source: Source,
    rule: ValueRule,
    /// The name of the column in the export.
    column: String,
}

#[derive(Debug, Clone)]
enum Source {
    Column(usize),
    Constant(String),
}

/// How the rows of one table are converted.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    planned: Vec<Planned>,
    heading: TableHeading,
    /// Words of sum lines.
    sums: Vec<String>,
    /// The separator of a text file, in which every row has as many cells as the heading.
    separator: Option<char>,
}

impl Plan {
    /// Plans the conversion of a table. Text files have a `separator`; a spreadsheet leaves empty cells out.
    pub(crate) fn new(
        targets: &[ConvertTarget],
        map: &ExportMap,
        heading: TableHeading,
        from_float: bool,
        separator: Option<char>,
    ) -> Plan {
        let planned = targets.iter().filter_map(|target| {
            let rule = map.fields.get(target.name)?;
            let at = heading.columns.iter().find(|(field, _)| field == target.name);
            let source = match (&rule.from, at) {
                (Origin::Constant(value), _) => Source::Constant(value.clone()),
                (_, at) => Source::Column(at?.1),
            };
            let column = match &source {
                Source::Column(at) => heading.names.get(*at).cloned().unwrap_or_default(),
                Source::Constant(_) => String::new(),
            };
            let rule = ValueRule { from_float, ..rule.value.clone() };
            Some(Planned { target: *target, source, rule, column })
        });
        let planned = planned.collect();
        Plan { planned, heading, sums: map.rows.sums.clone(), separator }
    }

    /// Returns the targets that are written, in their order.
    pub(crate) fn targets(&self) -> impl Iterator<Item = ConvertTarget> {
        self.planned.iter().map(|planned| planned.target)
    }

    /// Converts the rows of a block.
    pub(crate) fn convert(&self, block: &Block) -> Outcome<Converted> {
        let columns = self.planned.iter().map(|planned| Values::new(planned.target.kind)).collect();
        let sums = vec![FenSum::default(); self.planned.len()];
        let mut work = BlockWork {
            plan: self,
            columns,
            lines: Vec::new(),
            sums,
            tally: Tally::default(),
            refusals: Vec::new(),
        };
        for row in block.rows().filter(|row| row.line > self.heading.last_line) {
            work.tally.last_line = row.line;
            match self.aside(row) {
                Some(kind) => work.set_aside(row, kind),
                None => work.row(row),
            }
        }
        for (planned, sum) in self.planned.iter().zip(&work.sums) {
            if planned.target.kind == TargetKind::Amount {
                work.tally.sums.insert(planned.target.name, *sum);
            }
        }
        Ok(Converted {
            columns: work.columns.into_iter().map(Values::array).collect::<Outcome<_>>()?,
            lines: work.lines,
            tally: work.tally,
            refusals: work.refusals,
        })
    }

    /// Returns why a row is no record.
    fn aside(&self, row: Row) -> Option<AsideKind> {
        let key = self.key_cell(row);
        if !key.is_empty() && !self.is_sum_word(key) && !self.is_key_name(key) {
            return None;
        }
        if row.texts().all(|cell| without_blanks(cell).is_empty()) {
            return Some(AsideKind::Blank);
        }
        if self.heading.is_repeated_by(row) {
            return Some(AsideKind::Heading);
        }
        row.texts().any(|cell| self.is_sum_word(cell)).then_some(AsideKind::Sum)
    }

    /// Returns the cell of the key, without blanks.
    fn key_cell<'a>(&self, row: Row<'a>) -> &'a str {
        let key = self.planned.iter().find(|planned| planned.target.key);
        match key.map(|planned| &planned.source) {
            Some(Source::Column(at)) => without_blanks(row.cell(*at).0),
            _ => "",
        }
    }

    fn is_key_name(&self, cell: &str) -> bool {
        let key = self.planned.iter().find(|planned| planned.target.key);
        key.is_some_and(|planned| planned.column == cell)
    }

    /// Whether a cell is a word of a sum line, perhaps with a colon or a bracket behind it.
    fn is_sum_word(&self, cell: &str) -> bool {
        let first = cell.trim_start().chars().next();
        if first.is_none() || !self.sums.iter().any(|word| word.chars().next() == first) {
            return false;
        }
        let bare: String = cell.chars().filter(|letter| !letter.is_whitespace()).collect();
        let is_end = |letter: char| matches!(letter, ':' | '：' | '(' | '（' | '[' | '【');
        self.sums.iter().any(|word| {
            bare.strip_prefix(word.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(is_end))
        })
    }
}

/// Reads a value of a small file that is written as a text.
fn worded(
    kind: TargetKind,
    text: &str,
    form: CellForm,
    rule: &ValueRule,
    changes: &mut ValueChanges,
) -> Read<String> {
    match kind {
        TargetKind::Month => {
            month(text, form, rule, changes).map(|month| month.map(|month| month.to_string()))
        }
        TargetKind::Province => province(text, form, rule, changes)
            .map(|province| province.map(|province| province.to_string())),
        TargetKind::Flag => {
            flag(text, form, rule, changes).map(|flag| flag.map(|flag| u8::from(flag).to_string()))
        }
        TargetKind::Decision => decision(text, form, rule, changes)
            .map(|verdict| verdict.map(|verdict| verdict.name().to_owned())),
        _ => words(text, form, rule, changes),
    }
}

/// Whether a row has one value alone, as notes below a table have.
fn is_alone(row: Row) -> bool {
    row.texts().filter(|cell| !without_blanks(cell).is_empty()).take(2).count() == 1
}

/// The conversion of one block.
struct BlockWork<'a> {
    plan: &'a Plan,
    columns: Vec<Values>,
    /// The lines of converted rows.
    lines: Vec<u64>,
    /// The sum of each column of amounts.
    sums: Vec<FenSum>,
    tally: Tally,
    refusals: Vec<Refusal>,
}

impl BlockWork<'_> {
    fn row(&mut self, row: Row) {
        self.tally.read += 1;
        let before = self.refusals.len();
        self.check_shape(row);
        if self.refusals.len() == before {
            for at in 0..self.plan.planned.len() {
                self.value(row, at);
            }
        }
        if self.refusals.len() == before {
            self.lines.push(row.line);
            self.tally.converted += 1;
            for (values, sum) in self.columns.iter().zip(&mut self.sums) {
                *sum = sum.saturating_add(values.last_amount().unwrap_or_default().into());
            }
            return;
        }
        self.tally.refused += 1;
        for values in &mut self.columns {
            values.truncate(self.lines.len());
        }
    }

    /// Refuses a row with another number of cells than the heading has, or with a key alone. A quote that took whole
    /// lines for a cell refuses the export, as the rows in it are lost.
    fn check_shape(&mut self, row: Row) {
        let width = self.plan.heading.names.len();
        let beyond = (width..row.len()).any(|at| !without_blanks(row.cell(at).0).is_empty());
        let uneven = beyond || (self.plan.separator.is_some() && row.len() < width);
        let mut refuse = |code, why, of_column| {
            let mut cells = row.texts().filter(|cell| !without_blanks(cell).is_empty());
            // A person's number does not stand alone.
            let value = match (cells.next(), cells.next()) {
                (Some(only), None) => short(only, SHOWN),
                _ => String::new(),
            };
            let (line, column) = (row.line, String::new());
            self.refusals.push(Refusal { line, column, field: "", value, code, why, of_column });
        };
        if let Some(separator) = self.plan.separator.filter(|_| row.has_line_break()) {
            self.tally.with_breaks += 1;
            let has_rows = |cell: &str| {
                cell.contains(['\r', '\n']) && cell.matches(separator).count() + 1 >= width.max(2)
            };
            if uneven || row.texts().any(has_rows) {
                return refuse(Code::K08, text!("a quote that takes lines for a cell"), true);
            }
        }
        if uneven {
            refuse(Code::K03, text!("{} cells, and {} in the heading", row.len(), width), false);
        } else if self.plan.planned.len() > 1 && is_alone(row) {
            refuse(Code::K10, text!("a line with one value"), false);
        }
    }

    /// Reads the value of a target, or refuses it.
    fn value(&mut self, row: Row, at: usize) {
        let planned = &self.plan.planned[at];
        let (text, form) = match &planned.source {
            Source::Column(column) => row.cell(*column),
            Source::Constant(value) => (value.as_str(), CellForm::Text),
        };
        let mut changes = ValueChanges::default();
        let values = &mut self.columns[at];
        let rule = &planned.rule;
        let read = match planned.target.kind {
            TargetKind::Code => code(text, form, rule, &mut changes).map(|value| {
                values.push_code(value.as_deref());
                value.is_some()
            }),
            TargetKind::Day => day(text, form, rule, &mut changes).map(|value| {
                values.push_day(value);
                value.is_some()
            }),
            TargetKind::Time => time(text, form, rule, &mut changes).map(|value| {
                values.push_time(value);
                value.is_some()
            }),
            TargetKind::Amount => amount(text, form, rule, &mut changes).map(|value| {
                values.push_amount(value);
                value.is_some()
            }),
            kind => worded(kind, text, form, rule, &mut changes).map(|value| {
                values.push_code(value.as_deref());
                value.is_some()
            }),
        };
        if planned.target.kind == TargetKind::Amount && !self.tally.has_points {
            self.tally.has_points = text.contains('.');
        }
        if matches!(read, Ok(false)) && planned.target.required {
            *self.tally.empty.entry(planned.target.name).or_default() += 1;
        }
        match read {
            Ok(false) if planned.target.filled => {
                let missing = UnreadValue::new(Code::K12, text!("no value"));
                self.refuse(row.line, planned, text, missing);
            }
            Ok(false) if planned.target.key => {
                let missing = UnreadValue::new(Code::K10, text!("no value"));
                self.refuse(row.line, planned, text, missing);
            }
            Ok(_) if changes.is_none() => {}
            Ok(_) => self.changed(row.line, at, text, changes),
            Err(unread) => self.refuse(row.line, planned, text, unread),
        }
    }

    fn refuse(&mut self, line: u64, planned: &Planned, text: &str, unread: UnreadValue) {
        self.refusals.push(Refusal {
            line,
            column: planned.column.clone(),
            field: planned.target.name,
            value: if planned.target.personal { masked(text) } else { short(text, SHOWN) },
            code: unread.code,
            why: unread.why,
            of_column: unread.column,
        });
    }

    /// Counts the changes of a value.
    fn changed(&mut self, line: u64, at: usize, text: &str, changes: ValueChanges) {
        let planned = &self.plan.planned[at];
        // A constant is the map's, and changes nothing.
        if matches!(planned.source, Source::Constant(_)) {
            return;
        }
        let (personal, values) = (planned.target.personal, &self.columns[at]);
        for change in changes.iter() {
            self.tally.change(planned.target.name, change, || {
                let shown = |text: &str| if personal { masked(text) } else { short(text, SHOWN) };
                ChangeExample { line, before: shown(text), after: shown(&values.last()) }
            });
        }
    }

    /// Counts a row that is no record, and reads the sums of a sum line.
    fn set_aside(&mut self, row: Row, kind: AsideKind) {
        *self.tally.aside.entry(kind).or_default() += 1;
        if kind != AsideKind::Sum {
            return;
        }
        let mut sums = BTreeMap::new();
        for planned in &self.plan.planned {
            if let (TargetKind::Amount, Source::Column(at)) = (planned.target.kind, &planned.source)
            {
                let (text, form) = row.cell(*at);
                let read = amount(text, form, &planned.rule, &mut ValueChanges::default());
                if let Ok(Some(fen)) = read {
                    sums.insert(planned.target.name, FenSum::from(fen));
                }
            }
        }
        self.tally.sum_lines.push((row.line, sums));
    }
}
