#!/usr/bin/env python3
"""`events run` beside six engines that do the same job: measures, verifies, and writes docs/BENCHMARKS.md.

Needs Python 3.11, Linux and a release build of `events`; the engines are installed into target/peers/engines.
benches/README.md says what is measured and how.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import document
from cases import CASES, DAMAGED, LAYOUTS, PEERS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ENGINES = ROOT / "target/peers/engines"
RESULTS = HERE / "results.json"
JOB_SECONDS_MAX = 1_800
# A peer that takes longer than this gets `--slow-rounds`, so that one sitting is enough for all.
SLOW_SECONDS = 20
REASON_LENGTH_MAX = 160
# Tables with this many days stay until the end.
MANY_DAYS = 365


class Refused(Exception):
    """Our own part is not as it has to be: there is nothing to compare with."""


def main():
    options = parse_options()
    if options.render:
        return document.write(ROOT, json.loads(RESULTS.read_text()))
    if not options.events.is_file():
        sys.exit(f"there is no `{options.events}`: cargo build --release -p events-cli")
    versions, skipped = install(options.peers)
    peers = [name for name in options.peers if name in versions]
    for name, why in skipped.items():
        print(f"{name} is skipped: {why}")

    with tempfile.TemporaryDirectory(prefix="events-peers-", dir=options.folder) as folder:
        bench = Bench(Path(folder), options)
        results = {
            "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
            "machine": machine(options.threads),
            "threads": options.threads,
            "rounds": options.rounds,
            "events": bench.version(),
            "versions": versions,
            "skipped": skipped,
            "runs": [],
            "recovered": [],
        }
        if options.append:
            results = added_to(json.loads(RESULTS.read_text()), results, options)
        try:
            if not options.check:
                bench.warm_up(peers)
            for case in options.cases:
                for layout in options.layouts:
                    results["runs"] += bench.measure(CASES[case], layout, peers)
                    save(results, options)
            if options.damaged:
                for layout in options.layouts:
                    results["recovered"] += bench.recover(layout, peers)
        except Refused as refusal:
            sys.exit(f"stopped: {refusal}")
    save(results, options)
    if options.check:
        return report_check(results)
    document.write(ROOT, results)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda known: lambda text: [check_name(name, known) for name in text.split(",") if name]  # noqa: E731
    parser.add_argument("--cases", type=names(CASES), default=list(CASES), help=f"some of {','.join(CASES)}; none with ''")
    parser.add_argument("--peers", type=names(PEERS), default=list(PEERS), help=f"some of {','.join(PEERS)}")
    parser.add_argument("--layouts", type=names(LAYOUTS), default=list(LAYOUTS), help=f"some of {','.join(LAYOUTS)}")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs for each peer, default 5")
    parser.add_argument("--slow-rounds", type=int, default=3, help=f"of a peer that takes over {SLOW_SECONDS} s, default 3")
    parser.add_argument("--threads", type=int, default=2, help="threads and processors for each, default 2")
    parser.add_argument("--no-damaged", dest="damaged", action="store_false", help="without the table of damaged inputs")
    parser.add_argument("--append", action="store_true", help="keep the other cases of results.json, of the same build and engines")
    parser.add_argument("--check", action="store_true", help="one fiftieth of the size, one round, verify only, no figures")
    parser.add_argument("--render", action="store_true", help="write the document again from results.json")
    parser.add_argument("--events", type=Path, default=ROOT / "target/release/events", help="the program to measure")
    parser.add_argument("--folder", type=Path, help="where inputs and tables go for as long as it takes")
    options = parser.parse_args()
    options.events = options.events.resolve()
    options.rounds = 1 if options.check else options.rounds
    return options


def added_to(before, now, options):
    """What was measured before, without what is measured now."""
    same = ("machine", "threads", "rounds", "events", "versions", "skipped")
    other = [name for name in same if comparable(before[name]) != comparable(now[name])]
    if other:
        sys.exit(f"{RESULTS.name} is of another measurement: {', '.join(other)}")
    again = {(case, layout) for case in options.cases for layout in options.layouts}
    runs = [run for run in before["runs"] if (run["case"], run["layout"]) not in again]
    return before | {"date": now["date"], "runs": runs, "recovered": [] if options.damaged else before["recovered"]}


def comparable(told):
    return {name: value for name, value in told.items() if name != "load_before"} if isinstance(told, dict) else told


def check_name(name, known):
    if name not in known:
        raise argparse.ArgumentTypeError(f"`{name}` is none of {', '.join(known)}")
    return name


def save(results, options):
    if not options.check:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")


# The engines.


def install(peers):
    """Installs the engines that are missing. Returns the versions of those that work, and why others do not."""
    python = ENGINES / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", ENGINES], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--requirement", HERE / "requirements.txt"]).returncode != 0:
        # One that cannot be had must not take the others with it.
        for line in (HERE / "requirements.txt").read_text().split():
            subprocess.run([*pip, line], stderr=subprocess.DEVNULL)
    versions, skipped = {}, {}
    for name in peers:
        command = [python, HERE / "jobs" / PEERS[name].job, "--versions"]
        asked = subprocess.run(command, capture_output=True, text=True)
        if asked.returncode == 0:
            versions[name] = json.loads(asked.stdout)
        else:
            skipped[name] = (asked.stderr.strip().splitlines() or ["it does not start"])[-1]
    return versions, skipped


def machine(threads):
    """The machine without its name: what figures depend on."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return {
        "processor": model[1] if model else platform.machine(),
        "processors": min(threads, len(os.sched_getaffinity(0))),
        "memory_gib": round(int(memory[1]) / 2**20),
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


# The measurement.


class Bench:
    """A folder with inputs and tables, and how programs are run on them."""

    def __init__(self, folder, options):
        self.folder = folder
        self.events = options.events
        self.threads = options.threads
        self.rounds = options.rounds
        self.slow_rounds = options.slow_rounds
        self.check = options.check
        self.logs = folder / "logs"
        self.logs.mkdir()

    def version(self):
        text = subprocess.run([self.events, "--version"], capture_output=True, text=True, check=True).stdout
        return text.strip().removeprefix("events ")

    def warm_up(self, peers):
        """Runs everyone once, so that nobody waits for a disk to read the program."""
        inputs, expected = self.generate(CASES["seed"], "lines")
        self.run_events(inputs)
        for name in peers:
            self.run_peer(name, inputs, "lines")
        self.forget(inputs, expected)

    def measure(self, case, layout, peers):
        """Runs each peer and ours pair by pair, taking turns in who is first."""
        inputs, expected = self.generate(case.in_small() if self.check else case, layout)
        counts = json.loads(expected.read_text())
        common = {"case": case.name, "layout": layout, "input_bytes": counts["bytes"], "stored_bytes": counts["stored_bytes"]}
        common |= {"rows": counts["rows"], "partitions": counts["partitions"]}
        known, runs, first_seconds = None, [], {}
        for turn in range(self.rounds):
            pairs = []
            for name in peers:
                if turn >= self.slow_rounds and first_seconds[name] > SLOW_SECONDS:
                    continue
                pair = {}
                for who in ["events", name] if turn % 2 == 0 else [name, "events"]:
                    pair[who] = self.run_events(inputs) if who == "events" else self.run_peer(name, inputs, layout)
                ours, theirs = pair["events"], pair[name]
                first_seconds.setdefault(name, theirs["wall_seconds"])
                known = self.verify_ours(ours, expected, known)
                pairs.append(common | {"peer": name, "round": turn, "events": ours, "theirs": theirs})
            self.verify_theirs(pairs)
            for pair in pairs:
                for run in (pair["events"], pair["theirs"]):
                    self.discard(run.pop("output").parent, case)
                print_pair(pair, self.check)
            runs += pairs
        self.forget(inputs, expected)
        return runs

    def discard(self, folder, case):
        """Removes a table, unless it has so many files that their removal would slow down whatever makes files next."""
        if case.days < MANY_DAYS:
            shutil.rmtree(folder)

    def recover(self, layout, peers):
        """Counts what each makes of damaged input, with every setting that could help."""
        inputs, expected = self.generate(DAMAGED.in_small() if self.check else DAMAGED, layout)
        ours = self.run_events(inputs)
        self.verify_ours(ours, expected, None)
        damaged = json.loads(expected.read_text())
        common = {"layout": layout, "damage": damaged["repaired_total"] + damaged["damaged_total"]}
        attempts = [("events", "as it is", ours), ("events", "`--repair framing`", self.run_events(inputs, "framing"))]
        for name in (name for name in peers if not PEERS[name].is_other_setting):
            settings = [("as above", []), ("errors skipped", ["--tolerant"])]
            if layout == "concatenated" and PEERS[name].splits_on_demand:
                settings.append(("split first, errors skipped", ["--tolerant", "--split"]))
            attempts += [(name, setting, self.run_peer(name, inputs, layout, extra)) for setting, extra in settings]
        found = []
        for name, setting, run in attempts:
            outcome = {"peer": name, "setting": setting, "problem": run.get("problem")}
            compared = self.verify("recovered", ours["output"], run["output"])
            # What a job has written before it failed is no result.
            if outcome["problem"]:
                compared = {"expected": compared["expected"], "kept": 0}
            outcome |= compared
            found.append(common | outcome)
            print(f"damaged {layout}: {name}, {setting}: {outcome['kept']} of {outcome['expected']}", outcome["problem"] or "")
        for _, _, run in attempts:
            shutil.rmtree(run["output"].parent if run["output"].parent.exists() else run["output"], ignore_errors=True)
        self.forget(inputs, expected)
        return found

    def generate(self, case, layout):
        inputs, expected = self.folder / f"{case.name}-{layout}", self.folder / f"{case.name}-{layout}.expected.json"
        command = [self.events, "generate", "--out", inputs, "--expected", expected, *case.options(layout), "--quiet"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=plain_environment(), cwd=self.folder)
        return inputs, expected

    def forget(self, inputs, expected):
        shutil.rmtree(inputs)
        expected.unlink()

    def run_events(self, inputs, level="lenient"):
        lake = Path(tempfile.mkdtemp(prefix="lake-", dir=self.folder))
        pending = lake / "landing/pending"
        pending.mkdir(parents=True)
        for path in inputs.iterdir():
            os.link(path, pending / path.name)  # a run moves its inputs
        command = [self.events, "run", "--root", lake, "--threads", self.threads, "--repair", level]
        run = self.launch([*command, "--output", "json", "--quiet"], tree=False)
        del run["begun_ns"]
        # 3 is: done, with rejects.
        if run.pop("exit") not in (0, 3):
            raise Refused(f"`events run` failed: {self.reason()}")
        # Nothing is taken off for its start: it is part of what the user of a command waits for, and of no consequence.
        return run | {"work_seconds": run["wall_seconds"], "output": lake / "trusted/events"}

    def run_peer(self, name, inputs, layout, options=()):
        peer = PEERS[name]
        output = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder)) / "table"
        command = [ENGINES / "bin/python", HERE / "jobs" / peer.job, "--inputs", inputs, "--output", output]
        command += ["--layout", layout, "--threads", self.threads, *peer.options, *options]
        run = self.launch(command, peer.tree)
        begun_ns = run.pop("begun_ns")
        said = {}
        for line in (self.logs / "stdout").read_text(errors="replace").splitlines():
            said |= json.loads(line) if line.startswith("{") else {}
        code = run.pop("exit")
        if "begun_ns" in said:
            run["work_seconds"] = run["wall_seconds"] - (said["begun_ns"] - begun_ns) / 1e9
        if code != 0:
            run["problem"] = f"cannot: {said['cannot']}" if "cannot" in said else f"fails: {self.reason(code)}"
        output.mkdir(exist_ok=True)
        return run | {"output": output}

    def launch(self, command, tree):
        """Runs a program in a process of its own, with nothing left to be written that others have left behind."""
        os.sync()
        order = {"command": [str(part) for part in command], "folder": str(self.logs), "tree": tree}
        order |= {"threads": self.threads, "seconds_max": JOB_SECONDS_MAX}
        launcher = [sys.executable, "-I", "-S", HERE / "launch.py", json.dumps(order)]
        took = json.loads(subprocess.run(launcher, capture_output=True, text=True, check=True).stdout)
        took["wall_seconds"] = took.pop("wall_ns") / 1e9
        return took

    def reason(self, code=1):
        """What the last program had to say about its failure, in a line that does not tell where it ran."""
        if code < 0:
            return f"ended by signal {-code}, at the latest after {JOB_SECONDS_MAX} s"
        text = (self.logs / "stderr").read_text(errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        said = [line for line in lines if re.match(r"(Caused by: )?[\w.]*(Error|Exception)\b.*:", line)]
        line = (said or lines or ["it says nothing"])[-1]
        line = re.sub(rf"(file:)?/*{re.escape(str(self.folder).lstrip('/'))}/(\w+-\w+/)?", "", line)
        line = re.sub(r"^(Caused by: )?([a-z_]+\.)+", "", line)
        return line if len(line) <= REASON_LENGTH_MAX else line[: REASON_LENGTH_MAX - 1] + "…"

    def verify(self, command, *paths):
        verifier = [ENGINES / "bin/python", HERE / "verify.py", command, *paths]
        verified = subprocess.run(verifier, capture_output=True, text=True)
        if verified.returncode != 0:
            last = (verified.stderr.strip().splitlines() or ["it says nothing"])[-1]
            return {"problem": f"cannot be read: {last[:REASON_LENGTH_MAX]}", "expected": 0, "kept": 0}
        return json.loads(verified.stdout)

    def verify_ours(self, run, expected, known):
        """Holds our first table against the generator's counts, and others against the first: equal rows are equal bytes."""
        table = run["output"]
        files = {(str(path.relative_to(table)), path.stat().st_size) for path in table.rglob("*.parquet")}
        run |= {"files": len(files), "bytes": sum(size for _, size in files)}
        if known is None:
            found = self.verify("counts", table, expected)
            if found["problem"]:
                raise Refused(f"the table of `events run` is wrong: {found['problem']}")
        elif known != files:
            raise Refused("two tables of `events run` on the same input differ")
        return files

    def verify_theirs(self, pairs):
        """Holds all tables of a round against one of ours, which are all the same."""
        done = [pair for pair in pairs if "problem" not in pair["theirs"]]
        if done:
            found = self.verify("same", done[0]["events"]["output"], *(pair["theirs"]["output"] for pair in done))
            for pair, one in zip(done, found if isinstance(found, list) else [found] * len(done)):
                pair["theirs"] |= one


def plain_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("EVENTS_")}


def print_pair(run, check):
    theirs = run["theirs"]
    verdict = theirs["problem"] or f"the same rows, data: {theirs['data']}"
    figures = "" if check else f" {theirs['wall_seconds']:.2f} s beside {run['events']['wall_seconds']:.2f} s,"
    print(f"{time.strftime('%H:%M:%S')} {run['case']} {run['layout']} {run['peer']}:{figures} {verdict}", flush=True)


def report_check(results):
    """Ends with 1 when a peer does worse than is known of it."""
    failed = [run for run in results["runs"] if run["theirs"]["problem"]]
    wrong = [run for run in failed if not document.is_known(run["peer"], [run["theirs"]["problem"]])]
    for run in wrong:
        print(f"{run['case']} {run['layout']} {run['peer']}: {run['theirs']['problem']}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
