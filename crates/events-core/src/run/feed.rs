//! Inputs become tasks: pieces that threads can parse apart.
//!
//! An input is read in ranges, in order, a few ahead. Each range is cut where a record probably begins; what lies before
//! the first such place belongs to the record that the range before it left open. A task never knows whether it was cut
//! right: [`super::parse`] finds out.

use std::io::{self, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::context::Context;
use super::plan::{Input, Plan};
use super::poison::Poison;
use super::profile::spend;
use super::ranges::{RangeReader, Ranges};
use super::remote::Remote;
use super::report::Part;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::Reason;
use crate::json::split::{boundaries, first_key};
use crate::json::{Compression, Utf16, Utf16Reader, decoder};

/// A part of an input, cut where records probably begin and end.
pub(crate) struct Task {
    /// The number of the input in the plan.
    pub(crate) input: usize,
    /// The number of the task in the input, from 0.
    pub(crate) sequence: u64,
    /// Where the first piece begins in the decompressed input.
    pub(crate) offset: u64,
    /// At least one, one behind the other.
    pub(crate) pieces: Vec<Bytes>,
    /// The input ends here.
    pub(crate) last: bool,
    /// The input begins here, and was UTF-16.
    pub(crate) transcoded: bool,
    /// The input ends here because its compression is damaged or goes beyond a limit.
    pub(crate) damage: Option<(Reason, String)>,
}

/// All inputs of a plan, for many threads.
pub(crate) struct Feed {
    context: Arc<Context>,
    plan: Arc<Plan>,
    /// By input: of its bytes as stored, once all are read.
    digests: Vec<Arc<OnceLock<u128>>>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The next input to open.
    next: usize,
    /// Open inputs that no thread is reading.
    idle: Vec<Source>,
    /// Threads that are reading an open input.
    busy: usize,
}

/// How often a thread that waits for others looks whether the run is to stop.
pub(crate) const LOOK_AROUND: Duration = Duration::from_millis(20);

impl Feed {
    pub(crate) fn new(context: Arc<Context>, plan: Arc<Plan>) -> Self {
        let digests = plan.inputs.iter().map(|_| Arc::default()).collect();
        Self { context, plan, digests, state: Mutex::default(), changed: Condvar::new() }
    }

    /// The digest of an input's bytes as stored; `None` when not all were read, or nobody needs it.
    pub(crate) fn digest(&self, input: usize) -> Option<u128> {
        self.digests[input].get().copied()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next task; `None` when there is none left. Inputs are opened in their order, one a thread.
    pub(crate) fn next(&self, remote: &Remote) -> Result<Option<Task>> {
        let _reading = spend(Part::Read);
        let mut state = self.lock();
        let mut source = loop {
            self.context.stop.check()?;
            if let Some(source) = state.idle.pop() {
                break source;
            }
            if let Some(input) = self.plan.inputs.get(state.next) {
                state.next += 1;
                let number = state.next - 1;
                break Source::new(&self.context, number, input, &self.digests[number], remote);
            }
            if state.busy == 0 {
                return Ok(None);
            }
            let _waiting = spend(Part::Wait);
            state = self.changed.wait_timeout(state, LOOK_AROUND).unwrap_or_else(PoisonError::into_inner).0;
        };
        state.busy += 1;
        drop(state);
        let input = &self.plan.inputs[source.input];
        let task = self.context.poison.guard(input, || source.next());
        let mut state = self.lock();
        state.busy -= 1;
        if task.as_ref().is_ok_and(|task| !task.last) {
            state.idle.push(source);
        }
        drop(state);
        self.changed.notify_all();
        task.map(Some)
    }
}

/// An input that is being read.
struct Source {
    input: usize,
    sequence: u64,
    reading: Reading,
    chunk_bytes: usize,
    record_bytes_max: usize,
    /// It was UTF-16, and no task has told of it yet.
    transcoded: bool,
    decompressed: u64,
    decompressed_max: u64,
    /// What was read and is in no task yet.
    carry: Vec<u8>,
    /// Where the carry begins.
    offset: u64,
    first_key: Option<Vec<u8>>,
}

enum Reading {
    /// Nothing was read yet, so whether it is compressed is unknown.
    Unopened(Box<Ranges>),
    Plain(Box<Ranges>),
    Compressed(Box<dyn Read + Send>),
    /// It is not read, because an earlier attempt has panicked of it.
    Poison,
    /// Only between two states.
    Nothing,
}

enum Chunk {
    Bytes(Bytes),
    End,
    Damaged(Reason, String),
}

impl Source {
    fn new(
        context: &Arc<Context>,
        number: usize,
        input: &Input,
        digest: &Arc<OnceLock<u128>>,
        remote: &Remote,
    ) -> Self {
        Self {
            input: number,
            sequence: 0,
            reading: if context.poison.has(input) {
                Reading::Poison
            } else {
                Reading::Unopened(Box::new(Ranges::new(context, input, digest, remote)))
            },
            chunk_bytes: context.chunk_bytes(),
            record_bytes_max: context.config.record_bytes_max,
            transcoded: false,
            decompressed: 0,
            decompressed_max: context.config.decompressed_bytes_max.min(
                input.bytes.saturating_mul(context.config.decompression_ratio_max).max(Config::DECOMPRESSED_BYTES_FREE),
            ),
            carry: Vec::new(),
            offset: 0,
            first_key: None,
        }
    }

    fn next(&mut self) -> Result<Task> {
        loop {
            let chunk = match self.chunk()? {
                Chunk::End => return Ok(self.task(Vec::new(), true, None)),
                Chunk::Damaged(reason, detail) => return Ok(self.task(Vec::new(), true, Some((reason, detail)))),
                Chunk::Bytes(chunk) => chunk,
            };
            let key = self.first_key.get_or_insert_with(|| first_key(&chunk).to_vec());
            if let Reading::Plain(ranges) = &self.reading
                && ranges.at_end()
            {
                return Ok(self.task(vec![chunk], true, None));
            }
            if let Some((first, last)) = boundaries(&chunk, key) {
                self.carry.extend_from_slice(&chunk[..first]);
                let task = self.task(vec![chunk.slice(first..last)], false, None);
                self.carry.extend_from_slice(&chunk[last..]);
                return Ok(task);
            }
            self.carry.extend_from_slice(&chunk);
            // No record is longer: wherever the carry is cut, the parser puts it together again.
            if self.carry.len() > self.record_bytes_max {
                return Ok(self.task(Vec::new(), false, None));
            }
        }
    }

    /// A task of the carry and what follows it.
    fn task(&mut self, mut pieces: Vec<Bytes>, last: bool, damage: Option<(Reason, String)>) -> Task {
        if !self.carry.is_empty() || pieces.is_empty() {
            pieces.insert(0, Bytes::from(std::mem::take(&mut self.carry)));
        }
        let (offset, sequence) = (self.offset, self.sequence);
        self.offset += pieces.iter().map(|piece| piece.len() as u64).sum::<u64>();
        self.sequence += 1;
        let transcoded = std::mem::take(&mut self.transcoded);
        Task { input: self.input, sequence, offset, pieces, last, transcoded, damage }
    }

    fn chunk(&mut self) -> Result<Chunk> {
        self.open()?;
        match &mut self.reading {
            Reading::Plain(ranges) => Ok(ranges.next()?.map_or(Chunk::End, Chunk::Bytes)),
            Reading::Compressed(reader) => {
                if self.decompressed >= self.decompressed_max {
                    // One byte more is too many; an input that ends here is not.
                    return match reader.take(1).read(&mut [0]) {
                        Ok(0) => Ok(Chunk::End),
                        _ => Ok(Chunk::Damaged(
                            Reason::DecompressionLimit,
                            format!("the compressed input grows beyond {} bytes", self.decompressed_max),
                        )),
                    };
                }
                let wanted = (self.chunk_bytes as u64).min(self.decompressed_max - self.decompressed);
                let mut chunk = Vec::with_capacity(wanted as usize);
                let read = reader.take(wanted).read_to_end(&mut chunk);
                self.decompressed += chunk.len() as u64;
                match read {
                    Ok(0) => Ok(Chunk::End),
                    Ok(_) => Ok(Chunk::Bytes(chunk.into())),
                    // What came out before the damage is good; the next call comes here again.
                    Err(error) if !chunk.is_empty() => {
                        self.reading = Reading::Compressed(Box::new(Broken(Some(error))));
                        Ok(Chunk::Bytes(chunk.into()))
                    }
                    Err(error) => match error.downcast::<Error>() {
                        Ok(error) => Err(error),
                        Err(error) => {
                            let detail = format!("the compressed input is damaged: {error}");
                            Ok(Chunk::Damaged(Reason::DamagedCompression, detail))
                        }
                    },
                }
            }
            Reading::Poison => Ok(Chunk::Damaged(Reason::Poison, Poison::DETAIL.to_owned())),
            Reading::Unopened(_) | Reading::Nothing => Ok(Chunk::End),
        }
    }

    /// Looks at the first bytes, once.
    fn open(&mut self) -> Result<()> {
        if !matches!(self.reading, Reading::Unopened(_)) {
            return Ok(());
        }
        if let Reading::Unopened(mut ranges) = std::mem::replace(&mut self.reading, Reading::Nothing) {
            let first = ranges.next()?.unwrap_or_default();
            self.reading = match Compression::detect(&first) {
                None if let Some(order) = Utf16::detect(&first) => {
                    self.transcoded = true;
                    Reading::Compressed(Box::new(Utf16Reader::new(order, RangeReader { ranges, current: first })))
                }
                None => {
                    ranges.put_back(first);
                    Reading::Plain(ranges)
                }
                Some(compression) => {
                    let reader = RangeReader { ranges, current: first };
                    let reader = decoder(compression, reader).unwrap_or_else(|error| Box::new(Broken(Some(error))));
                    Reading::Compressed(self.transcode(reader))
                }
            };
        }
        Ok(())
    }
}

impl Source {
    /// A decompressed input as UTF-8, whatever it was.
    fn transcode(&mut self, mut reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        let mut first = Vec::with_capacity(Utf16::MAGIC_BYTES);
        let read = reader.by_ref().take(Utf16::MAGIC_BYTES as u64).read_to_end(&mut first);
        let order = Utf16::detect(&first);
        // An error comes behind the bytes that came before it.
        let rest = io::Cursor::new(first).chain(Broken(read.err())).chain(reader);
        match order {
            Some(order) => {
                self.transcoded = true;
                Box::new(Utf16Reader::new(order, BufReader::new(rest)))
            }
            None => Box::new(rest),
        }
    }
}

/// A reader that failed.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
