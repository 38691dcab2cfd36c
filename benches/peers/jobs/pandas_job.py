"""The job in pandas, as much as possible in Arrow's types: https://pandas.pydata.org/docs/user_guide/pyarrow.html.

Neither of its readers will do: `read_json(lines=True)` ends at integers beyond 64 bits (`Value is too big!`), and with
`engine="pyarrow"` it makes a struct of `data`, in which every kind has the fields of all. What its users do then is
`json.loads` for each record. What is concatenated is split in memory, file by file.
"""

import gzip
import json

from job import COLUMNS, PARTITION, Job, lines_of

job = Job(["pandas", "pyarrow", "numpy"])

import pandas as pd  # noqa: E402 - `--versions` must not need it
import pyarrow as pa  # noqa: E402
import pyarrow.dataset  # noqa: E402
import pyarrow.parquet  # noqa: E402

pa.set_cpu_count(job.threads)
job.begins()


def records(path):
    if job.concatenated:
        yield from lines_of(path).splitlines()
    else:
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as lines:
            yield from lines


def frame(path):
    columns = {name: [] for name in COLUMNS}
    for record in records(path):
        try:
            event = json.loads(record)
            row = [event[name] for name in COLUMNS]
        except (ValueError, KeyError, TypeError):
            if not job.tolerant:
                raise
            continue
        row[-1] = json.dumps(row[-1], ensure_ascii=False, separators=(",", ":"))
        for column, value in zip(columns.values(), row):
            column.append(value)
    return pd.DataFrame(columns, dtype="string[pyarrow]")


events = pd.concat([frame(path) for path in job.paths()], ignore_index=True)
# No event here has another offset than `Z` or none, which is UTC.
time = events["timestamp"].str.removesuffix("Z")
errors = "coerce" if job.tolerant else "raise"
events["timestamp"] = pd.to_datetime(time, format="ISO8601", errors=errors).astype("datetime64[us]")
if job.tolerant:
    events = events[events["timestamp"].notna() & (events[["event_id", "domain", "event_type"]] != "").all(axis=1)]
latest = events.sort_values("timestamp", kind="stable").drop_duplicates("event_id", keep="last")
latest = latest.assign(
    domain_event_type=latest["domain"] + "-" + latest["event_type"],
    year=latest["timestamp"].dt.year,
    month=latest["timestamp"].dt.month,
    day=latest["timestamp"].dt.day,
)
table = pa.Table.from_pandas(latest, preserve_index=False)
flavor = [(name, table.schema.field(name).type) for name in PARTITION]
pa.dataset.write_dataset(
    table,
    job.output,
    format="parquet",
    partitioning=pa.dataset.partitioning(pa.schema(flavor), flavor="hive"),
    file_options=pa.dataset.ParquetFileFormat().make_write_options(compression="zstd", compression_level=1),
    max_partitions=1_000_000,
    max_open_files=1_000,
)
