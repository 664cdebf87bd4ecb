"""Chapter: IAM, the queue and the bus deny what no function may do.

For each function's role a twin with the same policies is made, which this program may assume, and
real calls are made with it. Every write has a condition that no item meets, so that a call that is
allowed changes nothing.
"""

import json
import time

from botocore.exceptions import ClientError

DENIED = ("AccessDenied", "AccessDeniedException")
# Refused after IAM has allowed the call.
ALLOWED = ("ConditionalCheckFailedException", "TransactionCanceledException")
PROPAGATION = 120
ABSENT = "attribute_exists(pk)"


class Table:
    """Calls to the table with the credentials of a twin."""

    def __init__(self, client, name):
        self.client = client
        self.name = {"TableName": name}

    def get(self, pk):
        return self.client.get_item(Key=key(pk), **self.name)

    def query(self, pk):
        values = {":pk": {"S": pk}}
        return self.client.query(
            KeyConditionExpression="pk = :pk", ExpressionAttributeValues=values, **self.name
        )

    def put(self, pk):
        return self.client.put_item(Item=key(pk), ConditionExpression=ABSENT, **self.name)

    def delete(self, pk):
        return self.client.delete_item(Key=key(pk), ConditionExpression=ABSENT, **self.name)

    def put_together(self, *pks):
        puts = [{"Put": {"Item": key(pk), "ConditionExpression": ABSENT, **self.name}} for pk in pks]
        return self.client.transact_write_items(TransactItems=puts)

    def write_batch(self, pk):
        """A batch has no conditions: the deletion of an item that is not there changes nothing."""
        request = {"DeleteRequest": {"Key": key(pk)}}
        return self.client.batch_write_item(RequestItems={self.name["TableName"]: [request]})

    def scan(self):
        return self.client.scan(Limit=1, **self.name)


# What each function's role is allowed, the first of which shows that the twin works, and denied.
CASES = {
    "GetLinkRole": (
        [("get", "I#probe"), ("put", "A#probe"), ("put_together", "A#probe", "C#probe", "I#probe")],
        [("get", "U#probe"), ("put", "C#probe"), ("put", "U#probe"), ("delete", "A#probe"), ("scan",)],
    ),
    "BindRole": (
        [("get", "U#probe"), ("put_together", "U#probe", "B#probe", "I#probe")],
        [
            ("put", "U#probe"),
            ("put", "B#probe"),
            ("put_together", "U#probe", "A#probe"),
            ("delete", "U#probe"),
            ("scan",),
        ],
    ),
    "DashboardRole": (
        [("get", "HEAD"), ("query", "A#probe")],
        [("get", "U#probe"), ("query", "U#probe"), ("put", "A#probe"), ("put_together", "A#probe"), ("scan",)],
    ),
    "IngestRole": (
        [("get", "U#probe"), ("put", "F#probe"), ("delete", "S#probe"), ("put_together", "U#probe", "B#probe")],
        [("put", "DAY#probe"), ("put", "HEAD"), ("put", "B#probe"), ("delete", "U#probe"), ("scan",)],
    ),
    "DailyCommissionRole": (
        [("get", "HEAD"), ("put_together", "DAY#probe", "HEAD"), ("write_batch", "L#probe")],
        [("put", "DAY#probe"), ("put", "C#probe"), ("write_batch", "U#probe"), ("delete", "U#probe"), ("scan",)],
    ),
    "PublishEventsRole": ([("get", "CONTROL")], [("get", "U#probe"), ("put", "CONTROL"), ("put", "U#probe"), ("scan",)]),
}


def check(app, checks):
    for role, (allowed, denied) in CASES.items():
        policies = policies_of(app, app.stack.physical(role))
        session = twin(app, role, policies)
        table = Table(client(session, "dynamodb", app), app.stack.outputs()["TableName"])
        wait_until_allowed(table, allowed[0])
        for case in allowed:
            checks.equal(f"{role}: {case}", "allowed", outcome(table, case))
        for case in denied:
            checks.equal(f"{role}: {case}", "denied", outcome(table, case))
    strangers(app, checks)


def strangers(app, checks):
    """A role that IAM allows to send, but the queue's policy does not name; and who writes to the bus."""
    queue = app.stack.outputs()["EventQueueUrl"]
    statement = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    sqs = client(twin(app, "Stranger", {"all": policy}), "sqs", app)
    wait_for_policy(lambda: sqs.list_queues(MaxResults=1))
    sent = result_of(lambda: sqs.send_message(QueueUrl=queue, MessageBody="{}"))
    checks.equal("a message of a role that is no producer", "denied", sent)
    entry = {"Source": "recall", "DetailType": "recall.probe", "Detail": "{}"}
    entry["EventBusName"] = app.stack.outputs()["BusName"]
    put = result_of(lambda: app.aws.client("events").put_events(Entries=[entry]))
    checks.equal("an event of this program on the bus", "denied", put)


def policies_of(app, role):
    iam = app.aws.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    get = lambda name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    return {name: get(name) for name in names}


def twin(app, role, policies):
    """A role with these policies that this program may assume, and credentials of it."""
    iam = app.aws.client("iam")
    name = f"{app.stack.name}-twin-{role}"
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": app.aws.caller()}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    app.aws.remove_later(lambda: remove_twin(iam, name, policies))
    for policy, content in policies.items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(content))
    sts = app.aws.client("sts")
    assume = lambda: sts.assume_role(RoleArn=arn, RoleSessionName="acceptance")
    return wait_for_policy(assume)["Credentials"]


def remove_twin(iam, name, policies):
    for policy in policies:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def client(credentials, service, app):
    return app.aws.session.client(
        service,
        region_name=app.aws.region,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def wait_until_allowed(table, case):
    deadline = time.monotonic() + PROPAGATION
    while outcome(table, case) != "allowed" and time.monotonic() < deadline:
        time.sleep(2)


def wait_for_policy(call):
    """Repeats a call until IAM knows a new role or policy; returns its answer."""
    deadline = time.monotonic() + PROPAGATION
    while True:
        try:
            return call()
        except ClientError as error:
            if error.response["Error"]["Code"] not in DENIED or time.monotonic() > deadline:
                raise
            time.sleep(2)


def outcome(table, case):
    method, *arguments = case
    return result_of(lambda: getattr(table, method)(*arguments))


def result_of(call):
    """`allowed` or `denied`; other errors are raised."""
    try:
        call()
        return "allowed"
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in DENIED:
            return "denied"
        if code in ALLOWED:
            return "allowed"
        raise


def key(pk):
    return {"pk": {"S": pk}, "sk": {"S": "probe"}}
