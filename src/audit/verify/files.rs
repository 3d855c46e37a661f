//! Checks the files of a period: manifest, seal, chain, digests, no other files; reads its tables.

use std::{collections::BTreeMap, fs, path::Path};

use rayon::prelude::*;

use super::{checks::Checks, figures::PeriodVerified, places::place};
use crate::{
    book::{
        grid::{Grid, GridRow},
        manifest::{Manifest, REGISTER, Sealed},
    },
    columnar::{
        entry::FileEntry,
        shape::{TABLES, TableForm, TableSpec},
    },
    diag::{Code, Failure, Outcome},
    digest::{sha256_hex, sha256_of},
    model::{
        codes::{Month, Side},
        control::Bucket,
    },
    place::period::{MANIFEST, SEAL},
    plausible::parse_code,
    rules::{Policy, Rules},
    signing::SIGNATURE,
    text::{Text, quoted},
};

/// A closed period whose tables are all readable.
#[derive(Debug)]
pub(super) struct ReadablePeriod {
    pub(super) month: Month,
    pub(super) folder: std::path::PathBuf,
    pub(super) manifest: Manifest,
    pub(super) rules: Rules,
    grids: BTreeMap<&'static str, Grid>,
}

impl ReadablePeriod {
    /// Returns a table.
    pub(super) fn grid(&self, table: &str) -> &Grid {
        &self.grids[table]
    }

    /// Returns the path of a table, for findings.
    pub(super) fn file(&self, table: &str) -> String {
        place(self.month, &format!("tables/{table}.parquet"))
    }

    /// Returns rows, medfee_sumamt and payable of a row of the table `control`.
    pub(super) fn control(&self, side: Side, bucket: Bucket) -> [i128; 3] {
        let is_it =
            |row: &GridRow| row.text("side") == side.name() && row.text("bucket") == bucket.name();
        let row = self.grid("control").iter().find(is_it);
        row.map_or([0; 3], |row| {
            ["rows", "medfee_sumamt", "payable"].map(|column| row.number(column))
        })
    }

    /// Returns whether it is the first period of its book.
    pub(super) fn is_first(&self) -> bool {
        self.manifest.previous_manifest_sha256.is_none()
    }

    /// Returns the number of lines of a small file of the delivery.
    pub(super) fn lines_of(&self, file: &str) -> u64 {
        self.manifest.inputs.iter().find(|input| input.path == file).map_or(0, |input| input.rows)
    }

    /// Returns the policy of the period from its own copy of the rules, or reports why there is none.
    pub(super) fn policy(&self, checks: &mut Checks) -> Option<&Policy> {
        let policy = self.rules.policy(self.month);
        policy
            .map_err(|error| {
                let found = error.text();
                checks.report(Code::B01, place(self.month, MANIFEST), Text::given("rules"), found);
            })
            .ok()
    }
}

/// A period read from its files, and the findings about them.
#[derive(Debug)]
pub(super) struct ReadPeriod {
    pub(super) month: Month,
    pub(super) closed: Option<ReadablePeriod>,
    pub(super) figures: PeriodVerified,
    /// The digest of the manifest; none if it cannot be read.
    pub(super) digest: Option<String>,
    /// The bytes of the manifest and of its signature; empty if they cannot be read.
    pub(super) bytes: Vec<u8>,
    pub(super) signature: Option<Vec<u8>>,
    /// Whether the manifest is valid, and the digest that it has of the manifest before.
    has_manifest: bool,
    before: Option<String>,
    /// The form of the tables that the manifest lists.
    form: Option<TableForm>,
    pub(super) checks: Checks,
}

/// Reads a period and checks its files, but not its place in the chain.
pub(super) fn read(month: Month, folder: &Path) -> Outcome<ReadPeriod> {
    let mut checks = Checks::default();
    let mut figures = PeriodVerified { period: month.to_string(), ..PeriodVerified::default() };
    let sealed = Sealed::read(folder);
    let digest = sealed.digest();
    let manifest = sealed.parse();
    let signature = sealed.signature.ok().flatten();
    let bytes = sealed.manifest.unwrap_or_default();
    for file in [Some(&bytes).filter(|_| digest.is_some()), signature.as_ref()] {
        figures.files += u64::from(file.is_some());
        figures.bytes += file.map_or(0, |file| file.len() as u64);
    }
    if folder.is_dir() {
        strangers(month, folder, &mut checks)?;
    }
    let manifest = manifest
        .map_err(|problem| checks.report(Code::B01, place(month, MANIFEST), text!(""), problem))
        .ok();
    let has_manifest = manifest.is_some();
    let before = manifest.as_ref().and_then(|manifest| manifest.previous_manifest_sha256.clone());
    let form = manifest.as_ref().and_then(Manifest::form);
    let closed = manifest.and_then(|manifest| {
        let rules = check_manifest(month, &manifest, &mut checks);
        check_outputs(month, folder, &manifest, &mut figures, &mut checks);
        let grids = read_tables(month, folder, &manifest, &mut figures, &mut checks);
        let (rules, grids) = rules.zip(grids)?;
        Some(ReadablePeriod { month, folder: folder.to_owned(), manifest, rules, grids })
    });
    Ok(ReadPeriod {
        month,
        closed,
        figures,
        digest,
        bytes,
        signature,
        has_manifest,
        before,
        form,
        checks,
    })
}

/// Law: a period follows the month before and has the digest of its manifest.
pub(super) fn check_chain(read: &ReadPeriod, before: Option<&ReadPeriod>, checks: &mut Checks) {
    checks.count(3);
    if let Some(last) = before.map(|before| before.month).filter(|l| read.month != l.plus(1)) {
        let found = text!("after {} comes {}", last, read.month);
        checks.report(Code::B02, read.month.to_string(), text!(""), found);
    }
    // A closed period without tables that an earlier one has counts as one with empty tables: it must not come about.
    if read.form.is_some() && read.form < before.and_then(|before| before.form) {
        let found = text!("fewer tables than the period before has");
        checks.report(Code::B02, place(read.month, MANIFEST), Text::given("outputs"), found);
    }
    let expected = before.and_then(|before| before.digest.clone());
    if read.has_manifest && read.before != expected {
        let none = || "none".to_owned();
        let found = text!(
            "{}, the one before has {}",
            read.before.clone().unwrap_or_else(none),
            expected.unwrap_or_else(none)
        );
        let place = place(read.month, MANIFEST);
        checks.report(Code::B02, place, Text::given("previous_manifest_sha256"), found);
    }
}

/// Reports files in the folder that no period has, and links.
fn strangers(month: Month, folder: &Path, checks: &mut Checks) -> Outcome<()> {
    let names = |folder: &Path| -> Outcome<Vec<String>> {
        let entries = fs::read_dir(folder).map_err(Failure::io(folder))?;
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(Failure::io(folder))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    };
    let mut known = [MANIFEST, SEAL, SIGNATURE, "tables"].map(str::to_owned).to_vec();
    known.extend(REGISTER.map(str::to_owned));
    let mut strangers: Vec<String> =
        names(folder)?.into_iter().filter(|name| !known.contains(name)).collect();
    let tables = folder.join("tables");
    if tables.is_dir() {
        let known: Vec<String> =
            TABLES.iter().map(|table| format!("{}.parquet", table.name)).collect();
        let unknown = names(&tables)?.into_iter().filter(|name| !known.contains(name));
        strangers.extend(unknown.map(|name| format!("tables/{name}")));
    }
    links(month, folder, checks);
    checks.count(1);
    for stranger in strangers {
        let found = text!("a file that nothing lists");
        checks.report(Code::B04, place(month, &stranger), text!(""), found);
    }
    Ok(())
}

/// Reports files and folders of the period that are symbolic links: their targets are outside the book.
fn links(month: Month, folder: &Path, checks: &mut Checks) {
    let outputs = TABLES.iter().map(TableSpec::path).chain(REGISTER.map(str::to_owned));
    let others = [MANIFEST, SEAL, SIGNATURE, "tables"].map(str::to_owned);
    for path in outputs.chain(others) {
        checks.count(1);
        if folder.join(&path).is_symlink() {
            let found = text!("a link to somewhere else");
            checks.report(Code::B04, place(month, &path), text!(""), found);
        }
    }
}

/// Checks period, rules, day of issue, accepted codes and list of outputs of a manifest.
fn check_manifest(month: Month, manifest: &Manifest, checks: &mut Checks) -> Option<Rules> {
    let file = place(month, MANIFEST);
    checks.count(4);
    if manifest.period != month.to_string() {
        let found = text!("the manifest of {}", manifest.period);
        checks.report(Code::B02, file.clone(), Text::given("period"), found);
    }
    let digest = sha256_hex(manifest.rules.text.as_bytes());
    if digest != manifest.rules.sha256 {
        let found = text!("rules with the digest {}", digest);
        checks.report(Code::B01, file.clone(), Text::given("rules"), found);
    }
    if crate::model::dates::parse_day(&manifest.as_of).is_none() {
        checks.report(Code::B01, file.clone(), Text::given("as_of"), Text::given(&manifest.as_of));
    }
    let known = manifest.accepted.iter().all(|code| parse_code(code).is_ok());
    if !known || !manifest.accepted.is_sorted_by(|a, b| a < b) {
        let found = text!("{}", quoted(&manifest.accepted));
        checks.report(Code::B01, file.clone(), Text::given("accepted"), found);
    }
    if manifest.form().is_none() {
        let found = text!("{} outputs, or others than a period has", manifest.outputs.len());
        checks.report(Code::B01, file.clone(), Text::given("outputs"), found);
    }
    Rules::parse(&manifest.rules.text)
        .map_err(|error| checks.report(Code::B01, file, Text::given("rules"), error.text()))
        .ok()
}

/// Law: every output has the length and the digest of the manifest.
fn check_outputs(
    month: Month,
    folder: &Path,
    manifest: &Manifest,
    figures: &mut PeriodVerified,
    checks: &mut Checks,
) {
    let compare = |output: &FileEntry| -> (u64, Option<Text>) {
        let path = folder.join(&output.path);
        let opened = fs::File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
        match opened.and_then(|(bytes, file)| Ok((bytes, sha256_of(file)?))) {
            Err(error) => (0, Some(text!("{}", error))),
            Ok((bytes, digest)) if (bytes, &digest) != (output.bytes, &output.sha256) => {
                (bytes, Some(text!("{} bytes with the digest {}", bytes, digest)))
            }
            Ok((bytes, _)) => (bytes, None),
        }
    };
    let compared: Vec<(u64, Option<Text>)> = manifest.outputs.par_iter().map(compare).collect();
    for (output, (bytes, problem)) in manifest.outputs.iter().zip(compared) {
        checks.count(2);
        figures.files += 1;
        figures.bytes += bytes;
        if let Some(problem) = problem {
            checks.report(Code::B03, place(month, &output.path), text!(""), problem);
        }
    }
}

/// Reads the tables; returns them if all are readable.
fn read_tables(
    month: Month,
    folder: &Path,
    manifest: &Manifest,
    figures: &mut PeriodVerified,
    checks: &mut Checks,
) -> Option<BTreeMap<&'static str, Grid>> {
    let read: Vec<Result<Grid, Text>> =
        TABLES.into_par_iter().map(|table| Grid::read(folder, table)).collect();
    let mut grids = BTreeMap::new();
    for (table, grid) in TABLES.iter().zip(read) {
        let path = table.path();
        match grid {
            Err(problem) => checks.report(Code::B06, place(month, &path), text!(""), problem),
            Ok(grid) => {
                check_rows(month, &path, manifest, grid.rows as u64, checks);
                figures.rows += grid.rows as u64;
                grids.insert(table.name, grid);
            }
        }
    }
    (grids.len() == TABLES.len()).then_some(grids)
}

/// Law: a file has as many rows as its manifest says.
pub(super) fn check_rows(
    month: Month,
    path: &str,
    manifest: &Manifest,
    rows: u64,
    checks: &mut Checks,
) {
    let listed = manifest.outputs.iter().find(|output| output.path == path);
    checks.count(1);
    if let Some(listed) = listed.filter(|listed| listed.rows != rows) {
        let found = text!("{} rows, the manifest says {}", rows, listed.rows);
        checks.report(Code::B03, place(month, path), text!(""), found);
    }
}
