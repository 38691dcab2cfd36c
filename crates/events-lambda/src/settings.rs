//! What the variables of the function mean.

use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::Duration;

use events_catalog::TableName;
use events_core::Config;
use events_stores::{ZoneUrl, ZoneUrls};

use crate::error::{Error, Result};
use crate::request::Landing;

const ROOT: &str = "EVENTS_ROOT";
const LANDING: &str = "EVENTS_LANDING";
const STAGE: &str = "EVENTS_STAGE";
const TRUSTED: &str = "EVENTS_TRUSTED";
const MEMORY: &str = "EVENTS_MEMORY";
const THREADS: &str = "EVENTS_THREADS";
const COMPRESSION: &str = "EVENTS_COMPRESSION";
const REPAIR: &str = "EVENTS_REPAIR";
const DEDUP_HORIZON: &str = "EVENTS_DEDUP_HORIZON";
const FOLD_BELOW: &str = "EVENTS_FOLD_BELOW";
const READER_GRACE: &str = "EVENTS_READER_GRACE";
const INPUT_BYTES_MAX: &str = "EVENTS_INPUT_BYTES_MAX";
const NOTIFIED: &str = "EVENTS_NOTIFIED";
const GLUE_DATABASE: &str = "EVENTS_GLUE_DATABASE";
const GLUE_TABLE: &str = "EVENTS_GLUE_TABLE";
/// The memory of the function in MiB, which Lambda sets.
const FUNCTION_MEMORY: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";

/// The part of the function's memory that rows and keys may take. What a run takes in all is about half as much again,
/// which leaves a quarter for the process and its stores.
const MEMORY_SHARE: usize = 2;

/// Everything that does not change between invocations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) zones: ZoneUrls,
    pub(crate) config: Config,
    /// How long a commit in which rows move waits for readers that are under way.
    pub(crate) reader_grace: Duration,
    /// The most bytes of inputs that a run takes, whatever time it has.
    pub(crate) input_bytes_max: Option<u64>,
    /// The memory of the function, when it is known.
    pub(crate) function_memory_bytes: Option<usize>,
    /// Where the landing zone is, as notifications name it.
    pub(crate) landing: Landing,
    /// The table in the catalog that is told of each commit.
    pub(crate) catalog: Option<TableName>,
}

impl Settings {
    /// # Errors
    /// [`Error::Setting`] for the first variable that is missing or wrong.
    pub(crate) fn of(variable: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        // Templates set a variable that is not wanted to nothing.
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let threads = number(THREADS, &variable)?;
        let function_memory_bytes: Option<usize> =
            number(FUNCTION_MEMORY, &variable)?.map(|mebibytes: usize| mebibytes << 20);
        let memory_bytes = number(MEMORY, &variable)?.or(function_memory_bytes.map(|bytes| bytes / MEMORY_SHARE));
        let config = Config {
            threads: threads.unwrap_or_else(|| available_parallelism().map_or(Config::DEFAULT_THREADS, usize::from)),
            memory_bytes: memory_bytes.unwrap_or(Config::DEFAULT_MEMORY_BYTES),
            compression: parsed(COMPRESSION, &variable, |problem: String| problem)?.unwrap_or_default(),
            repair: parsed(REPAIR, &variable, |problem: String| problem)?.unwrap_or_default(),
            dedup_horizon_days: parsed(DEDUP_HORIZON, &variable, |problem: String| problem)?,
            fold_below_bytes: number(FOLD_BELOW, &variable)?.unwrap_or(Config::default().fold_below_bytes),
            ..Config::default()
        };
        config.validate()?;
        let zones = zones(&variable)?;
        let notified = variable(NOTIFIED).map(|url| ZoneUrl::of_variable(NOTIFIED, &url)).transpose()?;
        Ok(Self {
            landing: Landing::of(notified.as_ref().unwrap_or(&zones.landing)),
            zones,
            config,
            reader_grace: seconds(READER_GRACE, &variable)?,
            input_bytes_max: number(INPUT_BYTES_MAX, &variable)?,
            function_memory_bytes,
            catalog: catalog(&variable)?,
        })
    }
}

fn catalog(variable: &impl Fn(&str) -> Option<String>) -> Result<Option<TableName>> {
    let table = variable(GLUE_TABLE);
    match variable(GLUE_DATABASE) {
        Some(database) => Ok(Some(TableName::new(database, table))),
        None if table.is_some() => {
            Err(Error::Setting { variable: GLUE_DATABASE, problem: format!("is not set, and `{GLUE_TABLE}` is") })
        }
        None => Ok(None),
    }
}

fn zones(variable: &impl Fn(&str) -> Option<String>) -> Result<ZoneUrls> {
    let urls = match (variable(ROOT), variable(LANDING), variable(STAGE), variable(TRUSTED)) {
        (Some(root), None, None, None) => ZoneUrls::below(&ZoneUrl::of_variable(ROOT, &root)?),
        (None, Some(landing), Some(stage), Some(trusted)) => ZoneUrls {
            landing: ZoneUrl::of_variable(LANDING, &landing)?,
            stage: ZoneUrl::of_variable(STAGE, &stage)?,
            trusted: ZoneUrl::of_variable(TRUSTED, &trusted)?,
        },
        _ => {
            let problem = format!("set either it alone or all of `{LANDING}`, `{STAGE}` and `{TRUSTED}`");
            return Err(Error::Setting { variable: ROOT, problem });
        }
    };
    urls.check_apart()?;
    Ok(urls)
}

fn seconds(name: &'static str, variable: &impl Fn(&str) -> Option<String>) -> Result<Duration> {
    const PROBLEM: &str = "is not a number of seconds";
    let seconds = parsed(name, variable, |_| PROBLEM.to_owned())?.unwrap_or_default();
    Duration::try_from_secs_f64(seconds).map_err(|_| Error::Setting { variable: name, problem: PROBLEM.to_owned() })
}

fn number<T: FromStr>(name: &'static str, variable: &impl Fn(&str) -> Option<String>) -> Result<Option<T>> {
    parsed(name, variable, |_| "is not a whole number".to_owned())
}

fn parsed<T: FromStr>(
    name: &'static str,
    variable: &impl Fn(&str) -> Option<String>,
    problem: fn(T::Err) -> String,
) -> Result<Option<T>> {
    let value = variable(name).map(|value| value.parse());
    value.transpose().map_err(|error| Error::Setting { variable: name, problem: problem(error) })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use events_core::json::Level;
    use events_core::{Codec, Horizon};

    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Result<Settings> {
        let variables: HashMap<_, _> = variables.iter().copied().collect();
        Settings::of(&|name| variables.get(name).map(|&value| value.to_owned()))
    }

    fn config(variables: &[(&str, &str)]) -> Config {
        settings(&[&[(ROOT, "s3://lake")], variables].concat()).unwrap().config
    }

    fn problem(variables: &[(&str, &str)]) -> String {
        settings(variables).unwrap_err().to_string()
    }

    #[test]
    fn puts_zones_below_the_root() {
        let zones = settings(&[(ROOT, "s3://lake/x/")]).unwrap().zones;
        let texts = [&zones.landing, &zones.stage, &zones.trusted].map(|url| url.text.as_str());
        assert_eq!(texts, ["s3://lake/x/landing", "s3://lake/x/stage", "s3://lake/x/trusted"]);
    }

    #[test]
    fn takes_three_zones_instead_of_a_root() {
        let named = [(LANDING, "s3://landing"), (STAGE, "/mnt/stage"), (TRUSTED, "s3://trusted/x")];
        let zones = settings(&[&named[..], &[(ROOT, "")]].concat()).unwrap().zones;
        let texts = [&zones.landing, &zones.stage, &zones.trusted].map(|url| url.text.as_str());
        assert_eq!(texts, ["s3://landing", "/mnt/stage", "s3://trusted/x"]);
        for wrong in [&named[..2], &[&named[..], &[(ROOT, "s3://lake")]].concat(), &[]] {
            assert!(problem(wrong).contains("set either it alone or all of"), "{wrong:?}");
        }
    }

    #[test]
    fn refuses_two_zones_in_one_place() {
        let text = "the zone of variable `EVENTS_TRUSTED` is the same place as the zone of variable `EVENTS_LANDING`, \
            or one is inside the other";
        for trusted in ["s3://lake/x/", "s3://lake", "s3://lake/x/y"] {
            let same = [(LANDING, "s3://lake/x"), (STAGE, "s3://stage"), (TRUSTED, trusted)];
            assert_eq!(problem(&same), text);
        }
    }

    #[test]
    fn takes_half_of_the_memory_of_the_function() {
        assert_eq!(config(&[(FUNCTION_MEMORY, "1769")]).memory_bytes, 1769 << 19);
        assert_eq!(config(&[(FUNCTION_MEMORY, "1769"), (MEMORY, "100000000")]).memory_bytes, 100_000_000);
        assert_eq!(config(&[]).memory_bytes, Config::DEFAULT_MEMORY_BYTES);
    }

    #[test]
    fn reads_threads_compression_and_repair() {
        let read = config(&[(THREADS, "3"), (COMPRESSION, "zstd:9"), (REPAIR, "guess")]);
        assert_eq!((read.threads, read.compression, read.repair), (3, Codec::Zstd(9), Level::Guess));
        let default = config(&[(COMPRESSION, "")]);
        assert!(default.threads >= 1);
        assert_eq!(default.compression, Codec::default());
    }

    #[test]
    fn reads_the_horizon_and_what_is_folded() {
        let read = |horizon, fold| {
            let read = config(&[(DEDUP_HORIZON, horizon), (FOLD_BELOW, fold)]);
            (read.dedup_horizon_days, read.fold_below_bytes)
        };
        assert_eq!(read("", ""), (None, Config::default().fold_below_bytes));
        assert_eq!(read("all", "0"), (Some(Horizon::All), 0));
        assert_eq!(read("30", "1048576"), (Some(Horizon::Days(30)), 1 << 20));
        assert_eq!(read("0", "1"), (Some(Horizon::Days(0)), 1));
    }

    #[test]
    fn reads_the_grace_of_readers_in_seconds() {
        let grace = |text| settings(&[(ROOT, "s3://lake"), (READER_GRACE, text)]).map(|settings| settings.reader_grace);
        assert_eq!(grace("").unwrap(), Duration::ZERO);
        assert_eq!(grace("30").unwrap(), Duration::from_secs(30));
        assert_eq!(grace("0.5").unwrap(), Duration::from_millis(500));
        for wrong in ["-1", "1 s", "nan"] {
            let problem = grace(wrong).unwrap_err().to_string();
            assert_eq!(problem, "variable `EVENTS_READER_GRACE`: is not a number of seconds", "{wrong}");
        }
    }

    #[test]
    fn takes_notifications_of_the_landing_zone_or_of_what_is_named() {
        let takes = |named| {
            let landing = settings(&[(ROOT, "s3://alias/x"), (NOTIFIED, named)]).unwrap().landing;
            [("alias", "x/landing/pending/a"), ("lake", "y/pending/a")]
                .map(|(bucket, key)| landing.takes(bucket, key.as_bytes()))
        };
        assert_eq!(takes(""), [true, false]);
        assert_eq!(takes("s3://lake/y"), [false, true]);
        assert!(problem(&[(ROOT, "s3://lake"), (NOTIFIED, "ftp://lake")]).contains(NOTIFIED));
    }

    #[test]
    fn reads_the_table_of_the_catalog() {
        let read = |variables: &[(&str, &str)]| settings(&[&[(ROOT, "s3://lake")], variables].concat());
        let name = |variables| read(variables).unwrap().catalog.map(|name| name.to_string());
        assert_eq!(name(&[]), None);
        assert_eq!(name(&[(GLUE_DATABASE, "clicks")]).as_deref(), Some("`clicks.events`"));
        assert_eq!(name(&[(GLUE_DATABASE, "clicks"), (GLUE_TABLE, "t")]).as_deref(), Some("`clicks.t`"));
        assert!(problem(&[(ROOT, "s3://lake"), (GLUE_TABLE, "t")]).contains("`EVENTS_GLUE_DATABASE`: is not set"));
    }

    #[test]
    fn reads_how_much_a_run_takes() {
        let read = |text| settings(&[(ROOT, "s3://lake"), (INPUT_BYTES_MAX, text)]).map(|read| read.input_bytes_max);
        assert_eq!(read("").unwrap(), None);
        assert_eq!(read("1000000").unwrap(), Some(1_000_000));
        assert_eq!(read("1 GB").unwrap_err().to_string(), "variable `EVENTS_INPUT_BYTES_MAX`: is not a whole number");
    }

    #[test]
    fn names_the_variable_that_is_wrong() {
        let root = (ROOT, "s3://lake");
        assert_eq!(problem(&[root, (MEMORY, "1 GB")]), "variable `EVENTS_MEMORY`: is not a whole number");
        assert!(problem(&[root, (REPAIR, "all")]).starts_with("variable `EVENTS_REPAIR`: `all` is not one of"));
        assert!(problem(&[root, (COMPRESSION, "gzip")]).starts_with("variable `EVENTS_COMPRESSION`: unknown"));
        let horizon = "variable `EVENTS_DEDUP_HORIZON`: `-1` is neither a number of days nor `all`";
        assert_eq!(problem(&[root, (DEDUP_HORIZON, "-1")]), horizon);
        assert_eq!(problem(&[root, (FOLD_BELOW, "64MiB")]), "variable `EVENTS_FOLD_BELOW`: is not a whole number");
        assert!(problem(&[root, (THREADS, "0")]).contains("`threads`"));
    }
}
