"""A lake in a folder or in a bucket, and the binary that works on it."""

import json
import os
import re
import subprocess
from pathlib import Path

EVENTS_BIN = os.environ.get("EVENTS_BIN")
DONE, DONE_WITH_REJECTS = 0, 3
TIMEOUT_S = 120

PROCESSED = re.compile(r"date=\d{4}-\d\d-\d\d/(.+)", re.DOTALL)


def events(*arguments, environment=None):
    """Runs the binary and returns its exit code and standard output; raises when it fails."""
    command = [str(Path(EVENTS_BIN).resolve()), *map(str, arguments)]
    done = subprocess.run(
        command, env={**os.environ, **(environment or {})}, capture_output=True, text=True, encoding="utf-8", timeout=TIMEOUT_S
    )
    if done.returncode not in (DONE, DONE_WITH_REJECTS):
        raise RuntimeError(f"`{' '.join(command)}` exited with {done.returncode}: {done.stderr[-4000:]}")
    return done.returncode, done.stdout


def generate(pending, **options):
    """Generates inputs into `pending` and returns the counts that their table must have."""
    expected = Path(pending).parent / "expected.json"
    options = {"bytes": "2MB", "files": 7, "days": 3, "seed": 1, "duplicates": 0.1, "kinds": 4, **options}
    flags = [text for name, value in options.items() for text in (f"--{name}", value)]
    events("generate", "--out", pending, "--expected", expected, *flags)
    counts = json.loads(expected.read_text(encoding="utf-8"))
    expected.unlink()
    return counts


class FolderLake:
    """A lake in a folder of this machine."""

    def __init__(self, root):
        self.root = Path(root)
        self.pending = self.root / "landing/pending"
        self.table = self.root / "trusted/events"
        self.pending.mkdir(parents=True)

    def run(self, *options):
        """Runs the binary on everything pending and returns its exit code."""
        code, output = events("run", "--root", self.root, "--output", "json", *options)
        json.loads(output)
        return code

    def objects(self, zone):
        """Returns the content of each object of a zone such as `landing/pending`, by its path in there."""
        folder = self.root / zone
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class BucketLake:
    """A lake under a prefix of a bucket."""

    def __init__(self, server, bucket):
        self.server = server
        self.bucket = bucket
        self.client = server.client()
        self.client.create_bucket(Bucket=bucket)

    def run(self):
        """Runs the binary on everything pending and returns its exit code."""
        root = f"s3://{self.bucket}/lake"
        code, output = events("run", "--root", root, "--output", "json", environment=self.server.environment())
        json.loads(output)
        return code

    def upload(self, folder):
        """Uploads the files of a folder as pending inputs."""
        for path in Path(folder).rglob("*"):
            if path.is_file():
                key = f"lake/landing/pending/{path.relative_to(folder).as_posix()}"
                self.client.put_object(Bucket=self.bucket, Key=key, Body=path.read_bytes())

    def download_table(self, folder):
        for name, content in self.objects("trusted/events").items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def objects(self, zone):
        """Returns the content of each object of a zone such as `landing/pending`, by its path in there."""
        prefix = f"lake/{zone}/"
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {
            key.removeprefix(prefix): self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys
        }


def processed_inputs(lake):
    """Returns the processed inputs by the path they had in `pending`."""
    objects = lake.objects("landing/processed")
    return {PROCESSED.fullmatch(path).group(1): content for path, content in objects.items()}
