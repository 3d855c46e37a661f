//! `man`: a page for each command in both languages, which `man` finds and understands.

use std::{fs, path::Path, process::Command};

use crate::{
    tools::has,
    world::{Ran, World, names_in, program, tree},
};

fn man(arguments: &[&str]) -> Ran {
    program().arg("man").args(arguments).output().expect("started").into()
}

fn written(world: &World, name: &str) -> std::path::PathBuf {
    let out = world.path(name);
    man(&["--out", out.to_str().expect("UTF-8")]).expect(0);
    out
}

#[test]
fn every_command_has_a_page_in_both_languages() {
    let world = World::new();
    let out = written(&world, "man");
    assert_eq!(names_in(&out), ["man1", "zh_CN"]);
    let pages = names_in(&out.join("man1"));
    assert_eq!(pages, names_in(&out.join("zh_CN/man1")));
    assert!(pages.len() > 15 && pages.contains(&"liangqing.1".to_owned()), "{pages:?}");
    for (folder, lang) in [("man1", "en"), ("zh_CN/man1", "zh")] {
        for page in &pages {
            let name = page.trim_start_matches("liangqing").trim_end_matches(".1");
            let command: Vec<&str> = name.strip_prefix('-').into_iter().collect();
            let printed = man(&[&["--lang", lang][..], &command].concat()).expect(0).stdout;
            let found = fs::read_to_string(out.join(folder).join(page)).expect("read");
            assert_eq!(found, printed, "{folder}/{page}");
        }
    }
    // The same program gives the same bytes, and takes no folder that is there.
    assert_eq!(tree(&out), tree(&written(&world, "again")));
    man(&["--out", out.to_str().expect("UTF-8")]).expect(2);
    man(&["nothing"]).expect(2);
}

/// A page as the formatter shows it, which has nothing to say against it.
fn formatted(page: &Path) -> String {
    let mut groff = Command::new("groff");
    groff
        .args(["-Kutf8", "-man", "-Tutf8", "-P-cbou", "-ww", "-rLL=100n"])
        .arg(page)
        .env("LC_ALL", "C");
    let output = groff.output().expect("started");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{}", page.display());
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_formatter_understands_every_page() {
    if !has("groff", "the manual pages") {
        return;
    }
    let world = World::new();
    let out = written(&world, "man");
    for folder in ["man1", "zh_CN/man1"] {
        for page in names_in(&out.join(folder)) {
            let text = formatted(&out.join(folder).join(&page));
            assert!(text.contains("liangqing"), "{folder}/{page}");
        }
    }
    let text = formatted(&out.join("man1/liangqing-run.1"));
    assert!(text.contains("Quotas that the first period of a book starts from"), "{text}");
    let text = formatted(&out.join("zh_CN/man1/liangqing.1"));
    assert!(text.contains("退出状态"), "{text}");
}
