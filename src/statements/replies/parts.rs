//! The parts of a workbook, which is a ZIP archive of XML. Parts are unpacked in a stream, within bounds.

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

/// The most bytes of a workbook, packed and unpacked.
pub(super) const PACKED: u64 = 64 << 20;
const UNPACKED: u64 = 512 << 20;
/// The most bytes of the shared texts, which stay in memory.
pub(super) const TEXTS: u64 = 256 << 20;
/// The most bytes of a part that says how other parts belong together.
pub(super) const FRAME: u64 = 8 << 20;
/// The most entries of the archive.
const ENTRIES: usize = 10_000;
/// The most bytes of a tag or a text; a cell holds 32,767 characters.
const TOKEN: usize = 1 << 20;
/// The greatest depth of nested elements.
const DEPTH: u32 = 100;

/// Why a form cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It is not a form, or it is damaged.
    Form(Text),
    /// It exceeds the bounds.
    Bounds(Text),
}

/// A packed workbook.
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
        // `ZipArchive` reserves memory for as many entries as the directory declares, so the entries are counted
        // first.
        let entries = bytes.windows(4).filter(|window| window == b"PK\x01\x02").count();
        if entries > ENTRIES {
            return bounds(text!("a workbook of more than {} parts", ENTRIES));
        }
        let zip = ZipArchive::new(Cursor::new(bytes));
        let zip = zip.map_err(|_| Unreadable::Form(text!("no workbook, or a damaged one")))?;
        Ok(Archive { zip, left: Cell::new(UNPACKED) })
    }

    /// Opens a part by its path, of at most `most` bytes; `None` when there is no such part. Case and the direction of
    /// slashes are ignored, because writers differ in them.
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
        Ok(Some(PartEvents::new(file, path, most, &self.left)))
    }
}

fn damaged(path: &str) -> Text {
    text!("a workbook whose part {} is damaged", path)
}

fn large(path: &str) -> Text {
    text!("a workbook whose part {} is too large", path)
}

/// The XML events of a part.
pub(super) struct PartEvents<'a> {
    xml: Reader<Metered<'a>>,
    path: String,
    depth: u32,
}

impl<'a> PartEvents<'a> {
    fn new(file: impl Read + 'a, path: &str, most: u64, left: &'a Cell<u64>) -> PartEvents<'a> {
        let inner: Box<dyn BufRead + 'a> = Box::new(BufReader::new(file));
        let mut xml = Reader::from_reader(Metered { inner, most, left, token: 0, beyond: false });
        xml.config_mut().expand_empty_elements = true;
        PartEvents { xml, path: path.to_owned(), depth: 0 }
    }

    /// Returns the next event, or `None` at the end of the part.
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

    /// Appends the text up to the end of an element. In rich text only the shown runs count, not phonetic ones.
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

    /// Returns the error of a damaged part.
    pub(super) fn damage(&self) -> Unreadable {
        Unreadable::Form(damaged(&self.path))
    }
}

/// Resolves a character reference or a predefined entity. Entities defined by the part itself are unknown.
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

/// Returns an attribute of an element by its local name.
pub(super) fn attribute(of: &BytesStart, name: &str) -> Option<String> {
    let mut attributes = of.attributes();
    let found = attributes.with_checks(false).flatten();
    let mut found = found.filter(|attribute| attribute.key.local_name().as_ref() == name);
    found.next()?.normalized_value(XmlVersion::Implicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// A reader that counts unpacked bytes and stops at the bounds.
struct Metered<'a> {
    inner: Box<dyn BufRead + 'a>,
    /// Bytes that this part may still have, and bytes that all parts may still have.
    most: u64,
    left: &'a Cell<u64>,
    /// Bytes read of the current tag or text. Reset at every event.
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
