//! Laws of permits, opening quotas, approvals and the lines of small files.

use super::{
    checks::{Checks, differs},
    files::ReadablePeriod,
    history::History,
    inputs::OPENING_QUOTAS,
    notices,
    pairs::by_pair,
};
use crate::{
    book::grid::GridRow, diag::Code, judged::GIVEN_BACK, model::codes::Month, rules::Policy,
    text::Text,
};

/// Applies the laws between a period and the period before.
pub(super) fn check(
    closed: &ReadablePeriod,
    before: Option<&ReadablePeriod>,
    history: &History,
    policy: &Policy,
    checks: &mut Checks,
) {
    small_files(closed, checks);
    // The period before cannot be read, which is reported already. No law can be applied without it.
    if before.is_none() && closed.manifest.previous_manifest_sha256.is_some() {
        return;
    }
    opening_quotas(closed, checks);
    approvals(closed, before, checks);
    initial_quotas(closed, history, policy, checks);
    permits(closed, before, checks);
}

/// Law: permits of the period before stay until they end, and all others are new in this period.
fn permits(closed: &ReadablePeriod, before: Option<&ReadablePeriod>, checks: &mut Checks) {
    let all = |closed: &ReadablePeriod| -> Vec<Vec<String>> {
        let grid = closed.grid("permits");
        let shown = |row: GridRow| grid.columns().iter().map(|(name, _)| row.shown(name)).collect();
        grid.iter().map(shown).collect()
    };
    let until = |permit: &Vec<String>| Month::from_text(&permit[4]) >= Some(closed.month);
    let is_new = |permit: &Vec<String>| permit[7] == closed.month.to_string();
    let (new, old): (Vec<_>, Vec<_>) = all(closed).into_iter().partition(is_new);
    let kept: Vec<_> = before.map(all).unwrap_or_default().into_iter().filter(until).collect();
    let same = (old != kept).then(|| text!("{} of {} are kept", old.len(), kept.len()));
    let ended = new.iter().map(|permit| (!until(permit)).then(|| Text::given(&permit[0])));
    let lines = closed.lines_of("permits.csv");
    let many = (new.len() as u64 > lines).then(|| text!("{} new, {} delivered", new.len(), lines));
    let file = closed.file("permits");
    checks.law(Code::B08, &file, text!("in force"), ended.chain([same, many]));
    let good = closed.grid("permits").iter().map(|row| {
        let good = row.pair().is_some()
            && row.month("cost_month").is_some()
            && row.flag("past_year_close").is_some()
            && row.month("first_period").is_some_and(|first| first <= closed.month);
        (!good).then(|| row.shown_key())
    });
    checks.law(Code::B07, &file, text!("provinces, months and a flag"), good);
}

/// Law: no quota is below 0, and a first period has at most as many quotas as its input has lines.
fn opening_quotas(closed: &ReadablePeriod, checks: &mut Checks) {
    let file = closed.file("quotas");
    let quotas = || closed.grid("quotas").iter();
    let negative = quotas().map(|row| row.fen("quota").is_negative().then(|| row.shown_key()));
    checks.law(Code::B07, &file, text!("no quota below 0"), negative);
    if closed.is_first() {
        let lines = closed.lines_of(OPENING_QUOTAS);
        let many = quotas().filter(|row| !row.fen("quota").is_zero()).count() as u64;
        let more = (many > lines).then(|| text!("{} quotas, {} delivered", many, lines));
        checks.law(Code::B08, &file, text!("the opening quotas that were given"), [more]);
    }
}

/// Law: each line of the quota changes approves one proposal, and no other proposal is approved.
fn approvals(closed: &ReadablePeriod, before: Option<&ReadablePeriod>, checks: &mut Checks) {
    let approved = notices::approved_now(closed, before);
    let lines = closed.lines_of("quota-changes.csv");
    let same = [differs("approved", approved.len() as u64, lines)];
    let file = closed.file("notice_status");
    checks.law(Code::B07, &file, text!("the quota changes of the delivery"), same);
    let none = approved.iter().map(|(pair, fen)| (!fen.is_positive()).then(|| text!("{}", pair)));
    checks.law(Code::B07, &file, text!("an amount above 0 is approved"), none);
}

/// Law: every line of the initial quotas has its notice, its pair had no quota, and the period makes no yearly quotas.
fn initial_quotas(
    closed: &ReadablePeriod,
    history: &History,
    policy: &Policy,
    checks: &mut Checks,
) {
    let initial = notices::initial(closed);
    let lines = closed.lines_of("initial-quotas.csv");
    let same = [differs("notices CS", initial.len() as u64, lines)];
    let file = closed.file("notices");
    checks.law(Code::B07, &file, text!("the initial quotas of the delivery"), same);
    let quotas = by_pair(closed, "quotas", "quota");
    let yearly = history.money.yearly(closed, policy).is_some();
    let good = initial.iter().map(|(pair, fen, notice_id)| {
        let none = quotas.get(pair).is_none_or(|quota| quota.is_zero());
        (yearly || !none || !fen.is_positive()).then(|| Text::given(*notice_id))
    });
    checks.law(Code::B07, &file, text!("initial quotas of pairs that have none"), good);
}

/// Law: every line of deductions, payments and decisions has its row in the table.
fn small_files(closed: &ReadablePeriod, checks: &mut Checks) {
    let given_back = |row: &GridRow| row.is_of("deductions") && row.text("code") == GIVEN_BACK;
    let rows =
        |table: &str| closed.grid(table).iter().filter(|row| !given_back(row)).count() as u64;
    for table in ["deductions", "payments", "decisions"] {
        let lines = closed.lines_of(&format!("{table}.csv"));
        let same = [differs("rows", rows(table), lines)];
        checks.law(Code::B07, &closed.file(table), text!("the lines of the delivery"), same);
    }
}
