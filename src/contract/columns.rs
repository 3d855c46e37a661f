//! The columns of the small files (contract §2.2), of the registry and of a reply form: their kinds and meanings.
//!
//! The readers take their columns from this list, and `docs/inputs.md` is generated from it.

use super::column::{TREATING, extra, needed, optional};
pub use super::{
    column::{FileColumns, SmallFileColumn, ValueKind},
    coordination_columns::{REPLIES, REQUESTS, SYSTEM_ERRORS},
};

const INSURED: SmallFileColumn =
    needed("insured_province", ValueKind::Province, ["参保省", "insured province"]);
const SETTLEMENT: SmallFileColumn =
    needed("setl_id", ValueKind::Text, ["结算ID", "the settlement"]);
const APPROVED_BY: SmallFileColumn =
    needed("approved_by", ValueKind::Text, ["批准人", "name of who approved it"]);
const DECIDED_BY: SmallFileColumn =
    needed("decided_by", ValueKind::Text, ["经办人", "name of who decided"]);
const SECOND: SmallFileColumn = needed(
    "approved_by",
    ValueKind::Text,
    ["复核人，与经办人不同", "name of who approved it: another person"],
);
const DECISION: [&str; 2] = [
    "accept_treating 采信就医地、accept_insured 采信参保地或 void 作废",
    "accept_treating, accept_insured or void",
];
const NO_EFFECT: [&str; 2] = ["不影响结果", "nothing depends on it"];
const REASON: SmallFileColumn = optional("reason", ValueKind::Text, NO_EFFECT);

/// `control-totals.csv`.
pub const CONTROL_TOTALS: FileColumns = FileColumns {
    name: "control-totals.csv",
    purpose: [
        "报送方申报的合计。一旦送达，须恰好列出每个 Parquet 文件一次",
        "the totals that the senders declare. Once it is delivered, it lists every Parquet file exactly once",
    ],
    columns: &[
        needed("file", ValueKind::Text, ["送达文件夹之下的路径", "path below the input folder"]),
        needed("rows", ValueKind::Count, ["行数", "number of rows"]),
        needed("medfee_sumamt", ValueKind::Sum, ["医疗费总额合计", "sum of medfee_sumamt"]),
        needed("fund_pay_sumamt", ValueKind::Sum, ["基金支付总额合计", "sum of fund_pay_sumamt"]),
        needed("acct_pay", ValueKind::Sum, ["个人账户支出合计", "sum of acct_pay"]),
    ],
};

/// `deductions.csv`.
pub const DEDUCTIONS: FileColumns = FileColumns {
    name: "deductions.csv",
    purpose: [
        "审核扣款；逐行判定，未接受的行有代码 D01 至 D05",
        "audit deductions. Each line is judged; a refused one has a code D01 to D05",
    ],
    columns: &[
        optional(
            "ddct_id",
            ValueKind::Text,
            ["扣款编号，全账套只用一次", "number of the deduction, used once in a book"],
        ),
        SETTLEMENT,
        needed("amount", ValueKind::Amount, ["扣款金额，大于 0", "yuan to deduct, above 0"]),
        optional("reason_code", ValueKind::Text, NO_EFFECT),
        needed(
            "decided_on",
            ValueKind::Day,
            ["决定日期；不影响结果", "day of the decision; nothing depends on it"],
        ),
    ],
};

/// `decisions.csv`.
pub const DECISIONS: FileColumns = FileColumns {
    name: "decisions.csv",
    purpose: [
        "对差异与挂账的协查结论；任一行有误即拒收，代码 C01 至 C06",
        "decisions on breaks and open items. Any bad line refuses the delivery, with a code C01 to C06",
    ],
    columns: &[
        SETTLEMENT,
        needed("decision", ValueKind::Text, DECISION),
        REASON,
        DECIDED_BY,
        SECOND,
        needed(
            "decided_on",
            ValueKind::Day,
            ["决定日期；不影响结果", "day of the decision; nothing depends on it"],
        ),
    ],
};

/// `permits.csv`.
pub const PERMITS: FileColumns = FileColumns {
    name: "permits.csv",
    purpose: [
        "提前报备的超期费用；自送达之期起至 until_period 有效",
        "late claims reported beforehand. A permit stays in force from its delivery through until_period",
    ],
    columns: &[
        optional("permit_id", ValueKind::Text, ["报备编号", "number of the permit"]),
        INSURED,
        TREATING,
        needed("cost_month", ValueKind::Month, ["费用月", "the cost month that may still clear"]),
        needed(
            "until_period",
            ValueKind::Month,
            ["最后一个清算期", "the last period in which it may clear"],
        ),
        needed(
            "past_year_close",
            ValueKind::Flag,
            ["1 为跨年度结账后仍可清算", "1: also after the close of the cost year"],
        ),
        REASON,
    ],
};

/// `quota-changes.csv`.
pub const QUOTA_CHANGES: FileColumns = FileColumns {
    name: "quota-changes.csv",
    purpose: [
        "国家经办机构批准的紧急调增；任一行有误即拒收，代码 Q01 至 Q04",
        "top-ups that the national agency approved. Any bad line refuses the delivery, with a code Q01 to Q04",
    ],
    columns: &[
        needed(
            "notice_id",
            ValueKind::Text,
            ["以前清算期的紧急调增通知书编号", "the emergency notice (JJ) of an earlier period"],
        ),
        needed("amount", ValueKind::Amount, ["批准金额，大于 0", "yuan approved, above 0"]),
        APPROVED_BY,
        needed(
            "approved_on",
            ValueKind::Day,
            ["批准日期，付款期限由此起算", "day of the approval; the dates of payment run from it"],
        ),
    ],
};

/// `initial-quotas.csv`.
pub const INITIAL_QUOTAS: FileColumns = FileColumns {
    name: "initial-quotas.csv",
    purpose: [
        "国家经办机构确定的初始额度，只用于生效额度为 0 的省份对；任一行有误即拒收，代码 Q03 至 Q08",
        "first quotas that the national agency fixed, for pairs whose quota in force is 0. Any bad line refuses the delivery, with a code Q03 to Q08",
    ],
    columns: &[
        INSURED,
        TREATING,
        needed(
            "quota",
            ValueKind::Amount,
            ["初始额度，大于 0；每对省份一行", "yuan, above 0; a line a pair"],
        ),
        APPROVED_BY,
        needed(
            "approved_on",
            ValueKind::Day,
            ["批准日期；不影响结果", "day of the approval; nothing depends on it"],
        ),
    ],
};

/// `payments.csv`.
pub const PAYMENTS: FileColumns = FileColumns {
    name: "payments.csv",
    purpose: [
        "上次结账以来收到的银行确认；按文件顺序判定，未接受的行有代码 P01 至 P04",
        "bank confirmations since the last close, judged in the order of the file. A refused line has a code P01 to P04",
    ],
    columns: &[
        needed(
            "notice_id",
            ValueKind::Text,
            ["以前清算期的通知书编号", "the notice of an earlier period"],
        ),
        needed("paid_on", ValueKind::Day, ["付款日期", "day of the payment"]),
        needed("amount", ValueKind::Amount, ["付款金额，大于 0", "yuan paid, above 0"]),
        optional("bank_name", ValueKind::Text, NO_EFFECT),
        optional(
            "bank_serial",
            ValueKind::Text,
            ["银行流水号，全账套只用一次", "serial number of the bank, used once in a book"],
        ),
    ],
};

/// `opening-quotas.csv`, which `--opening-quotas` names.
pub const OPENING_QUOTAS: FileColumns = FileColumns {
    name: "opening-quotas.csv",
    purpose: [
        "账套首期的期初额度（`run --opening-quotas`）；未列出的省份对为 0",
        "the quotas that the first period of a book starts from (`run --opening-quotas`). A pair that is not listed has 0",
    ],
    columns: &[
        INSURED,
        TREATING,
        needed(
            "quota",
            ValueKind::Amount,
            ["额度，不小于 0；每对省份一行", "yuan, 0 or more; a line a pair"],
        ),
    ],
};

/// `registry.csv`, which `bulletin --registry` and `review --registry` name.
pub const REGISTRY: FileColumns = FileColumns {
    name: "registry.csv",
    purpose: [
        "定点医药机构名录（`bulletin --registry`、`review --registry`）；有误即拒收，代码 N01 至 N05",
        "the institutions that there are (`bulletin --registry`, `review --registry`). Bad lines refuse it, with a code N01 to N05",
    ],
    columns: &[
        needed(
            "fixmedins_code",
            ValueKind::Text,
            ["医药机构编号，每家一次", "code of the institution, each once"],
        ),
        needed("county", ValueKind::Text, ["县区，6 位区划码", "county, six digits"]),
        needed(
            "kind",
            ValueKind::Text,
            [
                "H 医疗机构或 P 零售药店，与编号首位一致",
                "H hospital or P pharmacy, as the code begins",
            ],
        ),
        needed(
            "care_classes",
            ValueKind::Text,
            [
                "inpatient、outpatient、chronic、pharmacy，以分号分隔",
                "of inpatient, outpatient, chronic and pharmacy, separated by semicolons",
            ],
        ),
        optional(
            "opened_on",
            ValueKind::Day,
            [
                "跨省直接结算开通日期；未开通为空",
                "the day from which it settles across provinces; empty when it does not",
            ],
        ),
        extra(
            "level",
            ValueKind::Text,
            [
                "机构等级，供 `review` 用，取值同 hosp_lv",
                "level of the institution for `review`, a value of hosp_lv",
            ],
        ),
        extra(
            "networked",
            ValueKind::Flag,
            [
                "是否联网，供 `review` 用；空为不明",
                "whether it is in the network, for `review`; empty: not known",
            ],
        ),
    ],
};

/// The table of filings, which `review --filings` names.
pub const FILINGS: FileColumns = FileColumns {
    name: "filings",
    purpose: [
        "异地就医备案（`review --filings`）：CSV 或 Parquet，长度不限，各列均须有；有误即拒收，代码 F02 至 F15、N06 至 N08、S01 至 S05、S13",
        "the filings of care in another place (`review --filings`): CSV or Parquet of any length, with every column. Mistakes refuse it, with a code F02 to F15, N06 to N08, S01 to S05 or S13",
    ],
    columns: &[
        needed("psn_no", ValueKind::Text, ["人员编号", "person"]),
        needed(
            "insu_admdvs",
            ValueKind::Text,
            [
                "参保区划，2、4 或 6 位，不足补 0",
                "insured division of 2, 4 or 6 digits, filled up with zeros",
            ],
        ),
        needed(
            "rloc_admdvs",
            ValueKind::Text,
            [
                "备案就医区划，同上；xx0000 为全省",
                "division that it was filed to, likewise; xx0000 is the whole province",
            ],
        ),
        optional(
            "rloc_rea",
            ValueKind::Text,
            ["备案类型，其含义见规则 `values`", "type; `values` of the rules say what it means"],
        ),
        needed("begndate", ValueKind::Day, ["开始日期", "first day"]),
        optional("enddate", ValueKind::Day, ["结束日期；空为长期有效", "last day; empty: open"]),
        optional(
            "crte_time",
            ValueKind::Text,
            [
                "备案时间 YYYY-MM-DD HH:MM:SS（东八区）",
                "when it was made, YYYY-MM-DD HH:MM:SS in UTC+8",
            ],
        ),
        optional(
            "vali_flag",
            ValueKind::Text,
            ["0 为无效，其余均为有效", "0: not valid; all else is valid"],
        ),
    ],
};

/// `accounts.csv`, which `statements --accounts` names.
pub const ACCOUNTS: FileColumns = FileColumns {
    name: "accounts.csv",
    purpose: [
        "省级财政收款专户银行账号（`statements --accounts`，附件10）：每省以签发日已生效的最新一行为准；有误即拒收，代码 S05、S07、S12 至 S14",
        "the accounts that receive payments (`statements --accounts`, annex 10). Of each province the newest line counts that is in force on the day of issue. Bad lines refuse it, with a code S05, S07 or S12 to S14",
    ],
    columns: &[
        needed("province", ValueKind::Province, ["省份", "province"]),
        needed("name", ValueKind::Text, ["账户户名", "name of the account"]),
        needed("bank", ValueKind::Text, ["开户银行", "bank"]),
        optional("bank_code", ValueKind::Text, ["行号", "code of the bank"]),
        needed(
            "account",
            ValueKind::Text,
            ["账号：数字、字母、空格与连字符", "account number: digits, letters, blanks, hyphens"],
        ),
        needed(
            "from",
            ValueKind::Day,
            ["启用日期；每省每日一行", "the day from which it is used; a line a province and day"],
        ),
    ],
};

/// `names.csv`, which `statements --names` names.
pub const NAMES: FileColumns = FileColumns {
    name: "names.csv",
    purpose: [
        "统筹区、区划与定点医药机构的名称（`statements --names`）；未列出的只写代码。有误即拒收，代码 S13、S15",
        "names of pooling areas, divisions and institutions (`statements --names`). What is not listed is shown by its code. Bad lines refuse it, with a code S13 or S15",
    ],
    columns: &[
        needed(
            "code",
            ValueKind::Text,
            ["6 位区划码或 12 位机构编号", "division of 6 digits, or institution of 12 characters"],
        ),
        needed("name", ValueKind::Text, ["名称", "name"]),
    ],
};

/// The form of a reply, which `decisions import` reads.
pub const REPLY: FileColumns = FileColumns {
    name: "reply",
    purpose: [
        "协查回复（`decisions import`）：由 `statements` 生成的 verification.xlsx 或 reply.csv；有误即拒收，代码 T01 至 T03、C01 至 C06",
        "the reply form (`decisions import`): verification.xlsx or reply.csv as `statements` wrote them. Mistakes refuse it, with a code T01 to T03 or C01 to C06",
    ],
    columns: &[
        SETTLEMENT,
        needed("decision", ValueKind::Text, DECISION),
        REASON,
        DECIDED_BY,
        SECOND,
        needed("decided_on", ValueKind::Day, ["决定日期", "day of the decision"]),
    ],
};

/// The small files of a delivery, in the order in which they are listed.
pub const SMALL_FILES: [FileColumns; 9] = [
    CONTROL_TOTALS,
    DEDUCTIONS,
    DECISIONS,
    PERMITS,
    QUOTA_CHANGES,
    INITIAL_QUOTAS,
    PAYMENTS,
    REQUESTS,
    REPLIES,
];
