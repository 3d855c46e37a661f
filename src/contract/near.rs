//! Finds files that are not read although their names resemble names of a delivery (G01, G07).

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;

use super::{
    parts::{CopyFolder, DeliveryParts, RUN_FILES, SYSTEM_ERRORS},
    walk::{SUFFIX, Unread, UnreadKind},
};
use crate::{
    diag::{Code, Finding},
    spelling::{bare, is_near, nearest},
};

/// Extensions of files that accompany other files and have no rows.
const BESIDE: [&str; 12] = [
    "asc",
    "crc",
    "crc32",
    "md5",
    "p7s",
    "sha1",
    "sha256",
    "sha256sum",
    "sha512",
    "sig",
    "sm3",
    "xxh",
];
/// Extensions of files that may have the rows of a side.
const ROWS: [&str; 21] = [
    "7z", "arrow", "avro", "csv", "et", "feather", "gz", "ods", "orc", "rar", "tar", "tgz", "tsv",
    "xls", "xlsb", "xlsm", "xlsx", "xz", "zip", "zst", "bz2",
];
/// Words that copies of a file have before or after its name.
const COPY: [&str; 14] = [
    "copyof",
    "copy",
    "的副本",
    "副本",
    "复件",
    "backup",
    "bak",
    "old",
    "new",
    "final",
    "最新",
    "最终",
    "终版",
    "定稿",
];
/// The files of planted breaks that `synth` writes beside its delivery.
const ANSWER_KEYS: [&str; 4] =
    ["truth.parquet", "truth-daily.parquet", "truth-coordination.parquet", "truth-errors.parquet"];

/// Returns a finding for everything that is not read although it probably should be.
pub fn look_alikes(unread: &[Unread], parts: DeliveryParts) -> Vec<Finding> {
    let unread: Vec<&Unread> =
        unread.iter().filter(|unread| Some(top(&unread.name)) != parts.of_others).collect();
    let mut findings = tables(&unread);
    let (mut folders, mut sides) = (BTreeMap::new(), BTreeMap::new());
    for Unread { name, kind, .. } in unread.into_iter().filter(|unread| !unread.hidden) {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let top = top(name);
        let is_side = parts.folders.iter().any(|folder| folder.name == top);
        let is_file = !matches!(kind, UnreadKind::Folder);
        let small_file = || small_file(file, parts).map(|name| vec![name]);
        let meant = match (folder, is_side) {
            ("", _) if *kind == UnreadKind::Link && near_side(top, parts).is_some() => {
                folders.entry(top).or_insert(0);
                sides.extend(near_side(top, parts).map(|side| (top, side)));
                None
            }
            ("", _) if !is_file => {
                sides.extend(near_side(top, parts).map(|side| (top, side)));
                None
            }
            ("", _) if ANSWER_KEYS.contains(&name.as_str()) => None,
            ("", _) => small_file().or_else(|| side_file(file, parts)),
            (_, true) if is_file => small_file().or_else(|| below_a_side(folder, file)),
            (_, false) if is_file => small_file().or_else(|| {
                let holds_rows = parquet(file).is_some() || rows(file).is_some();
                holds_rows.then(|| *folders.entry(top).or_insert(0) += 1);
                None
            }),
            _ => None,
        };
        findings.extend(meant.map(|meant| not_read(name, &meant)));
    }
    findings.extend(folders.into_iter().filter_map(|(folder, files)| match sides.get(folder) {
        Some(side) => Some(not_read(folder, &[format!("{}/", side.name)])),
        None if files == 0 => None,
        None => Some(not_read(folder, &each_side(parts, ""))),
    }));
    findings
}

/// Returns the first part of a path.
fn top(name: &str) -> &str {
    name.split('/').next().unwrap_or_default()
}

fn each_side(parts: DeliveryParts, name: &str) -> Vec<String> {
    parts.folders.iter().map(|folder| format!("{}/{name}", folder.name)).collect()
}

fn not_read(name: &str, meant: &[String]) -> Finding {
    let found = match meant {
        [one, other] => text!("a name that is not read, in place of {} or {}", one, other),
        [one, two, three] => {
            text!("a name that is not read, in place of {}, {} or {}", one, two, three)
        }
        meant => text!("a name that is not read, in place of {}", meant.concat()),
    };
    Finding::of_file(Code::G01, name, found)
}

/// Returns the names below a side that a file beside the side's folder should have.
fn side_file(file: &str, parts: DeliveryParts) -> Option<Vec<String>> {
    let side = near_side(file, parts);
    let name = parquet(file).or_else(|| side.and_then(|_| rows(file)))?;
    Some(match side {
        Some(side) => vec![format!("{}/{name}", side.name)],
        None => each_side(parts, &name),
    })
}

/// Returns the name that a file below a side should have.
fn below_a_side(folder: &str, file: &str) -> Option<Vec<String>> {
    let meant = parquet(file).or_else(|| rows(file))?;
    Some(vec![format!("{folder}/{meant}")])
}

/// Returns findings G07 for folders of table formats, which keep files of older versions.
fn tables(unread: &[&Unread]) -> Vec<Finding> {
    let marks: BTreeSet<&str> = unread.iter().filter_map(|unread| mark(&unread.name)).collect();
    let found = |mark: &&str| {
        let found = text!("the folder of a table format, with files of old versions beside it");
        Finding::of_file(Code::G07, *mark, found)
    };
    marks.iter().map(found).collect()
}

/// Returns the marker folder of a table format in a path.
fn mark(name: &str) -> Option<&str> {
    let mut end = 0;
    for part in name.split('/') {
        end += part.len();
        if ["_delta_log", ".hoodie", ".hoodie_partition_metadata"].contains(&part) {
            return Some(&name[..end]);
        }
        end += 1;
    }
    let (folder, file) = name.rsplit_once('/')?;
    let is_metadata = folder == "metadata" || folder.ends_with("/metadata");
    (is_metadata && file.contains(".metadata.json")).then_some(folder)
}

/// Folds a name for comparison: half width, lower case, without blanks and invisible characters.
fn plain(name: &str) -> String {
    bare(name).replace('。', ".")
}

/// Strips the words of a copy from a stem.
fn without_copy(stem: &str) -> &str {
    let mut rest = stem;
    loop {
        let bare = rest.trim_matches(|c: char| c.is_ascii_digit() || "()[]-_ ~#".contains(c));
        let bare = COPY.into_iter().fold(bare, |bare, word| {
            bare.strip_suffix(word).or_else(|| bare.strip_prefix(word)).unwrap_or(bare)
        });
        if bare == rest {
            return rest;
        }
        rest = bare;
    }
}

/// Returns the words of a stem in the singular.
fn singular(stem: &str) -> String {
    let word = |word: &str| match word.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => word.trim_end_matches('s').to_owned(),
    };
    stem.split(['-', '_']).map(word).collect()
}

/// Returns the small file whose name a name resembles.
fn small_file(file: &str, parts: DeliveryParts) -> Option<String> {
    let plain = plain(file);
    let (stem, endings) = plain.split_once('.').unwrap_or((&plain, ""));
    // Office programs create such a file beside an open file.
    if file.starts_with("~$") || is_beside(endings) {
        return None;
    }
    let stem = singular(without_copy(stem));
    let names = RUN_FILES.into_iter().filter_map(|name| Some((name, name.strip_suffix(".csv")?)));
    let near = nearest(names.map(|(name, bare)| (name, singular(bare), &stem, 1)));
    let near = near.filter(|near| parts.small.contains(near))?;
    let [csv, table] = SYSTEM_ERRORS;
    Some(if near == csv && parquet(file).is_some() { table } else { near }.to_owned())
}

fn is_beside(endings: &str) -> bool {
    endings.rsplit('.').next().is_some_and(|ending| BESIDE.contains(&ending))
}

/// Returns the Parquet file whose name a name resembles.
fn parquet(file: &str) -> Option<String> {
    let name: String = file.nfkc().collect();
    if name.starts_with("~$") || is_beside(&plain(&name)) {
        return None;
    }
    let mut dots = name.match_indices(['.', '。']);
    let ending = dots.find(|(at, dot)| {
        let rest = &name[at + dot.len()..];
        is_parquet(&plain(rest.split(['.', '。']).next().unwrap_or_default()))
    });
    if let Some((at, _)) = ending {
        return Some(format!("{}{SUFFIX}", name[..at].trim()));
    }
    // A name without the dot before the extension.
    let plain = plain(&name);
    let stem = plain.strip_suffix("parquet").filter(|stem| !stem.is_empty())?;
    Some(format!("{}{SUFFIX}", stem.trim_end_matches(['-', '_'])))
}

fn is_parquet(ending: &str) -> bool {
    let bare = without_copy(ending);
    ["parq", "pq", "pqt"].contains(&bare) || is_near("parquet", bare, 1)
}

/// Returns the Parquet file that should have the rows of a file with another extension.
fn rows(file: &str) -> Option<String> {
    let name: String = file.nfkc().collect();
    let (stem, _) = name.rsplit_once('.')?;
    let ending = plain(&name).rsplit('.').next().map(|ending| without_copy(ending).to_owned());
    let ending = ending.filter(|_| !name.starts_with("~$"))?;
    ROWS.contains(&ending.as_str()).then(|| format!("{}{SUFFIX}", stem.trim()))
}

/// Returns the folder of a side whose name a name resembles.
fn near_side(name: &str, parts: DeliveryParts) -> Option<&'static CopyFolder> {
    let plain = plain(name);
    parts.folders.iter().find(|folder| {
        folder.words.iter().any(|word| plain.contains(word))
            || is_near(folder.name, without_copy(&plain), 2)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unread(name: &str) -> Unread {
        let (name, kind) = match name.strip_suffix('/') {
            Some(folder) => (folder, UnreadKind::Folder),
            None => (name, UnreadKind::File),
        };
        let hidden = name.split('/').any(|part| part.starts_with(['.', '_']));
        Unread { name: name.to_owned(), kind, hidden }
    }

    fn found(names: &[&str]) -> Vec<String> {
        let unread: Vec<Unread> = names.iter().map(|name| unread(name)).collect();
        let findings = look_alikes(&unread, DeliveryParts::RUN);
        let said = findings.iter().map(|finding| {
            let found = finding.found.to_string();
            let (_, meant) = found.split_once("in place of ").unwrap_or_default();
            format!("{} {}", finding.code, meant)
        });
        said.collect()
    }

    #[test]
    fn a_day_has_three_sides_and_one_small_file() {
        let found = |name: &str, parts: DeliveryParts| {
            let findings = look_alikes(&[unread(name)], parts);
            findings.iter().map(|finding| finding.found.to_string()).collect::<Vec<_>>()
        };
        for (name, meant) in [
            ("National.parquet", "national/National.parquet"),
            ("a.parquet", "treating/a.parquet, national/a.parquet or insured/a.parquet"),
            ("national/31.parq", "national/31.parquet"),
            ("nation/31.parquet", "treating/, national/ or insured/"),
            ("Control-Totals.csv", "control-totals.csv"),
        ] {
            let said = format!("a name that is not read, in place of {meant}");
            assert_eq!(found(name, DeliveryParts::DAILY), [said], "{name}");
        }
        for name in ["Payments.csv", "decision.csv", "truth-daily.parquet", "notes/a.txt"] {
            assert_eq!(found(name, DeliveryParts::DAILY), [""; 0], "{name}");
        }
        // A run leaves the national copies to the daily command, with whatever is among them.
        for name in ["national/a.parquet", "national/_delta_log/0.json", "truth-errors.parquet"] {
            assert_eq!(found(name, DeliveryParts::RUN), [""; 0], "{name}");
        }
    }

    #[test]
    fn names_that_are_nearly_those_of_small_files() {
        for (name, meant) in [
            ("Payments.csv", "payments.csv"),
            ("payment.csv", "payments.csv"),
            ("payments .csv", "payments.csv"),
            (" payments.csv", "payments.csv"),
            ("payments.csv ", "payments.csv"),
            ("payments.CSV", "payments.csv"),
            ("payments.csv.csv", "payments.csv"),
            ("payments.csv.txt", "payments.csv"),
            ("payments.txt", "payments.csv"),
            ("payments", "payments.csv"),
            ("payments.csv~", "payments.csv"),
            ("payments.csv.gz", "payments.csv"),
            ("payments(1).csv", "payments.csv"),
            ("payments （2）.csv", "payments.csv"),
            ("payments - Copy.csv", "payments.csv"),
            ("Copy of payments.csv", "payments.csv"),
            ("payments - 副本.csv", "payments.csv"),
            ("payments的副本.csv", "payments.csv"),
            ("payments_2025-11.csv", "payments.csv"),
            ("ｐａｙｍｅｎｔｓ．ｃｓｖ", "payments.csv"),
            ("payments\u{200b}.csv", "payments.csv"),
            ("paymnets.csv", "payments.csv"),
            ("control_totals.csv", "control-totals.csv"),
            ("control-total.csv", "control-totals.csv"),
            ("Control Totals.csv", "control-totals.csv"),
            ("controltotals.csv", "control-totals.csv"),
            ("quota_change.csv", "quota-changes.csv"),
            ("deductions.xlsx", "deductions.csv"),
            ("deductions.csv.csv", "deductions.csv"),
            ("decision.csv", "decisions.csv"),
            ("PERMIT.CSV", "permits.csv"),
            ("treating/payments.csv", "payments.csv"),
            ("small/payments.csv", "payments.csv"),
            ("system_errors.csv", "system-errors.csv"),
            ("System-Error.csv", "system-errors.csv"),
            ("system-errors.xlsx", "system-errors.csv"),
            ("system_errors.parquet", "system-errors.parquet"),
            ("system-errors.parq", "system-errors.parquet"),
            ("treating/system-errors (1).parquet.gz", "system-errors.parquet"),
        ] {
            assert_eq!(found(&[name]), [format!("G01 {meant}")], "{name}");
        }
    }

    #[test]
    fn names_that_are_nearly_those_of_parquet_files() {
        for (name, meant) in [
            ("31.PARQUET", "31.parquet"),
            ("31.Parquet", "31.parquet"),
            ("31.parq", "31.parquet"),
            ("31.pq", "31.parquet"),
            ("31.parquet.gz", "31.parquet"),
            ("31.parquet.zip", "31.parquet"),
            ("31.parquet.part", "31.parquet"),
            ("31.parquet.bak", "31.parquet"),
            ("31.parquet ", "31.parquet"),
            ("31.parquet(1)", "31.parquet"),
            ("31.parquet - 副本", "31.parquet"),
            ("31．ｐａｒｑｕｅｔ", "31.parquet"),
            ("31.parqeut", "31.parquet"),
            ("31.parquets", "31.parquet"),
            ("31.parquet.parquet1", "31.parquet"),
            ("31parquet", "31.parquet"),
            ("31.csv", "31.parquet"),
            ("31.XLSX", "31.parquet"),
            ("31.zip", "31.parquet"),
            ("2025.10.csv", "2025.10.parquet"),
        ] {
            let below = format!("treating/a/{name}");
            assert_eq!(found(&[&below]), [format!("G01 treating/a/{meant}")], "{name}");
        }
        let of_a_side = ["treating.csv", "Insured.parquet", "参保地.zip"];
        let meant = ["treating/treating", "insured/Insured", "insured/参保地"];
        assert_eq!(found(&of_a_side), meant.map(|name| format!("G01 {name}.parquet")));
        let top = ["31.parquet", "33.PARQUET", "truth.parquet"];
        let meant =
            ["31", "33"].map(|n| format!("G01 treating/{n}.parquet or insured/{n}.parquet"));
        assert_eq!(found(&top), meant);
    }

    #[test]
    fn folders_that_are_nearly_those_of_sides() {
        for (folder, meant) in [
            ("Treating", "treating"),
            ("TREATING", "treating"),
            ("treat", "treating"),
            ("treating ", "treating"),
            ("treating (1)", "treating"),
            ("teating", "treating"),
            ("就医", "treating"),
            ("就医地", "treating"),
            ("ｔｒｅａｔｉｎｇ", "treating"),
            ("insure", "insured"),
            ("Insured", "insured"),
            ("参保地", "insured"),
            ("backup", "treating/ or insured"),
        ] {
            for file in ["31.parquet", "deep/31.PARQUET", "31.csv"] {
                let names =
                    [format!("{folder}/"), format!("{folder}/{file}"), format!("{folder}/b.pq")];
                let names = names.each_ref().map(String::as_str);
                assert_eq!(found(&names), [format!("G01 {meant}/")], "{folder} {file}");
            }
            assert_eq!(found(&[&format!("{folder}/"), &format!("{folder}/notes.txt")]), [""; 0]);
        }
    }

    #[test]
    fn ordinary_things_are_left_alone() {
        let ordinary = [
            "README.txt",
            "README",
            "说明.docx",
            "sha256sums.txt",
            "opening-quotas.csv",
            "rules.toml",
            "manifest.json",
            "payments.csv.sha256",
            "~$payments.xlsx",
            "treating/31.parquet.md5",
            "treating/31.parquet.sha256",
            "treating/README.md",
            "treating/parquet-notes.txt",
            "treating/说明.docx",
            "insured/_SUCCESS",
            "treating/.31.parquet.crc",
            "treating/._31.PARQUET",
            "treating/_temporary/0/31.parquet",
            "__MACOSX/treating/._31.parquet",
            "letters/",
            "letters/34.pdf",
            "totals.txt",
        ];
        assert_eq!(found(&ordinary), [""; 0]);
    }

    #[test]
    fn tables_of_lakes_are_known_by_their_marks() {
        let marks = [
            ("treating/_delta_log/00000.json", "treating/_delta_log"),
            ("insured/deep/_delta_log/", "insured/deep/_delta_log"),
            ("treating/.hoodie/hoodie.properties", "treating/.hoodie"),
            (
                "treating/2025/.hoodie_partition_metadata",
                "treating/2025/.hoodie_partition_metadata",
            ),
            ("insured/metadata/v3.metadata.json", "insured/metadata"),
            ("insured/t/metadata/00001-ab.gz.metadata.json", "insured/t/metadata"),
        ];
        for (name, mark) in marks {
            let findings = look_alikes(&[unread(name)], DeliveryParts::RUN);
            let found: Vec<_> = findings.iter().map(|f| (f.code, f.file.as_str())).collect();
            assert_eq!(found, [(Code::G07, mark)], "{name}");
        }
        let log =
            ["treating/_delta_log/", "treating/_delta_log/0.json", "treating/_delta_log/1.json"];
        assert_eq!(found(&log).len(), 1);
        assert_eq!(found(&["treating/metadata/readme.json", "treating/delta_log/0.json"]), [""; 0]);
    }
}
