//! Events of several shapes, with what is hard to mend in them: quotes, brackets and commas in strings, nested objects,
//! arrays of objects, and numbers whose spelling is easily lost.

use super::random::Random;

/// How each event begins, up to its id.
const ID_PREFIX: &str = r#"{"event_id":""#;
/// The length of an id.
const ID_BYTES: usize = 36;

/// Texts as JSON spells them.
const TEXTS: [&str; 10] = [
    "Natus nam ad minima.",
    r#"It's \"fine\", they said: {ok}"#,
    r"Zwölf Boxkämpfer, \\ back",
    "A, b, and c",
    r"Línea uno\nlínea dos",
    "日本語のテキスト、例",
    r"Tab\tand \u00e9, and an apostrophe: 'x'",
    "Prices: [10, 20]; the rest: none",
    "key: value, other: null",
    "",
];

const WORDS: [&str; 16] = [
    "lorem", "ipsum", "dolor", "sit", "amet,", "été", "naïve", "über", "don't", "true", "null", "10", "a-b", "x/y",
    "(see", "below)",
];

/// The compact text of an event; the number makes its id its own.
pub(crate) fn event(number: usize, random: &mut Random) -> String {
    let head = format!("{:08x}-{:04x}-4000-8000-{number:012x}", random.draw() as u32, random.draw() as u16);
    let (day, hour, minute, second) = (1 + random.below(28), random.below(24), random.below(60), random.below(60));
    let (domain, event_type, data) = match random.below(5) {
        0 => ("account", "status-change", status_change(random)),
        1 => ("account", "creation", account(random)),
        2 => ("transaction", "creation", transaction(random)),
        3 => ("document", "upload", document(random)),
        _ => ("message", "delivery", message(random)),
    };
    format!(
        r#"{ID_PREFIX}{head}","timestamp":"2021-01-{day:02}T{hour:02}:{minute:02}:{second:02}","domain":"{domain}","event_type":"{event_type}","data":{{"id":{},{data}}}}}"#,
        random.below(1_000_000)
    )
}

/// The id in the text of an event.
pub(crate) fn id(event: &str) -> &str {
    &event[ID_PREFIX.len()..ID_PREFIX.len() + ID_BYTES]
}

fn status_change(random: &mut Random) -> String {
    let statuses = ["ACTIVE", "SUSPENDED", "CLOSED"];
    let (old, new) = (random.pick(&statuses), random.pick(&statuses));
    format!(r#""old_status":"{old}","new_status":"{new}","reason":"{}""#, text(random))
}

fn account(random: &mut Random) -> String {
    let (name, street) = (text(random), text(random));
    let city = random.pick(&["Zürich", "São Paulo", "Kraków", "Lyon"]);
    let number = random.below(1000);
    format!(
        r#""name":"{name}","document":"{number:03}.456","tags":["a","b, c",null,true,1.10],"address":{{"street":"{street}","city":"{city}","zip":"0{number:03}","geo":[47.{number:03},-8.50]}}"#
    )
}

fn transaction(random: &mut Random) -> String {
    let amount = format!("{}.{}0", random.below(10_000), random.below(10));
    let items: Vec<_> = (0..=random.below(4)).map(|_| item(random)).collect();
    let note = if random.chance(0.5) { "null".to_owned() } else { format!(r#""{}""#, text(random)) };
    format!(r#""amount":{amount},"currency":"BRL","items":[{}],"note":{note},"rate":1.5e-3"#, items.join(","))
}

fn item(random: &mut Random) -> String {
    let sku = random.pick(&["x-1", "y", "z 2/3"]);
    format!(r#"{{"sku":"{sku}","quantity":{},"price":{}.90}}"#, random.below(10), random.below(100))
}

fn document(random: &mut Random) -> String {
    let author = text(random);
    let signed = random.chance(0.5);
    format!(
        r#""path":"C:\\temp\\a b.txt","pages":[[1,2],[{}],[]],"meta":{{"author":{{"name":"{author}","verified":{signed}}},"hash":"{:016x}","labels":{{}}}}"#,
        random.below(100),
        random.draw()
    )
}

fn message(random: &mut Random) -> String {
    let (title, body) = (text(random), text(random));
    let read = random.chance(0.5);
    format!(
        r#""text":"{body}","read":{read},"links":[{{"url":"https://example.org/?a=1&b={{c}}","title":"{title}"}},{{"url":"mailto:a@example.org","title":null}}]"#
    )
}

fn text(random: &mut Random) -> String {
    if random.chance(0.5) {
        return random.pick(&TEXTS).to_owned();
    }
    let words: Vec<_> = (0..3 + random.below(20)).map(|_| random.pick(&WORDS)).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_compact_json_with_a_string_in_its_data() {
        let mut random = Random::new(1);
        for number in 0..1000 {
            let event = event(number, &mut random);
            let value: serde_json::Value = serde_json::from_str(&event).unwrap();
            assert_eq!(value["event_id"], id(&event));
            assert_eq!(events_core::json::compact(&event), event);
            assert!(value["data"].as_object().unwrap().values().any(serde_json::Value::is_string));
        }
    }
}
