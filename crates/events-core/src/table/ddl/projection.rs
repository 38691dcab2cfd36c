//! Partitions that Athena computes instead of looking them up.

use crate::table::column;

/// What Athena needs to compute the partitions of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Projection {
    /// The first and the last year; rows of others are invisible.
    pub years: (i32, i32),
    /// The values of `domain_event_type` as they stand in paths; others are invisible. Without any, a query has to say which
    /// it wants.
    pub names: Vec<String>,
}

impl Projection {
    /// Whether a query has to say which values of `domain_event_type` it wants.
    #[must_use]
    pub fn is_injected(&self) -> bool {
        self.names.is_empty()
    }

    /// The properties of a table at that place, which ends with a slash.
    #[must_use]
    pub fn properties(&self, location: &str) -> Vec<(String, String)> {
        let of = |column: &str, property: &str, value: String| (format!("projection.{column}.{property}"), value);
        let mut properties = vec![("projection.enabled".to_owned(), "true".to_owned())];
        let kind = if self.is_injected() { "injected" } else { "enum" };
        properties.push(of(column::DOMAIN_EVENT_TYPE, "type", kind.to_owned()));
        if !self.is_injected() {
            properties.push(of(column::DOMAIN_EVENT_TYPE, "values", self.names.join(",")));
        }
        let numbers = [(column::YEAR, self.years), (column::MONTH, (1, 12)), (column::DAY, (1, 31))];
        for (column, (first, last)) in numbers {
            properties.push(of(column, "type", "integer".to_owned()));
            properties.push(of(column, "range", format!("{first},{last}")));
        }
        let folders = [column::DOMAIN_EVENT_TYPE, column::YEAR, column::MONTH, column::DAY];
        let folders = folders.map(|column| format!("{column}=${{{column}}}"));
        properties.push(("storage.location.template".to_owned(), format!("{location}{}", folders.join("/"))));
        properties
    }
}
