//! Extensions: parts of the program in packages of their own, which a build may leave out.

use crate::{
    cluster::Cluster,
    diag::{Failure, Outcome},
    independent::Recompute,
    query::Query,
    text::Text,
};

/// The packages around the core that a program was built with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extensions {
    /// What `--version` says, where the program knows more than the library, which has a version alone.
    pub version: Option<&'static str>,
    /// `run --independent`.
    pub independent: Option<Recompute>,
    /// `query`.
    pub query: Option<Query>,
    /// `run --engine ballista`, `cluster`, and addresses `s3://`.
    pub cluster: Option<&'static dyn Cluster>,
}

impl Extensions {
    pub(super) fn independent(&self) -> Outcome<Recompute> {
        self.independent.ok_or_else(|| {
            absent(text!(
                "this program was built without the independent recomputation; build it with: \
                 cargo build --release"
            ))
        })
    }

    pub(super) fn query(&self) -> Outcome<Query> {
        self.query.ok_or_else(|| {
            absent(text!(
                "this program was built without query; build it with: cargo build --release"
            ))
        })
    }

    pub(super) fn cluster(&self) -> Outcome<&'static dyn Cluster> {
        self.cluster.ok_or_else(|| {
            absent(
                text!("this program was built without clusters and object stores; build it with: cargo build --release --features cluster"),
            )
        })
    }
}

fn absent(problem: Text) -> Failure {
    Failure::Usage(problem)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::AtomicBool};

    use clap::Parser;

    use super::*;
    use crate::cli::{
        cluster,
        command::{Arguments, Command},
        query, run,
    };

    /// The message says what is missing and how to get it, before anything is read or made.
    #[test]
    fn a_program_without_a_package_says_how_to_build_it() {
        let place = tempfile::tempdir().expect("a folder");
        let place = place.path().display();
        let run = format!("run --period 2025-10 --book {place}/book --input");
        for (arguments, features) in [
            (format!("{run} {place}/in --independent"), ""),
            (
                format!("{run} {place}/in --engine ballista --cluster df://a:1"),
                " --features cluster",
            ),
            (format!("{run} s3://bucket/in"), " --features cluster"),
            (format!("query SELECT --book {place}/book"), ""),
            ("cluster scheduler".to_owned(), " --features cluster"),
            ("cluster executor".to_owned(), " --features cluster"),
        ] {
            let arguments = Arguments::parse_from(format!("liangqing {arguments}").split(' '));
            let nothing = Extensions::default();
            let done = match arguments.command {
                Command::Run(arguments) => run::run(&arguments, Arc::default(), nothing),
                Command::Query(arguments) => query::query(&arguments, nothing),
                Command::Cluster(command) => {
                    cluster::serve(&command, &AtomicBool::new(false), nothing)
                }
                _ => Ok(()),
            };
            let failure = done.expect_err("refused");
            let end = format!("; build it with: cargo build --release{features}");
            assert!(failure.to_string().ends_with(&end), "{failure}");
            assert_eq!(failure.exit_status(), 2);
        }
    }
}
