//! The fields of a file that are read and judged.

use crate::model::fields::Field;

/// The fields that daily reconciliation reads, in the order of the contract.
pub const DAILY_FIELDS: [Field; 8] = [
    Field::setl_id,
    Field::init_setl_id,
    Field::insuplc_admdvs,
    Field::mdtrtarea_admvs,
    Field::setl_time,
    Field::medfee_sumamt,
    Field::fund_pay_sumamt,
    Field::acct_pay,
];

/// The part of a file that is read and judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldScope {
    /// Every field. The pages of other columns are checked for damage.
    #[default]
    Record,
    /// The eight fields of daily reconciliation. Every field is checked by the footer, and no other page is read.
    Daily,
    /// The same eight fields of the national copy, which all have to be there. Other columns may be anything.
    National,
}

impl FieldScope {
    /// Whether a column is looked for and its kind is checked.
    pub(super) fn knows(self, field: Field) -> bool {
        self != FieldScope::National || DAILY_FIELDS.contains(&field)
    }

    /// Whether a file must have the column.
    pub(super) fn needs(self, field: Field) -> bool {
        match self {
            FieldScope::Record | FieldScope::Daily => field.required(),
            FieldScope::National => DAILY_FIELDS.contains(&field),
        }
    }

    /// Whether the values of a column are read.
    pub(super) fn reads(self, field: Field) -> bool {
        self == FieldScope::Record || DAILY_FIELDS.contains(&field)
    }

    /// Whether the pages of columns that are not read are looked at.
    pub(super) const fn checks_others(self) -> bool {
        matches!(self, FieldScope::Record)
    }
}
