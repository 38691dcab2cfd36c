"""What is measured: inputs, and who reads them."""

from dataclasses import dataclass, field, replace

LAYOUTS = ("lines", "concatenated")
CHECK_DIVISOR = 50


@dataclass(frozen=True)
class Case:
    """An input that `events generate` makes, with 5 kinds of events and 10 % redeliveries."""

    name: str
    bytes: int
    files: int
    days: int
    compression: str = "none"
    damage: float = 0.0

    def in_small(self):
        return replace(self, bytes=self.bytes // CHECK_DIVISOR, files=min(self.files, 4))

    def options(self, layout):
        options = {
            "bytes": self.bytes, "files": self.files, "days": self.days, "compression": self.compression,
            "damage": self.damage, "layout": layout, "kinds": 5, "duplicates": 0.1,
        }  # fmt: skip
        return [text for name, value in options.items() for text in (f"--{name}", str(value))]


CASES = {
    case.name: case
    for case in (
        Case("seed", 2_000_000, 1, 10),
        Case("m", 100_000_000, 20, 30),
        Case("l", 1_000_000_000, 64, 30),
        Case("wide", 100_000_000, 20, 1_095),
        Case("gzip", 100_000_000, 20, 30, compression="gzip"),
    )
}
DAMAGED = Case("damaged", 20_000_000, 8, 30, damage=0.02)


@dataclass(frozen=True)
class Peer:
    """A program that does the job, and what a reader of its figures has to know."""

    title: str
    job: str
    latest: str
    concatenated: str
    options: list[str] = field(default_factory=list)
    # Whether it is more than one process, so that memory has to be sampled.
    tree: bool = False
    # Whether it reads as another does, so that damage need not be tried twice.
    is_other_setting: bool = False
    # Whether it reads concatenated records by itself, and lines better when they are damaged.
    splits_on_demand: bool = False


PEERS = {
    "duckdb": Peer("DuckDB", "duckdb_job.py", "`arg_max`, grouped by id", "as they are", splits_on_demand=True),
    "duckdb-400mb": Peer(
        "DuckDB, 400 MB limit", "duckdb_job.py", "`arg_max`, grouped by id", "as they are", ["--variant", "400MB"],
        is_other_setting=True,
    ),
    "chdb": Peer(
        "ClickHouse (chdb)", "chdb_job.py", "`argMax`, grouped by id", "as they are", splits_on_demand=True
    ),
    "polars": Peer("Polars", "polars_job.py", "`max_by`, grouped by id", "split in memory"),
    "polars-lines": Peer(
        "Polars, `scan_lines`", "polars_job.py", "`max_by`, grouped by id", "split in memory", ["--variant", "lines"]
    ),
    "datafusion": Peer("DataFusion", "datafusion_job.py", "`row_number() = 1`", "as they are"),
    "pandas": Peer("pandas, pyarrow", "pandas_job.py", "sorted, `drop_duplicates`", "split in memory"),
    "pyspark": Peer("PySpark", "pyspark_job.py", "`row_number() = 1`", "split on the disk", tree=True),
}
