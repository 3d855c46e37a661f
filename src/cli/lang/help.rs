//! The command line and its help pages, in the language of the terminal.

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches};

use super::{Catalogue, Lang, catalogue, given, speak};
use crate::cli::args::Arguments;

/// Parses the command line; what it cannot parse is said, with the exit status of that.
pub(in crate::cli) fn parse() -> Result<Arguments, ExitCode> {
    let line: Vec<OsString> = std::env::args_os().collect();
    speak(Lang::wanted(&line, |name| std::env::var(name).ok()));
    given::know(&line);
    let mut command = Arguments::command();
    if let Some(catalogue) = catalogue() {
        command = catalogue.command(command, "");
    }
    let parse = |command: &mut clap::Command, line: &[OsString]| {
        let matches = command.try_get_matches_from_mut(line);
        let parsed = matches.and_then(|mut found| Arguments::from_arg_matches_mut(&mut found));
        parsed.map_err(|error| error.format(command))
    };
    parse(&mut command, &line).map_err(|error| {
        // The parser repeats what it was given, and takes pieces out of it.
        let harmless = given::harmless(&line);
        let error = parse(&mut command, &harmless).err().unwrap_or(error);
        print(&error, catalogue());
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

impl Catalogue {
    /// A command with its help in Chinese: entries are `run`, `run.period`, and `run.after` for what
    /// stands below.
    pub(super) fn command(&self, command: clap::Command, above: &str) -> clap::Command {
        let name = key(above, command.get_name());
        let mut command = command.mut_args(|arg| {
            match self.entries.help.get(&argument_key(&name, arg.get_id().as_str())) {
                Some(chinese) => arg.help(chinese),
                None => arg,
            }
        });
        if let Some(about) = self.entries.help.get(&name) {
            command = command.about(about);
        }
        if let Some(below) = self.entries.help.get(&format!("{name}.after")) {
            command = command.after_help(below);
        }
        command.mut_subcommands(|command| self.command(command, &name))
    }

    /// A page of the parser with its fixed phrases in Chinese.
    pub(super) fn phrased(&self, page: &str) -> String {
        // The longest first: some phrases begin like others.
        let mut phrases: Vec<_> = self.entries.phrases.iter().collect();
        phrases.sort_by_key(|(english, _)| std::cmp::Reverse(english.len()));
        phrases
            .into_iter()
            .fold(page.to_owned(), |page, (english, chinese)| page.replace(english, chinese))
    }
}

/// Prints a help page, or what is wrong with the command line.
fn print(error: &clap::Error, catalogue: Option<&Catalogue>) {
    let page = error.render();
    let to_stderr = error.use_stderr();
    let terminal = if to_stderr { io::stderr().is_terminal() } else { io::stdout().is_terminal() };
    // What is wrong is found by its words in Chinese; styles would stand between them.
    let styled = terminal && !(to_stderr && catalogue.is_some());
    let page = if styled { page.ansi().to_string() } else { page.to_string() };
    let text = match catalogue {
        None => page,
        Some(catalogue) if to_stderr => catalogue.phrased(&catalogue.text(&page)),
        Some(catalogue) => catalogue.phrased(&page),
    };
    if to_stderr {
        _ = io::stderr().lock().write_all(text.as_bytes());
    } else {
        _ = io::stdout().lock().write_all(text.as_bytes());
    }
}

/// The entry of a command: the program's own is `liangqing`, `decisions import` is `decisions-import`.
pub(super) fn key(above: &str, name: &str) -> String {
    match above {
        "" | "liangqing" => name.to_owned(),
        above => format!("{above}-{name}"),
    }
}

/// The entry of an argument; `--lang` is one for all.
pub(super) fn argument_key(command: &str, argument: &str) -> String {
    match argument {
        // Those of `verify` are compared with, not closed with.
        "rules" if command == "verify" => format!("{command}.{argument}"),
        "lang" | "format" | "quiet" | "threads" | "rules" => format!("any.{argument}"),
        argument => format!("{command}.{argument}"),
    }
}
