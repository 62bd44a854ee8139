"""Holds the API's answers to what its OpenAPI document says of them."""

import json
import re
from functools import cache
from typing import Any

from django.http import HttpResponseBase
from openapi_schema_validator import OAS30ReadValidator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from apps.core.openapi import api_document

DOCUMENT = "urn:document"
JSON = "application/json"
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(api_document(), default=str))
    _allow_null_beside_forms(document)
    return document


def _allow_null_beside_forms(node: object) -> None:
    """Read `nullable` beside forms as everybody means it, though OpenAPI 3.0.3 is stricter."""
    if isinstance(node, dict):
        for word in {"oneOf", "allOf"} & node.keys() if node.get("nullable") else ():
            node["anyOf"] = [{word: node.pop(word)}, {"enum": [None]}]
        for child in node.values():
            _allow_null_beside_forms(child)
    elif isinstance(node, list):
        for child in node:
            _allow_null_beside_forms(child)


@cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    patterns = [
        (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path.rstrip("/"))) + "/?"), path)
        for path in _document()["paths"]
    ]
    return sorted(patterns, key=lambda each: each[1].count("{"))


@cache
def _validator(pointer: str) -> OAS30ReadValidator:
    registry = Registry().with_resource(DOCUMENT, DRAFT4.create_resource(_document()))
    return OAS30ReadValidator({"$ref": f"{DOCUMENT}#{pointer}"}, registry=registry)


def differences(method: str, path: str, answer: HttpResponseBase) -> list[str]:
    """Say how an answer differs from what is promised; nothing of paths outside the document."""
    found = next((known for pattern, known in _paths() if pattern.fullmatch(path)), None)
    if found is None or method not in METHODS or method.lower() not in _document()["paths"][found]:
        return []
    promised = _document()["paths"][found][method.lower()]["responses"]
    status = str(answer.status_code)
    if status not in promised:
        if answer.status_code < 400:
            return [f"{status} is not in the document"]
        status = "default"
    pointer = f"/paths/{found.replace('/', '~1')}/{method.lower()}/responses/{status}"
    if "$ref" in promised[status]:
        pointer = promised[status]["$ref"].removeprefix("#")
    elif "content" not in promised[status]:
        return ["it has a body"] if getattr(answer, "content", b"") else []
    elif JSON not in promised[status]["content"]:
        return []
    body = json.loads(getattr(answer, "content", b""))
    validator = _validator(f"{pointer}/content/application~1json/schema")
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:500]}"
        for error in validator.iter_errors(body)
    ]
