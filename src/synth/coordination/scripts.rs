//! What becomes of requests: scripts that are taken in turn.

use super::dates::AskedKind;

/// A day: months after the one that follows the birth, and the day in it. Beyond its end it is its last day.
pub(super) type ScriptDay = (i32, u32);

/// A row of replies.csv.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScriptStep {
    /// The period that delivers it, counted from the birth.
    pub(super) after: i32,
    pub(super) replied: ScriptDay,
    pub(super) is_correct: bool,
    pub(super) confirmed: Option<ScriptDay>,
    pub(super) reopened: Option<ScriptDay>,
}

/// The life of a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestScript {
    pub(super) kind: AskedKind,
    pub(super) opened: ScriptDay,
    pub(super) steps: &'static [ScriptStep],
}

const fn reply(after: i32, replied: ScriptDay) -> ScriptStep {
    ScriptStep { after, replied, is_correct: true, confirmed: None, reopened: None }
}

impl ScriptStep {
    const fn incorrect(self) -> ScriptStep {
        ScriptStep { is_correct: false, ..self }
    }

    const fn confirmed(self, on: ScriptDay) -> ScriptStep {
        ScriptStep { confirmed: Some(on), ..self }
    }

    const fn reopened(self, on: ScriptDay) -> ScriptStep {
        ScriptStep { reopened: Some(on), ..self }
    }
}

const fn verification(opened: ScriptDay, steps: &'static [ScriptStep]) -> RequestScript {
    RequestScript { kind: AskedKind::Verification, opened, steps }
}

const fn problem(
    kind: AskedKind,
    opened: ScriptDay,
    steps: &'static [ScriptStep],
) -> RequestScript {
    RequestScript { kind, opened, steps }
}

/// Verifications.
pub(super) const VERIFICATIONS: [RequestScript; 12] = [
    verification((0, 5), &[reply(0, (0, 11)).confirmed((0, 14))]),
    // Nobody ever replies.
    verification((0, 9), &[]),
    verification((0, 6), &[reply(0, (0, 12)), reply(1, (0, 12)).confirmed((1, 4))]),
    // On the last day, and never confirmed.
    verification((0, 7), &[reply(1, (1, 26))]),
    verification((0, 8), &[reply(2, (2, 9)).incorrect().confirmed((2, 12))]),
    // Reopened and replied again in one delivery.
    verification(
        (0, 10),
        &[
            reply(0, (0, 13)).incorrect(),
            reply(1, (0, 13)).incorrect().reopened((1, 5)),
            reply(1, (1, 15)).confirmed((1, 16)),
        ],
    ),
    // Reopened after it was confirmed at a close.
    verification(
        (0, 11),
        &[
            reply(0, (0, 14)).confirmed((0, 15)),
            reply(1, (0, 14)).reopened((1, 10)),
            reply(3, (3, 8)),
        ],
    ),
    // Of the next batch.
    verification((0, 28), &[reply(2, (2, 26))]),
    // Of the batch of the month; its reply comes again.
    verification((-1, 28), &[reply(0, (0, 20)), reply(1, (0, 20))]),
    // A reply that comes late and is dated in time.
    verification((0, 12), &[reply(2, (1, 20))]),
    verification((0, 27), &[reply(3, (3, 2)).incorrect()]),
    // Not accepted at once, in the row of the reply itself.
    verification(
        (0, 13),
        &[reply(0, (0, 16)).incorrect().reopened((0, 20)), reply(1, (1, 2)).incorrect()],
    ),
];

/// Problems.
pub(super) const PROBLEMS: [RequestScript; 12] = [
    problem(AskedKind::Filing, (0, 4), &[reply(0, (0, 5)).confirmed((0, 10))]),
    // Nobody ever replies.
    problem(AskedKind::System, (0, 10), &[]),
    // Silence is a yes.
    problem(AskedKind::System, (0, 3), &[reply(0, (0, 4))]),
    problem(AskedKind::Other, (0, 28), &[reply(1, (1, 28))]),
    // Confirmed when it was deemed confirmed.
    problem(AskedKind::Filing, (0, 3), &[reply(0, (0, 3)).confirmed((0, 28))]),
    // Reopened after it was deemed confirmed.
    problem(
        AskedKind::Other,
        (0, 4),
        &[reply(0, (0, 4)), reply(1, (0, 4)).reopened((1, 3)), reply(2, (2, 5)).confirmed((2, 8))],
    ),
    // Replied late.
    problem(AskedKind::System, (0, 20), &[reply(0, (0, 25)), reply(1, (0, 25)).confirmed((1, 3))]),
    problem(AskedKind::Other, (0, 6), &[reply(0, (0, 10)).reopened((0, 27)), reply(1, (1, 8))]),
    problem(AskedKind::Filing, (0, 31), &[reply(1, (1, 2)).confirmed((1, 5))]),
    // The reply comes again.
    problem(
        AskedKind::Other,
        (0, 5),
        &[reply(0, (0, 6)).confirmed((0, 9)), reply(1, (0, 6)).confirmed((0, 9))],
    ),
    problem(AskedKind::Filing, (0, 7), &[reply(1, (1, 4))]),
    problem(AskedKind::Other, (0, 18), &[]),
];

/// What verifications and problems are about, in turn.
pub(super) const SUBJECTS: [[&str; 2]; 2] = [
    ["请核查住院费用明细", "病案首页诊断与结算诊断不符，请核查"],
    ["参保人 340100000000001234 的备案在就医地查询不到", "结算接口反复超时，请排查"],
];
