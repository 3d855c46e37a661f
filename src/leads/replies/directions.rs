//! Which leads say that the fund paid too little, read back from the packs that the review wrote. The tables do not have
//! it: lo stands in the detail, and hifp_pay in the packs.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{form::AnsweredLine, known::KnownLines, sealed};
use crate::{
    diag::{Code, Finding, Outcome},
    leads::{
        columns::{DIRECTION, LEAD_ID},
        direction::{PaidDirection, may_be_too_little},
        pack::path_of,
    },
    model::codes::Province,
    review::rule::ReviewRule,
    text::Text,
};

/// Returns those of the answered leads with an amount whose direction is too little.
pub(super) fn too_little<'a>(
    lines: impl Iterator<Item = &'a AnsweredLine>,
    known: &KnownLines,
    leads: &Path,
) -> Outcome<BTreeSet<String>> {
    let mut asked: BTreeMap<Province, BTreeSet<&str>> = BTreeMap::new();
    for line in lines.filter(|line| line.has_amount()) {
        let rule = line.lead_id.get(..6).and_then(ReviewRule::from_id);
        let of = rule.filter(|rule| may_be_too_little(*rule));
        if let Some(of) = of.and_then(|_| known.find(&line.lead_id, &line.setl_ids)) {
            asked.entry(of.treating).or_default().insert(&line.lead_id);
        }
    }
    let packs: Vec<String> = asked.keys().map(|province| path_of(*province, "csv")).collect();
    sealed::check(leads, packs.iter().map(String::as_str))?;
    let mut found = BTreeSet::new();
    for (path, asked) in packs.iter().zip(asked.values()) {
        let unlike = |found| Finding::of_file(Code::W06, path, found);
        let read = of_pack(&leads.join(path), asked, &mut found);
        read.map_err(|found| sealed::refused(leads, vec![unlike(found)]))?;
    }
    Ok(found)
}

/// Adds the asked leads of a pack whose direction is too little.
fn of_pack(path: &Path, asked: &BTreeSet<&str>, found: &mut BTreeSet<String>) -> Result<(), Text> {
    let failed = |error: csv::Error| Text::foreign(error);
    let mut reader = csv::Reader::from_path(path).map_err(failed)?;
    let headings = reader.headers().map_err(failed)?;
    let place = |column: crate::leads::columns::PackColumn| {
        let is_it = |heading: &str| column.is_named(heading.trim_start_matches('\u{feff}'));
        let place = headings.iter().position(is_it);
        place.ok_or_else(|| text!("no column {}", column.heading()))
    };
    let (lead, direction) = (place(LEAD_ID)?, place(DIRECTION)?);
    let mut line = csv::StringRecord::new();
    while reader.read_record(&mut line).map_err(failed)? {
        let id = line.get(lead).unwrap_or_default();
        if asked.contains(id)
            && PaidDirection::is_too_little(line.get(direction).unwrap_or_default())
        {
            found.insert(id.to_owned());
        }
    }
    Ok(())
}
