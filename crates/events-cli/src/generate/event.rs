//! An event as a pure function of the seed and its index.

use chrono::{Days, NaiveDate};

use super::config::GenerateConfig;
use super::data::push_data;
use super::kind::{Kind, TimestampForm};
use super::random::Random;
use super::text::{TextWriter, push_integer, push_uuid};

const SECONDS_A_DAY: u64 = 86_400;
/// The newer version of an event follows the older within two hours.
const NEWER_BY_SECONDS_MAX: u64 = 7200;
/// The offset of [`TimestampForm::Offset`]: east of UTC, so that local days never lie before the first.
const OFFSET_SECONDS: u64 = 19_800;

/// One of the two versions that an event can come in; they share all but the timestamp and `data.id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    Older,
    Newer,
}

impl Version {
    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Older => Self::Newer,
            Self::Newer => Self::Older,
        }
    }
}

/// What a record adds to the counts when it wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Position of its kind in [`Kind::ALL`].
    pub(crate) kind_index: usize,
    /// Days from the first day to the UTC day of its instant.
    pub(crate) day: usize,
    /// Microseconds from the Unix epoch, further digits dropped.
    pub(crate) timestamp_micros: i64,
    /// The unique `data.id`.
    pub(crate) data_id: u64,
}

/// The drawn parts of an event; its text is made from them on demand.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    index: u64,
    kind_index: usize,
    uuid: u128,
    /// Instant of the older version, in seconds from the start of the first day.
    seconds: u64,
    nanos: u64,
    newer_by_seconds: u64,
    is_newer_id_smaller: bool,
    /// The state from which `data` is drawn.
    random: Random,
}

/// Makes any event of a configuration from its index, in any order and as often as wanted.
///
/// That is what lets a redelivery repeat an event from any time ago in bounded memory.
pub(crate) struct EventSource {
    seed: u64,
    seconds: u64,
    start_micros: i64,
    /// `2021-01-14T` for each day and the one after the last: calendar arithmetic is slow to repeat.
    day_texts: Vec<String>,
    /// For each kind in use, the sum of the weights up to it.
    weight_sums: Vec<u64>,
}

impl EventSource {
    /// The events of that configuration.
    pub(crate) fn new(config: &GenerateConfig) -> Self {
        let day_text = |day| format!("{}T", config.start_date + Days::new(u64::from(day)));
        let sum_weights = |sum: &mut u64, kind: &Kind| {
            *sum += kind.weight();
            Some(*sum)
        };
        Self {
            seed: config.seed,
            seconds: u64::from(config.days) * SECONDS_A_DAY,
            start_micros: days_from_epoch(config.start_date) * (SECONDS_A_DAY * 1_000_000) as i64,
            day_texts: (0..=config.days).map(day_text).collect(),
            weight_sums: Kind::ALL.iter().take(config.kinds).scan(0, sum_weights).collect(),
        }
    }

    /// The event of that index.
    pub(crate) fn event(&self, index: u64) -> Event {
        let mut random = Random::stream(self.seed, index);
        // First, as only the first draws of two events are sure to differ.
        let uuid = uuid_v4(random.draw(), random.draw());
        let weights = self.weight_sums.last().copied().unwrap_or(1);
        let weight = random.below(weights);
        Event {
            index,
            kind_index: self.weight_sums.partition_point(|&sum| sum <= weight),
            uuid,
            seconds: random.below(self.seconds),
            nanos: random.below(1_000_000_000),
            newer_by_seconds: 1 + random.below(NEWER_BY_SECONDS_MAX),
            is_newer_id_smaller: random.chance(0.5),
            random,
        }
    }

    /// Whether the version lies within the days of the configuration; the older one always does.
    pub(crate) fn is_within_days(&self, event: &Event, version: Version) -> bool {
        event.seconds(version) < self.seconds
    }

    /// What the record counts for.
    pub(crate) fn facts(&self, event: &Event, version: Version) -> Facts {
        let seconds = event.seconds(version);
        let fraction_micros = match event.kind().timestamp_form() {
            TimestampForm::Fraction(digits) => event.fraction(digits.min(6)) * 10_u64.pow(6 - digits.min(6)),
            _ => 0,
        };
        Facts {
            kind_index: event.kind_index,
            day: (seconds / SECONDS_A_DAY) as usize,
            timestamp_micros: self.start_micros + (seconds * 1_000_000 + fraction_micros) as i64,
            data_id: event.data_id(version),
        }
    }

    /// Appends the record as compact JSON text.
    pub(crate) fn push_record(&self, event: &Event, version: Version, text: &mut Vec<u8>) {
        let kind = event.kind();
        let mut random = event.random.clone();
        text.push(b'{');
        // A view names its data first: field order is not part of the contract.
        let is_data_first = kind == Kind::PageView;
        if is_data_first {
            text.extend_from_slice(b"\"data\":");
            push_data(kind, event.data_id(version), &mut TextWriter::new(&mut random, text));
            text.push(b',');
        }
        text.extend_from_slice(b"\"event_id\":\"");
        push_uuid(event.uuid, text);
        text.extend_from_slice(b"\",\"timestamp\":\"");
        self.push_timestamp(event, version, text);
        let mut writer = TextWriter::new(&mut random, text);
        writer.raw(r#"","domain":""#).raw(kind.domain()).raw(r#"","event_type":""#).raw(kind.event_type()).raw("\"");
        if kind == Kind::DeviceTelemetry {
            // A field outside the contract, as producers add them.
            writer.raw(r#","source":{"gateway":"#).integer_below(100, 1).raw("}");
        }
        if !is_data_first {
            writer.raw(r#","data":"#);
            push_data(kind, event.data_id(version), &mut writer);
        }
        text.push(b'}');
    }

    fn push_timestamp(&self, event: &Event, version: Version, text: &mut Vec<u8>) {
        let form = event.kind().timestamp_form();
        let offset_seconds = if form == TimestampForm::Offset { OFFSET_SECONDS } else { 0 };
        let seconds = event.seconds(version) + offset_seconds;
        text.extend_from_slice(self.day_texts[(seconds / SECONDS_A_DAY) as usize].as_bytes());
        push_integer(seconds / 3600 % 24, 2, text);
        text.push(b':');
        push_integer(seconds / 60 % 60, 2, text);
        text.push(b':');
        push_integer(seconds % 60, 2, text);
        match form {
            TimestampForm::Local => {}
            TimestampForm::Utc => text.push(b'Z'),
            TimestampForm::Fraction(digits) => {
                text.push(b'.');
                push_integer(event.fraction(digits), digits as usize, text);
                text.push(b'Z');
            }
            TimestampForm::Offset => text.extend_from_slice(b"+05:30"),
        }
    }
}

impl Event {
    fn kind(&self) -> Kind {
        Kind::ALL[self.kind_index]
    }

    /// Seconds from the start of the first day.
    fn seconds(&self, version: Version) -> u64 {
        match version {
            Version::Older => self.seconds,
            Version::Newer => self.seconds + self.newer_by_seconds,
        }
    }

    /// The fraction of the second to that many digits, the rest dropped.
    fn fraction(&self, digits: u32) -> u64 {
        self.nanos / 10_u64.pow(9 - digits)
    }

    /// Two numbers an event, so all are unique.
    ///
    /// Which version has the greater one is a coin: a choice by `data.id` instead of the timestamp must show.
    fn data_id(&self, version: Version) -> u64 {
        2 * self.index + u64::from((version == Version::Newer) != self.is_newer_id_smaller)
    }
}

/// 122 random bits with the version and variant of RFC 9562.
fn uuid_v4(high: u64, low: u64) -> u128 {
    let bits = (u128::from(high) << 64) | u128::from(low);
    bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62)
}

fn days_from_epoch(date: NaiveDate) -> i64 {
    date.signed_duration_since(NaiveDate::default()).num_days()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_same_record_whenever_it_is_asked() {
        let source = EventSource::new(&GenerateConfig::default());
        let record = |index, version| {
            let mut text = Vec::new();
            source.push_record(&source.event(index), version, &mut text);
            text
        };
        for index in 0..100 {
            let first = record(index, Version::Older);
            assert_ne!(first, record(index, Version::Newer));
            assert_ne!(first, record(index + 1, Version::Older));
            assert_eq!(first, record(index, Version::Older));
        }
    }

    #[test]
    fn makes_records_of_320_bytes_on_average() {
        let source = EventSource::new(&GenerateConfig::default());
        let mut text = Vec::new();
        for index in 0..10_000 {
            source.push_record(&source.event(index), Version::Older, &mut text);
        }
        let mean = text.len() / 10_000;
        assert!((310..=330).contains(&mean), "{mean}");
    }

    #[test]
    fn writes_the_sample_shape_for_a_status_change() {
        let source = EventSource::new(&GenerateConfig { kinds: 1, ..GenerateConfig::default() });
        let mut text = Vec::new();
        source.push_record(&source.event(7), Version::Older, &mut text);
        let text = String::from_utf8(text).unwrap();
        let mut rest = text.as_str();
        for part in [
            "{\"event_id\":\"",
            "-4",
            "\",\"timestamp\":\"2021-01-",
            "T",
            "\",\"domain\":\"account\",",
            "\"event_type\":\"status-change\",\"data\":{\"id\":14",
            ",\"old_status\":\"",
            "\",\"new_status\":\"",
            "\",\"reason\":\"",
            ".\"}}",
        ] {
            let position = rest.find(part).unwrap_or_else(|| panic!("{part} in {text}"));
            rest = &rest[position + part.len()..];
        }
        assert_eq!(rest, "");
    }
}
