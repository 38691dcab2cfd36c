//! Columns become rows.

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};

use super::row::Row;
use super::schema::column;
use crate::event::EventId;
use crate::json::RepairKinds;

/// The columns of a batch that has the schema of the table, or more.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    ids: StringArray,
    timestamps: TimestampMicrosecondArray,
    domains: StringArray,
    event_types: StringArray,
    data: StringArray,
    extra: StringArray,
    repairs: StringArray,
}

impl Columns {
    /// Fails when a column is missing, has another type or a null that the schema forbids.
    pub(crate) fn of(batch: &RecordBatch) -> Result<Self, String> {
        let present = |name: &str| {
            let array = array(batch, name)?;
            if array.null_count() == 0 { Ok(()) } else { Err(format!("column `{name}` has nulls")) }
        };
        for required in [column::EVENT_ID, column::TIMESTAMP, column::DOMAIN, column::EVENT_TYPE] {
            present(required)?;
        }
        let timestamps = array(batch, column::TIMESTAMP)?.as_primitive_opt::<TimestampMicrosecondType>();
        Ok(Self {
            ids: strings(batch, column::EVENT_ID)?,
            timestamps: timestamps.ok_or_else(|| wrong_type(column::TIMESTAMP))?.clone(),
            domains: strings(batch, column::DOMAIN)?,
            event_types: strings(batch, column::EVENT_TYPE)?,
            data: strings(batch, column::DATA)?,
            extra: strings(batch, column::EXTRA)?,
            repairs: strings(batch, column::REPAIRS)?,
        })
    }

    pub(crate) fn rows(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn timestamp(&self, row: usize) -> i64 {
        self.timestamps.value(row)
    }

    pub(crate) fn id(&self, row: usize) -> EventId<'_> {
        EventId::new(self.ids.value(row).into())
    }

    /// The domain and the event type of a row.
    pub(crate) fn kind(&self, row: usize) -> (&str, &str) {
        (self.domains.value(row), self.event_types.value(row))
    }

    /// The row of that number, as one of the kind of that number. Fails when the table cannot hold it.
    pub(crate) fn row(&self, row: usize, kind: u32) -> Result<Row<'_>, String> {
        if self.ids.value(row).is_empty() {
            return Err(format!("column `{}` has an empty text", column::EVENT_ID));
        }
        let optional = |array: &'_ StringArray| array.is_valid(row);
        Ok(Row {
            kind,
            id: self.id(row),
            timestamp: self.timestamp(row),
            data: optional(&self.data).then(|| self.data.value(row)),
            extra: optional(&self.extra).then(|| self.extra.value(row)),
            repairs: if optional(&self.repairs) { self.repairs.value(row).parse()? } else { RepairKinds::default() },
        })
    }
}

pub(super) fn strings(batch: &RecordBatch, name: &str) -> Result<StringArray, String> {
    array(batch, name)?.as_string_opt().cloned().ok_or_else(|| wrong_type(name))
}

fn array<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, String> {
    batch.column_by_name(name).ok_or_else(|| format!("no column `{name}`"))
}

fn wrong_type(name: &str) -> String {
    format!("column `{name}` has another type")
}
