"""From an object that is put into a bucket to rows of the table: S3, its notifications, a queue and the function.

S3, SNS, EventBridge and SQS are moto's; the function is its real executable, which the environment variable
`EVENTS_BOOTSTRAP` names. Without it every test here is skipped.
"""

import io
import json
import os
import sys
import time
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import pyarrow.parquet
from botocore.config import Config

sys.path.insert(0, str(Path(__file__).parent.parent / "readers"))

from queue_source import QueueSource  # noqa: E402: the path comes first
from s3_server import REGION, S3Server  # noqa: E402
from sandbox import Sandbox  # noqa: E402

BOOTSTRAP = os.environ.get("EVENTS_BOOTSTRAP")
ACCOUNT = "123456789012"
RECEIVES_MAX = 3
VISIBILITY_S = 1
# With what a key can have: notifications of S3 encode it, events of EventBridge do not.
PREFIX = "lake a+b/ü"


def events(*ids):
    event = {"timestamp": "2026-01-31T10:15:30Z", "domain": "card", "event_type": "issued", "data": {}}
    return "".join(json.dumps({"event_id": id, **event}) for id in ids)


@unittest.skipUnless(BOOTSTRAP, "EVENTS_BOOTSTRAP names no executable of the function")
class Notifications(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.server = S3Server(cls.folder / "server.log")
        cls.addClassCleanup(cls.server.stop)
        cls.s3 = cls.server.client()
        cls.sqs, cls.sns, cls.bridge = (cls.client(name) for name in ("sqs", "sns", "events"))

    @classmethod
    def client(cls, name):
        return boto3.client(
            name,
            endpoint_url=cls.server.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(proxies={"http": None, "https": None}),
        )

    def setUp(self):
        self.name = self.id().rsplit(".", 1)[1].replace("_", "-")[:60]
        self.s3.create_bucket(Bucket=self.name)
        self.dead = self.new_queue(f"{self.name}-dead")
        redrive = {"deadLetterTargetArn": self.arn("sqs", f"{self.name}-dead"), "maxReceiveCount": RECEIVES_MAX}
        self.queue = self.new_queue(self.name, RedrivePolicy=json.dumps(redrive))
        self.source = QueueSource(self.sqs, self.queue)
        self.log = self.folder / f"{self.name}.log"
        self.sandbox = self.new_sandbox(EVENTS_ROOT=f"s3://{self.name}/{PREFIX}")

    def new_sandbox(self, **variables):
        sandbox = Sandbox([BOOTSTRAP], {**self.server.environment(), **variables}, self.log)
        self.addCleanup(sandbox.stop)
        return sandbox

    def new_queue(self, name, **attributes):
        attributes["VisibilityTimeout"] = str(VISIBILITY_S)
        return self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]

    def arn(self, service, name):
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"

    def notify(self, **configuration):
        """Lets the bucket tell of every new object, those that the function puts there too."""
        self.s3.put_bucket_notification_configuration(Bucket=self.name, NotificationConfiguration=configuration)

    def notify_queue(self):
        queue = {"QueueArn": self.arn("sqs", self.name), "Events": ["s3:ObjectCreated:*"]}
        self.notify(QueueConfigurations=[queue])
        [test] = self.source.drain(self.sandbox)
        self.assertEqual(([json.loads(test.messages[0]["Body"])["Event"]], test.failed), (["s3:TestEvent"], set()))

    def put(self, key, text):
        self.s3.put_object(Bucket=self.name, Key=f"{PREFIX}/landing/pending/{key}", Body=text.encode())

    def keys(self, below, bucket=None):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket or self.name, Prefix=f"{PREFIX}/{below}")
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def ids(self, bucket=None):
        """The ids of the table's rows."""
        ids = []
        for key in self.keys("trusted/events/", bucket):
            body = self.s3.get_object(Bucket=bucket or self.name, Key=key)["Body"].read()
            ids += pyarrow.parquet.read_table(io.BytesIO(body)).column("event_id").to_pylist()
        return sorted(ids)

    def runs(self):
        """What the function has told the metrics of its runs, one after the other."""
        lines = (json.loads(line) for line in self.log.read_text().splitlines())
        return [line for line in lines if "_aws" in line]

    def messages(self, url):
        received = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [message["Body"] for message in received.get("Messages", [])]

    def wait_until_visible(self):
        time.sleep(VISIBILITY_S + 0.2)

    def assert_done(self, *ids):
        self.assertEqual(self.ids(), sorted(ids))
        self.assertEqual(self.keys("landing/pending/"), [])
        self.assertEqual(self.messages(self.queue), [])

    def test_a_run_tells_the_catalog(self):
        variables = {"EVENTS_ROOT": f"s3://{self.name}/{PREFIX}", "EVENTS_GLUE_DATABASE": "clicks"}
        sandbox = self.new_sandbox(**variables)
        self.put("a", events("1", "2"))
        sandbox.invoke({"command": "run"})
        glue = self.client("glue")
        [partition] = glue.get_partitions(DatabaseName="clicks", TableName="events")["Partitions"]
        self.assertEqual(partition["Values"], ["card-issued", "2026", "1", "31"])
        self.assertIn(f"s3://{self.name}/{PREFIX}/trusted/events/", partition["StorageDescriptor"]["Location"])

    def test_input_becomes_rows_and_own_writes_cause_no_run(self):
        self.notify_queue()
        self.put("one.json", events("a", "b"))
        self.put("deep/ü +%2F=.json", events("b", "c"))
        batches = self.source.drain(self.sandbox)
        self.assertEqual([batch.failed for batch in batches], [set()] * len(batches))
        self.assertGreater(len(batches), 1, "the bucket told of nothing that the function put there")
        self.assert_done("a", "b", "c")
        self.assertEqual([run["Rows"] for run in self.runs()], [3])

    def test_through_a_topic(self):
        topic = self.sns.create_topic(Name=self.name)["TopicArn"]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.arn("sqs", self.name))
        self.notify(TopicConfigurations=[{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}])
        self.put("one.json", events("a"))
        self.source.drain(self.sandbox)
        self.assert_done("a")
        self.assertEqual(len(self.runs()), 1)

    def test_through_eventbridge(self):
        pattern = json.dumps({"source": ["aws.s3"], "detail": {"bucket": {"name": [self.name]}}})
        self.bridge.put_rule(Name=self.name, EventPattern=pattern)
        self.bridge.put_targets(Rule=self.name, Targets=[{"Id": "queue", "Arn": self.arn("sqs", self.name)}])
        self.notify(EventBridgeConfiguration={})
        self.put("one +.json", events("a"))
        self.source.drain(self.sandbox)
        self.assert_done("a")
        self.assertEqual(len(self.runs()), 1)

    def test_message_comes_again_after_a_failure(self):
        self.notify_queue()
        self.put("one.json", events("a"))
        zones = {f"EVENTS_{zone}": f"s3://{self.name}/{PREFIX}/{zone.lower()}" for zone in ("LANDING", "STAGE")}
        sandbox = self.new_sandbox(**zones, EVENTS_TRUSTED=f"s3://{self.name}-table/{PREFIX}/trusted")
        first = self.source.hand_over(sandbox)
        self.assertEqual((first.error, self.keys("landing/processed/")), ("Storage", []))
        self.s3.create_bucket(Bucket=f"{self.name}-table")
        self.wait_until_visible()
        again = self.source.drain(sandbox)
        self.assertEqual((again[0].receives()[0], again[0].failed), (2, set()))
        self.assertEqual(self.ids(f"{self.name}-table"), ["a"])
        self.assertEqual(self.messages(self.queue), [])

    def test_message_that_is_no_notification_goes_to_the_dead_letters(self):
        self.notify_queue()
        self.put("one.json", events("a"))
        self.sqs.send_message(QueueUrl=self.queue, MessageBody="hello")
        for receive in range(1, RECEIVES_MAX + 1):
            batches = self.source.drain(self.sandbox)
            failed = [batch for batch in batches if batch.failed]
            self.assertEqual([len(batch.failed) for batch in failed], [1], f"receive {receive}")
            self.wait_until_visible()
        self.source.drain(self.sandbox)
        self.assertEqual(self.messages(self.dead), ["hello"])
        self.assert_done("a")
        self.assertEqual(len(self.runs()), 1)

    def test_notification_that_comes_twice_changes_nothing(self):
        self.notify_queue()
        self.put("one.json", events("a"))
        [body] = self.messages(self.queue)
        self.source.drain(self.sandbox)
        table = self.keys("trusted/events/")
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=body)
        self.source.drain(self.sandbox)
        self.assertEqual(self.keys("trusted/events/"), table)
        self.assert_done("a")
        self.assertEqual([run["Inputs"] for run in self.runs()], [1, 0])

    def test_input_whose_notification_is_lost_comes_with_the_next(self):
        self.put("lost.json", events("a"))
        self.notify_queue()
        self.assertEqual(self.ids(), [])
        self.put("told.json", events("b"))
        self.source.drain(self.sandbox)
        self.assert_done("a", "b")

    def test_run_that_finds_the_table_busy_keeps_its_message(self):
        self.notify_queue()
        self.put("one.json", events("a"))
        self.hold_lease("other")
        busy = self.source.hand_over(self.sandbox)
        self.assertEqual((len(busy.failed), busy.error), (1, None))
        self.assertEqual(self.ids(), [])
        self.hold_lease(None)
        self.wait_until_visible()
        self.source.drain(self.sandbox)
        self.assert_done("a")
        self.assertEqual([run["RunsBusy"] for run in self.runs()], [1, 0])

    def hold_lease(self, run):
        """Makes a run, or nobody, the holder of the table's lease."""
        lease = json.dumps({"version": 1, "run": run, "writes": 1 if run else 2})
        self.s3.put_object(Bucket=self.name, Key=f"{PREFIX}/trusted/control/lease.json", Body=lease.encode())
        if run:
            # The bucket tells of this object too.
            for message in self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)["Messages"]:
                if "lease.json" in message["Body"]:
                    self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            self.wait_until_visible()


if __name__ == "__main__":
    unittest.main()
