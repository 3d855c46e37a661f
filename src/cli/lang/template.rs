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
        Template { literals, holes, chinese: chinese.to_owned() }
    }

    /// Whether it has a word of its own: others are shapes, such as `{m}: {m}`.
    pub(super) fn has_words(&self) -> bool {
        self.literals.concat().contains(char::is_alphabetic)
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
        let mut found = Vec::new();
        let rest = text.strip_prefix(self.literals[0].as_str())?;
        if !fill(&self.holes, &self.literals[1..], rest, &mut found) {
            return None;
        }
        let has_words = self.has_words();
        let values = found.into_iter().zip(&self.holes).map(|(value, hole)| match hole {
            Hole::Message => inner(value).or_else(|| has_words.then(|| value.to_owned())),
            Hole::Text | Hole::Word | Hole::Number => Some(value.to_owned()),
        });
        Some(filled(&self.chinese, &values.collect::<Option<Vec<_>>>()?))
    }
}

/// Finds what stands in the holes, each followed by its literal, up to the end of the text.
fn fill<'a>(holes: &[Hole], literals: &[String], text: &'a str, found: &mut Vec<&'a str>) -> bool {
    let (Some((hole, holes)), Some((literal, literals))) =
        (holes.split_first(), literals.split_first())
    else {
        return text.is_empty();
    };
    let ends: Vec<usize> = match literal.as_str() {
        "" => vec![text.len()],
        literal => text.match_indices(literal).map(|(at, _)| at).collect(),
    };
    for end in ends {
        if hole.takes(&text[..end]) {
            found.push(&text[..end]);
            if fill(holes, literals, &text[end + literal.len()..], found) {
                return true;
            }
            found.pop();
        }
    }
    false
}

/// Chinese with its holes filled: `{}` in order, `{0}` by place.
fn filled(chinese: &str, values: &[String]) -> String {
    let mut text = String::new();
    let mut next = 0;
    for (at, piece) in chinese.split('{').enumerate() {
        let hole = piece.split_once('}').filter(|_| at > 0);
        let Some((place, rest)) = hole else {
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
