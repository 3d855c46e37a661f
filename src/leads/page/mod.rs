//! The page of a review: leads by rule, province, institution and month, and the first leads of each rule day by day.

mod lists;
mod timeline;
mod view;

use std::collections::BTreeMap;

use askama::Template;

use self::{
    lists::{PageLists, ReviewCard},
    view::{LISTED, RuleLeads},
};
use super::{tables::LeadRow, tally::LeadTally};
use crate::review::account::ReviewAccount;
use crate::{
    diag::{Failure, Outcome},
    page::words::{Words, month, words},
    privacy::pseudonym::Pseudonyms,
    review::{found::FoundLead, rule::ReviewRule},
    text::Text,
};

/// What the page shows of single leads. It stays small, however many leads there are.
pub(super) struct ReviewPageData<'a> {
    pseudonyms: Option<&'a Pseudonyms>,
    rules: BTreeMap<ReviewRule, RuleLeads>,
}

impl<'a> ReviewPageData<'a> {
    /// Begins without leads.
    pub(super) fn new(pseudonyms: Option<&'a Pseudonyms>) -> ReviewPageData<'a> {
        ReviewPageData { pseudonyms, rules: BTreeMap::new() }
    }

    /// Takes a lead when it is among the first of its rule.
    pub(super) fn add(&mut self, row: &LeadRow, lead: &FoundLead) {
        let rule = self.rules.entry(row.rule).or_insert_with(|| RuleLeads::of(row.rule));
        rule.add(row, lead, self.pseudonyms);
    }

    /// Returns the page.
    pub(super) fn render(self, account: &ReviewAccount, tally: &LeadTally) -> Outcome<String> {
        let mut rules: Vec<RuleLeads> = self.rules.into_values().collect();
        for rule in &mut rules {
            rule.count(tally);
        }
        let page = ReviewPage {
            when: account.month.map_or_else(|| words("没有覆盖月份", "no covered month"), month),
            program: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")),
            version: self.pseudonyms.map(Pseudonyms::version),
            cards: lists::cards(account, tally),
            lists: PageLists::of(account, tally),
            rules: &rules,
            listed: LISTED,
        };
        page.render().map_err(|error| Failure::Bug(text!("the page: {}", Text::foreign(error))))
    }
}

/// The page.
#[derive(Template)]
#[template(path = "review.html", config = "src/leads/askama.toml")]
struct ReviewPage<'a> {
    when: Words,
    program: &'a str,
    /// The version of the key of pseudonyms.
    version: Option<&'a str>,
    cards: Vec<ReviewCard>,
    lists: PageLists,
    rules: &'a [RuleLeads],
    listed: usize,
}

impl ReviewPage<'_> {
    const STYLE: &'static str = crate::page::STYLE;
    const OWN: &'static str = include_str!("../assets/review.css");

    /// A text of the template.
    fn t(zh: &str, en: &str) -> Words {
        words(zh, en)
    }
}
