use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use clap::CommandFactory;

use super::{
    catalogue::*,
    help::{argument_key, key},
};
use crate::{
    cli::{command::Arguments, groups::GROUPS, man, markdown},
    diag::{Code, Finding},
    text::{self, Text},
};

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
fn reports_are_worded_in_chinese() {
    let chinese = ChineseCatalogue::built_in();
    let said = |text: Text| text.in_language(Some(&chinese.texts));
    let none = text!("error: {}", text!("no period is closed in {}", "my book"));
    assert_eq!(said(none), "错误：my book 中没有已结账的清算期");
    assert_eq!(said(text!("error: {}", text!("{} missing", "a, b"))), "错误：缺少 a, b");
    assert_eq!(said(Text::labelled("closed", text!("{}", "book/none"))), "已结账    book/none");
    assert_eq!(said(Text::labelled("red", text!("none"))), "红色预警  无");
    let columns = text!("{} column(s) under another name", 1);
    let amounts = text!("{} null amount(s)", 2);
    let normalised = text!("normalised {}", text::list([columns, amounts]));
    assert_eq!(normalised.to_string(), "normalised 1 column under another name, 2 null amounts");
    assert_eq!(said(normalised), "已规范：1 列使用别名、2 个空金额");
    let bar = "{msg:>16} {wide_bar} {human_pos}/{human_len} 行，{rate}/秒，剩余 {eta}";
    assert_eq!(
        said(text!("{msg:>16} {wide_bar} {human_pos}/{human_len} rows, {rate}/s, {eta} left")),
        bar
    );
}

#[test]
fn findings_are_worded_in_chinese() {
    let chinese = ChineseCatalogue::built_in();
    let said = |finding: Finding| finding.text().in_language(Some(&chinese.texts));
    let found = text!("{}; the period was closed with {}", text!("no such file"), "0c61");
    let finding = Finding::of_file(Code::A01, "insured/31.parquet", found);
    assert_eq!(
        said(finding).lines().next(),
        Some("A01 insured/31.parquet，实际：没有此文件；该期结账时为 0c61；应为：该期结账时的输入")
    );
    let place = text!("line {}, column {}", 2, "amount");
    let finding = Finding::new(Code::S04, "payments.csv", place, Text::given("\"1,0\""));
    assert_eq!(
        said(finding),
        "S04 payments.csv，第 2 行，列 amount，实际：\"1,0\"；应为：最多两位小数的数字\n    \
         办法：金额写作 1234.56，不用千分位、空格，除负号外不带符号"
    );
}

#[test]
fn errors_of_the_system_are_known_by_their_number() {
    let chinese = ChineseCatalogue::built_in();
    let error = std::io::Error::from_raw_os_error(2);
    let text = text!("{}: {}", "a", error);
    assert_eq!(text.in_language(Some(&chinese.texts)), "a：文件或文件夹不存在（系统错误 2）");
    assert_eq!(text.to_string(), format!("a: {error}"));
}

#[test]
fn names_are_no_messages() {
    let chinese = ChineseCatalogue::built_in();
    let hostile = text!("{} missing", "none, 1 row, {} missing, error: {0}");
    assert_eq!(
        hostile.in_language(Some(&chinese.texts)),
        "缺少 none, 1 row, {} missing, error: {0}"
    );
}

/// Returns every help text of a command and its subcommands that the catalogue lacks.
fn missing_help(command: &clap::Command, above: &str, chinese: &ChineseCatalogue) -> Vec<String> {
    let name = key(above, command.get_name());
    let mut wanted = vec![name.clone()];
    wanted.extend(command.get_after_help().map(|_| format!("{name}.after")));
    let arguments = command.get_arguments();
    wanted.extend(arguments.map(|argument| argument_key(&name, argument.get_id().as_str())));
    let mut missing: Vec<String> =
        wanted.into_iter().filter(|key| !chinese.help.contains_key(key)).collect();
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

/// Returns the keys of the headings of help.
fn headings() -> impl Iterator<Item = String> {
    let groups = GROUPS.iter().map(|group| group.heading);
    groups.chain(man::HEADINGS).chain(markdown::HEADINGS).map(|heading| heading.key.to_owned())
}

#[test]
fn every_command_and_argument_has_chinese_help() {
    let chinese = ChineseCatalogue::built_in();
    let mut missing = missing_help(&Arguments::command(), "", &chinese);
    missing.extend(headings().filter(|key| !chinese.help.contains_key(key)));
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
    let pages: Vec<String> =
        pages(&Arguments::command(), "").into_iter().chain(headings()).collect();
    let chinese = ChineseCatalogue::built_in();
    let stale: Vec<_> = chinese.help.keys().filter(|key| !pages.contains(key)).collect();
    assert!(stale.is_empty(), "{stale:?}");
}

#[test]
fn the_terminal_has_the_words_of_the_tables() {
    let CatalogueFile { labels, messages, .. } = ChineseCatalogue::entries();
    let decisions = labels.iter().filter(|(label, _)| label.starts_with("accept_"));
    let own = decisions.chain(&messages);
    let other = own.filter(|(english, chinese)| {
        crate::model::words::of(english).is_some_and(|word| !chinese.starts_with(word.chinese))
    });
    let other: Vec<_> = other.collect();
    assert!(other.is_empty(), "{other:?}");
}

/// Collects the unprocessed literals that sources below a folder pass to certain macros and functions.
fn literals(folder: &Path, before: &[&str], found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            literals(&path, before, found);
            continue;
        }
        let is_test = path.file_name().is_some_and(|name| name == "tests.rs");
        if is_test || path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source = fs::read_to_string(&path).expect("UTF-8");
        let source = source.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for before in before {
            let places = source.match_indices(before);
            found.extend(places.filter_map(|(at, _)| literal(&source[at + before.len()..])));
        }
    }
}

/// Returns the literal at the beginning of a source.
fn literal(source: &str) -> Option<String> {
    let mut letters = source.trim_start().strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match letters.next()? {
            '"' => return Some(text),
            '\\' => match letters.next()? {
                'n' => text.push('\n'),
                '\n' => {
                    let rest = letters.as_str().trim_start();
                    letters = rest.chars();
                }
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
}

/// Returns the literals of all packages that follow certain words.
fn literals_after(before: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["src", "crates"] {
        literals(&root.join(folder), before, &mut found);
    }
    found
}

#[test]
fn every_message_has_its_chinese_and_every_chinese_a_message() {
    let wordings = literals_after(&["text!("]);
    assert!(wordings.len() > 500, "{}", wordings.len());
    let messages = ChineseCatalogue::entries().messages;
    let worded = |wording: &&String| wording.replace("{}", "").contains(char::is_alphabetic);
    // A frame of one value and a progress bar have no words.
    let spared = ["{msg:>16} {spinner} {elapsed}", "    {}"];
    let missing: Vec<&String> = wordings
        .iter()
        .filter(worded)
        .filter(|wording| !messages.contains_key(*wording) && !spared.contains(&wording.as_str()))
        .collect();
    assert!(missing.is_empty(), "add to [messages] of src/cli/lang/zh.toml: {missing:#?}");
    let stale: Vec<&String> =
        messages.keys().filter(|english| !wordings.contains(*english)).collect();
    assert!(stale.is_empty(), "no source says {stale:#?}");
}

#[test]
fn every_label_has_its_chinese() {
    let labels = literals_after(&["labelled(", "labelled_to(16,", "labelled_to(13,"]);
    // Some are words of the tables, or names of events in the life of a settlement.
    let quoted = literals_after(&["(", "=> ", "== "]);
    let known = ChineseCatalogue::entries().labels;
    let missing: Vec<&String> = labels.iter().filter(|label| !known.contains_key(*label)).collect();
    assert!(missing.is_empty(), "add to [labels] of src/cli/lang/zh.toml: {missing:?}");
    let is_said = |label: &&String| labels.contains(*label) || quoted.contains(*label);
    let stale: Vec<&String> = known.keys().filter(|label| !is_said(label)).collect();
    assert!(stale.is_empty(), "no report begins a line with {stale:?}");
}

#[test]
fn holes_are_the_same_in_both_languages() {
    for (english, chinese) in &ChineseCatalogue::entries().messages {
        let holes = english.matches("{}").count();
        let placed = (0..holes).filter(|at| chinese.contains(&format!("{{{at}}}"))).count();
        assert_eq!(holes, placed + chinese.matches("{}").count(), "{english} = {chinese}");
        assert!(placed == 0 || placed == holes, "{english} = {chinese}");
    }
}

#[test]
fn a_long_list_is_worded_at_once() {
    let chinese = ChineseCatalogue::built_in();
    let begun = Instant::now();
    let names: Vec<String> = (0..100_000).map(|at| format!("34-{at}")).collect();
    let listed = Text::labelled("red", text::Text::given(names.join(", ")));
    let rows = (0..100_000).map(|at| text!("{} row(s)", at));
    for text in [listed, text!("normalised {}", text::list(rows))] {
        assert!(text.in_language(Some(&chinese.texts)).len() > 500_000);
    }
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}
