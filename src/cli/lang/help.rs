//! The command line and its help pages, in the language of the terminal.

use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::LazyLock,
};

use clap::FromArgMatches;

use super::{
    catalogue::{ChineseCatalogue, Lang, catalogue, said, speak},
    given, problem,
};
/// A heading of help: its key in the catalogue, and its English.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Heading {
    pub(in crate::cli) key: &'static str,
    pub(in crate::cli) english: &'static str,
}

/// Help in one language.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Help(Option<&'static ChineseCatalogue>);

impl Help {
    /// Returns help in the language of the terminal.
    pub(in crate::cli) fn spoken() -> Help {
        Help(catalogue())
    }

    /// Returns help in a given language.
    pub(in crate::cli) fn in_language(lang: Lang) -> Help {
        static CHINESE: LazyLock<ChineseCatalogue> = LazyLock::new(ChineseCatalogue::built_in);
        Help((lang == Lang::Zh).then(|| catalogue().unwrap_or(&CHINESE)))
    }

    pub(in crate::cli) fn is_chinese(self) -> bool {
        self.0.is_some()
    }

    /// Returns a program with its help in this language.
    pub(in crate::cli) fn translated(self, program: clap::Command) -> clap::Command {
        match self.0 {
            Some(catalogue) => catalogue.command(program, ""),
            None => program,
        }
    }

    pub(in crate::cli) fn heading(self, heading: Heading) -> &'static str {
        let chinese = self.0.and_then(|catalogue| catalogue.help.get(heading.key));
        chinese.map_or(heading.english, String::as_str)
    }

    /// Translates the fixed phrases in a text of the parser.
    pub(in crate::cli) fn phrased(self, text: &str) -> String {
        self.0.map_or_else(|| text.to_owned(), |catalogue| catalogue.phrased(text))
    }
}

/// Parses the command line of a program. Help comes from `program`. On an error it prints the problem and returns the
/// exit status.
#[expect(clippy::disallowed_methods, reason = "the command line is read here")]
pub(in crate::cli) fn parse<A: FromArgMatches>(
    program: impl Fn(Help) -> clap::Command,
) -> Result<A, ExitCode> {
    let line: Vec<OsString> = std::env::args_os().collect();
    speak(Lang::wanted(&line, |name| std::env::var(name).ok()));
    let mut command = program(Help::spoken());
    let parse = |command: &mut clap::Command, line: &[OsString]| {
        let matches = command.try_get_matches_from_mut(line);
        let parsed = matches.and_then(|mut found| A::from_arg_matches_mut(&mut found));
        parsed.map_err(|error| error.format(command))
    };
    parse(&mut command, &line).map_err(|error| {
        // The parser repeats arguments in its messages, whole or in part, so they are cleaned first.
        let harmless = given::harmless(&line);
        let error = parse(&mut command, &harmless).err().unwrap_or(error);
        print(&error, catalogue());
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
    })
}

impl ChineseCatalogue {
    /// Translates the help of a command. Keys are `run`, `run.period`, and `run.after` for the text below the options.
    pub(super) fn command(&self, command: clap::Command, above: &str) -> clap::Command {
        let name = key(above, command.get_name());
        let mut command = command.mut_args(|arg| {
            match self.help.get(&argument_key(&name, arg.get_id().as_str())) {
                Some(chinese) => arg.help(chinese),
                None => arg,
            }
        });
        if let Some(about) = self.help.get(&name) {
            command = command.about(about);
        }
        if let Some(below) = self.help.get(&format!("{name}.after")) {
            command = command.after_help(below);
        }
        command.mut_subcommands(|command| self.command(command, &name))
    }

    /// Translates the fixed phrases in a page of the parser.
    pub(super) fn phrased(&self, page: &str) -> String {
        // The longest phrase goes first, because some phrases are prefixes of others.
        let mut phrases: Vec<_> = self.phrases.iter().collect();
        phrases.sort_by_key(|(english, _)| std::cmp::Reverse(english.len()));
        phrases
            .into_iter()
            .fold(page.to_owned(), |page, (english, chinese)| page.replace(english, chinese))
    }
}

/// Prints a help page, or the problem with the command line.
fn print(error: &clap::Error, catalogue: Option<&ChineseCatalogue>) {
    let page = error.render();
    let to_stderr = error.use_stderr();
    let terminal = if to_stderr { io::stderr().is_terminal() } else { io::stdout().is_terminal() };
    let page = if terminal { page.ansi().to_string() } else { page.to_string() };
    let text = match catalogue {
        None => page,
        Some(catalogue) => match problem::describe(error) {
            Some(problem) => catalogue.phrased(&said(&problem)),
            None => catalogue.phrased(&page),
        },
    };
    if to_stderr {
        _ = io::stderr().lock().write_all(text.as_bytes());
    } else {
        _ = io::stdout().lock().write_all(text.as_bytes());
    }
}

/// Returns the key of a command: `liangqing` for the program, `decisions-import` for `decisions import`.
pub(super) fn key(above: &str, name: &str) -> String {
    match above {
        "" | "liangqing" => name.to_owned(),
        above => format!("{above}-{name}"),
    }
}

/// Returns the key of an argument. Common arguments like `--lang` share one.
pub(super) fn argument_key(command: &str, argument: &str) -> String {
    match argument {
        // `verify` compares with these rules and does not close with them, so it has its own text.
        "rules" if command == "verify" || command.starts_with("review") => {
            format!("{command}.{argument}")
        }
        "lang" | "format" | "quiet" | "threads" | "rules" => format!("any.{argument}"),
        argument => format!("{command}.{argument}"),
    }
}
