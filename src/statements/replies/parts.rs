//! The parts of a workbook, which is a ZIP archive of XML: each is unpacked while it is read, within bounds.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Cursor, Read},
};

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesRef, BytesStart, Event},
};
use zip::ZipArchive;

use crate::text::Text;

/// Bytes that a workbook may take, packed, and that it may unpack to.
pub(super) const PACKED: u64 = 64 << 20;
const UNPACKED: u64 = 512 << 20;
/// Bytes of the shared texts, which are held.
pub(super) const TEXTS: u64 = 256 << 20;
/// Bytes of a part that says how the others belong together.
pub(super) const FRAME: u64 = 8 << 20;
/// Entries of the archive.
const ENTRIES: usize = 10_000;
/// Bytes of a tag or a text: a cell holds 32,767 characters.
const TOKEN: usize = 1 << 20;
/// How deep elements lie in each other.
const DEPTH: u32 = 100;

/// Why a form cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is no form, or damaged.
    Form(Text),
    /// It is larger than what is read.
    Bounds(Text),
}

/// A workbook, packed.
pub(super) struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// Bytes that may still be unpacked.
    left: Cell<u64>,
}

impl<'a> Archive<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Archive<'a>, Unreadable> {
        let bounds = |found: Text| Err(Unreadable::Bounds(found));
        if bytes.len() as u64 > PACKED {
            return bounds(text!("a workbook of more than {} MiB", PACKED >> 20));
        }
        // What the directory claims to hold would be reserved before it is read.
        let entries = bytes.windows(4).filter(|window| window == b"PK\x01\x02").count();
        if entries > ENTRIES {
            return bounds(text!("a workbook of more than {} parts", ENTRIES));
        }
        let zip = ZipArchive::new(Cursor::new(bytes));
        let zip = zip.map_err(|_| Unreadable::Form(text!("no workbook, or a damaged one")))?;
        Ok(Archive { zip, left: Cell::new(UNPACKED) })
    }

    /// A part by its path, of at most so many bytes; none where there is no such part. Writers differ in case, and
    /// in which way slashes lean.
    pub(super) fn part(
        &mut self,
        path: &str,
        most: u64,
    ) -> Result<Option<PartEvents<'_>>, Unreadable> {
        let plain = |name: &str| name.replace('\\', "/").to_lowercase();
        let wanted = plain(path);
        let found = (0..self.zip.len()).find(|at| {
            let name = self.zip.name_for_index(*at).and_then(Result::ok);
            name.is_some_and(|name| plain(&name) == wanted)
        });
        let Some(found) = found else { return Ok(None) };
        let file = self.zip.by_index(found);
        let file = file.map_err(|_| Unreadable::Form(damaged(path)))?;
        if file.size() > most.min(self.left.get()) {
            return Err(Unreadable::Bounds(large(path)));
        }
        Ok(Some(PartEvents::of(file, path, most, &self.left)))
    }
}

fn damaged(path: &str) -> Text {
    text!("a workbook whose part {} is damaged", path)
}

fn large(path: &str) -> Text {
    text!("a workbook whose part {} is too large", path)
}

/// The events of a part.
pub(super) struct PartEvents<'a> {
    xml: Reader<Metered<'a>>,
    path: String,
    depth: u32,
}

impl<'a> PartEvents<'a> {
    fn of(file: impl Read + 'a, path: &str, most: u64, left: &'a Cell<u64>) -> PartEvents<'a> {
        let inner: Box<dyn BufRead + 'a> = Box::new(BufReader::new(file));
        let mut xml = Reader::from_reader(Metered { inner, most, left, token: 0, beyond: false });
        xml.config_mut().expand_empty_elements = true;
        PartEvents { xml, path: path.to_owned(), depth: 0 }
    }

    /// The next event that is not the end of the part.
    pub(super) fn next<'b>(
        &mut self,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Option<Event<'b>>, Unreadable> {
        buffer.clear();
        self.xml.get_mut().token = 0;
        let event = match self.xml.read_event_into(buffer) {
            Ok(event) => event,
            Err(_) if self.xml.get_ref().beyond => {
                return Err(Unreadable::Bounds(large(&self.path)));
            }
            Err(_) => return Err(Unreadable::Form(damaged(&self.path))),
        };
        match event {
            Event::Start(_) if self.depth == DEPTH => {
                return Err(Unreadable::Bounds(large(&self.path)));
            }
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Eof => return Ok(None),
            _ => {}
        }
        Ok(Some(event))
    }

    /// Appends the text up to the end of an element: of the shown runs of it where it has runs.
    pub(super) fn text(&mut self, element: &str, into: &mut String) -> Result<(), Unreadable> {
        let rich = element != "v";
        let (mut phonetic, mut shown) = (false, !rich);
        let (damage, mut buffer) = (self.damage(), Vec::new());
        while let Some(event) = self.next(&mut buffer)? {
            if into.len() > TOKEN {
                return Err(Unreadable::Bounds(large(&self.path)));
            }
            match event {
                Event::Start(of) if rich => match of.local_name().as_ref() {
                    "rPh" => phonetic = true,
                    "t" => shown = !phonetic,
                    _ => {}
                },
                Event::End(of) => match of.local_name().as_ref() {
                    name if name == element => return Ok(()),
                    "rPh" => phonetic = false,
                    "t" => shown = !rich,
                    _ => {}
                },
                Event::Text(text) if shown => into.push_str(&text),
                Event::CData(text) if shown => into.push_str(&text),
                Event::GeneralRef(name) if shown => {
                    into.push(letter(&name).ok_or_else(|| damage.clone())?);
                }
                _ => {}
            }
        }
        Err(damage)
    }

    /// Says that the part is damaged.
    pub(super) fn damage(&self) -> Unreadable {
        Unreadable::Form(damaged(&self.path))
    }
}

/// What a reference stands for. Entities that a part defines by itself are not known.
fn letter(name: &BytesRef) -> Option<char> {
    match &**name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => name.resolve_char_ref().ok().flatten(),
    }
}

/// An attribute of an element, whatever its namespace.
pub(super) fn attribute(of: &BytesStart, name: &str) -> Option<String> {
    let mut attributes = of.attributes();
    let found = attributes.with_checks(false).flatten();
    let mut found = found.filter(|attribute| attribute.key.local_name().as_ref() == name);
    found.next()?.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// Counts what is unpacked.
struct Metered<'a> {
    inner: Box<dyn BufRead + 'a>,
    /// Bytes that the part may still have, and all parts.
    most: u64,
    left: &'a Cell<u64>,
    /// Bytes of this tag or text.
    token: usize,
    /// Whether the part went beyond its bounds.
    beyond: bool,
}

impl Read for Metered<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Metered<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.token > TOKEN || self.most == 0 || self.left.get() == 0 {
            self.beyond = true;
            return Err(io::Error::other("beyond the bounds of a workbook"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.token += bytes;
        self.most = self.most.saturating_sub(bytes as u64);
        self.left.set(self.left.get().saturating_sub(bytes as u64));
        self.inner.consume(bytes);
    }
}
