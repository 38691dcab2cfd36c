"""`examples/complete`, applied with the real provider to a server that plays AWS, used, and destroyed.

What is told apart here: that the resources fit together, that the deployed function comes from notifications to rows, that
the workflows do, that the function asks for nothing that its role does not allow, and that alarms and the dashboard are about
metrics that there are.
"""

import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
import duckdb
import pyarrow
import pyarrow.parquet
from botocore.config import Config
from rights import Rights, needed, operation, too_much

HERE = Path(__file__).resolve().parent
MODULE = HERE.parent
EXAMPLE = MODULE / "examples" / "complete"
sys.path.insert(0, str(MODULE.parent / "tests" / "aws"))

from queue_source import QueueSource  # noqa: E402: the path comes first
from sandbox import FunctionError  # noqa: E402

REGION, ACCOUNT = "eu-west-1", "123456789012"
# Named queries are about this year and the last days.
TODAY, DAYS = datetime.now(timezone.utc).date(), 28
# The id of an event whose record is damaged, and mended.
REPAIRED = 0
LARGE_BYTES = 12 << 20
START_TIMEOUT_S, EXECUTION_TIMEOUT_S = 60, 120

# A folder that mirrors the provider registry.
PLUGINS = os.environ.get("EVENTS_TERRAFORM_PLUGINS")
# What `init` says where the registry is not reached.
NO_PROVIDER = "Failed to query available provider packages|Failed to install provider|could not connect to registry"

# What moto gives back otherwise than it was given.
ECHOED_OTHERWISE = {"aws_sqs_queue.inputs[0]: redrive_policy", "aws_lambda_function.distributor: logging_config"}

summary = []


def told(text):
    print(f"-- {text}", flush=True)
    summary.append(text)


class Server:
    """The server, and clients of it."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        self.endpoint, self.log = f"http://127.0.0.1:{port}", folder / "server.log"
        # Step Functions of the server calls functions by that port.
        environment = {**os.environ, "MOTO_PORT": port, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        command = [sys.executable, str(HERE / "aws_server.py"), port, str(folder)]
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
        self.configure({"stepfunctions": {"execute_state_machine": True}})

    def configure(self, settings):
        request = urllib.request.Request(
            f"{self.endpoint}/moto-api/config", json.dumps(settings).encode(), {"Content-Type": "application/json"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                return opener.open(request).read()
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError(f"the server did not start: {self.log.read_text()[-2000:]}") from None
                time.sleep(0.1)

    def client(self, name):
        return boto3.client(
            name,
            endpoint_url=self.endpoint,
            region_name=REGION,
            # Another than Terraform's, so that the server knows who asks.
            aws_access_key_id="onlooker",
            aws_secret_access_key="test",
            config=Config(proxies={"http": None, "https": None}, s3={"addressing_style": "path"}, read_timeout=120),
        )

    def stop(self):
        self.process.kill()
        self.process.wait()


class Terraform:
    """The example, with its state in a folder of its own."""

    def __init__(self, folder, endpoint, bootstrap):
        self.folder = folder
        code = folder / "function.zip"
        with zipfile.ZipFile(code, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(bootstrap, "bootstrap")
        self.state = f"-state={folder / 'terraform.tfstate'}"
        self.environment = {
            **os.environ,
            "CHECKPOINT_DISABLE": "1",
            "TF_DATA_DIR": str(folder / "terraform"),
            "TF_CLI_ARGS": "-no-color",
            "TF_VAR_endpoint": endpoint,
            "TF_VAR_lambda_zip": str(code),
            "TF_VAR_reserved_concurrency": "3",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
        }
        if not os.path.exists(os.environ.get("TF_CLI_CONFIG_FILE", os.devnull)):
            self.environment["TF_CLI_CONFIG_FILE"] = os.devnull
        self.run("init", "-input=false", *([f"-plugin-dir={PLUGINS}"] if PLUGINS else []))

    def run(self, *arguments):
        began = time.monotonic()
        finished = subprocess.run(
            ["terraform", f"-chdir={EXAMPLE}", *arguments], env=self.environment, capture_output=True, text=True
        )
        if finished.returncode != 0:
            if arguments[0] == "init" and not PLUGINS and re.search(NO_PROVIDER, finished.stderr):
                print("skipped: no provider; EVENTS_TERRAFORM_PLUGINS names a folder that mirrors the registry")
                sys.exit()
            sys.exit(f"terraform {arguments[0]} failed\n{finished.stdout[-3000:]}\n{finished.stderr[-5000:]}")
        return finished.stdout, time.monotonic() - began

    def apply(self):
        output, elapsed_s = self.run("apply", "-auto-approve", "-input=false", "-parallelism=20", self.state)
        added = re.search(r"(\d+) added", output)[1]
        told(f"apply: {added} resources in {elapsed_s:.0f} s")
        return json.loads(self.run("output", "-json", self.state)[0])["events"]["value"]

    def check_plan(self):
        """Nothing that runs have changed is changed back: see ECHOED_OTHERWISE."""
        self.run("plan", "-input=false", f"-out={self.folder / 'plan'}", self.state)
        plan = json.loads(self.run("show", "-json", str(self.folder / "plan"))[0])
        changed = set()
        for resource in plan["resource_changes"]:
            before, after = resource["change"]["before"] or {}, resource["change"]["after"] or {}
            if resource["change"]["actions"] != ["no-op"]:
                address = resource["address"].removeprefix("module.events.")
                changed |= {f"{address}: {name}" for name in after if before.get(name) != after[name]} or {address}
        assert changed <= ECHOED_OTHERWISE, changed - ECHOED_OTHERWISE
        told(f"plan: nothing that runs have done would be changed back; the server echoes {len(changed)} settings otherwise")

    def destroy(self):
        output, elapsed_s = self.run("destroy", "-auto-approve", "-input=false", "-parallelism=20", self.state)
        destroyed = re.search(r"(\d+) destroyed", output)[1]
        told(f"destroy: {destroyed} resources in {elapsed_s:.0f} s")


class Deployed:
    """The system that was applied."""

    def __init__(self, server, outputs, folder):
        self.server, self.outputs, self.folder = server, outputs, folder
        self.s3, self.sqs, self.functions = (server.client(name) for name in ("s3", "sqs", "lambda"))
        self.machines, self.glue = server.client("stepfunctions"), server.client("glue")
        self.buckets = outputs["bucket_names"]
        [mapping] = self.functions.list_event_source_mappings()["EventSourceMappings"]
        assert mapping["EventSourceArn"] == outputs["queue_arn"], mapping
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], mapping
        self.source = QueueSource(self.sqs, outputs["queue_url"])

    def invoke(self, event):
        answer = self.functions.invoke(FunctionName=self.outputs["function_name"], Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read())
        if answer.get("FunctionError"):
            raise FunctionError(payload)
        return payload

    def put(self, key, ids, version=0, text=""):
        """Puts an input as a producer does who may not replace one."""
        for id in ids:
            event = {
                "event_id": f"id-{id}",
                "timestamp": f"{TODAY - timedelta(days=id % DAYS)}T10:15:{id % 60:02}Z",
                "domain": ("card", "account")[id % 2],
                "event_type": "issued",
                "data": {"version": version},
            }
            text += json.dumps(event).replace("}}", "},}" if id == REPAIRED else "}}")
        self.s3.put_object(Bucket=self.buckets["landing"], Key=f"pending/{key}", Body=text.encode(), IfNoneMatch="*")

    def keys(self, zone, below):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.buckets[zone], Prefix=below)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def ids(self):
        """The numbers of the events in the table."""
        files = (self.s3.get_object(Bucket=self.buckets["trusted"], Key=key)["Body"].read() for key in self.keys("trusted", "events/"))
        tables = [pyarrow.parquet.read_table(io.BytesIO(file)) for file in files]
        return sorted(int(id.removeprefix("id-")) for table in tables for id in table.column("event_id").to_pylist())

    def execute(self, machine, name):
        arn = self.machines.start_execution(stateMachineArn=machine, name=name, input="{}")["executionArn"]
        deadline = time.monotonic() + EXECUTION_TIMEOUT_S
        while (execution := self.machines.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < deadline, f"{name} does not end"
            time.sleep(0.1)
        return execution

    def succeed(self, machine, name):
        execution = self.execute(machine, name)
        assert execution["status"] == "SUCCEEDED", execution
        return json.loads(execution["output"])

    def check_table(self, ids, what):
        expected = sorted(ids)
        assert self.ids() == expected, f"{what}: {len(self.ids())} rows, {len(expected)} events"
        assert self.keys("landing", "pending/") == [], what
        assert self.keys("stage", "") == [], what

    def check_notifications(self):
        [test] = self.source.drain(self)
        assert [json.loads(message["Body"])["Event"] for message in test.messages] == ["s3:TestEvent"], test
        for number in range(12):
            self.put(f"a/{number}.json", range(number * 10, number * 10 + 20), text='{"event_id": broken\n' if number == 0 else "")
        batches = self.source.drain(self)
        assert not any(batch.failed for batch in batches), batches
        self.check_table(range(130), "notifications")
        assert len(self.keys("landing", "quarantine/")) == 1
        told(f"notifications: 12 inputs with 240 events to 130 rows, one reject, in {len(batches)} batches of the queue")

    def check_large_input(self):
        """What is too large to be moved through memory is copied by the store, in parts."""
        self.put("large.json", range(130), text=" " * (LARGE_BYTES - 1) + "\n")
        self.source.drain(self)
        self.check_table(range(130), "a large input")
        [moved] = [key for key in self.keys("landing", "processed/") if key.endswith("/large.json")]
        assert self.s3.head_object(Bucket=self.buckets["landing"], Key=moved)["ContentLength"] > LARGE_BYTES
        told(f"an input of {LARGE_BYTES >> 20} MiB without a new event changes no row, and is moved")

    def check_dead_letters(self):
        """A message that cannot be understood holds no other up, and ends where an alarm sees it."""
        self.sqs.send_message(QueueUrl=self.outputs["queue_url"], MessageBody="hello")
        tries = 0
        while handed := self.source.hand_over(self):
            tries += 1
            assert (handed.failed, handed.error) == ({handed.messages[0]["MessageId"]}, None), handed
            # In AWS it stays away for an hour and a half.
            self.sqs.change_message_visibility(
                QueueUrl=self.outputs["queue_url"], ReceiptHandle=handed.messages[0]["ReceiptHandle"], VisibilityTimeout=0
            )
        dead = self.sqs.receive_message(QueueUrl=self.outputs["dead_letters_url"])["Messages"]
        assert [message["Body"] for message in dead] == ["hello"], dead
        told(f"dead letters: a message that cannot be understood is there after {tries} tries")

    def check_queries(self, ids):
        """The named queries, as DuckDB understands them: it is not Athena, but takes the same SQL."""
        athena = self.server.client("athena")
        listed = athena.list_named_queries(WorkGroup=self.outputs["workgroup_name"])["NamedQueryIds"]
        named = [athena.get_named_query(NamedQueryId=query)["NamedQuery"] for query in listed]
        queries = {query["Name"]: query["QueryString"] for query in named}
        connection = duckdb.connect()
        connection.execute(f"CREATE SCHEMA {self.outputs['database_name']}")
        for zone, below, table in (("trusted", "events/", "table_name"), ("stage", "events/", "stage_table_name")):
            folder = self.folder / "queries" / zone
            for key in self.keys(zone, below):
                if key.endswith(".parquet") and (zone == "trusted" or "/rows/" in key):
                    (folder / key).parent.mkdir(parents=True, exist_ok=True)
                    self.s3.download_file(self.buckets[zone], key, str(folder / key))
            connection.execute(
                f"CREATE VIEW {self.outputs['database_name']}.{self.outputs[table]} AS SELECT * EXCLUDE filename, filename AS \"$path\", "
                f"now() AS \"$file_modified_time\" FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true, filename = true)"
            )
        [run] = {key.split("/")[1].removeprefix("run=") for key in self.keys("stage", "events/")}
        asked = {"event": ["id-7"], "stage": [run]}
        rows = {}
        for name, query in queries.items():
            counted = connection.execute(f"SELECT count(*) FROM ({query})", asked.get(name.removeprefix("clicks-"), []))
            [rows[name.removeprefix("clicks-")]] = counted.fetchone()
        assert rows["duplicates"] == 0 and rows["event"] == 1 and rows["stage"] == 2, rows
        # A day has events of one type.
        assert rows["counts"] == rows["files"] == sum((TODAY - timedelta(days=day)).year == TODAY.year for day in range(DAYS)), rows
        assert rows["repaired"] == 1 and rows["latest"] == min(100, sum(id % DAYS <= 7 for id in ids)), rows
        told(f"queries: rows of the {len(rows)} named ones, asked of DuckDB: {rows}")

    def check_schedule(self):
        self.put("lost.json", range(130, 140))
        self.sqs.purge_queue(QueueUrl=self.outputs["queue_url"])
        schedule = self.server.client("scheduler").get_schedule(Name="clicks-sweep")
        assert (schedule["State"], schedule["Target"]["Arn"]) == ("ENABLED", self.outputs["queue_arn"]), schedule
        assert "<aws.scheduler.scheduled-time>" in schedule["Target"]["Input"], schedule
        self.sqs.send_message(QueueUrl=self.outputs["queue_url"], MessageBody=schedule["Target"]["Input"])
        batches = self.source.drain(self)
        assert [batch.failed for batch in batches] == [set()], batches
        self.check_table(range(140), "schedule")
        told("schedule: an input whose notification was lost is in the table after the sweep's message")

    def check_catalog(self):
        folders = {key.rpartition("/")[0] for key in self.keys("trusted", "events/")}
        names = {"DatabaseName": self.outputs["database_name"], "TableName": self.outputs["table_name"]}
        partitions = self.glue.get_partitions(**names)["Partitions"]
        found = {partition["StorageDescriptor"]["Location"].removeprefix(f"s3://{self.buckets['trusted']}/").rstrip("/") for partition in partitions}
        assert found == folders, found ^ folders
        table = self.glue.get_table(DatabaseName=names["DatabaseName"], Name=names["TableName"])["Table"]
        commit = table["Parameters"]["events_commit"]
        told(f"catalog: {len(partitions)} partitions are registered, up to commit {commit}")

    def check_workflow(self):
        for number in range(6):
            self.put(f"b/{number}.json", range(140 + number * 10, 140 + number * 10 + 15))
        output = self.succeed(self.outputs["workflow_arn"], "over-many")
        assert output["item"] == "finish-00000", output
        self.check_table(range(205), "workflow")
        nothing = self.succeed(self.outputs["workflow_arn"], "nothing")
        assert nothing["inputs"] == 0, nothing
        told(f"workflow over many invocations: 6 inputs, commit {output['report']['commit']}; with nothing pending it succeeds")

    def check_plain_workflow(self):
        """The other workflow, which this example does not choose."""
        text = (MODULE / "workflow-plain.asl.json").read_text()
        text = text.replace("${partition}", "aws").replace("${function_arn}", self.outputs["function_arn"])
        role = self.machines.describe_state_machine(stateMachineArn=self.outputs["workflow_arn"])["roleArn"]
        machine = self.machines.create_state_machine(name="plain", definition=text, roleArn=role)["stateMachineArn"]
        self.put("c.json", range(205, 220))
        output = self.succeed(machine, "plain-1")
        assert output["distributed"]["totals"]["rows"] == 15, output
        self.check_table(range(220), "plain workflow")
        output = self.succeed(machine, "plain-2")
        assert "distributed" not in output, output
        # What a parse has left is taken, also when nothing else is there to parse.
        self.put("d.json", range(220, 230))
        self.invoke({"command": "parse"})
        assert len(self.keys("stage", "events/")) > 0
        self.check_stage_table()
        self.check_queries(range(220))
        self.succeed(machine, "plain-3")
        self.check_table(range(230), "a stage that was left")
        # Where the function fails, so does the execution, with the function's error.
        variables = self.functions.get_function_configuration(FunctionName=self.outputs["function_name"])["Environment"]["Variables"]
        self.functions.update_function_configuration(
            FunctionName=self.outputs["function_name"], Environment={"Variables": {**variables, "EVENTS_REPAIR": "wrong"}}
        )
        failed = self.execute(machine, "plain-4")
        assert (failed["status"], failed.get("error")) == ("FAILED", "Configuration"), failed
        self.functions.update_function_configuration(FunctionName=self.outputs["function_name"], Environment={"Variables": variables})
        self.machines.delete_state_machine(stateMachineArn=machine)
        told("plain workflow: parses and distributes; with nothing pending it succeeds; takes a stage that was left; fails with the function's error")

    def check_stage_table(self):
        """Below the place of a run's rows lie Parquet objects with the table's columns, and nothing else."""
        names = {"DatabaseName": self.outputs["database_name"], "Name": self.outputs["stage_table_name"]}
        table = self.glue.get_table(**names)["Table"]
        [run] = {key.split("/")[1].removeprefix("run=") for key in self.keys("stage", "events/")}
        place = table["Parameters"]["storage.location.template"].replace("${run}", run)
        keys = self.keys("stage", place.removeprefix(f"s3://{self.buckets['stage']}/") + "/")
        assert keys and all(key.endswith(".parquet") for key in keys), keys
        columns = [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
        for key in keys:
            body = self.s3.get_object(Bucket=self.buckets["stage"], Key=key)["Body"].read()
            assert pyarrow.parquet.read_schema(io.BytesIO(body)).names == columns, key

    def lines(self):
        for log in (self.folder / "functions").glob("*/*.log"):
            for line in log.read_text().splitlines():
                yield json.loads(line)

    def check_metrics(self):
        """Alarms and widgets name metrics that the function has written, or that a filter makes, with their dimensions."""
        emitted = set()
        for line in self.lines():
            for directive in line.get("_aws", {}).get("CloudWatchMetrics", []):
                for names in directive["Dimensions"]:
                    dimensions = frozenset((name, line[name]) for name in names)
                    emitted |= {(directive["Namespace"], metric["Name"], dimensions) for metric in directive["Metrics"]}
        filters = self.server.client("logs").describe_metric_filters(logGroupName=self.outputs["log_group_name"])["metricFilters"]
        emitted |= {(made["metricNamespace"], made["metricName"], frozenset()) for filter in filters for made in filter["metricTransformations"]}
        named = set()
        watch = self.server.client("cloudwatch")
        alarms = watch.describe_alarms()["MetricAlarms"]
        for alarm in alarms:
            for metric in [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query] or [alarm]:
                dimensions = frozenset((dimension["Name"], dimension["Value"]) for dimension in metric["Dimensions"])
                named.add((metric["Namespace"], metric["MetricName"], dimensions))
        body = json.loads(watch.get_dashboard(DashboardName=self.outputs["dashboard_name"])["DashboardBody"])
        for widget in body["widgets"]:
            for namespace, metric, *rest in widget["properties"].get("metrics", []):
                pairs = rest[:-1]
                named.add((namespace, metric, frozenset(zip(pairs[::2], pairs[1::2]))))
        own = {metric for metric in named if not metric[0].startswith("AWS/")}
        assert own <= emitted, own - emitted
        assert {metric[0] for metric in named - own} <= {"AWS/Lambda", "AWS/SQS", "AWS/States"}
        told(f"metrics: {len(alarms)} alarms and {len(body['widgets'])} widgets name {len(named)} metrics, of which the function has written or the log's filter makes all {len(own)} of its own")

    def check_rights(self):
        """What the function has asked for is what its role allows, and no policy allows what it need not."""
        iam = self.server.client("iam")
        documents = {}
        for role in iam.list_roles()["Roles"]:
            for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
                documents[role["RoleName"], name] = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"]
        for policy in iam.list_policies(Scope="Local")["Policies"]:
            version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
            documents[policy["PolicyName"], "managed"] = version["PolicyVersion"]["Document"]
        for queue in self.sqs.list_queues()["QueueUrls"]:
            documents[queue, "queue"] = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]["Policy"]
        topic = self.server.client("sns").get_topic_attributes(TopicArn=self.outputs["alarm_topic_arn"])["Attributes"]
        documents["topic", "topic"] = topic["Policy"]
        assert len(documents) == 8, documents.keys()
        for name, document in documents.items():
            assert not list(too_much(document)), f"{name} allows {list(too_much(document))}"

        self.check_boundary(documents)

        rights = Rights(documents[self.outputs["function_name"], "run"])
        prefix = f"arn:aws:glue:{REGION}:{ACCOUNT}"
        tables = [f"{prefix}:catalog", f"{prefix}:database/lake", f"{prefix}:table/lake/events"]
        requests = [json.loads(line) for line in (self.folder / "requests.jsonl").read_text().splitlines()]
        actions = set()
        for request in requests:
            for action, resource, context in needed(request):
                for resource in [resource] if resource else tables:
                    assert rights.allow(action, resource, context), f"{action} on {resource} {context} is not allowed"
                actions.add(action)
        unused = {action for statement in rights.statements for action in statement["Action"] if action.startswith(("s3:", "glue:"))} - actions
        missing = sum(request["status"] == 404 for request in requests)
        assert missing > 0, "objects that are not there are asked for"
        told(f"rights: {len(documents)} policies have no wildcard; {len(requests)} requests of the function, {missing} of them for what is not there, need {len(actions)} actions, all allowed; not needed here: {', '.join(sorted(unused)) or 'none'}")

    def check_boundary(self, documents):
        """The boundary for roles that a pipeline makes takes nothing from those that the module makes."""
        boundary = Rights(pipeline("boundary"))
        context = {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}
        for (name, kind), document in documents.items():
            if kind in ("run", "ask", "drive"):
                for statement in Rights(document).statements:
                    for action in statement["Action"]:
                        for resource in statement["Resource"]:
                            assert boundary.allow(action, resource, context), f"the boundary takes {action} on {resource} from {name}"

    def check_buckets(self):
        for bucket in self.s3.list_buckets()["Buckets"]:
            name = bucket["Name"]
            assert all(self.s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()), name
            rules = self.s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
            assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms", name
            statements = json.loads(self.s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
            assert {statement["Effect"] for statement in statements} == {"Deny"}, name
            assert not list(too_much({"Statement": statements})), list(too_much({"Statement": statements}))
            assert {"Bool": {"aws:SecureTransport": "false"}} in [statement["Condition"] for statement in statements], name
        told("buckets: all private, encrypted with the key, by TLS only")

    def empty_buckets(self):
        for bucket in self.s3.list_buckets()["Buckets"]:
            for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket["Name"]):
                found = page.get("Versions", []) + page.get("DeleteMarkers", [])
                objects = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in found]
                if objects:
                    self.s3.delete_objects(Bucket=bucket["Name"], Delete={"Objects": objects})


def pipeline(name):
    """A policy for a pipeline, filled in for the example."""
    values = {
        "partition": "aws",
        "region": REGION,
        "account": ACCOUNT,
        "name": "clicks",
        "database": "lake",
        "state_bucket": "my-terraform-state",
        "state_key": "events",
        "boundary": f"arn:aws:iam::{ACCOUNT}:policy/boundary-of-clicks",
    }
    text = (MODULE / "pipeline" / f"{name}.json").read_text()
    return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], text)


# What the example makes beside the module, and what the provider asks where it may not ask STS who it is.
OF_EXAMPLE = {"iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:GetUser"}


def check_pipeline(folder):
    """What Terraform has asked for is what the policy for pipelines allows; resources are looked at by their names only."""
    document = pipeline("rights")
    # An inline policy of a role holds 10,240 characters without spaces; a managed one holds fewer.
    assert len(re.sub(r"\s", "", document)) < 10_240
    allowed = {action for statement in json.loads(document)["Statement"] for action in statement["Action"]}
    requests = [json.loads(line) for line in (folder / "terraform.jsonl").read_text().splitlines()]
    asked = {operation(request) for request in requests if request["service"] != "kms"} - OF_EXAMPLE
    assert asked <= allowed, f"the policy for pipelines lacks {sorted(asked - allowed)}"
    told(f"pipeline: {len(requests)} requests of Terraform need {len(asked)} actions, all in the policy for pipelines")


def left(server):
    """What is there of what the example makes, by kind."""
    client = server.client
    kinds = {
        "buckets": client("s3").list_buckets()["Buckets"],
        "queues": client("sqs").list_queues().get("QueueUrls", []),
        "functions": client("lambda").list_functions()["Functions"],
        "event source mappings": client("lambda").list_event_source_mappings()["EventSourceMappings"],
        "roles": client("iam").list_roles()["Roles"],
        "policies": client("iam").list_policies(Scope="Local")["Policies"],
        "state machines": client("stepfunctions").list_state_machines()["stateMachines"],
        "schedules": client("scheduler").list_schedules()["Schedules"],
        "databases": client("glue").get_databases()["DatabaseList"],
        "workgroups": [group for group in client("athena").list_work_groups()["WorkGroups"] if group["Name"] != "primary"],
        "named queries": client("athena").list_named_queries()["NamedQueryIds"],
        "log groups": client("logs").describe_log_groups()["logGroups"],
        "metric filters": client("logs").describe_metric_filters()["metricFilters"],
        "topics": client("sns").list_topics()["Topics"],
        "alarms": client("cloudwatch").describe_alarms()["MetricAlarms"],
        "dashboards": client("cloudwatch").list_dashboards()["DashboardEntries"],
        "keys": [
            key
            for key in client("kms").list_keys()["Keys"]
            if client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] != "PendingDeletion"
        ],
    }
    return {kind: things for kind, things in kinds.items() if things}


def main():
    began = time.monotonic()
    with TemporaryDirectory() as name:
        folder = Path(name)
        server = Server(folder)
        try:
            terraform = Terraform(folder, server.endpoint, os.environ["EVENTS_BOOTSTRAP"])
            deployed = Deployed(server, terraform.apply(), folder)
            deployed.check_buckets()
            deployed.check_notifications()
            deployed.check_large_input()
            deployed.check_schedule()
            deployed.check_dead_letters()
            deployed.check_catalog()
            deployed.check_workflow()
            deployed.check_plain_workflow()
            deployed.check_metrics()
            deployed.check_rights()
            terraform.check_plan()
            deployed.empty_buckets()
            terraform.destroy()
            assert not left(server), left(server)
            check_pipeline(folder)
            told("nothing is left but a key that is about to be deleted")
        except SystemExit:
            raise
        except BaseException:
            print(server.log.read_text()[-4000:], file=sys.stderr)
            raise
        finally:
            server.stop()
    print(f"\nall of it in {time.monotonic() - began:.0f} s:")
    print("\n".join(f"  {line}" for line in summary))


if __name__ == "__main__":
    main()
