"""Writes the templates in plain CloudFormation as JSON: template.yaml as SAM expands it, the others as
they are.

Usage: expand.py FOLDER
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "deployed"))

from samtranslator.yaml_helper import yaml_parse  # noqa: E402
from template import expand  # noqa: E402

OTHERS = ("edge", "global-table", "archive")

templates = {"template": expand("judged")}
templates |= {name: yaml_parse((ROOT / f"{name}.yaml").read_text()) for name in OTHERS}
for name, template in templates.items():
    pathlib.Path(sys.argv[1], f"{name}.json").write_text(json.dumps(template, indent=1, default=str))
