//! Runs one period, from a delivery to a closed period: the stages in order, and the totals between them.

mod money;
mod options;
mod report;
mod requests;

use std::{collections::BTreeMap, path::Path};

use rayon::prelude::*;

use self::{
    money::settle_money,
    requests::{RequestTables, judge_requests},
};
pub use self::{options::RunOptions, report::RunReport};
use crate::{
    book::{
        Book,
        manifest::{ControlEntry, FORMAT, Manifest, RulesCopy},
    },
    clear::{
        deductions::{self, Deduction, deduct, deductions_table},
        positions::Positions,
    },
    columnar::{
        entry::FileEntry,
        shape::{self, TableForm},
        table::TableBuilder,
    },
    contract::small_files::OpeningQuotas,
    coordination::{
        rows::{coordination_table, replies_table},
        totals::RequestTotals,
    },
    diag::{Failure, Outcome},
    event::{Activity, Monitor},
    handover::{brought, permits::permits_table},
    independent::{Compared, RecomputeTask},
    ingest::{
        delivery::Delivery,
        survey::{Survey, SurveySetting, rejects_table},
    },
    keyed::key::Key,
    model::{control::Control, verdict::Verdict},
    place::staging::Staging,
    plausible::{self, Slips},
    reconcile::{
        breaks::{break_fields_table, breaks_table, open_items_table},
        build::{FirstRead, Foreseen, Index},
        context::Context,
        counters::Counters,
        decisions::{self, Applied, Decisions, decisions_table},
        matching::{MatchState, match_index, read_again},
        media::MediaCounts,
        named::NamedSettlements,
        proof::{Proof, control_table},
        registering::write_register,
        run::Run,
        settle::settle,
        tally::Settled,
        values::DoubtfulCopies,
    },
    register::{format::write_reversals, lookup::Register},
    rehearsal::{LastPeriod, Overview},
    reserve::{
        Movements,
        notices::{notice_status_table, notices_table},
        pairs_table,
        payments::{Payment, payments_table},
        quotas::quotas_table,
        reserves_table,
    },
    rules::Permit,
    system_errors::{
        gather::{ErrorsRequest, gather},
        settle::SettledErrors,
    },
};

/// Closes a period: reads the delivery, reconciles it, clears it, writes it, publishes it.
pub fn run(options: &RunOptions, monitor: &Monitor) -> Outcome<RunReport> {
    options.policy()?;
    let (book, staging) = Book::open(&options.book, options.period)?;
    let closed = close(options, &book, &staging, monitor);
    let report = closed.map_err(|failure| book.behind(failure))?;
    monitor.check()?;
    if options.dry_run {
        return Ok(report);
    }
    book.publish(staging, options.period)?;
    Ok(RunReport { published: Some(book.root.join(options.period.to_string())), ..report })
}

/// Computes a period into a staging folder, from a delivery and the book before it. This is a whole run without its
/// publication.
pub fn close(
    options: &RunOptions,
    book: &Book,
    staging: &Staging,
    monitor: &Monitor,
) -> Outcome<RunReport> {
    let (period, policy) = (options.period, options.policy()?);
    let rules = &options.rules;
    let setting = SurveySetting { rules, policy, period, monitor, lists_rejects: true };

    let standing = book.standing();
    // `checked` is examined first: a damaged book must be reported before any error that follows from the damage.
    let opened_and_read = || {
        let register = Register::open(&book.periods)?;
        let delivered = read(Close { options, book, register: &register, staging, setting })?;
        Ok((register, delivered))
    };
    let (checked, read) = rayon::join(|| book.check_files(monitor), opened_and_read);
    checked?;
    let (register, mut delivered) = read?;
    let close = Close { options, book, register: &register, staging, setting };
    let closed = compute(close, &mut delivered);
    if !matches!(closed, Err(Failure::Interrupted)) {
        // If a file changed during the run, its old and new content may be mixed in the result, so this error comes
        // first.
        delivered.delivery.unchanged()?;
        standing.unchanged()?;
    }
    closed
}

/// The context that the stages of a close share.
#[derive(Clone, Copy)]
struct Close<'a> {
    options: &'a RunOptions,
    book: &'a Book,
    register: &'a Register,
    staging: &'a Staging,
    setting: SurveySetting<'a>,
}

/// Computes a period from a delivery that was read.
fn compute(close: Close, delivered: &mut AcceptedDelivery) -> Outcome<RunReport> {
    let Close { options, book, staging, setting, .. } = close;
    let SurveySetting { period, monitor, .. } = setting;
    let reconciled = reconcile(close, delivered)?;
    let cleared = clear(close, delivered, &reconciled)?;
    let lookup = (close.register, &delivered.index);
    let small = &delivered.delivery.small;
    let requests = judge_requests(options, book, lookup, small, &delivered.named)?;
    let outputs = monitor
        .stopwatch
        .measure(Activity::Write, || write(close, delivered, &reconciled, &cleared, &requests))?;
    let independent = recompute_period(options, book, staging, monitor)?;
    let written = |of: fn(&FileEntry) -> u64| outputs.iter().map(of).sum();
    monitor.stopwatch.count(Activity::Write, written(|e| e.rows), written(|e| e.bytes));
    let manifest = manifest(options, book, delivered, outputs, &reconciled.control);
    let manifest_sha256 = manifest.write(&staging.period(), options.signer.as_ref())?;
    Ok(RunReport {
        period,
        control: reconciled.control,
        rejects: delivered.survey.rejects.len() as u64,
        breaks: reconciled.settled.tally.classes.clone(),
        known: known_breaks(options, &reconciled.settled)?,
        deductions: cleared.deductions.iter().map(Deduction::judged).collect(),
        payments: cleared.money.payments.iter().map(Payment::judged).collect(),
        money: cleared.money,
        requests: RequestTotals::of(&requests.coordination, &requests.replies),
        errors: delivered.errors.summary,
        normalisations: delivered.survey.normalisations,
        accepted: delivered.slips.accepted(),
        unread: std::mem::take(&mut delivered.delivery.unread),
        independent,
        overview: options.dry_run.then(|| overview(options, book, delivered)).transpose()?,
        published: None,
        manifest_sha256,
    })
}

/// Returns what the delivery has, compared with the period before.
fn overview(options: &RunOptions, book: &Book, delivered: &AcceptedDelivery) -> Outcome<Overview> {
    let last = LastPeriod::of(book)?.map(|last| last.with_usual(options.usual_percent.clone()));
    Ok(Overview::of(&delivered.delivery, &delivered.survey, options.period, last.as_ref()))
}

/// Counts the breaks that daily reconciliation knew, by class.
fn known_breaks(
    options: &RunOptions,
    settled: &Settled,
) -> Outcome<Option<BTreeMap<&'static str, u64>>> {
    let Some(daily) = &options.daily else { return Ok(None) };
    let mut known = BTreeMap::new();
    settled.breaks.for_each(|found| {
        let is_known = daily.since(found.setl_id()).is_some();
        *known.entry(found.class()).or_default() += u64::from(is_known);
        Ok(())
    })?;
    Ok(Some(known))
}

/// Recomputes the staged period by a second implementation, if it is wanted.
fn recompute_period(
    options: &RunOptions,
    book: &Book,
    staging: &Staging,
    monitor: &Monitor,
) -> Outcome<Option<Compared>> {
    let RunOptions { input, rules, period, memory, .. } = options;
    let task = RecomputeTask {
        input,
        earlier: &book.periods,
        rules,
        period: *period,
        result: &staging.period(),
        scratch: &staging.scratch(),
        memory: *memory,
    };
    let Some(recompute) = options.independent else { return Ok(None) };
    book.check_claims()?;
    recompute(&task, monitor).map(Some)
}

/// Adds the open items of the period before to `values`. Returns the hashes of their keys.
fn read_open_items(
    book: &Book,
    values: &DoubtfulCopies,
    setting: SurveySetting,
) -> Outcome<Vec<u64>> {
    let mut hashes = Vec::new();
    let Some(folder) = book.previous() else { return Ok(hashes) };
    brought::open_items(folder, setting.policy, setting.period, |copy| {
        hashes.push(Key::of(copy.record.setl_id()).hash);
        values.push(copy.side, None, copy.first_period, &copy.record)
    })?;
    Ok(hashes)
}

/// An accepted delivery.
struct AcceptedDelivery {
    delivery: Delivery,
    opening_quotas: OpeningQuotas,
    decisions: Decisions,
    /// The settlements that requests name.
    named: NamedSettlements,
    /// Sorted hashes of the keys that an open item, a decision or a request names.
    watched: Vec<u64>,
    survey: Survey,
    slips: Slips,
    index: Index,
    counters: Counters,
    /// Copies in doubt: open items, and rows that did not clear in the window.
    values: DoubtfulCopies,
    errors: SettledErrors,
}

/// Opens and reads a delivery, or refuses it with all findings at once.
fn read(close: Close) -> Outcome<AcceptedDelivery> {
    let Close { options, book, register, staging, setting } = close;
    setting.monitor.stage(text!("opening"), 0)?;
    let mut findings = Vec::new();
    let mut delivery = Delivery::open(&options.input, options.period, &mut findings)?;
    let own = options.opening_quotas.iter().chain([&book.root]);
    delivery.forget(&options.input, own);
    let scratch = staging.scratch();
    let errors = gather(errors_request(close, &scratch), &mut findings)?;
    delivery.small.entries.extend(errors.entry.clone());
    let first = book.periods.first().map(|(first, _)| *first);
    let opening_quotas =
        OpeningQuotas::of_first(options.opening_quotas.as_deref(), first, &mut findings)?;
    let decisions = Decisions::of(decisions::FILE, &delivery.small.decisions);
    let values = DoubtfulCopies::new(&delivery, options.memory, staging);
    let mut watched = read_open_items(book, &values, setting)?;
    let named = NamedSettlements::of(&delivery.small.requests);
    let decided = decisions.settlements();
    watched.extend(decided.chain(named.names()).map(|setl_id| Key::of(setl_id).hash));
    watched.sort_unstable();
    watched.dedup();
    let deducted = delivery.small.deductions.iter().map(|line| line.setl_id.as_str());
    deducted.chain(named.names()).try_for_each(|setl_id| values.name(setl_id))?;
    let foreseen = Foreseen { watched: &watched, register, visits: Some(&errors.visits) };
    let run =
        Run { delivery: &delivery, setting, staging, values: &values, memory: options.memory };
    let FirstRead { survey, index, counters } = options.engine.read(run, foreseen)?;
    if !options.engine.notes_visits() && survey.findings.is_empty() {
        errors.visits.look_through(&delivery, setting, options.memory)?;
    }
    findings.extend(survey.findings.iter().cloned());
    delivery.check_files(&survey.files, &mut findings);
    let quotas = options.opening_quotas.as_ref();
    let period = options.period;
    findings.extend(plausible::of_delivery(&delivery, &survey, Some(book), period, quotas));
    let mut slips = Slips::accepting(&options.accept);
    let findings = slips.remove_accepted(findings);
    if findings.is_empty() {
        return Ok(AcceptedDelivery {
            delivery,
            opening_quotas,
            decisions,
            named,
            watched,
            survey,
            slips,
            index,
            counters,
            values,
            errors: errors.settle(setting.monitor)?,
        });
    }
    Err(delivery.refused(findings))
}

/// Returns what system errors are read from.
fn errors_request<'a>(close: Close<'a>, scratch: &'a Path) -> ErrorsRequest<'a> {
    let Close { options, book, setting, .. } = close;
    let SurveySetting { rules, period, monitor, .. } = setting;
    let has_errors = |newest: &Manifest| newest.form() >= Some(shape::ERRORS_OPEN.since);
    ErrorsRequest {
        input: &options.input,
        carried: book.previous().filter(|_| book.newest.as_ref().is_some_and(has_errors)),
        period,
        as_of: options.issued_on(),
        int96: rules.int96,
        memory: options.memory,
        scratch,
        monitor,
    }
}

/// The result of the reconciliation.
struct Reconciled {
    permits: Vec<Permit>,
    settled: Settled,
    decisions: Vec<(String, Verdict, Applied)>,
    proof: Proof,
    control: Control,
    positions: Positions,
    media: MediaCounts,
}

/// Matches the two sides, settles the copies in doubt by the rules, and proves that no row is lost.
fn reconcile(close: Close, delivered: &mut AcceptedDelivery) -> Outcome<Reconciled> {
    let Close { options, book, register, staging, setting } = close;
    let SurveySetting { policy, period, monitor, .. } = setting;
    let decisions = std::mem::take(&mut delivered.decisions);
    let counters = std::mem::take(&mut delivered.counters);
    let AcceptedDelivery { delivery, named, watched, survey, slips, index, values, .. } = delivered;
    let permits = brought::permits_in_force(book.previous(), &delivery.small.permits, period)?;

    monitor.stage(text!("matching"), 0)?;
    let run = Run { delivery, setting, staging, values, memory: options.memory };
    let mut matched = match_index(run, index, Foreseen { watched, register, visits: None })?;
    read_again(run, &*options.engine, &mut matched)?;
    let context =
        Context { period, policy, permits: &permits, register, index, counters: &counters, named };
    let mut settled = settle(run, context, decisions, &matched)?;

    let proof = Proof::of(survey, &matched, settled.tally.in_doubt)?;
    let control = proof.control(survey, &settled.tally)?;
    brought::handed_over(book.newest.as_ref(), &control)?;
    plausible::cleared_before(&control, &settled.tally.already_cleared, book, slips)?;
    let decisions = std::mem::take(&mut settled.decisions).finish().map_err(Failure::Refused)?;
    let positions = monitor.stopwatch.measure(Activity::AddUp, || {
        let positions = Positions::counted(counters, policy);
        positions.prove(proof.cleared(&settled.tally)).map(|()| positions)
    })?;
    let media = matched.media.with(&settled.tally.media);
    let media = media.proven(delivery.has_media(), positions.visits())?;
    Ok(Reconciled { permits, settled, decisions, proof, control, positions, media })
}

/// The result of the clearing.
struct Clearing {
    deductions: Vec<Deduction>,
    money: Movements,
}

/// Judges deductions, computes pairs, quotas, reserves, notices and payments.
fn clear(close: Close, delivered: &AcceptedDelivery, reconciled: &Reconciled) -> Outcome<Clearing> {
    let Close { options, book, register, .. } = close;
    let deductions = judge_deductions(book, register, delivered, &reconciled.settled)?;
    let money = settle_money(
        (options, book),
        (&delivered.delivery.small, &delivered.opening_quotas),
        &reconciled.positions,
        &deductions,
    )?;
    Ok(Clearing { deductions, money })
}

/// Writes the register and every table into the staging folder.
fn write(
    close: Close,
    delivered: &AcceptedDelivery,
    reconciled: &Reconciled,
    cleared: &Clearing,
    requests: &RequestTables,
) -> Outcome<Vec<FileEntry>> {
    let Close { options, staging, setting: SurveySetting { monitor, .. }, .. } = close;
    monitor.stage(text!("writing"), 0)?;
    let Reconciled { permits, settled, decisions, proof, control, positions, media } = reconciled;
    let Clearing { deductions, money } = cleared;
    let errors = &delivered.errors;
    let folder = staging.period();
    let of = |table: TableBuilder| {
        let is_old = options.form == TableForm::Version2;
        if is_old { table.without_added() } else { table }.write(&folder)
    };
    let mut files: Vec<Box<dyn Fn() -> Outcome<FileEntry> + Sync + '_>> = vec![
        Box::new(|| write_register(staging, &delivered.index.stores, &settled.tally, proof)),
        Box::new(|| positions.write(&folder)),
        Box::new(|| settled.open_items.write(open_items_table, &folder)),
        Box::new(|| settled.breaks.write(breaks_table, &folder)),
        Box::new(|| settled.break_fields.write(break_fields_table, &folder)),
        Box::new(|| of(pairs_table(money))),
        Box::new(|| of(rejects_table(&delivered.delivery, &delivered.survey.rejects))),
        Box::new(|| of(control_table(control))),
        Box::new(|| of(deductions_table(deductions))),
        Box::new(|| of(quotas_table(&money.quotas))),
        Box::new(|| of(reserves_table(&money.reserves))),
        Box::new(|| of(notices_table(&money.notices, money.issued_on, money.dates))),
        Box::new(|| of(notice_status_table(&money.statuses))),
        Box::new(|| of(payments_table(&money.payments))),
        Box::new(|| of(permits_table(permits))),
        Box::new(|| of(decisions_table(decisions))),
    ];
    if options.form == TableForm::Current {
        files.push(Box::new(|| of(coordination_table(&requests.coordination))));
        files.push(Box::new(|| of(replies_table(&requests.replies))));
        files.push(Box::new(|| errors.write_groups(&folder)));
        files.push(Box::new(|| errors.write_open(&folder)));
        files.push(Box::new(|| errors.write_refused(&folder)));
        files.push(Box::new(|| media.table().write(&folder)));
    }
    let written = files.par_iter().with_max_len(1).map(|file| {
        monitor.check()?;
        file()
    });
    let mut outputs = written.collect::<Outcome<Vec<_>>>()?;
    outputs.push(write_reversals(&folder, &settled.tally.reversed)?);
    Ok(outputs)
}

/// Judges deductions: from settlements that cleared, and given back for those that were reversed.
fn judge_deductions(
    book: &Book,
    register: &Register,
    delivered: &AcceptedDelivery,
    settled: &Settled,
) -> Outcome<Vec<Deduction>> {
    let lines = &delivered.delivery.small.deductions;
    let mut keys: Vec<Key> = lines.iter().map(|line| Key::of(&line.setl_id)).collect();
    keys.sort_unstable();
    keys.dedup();
    let named = MatchState::of_many(&keys, &delivered.index, register)?;
    let reversed_now = &settled.tally.reversed;
    let reversed = named.reversed.iter().chain(reversed_now).copied().collect();
    let standing = deductions::DeductionFacts {
        settlements: &named.registered,
        reversed: &reversed,
        reversed_now,
    };
    Ok(deduct(lines, brought::deductions(&book.periods)?, &standing))
}

/// Makes the manifest of the period. Inputs and outputs are listed by path.
fn manifest(
    options: &RunOptions,
    book: &Book,
    delivered: &AcceptedDelivery,
    mut outputs: Vec<FileEntry>,
    control: &Control,
) -> Manifest {
    let AcceptedDelivery { delivery, opening_quotas, survey, .. } = delivered;
    let mut inputs = delivery.entries(&survey.files);
    inputs.extend(opening_quotas.entry.clone());
    inputs.extend(options.daily.iter().map(|daily| daily.entry.clone()));
    inputs.sort();
    outputs.sort();
    Manifest {
        format: FORMAT,
        program: concat!("liangqing ", env!("CARGO_PKG_VERSION")).to_owned(),
        period: options.period.to_string(),
        as_of: options.issued_on().to_string(),
        rules: RulesCopy::of(&options.rules.text),
        previous_manifest_sha256: book.head.clone(),
        inputs,
        outputs,
        control: ControlEntry::all(control),
        accepted: delivered.slips.codes(),
    }
}
