//! A record: one side's copy of a settlement, with every field.

use crate::{
    ingest::{
        batch::{Batch, TEXT_FIELDS, text_position},
        times::DAY,
    },
    model::{
        codes::{Month, Pair, Province},
        fields::{Amounts, FLAGS, Field, IDENTITY_FIELDS, SCOPE, without_blanks},
        group::Group,
        media::Medium,
        money::{Fen, yuan},
    },
    rules::{Policy, Timing},
};

/// A valid row with every field. Amounts are in fen, time is local (UTC+8).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    texts: RecordTexts,
    /// First day of the stay, from 1970-01-01.
    pub begndate: Option<i32>,
    /// Last day of the stay, from 1970-01-01.
    pub enddate: Option<i32>,
    /// The time of settlement, in microseconds from 1970-01-01 local time.
    pub setl_time: i64,
    /// The compared amounts; null is 0.
    pub amounts: Amounts<Fen>,
    /// The relative's account; null is 0.
    pub mutual_aid: Fen,
    /// The scope fields, in the order of [`SCOPE`].
    pub scope: [Option<Fen>; SCOPE.len()],
    /// The medium, which is neither compared nor carried.
    pub medium: Medium,
}

/// The text fields of a record in one allocation, as millions of records may be in memory.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct RecordTexts {
    all: Box<str>,
    /// The end of each field in `all`.
    ends: [u32; TEXT_FIELDS.len()],
    /// Bit n is set when field n is null.
    nulls: u16,
}

impl RecordTexts {
    fn of<'a>(values: impl Fn(Field) -> Option<&'a str>) -> RecordTexts {
        let mut all = String::new();
        let mut nulls = 0;
        let ends = std::array::from_fn(|index| {
            match values(TEXT_FIELDS[index]) {
                Some(text) => all.push_str(text),
                None => nulls |= 1 << index,
            }
            u32::try_from(all.len()).expect("Invariant: the texts of a row are shorter than 4 GiB")
        });
        RecordTexts { all: all.into(), ends, nulls }
    }

    fn get(&self, index: usize) -> Option<&str> {
        if self.nulls & (1 << index) != 0 {
            return None;
        }
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        Some(&self.all[start as usize..self.ends[index] as usize])
    }
}

/// A compared field that differs between two copies, with the value of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDifference {
    /// The field, or `cost_month`.
    pub field: &'static str,
    /// The value of the first copy; `None` when null.
    pub first: Option<String>,
    /// The value of the second copy; `None` when null.
    pub second: Option<String>,
    /// Whether it is an identity field.
    pub identity: bool,
}

impl Record {
    /// Makes the record of a row of a batch.
    pub fn of(batch: &Batch, row: usize) -> Record {
        let value = |field| batch.amount(field).and_then(|column| column.value(row));
        Record {
            texts: RecordTexts::of(|field| {
                let text = batch.text(field).value(row);
                if !FLAGS.contains(&field) {
                    return text;
                }
                // A flag that is null counts as '0'; blanks around it do not count.
                text.map(without_blanks).filter(|flag| !flag.is_empty()).or(Some("0"))
            }),
            begndate: batch.date(Field::begndate, row),
            enddate: batch.date(Field::enddate, row),
            setl_time: batch.time().value(row).unwrap_or_default(),
            amounts: Amounts::of(|field| value(field).unwrap_or_default()),
            mutual_aid: value(Field::acct_mulaid_pay).unwrap_or_default(),
            scope: SCOPE.map(value),
            medium: batch.medium(row),
        }
    }

    /// Returns a text field; `None` when null.
    pub fn text(&self, field: Field) -> Option<&str> {
        self.texts.get(text_position(field))
    }

    /// Returns the settlement's setl_id.
    pub fn setl_id(&self) -> &str {
        self.text(Field::setl_id).unwrap_or_default()
    }

    /// Returns the setl_id of the settlement that it reverses; `None` when it is no reversal.
    pub fn reverses(&self) -> Option<&str> {
        self.text(Field::init_setl_id)
    }

    /// Returns an amount; `None` when a scope field is null.
    pub fn amount(&self, field: Field) -> Option<Fen> {
        match SCOPE.iter().position(|scope| *scope == field) {
            Some(at) => self.scope[at],
            None if field == Field::acct_mulaid_pay => Some(self.mutual_aid),
            None => Some(self.amounts[field]),
        }
    }

    /// Returns the cost month.
    pub fn cost_month(&self) -> Month {
        Month::of_day(self.setl_time.div_euclid(DAY))
    }

    /// Returns every compared value, in the order of the contract.
    pub fn compared(&self) -> ([Option<&str>; IDENTITY_FIELDS.len()], Month, &Amounts<Fen>) {
        (IDENTITY_FIELDS.map(|field| self.text(field)), self.cost_month(), &self.amounts)
    }

    /// Whether two copies are equal in every compared field.
    pub fn agrees_with(&self, other: &Record) -> bool {
        self.compared() == other.compared()
    }

    /// Returns the compared fields in which two copies differ, in the order of the contract.
    pub fn differences(&self, other: &Record) -> Vec<FieldDifference> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let mut found: Vec<FieldDifference> = IDENTITY_FIELDS
            .into_iter()
            .filter(|field| self.text(*field) != other.text(*field))
            .map(|field| FieldDifference {
                field: field.name(),
                first: own(self.text(field)),
                second: own(other.text(field)),
                identity: true,
            })
            .collect();
        if self.cost_month() != other.cost_month() {
            found.push(FieldDifference {
                field: "cost_month",
                first: Some(self.cost_month().to_string()),
                second: Some(other.cost_month().to_string()),
                identity: true,
            });
        }
        for ((field, first), second) in self.amounts.iter().zip(other.amounts.values()) {
            if first != second {
                found.push(FieldDifference {
                    field: field.name(),
                    first: Some(yuan(*first)),
                    second: Some(yuan(*second)),
                    identity: false,
                });
            }
        }
        found
    }

    /// Derives the facts of the record by the policy of a period; `None` when a code has no class any more.
    pub fn facts(&self, policy: &Policy, period: Month) -> Option<Facts> {
        let province = |field| Province::of_division(self.text(field)?.as_bytes());
        let pair = Pair {
            insured: province(Field::insuplc_admdvs)?,
            treating: province(Field::mdtrtarea_admvs)?,
        };
        let cost_month = self.cost_month();
        Some(Facts {
            group: Group {
                pair,
                fund: policy.fund_class(self.text(Field::insutype)?)?,
                care: policy.care_class(self.text(Field::med_type)?)?,
            },
            cost_month,
            timing: policy.timing(cost_month, period),
            payable: policy.payable(&self.amounts)?,
        })
    }
}

/// The facts that a policy derives from a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Provinces, fund class and care class.
    pub group: Group,
    /// Cost month.
    pub cost_month: Month,
    /// The lateness of the cost month in the period.
    pub timing: Timing,
    /// The payable, in fen.
    pub payable: Fen,
}
