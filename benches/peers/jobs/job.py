"""What the jobs of all peers share: their command line, the mark where the work begins, and the split of `}{`."""

import argparse
import gzip
import importlib.metadata
import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

COLUMNS = ("event_id", "timestamp", "domain", "event_type", "data")
PARTITION = ("domain_event_type", "year", "month", "day")

# Strings of the inputs hold `}{`, also right before their closing quote: splitting there, or at `}{"`, breaks records.
# With one of these keys behind it, it cannot stand in a string. This takes knowing how every record begins.
FIRST_KEYS = (b"event_id", b"data")



class Job:
    """What to do, as the command line has it."""

    def __init__(self, packages):
        """Answers `--versions` with those of the packages, and ends then."""
        if sys.argv[1:] == ["--versions"]:
            print(json.dumps({package: importlib.metadata.version(package) for package in packages}))
            sys.exit()
        parser = argparse.ArgumentParser()
        parser.add_argument("--inputs", type=Path, required=True)
        parser.add_argument("--output", type=Path, required=True)
        parser.add_argument("--layout", choices=["lines", "concatenated"], required=True)
        parser.add_argument("--threads", type=int, required=True)
        parser.add_argument("--tolerant", action="store_true", help="skip damage, as far as the peer can")
        parser.add_argument("--split", action="store_true", help="split what is concatenated also where the peer can read it")
        parser.add_argument("--variant", help="another way of the same peer")
        options = parser.parse_args()
        self.inputs = options.inputs
        self.output = options.output
        self.concatenated = options.layout == "concatenated"
        self.threads = options.threads
        self.tolerant = options.tolerant
        self.split = options.split
        self.variant = options.variant

    def paths(self):
        return sorted(str(path) for path in self.inputs.iterdir())

    @contextmanager
    def split_inputs(self):
        """A folder with the inputs as lines: those that are concatenated are split on the disk first."""
        if not self.concatenated:
            yield self.inputs
            return
        with TemporaryDirectory(dir=self.output.parent) as folder:
            for path in map(Path, self.paths()):
                (Path(folder) / f"{path.stem}.jsonl").write_bytes(lines_of(str(path)))
            yield Path(folder)

    def begins(self):
        """Says that libraries are loaded and sessions are up: what comes now is the work."""
        print(json.dumps({"begun_ns": time.clock_gettime_ns(time.CLOCK_MONOTONIC)}), flush=True)

    def cannot(self, why):
        """Ends the job: the peer has no way to do it."""
        print(json.dumps({"cannot": why}), flush=True)
        sys.exit(4)


def lines_of(path):
    """Reads an input, decompressed, with a line feed between records that were glued together."""
    content = Path(path).read_bytes()
    if path.endswith(".gz"):
        content = gzip.decompress(content)
    for key in FIRST_KEYS:
        content = content.replace(b'}{"%s":' % key, b'}\n{"%s":' % key)
    return content
