//! What each kind of event carries in `data`.

use super::kind::Kind;
use super::text::TextWriter;

/// Pieces of strings that look like structure, in every way that JSON can spell them.
///
/// Whoever frames or repairs by searching for `}{`, quotes or braces stumbles over one of them.
const HARD_STRINGS: [&str; 16] = [
    "}{",
    "}}{{",
    "]}[{",
    r#"{\"event_id\":\"not-this-one\"}{\"event_id\":\"nor-this\"}"#,
    r#"she said \"}\" and left"#,
    r"C:\\temp\\",
    r#"\\\"}"#,
    r"caf\u00e9",
    r"\u007d\u007b",
    r"\ud83d\ude00",
    "ação em São Paulo",
    "日本語のページ",
    "🚀 launch {now} 👩\u{200d}💻",
    r"line\none\ttab\r\nline two",
    r"https:\/\/example.com\/a?b={c}&d=[e]",
    "it's 100% // not a comment /* nor this */",
];

/// Integers past 64 bits, fractions that end in zeros, exponents and negative zero.
///
/// A reader that goes through floats writes each of them differently.
const HARD_NUMBERS: [&str; 12] = [
    "1.10",
    "1E5",
    "-0",
    "-0.0",
    "1.0e-7",
    "100000000000000000000000000001",
    "-987654321098765432109876543210",
    "0.30000000000000004",
    "9007199254740993",
    "2.50",
    "1e+2",
    "18446744073709551616",
];

const STATUSES: [&str; 4] = ["ACTIVE", "SUSPENDED", "BLOCKED", "CANCELLED"];
const CURRENCIES: [&str; 3] = ["BRL", "EUR", "USD"];

/// Appends the `data` object of an event of that kind.
///
/// Every kind has a unique integer `id`, and at least one string.
pub(crate) fn push_data(kind: Kind, id: u64, text: &mut TextWriter<'_>) {
    text.raw(r#"{"id":"#).integer(id);
    match kind {
        Kind::AccountStatusChange => push_status_change(text),
        Kind::AccountCreation => push_creation(text),
        Kind::TransactionNewValue => push_new_value(text),
        Kind::TransactionReversal => push_reversal(text),
        Kind::CardIssued => push_issued(text),
        Kind::OrderPlaced => push_placed(text),
        Kind::DeviceTelemetry => push_telemetry(text),
        Kind::PageView => push_view(text),
    }
    text.raw("}");
}

fn push_status_change(text: &mut TextWriter<'_>) {
    let statuses = STATUSES.len() as u64;
    let old = text.random().below(statuses);
    // Any of the others.
    let new = (old + 1 + text.random().below(statuses - 1)) % statuses;
    text.raw(r#","old_status":""#).raw(STATUSES[old as usize]);
    text.raw(r#"","new_status":""#).raw(STATUSES[new as usize]);
    text.raw(r#"","reason":""#).sentence(4).raw("\"");
}

fn push_creation(text: &mut TextWriter<'_>) {
    text.raw(r#","name":""#).name().raw(" ").name();
    text.raw(r#"","document":""#).integer_below(100_000_000_000, 11);
    text.raw(r#"","email":""#).word().raw(".").word().raw("@example.com");
    text.raw(r#"","address":""#).name().raw(" ").name().raw(", ").integer_below(2000, 1);
    text.raw(r#"","newsletter":"#).pick(&["true", "false", "null"]);
}

fn push_new_value(text: &mut TextWriter<'_>) {
    text.raw(r#","account_id":"#).integer_below(1_000_000, 1);
    text.raw(r#","currency":""#).pick(&CURRENCIES);
    text.raw(r#"","old_value":"#).amount_below(100_000);
    text.raw(r#","new_value":"#).amount_below(100_000);
    text.raw(r#","fee":"#).amount_below(3);
    text.raw(r#","description":""#).sentence(7).raw("\"");
}

fn push_reversal(text: &mut TextWriter<'_>) {
    text.raw(r#","transaction_id":"#).integer_below(1_000_000_000, 1);
    text.raw(r#","channel":""#).pick(&["APP", "BRANCH", "WEB"]);
    text.raw(r#"","amount":-"#).amount_below(5000);
    text.raw(r#","approved_by":null,"partial":"#).pick(&["true", "false"]);
    text.raw(r#","reason":""#).sentence(8).raw("\"");
}

fn push_issued(text: &mut TextWriter<'_>) {
    text.raw(r#","account_id":"#).integer_below(1_000_000, 1);
    text.raw(r#","brand":""#).pick(&["ELO", "MASTERCARD", "VISA"]);
    // Leading zeros: a reader that guesses types makes a number of it.
    text.raw(r#"","last_digits":""#).integer_below(10_000, 4);
    text.raw(r#"","expires":"20"#).integer_below(100, 2).raw("-").pick(&["01", "06", "12"]);
    text.raw(r#"","limit":"#).pick(&["500", "2000", "15000"]).raw(r#","virtual":"#).pick(&["true", "false"]);
}

fn push_placed(text: &mut TextWriter<'_>) {
    text.raw(r#","customer":{"id":"#).integer_below(1_000_000, 1);
    text.raw(r#","name":""#).name().raw(" ").name();
    text.raw(r#"","tags":"#).pick(&["[]", r#"["new"]"#, r#"["vip","newsletter"]"#]);
    text.raw(r#"},"items":["#);
    for item in 0..=text.random().below(4) {
        text.raw(if item == 0 { "" } else { "," });
        text.raw(r#"{"sku":""#).name().raw("-").integer_below(10_000, 4);
        text.raw(r#"","quantity":"#).pick(&["1", "2", "12"]).raw(r#","price":"#).amount_below(500);
        text.raw(r#","options":"#).pick(&["{}", "{}", r#"{"gift":true,"notes":[null,"",[]]}"#]).raw("}");
    }
    text.raw(r#"],"shipping":{"address":{"street":""#).name().raw(" ").name();
    text.raw(r#"","geo":{"lat":-"#).amount_below(90).raw(r#","lon":"#).amount_below(180);
    text.raw(r#"}},"method":""#).pick(&["courier", "pickup", "post"]).raw(r#""},"coupon":null"#);
}

fn push_telemetry(text: &mut TextWriter<'_>) {
    text.raw(r#","device":"sensor-"#).integer_below(10_000, 4);
    text.raw(r#"","temperature":"#).amount_below(60);
    text.raw(r#","pressure":1E5,"drift":-0,"counter":1"#)
        .integer_below(10_u64.pow(15), 15)
        .integer_below(10_u64.pow(14), 14);
    text.raw(r#","samples":["#).pick(&HARD_NUMBERS);
    for _ in 0..2 + text.random().below(6) {
        text.raw(",").pick(&HARD_NUMBERS);
    }
    text.raw("]");
}

fn push_view(text: &mut TextWriter<'_>) {
    text.raw(r#","url":"https://www.example.com/"#).word().raw("/").word();
    text.raw("?q=%7B%7D&page=").integer_below(50, 1);
    text.raw(r#"","title":""#).name().raw(" ").pick(&HARD_STRINGS).raw(" ").word();
    text.raw(r#"","snippet":""#).pick(&HARD_STRINGS).raw(" ").sentence(3).raw(" ").pick(&HARD_STRINGS);
    text.raw(r#"","referrer":null,"locale":""#).pick(&["de-DE", "en-US", "pt-BR"]).raw("\"");
}
