"""Runs a program and says what it took: `launch.py {"command": […], "folder": …, "seconds_max": …, "threads": …, "tree": …}`.

A process of its own for each run, started with `-I -S`: what the parent of a program has in memory counts as the peak of
the program, when that has less, so the parent has to be small.
"""

import json
import os
import signal
import sys
import time

SAMPLE_SECONDS = 0.02
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PR_SET_CHILD_SUBREAPER = 36


def main():
    order = json.loads(sys.argv[1])
    # No more processors than threads, also for what a program starts beside the threads that were ordered.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: order["threads"]])
    if order["tree"]:
        adopt_orphans()
    output = os.open(f"{order['folder']}/stdout", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    errors = os.open(f"{order['folder']}/stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EVENTS_")}
    os.chdir(order["folder"])

    begun_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    actions = [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, errors, 2)]
    child = os.posix_spawn(order["command"][0], order["command"], environment, file_actions=actions, setpgroup=0)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(child, signal.SIGKILL))
    signal.alarm(order["seconds_max"])
    try:
        peak_bytes = sample(child) if order["tree"] else None
        _, status, usage = os.wait4(child, 0)
    except BaseException:
        os.killpg(child, signal.SIGKILL)
        raise
    ended_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)

    cpu_seconds = usage.ru_utime + usage.ru_stime
    if order["tree"]:
        cpu_seconds += orphans_seconds()
    print(
        json.dumps({
            "exit": os.waitstatus_to_exitcode(status),
            "begun_ns": begun_ns,
            "wall_ns": ended_ns - begun_ns,
            "cpu_seconds": cpu_seconds,
            "rss_bytes": peak_bytes or usage.ru_maxrss * 1024,
        })
    )


def sample(child):
    """Looks at the memory of the whole tree until the child has ended."""
    peak_bytes = 0
    while not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        peak_bytes = max(peak_bytes, tree_bytes(child))
        time.sleep(SAMPLE_SECONDS)
    return peak_bytes


def adopt_orphans():
    """What a program leaves behind, as Spark's Java machine, becomes a child of this process and can be counted."""
    import ctypes  # only where it is needed, as it takes memory

    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def orphans_seconds():
    seconds = 0.0
    while True:
        try:
            _, _, usage = os.wait4(-1, 0)
        except ChildProcessError:
            return seconds
        seconds += usage.ru_utime + usage.ru_stime


def tree_bytes(process):
    """What a process and all below it have in memory now. Pages that they share count for each of them."""
    try:
        with open(f"/proc/{int(process)}/statm", "rb") as file:
            total = int(file.read().split()[1]) * PAGE_BYTES
        for task in os.listdir(f"/proc/{int(process)}/task"):
            with open(f"/proc/{int(process)}/task/{task}/children", "rb") as file:
                total += sum(map(tree_bytes, file.read().split()))
        return total
    except OSError:
        return 0  # it has ended meanwhile


main()
