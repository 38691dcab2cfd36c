"""Several runs at once on a table in S3, and stores on which that cannot work.

The environment variable `EVENTS_BIN` names the binary; without it every test here is skipped.
"""

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from lake import DONE, EVENTS_BIN, TIMEOUT_S, BucketLake, generate, processed_inputs
from s3_server import S3Server
from test_readers import ReaderTest, setUpModule  # noqa: F401: unittest calls it
from unconditional_s3 import UnconditionalS3

USAGE, STORAGE, BUSY, INTERRUPTED = 2, 4, 7, 130
LEASE = "trusted/control/lease.json"
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

    def lease(self, lake):
        """The lease of the table; None when there is none."""
        content = lake.objects("trusted/control").get("lease.json")
        return None if content is None else json.loads(content)

    def start_until_it_has_the_lease(self, lake, name, *options):
        process = self.start(lake, "--run-id", name, *options)
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline and process.poll() is None:
            if (lease := self.lease(lake)) and lease["run"] == name:
                return process
        self.fail(f"no lease: {process.communicate(timeout=TIMEOUT_S)}")

    def assert_busy(self, lake, output, errors):
        self.assertEqual(output, "")
        self.assertIn(f"error: another run is at work on the table in `s3://{lake.bucket}/lake/trusted`: `", errors)
        self.assertIn("hint: --wait", errors)

    def end_of_each(self, processes):
        """Output, errors and code of each."""
        return [(*process.communicate(timeout=TIMEOUT_S), process.returncode) for process in processes]

    def test_two_runs_at_once(self):
        """two runs that begin at the same moment, over S3: one works, and the other says so"""
        seen = Counter()
        for number in range(ROUNDS):
            with self.subTest(round=number):
                lake, expected = self.new_lake(self.server, f"at-once-{number}")
                inputs = lake.objects("landing/pending")
                ended = self.end_of_each([self.start(lake) for _ in range(2)])
                for output, errors, code in ended:
                    if code == BUSY:
                        self.assert_busy(lake, output, errors)
                    else:
                        self.assertEqual(code, DONE, errors[-4000:])
                    seen["busy" if code == BUSY else "done"] += 1
                self.assertIn(DONE, [code for _, _, code in ended])
                self.assertIsNone(self.lease(lake)["run"])
                self.assertEqual(lake.run(), DONE)
                self.assert_done_once(lake, inputs, expected)
        self.assertGreater(seen["busy"], 0)
        print(f"  {dict(seen)}", flush=True)

    def test_two_runs_that_wait(self):
        """two runs at the same moment that wait for each other, over S3"""
        lake, expected = self.new_lake(self.server, "waiting")
        inputs = lake.objects("landing/pending")
        ended = self.end_of_each([self.start(lake, "--wait", "60") for _ in range(2)])
        for _, errors, code in ended:
            self.assertEqual(code, DONE, errors[-4000:])
        reports = [json.loads(output) for output, _, _ in ended]
        # The second one comes to a finished table, instead of doing the work again.
        self.assertEqual(sorted(report["commit"] or 0 for report in reports), [0, 1])
        self.assertEqual(sum("recovered" in report for report in reports), 0)
        self.assert_done_once(lake, inputs, expected)

    def test_two_runs_without_a_lease(self):
        """two runs at once that do not know of each other, over S3: no safety rests on the lease"""
        seen = Counter()
        for number in range(ROUNDS):
            with self.subTest(round=number):
                lake, expected = self.new_lake(self.server, f"no-lease-{number}")
                inputs = lake.objects("landing/pending")
                first = self.start_until_it_has_the_lease(lake, "first")
                lake.client.delete_object(Bucket=lake.bucket, Key=f"lake/{LEASE}")
                second = self.start(lake, "--run-id", "second")
                for output, errors, code in self.end_of_each([first, second]):
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

    def test_run_that_is_interrupted(self):
        """a run that is interrupted gives its lease back, over S3"""
        lake, expected = self.new_lake(self.server, "interrupted")
        inputs = lake.objects("landing/pending")
        first = self.start_until_it_has_the_lease(lake, "first")
        first.send_signal(signal.SIGINT)
        [(_, errors, code)] = self.end_of_each([first])
        self.assertIn(code, [INTERRUPTED, DONE], errors)
        self.assertIsNone(self.lease(lake)["run"])
        self.assertEqual(lake.run(), DONE)
        self.assert_done_once(lake, inputs, expected)

    def test_run_that_is_killed(self):
        """a run that is killed costs the next one a minute, over S3"""
        lake, expected = self.new_lake(self.server, "killed")
        inputs = lake.objects("landing/pending")
        first = self.start_until_it_has_the_lease(lake, "first")
        first.kill()
        first.communicate(timeout=TIMEOUT_S)
        killed = time.monotonic()
        code, output, errors = self.run_alone(lake)
        self.assertEqual(code, BUSY, errors)
        self.assert_busy(lake, output, errors)
        self.assertRegex(errors, r"`first`, whose lease was renewed \d s ago and ends in (60|5\d) s unless")
        code, _, errors = self.run_alone(lake, "--wait", "90")
        self.assertEqual(code, DONE, errors)
        seconds = time.monotonic() - killed
        self.assertTrue(50 < seconds < 75, seconds)
        print(f"  after {seconds:.0f} s", flush=True)
        # Whether the first has committed or not.
        self.assertEqual(lake.run(), DONE)
        self.assert_done_once(lake, inputs, expected)

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
