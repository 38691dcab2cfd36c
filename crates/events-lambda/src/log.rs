//! Lines of the log, as the host asks for them.

use std::env;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

/// The variable that is `JSON` where each line is to be an object. Source:
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html>.
const FORMAT: &str = "AWS_LAMBDA_LOG_FORMAT";
/// The variable for the least important lines, and what holds in its place elsewhere.
const LEVELS: [&str; 2] = ["AWS_LAMBDA_LOG_LEVEL", "RUST_LOG"];

/// Sends all lines of the process to standard output, from `INFO` on when nobody says.
///
/// A line of JSON tells its time: the host takes one without for a line of `INFO`, whatever it says itself.
///
/// # Panics
/// When it is called twice.
pub(crate) fn init() {
    let level = LEVELS.iter().find_map(|name| env::var(name).ok()?.parse::<Level>().ok()).unwrap_or(Level::INFO);
    let level = EnvFilter::builder().with_default_directive(LevelFilter::from_level(level).into());
    let lines = tracing_subscriber::fmt().with_target(false).with_env_filter(level.from_env_lossy());
    if env::var(FORMAT).is_ok_and(|format| format.eq_ignore_ascii_case("json")) {
        lines.json().init();
    } else {
        // The host notes the time of each line.
        lines.with_ansi(false).without_time().init();
    }
}
