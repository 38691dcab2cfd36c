"""Runs the binary and reads its tables with DuckDB, Polars and pyarrow.

The environment variable `EVENTS_BIN` names the binary; without it every test here is skipped.
"""

import json
import unittest
from pathlib import Path
from random import Random
from shutil import copytree
from tempfile import TemporaryDirectory

import duckdb
import polars
import pyarrow.dataset as dataset

from check_table import check_table
from foreign_events import EVENTS
from foreign_writers import WRITERS
from lake import DONE, DONE_WITH_REJECTS, EVENTS_BIN, BucketLake, FolderLake, generate, processed_inputs
from oracle import expected_of, row_of_table, rows_of
from s3_server import S3Server

LAYOUTS = ("concatenated", "lines", "array", "pretty", "sequence", "mixed")
COMPRESSIONS = ("none", "gzip", "zstd")
MISMATCHES_SHOWN_MAX = 20


def setUpModule():
    if not EVENTS_BIN:
        print("test_readers: skipped, EVENTS_BIN does not name the binary")
        raise unittest.SkipTest("EVENTS_BIN does not name the binary")


class ReaderTest(unittest.TestCase):
    """A test with a folder of its own, which says what it covers."""

    def setUp(self):
        print(f"{self.id()}: {self.shortDescription()}", flush=True)
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.lakes = 0

    def new_lake(self):
        self.lakes += 1
        return FolderLake(self.folder / f"lake-{self.lakes}")

    def run_and_check_zones(self, lake, codes=(DONE,)):
        """Runs the binary, and checks that every input moved as it was and that nothing else stayed behind."""
        inputs = lake.objects("landing/pending")
        self.assertTrue(inputs, "there is nothing to run on")
        code = lake.run()
        self.assertIn(code, codes)
        self.assertEqual(sorted(lake.objects("landing/pending")), [], "still pending")
        processed = processed_inputs(lake)
        self.assertCountEqual(processed, inputs)
        changed = [name for name, content in inputs.items() if processed[name] != content]
        self.assertEqual(changed, [], "processed with another content")
        self.assertEqual(sorted(lake.objects("stage")), [], "left in the stage zone")
        self.assertEqual(bool(lake.objects("landing/quarantine")), code == DONE_WITH_REJECTS, "quarantine against exit code")

    def assert_table(self, table, expected):
        mismatches = check_table(table, expected)
        if mismatches:
            self.fail("\n".join([f"{len(mismatches)} mismatches", *mismatches[:MISMATCHES_SHOWN_MAX]]))

    def assert_rows(self, table, events):
        """Compares the table row by row, as DuckDB reads it, with what the oracle makes of the events."""
        expected = rows_of(events)
        found = duckdb.execute(
            """
            SELECT event_id, epoch_us(timestamp), domain, event_type, data, extra, domain_event_type, year, month, day
            FROM read_parquet(?, hive_partitioning = true)
            """,
            [f"{table}/**/*.parquet"],
        ).fetchall()
        found = [row_of_table(*row) for row in found]
        self.assertCountEqual([row.event_id for row in found], expected)
        for row in found:
            for field, value in row._asdict().items():
                self.assertEqual(value, getattr(expected[row.event_id], field), f"{field} of `{row.event_id}`")
        self.assert_table(table, expected_of(expected.values()))


class GeneratedInputs(ReaderTest):
    def test_layouts_and_compressions(self):
        """each generated layout in each compression"""
        for layout in LAYOUTS:
            for compression in COMPRESSIONS:
                with self.subTest(layout=layout, compression=compression):
                    lake = self.new_lake()
                    expected = generate(lake.pending, layout=layout, compression=compression)
                    self.run_and_check_zones(lake)
                    self.assert_table(lake.table, expected)

    def test_wide_days(self):
        """few rows in each of thousands of partitions: 2 MB over 1,095 days"""
        lake = self.new_lake()
        expected = generate(lake.pending, layout="lines", days=1_095)
        self.run_and_check_zones(lake)
        self.assert_table(lake.table, expected)

    def test_damage(self):
        """each generated layout with one damaged record in twenty"""
        for layout in LAYOUTS:
            with self.subTest(layout=layout):
                lake = self.new_lake()
                expected = generate(lake.pending, layout=layout, damage=0.05)
                self.run_and_check_zones(lake, (DONE, DONE_WITH_REJECTS))
                self.assert_table(lake.table, expected)


class ForeignInputs(ReaderTest):
    def test_each_writer(self):
        """the same events as written by Python, DuckDB, Polars and pyarrow, each alone"""
        for writer in WRITERS:
            with self.subTest(writer.name):
                lake = self.new_lake()
                writer.write_into(lake.pending, Random(writer.name).sample(writer.events, len(writer.events)))
                self.run_and_check_zones(lake)
                self.assert_rows(lake.table, writer.events)

    def test_all_writers_together(self):
        """the same events delivered by all foreign writers at once; partition filters and look-ups by id"""
        lake = self.new_lake()
        for writer in WRITERS:
            writer.write_into(lake.pending)
        self.run_and_check_zones(lake)
        self.assert_rows(lake.table, EVENTS)
        self.assert_filters(lake.table, rows_of(EVENTS).values())

    def assert_filters(self, table, rows):
        """Filters skip files by their path, row groups by their statistics and Bloom filters: none may skip a row."""
        files = f"{table}/**/*.parquet"
        for kind, counted in expected_of(rows)["rows_by_kind"].items():
            by_duckdb = duckdb.execute(
                "SELECT count(*) FROM read_parquet(?, hive_partitioning = true) WHERE domain_event_type = ? AND month > 0",
                [files, kind],
            ).fetchone()[0]
            by_polars = polars.scan_parquet(files, hive_partitioning=True).filter(
                polars.col("domain_event_type") == kind, polars.col("month") > 0
            )
            by_pyarrow = dataset.dataset(table, format="parquet", partitioning="hive").count_rows(
                filter=(dataset.field("domain_event_type") == kind) & (dataset.field("month") > 0)
            )
            found = (by_duckdb, by_polars.select(polars.len()).collect().item(), by_pyarrow)
            self.assertEqual(found, (counted,) * 3, f"rows of `{kind}` by DuckDB, Polars and pyarrow")
        for row in rows:
            found = duckdb.execute(
                "SELECT count(*) FROM read_parquet(?, hive_partitioning = true) WHERE event_id = ? AND day = ?",
                [files, row.event_id, row.day],
            ).fetchone()[0]
            self.assertEqual(found, 1, f"look-up of `{row.event_id}`")

    def test_names_of_inputs(self):
        """inputs in nested folders, with spaces, accents and characters of URLs in their names"""
        lake = self.new_lake()
        names = ["a b", "café/日本", "x=1/y=2", "a+b&c;d,e", "100%", "a%20b", "#1", "what?", "it's (1) [2] {3}", "date=2020-01-01/a"]
        for number, name in enumerate(names):
            path = lake.pending / name / f"{name.replace('/', ' ')}.json"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(EVENTS[number :: len(names)]))
        self.run_and_check_zones(lake)
        self.assert_rows(lake.table, EVENTS)


class RepeatedRuns(ReaderTest):
    def test_two_runs_on_a_day(self):
        """new events of the same days and kinds in a second run join the rows of the first; then a run on nothing"""
        lake = self.new_lake()
        expected = []
        for seed in (1, 2):
            # So few days, and no newer versions on the next, that both runs write to the same partitions.
            expected.append(generate(lake.pending / f"{seed}", layout="mixed", days=2, duplicates=0, seed=seed))
            self.assertEqual(lake.run(), DONE)
            self.assert_table(lake.table, sum_of(expected))
        before = lake.objects("trusted/events")
        self.assertEqual(lake.run(), DONE)
        self.assertTrue(lake.objects("trusted/events") == before, "a run on nothing changed the table")


def sum_of(expected):
    """What a table must hold after runs on inputs that share no event but have the same partitions."""
    first = expected[0]
    return {
        "rows": sum(run["rows"] for run in expected),
        "rows_by_kind": {kind: sum(run["rows_by_kind"][kind] for run in expected) for kind in first["rows_by_kind"]},
        "partitions": max(run["partitions"] for run in expected),
        "timestamp_micros_sum": str(sum(int(run["timestamp_micros_sum"]) for run in expected)),
        "data_id_sum": str(sum(int(run["data_id_sum"]) for run in expected)),
    }


class OverS3(ReaderTest):
    @classmethod
    def setUpClass(cls):
        folder = TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.server = S3Server(Path(folder.name) / "server.log")
        cls.addClassCleanup(cls.server.stop)

    def test_generated_inputs(self):
        """generated inputs over S3, in two runs"""
        lake = BucketLake(self.server, "generated")
        expected = generate(self.folder / "inputs", layout="mixed", compression="zstd")
        lake.upload(self.folder / "inputs")
        self.run_and_check_zones(lake)
        lake.download_table(self.folder / "table")
        self.assert_table(self.folder / "table", expected)
        self.assert_no_upload_stays(lake)
        before = lake.objects("trusted/events")
        self.assertEqual(lake.run(), DONE)
        self.assertTrue(lake.objects("trusted/events") == before, "a run on nothing changed the table")

    def test_foreign_inputs(self):
        """foreign inputs and partition values over S3"""
        lake = BucketLake(self.server, "foreign")
        inputs = self.folder / "inputs"
        for writer in WRITERS:
            # One object an event is a matter of patience here, not of S3.
            if writer.name != "python-one-file-an-event":
                writer.write_into(inputs)
        copytree(inputs / WRITERS[0].name, inputs / "a b" / "café 100% #1")
        lake.upload(inputs)
        self.run_and_check_zones(lake)
        lake.download_table(self.folder / "table")
        self.assert_rows(self.folder / "table", EVENTS)
        self.assert_no_upload_stays(lake)

    def assert_no_upload_stays(self, lake):
        uploads = lake.client.list_multipart_uploads(Bucket=lake.bucket).get("Uploads", [])
        self.assertEqual([upload["Key"] for upload in uploads], [], "unfinished multipart uploads")


if __name__ == "__main__":
    unittest.main()
