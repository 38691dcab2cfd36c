"""AWS for `terraform apply`, on this machine: moto's server, with what the provider asks for and moto has not, and with
functions that are processes of the executable in the zip that was deployed.

    python terraform/tests/aws_server.py PORT FOLDER

The folder gets the logs of the processes, and what they asked of AWS, a line a request.
"""

import io
import json
import logging
import os
import re
import sys
import threading
import urllib.parse
import zipfile
from pathlib import Path

from moto.athena.responses import AthenaResponse
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.iam.access_control import PermissionResult
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import FakeBucket
from moto.server import MotoRequestHandler
from moto.sqs.models import sqs_backends
from moto.stepfunctions.responses import StepFunctionResponse
from werkzeug.serving import run_simple

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "aws"))

import sandbox  # noqa: E402: the path comes first
from function_server import Functions  # noqa: E402

# The credentials of functions and of Terraform, by which their requests are told from others.
FUNCTION_KEY, TERRAFORM_KEY = "function", "test"

PROCESSES_MAX = 3


def validate_state_machine_definition(self):
    """The provider asks for this before it plans. Definitions are validated by terraform/check-workflow."""
    json.loads(self._get_param("definition"))
    return json.dumps({"result": "OK", "diagnostics": [], "truncated": False})


def list_state_machine_versions(self):
    return json.dumps({"stateMachineVersions": []})


def delete_named_query(self):
    self.athena_backend.named_queries.pop(self._get_param("NamedQueryId"), None)
    return "{}"


def fill_gaps():
    for response, answer in (
        (StepFunctionResponse, validate_state_machine_definition),
        (StepFunctionResponse, list_state_machine_versions),
        (AthenaResponse, delete_named_query),
    ):
        assert not hasattr(response, answer.__name__), f"moto has {answer.__name__}: take it out here"
        setattr(response, answer.__name__, answer)
    # moto does not look at conditions, so a policy that denies what comes without TLS denies everything.
    FakeBucket.get_permission = lambda self, action, resource: PermissionResult.NEUTRAL


def leave_queues_alone():
    """moto hands over each message by itself and ignores which of them failed; the test does it as AWS does."""
    create = LambdaBackend.create_event_source_mapping

    def create_only(self, spec):
        mapping = create(self, spec)
        for queue in sqs_backends[self.account_id][self.region_name].queues.values():
            queue.lambda_event_source_mappings.clear()
        return mapping

    LambdaBackend.create_event_source_mapping = create_only


def run_functions(endpoint, folder):
    processes, starting = {}, threading.Lock()
    logs = folder / "functions"
    logs.mkdir()

    def processes_of(variables, code):
        """New variables are for new processes."""
        with starting:
            key = json.dumps(variables)
            if key not in processes:
                bootstrap = folder / "bootstrap"
                if not bootstrap.exists():
                    with zipfile.ZipFile(io.BytesIO(code)) as archive:
                        bootstrap.write_bytes(archive.read("bootstrap"))
                    bootstrap.chmod(0o755)
                os.environ["EVENTS_BOOTSTRAP"] = str(bootstrap)
                processes[key] = Functions(PROCESSES_MAX, 0)
                processes[key].log = logs / str(len(processes))
                processes[key].log.mkdir()
            return processes[key]

    def invoke(function, event=None):
        # The name is the same in all logs, as there is one function.
        sandbox.FUNCTION = function.function_name
        variables = {name: str(value) for name, value in (function.environment_vars or {}).items()}
        variables |= {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": FUNCTION_KEY,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": function.region,
            "NO_PROXY": "127.0.0.1",
        }
        return processes_of(variables, function.code_bytes).invoke(variables, event)

    LambdaFunction._invoke_lambda = invoke


class Recorded:
    """An application that notes what functions and Terraform ask for."""

    def __init__(self, application, folder):
        self.application, self.lock = application, threading.Lock()
        self.files = {
            FUNCTION_KEY: open(folder / "requests.jsonl", "a", buffering=1),
            TERRAFORM_KEY: open(folder / "terraform.jsonl", "a", buffering=1),
        }

    def __call__(self, environ, start_response):
        credential = re.search(r"Credential=(\w+)/\d+/[\w-]+/(\w+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if credential and credential[1] in self.files:
            asked = {
                "service": credential[2],
                "method": environ["REQUEST_METHOD"],
                "path": urllib.parse.unquote(environ.get("REQUEST_URI", environ["PATH_INFO"]).partition("?")[0]),
                "query": dict(urllib.parse.parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)),
                "source": urllib.parse.unquote(environ.get("HTTP_X_AMZ_COPY_SOURCE", "")),
                "target": environ.get("HTTP_X_AMZ_TARGET", ""),
            }
            form = environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded")
            if asked["method"] == "POST" and ("delete" in asked["query"] or form):
                body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
                environ["wsgi.input"] = io.BytesIO(body)
                asked["body"] = body.decode()

            def start(status, headers, *rest):
                with self.lock:
                    self.files[credential[1]].write(json.dumps({**asked, "status": int(status.split()[0])}) + "\n")
                return start_response(status, headers, *rest)

            return self.application(environ, start)
        return self.application(environ, start_response)


def main(port, folder):
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    fill_gaps()
    leave_queues_alone()
    run_functions(f"http://127.0.0.1:{port}", Path(folder))
    application = Recorded(DomainDispatcherApplication(create_backend_app), Path(folder))
    run_simple("127.0.0.1", int(port), application, threaded=True, request_handler=MotoRequestHandler)


if __name__ == "__main__":
    main(*sys.argv[1:])
