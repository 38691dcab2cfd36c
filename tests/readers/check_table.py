"""Checks a table by reading it with DuckDB, Polars and pyarrow.

    python check_table.py TABLE_DIR EXPECTED_JSON

`TABLE_DIR` is the folder that holds `domain_event_type=…/`, `EXPECTED_JSON` the file that `events generate --expected` writes.
Prints one line for each mismatch and exits with 1 when there is any.
"""

import json
import re
import sys
from pathlib import Path

import duckdb
import polars
import pyarrow
import pyarrow.compute as compute
import pyarrow.dataset as dataset
import pyarrow.parquet as parquet

FILE_COLUMNS = ("event_id", "timestamp", "domain", "event_type", "data", "extra", "repairs")
PATH_COLUMNS = ("domain_event_type", "year", "month", "day")

# The type of each column as each reader must see it without being told.
# A padded `month=01` would be VARCHAR in DuckDB, a dictionary in the stored Arrow schema would be Categorical in Polars.
DUCKDB_TYPES = {
    **dict.fromkeys(FILE_COLUMNS, "VARCHAR"),
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "domain_event_type": "VARCHAR",
    **dict.fromkeys(PATH_COLUMNS[1:], "BIGINT"),
}
POLARS_TYPES = {
    **dict.fromkeys(FILE_COLUMNS, polars.String),
    "timestamp": polars.Datetime("us", "UTC"),
    "domain_event_type": polars.String,
    **dict.fromkeys(PATH_COLUMNS[1:], polars.Int64),
}
PYARROW_TYPES = {
    **dict.fromkeys(FILE_COLUMNS, pyarrow.string()),
    "timestamp": pyarrow.timestamp("us", "UTC"),
    "domain_event_type": pyarrow.string(),
    **dict.fromkeys(PATH_COLUMNS[1:], pyarrow.int32()),
}

# All rows of a table in one shape, so that what the readers return can be compared.
ROW_SCHEMA = pyarrow.schema(
    [(name, pyarrow.int64() if name in ("timestamp", "year", "month", "day") else pyarrow.large_string())
     for name in FILE_COLUMNS + PATH_COLUMNS]
)

PARTITION_PATH = re.compile(r"domain_event_type=[^/]+/year=[1-9]\d*/month=[1-9]\d*/day=[1-9]\d*/[^/]+\.parquet")


class Reading:
    """What one reader found in a table: counts by what they count, rows by kind, and the rows themselves.

    The counts are computed by the reader's own engine; only what it has no function for is absent.
    """

    def __init__(self, reader, counts, rows_by_kind, rows):
        self.reader = reader
        self.counts = counts
        self.rows_by_kind = rows_by_kind
        self.rows = pyarrow.table([rows[name] for name in ROW_SCHEMA.names], names=ROW_SCHEMA.names).cast(ROW_SCHEMA)


class WrongTypes(Exception):
    """The reader sees other columns or types than the table promises, so nothing else can be asked of it."""


def check_table(table_dir, expected):
    """Returns the mismatches between the table in `table_dir` and the `expected` counts, one line each."""
    table_dir = Path(table_dir)
    mismatches = check_files(table_dir)
    if not any(table_dir.rglob("*.parquet")):
        return mismatches + ([f"no Parquet file in `{table_dir}`"] if expected["rows"] else [])
    readings = []
    for reader, read in (("DuckDB", read_with_duckdb), ("Polars", read_with_polars), ("pyarrow", read_with_pyarrow)):
        try:
            readings.append(read(table_dir))
        except (WrongTypes, duckdb.Error, polars.exceptions.PolarsError, pyarrow.ArrowException) as error:
            mismatches.append(f"{reader} cannot read the table: {' '.join(str(error).split())}")
    for reading in readings:
        mismatches += check_reading(reading, expected)
    for other in readings[1:]:
        mismatches += compare_rows(readings[0], other)
    return mismatches


def check_files(table_dir):
    """Checks what is true of each file alone: its place, its columns and the order of its rows."""
    mismatches = []
    for path in sorted(path for path in table_dir.rglob("*") if not path.is_dir()):
        name = path.relative_to(table_dir).as_posix()
        if not PARTITION_PATH.fullmatch(name):
            mismatches.append(f"`{name}` is not a file of a partition")
            continue
        try:
            file = parquet.ParquetFile(path)
            if file.schema_arrow.names != list(FILE_COLUMNS):
                mismatches.append(f"`{name}` has the columns {', '.join(file.schema_arrow.names)}")
                continue
            keys = file.read(columns=["timestamp", "event_id"])
        except pyarrow.ArrowException as error:
            mismatches.append(f"`{name}` is not Parquet: {' '.join(str(error).split())}")
            continue
        # Python compares strings by code point, which is the order of their UTF-8 bytes.
        keys = list(zip(keys["timestamp"].cast("int64").to_pylist(), keys["event_id"].to_pylist()))
        if keys != sorted(keys):
            mismatches.append(f"`{name}` is not sorted by (timestamp, event_id)")
    return mismatches


def check_reading(reading, expected):
    wanted = {
        "rows": expected["rows"],
        "distinct event ids": expected["rows"],
        "partitions": expected["partitions"],
        "sum of the timestamps in microseconds": int(expected["timestamp_micros_sum"]),
        "sum of data.id": int(expected["data_id_sum"]),
    }
    mismatches = []
    for counted, found in reading.counts.items():
        # What the expected counts do not name must not be there at all, such as a misplaced row.
        if found != wanted.get(counted, 0):
            mismatches.append(f"{reading.reader}: {counted}: {found}, expected {wanted.get(counted, 0)}")
    kinds = {kind: rows for kind, rows in expected["rows_by_kind"].items() if rows}
    for kind in sorted(kinds.keys() | reading.rows_by_kind.keys()):
        if reading.rows_by_kind.get(kind, 0) != kinds.get(kind, 0):
            mismatches.append(
                f"{reading.reader}: rows of `{kind}`: {reading.rows_by_kind.get(kind, 0)}, expected {kinds.get(kind, 0)}"
            )
    return mismatches


def compare_rows(one, other):
    order = [("event_id", "ascending"), ("timestamp", "ascending"), ("domain_event_type", "ascending"), ("data", "ascending")]
    left, right = one.rows.sort_by(order), other.rows.sort_by(order)
    if left.equals(right):
        return []
    if left.num_rows != right.num_rows:
        return [f"{one.reader} returns {left.num_rows} rows, {other.reader} {right.num_rows}"]
    different = [pair for pair in zip(left.to_pylist(), right.to_pylist()) if pair[0] != pair[1]]
    return [f"{one.reader} and {other.reader} differ in {len(different)} rows, first {different[0][0]} and {different[0][1]}"]


def read_with_duckdb(table_dir):
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE events AS SELECT * FROM read_parquet(?, hive_partitioning = true)", [f"{table_dir}/**/*.parquet"]
    )
    columns = connection.execute("SELECT column_name, column_type FROM (DESCRIBE events)").fetchall()
    check_types(dict(columns), DUCKDB_TYPES)
    counts = connection.execute(
        """
        SELECT
            count(*) AS "rows",
            count(DISTINCT event_id) AS "distinct event ids",
            count(DISTINCT (domain_event_type, year, month, day)) AS "partitions",
            sum(epoch_us(timestamp)) AS "sum of the timestamps in microseconds",
            coalesce(sum(CASE WHEN json_valid(data) AND json_type(data, '$.id') IN ('BIGINT', 'UBIGINT')
                THEN CAST(json_extract(data, '$.id') AS HUGEINT) END), 0) AS "sum of data.id",
            count(*) FILTER ((year, month, day) IS DISTINCT FROM (
                year(timezone('UTC', timestamp)), month(timezone('UTC', timestamp)), day(timezone('UTC', timestamp))
            )) AS "rows in the partition of another day",
            count(*) FILTER (domain_event_type IS DISTINCT FROM domain || '-' || event_type)
                AS "rows in the partition of another kind",
            count(*) FILTER (NOT json_valid(data)) AS "rows whose data is not JSON",
            count(*) FILTER (CASE WHEN json_valid(extra) THEN json_type(extra) <> 'OBJECT' ELSE extra IS NOT NULL END)
                AS "rows whose extra is not a JSON object"
        FROM events
        """
    )
    counts = dict(zip([column[0] for column in counts.description], counts.fetchone()))
    rows_by_kind = dict(connection.execute("SELECT domain_event_type, count(*) FROM events GROUP BY ALL").fetchall())
    rows = connection.sql("SELECT * REPLACE (epoch_us(timestamp) AS timestamp) FROM events").to_arrow_table()
    return Reading("DuckDB", counts, rows_by_kind, rows)


def read_with_polars(table_dir):
    lazy = polars.scan_parquet(f"{table_dir}/**/*.parquet", hive_partitioning=True)
    check_types(dict(lazy.collect_schema()), POLARS_TYPES)
    events = lazy.collect()
    timestamp = polars.col("timestamp")
    same_day = (
        timestamp.dt.year().eq_missing(polars.col("year"))
        & timestamp.dt.month().eq_missing(polars.col("month"))
        & timestamp.dt.day().eq_missing(polars.col("day"))
    )
    kind = polars.col("domain") + "-" + polars.col("event_type")
    # A day of epoch microseconds overflows 64 bits after some 5,000 rows.
    ids = polars.col("data").str.json_path_match("$.id").cast(polars.Int128, strict=False)
    counts = events.select(
        polars.len().alias("rows"),
        polars.col("event_id").n_unique().alias("distinct event ids"),
        polars.struct(PATH_COLUMNS).n_unique().alias("partitions"),
        timestamp.dt.timestamp("us").cast(polars.Int128).sum().alias("sum of the timestamps in microseconds"),
        ids.sum().alias("sum of data.id"),
        same_day.not_().sum().alias("rows in the partition of another day"),
        polars.col("domain_event_type").ne_missing(kind).sum().alias("rows in the partition of another kind"),
    ).row(0, named=True)
    rows_by_kind = dict(events.group_by("domain_event_type").len().iter_rows())
    return Reading("Polars", counts, rows_by_kind, events.with_columns(timestamp.dt.timestamp("us")).to_arrow())


def read_with_pyarrow(table_dir):
    events = dataset.dataset(table_dir, format="parquet", partitioning="hive")
    check_types({field.name: field.type for field in events.schema}, PYARROW_TYPES)
    events = events.to_table()
    timestamp = events["timestamp"]
    day = compute.and_(
        compute.and_(
            compute.equal(compute.year(timestamp), events["year"]), compute.equal(compute.month(timestamp), events["month"])
        ),
        compute.equal(compute.day(timestamp), events["day"]),
    )
    kind = compute.equal(
        compute.binary_join_element_wise(events["domain"], events["event_type"], "-"), events["domain_event_type"]
    )
    data = [parse_json(text) for text in events["data"].to_pylist() if text is not None]
    extra = [parse_json(text) for text in events["extra"].to_pylist() if text is not None]
    counts = {
        "rows": events.num_rows,
        "distinct event ids": compute.count_distinct(events["event_id"]).as_py(),
        "partitions": events.group_by(list(PATH_COLUMNS)).aggregate([]).num_rows,
        "sum of the timestamps in microseconds": sum(timestamp.cast("int64").to_pylist()),
        "sum of data.id": sum(value["id"] for value in data if isinstance(value, dict) and type(value.get("id")) is int),
        "rows in the partition of another day": events.num_rows - compute.sum(day, min_count=0).as_py(),
        "rows in the partition of another kind": events.num_rows - compute.sum(kind, min_count=0).as_py(),
        "rows whose data is not JSON": data.count(NOT_JSON),
        "rows whose extra is not a JSON object": sum(not isinstance(value, dict) for value in extra),
    }
    kinds = compute.value_counts(events["domain_event_type"]).to_pylist()
    rows_by_kind = {kind["values"]: kind["counts"] for kind in kinds}
    rows = events.set_column(events.schema.get_field_index("timestamp"), "timestamp", timestamp.cast("int64"))
    return Reading("pyarrow", counts, rows_by_kind, rows)


def check_types(found, wanted):
    if found != wanted:
        different = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        raise WrongTypes(
            ", ".join(f"`{name}` is {found.get(name, 'absent')}, expected {wanted.get(name, 'absent')}" for name in different)
        )


NOT_JSON = object()


def parse_json(text):
    """Returns the value of a JSON text, `NOT_JSON` when it is none. Python alone would let NaN and Infinity pass."""
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except ValueError:
        return NOT_JSON


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def main(arguments):
    if len(arguments) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    table_dir, expected = arguments
    mismatches = check_table(table_dir, json.loads(Path(expected).read_text(encoding="utf-8")))
    for mismatch in mismatches:
        print(mismatch)
    return 1 if mismatches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
