//! A stretch of work that depends on nothing but the configuration.

use std::path::Path;

use super::config::GenerateConfig;
use super::damage::{Damage, STRAY_TEXT, event_type_length};
use super::error::GenerateError;
use super::event::{EventSource, Version};
use super::layout::{Framing, ObjectLayout};
use super::random::Random;
use super::redelivery::{Candidate, RedeliveryPool};
use super::tally::Tally;
use super::writer::ObjectWriter;

/// Fewer objects than this in a lane, and redeliveries would rarely meet another object.
const LANE_OBJECTS_MIN: usize = 4;
/// The most that can be written at once; a part of the output's definition, not of the machine.
const LANES_MAX: usize = 8;
/// Text gathered before it goes to the writer: large enough that a write costs nothing beside it.
const BLOCK_BYTES: usize = 256 * 1024;
/// How often the version written first is the newer.
const NEWER_FIRST_SHARE: f64 = 0.25;

/// Writes every n-th object, one after the other, where n is the number of lanes.
///
/// Lanes share nothing: each has its own events (every n-th index), its own choices and its own redeliveries.
/// The output is therefore the same however many threads carry the lanes.
pub(crate) struct Lane<'a> {
    config: &'a GenerateConfig,
    events: &'a EventSource,
    /// Choices about the order of records; those within an event are the event's own.
    random: Random,
    next_index: u64,
    index_step: u64,
    redeliveries: RedeliveryPool,
    tally: Tally,
    /// How the piece before is damaged.
    damage_before: Option<Damage>,
    /// The compact text of the record at hand, kept for its memory.
    record: Vec<u8>,
    /// The same in the spelling of its layout.
    rendered: Vec<u8>,
}

/// The number of lanes for that many objects.
pub(crate) fn lane_count(files: usize) -> usize {
    (files / LANE_OBJECTS_MIN).clamp(1, LANES_MAX)
}

impl<'a> Lane<'a> {
    /// The lane of that number, below [`lane_count`].
    pub(crate) fn new(config: &'a GenerateConfig, events: &'a EventSource, lane: usize) -> Self {
        Self {
            config,
            events,
            // Counted from the end, where no event has its stream.
            random: Random::stream(config.seed, u64::MAX - lane as u64),
            next_index: lane as u64,
            index_step: lane_count(config.files) as u64,
            redeliveries: RedeliveryPool::default(),
            tally: Tally::new(config.days),
            damage_before: None,
            record: Vec::new(),
            rendered: Vec::new(),
        }
    }

    /// Writes one object, and tells the bytes of each block, before compression.
    pub(crate) fn write_object(
        &mut self,
        path: &Path,
        layout: ObjectLayout,
        bytes_min: u64,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), GenerateError> {
        let mut writer = ObjectWriter::create(path, self.config.compression)?;
        let mut block = Vec::with_capacity(BLOCK_BYTES * 2);
        let mut written_bytes = 0;
        if layout.has_byte_order_mark {
            block.extend_from_slice("\u{feff}".as_bytes());
        }
        self.damage_before = None;
        let forms = layout.forms.len() as u64;
        for (form, stretch) in layout.forms.iter().zip(1..) {
            let end = bytes_min * stretch / forms;
            let mut framing = Framing::new(*form, layout.line_end);
            framing.begin(&mut block);
            while written_bytes + (block.len() as u64) < end {
                self.push_next(&mut framing, &mut block);
                if block.len() >= BLOCK_BYTES {
                    writer.write(&block)?;
                    written_bytes += block.len() as u64;
                    progress(block.len() as u64);
                    block.clear();
                }
            }
            // The bracket of an array, or one behind it, would be taken for the record's own.
            if stretch < forms && self.is_open() {
                self.push_new(&mut framing, &mut block);
            }
            framing.end(&mut block);
        }
        writer.write(&block)?;
        progress(block.len() as u64);
        self.tally.bytes += written_bytes + block.len() as u64;
        self.tally.stored_bytes += writer.finish()?;
        Ok(())
    }

    /// The counts of all objects of the lane.
    pub(crate) fn into_tally(self) -> Tally {
        self.tally
    }

    /// Appends a damaged record, a redelivery or a new event.
    fn push_next(&mut self, framing: &mut Framing, block: &mut Vec<u8>) {
        if self.random.chance(self.config.damage) {
            return self.push_damaged(framing, block);
        }
        let candidate =
            if self.random.chance(self.config.duplicates) { self.redeliveries.take(&mut self.random) } else { None };
        match candidate {
            Some(candidate) => self.push_redelivery(candidate, framing, block),
            None => self.push_new(framing, block),
        }
    }

    fn push_new(&mut self, framing: &mut Framing, block: &mut Vec<u8>) {
        let index = self.take_index();
        let event = self.events.event(index);
        let is_newer_first = self.config.duplicates > 0.0
            && self.random.chance(NEWER_FIRST_SHARE)
            && self.events.is_within_days(&event, Version::Newer);
        let version = if is_newer_first { Version::Newer } else { Version::Older };
        self.tally.count_first(&self.events.facts(&event, version));
        self.redeliveries.offer(Candidate { index, version }, &mut self.random);
        self.record.clear();
        self.events.push_record(&event, version, &mut self.record);
        self.frame_record(None, framing, block);
    }

    fn push_redelivery(&mut self, first: Candidate, framing: &mut Framing, block: &mut Vec<u8>) {
        let event = self.events.event(first.index);
        let version = if self.random.chance(0.5) { first.version } else { first.version.other() };
        if version == first.version {
            self.tally.count_exact();
        } else {
            let facts = |version| self.events.facts(&event, version);
            self.tally.count_version(&facts(first.version), &facts(version));
        }
        self.record.clear();
        self.events.push_record(&event, version, &mut self.record);
        self.frame_record(None, framing, block);
    }

    fn push_damaged(&mut self, framing: &mut Framing, block: &mut Vec<u8>) {
        let damage = self.take_damage();
        if damage == Damage::StrayText {
            self.damage_before = Some(damage);
            self.tally.count_damaged(damage);
            return framing.push_stray(STRAY_TEXT, block);
        }
        // An event of its own, which no other record shares.
        let event = self.events.event(self.take_index());
        if damage.has_one_reading() {
            self.tally.count_repaired(damage, &self.events.facts(&event, Version::Older));
        } else {
            self.tally.count_damaged(damage);
        }
        self.record.clear();
        self.events.push_record(&event, Version::Older, &mut self.record);
        self.frame_record(Some(damage), framing, block);
    }

    /// Any kind of damage that leaves no doubt what becomes of the record and of its neighbours: behind a record without an
    /// end, one that is none before it is mended, or text, may be taken for a part of it; and two texts are one.
    fn take_damage(&mut self) -> Damage {
        loop {
            let damage = Damage::ALL[self.random.below(Damage::ALL.len() as u64) as usize];
            let is_apart = match self.damage_before {
                Some(Damage::StrayText) => damage != Damage::StrayText,
                _ => !self.is_open() || damage.keeps_syntax(),
            };
            if is_apart {
                return damage;
            }
        }
    }

    fn is_open(&self) -> bool {
        self.damage_before.is_some_and(Damage::has_no_end)
    }

    /// Appends the record at hand in the spelling of its layout, damaged if asked for.
    fn frame_record(&mut self, damage: Option<Damage>, framing: &mut Framing, block: &mut Vec<u8>) {
        self.damage_before = damage;
        if let Some(damage) = damage {
            damage.break_contract(&mut self.record, &mut self.random);
        }
        self.rendered.clear();
        framing.render(&self.record, &mut self.rendered);
        if let Some(damage) = damage {
            damage.break_syntax(&mut self.rendered, &mut self.random);
            if damage.is_guessable(event_type_length(&self.rendered)) {
                self.tally.count_guessable(damage);
            }
        }
        framing.push_record(&self.rendered, block);
    }

    fn take_index(&mut self) -> u64 {
        let index = self.next_index;
        self.next_index += self.index_step;
        index
    }
}
