//! A look at inputs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use events_core::json::{Compression, Layout, RepairKind};
use events_core::run::{Census, Contents, InputContents, InputsReport, RejectSample, Writers, iso_time};
use serde::Serialize;

use super::bars::Bars;
use super::place::Inputs;
use super::sections::{self, visible};
use super::source::InputSource;
use super::tell_unread;
use crate::console::{Console, json};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::input::{Chunk, PIECE_BYTES};
use crate::options::OutputForm;
use crate::settings::InspectSettings;
use crate::summary::{by_count, listed, mends, repaired};
use crate::units::{Bytes, Count, counted};
use crate::visible::lines;

/// How many inputs are shown.
const INPUTS_SHOWN: usize = 20;
/// How many layouts stand in a line.
const NAMES_A_LINE: usize = 5;

/// Inputs for machines. See `docs/INSPECT.md`.
#[derive(Debug, Serialize)]
struct Document<'a> {
    inspected: &'static str,
    #[serde(flatten)]
    report: &'a InputsReport,
    /// What could not be read.
    unread: &'a [String],
}

/// Prints what inputs hold. Gives whether some could not be read.
pub(super) fn look(mut inputs: Inputs, settings: &InspectSettings, console: &Console) -> Result<bool> {
    let mut census = Census::new(&settings.config, settings.sampling.clone());
    let mut buffer = vec![0; PIECE_BYTES];
    for source in &inputs.sources {
        if let Err(error) = read(source, settings, &mut census, &mut buffer) {
            inputs.unread.push(tell_unread(&error));
        }
    }
    let report = census.report(settings.today);
    console.print(&match console.output() {
        OutputForm::Human => render(&report),
        OutputForm::Json => json(&Document { inspected: "inputs", report: &report, unread: &inputs.unread }),
    })?;
    Ok(!inputs.unread.is_empty())
}

/// Reads an input to its end, or as far as it can be read.
fn read(source: &InputSource, settings: &InspectSettings, census: &mut Census, buffer: &mut [u8]) -> Result<()> {
    let mut input = source.open(settings.decompression)?;
    let mut counted = census.input(source.name());
    let ended = loop {
        match input.read(buffer) {
            Ok(Chunk::Bytes(length)) if input.offset() == length as u64 && buffer.starts_with(b"PAR1") => {
                let problem = "is Parquet and no input: look at the folder of its table".to_owned();
                return Err(Error::Place { place: source.name().into_owned(), problem });
            }
            Ok(Chunk::Bytes(length)) => counted.push(&buffer[..length]),
            Ok(Chunk::End) => break Ok(()),
            Ok(Chunk::Damaged(reason, problem)) => {
                counted.damaged(reason, &problem);
                break Ok(());
            }
            Err(error) => break Err(source.error(error)),
        }
    };
    // However it ended, what was read is told.
    counted.finish(input.compression(), input.stored_bytes());
    ended
}

fn render(report: &InputsReport) -> String {
    let bars = Bars::of_stdout();
    let mut text = totals(report).render();
    text.push_str(&inputs(&report.inputs));
    let kinds: Vec<_> = report.kinds.iter().map(|kind| (kind.kind.as_str(), kind.events)).collect();
    text.push_str(&sections::kinds(bars, "event", &kinds, report.other_kinds));
    text.push_str(&sections::days(bars, "event", &report.days, report.other_days));
    let rejects: String = report.rejects.iter().map(reject).collect();
    if !rejects.is_empty() {
        // Writing to a string does not fail.
        let _ = write!(text, "\nrejects, the first for each reason\n{rejects}");
    }
    let fields: Vec<_> = report
        .kinds
        .iter()
        .map(|kind| sections::KindFields {
            kind: &kind.kind,
            sampled: kind.sampled,
            total: kind.events,
            is_cut: kind.fields_cut,
            fields: &kind.fields,
        })
        .collect();
    text.push_str(&sections::fields("event", &fields));
    text.push_str(&sections::warnings("event", &report.warnings, Writers::default()));
    text
}

fn totals(report: &InputsReport) -> Grid {
    let (totals, mut grid) = (&report.totals, Grid::default());
    let compressed: Vec<_> = [(Compression::Gzip, "gzip"), (Compression::Zstd, "zstd")]
        .into_iter()
        .map(|(of, name)| (report.inputs.iter().filter(|input| input.compression == Some(of)).count() as u64, name))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!(", {} {name}", Count(count)))
        .collect();
    let same = totals.text_bytes == totals.bytes;
    let grown = if same { String::new() } else { format!(", {} of text", Bytes(totals.text_bytes)) };
    let note = format!("{}{grown}{}", Bytes(totals.bytes), compressed.concat());
    grid.line("inputs", Count(report.inputs.len() as u64), note);
    let mut layouts: BTreeMap<String, u64> = BTreeMap::new();
    for input in &report.inputs {
        *layouts.entry(layout(&input.contents)).or_default() += 1;
    }
    let layouts = by_count(&layouts, Clone::clone);
    for (number, layouts) in layouts.chunks(NAMES_A_LINE).enumerate() {
        grid.line(if number == 0 { "  layouts" } else { "" }, "", layouts.join(", "));
    }
    grid.line("records", Count(totals.records), format!("read at level {}", report.level));
    grid.line("  events", Count(totals.events), ids(report));
    let rejects = by_count(&totals.rejects, |&reason| reason);
    listed(&mut grid, "  rejects", totals.rejects_total(), &rejects);
    let repairs = totals.repairs.iter().map(|(kind, count)| (*kind, *count));
    let (within, between): (BTreeMap<_, _>, BTreeMap<_, _>) = repairs.partition(|(kind, _)| mends(*kind));
    repaired(&mut grid, totals.repaired, &within);
    if !between.is_empty() {
        listed(&mut grid, "separators", between.values().sum(), &by_count(&between, |&kind| kind));
    }
    if let Some(span) = totals.span {
        grid.line("time", "", format!("{} to {}", iso_time(span.first), iso_time(span.last)));
    }
    grid
}

/// What is known of ids.
fn ids(report: &InputsReport) -> String {
    let ids = &report.ids;
    match (ids.repeated, if ids.is_exact { "" } else { "about " }) {
        (0, _) => String::new(),
        (repeated, about) => {
            let known = counted(ids.count, "different id");
            format!("{about}{known}, {about}{} of them more than once", Count(repeated))
        }
    }
}

/// How the records of an input lie.
fn layout(contents: &Contents) -> String {
    let mut layouts: Vec<_> = contents.layouts.iter().collect();
    layouts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let names: Vec<_> = layouts.into_iter().map(|(layout, _)| layout_name(*layout)).collect();
    let text = match names.as_slice() {
        [] if contents.records == 0 => "no records".to_owned(),
        // Where nothing could be read, nobody knows how it is laid out.
        [] => "nothing but rejects".to_owned(),
        [name] => (*name).to_owned(),
        names => format!("mixed {}", names.join(" + ")),
    };
    let has = |kind| contents.repairs.contains_key(&kind);
    let utf16 = if has(RepairKind::Utf16Transcoded) { "UTF-16 " } else { "" };
    let pretty = if contents.multi_line * 2 > contents.events { "pretty-printed " } else { "" };
    let mark = if has(RepairKind::ByteOrderMark) { " with BOM" } else { "" };
    format!("{utf16}{pretty}{text}{mark}")
}

fn layout_name(layout: Layout) -> &'static str {
    match layout {
        Layout::Single => "one record",
        Layout::Lines => "lines",
        Layout::Concatenated => "concatenated",
        Layout::Array => "array",
        Layout::TextSequence => "RFC 7464",
        _ => "another",
    }
}

/// A line for each input, when there are several.
fn inputs(inputs: &[InputContents]) -> String {
    if inputs.len() < 2 {
        return String::new();
    }
    let mut grid = Grid::default();
    for InputContents { name, compression, contents } in inputs.iter().take(INPUTS_SHOWN) {
        let compression = match compression {
            Some(Compression::Gzip) => "gzip, ",
            Some(Compression::Zstd) => "zstd, ",
            None => "",
        };
        let rejects = match contents.rejects_total() {
            0 => String::new(),
            rejects => format!(", {}", counted(rejects, "reject")),
        };
        let note = format!("{compression}{}: {}{rejects}", layout(contents), counted(contents.events, "event"));
        grid.line(format!("  {}", visible(name)), Bytes(contents.bytes), note);
    }
    let more = match inputs.len().saturating_sub(INPUTS_SHOWN) {
        0 => String::new(),
        more => format!("  and {} more\n", Count(more as u64)),
    };
    format!("\n{}{more}", grid.render())
}

fn reject(sample: &RejectSample) -> String {
    let RejectSample { reason, detail, source, offset, length, excerpt } = sample;
    let mut text =
        format!("  {reason}: `{}` at byte {offset}, {}: {}\n", visible(source), Bytes(*length), visible(detail));
    let excerpt = excerpt.as_deref().unwrap_or_default();
    if !excerpt.is_empty() {
        text.extend(lines(excerpt.as_bytes()).map(|line| format!("    | {line}\n")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(layouts: &[(Layout, u64)], multi_line: u64, repairs: &[RepairKind]) -> Contents {
        Contents {
            events: 10,
            multi_line,
            layouts: layouts.iter().copied().collect(),
            repairs: repairs.iter().map(|kind| (*kind, 1)).collect(),
            ..Contents::default()
        }
    }

    #[test]
    fn says_how_records_lie() {
        assert_eq!(layout(&contents(&[], 0, &[])), "no records");
        assert_eq!(layout(&contents(&[(Layout::Array, 10)], 6, &[])), "pretty-printed array");
        let marked = contents(&[(Layout::Lines, 3), (Layout::Array, 7)], 5, &[RepairKind::ByteOrderMark]);
        assert_eq!(layout(&marked), "mixed array + lines with BOM");
    }
}
