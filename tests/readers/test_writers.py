"""Several runs at once on a table in S3, and stores on which that cannot work.

The environment variable `EVENTS_BIN` names the binary; without it every test here is skipped.
"""

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from lake import DONE, EVENTS_BIN, TIMEOUT_S, BucketLake, generate, processed_inputs
from s3_server import S3Server
from test_readers import ReaderTest, setUpModule  # noqa: F401: unittest calls it
from unconditional_s3 import UnconditionalS3

USAGE, STORAGE = 2, 4
ROUNDS = 5
ENTRY = re.compile(r"(\d{20})\.json")
MARKER = re.compile(r"(\d{20})\.done")


class SeveralWriters(ReaderTest):
    @classmethod
    def setUpClass(cls):
        folder = TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.server = S3Server(Path(folder.name) / "server.log")
        cls.addClassCleanup(cls.server.stop)

    def new_lake(self, server, bucket):
        lake = BucketLake(server, bucket)
        inputs = self.folder / bucket
        expected = generate(inputs, bytes="300KB", layout="mixed")
        lake.upload(inputs)
        return lake, expected

    def start(self, lake, *options):
        command = [Path(EVENTS_BIN).resolve(), "run", "--root", f"s3://{lake.bucket}/lake", "--output", "json", *options]
        environment = {**os.environ, **lake.server.environment()}
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def run_alone(self, lake, *options):
        process = self.start(lake, *options)
        output, errors = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, output, errors

    def assert_done_once(self, lake, inputs, expected):
        self.assertEqual(sorted(lake.objects("landing/pending")), [], "still pending")
        processed = lake.objects("landing/processed")
        self.assertEqual(len(processed), len(inputs), "an input was moved to two names")
        self.assertEqual(processed_inputs(lake), inputs)
        self.assertEqual(sorted(lake.objects("stage")), [], "left in the stage zone")
        log = sorted(lake.objects("trusted/control/log"))
        entries = [int(found.group(1)) for name in log if (found := ENTRY.fullmatch(name))]
        done = [int(found.group(1)) for name in log if (found := MARKER.fullmatch(name))]
        self.assertEqual(entries, list(range(1, len(entries) + 1)))
        self.assertEqual(done, entries)
        table = self.folder / f"table-{lake.bucket}"
        lake.download_table(table)
        self.assert_table(table, expected)

    def test_two_runs_at_once(self):
        """two runs that begin at the same moment, over S3"""
        seen = Counter()
        for number in range(ROUNDS):
            with self.subTest(round=number):
                lake, expected = self.new_lake(self.server, f"at-once-{number}")
                inputs = lake.objects("landing/pending")
                processes = [self.start(lake) for _ in range(2)]
                ended = [(*process.communicate(timeout=TIMEOUT_S), process.returncode) for process in processes]
                for output, errors, code in ended:
                    # One that has met others each time it was about to commit says so.
                    if code != STORAGE or "other runs committed" not in errors:
                        self.assertEqual(code, DONE, errors[-4000:])
                        report = json.loads(output)
                        seen["committed" if report["commit"] else "found nothing left"] += 1
                        seen["finished a commit of the other"] += bool(report.get("recovered"))
                    else:
                        seen["gave up"] += 1
                # What is left of a run that lost, when it died or could not tell, the next one erases.
                self.assertEqual(lake.run(), DONE)
                self.assert_done_once(lake, inputs, expected)
        print(f"  {dict(seen)}", flush=True)

    def test_single_writer(self):
        """a run that is told that it is the only one, over S3"""
        lake, expected = self.new_lake(self.server, "single")
        inputs = lake.objects("landing/pending")
        code, _, errors = self.run_alone(lake, "--unsafe-single-writer")
        self.assertEqual(code, DONE, errors)
        self.assert_done_once(lake, inputs, expected)

    def test_store_without_conditions(self):
        """a store that ignores conditions is refused, unless the run is told that it is the only one"""
        server = UnconditionalS3(self.server)
        self.addCleanup(server.stop)
        lake, expected = self.new_lake(server, "unconditional")
        inputs = lake.objects("landing/pending")
        code, output, errors = self.run_alone(lake)
        self.assertEqual((code, output), (USAGE, ""), errors)
        self.assertIn("error: the store of zone `s3://unconditional/lake/trusted` created an object that was there", errors)
        self.assertIn("hint: --unsafe-single-writer", errors)
        self.assertEqual(lake.objects("landing/pending"), inputs)
        self.assertEqual(lake.objects("trusted/events") | lake.objects("trusted/control/log") | lake.objects("stage"), {})
        code, _, errors = self.run_alone(lake, "--unsafe-single-writer")
        self.assertEqual(code, DONE, errors)
        self.assert_done_once(lake, inputs, expected)
