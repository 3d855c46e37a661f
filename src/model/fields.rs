//! The settlement record: fields, kinds, aliases (contract §2.1).

use std::{
    borrow::Cow,
    ops::{Index, IndexMut},
};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// The kind of the values of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// Text; integer codes are accepted too.
    Text,
    /// A calendar day.
    Date,
    /// A time, stored in local time (UTC+8).
    Time,
    /// Money: a decimal, stored in fen.
    Amount,
}

macro_rules! fields {
    ($($name:ident $kind:ident $need:ident $($alias:literal)*;)*) => {
        /// A field of the settlement record, named as the national platform names it.
        #[expect(non_camel_case_types, reason = "national field names")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, clippy::allow_attributes, reason = "documented in the contract")]
        pub enum Field { $($name),* }

        /// Every field, in the order of the contract.
        pub const FIELDS: [Field; 0 $(+ { _ = Field::$name; 1 })*] = [$(Field::$name),*];

        impl Field {
            /// Returns the national name.
            pub const fn name(self) -> &'static str {
                match self { $(Field::$name => stringify!($name)),* }
            }

            /// Returns the kind of its values.
            pub const fn kind(self) -> FieldKind {
                match self { $(Field::$name => FieldKind::$kind),* }
            }

            /// Whether a delivery must have the column.
            pub const fn required(self) -> bool {
                match self { $(Field::$name => fields!(@need $need)),* }
            }

            /// Returns other names of it in exports.
            pub const fn aliases(self) -> &'static [&'static str] {
                match self { $(Field::$name => &[$($alias),*]),* }
            }
        }
    };
    (@need required) => { true };
    (@need optional) => { false };
}

fields! {
    setl_id Text required;
    mdtrt_id Text optional;
    init_setl_id Text optional;
    psn_no Text required;
    insuplc_admdvs Text required "insu_admdvs" "insu_plc";
    mdtrtarea_admvs Text required "fix_blng_admdvs" "mdtrtarea_admdvs";
    fixmedins_code Text required;
    insutype Text required;
    med_type Text required;
    dise_codg Text optional "dise_no";
    begndate Date optional;
    enddate Date optional;
    setl_time Time required;
    refd_setl_flag Text optional;
    fulamt_advpay_flag Text optional;
    medfee_sumamt Amount required;
    hifp_pay Amount required;
    cvlserv_pay Amount optional;
    hifes_pay Amount optional;
    hifmi_pay Amount optional;
    hifob_pay Amount optional;
    hifdm_pay Amount optional;
    maf_pay Amount optional;
    oth_pay Amount optional "othfund_pay";
    fund_pay_sumamt Amount required;
    acct_pay Amount required;
    psn_cash_pay Amount required "cash_payamt";
    hosp_part_amt Amount optional "ownpay_hosp_part";
    acct_mulaid_pay Amount optional;
    fulamt_ownpay_amt Amount optional;
    overlmt_selfpay Amount optional;
    preselfpay_amt Amount optional;
    inscp_scp_amt Amount optional "inscp_amt";
}

impl Field {
    /// Whether it identifies a person: it is masked in every output for people.
    pub const fn is_personal(self) -> bool {
        matches!(self, Field::psn_no | Field::mdtrt_id)
    }

    /// Returns its index in [`FIELDS`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the field of a column name, in any case, with blanks or byte order marks around it.
    pub fn of_column(column: &str) -> Option<Named> {
        let name = bare_name(column);
        let respelled = name != column;
        FIELDS.into_iter().find_map(|field| match name.as_str() {
            name if name == field.name() => Some(Named { field, alias: false, respelled }),
            name if field.aliases().contains(&name) => {
                Some(Named { field, alias: true, respelled })
            }
            _ => None,
        })
    }
}

/// Returns the name of a column in small letters, without blanks and byte order marks around it.
pub fn bare_name(column: &str) -> String {
    let bare = column.trim_matches(|letter| is_blank(letter) || letter == '\u{feff}');
    bare.to_ascii_lowercase()
}

/// The field of a column name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The field.
    pub field: Field,
    /// Whether the name is an alias of the field.
    pub alias: bool,
    /// Whether it is written in another case, or with blanks around it.
    pub respelled: bool,
}

/// The fields that are flags.
pub const FLAGS: [Field; 2] = [Field::refd_setl_flag, Field::fulamt_advpay_flag];

/// The value of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag {
    /// True for 1, false for 0 or nothing, `None` for anything else (V16).
    pub says: Option<bool>,
    /// Whether there are blanks around it.
    pub padded: bool,
}

impl Flag {
    /// Reads a flag.
    pub fn of(text: Option<&str>) -> Flag {
        let text = text.unwrap_or_default();
        let bare = without_blanks(text);
        let says = match bare {
            "" | "0" => Some(false),
            "1" => Some(true),
            _ => None,
        };
        Flag { says, padded: bare.len() < text.len() }
    }
}

/// Returns a text without the blanks around it.
pub fn without_blanks(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// Whether a letter is white space of Unicode, or NUL, with which some writers pad texts of fixed length.
const fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || letter == '\0'
}

/// The identity fields, in the order in which they are compared; the cost month follows them.
pub const IDENTITY_FIELDS: [Field; 8] = [
    Field::psn_no,
    Field::insuplc_admdvs,
    Field::mdtrtarea_admvs,
    Field::fixmedins_code,
    Field::insutype,
    Field::med_type,
    Field::dise_codg,
    Field::init_setl_id,
];

/// The eight fund fields, whose sum is fund_pay_sumamt.
pub const FUNDS: [Field; 8] = [
    Field::hifp_pay,
    Field::cvlserv_pay,
    Field::hifes_pay,
    Field::hifmi_pay,
    Field::hifob_pay,
    Field::hifdm_pay,
    Field::maf_pay,
    Field::oth_pay,
];

/// The fields whose sum is medfee_sumamt: funds, account, cash, hospital.
pub const SHARES: [Field; 4] =
    [Field::fund_pay_sumamt, Field::acct_pay, Field::psn_cash_pay, Field::hosp_part_amt];

/// The four scope fields, whose sum is medfee_sumamt where a file has them all.
pub const SCOPE: [Field; 4] =
    [Field::fulamt_ownpay_amt, Field::overlmt_selfpay, Field::preselfpay_amt, Field::inscp_scp_amt];

/// The amounts: first the 13 that are compared, in the order in which they are compared and listed,
/// then the relative's account, then the four scope fields.
pub const AMOUNT_FIELDS: [Field; 18] = [
    Field::medfee_sumamt,
    Field::fund_pay_sumamt,
    Field::hifp_pay,
    Field::cvlserv_pay,
    Field::hifes_pay,
    Field::hifmi_pay,
    Field::hifob_pay,
    Field::hifdm_pay,
    Field::maf_pay,
    Field::oth_pay,
    Field::acct_pay,
    Field::psn_cash_pay,
    Field::hosp_part_amt,
    Field::acct_mulaid_pay,
    Field::fulamt_ownpay_amt,
    Field::overlmt_selfpay,
    Field::preselfpay_amt,
    Field::inscp_scp_amt,
];

/// One of the 13 compared amounts by its national field name, in schemas.
pub enum PayableField {}

impl JsonSchema for PayableField {
    fn schema_name() -> Cow<'static, str> {
        "PayableField".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = COMPARED_AMOUNTS.iter().map(|field| field.name()).collect();
        json_schema!({ "type": "string", "enum": names, "description": "A compared amount." })
    }
}

/// The number of compared amounts.
pub const COMPARED: usize = 13;

/// The compared amounts, in the order in which they are compared and listed.
pub const COMPARED_AMOUNTS: [Field; COMPARED] = match AMOUNT_FIELDS.first_chunk() {
    Some(compared) => *compared,
    None => panic!("Invariant: there are more amounts"),
};

/// Returns the index of each field in a list; `usize::MAX` for a field that is not in it.
pub const fn positions(list: &[Field]) -> [usize; FIELDS.len()] {
    let mut positions = [usize::MAX; FIELDS.len()];
    let mut index = 0;
    while index < list.len() {
        positions[list[index].index()] = index;
        index += 1;
    }
    positions
}

const AMOUNT_POSITION: [usize; FIELDS.len()] = positions(&AMOUNT_FIELDS);

/// Returns the index of an amount in [`AMOUNT_FIELDS`]; for a compared amount it is also its index in
/// [`COMPARED_AMOUNTS`].
pub const fn amount_position(field: Field) -> usize {
    AMOUNT_POSITION[field.index()]
}

/// A value for each of the compared amounts, indexed by field; it panics for any other field.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(transparent)]
pub struct Amounts<T>([T; COMPARED]);

impl<T> Amounts<T> {
    /// Makes the value of each field, in the order of [`COMPARED_AMOUNTS`].
    pub fn of(value: impl FnMut(Field) -> T) -> Amounts<T> {
        Amounts(COMPARED_AMOUNTS.map(value))
    }

    /// Makes it of values in the order of [`COMPARED_AMOUNTS`].
    pub const fn from_array(values: [T; COMPARED]) -> Amounts<T> {
        Amounts(values)
    }

    /// Maps each value.
    pub fn map<U>(self, value: impl FnMut(T) -> U) -> Amounts<U> {
        Amounts(self.0.map(value))
    }

    /// Iterates over the values, in the order of [`COMPARED_AMOUNTS`].
    pub fn values(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// Iterates over fields and values, in the order of [`COMPARED_AMOUNTS`].
    pub fn iter(&self) -> impl Iterator<Item = (Field, &T)> {
        COMPARED_AMOUNTS.into_iter().zip(&self.0)
    }
}

impl<T: Copy> Amounts<T> {
    /// Returns the values of some fields.
    pub fn pick<const N: usize>(&self, fields: [Field; N]) -> [T; N] {
        fields.map(|field| self[field])
    }
}

impl<T> Index<Field> for Amounts<T> {
    type Output = T;

    fn index(&self, field: Field) -> &T {
        &self.0[amount_position(field)]
    }
}

impl<T> IndexMut<Field> for Amounts<T> {
    fn index_mut(&mut self, field: Field) -> &mut T {
        &mut self.0[amount_position(field)]
    }
}

/// Indices of [`AMOUNT_FIELDS`], for synthetic rows.
pub mod amount {
    /// medfee_sumamt: total cost.
    pub const MEDFEE: usize = 0;
    /// fund_pay_sumamt: sum of the eight fund fields.
    pub const FUND: usize = 1;
    /// The eight fund fields.
    pub const FUNDS: std::ops::Range<usize> = 2..10;
    /// acct_pay: personal account.
    pub const ACCOUNT: usize = 10;
    /// psn_cash_pay: cash.
    pub const CASH: usize = 11;
    /// hosp_part_amt: borne by the hospital.
    pub const HOSPITAL: usize = 12;
    /// acct_mulaid_pay: relative's account, shown only.
    pub const MUTUAL_AID: usize = 13;
    /// The four scope fields.
    pub const SCOPE: std::ops::Range<usize> = 14..18;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_are_unique() {
        let mut names: Vec<&str> = FIELDS
            .iter()
            .flat_map(|f| [f.name()].into_iter().chain(f.aliases().iter().copied()))
            .collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        assert_eq!(FIELDS.len(), 33);
        let amounts: Vec<Field> =
            FIELDS.into_iter().filter(|field| field.kind() == FieldKind::Amount).collect();
        let mut listed = AMOUNT_FIELDS;
        listed.sort_unstable();
        assert_eq!(listed[..], amounts);
        assert_eq!(AMOUNT_FIELDS[amount::FUNDS], FUNDS);
        assert_eq!(AMOUNT_FIELDS[amount::SCOPE], SCOPE);
    }

    #[test]
    fn amounts_are_taken_by_field() {
        let mut amounts = Amounts::of(Field::index);
        assert_eq!(amounts[Field::acct_pay], Field::acct_pay.index());
        assert_eq!(amounts.pick(SHARES), SHARES.map(Field::index));
        assert!(amounts.iter().all(|(field, index)| field.index() == *index));
        amounts[Field::maf_pay] = 0;
        assert_eq!(amounts.values().position(|index| *index == 0), Some(8));
    }

    #[test]
    fn columns_are_known_by_their_names() {
        let named = |name: &str| {
            let Named { field, alias, respelled } = Field::of_column(name)?;
            Some((field, alias, respelled))
        };
        assert_eq!(named("setl_id"), Some((Field::setl_id, false, false)));
        assert_eq!(named("insu_plc"), Some((Field::insuplc_admdvs, true, false)));
        assert_eq!(named("INSU_PLC "), Some((Field::insuplc_admdvs, true, true)));
        for name in ["SETL_ID", " setl_id", "\u{feff}setl_id", "\u{feff} Setl_Id\u{3000}\0"] {
            assert_eq!(named(name), Some((Field::setl_id, false, true)), "{name:?}");
        }
        for name in ["psn_name", "setl id", "setl_id1", "ｓetl_id", "", " "] {
            assert_eq!(named(name), None, "{name:?}");
        }
    }

    #[test]
    fn flags_are_read_without_the_blanks_around_them() {
        let read = |text: &str| {
            let Flag { says, padded } = Flag::of(Some(text));
            (says, padded)
        };
        assert_eq!(Flag::of(None), Flag { says: Some(false), padded: false });
        assert_eq!(
            [read(""), read("0"), read("1")],
            [false, false, true].map(|s| (Some(s), false))
        );
        for text in ["1  ", " 1", "\t1\r\n", "1\0\0", "\u{3000}1\u{a0}"] {
            assert_eq!(read(text), (Some(true), true), "{text:?}");
        }
        assert_eq!([read(" 0"), read("  ")], [(Some(false), true); 2]);
        for text in ["01", "１", "Y", "是", "true", "2", "-1", "0 1", "\u{feff}1", "\u{200b}1"] {
            assert_eq!(read(text), (None, false), "{text:?}");
        }
        assert_eq!(read(" Y "), (None, true));
    }
}
