"""What hands the messages of a queue to the function.

In AWS an event source mapping does. That of moto hands over one message at a time and ignores which of them failed, so
this one does it as Lambda does with `ReportBatchItemFailures`.
"""

from dataclasses import dataclass

from sandbox import FunctionError

BATCH_MESSAGES_MAX = 10


@dataclass
class Handed:
    """A batch that was handed over, and what became of it."""

    messages: list
    failed: set
    error: str | None

    def receives(self):
        return [int(message["Attributes"]["ApproximateReceiveCount"]) for message in self.messages]


class QueueSource:
    def __init__(self, sqs, url):
        self.sqs, self.url = sqs, url

    def hand_over(self, sandbox):
        """Hands one batch to the function and takes what did not fail off the queue. Returns None when it is empty."""
        received = self.sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=BATCH_MESSAGES_MAX, AttributeNames=["All"], WaitTimeSeconds=1
        )
        messages = received.get("Messages", [])
        if not messages:
            return None
        ids = {message["MessageId"] for message in messages}
        handed = Handed(messages, set(), None)
        try:
            answer = sandbox.invoke({"Records": [record(message) for message in messages]})
            handed.failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            assert handed.failed <= ids, "a failure that names no message fails the whole batch"
        except FunctionError as error:
            handed.failed, handed.error = ids, error.kind
        for message in messages:
            if message["MessageId"] not in handed.failed:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return handed

    def drain(self, sandbox, batches_max=20):
        """Hands over batches until the queue is empty for a second."""
        batches = []
        while batch := self.hand_over(sandbox):
            batches.append(batch)
            assert len(batches) < batches_max, "the queue does not become empty"
        return batches


def record(message):
    """A message as Lambda puts it into an event."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:inputs",
        "awsRegion": "us-east-1",
    }
