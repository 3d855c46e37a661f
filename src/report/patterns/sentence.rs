//! A pattern in words.

use super::cluster::{BreakCluster, FieldChange, SharedPlace};
use crate::{
    model::{control::Class, fields::Field, money::yuan_grouped},
    report::words::{Words, field, pair, province, words},
};

/// Returns the common change and place of the breaks as a sentence.
pub(super) fn sentence(cluster: &BreakCluster) -> Words {
    let place = place(cluster);
    let what = what(cluster);
    words(format!("{}：{}。", place.zh, what.zh), format!("{}: {}.", place.en, what.en))
}

fn place(cluster: &BreakCluster) -> Words {
    let over = |name: Words| match cluster.pairs {
        0 | 1 => name,
        pairs => words(
            format!("{}（涉及 {pairs} 对省份）", name.zh),
            format!("{} (with {pairs} pairs)", name.en),
        ),
    };
    match &cluster.place {
        SharedPlace::Institution(code) => {
            over(words(format!("医药机构 {code}"), format!("Institution {code}")))
        }
        SharedPlace::Insured(division, treating) => {
            let treating = province(*treating);
            words(
                format!("参保地区划 {division} 的人员在{}就医", treating.zh),
                format!("Persons of division {division} treated in {}", treating.en),
            )
        }
        SharedPlace::InsuredCity(city, treating) => {
            let treating = province(*treating);
            words(
                format!("参保地市 {city}00 的人员在{}就医", treating.zh),
                format!("Persons of city {city}00 treated in {}", treating.en),
            )
        }
        SharedPlace::TreatingCity(city) => {
            over(words(format!("就医地市 {city}00"), format!("Treating city {city}00")))
        }
        SharedPlace::Treating(division) => {
            over(words(format!("就医地区划 {division}"), format!("Treating division {division}")))
        }
        SharedPlace::Pair(of) => pair(*of),
        SharedPlace::Declares(of) => {
            let name = province(*of);
            over(words(
                format!("{}作为就医省", name.zh),
                format!("{} as treating province", name.en),
            ))
        }
        SharedPlace::Owes(of) => {
            let name = province(*of);
            over(words(
                format!("{}作为参保省", name.zh),
                format!("{} as insured province", name.en),
            ))
        }
    }
}

fn what(cluster: &BreakCluster) -> Words {
    if cluster.changes.is_empty() {
        return lacking(cluster.class);
    }
    let parts: Vec<Words> =
        cluster.changes.iter().map(|(of, change)| changed(*of, change)).collect();
    let joined = |text: fn(&Words) -> &str, between: &str| {
        parts.iter().map(text).collect::<Vec<_>>().join(between)
    };
    words(joined(|part| &part.zh, "；"), joined(|part| &part.en, ", "))
}

fn changed(of: Field, change: &FieldChange) -> Words {
    let name = field(if of == Field::setl_time { "cost_month" } else { of.name() });
    match change {
        FieldChange::Offset(fen) => {
            let amount = yuan_grouped(fen.abs());
            let (zh, en) = if fen.is_negative() { ("少", "less") } else { ("多", "more") };
            words(
                format!("{} 就医地每笔都比参保地{zh} {amount} 元", name.zh),
                format!("{} is {amount} yuan {en} at the treating side, every time", name.en),
            )
        }
        FieldChange::Recoded(insured, treating) => {
            let (insured, treating) = (shown(insured), shown(treating));
            words(
                format!("{} 参保地为 {insured}、就医地为 {treating}", name.zh),
                format!(
                    "{} is {insured} at the insured side, {treating} at the treating side",
                    name.en
                ),
            )
        }
        FieldChange::Free => words(format!("{} 不一致", name.zh), format!("{} differs", name.en)),
    }
}

/// Returns a code, or a dash for null.
fn shown(code: &str) -> &str {
    if code.is_empty() { "–" } else { code }
}

fn lacking(class: Class) -> Words {
    match class {
        Class::MissingInsured => words(
            "大量结算在参保地没有记录",
            "many settlements are not on record at the insured side",
        ),
        Class::MissingTreating => words(
            "大量结算在就医地没有记录",
            "many settlements are not on record at the treating side",
        ),
        _ => words("退费集中无法核对", "many reversals cannot be matched"),
    }
}
