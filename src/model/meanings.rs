//! The names and meanings of the fields of the settlement record (contract §2.1), in Chinese and in English.

use super::fields::{FIELDS, Field};

/// The words for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// A short name in Chinese and in English.
    pub name: [&'static str; 2],
    /// Facts besides the name, in Chinese and in English; empty where there are none.
    pub note: [&'static str; 2],
}

const fn plain(chinese: &'static str, english: &'static str) -> Meaning {
    Meaning { name: [chinese, english], note: ["", ""] }
}

impl Meaning {
    const fn note(self, chinese: &'static str, english: &'static str) -> Meaning {
        Meaning { note: [chinese, english], ..self }
    }
}

/// The words for each field, in the order of the contract.
const MEANINGS: [(Field, Meaning); FIELDS.len()] = [
    (
        Field::setl_id,
        plain("结算ID", "settlement").note(
            "全国唯一，1 至 40 个字符；两方记录以此对应",
            "key of the settlement, unique in the nation, 1 to 40 characters; it joins the two copies",
        ),
    ),
    (
        Field::mdtrt_id,
        plain("就诊ID", "visit").note(
            "至多 40 个字符",
            "40 characters at most",
        ),
    ),
    (
        Field::init_setl_id,
        plain("原结算ID", "original settlement").note(
            "退费记录填写所退结算的结算ID；其余为空",
            "on a reversal: the setl_id of the settlement that it reverses; else empty",
        ),
    ),
    (
        Field::psn_no,
        plain("人员编号", "person").note(
            "个人信息，供人阅读之处均遮盖",
            "personal data, masked in every output for people",
        ),
    ),
    (
        Field::insuplc_admdvs,
        plain("参保地医保区划", "insured division").note(
            "6 位区划码；前两位为省，6590 开头属兵团（66）",
            "6 digits; the first two are the province, 6590xx belongs to 66 (XPCC)",
        ),
    ),
    (
        Field::mdtrtarea_admvs,
        plain("就医地医保区划", "treating division").note(
            "6 位区划码",
            "6 digits",
        ),
    ),
    (
        Field::fixmedins_code,
        plain("定点医药机构编号", "institution").note(
            "12 位：H 医疗机构或 P 零售药店，加 11 位字母或数字",
            "12 characters: H (hospital) or P (pharmacy), then 11 letters or digits",
        ),
    ),
    (
        Field::insutype,
        plain("险种类型", "kind of insurance").note(
            "基金类别由规则文件按此确定（310 为职工；390、380、391 为居民）",
            "the rules file gives each code its fund class (310 employee; 390, 380, 391 resident)",
        ),
    ),
    (
        Field::med_type,
        plain("医疗类别", "kind of care").note(
            "就诊类别由规则文件按此确定",
            "the rules file gives each code its care class",
        ),
    ),
    (
        Field::dise_codg,
        plain("病种编码", "disease code").note(
            "门诊慢特病记录必填，须在规则文件的病种表内",
            "a chronic row needs it; it has to be on the dated list of the rules file",
        ),
    ),
    (Field::begndate, plain("开始日期", "first day of the stay")),
    (Field::enddate, plain("结束日期", "last day of the stay")),
    (
        Field::setl_time,
        plain("结算时间", "time of settlement").note(
            "决定费用月（UTC+8）；费用月参与身份比对",
            "decides the cost month (UTC+8); the cost month is compared as an identity field",
        ),
    ),
    (
        Field::refd_setl_flag,
        plain("退费结算标志", "refund flag").note(
            "0、1 或空；退费及其原结算均可为 1，不作任何判断依据",
            "0, 1 or empty; it may be 1 on a reversal and on its original, and decides nothing",
        ),
    ),
    (
        Field::fulamt_advpay_flag,
        plain("全额垫付标志", "paid in full by the patient").note(
            "0、1 或空；1 为手工报销，省际之间不清算",
            "0, 1 or empty; 1 is a manual reimbursement, which is no debt between provinces",
        ),
    ),
    (Field::medfee_sumamt, plain("医疗费总额", "total cost")),
    (Field::hifp_pay, plain("基本医保统筹基金支出", "pooled fund")),
    (Field::cvlserv_pay, plain("公务员医疗补助资金支出", "civil servants")),
    (Field::hifes_pay, plain("企业补充医疗保险基金支出", "enterprise supplement")),
    (Field::hifmi_pay, plain("居民大病保险资金支出", "residents' serious illness")),
    (Field::hifob_pay, plain("职工大额医疗费用补助基金支出", "employees' large amount")),
    (Field::hifdm_pay, plain("伤残人员医疗保障基金支出", "disabled soldiers")),
    (Field::maf_pay, plain("医疗救助基金支出", "medical assistance")),
    (Field::oth_pay, plain("其他支出", "other funds")),
    (
        Field::fund_pay_sumamt,
        plain("基金支付总额", "all funds").note(
            "上述八项基金之和，不含个人账户",
            "sum of the eight funds above; the personal account is not in it",
        ),
    ),
    (Field::acct_pay, plain("个人账户支出", "personal account")),
    (Field::psn_cash_pay, plain("个人现金支出", "cash")),
    (Field::hosp_part_amt, plain("医院负担金额", "borne by the hospital")),
    (
        Field::acct_mulaid_pay,
        plain("个人账户共济支付金额", "relative's account").note(
            "已含在个人账户支出之内，只列示，不另加",
            "it is inside acct_pay: shown, never added",
        ),
    ),
    (Field::fulamt_ownpay_amt, plain("全自费金额", "out of scope")),
    (Field::overlmt_selfpay, plain("超限价自费费用", "over the limit")),
    (Field::preselfpay_amt, plain("先行自付金额", "first share")),
    (Field::inscp_scp_amt, plain("符合政策范围金额", "in scope")),
];

impl Field {
    /// Returns the words for this field.
    pub const fn meaning(self) -> Meaning {
        MEANINGS[self.index()].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_its_own_words() {
        assert_eq!(MEANINGS.map(|(field, _)| field), FIELDS);
    }
}
