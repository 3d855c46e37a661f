use std::time::{Duration, Instant};

use std::io;

use super::*;

/// Returns a catalogue of the given wordings.
fn chinese(wordings: &[(&str, &str)]) -> Catalogue {
    let wordings = wordings.iter().map(|(en, zh)| ((*en).to_owned(), (*zh).to_owned())).collect();
    Catalogue { wordings, ..Catalogue::default() }
}

#[test]
fn a_message_is_worded_once_in_each_language() {
    let catalogue = chinese(&[
        ("{} row(s) of {}", "{1}：{0} 行"),
        ("none", "无"),
        ("{msg:>16} {}/s", "{msg:>16} {}/秒"),
    ]);
    let said = |text: Text| (text.to_string(), text.in_language(Some(&catalogue)));
    let both = |english: &str, chinese: &str| (english.to_owned(), chinese.to_owned());
    assert_eq!(said(text!("{} row(s) of {}", 1, "a")), both("1 row of a", "a：1 行"));
    let nested = text!("{} row(s) of {}", Grouped(1200_u64), text!("none"));
    assert_eq!(said(nested), both("1,200 rows of none", "无：1,200 行"));
    let bar = text!("{msg:>16} {}/s", "{rate}");
    assert_eq!(said(bar), both("{msg:>16} {rate}/s", "{msg:>16} {rate}/秒"));
}

#[test]
fn text_from_outside_is_never_a_wording() {
    let catalogue = chinese(&[("none", "无"), ("{} missing", "缺少 {}")]);
    for hostile in ["none", "{} missing", "{0} {1}", "(s)", "{", "a, none"] {
        let text = text!("{} missing", hostile);
        assert_eq!(text.to_string(), format!("{hostile} missing"));
        assert_eq!(text.in_language(Some(&catalogue)), format!("缺少 {hostile}"));
        assert_eq!(Text::given(hostile).in_language(Some(&catalogue)), hostile);
    }
    let text = text!("{} missing", "\u{1b}[2J\nerror: none\u{202e}");
    assert_eq!(text.to_string(), "\u{fffd}[2J\u{fffd}error: none\u{fffd} missing");
}

#[test]
fn the_length_of_a_message_decides_how_long_it_takes() {
    let catalogue = chinese(&[("{} missing", "缺少 {}"), ("{}: {}", "{}：{}")]);
    #[expect(clippy::disallowed_methods, reason = "the time is what is tested")]
    let begun = Instant::now();
    let names = (0..100_000).map(|at| text!("{}: {}", format!("name {at}"), at));
    let text = text!("{} missing", list(names));
    let said = text.in_language(Some(&catalogue));
    assert!(said.starts_with("缺少 name 0：0、name 1：1、"), "{said:.60}");
    let long = text!("{} missing", "{} missing, ".repeat(100_000));
    assert!(long.in_language(Some(&catalogue)).len() > 1_000_000);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[test]
fn machines_exchange_values_and_programs_get_english() {
    let text = text!("{} row(s) of {}", 1, word("cleared"));
    assert_eq!(serde_json::to_string(&text).expect("JSON"), "\"1 row of cleared\"");
    let errors = text!("{}: {}", "a", io::Error::from_raw_os_error(24));
    assert!(errors.tells_of(24) && !errors.tells_of(2));
    assert_eq!(errors.to_string(), format!("a: {}", io::Error::from_raw_os_error(24)));
}
