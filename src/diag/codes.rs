//! Every code that the program gives, each with its meaning in English and in Chinese: the row rules V, the codes
//! D, P and R01 of deductions and payments, and the findings.
//!
//! This list is the only one. The terminal, the page, the forms and `docs/errors.md` take their words from it.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A kind of code: its codes in order, how they are written, and what is known of all of them.
macro_rules! kind_of_code {
    ($name:ident: $($code:ident)*) => {
        impl $name {
            /// Every code, in order.
            pub const ALL: &[$name] = &[$($name::$code),*];

            /// The code as text.
            pub const fn id(self) -> &'static str {
                match self { $($name::$code => stringify!($code)),* }
            }

            /// The code that a text names.
            pub fn of_id(id: &str) -> Option<$name> {
                $name::ALL.iter().find(|code| code.id() == id).copied()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.id())
            }
        }
    };
}

/// Codes of rows and lines, which have one meaning.
macro_rules! codes {
    ($(#[$docs:meta])* $name:ident: $($code:ident $english:literal $chinese:literal;)*) => {
        $(#[$docs])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema,
        )]
        pub enum $name {
            $(#[doc = $english] $code),*
        }

        kind_of_code!($name: $($code)*);

        impl $name {
            /// The meaning in English and in Chinese.
            pub const fn meaning(self) -> [&'static str; 2] {
                match self { $($name::$code => [$english, $chinese]),* }
            }
        }
    };
}

/// Codes of findings: the expected state, and the way to it.
macro_rules! findings {
    ($(
        $code:ident $expected:literal $expected_zh:literal
        $hint:literal
        $hint_zh:literal;
    )*) => {
        /// A stable code of a finding in a delivery, a book or another file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema)]
        pub enum Code {
            $(#[doc = concat!("Expected: ", $expected, ".")] $code),*
        }

        kind_of_code!(Code: $($code)*);

        impl Code {
            /// The state that is expected in place of the one that was found.
            pub const fn expected(self) -> &'static str {
                match self { $(Code::$code => $expected),* }
            }

            /// The action that mends it.
            pub const fn hint(self) -> &'static str {
                match self { $(Code::$code => $hint),* }
            }

            /// The expected state and the action, in Chinese.
            pub const fn chinese(self) -> [&'static str; 2] {
                match self { $(Code::$code => [$expected_zh, $hint_zh]),* }
            }
        }
    };
}

/// A code that asks about a slip and may be accepted (contract §3), in schemas.
pub enum AcceptedCode {}

impl JsonSchema for AcceptedCode {
    fn schema_name() -> Cow<'static, str> {
        "AcceptedCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes = Code::ALL.iter().map(|code| code.id()).filter(|id| id.starts_with('G'));
        let codes: Vec<&str> = codes.collect();
        json_schema!({ "type": "string", "enum": codes, "description": "A code that may be accepted (docs/errors.md)." })
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
        let id = String::deserialize(deserializer)?;
        Code::of_id(&id).ok_or_else(|| D::Error::custom(format!("no code {id}")))
    }
}

codes! {
    /// A rule for one row (contract §3). A row that breaks one is rejected.
    RowRule:
    V01 "a required value is null or empty" "必填值为空";
    V02 "a division code is not 6 digits, or its province is unknown" "区划码不是 6 位数字，或所属省份未知";
    V03 "the insured and the treating province are the same" "参保省与就医省相同";
    V04 "insutype has no fund class" "险种类型（insutype）无对应基金类别";
    V05 "med_type has no care class" "医疗类别（med_type）无对应就诊类别";
    V06 "a chronic row without a disease code that was open on the day of setl_time (UTC+8)" "门诊慢特病记录，病种编号缺失或在结算当日（UTC+8）尚未开通";
    V07 "fund_pay_sumamt is not the sum of the eight fund fields" "基金支付总额不等于八项基金之和";
    V08 "medfee_sumamt is not fund_pay_sumamt + acct_pay + psn_cash_pay + hosp_part_amt" "医疗费总额不等于基金支付总额、个人账户、现金与医院负担之和";
    V09 "one of the 13 compared amounts is below 0 without init_setl_id, or above 0 with it" "十三项比对金额之一：无原结算（init_setl_id）而小于 0，或有原结算而大于 0";
    V10 "the cost month is after the period" "费用月晚于清算期";
    V11 "fixmedins_code is not H or P and 11 letters or digits" "医药机构编号不是 H 或 P 加 11 位字母或数字";
    V12 "manual reimbursement: fulamt_advpay_flag is 1" "手工报销：全额垫付标志为 1";
    V13 "the four scope fields are all there and do not add up to medfee_sumamt" "四项范围字段齐全，但合计不等于医疗费总额";
    V14 "setl_id, init_setl_id, psn_no or mdtrt_id is longer than 40 characters" "结算ID、原结算ID、人员编号或就诊ID超过 40 个字符";
    V15 "an amount does not fit DECIMAL(16,2)" "金额超出 DECIMAL(16,2)";
    V16 "refd_setl_flag or fulamt_advpay_flag is neither empty nor 0 nor 1, blanks around it aside" "退费标志或全额垫付标志去除首尾空白后既非空，也非 0 或 1";
    V17 "setl_time is before 2000-01-01 or after 2099-12-31 (UTC+8)" "结算时间早于 2000-01-01 或晚于 2099-12-31（UTC+8）";
    V18 "an amount is no whole number of fen" "金额不是整数分";
}

codes! {
    /// The code of a line of `deductions.csv` (contract §4) or `payments.csv` (contract §5). All but `R01` refuse it.
    LineCode:
    D01 "no settlement that has cleared" "该结算未清算";
    D02 "more than is payable for the settlement" "超出该结算的应付金额";
    D03 "a settlement that was reversed" "该结算已退费";
    D04 "a ddct_id that was used before" "扣款编号已用过";
    D05 "an amount that is not above 0" "金额不大于 0";
    P01 "no notice of an earlier period" "以前各期无此通知书";
    P02 "a bank_serial that was used before" "银行流水号已用过";
    P03 "an amount that is not above 0" "金额不大于 0";
    P04 "more than the notice has open" "超出通知书未付金额";
    R01 "the settlement was reversed" "原结算已退费";
}

codes! {
    /// The code of a row of `requests.csv` (Q01 to Q05) or `replies.csv` (Q06 to Q10) that is refused (coordination, part 2).
    RequestCode:
    Q01 "a request_id that an accepted request has" "请求编号已用于已接受的请求";
    Q02 "a province that is unknown, the same one twice, or not that of the settlement" "省份未知、两省相同，或与该结算的省份不符";
    Q03 "a verification of no settlement, or of one that is not known" "费用协查未指明结算，或该结算未知";
    Q04 "a verification of what is no stay, is a reversal, or cost less than the limit" "费用协查所指不是住院、是退费，或总费用低于限额";
    Q05 "opened after the as-of day" "发起日期晚于签发日";
    Q06 "no accepted request has this request_id" "无此编号的已接受请求";
    Q07 "another reply is in force, and the request was not reopened" "已有有效答复，且请求未重新发起";
    Q08 "replied before the request was opened or reopened" "答复日期早于请求发起或重新发起日期";
    Q09 "incorrect without a reason, or a result of the other kind of request" "核查有误而无原因，或结果属另一类请求";
    Q10 "a day after the as-of day, a confirmation or reopening before the reply, both in one row, or a reopening not after the last one" "日期晚于签发日、确认或重新发起早于答复、两者同在一行，或重新发起不晚于上次";
}

codes! {
    /// The code of a refused row of the system errors (coordination, part 3).
    ErrorRule:
    N01 "err_id is empty or longer than 40 characters" "err_id 为空或超过 40 个字符";
    N02 "at is empty, no time, before 2000-01-01 or after the as-of day" "at 为空、不是时间、早于 2000-01-01 或晚于签发日";
    N03 "treating_province is empty or unknown, insured_province is given and unknown, or both are the same" "treating_province 为空或未知，insured_province 已填但未知，或两者相同";
    N04 "raised_by or class is not in its list" "raised_by 或 class 不在所列取值之内";
    N05 "answered_on or struck_off_on is given and no date, before the day of at, or after the as-of day" "answered_on 或 struck_off_on 已填但不是日期、早于 at 当日或晚于签发日";
    N06 "news of an error that name another treating province, day of at or insured province" "与同一 err_id 的报错相比，就医省、at 当日或参保省不同";
}

findings! {
    F01 "at least one Parquet file on each side" "每方至少一个 Parquet 文件"
        "deliver both treating/*.parquet and insured/*.parquet; a side without settlements sends one empty file"
        "treating/*.parquet 与 insured/*.parquet 均须送达；无结算的一方送一个空文件";
    F02 "a whole, undamaged Parquet file" "完整无损的 Parquet 文件"
        "ask the sender for the file again and compare its sha256 with theirs"
        "请报送方重新发送，并与其核对 sha256";
    F03 "every required column" "齐全的必需列"
        "export the columns under their national names or one of their known other names; what stands in the path alone (Hive partitions) is not read"
        "按国家标准字段名或其已知别名导出这些列；仅见于路径的列（Hive 分区）不予读取";
    F04 "a column of the kind that the contract names" "约定类型的列"
        "export the column with the type of the contract"
        "按约定的类型导出该列";
    F05 "a decimal amount" "十进制金额"
        "cast to DECIMAL(16,2) where the exact value is still known; floating point has lost it"
        "在精确值尚存处转换为 DECIMAL(16,2)；浮点数已失真";
    F06 "a decimal amount" "十进制金额"
        "plain integers may be yuan or fen: cast to DECIMAL(16,2)"
        "整数可能为元也可能为分：请转换为 DECIMAL(16,2)";
    F07 "a scale from 0 to 18 and a precision of at most 38" "小数位数 0 至 18、精度不超过 38"
        "export DECIMAL(16,2)"
        "按 DECIMAL(16,2) 导出";
    F08 "each field once" "每个字段只出现一次"
        "drop one of the columns"
        "去掉其中一列";
    F09 "the totals that control-totals.csv declares" "control-totals.csv 申报的合计"
        "ask the sender which is right: the file or the totals; send both again together"
        "请报送方确认文件与合计何者为准，并一并重发";
    F10 "control-totals.csv lists every Parquet file exactly once" "control-totals.csv 恰好列出每个 Parquet 文件一次"
        "complete the list, or send the file that is missing"
        "补全清单，或补送缺少的文件";
    F11 "each file once on a side" "一方的每个文件只出现一次"
        "remove one of the two"
        "去掉其中一个";
    F12 "amounts and their sums within DECIMAL(38,2)" "金额及其合计不超出 DECIMAL(38,2)"
        "ask the sender for the file again"
        "请报送方重新发送该文件";
    F13 "files that stay as they are while a run reads them" "运行读取期间保持不变的文件"
        "wait until nobody writes to the delivery any more, then run again"
        "待无人再写入该送达后重新运行";
    F14 "names in UTF-8" "UTF-8 编码的名称"
        "rename the file or the folder"
        "重命名该文件或文件夹";
    F15 "texts of at most 65,536 bytes" "不超过 65,536 字节的文本"
        "export the column as the contract has it: its texts are codes and names"
        "请按约定导出该列：其文本应为代码与名称";
    F16 "system errors in one file, CSV or Parquet" "系统报错只用一个文件送达，CSV 或 Parquet"
        "deliver system-errors.csv or system-errors.parquet, with all rows in it"
        "只送达 system-errors.csv 或 system-errors.parquet 之一，并包含全部行";
    G01 "nothing that looks like a part of the delivery and is not read" "没有看似送达内容却未被读取的文件"
        "give it the name that is meant, or take it away; `--accept G01` if it is meant to be left out"
        "改为应有的名称，或移出送达文件夹；若确不送达，用 `--accept G01`";
    G02 "a side at least half of whose rows have the period as their cost month" "至少一半的行费用月为本期的一方"
        "compare --period with the folder; `--accept G02` if it is meant"
        "核对 --period 与送达文件夹；若确系如此，用 `--accept G02`";
    G03 "a side less than half of whose rows an earlier period has cleared" "前期已清算的行不到一半的一方"
        "compare the folder with those of the earlier periods; `--accept G03` if it is meant"
        "与以前各期的送达文件夹核对；若确系如此，用 `--accept G03`";
    G04 "the quotas that the first period of a book starts from" "账套首期的期初额度"
        "give --opening-quotas FILE, without it every quota is 0; `--accept G04` if it is meant"
        "请给出 --opening-quotas 文件，否则各对额度均为 0；若确系如此，用 `--accept G04`";
    G05 "files that no earlier period was closed with" "未用于以前清算期的文件"
        "compare the folder with that of the earlier period; `--accept G05` if it is meant"
        "与该前期的送达文件夹核对；若确系如此，用 `--accept G05`";
    G06 "files that only one side has" "仅一方具有的文件"
        "ask whose file it is, and for the other side's own; `--accept G06` if it is meant"
        "查明该文件属哪一方，并索取另一方自己的文件；若确系如此，用 `--accept G06`";
    G07 "Parquet files alone, not a table with its older versions" "单纯的 Parquet 文件，而非含旧版本的数据湖表"
        "export the current version; `--accept G07` if every file is meant to count"
        "请导出当前版本；若确要计入每个文件，用 `--accept G07`";
    S01 "UTF-8 text" "UTF-8 文本"
        "save the file as CSV UTF-8"
        "另存为 CSV UTF-8";
    S02 "a header line with every column once" "每列恰好出现一次的表头"
        "name the columns as the contract does; order is free, further columns are ignored"
        "按约定命名各列；顺序不限，多余列不计";
    S03 "as many values as the header has columns" "与表头列数相同的值"
        "quote values that hold commas or line breaks"
        "含逗号或换行的值请加引号";
    S04 "digits with at most two decimals" "最多两位小数的数字"
        "write amounts as 1234.56, without separators, blanks or signs other than a minus"
        "金额写作 1234.56，不用千分位、空格，除负号外不带符号";
    S05 "a day YYYY-MM-DD or a month YYYY-MM that exists" "存在的日期 YYYY-MM-DD 或月份 YYYY-MM"
        "correct the date"
        "更正日期";
    S06 "0 or 1" "0 或 1"
        "correct the flag"
        "更正标志";
    S07 "the two-digit code of one of the 32 provinces" "32 个省份之一的两位代码"
        "correct the code"
        "更正代码";
    S08 "each pair once" "每对省份一次"
        "remove one of the lines"
        "去掉其中一行";
    S09 "a quota of 0 or more" "不小于 0 的额度"
        "correct the quota"
        "更正额度";
    S10 "a whole number" "整数"
        "write the count in digits"
        "用数字填写笔数";
    S11 "a small file: at most 256 MiB, 4,000,000 lines, 1 MiB a line" "小文件：不超过 256 MiB、4,000,000 行，每行不超过 1 MiB"
        "look at the place: a quote that is never closed makes one line of many; a file that is really so large is not the one that the contract means"
        "查看该位置：引号未闭合会把多行并为一行；确实如此之大的文件不是约定所指的文件";
    S12 "each province once a day" "每省每日一行"
        "remove one of the lines, or correct its day"
        "去掉其中一行，或更正启用日期";
    S13 "a value" "非空的值"
        "fill it in"
        "补填";
    S14 "an account number of digits, letters, blanks and hyphens" "由数字、字母、空格与连字符组成的账号"
        "format the column as text before the numbers are entered: a spreadsheet writes a long number as 6.22E+18"
        "先将该列设为文本再录入：电子表格会把长账号写成 6.22E+18";
    S15 "each code once" "每个代码一次"
        "remove one of the lines"
        "去掉其中一行";
    S16 "a request_id of 1 to 40 characters" "1 至 40 个字符的请求编号"
        "fill it in, or shorten it"
        "补填或缩短";
    S17 "a word of the list for this column" "该列所列用词之一"
        "correct the word (docs/inputs.md has the list)"
        "更正用词（见 docs/inputs.zh-CN.md）";
    S18 "a problem_type with a problem, and none with a verification" "问题协同有问题类型，费用协查没有"
        "fill in the type, or remove it"
        "补填或删去问题类型";
    C01 "a settlement that this period has to decide on" "本期须作决定的结算"
        "remove the decision: the settlement was cleared, refused, rejected or never delivered"
        "去掉该结论：该结算已清算、已拒收、已退回或从未送达";
    C02 "a decision for a copy that exists" "针对现有记录的结论"
        "accept the copy that is there, or void the settlement"
        "采信现有的一方记录，或作废该结算";
    C03 "one decision a settlement" "每笔结算一个结论"
        "keep one of the lines"
        "只保留其中一行";
    C04 "decided_by and approved_by, two different persons" "经办人 decided_by 与复核人 approved_by 为不同的两人"
        "have a second person approve the decision"
        "请另一人复核";
    C05 "a decision that is needed" "确有必要的结论"
        "remove it: the settlement clears or leaves without it"
        "去掉：该结算无需结论即可清算或退出";
    C06 "accept_treating, accept_insured or void" "accept_treating、accept_insured 或 void"
        "correct the decision"
        "更正结论";
    Q01 "the notice_id of an emergency proposal of an earlier period" "以前清算期紧急调增申请的 notice_id"
        "correct the notice_id"
        "更正 notice_id";
    Q02 "one answer a proposal" "每份申请一次答复"
        "remove the line: the proposal has been answered"
        "去掉该行：该申请已答复";
    Q03 "an approved amount above 0" "大于 0 的批准金额"
        "correct the amount"
        "更正金额";
    Q04 "the name of who approved it" "批准人姓名"
        "fill in approved_by"
        "填写 approved_by";
    Q05 "two different provinces of the 32, by their two-digit codes" "32 个省份中两个不同省份的两位代码"
        "correct the provinces"
        "更正省份代码";
    Q06 "a pair whose quota in force is 0" "生效额度为 0 的省份对"
        "remove the line: a quota in force changes by quota-changes.csv"
        "去掉该行：已有额度经 quota-changes.csv 调整";
    Q07 "each pair once" "每对省份一次"
        "remove the second line"
        "去掉第二行";
    Q08 "a period that makes no yearly quotas" "不制定年度额度的清算期"
        "deliver it with the next period: the yearly quota of this one is made of payables"
        "随下一清算期送达：本期按应付额制定年度额度";
    N01 "H or P and 11 letters or digits" "H 或 P 加 11 位字母或数字"
        "correct the institution's code"
        "更正定点医药机构编号";
    N02 "six digits of a county in one of the 32 provinces" "32 个省级单位内县区的六位区划码"
        "correct the county"
        "更正县区";
    N03 "H or P, as the institution's code begins" "与机构编号首位一致的 H 或 P"
        "correct the kind, or the code"
        "更正类别或编号";
    N04 "inpatient, outpatient, chronic, pharmacy, separated by semicolons" "inpatient、outpatient、chronic、pharmacy，以分号分隔"
        "correct the kinds of care"
        "更正就诊类别";
    N05 "each institution once" "每家机构一次"
        "remove one of the lines, or put their kinds of care together"
        "删去其中一行，或合并就诊类别";
    N06 "2, 4 or 6 digits of a division in one of the 32 provinces" "32 个省级单位内的 2、4 或 6 位区划码"
        "correct the division; one that is not known is none: leave the filing out"
        "更正区划码；区划不明的备案无从判断，请勿列入";
    N07 "a time YYYY-MM-DD HH:MM:SS that exists, or nothing" "存在的时间 YYYY-MM-DD HH:MM:SS，或留空"
        "write the time in UTC+8, or leave the cell empty"
        "按东八区时间填写，或留空";
    N08 "a line of at most 1 MiB" "不超过 1 MiB 的行"
        "look for a quote that is never closed: it makes one line of many"
        "检查是否有未闭合的引号：它会把多行并为一行";
    T01 "a reply form with its headings" "标题齐全的协查回复表"
        "fill in verification.xlsx or reply.csv of a province's folder, as `statements` wrote them"
        "请填写 `statements` 为各省生成的 verification.xlsx 或 reply.csv";
    T02 "a setl_id that means one settlement" "只指一笔结算的 setl_id"
        "enter it as the form has it, blanks included"
        "照回复表原样填写，空格也计入";
    T03 "a reply form within bounds: CSV of 256 MiB, a workbook of 64 MiB that unpacks to 512 MiB, a million answers" "不过大的协查回复：CSV 不超过 256 MiB，工作簿不超过 64 MiB 且解压后不超过 512 MiB，答复不超过一百万条"
        "send the sheet of the reply alone, as CSV UTF-8; a workbook that unpacks to many times its size was not made by a spreadsheet"
        "只报送协查回复表，另存为 CSV UTF-8；解压后为自身许多倍的工作簿并非电子表格软件所生成";
    W01 "a form of leads that can be read, with its columns: CSV of 256 MiB or a workbook, a million answers" "可读取且列齐全的疑点核查表：CSV 不超过 256 MiB，或工作簿，答复不超过一百万条"
        "fill in leads.xlsx or leads.csv of a province's folder, as `review` wrote them; save it as XLSX or as CSV UTF-8"
        "请填写 `review` 为各省生成的 leads.xlsx 或 leads.csv，存为 XLSX 或 CSV UTF-8";
    W02 "a lead_id and a setl_id of the leads, and entries in open cells only" "线索中的 lead_id 与 setl_id，且只填可答复的单元格"
        "answer the lines as the form has them; lines of other provinces and of context are answered by nobody here"
        "按核查表原有各行答复；他省的行与旁证行不在此答复";
    W03 "a verdict 属实 or 不属实, with reason, two persons and a day; an amount above 0 up to the payable, with 属实 only" "核查结果为属实或不属实，并填理由、两人、日期；扣款金额大于 0 且不超过应付，且只在属实时填写"
        "complete or correct the line, or leave it without any entry"
        "补全或更正该行，或整行留空";
    W04 "one answer a line, and an amount in one lead for each settlement" "每行一个答复，每笔结算只在一条线索中填扣款金额"
        "keep one of the answers; enter the whole amount in one of the leads"
        "只保留一个答复；扣款金额全部填在其中一条线索";
    W05 "a settlement of the book that has cleared, is not reversed, and from which this much can still be deducted" "账套中已清算、未退费且尚可扣除该金额的结算"
        "remove the amount, or lower it; what a review has deducted once is not deducted again"
        "删去或减少扣款金额；疑点审核已扣过的结算不再扣";
    W06 "the tables as `review` wrote them, with the digests of SHA256SUMS" "`review` 写出的原表，摘要与 SHA256SUMS 一致"
        "name the folder as `review` wrote it, or run the review again; ids of leads are known within one review only"
        "请指定 `review` 写出的原文件夹，或重新运行疑点审核；疑点编号只在一次疑点审核内有效";
    B01 "the manifest of a closed period and its seal" "已结账清算期的清单及其封签"
        "restore the period from a copy; whoever has the digest of its manifest can tell which copy is right"
        "用副本恢复该期；持有清单摘要者可判定哪份副本为真";
    B02 "periods month by month, each manifest with the digest of the one before" "逐月相连的清算期，每份清单载有前一份的摘要"
        "restore the period from a copy, and find out who changed it"
        "用副本恢复该期，并查明何人改动";
    B03 "the file as its manifest lists it" "与清单所列一致的文件"
        "restore the period from a copy"
        "用副本恢复该期";
    B04 "only files that the manifest lists" "只有清单所列的文件"
        "find out where the file comes from, and remove it"
        "查明文件来源，并移除";
    B05 "the head that was given" "所指定的账套摘要"
        "the book was cut, continued or replaced since: compare with the copy that the head stands for"
        "账套此后被截去、续作或替换：请与该摘要对应的副本比对";
    B06 "a table with the columns and the order of the contract" "列与顺序符合约定的数据表"
        "restore the period from a copy; if the digests agree, it was published so: rerun it from its inputs"
        "用副本恢复该期；若摘要相符，则发布时即如此：请由输入重算";
    B07 "the same figure, worked out again from what it is made of" "由其构成重新算得的同一数值"
        "restore the period from a copy; if the digests agree, it was published so: rerun it from its inputs"
        "用副本恢复该期；若摘要相符，则发布时即如此：请由输入重算";
    B08 "what the period before handed over" "上期移交的内容"
        "restore both periods from copies; if the digests agree, rerun them from their inputs"
        "用副本恢复两期；若摘要相符，请由输入重算";
    B09 "a register that agrees with the tables, each settlement once" "与各表相符、每笔结算只登记一次的登记簿"
        "restore the period from a copy; if the digests agree, rerun it from its inputs"
        "用副本恢复该期；若摘要相符，请由输入重算";
    B10 "a signature by a trusted key" "受信公钥的签名"
        "ask the signer; a key that was changed or withdrawn belongs into the file of trusted keys"
        "请询问签名方；更换或撤销的密钥应写入受信公钥文件";
    B11 "the rules that were given" "给定的规则"
        "find out who decided on other rules; the manifest of the period has a copy of them, `diff` shows what they changed"
        "请查明何人决定采用其他规则；该期清单存有其副本，`diff` 可列出由此产生的差别";
    A01 "the input that the period was closed with" "该期结账时的输入"
        "find the delivery as it was: the manifest has the digest of every file"
        "找到原来的送达文件：清单载有每个文件的摘要";
    A02 "the rules and the day that the period was closed with" "该期结账时的规则与签发日"
        "leave --rules and --as-of away: the manifest has both"
        "不要指定 --rules 与 --as-of：清单中两者俱全";
    A03 "a delivery that is accepted, as it was when the period was closed" "结账时已被接受的同一送达"
        "find the delivery as it was: the manifest has the digest of every file"
        "找到原来的送达文件：清单载有每个文件的摘要";
    A04 "the same bytes, worked out again" "重算所得的相同字节"
        "see which rows differ; when inputs and rules are the same, the period was changed, or another program wrote it"
        "查看哪些行不同；若输入与规则相同，则该期被改动过，或由其他程序写成";
    E01 "a settlement that some period of the book has met" "账套某期出现过的结算"
        "check the setl_id; what a period cleared is known by the hash of its setl_id alone"
        "核对 setl_id；已清算的结算仅以其 setl_id 的散列留存";
    E02 "the delivery that the period was closed with" "该期结账时的送达"
        "give the delivery of this period: every settlement of the figure is in it, or was an open item"
        "请给出该期的送达：该数值的每笔结算都在其中，或原为挂账";
    K01 "text in the encoding of the map, or in one that its first bytes tell" "编码与映射所写一致、或由文件开头可判定的文本"
        "write encoding = \"gb18030\" (utf-8, utf-16le, utf-16be) into [input] of the map, or export the file again"
        "在映射的 [input] 中写 encoding = \"gb18030\"（或 utf-8、utf-16le、utf-16be），或重新导出";
    K02 "a heading that has every column of the map, once" "表头包含映射所列的每一列，各一次"
        "correct the map (liangqing convert --guess shows the heading), or export the missing column"
        "更正映射（liangqing convert --guess 会显示表头），或补导缺少的列";
    K03 "as many cells as the heading has" "单元格数与表头相同"
        "look for a separator or a quote inside of a value of this line"
        "检查该行的值中是否含分隔符或引号";
    K04 "a code or a number of which no digit is lost" "未丢失任何数字的代码或编号"
        "export the column as text"
        "将该列按文本导出";
    K05 "an amount that is a whole number of fen and fits DECIMAL(16,2)" "整数分且不超出 DECIMAL(16,2) 的金额"
        "correct the value in the system that it comes from; write unit = \"yuan\" or \"fen\" into the map for whole numbers"
        "在来源系统中更正；整数金额须在映射中写明 unit = \"yuan\" 或 \"fen\"";
    K06 "amounts as decimals" "十进制金额"
        "export DECIMAL(16,2) or text; or take floating point numbers that stand for whole fen with --from-float"
        "导出 DECIMAL(16,2) 或文本；或用 --from-float 接受恰为整数分的浮点数";
    K07 "a date or time that exists and has one meaning" "真实存在且含义唯一的日期或时间"
        "correct the value, or write format, serial or zone of the field into the map"
        "更正该值，或在映射中为该字段写明 format、serial 或 zone";
    K08 "a line of at most 1 MiB and 16,384 cells" "不超过 1 MiB、16,384 个单元格的行"
        "look for a quote that is never closed, or write quote = false into [input] of the map"
        "检查是否有未闭合的引号，或在映射的 [input] 中写 quote = false";
    K09 "an export that can be opened, and a table that the map names" "可打开的导出文件，且其表由映射指明"
        "save it as CSV, XLSX or Parquet; write the names of the sheets into [input] of the map"
        "另存为 CSV、XLSX 或 Parquet；在映射的 [input] 中写明工作表名称";
    K10 "a number of the settlement (setl_id)" "结算编号（setl_id）"
        "a line without it is no settlement; words of sum lines stand in [rows] sums of the map"
        "没有编号的行不是结算；合计行的用词写在映射 [rows] 的 sums 中";
    K11 "a code, a name or a word of this column" "该列所用的代码、名称或用词"
        "correct the value, or write what it stands for into values of the field in the map"
        "更正该值，或在映射中以该字段的 values 写明其含义";
    K12 "a value in this column" "该列的值"
        "fill it in, or write the words of sum lines into [rows] sums of the map"
        "补填该值，或将合计行的用词写入映射 [rows] 的 sums";
    K13 "a table of which at least one row can be converted" "至少有一行可以转换的表"
        "correct the map: a field may be read from another column"
        "更正映射：某字段可能取错了列";
    L01 "the result that a test of the rules file expects" "与规则文件中的自测相符的结果"
        "correct the rules, or the test where the article says so"
        "更正规则；若条文另有规定，则更正自测";
}
