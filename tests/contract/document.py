"""docs/openapi.yaml, and whether an answer is one that it tells of."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import yaml

FILE = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
DOCUMENT = yaml.safe_load(FILE.read_text())
PROBLEM = "application/problem+json"


def valid(instance, schema):
    """Raises ValidationError unless the instance fits a schema of the document."""
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema.Draft202012Validator(
        whole, format_checker=jsonschema.FormatChecker()
    ).validate(instance)


def documented(path, status, headers, body, method="post"):
    """The problem in the body: its headers, form and wording are the document's."""
    described = DOCUMENT["paths"][path][method]["responses"][str(status)]
    for name, header in described["headers"].items():
        value = headers[name]
        known = DOCUMENT["components"]["headers"][header["$ref"].rpartition("/")[2]]
        number = known["schema"]["type"] == "integer"
        valid(int(value) if number else value, known["schema"])
    assert headers["Content-Type"] == PROBLEM
    content = described["content"][PROBLEM]
    problem = json.loads(body)
    valid(problem, content["schema"])
    printed = [one["value"] for one in content["examples"].values()]
    alike = [one for one in printed if one["code"] == problem["code"]]
    assert any(set(one) == set(problem) for one in alike), problem
    assert all(one["title"] == problem["title"] for one in alike)
    return problem
