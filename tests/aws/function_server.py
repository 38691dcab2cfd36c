"""moto's server, whose functions are processes of the real executable: for what calls functions by itself, such as
Step Functions.

    EVENTS_BOOTSTRAP=target/debug/bootstrap python tests/aws/function_server.py PORT [PROCESSES [KILL_EVERY]]

An invocation gets a process that has none; there are at most as many as said, and who comes then waits. Of every so many
invocations the process of one is killed in the middle of it, as Lambda does with one that takes too long.
"""

import json
import os
import sys
import threading
from pathlib import Path
from tempfile import mkdtemp

from moto.awslambda.models import LambdaFunction
from moto.server import main
from sandbox import FunctionError, Sandbox

# Long enough that the process has begun, short enough that it has not ended.
KILL_AFTER_S = 0.005


class Functions:
    """The processes of all functions."""

    def __init__(self, processes_max, kill_every):
        self.free, self.processes = [], 0
        self.processes_max, self.kill_every = processes_max, kill_every
        self.invocations, self.ended = 0, 0
        self.changed = threading.Condition()
        self.log = Path(mkdtemp(prefix="functions-"))

    def take(self, variables):
        """Returns a process that has nothing to do, and whether it is to be killed while it has."""
        with self.changed:
            self.changed.wait_for(lambda: self.free or self.processes < self.processes_max)
            self.invocations += 1
            is_victim = self.kill_every and self.invocations % self.kill_every == 0
            if self.free:
                return self.free.pop(), is_victim
            self.processes += 1
            log = self.log / f"{self.invocations}.log"
        return Sandbox([os.environ["EVENTS_BOOTSTRAP"]], variables, log), is_victim

    def give_back(self, sandbox):
        with self.changed:
            if sandbox.process.poll() is None:
                self.free.append(sandbox)
            else:
                self.processes -= 1
            self.changed.notify_all()

    def invoke(self, variables, event):
        sandbox, is_victim = self.take(variables)
        if is_victim:
            threading.Timer(KILL_AFTER_S, sandbox.process.kill).start()
        try:
            return json.dumps(sandbox.invoke(event)), False, ""
        except FunctionError as error:
            return json.dumps(error.answer), True, ""
        except RuntimeError as error:
            self.ended += 1
            return json.dumps({"errorType": "Runtime.ExitError", "errorMessage": str(error)}), True, ""
        finally:
            self.give_back(sandbox)
            print(f"{self.invocations} invocations, {self.processes} processes, {self.ended} ended in the middle", flush=True)


def serve(port, processes="3", kill_every="0"):
    functions = Functions(int(processes), int(kill_every))

    def invoke(function, event=None):
        variables = {name: str(value) for name, value in (function.environment_vars or {}).items()}
        return functions.invoke(variables, event)

    LambdaFunction._invoke_lambda = invoke
    main(["-H", "127.0.0.1", "-p", port])


if __name__ == "__main__":
    serve(*sys.argv[1:])
