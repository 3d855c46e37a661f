//! Outcomes of deductions and payments.

use super::{
    source::PeriodTables,
    task::{ReportTask, task},
    words::{Money, Words, count, words},
};
use crate::judged::{GIVEN_BACK, Judged, JudgedRows, reason};

/// Deductions or payments of one outcome.
pub(super) struct JudgedOutcome {
    pub(super) kind: Words,
    pub(super) became: Words,
    pub(super) code: String,
    pub(super) reason: Words,
    pub(super) rows: String,
    pub(super) amount: Money,
}

/// Returns the outcomes: accepted deductions and payments first, then refused ones by code.
pub(super) fn outcomes(source: &PeriodTables) -> Vec<JudgedOutcome> {
    let kinds = [
        (words("审核扣款", "deductions"), &source.deductions),
        (words("付款", "payments"), &source.payments),
    ];
    let mut outcomes = Vec::new();
    for (kind, judged) in kinds {
        let mut add = |became, code: &str, [zh, en]: [&str; 2], lines: JudgedRows| {
            if lines.count > 0 {
                outcomes.push(JudgedOutcome {
                    kind: kind.clone(),
                    became,
                    code: code.to_owned(),
                    reason: words(zh, en),
                    rows: count(lines.count.into()),
                    amount: Money(lines.fen),
                });
            }
        };
        add(words("接受", "accepted"), "", [""; 2], judged.accepted);
        add(words("退回", "given back"), GIVEN_BACK, reason(GIVEN_BACK), judged.given_back);
        for (code, lines) in &judged.refused {
            add(words("未接受", "refused"), code, reason(code), *lines);
        }
    }
    outcomes
}

/// Returns the tasks for refused deductions and payments.
pub(super) fn tasks(source: &PeriodTables) -> [Option<ReportTask>; 2] {
    let refused = |judged: &Judged, zh: &str, one: &str, many: &str| {
        let JudgedRows { count, fen } = judged.all_refused();
        let codes: Vec<&str> = judged.refused.keys().map(String::as_str).collect();
        let [rest_zh, rest_en] = [("、", "元"), (", ", "yuan")]
            .map(|(comma, yuan)| format!("{} {yuan}; {}", Money(fen), codes.join(comma)));
        let zh = format!("{zh}：{}", rest_zh.replace("; ", "，"));
        task(
            i128::from(count),
            [&zh, one, many, &format!("refused: {rest_en}")],
            ("#judged", false),
        )
    };
    [
        refused(&source.deductions, "笔审核扣款未接受", "deduction was", "deductions were"),
        refused(&source.payments, "笔付款未接受", "payment was", "payments were"),
    ]
}
