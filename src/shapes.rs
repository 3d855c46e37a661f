//! The shapes of texts in files and reports, for their JSON schemas: `#[schemars(with = "Yuan")]` at a field.
//!
//! No value has one of these types. They name the shape of a text once, for every schema that contains it.

use std::{borrow::Cow, fmt::Display, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// The number of a format. A reader that knows another number must not read the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FormatNumber<const N: u32>;

impl<const N: u32> Serialize for FormatNumber<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(N)
    }
}

impl<'de, const N: u32> Deserialize<'de> for FormatNumber<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer)? {
            format if format == i64::from(N) => Ok(FormatNumber),
            format => Err(D::Error::custom(format!("format {format}, this program knows {N}"))),
        }
    }
}

impl<const N: u32> JsonSchema for FormatNumber<N> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Format{N}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "const": N })
    }
}

/// Serializes a value as its `Display` text.
pub fn shown<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// A map whose keys have a shape.
#[derive(Debug)]
pub struct MapOf<K, V>(PhantomData<(K, V)>);

impl<K: JsonSchema, V: JsonSchema> JsonSchema for MapOf<K, V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("MapOf_{}_{}", K::schema_name(), V::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (keys, values) = (generator.subschema_for::<K>(), generator.subschema_for::<V>());
        json_schema!({ "type": "object", "propertyNames": keys, "additionalProperties": values })
    }
}

macro_rules! shapes {
    ($keyword:literal; $($name:ident $shape:tt $what:literal;)*) => {$(
        #[doc = $what]
        #[derive(Debug)]
        pub enum $name {}

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", $keyword: $shape, "description": $what })
            }
        }
    )*};
}

shapes! {
    "pattern";
    Yuan r"^-?[0-9]+\.[0-9]{2}$" "An amount in yuan as text with two decimals; the last digit is a fen.";
    Amount r"^-?[0-9]+(\.[0-9]{1,2})?$" "An amount in yuan as text with at most two decimals.";
    Period r"^[0-9]{4}-(0[1-9]|1[0-2])$" "A month YYYY-MM: a clearing period or a cost month.";
    Day r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$" "A day YYYY-MM-DD in China Standard Time (UTC+8).";
    DayOfYear r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$" "A day MM-DD of the year that stands beside it.";
    Sha256 r"^[0-9a-f]{64}$" "A SHA-256 as 64 digits 0-9 and a-f.";
    KeyId r"^[0-9A-Fa-f]{64}$" "The SHA-256 of the DER bytes of a public key, as 64 hexadecimal digits.";
    ProvinceCode r"^[1-6][0-9]$" "A province by the first two digits of its division code (GB/T 2260; 66 is XPCC).";
    PairCode r"^[1-6][0-9]-[1-6][0-9]$" "A pair of provinces: the insured province, which pays, and the treating province, which is paid.";
    NoticeId r"^(QS|FH|CS|ND|JJ)-[0-9]{4}-(0[1-9]|1[0-2])-[1-6][0-9]-[1-6][0-9]$" "The number of a notice: kind, period, insured province, treating province.";
    MemorySize r"^[0-9]+ *([KMGT]iB|[kKMGT]B)$" "A size of memory such as 512MiB or 2GiB, from 16MiB to 1024TiB.";
    Base64 r"^[A-Za-z0-9+/]+={0,2}$" "Bytes in Base64.";
    Percent r"^-?[0-9]+(\.[0-9]+)?$" "A number of per cent as text.";
}

shapes! {
    "enum";
    CopySide ["treating", "insured", "both"] "Whose copies a break is about.";
    FundWord ["employee", "resident", "none"] "A fund class, or none for a code that has none.";
    CareWord ["outpatient", "chronic", "inpatient", "pharmacy", "none"] "A care class, or none for a code that has none.";
    LevelWord ["green", "yellow", "red", "none"] "The use of a quota.";
    NoticeWord ["QS", "FH", "CS", "ND", "JJ"] "A kind of notice.";
    NoticeStatus ["proposed", "unpaid", "partial", "paid"] "Where a notice stands at a close.";
    ColumnType ["VARCHAR", "DECIMAL(16,2)", "DECIMAL(38,2)", "BIGINT", "DATE", "TIMESTAMP", "BOOLEAN"] "The type of a column in SQL.";
}
