//! `events completions` and `events man`: what shells and `man` make of it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::lake::{Finished, Lake};

/// A program that must take a file without a word. Without it, says so.
fn accepts(program: &str, arguments: &[&str], file: &Path) {
    match Command::new(program).args(arguments).arg(file).stdin(Stdio::null()).output() {
        Ok(output) => {
            let finished = Finished {
                code: output.status.code().unwrap_or(-1),
                stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            };
            assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{program} {}", file.display());
        }
        Err(error) => println!("skipped: {program}: {error}"),
    }
}

#[test]
fn prints_a_script_for_each_shell() {
    let lake = Lake::nowhere();
    for (shell, check) in
        [("bash", &["-n"][..]), ("zsh", &["-n"]), ("fish", &["-n"]), ("elvish", &["-compileonly"]), ("powershell", &[])]
    {
        let finished = lake.events(&format!("completions {shell}"));
        assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{finished:?}");
        for text in ["quarantine", "doctor", "fold-below", "read-only"] {
            assert!(finished.stdout.contains(text), "{shell}: {text}");
        }
        lake.write("script", &finished.stdout);
        if shell == "powershell" {
            println!("skipped: powershell has no way to only read a script");
        } else {
            accepts(shell, check, &lake.path("script"));
        }
    }
    lake.events("completions tcsh").fails(2, &["tcsh", "bash", "powershell"]);
    lake.events("completions").fails(2, &["<SHELL>"]);
}

#[test]
fn bash_completes_commands_and_options() {
    let lake = Lake::nowhere();
    lake.write("script", &lake.events("completions bash").stdout);
    let complete = |words: &str, last: usize| {
        let line = format!(
            "source ./script; COMP_WORDS=({words}); COMP_CWORD={last}; _events events \"${{COMP_WORDS[{last}]}}\" x; \
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let output = Command::new("bash").args(["--norc", "-c", &line]).current_dir(lake.path("")).output();
        output.map(|output| String::from_utf8(output.stdout).unwrap())
    };
    let Ok(commands) = complete("events do", 1) else {
        println!("skipped: there is no bash");
        return;
    };
    assert_eq!(commands.trim(), "doctor");
    assert_eq!(complete("events run --fold", 2).unwrap().trim(), "--fold-below");
    assert!(complete("events quarantine ''", 2).unwrap().contains("retry"));
}

#[test]
fn reads_no_settings_for_a_shell() {
    let lake = Lake::nowhere();
    lake.write("events.toml", "nonsense = ");
    for arguments in ["completions bash", "man", "man --out pages"] {
        let mut command = lake.command(arguments);
        assert_eq!(Finished::of(command.env("EVENTS_OUTPUT", "nonsense")).code, 0, "{arguments}");
    }
    // Their options are no settings.
    lake.write("events.toml", "out = 'pages'\n");
    lake.events("run --root lake").fails(2, &["key `out` of `events.toml`", "unknown"]);
}

#[test]
fn writes_pages_that_man_takes() {
    let lake = Lake::nowhere();
    let finished = lake.events("man --out deep/pages");
    assert_eq!(finished.code, 0, "{finished:?}");
    let pages: Vec<_> = fs::read_dir(lake.path("deep/pages")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(finished.stdout.starts_with(&format!("{} pages in ", pages.len())), "{finished:?}");
    for name in ["events.1", "events-run.1", "events-quarantine-retry.1", "events-doctor.1", "events-man.1"] {
        assert!(pages.contains(&lake.path("deep/pages").join(name)), "{name} is not in {pages:?}");
    }
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        assert!(text.contains(".SH NAME") && text.contains(".TH "), "{}: {text}", page.display());
        accepts("groff", &["-man", "-Tutf8", "-ww", "-z"], page);
        // A page without a date, which would change with each build, is worth a warning to it.
        accepts("mandoc", &["-T", "lint", "-W", "error"], page);
    }
    let page = lake.events("man");
    assert_eq!(page.code, 0);
    assert_eq!(page.stdout, fs::read_to_string(lake.path("deep/pages/events.1")).unwrap());
    lake.write("file", "");
    lake.events("man --out file/pages").fails(4, &["creating folder `file/pages`"]);
}

#[test]
fn shows_where_to_begin_and_every_command() {
    let lake = Lake::nowhere();
    let help = lake.events("--help").stdout;
    for text in
        ["Start here:", "events demo ", "First steps:", "Damaged records:", "Options of all commands:", "Exit codes:"]
    {
        assert!(help.contains(text), "{text}: {help}");
    }
    for command in ["run", "quarantine", "doctor", "completions", "man", "work"] {
        let lines = help.lines().filter(|line| line.starts_with(&format!("  {command} ")));
        assert_eq!(lines.count(), 1, "{command}: {help}");
    }
    assert!(help.contains("\n  events demo ") && help.lines().all(|line| line.chars().count() <= 110), "{help}");
    assert_eq!(lake.events("help").stdout, help);
    assert_eq!(lake.events("-V").stdout, lake.events("--version").stdout);
    let nothing = lake.events("");
    assert!(nothing.code == 2 && nothing.stderr.contains("Start here:"), "{nothing:?}");
}
