"""The job in DataFusion: https://datafusion.apache.org/user-guide/sql/dml.html.

Its JSON reader takes concatenated records as it takes lines. It has no column of JSON text, and no function that makes
one, so `data` is a struct of all fields that any kind has, as far as this file knows them: numbers are rounded, null and
absent are the same, and a field that is not listed is lost. Of the three ways to keep the latest row `row_number` was
the fastest.
"""

import sys

from job import Job

job = Job(["datafusion", "pyarrow"])

import pyarrow as pa  # noqa: E402 - `--versions` must not need it
from datafusion import SessionConfig, SessionContext  # noqa: E402

config = SessionConfig({
    "datafusion.execution.target_partitions": str(job.threads),
    "datafusion.execution.parquet.compression": "zstd(1)",
    # Else files of rows with no `data` of some kind have a dictionary for each of its fields.
    "datafusion.execution.keep_partition_by_columns": "false",
})
context = SessionContext(config)
job.begins()
if job.tolerant:
    job.cannot("its JSON reader has no setting that skips what it cannot read")

TEXTS = "name document email address old_status new_status reason currency description device url title snippet referrer locale"
NUMBERS = "old_value new_value fee temperature pressure drift counter"
data = pa.struct([
    ("id", pa.int64()),
    ("account_id", pa.int64()),
    ("newsletter", pa.bool_()),
    ("samples", pa.list_(pa.float64())),
    *((name, pa.string()) for name in TEXTS.split()),
    *((name, pa.float64()) for name in NUMBERS.split()),
])
schema = pa.schema([*((name, pa.string()) for name in ("event_id", "timestamp", "domain", "event_type")), ("data", data)])
extension = "".join(next(job.inputs.iterdir()).suffixes)
compression = "gzip" if extension.endswith(".gz") else None
context.register_json(
    "events", f"{job.inputs}/", schema=schema, file_extension=extension, file_compression_type=compression
)
context.sql(f"""
    COPY (
        SELECT
            event_id, time AS timestamp, domain, event_type, data,
            concat(domain, '-', event_type) AS domain_event_type,
            CAST(date_part('year', time) AS VARCHAR) AS year,
            CAST(date_part('month', time) AS VARCHAR) AS month,
            CAST(date_part('day', time) AS VARCHAR) AS day
        FROM (
            SELECT *, row_number() OVER (PARTITION BY event_id ORDER BY time DESC) AS place
            FROM (SELECT *, to_timestamp_micros(timestamp) AS time FROM events)
        )
        WHERE place = 1
    ) TO '{job.output}/' STORED AS PARQUET PARTITIONED BY (domain_event_type, year, month, day)
""").collect()
