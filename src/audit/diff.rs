//! Differences between two runs of a period or two books: what changed, why, and the amount of each cause.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use schemars::JsonSchema;
use serde::Serialize;

use super::compare::{self, TableDifference};
use crate::{
    book::{closed_periods, grid::Grid, manifest::Manifest},
    columnar::entry::FileEntry,
    diag::{AcceptedCode, Failure, Outcome},
    keyed::key::Key,
    model::{
        codes::{Month, Side},
        control::Class,
        money::{FenSum, yuan},
    },
    place::period::MANIFEST,
    register::entries::RegisterEntry,
    shapes::{Day, FormatNumber, Period, Sha256, Yuan},
    text::Text,
};

/// How two books differ, or two runs of one period.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "diff --format json")]
pub struct Differences {
    /// The format of the report.
    format: FormatNumber<2>,
    /// The periods that only the first has.
    #[schemars(with = "Vec<Period>")]
    pub only_first: Vec<String>,
    /// The periods that only the second has.
    #[schemars(with = "Vec<Period>")]
    pub only_second: Vec<String>,
    /// The periods that both have, oldest first.
    pub periods: Vec<PeriodDifference>,
}

/// How two runs of a period differ. Amounts are those of the second less those of the first, in yuan.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PeriodDifference {
    /// The period.
    #[schemars(with = "Period")]
    pub period: String,
    /// What the runs were given that is not the same.
    pub given: Vec<GivenDifference>,
    /// What cleared, by cause.
    pub causes: Vec<Cause>,
    /// What is to be paid, and what it is made of.
    pub payable: Payable,
    /// The tables that differ, and the register.
    pub tables: Vec<TableDifference>,
}

/// Something that the runs were given and that is not the same.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum GivenDifference {
    /// An input file.
    Input {
        /// The path below the input folder.
        path: String,
        /// The file of the first; null where it has none.
        first: Option<InputFile>,
        /// The file of the second; null where it has none.
        second: Option<InputFile>,
    },
    /// The rules file.
    Rules {
        /// The SHA-256 of the first.
        #[schemars(with = "Sha256")]
        first: String,
        /// The SHA-256 of the second.
        #[schemars(with = "Sha256")]
        second: String,
    },
    /// The day of issue of the notices.
    AsOf {
        /// The day of the first.
        #[schemars(with = "Day")]
        first: String,
        /// The day of the second.
        #[schemars(with = "Day")]
        second: String,
    },
    /// The program.
    Program {
        /// The name and version of the first.
        first: String,
        /// The name and version of the second.
        second: String,
    },
    /// The book before the period.
    BookBefore {
        /// The SHA-256 of the manifest before the first; null where there is none.
        #[schemars(with = "Option<Sha256>")]
        first: Option<String>,
        /// The SHA-256 of the manifest before the second; null where there is none.
        #[schemars(with = "Option<Sha256>")]
        second: Option<String>,
    },
    /// The plausibility codes that were accepted.
    Accepted {
        /// The codes of the first.
        #[schemars(with = "Vec<AcceptedCode>")]
        first: Vec<String>,
        /// The codes of the second.
        #[schemars(with = "Vec<AcceptedCode>")]
        second: Vec<String>,
    },
}

/// An input file.
#[derive(Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InputFile {
    /// The number of rows.
    pub rows: u64,
    /// The SHA-256 of the bytes.
    #[schemars(with = "Sha256")]
    pub sha256: String,
}

impl GivenDifference {
    /// Returns the difference in words; digests are shortened.
    pub fn words(&self) -> Text {
        let short = |text: &str| text.chars().take(16).collect::<String>();
        let changed = |what: Text, first: &str, second: &str| {
            text!("{}: {} to {}", what, short(first), short(second))
        };
        let file = |file: &Option<InputFile>| match file {
            None => text!("no file"),
            Some(InputFile { rows, sha256 }) => text!("{} rows, {}", rows, short(sha256)),
        };
        let codes = |codes: &[String]| match codes {
            [] => text!("none"),
            codes => Text::given(codes.join(" ")),
        };
        match self {
            GivenDifference::Input { path, first, second } => {
                text!("{}: {} to {}", path, file(first), file(second))
            }
            GivenDifference::Rules { first, second } => changed(text!("rules"), first, second),
            GivenDifference::AsOf { first, second } => changed(text!("as_of"), first, second),
            GivenDifference::Program { first, second } => changed(text!("program"), first, second),
            GivenDifference::BookBefore { first, second } => {
                let digest = |digest: &Option<String>| digest.clone().unwrap_or_default();
                changed(text!("the book before"), &digest(first), &digest(second))
            }
            GivenDifference::Accepted { first, second } => {
                text!("accepted: {} to {}", codes(first), codes(second))
            }
        }
    }
}

/// Settlements that cleared in one run alone, or with another payable.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Cause {
    /// Why: the reasons that the results cannot tell apart.
    pub any_of: Vec<Reason>,
    /// The number of settlements.
    pub settlements: u64,
    /// What they owe, in yuan.
    #[schemars(with = "Yuan")]
    pub gross: String,
}

impl Cause {
    /// The reasons in words.
    pub fn words(&self) -> Text {
        words_of(&self.any_of)
    }
}

/// Why a settlement cleared in one run and not in the other, or with another payable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Decisions about the settlement.
    Decisions,
    /// Permits that cover it.
    Permits,
    /// The delivered records.
    Records,
    /// The rules.
    Rules,
    /// The periods before.
    BookBefore,
    /// The program.
    Program,
    /// Decisions about other settlements.
    DecisionsOfOthers,
}

fn words_of(reasons: &[Reason]) -> Text {
    let word = |reason: &Reason| match reason {
        Reason::Decisions => text!("decisions"),
        Reason::Permits => text!("permits"),
        Reason::Records => text!("records"),
        Reason::Rules => text!("rules"),
        Reason::BookBefore => text!("the book before"),
        Reason::Program => text!("program"),
        Reason::DecisionsOfOthers => text!("decisions of others"),
    };
    let both = |one: Text, other: Text| text!("{} or {}", one, other);
    reasons.iter().map(word).reduce(both).unwrap_or(text!(""))
}

/// Payable + carried forward = gross − deductions + brought forward, all of them as differences in yuan.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Payable {
    /// What is to be paid.
    #[schemars(with = "Yuan")]
    pub payable: String,
    /// What cleared.
    #[schemars(with = "Yuan")]
    pub gross: String,
    /// What is held back.
    #[schemars(with = "Yuan")]
    pub deductions: String,
    /// What the period before handed over.
    #[schemars(with = "Yuan")]
    pub brought_forward: String,
    /// What treating provinces return.
    #[schemars(with = "Yuan")]
    pub returned: String,
    /// What is handed to the next period.
    #[schemars(with = "Yuan")]
    pub carried_forward: String,
    /// The closing reserves.
    #[schemars(with = "Yuan")]
    pub reserves: String,
}

impl PeriodDifference {
    /// Returns whether the results are equal.
    pub fn is_none(&self) -> bool {
        self.tables.is_empty()
    }
}

/// Compares two folders: two books, or two runs of a period.
pub fn diff(first: &Path, second: &Path) -> Outcome<Differences> {
    if [first, second].iter().all(|folder| folder.join(MANIFEST).is_file()) {
        let periods = vec![runs(first, second)?];
        let (only_first, only_second) = (Vec::new(), Vec::new());
        return Ok(Differences { format: FormatNumber, only_first, only_second, periods });
    }
    let books = [first, second].map(|folder| {
        let periods = if folder.is_dir() { closed_periods(folder)? } else { Vec::new() };
        if periods.is_empty() || folder.join(MANIFEST).exists() {
            let problem = text!("{} is neither a closed period nor a book", folder)
                .hinting(text!("name two folders of one period, or two books"));
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
        format: FormatNumber,
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
            text!("runs of two periods: {}, {}", manifests[0].period, manifests[1].period);
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
    /// Returns whether a part of the manifests differs.
    fn differs<T: PartialEq>(&self, of: impl Fn(&Manifest) -> T) -> bool {
        of(&self.manifests[0]) != of(&self.manifests[1])
    }

    /// Returns the paths of inputs that differ.
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

    /// Returns the differences in inputs and settings.
    fn given(&self) -> Vec<GivenDifference> {
        let of = |path: &str, manifest: &Manifest| {
            let input = manifest.inputs.iter().find(|input| input.path == path)?;
            Some(InputFile { rows: input.rows, sha256: input.sha256.clone() })
        };
        let [one, other] = &self.manifests;
        let input = |path: &str| GivenDifference::Input {
            path: path.to_owned(),
            first: of(path, one),
            second: of(path, other),
        };
        let mut given: Vec<GivenDifference> = self.inputs().into_iter().map(input).collect();
        let both = |of: fn(&Manifest) -> &String| {
            let (first, second) = (of(one).clone(), of(other).clone());
            (first != second).then_some((first, second))
        };
        let rules = both(|manifest| &manifest.rules.sha256);
        given.extend(rules.map(|(first, second)| GivenDifference::Rules { first, second }));
        let as_of = both(|manifest| &manifest.as_of);
        given.extend(as_of.map(|(first, second)| GivenDifference::AsOf { first, second }));
        let program = both(|manifest| &manifest.program);
        given.extend(program.map(|(first, second)| GivenDifference::Program { first, second }));
        let before = [one, other].map(|manifest| manifest.previous_manifest_sha256.clone());
        let [first, second] = before;
        given.extend((first != second).then_some(GivenDifference::BookBefore { first, second }));
        let [first, second] = [one, other].map(|manifest| manifest.accepted.clone());
        given.extend((first != second).then_some(GivenDifference::Accepted { first, second }));
        given
    }

    /// Returns the possible reasons for settlements that no decision and no permit explains.
    fn candidates(&self) -> Vec<Reason> {
        let inputs = self.inputs();
        let of_side =
            |side: Side| inputs.iter().any(|path| Path::new(path).starts_with(side.name()));
        let found = [
            (Reason::Records, Side::BOTH.into_iter().any(of_side)),
            (Reason::Rules, self.differs(|manifest| manifest.rules.sha256.clone())),
            (Reason::BookBefore, self.differs(|m| m.previous_manifest_sha256.clone())),
            (Reason::Program, self.differs(|manifest| manifest.program.clone())),
        ];
        let reasons: Vec<Reason> =
            found.into_iter().filter(|(_, differs)| *differs).map(|(reason, _)| reason).collect();
        if reasons.is_empty() { vec![Reason::DecisionsOfOthers] } else { reasons }
    }

    /// Adds up the differences in the register by cause: a decision or a permit if it differs for the
    /// settlement, else all other inputs and settings that differ.
    fn causes(&self, tables: &[TableDifference]) -> Outcome<Vec<Cause>> {
        let inputs = self.inputs();
        let settlements = |table: &str| {
            let found = tables.iter().find(|found| found.table == table);
            found.map(|found| &found.settlements)
        };
        let decided = settlements("decisions").filter(|_| inputs.contains("decisions.csv"));
        let late = if inputs.contains("permits.csv") { self.late()? } else { BTreeSet::new() };
        let candidates = self.candidates();
        let mut causes: BTreeMap<&[Reason], (u64, FenSum)> = BTreeMap::new();
        compare::register(self.folders[0], self.folders[1], |first, second| {
            let fen =
                |entry: Option<&RegisterEntry>| entry.map_or(FenSum::ZERO, |entry| entry.payable);
            let key = first.or(second).map_or(Key { hash: 0, check: 0 }, |entry| entry.key);
            let cause = if decided.is_some_and(|decided| decided.contains(&key)) {
                &[Reason::Decisions][..]
            } else if late.contains(&key) {
                &[Reason::Permits][..]
            } else {
                &candidates
            };
            let sums = causes.entry(cause).or_default();
            sums.0 += 1;
            sums.1 += fen(second) - fen(first);
        })?;
        let causes = causes.into_iter().map(|(reasons, (settlements, fen))| Cause {
            any_of: reasons.to_vec(),
            settlements,
            gross: yuan(fen),
        });
        let mut causes: Vec<Cause> = causes.collect();
        causes.sort_by_key(Cause::words);
        Ok(causes)
    }

    /// Returns settlements that are too late in exactly one of the runs.
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

    /// Returns the differences in the payable and its parts. Fails if the parts do not add up.
    fn payable(&self) -> Outcome<Payable> {
        let pairs = [Grid::open(self.folders[0], "pairs")?, Grid::open(self.folders[1], "pairs")?];
        let reserves =
            [Grid::open(self.folders[0], "reserves")?, Grid::open(self.folders[1], "reserves")?];
        let of = |tables: &[Grid; 2], column| tables[1].sum(column) - tables[0].sum(column);
        let sum = |column| of(&pairs, column);
        let net = sum("gross") - sum("deductions") + sum("brought_forward");
        let made = sum("payable") - sum("returned") + sum("carried_forward");
        if net != made {
            let problem = text!("pairs do not add up: {} is not {}", yuan(made), yuan(net));
            return Err(Failure::Book(problem.hinting(text!("verify both books"))));
        }
        Ok(Payable {
            payable: yuan(sum("payable")),
            gross: yuan(sum("gross")),
            deductions: yuan(sum("deductions")),
            brought_forward: yuan(sum("brought_forward")),
            returned: yuan(sum("returned")),
            carried_forward: yuan(sum("carried_forward")),
            reserves: yuan(of(&reserves, "closing")),
        })
    }
}
