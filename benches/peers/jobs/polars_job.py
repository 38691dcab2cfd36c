"""The job in Polars, lazily and with its streaming engine: https://docs.pola.rs/user-guide/concepts/streaming/.

It reads lines only: what is concatenated is split in memory, file by file.

Its reader of NDJSON makes text of `data` in which backslashes are not escaped again, so `C:\\\\temp` in the input becomes
`C:\\temp`, which is other JSON or none. With `--variant lines` it reads plain lines and takes the fields out of them, which
gives sound JSON with numbers rounded, and takes longer.
"""

import os

from job import COLUMNS, PARTITION, Job, lines_of

job = Job(["polars"])
os.environ["POLARS_MAX_THREADS"] = str(job.threads)  # read when the library is loaded

import polars as pl  # noqa: E402 - `--versions` must not need it

job.begins()

sources = [lines_of(path) for path in job.paths()] if job.concatenated else job.paths()
if job.variant == "lines":
    line = pl.col("line")
    events = pl.scan_lines(sources).select(line.str.json_path_match(f"$.{name}").alias(name) for name in COLUMNS)
else:
    events = pl.scan_ndjson(sources, schema=dict.fromkeys(COLUMNS, pl.String), ignore_errors=job.tolerant)
# One format parses a column. No event here has another offset than `Z` or none.
time = pl.col("timestamp").str.strip_suffix("Z")
events = events.with_columns(time.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=not job.tolerant))
if job.tolerant:
    names = [pl.col(name) != "" for name in ("event_id", "domain", "event_type")]
    events = events.filter(pl.col("timestamp").is_not_null(), *names)

time = pl.col("timestamp")
latest = events.group_by("event_id").agg(time.max(), pl.col("domain", "event_type", "data").max_by("timestamp"))
latest.with_columns(
    domain_event_type=pl.concat_str("domain", pl.lit("-"), "event_type"),
    year=time.dt.year(),
    month=time.dt.month(),
    day=time.dt.day(),
).sink_parquet(
    pl.PartitionBy(job.output, key=list(PARTITION), include_key=False),
    compression="zstd",
    compression_level=1,
    mkdir=True,
    engine="streaming",
)
