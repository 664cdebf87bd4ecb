"""Runs parliament and cloudsplaining over the policies of roles, also over those that are attached by
a condition, and prints the findings as JSON.

Usage: iam.py TEMPLATE
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
}
ARNS = {
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:us-east-1:111122223333:table/{}",
    "AWS::SQS::Queue": "arn:aws:sqs:us-east-1:111122223333:{}",
    "AWS::Events::EventBus": "arn:aws:events:us-east-1:111122223333:event-bus/{}",
    "AWS::Logs::LogGroup": "arn:aws:logs:us-east-1:111122223333:log-group:{}:*",
    "AWS::Lambda::Alias": "arn:aws:lambda:us-east-1:111122223333:function:{}:live",
    "AWS::Lambda::Version": "arn:aws:lambda:us-east-1:111122223333:function:{}:1",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:us-east-1:111122223333:stateMachine:{}",
    "AWS::SecretsManager::Secret": "arn:aws:secretsmanager:us-east-1:111122223333:secret:{}-123456",
}


def resolved(value, resources):
    """A value of a policy with its intrinsic functions resolved."""
    if isinstance(value, list):
        return [resolved(item, resources) for item in value]
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
    if attribute != "Arn":
        raise ValueError(f"a substitution that is not known here: {name}")
    return ARNS[resources[resource]["Type"]].format(resource)


def findings(document):
    text = json.dumps(document)
    for finding in analyze_policy_string(text).findings:
        yield f"parliament:{finding.issue}"
    policy = PolicyDocument(document)
    risks = {
        "privilege-escalation": policy.allows_privilege_escalation,
        "resource-exposure": policy.permissions_management_without_constraints,
        "data-exfiltration": policy.allows_data_exfiltration_actions,
        "credentials-exposure": policy.credentials_exposure,
        "service-wildcard": policy.service_wildcard,
        "write-without-constraints": policy.write_actions_without_constraints,
    }
    for risk, found in risks.items():
        if found:
            yield f"cloudsplaining:{risk}"


def documents(resource):
    """The policies of a role, or a policy that is attached to one."""
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::IAM::Role":
            return [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        case "AWS::IAM::Policy":
            return [properties["PolicyDocument"]]
    return []


def main(path):
    resources = json.loads(pathlib.Path(path).read_text())["Resources"]
    found = {
        (rule, name)
        for name, resource in resources.items()
        for document in documents(resource)
        for rule in findings(resolved(document, resources))
    }
    print(json.dumps(sorted(found)))


main(sys.argv[1])
