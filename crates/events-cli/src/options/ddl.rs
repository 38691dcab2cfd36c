//! The options of `ddl`.

use clap::builder::{BoolishValueParser, NonEmptyStringValueParser};
use clap::{Args, ValueEnum};
use events_core::table::{Dialect, PartitionKey};

use super::ZoneOptions;

/// `events ddl`
#[derive(Debug, Clone, Args)]
pub(crate) struct DdlOptions {
    #[command(flatten)]
    pub(crate) zones: ZoneOptions,
    /// The engine that the statements are for: athena, spark, duckdb or trino
    #[arg(long, value_name = "ENGINE", help_heading = "Catalog")]
    pub(crate) dialect: Option<Dialect>,
    /// The zone whose rows are declared [default: trusted]
    #[arg(long, value_name = "ZONE", help_heading = "Catalog")]
    pub(crate) zone: Option<DeclaredZone>,
    /// The database, or schema, of the table [default: events]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), help_heading = "Catalog")]
    pub(crate) database: Option<String>,
    /// The name of the table [default: events, for the stage zone `events_stage`]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), help_heading = "Catalog")]
    pub(crate) table: Option<String>,
    /// For athena: let it compute the partitions of a query instead of looking for them in the catalog
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Catalog",
        value_name = "BOOL", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub(crate) projection: Option<bool>,
    /// With --projection, the first and the last year that queries see [default: 2015..2035]
    #[arg(long, value_name = "YYYY..YYYY", value_parser = years, help_heading = "Catalog")]
    pub(crate) years: Option<(i32, i32)>,
    /// With --projection, the values of `domain_event_type` that queries see, as they stand in paths, with commas between
    /// them; without it, each query names those that it wants
    #[arg(long, value_name = "NAMES", value_parser = names, help_heading = "Catalog")]
    pub(crate) event_types: Option<Names>,
}

/// A zone with rows that engines can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum DeclaredZone {
    /// The table
    #[default]
    Trusted,
    /// What `events parse` leaves for `events distribute`, one run beside the other
    Stage,
}

/// Values of `domain_event_type` as they stand in paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names(pub(crate) Vec<String>);

fn years(text: &str) -> Result<(i32, i32), String> {
    let problem = || format!("`{text}` is no range of years from 1 to 9999 such as 2015..2035");
    let (first, last) = text.split_once("..").ok_or_else(problem)?;
    let year = |text: &str| text.parse().ok().filter(|year| (1..=9999).contains(year)).ok_or_else(problem);
    let (first, last) = (year(first)?, year(last)?);
    if first <= last { Ok((first, last)) } else { Err(problem()) }
}

fn names(text: &str) -> Result<Names, String> {
    let name = |name: &str| match PartitionKey::of_name(name) {
        Some(_) => Ok(name.to_owned()),
        None => Err(format!("`{name}` is no value of a path: `card/eu-issued` is `card%2Feu-issued` there")),
    };
    text.split(',').map(name).collect::<Result<_, _>>().map(Names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_years_in_their_order() {
        assert_eq!(years("2015..2035"), Ok((2015, 2035)));
        assert_eq!(years("1..9999"), Ok((1, 9999)));
        for wrong in ["", "2015", "2016..2015", "0..5", "1..10000", "2015..x", "2015...2016"] {
            assert!(years(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn takes_names_as_in_paths() {
        assert_eq!(names("a-b,card%2Feu-c"), Ok(Names(vec!["a-b".to_owned(), "card%2Feu-c".to_owned()])));
        for wrong in ["", "a-b,", "a/b-c", "a-%2f", "a'b-c", "a-b/year=1"] {
            assert!(names(wrong).is_err(), "{wrong}");
        }
    }
}
