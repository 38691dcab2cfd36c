"""Writers of JSON that are not ours: each writes events into a folder in the way it has by itself."""

import codecs
import gzip
import io
import json
from itertools import groupby
from pathlib import Path
from typing import Callable, NamedTuple

import duckdb
import polars
import pyarrow

from foreign_events import EVENTS, FREE_EVENTS, UNIFORM_EVENTS
from oracle import instant_of

RECORD_SEPARATOR = "\u001e"


class Writer(NamedTuple):
    name: str
    write: Callable
    # What the writer can express.
    events: list

    def write_into(self, pending, events=None):
        """Writes the events, all that it can by default, into its own folder in `pending`."""
        folder = Path(pending) / self.name
        folder.mkdir(parents=True, exist_ok=True)
        self.write(folder, self.events if events is None else events)


def python_array(folder, events):
    with open(folder / "events.json", "w") as file:
        json.dump(events, file, indent=2)


def python_array_in_one_line(folder, events):
    (folder / "events.json").write_bytes(json.dumps(events, ensure_ascii=False, separators=(",", ":")).encode())


def python_lines(folder, events):
    (folder / "events.jsonl").write_bytes(lines(events))


def python_lines_escaped(folder, events):
    (folder / "events.jsonl").write_bytes(lines(events, ensure_ascii=True))


def python_lines_for_windows(folder, events):
    (folder / "events.txt").write_bytes(codecs.BOM_UTF8 + lines(events).replace(b"\n", b"\r\n"))


def python_concatenated(folder, events):
    (folder / "events").write_bytes(b"".join(json.dumps(event).encode() for event in events))


def python_pretty(folder, events):
    with open(folder / "events.json", "w", encoding="utf-8") as file:
        for event in events:
            json.dump(event, file, indent="\t", ensure_ascii=False)


def python_one_file_an_event(folder, events):
    for number, event in enumerate(events):
        (folder / f"{number}.json").write_bytes(json.dumps(event).encode())


def rfc_7464(folder, events):
    text = "".join(f"{RECORD_SEPARATOR}{json.dumps(event, ensure_ascii=False)}\n" for event in events)
    (folder / "events.json-seq").write_bytes(text.encode())


def python_gzip(folder, events):
    with gzip.open(folder / "events.jsonl.gz", "wb") as file:
        file.write(lines(events))


def python_gzip_members(folder, events):
    """Several members after each other, as loggers append them; the cuts fall inside records and characters."""
    content = lines(events)
    step = len(content) // 7
    (folder / "events.gz").write_bytes(b"".join(gzip.compress(content[at : at + step]) for at in range(0, len(content), step)))


def pyarrow_zstd(folder, events):
    with pyarrow.CompressedOutputStream(str(folder / "events.zst"), "zstd") as stream:
        stream.write(lines(events))


def duckdb_json(suffix, options):
    def write(folder, events):
        for number, (fields, alike) in enumerate(grouped_by_fields(events)):
            table = {field: [json.dumps(event[field], ensure_ascii=False) for event in alike] for field in fields}
            columns = ", ".join(f'CAST("{field}" AS JSON) AS "{field}"' for field in fields)
            duckdb_copy(table, f"SELECT {columns} FROM events", folder / f"{number}{suffix}", options)

    return write


def duckdb_timestamps(sql_type):
    """Writes timestamps of a typed column: `2024-01-01 00:00:00.5`, with `+00` behind it for `TIMESTAMPTZ`."""

    def write(folder, events):
        for number, (fields, alike) in enumerate(grouped_by_fields(with_instants(events))):
            table = {field: [event[field] for event in alike] for field in fields}
            columns = ", ".join(f'"{field}"' for field in fields if field != "timestamp")
            query = f"SELECT CAST(timestamp AS {sql_type}) AS timestamp, {columns} FROM events"
            duckdb_copy(table, query, folder / f"{number}.json", "ARRAY false")

    return write


def duckdb_copy(table, query, path, options):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("events", pyarrow.table(table))
    connection.execute(f"COPY ({query}) TO '{path}' (FORMAT json, {options})")


def polars_ndjson(suffix, compression="uncompressed"):
    def write(folder, events):
        for number, (_, alike) in enumerate(grouped_by_fields(events)):
            frame_of(alike).write_ndjson(folder / f"{number}{suffix}", compression=compression, check_extension=False)

    return write


def polars_ndjson_timestamps(folder, events):
    """Writes timestamps of a typed column: `2024-01-01T00:00:00.500000+00:00`."""
    polars_ndjson(".jsonl")(folder, with_instants(events))


def polars_json(folder, events):
    for number, (_, alike) in enumerate(grouped_by_fields(events)):
        frame_of(alike).write_json(folder / f"{number}.json")


def frame_of(events):
    return polars.DataFrame(events, infer_schema_length=None)


def lines(events, ensure_ascii=False):
    file = io.StringIO()
    for event in events:
        json.dump(event, file, indent=None, ensure_ascii=ensure_ascii)
        file.write("\n")
    return file.getvalue().encode()


def with_instants(events):
    return [{**event, "timestamp": instant_of(event["timestamp"])} for event in events]


def grouped_by_fields(events):
    """A writer of tables writes a null for a field that an event lacks, so each file holds events with the same fields."""
    return [(fields, list(alike)) for fields, alike in groupby(sorted(events, key=sorted), key=sorted)]


TYPELESS_EVENTS = UNIFORM_EVENTS + FREE_EVENTS

WRITERS = [
    Writer("python-array", python_array, EVENTS),
    Writer("python-array-in-one-line", python_array_in_one_line, EVENTS),
    Writer("python-lines", python_lines, EVENTS),
    Writer("python-lines-escaped", python_lines_escaped, EVENTS),
    Writer("python-lines-for-windows", python_lines_for_windows, EVENTS),
    Writer("python-concatenated", python_concatenated, EVENTS),
    Writer("python-pretty", python_pretty, EVENTS),
    Writer("python-one-file-an-event", python_one_file_an_event, EVENTS),
    Writer("rfc-7464", rfc_7464, EVENTS),
    Writer("python-gzip", python_gzip, EVENTS),
    Writer("python-gzip-members", python_gzip_members, EVENTS),
    Writer("pyarrow-zstd", pyarrow_zstd, EVENTS),
    Writer("duckdb-array", duckdb_json(".json", "ARRAY true"), TYPELESS_EVENTS),
    Writer("duckdb-lines", duckdb_json(".jsonl", "ARRAY false"), TYPELESS_EVENTS),
    Writer("duckdb-gzip", duckdb_json(".json.gz", "ARRAY false, COMPRESSION gzip"), TYPELESS_EVENTS),
    Writer("duckdb-zstd", duckdb_json(".json.zst", "ARRAY true, COMPRESSION zstd"), TYPELESS_EVENTS),
    Writer("duckdb-timestamp", duckdb_timestamps("TIMESTAMP"), UNIFORM_EVENTS),
    Writer("duckdb-timestamptz", duckdb_timestamps("TIMESTAMPTZ"), UNIFORM_EVENTS),
    Writer("polars-ndjson", polars_ndjson(".jsonl"), UNIFORM_EVENTS),
    Writer("polars-gzip", polars_ndjson(".jsonl.gz", "gzip"), UNIFORM_EVENTS),
    Writer("polars-zstd", polars_ndjson(".jsonl.zst", "zstd"), UNIFORM_EVENTS),
    Writer("polars-timestamps", polars_ndjson_timestamps, UNIFORM_EVENTS),
    Writer("polars-json", polars_json, UNIFORM_EVENTS),
]
