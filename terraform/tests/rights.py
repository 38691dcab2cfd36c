"""What policies allow: enough of it to hold them against requests that were made."""

import json
import re
import urllib.parse
import xml.etree.ElementTree
from fnmatch import fnmatchcase
from functools import cache

import botocore.session


class Rights:
    """The statements of a policy."""

    def __init__(self, document):
        document = json.loads(document) if isinstance(document, str) else document
        self.statements = document["Statement"]

    def allow(self, action, resource, context):
        return any(
            statement["Effect"] == "Allow"
            and action in listed(statement["Action"])
            and any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
            and holds(statement.get("Condition", {}), context)
            for statement in self.statements
        )


def listed(value):
    return value if isinstance(value, list) else [value]


def holds(condition, context):
    for operator, keys in condition.items():
        assert operator in ("StringLike", "StringEquals"), f"no such operator here: {operator}"
        for key, patterns in keys.items():
            if not any(fnmatchcase(context.get(key, ""), pattern) for pattern in listed(patterns)):
                return False
    return True


def needed(request):
    """Yields what a request to S3 or Glue needs: an action, a resource and what conditions look at."""
    method, query = request["method"], request["query"]
    if target := request["target"]:
        # What a table or a partition is asked for with is the same for all actions here: see RESOURCES of the caller.
        yield f"glue:{target.rpartition('.')[2]}", None, {}
        return
    bucket, _, key = request["path"].lstrip("/").partition("/")
    arn = f"arn:aws:s3:::{bucket}"
    if not key:
        if method == "POST" and "delete" in query:
            for element in xml.etree.ElementTree.fromstring(request["body"]).iter():
                if element.tag.endswith("Key"):
                    yield "s3:DeleteObject", f"{arn}/{element.text}", {}
            return
        assert method == "GET" and query.get("list-type") == "2", f"what is this? {request}"
        yield "s3:ListBucket", arn, {"s3:prefix": query.get("prefix", "")}
        return
    if request["status"] == 404:
        # That an object is not there S3 tells only to whoever may list the bucket, and no prefix is asked for here.
        yield "s3:ListBucket", f"arn:aws:s3:::{bucket if not request['source'] else request['source'].lstrip('/').partition('/')[0]}", {}
    if request["source"]:
        source = request["source"].lstrip("/").partition("?")[0]
        yield "s3:GetObject", f"arn:aws:s3:::{source}", {}
        if "uploadId" not in query:
            # Only whole copies take tags along.
            yield "s3:GetObjectTagging", f"arn:aws:s3:::{source}", {}
            yield "s3:PutObjectTagging", f"{arn}/{key}", {}
    if method == "DELETE" and "uploadId" in query:
        yield "s3:AbortMultipartUpload", f"{arn}/{key}", {}
        return
    action = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "POST": "PutObject", "DELETE": "DeleteObject"}
    yield f"s3:{action[method]}", f"{arn}/{key}", {}


# Operations of S3 that rights call otherwise.
S3_RIGHTS = {
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
# Names of services in signatures that are others in rights and in models.
SERVICES = {"monitoring": "cloudwatch"}
MODELS = {"states": "stepfunctions"}


@cache
def routes(service):
    """Operations of a service with the method, path and query that they are asked for by."""
    model = botocore.session.get_session().get_service_model(MODELS.get(service, service))
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        pattern = re.sub(r"\{\w+(\\?\+)?\}", lambda part: ".+" if part[1] else "[^/]+", re.sub(r"[.()]", r"\\\g<0>", path))
        words = {word.partition("=")[0] for word in query.split("&") if word}
        found.append((name, http["method"], re.compile(pattern.rstrip("/") + "/?"), words))
    # The one that says most comes first.
    return sorted(found, key=lambda route: (-len(route[3]), route[2].pattern.count("+"), -len(route[2].pattern)))


def operation(request):
    """Returns the action that a request of any service is, as rights call it."""
    service = SERVICES.get(request["service"], request["service"])
    if request["target"]:
        name = request["target"].rpartition(".")[2]
    elif "Action=" in request.get("body", ""):
        name = dict(urllib.parse.parse_qsl(request["body"]))["Action"]
    else:
        matching = (
            name
            for name, method, path, words in routes(service)
            if method == request["method"] and path.fullmatch(request["path"]) and words <= request["query"].keys()
        )
        name = next(matching, None)
        assert name, f"what is this? {request}"
    if service == "lambda":
        # Some of them carry the version of the interface.
        name = re.sub(r"(V\d+|\d{4}_\d{2}_\d{2})$", "", name)
    return f"{service}:{S3_RIGHTS.get(name, name) if service == 's3' else name}"


# Resources that end in many: a folder, the streams of a log, the executions of a workflow.
PREFIXES = (
    r"arn:aws:s3:::[^*]+/\*",
    r"arn:aws:s3:::[^*]+/run=\*/items/\*",
    r"arn:aws:logs:[^*]+:log-group:[^*]+:\*",
    r"arn:aws:states:[^*]+:execution:[^*]+[:/]\*",
)


# What is denied, to everybody: requests without TLS, and puts that do not ask for a new name.
DENIED = (
    {"Bool": {"aws:SecureTransport": "false"}},
    {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
)


def too_much(document):
    """Yields what a policy allows that it need not, and what it denies that it should not."""
    for statement in Rights(document).statements:
        if statement["Effect"] == "Deny":
            if (statement["Principal"], statement["Condition"]) not in [("*", condition) for condition in DENIED]:
                yield f"a denial of another kind: {statement}"
            continue
        for action in listed(statement["Action"]):
            if "*" in action:
                yield f"the action {action}"
            if re.match(r"(s3|glue):(Batch)?Delete", action):
                for resource in listed(statement["Resource"]):
                    if not re.search(r"-landing-\d+/pending/\*$|-stage-\d+/events/\*$", resource):
                        yield f"{action} of {resource}"
        for resource in listed(statement["Resource"]):
            if "*" in resource and not any(re.fullmatch(pattern, resource) for pattern in PREFIXES):
                yield f"the resource {resource}"
