//! The table as Glue describes it.

use chrono::Datelike;
use events_core::table::{Dialect, PartitionKey, TypedColumn};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::name::TableName;

/// The parameter that tells up to which commit all partitions are registered.
const COMMIT: &str = "events_commit";
/// The parameter by which Athena computes partitions, and needs none registered.
const PROJECTION: &str = "projection.enabled";

/// What of a table's description can be given back. Source:
/// <https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html>.
const INPUT_FIELDS: [&str; 14] = [
    "Name",
    "Description",
    "Owner",
    "LastAccessTime",
    "LastAnalyzedTime",
    "Retention",
    "StorageDescriptor",
    "PartitionKeys",
    "ViewOriginalText",
    "ViewExpandedText",
    "TableType",
    "Parameters",
    "TargetTable",
    "ViewDefinition",
];

/// A table that is there.
#[derive(Debug, Clone)]
pub(crate) struct CatalogTable {
    /// What is given back when it changes.
    input: Map<String, Value>,
    pub(crate) version: Option<String>,
}

/// The description of a table that is not there yet.
pub(crate) fn new_table(name: &TableName, location: &str) -> Value {
    json!({
        "Name": name.table,
        "Description": "Events without duplicates, by domain, type and day in UTC.",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": { "EXTERNAL": "TRUE", "classification": "parquet" },
        "PartitionKeys": columns(&Dialect::Athena.path_columns()),
        "StorageDescriptor": {
            "Columns": columns(&Dialect::Athena.file_columns()),
            "Location": location,
            "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
            "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
            "SerdeInfo": {
                "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
                "Parameters": { "serialization.format": "1" },
            },
        },
    })
}

fn columns(columns: &[TypedColumn]) -> Value {
    columns.iter().map(|column| json!({ "Name": column.name, "Type": column.type_name })).collect()
}

impl CatalogTable {
    /// Of an answer of Glue.
    ///
    /// # Errors
    /// [`Error::Other`] when it is another table than the one at that location.
    pub(crate) fn of(answer: Value, name: &TableName, location: &str) -> Result<Self> {
        let wrong = |problem: String| Error::Other { name: name.clone(), problem };
        let Value::Object(mut fields) = answer else { return Err(wrong("has no description".to_owned())) };
        let version = fields.get("VersionId").and_then(Value::as_str).map(ToOwned::to_owned);
        fields.retain(|field, value| INPUT_FIELDS.contains(&field.as_str()) && !value.is_null());
        let table = Self { input: fields, version };
        let found = table.input.get("StorageDescriptor").and_then(|storage| storage["Location"].as_str());
        let found = found.unwrap_or_default();
        if place(found) != place(location) {
            return Err(wrong(format!("is at `{found}`, not at `{location}`")));
        }
        let keys = table.input.get("PartitionKeys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let ours = Dialect::Athena.path_columns();
        let same = |(key, column): (&Value, &TypedColumn)| is_column(key, column) && has_type(key, column);
        if keys.len() != ours.len() || !keys.iter().zip(&ours).all(same) {
            let ours: Vec<_> = ours.iter().map(|column| format!("{} {}", column.name, column.type_name)).collect();
            return Err(wrong(format!("has other partition columns than {}", ours.join(", "))));
        }
        Ok(table)
    }

    /// The commit up to which all partitions are registered, when that is known.
    pub(crate) fn commit(&self) -> Option<u64> {
        self.parameter(COMMIT)?.parse().ok()
    }

    /// Whether partitions are computed.
    pub(crate) fn is_projected(&self) -> bool {
        self.parameter(PROJECTION).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.input.get("Parameters")?.get(name)?.as_str()
    }

    /// Notes that all partitions up to a commit are registered.
    pub(crate) fn note(&mut self, commit: u64) {
        let parameters = self.input.entry("Parameters").or_insert_with(|| json!({}));
        parameters[COMMIT] = commit.to_string().into();
    }

    /// Sees to it that each column of the files is there with its type; others stay. Whether that has changed anything.
    pub(crate) fn complete(&mut self) -> bool {
        let storage = self.input.entry("StorageDescriptor").or_insert_with(|| json!({}));
        if !storage["Columns"].is_array() {
            storage["Columns"] = json!([]);
        }
        let Some(found) = storage["Columns"].as_array_mut() else { return false };
        let mut is_changed = false;
        for column in Dialect::Athena.file_columns() {
            match found.iter_mut().find(|found| is_column(found, &column)) {
                Some(found) if has_type(found, &column) => continue,
                Some(found) => found["Type"] = column.type_name.into(),
                None => found.push(json!({ "Name": column.name, "Type": column.type_name })),
            }
            is_changed = true;
        }
        is_changed
    }

    /// The description as it is given back.
    pub(crate) fn input(&self) -> Value {
        Value::Object(self.input.clone())
    }

    /// A partition, stored as the table is.
    pub(crate) fn partition(&self, key: &PartitionKey, location: &str) -> Value {
        let date = key.date();
        let mut storage = self.input.get("StorageDescriptor").cloned().unwrap_or_default();
        storage["Location"] = format!("{location}{}/", key.folder()).into();
        json!({
            "Values": [
                key.domain_event_type,
                date.year().to_string(),
                date.month().to_string(),
                date.day().to_string(),
            ],
            "StorageDescriptor": storage,
        })
    }
}

/// Glue keeps names in small letters.
fn is_column(found: &Value, column: &TypedColumn) -> bool {
    found["Name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(&column.name))
}

fn has_type(found: &Value, column: &TypedColumn) -> bool {
    found["Type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case(column.type_name))
}

/// A location without what does not matter: the name of the connector, and a slash at the end.
fn place(location: &str) -> &str {
    let rest = ["s3://", "s3a://", "s3n://"].iter().find_map(|scheme| location.strip_prefix(scheme));
    rest.unwrap_or(location).trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCATION: &str = "s3://lake/trusted/events/";

    fn name() -> TableName {
        TableName { database: "clicks".to_owned(), table: "events".to_owned() }
    }

    /// A new table as Glue gives it back, with that change.
    fn found(change: impl FnOnce(&mut Value)) -> Result<CatalogTable> {
        let mut table = new_table(&name(), LOCATION);
        table["VersionId"] = "7".into();
        table["CreateTime"] = 1.0.into();
        change(&mut table);
        CatalogTable::of(table, &name(), LOCATION)
    }

    #[test]
    fn gives_back_what_it_was_given() {
        let mut table = found(|table| table["Owner"] = "somebody".into()).unwrap();
        assert_eq!((table.version.as_deref(), table.commit(), table.is_projected()), (Some("7"), None, false));
        assert!(!table.complete());
        table.note(3);
        assert_eq!(table.commit(), Some(3));
        let input = table.input();
        assert_eq!((&input["Owner"], &input["CreateTime"]), (&json!("somebody"), &Value::Null));
        assert_eq!(input["Parameters"]["classification"], "parquet");
    }

    #[test]
    fn mends_its_columns_and_keeps_those_of_others() {
        let mut table = found(|table| {
            table["StorageDescriptor"]["Columns"] =
                json!([{ "Name": "mine", "Type": "date" }, { "Name": "Timestamp", "Type": "string" }]);
        })
        .unwrap();
        assert!(table.complete());
        assert!(!table.complete());
        let input = table.input();
        let columns = input["StorageDescriptor"]["Columns"].as_array().unwrap();
        assert_eq!(columns[0], json!({ "Name": "mine", "Type": "date" }));
        assert_eq!(columns[1], json!({ "Name": "Timestamp", "Type": "timestamp" }));
        assert_eq!(columns.len(), Dialect::Athena.file_columns().len() + 1);
    }

    #[test]
    fn refuses_another_table() {
        found(|table| table["StorageDescriptor"]["Location"] = "s3a://lake/trusted/events".into()).unwrap();
        let message = |change: fn(&mut Value)| found(change).unwrap_err().to_string();
        let elsewhere = message(|table| table["StorageDescriptor"]["Location"] = "s3://other/events/".into());
        assert!(elsewhere.contains("is at `s3://other/events/`, not at `s3://lake/trusted/events/`"), "{elsewhere}");
        assert!(message(|table| table["PartitionKeys"][1]["Type"] = "string".into()).contains("year int"));
        assert!(message(|table| table["PartitionKeys"] = json!([])).contains("other partition columns"));
        assert!(message(|table| *table = Value::Null).contains("no description"));
    }

    #[test]
    fn places_partitions_as_runs_do() {
        let table = found(|_| {}).unwrap();
        let key = PartitionKey::new("card/eu", "issued", 1_610_619_537_000_000);
        let partition = table.partition(&key, LOCATION);
        assert_eq!(partition["Values"], json!(["card/eu-issued", "2021", "1", "14"]));
        assert_eq!(partition["StorageDescriptor"]["Location"], format!("{LOCATION}{}/", key.folder()));
        assert_eq!(
            partition["StorageDescriptor"]["Columns"],
            new_table(&name(), LOCATION)["StorageDescriptor"]["Columns"]
        );
    }
}
