//! The pages of inputs and codes, `docs/inputs.md` and `docs/errors.md`, in English and in Chinese.
//!
//! The pages are made from the lists that the readers use. `UPDATE_DOCS=1 cargo test --lib dictionary` writes them.
//! Without it the tests compare them with the lists.

use std::fs;

use crate::{
    contract::columns::{
        self, ACCOUNTS, FILINGS, FileColumns, NAMES, OPENING_QUOTAS, REGISTRY, REPLY, SMALL_FILES,
        SYSTEM_ERRORS, SmallFileColumn,
    },
    diag::codes::{Code, ErrorRule, LineCode, RequestCode, RowRule},
    model::{
        fields::{COMPARED_AMOUNTS, FIELDS, Field, FieldKind, IDENTITY_FIELDS},
        words,
    },
};

/// A language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PageLang {
    Chinese,
    English,
}

impl PageLang {
    /// Returns the text of a pair that has Chinese first and English second.
    const fn choose(self, [chinese, english]: [&str; 2]) -> &str {
        match self {
            PageLang::Chinese => chinese,
            PageLang::English => english,
        }
    }
}

/// The letters of the codes in the order of the pages: title, and the command that reports them.
const LETTERS: [(char, [&str; 2], [&str; 2]); 16] = [
    (
        'V',
        ["行规则", "row rules"],
        [
            "`run` 将违反行规则的行退回（`tables/rejects`），其余照常清算",
            "`run` rejects the row (`tables/rejects`) and goes on",
        ],
    ),
    (
        'F',
        ["文件", "files"],
        ["`run` 拒收送达，退出状态 3", "`run` refuses the delivery, exit status 3"],
    ),
    (
        'G',
        ["疑似失误", "likely slips"],
        [
            "`run` 拒收送达，直至以 `--accept 代码`（可重复；流程文件中写 `accept = [\"G02\"]`）确认；清单会列明",
            "`run` refuses the delivery until `--accept CODE` (repeatable; `accept = [\"G02\"]` in a pipeline) says that it is meant; the manifest lists it",
        ],
    ),
    (
        'S',
        ["小文件", "small files"],
        ["`run` 拒收送达，退出状态 3", "`run` refuses the delivery, exit status 3"],
    ),
    (
        'C',
        ["协查结论", "decisions"],
        [
            "`run` 拒收送达；`decisions import` 拒收回复；退出状态 3",
            "`run` refuses the delivery, `decisions import` the reply, exit status 3",
        ],
    ),
    (
        'Q',
        ["额度调整", "quota changes"],
        ["`run` 拒收送达，退出状态 3", "`run` refuses the delivery, exit status 3"],
    ),
    (
        'D',
        ["审核扣款", "deductions"],
        [
            "`run` 不接受该行（`tables/deductions`），其余照常；R01 为退回",
            "`run` does not accept the line (`tables/deductions`) and goes on; R01 gives a deduction back",
        ],
    ),
    (
        'P',
        ["付款", "payments"],
        [
            "`run` 不接受该行（`tables/payments`），其余照常",
            "`run` does not accept the line (`tables/payments`) and goes on",
        ],
    ),
    (
        'T',
        ["协查回复表", "reply forms"],
        [
            "`decisions import` 拒收回复，退出状态 3",
            "`decisions import` refuses the reply, exit status 3",
        ],
    ),
    (
        'W',
        ["疑点核查表", "forms of leads"],
        [
            "`review import` 拒收核查表，退出状态 3",
            "`review import` refuses the form, exit status 3",
        ],
    ),
    (
        'N',
        ["机构名录与备案", "the registry and the filings"],
        [
            "`bulletin` 与 `review` 拒收名录，`review` 拒收备案，退出状态 3",
            "`bulletin` and `review` refuse the registry, `review` the filings, exit status 3",
        ],
    ),
    ('B', ["账套", "the book"], ["`verify` 以退出状态 5 结束", "`verify` ends with exit status 5"]),
    (
        'A',
        ["审计重算", "audit reruns"],
        ["审计重算以退出状态 5 结束", "an audit rerun ends with exit status 5"],
    ),
    (
        'E',
        ["追溯", "explanations"],
        ["`explain` 以退出状态 5 结束", "`explain` ends with exit status 5"],
    ),
    (
        'K',
        ["导出文件", "exports"],
        [
            "`convert` 拒收该行并继续；编码、表头或整列有误时不转换，退出状态 3",
            "`convert` refuses the row and goes on; when the encoding, the heading or a whole column is wrong, it converts nothing, exit status 3",
        ],
    ),
    (
        'L',
        ["规则自测", "tests of rules"],
        ["`check` 拒收规则文件，退出状态 3", "`check` refuses the rules file, exit status 3"],
    ),
];

/// Returns a table: its header, then its rows. A bar within a cell is escaped.
fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let rule = "---|".repeat(header.len());
    let row = |row: Vec<String>| {
        let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    format!("| {} |\n|{rule}\n{}\n", header.join(" | "), rows.map(row).collect::<String>())
}

/// Collects each heading of a part of the template, with the value below it.
fn headings<'a>(part: &'a toml::Value, found: &mut Vec<(&'a str, &'a str)>) {
    match part {
        toml::Value::Table(table) => table.values().for_each(|part| headings(part, found)),
        toml::Value::Array(parts) => match parts.as_slice() {
            [toml::Value::String(heading), toml::Value::String(value), ..] => {
                found.push((heading, value));
            }
            parts => parts.iter().for_each(|part| headings(part, found)),
        },
        _ => {}
    }
}

/// Returns the built-in template of forms.
fn template() -> toml::Value {
    toml::from_str(include_str!("../../pipelines/forms.toml")).expect("TOML")
}

fn letters(lang: PageLang) -> String {
    let header = lang.choose(["字母 代码 后果", "letter codes effect"]);
    table(
        &header.split(' ').collect::<Vec<_>>(),
        LETTERS.into_iter().map(|(letter, title, effect)| {
            let shown = if letter == 'D' { "D, R01".to_owned() } else { letter.to_string() };
            vec![shown, lang.choose(title).to_owned(), lang.choose(effect).to_owned()]
        }),
    )
}

fn row_rules(lang: PageLang) -> String {
    let row = |rule: &RowRule| {
        let [english, chinese] = rule.meaning();
        vec![rule.to_string(), lang.choose([chinese, english]).to_owned()]
    };
    let header = [lang.choose(["代码", "code"]), lang.choose(["该行", "the row"])];
    table(&header, RowRule::ALL.iter().map(row))
}

/// Returns the section of the codes of one letter.
fn codes(letter: char, lang: PageLang) -> String {
    match letter {
        'V' => row_rules(lang),
        'D' | 'P' => {
            let of_letter = |code: &&LineCode| {
                code.id().starts_with(letter) || (letter == 'D' && **code == LineCode::R01)
            };
            let row = |code: &LineCode| {
                let [english, chinese] = code.meaning();
                vec![code.to_string(), lang.choose([chinese, english]).to_owned()]
            };
            let header = [lang.choose(["代码", "code"]), lang.choose(["原因", "reason"])];
            table(&header, LineCode::ALL.iter().filter(of_letter).map(row))
        }
        _ => {
            let of_letter = |code: &&Code| code.id().starts_with(letter);
            let row = |code: &Code| {
                let [expected, hint] = code.chinese();
                let expected = lang.choose([expected, code.expected()]);
                vec![
                    code.to_string(),
                    expected.to_owned(),
                    lang.choose([hint, code.hint()]).to_owned(),
                ]
            };
            let header = lang.choose(["代码,应为,办法", "code,expected,what to do"]);
            let header: Vec<&str> = header.split(',').collect();
            table(&header, Code::ALL.iter().filter(of_letter).map(row))
        }
    }
}

/// Returns the section of the codes in `coordination` and `replies`, whose numbers findings have too.
fn refused_requests(lang: PageLang) -> String {
    let row = |code: &RequestCode| {
        let [english, chinese] = code.meaning();
        vec![code.to_string(), lang.choose([chinese, english]).to_owned()]
    };
    let title = lang.choose([
        "`coordination` 与 `replies` 中的代码：未接受的请求与答复",
        "In `coordination` and `replies`: requests and replies that are refused",
    ]);
    let note = lang.choose([
        "这些代码只出现在这两张表中，与上面编号相同的 Q 类问题无关；请求为 Q01 至 Q05，答复为 Q06 至 Q10，按先后取第一个成立的。`run` 不接受该行，其余照常。",
        "These codes stand in these two tables alone and have nothing to do with the findings Q of the same numbers: Q01 to Q05\nare of requests, Q06 to Q10 of replies; the first that holds is given. `run` does not accept the line and goes on.",
    ]);
    let header = [lang.choose(["代码", "code"]), lang.choose(["原因", "reason"])];
    format!("## {title}\n\n{note}\n\n{}", table(&header, RequestCode::ALL.iter().map(row)))
}

/// Returns the section of the codes in `errors_refused`, whose numbers findings have too.
fn refused_errors(lang: PageLang) -> String {
    let row = |code: &ErrorRule| {
        let [english, chinese] = code.meaning();
        vec![code.to_string(), lang.choose([chinese, english]).to_owned()]
    };
    let title = lang.choose([
        "`errors_refused` 中的代码：被拒收的系统报错",
        "In `errors_refused`: rows of system errors that are refused",
    ]);
    let note = lang.choose([
        "这些代码只出现在 `errors_refused` 表中，与上面编号相同的 N 类问题无关；按先后取第一个成立的。",
        "These codes stand in the table `errors_refused` alone and have nothing to do with the findings N of the same numbers;\nthe first that holds is given.",
    ]);
    let header = [lang.choose(["代码", "code"]), lang.choose(["原因", "reason"])];
    format!("## {title}\n\n{note}\n\n{}", table(&header, ErrorRule::ALL.iter().map(row)))
}

fn errors(lang: PageLang) -> String {
    let intro = lang
        .choose([include_str!("dictionary/errors.zh-CN.md"), include_str!("dictionary/errors.md")]);
    let section = |(letter, title, _): (char, [&str; 2], [&str; 2])| {
        format!("## {letter} {}\n\n{}", lang.choose(title), codes(letter, lang))
    };
    let sections: String = LETTERS.into_iter().map(section).collect();
    let sections = sections + &refused_requests(lang) + &refused_errors(lang);
    format!("{intro}\n{}{}\n", letters(lang), sections.trim_end())
}

/// Returns how the copies of both sides are compared in a field.
fn compared(field: Field, lang: PageLang) -> &'static str {
    lang.choose(match field {
        Field::setl_id => ["对应键", "key"],
        _ if IDENTITY_FIELDS.contains(&field) => ["身份", "identity"],
        Field::setl_time => ["费用月", "cost month"],
        _ if COMPARED_AMOUNTS.contains(&field) => ["金额", "amount"],
        _ => ["不比对", "no"],
    })
}

fn record(lang: PageLang) -> String {
    let row = |field: Field| {
        let meaning = field.meaning();
        let [name, note] = [lang.choose(meaning.name), lang.choose(meaning.note)];
        let meaning = match note {
            "" => name.to_owned(),
            note => format!("{name}{}{note}", lang.choose(["；", "; "])),
        };
        let kind = match field.kind() {
            FieldKind::Text => ["文本", "text"],
            FieldKind::Date => ["日期", "date"],
            FieldKind::Time => ["时间", "timestamp"],
            FieldKind::Amount => ["金额（元）", "decimal, yuan"],
        };
        let need = if field.required() { ["必填", "required"] } else { ["可缺", "optional"] };
        let aliases: Vec<String> = field.aliases().iter().map(|name| format!("`{name}`")).collect();
        vec![
            format!("`{}`", field.name()),
            lang.choose(kind).to_owned(),
            lang.choose(need).to_owned(),
            compared(field, lang).to_owned(),
            aliases.join(", "),
            meaning,
        ]
    };
    let header = lang
        .choose(["列,类型,必要性,比对,别名,含义", "column,type,need,compared,other names,meaning"]);
    table(&header.split(',').collect::<Vec<_>>(), FIELDS.into_iter().map(row))
}

fn file(file: &FileColumns, lang: PageLang) -> String {
    let is_reply = file.name == REPLY.name;
    let template = template();
    let mut in_form = Vec::new();
    headings(&template["reply"], &mut in_form);
    let row = |column: &SmallFileColumn| {
        let kind = match column.kind {
            columns::ValueKind::Text => ["文本", "text"],
            columns::ValueKind::Amount => ["金额（元），DECIMAL(16,2)", "yuan, DECIMAL(16,2)"],
            columns::ValueKind::Sum => ["金额（元），DECIMAL(38,2)", "yuan, DECIMAL(38,2)"],
            columns::ValueKind::Count => ["整数", "whole number"],
            columns::ValueKind::Day => ["日期 YYYY-MM-DD", "day YYYY-MM-DD"],
            columns::ValueKind::Month => ["月份 YYYY-MM", "month YYYY-MM"],
            columns::ValueKind::Flag => ["0 或 1", "0 or 1"],
            columns::ValueKind::Province => ["两位省码", "two-digit province code"],
        };
        let need = match (column.required, column.may_be_missing) {
            (true, _) => ["必填", "required"],
            (false, false) => ["可空", "may be empty"],
            (false, true) => ["可缺", "may be missing"],
        };
        let heading = in_form.iter().find(|(_, value)| is_reply && *value == column.name);
        let name = format!("`{}`", column.name);
        let name =
            heading.map_or_else(|| name.clone(), |(heading, _)| format!("{heading} ({name})"));
        vec![
            name,
            lang.choose(kind).to_owned(),
            lang.choose(need).to_owned(),
            lang.choose(column.meaning).to_owned(),
        ]
    };
    let title = if is_reply { lang.choose(["协查回复表", "Reply form"]) } else { file.name };
    let end = lang.choose(["。", "."]);
    let purpose = lang.choose(file.purpose);
    let mut letters = purpose.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let purpose: String = first.chain(letters).collect();
    let header = lang.choose(["列,类型,必要性,含义", "column,type,need,meaning"]);
    let columns = table(&header.split(',').collect::<Vec<_>>(), file.columns.iter().map(row));
    format!("### {title}\n\n{purpose}{end}\n\n{columns}")
}

fn inputs(lang: PageLang) -> String {
    let intro = lang
        .choose([include_str!("dictionary/inputs.zh-CN.md"), include_str!("dictionary/inputs.md")]);
    let small: String = SMALL_FILES.iter().map(|small| file(small, lang)).collect();
    let others: String = [SYSTEM_ERRORS, OPENING_QUOTAS, REGISTRY, FILINGS, ACCOUNTS, NAMES, REPLY]
        .iter()
        .map(|other| file(other, lang))
        .collect();
    let text = intro
        .replace("{record}\n\n", &record(lang))
        .replace("{rules}\n\n", &row_rules(lang))
        .replace("{small files}\n\n", &small)
        .replace("{other files}\n\n", &others)
        .replace("{letters}\n", &letters(lang));
    format!("{}\n", text.trim_end())
}

/// Fails when a page differs from the text. With `UPDATE_DOCS` it writes the page.
#[track_caller]
fn assert_current(name: &str, text: &str) {
    let path = format!("{}/docs/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, text).expect("written");
    }
    let page = fs::read_to_string(&path).expect("a page");
    assert_eq!(page, text, "UPDATE_DOCS=1 cargo test --lib dictionary writes docs/{name}");
}

#[test]
fn the_pages_of_codes_are_current() {
    assert_current("errors.md", &errors(PageLang::English));
    assert_current("errors.zh-CN.md", &errors(PageLang::Chinese));
}

#[test]
fn the_pages_of_inputs_are_current() {
    assert_current("inputs.md", &inputs(PageLang::English));
    assert_current("inputs.zh-CN.md", &inputs(PageLang::Chinese));
}

#[test]
fn every_code_has_a_letter_and_every_letter_a_code() {
    let ids = Code::ALL.iter().map(|code| code.id());
    let ids = ids.chain(RowRule::ALL.iter().map(|code| code.id()));
    let ids: Vec<&str> = ids.chain(LineCode::ALL.iter().map(|code| code.id())).collect();
    let lettered = |id: &&str| LETTERS.iter().any(|(letter, ..)| id.starts_with(*letter));
    let without: Vec<&&str> = ids.iter().filter(|id| !lettered(id)).collect();
    assert_eq!(without, [&"R01"], "R01 stands with the deductions");
    assert!(LETTERS.iter().all(|(letter, ..)| ids.iter().any(|id| id.starts_with(*letter))));
    let mut once = ids.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), ids.len(), "a code has one meaning");
}

#[test]
fn the_forms_name_the_fields_as_the_dictionary_does() {
    let template = template();
    let named = |field: Field| template["labels"][field.name()].as_str();
    let mut other = FIELDS.to_vec();
    other.retain(|field| named(*field) != Some(field.meaning().name[0]));
    assert!(other.is_empty(), "{other:?}");
}

/// The forms have a column for each row rule, break class and bucket that they show. A heading whose value is a word
/// of the tables is that word.
#[test]
fn the_forms_have_the_words_of_the_tables() {
    let template = template();
    let mut found = Vec::new();
    headings(&template, &mut found);
    let own = ["decisions", "sides"].iter().filter_map(|table| template.get(table)?.as_table());
    found.extend(own.flatten().filter_map(|(name, word)| Some((word.as_str()?, name.as_str()))));
    // These sheets name a fund in full, and treated or insured persons instead of a side.
    let own = ["treating", "insured", "employee", "resident", "both"];
    let shown = found.iter().filter(|(heading, value)| {
        words::of(value).is_some() && (!own.contains(value) || heading.ends_with('地'))
    });
    let shown: Vec<_> = shown.collect();
    assert!(shown.len() > 40, "{shown:?}");
    let other = shown.iter().filter(|(heading, value)| words::chinese(value) != *heading);
    assert_eq!(other.count(), 0, "{shown:?}");
}
