//! `manifest.json`: inputs and outputs of a period, and the digest of the period before (contract §6).

use std::{fs, path::Path};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    bounded,
    columnar::{
        entry::FileEntry,
        shape::{TableForm, TableSpec, tables_of},
    },
    diag::{AcceptedCode, Failure, Outcome},
    digest::sha256_hex,
    model::{
        codes::Side,
        control::{Bucket, Class, Control},
        money::{FenSum, parse_sum, yuan},
    },
    place::period::{MANIFEST, SEAL},
    shapes::{self, Day, Period, Sha256, Yuan},
    signing::{SIGNATURE, Signer, read_signature},
    text::Text,
};

/// The format of manifests that this program writes and reads.
pub const FORMAT: u32 = 1;

/// `manifest.json`: what a period was made of and what it holds (contract §6). Nothing in it depends on when, where or
/// by whom it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "The manifest of a closed period")]
pub struct Manifest {
    /// The format of the file.
    #[schemars(with = "shapes::FormatNumber<1>")]
    pub format: u32,
    /// The name and version of the program that closed the period.
    pub program: String,
    /// The period.
    #[schemars(with = "Period")]
    pub period: String,
    /// The day of issue of its notices.
    #[schemars(with = "Day")]
    pub as_of: String,
    /// The rules in force.
    pub rules: RulesCopy,
    /// The SHA-256 of the manifest of the period before; null for the first period of a book.
    #[schemars(with = "Option<Sha256>")]
    pub previous_manifest_sha256: Option<String>,
    /// Every input, by path below the input folder.
    pub inputs: Vec<FileEntry>,
    /// Every output, by path below the folder of the period.
    pub outputs: Vec<FileEntry>,
    /// The control totals, as in the table `control`.
    pub control: Vec<ControlEntry>,
    /// The plausibility codes that were met and accepted, in order; left out when there is none, as in
    /// manifests from before they were asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<AcceptedCode>")]
    pub accepted: Vec<String>,
}

/// The rules file of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesCopy {
    /// The SHA-256 of the text.
    #[schemars(with = "Sha256")]
    pub sha256: String,
    /// The whole file.
    pub text: String,
}

/// A row of the control table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlEntry {
    /// The side.
    #[schemars(with = "Side")]
    pub side: String,
    /// Where the copies ended.
    #[schemars(with = "Bucket")]
    pub bucket: String,
    /// The number of rows.
    pub rows: i64,
    /// The sum of medfee_sumamt in yuan.
    #[schemars(with = "Yuan")]
    pub medfee_sumamt: String,
    /// The sum of the payable fields in yuan.
    #[schemars(with = "Yuan")]
    pub payable: String,
}

impl RulesCopy {
    /// Copies a rules file with its digest.
    pub fn of(text: &str) -> RulesCopy {
        RulesCopy { sha256: sha256_hex(text.as_bytes()), text: text.to_owned() }
    }
}

impl ControlEntry {
    /// Returns the rows of the control table.
    pub fn all(control: &Control) -> Vec<ControlEntry> {
        let cells = Side::BOTH.into_iter().flat_map(|side| Bucket::all().map(move |b| (side, b)));
        cells
            .map(|(side, bucket)| {
                let totals = control.get(side, bucket);
                ControlEntry {
                    side: side.name().to_owned(),
                    bucket: bucket.name().to_owned(),
                    rows: totals.rows,
                    medfee_sumamt: yuan(totals.medfee),
                    payable: yuan(totals.payable),
                }
            })
            .collect()
    }
}

/// Returns the text of the seal of a manifest and, if there is one, of its signature.
pub fn seal(manifest: &[u8], signature: Option<&[u8]>) -> String {
    let line = |bytes: &[u8], name: &str| format!("{}  {name}\n", sha256_hex(bytes));
    let signature = signature.map(|signature| line(signature, SIGNATURE));
    format!("{}{}", line(manifest, MANIFEST), signature.unwrap_or_default())
}

/// The two files of the register.
pub const REGISTER: [&str; 2] = ["register.parquet", "reversals.parquet"];

impl Manifest {
    /// Returns the form of the tables that it lists; none unless it lists exactly the files of a period.
    pub fn form(&self) -> Option<TableForm> {
        let listed = || self.outputs.iter().map(|output| output.path.as_str());
        let is_of = |form: &TableForm| {
            let tables = tables_of(*form).map(TableSpec::path);
            listed().eq(REGISTER.map(str::to_owned).into_iter().chain(tables))
        };
        [TableForm::Current, TableForm::BeforeCoordination].into_iter().find(is_of)
    }

    /// Returns the rows and the cost in fen that the period carried on a side.
    pub fn carried(&self, side: Side) -> Option<(i64, FenSum)> {
        let carried = Class::ALL.into_iter().filter(|class| class.is_carried()).map(Class::name);
        let carried: Vec<&str> = carried.collect();
        let of_side = self.control.iter().filter(|entry| entry.side == side.name());
        let mut sums = (0i64, FenSum::ZERO);
        for entry in of_side.filter(|entry| carried.contains(&entry.bucket.as_str())) {
            sums.0 = i64::checked_add(sums.0, entry.rows)?;
            sums.1 = sums.1.checked_add(parse_sum(&entry.medfee_sumamt).ok()?)?;
        }
        Some(sums)
    }

    /// Returns the bytes of the file.
    pub fn to_bytes(&self) -> Outcome<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::Bug(text!("manifest: {}", Text::foreign(error))))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Writes the manifest, its signature and their seal into a folder; returns the digest of the manifest.
    pub fn write(&self, folder: &Path, signer: Option<&Signer>) -> Outcome<String> {
        let bytes = self.to_bytes()?;
        let signature = signer.map(|signer| signer.sign(&bytes)).transpose()?;
        let seal = seal(&bytes, signature.as_deref()).into_bytes();
        let digest = sha256_hex(&bytes);
        let files = [(MANIFEST, Some(bytes)), (SIGNATURE, signature), (SEAL, Some(seal))];
        for (name, bytes) in files.into_iter().filter_map(|(name, bytes)| Some((name, bytes?))) {
            let path = folder.join(name);
            fs::write(&path, bytes)
                .and_then(|()| fs::File::open(&path)?.sync_all())
                .map_err(Failure::io(&path))?;
        }
        Ok(digest)
    }

    /// Reads the manifest of a closed period, and its digest.
    pub fn read(folder: &Path) -> Outcome<(Manifest, String)> {
        Manifest::parse_sealed(folder).map_err(|problem| {
            let path = folder.join(MANIFEST);
            let path = crate::diag::shown(&path);
            Failure::Book(if problem.is_of(OTHER_FORMAT) {
                text!("{}: {}", path, problem)
                    .hinting(text!("take the program that closed the period, or a newer one"))
            } else {
                text!("the book is damaged: {}: {}", path, problem)
            })
        })
    }

    /// Reads the manifest of a closed period and its digest; fails unless the seal has the same digest.
    pub fn parse_sealed(folder: &Path) -> Result<(Manifest, String), Text> {
        let sealed = Sealed::read(folder);
        Ok((sealed.parse()?, sealed.digest().unwrap_or_default()))
    }
}

/// The message for a manifest of another format.
const OTHER_FORMAT: &str = "format {}, this program knows {}";

/// The field that manifests of every format have.
#[derive(Deserialize)]
struct ManifestFormat {
    format: u32,
}

/// Manifest, signature and seal of a closed period: their bytes, or why they cannot be read.
#[derive(Debug)]
pub struct Sealed {
    /// The manifest.
    pub manifest: Result<Vec<u8>, Text>,
    /// Its signature, if it has one.
    pub signature: Result<Option<Vec<u8>>, Text>,
    seal: Result<Vec<u8>, Text>,
}

fn read(folder: &Path, name: &str) -> std::io::Result<Vec<u8>> {
    bounded::read_all(&folder.join(name), bounded::MANIFEST)
}

impl Sealed {
    /// Reads the three files.
    pub fn read(folder: &Path) -> Sealed {
        Sealed {
            manifest: read(folder, MANIFEST).map_err(|error| text!("{}", error)),
            signature: read_signature(folder),
            seal: read(folder, SEAL).map_err(|error| text!("{}: {}", SEAL, error)),
        }
    }

    /// Returns the digest of the manifest, if it can be read.
    pub fn digest(&self) -> Option<String> {
        self.manifest.as_deref().ok().map(sha256_hex)
    }

    /// Returns the manifest; fails unless the seal has the digests of manifest and signature.
    pub fn parse(&self) -> Result<Manifest, Text> {
        let manifest = self.manifest.as_deref().map_err(Clone::clone)?;
        let sealed = self.seal.as_deref().map_err(Clone::clone)?;
        let signature = self.signature.as_ref().map_err(Clone::clone)?;
        if sealed != seal(manifest, signature.as_deref()).as_bytes() {
            return Err(text!("{} has another digest of it, or of {}", SEAL, SIGNATURE));
        }
        // Another format may have other fields, so the format is checked before them.
        let ManifestFormat { format } = serde_json::from_slice(manifest).map_err(Text::foreign)?;
        if format != FORMAT {
            return Err(text!("format {}, this program knows {}", format, FORMAT));
        }
        serde_json::from_slice(manifest).map_err(Text::foreign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_carried_is_added_up_or_is_damage() {
        let entry = |rows: i64, medfee_sumamt: &str| ControlEntry {
            side: "treating".to_owned(),
            bucket: "missing_insured".to_owned(),
            rows,
            medfee_sumamt: medfee_sumamt.to_owned(),
            payable: "0.00".to_owned(),
        };
        let carried = |control: Vec<ControlEntry>| {
            let manifest = Manifest {
                format: FORMAT,
                program: String::new(),
                period: String::new(),
                as_of: String::new(),
                rules: RulesCopy::of(""),
                previous_manifest_sha256: None,
                inputs: Vec::new(),
                outputs: Vec::new(),
                control,
                accepted: Vec::new(),
            };
            manifest.carried(Side::Treating)
        };
        assert_eq!(carried(vec![entry(1, "1.00"), entry(2, "0.50")]), Some((3, FenSum::new(150))));
        assert_eq!(carried(vec![entry(i64::MAX, "0.00"), entry(1, "0.00")]), None);
        let most = "999999999999999999999999999999999999.99";
        assert_eq!(carried(vec![entry(1, most), entry(1, most)]), None);
        assert_eq!(carried(vec![entry(1, "one yuan")]), None);
    }
}
