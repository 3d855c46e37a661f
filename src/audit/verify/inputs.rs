//! Laws of the inputs: the files that a manifest lists, and the rejects that name their rows.

use std::collections::BTreeSet;

use super::{
    checks::Checks,
    files::ReadablePeriod,
    places::{is_input_of, place},
};
use crate::{
    book::grid::GridRow,
    contract::{
        columns::CONTROL_TOTALS,
        parts::SYSTEM_ERRORS,
        small_files::{self, OpeningQuotas},
    },
    diag::{Code, codes::RowRule},
    known::KnownDifferences,
    model::{codes::Side, control::Bucket},
    place::period::MANIFEST,
    text::Text,
};

/// The name of the file of opening quotas in manifests.
pub(super) const OPENING_QUOTAS: &str = OpeningQuotas::NAME;

/// Applies the laws of the inputs.
pub(super) fn check(closed: &ReadablePeriod, checks: &mut Checks) {
    let inputs = &closed.manifest.inputs;
    let manifest = place(closed.month, MANIFEST);
    let known = inputs.iter().map(|input| {
        let side = Side::BOTH.into_iter().any(|side| is_input_of(side, &input.path));
        let name = input.path.as_str();
        let small = small_files::NAMES.contains(&name) || SYSTEM_ERRORS.contains(&name);
        let opening = input.path == OPENING_QUOTAS && closed.is_first();
        let digest = input.sha256.len() == 64
            && input.sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let daily = KnownDifferences::is_input(name);
        (!(digest && (side || small || opening || daily))).then(|| Text::given(&input.path))
    });
    checks.law(Code::B07, &manifest, text!("inputs that a delivery can have"), known);
    let ordered = inputs.windows(2).map(|two| {
        (two[0].path >= two[1].path).then(|| text!("{} again, or out of order", two[1].path))
    });
    checks.law(Code::B07, &manifest, text!("each input once, in order"), ordered);
    let sides = Side::BOTH.map(|side| {
        let of_side = || inputs.iter().filter(|input| is_input_of(side, &input.path));
        let (mut digests, mut rows) = (BTreeSet::new(), of_side().filter(|input| input.rows > 0));
        let twice = rows.find(|input| !digests.insert(&input.sha256));
        match (of_side().next(), twice) {
            (None, _) => Some(text!("no file of the {} side", side)),
            (_, Some(input)) => Some(text!("{} has the bytes of another file", input.path)),
            _ => None,
        }
    });
    checks.law(Code::B07, &manifest, text!("files on both sides, each once"), sides);
    let files = Side::BOTH
        .into_iter()
        .flat_map(|side| inputs.iter().filter(move |input| is_input_of(side, &input.path)));
    let files = files.count() as u64;
    let totals = CONTROL_TOTALS.name;
    let listed = closed.lines_of(totals);
    let delivered = inputs.iter().any(|input| input.path == totals);
    // Lines of national files, which a run does not read, may stand beside them.
    let all = (delivered && listed < files).then(|| text!("{} lines, {} files", listed, files));
    checks.law(Code::B07, &manifest, text!("control totals of every file"), [all]);
    rejects(closed, checks);
}

/// Law: control counts all rejects, and each names a row of a file of its side and the rules that it breaks.
fn rejects(closed: &ReadablePeriod, checks: &mut Checks) {
    let grid = closed.grid("rejects");
    let file = closed.file("rejects");
    let counts = Side::BOTH.map(|side| {
        let rows = grid.iter().filter(|row| row.text("side") == side.name()).count();
        let [expected, ..] = closed.control(side, Bucket::Rejected);
        let what = format!("{} rows", side.name());
        super::checks::differs(what, rows as i128, expected)
    });
    checks.law(Code::B07, &file, text!("as many as control has"), counts);
    let rules: Vec<&str> = RowRule::ALL.iter().map(|rule| rule.id()).collect();
    let good = |row: &GridRow| is_in_its_file(closed, row) && has_rules(&rules, row);
    let places = grid.iter().map(|row| (!good(&row)).then(|| row.shown_key()));
    checks.law(Code::B07, &file, text!("a row of an input, with its rules"), places);
}

/// Returns whether a file of the side of a reject has the row that it names.
fn is_in_its_file(closed: &ReadablePeriod, row: &GridRow) -> bool {
    let path = row.text("file");
    let inputs = &closed.manifest.inputs;
    let input = inputs.binary_search_by(|input| input.path.as_str().cmp(path)).ok();
    let rows = input.map_or(0, |at| i128::from(inputs[at].rows));
    let side = Side::from_name(row.text("side"));
    side.is_some_and(|side| is_input_of(side, path)) && (0..rows).contains(&row.number("row"))
}

/// Returns whether the rules of a reject are known, distinct and in order; without a setl_id the first rule
/// is among them.
fn has_rules(known: &[&str], row: &GridRow) -> bool {
    let rules: Vec<&str> = row.text("rules").split(',').collect();
    let place = |rule: &&str| known.iter().position(|known| known == rule);
    let places: Option<Vec<usize>> = rules.iter().map(place).collect();
    let named = row.text_or_null("setl_id").is_some_and(|setl_id| !setl_id.is_empty());
    places.is_some_and(|places| places.is_sorted_by(|a, b| a < b))
        && (named || rules.contains(&known[0]))
}
