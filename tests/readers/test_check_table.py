"""Checks `check_table` itself: it accepts a right table, made by hand, and names what is wrong with each wrong one."""

import contextlib
import io
import json
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pyarrow
import pyarrow.parquet as parquet

import check_table
from oracle import expected_of, row_of

FILE_SCHEMA = pyarrow.schema(
    [(name, pyarrow.timestamp("us", "UTC") if name == "timestamp" else pyarrow.string()) for name in check_table.FILE_COLUMNS]
)


def events():
    return [
        {
            "event_id": f"id-{number:03}",
            "timestamp": f"2024-0{1 + number % 2}-1{number % 3}T23:{59 - number:02}:00Z",
            "domain": ("account", "café/bar", "100% é=🎉")[number % 3],
            "event_type": "status change",
            "data": {"id": 2**62 + number, "text": "}{"},
            **({"trace": {"n": number}} if number % 5 == 0 else {}),
        }
        for number in range(30)
    ]


def partitions():
    """Returns the right table: the rows of each partition path, sorted, and the counts expected of it."""
    rows = [row_of(event) for event in events()]
    partitions = {}
    for row in sorted(rows, key=lambda row: (row.timestamp_micros, row.event_id)):
        path = f"domain_event_type={quote(row.domain_event_type, safe='')}/year={row.year}/month={row.month}/day={row.day}"
        columns = [row.event_id, row.timestamp_micros, row.domain, row.event_type, row.data, row.extra, None]
        partitions.setdefault(path, []).append(dict(zip(check_table.FILE_COLUMNS, columns)))
    return partitions, expected_of(rows)


def write(folder, partitions, schema=FILE_SCHEMA, name="rows.parquet"):
    for path, rows in partitions.items():
        (folder / path).mkdir(parents=True, exist_ok=True)
        columns = [pyarrow.array([row[field.name] for row in rows]).cast(field.type) for field in schema]
        parquet.write_table(pyarrow.table(columns, schema=schema), folder / path / name)


class CheckTable(unittest.TestCase):
    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "events"
        self.partitions, self.expected = partitions()
        self.path = next(path for path in self.partitions if "100%25" in path)
        self.rows = self.partitions[self.path]

    def assert_refused(self, *messages, schema=FILE_SCHEMA):
        """Writes the table and expects each text in some mismatch."""
        write(self.folder, self.partitions, schema)
        mismatches = check_table.check_table(self.folder, self.expected)
        for message in messages:
            self.assertTrue(any(message in mismatch for mismatch in mismatches), f"no `{message}` in {mismatches}")
        for mismatch in mismatches:
            self.assertNotIn("\n", mismatch)

    def with_type(self, name, type):
        return FILE_SCHEMA.set(FILE_SCHEMA.get_field_index(name), pyarrow.field(name, type))

    def test_accepts_the_right_table(self):
        write(self.folder, self.partitions)
        self.assertEqual(check_table.check_table(self.folder, self.expected), [])

    def test_accepts_two_files_in_a_partition(self):
        for path, rows in self.partitions.items():
            write(self.folder, {path: rows[:1]}, name="one.parquet")
            write(self.folder, {path: rows[1:]}, name="two.parquet")
        self.assertEqual(check_table.check_table(self.folder, self.expected), [])

    def test_refuses_a_missing_row(self):
        self.rows.pop()
        self.assert_refused(
            "DuckDB: rows: 29, expected 30",
            "Polars: rows: 29, expected 30",
            "pyarrow: rows: 29, expected 30",
            "pyarrow: sum of data.id",
            "Polars: sum of the timestamps",
            "rows of `100% é=🎉-status change`: 9, expected 10",
        )

    def test_refuses_a_duplicated_id(self):
        self.rows.append(dict(self.rows[-1]))
        self.assert_refused("DuckDB: rows: 31", "Polars: rows: 31", "pyarrow: rows: 31")
        self.expected["rows"] = 31
        self.assert_refused("DuckDB: distinct event ids: 30", "Polars: distinct event ids: 30", "pyarrow: distinct event ids: 30")

    def test_refuses_another_version_of_a_row(self):
        self.rows[0]["timestamp"] -= 1
        self.assert_refused(*(f"{reader}: sum of the timestamps" for reader in ("DuckDB", "Polars", "pyarrow")))

    def test_refuses_other_data(self):
        self.rows[0]["data"] = '{"id": 1}'
        self.assert_refused(*(f"{reader}: sum of data.id" for reader in ("DuckDB", "Polars", "pyarrow")))

    def test_refuses_rows_of_another_day(self):
        self.partitions[self.path[:-1] + "9"] = self.partitions.pop(self.path)
        counted = f"rows in the partition of another day: {len(self.rows)}, expected 0"
        self.assert_refused(*(f"{reader}: {counted}" for reader in ("DuckDB", "Polars", "pyarrow")))

    def test_refuses_rows_of_another_kind(self):
        self.rows[0]["event_type"] = None
        counted = "rows in the partition of another kind: 1, expected 0"
        self.assert_refused(*(f"{reader}: {counted}" for reader in ("DuckDB", "Polars", "pyarrow")))

    def test_refuses_a_value_escaped_twice(self):
        self.partitions[self.path.replace("%", "%25")] = self.partitions.pop(self.path)
        self.assert_refused("rows in the partition of another kind", "rows of `100% é=🎉-status change`: 5, expected 10")

    def test_refuses_padded_months(self):
        self.partitions = {path.replace("month=", "month=0"): rows for path, rows in self.partitions.items()}
        self.assert_refused("is not a file of a partition", "DuckDB cannot read the table: `month` is VARCHAR, expected BIGINT")

    def test_refuses_a_partition_too_many(self):
        self.expected["partitions"] += 1
        self.assert_refused(*(f"{reader}: partitions: 6, expected 7" for reader in ("DuckDB", "Polars", "pyarrow")))

    def test_refuses_unsorted_rows(self):
        self.rows.reverse()
        self.assert_refused("is not sorted by (timestamp, event_id)")

    def test_refuses_ids_unsorted_at_one_instant(self):
        self.rows[0]["timestamp"] = self.rows[1]["timestamp"]
        self.rows[0]["event_id"], self.rows[1]["event_id"] = sorted([row["event_id"] for row in self.rows[:2]], reverse=True)
        self.assert_refused("is not sorted by (timestamp, event_id)")

    def test_refuses_other_types(self):
        for name, type, message in (
            ("timestamp", pyarrow.timestamp("us"), "DuckDB cannot read the table: `timestamp` is TIMESTAMP, expected"),
            ("timestamp", pyarrow.timestamp("ms", "UTC"), "Polars cannot read the table: `timestamp` is Datetime"),
            ("timestamp", pyarrow.int64(), "`timestamp` is BIGINT"),
            ("domain", pyarrow.dictionary(pyarrow.int32(), pyarrow.string()), "pyarrow cannot read the table: `domain` is dict"),
            ("data", pyarrow.binary(), "DuckDB cannot read the table: `data` is BLOB"),
            ("data", pyarrow.large_string(), "pyarrow cannot read the table: `data` is large_string"),
        ):
            with self.subTest(message):
                self.partitions, self.expected = partitions()
                if type == pyarrow.timestamp("ms", "UTC"):
                    for row in (row for rows in self.partitions.values() for row in rows):
                        row["timestamp"] //= 1_000
                self.assert_refused(message, schema=self.with_type(name, type))

    def test_refuses_partition_columns_in_the_file(self):
        for row in (row for rows in self.partitions.values() for row in rows):
            row["year"] = 2024
        self.assert_refused("has the columns event_id", schema=FILE_SCHEMA.append(pyarrow.field("year", pyarrow.int64())))

    def test_refuses_text_that_is_not_json(self):
        for text in ("{", "", "{} {}"):
            with self.subTest(text):
                self.rows[0]["data"] = text
                self.assert_refused("DuckDB: rows whose data is not JSON: 1", "pyarrow: rows whose data is not JSON: 1")
        # DuckDB takes these for JSON.
        for text in ("NaN", "[-Infinity]"):
            with self.subTest(text):
                self.rows[0]["data"] = text
                self.assert_refused("pyarrow: rows whose data is not JSON: 1")

    def test_refuses_extra_that_is_not_an_object(self):
        for text in ("{", "[]", "null"):
            with self.subTest(text):
                self.rows[0]["extra"] = text
                counted = "rows whose extra is not a JSON object: 1"
                self.assert_refused(f"DuckDB: {counted}", f"pyarrow: {counted}")

    def test_refuses_other_objects_in_the_table(self):
        self.folder.mkdir()
        (self.folder / "_SUCCESS").touch()
        self.assert_refused("`_SUCCESS` is not a file of a partition")

    def test_refuses_a_file_cut_short(self):
        write(self.folder, self.partitions)
        path = self.folder / self.path / "cut.parquet"
        path.write_bytes((self.folder / self.path / "rows.parquet").read_bytes()[:-9])
        self.assert_refused("cut.parquet` is not Parquet", "DuckDB cannot read", "Polars cannot read", "pyarrow cannot read")

    def test_refuses_readers_that_disagree(self):
        write(self.folder, self.partitions)
        one, other = check_table.read_with_duckdb(self.folder), check_table.read_with_polars(self.folder)
        self.assertEqual(check_table.compare_rows(one, other), [])
        other.rows = other.rows.set_column(2, "domain", pyarrow.array(["x"] * 30, pyarrow.large_string()))
        self.assertIn("DuckDB and Polars differ in 30 rows", check_table.compare_rows(one, other)[0])
        other.rows = other.rows.slice(1)
        self.assertEqual(check_table.compare_rows(one, other), ["DuckDB returns 30 rows, Polars 29"])

    def test_refuses_an_empty_table(self):
        self.partitions = {}
        self.folder.mkdir()
        self.assert_refused("no Parquet file")

    def test_answers_as_a_command(self):
        write(self.folder, self.partitions)
        counts = self.folder.parent / "expected.json"
        for rows, code, lines in ((30, 0, 0), (31, 1, 6)):
            counts.write_text(json.dumps({**self.expected, "rows": rows}))
            with contextlib.redirect_stdout(io.StringIO()) as output:
                self.assertEqual(check_table.main([str(self.folder), str(counts)]), code)
            self.assertEqual(len(output.getvalue().splitlines()), lines)


if __name__ == "__main__":
    unittest.main()
