"""An S3 server on this machine, for one test class."""

import re
import subprocess
import sys
import time
from pathlib import Path

import boto3
from botocore.config import Config

REGION = "us-east-1"
START_TIMEOUT_S = 30


class S3Server:
    """moto's server on a free port of 127.0.0.1. It keeps everything in memory and accepts any credentials."""

    def __init__(self, log):
        """Starts the server, which writes its log to the file `log`, and waits until it listens."""
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
        with open(log, "wb") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            self.endpoint = self.wait_for_endpoint(Path(log))
        except BaseException:
            self.stop()
            raise

    def wait_for_endpoint(self, log):
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            # Asked for port 0, the server takes a free one and names it in its log.
            if found := re.search(rb"http://127\.0\.0\.1:\d+", log.read_bytes()):
                return found.group().decode()
            time.sleep(0.05)
        raise RuntimeError(f"the S3 server did not start: {log.read_text(errors='replace')[-2000:]}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def environment(self):
        """Returns the variables that lead a client here, past any proxy."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_ALLOW_HTTP": "true",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }

    def client(self):
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}, proxies={"http": None, "https": None}),
        )
