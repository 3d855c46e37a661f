//! The command line: the program's commands.

use clap::{CommandFactory, Parser, Subcommand};

use super::{
    bulletin::BulletinArguments,
    check::CheckArguments,
    cluster::ClusterCommand,
    completions::CompletionsArguments,
    convert::ConvertArguments,
    decisions::DecisionsCommand,
    diff::DiffArguments,
    explain::ExplainArguments,
    groups,
    init::InitArguments,
    keygen::KeygenArguments,
    lang::{Help, Lang},
    man::ManArguments,
    options::Format,
    query::QueryArguments,
    report::ReportArguments,
    review::{ReviewArguments, ReviewCommand},
    rules::RulesArguments,
    run::RunArguments,
    statements::StatementsArguments,
    status::StatusArguments,
    stress::StressArguments,
    synth::SynthArguments,
    verify::VerifyArguments,
};

/// 两清 liangqing: clears cross-province medical-insurance settlements, record by record and to the fen.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, after_help = EXIT_STATUS)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Language of the terminal [default: that of the environment]
    #[arg(long, global = true, value_enum, value_name = "LANG")]
    lang: Option<Lang>,
}

const EXIT_STATUS: &str = "\
Exit status:
  0    done; breaks are normal business
  1    our fault
  2    usage or pipeline file
  3    input refused
  4    book refused: order, already closed, damaged
  5    a difference was found
  6    I/O: disk full, permission
  130  interrupted
Whatever is not 0 has published nothing.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Close a period: reconcile a delivery, clear it, publish it in the book
    Run(Box<RunArguments>),
    /// Turn exports of a province into a delivery
    Convert(ConvertArguments),
    /// Generate deliveries of a national size, with planted breaks and an answer key
    Synth(SynthArguments),
    /// Say where a book stands on a day: deadlines, unpaid notices, utilisation, what is open
    Status(StatusArguments),
    /// Play what-if scenarios on the newest period of a book; nothing is written
    Stress(StressArguments),
    /// Write the statements and notices of a closed period, for each province
    Statements(StatementsArguments),
    /// Write the bulletin of a month or of a quarter, without a word about few persons
    Bulletin(BulletinArguments),
    /// Ask the tables of closed periods in SQL, or list them
    Query(QueryArguments),
    /// Write one HTML page about a closed period, for people: charts and tables, readable offline
    Report(ReportArguments),
    /// Verify a book: every digest, the chain, every figure that follows from others
    Verify(VerifyArguments),
    /// Tell the life of a settlement, or list the settlements behind a figure
    Explain(ExplainArguments),
    /// Say how two runs of a period differ, or two books, and why
    Diff(DiffArguments),
    /// Make a pair of keys to sign manifests with
    Keygen(KeygenArguments),
    /// Look for what both copies may have wrong, and hand each province its leads
    Review(Box<ReviewArguments>),
    /// Decisions on what is open
    #[command(subcommand)]
    Decisions(DecisionsCommand),
    /// Processes of a cluster that reads deliveries for runs
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// Look at a delivery before the run, or check a pipeline and the rules it names
    Check(CheckArguments),
    /// Make a working place: folders, a commented pipeline, a copy of the rules, empty small files
    Init(InitArguments),
    /// Print what is built in: rules, templates, pipelines
    Rules(RulesArguments),
    /// Print a completion script for a shell
    Completions(CompletionsArguments),
    /// Print the manual page of a command, or write those of all
    Man(ManArguments),
}

/// Returns the command line with its help in a language and its commands in groups.
pub(super) fn program(help: Help) -> clap::Command {
    groups::grouped(help.translated(Arguments::command()), |heading| help.heading(heading))
}

impl Arguments {
    /// Returns the format of the command's report and of its failure.
    pub(super) fn format(&self) -> Format {
        match &self.command {
            Command::Run(arguments) => arguments.format,
            Command::Check(arguments) => arguments.format,
            Command::Convert(arguments) => arguments.working.format,
            Command::Init(arguments) => arguments.format,
            Command::Synth(arguments) => arguments.format,
            Command::Status(arguments) => arguments.format,
            Command::Stress(arguments) => arguments.format,
            Command::Statements(arguments) => arguments.format,
            Command::Bulletin(arguments) => arguments.working.format,
            Command::Query(arguments) => arguments.format.of_failures(),
            Command::Report(arguments) => arguments.format,
            Command::Review(arguments) => match &arguments.command {
                Some(ReviewCommand::Import(arguments)) => arguments.format,
                Some(ReviewCommand::Explain(arguments)) => arguments.working.format,
                None => arguments.working.format,
            },
            Command::Keygen(arguments) => arguments.format,
            Command::Decisions(DecisionsCommand::Import(arguments)) => arguments.format,
            Command::Verify(arguments) => arguments.working.format,
            Command::Explain(arguments) => arguments.working.format,
            Command::Diff(arguments) => arguments.format,
            Command::Man(arguments) => arguments.format,
            Command::Cluster(_) | Command::Completions(_) | Command::Rules(_) => Format::Human,
        }
    }
}
