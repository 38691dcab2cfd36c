//! What to do about rejects, as a policy of one's own: alert, mend, put back, try again, and give up above a limit.
//!
//! A run ends well whatever is in its inputs: what is no event goes to the quarantine with its bytes, its place and the
//! reason, and somebody has to care. Here it is a program. A producer writes its times as `23.11.2026 10:18`, which the
//! library does not guess at, but whoever knows that producer can mend; text that is no record at all is told to a person;
//! and when too large a share of the records is left over, the pipeline fails.
//!
//! ```sh
//! cargo run -p events-core --example quarantine_policy
//! ```
#![expect(clippy::disallowed_macros, reason = "an example is a program: it prints")]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;

use events_core::Config;
use events_core::event::Reason;
use events_core::run::{Distributor, RejectFilter, RejectLine, Start, Zones};
use object_store::{ObjectStore, ObjectStoreExt, PutMode, UpdateVersion, memory::InMemory, path::Path};

const LAKE: &str = "lake";

/// What a reject asks for.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// These bytes say what the producer meant.
    Mend(Vec<u8>),
    /// A person has to look.
    Alert,
    /// It may stay where it is.
    Leave,
}

fn decide(line: &RejectLine<'_>) -> Decision {
    match line.reason {
        Reason::InvalidTimestamp => {
            line.bytes().and_then(|bytes| mended(&bytes)).map_or(Decision::Alert, Decision::Mend)
        }
        Reason::MissingField | Reason::WrongType => Decision::Leave,
        // New versions of the library may know reasons that this program does not: those too are for a person.
        _ => Decision::Alert,
    }
}

/// A record with its time as `2026-11-23T10:18:00Z` where it was `23.11.2026 10:18`, and otherwise as it came.
fn mended(record: &[u8]) -> Option<Vec<u8>> {
    let record: &str = std::str::from_utf8(record).ok()?;
    let value: serde_json::Value = serde_json::from_str(record).ok()?;
    let time = value.get("timestamp")?.as_str()?;
    let (date, minute) = time.split_once(' ')?;
    let mut parts = date.split('.');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let iso = format!("\"{year}-{month}-{day}T{minute}:00Z\"");
    // In its text and not in its value, which would spell numbers anew: what is not mended stays as it came.
    Some(record.replacen(&format!("\"{time}\""), &iso, 1).into_bytes())
}

/// What the policy did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Cared {
    alerts: Vec<String>,
    mended: usize,
}

/// Looks at every reject that a run has left, and puts those back mended that can be.
///
/// An object of the quarantine is replaced under the version that was read. Nothing is lost by that: the input itself is in
/// `processed` as it came, and `retry` keeps what it took in `retried`.
async fn care(
    store: &Arc<dyn ObjectStore>,
    distributor: &Distributor,
    filter: &RejectFilter,
) -> Result<Cared, Box<dyn Error>> {
    let mut cared = Cared::default();
    // By object: its version, and its lines as they are to be.
    let mut objects = BTreeMap::new();
    let mut broken = None;
    let look = distributor.rejects(filter, |object, line| {
        let (_, lines, changed) =
            objects.entry(object.key.clone()).or_insert_with(|| (object.e_tag.clone(), String::new(), false));
        let kept = match decide(line) {
            Decision::Mend(bytes) => {
                cared.mended += 1;
                *changed = true;
                serde_json::to_string(&RejectLine::new(&line.source, line.offset, &bytes, line.reason, &line.detail))
            }
            Decision::Alert => {
                cared
                    .alerts
                    .push(format!("`{}` at byte {}: {}: {}", line.source, line.offset, line.reason, line.detail));
                serde_json::to_string(line)
            }
            Decision::Leave => serde_json::to_string(line),
        };
        match kept {
            Ok(kept) => *lines += &(kept + "\n"),
            Err(error) => broken = Some(error),
        }
    });
    look.await?;
    broken.map_or(Ok(()), Err)?;
    for (key, (e_tag, lines, _)) in objects.into_iter().filter(|(_, (_, _, changed))| *changed) {
        let path = Path::parse(format!("{LAKE}/landing/quarantine/{key}"))?;
        let version = UpdateVersion { e_tag, version: None };
        store.put_opts(&path, lines.into(), PutMode::Update(version).into()).await?;
    }
    Ok(cared)
}

/// The pipeline: a run, the policy, a second try of what is mended, and a verdict.
///
/// # Errors
/// When more than `percent_max` of the records are left over, beside what a run or a store may fail of.
async fn pipeline(store: &Arc<dyn ObjectStore>, percent_max: u64) -> Result<Cared, Box<dyn Error>> {
    let zones = Zones::below(store, &Path::from(LAKE), "memory:///lake");
    let scratch = tempfile::tempdir()?;
    let distributor = Distributor::new(zones, scratch.path().to_owned(), Config::default())?;
    let start =
        |run: &str| -> Result<Start, Box<dyn Error>> { Ok(Start { run: run.parse()?, date: "2026-11-24".parse()? }) };
    let first = distributor.run(&start("first")?).await?.totals;
    println!("{} records, {} rejects: {:?}", first.records, first.rejects_total(), first.rejects);

    // The whole of each object, because its other lines are to be written again with those that are mended.
    let of_run = RejectFilter { run: Some("first".parse()?), ..RejectFilter::default() };
    let cared = care(store, &distributor, &of_run).await?;
    let times = RejectFilter { reasons: vec![Reason::InvalidTimestamp], ..of_run.clone() };
    let again = distributor.retry(&start("again")?, &times).await?.totals;
    println!("{} mended, of which {} became events", cared.mended, again.events);

    let mut left = 0;
    distributor.rejects(&of_run, |_, _| left += 1).await?;
    if left * 100 > percent_max * first.records {
        return Err(format!("{left} of {} records are rejects, and {percent_max} % may be", first.records).into());
    }
    Ok(cared)
}

/// Seven sound events, two with a producer's own times, a line of a log between them, and an object that is no event.
async fn fill(store: &Arc<dyn ObjectStore>) -> object_store::Result<()> {
    let event = |id: usize, time: &str| {
        format!(
            r#"{{"event_id":"{id}","timestamp":"{time}","domain":"card","event_type":"issued","data":{{"fee":1.10}}}}"#
        )
    };
    let sound: String = (0..7).map(|id| event(id, "2026-11-23T10:18:57Z")).collect();
    let (first, second) = (event(7, "23.11.2026 10:18"), event(8, "23.11.2026 10:19"));
    let partner = format!("{first}\nERROR upstream timeout\n{second}\n{{\"oops\":1}}");
    store.put(&Path::from(format!("{LAKE}/landing/pending/sound.json")), sound.into()).await?;
    store.put(&Path::from(format!("{LAKE}/landing/pending/partner.json")), partner.into()).await?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    futures::executor::block_on(async {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        fill(&store).await?;
        let cared = pipeline(&store, 20).await?;
        for alert in cared.alerts {
            println!("alert: {alert}");
        }
        Ok::<(), Box<dyn Error>>(())
    })
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn mends_what_it_knows_alerts_of_what_it_does_not_and_keeps_everything() -> Result<(), Box<dyn Error>> {
        block_on(async {
            let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
            fill(&store).await?;
            let cared = pipeline(&store, 20).await?;
            assert_eq!((cared.mended, cared.alerts.len()), (2, 1), "{cared:?}");
            assert!(cared.alerts[0].starts_with("`partner.json` at byte "), "{cared:?}");
            let objects: Vec<_> = store.list(None).map_ok(|object| object.location.to_string()).try_collect().await?;
            let has = |text: &str| objects.iter().any(|path| path.contains(text));
            assert!(has("/processed/date=2026-11-24/partner.json") && has("/retried/date=2026-11-24/"), "{objects:?}");
            Ok::<(), Box<dyn Error>>(())
        })
    }

    #[test]
    fn fails_when_too_many_are_left() -> Result<(), Box<dyn Error>> {
        block_on(async {
            let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
            fill(&store).await?;
            let error = pipeline(&store, 10).await.map(|_| ()).map_err(|error| error.to_string());
            assert_eq!(error, Err("2 of 11 records are rejects, and 10 % may be".to_owned()));
            Ok::<(), Box<dyn Error>>(())
        })
    }

    #[test]
    fn a_record_is_mended_in_its_time_alone() {
        let mended = mended(br#"{"timestamp":"23.11.2026 10:18","data":1.10}"#);
        assert_eq!(mended.as_deref(), Some(&br#"{"timestamp":"2026-11-23T10:18:00Z","data":1.10}"#[..]));
        assert_eq!(super::mended(br#"{"timestamp":"soon"}"#), None);
    }
}
