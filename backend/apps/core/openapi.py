"""How the OpenAPI document is made: names that last, and the form of every error."""

from collections.abc import Iterator
from functools import cache
from threading import Lock
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from typing_extensions import override

from apps.core.errors import ServiceError
from apps.core.idempotency import HEADER
from apps.core.problems import OTHER_CODES

SCHEMAS = "#/components/schemas/"
REFUSAL_CONTENT = {"application/json": {"schema": {"$ref": f"{SCHEMAS}Refusal"}}}
INVALID_CONTENT = {"application/json": {"schema": {"$ref": f"{SCHEMAS}Invalid"}}}
OWN_MODULES = "apps."
FIRST_ERROR_STATUS = 400
STREAM = "x-stream"
LAST_EVENT_ID = {
    "in": "header",
    "name": "Last-Event-ID",
    "schema": {"type": "string"},
    "description": "The `id` of the last event, which a browser that comes back sends by itself.",
}
RETRY_AFTER = {
    "description": "After how many seconds it makes sense to try again.",
    "schema": {"type": "integer"},
}
# What endpoints need not say each for itself.
COMMON_REFUSALS: dict[str, dict[str, Any]] = {
    "400": {"description": "Something in the request is wrong.", "content": INVALID_CONTENT},
    "401": {"description": "The credential is missing or not good.", "content": REFUSAL_CONTENT},
    "403": {"description": "The caller may not do this.", "content": REFUSAL_CONTENT},
    "404": {
        "description": "There is no such thing, or the caller may not know of it.",
        "content": REFUSAL_CONTENT,
    },
    "422": {
        "description": "The `Idempotency-Key` came with another request before.",
        "content": REFUSAL_CONTENT,
    },
    "429": {
        "description": "Too many requests.",
        "content": REFUSAL_CONTENT,
        "headers": {"Retry-After": RETRY_AFTER},
    },
    "default": {
        "description": (
            "Anything else: a state that does not allow it (409), a body that is too large (413) "
            "or no JSON (415), or a server that failed (5xx)."
        ),
        "content": REFUSAL_CONTENT,
    },
}
ERROR_SCHEMAS: dict[str, dict[str, Any]] = {
    "Refusal": {
        "type": "object",
        "description": "Why a request is refused: `detail` for people, `code` for programs.",
        "properties": {
            "detail": {"type": "string"},
            "code": {"$ref": f"{SCHEMAS}ErrorCodeEnum"},
        },
        "required": ["detail", "code"],
    },
    "FieldErrors": {
        "type": "object",
        "description": "What is wrong with each field; `non_field_errors` with all together.",
        "additionalProperties": {
            "oneOf": [
                {"type": "array", "items": {"type": "string"}},
                {"type": "array", "items": {"$ref": f"{SCHEMAS}FieldErrors"}},
                {"$ref": f"{SCHEMAS}FieldErrors"},
            ]
        },
    },
    "Invalid": {
        "description": "Only where `detail` is a text, it is the first.",
        "oneOf": [{"$ref": f"{SCHEMAS}Refusal"}, {"$ref": f"{SCHEMAS}FieldErrors"}],
    },
}


_making = Lock()


def api_document() -> dict[str, Any]:
    """Give the document, which is the same for everybody, and is made once in a process.

    By one thread: drf-spectacular finds out without a lock which libraries it can describe, and
    two threads that do so at once end with errors, or with a document that lacks something.
    """
    with _making:
        return _made_document()


class SharedDocument(SchemaGenerator):
    """Lets a view serve the document that there is."""

    @override
    def get_schema(self, request: Request | None = None, public: bool = True) -> dict[str, Any]:
        return api_document()


@cache
def _made_document() -> dict[str, Any]:
    generator: Any = SchemaGenerator  # not typed by its package
    document: dict[str, Any] = generator().get_schema(public=True)
    return document


class ApiSchema(AutoSchema):
    """Names operations by what they do, and pages by what is on them."""

    @override
    def get_operation_id(self) -> str:
        """Name what is done: `contests_join`, `contests_scoreboard`, `contests_list`."""
        segments: list[str] = self._tokenize_path()
        action: str = getattr(self.view, "action", "")
        if action and action not in {"list", *self.method_mapping.values()}:
            return f"{segments[0]}_{action}"
        if not action and "{" in self.path and self._is_all_that_its_path_does():
            return "_".join(segments)
        return super().get_operation_id()

    def _is_all_that_its_path_does(self) -> bool:
        methods = [each for each in self.method_mapping if hasattr(self.view, each)]
        return methods == [self.method.lower()]

    @override
    def get_paginated_name(self, serializer_name: str) -> str:
        """Tell numbered pages from those that one can only turn over."""
        paginator: type[Any] = getattr(self.view, "pagination_class", object)
        is_cursor = issubclass(paginator, CursorPagination)
        return f"{serializer_name}{'CursorPage' if is_cursor else 'Page'}"


def streamed(*, event: str, data: str) -> dict[str, dict[str, str]]:
    """Say, in `extend_schema(extensions=...)`, that `events/` below the path tells of changes.

    `event` names the events, `data` says what each of them has.
    """
    return {STREAM: {"event": event, "data": data}}


def describe_answers(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Describe errors wherever they can come, and promise every field of what is answered.

    A hook of drf-spectacular that runs after all others.
    """
    schemas: dict[str, Any] = result["components"]["schemas"]
    schemas |= ERROR_SCHEMAS
    _describe_streams(result["paths"])
    schemas["ErrorCodeEnum"] = {
        "type": "string",
        "enum": sorted({*OTHER_CODES, *_codes_below(ServiceError)}),
        "description": "Stable: a program may go by it. There may come more.",
    }
    result["components"]["responses"] = {
        f"Refused{status.capitalize()}": answer for status, answer in COMMON_REFUSALS.items()
    }
    for path, item in result["paths"].items():
        for operation in item.values():
            _describe_errors(path, operation)
    operations = [each for item in result["paths"].values() for each in item.values()]
    answers = [operation["responses"] for operation in operations]
    for name in _names_below(answers, schemas, set()):
        if "properties" in schemas[name]:
            schemas[name]["required"] = list(schemas[name]["properties"])
    return result


def _describe_streams(paths: dict[str, dict[str, Any]]) -> None:
    """Describe the streams, which are no views: `live` answers them by asking their resources."""
    for path, item in list(paths.items()):
        operation = item.get("get", {})
        told = operation.pop(STREAM, None)
        if told is None:
            continue
        asked = [each for each in operation["parameters"] if each["in"] in {"path", "query"}]
        paths[f"{path}events/"] = {
            "get": {
                "operationId": f"{operation['operationId']}_events",
                "summary": f"Changes of it, as they happen: {operation['summary']}",
                "description": (
                    "Server-sent events, or the same over a WebSocket at this address, for "
                    "whoever may read the resource. The first one comes at once. Of each, "
                    f"`event` is `{told['event']}`, `id` the state that it is of, and `data` "
                    f"{told['data']}"
                ),
                "tags": operation["tags"],
                "parameters": [LAST_EVENT_ID, *asked],
                "security": operation["security"],
                "responses": {
                    "200": {
                        "description": "It goes on until somebody closes it, or for an hour.",
                        "content": {"text/event-stream": {"schema": {"type": "string"}}},
                    }
                },
            }
        }


def _describe_errors(path: str, operation: dict[str, Any]) -> None:
    answers: dict[str, Any] = operation["responses"]
    for status, answer in answers.items():
        if int(status) >= FIRST_ERROR_STATUS and "content" not in answer:
            usual = COMMON_REFUSALS.get(status, {"content": REFUSAL_CONTENT})
            answer |= {name: usual[name] for name in ("content", "headers") if name in usual}
    parameters = operation.get("parameters", [])
    is_in_query = any(each["in"] == "query" for each in parameters)
    names = {each["name"] for each in parameters}
    is_for_somebody = {} not in operation.get("security", [{}])
    expected = {
        "400": "requestBody" in operation or is_in_query,
        "401": is_for_somebody,
        "403": is_for_somebody,
        "404": "{" in path or "page" in names,
        "422": HEADER in names,
        "429": True,
        "default": True,
    }
    for status, is_possible in expected.items():
        if is_possible and status not in answers:
            answers[status] = {"$ref": f"#/components/responses/Refused{status.capitalize()}"}
    operation["responses"] = dict(sorted(answers.items()))


def _names_below(node: object, schemas: dict[str, Any], seen: set[str]) -> set[str]:
    """Name the schemas that something refers to, and those that these refer to."""
    for name in _references_in(node):
        if name not in seen:
            seen.add(name)
            _names_below(schemas[name], schemas, seen)
    return seen


def _references_in(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(SCHEMAS):
            yield reference.removeprefix(SCHEMAS)
        for child in node.values():
            yield from _references_in(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references_in(child)


def _codes_below(base: type[ServiceError]) -> Iterator[str]:
    yield base.code
    for error in base.__subclasses__():
        if error.__module__.startswith(OWN_MODULES):
            yield from _codes_below(error)
