//! Checks a statement before anything is read: it must be one SELECT over tables of the book.

use std::ops::ControlFlow;

use sqlparser::{
    ast::{Query, Statement, TableAlias, TableFactor, Visit, Visitor},
    dialect::GenericDialect,
    parser::{Parser, ParserOptions},
};

use crate::{
    columnar::shape::{TABLES, TableSpec},
    diag::{Failure, Outcome},
    text::{Text, Value},
};

/// Returns the tables that a statement names, without repetition. Fails unless it is one SELECT that reads only
/// tables. Unknown names are left to Polars to report.
pub(super) fn tables_of(sql: &str) -> Outcome<Vec<TableSpec>> {
    // The same parser options as in Polars.
    let options = ParserOptions { trailing_commas: true, ..ParserOptions::default() };
    let parser = Parser::new(&GenericDialect).with_options(options);
    let parsed = parser.try_with_sql(sql).and_then(|mut parser| parser.parse_statements());
    let statements = parsed.map_err(|error| {
        let problem = error.to_string();
        let problem = problem.strip_prefix("sql parser error: ").unwrap_or(&problem);
        Failure::Usage(text!("the query cannot be read: {}", Text::foreign(problem)))
    })?;
    let [statement] = statements.as_slice() else {
        return Err(refused(text!("{} statements", statements.len())));
    };
    let mut found = StatementNames { statements: 0, tables: Vec::new() };
    match statement.visit(&mut found) {
        ControlFlow::Break(what) => Err(refused(what)),
        ControlFlow::Continue(()) => Ok(found.tables),
    }
}

fn refused(what: Text) -> Failure {
    Failure::Usage(text!("the query is refused: {}", Value::Text(what)).hinting(text!("a query is one SELECT (WITH is fine) over the tables of the book; liangqing query --list shows them")))
}

/// Collects the names in a statement.
struct StatementNames {
    statements: usize,
    tables: Vec<TableSpec>,
}

fn table(name: &str) -> Option<TableSpec> {
    TABLES.into_iter().find(|table| table.name == name)
}

/// Refuses an alias or CTE with the name of another table: Polars would take the name for that table.
fn names_no_table(alias: Option<&TableAlias>, own: &str) -> ControlFlow<Text> {
    match alias.map(|alias| alias.name.value.as_str()) {
        Some(name) if name != own && table(name).is_some() => {
            ControlFlow::Break(text!("{} is a table of the book, and no other name", name))
        }
        _ => ControlFlow::Continue(()),
    }
}

impl Visitor for StatementNames {
    type Break = Text;

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<Text> {
        self.statements += 1;
        if self.statements == 1 && matches!(statement, Statement::Query(_)) {
            return ControlFlow::Continue(());
        }
        let text = statement.to_string();
        let verb = text.split_whitespace().next().unwrap_or_default();
        ControlFlow::Break(text!("{} is no SELECT", verb))
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Text> {
        let named = query.with.iter().flat_map(|with| &with.cte_tables);
        for common in named {
            names_no_table(Some(&common.alias), "")?;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Text> {
        match factor {
            TableFactor::Table { name, args: Some(_), .. } => {
                ControlFlow::Break(text!("{} is no table", format!("{name}(…)")))
            }
            TableFactor::Table { name, alias, .. } => {
                let own = match name.0.as_slice() {
                    [part] => part.as_ident().map_or("", |ident| ident.value.as_str()),
                    _ => return ControlFlow::Break(text!("{} is no table", name.to_string())),
                };
                names_no_table(alias.as_ref(), own)?;
                let known = self.tables.iter().any(|table| table.name == own);
                self.tables.extend(table(own).filter(|_| !known));
                ControlFlow::Continue(())
            }
            TableFactor::Derived { alias, .. } | TableFactor::NestedJoin { alias, .. } => {
                names_no_table(alias.as_ref(), "")
            }
            other => ControlFlow::Break(text!("{} is no table", other.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_select_over_tables_passes() {
        let names = |sql| tables_of(sql).map(|tables| tables.iter().map(|t| t.name).collect());
        let names = |sql| -> Vec<&str> { names(sql).expect(sql) };
        assert_eq!(names("select * from pairs"), ["pairs"]);
        assert_eq!(
            names("with a as (select * from breaks) select * from a, pairs"),
            ["breaks", "pairs"]
        );
        assert_eq!(
            names(
                "select (select count(*) from notices) from pairs p where exists (select 1 from quotas)"
            ),
            ["notices", "pairs", "quotas"]
        );
        for (sql, why) in [
            ("drop table pairs", "DROP is no SELECT"),
            ("show tables", "SHOW is no SELECT"),
            ("explain select 1", "EXPLAIN is no SELECT"),
            ("create table a as select * from pairs", "CREATE is no SELECT"),
            ("delete from pairs", "DELETE is no SELECT"),
            ("insert into pairs select * from pairs", "INSERT is no SELECT"),
            ("copy pairs to 'a.csv'", "COPY is no SELECT"),
            ("select 1; select 2", "2 statements"),
            ("", "0 statements"),
            ("select * from read_csv('/etc/passwd')", "read_csv(…) is no table"),
            ("select * from pairs join read_parquet('a') on true", "read_parquet(…) is no table"),
            ("select * from pairs where 1 in (select a from scan('b'))", "scan(…) is no table"),
            ("select * from a.pairs", "a.pairs is no table"),
            ("with pairs as (select 1) select * from pairs", "pairs is a table of the book"),
            ("select * from (select 1) as breaks", "breaks is a table of the book"),
            ("select * from pairs as breaks", "breaks is a table of the book"),
            ("select (", "cannot be read"),
        ] {
            let problem = tables_of(sql).expect_err(sql).to_string();
            assert!(problem.contains(why), "{sql}: {problem}");
        }
    }
}
