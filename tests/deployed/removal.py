"""Removes a stack, and what it retains: its table, queues, buckets and event keys."""

import time

from botocore.exceptions import ClientError
from template import expand

GONE = ("NotFound", "NonExistent", "NoSuch", "does not exist", "ResourceNotFound")
TRIES = 5
# SAM retains versions over updates of the stack. They go with their function.
REMOVED_WITH_PARENT = ("AWS::Lambda::Version",)


def remove(aws, name):
    """Deletes the stack and each retained resource; returns what could not be removed.

    A resource that cannot be removed is reported, and the others are removed nevertheless.
    """
    stack = aws.stack(name)
    print(f"removing {name} ...", flush=True)
    retained, left = listed(stack), []
    try:
        if exists(stack):
            stack.delete()
    except Exception as error:
        left.append((name, "stack", str(error)))
    for kind, physical in retained:
        problem = remove_one(aws, kind, physical)
        if problem is not None:
            left.append((physical, kind, problem))
    for physical, kind, problem in left:
        print(f"  NOT REMOVED: {kind} {physical}: {problem}", flush=True)
    return left


def exists(stack):
    try:
        stack.describe()
        return True
    except ClientError as error:
        if is_gone(error):
            return False
        raise


def listed(stack):
    """The retained resources of a stack, by type and physical id; none if it does not exist."""
    template = expand(stack.release)["Resources"]
    kept = {
        name
        for name, one in template.items()
        if one.get("DeletionPolicy") == "Retain" and one["Type"] not in REMOVED_WITH_PARENT
    }
    try:
        summaries = stack.summaries()
    except ClientError as error:
        if is_gone(error):
            return []
        raise
    return [
        (summary["ResourceType"], summary["PhysicalResourceId"])
        for summary in summaries
        if summary["LogicalResourceId"] in kept and summary.get("PhysicalResourceId")
    ]


def remove_one(aws, kind, physical):
    """Removes a resource; returns why it could not be removed, or nothing."""
    if kind not in REMOVERS:
        return "no remover for this type"
    problem = None
    for number in range(TRIES):
        try:
            REMOVERS[kind](aws, physical)
            return None
        except ClientError as error:
            if is_gone(error):
                return None
            problem = str(error)
            # A bucket may get a log after it was emptied, and a table may be changing.
            time.sleep(number * aws.pause)
    return problem


def is_gone(error):
    text = f"{error.response['Error']['Code']} {error}"
    return any(word in text for word in GONE)


def remove_table(aws, name):
    aws.client("dynamodb").delete_table(TableName=name)


def remove_queue(aws, url):
    aws.client("sqs").delete_queue(QueueUrl=url)


def remove_bucket(aws, name):
    """Deletes a bucket with all versions of its objects."""
    s3 = aws.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        versions = page.get("Versions", []) + page.get("DeleteMarkers", [])
        keys = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in versions]
        if keys:
            s3.delete_objects(Bucket=name, Delete={"Objects": keys})
    s3.delete_bucket(Bucket=name)


def remove_secret(aws, arn):
    aws.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def remove_vault(aws, name):
    aws.client("backup").delete_backup_vault(BackupVaultName=name)


REMOVERS = {
    "AWS::DynamoDB::Table": remove_table,
    "AWS::SQS::Queue": remove_queue,
    "AWS::S3::Bucket": remove_bucket,
    "AWS::SecretsManager::Secret": remove_secret,
    "AWS::Backup::BackupVault": remove_vault,
}
