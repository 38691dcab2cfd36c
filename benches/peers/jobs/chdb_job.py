"""The job in ClickHouse within the process: https://clickhouse.com/docs/chdb.

`argMax` with `GROUP BY` was the fastest way to keep the latest row. `JSONEachRow` reads concatenated records as they are,
and a partition is a path that is put together by hand.
"""

from contextlib import nullcontext

from job import Job

job = Job(["chdb", "chdb-core"])

from chdb import session  # noqa: E402 - `--versions` must not need it

clickhouse = session.Session()
clickhouse.query("SELECT 1")
job.begins()

parse, where, settings = "parseDateTime64BestEffort", "", ""
if job.tolerant:
    parse = "parseDateTime64BestEffortOrNull"
    where = "WHERE event_id != '' AND time IS NOT NULL AND domain != '' AND event_type != ''"
    settings = ", input_format_allow_errors_num = 1000000000, input_format_allow_errors_ratio = 1"

with job.split_inputs() if job.split else nullcontext(job.inputs) as folder:
    clickhouse.query(f"""
        INSERT INTO FUNCTION file(
            '{job.output}/{{_partition_id}}/part.parquet', 'Parquet',
            'event_id String, timestamp DateTime64(6, \\'UTC\\'), domain String, event_type String, data String'
        )
        PARTITION BY concat(
            'domain_event_type=', domain, '-', event_type,
            '/year=', toString(toYear(timestamp)), '/month=', toString(toMonth(timestamp)),
            '/day=', toString(toDayOfMonth(timestamp))
        )
        SELECT
            event_id,
            max(assumeNotNull(time)) AS timestamp,
            argMax(events.domain, time) AS domain,
            argMax(events.event_type, time) AS event_type,
            argMax(events.data, time) AS data
        FROM (
            SELECT event_id, {parse}(timestamp, 6, 'UTC') AS time, domain, event_type, data
            FROM file(
                '{folder}/*', 'JSONEachRow',
                'event_id String, timestamp String, domain String, event_type String, data String'
            )
            {where}
        ) AS events
        GROUP BY event_id
        SETTINGS
            max_threads = {job.threads},
            max_partitions_per_insert_block = 0,
            output_format_parquet_compression_method = 'zstd',
            output_format_compression_level = 1,
            output_format_parquet_write_bloom_filter = 0
            {settings}
    """)
