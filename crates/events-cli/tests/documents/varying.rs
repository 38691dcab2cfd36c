//! What may differ between two runs of a session. Everything else of what it prints has to be the same.
//!
//! | what | such as |
//! |---|---|
//! | the name of a run | `20261124T175413Z-3370ecc6` |
//! | the day of a run, and when it committed | `date=2026-11-24`, `2026-11-24 17:54:13` |
//! | how long something took, and how many bytes or rows a second that is | `12 ms`, `2 min 05 s`, `39.7 MB/s` |
//! | lines that tell nothing else, of which there are more when the machine is slower | `parse  12 ms  39.7 MB/s of text` |
//! | how many spaces, or lines of a frame, stand in a row, as these make room for the others | |

use std::sync::LazyLock;

use regex::Regex;

/// What varies, and what stands for it.
static VARYING: LazyLock<[(Regex, &str); 7]> = LazyLock::new(|| {
    let rule = |pattern: &str, stands_for| (Regex::new(pattern).unwrap(), stands_for);
    [
        rule(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}", "<run>"),
        rule(r"date=[0-9]{4}-[0-9]{2}-[0-9]{2}", "date=<day>"),
        // Times of rows, which have an offset or a `T`, are no times of runs.
        rule(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}([^+.]|$)", "<moment>$1"),
        rule(r"[0-9.,]+ ([kMGT]?B|rows)/s", "<speed>"),
        rule(r"\b([0-9]+ h [0-9]{2} min|[0-9]+ min [0-9]{2} s|[0-9]+(\.[0-9]+)? (ms|s))\b", "<time>"),
        rule(r" +", " "),
        rule("─+", "─"),
    ]
});

/// A line about time alone.
static TIMES: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^ ?[a-z ]+ <time>( <speed>( of [A-Za-z]+)?)?$").unwrap());

/// Lines as they are compared.
pub(crate) fn settled<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let settled = lines.into_iter().map(|line| {
        let mut line = line.trim_end().to_owned();
        for (pattern, stands_for) in &*VARYING {
            line = pattern.replace_all(&line, *stands_for).into_owned();
        }
        line
    });
    let mut lines: Vec<_> = settled.filter(|line| !TIMES.is_match(line)).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// Holds the rules against what they are for, and against what they must leave alone.
pub(crate) fn check() -> Vec<String> {
    let same = [
        ("run 20261124T175413Z-3370ecc6, commit 1", "run 20270101T000000Z-00000000, commit 1"),
        (
            "in `lake/date=2026-11-24/run=20261124T175413Z-3370ecc6`",
            "in `lake/date=2027-01-01/run=20270101T000000Z-00000000`",
        ),
        ("  files  17  471 kB", "  files 17  471 kB"),
        ("  2  2026-11-24 17:54:13  run", "  2  2027-01-01 00:00:00  run"),
        ("waited 12 ms", "waited 2 min 05 s"),
        ("┌─────┐", "┌──┐"),
    ];
    let other = [
        ("  rows  5,311", "  rows  5,312"),
        ("  files  17  471 kB", "  files  17  472 kB"),
        ("2021-01-14T10:18:57Z", "2021-01-14T10:18:58Z"),
        ("│ 2021-01-14 10:18:57+00 │", "│ 2021-01-14 10:18:58+00 │"),
        ("a year=2021/month=1", "a year=2021/month=2"),
    ];
    let settle = |line: &str| settled([line]);
    let mut problems: Vec<_> = same
        .into_iter()
        .filter(|(one, two)| settle(one) != settle(two))
        .map(|(one, two)| format!("`{one}` and `{two}` should be the same to a transcript"))
        .collect();
    let alike = other.into_iter().filter(|(one, two)| settle(one) == settle(two));
    problems.extend(alike.map(|(one, two)| format!("`{one}` and `{two}` should differ to a transcript")));
    if !settled(["parse  12 ms  39.7 MB/s of text", "total   14 ms"]).is_empty() {
        problems.push("lines about time alone should be nothing to a transcript".to_owned());
    }
    problems
}
