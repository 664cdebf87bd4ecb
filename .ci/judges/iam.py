"""Runs parliament over all policies, also over those that exist only under a condition, and
cloudsplaining over those of roles; prints the findings as JSON.

Policies are those of roles, what roles may be assumed by, and those of queues, buckets, topics and
buses. Keys and secrets have none in the templates.

Usage: iam.py TEMPLATE...
"""

import json
import pathlib
import re
import sys

from cloudsplaining.scan.policy_document import PolicyDocument
from parliament import analyze_policy_string

# Examples of the values that CloudFormation substitutes, so that ARNs are well-formed.
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "111122223333",
    "AWS::StackName": "recall",
    "AWS::URLSuffix": "amazonaws.com",
}
# Examples of parameters.
PARAMETERS = {
    "KinesisStreamArn": "arn:aws:kinesis:us-east-1:111122223333:stream/events",
    "KafkaClusterArn": "arn:aws:kafka:us-east-1:111122223333:cluster/events/0a1b2c3d",
    "KafkaTopic": "exchange-events",
    "EventProducers": ["arn:aws:iam::444455556666:role/ledger"],
    "EventReceivers": ["arn:aws:iam::444455556666:root"],
}
ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:us-east-1:111122223333:table/{}",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SNS::Topic": "arn:aws:sns:us-east-1:111122223333:{}",
    "AWS::SQS::Queue": "arn:aws:sqs:us-east-1:111122223333:{}",
    "AWS::Events::Rule": "arn:aws:events:us-east-1:111122223333:rule/{}",
    "AWS::IAM::Role": "arn:aws:iam::111122223333:role/{}",
    "AWS::Events::EventBus": "arn:aws:events:us-east-1:111122223333:event-bus/{}",
    "AWS::Logs::LogGroup": "arn:aws:logs:us-east-1:111122223333:log-group:{}:*",
    "AWS::Lambda::Alias": "arn:aws:lambda:us-east-1:111122223333:function:{}:live",
    "AWS::Lambda::Version": "arn:aws:lambda:us-east-1:111122223333:function:{}:1",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:us-east-1:111122223333:stateMachine:{}",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:us-east-1:111122223333:secret:{}-123456",
}


# The types whose reference is a name.
NAMED = ("AWS::CloudFront::Distribution", "AWS::Events::EventBus", "AWS::S3::Bucket")
VERSION = "2012-10-17"


def resolved(value, resources):
    """A value of a policy with its intrinsic functions resolved."""
    if isinstance(value, list):
        return [resolved(item, resources) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": name} if name in PSEUDO:
            return PSEUDO[name]
        case {"Ref": name} if name in PARAMETERS:
            return PARAMETERS[name]
        case {"Ref": name} | {"Fn::GetAtt": [name, "Arn"]}:
            return ARNS[resources[name]["Type"]].format(name)
        case {"Fn::GetAtt": [name, "StreamArn"]}:
            return f"arn:aws:dynamodb:us-east-1:111122223333:table/{name}/stream/1"
        # A permission that only a parameter grants is judged as if it were granted.
        case {"Fn::If": [_, granted, {"Ref": "AWS::NoValue"}]}:
            return resolved(granted, resources)
        case {"Fn::If": [_, _, otherwise]}:
            return resolved(otherwise, resources)
        case {"Fn::Split": [separator, text]}:
            return resolved(text, resources).split(separator)
        case {"Fn::Join": [separator, parts]}:
            return separator.join(resolved(parts, resources))
        case {"Fn::Sub": text}:
            return re.sub(r"\$\{([\w:.]+)\}", lambda name: substituted(name[1], resources), text)
    return {name: resolved(item, resources) for name, item in value.items()}


def substituted(name, resources):
    if name in PSEUDO:
        return PSEUDO[name]
    resource, _, attribute = name.partition(".")
    if attribute == "Arn":
        return ARNS[resources[resource]["Type"]].format(resource)
    if attribute or resources[resource]["Type"] not in NAMED:
        raise ValueError(f"a substitution that is not known here: {name}")
    return resource


def linted(document):
    for finding in analyze_policy_string(json.dumps(document)).findings:
        yield f"parliament:{finding.issue}"


def risks(document):
    """What a role could do with a policy. The policy of a resource grants nothing beyond it."""
    policy = PolicyDocument(document)
    kinds = {
        "privilege-escalation": policy.allows_privilege_escalation,
        "resource-exposure": policy.permissions_management_without_constraints,
        "data-exfiltration": policy.allows_data_exfiltration_actions,
        "credentials-exposure": policy.credentials_exposure,
        "service-wildcard": policy.service_wildcard,
        "write-without-constraints": policy.write_actions_without_constraints,
    }
    for risk, found in kinds.items():
        if found:
            yield f"cloudsplaining:{risk}"


def of_roles(resource):
    """The policies of a role, or a policy that is attached to one."""
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::IAM::Role":
            return [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        case "AWS::IAM::Policy":
            return [properties["PolicyDocument"]]
    return []


def of_resources(name, resource):
    """The policy of a resource, or of those who may assume a role."""
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::SQS::QueuePolicy" | "AWS::S3::BucketPolicy" | "AWS::SNS::TopicPolicy":
            return [properties["PolicyDocument"]]
        case "AWS::Events::EventBusPolicy":
            return [{"Version": VERSION, "Statement": [properties["Statement"]]}]
        case "AWS::IAM::Role":
            # Parliament expects a resource, which such a policy does not have.
            role = {"Resource": ARNS["AWS::IAM::Role"].format(name)}
            trust = properties["AssumeRolePolicyDocument"]
            return [trust | {"Statement": [one | role for one in trust["Statement"]]}]
        case kind if kind in UNKNOWN:
            raise ValueError(f"{name}: policies of {kind} are not judged yet")
    return []


# Types with a policy that the templates do not have.
UNKNOWN = (
    "AWS::IAM::ManagedPolicy",
    "AWS::KMS::Key",
    "AWS::SecretsManager::ResourcePolicy",
    "AWS::SNS::TopicInlinePolicy",
    "AWS::SQS::QueueInlinePolicy",
)


def found_in(resources):
    for name, resource in resources.items():
        documents = [resolved(one, resources) for one in of_roles(resource)]
        for document in documents:
            yield from ((rule, name) for rule in risks(document))
        documents += [resolved(one, resources) for one in of_resources(name, resource)]
        for document in documents:
            yield from ((rule, name) for rule in linted(document))


templates = [json.loads(pathlib.Path(path).read_text())["Resources"] for path in sys.argv[1:]]
print(json.dumps(sorted({one for resources in templates for one in found_in(resources)})))
