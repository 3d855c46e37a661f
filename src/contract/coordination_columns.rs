//! The columns of the files by which provinces coordinate between two closes (coordination, parts 2 and 3).

use super::column::{FileColumns, TREATING, ValueKind, needed, optional};

/// `requests.csv`.
pub const REQUESTS: FileColumns = FileColumns {
    name: "requests.csv",
    purpose: [
        "向他省提出的费用协查与问题协同（规程第 58、59 条）；逐行判定，未接受的行有代码 Q01 至 Q05（请求）",
        "requests of one province to another: cost verifications and problems (procedure §58, procedure §59). Each line is judged; a refused one has a code Q01 to Q05 of requests",
    ],
    columns: &[
        needed(
            "request_id",
            ValueKind::Text,
            [
                "请求编号，1 至 40 个字符，全账套只用一次",
                "number of the request, 1 to 40 characters, used once in a book",
            ],
        ),
        needed(
            "kind",
            ValueKind::Text,
            ["verification 费用协查或 problem 问题协同", "verification or problem"],
        ),
        needed(
            "from_province",
            ValueKind::Text,
            [
                "发起省，两位省码；费用协查为参保省",
                "the province that asks, two digits; of a verification the insured one",
            ],
        ),
        needed(
            "to_province",
            ValueKind::Text,
            [
                "受理省，两位省码；费用协查为就医省",
                "the province that is asked, two digits; of a verification the treating one",
            ],
        ),
        needed("opened_at", ValueKind::Day, ["发起日期", "day of the request"]),
        optional(
            "problem_type",
            ValueKind::Text,
            [
                "问题类型：filing 备案、system 系统或 other 其他；费用协查为空",
                "type of a problem: filing, system or other; empty with a verification",
            ],
        ),
        optional(
            "setl_id",
            ValueKind::Text,
            ["结算ID；费用协查必填", "the settlement; a verification needs it"],
        ),
        optional("subject", ValueKind::Text, ["事由", "what is asked"]),
    ],
};

/// `replies.csv`.
pub const REPLIES: FileColumns = FileColumns {
    name: "replies.csv",
    purpose: [
        "对请求的答复、确认与重新发起（规程第 58、59 条）；按文件顺序判定，未接受的行有代码 Q06 至 Q10（请求）",
        "replies to requests, with their confirmation or the word that the asker does not accept them (procedure §58, procedure §59), judged in the order of the file. A refused line has a code Q06 to Q10 of requests",
    ],
    columns: &[
        needed("request_id", ValueKind::Text, ["请求编号", "number of the request"]),
        needed("replied_on", ValueKind::Day, ["答复日期", "day of the reply"]),
        needed(
            "result",
            ValueKind::Text,
            [
                "费用协查：correct 核查无误或 incorrect 核查有误；问题协同：answered",
                "of a verification correct or incorrect, of a problem answered",
            ],
        ),
        optional(
            "reason",
            ValueKind::Text,
            ["原因；incorrect 必填", "the reason; incorrect needs it"],
        ),
        optional(
            "confirmed_on",
            ValueKind::Day,
            ["发起省确认日期", "day on which the asker confirms the reply"],
        ),
        optional(
            "reopened_on",
            ValueKind::Day,
            [
                "发起省不认可答复、重新发起的日期",
                "day on which the asker does not accept the reply and asks again",
            ],
        ),
    ],
};

/// The system errors of a delivery, in CSV or Parquet.
pub const SYSTEM_ERRORS: FileColumns = FileColumns {
    name: "system-errors",
    purpose: [
        "系统报错与消号（system-errors.csv 或 system-errors.parquet，长度不限，各列均须有）；形式有误即拒收，代码 F02 至 F16、N08、S01 至 S03；内容有误的行只计入 errors_refused",
        "system errors and their striking off (system-errors.csv or system-errors.parquet of any length, with every column). A wrong form refuses the delivery, with a code F02 to F16, N08 or S01 to S03; a row with a wrong value is only listed in errors_refused",
    ],
    columns: &[
        needed(
            "err_id",
            ValueKind::Text,
            ["报错编号", "number of the error, at most 40 characters"],
        ),
        needed(
            "at",
            ValueKind::Text,
            [
                "报错时间 YYYY-MM-DD HH:MM:SS（东八区）",
                "when it was raised, YYYY-MM-DD HH:MM:SS in UTC+8",
            ],
        ),
        optional("infno", ValueKind::Text, ["交易编号", "transaction"]),
        needed(
            "raised_by",
            ValueKind::Text,
            [
                "报错方：institution、treating、national 或 insured",
                "institution, treating, national or insured",
            ],
        ),
        TREATING,
        optional(
            "insured_province",
            ValueKind::Province,
            ["参保省；尚不知则为空", "insured province; empty while it is not known"],
        ),
        optional("fixmedins_code", ValueKind::Text, ["医药机构编号", "institution"]),
        needed(
            "class",
            ValueKind::Text,
            [
                "类别：filing、entitlement、credential、institution、catalogue、amount、timeout、outage 或 other",
                "filing, entitlement, credential, institution, catalogue, amount, timeout, outage or other",
            ],
        ),
        optional("code", ValueKind::Text, ["报错代码", "code of the error"]),
        optional(
            "text",
            ValueKind::Text,
            [
                "报错内容；连续 8 位以上数字在读入时隐去",
                "text of the error; runs of 8 digits and more are masked as they are read",
            ],
        ),
        optional("mdtrt_id", ValueKind::Text, ["就诊ID", "visit"]),
        optional("answered_on", ValueKind::Day, ["答复日期", "day of the answer"]),
        optional("struck_off_on", ValueKind::Day, ["消号日期", "day on which it was struck off"]),
    ],
};
