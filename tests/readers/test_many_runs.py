"""A table that grows by many runs, and a reader that looks at it meanwhile.

The environment variable `EVENTS_BIN` names the binary; without it every test here is skipped. `EVENTS_RUNS` is how many runs
the reader looks at, 200 when nobody says.
"""

import json
import os
import re
import threading
import time
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from random import Random
from uuid import UUID

import duckdb

from lake import DONE
from test_readers import ReaderTest, setUpModule  # noqa: F401: unittest calls it

RUNS = int(os.environ.get("EVENTS_RUNS", "200"))
# Seconds, several times as long as a scan of the table here takes on two cores that others use as well.
GRACE_S = 0.3
README = Path(__file__).parents[2] / "README.md"
ENTRY = re.compile(r"(\d{20})\.(json|done)")

VANISHED = re.compile(r"No such file|No files found|Could not open file|Cannot open file")

ROWS = """
    SELECT event_id, epoch_us(timestamp) AS micros, domain, event_type, data
    FROM read_parquet('{table}/**/*.parquet', hive_partitioning = true)
"""

# All that was ever delivered, as DuckDB reads it.
DELIVERED = """
    SELECT event_id, epoch_us(CAST(timestamp AS TIMESTAMPTZ)) AS micros, domain, event_type, CAST(data AS VARCHAR) AS data
    FROM read_json('{processed}/**/*.jsonl', format = 'newline_delimited', columns = {{
        event_id: 'VARCHAR', timestamp: 'VARCHAR', domain: 'VARCHAR', event_type: 'VARCHAR', data: 'JSON'
    }})
"""


class Source:
    """Writes batches of events: new ones, ones that come again, and other versions of earlier ones, in any day and kind.

    With `ties` some versions have the time of another one.
    """

    FIRST = datetime(2024, 2, 26, tzinfo=timezone.utc)
    KINDS = [("order", "placed"), ("order", "shipped"), ("card", "issued")]

    def __init__(self, seed, days, ties=False):
        self.random = Random(seed)
        self.days = days
        self.ties = ties
        self.events = []
        self.times = {}

    def batch(self, count, newer=True):
        # An event may come again within its batch.
        return [self.event(newer) for _ in range(count)]

    def event(self, newer=True):
        chance = self.random.random() * (1 if newer else 0.75)
        if not self.events or chance < 0.5:
            event = self.version(self.new_id())
        elif chance < 0.75:
            event = self.random.choice(self.events)
        else:
            event = self.version(self.random.choice(self.events)["event_id"])
        self.events.append(event)
        return event

    def new_id(self):
        number = len(self.times)
        return str(UUID(int=self.random.getrandbits(128), version=4)) if number % 2 else f"event {number}"

    def version(self, event_id):
        times = self.times.setdefault(event_id, set())
        micros = self.random.randrange(self.days * 86_400_000_000)
        if self.ties and times and self.random.random() < 0.3:
            micros = self.random.choice(sorted(times))
        elif micros in times:
            micros += max(times) + 1
        times.add(micros)
        timestamp = self.FIRST + timedelta(microseconds=micros)
        domain, event_type = self.random.choice(self.KINDS)
        data = {"id": len(self.events), "text": "x" * self.random.randrange(40)}
        text = timestamp.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return {"event_id": event_id, "timestamp": text, "domain": domain, "event_type": event_type, "data": data}


def write_lines(path, events):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events), encoding="utf-8")


def micros_of(event):
    return round(datetime.fromisoformat(event["timestamp"]).timestamp() * 1_000_000)


class Poller(threading.Thread):
    """Reads the whole table again and again, and notes what no reader may ever see.

    Runs give readers `grace_s` seconds, so a scan that took less must not miss anything, whatever moves.
    """

    def __init__(self, lake, seed, grace_s=0.0):
        super().__init__(daemon=True)
        self.grace_s = grace_s
        self.scans_s = []
        self.table = lake.table
        self.log = lake.root / "trusted/control/log"
        self.random = Random(seed)
        self.over = threading.Event()
        self.lock = threading.Lock()
        # The ids of each batch.
        self.batches = []
        # By id: the versions that were delivered, and the first batch of each.
        self.delivered = {}
        # The newest version of each id that was seen.
        self.newest = {}
        self.told = Counter()
        self.messages = {}
        self.wrong = []

    def deliver(self, number, events):
        """Notes a batch, before its run begins."""
        with self.lock:
            self.batches.append({event["event_id"] for event in events})
            for event in events:
                self.delivered.setdefault(event["event_id"], {}).setdefault(micros_of(event), number)

    def commits(self, kind):
        """The newest commit of which there is an entry (`json`) or a marker (`done`)."""
        found = [ENTRY.fullmatch(name) for name in os.listdir(self.log)] if self.log.exists() else []
        return max((int(entry.group(1)) for entry in found if entry and entry.group(2) == kind), default=0)

    def run(self):
        # One connection, with whatever it caches.
        connection = duckdb.connect()
        connection.execute("SET threads = 1")
        while not self.over.is_set() and not self.wrong:
            self.poll(connection)

    def poll(self, connection):
        finished = self.commits("done")
        if finished == 0:
            self.over.wait(0.01)
            return
        before = self.versions()
        began = time.monotonic()
        try:
            # All columns are read, and what is asked for here comes back.
            rows = connection.execute(
                f"SELECT event_id, micros FROM ({ROWS.format(table=self.table)}) WHERE length(data || domain || event_type) > 0"
            ).fetchall()
        except duckdb.Error as error:
            self.told[self.classify(error, changed=before != self.versions())] += 1
            return
        scan_s = time.monotonic() - began
        self.scans_s.append(scan_s)
        committed = self.commits("json")
        in_time = scan_s < self.grace_s
        self.told["read"] += 1
        self.told["read within the grace"] += in_time
        self.told["read within the grace while events moved"] += in_time and before != self.versions()
        seen = {}
        for event_id, micros in rows:
            seen.setdefault(event_id, []).append(micros)
        self.told["read between two files of a run"] += any(len(versions) > 1 for versions in seen.values())
        with self.lock:
            self.check(seen, finished, committed, in_time, changed=before != self.versions())

    def versions(self):
        """What tells the files of the table from those that take their places."""
        found = {}
        for path in self.table.rglob("*.parquet"):
            status = path.stat()
            found[path] = (status.st_ino, status.st_size, status.st_mtime_ns)
        return found

    def classify(self, error, changed):
        """Says what kind of failure it is. A reader opens a file more than once, and when the footer is of one version and
        the rest of another, it makes what it can of that; a table at rest that cannot be read is broken."""
        text = " ".join(str(error).split())
        if not changed:
            self.wrong.append(f"nothing changed, and DuckDB says: {text}")
        name = "refused: vanished" if VANISHED.search(text) else "refused: changed"
        self.messages.setdefault(name, []).append(text)
        return name

    def check(self, seen, finished, committed, in_time, changed):
        # Each moment every id is in some file. But when its newer version goes to another file while a reader is under way,
        # the reader may have been at the one before and come to the other after, unless runs wait for it to end: only what
        # no run is about is safe then.
        moving = set().union(*self.batches[finished:committed]) if changed and not in_time else set()
        faults = []
        for event_id, versions in seen.items():
            batch_of = self.delivered.get(event_id, {})
            early = [micros for micros in versions if batch_of.get(micros, committed + 1) > committed]
            if early:
                self.wrong.append(f"`{event_id}` of {early[0]} is there before its commit")
            newest = self.newest.setdefault(event_id, max(versions))
            if max(versions) < newest:
                faults.append(("went back", event_id))
            self.newest[event_id] = max(versions + [newest])
        faults += [("missed", event_id) for event_id in self.newest.keys() - seen.keys()]
        # What was carried out before the reader began must be there, or something newer.
        for event_id, batch_of in self.delivered.items():
            known = max((micros for micros, batch in batch_of.items() if batch <= finished), default=None)
            if known is not None and event_id in seen and max(seen[event_id]) < known:
                faults.append(("stale", event_id))
            if known is not None and event_id not in seen and event_id not in self.newest:
                faults.append(("absent", event_id))
        why = "by a scan within the grace of readers" if in_time else "but no run was about it"
        self.wrong += [f"`{event_id}` {fault}, {why}" for fault, event_id in faults if event_id not in moving]
        self.told["read while events moved"] += bool(faults)
        for fault, _ in faults:
            self.told[f"events {fault} while they moved"] += 1


class ManyRunsTest(ReaderTest):
    def assert_is_latest(self, lake, ties=False):
        """Compares the table with what DuckDB makes of everything that was ever delivered."""
        connection = duckdb.connect()
        connection.execute("CREATE TABLE found AS " + ROWS.format(table=lake.table))
        connection.execute("CREATE TABLE delivered AS " + DELIVERED.format(processed=lake.root / "landing/processed"))
        # Of versions at one instant the digest of the content decides, which DuckDB cannot compute: each of them will do.
        rank = "rank" if ties else "row_number"
        connection.execute(
            f"""
            CREATE TABLE latest AS SELECT DISTINCT * FROM delivered
            QUALIFY {rank}() OVER (PARTITION BY event_id ORDER BY micros DESC) = 1
            """
        )
        count = lambda sql: connection.execute(f"SELECT count(*) FROM ({sql})").fetchone()[0]  # noqa: E731
        self.assertEqual(count("FROM found"), count("SELECT DISTINCT event_id FROM delivered"), "rows against ids")
        self.assertEqual(count("SELECT DISTINCT event_id FROM found"), count("FROM found"), "ids that are there twice")
        self.assertEqual(count("FROM found EXCEPT FROM latest"), 0, "rows that are not the latest")
        if not ties:
            self.assertEqual(count("FROM latest EXCEPT FROM found"), 0, "latest events that are no rows")


class GrowingTable(ManyRunsTest):
    def test_reader_of_a_growing_table(self):
        """a reader that looks at the table all the time while it grows by many runs"""
        poller = self.grow()
        self.assertGreater(poller.told["read"], RUNS // 10)

    def test_reader_whom_runs_wait_for(self):
        """the same where runs give readers longer than a scan takes: then it misses nothing, whatever moves"""
        poller = self.grow(GRACE_S)
        self.assertGreater(poller.told["read within the grace"], RUNS // 10)
        self.assertGreater(poller.told["read within the grace while events moved"], 0)

    def grow(self, grace_s=0.0):
        lake = self.new_lake()
        source = Source(seed=20, days=4)
        poller = Poller(lake, seed=20, grace_s=grace_s)
        poller.start()
        try:
            for number in range(1, RUNS + 1):
                # Runs wait only where rows move, which is what newer versions do: here and there they come.
                newer = grace_s == 0 or number % 4 == 0
                batch = source.batch(source.random.randrange(100, 200), newer)
                write_lines(lake.pending / f"{number}.jsonl", batch)
                poller.deliver(number, batch)
                # Some runs put files of their own beside those that others fold rows into.
                fold = source.random.choice(["64MiB"] * 8 + ["30kB", "0"])
                self.assertEqual(lake.run("--fold-below", fold, "--reader-grace", grace_s), DONE)
                self.assertEqual(poller.commits("done"), number, "one commit a run")
                self.assertEqual(poller.wrong[:10], [])
        finally:
            poller.over.set()
            poller.join()
        self.assertEqual(poller.wrong[:10], [])
        files = len(lake.objects("trusted/events"))
        rows = len(source.times)
        print(f"  {RUNS} runs, {len(source.events)} events, {rows} rows in {files} files; reader: {dict(poller.told)}", flush=True)
        for name, messages in poller.messages.items():
            print(f"  {name}: {Counter(message[:100] for message in messages).most_common(5)}", flush=True)
        scans_ms = sorted(round(1000 * scan_s) for scan_s in poller.scans_s)
        print(f"  scans: {scans_ms[len(scans_ms) // 2]} ms in the middle, at most {scans_ms[-1]} ms", flush=True)
        self.assert_is_latest(lake)
        self.assert_rows(lake.table, source.events)
        return poller


class BatchInvariance(ManyRunsTest):
    def test_any_split_into_runs(self):
        """the same inputs in one run, and split at random into runs that fold differently"""
        for seed in range(5):
            with self.subTest(seed=seed):
                random, source = Random(seed), Source(seed, days=3, ties=True)
                inputs = [source.batch(random.randrange(1, 150)) for _ in range(12)]
                together = self.new_lake()
                for number, events in enumerate(inputs):
                    write_lines(together.pending / f"{number}.jsonl", events)
                self.run_and_check_zones(together)
                self.assert_is_latest(together, ties=True)

                apart = self.new_lake()
                inputs = list(enumerate(inputs))
                random.shuffle(inputs)
                while inputs:
                    for number, events in [inputs.pop() for _ in range(random.randint(1, min(3, len(inputs))))]:
                        write_lines(apart.pending / f"{number}.jsonl", events)
                    self.assertEqual(apart.run("--fold-below", random.choice(["0", "10kB", "30kB", "64MiB"])), DONE)
                self.assert_is_latest(apart, ties=True)
                self.assert_same_rows(together, apart)

    def assert_same_rows(self, one, other):
        rows = "SELECT * FROM read_parquet('{}/**/*.parquet', hive_partitioning = true)"
        both = [(one, other), (other, one)]
        for left, right in both:
            sql = f"{rows.format(left.table)} EXCEPT ALL {rows.format(right.table)}"
            self.assertEqual(duckdb.sql(sql).fetchall(), [])


class LatestView(ManyRunsTest):
    def test_views_of_the_readme(self):
        """the views of the README give one row an id while a newer version stands beside an older one"""
        older = {"event_id": "a", "timestamp": "2024-01-01T08:00:00Z", "domain": "order", "event_type": "placed", "data": 1}
        newer = {**older, "timestamp": "2024-01-02T08:00:00Z", "event_type": "shipped", "data": 2}
        other = {**older, "event_id": "b", "data": 3}
        lake = self.new_lake()
        write_lines(lake.pending / "1.jsonl", [older, other])
        self.assertEqual(lake.run(), DONE)
        before = lake.objects("trusted/events")
        write_lines(lake.pending / "2.jsonl", [newer])
        self.assertEqual(lake.run(), DONE)
        self.assert_latest(lake, [("a", "2"), ("b", "3")])
        # As while the second run is being published: the newer version is there, and the older one is not yet gone.
        for name, content in before.items():
            (lake.table / name).write_bytes(content)
        self.assert_latest(lake, [("a", "2"), ("b", "3")])

    def assert_latest(self, lake, expected):
        views = re.findall(r"```sql\n(CREATE [^`]*? VIEW events_latest AS[^`]*)```", README.read_text(encoding="utf-8"))
        self.assertEqual(len(views), 2, "a view for DuckDB and one for Athena")
        for view in views:
            connection = duckdb.connect()
            table = "read_parquet('lake/trusted/events/**/*.parquet', hive_partitioning = true)"
            connection.execute(f"CREATE VIEW events AS SELECT * FROM {table}".replace("lake/trusted/events", str(lake.table)))
            connection.execute(view.replace("lake/trusted/events", str(lake.table)))
            rows = connection.execute("SELECT event_id, data FROM events_latest ORDER BY event_id").fetchall()
            self.assertEqual(rows, expected, view)
            # A filter on a partition outside finds nothing of a version that is not the latest.
            rows = connection.execute("SELECT event_id FROM events_latest WHERE year = 2024 AND month = 1 AND day = 1").fetchall()
            self.assertEqual(rows, [("b",)], view)
