//! The corpus of the fuzz targets, and what becomes of it by some changes, once more (`tests/fuzz`).

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

#[path = "../fuzz/harness.rs"]
pub(crate) mod harness;

use harness::{Bench, TARGETS, files};

/// A sequence that looks random and is always the same.
struct Sequence(u64);

impl Sequence {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).expect("64 bits");
        usize::try_from(self.next() % end).expect("below a usize")
    }
}

/// Changes an input: bits turned, bytes set, a part cut out, doubled, or taken from another input.
fn changed(input: &[u8], other: &[u8], sequence: &mut Sequence) -> Vec<u8> {
    const TELLING: &[u8] = b"\x00\x01\x7f\x80\xff\x15\x19\"-.,\n09";
    let mut bytes = input.to_vec();
    for _ in 0..=sequence.below(4) {
        let at = sequence.below(bytes.len());
        let length = 1 + sequence.below(16.min(bytes.len()));
        let end = bytes.len().min(at + length);
        match sequence.below(7) {
            _ if bytes.is_empty() => {}
            0 | 1 => bytes[at] ^= 1 << sequence.below(8),
            2 => bytes[at] = TELLING[sequence.below(TELLING.len())],
            3 => drop(bytes.drain(at..end)),
            4 => bytes.truncate(at),
            5 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ if other.is_empty() => {}
            _ => {
                let from = sequence.below(other.len());
                let part = &other[from..other.len().min(from + length * 4)];
                bytes.splice(at..end, part.iter().copied());
            }
        }
    }
    bytes
}

/// Gives a target its corpus, its seeds, and so many changed inputs; panics with the inputs that it does
/// not take.
fn replay(name: &str, changes: usize) {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).expect("a target");
    let bench = Bench::new();
    let corpus = crate::world::root().join("tests/fuzz/corpus").join(name);
    let mut inputs: Vec<Vec<u8>> =
        files(&corpus).into_iter().map(|path| fs::read(path).expect("read")).collect();
    inputs.extend(bench.seeds(name));
    if let Some(folder) = std::env::var_os("FUZZ_SEEDS") {
        write_seeds(&Path::new(&folder).join(name), &inputs);
        return;
    }
    let mut sequence = Sequence(1);
    for change in 0..inputs.len() + changes {
        let input = if let Some(input) = inputs.get(change) {
            input.clone()
        } else {
            let [input, other] = [0; 2].map(|_| &inputs[sequence.below(inputs.len())]);
            changed(input, other, &mut sequence)
        };
        if catch_unwind(AssertUnwindSafe(|| target(&bench, &input))).is_err() {
            let path = std::env::temp_dir().join(format!("liangqing-{name}-{change}"));
            fs::write(&path, &input).expect("written");
            panic!("{name} does not take the input that is now in {}", path.display());
        }
    }
}

fn write_seeds(folder: &Path, inputs: &[Vec<u8>]) {
    fs::create_dir_all(folder).expect("made");
    for (number, input) in inputs.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), input).expect("written");
    }
}

#[test]
fn any_parquet_file_is_taken_or_refused() {
    replay("delivery", 700);
}

#[test]
fn any_pages_are_taken_or_refused() {
    replay("pages", 1500);
}

#[test]
fn any_small_file_is_taken_or_refused() {
    replay("small_file", 250);
}

#[test]
fn any_settings_are_taken_or_refused() {
    replay("settings", 1000);
}

#[test]
fn any_reply_is_taken_or_refused() {
    replay("reply", 1000);
}

#[test]
fn any_export_is_taken_or_refused() {
    replay("export", 1000);
}

#[test]
fn any_book_is_taken_or_refused() {
    replay("book", 150);
}
