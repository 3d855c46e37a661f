//! Words about the rules: names, and what is to be checked, in Chinese and in English.

use super::direction::{may_be_too_little, takes_amount};
use crate::{
    model::words::chinese,
    review::rule::{ReviewRule, Strength},
};

/// A text in Chinese and in English.
pub(super) type BothLanguages = [&'static str; 2];

/// What people are told about a rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct RuleGuide {
    /// Its name.
    pub(super) name: BothLanguages,
    /// What is to be checked.
    pub(super) check: BothLanguages,
}

const fn guide(name: BothLanguages, check: BothLanguages) -> RuleGuide {
    RuleGuide { name, check }
}

/// The words of each rule, in the order of [`ReviewRule::ALL`].
const GUIDES: [RuleGuide; 30] = [
    guide(
        ["重叠住院", "Overlapping stays"],
        [
            "同一人在两家机构的住院日期重叠：核对两份病案首页、出入院记录与费用清单，查明本人住在哪里",
            "The days of two stays of one person overlap: compare both medical records, admission and discharge notes and itemised bills, and find out where the person was",
        ],
    ),
    guide(
        ["分解住院", "Split stay"],
        [
            "出院不久又在同一机构入院：核对两次诊断与出院指征，查明是否把一次住院分成两次结算",
            "Admitted again to the same institution soon after discharge: compare diagnoses and reasons for discharge; was one stay settled as two?",
        ],
    ),
    guide(
        ["频繁住院", "Frequent stays"],
        [
            "一个季度内多次住院：核对各次入院指征，查明是否挂床、冒名或低标准入院",
            "Many stays in a quarter: look at why the person was admitted each time; was the bed used, and by this person?",
        ],
    ),
    guide(
        ["住院期间门诊购药", "Care during a stay"],
        [
            "住院期间又有门诊或药店结算：核对住院医嘱与在院情况，查明人是否在院、费用是否应由住院承担",
            "Outpatient or pharmacy settlements during a stay: compare with the orders of the stay; was the person there, and should the stay have covered it?",
        ],
    ),
    guide(
        ["短住院", "Stays of no day"],
        [
            "当日入院当日出院较多：抽查病案，查明是否应按门诊结算",
            "Many stays end on the day they begin: look at some records; should they have been outpatient care?",
        ],
    ),
    guide(
        ["不可能行程", "Two provinces at once"],
        [
            "短时间内在两省结算：核对处方、监控与凭证使用记录，查明是否冒名或代刷",
            "Settled in two provinces within a short time: compare prescriptions, recordings and the use of the credential; did somebody else use it?",
        ],
    ),
    guide(
        ["同日多次", "Many on a day"],
        [
            "同日在同一机构多次结算：核对处方与费用清单，查明是否拆分费用或重复收费",
            "Several settlements at one institution on a day: compare prescriptions and bills; was one bill split, or charged twice?",
        ],
    ),
    guide(
        ["频繁门诊", "Frequent visits"],
        [
            "一个月内门诊次数过多：核对诊断与用药，查明是否冒名、倒卖药品",
            "Very many visits in a month: compare diagnoses and drugs; was it this person, and what became of the drugs?",
        ],
    ),
    guide(
        ["频繁购药", "Frequent purchases"],
        [
            "一个月内购药次数过多：核对处方与进销存，查明是否套取、倒卖",
            "Very many purchases in a month: compare prescriptions with the pharmacy's stock; was anything really sold?",
        ],
    ),
    guide(
        ["多店高额", "Many pharmacies"],
        [
            "在多家药店购药且金额较高：核对处方、品种与数量，查明去向",
            "Large purchases at many pharmacies: compare prescriptions, drugs and quantities; where did they go?",
        ],
    ),
    guide(
        ["结伴就医", "Companions"],
        [
            "同一参保地多人多日同在一家机构：核对到院记录与组织者，查明是否诱导就医、集中刷卡",
            "Several persons of one area are at an institution on the same days: who brought them, and were they there?",
        ],
    ),
    guide(
        ["机构暴增", "An institution's surge"],
        [
            "本月费用数倍于以往：核对服务能力、新增项目与费用清单",
            "This month is many times those before: compare capacity, new services and bills",
        ],
    ),
    guide(
        ["单日冲量", "A burst on a day"],
        [
            "一日结算量数倍于平日：核对当日到院与进销存，查明是否集中补刷、虚假结算",
            "A day has many times the usual settlements: who was there on that day, and was anything sold?",
        ],
    ),
    guide(
        ["次均费用离群", "A cost unlike its peers"],
        [
            "次均费用与同级机构相差较大：核对病种构成、收费与编码，查明是否超标准收费或升级编码",
            "The mean cost is far from that of its peers: compare cases, charges and coding",
        ],
    ),
    guide(
        ["临界金额", "Just below the limit"],
        [
            "多笔费用恰低于须协查的金额：核对费用清单，查明是否拆分以避免核查",
            "Many costs are just below the limit from which they are verified: were bills split to stay below it?",
        ],
    ),
    guide(
        ["频繁退费", "Frequent reversals"],
        [
            "退费笔数与占比较高：核对退费原因与重结记录",
            "Many reversals: look at why, and what was settled instead",
        ],
    ),
    guide(
        ["慢病频次", "Chronic care too often"],
        [
            "同一病种一个月内多次或跨省结算：核对处方天数与用药量",
            "One disease is settled more often than a month needs, or in two provinces: compare prescribed days and quantities",
        ],
    ),
    guide(
        ["凭证异常", "One credential, many persons"],
        [
            "同一凭证用于多人：核对凭证归属与结算终端，查明是否冒用",
            "One credential was used for several persons: whose is it, and at which terminal was it used?",
        ],
    ),
    guide(
        ["全个人账户", "Account alone"],
        [
            "购药几乎全由个人账户支付且单价较高：核对进销存，查明是否以药换物、套现",
            "Purchases are nearly all paid from accounts, and large: compare with the stock; was it goods or cash?",
        ],
    ),
    guide(
        ["扣款率偏低", "Few deductions"],
        [
            "审核扣款率远低于全国：核对费用审核的范围与抽查比例（本规则不在核查表中）",
            "Far fewer deductions than the nation: how much is audited? (This rule has no lines in the forms.)",
        ],
    ),
    guide(
        ["待遇金额不符", "Another benefit"],
        [
            "统筹支付（hifp_pay）不在参保地待遇规则算得的上下限之内：核对机构等级、医疗类别、范围内费用与起付线；参保地核对人员类别与备案。逐步算式由下发方提供（review explain，需参保地的备案与待遇规则）",
            "The fund paid (hifp_pay) outside of lo to hi, which the insured place's rules give: compare level, care, in-scope cost and deductible; the insured place compares person and filing. Who sent this form can give the account step by step (review explain; it needs the insured place's filings and rules)",
        ],
    ),
    guide(
        ["起付标准不符", "Another deductible"],
        [
            "起付标准或实际起付金额不是参保地所定：核对机构等级、住院次数与起付累计；实际起付线过高的是基金少付，不扣款",
            "The deductible is none that the insured place sets: compare level, number of the stay and what was paid before. Where it was too high the fund paid too little: nothing to deduct",
        ],
    ),
    guide(
        ["按另一备案类别支付", "Another class of filing"],
        [
            "统筹支付与另一备案类别相符：请参保地核对备案记录，查明是否未备案按备案支付，或已备案被降低",
            "What the fund paid fits another class of filing: compare with the filings of the insured place; was full benefit given without a filing, or reduced with one?",
        ],
    ),
    guide(
        ["超年度限额", "Above the yearly cap"],
        [
            "年度统筹支付合计超出封顶线：核对年度累计与大病、补充保险的分担",
            "The fund paid more in the year than its cap: compare the yearly total, and what other insurance should have paid",
        ],
    ),
    guide(
        ["起付线下支付", "Paid below the deductible"],
        [
            "范围内费用未超过起付标准而统筹已支付：核对起付标准与结算过程",
            "The fund paid although the cost is not above the deductible: compare the deductible and how it was settled",
        ],
    ),
    guide(
        ["慢病病种不唯一", "Not one disease"],
        [
            "一笔门诊慢特病结算不是恰好一个病种：改按病种分笔结算",
            "A settlement of chronic care has not exactly one disease: settle each disease for itself",
        ],
    ),
    guide(
        ["未备案", "Nothing was filed"],
        [
            "没有任何备案而按异地结算：核对备案系统，补办或按未备案待遇处理",
            "Nothing was filed: look it up; file it afterwards, or pay the benefit without a filing",
        ],
    ),
    guide(
        ["结算后备案", "Filed after settlement"],
        [
            "备案时间晚于结算：核对补办备案的依据与待遇",
            "The filing was made after the settlement: on what ground, and with which benefit?",
        ],
    ),
    guide(
        ["备案他地", "Filed to other places"],
        [
            "备案到其他地方而在此就医：核对就医地与备案地，按规定确定待遇",
            "Filed to other places, treated here: compare the places, and set the benefit by the rules",
        ],
    ),
    guide(
        ["两地长期居住", "Two long-term filings"],
        [
            "同时有两地长期居住备案：核实常住地，注销其中之一",
            "Filed as living in two places at once: where does the person live? Cancel the other filing",
        ],
    ),
];

/// Returns the words of a rule.
pub(super) fn of_rule(rule: ReviewRule) -> RuleGuide {
    GUIDES[rule.index()]
}

/// Returns the words for how strong a lead is.
pub(super) fn of_strength(strength: Strength) -> BothLanguages {
    [chinese(strength.name()), strength.name()]
}

/// How lines are answered, in a sheet whose lines are all for information.
const FOR_INFORMATION: BothLanguages = [
    "仅供知悉，无需答复：本表各行由就医省核查，不必填写，也不必交回。",
    "For information, no reply: the treating province checks these lines. Enter nothing and send nothing back.",
];
/// How a form is filled in, in parts.
const ANSWER: BothLanguages = [
    "只填浅黄色单元格：核查结果填“属实”或“不属实”；理由、经办人、复核人（两人不同）、核查日期（如 2025-11-20）在答复的每行必填。",
    "Fill in the yellow cells only: 属实 (so it is) or 不属实 (it is not); reason, who decided, who approved (another person) and the day (such as 2025-11-20) in every line that is answered.",
];
const WITH_AMOUNT: BothLanguages = [
    "属实且须扣款的填扣款金额（元，不超过应付金额），不扣款留空；同一笔结算在“同笔线索”所列的几条线索中，只在其中一条填扣款金额。",
    "With 属实 the yuan to deduct, at most the payable, or nothing; a settlement that also is in the leads of also_in takes an amount in one of them only.",
];
const TOO_LITTLE: BothLanguages = [
    "方向为“少付”的是基金少付，不扣款，金额格为灰色。",
    "Where direction says underpaid the fund paid too little: nothing is deducted, and the cell of the amount is grey.",
];
const NO_AMOUNT: BothLanguages = ["本规则不填扣款金额。", "No amount is entered for this rule."];
const SEND_BACK: BothLanguages = [
    "未核查的行留空，各列请勿删改，填好后交回。",
    "Leave other lines empty, keep all columns, and send the file back.",
];

/// Returns how the sheet of a rule is filled in, or that it is not.
pub(super) fn how_to(rule: ReviewRule, is_answerable: bool) -> [String; 2] {
    let parts = match () {
        () if !is_answerable => vec![FOR_INFORMATION],
        () if !takes_amount(rule, None) => vec![ANSWER, NO_AMOUNT, SEND_BACK],
        () if may_be_too_little(rule) => vec![ANSWER, WITH_AMOUNT, TOO_LITTLE, SEND_BACK],
        () => vec![ANSWER, WITH_AMOUNT, SEND_BACK],
    };
    let chinese: Vec<&str> = parts.iter().map(|[chinese, _]| *chinese).collect();
    let english: Vec<&str> = parts.iter().map(|[_, english]| *english).collect();
    [chinese.concat(), english.join(" ")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_own_words() {
        assert_eq!(GUIDES.len(), ReviewRule::ALL.len());
        let mut names: Vec<&str> = GUIDES.iter().flat_map(|guide| guide.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|two| two[0] != two[1]));
        for guide in GUIDES {
            for [zh, en] in [guide.name, guide.check] {
                assert!(!zh.is_ascii() && en.is_ascii(), "{zh} / {en}");
            }
        }
        assert_eq!(of_rule(ReviewRule::Beh04).name[0], "住院期间门诊购药");
        assert_eq!(of_rule(ReviewRule::Ben04).name[0], "超年度限额");
        assert_eq!(of_rule(ReviewRule::Fil03).name[0], "备案他地");
    }

    #[test]
    fn a_sheet_asks_for_what_its_rule_takes() {
        let told = |rule, open| how_to(rule, open).join("\n");
        let plain = told(ReviewRule::Beh01, true);
        assert!(plain.contains("只在其中一条填扣款金额") && plain.contains("in one of them only"));
        assert!(plain.contains("2025-11-20") && !plain.contains("少付"));
        assert!(told(ReviewRule::Ben03, true).contains("少付"));
        for rule in [ReviewRule::Beh16, ReviewRule::Ben06] {
            let told = told(rule, true);
            assert!(told.contains("不填扣款金额") && !told.contains("须扣款"), "{told}");
        }
        let told = told(ReviewRule::Beh01, false);
        assert!(told.starts_with("仅供知悉，无需答复") && !told.contains("只填"), "{told}");
    }
}
