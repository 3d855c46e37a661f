//! The columns of the files for provinces. Headings are Chinese, then the name for programs.

/// The kind of the cells of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PackCell {
    /// Text.
    Text,
    /// Text that may take several lines.
    Wrapped,
    /// Yuan with two decimals.
    Money,
    /// A whole number.
    Count,
    /// An answer: text.
    Answer,
    /// An answer: one of [`VERDICTS`].
    AnswerVerdict,
    /// An answer: yuan.
    AnswerMoney,
    /// An answer: a day.
    AnswerDay,
}

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct PackColumn {
    /// Its name for programs.
    pub(super) name: &'static str,
    chinese: &'static str,
    pub(super) cell: PackCell,
    /// Its width in characters.
    pub(super) width: u16,
}

impl PackColumn {
    /// Returns its heading.
    pub(super) fn heading(self) -> String {
        format!("{} {}", self.chinese, self.name)
    }

    /// Whether a text is its heading, or one of the two words of it.
    pub(super) fn is_named(self, text: &str) -> bool {
        let text = text.trim();
        text == self.name || text == self.chinese || text == self.heading()
    }
}

const fn column(
    name: &'static str,
    chinese: &'static str,
    cell: PackCell,
    width: u16,
) -> PackColumn {
    PackColumn { name, chinese, cell, width }
}

use PackCell::{Answer, AnswerDay, AnswerMoney, AnswerVerdict, Count, Money, Text, Wrapped};

/// The columns, in order: what a person needs to answer a line, the answer, the rest of the lead, of the settlement.
pub(super) const COLUMNS: [PackColumn; 41] = [
    LEAD_ID,
    SETL_ID,
    OPEN,
    column("role", "角色", Text, 12),
    column("line_psn_no", "本笔人员", Text, 14),
    column("setl_time", "结算时间", Text, 20),
    column("begndate", "开始日期", Text, 12),
    column("enddate", "结束日期", Text, 12),
    column("payable", "应付金额", Money, 13),
    column("hifp_pay", "统筹支付", Money, 13),
    column("detail_zh", "明细说明", Wrapped, 24),
    column("amount_at_stake", "涉及金额", Money, 16),
    DIRECTION,
    column("also_in", "同笔线索", Wrapped, 16),
    ANSWERS[0],
    ANSWERS[1],
    ANSWERS[2],
    ANSWERS[3],
    ANSWERS[4],
    ANSWERS[5],
    column("rule", "规则", Text, 9),
    column("rule_name", "规则名称", Text, 32),
    column("what_to_check", "核查要点", Text, 40),
    column("strength", "强度", Text, 22),
    column("treating_province", "核查就医省", Text, 18),
    column("other_province", "另一就医省", Text, 18),
    column("insured_province", "参保省", Text, 18),
    column("psn_no", "人员编号", Text, 16),
    column("fixmedins_code", "定点机构", Text, 18),
    column("first_day", "首日", Text, 12),
    column("last_day", "末日", Text, 12),
    column("settlements", "结算笔数", Count, 11),
    column("detail", "明细", Text, 34),
    column("cleared", "已清算", Text, 10),
    column("line_province", "本笔就医省", Text, 18),
    column("line_fixmedins_code", "本笔机构", Text, 20),
    column("care_class", "医疗类别", Text, 18),
    column("medfee_sumamt", "医疗费总额", Money, 16),
    column("inscp_scp_amt", "范围内费用", Money, 16),
    column("act_pay_dedc", "实际起付线", Money, 16),
    PACK,
];

/// The number of columns up to the last one of the answer.
pub(super) const FRONT: u16 = 20;

/// The columns by which a line is known.
pub(super) const LEAD_ID: PackColumn = column("lead_id", "疑点编号", Text, 16);
pub(super) const SETL_ID: PackColumn = column("setl_id", "结算ID", Text, 22);
/// The province whose file it is.
pub(super) const PACK: PackColumn = column("pack", "报送省", Text, 14);
/// Whether that province may answer the line.
pub(super) const OPEN: PackColumn = column("open", "可答复", Wrapped, 11);
/// Whether the fund paid too much or too little.
pub(super) const DIRECTION: PackColumn = column("direction", "方向", Text, 15);

/// The columns of an answer.
pub(super) const ANSWERS: [PackColumn; 6] = [
    column("verdict", "核查结果", AnswerVerdict, 11),
    column("amount", "扣款金额", AnswerMoney, 13),
    column("reason", "理由", Answer, 24),
    column("decided_by", "经办人", Answer, 12),
    column("approved_by", "复核人", Answer, 13),
    column("decided_on", "核查日期", AnswerDay, 13),
];

/// The words of a verdict: it is so, and it is not.
pub(super) const VERDICTS: [&str; 2] = ["属实", "不属实"];

/// The place of a column in [`COLUMNS`].
pub(super) fn place_of(name: &str) -> usize {
    let place = COLUMNS.iter().position(|column| column.name == name);
    place.expect("Invariant: a column of the files for provinces")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn columns_have_one_name_each() {
        let words = COLUMNS.iter().flat_map(|column| [column.name, column.chinese]);
        let words: BTreeSet<&str> = words.collect();
        assert_eq!(words.len(), 2 * COLUMNS.len());
        assert!(ANSWERS[1].is_named(" 扣款金额 ") && ANSWERS[1].is_named("扣款金额 amount"));
        assert!(!ANSWERS[1].is_named("amount_at_stake"));
        assert_eq!(place_of("decided_on") + 1, usize::from(FRONT));
    }
}
