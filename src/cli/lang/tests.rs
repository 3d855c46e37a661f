use std::{
    ffi::OsString,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use clap::CommandFactory;

use super::{
    help::{argument_key, key},
    *,
};
use crate::cli::args::Arguments;

fn wanted(arguments: &[&str], environment: fn(&str) -> Option<String>) -> Lang {
    Lang::wanted(&arguments.iter().map(OsString::from).collect::<Vec<_>>(), environment)
}

#[test]
fn the_flag_comes_before_the_environment() {
    let chinese = |name: &str| (name == "LANG").then(|| "zh_CN.UTF-8".to_owned());
    assert_eq!(wanted(&["run"], chinese), Lang::Zh);
    assert_eq!(wanted(&["run", "--lang", "en"], chinese), Lang::En);
    assert_eq!(wanted(&["--lang=zh", "run"], |_| None), Lang::Zh);
    assert_eq!(wanted(&["explain", "--", "--lang=zh"], |_| None), Lang::En);
    let first = |name: &str| match name {
        "LC_ALL" => Some(String::new()),
        "LC_MESSAGES" => Some("C".to_owned()),
        _ => Some("zh_CN".to_owned()),
    };
    assert_eq!(wanted(&["run"], first), Lang::En);
}

#[test]
fn messages_are_found_by_their_shape() {
    let chinese = Catalogue::built_in();
    let said = |text: &str| chinese.text(text);
    assert_eq!(said("error: no period is closed in my book"), "错误：my book 中没有已结账的清算期");
    assert_eq!(said("error: a, b missing"), "错误：缺少 a, b");
    assert_eq!(said("closed    book/none"), "已结账    book/none");
    assert_eq!(said("red       none"), "红色预警  无");
    assert_eq!(said("{\n  made of words\n}"), "{\n  made of words\n}");
    assert_eq!(
        said("normalised 1 column under another name, 2 null amounts"),
        "已规范：1 列使用别名、2 个空金额"
    );
    assert_eq!(
        said(
            "  S02 payments.csv, column amount: found no such column, expected a header line with every column once"
        ),
        "  S02 payments.csv，列 amount，实际：没有此列；应为：每列恰好出现一次的表头"
    );
    assert_eq!(
        said(
            "  F03 treating/31.parquet: found no column psn_no, insutype; meant may be insu_type = insutype; in the \
             path alone is psn_no=7; the columns, 2, are setl_id, insu_type, expected every required column"
        ),
        "  F03 treating/31.parquet，实际：缺少列 psn_no, insutype；可能是：insu_type = insutype；仅见于路径：psn_no=7；\
         现有 2 列：setl_id, insu_type；应为：齐全的必需列"
    );
    // What was found says more than what stands around it.
    assert_eq!(
        said(
            "  A01 insured/31.parquet: found no such file; the period was closed with 0c61, expected the input \
             that the period was closed with"
        ),
        "  A01 insured/31.parquet，实际：没有此文件；该期结账时为 0c61；应为：该期结账时的输入"
    );
}

#[test]
fn the_bar_keeps_all_of_its_parts() {
    let chinese = Catalogue::built_in();
    let english = "{msg:>16} {wide_bar} {human_pos}/{human_len} rows, {rate}/s, {eta} left";
    let said = chinese.text(english);
    assert_eq!(said, "{msg:>16} {wide_bar} {human_pos}/{human_len} 行，{rate}/秒，剩余 {eta}");
}

#[test]
fn names_in_a_table_are_no_messages() {
    let chinese = Catalogue::built_in();
    assert_eq!(chinese.text(&as_is("none\n  1 row")), "none\n  1 row");
}

/// The Chinese of a text, which has to come at once.
#[track_caller]
fn at_once(chinese: &Catalogue, text: &str) -> String {
    let begun = Instant::now();
    let said = chinese.text(text);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?} for {} bytes: {text:.100}", text.len());
    said
}

#[test]
fn the_length_of_a_list_costs_no_time() {
    let chinese = Catalogue::built_in();
    let list = |part: &str, parts: usize| vec![part; parts].join(", ");
    assert_eq!(
        at_once(&chinese, &format!("red       {}", list("34-31", 992))).chars().next(),
        Some('红')
    );
    for part in ["34-31", "1 row", "none", "a: b", "1 of 2, x; (y)", "x to y", "X 1 yuan"] {
        for before in ["", "red       ", "error: ", "F03 x: found "] {
            at_once(&chinese, &format!("{before}{}", list(part, 5000)));
        }
    }
    at_once(&chinese, &"9,".repeat(50_000));
    at_once(&chinese, &": ".repeat(50_000));
}

#[test]
fn no_text_in_a_message_costs_time() {
    let chinese = Catalogue::built_in();
    let hostile = "a, 1: 2 of 3; x (y) to none, found b, expected 1 row, in 2 = ".repeat(16);
    for template in &chinese.templates {
        at_once(&chinese, &template.literals.join(&hostile));
    }
}

/// Everything on the help pages of a command and those below it that the catalogue lacks.
fn missing_help(command: &clap::Command, above: &str, chinese: &Catalogue) -> Vec<String> {
    let name = key(above, command.get_name());
    let mut wanted = vec![name.clone()];
    wanted.extend(command.get_after_help().map(|_| format!("{name}.after")));
    let arguments = command.get_arguments();
    wanted.extend(arguments.map(|argument| argument_key(&name, argument.get_id().as_str())));
    let mut missing: Vec<String> =
        wanted.into_iter().filter(|key| !chinese.entries.help.contains_key(key)).collect();
    let values = command.get_arguments().filter(|a| a.get_id() != "lang" && a.get_id() != "shell");
    for value in values.flat_map(clap::Arg::get_possible_values) {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        if chinese.phrased(&help) == help && help != "Ed25519" && !help.is_empty() {
            missing.push(format!("phrase {help}"));
        }
    }
    missing.extend(command.get_subcommands().flat_map(|below| missing_help(below, &name, chinese)));
    missing
}

#[test]
fn every_command_and_argument_has_chinese_help() {
    let missing = missing_help(&Arguments::command(), "", &Catalogue::built_in());
    assert_eq!(missing, [""; 0], "add them to [help] of src/cli/lang/zh.toml");
}

#[test]
fn every_help_entry_is_on_a_page() {
    fn pages(command: &clap::Command, above: &str) -> Vec<String> {
        let name = key(above, command.get_name());
        let mut keys = vec![name.clone(), format!("{name}.after")];
        keys.extend(command.get_arguments().map(|a| argument_key(&name, a.get_id().as_str())));
        keys.extend(command.get_subcommands().flat_map(|below| pages(below, &name)));
        keys
    }
    let pages = pages(&Arguments::command(), "");
    let chinese = Catalogue::built_in();
    let stale: Vec<_> = chinese.entries.help.keys().filter(|key| !pages.contains(key)).collect();
    assert!(stale.is_empty(), "{stale:?}");
}

#[test]
fn every_code_has_its_chinese() {
    let Entries { codes, .. } = Catalogue::entries();
    let ids: Vec<&str> = Code::ALL.iter().map(|code| code.id()).collect();
    let missing: Vec<_> = ids.iter().filter(|id| !codes.contains_key(**id)).collect();
    assert!(missing.is_empty(), "add {missing:?} to [codes] of src/cli/lang/zh.toml");
    assert!(codes.keys().all(|id| ids.contains(&id.as_str())), "a code that is no more");
    let row = |id: &&str| format!("| {id} | {} | {} |\n", codes[*id][0], codes[*id][1]);
    let text = format!(
        "# 问题项：送达为何被拒收，账套何处有误\n\n送达的全部问题一次列出，每项有以下代码之一、所在文件、位置与实际\
         情况；运行以退出状态 3 结束，\n不发布任何结果。代码固定不变。违反行规则（V01 至 V18）的行不是问题项，见 \
         `tables/rejects`。\n\nG 开头的代码询问看似失误之处，\
         以免清算期就此结账：`--accept 代码`（可重复；流程文件中写 `accept = [\"G02\"]`）予以放行，清单会列明。\n\nB 开头的代码出自 `verify`，A 开头的出自审计重算，E 开头的出自 `explain`，均以退出状态 5 \
         结束。\nR 是 `decisions import` 无法读取的协查回复。[English](errors.md)\n\n本页由 \
         `UPDATE_DOCS=1 cargo test --lib every_code_has_its_chinese` 生成。\n\n| 代码 | 应为 | 办法 |\n|---|---|---|\n{}",
        ids.iter().map(row).collect::<String>()
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/errors.zh-CN.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, &text).expect("written");
    }
    assert_eq!(fs::read_to_string(path).expect("docs/errors.zh-CN.md"), text);
}

/// The text of all sources below a folder, with literals of several lines in one.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("cli/lang") {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).expect("UTF-8").replace("\\\"", "\"");
            let mut pieces = source.split("\\\n");
            text.push_str(pieces.next().unwrap_or_default());
            pieces.for_each(|piece| text.push_str(piece.trim_start()));
        }
    }
    text
}

/// A message that was changed without its Chinese is noticed.
#[test]
fn what_has_chinese_is_said_by_the_program() {
    let sources = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let entries = Catalogue::entries();
    let mut stale = Vec::new();
    let words = entries.labels.keys().chain(entries.words.keys()).chain(entries.messages.keys());
    for english in words {
        for literal in english.split("(s)").flat_map(|part| {
            let mut templates = Template::all_of(part, "");
            templates.remove(0).literals
        }) {
            let literal = literal.trim_matches([' ', ',', ':', ';', '(', ')', '\'', '"']);
            if !sources.contains(literal) {
                stale.push(format!("{english}: no source says {literal:?}"));
            }
        }
    }
    assert!(stale.is_empty(), "\n{}", stale.join("\n"));
}

#[test]
fn holes_are_the_same_on_both_sides() {
    let entries = Catalogue::entries();
    for (english, chinese) in entries.messages.iter().chain(&entries.foreign) {
        for template in Template::all_of(english, chinese) {
            let between = &template.literals[1..template.literals.len().max(2) - 1];
            assert!(between.iter().all(|literal| !literal.is_empty()), "{english}: holes touch");
            let holes = template.literals.len() - 1;
            let filled = (0..holes).filter(|at| chinese.contains(&format!("{{{at}}}"))).count();
            let filled = filled + chinese.matches("{}").count();
            assert_eq!(holes, filled, "{english} = {chinese}");
        }
    }
}
