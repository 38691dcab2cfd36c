"""Declares a table with the statements of `events ddl --dialect athena` in Spark with a Hive metastore, and reads it back.

It is run by hand, because Spark takes some 400 MB:

    cargo build
    python3 -m venv target/catalog
    target/catalog/bin/pip install -r tests/catalog/requirements.txt
    target/catalog/bin/python tests/catalog/hive.py target/debug/events

Without Spark or Java it says what is missing and ends with 0, with `--require` with 1.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

COLUMNS = ["event_id", "timestamp", "domain", "event_type", "data", "extra", "repairs", "domain_event_type", "year", "month", "day"]
# A kind whose folder is escaped: what a catalog makes of it is what a reader of the folders makes of it.
ODD = {"event_id": "odd", "timestamp": "2024-02-29T23:59:59.999999Z", "domain": "card/eu 1", "event_type": "is=sued%"}


def missing():
    """Says what there is not, if anything."""
    if not shutil.which("java"):
        return "no Java"
    try:
        import pyarrow  # noqa: F401
        import pyspark  # noqa: F401
    except ImportError as error:
        return f"{error}: see the first lines of this file"
    return None


def fill(binary, root):
    pending = root / "landing/pending"
    pending.mkdir(parents=True)
    generate = [binary, "generate", "--out", pending, "--expected", root / "expected.json", "--bytes", "1MB", "--days", "3", "--quiet"]
    subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
    (pending / "odd.json").write_text(json.dumps(ODD), encoding="utf-8")
    subprocess.run([binary, "run", "--root", root, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def statements(binary, root, dialect):
    ddl = [binary, "ddl", "--dialect", dialect, "--root", root, "--database", f"by_{dialect}", "--output", "json"]
    return json.loads(subprocess.run(ddl, check=True, stdout=subprocess.PIPE).stdout)["statements"]


def rows_of_pyarrow(root):
    import pyarrow
    import pyarrow.dataset as dataset

    types = [("domain_event_type", pyarrow.string()), ("year", pyarrow.int32()), ("month", pyarrow.int32()), ("day", pyarrow.int32())]
    partitioning = dataset.partitioning(pyarrow.schema(types), flavor="hive")
    table = dataset.dataset(root / "trusted/events", format="parquet", partitioning=partitioning).to_table(COLUMNS)
    timestamps = table.column("timestamp").cast(pyarrow.int64()).to_pylist()
    others = {name: table.column(name).to_pylist() for name in COLUMNS if name != "timestamp"}
    return sorted(zip(*({**others, "timestamp": timestamps}[name] for name in COLUMNS)), key=lambda row: row[0])


def rows_of_spark(spark, table):
    columns = ", ".join("unix_micros(timestamp) AS timestamp" if name == "timestamp" else name for name in COLUMNS)
    return sorted((tuple(row) for row in spark.sql(f"SELECT {columns} FROM {table}").collect()), key=lambda row: row[0])


def session(folder):
    from pyspark.sql import SparkSession

    derby = folder / "derby"
    options = {
        "spark.master": "local[1]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={derby}",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={derby}/metastore;create=true",
    }
    builder = SparkSession.builder.enableHiveSupport()
    for name, value in options.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def check(spark, binary, root, expected):
    for dialect in ("athena", "spark"):
        # A view of Athena is in the SQL of Trino.
        kept = [text for text in statements(binary, root, dialect) if not (dialect == "athena" and "VIEW" in text)]
        for statement in kept:
            spark.sql(statement)
        tables = ["events"] if dialect == "athena" else ["events", "events_latest"]
        for table in tables:
            found = rows_of_spark(spark, f"by_{dialect}.{table}")
            if found != expected:
                differing = [pair for pair in zip(found, expected) if pair[0] != pair[1]][:3]
                raise AssertionError(f"{dialect} {table}: {len(found)} rows for {len(expected)}; {differing}")
            partitions = spark.sql(f"SHOW PARTITIONS by_{dialect}.events").count()
            print(f"{dialect}: `{table}` has the {len(found)} rows that pyarrow reads, in {partitions} partitions")


def main():
    if reason := missing():
        print(f"hive: skipped: {reason}")
        return 1 if "--require" in sys.argv else 0
    binary = Path(sys.argv[1]).resolve()
    with TemporaryDirectory() as folder:
        root = Path(folder) / "it's a lake"
        fill(binary, root)
        expected = rows_of_pyarrow(root)
        spark = session(Path(folder))
        try:
            check(spark, binary, root, expected)
        finally:
            spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
