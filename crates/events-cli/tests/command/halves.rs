//! `parse` and `distribute`.

use events_cli::generate::GenerateConfig;

use crate::lake::{Lake, small};

#[test]
fn makes_the_same_files_in_two_halves_as_in_one_run() {
    let config = GenerateConfig { damage: 0.05, ..small() };
    let (whole, _) = Lake::with(&config);
    let run = whole.report("run --root lake --date 2026-01-31 --run-id same", 3);

    let (halves, _) = Lake::with(&config);
    let parse = halves.report("parse --root lake --date 2026-01-31 --run-id same", 3);
    assert!(halves.trusted().is_empty());
    assert_eq!((parse.totals.events, parse.totals.rows), (run.totals.events, 0));
    let distribute = halves.report("distribute --root lake --date 2026-01-31", 3);

    assert_eq!(distribute.totals, run.totals);
    assert_eq!(halves.files("lake/trusted/events"), whole.files("lake/trusted/events"));
    assert_eq!(halves.files("lake/landing"), whole.files("lake/landing"));
    assert!(halves.files("lake/stage").is_empty());
}

#[test]
fn says_in_words_what_each_half_did() {
    let (lake, _) = Lake::with(&small());
    let parse = lake.events("parse --root lake");
    assert!(parse.stdout.contains("`lake/stage`") && !parse.stdout.contains("rows"), "{parse:?}");
    let distribute = lake.events("distribute --root lake");
    assert!(
        distribute.stdout.contains("rows") && distribute.stdout.contains("`lake/trusted/events`"),
        "{distribute:?}"
    );
}
