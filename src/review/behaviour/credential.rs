//! BEH-18 one credential of many persons 凭证异常 (certain): one mdtrt_cert_no at `persons` or more. One number under two
//! media is one token. One lead is a token with all its settlements. Source: ours.

use super::groups::distinct;
use crate::review::{
    lead::{Detail, Lead},
    row::ReviewedRow,
    rule::ReviewRule,
    thresholds::CredentialLimits,
};

/// Adds the lead of a token, whose settlements are given.
pub fn of_credential<'a>(
    settlements: &[&'a ReviewedRow<'a>],
    limits: &CredentialLimits,
    leads: &mut Vec<Lead<'a>>,
) {
    let persons = distinct(settlements, |row| row.psn_no);
    if persons >= limits.persons.max(1) {
        let media = settlements.iter().filter_map(|row| row.optional.medium);
        let detail = Detail::default().with("persons", persons).with_list("media", media).text();
        leads.push(Lead::of(ReviewRule::Beh18, settlements.to_vec(), detail));
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{Sample, in_order, line, visit},
        of_credential,
    };
    use crate::review::thresholds::CredentialLimits;

    fn told(persons: u64, rows: Vec<Sample>) -> Vec<String> {
        let mut leads = Vec::new();
        of_credential(in_order(rows), &CredentialLimits { persons }, &mut leads);
        leads.iter().map(line).collect()
    }

    #[test]
    fn persons_are_counted_and_media_are_listed() {
        let by = |id: &str, person: &str, medium: Option<&'static str>| {
            visit(id, "2025-12-31").of(person).with(|row| row.optional.medium = medium)
        };
        let two = || vec![by("a", "P", Some("02")), by("b", "Q", None), by("c", "P", Some("01"))];
        assert_eq!(told(2, two()), ["a b c: 3.00 persons=2;media=01,02"]);
        assert_eq!(told(3, two()), [""; 0]);
        assert_eq!(told(2, vec![by("a", "P", None), by("b", "P", Some("01"))]), [""; 0]);
        assert_eq!(told(0, Vec::new()), [""; 0]);
    }
}
