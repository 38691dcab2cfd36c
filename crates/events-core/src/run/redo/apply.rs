//! Carrying out an entry of the log.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;

use bytes::Bytes;
use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt};

use super::publish::{Publish, publish_object, publish_part, staged};
use super::{erase, inputs};
use crate::error::Result;
use crate::run::barrier::Barrier;
use crate::run::context::Context;
use crate::run::control::{Digest, LogEntry, Publication, Step, Table, Taken, is_done, mark_done};
use crate::run::grace::Grace;
use crate::run::report::Phase;
use crate::run::writers::Writers;
use crate::run::zone::Zones;

/// The bytes of objects that are published at once through the memory of this process, when it may have more: two of the
/// largest files, or many small ones.
const PUBLISHED_BYTES_MAX: usize = 128 << 20;

/// Carries out an entry to its end. `ended` is called after each part.
///
/// Somebody else may do the same at the same time; when that was faster, nothing is left to do here.
pub(crate) async fn apply(context: &Context, entry: &LogEntry, mut ended: impl FnMut(Phase)) -> Result<()> {
    match carry_out(context, entry, &mut ended).await {
        Ok(()) => Ok(()),
        // What is missing here may have been done, and gone on from, by others.
        Err(_) if is_done(&context.zones.trusted, entry.sequence).await.unwrap_or(false) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn carry_out(context: &Context, entry: &LogEntry, ended: &mut impl FnMut(Phase)) -> Result<()> {
    // What is done from here on stands only in the entry.
    Barrier::pass(context.barrier.as_ref())?;
    let unseen = publish(context, &entry.publish, Some(entry.sequence)).await?;
    // Their rows are in other files by now.
    if unseen && !entry.removed.is_empty() {
        Grace::pass(context.grace.as_ref()).await;
    }
    for removed in &entry.removed {
        erase::erase_object(&context.zones.trusted, &removed.path()).await?;
    }
    ended(Phase::Publish);
    move_inputs(context, &entry.inputs, entry.date).await?;
    ended(Phase::Move);
    context.progress.enter(Phase::Erase);
    // Without the stage, and with the marker, nobody does any of this again.
    Barrier::pass(context.barrier.as_ref())?;
    for run in &entry.stages {
        erase::erase_stage(&context.zones.stage, run).await?;
    }
    mark_done(&context.zones.trusted, entry.sequence).await?;
    ended(Phase::Erase);
    Ok(())
}

/// Carries out what others have committed and left.
pub(crate) async fn recover(context: &Context, table: &mut Table) -> Result<()> {
    for entry in std::mem::take(&mut table.unfinished) {
        apply(context, &entry, |_| {}).await?;
    }
    table.note(&context.zones.trusted).await?;
    context.progress.enter(Phase::Plan);
    Ok(())
}

/// Puts staged objects where readers see them, step by step. `commit` says whose they are, unless they are a parse's.
///
/// Whether rows have come to files of the table that a reader under way may not see: its grace is due before any leave
/// another file.
pub(crate) async fn publish(context: &Context, publications: &[Publication], commit: Option<u64>) -> Result<bool> {
    context.progress.enter(Phase::Publish);
    let progress = &context.progress;
    progress.files_expected.store(publications.len() as u64, Ordering::Relaxed);
    let later = later(publications);
    let at_once = AtOnce::of(context, publications);
    let mut unseen = false;
    for step in Step::ALL {
        let of_step: Vec<_> = publications.iter().filter(|publication| publication.step == step).collect();
        if unseen && of_step.iter().any(|publication| publication.takes_rows()) {
            Grace::pass(context.grace.as_ref()).await;
            unseen = false;
        }
        unseen |= of_step.iter().any(|publication| publication.brings_rows());
        let publish = |publication: &Publication, pack: Option<Pack>| {
            let (zones, writers, publication) = (context.zones.clone(), context.writers, publication.clone());
            let later = later.get(&publication.path).map_or(&[][..], |later| later);
            let later: Vec<_> = later.iter().filter(|(later, _)| *later > step).map(|(_, digest)| *digest).collect();
            async move {
                let publish = Publish { zones: &zones, writers, publication: &publication, commit, later: &later };
                match pack {
                    None => publish_object(publish).await?,
                    Some(Pack(object)) => publish_part(publish, object.as_ref()).await?,
                }
                progress.files_published.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        };
        let (alone, packed): (Vec<_>, Vec<_>) =
            of_step.into_iter().partition(|publication| publication.stage.offset.is_none());
        // All of them at first: with the closure inside, the compiler does not see that the future of a run is `Send`.
        let (small, large): (Vec<_>, Vec<_>) =
            alone.into_iter().partition(|publication| publication.bytes <= at_once.bytes);
        for (alone, at_once) in [(small, context.requests()), (large, at_once.large)] {
            let alone: Vec<_> = alone.into_iter().map(|publication| publish(publication, None)).collect();
            futures::stream::iter(alone).buffer_unordered(at_once).try_collect::<()>().await?;
        }
        let mut packs: BTreeMap<&str, Vec<&Publication>> = BTreeMap::new();
        for publication in packed {
            packs.entry(&publication.stage.object).or_default().push(publication);
        }
        for (pack, packed) in packs {
            let pack = Pack(staged(&context.zones.stage, pack).await?);
            let parts: Vec<_> =
                packed.into_iter().map(|publication| publish(publication, Some(pack.clone()))).collect();
            futures::stream::iter(parts).buffer_unordered(context.requests()).try_collect::<()>().await?;
        }
    }
    Ok(unseen)
}

/// An object of the stage of which several are published; `None` when it is gone.
#[derive(Clone)]
struct Pack(Option<Bytes>);

/// By path: what is put there in the place of something, and when.
fn later(publications: &[Publication]) -> HashMap<String, Vec<(Step, Digest)>> {
    let mut later: HashMap<_, Vec<_>> = HashMap::new();
    for publication in publications.iter().filter(|publication| publication.replaces.is_some()) {
        let digest = publication.digest.map(|digest| (publication.step, digest));
        later.entry(publication.path.clone()).or_default().extend(digest);
    }
    later
}

/// Moves inputs to where they stay.
pub(super) async fn move_inputs(context: &Context, inputs: &[Taken], date: NaiveDate) -> Result<()> {
    context.progress.enter(Phase::Move);
    let landing = &context.zones.landing;
    let moves = inputs.iter().map(|input| inputs::move_input(landing, context.writers, input, date));
    // As above.
    let moves: Vec<_> = moves.collect();
    futures::stream::iter(moves).buffer_unordered(context.requests()).try_collect().await
}

/// How many objects are published at once. A rename moves no bytes; what else is published is in memory meanwhile.
struct AtOnce {
    /// Objects of up to so many bytes are published as many at once as there may be requests.
    bytes: u64,
    /// How many larger ones are.
    large: usize,
}

impl AtOnce {
    fn of(context: &Context, publications: &[Publication]) -> Self {
        let Zones { landing, stage, trusted } = &context.zones;
        let requests = context.requests();
        if context.writers == Writers::Single && stage.shares_store(landing) && stage.shares_store(trusted) {
            return Self { bytes: u64::MAX, large: requests };
        }
        let bytes_max = context.config.memory_bytes.min(PUBLISHED_BYTES_MAX) as u64;
        let largest = publications.iter().map(|publication| publication.bytes).max().unwrap_or_default().max(1);
        Self { bytes: bytes_max / requests as u64, large: ((bytes_max / largest) as usize).clamp(1, requests) }
    }
}
