//! The groups in which help shows the commands, by the purpose of the reader.

use clap::Command;

use super::lang::Heading;

/// A group of commands with one purpose.
#[derive(Debug)]
pub(super) struct CommandGroup {
    pub(super) heading: Heading,
    /// Names of commands, in the order in which help shows them.
    pub(super) commands: &'static [&'static str],
}

/// All groups, in the order in which help shows them.
pub(super) const GROUPS: [CommandGroup; 5] = [
    CommandGroup {
        heading: Heading { key: "group.close", english: "Close a month" },
        commands: &["convert", "run", "check", "decisions", "review"],
    },
    CommandGroup {
        heading: Heading { key: "group.look", english: "Look at a book" },
        commands: &["status", "report", "explain", "query", "stress"],
    },
    CommandGroup {
        heading: Heading { key: "group.give", english: "Give to provinces" },
        commands: &["statements", "bulletin"],
    },
    CommandGroup {
        heading: Heading { key: "group.prove", english: "Prove" },
        commands: &["verify", "diff"],
    },
    CommandGroup {
        heading: Heading { key: "group.set-up", english: "Set up" },
        commands: &["init", "rules", "keygen", "synth", "cluster", "completions", "man"],
    },
];

/// The names of all commands, in the order in which help shows them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().flat_map(|group| group.commands).copied()
}

/// Shows the commands in groups on the help page. Clap has no headings for commands, so the list is rendered first and
/// the headings are inserted into it.
pub(super) fn grouped(program: Command, heading: impl Fn(Heading) -> &'static str) -> Command {
    let program = program.mut_subcommands(|command| {
        let place = names().position(|name| name == command.get_name());
        // Clap's own `help` has 999.
        command.display_order(place.unwrap_or(998))
    });
    let list = program.clone().help_template("{subcommands}").render_help();
    let mut list = list.ansi().to_string();
    let (header, name) = (program.get_styles().get_header(), program.get_styles().get_literal());
    for group in &GROUPS {
        let first = format!("  {name}{}{name:#}", group.commands[0]);
        let below = format!("\n{header}{}:{header:#}\n{first}", heading(group.heading));
        list = list.replacen(&first, &below, 1);
    }
    let template = format!(
        "{{before-help}}{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{list}\n\n\
         {header}Options:{header:#}\n{{options}}{{after-help}}"
    );
    program.help_template(template)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::command::Arguments;

    #[test]
    fn every_command_is_in_one_group() {
        let mut grouped: Vec<&str> = names().collect();
        grouped.sort_unstable();
        let program = Arguments::command();
        let mut commands: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
        commands.sort_unstable();
        assert_eq!(grouped, commands, "give it a place in GROUPS of src/cli/groups.rs");
    }

    #[test]
    fn help_shows_every_group_and_command_in_order() {
        for width in [30, 80, 200] {
            let program = Arguments::command().term_width(width);
            let page = grouped(program, |heading| heading.english).render_help().to_string();
            let mut rest = page.as_str();
            for group in &GROUPS {
                let heading = format!("\n\n{}:\n", group.heading.english);
                rest = rest.split_once(&heading).unwrap_or_else(|| panic!("{heading}{page}")).1;
                for name in group.commands {
                    let line = format!("  {name}");
                    assert!(
                        rest.starts_with(&line) || rest.contains(&format!("\n{line}")),
                        "{page}"
                    );
                }
            }
            assert!(rest.contains("\n  help") && rest.contains("\n\nOptions:\n"), "{page}");
        }
    }
}
