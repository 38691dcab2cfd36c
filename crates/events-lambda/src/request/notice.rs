//! What other services tell, in whatever they wrap it in.

use serde::Serialize;
use serde_json::Value;

use super::Landing;

/// How often a notification may be the text of another: S3 in SNS is one, and a message of a queue is read by itself.
const WRAPPINGS_MAX: usize = 4;

/// What notifications are about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Notices {
    /// Inputs that have come, and schedules.
    pub relevant: usize,
    /// Objects elsewhere, events that are not about a new object, and S3's test events.
    pub ignored: usize,
}

/// Whether a payload is a notification, whole or not. Anything else is a command.
pub(super) fn is_one(payload: &Value) -> bool {
    ["Records", "detail-type", "Event"].into_iter().any(|field| payload.get(field).is_some()) || is_envelope(payload)
}

impl Notices {
    /// Reads a notification.
    ///
    /// # Errors
    /// What is wrong with it, without its content.
    pub(super) fn of(payload: &Value, landing: &Landing) -> Result<Self, String> {
        let mut notices = Self::default();
        notices.read(payload, landing, WRAPPINGS_MAX)?;
        Ok(notices)
    }

    /// Reads the text of a message.
    ///
    /// # Errors
    /// As [`Notices::of`].
    pub(super) fn of_text(text: &str, landing: &Landing) -> Result<Self, String> {
        let mut notices = Self::default();
        notices.read_text(text, landing, WRAPPINGS_MAX)?;
        Ok(notices)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.relevant += other.relevant;
        self.ignored += other.ignored;
    }

    fn count(&mut self, is_relevant: bool) {
        self.add(Self { relevant: is_relevant.into(), ignored: (!is_relevant).into() });
    }

    fn read_text(&mut self, text: &str, landing: &Landing, wrappings: usize) -> Result<(), String> {
        let wrappings = wrappings.checked_sub(1).ok_or("notifications are wrapped in each other too often")?;
        // What the parser says repeats nothing of the text.
        let payload = serde_json::from_str(text).map_err(|error| format!("a message is not JSON: {error}"))?;
        self.read(&payload, landing, wrappings)
    }

    fn read(&mut self, payload: &Value, landing: &Landing, wrappings: usize) -> Result<(), String> {
        if let Some(records) = payload.get("Records") {
            let records = records.as_array().filter(|records| !records.is_empty());
            return records
                .ok_or("`Records` is no list of records")?
                .iter()
                .try_for_each(|record| self.read_record(record, landing, wrappings));
        }
        if let Some(detail_type) = payload.get("detail-type") {
            return self.read_event(detail_type, payload, landing);
        }
        if is_envelope(payload) {
            return self.read_text(text_at(payload, "/Message")?, landing, wrappings);
        }
        // S3 sends it once, when notifications are set up.
        if payload.get("Event").is_some_and(|event| event == "s3:TestEvent") {
            self.count(false);
            return Ok(());
        }
        Err("it is no notification of S3, SNS or EventBridge".to_owned())
    }

    /// A record of S3 or of SNS, which spell its source differently.
    fn read_record(&mut self, record: &Value, landing: &Landing, wrappings: usize) -> Result<(), String> {
        let source = record.get("eventSource").or_else(|| record.get("EventSource")).and_then(Value::as_str);
        match source {
            Some("aws:s3") => {
                let is_new = text_at(record, "/eventName")?.starts_with("ObjectCreated:");
                let (bucket, key) = (text_at(record, "/s3/bucket/name")?, text_at(record, "/s3/object/key")?);
                self.count(is_new && landing.takes_encoded(bucket, key));
                Ok(())
            }
            Some("aws:sns") => self.read_text(text_at(record, "/Sns/Message")?, landing, wrappings),
            _ => Err("a record is neither of S3 nor of SNS".to_owned()),
        }
    }

    /// An event of a bus.
    fn read_event(&mut self, detail_type: &Value, event: &Value, landing: &Landing) -> Result<(), String> {
        let source = event.get("source").and_then(Value::as_str);
        match (detail_type.as_str(), source) {
            (Some("Scheduled Event"), _) => self.count(true),
            (Some("Object Created"), Some("aws.s3")) => {
                let (bucket, key) = (text_at(event, "/detail/bucket/name")?, text_at(event, "/detail/object/key")?);
                self.count(landing.takes(bucket, key.as_bytes()));
            }
            // Deleted, restored, tagged and so on.
            (Some(_), Some("aws.s3")) => self.count(false),
            _ => return Err("an event of EventBridge is neither of S3 nor of a schedule".to_owned()),
        }
        Ok(())
    }
}

/// What SNS puts a message in on its way to a queue.
fn is_envelope(payload: &Value) -> bool {
    payload.get("Type").is_some_and(|kind| kind == "Notification") && payload.get("Message").is_some()
}

fn text_at<'a>(value: &'a Value, pointer: &str) -> Result<&'a str, String> {
    value.pointer(pointer).and_then(Value::as_str).ok_or_else(|| format!("`{pointer}` is no text"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use events_stores::ZoneUrl;

    fn read(payload: &Value) -> Result<(usize, usize), String> {
        let landing = Landing::of(&ZoneUrl::parse("s3://lake").unwrap());
        Notices::of(payload, &landing).map(|notices| (notices.relevant, notices.ignored))
    }

    fn created(name: &str, bucket: &str, key: &str) -> Value {
        json!({"eventSource": "aws:s3", "eventName": name, "s3": {"bucket": {"name": bucket}, "object": {"key": key}}})
    }

    /// A notification in envelopes of SNS.
    fn wrapped(mut payload: Value, times: usize) -> Value {
        for _ in 0..times {
            payload = json!({"Type": "Notification", "Message": payload.to_string()});
        }
        payload
    }

    #[test]
    fn counts_each_record_by_itself() {
        let records = [
            created("ObjectCreated:Put", "lake", "pending/a.json"),
            created("ObjectCreated:Copy", "lake", "processed/date%3D2026-01-31/a.json"),
            created("ObjectCreated:Put", "other", "pending/a.json"),
            created("ObjectRemoved:Delete", "lake", "pending/a.json"),
        ];
        assert_eq!(read(&json!({"Records": records})), Ok((1, 3)));
    }

    #[test]
    fn unwraps_so_often_and_no_more() {
        let payload = json!({"Records": [created("ObjectCreated:Put", "lake", "pending/a.json")]});
        assert_eq!(read(&wrapped(payload.clone(), WRAPPINGS_MAX)), Ok((1, 0)));
        assert!(read(&wrapped(payload, WRAPPINGS_MAX + 1)).unwrap_err().contains("too often"));
    }

    #[test]
    fn takes_schedules_and_ignores_what_else_s3_tells() {
        let event = |kind, source| json!({"detail-type": kind, "source": source, "detail": {}});
        assert_eq!(read(&event("Scheduled Event", "aws.events")), Ok((1, 0)));
        assert_eq!(read(&event("Scheduled Event", "aws.scheduler")), Ok((1, 0)));
        assert_eq!(read(&event("Object Deleted", "aws.s3")), Ok((0, 1)));
        assert_eq!(read(&json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "lake"})), Ok((0, 1)));
    }

    #[test]
    fn says_what_is_wrong_without_repeating_it() {
        let wrong = [
            json!({"detail-type": "Object Created", "source": "canary"}),
            json!({"detail-type": "Object Created", "source": "aws.s3", "detail": {"bucket": "canary"}}),
            json!({"Type": "Notification", "Message": "canary"}),
            json!({"Type": "Notification", "Message": {"canary": 1}}),
            json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": "canary"}]}),
            json!({"Event": "canary"}),
        ];
        for payload in wrong {
            assert!(is_one(&payload));
            let problem = read(&payload).unwrap_err();
            assert!(!problem.contains("canary"), "{problem}");
        }
    }
}
