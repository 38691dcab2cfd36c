"""The executable of the function, under the interface that Lambda offers to a function's process.

As a program it hands an event to the executable several times and prints how long that took:

    python tests/aws/sandbox.py [--times 20] [--event FILE] [--memory 1769] -- COMMAND...

The variables of the function, such as `EVENTS_ROOT`, are those of the program.
"""

import argparse
import json
import os
import queue
import re
import statistics
import subprocess
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FUNCTION = "events"
START_TIMEOUT_S = 60
TIMEOUT_S = 300


class FunctionError(Exception):
    """The function answered an invocation with an error."""

    def __init__(self, answer):
        super().__init__(f"{answer.get('errorType')}: {answer.get('errorMessage')}")
        self.kind, self.answer = answer.get("errorType"), answer


class Sandbox:
    """A process of the function. It does one invocation after the other, and its log goes to a file."""

    def __init__(self, command, variables, log, memory_mb=1769):
        self.invocations, self.answers = queue.Queue(), queue.Queue()
        self.called = threading.Event()
        self.server = Server(("127.0.0.1", 0), handler_of(self))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        environment = {
            **variables,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": FUNCTION,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
        }
        began = time.perf_counter()
        with open(log, "ab") as output:
            self.process = subprocess.Popen(command, env=environment, stdout=output)
        if not self.called.wait(START_TIMEOUT_S):
            self.stop()
            raise RuntimeError("the function did not ask for an invocation")
        self.init_s = self.called_at - began

    def invoke(self, event, timeout_s=TIMEOUT_S):
        """Returns the answer to an event. Raises FunctionError for an answer that is an error."""
        deadline = time.time() + timeout_s
        self.invocations.put((str(uuid.uuid4()), int(deadline * 1000), json.dumps(event).encode()))
        while time.time() < deadline:
            try:
                kind, answer = self.answers.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None:
                    raise RuntimeError(f"the function ended with {self.process.returncode}") from None
                continue
            if kind == "error":
                raise FunctionError(answer)
            return answer
        raise RuntimeError(f"the function did not answer in {timeout_s} s")

    def peak_memory_mb(self):
        """Returns the most memory that the process had, in MiB; only where there is `/proc`."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.server.shutdown()
        self.server.server_close()


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        # The end of the process cuts its connection, and nobody needs to hear of that.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def handler_of(sandbox):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # A head and a body in two packets would cost 40 ms each time.
        disable_nagle_algorithm = True
        wbufsize = 1 << 16

        def do_GET(self):
            if not sandbox.called.is_set():
                sandbox.called_at = time.perf_counter()
                sandbox.called.set()
            request_id, deadline_ms, event = sandbox.invocations.get()
            headers = {
                "Lambda-Runtime-Aws-Request-Id": request_id,
                "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": f"arn:aws:lambda:us-east-1:123456789012:function:{FUNCTION}",
                "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
            }
            self.reply(200, event, headers)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sandbox.answers.put((self.path.rsplit("/", 1)[1], json.loads(body)))
            self.reply(202, b"", {})

        def reply(self, status, body, headers):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, *arguments):
            pass

    return Handler


def main():
    parser = argparse.ArgumentParser(description="Times of the function's executable.")
    parser.add_argument("--times", type=int, default=20, help="how often the event is handed over")
    parser.add_argument("--event", type=Path, help="a file with the event; without it, {}")
    parser.add_argument("--memory", type=int, default=1769, help="what the function takes for its memory, in MB")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    event = json.loads(options.event.read_text()) if options.event else {}
    sandbox = Sandbox(options.command, dict(os.environ), os.devnull, options.memory)
    try:
        times_ms = []
        for _ in range(options.times):
            began = time.perf_counter()
            answer = sandbox.invoke(event)
            times_ms.append((time.perf_counter() - began) * 1000)
            if len(times_ms) == 1:
                print("answer:", json.dumps(answer)[:300])
        print(f"init:   {sandbox.init_s * 1000:.1f} ms from the start of the process to its first call")
        print(f"first:  {times_ms[0]:.1f} ms")
        if rest := times_ms[1:]:
            print(f"others: {statistics.median(rest):.1f} ms median, {max(rest):.1f} ms at most, of {len(rest)}")
        print(f"memory: {sandbox.peak_memory_mb()} MiB at most")
    except FunctionError as error:
        sys.exit(f"the function answered with an error: {error}")
    finally:
        sandbox.stop()


if __name__ == "__main__":
    main()
