//! The table of the permits in force.

use crate::{
    columnar::{shape, table::TableBuilder},
    rules::Permit,
};

/// Makes the table `permits`.
pub fn permits_table(permits: &[Permit]) -> TableBuilder {
    let text = |of: fn(&Permit) -> String| permits.iter().map(move |permit| Some(of(permit)));
    TableBuilder::new(shape::PERMITS)
        .text("permit_id", text(|permit| permit.permit_id.clone()))
        .text("insured_province", text(|permit| permit.pair.insured.to_string()))
        .text("treating_province", text(|permit| permit.pair.treating.to_string()))
        .text("cost_month", text(|permit| permit.cost_month.to_string()))
        .text("until_period", text(|permit| permit.until_period.to_string()))
        .flag("past_year_close", permits.iter().map(|permit| Some(permit.past_year_close)))
        .text("reason", text(|permit| permit.reason.clone()))
        .text("first_period", text(|permit| permit.first_period.to_string()))
}
