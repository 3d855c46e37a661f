//! A page about a command in one language. Manual pages and `docs/cli` are made from it.

use clap::{Arg, Command};

use super::{
    help_text::{HelpPart, parts},
    lang::Help,
};

/// A page about a command.
#[derive(Debug)]
pub(super) struct CommandPage {
    /// The words of the command line: `liangqing decisions import`.
    pub(super) name: String,
    pub(super) about: String,
    /// The usage, without the name.
    pub(super) usage: String,
    pub(super) arguments: Vec<ArgumentEntry>,
    pub(super) options: Vec<ArgumentEntry>,
    /// The text below the options.
    pub(super) parts: Vec<HelpPart>,
    /// Pages about its subcommands.
    pub(super) below: Vec<CommandPage>,
}

/// An argument or an option.
#[derive(Debug)]
pub(super) struct ArgumentEntry {
    /// As help shows it: `-q, --quiet`, `--book <DIR>`, `[PIPELINE]`.
    pub(super) shown: String,
    pub(super) meaning: String,
    /// Possible values, each with its meaning, which may be empty.
    pub(super) values: Vec<(String, String)>,
    pub(super) default: Option<String>,
}

impl CommandPage {
    /// Returns the page about the program, with the pages about its commands in the order of help.
    pub(super) fn program(program: Command, help: Help) -> CommandPage {
        let mut program = program.disable_help_subcommand(true);
        program.build();
        CommandPage::new(&program, help)
    }

    fn new(command: &Command, help: Help) -> CommandPage {
        let name = command.get_bin_name().unwrap_or_else(|| command.get_name()).to_owned();
        let usage = command.clone().render_usage().to_string();
        let usage = usage.split_once(&name).map_or("", |(_, usage)| usage).trim();
        let entries = |positional: bool| {
            let shown = command.get_arguments().filter(|arg| !arg.is_hide_set());
            let kind = shown.filter(|arg| arg.is_positional() == positional);
            // Left out: every page would have them.
            let own = kind.filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()));
            own.map(|arg| ArgumentEntry::new(arg, help)).collect()
        };
        let mut commands: Vec<&Command> = command.get_subcommands().collect();
        commands.sort_by_key(|command| command.get_display_order());
        CommandPage {
            about: command.get_about().map(ToString::to_string).unwrap_or_default(),
            usage: help.phrased(usage),
            arguments: entries(true),
            options: entries(false),
            parts: parts(&command.get_after_help().map(ToString::to_string).unwrap_or_default()),
            below: commands.into_iter().map(|command| CommandPage::new(command, help)).collect(),
            name,
        }
    }
}

impl ArgumentEntry {
    fn new(arg: &Arg, help: Help) -> ArgumentEntry {
        let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
        let values = arg.get_possible_values();
        let values = values.iter().filter(|_| !arg.is_hide_possible_values_set());
        let values = values.map(|value| {
            let meaning = value.get_help().map(ToString::to_string).unwrap_or_default();
            (value.get_name().to_owned(), help.phrased(&meaning))
        });
        let defaults = arg.get_default_values().iter().filter(|_| arg.get_action().takes_values());
        let default: Vec<_> = defaults.map(|value| value.to_string_lossy()).collect();
        ArgumentEntry {
            shown: format!("{short}{arg}"),
            meaning: arg.get_help().map(ToString::to_string).unwrap_or_default(),
            values: values.collect(),
            default: (!default.is_empty()).then(|| default.join(" ")),
        }
    }

    /// Returns the default as help shows it: `[default: human]`.
    pub(super) fn default_note(&self, help: Help) -> Option<String> {
        self.default.as_ref().map(|default| help.phrased(&format!("[default: {default}]")))
    }
}
