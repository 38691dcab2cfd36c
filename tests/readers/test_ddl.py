"""Runs the statements of `events ddl` that DuckDB takes.

The environment variable `EVENTS_BIN` names the binary; without it every test here is skipped.
"""

import json

import duckdb

from foreign_writers import WRITERS
from lake import FolderLake, events
from oracle import row_of_table, rows_of
from test_readers import ReaderTest, setUpModule  # noqa: F401: unittest calls it

COLUMNS = "event_id, epoch_us(timestamp), domain, event_type, data, extra, domain_event_type, year, month, day"


class DuckDb(ReaderTest):
    def declared(self, lake, *options):
        """Returns a connection in which the table of the lake is declared."""
        _, text = events("ddl", "--dialect", "duckdb", "--root", lake.root, "--output", "json", *options)
        connection = duckdb.connect()
        for statement in json.loads(text)["statements"]:
            connection.execute(statement)
        return connection

    def test_rows_and_types(self):
        """the table and its view of latest rows, in a folder with quotes and patterns in its name"""
        lake = FolderLake(self.folder / "it's a [lake] *?")
        WRITERS[0].write_into(lake.pending)
        lake.run()
        connection = self.declared(lake, "--database", 'a "b"', "--table", "it's")
        expected = rows_of(WRITERS[0].events)
        for table in ("it's", "it's_latest"):
            with self.subTest(table):
                found = connection.execute(f'SELECT {COLUMNS} FROM "a ""b"""."{table}"').fetchall()
                found = {row[0]: row_of_table(*row) for row in found}
                self.assertEqual(found, expected)
                types = connection.execute(f'DESCRIBE "a ""b"""."{table}"').fetchall()
                types = {name: type for name, type, *_ in types}
                text = dict.fromkeys(("event_id", "domain", "event_type", "data", "extra", "repairs", "domain_event_type"), "VARCHAR")
                number = dict.fromkeys(("year", "month", "day"), "INTEGER")
                self.assertEqual(types, {**text, **number, "timestamp": "TIMESTAMP WITH TIME ZONE"})

    def test_one_row_an_event(self):
        """a newer version of an event that is in another partition, while the older one is still there"""
        older, newer = self.new_lake(), self.new_lake()
        for lake, day in ((older, 1), (newer, 2)):
            event = {"event_id": "a", "timestamp": f"2024-01-0{day}T00:00:00Z", "domain": "d", "event_type": "t"}
            (lake.pending / "events.json").write_text(json.dumps(event), encoding="utf-8")
            lake.run()
        for path, content in older.objects("trusted/events").items():
            (newer.table / path).parent.mkdir(parents=True)
            (newer.table / path).write_bytes(content)
        connection = self.declared(newer)
        days = lambda table: sorted(connection.execute(f"SELECT day FROM events.{table}").fetchall())
        self.assertEqual(days("events"), [(1,), (2,)])
        self.assertEqual(days("events_latest"), [(2,)])

    def test_rows_of_the_stage(self):
        """what two halves have parsed, before duplicates are dropped"""
        lake = self.new_lake()
        runs = []
        for day in (1, 2):
            event = {"event_id": "a", "timestamp": f"2024-01-0{day}T00:00:00Z", "domain": "d", "event_type": "t"}
            (lake.pending / f"{day}.json").write_text(json.dumps(event), encoding="utf-8")
            _, text = events("parse", "--root", lake.root, "--output", "json")
            runs.append(json.loads(text)["run"])
        connection = self.declared(lake, "--zone", "stage")
        rows = connection.execute("SELECT run, event_id, day(timestamp AT TIME ZONE 'UTC') FROM events.events_stage ORDER BY 3").fetchall()
        self.assertEqual(rows, [(runs[0], "a", 1), (runs[1], "a", 2)])
        self.assertNotEqual(*runs)
