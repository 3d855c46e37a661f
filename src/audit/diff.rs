//! Two runs of a period, or two books: what changed, why, and how many fen each cause is worth.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde::Serialize;

use super::compare::{self, Difference};
use crate::{
    book::{closed_periods, grid::Grid, manifest::Manifest},
    columnar::entry::FileEntry,
    diag::{Failure, Outcome},
    keyed::key::Key,
    model::{
        codes::{Month, Side},
        control::Class,
        money::{FenSum, yuan},
    },
    place::period::MANIFEST,
    register::entries::Entry,
};

/// How two books differ, or two runs of one period.
#[derive(Debug, Serialize)]
pub struct Differences {
    /// Periods that only the first has.
    pub only_first: Vec<String>,
    /// Periods that only the second has.
    pub only_second: Vec<String>,
    /// The periods that both have, oldest first.
    pub periods: Vec<PeriodDifference>,
}

/// How two runs of a period differ. Amounts are those of the second without those of the first, in yuan.
#[derive(Debug, Serialize)]
pub struct PeriodDifference {
    /// The period.
    pub period: String,
    /// What the runs were given: inputs, rules and so on that are not the same.
    pub given: Vec<String>,
    /// What cleared, by cause.
    pub causes: Vec<Cause>,
    /// What is to be paid, and what it is made of.
    pub payable: Payable,
    /// The tables that differ, and the register.
    pub tables: Vec<Difference>,
}

/// Settlements that cleared in one run alone, or with another payable.
#[derive(Debug, Serialize)]
pub struct Cause {
    /// Why. Several that cannot be told apart from the results are named together.
    pub cause: String,
    /// How many settlements.
    pub settlements: u64,
    /// What they owe.
    pub gross: String,
}

/// Payable + carried forward = gross − deductions + brought forward, all of them as differences.
#[derive(Debug, Serialize)]
pub struct Payable {
    /// What is to be paid.
    pub payable: String,
    /// What cleared.
    pub gross: String,
    /// What is held back.
    pub deductions: String,
    /// What the period before handed over.
    pub brought_forward: String,
    /// What is handed to the next.
    pub carried_forward: String,
    /// Closing reserves.
    pub reserves: String,
}

impl PeriodDifference {
    /// Whether the results are the same.
    pub fn is_none(&self) -> bool {
        self.tables.is_empty()
    }
}

/// Compares two folders: two books, or two runs of a period.
pub fn diff(first: &Path, second: &Path) -> Outcome<Differences> {
    if [first, second].iter().all(|folder| folder.join(MANIFEST).is_file()) {
        let periods = vec![runs(first, second)?];
        return Ok(Differences { only_first: Vec::new(), only_second: Vec::new(), periods });
    }
    let books = [first, second].map(|folder| {
        let periods = if folder.is_dir() { closed_periods(folder)? } else { Vec::new() };
        if periods.is_empty() || folder.join(MANIFEST).exists() {
            let problem = format!(
                "{} is neither a closed period nor a book\n    hint: name two folders of one period, \
                 or two books",
                crate::diag::shown(folder)
            );
            return Err(Failure::Usage(problem));
        }
        Ok(BTreeMap::from_iter(periods))
    });
    let [first, second] = books;
    let (first, second) = (first?, second?);
    let only = |these: &BTreeMap<Month, _>, those: &BTreeMap<Month, _>| {
        let only = these.keys().filter(|month| !those.contains_key(month));
        only.map(Month::to_string).collect()
    };
    let both = first.iter().filter_map(|(month, folder)| Some((folder, second.get(month)?)));
    Ok(Differences {
        only_first: only(&first, &second),
        only_second: only(&second, &first),
        periods: both.map(|(first, second)| runs(first, second)).collect::<Outcome<_>>()?,
    })
}

/// Two runs of a period.
struct Runs<'a> {
    folders: [&'a Path; 2],
    manifests: [Manifest; 2],
}

fn runs(first: &Path, second: &Path) -> Outcome<PeriodDifference> {
    let manifests = [Manifest::read(first)?.0, Manifest::read(second)?.0];
    if manifests[0].period != manifests[1].period {
        let problem =
            format!("runs of two periods: {}, {}", manifests[0].period, manifests[1].period);
        return Err(Failure::Usage(problem));
    }
    let runs = Runs { folders: [first, second], manifests };
    let mut tables = compare::compare(first, second)?;
    let causes = runs.causes(&tables)?;
    tables.retain(|found| found.rows_that_differ() > 0);
    let payable = runs.payable()?;
    let [manifest, _] = &runs.manifests;
    let period = manifest.period.clone();
    Ok(PeriodDifference { period, given: runs.given(), causes, payable, tables })
}

impl Runs<'_> {
    /// What of a manifest differs, by name.
    fn differs<T: PartialEq>(&self, of: impl Fn(&Manifest) -> T) -> bool {
        of(&self.manifests[0]) != of(&self.manifests[1])
    }

    /// Inputs that are not the same, by path.
    fn inputs(&self) -> BTreeSet<&str> {
        let entries = |manifest: &Manifest| -> BTreeSet<FileEntry> {
            manifest.inputs.iter().cloned().collect()
        };
        let [first, second] = self.manifests.each_ref().map(entries);
        let differ: BTreeSet<String> =
            first.symmetric_difference(&second).map(|input| input.path.clone()).collect();
        let all = self.manifests.iter().flat_map(|manifest| &manifest.inputs);
        all.map(|input| input.path.as_str()).filter(|path| differ.contains(*path)).collect()
    }

    /// What the runs were given that is not the same.
    fn given(&self) -> Vec<String> {
        let of = |path: &str, manifest: &Manifest| {
            let input = manifest.inputs.iter().find(|input| input.path == path);
            input.map_or("no file".to_owned(), |input| {
                format!("{} rows, {}", input.rows, &input.sha256[..input.sha256.len().min(16)])
            })
        };
        let [first, second] = &self.manifests;
        let mut given: Vec<String> = self
            .inputs()
            .into_iter()
            .map(|path| format!("{path}: {} to {}", of(path, first), of(path, second)))
            .collect();
        let texts = |manifest: &Manifest| {
            let before = manifest.previous_manifest_sha256.clone().unwrap_or_default();
            let Manifest { rules, as_of, program, .. } = manifest.clone();
            [
                ("rules", rules.sha256),
                ("as_of", as_of),
                ("program", program),
                ("the book before", before),
            ]
        };
        let short = |text: &str| text.chars().take(16).collect::<String>();
        let both = texts(first).into_iter().zip(texts(second)).filter(|(was, is)| was != is);
        given.extend(
            both.map(|((what, was), (_, is))| format!("{what}: {} to {}", short(&was), short(&is))),
        );
        let [was, is] = self.manifests.each_ref().map(|manifest| match manifest.accepted[..] {
            [] => "none".to_owned(),
            _ => manifest.accepted.join(" "),
        });
        given.extend((was != is).then(|| format!("accepted: {was} to {is}")));
        given
    }

    /// What may be behind a settlement that neither a decision nor a permit explains.
    fn candidates(&self) -> String {
        let inputs = self.inputs();
        let of_side =
            |side: Side| inputs.iter().any(|path| Path::new(path).starts_with(side.name()));
        let found = [
            ("records", Side::BOTH.into_iter().any(of_side)),
            ("rules", self.differs(|manifest| manifest.rules.sha256.clone())),
            ("the book before", self.differs(|m| m.previous_manifest_sha256.clone())),
            ("program", self.differs(|manifest| manifest.program.clone())),
        ];
        let names: Vec<&str> =
            found.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
        if names.is_empty() { "decisions of others".to_owned() } else { names.join(" or ") }
    }

    /// What cleared, by cause: decisions and permits where they differ for the settlement, else whatever was
    /// given differently.
    fn causes(&self, tables: &[Difference]) -> Outcome<Vec<Cause>> {
        let inputs = self.inputs();
        let settlements = |table: &str| {
            let found = tables.iter().find(|found| found.table == table);
            found.map(|found| &found.settlements)
        };
        let decided = settlements("decisions").filter(|_| inputs.contains("decisions.csv"));
        let late = if inputs.contains("permits.csv") { self.late()? } else { BTreeSet::new() };
        let candidates = self.candidates();
        let mut causes: BTreeMap<&str, (u64, FenSum)> = BTreeMap::new();
        compare::register(self.folders[0], self.folders[1], |first, second| {
            let fen = |entry: Option<&Entry>| entry.map_or(0, |entry| entry.payable);
            let key = first.or(second).map_or(Key { hash: 0, check: 0 }, |entry| entry.key);
            let cause = if decided.is_some_and(|decided| decided.contains(&key)) {
                "decisions"
            } else if late.contains(&key) {
                "permits"
            } else {
                &candidates
            };
            let sums = causes.entry(cause).or_default();
            sums.0 += 1;
            sums.1 += fen(second) - fen(first);
        })?;
        let causes = causes.into_iter();
        Ok(causes
            .map(|(cause, (settlements, fen))| Cause {
                cause: cause.to_owned(),
                settlements,
                gross: yuan(fen),
            })
            .collect())
    }

    /// Settlements that are too late in one of the runs alone.
    fn late(&self) -> Outcome<BTreeSet<Key>> {
        let late = |folder: &Path| -> Outcome<BTreeSet<Key>> {
            let breaks = Grid::open(folder, "breaks")?;
            let classes = [Class::LateRefused, Class::Expired].map(Class::name);
            let late = breaks.iter().filter(|row| classes.contains(&row.text("class")));
            Ok(late.map(|row| Key::of(row.text("setl_id"))).collect())
        };
        let (first, second) = (late(self.folders[0])?, late(self.folders[1])?);
        Ok(first.symmetric_difference(&second).copied().collect())
    }

    /// What is to be paid, and what it is made of.
    fn payable(&self) -> Outcome<Payable> {
        let pairs = [Grid::open(self.folders[0], "pairs")?, Grid::open(self.folders[1], "pairs")?];
        let reserves =
            [Grid::open(self.folders[0], "reserves")?, Grid::open(self.folders[1], "reserves")?];
        let of = |tables: &[Grid; 2], column| tables[1].sum(column) - tables[0].sum(column);
        let sum = |column| of(&pairs, column);
        let net = sum("gross") - sum("deductions") + sum("brought_forward");
        let made = sum("payable") + sum("carried_forward");
        if net != made {
            let problem = format!("pairs do not add up: {} is not {}", yuan(made), yuan(net));
            return Err(Failure::Book(format!("{problem}\n    hint: verify both books")));
        }
        Ok(Payable {
            payable: yuan(sum("payable")),
            gross: yuan(sum("gross")),
            deductions: yuan(sum("deductions")),
            brought_forward: yuan(sum("brought_forward")),
            carried_forward: yuan(sum("carried_forward")),
            reserves: yuan(of(&reserves, "closing")),
        })
    }
}
