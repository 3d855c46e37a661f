//! The parts of a workbook, which is a ZIP archive of XML. Parts are unpacked in a stream, within bounds.

use std::{
    cell::Cell,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
};

use quick_xml::{
    Reader, XmlVersion,
    events::{BytesRef, BytesStart, Event},
};
use zip::ZipArchive;

use super::{
    cells::{Unreadable, WorkbookBounds},
    directory,
};
use crate::text::Text;

/// The most bytes of a part that says how other parts belong together.
pub(super) const FRAME: u64 = 8 << 20;
/// The most bytes of a tag or a text; a cell holds 32,767 characters.
const TOKEN: usize = 1 << 20;
/// The greatest depth of nested elements.
const DEPTH: u32 = 100;
/// How much is unpacked at once.
const UNPACKED_AT_ONCE: usize = 64 << 10;

/// A packed workbook.
pub(super) struct Archive<R> {
    zip: ZipArchive<BufReader<R>>,
    /// Bytes that may still be unpacked.
    left: Cell<u64>,
}

impl<R: Read + Seek> Archive<R> {
    /// Opens an archive within bounds.
    pub(super) fn open(mut file: R, bounds: WorkbookBounds) -> Result<Archive<R>, Unreadable> {
        let none = |_| Unreadable::Form(text!("no workbook, or a damaged one"));
        if file.seek(SeekFrom::End(0)).map_err(none)? > bounds.packed {
            let found = text!("a workbook of more than {} MiB", bounds.packed >> 20);
            return Err(Unreadable::Bounds(found));
        }
        // `ZipArchive` takes memory for as many entries as the directory declares.
        if !directory::is_bounded(&mut file).map_err(none)? {
            let found = text!("a workbook of more than {} parts", directory::ENTRIES);
            return Err(Unreadable::Bounds(found));
        }
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| none(error.into()))?;
        Ok(Archive { zip, left: Cell::new(bounds.unpacked) })
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
        let inner: Box<dyn BufRead + 'a> =
            Box::new(BufReader::with_capacity(UNPACKED_AT_ONCE, file));
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

    /// Appends the rich text up to the end of an element. Only the shown runs count, not phonetic ones.
    pub(super) fn rich_text(&mut self, element: &str, into: &mut String) -> Result<(), Unreadable> {
        let (mut phonetic, mut shown) = (false, false);
        let mut buffer = Vec::new();
        while let Some(event) = self.next(&mut buffer)? {
            match &event {
                Event::Start(of) => match of.local_name().as_ref() {
                    "rPh" => phonetic = true,
                    "t" => shown = !phonetic,
                    _ => {}
                },
                Event::End(of) => match of.local_name().as_ref() {
                    name if name == element => return Ok(()),
                    "rPh" => phonetic = false,
                    "t" => shown = false,
                    _ => {}
                },
                _ if shown => self.append(&event, into)?,
                _ => {}
            }
        }
        Err(self.damage())
    }

    /// Appends the text of an event.
    pub(super) fn append(&self, event: &Event, into: &mut String) -> Result<(), Unreadable> {
        match event {
            Event::Text(text) => into.push_str(text),
            Event::CData(text) => into.push_str(text),
            Event::GeneralRef(name) => into.push(letter(name).ok_or_else(|| self.damage())?),
            _ => {}
        }
        if into.len() > TOKEN { Err(Unreadable::Bounds(large(&self.path))) } else { Ok(()) }
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
    let mut found = None;
    each_attribute(of, |key, value| {
        if key == name && found.is_none() {
            found = Some(value.to_owned());
        }
    });
    found
}

/// Calls a function with the local name and the value of each attribute of an element.
pub(super) fn each_attribute(of: &BytesStart, mut take: impl FnMut(&str, &str)) {
    let mut attributes = of.attributes();
    for attribute in attributes.with_checks(false).flatten() {
        if let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) {
            take(attribute.key.local_name().as_ref(), &value);
        }
    }
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
