//! What is known of a settlement and of its filings, and from where.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    model::{codes::CareClass, money::yuan},
    review::{
        benefit_rules::judged::person_of,
        fields::ReviewField,
        filing::{
            Filing, FilingKind,
            class::{FiledSettlement, is_of},
            day_text,
            place::{DivisionPlace, FilingReach},
            time_text,
        },
        row::ReviewedRow,
    },
    text::{Text, quoted, word},
};

/// What words of the rules are called in Chinese.
const CHINESE: [(&str, &str); 40] = [
    ("care_class", "就诊类别"),
    ("fund_class", "基金类别"),
    ("level", "机构等级"),
    ("person", "人员类别"),
    ("age", "年龄"),
    ("grade", "缴费档次"),
    ("stay", "年内住院次数"),
    ("days", "住院天数"),
    ("disease", "病种"),
    ("institution", "医药机构"),
    ("networked", "联网"),
    ("emergency", "急诊抢救"),
    ("in_scope", "范围内费用"),
    ("deductible_paid", "实际起付线"),
    ("deductible_standard", "起付标准"),
    ("months_insured", "连续参保月数"),
    ("filing", "备案类别"),
    ("long_term", "异地长期居住"),
    ("deemed", "视同备案"),
    ("transfer", "异地转诊"),
    ("temporary", "临时外出就医"),
    ("none", "无"),
    ("unknown", "不明"),
    ("other", "其他"),
    ("active", "在职"),
    ("retired", "退休"),
    ("minor", "未成年人"),
    ("student", "学生"),
    ("adult", "成年居民"),
    ("village", "村卫生室"),
    ("township", "乡镇卫生院"),
    ("community", "社区卫生服务中心"),
    ("1", "一级"),
    ("2", "二级"),
    ("3", "三级"),
    ("3A", "三级甲等"),
    ("3B", "三级乙等"),
    ("true", "是"),
    ("false", "否"),
    ("registry", "机构名录"),
];

/// Returns what a class by filing is called in Chinese.
pub(in crate::review) fn class_in_chinese(class: &str) -> Option<&'static str> {
    let known = CHINESE.iter().find(|(word, _)| *word == class);
    if class == "none" { Some("未备案") } else { known.map(|(_, chinese)| *chinese) }
}

/// Words a word of the rules.
pub(super) fn said(said: &str) -> Text {
    let known = CHINESE.iter().find(|(word, _)| *word == said);
    known.map_or_else(|| text!("{}", word(said)), |(word, chinese)| Text::named(word, chinese))
}

/// Words a class by filing.
pub(super) fn class_said(class: &str) -> Text {
    if class == "none" { Text::named("none", "未备案") } else { said(class) }
}

/// The most filings that are shown.
const MOST_FILINGS: usize = 100;

/// Something that is known of a settlement, or is not.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainedFact {
    /// Its name.
    pub name: String,
    /// Its value; none where it is unknown.
    pub value: Option<String>,
    /// The field that it is from, or why it is unknown.
    #[schemars(with = "String")]
    pub origin: Text,
}

impl ExplainedFact {
    /// Words the fact.
    pub(super) fn text(&self) -> Text {
        // Only words have a meaning: 3 is a level, and elsewhere a number.
        let is_word = !matches!(self.name.as_str(), "age" | "stay" | "days" | "grade" | "disease");
        let value = self
            .value
            .as_deref()
            .map(|value| if is_word || value == "none" { said(value) } else { Text::given(value) });
        let value = value.unwrap_or_else(|| said("unknown"));
        text!("  {}: {} ({})", said(&self.name), value, &self.origin)
    }
}

/// A filing.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExplainedFiling {
    /// The division that it was filed to.
    pub place: String,
    /// Its type, or the value that is not known.
    pub kind: String,
    /// Its first day.
    pub begin: String,
    /// Its last day.
    pub end: Option<String>,
    /// When it was made.
    pub made: Option<String>,
    /// Whether it is one of the settlement: valid, of its insured province, in force on the day of admission.
    pub is_of_it: bool,
    /// Whether it reaches the treating division.
    pub reaches: bool,
}

impl ExplainedFiling {
    /// Words the filing.
    pub(super) fn text(&self) -> Text {
        let ExplainedFiling { place, kind, begin, .. } = self;
        let end = self.end.as_deref().map_or_else(|| text!("open"), Text::given);
        let made = self.made.as_deref().map_or_else(|| said("unknown"), Text::given);
        let fits = match (self.is_of_it, self.reaches) {
            (true, true) => text!("fits"),
            (true, false) => text!("for another place"),
            (false, _) => text!("not of this settlement"),
        };
        // A value that is not known may look like another word, such as that of a level: it stays as it is.
        let kind = if KINDS.contains(&kind.as_str()) { said(kind) } else { Text::given(kind) };
        text!("  to {}, {}, {} – {}, made {}: {}", place, kind, begin, end, made, fits)
    }
}

/// Returns what is known of a settlement, and what is not.
pub(super) fn facts(row: &ReviewedRow<'_>) -> Vec<ExplainedFact> {
    let optional = &row.optional;
    let is_there = |field: ReviewField| optional.delivered & (1 << field as usize) != 0;
    let fact = |name: &str, value: Option<String>, origin: Text| ExplainedFact {
        name: name.to_owned(),
        value,
        origin,
    };
    // A field that gives a value, or why it gives none.
    let of = |name: &str, value: Option<String>, field: ReviewField| {
        let unknown = optional.unknown.iter().find(|(at, _)| usize::from(*at) == field as usize);
        let origin = match unknown {
            Some((_, said)) => text!("{} is {}, which no word says", field.name(), quoted(*said)),
            None if is_there(field) => text!("{}", field.name()),
            None => text!("{} is empty", field.name()),
        };
        fact(name, value, origin)
    };
    let has_level = is_there(ReviewField::HospLv)
        && !optional.unknown.iter().any(|(at, _)| usize::from(*at) == ReviewField::HospLv as usize);
    let level = optional.level.map(|level| level.name().to_owned());
    let person = person_of(row).map(|person| person.name().to_owned());
    let by_age = optional.person.is_none() && person.is_some();
    let birth = if is_there(ReviewField::Brdy) { ReviewField::Brdy } else { ReviewField::Age };
    let days = row.stay().map(|(begin, end)| (end - begin).to_string());
    let mut facts = vec![
        fact("care_class", Some(row.care.name().to_owned()), text!("{}", "med_type")),
        fact("fund_class", Some(row.fund.name().to_owned()), text!("{}", "insutype")),
        if level.is_some() && !has_level {
            fact("level", level, said("registry"))
        } else {
            of("level", level, ReviewField::HospLv)
        },
        if by_age {
            fact("person", person, text!("{}, as psn_type says nothing", birth.name()))
        } else {
            of("person", person, ReviewField::PsnType)
        },
        of("age", optional.age.map(|age| age.to_string()), birth),
        of("grade", optional.grade.map(str::to_owned), ReviewField::ClctGrde),
    ];
    if row.care == CareClass::Inpatient {
        facts.push(of("stay", optional.stay.map(|stay| stay.to_string()), ReviewField::CalIptCnt));
        facts.push(fact("days", days, text!("{}", "begndate, enddate")));
    }
    facts.extend([
        fact("disease", Some(row.disease.unwrap_or("none").to_owned()), text!("{}", "dise_codg")),
        fact("institution", Some(row.institution.to_owned()), text!("{}", "fixmedins_code")),
        fact("networked", optional.networked.map(|is| is.to_string()), said("registry")),
        if is_there(ReviewField::OtpErReflFlag) || is_there(ReviewField::IptType) {
            let origin = text!("{}", "otp_er_refl_flag, ipt_type");
            fact("emergency", Some(optional.emergency.to_string()), origin)
        } else {
            let origin =
                text!("{} are empty, and it is taken as none", "otp_er_refl_flag, ipt_type");
            fact("emergency", None, origin)
        },
        fact("in_scope", row.in_scope.map(yuan), text!("{}", "inscp_scp_amt")),
        of("deductible_paid", optional.act_pay_dedc.map(yuan), ReviewField::ActPayDedc),
        of("deductible_standard", optional.dedc_std.map(yuan), ReviewField::DedcStd),
    ]);
    facts
}

/// Returns the filings of the person that show how the class came about, and how many are left out.
pub(super) fn filings(
    settlement: &FiledSettlement<'_>,
    filings: &[&Filing<'_>],
    are_given: bool,
) -> (Vec<ExplainedFiling>, usize) {
    let row = settlement.row;
    if !are_given {
        return (Vec::new(), 0);
    }
    let place = DivisionPlace::of(row.treating);
    let own = filings.iter().filter(|filing| is_of(filing, row));
    let others = filings.iter().filter(|filing| !is_of(filing, row));
    let shown = own.chain(others).take(MOST_FILINGS).map(|filing| ExplainedFiling {
        place: filing.place.to_owned(),
        kind: kind_of(filing),
        begin: day_text(filing.begin),
        end: filing.end.map(day_text),
        made: filing.made.map(time_text),
        is_of_it: is_of(filing, row),
        reaches: FilingReach::of(filing.place)
            .zip(place)
            .is_some_and(|(reach, place)| reach.takes_in(place)),
    });
    (shown.collect(), filings.len().saturating_sub(MOST_FILINGS))
}

/// The words for types of filings.
const KINDS: [&str; 5] = ["long_term", "transfer", "temporary", "unknown", "other"];

/// Returns the type of a filing, or the value that is not known.
fn kind_of(filing: &Filing<'_>) -> String {
    let kind = match (filing.kind, filing.unknown_kind) {
        (Some(FilingKind::LongTerm), _) => "long_term",
        (Some(FilingKind::Transfer), _) => "transfer",
        (Some(FilingKind::Temporary), _) => "temporary",
        (None, Some("")) => "unknown",
        (None, Some(value)) => value,
        (None, None) => "other",
    };
    kind.to_owned()
}
