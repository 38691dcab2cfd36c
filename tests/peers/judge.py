"""Runs the fixtures of repair through other projects, and writes what became of each case to results.json."""

import argparse
import json
import pathlib
import subprocess
import sys
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from importlib.metadata import version

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent.parent / "crates/events-core/tests/fixtures/repair"
LEVELS = ["framing", "lenient", "guess"]
TIMEOUT_SECONDS = 10
WORKERS = 2


def commands():
    """How each peer is called. They run in the folder that holds node_modules."""
    python = lambda name: [sys.executable, str(HERE / "repair.py"), name]
    return {
        "json_repair": python("json_repair"),
        "fast-json-repair": python("fast-json-repair"),
        "jsonrepair": ["node", str(HERE / "repair.mjs")],
    }


def versions(node):
    package = json.loads((node / "node_modules/jsonrepair/package.json").read_text())
    return {
        "json_repair": version("json_repair"),
        "fast-json-repair": version("fast-json-repair"),
        "jsonrepair": package["version"],
    }


def values(text):
    """The JSON values of a text, one after the other; a ValueError when it holds anything else."""

    def no_constant(name):
        raise ValueError(f"{name} is not JSON")

    decoder = json.JSONDecoder(
        # Keys that come twice count twice; their order is no value.
        object_pairs_hook=lambda pairs: ("object", sorted(pairs, key=lambda pair: pair[0])),
        parse_int=Decimal,
        parse_float=Decimal,
        parse_constant=no_constant,
        strict=True,
    )
    found, at = [], 0
    while True:
        at += len(text[at:]) - len(text[at:].lstrip(" \t\r\n"))
        if at == len(text):
            return found
        value, at = decoder.raw_decode(text, at)
        found.append(exact(value))


def exact(value):
    """A value that equals none of another type: in Python, True equals 1."""
    match value:
        case bool():
            return ("literal", value)
        case ("object", pairs):
            return ("object", [(key, exact(inner)) for key, inner in pairs])
        case list():
            return [exact(inner) for inner in value]
    return value


def expectations(file, case):
    """What is right: the guess level's records, or those of a level that the kind belongs to and that refuses nothing."""
    levels, last = {}, {}
    for level in LEVELS:
        levels[level] = last = case.get(level, last)
    with_kind = [level for level in LEVELS if file in levels[level].get("kinds", [])]
    first = "framing" if file == "valid" else (with_kind or ["guess"])[0]
    allowed = LEVELS[LEVELS.index(first) :]
    chosen = [level for level in allowed if level == "guess" or not levels[level].get("rejects")]
    return [values("\n".join(levels[level].get("records", []))) for level in chosen], levels["guess"]


def judge(command, node, file, case):
    expected, guess = expectations(file, case)
    text = case.get("input")
    data = bytes.fromhex(case["input_hex"]) if text is None else text.encode()
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=TIMEOUT_SECONDS, cwd=node)
    except subprocess.TimeoutExpired:
        return "hang"
    if done.returncode == 3:
        # Where nothing can be mended, a refusal is right.
        return "right" if guess.get("rejects") and not guess.get("records") else "refused"
    if done.returncode != 0:
        return "crash"
    try:
        found = values(done.stdout.decode())
    except ValueError:
        return "wrong"
    # Several records may come as an array, and arrays of records as they are.
    listed = found[0] if len(found) == 1 and isinstance(found[0], list) else found
    readings = [found, listed, unwrapped(found), unwrapped(listed)]
    return "right" if any(reading in expected for reading in readings) else "wrong"


def unwrapped(values):
    """The values, with the elements of an array of objects instead of the array."""
    holds_objects = lambda value: isinstance(value, list) and value and isinstance(value[0], tuple) and value[0][0] == "object"
    return [inner for value in values for inner in (value if holds_objects(value) else [value])]


def rendered(versions, results):
    """A line a case, so that a change shows as one."""
    dump = lambda value: json.dumps(value, ensure_ascii=False)
    files = []
    for file, cases in sorted(results.items()):
        lines = ",\n".join(f"   {dump(name)}: {dump(verdicts)}" for name, verdicts in cases.items())
        files.append(f"  {dump(file)}: {{\n{lines}\n  }}")
    return f'{{\n "versions": {dump(versions)},\n "results": {{\n' + ",\n".join(files) + "\n }\n}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("node", type=pathlib.Path, help="the folder in which `npm install` ran")
    parser.add_argument("--fixtures", type=pathlib.Path, default=FIXTURES)
    arguments = parser.parse_args()

    jobs = []
    for path in sorted(arguments.fixtures.glob("*.toml")):
        if path.stem.startswith("_"):
            continue
        for case in tomllib.loads(path.read_text()).get("case", []):
            # The peers have no limits to set, and take text that is decoded already.
            if "limits" not in case and "transcoded" not in case:
                jobs += [(name, path.stem, case) for name in commands()]
    with ThreadPoolExecutor(WORKERS) as pool:
        run = lambda job: judge(commands()[job[0]], arguments.node, job[1], job[2])
        verdicts = list(pool.map(run, jobs))

    results = {}
    for (name, file, case), verdict in zip(jobs, verdicts, strict=True):
        results.setdefault(file, {}).setdefault(case["name"], {})[name] = verdict
    (HERE / "results.json").write_text(rendered(versions(arguments.node), results))
    for name in commands():
        counts = Counter(verdict for (peer, *_), verdict in zip(jobs, verdicts, strict=True) if peer == name)
        print(name, dict(counts))


if __name__ == "__main__":
    main()
