//! `events trace`: where the rows of events come from.

use std::fmt::Write;
use std::path::PathBuf;

use chrono::{DateTime, SecondsFormat, Utc};
use events_core::event::EventId;
use events_core::run::{Distributor, Fate, Trace, TracedCommit, TracedRecord, TracedReject, TracedRow, Zones};
use events_stores::Access;
use serde::Serialize;

use crate::console::Console;
use crate::error::Result;
use crate::options::OutputForm;
use crate::settings::TraceSettings;
use crate::units::{Count, counted};
use crate::visible::Visible;
use crate::{console, exit, names, places, runtime};

/// What people are shown of the bytes of a record.
const BYTES_SHOWN: usize = 4096;

/// The traces for machines.
#[derive(Serialize)]
struct Document<'a> {
    events: &'a [Trace],
}

/// Traces events, and touches nothing.
pub(crate) fn command(settings: &TraceSettings, console: &Console) -> Result<u8> {
    let zones = places::open(&settings.zones, &places::opening(Access::Look))?;
    // Nothing is so large that it would go to a scratch file.
    let distributor = Distributor::new(zones.clone(), PathBuf::new(), settings.config.clone())?;
    let ids: Vec<_> = settings.ids.iter().map(|id| EventId::new(id.into())).collect();
    let runtime = runtime::start()?;
    let traces = runtime.block_on(distributor.trace(&ids, settings.dates));
    runtime::shut_down(runtime);
    let traces = traces?;
    console.print(&match console.output() {
        OutputForm::Human => traces.iter().map(|trace| render(&zones, trace)).collect::<Vec<_>>().join("\n"),
        OutputForm::Json => console::json(&Document { events: &traces }),
    })?;
    Ok(if traces.iter().all(is_known) { exit::DONE } else { exit::NOT_FOUND })
}

/// Whether anything was found.
fn is_known(Trace { rows, records, rejects, left_out, .. }: &Trace) -> bool {
    !(rows.is_empty() && records.is_empty() && rejects.is_empty() && *left_out == 0)
}

fn render(zones: &Zones, trace: &Trace) -> String {
    let mut text = format!("event {}\n", Visible(trace.event_id.as_bytes()));
    if !is_known(trace) {
        return text + "  nothing is known of it: no row, and no record in the inputs that were searched\n";
    }
    let Trace { rows, records, rejects, left_out, .. } = trace;
    if rows.is_empty() {
        text += "\n  the table has no row of it\n";
    }
    text.extend(rows.iter().map(|row| self::row(zones, row)));
    text.extend(records.iter().map(|record| self::record(zones, record)));
    text.extend(rejects.iter().map(|reject| self::reject(zones, reject)));
    if *left_out > 0 {
        let more = "records and rejects more, which are not kept; --date names days to search";
        text.extend(["\n  and ", &Count(*left_out).to_string(), " ", more, "\n"]);
    }
    text
}

fn row(zones: &Zones, row: &TracedRow) -> String {
    let TracedRow { file, timestamp, domain, event_type, data, extra, repairs, .. } = row;
    let mut text = format!("\n  row in `{}/{file}`\n", zones.trusted.url());
    let mut line = |name: &str, value: &str| {
        // Writing to a text does not fail.
        let _ = writeln!(text, "    {name:11} {}", shown(value));
    };
    line("timestamp", &time(*timestamp));
    line("domain", domain);
    line("event_type", event_type);
    line("data", data.as_deref().unwrap_or("null"));
    if let Some(extra) = extra {
        line("extra", extra);
    }
    if !repairs.is_empty() {
        line("repairs", &joined(repairs));
    }
    text
}

fn record(zones: &Zones, record: &TracedRecord) -> String {
    let TracedRecord { object, offset, length, raw, timestamp, repairs, fate, commits, .. } = record;
    let repaired = if repairs.is_empty() { String::new() } else { format!(", mended: {}", joined(repairs)) };
    format!(
        "\n  {}: {}{repaired}\n    `{}/{}`, bytes {offset} to {}\n{}    | {}\n",
        names::fate(*fate),
        time(*timestamp),
        zones.landing.url(),
        Visible(object.as_bytes()),
        offset + length,
        taken_by(*fate, commits),
        shown(raw),
    )
}

fn taken_by(fate: Fate, commits: &[TracedCommit]) -> String {
    if commits.is_empty() && fate != Fate::Pending {
        return "    no commit is known that took it: it may still be in the stage, or the report of the run that took it is gone\n"
            .to_owned();
    }
    commits.iter().map(taken).collect()
}

fn taken(taken: &TracedCommit) -> String {
    format!("    taken by run {}, commit {}\n", taken.run, taken.commit)
}

fn reject(zones: &Zones, reject: &TracedReject) -> String {
    let TracedReject { object, source, offset, length, reason, detail, .. } = reject;
    format!(
        "\n  reject: {reason}, {}\n    of `{}`, bytes {offset} to {}\n    in `{}/{}`\n",
        Visible(detail.as_bytes()),
        Visible(source.as_bytes()),
        offset + length,
        zones.landing.url(),
        Visible(object.as_bytes()),
    )
}

fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn joined(names: &[impl ToString]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The beginning of a text, and how much there is more of it.
fn shown(text: &str) -> String {
    let end = (0..=text.len().min(BYTES_SHOWN)).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
    let more = text.len() - end;
    let rest = if more > 0 {
        format!("… and {} more, which --output json shows", counted(more as u64, "byte"))
    } else {
        String::new()
    };
    format!("{}{rest}", Visible(&text.as_bytes()[..end]))
}
