//! All objects, on several threads.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use super::config::{Compression, GenerateConfig};
use super::error::GenerateError;
use super::event::EventSource;
use super::expected::Expected;
use super::lane::{Lane, lane_count};
use super::tally::Tally;

/// What a thread tells while it works.
enum Message {
    /// That many more bytes are written.
    Written(u64),
    /// A lane is done.
    Finished(Box<Tally>),
    /// A lane cannot go on.
    Failed(GenerateError),
}

/// Writes the objects of a configuration into `folder`, and gives the exact counts that they hold.
///
/// The folder is created when missing; what else lies in it is neither touched nor counted.
/// `progress` is called on this thread, with the bytes written so far, before compression.
/// Equal configurations give equal bytes, whatever the machine and its number of cores.
/// Memory does not grow with the size of the output: a few megabytes a core, and more for tens of thousands of days.
///
/// # Errors
///
/// - [`GenerateError::Config`] for a setting out of its bounds.
/// - [`GenerateError::Exists`] when an object of the same name is there; nothing is written then.
/// - [`GenerateError::Io`] when the file system refuses; objects written by then stay.
pub fn generate(
    config: &GenerateConfig,
    folder: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Expected, GenerateError> {
    config.validate()?;
    fs::create_dir_all(folder).map_err(|source| GenerateError::Io {
        operation: "create folder",
        path: folder.to_owned(),
        source,
    })?;
    for object in 0..config.files {
        let path = object_path(config, folder, object);
        if path.symlink_metadata().is_ok() {
            return Err(GenerateError::Exists { path });
        }
    }

    let events = EventSource::new(config);
    let next_lane = AtomicUsize::new(0);
    let is_stopped = AtomicBool::new(false);
    let lanes = lane_count(config.files);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(lanes);
    let (sender, receiver) = channel();
    let mut tally = Tally::new(config.days);
    let mut failure = None;
    let mut written_bytes = 0;
    thread::scope(|scope| {
        for _ in 0..threads {
            let sender = sender.clone();
            let (events, next_lane, is_stopped) = (&events, &next_lane, &is_stopped);
            scope.spawn(move || {
                let take_lane = || next_lane.fetch_add(1, Ordering::Relaxed);
                let lanes = std::iter::repeat_with(take_lane).take_while(|&lane| lane < lanes);
                for lane in lanes {
                    run_lane(config, folder, events, lane, is_stopped, &sender);
                }
            });
        }
        // The loop below ends when the threads have dropped theirs.
        drop(sender);
        for message in receiver {
            match message {
                Message::Written(bytes) => {
                    written_bytes += bytes;
                    progress(written_bytes);
                }
                Message::Finished(lane_tally) => tally.add(&lane_tally),
                Message::Failed(error) => {
                    is_stopped.store(true, Ordering::Relaxed);
                    failure.get_or_insert(error);
                }
            }
        }
    });
    match failure {
        Some(error) => Err(error),
        None => Ok(tally.into_expected(config)),
    }
}

/// Writes the objects of a lane until another one has failed.
fn run_lane(
    config: &GenerateConfig,
    folder: &Path,
    events: &EventSource,
    lane: usize,
    is_stopped: &AtomicBool,
    sender: &Sender<Message>,
) {
    // The receiver outlives the threads, and a lost message could only be one about a run that is over.
    let send = |message| drop(sender.send(message));
    let mut worker = Lane::new(config, events, lane);
    for object in (lane..config.files).step_by(lane_count(config.files)) {
        if is_stopped.load(Ordering::Relaxed) {
            return;
        }
        let path = object_path(config, folder, object);
        let layout = config.layout.object_layout(object);
        let progress = &mut |bytes| send(Message::Written(bytes));
        if let Err(error) = worker.write_object(&path, layout, object_bytes(config, object), progress) {
            return send(Message::Failed(error));
        }
    }
    send(Message::Finished(Box::new(worker.into_tally())));
}

fn object_path(config: &GenerateConfig, folder: &Path, object: usize) -> PathBuf {
    let suffix = config.layout.object_layout(object).suffix();
    let compression_suffix = config.compression.map_or("", Compression::suffix);
    folder.join(format!("events-{object:05}{suffix}{compression_suffix}"))
}

/// The object's share of the bytes, the shares adding up to the whole.
fn object_bytes(config: &GenerateConfig, object: usize) -> u64 {
    let until = |objects: usize| (u128::from(config.bytes) * objects as u128 / config.files as u128) as u64;
    until(object + 1) - until(object)
}
