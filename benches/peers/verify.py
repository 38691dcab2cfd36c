"""Holds tables against each other, and says in a line of JSON what it found.

`verify.py counts TABLE EXPECTED`: ours against the counts of the generator, which owe nothing to the code measured.
`verify.py same OURS THEIRS…`: for each of theirs whether all rows are the same, by a digest of (event_id, timestamp, domain, event_type) in
the order of the ids, each in the partition that its own columns name, and how close `data` is in a sample of the rows.
`verify.py recovered OURS THEIRS`: how many of our rows are in a table that was made of damaged input.
"""

import hashlib
import json
import math
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

COLUMNS = ("event_id", "timestamp", "domain", "event_type")
TEXTS = ("event_id", "domain", "event_type")
SAMPLE_ROWS_MAX = 20_000
DIGEST_ROWS = 65_536

# How close `data` is to what came: the same text, the same JSON, the same but for numbers that were rounded to doubles,
# or that and without its nulls, or something else.
CLOSENESS = ("text", "value", "rounded", "struct", "different")


class Table:
    """The rows of a table in Hive partitions, sorted by id, and `data` of some or all ids."""

    def __init__(self, folder, whole=False):
        self.files = [path for path in sorted(Path(folder).rglob("*.parquet")) if not path.name.startswith((".", "_"))]
        self.bytes = sum(path.stat().st_size for path in self.files)
        self.partitions = Counter()
        count = sum(pq.read_metadata(path).num_rows for path in self.files)
        # Ids are hexadecimal and random, so those with the same first digits are a sample.
        digits = 0 if whole else next(n for n in range(9) if count <= SAMPLE_ROWS_MAX * 16**n)
        self.sampled = "7" * digits
        self.data = {}
        self.mended = set()
        rows = [self._read(path, self._place(path.relative_to(folder).parts[:-1])) for path in self.files]
        self.rows = pa.concat_tables(rows).combine_chunks().sort_by("event_id") if rows else None

    def __len__(self):
        return 0 if self.rows is None else len(self.rows)

    @staticmethod
    def _place(folders):
        names = dict(unquote(folder).split("=", 1) for folder in folders)
        try:
            day = date(int(names["year"]), int(names["month"]), int(names["day"]))
        except ValueError:
            day = None  # the partition of nulls
        return f"{names['domain_event_type']}/{day}"

    def _read(self, path, place):
        table = pq.ParquetFile(path).read()
        self.partitions[place] += len(table)
        columns = {name: pc.cast(table[name], pa.large_string()) for name in TEXTS}
        sample = pc.fill_null(pc.starts_with(columns["event_id"], self.sampled), False)
        ids = columns["event_id"].filter(sample).to_pylist()
        self.data.update(zip(ids, values(table["data"].filter(sample))))
        if "repairs" in table.column_names:
            self.mended.update(columns["event_id"].filter(pc.is_valid(table["repairs"])).to_pylist())
        columns["timestamp"] = micros(table["timestamp"])
        columns["place"] = pa.repeat(place, len(table)).dictionary_encode()
        return pa.table(columns)

    def misplaced(self):
        """How many rows are in another partition than their own columns name."""
        rows = self.rows
        kind = joined([rows["domain"], rows["event_type"]], "-")
        day = pc.cast(pc.cast(pc.cast(rows["timestamp"], pa.timestamp("us")), pa.date32()), pa.large_string())
        place = pc.cast(rows["place"], pa.large_string())
        same = pc.equal(joined([kind, day], "/"), place)
        return len(rows) - pc.sum(pc.fill_null(same, False)).as_py()

    def digest(self):
        digest = hashlib.sha256()
        rows = joined([pc.cast(self.rows[name], pa.large_string()) for name in COLUMNS], "\x1f")
        for start in range(0, len(rows), DIGEST_ROWS):
            digest.update("\x1e".join(rows.slice(start, DIGEST_ROWS).to_pylist()).encode())
            digest.update(b"\x1e")
        return digest.hexdigest()


def values(data):
    """Values of `data`: a dict for a struct, else the text, in which bytes that are no text are replaced."""
    if pa.types.is_struct(data.type):
        return data.to_pylist()
    texts = pc.cast(data, pa.large_binary()).to_pylist()
    return [None if text is None else text.decode(errors="replace") for text in texts]


def joined(columns, separator):
    separator = pa.scalar(separator, pa.large_string())
    return pc.binary_join_element_wise(*columns, separator, null_handling="replace", null_replacement="(null)")


def micros(column):
    """Microseconds since the epoch. A timestamp without a time zone is UTC."""
    zone = column.type.tz
    return pc.cast(pc.cast(column, pa.timestamp("us", zone), safe=False), pa.int64())


def closeness(ours, theirs):
    """Says how close a value of `data` is to ours, which is the text that came."""
    if ours == theirs:
        return "text"
    if ours is None or theirs is None:
        return "different"
    if isinstance(theirs, dict):
        return "struct" if close(without_nulls(rounded(ours)), without_nulls(theirs)) else "different"
    try:
        if exact(ours) == exact(theirs):
            return "value"
        return "rounded" if close(rounded(ours), rounded(theirs)) else "different"
    except ValueError:
        return "different"


def exact(text):
    return json.loads(text, parse_int=Decimal, parse_float=Decimal)


def rounded(text):
    return json.loads(text, parse_int=float)


def close(ours, theirs):
    """Whether values are the same but for the last digits of doubles, which some parsers get wrong."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(close(ours[name], theirs[name]) for name in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(close, ours, theirs))
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return math.isclose(ours, theirs, rel_tol=1e-15)
    return ours == theirs


def without_nulls(value):
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def counts(folder, expected):
    """Holds our own table against what the generator says of it."""
    table, expected = Table(folder, whole=True), json.loads(Path(expected).read_text())
    values = [json.loads(text) for text in table.data.values()]
    kinds = Counter()
    for place, rows in table.partitions.items():
        kinds[place.rsplit("/", 1)[0]] += rows
    found = {
        "rows": len(table),
        "ids": pc.count_distinct(table.rows["event_id"]).as_py(),
        "rows_by_kind": dict(kinds),
        "partitions": len(table.partitions),
        # Their sum is beyond 64 bits.
        "timestamp_micros_sum": str(sum(table.rows["timestamp"].to_pylist())),
        "data_id_sum": str(sum(value["id"] for value in values)),
        "misplaced": table.misplaced(),
    }
    right = {"ids": expected["rows"], "misplaced": 0}
    right = {name: right[name] if name in right else expected[name] for name in found}
    wrong = [f"{name} is {found[name]}, not {right[name]}" for name in found if found[name] != right[name]]
    return {"problem": "; ".join(wrong) or None, "rows": found["rows"]}


def same(ours, *peers):
    """Holds all rows of each peer against ours."""
    ours = Table(ours)
    digest = ours.digest()
    return [same_rows(ours, digest, Table(theirs)) for theirs in peers]


def same_rows(ours, digest, theirs):
    data = Counter(closeness(data, theirs.data.get(event_id)) for event_id, data in ours.data.items())
    worst = max(data, key=CLOSENESS.index)
    problem = None
    if len(theirs) != len(ours):
        problem = f"{len(theirs):,} rows instead of {len(ours):,}"
    elif (distinct := pc.count_distinct(theirs.rows["event_id"]).as_py()) != len(theirs):
        problem = f"{len(theirs):,} rows have {distinct:,} ids"
    elif theirs.partitions != ours.partitions:
        problem = "other partitions or counts in them"
    elif theirs.digest() != digest:
        problem = "other ids, timestamps, domains or event types"
    elif theirs.misplaced():
        problem = f"{theirs.misplaced():,} rows in a partition that is not theirs"
    elif worst == "different":
        problem = f"`data` is different in {data['different']:,} of {data.total():,} rows looked at"
    return {
        "problem": problem,
        "rows": len(theirs),
        "data": worst,
        "data_rows": data.total(),
        "files": len(theirs.files),
        "bytes": theirs.bytes,
    }


def recovered(ours, theirs):
    """Counts the rows that a peer has made of damaged input as we have. Ours were held against the generator's counts."""
    ours, theirs = Table(ours, whole=True), Table(theirs, whole=True)
    right = rows_of(ours)
    kept, seen = set(), set()
    rows = rows_of(theirs) if len(theirs) else {}
    for event_id, row in rows.items():
        if event_id in right:
            seen.add(event_id)
            if row == right[event_id] and closeness(ours.data[event_id], theirs.data[event_id]) != "different":
                kept.add(event_id)
    return {
        "expected": len(right),
        "expected_mended": len(ours.mended),
        "kept": len(kept),
        "kept_mended": len(kept & ours.mended),
        # Events with another time or content than the right ones, such as an older version, or with no JSON as `data`.
        "wrong": len(seen) - len(kept),
        # Of records that are no events, and of ids that come more than once.
        "foreign": len(theirs) - len(seen),
    }


def rows_of(table):
    columns = [table.rows[name].to_pylist() for name in COLUMNS]
    return {row[0]: row for row in zip(*columns)}


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    print(json.dumps({"counts": counts, "same": same, "recovered": recovered}[command](*arguments)))
