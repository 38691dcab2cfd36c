"""Measures whole runs over the protocol of S3, beside the same runs on a folder of the same disk.

    cargo build --release -p events-cli
    cargo install s3s-fs --version 0.14.1 --locked --features binary --root target/s3s-fs
    python3 benches/s3.py [--megabytes 300] [--files 300] [--rounds 3] [--folder DIR]

The server keeps buckets as folders and objects as files, so inputs are generated once and linked into both places.
Each round runs one right after the other, each on fresh zones, and checks the counts of both against the generator's.
For each range that is read s3s-fs hashes the whole object, so with few large inputs it measures the server's MD5.
"""

import argparse
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

TARGET = Path(__file__).resolve().parent.parent / "target"
EVENTS = TARGET / "release/events"
SERVER = TARGET / "s3s-fs/bin/s3s-fs"
KEY, SECRET = "test", "test-secret"
START_TIMEOUT_S = 30


def main():
    arguments = options()
    for binary in (EVENTS, SERVER):
        if not binary.exists():
            sys.exit(f"{binary} is not there: the first lines of this file say how to build it")
    with TemporaryDirectory(prefix="events-bench-s3-", dir=arguments.folder) as folder:
        folder = Path(folder)
        expected = generate(folder, arguments.megabytes, arguments.files)
        with Server(folder / "server") as server:
            rounds = [measure(folder, server, number, expected) for number in range(arguments.rounds)]
    show(rounds, expected)


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=300, help="bytes of input in millions")
    parser.add_argument("--files", type=int, default=300, help="how many inputs these are")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to work, with room for 3 times the input [default: the system's]")
    return parser.parse_args()


def generate(folder, megabytes, files):
    """Generates inputs, and returns the counts that their table must have."""
    expected = folder / "expected.json"
    command = [EVENTS, "generate", "--out", folder / "inputs", "--expected", expected, "--quiet"]
    command += ["--bytes", f"{megabytes}MB", "--files", str(files)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads(expected.read_text(encoding="utf-8"))


class Server:
    """s3s-fs on a free port, with buckets as folders of `root`."""

    def __init__(self, root):
        root.mkdir()
        self.root = root
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [SERVER, "--host", "127.0.0.1", "--port", str(port), "--access-key", KEY, "--secret-key", SECRET, root]
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "NO_PROXY": "127.0.0.1",
        }
        self.wait_for(port)

    def wait_for(self, port):
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        sys.exit("s3s-fs did not start")

    def cpu_s(self):
        """The processor time that the server has taken."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def measure(folder, server, number, expected):
    """Runs on a bucket and on a folder, in turns which is first."""
    bucket, local = server.root / f"round-{number}", folder / f"local-{number}"
    places = {"s3": (f"s3://{bucket.name}", bucket), "folder": (local, local)}
    figures = {}
    for name in sorted(places, reverse=number % 2 == 0):
        root, path = places[name]
        link(folder / "inputs", path / "landing/pending")
        before = server.cpu_s()
        figures[name] = run(root, server.environment, expected)
        figures[name]["server_cpu_s"] = server.cpu_s() - before
    for _, path in places.values():
        shutil.rmtree(path)
    return figures


def link(inputs, pending):
    pending.mkdir(parents=True)
    for path in inputs.iterdir():
        os.link(path, pending / path.name)


def run(root, environment, expected):
    command = [str(EVENTS), "run", "--root", str(root), "--quiet", "--output", "json"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=False)
    elapsed, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(done.stdout)
    found, wanted = ([counts[name] for name in names] for counts, names in (
        (report["totals"], ("text_bytes", "events", "rows")), (expected, ("bytes", "records", "rows")),
    ))
    if found != wanted:
        sys.exit(f"{root}: {found} where the generator has {wanted}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"elapsed_s": elapsed, "cpu_s": cpu, "requests": report.get("requests")}


def show(rounds, expected):
    megabytes = expected["bytes"] / 1e6
    print("| where | MB/s, median | CPU s, median | of the server | requests |")
    print("|---|---:|---:|---:|---:|")
    for name in ("s3", "folder"):
        median = lambda figure: statistics.median(figures[name][figure] for figures in rounds)
        requests = rounds[0][name]["requests"] or {}
        print(
            f"| {name} | {megabytes / median('elapsed_s'):.0f} | {median('cpu_s'):.2f} | {median('server_cpu_s'):.2f} "
            f"| {sum(requests.values())} |"
        )
    ratios = [figures["s3"]["elapsed_s"] / figures["folder"]["elapsed_s"] for figures in rounds]
    print(f"\ns3 ÷ folder, pair by pair: {min(ratios):.2f} to {max(ratios):.2f}, median {statistics.median(ratios):.2f}")
    print(f"{megabytes:.0f} MB, {len(rounds)} rounds; requests of the first: {rounds[0]['s3']['requests']}")


if __name__ == "__main__":
    main()
