//! `completions`: a script for each shell, which knows every command.

use crate::world::{Ran, program};

#[test]
fn a_script_knows_the_commands_and_their_options() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran: Ran = program().args(["completions", shell]).output().expect("started").into();
        let script = ran.expect(0).stdout;
        for word in ["run", "decisions", "import", "verify", "man", "opening-quotas"] {
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
    let ran: Ran = program().args(["completions", "csh"]).output().expect("started").into();
    ran.expect(2);
}
