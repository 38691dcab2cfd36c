"""The job in Spark on one host: https://spark.apache.org/docs/latest/sql-performance-tuning.html.

An explicit schema saves a pass over the input, and rows go to the task of their partition before they are written, so
that each folder gets few files. It reads lines only: what is concatenated is split on the disk.
"""

import json
import os
import shutil
import subprocess
import sys

from job import COLUMNS, PARTITION, Job


def java():
    """Says which Java there is: Spark runs on it."""
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=f"{home}/bin" if home else None)
    if program is None:
        sys.exit("there is no Java")
    version = subprocess.run([program, "-version"], capture_output=True, text=True, check=True).stderr
    return version.splitlines()[0]


if sys.argv[1:] == ["--versions"]:
    import importlib.metadata

    print(json.dumps({"pyspark": importlib.metadata.version("pyspark"), "java": java()}))
    sys.exit()
job = Job(["pyspark"])

from pyspark.sql import SparkSession, Window, functions  # noqa: E402 - `--versions` must not need it

spark = (
    SparkSession.builder.master(f"local[{job.threads}]")
    .config("spark.driver.memory", "6g")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", 4 * job.threads)
    .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    .config("spark.sql.parquet.compression.codec", "zstd")
    .config("spark.hadoop.parquet.compression.codec.zstd.level", "1")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")
job.begins()

with job.split_inputs() as folder:
    mode = "DROPMALFORMED" if job.tolerant else "FAILFAST"
    events = spark.read.schema(", ".join(f"{name} STRING" for name in COLUMNS)).json(str(folder), mode=mode)
    parse = functions.try_to_timestamp if job.tolerant else functions.to_timestamp
    events = events.withColumn("timestamp", parse("timestamp"))
    if job.tolerant:
        events = events.where("event_id <> '' AND timestamp IS NOT NULL AND domain <> '' AND event_type <> ''")
    latest_first = Window.partitionBy("event_id").orderBy(functions.col("timestamp").desc())
    latest = events.withColumn("place", functions.row_number().over(latest_first)).where("place = 1").drop("place")
    (
        latest.withColumn("domain_event_type", functions.concat_ws("-", "domain", "event_type"))
        .withColumn("year", functions.year("timestamp"))
        .withColumn("month", functions.month("timestamp"))
        .withColumn("day", functions.dayofmonth("timestamp"))
        .repartition(*PARTITION)
        .write.partitionBy(*PARTITION)
        .parquet(str(job.output))
    )
spark.stop()
