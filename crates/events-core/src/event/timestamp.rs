//! The instants that events carry.

use super::fault::{Fault, Reason};

/// 0001-01-01T00:00:00Z in microseconds since 1970.
pub const TIMESTAMP_MIN: i64 = -62_135_596_800_000_000;
/// 9999-12-31T23:59:59.999999Z in microseconds since 1970.
pub const TIMESTAMP_MAX: i64 = 253_402_300_799_999_999;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The instant that a text names, in microseconds since 1970-01-01T00:00:00Z.
///
/// It reads [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339) and its usual relatives:
///
/// | part | forms |
/// |---|---|
/// | date | `2021-01-14` |
/// | between | `T`, `t` or a space |
/// | time | `10:18:57`; a leap second `:60` is the first second of the next minute |
/// | fraction | none, or a point or a comma and 1 to 9 digits; digits after the sixth are dropped |
/// | offset | none (UTC), `Z`, `z`, `+02:00`, `+0200`, `+02` |
///
/// ```
/// use events_core::event::parse_timestamp;
///
/// assert_eq!(parse_timestamp("2021-01-14T10:18:57"), parse_timestamp("2021-01-14 11:18:57.000000999+01:00"));
/// assert!(parse_timestamp("2021-02-29T00:00:00").is_err());
/// ```
///
/// # Errors
/// [`Reason::InvalidTimestamp`] for any other text, [`Reason::TimestampOutOfRange`] outside the years 0001 to 9999.
pub fn parse_timestamp(text: &str) -> Result<i64, Fault> {
    let invalid = || Fault::new(Reason::InvalidTimestamp, "`timestamp` is not a date and time of RFC 3339");
    in_range(instant(text.as_bytes()).ok_or_else(invalid)?)
}

/// The instant that a number names: seconds, milliseconds or microseconds since 1970, told apart by size.
///
/// Below 10^11 in size it is seconds (until the year 5138), below 10^14 milliseconds, else microseconds. A fraction is
/// read exactly, as decimal digits, and what is finer than a microsecond is dropped towards the past.
///
/// ```
/// use events_core::event::{parse_epoch, parse_timestamp};
///
/// let instant = parse_timestamp("2021-01-14T10:18:57.25Z");
/// assert_eq!(parse_epoch("1610619537.25"), instant);
/// assert_eq!(parse_epoch("1610619537250"), instant);
/// assert_eq!(parse_epoch("1610619537250000"), instant);
/// ```
///
/// # Errors
/// [`Reason::InvalidTimestamp`] for a number with an exponent or more than 18 digits before the point,
/// [`Reason::TimestampOutOfRange`] outside the years 0001 to 9999.
pub fn parse_epoch(number: &str) -> Result<i64, Fault> {
    let invalid = || Fault::new(Reason::InvalidTimestamp, "`timestamp` is not a plain decimal number");
    let (negative, digits) = match number.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, number),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 18 || !is_digits(whole) || !is_digits(fraction) {
        return Err(invalid());
    }
    let whole: i64 = whole.parse().map_err(|_| invalid())?;
    let (unit, places) = match whole {
        0..100_000_000_000 => (SECOND, 6),
        100_000_000_000..100_000_000_000_000 => (1_000, 3),
        _ => (1, 0),
    };
    let kept = &fraction[..fraction.len().min(places)];
    let scaled = kept.bytes().chain(std::iter::repeat(b'0')).take(places).fold(0, |sum, byte| sum * 10 + digit(byte));
    let micros = whole.checked_mul(unit).and_then(|micros| micros.checked_add(scaled)).ok_or_else(out_of_range)?;
    let finer = fraction[kept.len()..].bytes().any(|byte| byte != b'0');
    in_range(if negative { -micros - i64::from(finer) } else { micros })
}

fn in_range(micros: i64) -> Result<i64, Fault> {
    if (TIMESTAMP_MIN..=TIMESTAMP_MAX).contains(&micros) { Ok(micros) } else { Err(out_of_range()) }
}

fn out_of_range() -> Fault {
    Fault::new(Reason::TimestampOutOfRange, "`timestamp` is outside the years 0001 to 9999")
}

fn digit(byte: u8) -> i64 {
    i64::from(byte - b'0')
}

/// The number that a fixed count of digits spells.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, &byte| byte.is_ascii_digit().then(|| sum * 10 + digit(byte)))
}

fn instant(text: &[u8]) -> Option<i64> {
    let (head, rest) = text.split_at_checked(19)?;
    let separators = [(4, b"-".as_slice()), (7, b"-"), (10, b"Tt "), (13, b":"), (16, b":")];
    if separators.iter().any(|(at, allowed)| !allowed.contains(&head[*at])) {
        return None;
    }
    let (year, month, day) = (number(&head[..4])?, number(&head[5..7])?, number(&head[8..10])?);
    let (hour, minute, second) = (number(&head[11..13])?, number(&head[14..16])?, number(&head[17..19])?);
    if !(1..=12).contains(&month)
        || day < 1
        || day > days_in_month(year, month)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    let (fraction, rest) = match rest {
        [b'.' | b',', rest @ ..] => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (digits, rest) = rest.split_at(digits);
            let micros = digits
                .iter()
                .copied()
                .chain(std::iter::repeat(b'0'))
                .take(6)
                .fold(0, |sum, byte| sum * 10 + digit(byte));
            ((1..=9).contains(&digits.len()).then_some(micros)?, rest)
        }
        rest => (0, rest),
    };
    let seconds = (hour * 60 + minute) * 60 + second - offset_seconds(rest)?;
    Some(days_from_civil(year, month, day) * DAY + seconds * SECOND + fraction)
}

fn offset_seconds(text: &[u8]) -> Option<i64> {
    let (sign, hour, minute) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [sign, rest @ ..] => match rest {
            [_, _] => (sign, number(rest)?, 0),
            [_, _, b':', _, _] => (sign, number(&rest[..2])?, number(&rest[3..])?),
            [_, _, _, _] => (sign, number(&rest[..2])?, number(&rest[2..])?),
            _ => return None,
        },
    };
    let seconds = (hour * 60 + minute) * 60;
    match sign {
        _ if hour > 23 || minute > 59 => None,
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar: Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", `days_from_civil`.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}
