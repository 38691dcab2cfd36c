"""docs/BENCHMARKS.md and its chart, from the results alone."""

import statistics
from html import escape

import chart
from cases import CASES, LAYOUTS, PEERS

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
EVENTS = "**events**"

# Peers whose `data` is known to be different, and why. Whoever else has another table fails the check.
KNOWN_WRONG = {
    "polars": "its NDJSON reader does not escape backslashes again when it makes text of an object",
}

# The column of a case's table that it is sorted by.
RATIO = 5

DATA = {
    "text": "the same text",
    "value": "the same values",
    "rounded": "numbers rounded to doubles",
    "struct": "a struct, numbers rounded, nulls and absent fields the same",
}

INTRODUCTION = f"""# Benchmarks

The same job in `events run` and in six engines: every pending file becomes one table in Parquet, partitioned by kind and day, with the latest row of each event.
How it is measured and how to repeat it is in [benches/README.md](../benches/README.md#beside-other-engines).
What follows was written by the measurement.

{BEGIN}
{END}
"""


def write(root, results):
    """Puts tables between the marks of the document, and the chart beside it."""
    path = root / "docs/BENCHMARKS.md"
    document = path.read_text() if path.exists() else INTRODUCTION
    head, rest = document.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    path.write_text(f"{head}{BEGIN}\n\n{measured(results)}\n\n{END}{tail}")
    (root / "docs/benchmarks.svg").write_text(chart.draw(panels(results)))
    print(f"written: {path.relative_to(root)}, docs/benchmarks.svg")


def measured(results):
    parts = [conditions(results), "![Throughput of each, by case](benchmarks.svg)", engines(results)]
    for case in CASES:
        for layout in LAYOUTS:
            runs = of(results, case, layout)
            if runs:
                parts.append(speed(case, layout, runs))
    if results["recovered"]:
        parts.append(recovered(results["recovered"]))
    return "\n\n".join(parts)


def conditions(results):
    machine = results["machine"]
    lines = [
        f"{results['date']}, version {results['events']}, at most {results['rounds']} pairs of runs for each peer and input, "
        f"{results['threads']} threads on {machine['processors']} processors ({machine['processor']}), "
        f"{machine['memory_gib']} GiB, {machine['system']}, Python {machine['python']}, local disk, "
        f"load {machine['load_before']} before the first run.",
        "Times are of whole processes, from their start to their end.",
        "*Runs* of `events` are those beside every peer; what takes over 20 s has fewer.",
        "*× events* is how many times as long as the run of `events` beside it a run took, at the median of the pairs.",
        "*Work* leaves out the start of Python, of libraries and of the Java machine; from `events` nothing is taken off.",
    ]
    lines += [f"{PEERS[name].title} was not measured: {why}." for name, why in results["skipped"].items()]
    return "\n".join(lines)


def engines(results):
    rows = [
        [
            PEERS[name].title,
            ", ".join(f"{package} {version}" for package, version in versions.items()).replace('"', ""),
            PEERS[name].latest,
            PEERS[name].concatenated,
        ]
        for name, versions in results["versions"].items()
    ]
    return table(["peer", "versions", "latest row by", "concatenated records"], rows)


def speed(case, layout, runs):
    first = runs[0]
    compressed = f", {first['stored_bytes'] / 1e6:,.1f} MB compressed" if first["stored_bytes"] != first["input_bytes"] else ""
    title = f"### {case}, {layout}"
    input_line = (
        f"{first['input_bytes'] / 1e6:,.1f} MB{compressed} in {plural(CASES[case].files, 'file')}, "
        f"{first['rows']:,} rows in {first['partitions']:,} partitions."
    )
    ours = [run["events"] for run in runs]
    rows = [figures(EVENTS, ours, "1", "yes, by the counts of the generator")]
    for name, own in by_peer(runs).items():
        theirs = [run["theirs"] for run in own]
        ratio = statistics.median(run["theirs"]["wall_seconds"] / run["events"]["wall_seconds"] for run in own)
        rows.append(figures(PEERS[name].title, theirs, f"{ratio:.1f}", verdict(name, theirs)))
    rows[1:] = sorted(rows[1:], key=lambda row: float("inf") if row[RATIO] == "-" else float(row[RATIO]))
    heads = ["", "runs", "min s", "median s", "max s", "× events", "work s", "CPU s", "RSS MiB", "output MB", "files", "verified"]
    return f"{title}\n\n{input_line}\n\n{table(heads, rows)}\n\n{nearest(runs)}"


def figures(title, runs, ratio, verified):
    wall = [run["wall_seconds"] for run in runs]
    work = [run["work_seconds"] for run in runs if "work_seconds" in run]
    has_table = "bytes" in runs[0]
    return [
        title,
        len(runs),
        *(seconds(pick(wall)) for pick in (min, statistics.median, max)),
        ratio if has_table else "-",
        seconds(statistics.median(work)) if work else "-",
        seconds(statistics.median(run["cpu_seconds"] for run in runs)),
        f"{max(run['rss_bytes'] for run in runs) / 2**20:,.0f}",
        f"{runs[0]['bytes'] / 1e6:,.1f}" if has_table else "-",
        f"{runs[0]['files']:,}" if has_table else "-",
        verified,
    ]


def verdict(name, theirs):
    problems = sorted({run["problem"] for run in theirs if run["problem"]})
    if problems:
        return f"**no**: {'; '.join(problems)}" + (f": {KNOWN_WRONG[name]}" if is_known(name, problems) else "")
    return f"yes, `data`: {DATA[theirs[0]['data']]}"


def is_known(name, problems):
    return name in KNOWN_WRONG and all(problem.startswith("`data`") for problem in problems)


def nearest(runs):
    """Says who comes nearest, of those that are right."""
    right = {name: own for name, own in by_peer(runs).items() if all(run["theirs"]["problem"] is None for run in own)}
    if not right:
        return "No peer has made this table."

    def ratios(what):
        pairs = {
            name: statistics.median(run["theirs"][what] / run["events"][what] for run in own) for name, own in right.items()
        }
        name = min(pairs, key=pairs.get)
        return f"{PEERS[name].title} with {pairs[name]:.1f} times"

    return (
        f"The nearest of those that are right: in time {ratios('wall_seconds')} ours, without its start "
        f"{ratios('work_seconds')}, in CPU time {ratios('cpu_seconds')}, in memory {ratios('rss_bytes')}."
    )


def recovered(found):
    parts = [
        "### Damaged input\n\n"
        "20 MB in 8 files, of whose records 2 % are damaged in the ways of `events generate`: "
        "rows that are in the table with the right time and content, of those that can be had.\n"
        "What can be had is what `events run` has, which is held against the counts of the generator; "
        "*mended* are those whose record was damaged itself.\n"
        "*Not right* are those that are missing, and those that are *wrong*: with another time or content. "
        "*Foreign* are rows of no event.\n"
        "Each peer tries it as in the tables above, and with its setting that skips errors, "
        "leaving out rows without a time, an id, a domain or an event type."
    ]
    for layout in LAYOUTS:
        rows = [recovered_row(one) for one in found if one["layout"] == layout]
        if rows:
            damage = next(one["damage"] for one in found if one["layout"] == layout)
            heads = ["", "settings", "right rows", "not right", "of these undamaged", "mended", "wrong", "foreign", "outcome"]
            parts.append(f"Layout {layout}, {damage:,} damaged records:\n\n{table(heads, rows)}")
    return "\n\n".join(parts)


def recovered_row(one):
    title = EVENTS if one["peer"] == "events" else PEERS[one["peer"]].title
    if one["problem"]:
        return [title, one["setting"], "0", "all", "all", "0", "0", "0", one["problem"]]
    missing = one["expected"] - one["kept"]
    undamaged = missing - (one["expected_mended"] - one["kept_mended"])
    counts = [one["kept"], missing, undamaged, one["kept_mended"], one["wrong"], one["foreign"]]
    return [title, one["setting"], *(f"{count:,}" for count in counts), "done"]


def panels(results):
    """For each case the throughput of everyone, in both layouts."""
    drawn = []
    for case in CASES:
        bars = {}
        for layout in LAYOUTS:
            runs = of(results, case, layout)
            if not runs:
                continue
            everyone = {"events": [run["events"] for run in runs]}
            everyone |= {PEERS[name].title.replace("`", ""): [run["theirs"] for run in own] for name, own in by_peer(runs).items()}
            for title, own in everyone.items():
                if "bytes" in own[0]:  # there is a table
                    rate = runs[0]["input_bytes"] / 1e6 / statistics.median(run["wall_seconds"] for run in own)
                    bars.setdefault(title, {})[layout] = (rate, any(run.get("problem") for run in own))
        if bars:
            drawn.append((case, bars))
    return drawn


def of(results, case, layout):
    return [run for run in results["runs"] if (run["case"], run["layout"]) == (case, layout)]


def by_peer(runs):
    peers = {}
    for run in runs:
        peers.setdefault(run["peer"], []).append(run)
    return peers


def plural(count, what):
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def seconds(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def table(heads, rows):
    def line(cells):
        return "| " + " | ".join(escape(str(cell), quote=False).replace("|", "\\|") for cell in cells) + " |"

    is_number = [all(is_figure(row[column]) for row in rows) for column in range(len(heads))]
    rule = "|" + "|".join("---:" if number else "---" for number in is_number) + "|"
    return "\n".join([line(heads), rule, *map(line, rows)])


def is_figure(cell):
    cell = str(cell)
    return cell in ("-", "all") or cell.replace(",", "").replace(".", "").isdigit()
