//! Breaks, the fields that differ, and open items, with their tables.

use std::cmp::Ordering;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::{
    columnar::{shape, table::TableBuilder},
    ingest::record::{Facts, FieldDifference, Record},
    keyed::sorted::SortRow,
    model::{
        codes::{Month, Side},
        control::{Class, Totals},
        fields::{FIELDS, Field, FieldKind},
        money::Fen,
    },
};

/// One side's copy of a settlement in this period.
#[derive(Debug, Clone)]
pub struct SideCopy {
    /// The side of the copy.
    pub side: Side,
    /// Ordinal among the rows of its side's delivery; none for an open item.
    pub ordinal: Option<u32>,
    /// The period in which it first came into the book.
    pub first_period: Month,
    /// The record; boxed, as copies are sorted and moved by the hundred thousand.
    pub record: Box<Record>,
    /// The facts that the policy derives from it.
    pub facts: Facts,
}

impl SideCopy {
    /// Returns its control totals.
    pub fn totals(&self) -> Totals {
        Totals::of_one(self.record.amounts[Field::medfee_sumamt], self.facts.payable)
    }

    /// Returns the setl_id of the settlement that it reverses; none when it is no reversal.
    pub fn reverses(&self) -> Option<&str> {
        self.record.reverses()
    }
}

/// The copies of one settlement, treating first.
pub type Copies = [Option<SideCopy>; 2];

/// A word of a table from a fixed list: a class, a side, a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct WordIndex(&'static str);

impl WordIndex {
    /// The side of a break of both copies.
    const BOTH: WordIndex = WordIndex("both");
    /// The field of a cost month that differs.
    const COST_MONTH: WordIndex = WordIndex("cost_month");
}

impl<'de> Deserialize<'de> for WordIndex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WordIndex, D::Error> {
        let word = String::deserialize(deserializer)?;
        let names = Class::ALL.into_iter().map(Class::name);
        let names = names.chain(Side::BOTH.map(Side::name)).chain(FIELDS.map(Field::name));
        let mut words = names.map(WordIndex).chain([WordIndex::BOTH, WordIndex::COST_MONTH]);
        words.find(|known| known.0 == word).ok_or_else(|| D::Error::custom("an unknown word"))
    }
}

/// A row of the table `breaks`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Break {
    setl_id: String,
    class: WordIndex,
    side: WordIndex,
    fields: Option<String>,
    insuplc_admdvs: String,
    mdtrtarea_admvs: String,
    insutype: String,
    med_type: String,
    cost_month: Month,
    lateness: i32,
    payables: [Option<Fen>; 2],
    carried: bool,
    first_period: Month,
}

impl Break {
    /// Makes the break of one row.
    pub fn of_row(class: Class, copy: &SideCopy) -> Break {
        let mut payables = [None, None];
        payables[copy.side.index()] = Some(copy.facts.payable);
        Break::describe(class, copy, WordIndex(copy.side.name()), payables, copy.first_period)
    }

    /// Makes the break of a settlement with one copy or both.
    pub fn of_settlement(class: Class, copies: &Copies, differences: &[FieldDifference]) -> Break {
        let [treating, insured] = copies;
        let described = treating.as_ref().or(insured.as_ref());
        let described = described.expect("Invariant: a break has a copy");
        let side = match (treating, insured) {
            (Some(_), Some(_)) => WordIndex::BOTH,
            _ => WordIndex(described.side.name()),
        };
        let there = || copies.iter().flatten();
        let payables = copies.each_ref().map(|copy| copy.as_ref().map(|copy| copy.facts.payable));
        let first = there().map(|copy| copy.first_period).min().unwrap_or(described.first_period);
        let mut found = Break::describe(class, described, side, payables, first);
        if !differences.is_empty() {
            let fields: Vec<&str> = differences.iter().map(|d| d.field).collect();
            found.fields = Some(fields.join(","));
        }
        found
    }

    fn describe(
        class: Class,
        copy: &SideCopy,
        side: WordIndex,
        payables: [Option<Fen>; 2],
        first_period: Month,
    ) -> Break {
        let text = |field| copy.record.text(field).unwrap_or_default().to_owned();
        Break {
            setl_id: text(Field::setl_id),
            class: WordIndex(class.name()),
            side,
            fields: None,
            insuplc_admdvs: text(Field::insuplc_admdvs),
            mdtrtarea_admvs: text(Field::mdtrtarea_admvs),
            insutype: text(Field::insutype),
            med_type: text(Field::med_type),
            cost_month: copy.facts.cost_month,
            lateness: copy.facts.timing.lateness,
            payables,
            carried: class.is_carried(),
            first_period,
        }
    }

    /// Returns the settlement.
    pub fn setl_id(&self) -> &str {
        &self.setl_id
    }

    /// Returns the word for its class.
    pub fn class(&self) -> &'static str {
        self.class.0
    }

    /// Returns treating − insured payable in fen; a missing copy counts as 0.
    pub fn effect(&self) -> Fen {
        self.payables[0].unwrap_or_default() - self.payables[1].unwrap_or_default()
    }
}

impl SortRow for Break {
    fn bytes(&self) -> usize {
        400
    }

    fn order(&self, other: &Break) -> Ordering {
        self.cmp(other)
    }
}

/// A row of the table `break_fields`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BreakField {
    setl_id: String,
    /// Position among the fields that differ.
    position: usize,
    field: WordIndex,
    treating: Option<String>,
    insured: Option<String>,
}

impl BreakField {
    /// Makes the rows of a break's differences.
    pub fn all<'a>(
        setl_id: &'a str,
        differences: &'a [FieldDifference],
    ) -> impl Iterator<Item = BreakField> + 'a {
        differences.iter().enumerate().map(|(position, difference)| BreakField {
            setl_id: setl_id.to_owned(),
            position,
            field: WordIndex(difference.field),
            treating: difference.first.clone(),
            insured: difference.second.clone(),
        })
    }
}

impl SortRow for BreakField {
    fn bytes(&self) -> usize {
        240
    }

    fn order(&self, other: &BreakField) -> Ordering {
        self.cmp(other)
    }
}

/// A copy that is carried to the next period (挂账).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenItem {
    side: WordIndex,
    first_period: Month,
    class: WordIndex,
    record: Box<Record>,
}

impl OpenItem {
    /// Makes an open item of a copy, with the class for which it is carried.
    pub fn of(class: Class, copy: SideCopy) -> OpenItem {
        let SideCopy { side, first_period, record, .. } = copy;
        OpenItem {
            side: WordIndex(side.name()),
            first_period,
            class: WordIndex(class.name()),
            record,
        }
    }
}

impl SortRow for OpenItem {
    fn bytes(&self) -> usize {
        640
    }

    fn order(&self, other: &OpenItem) -> Ordering {
        let ids = [self, other].map(|item| item.record.setl_id());
        self.side.cmp(&other.side).then(ids[0].cmp(ids[1]))
    }
}

/// Makes the table `breaks` of sorted rows.
pub fn breaks_table(breaks: &[Break]) -> TableBuilder {
    let text = |of: fn(&Break) -> &str| breaks.iter().map(move |b| Some(of(b)));
    TableBuilder::new(shape::BREAKS)
        .text("setl_id", text(|b| &b.setl_id))
        .text("class", text(|b| b.class.0))
        .text("side", text(|b| b.side.0))
        .text("fields", breaks.iter().map(|b| b.fields.as_deref()))
        .text("insuplc_admdvs", text(|b| &b.insuplc_admdvs))
        .text("mdtrtarea_admvs", text(|b| &b.mdtrtarea_admvs))
        .text("insutype", text(|b| &b.insutype))
        .text("med_type", text(|b| &b.med_type))
        .text("cost_month", breaks.iter().map(|b| Some(b.cost_month.to_string())))
        .count("lateness", breaks.iter().map(|b| b.lateness.into()))
        .amount("treating_payable", breaks.iter().map(|b| b.payables[0]))
        .amount("insured_payable", breaks.iter().map(|b| b.payables[1]))
        .sum("effect", breaks.iter().map(|b| b.effect().into()))
        .flag("carried", breaks.iter().map(|b| Some(b.carried)))
        .text("first_period", breaks.iter().map(|b| Some(b.first_period.to_string())))
}

/// Makes the table `break_fields` of sorted rows.
pub fn break_fields_table(fields: &[BreakField]) -> TableBuilder {
    TableBuilder::new(shape::BREAK_FIELDS)
        .text("setl_id", fields.iter().map(|f| Some(&f.setl_id)))
        .text("field", fields.iter().map(|f| Some(f.field.0)))
        .text("treating_value", fields.iter().map(|f| f.treating.as_deref()))
        .text("insured_value", fields.iter().map(|f| f.insured.as_deref()))
}

/// Makes the table `open_items` of sorted rows; the next period reads it back as a delivery of records.
pub fn open_items_table(items: &[OpenItem]) -> TableBuilder {
    let records = || items.iter().map(|item| &*item.record);
    let mut table = TableBuilder::new(shape::OPEN_ITEMS)
        .text("side", items.iter().map(|item| Some(item.side.0)))
        .text("first_period", items.iter().map(|item| Some(item.first_period.to_string())))
        .text("class", items.iter().map(|item| Some(item.class.0)));
    for field in FIELDS {
        let name = field.name();
        table = match (field.kind(), field) {
            (FieldKind::Text, _) => table.text(name, records().map(|record| record.text(field))),
            (FieldKind::Date, Field::begndate) => table.date(name, records().map(|r| r.begndate)),
            (FieldKind::Date, _) => table.date(name, records().map(|record| record.enddate)),
            (FieldKind::Time, _) => table.time(name, records().map(|record| record.setl_time)),
            (FieldKind::Amount, _) => {
                table.amount(name, records().map(|record| record.amount(field)))
            }
        };
    }
    table
}
