//! Resolves the setl_id of a form to an open settlement.

use std::collections::BTreeMap;

use crate::{
    model::{control::Class, money::Fen},
    spelling::is_unseen,
    statements::plain::{shown, unguarded},
};

/// An open settlement.
pub(super) struct Open {
    pub(super) class: Class,
    /// The payable of each copy in fen, or `None` where the copy is missing.
    pub(super) payable: [Option<Fen>; 2],
}

/// An index of open settlements by the setl_ids that forms may show.
pub(super) struct Ids<'a> {
    open: &'a BTreeMap<String, Open>,
    /// setl_ids that differ from their loosened spelling, by that spelling.
    loose: BTreeMap<String, Vec<&'a str>>,
}

/// The result of resolving a setl_id.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meant<'a> {
    One(&'a str),
    /// Any of these settlements.
    Several(String),
    /// No open settlement. Holds the text of the form.
    Nobody(String),
}

impl<'a> Ids<'a> {
    pub(super) fn of(open: &'a BTreeMap<String, Open>) -> Ids<'a> {
        let mut loose: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for setl_id in open.keys() {
            let loosened = loosened(setl_id);
            if loosened != *setl_id {
                loose.entry(loosened).or_default().push(setl_id);
            }
        }
        Ids { open, loose }
    }

    /// Resolves a setl_id. An exact match wins. Otherwise blanks around it, the kind of line break and characters that
    /// forms cannot show are ignored, and exactly one settlement must match.
    pub(super) fn resolve(&self, written: &str, guarded: bool) -> Meant<'a> {
        let bare = unguarded(written);
        // Our CSV has the apostrophe. A workbook has it only when it was made from our CSV.
        let ways = if guarded { [bare, written] } else { [written, bare] };
        for way in ways {
            if let Some((setl_id, _)) = self.open.get_key_value(way) {
                return Meant::One(setl_id);
            }
        }
        for way in ways {
            let way = loosened(way);
            let same = self.open.get_key_value(&way).map(|(setl_id, _)| setl_id.as_str());
            let others = self.loose.get(&way).into_iter().flatten().copied();
            let found: Vec<&str> = same.into_iter().chain(others).collect();
            match found.as_slice() {
                // An empty setl_id resolves to nothing, even if a settlement's setl_id is a blank.
                _ if way.is_empty() => {}
                [] => {}
                [one] => return Meant::One(one),
                several => {
                    let few = several.iter().take(5).map(|id| format!("{id:?}"));
                    return Meant::Several(few.collect::<Vec<_>>().join(", "));
                }
            }
        }
        Meant::Nobody(ways[0].trim().to_owned())
    }
}

/// Returns the setl_id as forms show it: without blanks around it, with one kind of line break.
fn loosened(setl_id: &str) -> String {
    let text = shown(setl_id).replace("\r\n", "\n").replace('\r', "\n");
    text.trim_matches(is_unseen).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::control::Class, statements::plain::no_formula};

    #[test]
    fn exactly_first_then_without_blanks_where_that_means_one() {
        let ids = ["S1", "S1 ", "S2 ", "'=1", "=1", "x\u{0}y", "\r\n=2", " ", "T", " T", "t "];
        let open = || Open { class: Class::MissingInsured, payable: [None; 2] };
        let open: BTreeMap<String, Open> = ids.map(|id| (id.to_owned(), open())).into();
        let known = Ids::of(&open);
        for id in ids {
            assert_eq!(known.resolve(id, false), Meant::One(id), "{id:?}");
            assert_eq!(known.resolve(&no_formula(id), true), Meant::One(id), "{id:?}");
        }
        assert_eq!(known.resolve("S2", true), Meant::One("S2 "));
        assert_eq!(known.resolve("\u{a0}S2\n", false), Meant::One("S2 "));
        assert_eq!(known.resolve("x\u{2400}y", false), Meant::One("x\u{0}y"));
        assert_eq!(known.resolve("\n=2", false), Meant::One("\r\n=2"));
        assert_eq!(known.resolve("'\n=2", false), Meant::One("\r\n=2"));
        assert_eq!(known.resolve(" S1", true), Meant::Several("\"S1\", \"S1 \"".to_owned()));
        assert_eq!(known.resolve("S3 ", true), Meant::Nobody("S3".to_owned()));
        assert_eq!(known.resolve("", true), Meant::Nobody(String::new()));
    }
}
