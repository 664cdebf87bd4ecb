"""Writes template.yaml in plain CloudFormation, as SAM expands it, as JSON.

Usage: expand.py FILE
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "deployed"))

from template import expand  # noqa: E402

pathlib.Path(sys.argv[1]).write_text(json.dumps(expand("judged"), indent=1))
