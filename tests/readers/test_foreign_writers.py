"""Checks that the foreign writers write what the oracle believes they do; needs no binary."""

import gzip
import json
import re
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow

from foreign_events import EVENTS
from foreign_writers import RECORD_SEPARATOR, WRITERS
from oracle import micros_of, rows_of

SEPARATORS = re.compile(rf"[{RECORD_SEPARATOR}\s]*")


def read_back(path):
    """Reads the values of a file with Python's own parser."""
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    elif content.startswith(b"\x28\xb5\x2f\xfd"):
        content = pyarrow.CompressedInputStream(pyarrow.BufferReader(content), "zstd").read()
    text, decoder, values, at = content.decode("utf-8-sig"), json.JSONDecoder(), [], 0
    while True:
        at = SEPARATORS.match(text, at).end()
        if at == len(text):
            return values
        value, at = decoder.raw_decode(text, at)
        values += value if isinstance(value, list) else [value]


class ForeignWriters(unittest.TestCase):
    def test_each_writes_the_rows_of_the_oracle(self):
        for writer in WRITERS:
            with self.subTest(writer.name), TemporaryDirectory() as folder:
                writer.write_into(folder)
                found = [value for path in Path(folder).rglob("*") if path.is_file() for value in read_back(path)]
                self.assertEqual(rows_of(found), rows_of(writer.events))

    def test_the_oracle_reads_times_as_duckdb_does(self):
        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'")
        for text in sorted({event["timestamp"] for event in EVENTS if isinstance(event["timestamp"], str)}):
            with self.subTest(text):
                # DuckDB wants capital letters.
                micros = connection.execute("SELECT epoch_us(CAST(? AS TIMESTAMPTZ))", [text.upper()]).fetchone()[0]
                self.assertEqual(micros_of(text), micros)


if __name__ == "__main__":
    unittest.main()
