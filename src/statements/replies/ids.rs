//! Which settlement a setl_id of a form means.

use std::collections::BTreeMap;

use crate::{
    model::{control::Class, money::Fen},
    spelling::is_unseen,
    statements::plain::{shown, unguarded},
};

/// A settlement that is open.
pub(super) struct Open {
    pub(super) class: Class,
    /// The payable of each copy that is there, in fen.
    pub(super) payable: [Option<Fen>; 2],
}

/// The settlements that are open, as forms may have them.
pub(super) struct Ids<'a> {
    open: &'a BTreeMap<String, Open>,
    /// Those that are not themselves when they are loosened, by what they then are.
    loose: BTreeMap<String, Vec<&'a str>>,
}

/// What a setl_id means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meant<'a> {
    One(&'a str),
    /// Any of these.
    Several(String),
    /// None that is open: what was written.
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

    /// What was written means the settlement of exactly this setl_id. Where there is none, blanks around it, the kind
    /// of its line breaks and characters that forms cannot show do not count, if then it means one alone.
    pub(super) fn meant(&self, written: &str, guarded: bool) -> Meant<'a> {
        let bare = unguarded(written);
        // Our CSV has the apostrophe, a workbook only where it was made of our CSV.
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
                // A line without a setl_id means none, even where one is a blank.
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

/// A setl_id as forms show it, without blanks around it, its line breaks of one kind.
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
            assert_eq!(known.meant(id, false), Meant::One(id), "{id:?}");
            assert_eq!(known.meant(&no_formula(id), true), Meant::One(id), "{id:?}");
        }
        assert_eq!(known.meant("S2", true), Meant::One("S2 "));
        assert_eq!(known.meant("\u{a0}S2\n", false), Meant::One("S2 "));
        assert_eq!(known.meant("x\u{2400}y", false), Meant::One("x\u{0}y"));
        assert_eq!(known.meant("\n=2", false), Meant::One("\r\n=2"));
        assert_eq!(known.meant("'\n=2", false), Meant::One("\r\n=2"));
        assert_eq!(known.meant(" S1", true), Meant::Several("\"S1\", \"S1 \"".to_owned()));
        assert_eq!(known.meant("S3 ", true), Meant::Nobody("S3".to_owned()));
        assert_eq!(known.meant("", true), Meant::Nobody(String::new()));
    }
}
