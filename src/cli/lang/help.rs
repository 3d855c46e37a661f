//! Help in the chosen language.

use clap::{Arg, ArgAction, Command};

use super::{catalogue, catalogue::Catalogue};

/// A command with all that is below it, in the chosen language.
pub(in crate::cli) fn localised(command: Command) -> Command {
    match catalogue() {
        None => command,
        Some(catalogue) => {
            let version = Arg::new("version").short('V').long("version");
            let version = version.action(ArgAction::Version).help("显示版本").help_heading("选项");
            chinese(command, catalogue).disable_version_flag(true).arg(version)
        }
    }
}

fn chinese(command: Command, catalogue: &'static Catalogue) -> Command {
    let about = command.get_about().and_then(|text| catalogue.whole(&text.to_string()));
    let after = command.get_after_help().map(|text| paragraphs(&text.to_string(), catalogue));
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).help("显示帮助");
    let mut command = command
        .mut_args(|argument| {
            let heading = if argument.is_positional() { "参数" } else { "选项" };
            let help = argument.get_help().and_then(|text| catalogue.whole(&text.to_string()));
            let argument = argument.help_heading(heading);
            match help {
                Some(help) => argument.help(help),
                None => argument,
            }
        })
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .arg(help.help_heading("选项"))
        .subcommand_help_heading("命令")
        .help_template("{about}\n\n用法: {usage}\n\n{all-args}{after-help}")
        .mut_subcommands(|below| chinese(below, catalogue));
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(after) = after {
        command = command.after_help(after);
    }
    command
}

/// What stands below the arguments: paragraphs as a whole, examples line by line.
fn paragraphs(text: &str, catalogue: &Catalogue) -> String {
    let paragraph = |text: &str| catalogue.whole(text).unwrap_or_else(|| catalogue.text(text));
    text.split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n")
}
