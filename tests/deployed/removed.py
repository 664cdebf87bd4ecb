"""Chapter: nothing of a removed stack remains."""

import removal
from botocore.exceptions import ClientError


def check(app, checks):
    stack = app.aws.deploy("removed", app.users.issuer, Stage="sandbox")
    # A file, so that a bucket has to be emptied first.
    bucket = stack.outputs()["PageBucket"]
    app.aws.client("s3").put_object(Bucket=bucket, Key="index.html", Body=b"a page")
    retained = removal.listed(stack)
    kinds = {kind for kind, _ in retained}
    checks.equal("types without a remover", set(), kinds - set(removal.REMOVERS))
    checks.equal("what could not be removed", [], removal.remove(app.aws, stack.name))
    for kind, physical in retained:
        checks.equal(f"{kind} {physical}", False, exists(app.aws, kind, physical))


def exists(aws, kind, physical):
    look = {
        "AWS::DynamoDB::Table": lambda: aws.client("dynamodb").describe_table(TableName=physical),
        "AWS::SQS::Queue": lambda: aws.client("sqs").get_queue_attributes(QueueUrl=physical),
        "AWS::S3::Bucket": lambda: aws.client("s3").head_bucket(Bucket=physical),
        "AWS::SecretsManager::Secret": lambda: aws.client("secretsmanager").describe_secret(SecretId=physical),
        "AWS::Backup::BackupVault": lambda: aws.client("backup").describe_backup_vault(
            BackupVaultName=physical
        ),
    }[kind]
    try:
        look()
        return True
    except ClientError:
        return False
