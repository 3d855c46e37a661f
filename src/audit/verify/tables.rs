//! Laws between the tables of one period: control, breaks, open items, decisions, positions.

use super::{
    broken::{BreakColumns, is_by_row},
    checks::{Checks, LawTally, differs, unequal},
    files::ReadablePeriod,
    places::{is_input_of, place},
    timing::ClearingWindow,
};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    book::grid::{Cell, Grid, GridRow},
    columnar::shape::{TABLES, TableForm},
    diag::Code,
    model::{
        codes::{CareClass, FundClass, Month, Pair, Province, Side},
        control::{Bucket, Class},
        fields::{Amounts, COMPARED_AMOUNTS, FUNDS, Field, IDENTITY_FIELDS, SHARES},
        money::{Fen, FenSum, parse_sum, yuan},
    },
    place::period::MANIFEST,
    rules::Policy,
    text::{Text, quoted},
};

/// Applies the laws within a period.
pub(super) fn check(closed: &ReadablePeriod, policy: &Policy, checks: &mut Checks) {
    let control = control(closed, checks);
    filled(closed, checks);
    breaks(closed, &control, policy, checks);
    break_fields(closed, checks);
    open_items(closed, &control, policy, checks);
    decisions(closed, checks);
    positions(closed, policy, checks);
}

/// Rows, medfee_sumamt and payable of a row of `control`.
type TableTotals = [i128; 3];

/// The rows of the table `control`, by side and bucket.
type ControlCells<'a> = BTreeMap<(&'a str, &'a str), TableTotals>;

/// Tables that may have several rows with one key.
const WITH_EQUAL_KEYS: [&str; 4] = ["breaks", "deductions", "payments", "permits"];

/// Columns that may have empty cells.
const MAY_BE_EMPTY: [&str; 41] = [
    "break_fields insured_value",
    "break_fields treating_value",
    "breaks fields",
    "breaks insured_payable",
    "breaks treating_payable",
    "decisions payable",
    "deductions code",
    "deductions fund_class",
    "deductions insured_province",
    "deductions treating_province",
    "errors answer_days_median",
    "errors code",
    "errors insured_province",
    "errors oldest_open_on",
    "errors_open answered_on",
    "errors_open code",
    "errors_open fixmedins_code",
    "errors_open infno",
    "errors_open insured_province",
    "errors_open mdtrt_id",
    "errors_open struck_off_on",
    "errors_open text",
    "errors_refused err_id",
    "notice_status approved",
    "notice_status completed_on",
    "notice_status pay_by",
    "notice_status punctual",
    "notices confirm_by",
    "notices file_by",
    "notices pay_by",
    "open_items begndate",
    "open_items dise_codg",
    "open_items enddate",
    "open_items fulamt_ownpay_amt",
    "open_items init_setl_id",
    "open_items inscp_scp_amt",
    "open_items mdtrt_id",
    "open_items overlmt_selfpay",
    "open_items preselfpay_amt",
    "payments code",
    "rejects setl_id",
];

/// Columns without empty cells, of tables most of whose columns may have some.
const FILLED: [&str; 9] = [
    "coordination kind",
    "coordination opened_at",
    "coordination request_id",
    "coordination state",
    "replies accepted",
    "replies replied_on",
    "replies request_id",
    "replies result",
    "replies row",
];

/// Law: only the columns above have empty cells.
fn filled(closed: &ReadablePeriod, checks: &mut Checks) {
    for spec in &TABLES {
        let grid = closed.grid(spec.name);
        let empty = grid.columns().iter().enumerate().map(|(column, (name, _))| {
            let named = format!("{} {name}", spec.name);
            let may_be = match spec.since {
                TableForm::Current => !FILLED.contains(&named.as_str()),
                _ => MAY_BE_EMPTY.contains(&named.as_str()),
            };
            (!may_be && grid.has_empty(column)).then(|| Text::given(name))
        });
        checks.law(Code::B06, &closed.file(spec.name), text!("no empty cell"), empty);
    }
}

/// Law: the rows of every table are sorted by key, and keys are distinct where the contract says so.
pub(super) fn order(closed: &ReadablePeriod, checks: &mut Checks) {
    for spec in &TABLES {
        let grid = closed.grid(spec.name);
        let places: Vec<usize> = spec.key.iter().map(|column| grid.column(column)).collect();
        let compare = |row: usize| {
            let ranks = |row| {
                spec.key.iter().zip(&places).map(move |(column, place)| {
                    let cell = grid.cell(row, *place);
                    match (spec.name, *column) {
                        ("control", "bucket") => (place_of_bucket(cell), Cell::Null),
                        ("break_fields", "field") => (place_of_field(cell), Cell::Null),
                        _ => (0, cell),
                    }
                })
            };
            ranks(row - 1).cmp(ranks(row))
        };
        let may_be_equal = WITH_EQUAL_KEYS.contains(&spec.name);
        let rises = |row: usize| {
            let order = compare(row);
            let good = order == Ordering::Less || (order == Ordering::Equal && may_be_equal);
            (!good).then(|| text!("row {}, {}", row, grid.row(row).shown_key()))
        };
        let file = closed.file(spec.name);
        checks.law(Code::B06, &file, text!("order of rows"), (1..grid.rows).map(rises));
    }
}

fn place_of_bucket(cell: Cell) -> usize {
    let is = |bucket: &Bucket| cell == Cell::Text(bucket.name());
    Bucket::all().position(|bucket| is(&bucket)).unwrap_or(usize::MAX)
}

/// Returns the compared fields in their order: identity, cost month, amounts.
pub(super) fn compared_fields() -> impl Iterator<Item = &'static str> {
    let identity = IDENTITY_FIELDS.into_iter().map(Field::name);
    let amounts = COMPARED_AMOUNTS.into_iter().map(Field::name);
    identity.chain(["cost_month"]).chain(amounts)
}

fn place_of_field(cell: Cell) -> usize {
    compared_fields().position(|field| cell == Cell::Text(field)).unwrap_or(usize::MAX)
}

/// Law: control balances, and agrees with manifest and inputs. Returns its rows.
fn control<'a>(closed: &'a ReadablePeriod, checks: &mut Checks) -> ControlCells<'a> {
    let file = closed.file("control");
    let grid = closed.grid("control");
    let totals =
        |row: GridRow| ["rows", "medfee_sumamt", "payable"].map(|column| row.number(column));
    let cells: ControlCells =
        grid.iter().map(|row| ((row.text("side"), row.text("bucket")), totals(row))).collect();
    let expected: Vec<(&str, &str)> = ["insured", "treating"]
        .into_iter()
        .flat_map(|side| Bucket::all().map(move |bucket| (side, bucket.name())))
        .collect();
    let found = || grid.iter().map(|row| (row.text("side"), row.text("bucket")));
    let complete = found().eq(expected.iter().copied());
    let shape = [(!complete).then(|| text!("other buckets than the contract has"))];
    checks.law(Code::B06, &file, text!("sides and buckets"), shape);

    let balance = Side::BOTH.into_iter().flat_map(|side| {
        let of = |bucket: Bucket, at: usize| {
            cells.get(&(side.name(), bucket.name())).map_or(0, |t| t[at])
        };
        [0, 1, 2].map(|at| {
            let came = of(Bucket::Delivered, at) + of(Bucket::Opened, at);
            let went = Bucket::all().skip(2).map(|bucket| of(bucket, at)).sum();
            let what = ["rows", "medfee_sumamt", "payable"][at];
            differs(text!("{} {}", side.name(), what), went, came)
        })
    });
    checks.law(Code::B07, &file, text!("delivered + opened = all the others"), balance);

    let counts = cells.iter().map(|((side, bucket), [rows, medfee, payable])| {
        let good = *rows > 0 || (*rows == 0 && *medfee == 0 && *payable == 0);
        (!good).then(|| text!("{} {}: {} rows", *side, *bucket, *rows))
    });
    checks.law(Code::B07, &file, text!("no fen without rows"), counts);

    let listed: Vec<(&str, &str, Option<TableTotals>)> = closed
        .manifest
        .control
        .iter()
        .map(|entry| {
            let sum = |text: &str| parse_sum(text).ok();
            let totals = sum(&entry.medfee_sumamt).zip(sum(&entry.payable));
            let totals =
                totals.map(|(medfee, payable)| [entry.rows.into(), medfee.fen(), payable.fen()]);
            (entry.side.as_str(), entry.bucket.as_str(), totals)
        })
        .collect();
    let same = listed.iter().map(|(side, bucket, totals)| {
        (cells.get(&(side, bucket)) != totals.as_ref()).then(|| text!("{} {}", side, bucket))
    });
    let complete = (listed.len() != cells.len()).then(|| text!("{} entries", listed.len()));
    let manifest = place(closed.month, MANIFEST);
    checks.law(Code::B07, &manifest, text!("control, as in the table"), same.chain([complete]));

    let delivered = Side::BOTH.into_iter().map(|side| {
        let inputs = closed.manifest.inputs.iter();
        let rows: u64 = inputs.filter(|i| is_input_of(side, &i.path)).map(|i| i.rows).sum();
        let found = cells.get(&(side.name(), "delivered")).map_or(0, |totals| totals[0]);
        differs(text!("{} delivered", side.name()), found, rows.into())
    });
    checks.law(Code::B07, &file, text!("rows of the inputs"), delivered);
    cells
}

/// Returns whether a break is about a side.
fn is_of(row: GridRow, side: Side) -> bool {
    [side.name(), "both"].contains(&row.text("side"))
}

/// The breaks of a side and class.
#[derive(Debug, Clone, Copy)]
struct BreakTotals {
    rows: i128,
    payable: FenSum,
    /// The smallest and the largest payable.
    range: (FenSum, FenSum),
}

impl BreakTotals {
    const NONE: BreakTotals =
        BreakTotals { rows: 0, payable: FenSum::ZERO, range: (FenSum::MAX, FenSum::MIN) };

    fn add(&mut self, fen: FenSum) {
        self.rows += 1;
        self.payable += fen;
        self.range = (self.range.0.min(fen), self.range.1.max(fen));
    }

    /// Returns what does not fit the row of control. With `again`, some settlements were voided before: control
    /// counts each of their rows, breaks have each settlement once.
    fn problem(&self, what: &Text, cell: TableTotals, again: bool, parts: bool) -> Option<Text> {
        let ([rows, ..], [_, medfee, owed]) = (cell, cell.map(FenSum::new));
        if again && self.rows < rows {
            return None;
        }
        // The payable is a part of the cost. In a reversal both are 0 or less.
        let (least, most) = self.range;
        let part =
            (!least.is_positive() || medfee >= owed) && (!most.is_negative() || medfee <= owed);
        let larger = parts && self.rows > 0 && !part;
        let cost = || text!("{}: more is owed than the cost {}", what, yuan(medfee));
        differs(text!("{}, rows", what), self.rows, rows)
            .or_else(|| unequal(text!("{}, payable", what), self.payable, owed))
            .or_else(|| larger.then(cost))
    }
}

fn breaks(closed: &ReadablePeriod, control: &ControlCells, policy: &Policy, checks: &mut Checks) {
    let grid = closed.grid("breaks");
    let file = closed.file("breaks");
    let decisions = closed.grid("decisions").iter();
    let voided: BTreeSet<&str> = decisions
        .filter(|row| row.text("decision") == "void")
        .map(|row| row.text("setl_id"))
        .collect();
    let columns = BreakColumns::of(grid);
    let mut found: BTreeMap<(&str, Class), BreakTotals> = BTreeMap::new();
    let mut again = [false; 2];
    for row in 0..grid.rows {
        let Some(broken) = columns.broken(row) else { continue };
        for side in Side::BOTH.into_iter().filter(|side| broken.on[side.index()]) {
            let sums = found.entry((side.name(), broken.class)).or_insert(BreakTotals::NONE);
            sums.add(broken.payables[side.index()].unwrap_or_default());
            again[side.index()] |=
                broken.class == Class::Voided && !voided.contains(grid.row(row).text("setl_id"));
        }
    }
    let parts = owes_parts(policy);
    let cells = Side::BOTH.into_iter().flat_map(|side| Class::ALL.map(|class| (side, class)));
    let same = cells.map(|(side, class)| {
        let broken = found.get(&(side.name(), class)).copied().unwrap_or(BreakTotals::NONE);
        let cell = control.get(&(side.name(), class.name())).copied().unwrap_or_default();
        let again = class == Class::Voided && again[side.index()];
        let what = text!("{} {}", side.name(), class.name());
        broken.problem(&what, cell, again, parts)
    });
    checks.law(Code::B07, &file, text!("as control has them"), same);
    checks.law(
        Code::B07,
        &file,
        text!("values of a row"),
        grid.iter().map(|row| break_row(closed, row)),
    );
}

/// Returns whether the payable of a policy is a sum of parts of the cost without double counting.
fn owes_parts(policy: &Policy) -> bool {
    let mut sums = Amounts::default();
    sums[Field::medfee_sumamt] = FenSum::new(1);
    sums[Field::fund_pay_sumamt] = FenSum::new(1);
    policy.payable_sum(&sums).is_zero()
}

/// Returns a break whose values do not fit each other.
fn break_row(closed: &ReadablePeriod, row: GridRow) -> Option<Text> {
    let class = Class::from_name(row.text("class"));
    let sides = ["treating_payable", "insured_payable"].map(|column| row.fen_or_null(column));
    let mismatch = matches!(class, Some(Class::FieldMismatch | Class::AmountMismatch));
    let one = class.is_some_and(is_by_row);
    let late = row.month("cost_month").map(|month| closed.month.since(month));
    let side = row.text("side");
    let good = (side == "both" || Side::from_name(side).is_some())
        && class.is_some_and(|class| row.flag("carried") == Some(class.is_carried()))
        && row.fen("effect") == sides[0].unwrap_or_default() - sides[1].unwrap_or_default()
        && sides[0].is_some() == is_of(row, Side::Treating)
        && sides[1].is_some() == is_of(row, Side::Insured)
        && !(one && row.text("side") == "both")
        && row.text_or_null("fields").is_some() == mismatch
        && late.map(i128::from) == row.number_or_null("lateness")
        && row.month("first_period").is_some_and(|first| first <= closed.month);
    (!good).then(|| row.shown_key())
}

/// Law: exactly the mismatches have fields, namely the fields that they name.
fn break_fields(closed: &ReadablePeriod, checks: &mut Checks) {
    let mut listed: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let grid = closed.grid("break_fields");
    for row in grid.iter() {
        listed.entry(row.text("setl_id")).or_default().push(row.text("field"));
    }
    let named = closed.grid("breaks").iter().filter(|row| row.text_or_null("fields").is_some());
    let named: BTreeMap<&str, &str> =
        named.map(|row| (row.text("setl_id"), row.text("fields"))).collect();
    let same = listed.iter().map(|(setl_id, fields)| {
        (named.get(setl_id) != Some(&fields.join(",").as_str())).then(|| Text::given(setl_id))
    });
    let missing = named
        .keys()
        .map(|setl_id| (!listed.contains_key(setl_id)).then(|| text!("{} has no fields", setl_id)));
    let file = closed.file("break_fields");
    checks.law(Code::B07, &file, text!("the fields that breaks name"), same.chain(missing));
    let different = grid.iter().map(|row| {
        let same = row.cell("treating_value") == row.cell("insured_value");
        same.then(|| text!("{} has the same value twice", row.shown_key()))
    });
    checks.law(Code::B07, &file, text!("two values"), different);
}

/// Returns the payable of the amounts of a row, in fen.
pub(in crate::audit) fn payable_of(row: GridRow, policy: &Policy) -> Option<Fen> {
    payable_at(row, &amounts_in(row.grid()), policy)
}

/// Returns the columns of the compared amounts in a table.
pub(super) fn amounts_in(grid: &Grid) -> Amounts<usize> {
    Amounts::of(|field| grid.column(field.name()))
}

/// Returns the sum of the funds, and the sum of all shares of the cost.
pub(super) fn parts_of(amounts: &Amounts<FenSum>) -> [FenSum; 2] {
    [amounts.pick(FUNDS).iter().sum(), amounts.pick(SHARES).iter().sum()]
}

/// Returns the payable of the amounts in some columns, in fen.
pub(super) fn payable_at(row: GridRow, columns: &Amounts<usize>, policy: &Policy) -> Option<Fen> {
    let mut amounts = Amounts::default();
    for (field, column) in columns.iter() {
        if let Cell::Number(fen) = row.at(*column) {
            amounts[field] = Fen::try_from(FenSum::new(fen)).ok()?;
        }
    }
    policy.payable(&amounts)
}

/// Law: open items have the rows and amounts that control carries.
fn open_items(
    closed: &ReadablePeriod,
    control: &ControlCells,
    policy: &Policy,
    checks: &mut Checks,
) {
    let file = closed.file("open_items");
    let mut sums: ControlCells = ControlCells::new();
    let amounts = amounts_in(closed.grid("open_items"));
    for row in closed.grid("open_items").iter() {
        let totals = sums.entry((row.text("side"), row.text("class"))).or_default();
        totals[0] += 1;
        totals[1] += row.number("medfee_sumamt");
        totals[2] += payable_at(row, &amounts, policy).map_or(0, |fen| fen.fen().into());
    }
    let carried = Class::ALL.into_iter().filter(|class| class.is_carried());
    let cells = carried.flat_map(|class| Side::BOTH.map(|side| (side.name(), class.name())));
    let same = cells.map(|cell| {
        let found = sums.get(&cell).copied().unwrap_or_default();
        let expected = control.get(&cell).copied().unwrap_or_default();
        (found != expected)
            .then(|| text!("{} {}: {}, {}", cell.0, cell.1, quoted(found), quoted(expected)))
    });
    checks.law(Code::B07, &file, text!("rows and fen that control carries"), same);
}

/// Law: a decision is about a settlement that would have been carried; it voids it, or accepts a copy that exists.
fn decisions(closed: &ReadablePeriod, checks: &mut Checks) {
    let rows = closed.grid("decisions").iter().map(|row| {
        let without = Class::from_name(row.text("class_without"));
        let copy_is_there = match row.text("decision") {
            "void" => row.fen_or_null("payable").is_none(),
            "accept_treating" => without != Some(Class::MissingTreating),
            "accept_insured" => without != Some(Class::MissingInsured),
            _ => false,
        };
        let good = copy_is_there && without.is_some_and(Class::is_carried);
        (!good).then(|| row.shown_key())
    });
    checks.law(
        Code::B07,
        &closed.file("decisions"),
        text!("a copy that exists, a break that needs it"),
        rows,
    );
}

/// Law: positions obey the arithmetic of rows, have the payable of the policy, and a cost month that may clear.
fn positions(closed: &ReadablePeriod, policy: &Policy, checks: &mut Checks) {
    let file = closed.file("positions");
    let grid = closed.grid("positions");
    let columns = amounts_in(grid);
    let owed = grid.column("payable");
    let sums = (0..grid.rows).map(|row| {
        let amounts = columns.map(|column| grid.fen(row, column));
        let [funds, shares] = parts_of(&amounts);
        unequal("payable", grid.fen(row, owed), policy.payable_sum(&amounts))
            .or_else(|| unequal("fund_pay_sumamt", amounts[Field::fund_pay_sumamt], funds))
            .or_else(|| unequal("medfee_sumamt", amounts[Field::medfee_sumamt], shares))
            .map(|problem| text!("{}: {}", grid.row(row).shown_key(), problem))
    });
    checks.law(Code::B07, &file, text!("amounts of a position"), sums);
    let timing = ClearingWindow::of(closed, policy);
    let [insured, treating, fund, care, month] =
        ["insuplc_admdvs", "treating_province", "fund_class", "care_class", "cost_month"]
            .map(|column| grid.column(column));
    let mut late = LawTally::default();
    let keys = (0..grid.rows).map(|row| {
        let insured = Province::of_division(grid.text(row, insured).as_bytes());
        let pair = insured.zip(Province::from_text(grid.text(row, treating)));
        let pair = pair.map(|(insured, treating)| Pair { insured, treating });
        let month = Month::from_text(grid.text(row, month));
        let shown = || grid.row(row).shown_key();
        late.require(month.is_none_or(|month| timing.allows(pair, month)), shown);
        let known = pair.is_some_and(|pair| pair.insured != pair.treating)
            && FundClass::from_name(grid.text(row, fund)).is_some()
            && CareClass::from_name(grid.text(row, care)).is_some()
            && month.is_some_and(|month| month <= closed.month);
        (!known).then(shown)
    });
    let keys: Vec<Option<Text>> = keys.collect();
    checks.law(Code::B07, &file, text!("two provinces, classes, a month"), keys);
    checks.add_tally(Code::B07, &file, text!("a cost month that may clear"), late);
}
