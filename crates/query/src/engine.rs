//! Answers a statement with Polars.

use std::sync::Arc;

use polars::{
    prelude::{DataFrame, IntoLazy, LazyFrame, MaintainOrderJoin, PolarsError, PolarsResult},
    sql::SQLContext,
};
use polars_plan::plans::IR;

use super::{Answer, Question, answer::answer_of, closed, columns, frames, statement};
use crate::{
    columnar::{
        guard::guarded,
        shape::{TABLES, TableSpec},
    },
    diag::{Failure, Outcome},
    text::{Text, indented, lines},
};

/// Answers a question.
pub fn answer(question: &Question) -> Outcome<Answer> {
    let tables = statement::tables_of(question.sql)?;
    let periods = closed(question.book, question.periods)?;
    // These warnings advise programmers who use Polars, not our users.
    polars::error::set_warning_function(|_, _| {});
    let mut context = SQLContext::new();
    for table in &tables {
        let frame = frames::frame(table, &periods, question.unmasked)?;
        context.register(table.name, frame.lazy());
    }
    let answered = guarded(|| context.execute(question.sql).and_then(collect));
    let frame = answered
        .unwrap_or_else(|| Err(PolarsError::ComputeError("it is beyond Polars".into())))
        .map_err(|error| unanswered(&error, &tables))?;
    answer_of(&frame)
}

/// Runs a plan with a defined order of rows: the order of the tables; a group stands where its first row does.
fn collect(lazy: LazyFrame) -> PolarsResult<DataFrame> {
    lazy._collect_post_opt(|_, plans, _, _| {
        for node in 0..plans.len() {
            match plans.get_mut(polars_plan::prelude::Node(node)) {
                IR::GroupBy { maintain_order, .. } => *maintain_order = true,
                IR::Distinct { options, .. } => options.maintain_order = true,
                IR::Sort { sort_options, .. } => sort_options.maintain_order = true,
                IR::Join { options, .. } => {
                    let args = &mut Arc::make_mut(options).args;
                    args.maintain_order = match args.maintain_order {
                        MaintainOrderJoin::Right | MaintainOrderJoin::RightLeft => {
                            MaintainOrderJoin::RightLeft
                        }
                        _ => MaintainOrderJoin::LeftRight,
                    };
                }
                _ => {}
            }
        }
        Ok(())
    })
}

/// Words an error of Polars without its plans, with a hint on tables or columns.
fn unanswered(error: &PolarsError, tables: &[TableSpec]) -> Failure {
    let text = error.to_string();
    let ends = ["\n\nResolved plan", "; valid columns:", ". It's possible that multiple"];
    let end = ends.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
    let text = text[..end].trim();
    let hint = match error {
        PolarsError::SQLInterface(_) if text.contains("relation") => {
            let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
            text!("tables: {}", names.join(", "))
        }
        _ => {
            let of_table = |table: &TableSpec| {
                let names: Vec<&str> = columns(table).into_iter().map(|(name, _)| name).collect();
                text!("columns of {}: {}", table.name, names.join(", "))
            };
            let hints: Vec<Text> = tables.iter().map(of_table).collect();
            if hints.is_empty() {
                Text::given("liangqing query --list")
            } else {
                text!("{}", lines(indented(hints)))
            }
        }
    };
    Failure::Usage(text!("the query cannot be answered: {}", Text::foreign(text)).hinting(hint))
}
