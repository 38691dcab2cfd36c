"""The job in DuckDB: https://duckdb.org/docs/current/guides/performance/overview.

`arg_max` with `GROUP BY` was the fastest of six ways to keep the latest row; `QUALIFY row_number() … = 1`, which most
people write, takes a third longer. Concatenated records are the format `unstructured`: nothing has to be split.

It takes the memory that it finds; `--variant 400MB` is a limit, beyond which it spills to the disk.
"""

from contextlib import nullcontext

from job import Job

job = Job(["duckdb"])

import duckdb  # noqa: E402 - `--versions` must not need it

config = {"threads": job.threads, "preserve_insertion_order": False}
if job.variant:
    config |= {"memory_limit": job.variant, "temp_directory": str(job.output.parent / "spilled")}
connection = duckdb.connect(config=config)
job.begins()

reading, time, where = "format = 'newline_delimited'", "CAST(timestamp AS TIMESTAMP)", ""
if job.concatenated and not job.split:
    reading = "format = 'unstructured'"
if job.tolerant:
    reading += ", ignore_errors = true"
    time = "TRY_CAST(timestamp AS TIMESTAMP)"
    where = "WHERE event_id <> '' AND time IS NOT NULL AND domain <> '' AND event_type <> ''"

with job.split_inputs() if job.split else nullcontext(job.inputs) as folder:
    connection.execute(f"""
        COPY (
            SELECT
                event_id,
                max(time) AS timestamp,
                arg_max(domain, time) AS domain,
                arg_max(event_type, time) AS event_type,
                arg_max_null(data, time) AS data,
                concat(arg_max(domain, time), '-', arg_max(event_type, time)) AS domain_event_type,
                year(max(time)) AS year,
                month(max(time)) AS month,
                day(max(time)) AS day
            FROM (
                SELECT *, {time} AS time
                FROM read_json('{folder}/*', {reading}, columns = {{
                    event_id: 'VARCHAR', timestamp: 'VARCHAR', domain: 'VARCHAR', event_type: 'VARCHAR', data: 'JSON'
                }})
            )
            {where}
            GROUP BY event_id
        ) TO '{job.output}' (
            FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARTITION_BY (domain_event_type, year, month, day)
        )
    """)
