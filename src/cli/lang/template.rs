//! One message of the catalogue: its English shape, and the Chinese that stands for it.

/// What stands in a place of an English message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hole {
    /// `{}`: a path, a name, a day; it stays as it is.
    Text,
    /// `{w}`: the same, without a blank.
    Word,
    /// `{n}`: a number; it stays as it is.
    Number,
    /// `{m}`: a message of its own; it is translated in turn.
    Message,
}

impl Hole {
    const ALL: [(&str, Hole); 4] =
        [("{}", Hole::Text), ("{w}", Hole::Word), ("{n}", Hole::Number), ("{m}", Hole::Message)];

    fn takes(self, text: &str) -> bool {
        let numeric = |byte: u8| byte.is_ascii_digit() || b",.-".contains(&byte);
        match self {
            Hole::Text | Hole::Message => !text.is_empty(),
            Hole::Word => !text.is_empty() && !text.contains(' '),
            Hole::Number => {
                text.bytes().all(numeric) && text.bytes().any(|byte| byte.is_ascii_digit())
            }
        }
    }
}

/// An English message with holes, and its Chinese.
#[derive(Debug)]
pub(super) struct Template {
    /// The English text before, between and after the holes: one more than there are holes.
    pub(super) literals: Vec<String>,
    holes: Vec<Hole>,
    chinese: String,
    has_words: bool,
}

impl Template {
    /// The templates of an entry: `(s)` in the English stands for one thing or several.
    pub(super) fn all_of(english: &str, chinese: &str) -> Vec<Template> {
        match english.split_once("(s)") {
            None => vec![Template::new(english, chinese)],
            Some((start, end)) => ["", "s"]
                .into_iter()
                .flat_map(|plural| Template::all_of(&format!("{start}{plural}{end}"), chinese))
                .collect(),
        }
    }

    fn new(english: &str, chinese: &str) -> Template {
        let (mut literals, mut holes) = (Vec::new(), Vec::new());
        let mut rest = english;
        let next = |text: &str| {
            let places = Hole::ALL
                .into_iter()
                .filter_map(|(mark, hole)| text.find(mark).map(|at| (at, at + mark.len(), hole)));
            places.min_by_key(|(at, ..)| *at)
        };
        while let Some((start, end, hole)) = next(rest) {
            literals.push(rest[..start].to_owned());
            holes.push(hole);
            rest = &rest[end..];
        }
        literals.push(rest.to_owned());
        let has_words = literals.concat().contains(char::is_alphabetic);
        Template { literals, holes, chinese: chinese.to_owned(), has_words }
    }

    /// Whether it has a word of its own: others are shapes, such as `{m}: {m}`.
    pub(super) fn has_words(&self) -> bool {
        self.has_words
    }

    /// How much of the message is given: the more, the more it says.
    pub(super) fn weight(&self) -> usize {
        self.literals.iter().map(String::len).sum()
    }

    /// The Chinese of a text of this shape, messages within it by way of `inner`. A shape without a word
    /// of its own fits only around messages that are known.
    pub(super) fn translate(
        &self,
        text: &str,
        inner: &dyn Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let found = fill(&self.holes, &self.literals, text)?;
        let values = found.into_iter().zip(&self.holes).map(|(value, hole)| match hole {
            Hole::Message => inner(value).or_else(|| self.has_words.then(|| value.to_owned())),
            Hole::Text | Hole::Word | Hole::Number => Some(value.to_owned()),
        });
        Some(filled(&self.chinese, &values.collect::<Option<Vec<_>>>()?))
    }
}

/// Finds what stands in the holes: each ends where its literal first comes, the last one at the end of the text.
/// Nothing is tried twice, so that the time follows from the length of the text alone.
fn fill<'a>(holes: &[Hole], literals: &[String], text: &'a str) -> Option<Vec<&'a str>> {
    let (first, between) = literals.split_first()?;
    let mut rest = text.strip_prefix(first.as_str())?;
    let Some((last, between)) = between.split_last() else {
        return rest.is_empty().then(Vec::new);
    };
    rest = rest.strip_suffix(last.as_str())?;
    let mut found = Vec::with_capacity(holes.len());
    for literal in between {
        // A hole is never empty, so its literal is no part of its first letter.
        let begin = rest.chars().next()?.len_utf8();
        let end = begin + rest[begin..].find(literal.as_str())?;
        found.push(&rest[..end]);
        rest = &rest[end + literal.len()..];
    }
    found.push(rest);
    let fits = holes.iter().zip(&found).all(|(hole, value)| hole.takes(value));
    fits.then_some(found)
}

/// Chinese with its holes filled: `{}` in order, `{0}` by place.
fn filled(chinese: &str, values: &[String]) -> String {
    let mut text = String::new();
    let mut next = 0;
    for (at, piece) in chinese.split('{').enumerate() {
        // What else stands in braces is for whoever reads the message.
        let is_place = |place: &str| place.bytes().all(|byte| byte.is_ascii_digit());
        let hole = piece.split_once('}').filter(|(place, _)| at > 0 && is_place(place));
        let Some((place, rest)) = hole else {
            text.push_str(if at > 0 { "{" } else { "" });
            text.push_str(piece);
            continue;
        };
        let place = place.parse().unwrap_or_else(|_| {
            next += 1;
            next - 1
        });
        text.push_str(values.get(place).map_or("", String::as_str));
        text.push_str(rest);
    }
    text
}
