//! The figures as tables.

use super::corpus::Layout;
use super::damage::Damage;
use super::jobs::{self, Jobs};
use super::judge::Score;
use super::measure::{Ratio, Speed};
use super::peers::PeerRun;
use super::recovery::{LEVELS, Recovery};
use crate::grid::align;
use crate::spread::Spread;

/// What is recovered at each level.
pub(crate) fn recovery(recoveries: &[Recovery]) -> String {
    let headings = [
        "layout, level",
        "undamaged",
        "kept byte for byte",
        "damaged",
        "mended right",
        "of 18 kinds all right",
        "rejects",
        "parts taken for records",
        "guesses unmarked",
        "bytes unaccounted for",
    ];
    let line = |recovery: &Recovery| {
        let (undamaged, damaged) = (recovery.scores.undamaged, recovery.scores.damaged());
        [
            format!("{}, {}", recovery.layout, recovery.level),
            undamaged.all.to_string(),
            percent(undamaged),
            damaged.all.to_string(),
            percent(damaged),
            recovery.scores.kinds_right().to_string(),
            recovery.rejects.to_string(),
            recovery.parts.to_string(),
            recovery.unmarked.to_string(),
            recovery.unaccounted_bytes.to_string(),
        ]
    };
    table(headings, recoveries.iter().map(line))
}

/// The share that is mended right of each kind of damage.
pub(crate) fn kinds(recoveries: &[Recovery]) -> String {
    const COLUMNS: usize = 2 + Layout::ALL.len() * LEVELS.len();
    let judged = recoveries.iter().map(|recovery| format!("{}, {}", recovery.layout, recovery.level));
    let mut texts = ["damage".to_owned(), "records".to_owned()].into_iter().chain(judged);
    let headings: [String; COLUMNS] = std::array::from_fn(|_| texts.next().unwrap_or_default());
    let line = |damage: Damage| -> [String; COLUMNS] {
        let score = |recovery: &Recovery| recovery.scores.kinds[damage as usize];
        let all = recoveries.first().map_or(0, |recovery| score(recovery).all);
        let shares = recoveries.iter().map(|recovery| percent(score(recovery)));
        let mut cells = [damage.name().to_owned(), all.to_string()].into_iter().chain(shares);
        std::array::from_fn(|_| cells.next().unwrap_or_default())
    };
    align(&[headings].into_iter().chain(Damage::ALL.map(line)).collect::<Vec<_>>())
}

/// How many times as fast.
pub(crate) fn ratios<'a>(ratios: impl IntoIterator<Item = &'a Ratio>) -> String {
    let line = |ratio: &Ratio| {
        let [min, median, max] = three(ratio.times, 2);
        [ratio.what.to_owned(), ratio.input.to_owned(), min, median, max]
    };
    table(["speed of", "input", "min", "median", "max"], ratios.into_iter().map(line))
}

/// Megabytes a second, of the passes and of the whole runs.
pub(crate) fn speeds(speeds: &[Speed], jobs: Option<&Jobs>) -> String {
    let headings = [
        "what",
        "min MB/s",
        "median MB/s",
        "max MB/s",
        "CPU s",
        "RSS MiB",
        "command min MB/s",
        "command median MB/s",
        "command max MB/s",
    ];
    let line = |name: String, speed: Spread, cpu_ms: Option<Spread>, rss: Option<u64>, command: Option<Spread>| {
        let unknown = || "-".to_owned();
        let [min, median, max] = three(speed, 0);
        let command = command.map_or_else(|| std::array::from_fn(|_| unknown()), |command| three(command, 0));
        let [command_min, command_median, command_max] = command;
        let cpu = cpu_ms.map_or_else(unknown, |cpu| format!("{:.2}", cpu.median / 1e3));
        let rss = rss.map_or_else(unknown, |bytes| format!("{:.0}", bytes as f64 / f64::from(1 << 20)));
        [name, min, median, max, cpu, rss, command_min, command_median, command_max]
    };
    let mut lines = Vec::new();
    for speed in speeds {
        for figures in &speed.subjects {
            let name = format!("{}, {}, {}", speed.layout, figures.subject.condition.name(), figures.subject.level);
            lines.push(line(name, figures.mb_per_s, figures.cpu_ms, figures.rss_peak_bytes, figures.command_mb_per_s));
        }
        lines.push(line(format!("floor beside {}", speed.layout), speed.floor_mb_per_s, None, None, None));
    }
    if let Some(jobs) = jobs {
        for (index, name) in jobs::NAMES.into_iter().enumerate() {
            let name = format!("job, {name}");
            lines.push(line(name, jobs.mb_per_s[index], jobs.cpu_ms[index], jobs.rss_peak_bytes[index], None));
        }
    }
    table(headings, lines)
}

/// What peers do with the damaged files.
pub(crate) fn peers(runs: &[PeerRun]) -> String {
    let line = |run: &PeerRun| {
        let ended = if run.is_late { "too long" } else { "stops" };
        [
            run.peer.to_owned(),
            run.layout.name().to_owned(),
            run.serving.name().to_owned(),
            run.mb_per_s.map_or_else(|| ended.to_owned(), |speed| format!("{speed:.1}")),
            percent(run.scores.undamaged),
            percent(run.scores.damaged()),
        ]
    };
    table(["peer", "layout", "is given", "MB/s", "undamaged kept", "damaged right"], runs.iter().map(line))
}

fn table<const N: usize>(headings: [&str; N], lines: impl IntoIterator<Item = [String; N]>) -> String {
    align(&[headings.map(str::to_owned)].into_iter().chain(lines).collect::<Vec<_>>())
}

/// Never 100 % when one is missing.
fn percent(score: Score) -> String {
    if score.right == score.all {
        "100 %".to_owned()
    } else {
        format!("{:.2} %", (score.percent() * 1e2).floor() / 1e2)
    }
}

fn three(spread: Spread, decimals: usize) -> [String; 3] {
    [spread.min, spread.median, spread.max].map(|number| format!("{number:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_not_round_up_to_all() {
        assert_eq!(percent(Score { all: 100_000, right: 99_999 }), "99.99 %");
        assert_eq!(percent(Score { all: 3, right: 3 }), "100 %");
        assert_eq!(percent(Score { all: 3, right: 1 }), "33.33 %");
    }
}
