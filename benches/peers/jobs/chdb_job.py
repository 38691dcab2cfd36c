"""The job in ClickHouse within the process: https://clickhouse.com/docs/chdb.

`argMax` with `GROUP BY` was the fastest way to keep the latest row. `JSONEachRow` reads concatenated records as they are,
and a partition is a path that is put together by hand.
"""

from job import Job

job = Job(["chdb", "chdb-core"])

from chdb import session  # noqa: E402 - `--versions` must not need it

clickhouse = session.Session()
clickhouse.query("SELECT 1")
job.begins()

parse = "parseDateTime64BestEffortOrNull" if job.tolerant else "parseDateTime64BestEffort"
tolerant = ", input_format_allow_errors_ratio = 1, input_format_allow_errors_num = 1000000000" if job.tolerant else ""
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
        assumeNotNull(max(time)) AS timestamp,
        argMax(domain, time) AS domain,
        argMax(event_type, time) AS event_type,
        argMax(data, time) AS data
    FROM (
        SELECT event_id, {parse}(timestamp, 6, 'UTC') AS time, domain, event_type, data
        FROM file(
            '{job.glob()}', 'JSONEachRow',
            'event_id String, timestamp String, domain String, event_type String, data String'
        )
    )
    {"WHERE event_id != '' AND time IS NOT NULL AND domain != '' AND event_type != ''" if job.tolerant else ""}
    GROUP BY event_id
    SETTINGS
        max_threads = {job.threads},
        max_partitions_per_insert_block = 0,
        engine_file_truncate_on_insert = 1,
        output_format_parquet_compression_method = 'zstd',
        output_format_compression_level = 1,
        output_format_parquet_write_bloom_filter = 0
        {tolerant}
""")
