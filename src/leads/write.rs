//! Writes the output folder of a review from sorted leads.

use std::path::Path;

use super::{
    pack::Packs,
    page::ReviewPageData,
    shared::SharedSettlements,
    summary::ReviewSummary,
    tables::{
        LEADS_FILE, LeadIds, LeadRow, SETTLEMENTS_FILE, SettlementRow, leads_table,
        settlements_table, with_roles,
    },
    tally::LeadTally,
};
use crate::{
    columnar::{
        entry::FileEntry,
        table::{Hashing, TableWriter},
    },
    diag::{Failure, Outcome},
    event::Monitor,
    keyed::sorted::Sorted,
    model::codes::Month,
    place::output::Output,
    privacy::pseudonym::Pseudonyms,
    review::{
        account::{ReviewAccount, RowPlace},
        found::FoundLead,
    },
};
use std::io::Write;

/// The leads, and what is known of their rows.
pub struct LeadSource<'a> {
    /// The leads.
    pub leads: &'a Sorted<FoundLead>,
    /// Says where a row is, by its number.
    pub place: &'a dyn Fn(u64) -> RowPlace<'a>,
    /// Says whether the settlement of a row is in the register as cleared, by its number; none without a book.
    pub cleared: &'a dyn Fn(u64) -> Option<bool>,
    /// What else the review did.
    pub account: &'a ReviewAccount,
    /// Makes pseudonyms, which stand beside the masked numbers of persons.
    pub pseudonyms: Option<&'a Pseudonyms>,
}

/// Writes the output folder, which appears whole or not at all, and returns the summary.
pub fn write(out: &Path, source: &LeadSource<'_>, monitor: &Monitor) -> Outcome<ReviewSummary> {
    Output::new_or_empty_folder(out)?.fill(|folder| fill(folder, source, monitor))
}

/// Fills an output folder, and returns the summary.
pub fn fill(folder: &Path, source: &LeadSource<'_>, monitor: &Monitor) -> Outcome<ReviewSummary> {
    let shared = SharedSettlements::find(source.leads, monitor)?;
    let mut writing = Writing::begin(folder, source, &shared)?;
    source.leads.for_each(|lead| {
        monitor.check()?;
        writing.add(lead)
    })?;
    let account = source.account;
    let created = account.month.unwrap_or(Month::new(2000, 1)).last_day();
    let summary = ReviewSummary::of(account, &writing.tally);
    let page = writing.page.render(account, &writing.tally)?;
    let mut files = vec![writing.leads.close()?, writing.settlements.close()?];
    files.extend(writing.packs.finish(created)?);
    files.push(file(folder, "review.html", page.as_bytes())?);
    files.push(file(folder, "summary.json", &summary.bytes())?);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let mut sums = String::new();
    for entry in &files {
        sums.extend([&entry.sha256, "  ", &entry.path, "\n"]);
    }
    file(folder, "SHA256SUMS", sums.as_bytes())?;
    Ok(summary)
}

/// Writes a small file.
fn file(folder: &Path, path: &str, bytes: &[u8]) -> Outcome<FileEntry> {
    let place = folder.join(path);
    let mut file = Hashing::create(&place)?;
    file.write_all(bytes).map_err(Failure::io(&place))?;
    file.close(path.to_owned(), 0)
}

/// The files that grow with every lead.
struct Writing<'a, 'p> {
    source: &'a LeadSource<'p>,
    leads: TableWriter<LeadRow>,
    settlements: TableWriter<SettlementRow<'p>>,
    packs: Packs<'a>,
    tally: LeadTally,
    page: ReviewPageData<'a>,
    ids: LeadIds,
}

impl<'a, 'p> Writing<'a, 'p> {
    fn begin(
        folder: &'a Path,
        source: &'a LeadSource<'p>,
        shared: &'a SharedSettlements,
    ) -> Outcome<Writing<'a, 'p>> {
        Ok(Writing {
            source,
            leads: TableWriter::create(folder, LEADS_FILE, leads_table)?,
            settlements: TableWriter::create(folder, SETTLEMENTS_FILE, settlements_table)?,
            packs: Packs::new(folder, source.pseudonyms, shared),
            tally: LeadTally::default(),
            page: ReviewPageData::new(source.pseudonyms),
            ids: LeadIds::default(),
        })
    }

    fn add(&mut self, lead: &FoundLead) -> Outcome<()> {
        let lead_id = LeadIds::id(lead.rule, self.ids.next_number(lead.rule));
        let cleared: Vec<Option<bool>> = lead
            .settlements()
            .map(|settlement| (self.source.cleared)(settlement.ordinal))
            .collect();
        for ((role, settlement), cleared) in with_roles(lead).zip(&cleared) {
            self.settlements.push(SettlementRow {
                lead_id: lead_id.clone(),
                setl_id: settlement.setl_id.clone(),
                role,
                place: (self.source.place)(settlement.ordinal),
                treating: settlement.treating_province(),
                payable: settlement.payable,
                cleared: *cleared,
            })?;
        }
        let row = LeadRow::of(lead, lead_id, &cleared);
        self.packs.add(&row, lead)?;
        self.tally.add(&row, lead);
        self.page.add(&row, lead);
        self.leads.push(row)
    }
}
