"""The template in the form that the local AWS accepts.

What is deployed is `template.yaml` itself. SAM's own library expands it, as AWS does when `sam
deploy` sends it; then the adapters of `adapters.py` change what the local AWS would not understand.
"""

import copy
import functools
import logging
import os
import pathlib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "us-east-1"
CODE_BUCKET = "deployed-code"


# It warns of metrics that it has not sent to its makers, and of switches that these have not set.
logging.getLogger("samtranslator").setLevel(logging.CRITICAL)


class NoManagedPolicies:
    """The template has no managed policies, so none is ever looked up."""

    def load(self):
        return {}


def read():
    """`template.yaml`, its intrinsic functions in their long form."""
    return copy.deepcopy(parsed())


@functools.cache
def parsed():
    from samtranslator.yaml_helper import yaml_parse

    return yaml_parse((ROOT / "template.yaml").read_text())


def binaries():
    """The binary that each function runs, by the function's logical id."""
    return {
        name: found["Metadata"]["BuildProperties"]["Binary"]
        for name, found in of_type(read(), "AWS::Serverless::Function").items()
    }


def expand(release):
    """`template.yaml` in plain CloudFormation, with the code that was uploaded as `release`."""
    return copy.deepcopy(transformed(release))


@functools.cache
def transformed(release):
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    from samtranslator.translator.transform import transform

    template = read()
    for name, binary in binaries().items():
        properties = template["Resources"][name]["Properties"]
        properties["CodeUri"] = f"s3://{CODE_BUCKET}/{release}/{binary}.zip"
    for machine in of_type(template, "AWS::Serverless::StateMachine").values():
        path = ROOT / machine["Properties"].pop("DefinitionUri")
        machine["Properties"]["Definition"] = yaml.safe_load(path.read_text())
    return transform(template, {}, NoManagedPolicies())


def of_type(template, wanted):
    """The resources of a type, by logical id."""
    resources = template["Resources"].items()
    return {name: resource for name, resource in resources if resource["Type"] == wanted}
