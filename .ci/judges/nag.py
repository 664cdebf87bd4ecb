"""Runs the rule packs of cdk-nag over plain CloudFormation, and prints the findings as JSON.

Usage: nag.py TEMPLATE...
"""

import contextlib
import json
import os
import pathlib
import sys
import tempfile

os.environ["JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION"] = "1"

import aws_cdk  # noqa: E402
import cdk_nag  # noqa: E402
from aws_cdk.cloudformation_include import CfnInclude  # noqa: E402

PACKS = (
    cdk_nag.AwsSolutionsChecks,
    cdk_nag.ServerlessChecks,
    cdk_nag.NIST80053R5Checks,
    cdk_nag.HIPAASecurityChecks,
    cdk_nag.PCIDSS321Checks,
)


def report(template, folder):
    """The report that the packs leave; with findings the synthesis itself fails."""
    app = aws_cdk.App(outdir=folder)
    stack = aws_cdk.Stack(app, "judged")
    CfnInclude(stack, "template", template_file=template)
    for pack in PACKS:
        aws_cdk.Validations.of(app).add_plugins(pack(app))
    with contextlib.suppress(RuntimeError):
        app.synth()
    return json.loads(pathlib.Path(folder, "validation-report.json").read_text())


def findings(template):
    with tempfile.TemporaryDirectory() as folder:
        found = report(template, folder)
    return [
        [violation["ruleName"], construct["constructPath"].rsplit("/", 1)[-1]]
        for plugin in found["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    ]


print(json.dumps([one for template in sys.argv[1:] for one in findings(template)]))
