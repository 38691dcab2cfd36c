"""A run over many invocations: the state machine of `terraform/workflow.asl.json`, played by moto's Step Functions with
processes of the real executable.

The environment variable `EVENTS_BOOTSTRAP` names the executable. Without it every test here is skipped.
"""

import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import unittest
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import pyarrow
import pyarrow.parquet
from botocore.config import Config
from sandbox import Sandbox

HERE = Path(__file__).parent
DEFINITION = HERE.parent.parent / "terraform" / "workflow.asl.json"
BOOTSTRAP = os.environ.get("EVENTS_BOOTSTRAP")
REGION, ACCOUNT = "us-east-1", "123456789012"
PREFIX = "lake a+b/ü"
START_TIMEOUT_S, TIMEOUT_S = 30, 180
INPUTS, EVENTS_AN_INPUT, IDS = 24, 60, 900
ITEM_BYTES = 30_000


def definition(function_arn):
    """The state machine, as a template of Terraform would fill it."""
    values = {
        "partition": "aws",
        "function_arn": function_arn,
        "item_bytes": ITEM_BYTES,
        "input_bytes_max": "null",
        "max_concurrency": 8,
    }
    return re.sub(r"\$\{(\w+)\}", lambda name: str(values[name[1]]), DEFINITION.read_text())


def inputs(generation):
    """Objects of events that meet again within an object, in others and in other generations, in older and newer
    versions, and a damaged record in each."""
    for number in range(INPUTS):
        lines = []
        for index in range(EVENTS_AN_INPUT):
            id = (number * EVENTS_AN_INPUT + index * 7 + generation * 31) % IDS
            lines.append(
                {
                    "event_id": f"id-{id}",
                    "timestamp": f"2026-01-{1 + (id + generation * (id % 2)) % 20:02}T10:15:{index:02}Z",
                    "domain": ("card", "account")[id % 2],
                    "event_type": "issued",
                    "data": {"v": generation * (id % 3)},
                }
            )
        yield f"{generation}/{number:03}.json", "".join(map(json.dumps, lines)) + '{"event_id":'


@unittest.skipUnless(BOOTSTRAP, "EVENTS_BOOTSTRAP names no executable of the function")
class Workflow(unittest.TestCase):
    def start(self, processes=3, kill_every=0):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        self.endpoint = f"http://127.0.0.1:{port}"
        self.output = self.folder / "server.log"
        command = [sys.executable, str(HERE / "function_server.py"), port, str(processes), str(kill_every)]
        with open(self.output, "wb") as output:
            environment = {**os.environ, "MOTO_PORT": port, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
            self.server = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
        self.addCleanup(self.server.wait)
        self.addCleanup(self.server.kill)
        self.configure({"stepfunctions": {"execute_state_machine": True}})
        self.s3, self.machines = self.client("s3"), self.client("stepfunctions")
        role = self.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.s3.create_bucket(Bucket="shared")
        function = self.client("lambda").create_function(
            FunctionName="events",
            Runtime="provided.al2023",
            Role=role,
            Handler="bootstrap",
            Code={"ZipFile": b"not looked at"},
            Environment={"Variables": self.variables("shared")},
        )
        self.machine = self.machines.create_state_machine(
            name="workflow", definition=definition(function["FunctionArn"]), roleArn=role
        )["stateMachineArn"]

    def configure(self, settings):
        request = urllib.request.Request(
            f"{self.endpoint}/moto-api/config", json.dumps(settings).encode(), {"Content-Type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                return opener.open(request).read()
            except OSError:
                if time.monotonic() > deadline or self.server.poll() is not None:
                    raise RuntimeError(f"the server did not start: {self.output.read_text()[-2000:]}") from None
                time.sleep(0.1)

    def client(self, name):
        return boto3.client(
            name,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(proxies={"http": None, "https": None}, s3={"addressing_style": "path"}),
        )

    def variables(self, bucket):
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_ALLOW_HTTP": "true",
            "NO_PROXY": "127.0.0.1",
            "EVENTS_THREADS": "1",
            "EVENTS_ROOT": f"s3://{bucket}/{PREFIX}",
        }

    def put(self, bucket, generation):
        for key, text in inputs(generation):
            self.s3.put_object(Bucket=bucket, Key=f"{PREFIX}/landing/pending/{key}", Body=text.encode())

    def execute(self, name):
        """Returns the output of an execution of the state machine."""
        arn = self.machines.start_execution(stateMachineArn=self.machine, name=name, input="{}")["executionArn"]
        deadline = time.monotonic() + TIMEOUT_S
        while (execution := self.machines.describe_execution(executionArn=arn))["status"] == "RUNNING":
            self.assertLess(time.monotonic(), deadline, self.output.read_text()[-3000:])
            time.sleep(0.1)
        self.assertEqual(execution["status"], "SUCCEEDED", f"{execution}\n{self.output.read_text()[-3000:]}")
        return json.loads(execution["output"])

    def keys(self, bucket, below):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{PREFIX}/{below}")
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def files(self, bucket):
        """The files of a table by key: their bytes."""
        keys = self.keys(bucket, "trusted/events/")
        return {key: self.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def commits(self, bucket):
        log = self.keys(bucket, "trusted/control/log/")
        return [key.rsplit("/", 1)[1] for key in log if re.search(r"/\d+\.(json|done)$", key)]

    def alone(self, generations):
        """The files that single invocations make of the same inputs."""
        self.s3.create_bucket(Bucket="alone")
        sandbox = Sandbox([BOOTSTRAP], self.variables("alone"), self.folder / "alone.log")
        self.addCleanup(sandbox.stop)
        for generation in range(generations):
            self.put("alone", generation)
            report = sandbox.invoke({})
            self.assertEqual((report["commit"], report["left"] if "left" in report else 0), (generation + 1, 0))
        return self.files("alone")

    def check(self, generations):
        alone, shared = self.alone(generations), self.files("shared")
        self.assertEqual(sorted(shared), sorted(alone))
        self.assertEqual([key for key in alone if shared[key] != alone[key]], [])
        rows = pyarrow.concat_tables(pyarrow.parquet.read_table(io.BytesIO(file)) for file in shared.values())
        ids = rows.column("event_id").to_pylist()
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreater(len(ids), IDS // 2)
        self.assertEqual(len(self.commits("shared")), 2 * generations)
        self.assertEqual((self.keys("shared", "stage/"), self.keys("shared", "landing/pending/")), ([], []))
        self.assertEqual(len(self.keys("shared", "landing/quarantine/")), INPUTS * generations)

    def test_invocations_leave_the_table_of_a_single_one(self):
        self.start()
        for generation in range(2):
            self.put("shared", generation)
            output = self.execute(f"run-{generation}")
            self.assertEqual((output["item"], output["report"]["commit"]), ("finish-00000", generation + 1))
        self.check(2)
        nothing = self.execute("nothing")
        self.assertEqual(nothing["inputs"], 0)
        self.assertEqual(len(self.commits("shared")), 4)
        self.assertIn(", 3 processes,", self.output.read_text())

    def test_workers_that_are_killed_are_replaced(self):
        self.start(kill_every=5)
        self.put("shared", 0)
        output = self.execute("run-0")
        self.assertEqual(output["item"], "finish-00000")
        self.check(1)
        ended = int(re.findall(r"(\d+) ended in the middle", self.output.read_text())[-1])
        self.assertGreater(ended, 0)


if __name__ == "__main__":
    unittest.main()
