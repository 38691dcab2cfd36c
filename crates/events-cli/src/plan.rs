//! `events plan`: a run on a view of the zones, and what it did there.

use std::cmp::Reverse;

use events_core::run::{PartitionReport, Zones};
use events_stores::{Access, PRICED_AS, RequestCounter, StoreName, ZoneUrls};
use tracing::info;

use crate::console::{self, Console};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::job::{self, RELEASE_MAX, Session};
use crate::options::OutputForm;
use crate::plan_file::{self, PLAN_VERSION, PlanFile, PlannedZones};
use crate::settings::PlanSettings;
use crate::units::{Bytes, Count, counted};
use crate::{exit, irregular, places, runtime, summary};

/// How many partitions are shown to people.
const PARTITIONS_SHOWN: usize = 10;

/// What the next command of a plan that was not saved calls it.
const SUGGESTED_FILE: &str = "plan.json";

pub(crate) fn command(settings: &PlanSettings, console: &Console) -> Result<u8> {
    let (plan, zones) = make(settings, console)?;
    let document = console::json(&plan);
    if let Some(out) = &settings.out {
        plan_file::save(out, &document)?;
    }
    console.print(&match console.output() {
        OutputForm::Human => render(&plan, &zones, settings),
        OutputForm::Json => document,
    })?;
    Ok(exit::DONE)
}

/// Carries the run out where nothing of it stays.
fn make(settings: &PlanSettings, console: &Console) -> Result<(PlanFile, Zones)> {
    let job = &settings.job;
    job.zones.require_landing()?;
    let scratch = job::make_scratch(job)?;
    let opening = places::opening(Access::Look);
    let opening = if job.single_writer { opening.alone() } else { opening };
    let counter = RequestCounter::default();
    let zones = job.zones.view(&opening, scratch.path(), &counter)?;
    let writers = job::writers_there(job);
    let session = Session::of_view(job, (zones, counter), writers, scratch)?;
    let (distributor, start) = (&session.distributor, &job.start);
    let runtime = runtime::start()?;
    irregular::warn_of_pending(&job.zones.landing);
    let made = runtime.block_on(async {
        let _watch = session.watch(console)?;
        let lease = job::lease(job, &session, writers).await?;
        let report = distributor.run(start).await;
        if let Some(lease) = lease {
            lease.release(RELEASE_MAX).await;
        }
        let (report, requests) = (report?, session.counter.requests());
        let (outcome, expected) = distributor.outcome(&report).await?;
        Ok::<_, Error>((report, requests, outcome, expected))
    });
    runtime::shut_down(runtime);
    let (report, requests, outcome, expected) = made?;
    info!(run = %start.run, base = expected.base, inputs = expected.inputs.len(), requests = requests.total(), "planned");
    let plan = PlanFile {
        plan: PLAN_VERSION,
        run: start.run.clone(),
        date: start.date,
        zones: PlannedZones::of(&job.zones)?,
        expected,
        report,
        outcome,
        requests,
        dollars: requests.dollars(),
        asked: Some(opening.counter.requests()).filter(|asked| asked.total() > 0),
    };
    Ok((plan, session.zones))
}

/// A plan for people.
fn render(plan: &PlanFile, zones: &Zones, settings: &PlanSettings) -> String {
    let report = &plan.report;
    let pending = places::pending(&zones.landing);
    let refused = places::refused(&pending, &report.refused);
    let recovered: Vec<_> = report.recovered.iter().map(u64::to_string).collect();
    let text = match recovered.as_slice() {
        [] => String::new(),
        commits => format!("would first finish what earlier runs have left of commit {}\n", commits.join(" and ")),
    };
    if report.inputs.is_empty() {
        return format!("{text}nothing pending in `{pending}`\n{refused}");
    }
    let mut grid = Grid::default();
    summary::counts(&mut grid, report, zones);
    written(&mut grid, plan, &places::table(&zones.trusted));
    grid.line("requests", Count(plan.requests.total()), plan.requests.to_string());
    grid.note(cost(plan.dollars, &settings.job.zones));
    if let Some(asked) = plan.asked {
        grid.line("asked for this", Count(asked.total()), asked.to_string());
    }
    let commit = plan.expected.base + 1;
    let gap = if refused.is_empty() { "" } else { "\n" };
    format!(
        "{text}run {} would make commit {commit} of the table\n\n{}\n{}\n{refused}{gap}{}\n",
        plan.run,
        grid.render(),
        largest(&report.partitions),
        next(settings),
    )
}

/// What would be where readers see it.
fn written(grid: &mut Grid, plan: &PlanFile, table: &str) {
    let outcome = &plan.outcome;
    let (new, again) = (outcome.files_new, outcome.files_rewritten);
    grid.line("partitions", Count(plan.report.partitions.len() as u64), format!("in `{table}`"));
    grid.line("files", Count(new.objects + again.objects), Bytes(new.bytes + again.bytes).to_string());
    grid.line("  new", Count(new.objects), Bytes(new.bytes).to_string());
    grid.line("  rewritten", Count(again.objects), Bytes(again.bytes).to_string());
    grid.line("index", Count(outcome.index.objects), Bytes(outcome.index.bytes).to_string());
    if outcome.quarantine.objects > 0 {
        grid.line("quarantine", Count(outcome.quarantine.objects), Bytes(outcome.quarantine.bytes).to_string());
    }
}

/// The partitions that would get most rows.
fn largest(partitions: &[PartitionReport]) -> String {
    let mut partitions: Vec<_> = partitions.iter().collect();
    partitions.sort_by_key(|partition| Reverse(partition.rows));
    let mut grid = Grid::default();
    grid.line("most rows go to", "", "");
    for partition in partitions.iter().take(PARTITIONS_SHOWN) {
        let note = format!("{} in {}", Bytes(partition.bytes), counted(partition.files, "file"));
        grid.line(format!("  {}", partition.path), Count(partition.rows), note);
    }
    if let Some(more) = partitions.len().checked_sub(PARTITIONS_SHOWN).filter(|more| *more > 0) {
        grid.line(format!("  + {} more", Count(more as u64)), "", "");
    }
    grid.render()
}

/// What the requests cost. A folder is paid for by nobody, but tells somebody who is about to move what to expect.
fn cost(dollars: f64, zones: &ZoneUrls) -> String {
    let decimals = if dollars < 1.0 { 4 } else { 2 };
    let all_there =
        [&zones.landing, &zones.stage, &zones.trusted].iter().all(|zone| matches!(zone.store, StoreName::Bucket(_)));
    let there = if all_there { "" } else { ", were all of them sent there" };
    format!("about ${dollars:.decimals$} of requests on {PRICED_AS}{there}")
}

/// How to go on.
fn next(settings: &PlanSettings) -> String {
    match &settings.out {
        Some(out) => format!(
            "The zones are as they were. This does exactly this, or nothing:\n  events run --plan {}",
            typed(&out.to_string_lossy())
        ),
        None => format!(
            "The zones are as they were. With --out {SUGGESTED_FILE}, this then does exactly this, or nothing:\n  events run --plan {SUGGESTED_FILE}"
        ),
    }
}

/// An argument as a shell takes it.
fn typed(argument: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+=:,@%".contains(character);
    if argument.chars().all(is_plain) { argument.to_owned() } else { format!("'{}'", argument.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn zones(trusted: &str) -> ZoneUrls {
        let url = |text| events_stores::ZoneUrl::parse(text).unwrap();
        ZoneUrls { landing: url("s3://a/landing"), stage: url("s3://a/stage"), trusted: url(trusted) }
    }

    #[test]
    fn says_what_requests_cost_and_where() {
        let there = cost(0.001_234, &zones("s3://b/trusted"));
        assert_eq!(there, "about $0.0012 of requests on S3 Standard (us-east-1)");
        let elsewhere = cost(12.345, &zones("trusted"));
        assert_eq!(elsewhere, "about $12.35 of requests on S3 Standard (us-east-1), were all of them sent there");
    }

    #[test]
    fn shows_the_ten_partitions_that_get_most_rows() {
        let partition = |number: u64| -> PartitionReport {
            let told = json!({ "path": format!("p{number:02}"), "rows": number, "bytes": 7, "files": 1 });
            serde_json::from_value(told).unwrap()
        };
        let text = largest(&(1..=12).map(partition).collect::<Vec<_>>());
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            (lines[1], lines[10], lines[11]),
            ("  p12            12  7 B in 1 file", "  p03             3  7 B in 1 file", "  + 2 more")
        );
        assert!(!largest(&[partition(1)]).contains("more\n"));
    }

    #[test]
    fn writes_arguments_that_can_be_typed() {
        assert_eq!(typed("a/plan-1.json"), "a/plan-1.json");
        assert_eq!(typed("my plan's"), r"'my plan'\''s'");
    }
}
