"""The job in DuckDB: https://duckdb.org/docs/current/guides/performance/overview.

`arg_max` with `GROUP BY` was the fastest of six ways to keep the latest row; `QUALIFY row_number() … = 1`, which most
people write, takes a third longer. Concatenated records are the format `unstructured`: nothing has to be split.
"""

import tempfile
from pathlib import Path

from job import Job, lines_of

job = Job(["duckdb"])

import duckdb  # noqa: E402 - `--versions` must not need it

connection = duckdb.connect(config={"threads": job.threads, "preserve_insertion_order": False})
job.begins()

source, reading, time = job.glob(), "format = 'newline_delimited'", "CAST(timestamp AS TIMESTAMP)"
if job.concatenated:
    reading = "format = 'unstructured'"
if job.tolerant:
    # Errors can be ignored in lines only, so what is concatenated has to be split first.
    time = "TRY_CAST(timestamp AS TIMESTAMP)"
    reading = "format = 'newline_delimited', ignore_errors = true"
    if job.concatenated:
        folder = tempfile.TemporaryDirectory(dir=job.output.parent)
        for path in job.paths():
            (Path(folder.name) / Path(path).name).with_suffix(".jsonl").write_bytes(lines_of(path))
        source = f"{folder.name}/*"

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
            FROM read_json('{source}', {reading}, columns = {{
                event_id: 'VARCHAR', timestamp: 'VARCHAR', domain: 'VARCHAR', event_type: 'VARCHAR', data: 'JSON'
            }})
        )
        {"WHERE event_id <> '' AND time IS NOT NULL AND domain <> '' AND event_type <> ''" if job.tolerant else ""}
        GROUP BY event_id
    ) TO '{job.output}' (
        FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, PARTITION_BY (domain_event_type, year, month, day)
    )
""")
