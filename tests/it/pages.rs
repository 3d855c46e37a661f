//! The pages of `docs/cli`, of benefits and the way of the first month: what their console blocks show is what happens.

use crate::{tidy::shows_what_happens, world::names_in, world::root};

#[test]
fn the_pages_of_the_commands_show_what_happens() {
    for page in names_in(&root().join("docs/cli")) {
        let locale = if page.ends_with(".zh-CN.md") { "zh_CN.UTF-8" } else { "C" };
        shows_what_happens(&format!("docs/cli/{page}"), locale);
    }
}

#[test]
fn the_first_month_goes_as_its_page_says() {
    shows_what_happens("docs/first-month.md", "C");
    shows_what_happens("docs/first-month.zh-CN.md", "zh_CN.UTF-8");
}

#[test]
fn benefits_are_checked_as_their_page_says() {
    shows_what_happens("docs/benefits.md", "C");
    shows_what_happens("docs/benefits.zh-CN.md", "zh_CN.UTF-8");
}
