#!/usr/bin/env python3
"""What a table costs a month, by the model of docs/OPERATIONS.md. Without options it prints the table of that document.

    docs/monthly-costs.py --gb-a-day 20 --runs-a-day 96 --inputs-a-day 5000 --partitions 40 --memory-mb 3538
"""

import argparse
from dataclasses import dataclass

# docs/SCALE.md: measured by processor time on one core, and parts of the input's bytes.
PROCESSOR_SECONDS_A_GB = 9.5 + 6.7
TABLE, INDEX = 0.245, 0.033
# docs/SCALE.md: assumed.
GB_A_SECOND = 0.075
PROCESSOR_MB = 1769
PUT, GET, GB_SECOND = 5e-6, 0.4e-6, 0.0000133
# docs/SCALE.md: bytes that a run moves, by bytes of its inputs.
MOVED = 2.8
# docs/COSTS.md: bytes of the table by rows, and of the index by requests that read all of it.
EVENTS_A_GB = 10e6 / (0.815 / TABLE)
INDEX_GB_A_READ = 0.111 / 64
# The client reads what is nearer to another read than this along with it; else a lookup is a bucket.
GAP_GB, BUCKET_GB = 2**20 / 1e9, 700e-9
# Each run opens every segment of the index, by a read of its end.
SEGMENT_GB = 2**20 * 11 / 1e9
# Files below --fold-below take rows in.
FOLD_BELOW_GB = 64 * 2**20 / 1e9
# An entry of the index is written again when its level is merged: three levels, each four times on average.
INDEX_WRITES = 12
# List prices of us-east-1 as they were known when this was written, beside those of docs/SCALE.md.
GB_MONTH, INVOCATION, MESSAGE = 0.023, 0.2e-6, 0.4e-6
# 25 metrics, the alarms and a dashboard.
WATCHING = 12.0
DAYS = 30
# For which old versions are kept: of inputs that were moved, and of the rest.
PENDING_DAYS, NONCURRENT_DAYS = 7, 30
# What an invocation has, without the seconds in which it gives up.
INVOCATION_SECONDS = 890


@dataclass
class Load:
    gb: float
    runs: int
    inputs: int
    partitions: int
    memory_mb: int = PROCESSOR_MB
    # Items that ask the index, of a run over many invocations.
    items: int = 1

    def rewritten_gb(self):
        """Bytes of the table's files that a run reads and writes again: the root of docs/COSTS.md for a partition that
        fills during the day."""
        day = TABLE * self.gb / self.partitions
        return self.partitions * min(day / self.runs**0.5, FOLD_BELOW_GB)

    def index_reads(self, age_days):
        """Bytes and requests by which a run asks the index."""
        index, events = INDEX * self.gb * age_days, EVENTS_A_GB * self.gb / self.runs
        if index < events * GAP_GB:
            return index, index / INDEX_GB_A_READ + index / SEGMENT_GB
        return events * BUCKET_GB, events + index / SEGMENT_GB

    def month(self, age_days):
        inputs = self.inputs / self.runs
        index_gb, index_gets = self.index_reads(age_days)
        puts = self.partitions + inputs + 20
        gets = self.partitions + 4 * inputs + 20 + index_gets
        moved = MOVED * self.gb / self.runs + 4 * self.rewritten_gb() + index_gb
        processors = self.memory_mb / PROCESSOR_MB
        seconds = 1 + max(PROCESSOR_SECONDS_A_GB * self.gb / self.runs / processors, moved / GB_A_SECOND)
        runs = self.runs * DAYS
        old_a_day = self.rewritten_gb() * self.runs + INDEX_WRITES * INDEX * self.gb
        old = self.gb * min(age_days, PENDING_DAYS) + old_a_day * min(age_days, NONCURRENT_DAYS)
        return {
            "requests": runs * (puts * PUT + gets * GET),
            "function": runs * (seconds * self.memory_mb / 1024 * GB_SECOND + INVOCATION),
            "queue": (3 * runs + self.inputs * DAYS) * MESSAGE,
            "inputs kept": self.gb * age_days * GB_MONTH,
            "table, index": (TABLE + INDEX) * self.gb * age_days * GB_MONTH,
            "old versions": old * GB_MONTH,
            "watching": WATCHING,
            "seconds": seconds / self.items,
        }


LOADS = [
    ("1 GB, each minute", Load(1, 1440, 1440, 16)),
    ("1 GB, each hour", Load(1, 24, 1440, 16)),
    ("100 GB, each hour", Load(100, 24, 5000, 16, memory_mb=3 * PROCESSOR_MB)),
    ("100 GB, 4 runs over many invocations", Load(100, 4, 5000, 16, items=46)),
    ("1 TB, 24 runs over many invocations", Load(1000, 24, 20000, 16, items=64)),
    ("1 TB, 4 runs over many invocations", Load(1000, 4, 20000, 16, items=64)),
]


def dollars(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gb-a-day", type=float)
    parser.add_argument("--runs-a-day", type=int, default=24)
    parser.add_argument("--inputs-a-day", type=int, default=1440)
    parser.add_argument("--partitions", type=int, default=16, help="that a run writes to")
    parser.add_argument("--memory-mb", type=int, default=PROCESSOR_MB)
    parser.add_argument("--items", type=int, default=1, help="that ask the index, of a run over many invocations")
    parser.add_argument("--age-days", type=int, nargs="*", default=[15, 350], help="of the table, amid the month")
    options = parser.parse_args()
    loads = LOADS
    if options.gb_a_day is not None:
        load = [options.gb_a_day, options.runs_a_day, options.inputs_a_day, options.partitions]
        loads = [("yours", Load(*load, options.memory_mb, options.items))]
    columns = list(LOADS[0][1].month(15))
    print("| a day | month |", " | ".join(columns[:-1]), "| total, $ | longest invocation |")
    print("|---|---|" + "---:|" * (len(columns) + 1))
    for name, load in loads:
        for age in options.age_days:
            month = load.month(age)
            seconds = month.pop("seconds")
            fits = f"{seconds:,.0f} s" if seconds <= INVOCATION_SECONDS else "does not fit"
            cells = [dollars(value) for value in [*month.values(), sum(month.values())]]
            print(f"| {name} | {age // DAYS + 1} |", " | ".join(cells), f"| {fits} |")


if __name__ == "__main__":
    main()
