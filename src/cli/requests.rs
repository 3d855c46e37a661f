//! Words the outcome of requests and replies for people.

use crate::{
    coordination::totals::RequestTotals,
    model::money::count_grouped,
    text::{Grouped, Text},
};

/// Returns the lines of a report: the accepted ones, then the refused ones by code. Empty where there is nothing.
pub(super) fn lines(totals: &RequestTotals) -> Vec<Text> {
    if *totals == RequestTotals::default() {
        return Vec::new();
    }
    let RequestTotals { listed, new, overdue, ended, replies, refused } = totals;
    let said = text!(
        "{} request(s), {} new, {} late, {} ended; {} replies",
        Grouped(*listed),
        count_grouped(*new),
        count_grouped(*overdue),
        count_grouped(*ended),
        count_grouped(*replies)
    );
    let refused = refused.iter().map(|(code, count)| {
        let [english, chinese] = code.meaning();
        let why = Text::named(english, chinese);
        Text::labelled("refused", text!("{}: {} line(s), {}", code.id(), Grouped(*count), why))
    });
    [Text::labelled("requests", said)].into_iter().chain(refused).collect()
}

/// Returns what to do about the refused ones.
pub(super) fn next_step(totals: &RequestTotals) -> Option<Text> {
    let codes = totals.refused.iter();
    let codes = codes.map(|(code, count)| format!("{code} {}", count_grouped(*count)));
    (totals.all_refused() > 0).then(|| {
        text!(
            "tell the provinces of {} refused line(s) of requests and replies ({}; tables/coordination.parquet, tables/replies.parquet)",
            Grouped(totals.all_refused()),
            codes.collect::<Vec<_>>().join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::codes::RequestCode;

    #[test]
    fn what_was_refused_is_told_with_its_reason() {
        assert!(lines(&RequestTotals::default()).is_empty());
        assert!(next_step(&RequestTotals::default()).is_none());
        let refused = [(RequestCode::Q03, 1), (RequestCode::Q09, 2)].into();
        let totals = RequestTotals { listed: 1, new: 1, refused, ..RequestTotals::default() };
        let english: Vec<String> = lines(&totals).iter().map(Text::to_string).collect();
        assert_eq!(
            english,
            [
                "requests  1 request, 1 new, 0 late, 0 ended; 0 replies",
                "refused   Q03: 1 line, a verification of no settlement, or of one that is not known",
                "refused   Q09: 2 lines, incorrect without a reason, or a result of the other kind of request",
            ]
        );
        let step = next_step(&totals).map(|step| step.to_string()).unwrap_or_default();
        assert!(step.starts_with("tell the provinces of 3 refused lines"), "{step}");
    }
}
