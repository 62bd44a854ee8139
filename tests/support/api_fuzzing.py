"""Requests made up from an OpenAPI document, and what is wrong with the answers to them."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

# For each operation, once of what it takes and once of what it does not. More take longer.
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1"))
TEXT_CHARS_MAX = 1000
FAULT_CHARS_MAX = 2000
PROBLEM = "application/problem+json"
CONFORMANCE = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

Case = schemathesis.Case[Any]
Send = Callable[[Case], schemathesis.Response]


def faults(
    document: dict[str, Any], send: Send, *, ids: dict[str, int], leave_out: frozenset[str]
) -> Iterator[str]:
    """Send requests to every operation, and tell of each answer that the document does not allow.

    `ids` are put in place of most made-up ids of these names, in paths and in bodies. A status of
    503 that the document names is an answer like any other.
    """
    _shorten_texts(document)
    operations: Any = schemathesis.openapi.from_dict(document).get_all_operations()
    for operation in (each.ok() for each in operations):
        if operation.label not in leave_out:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                yield from _faults_of(operation, mode, send, ids)


def _faults_of(
    operation: Any, mode: GenerationMode, send: Send, ids: dict[str, int]
) -> Iterator[str]:
    told: dict[str, None] = {}

    @settings(
        max_examples=EXAMPLES,
        derandomize="FUZZ_EXAMPLES" not in os.environ,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode), keeps_ids=st.sampled_from([1, 0, 0]))
    def attempt(case: Case, keeps_ids: int) -> None:
        for place in (case.path_parameters, case.body):
            if isinstance(place, dict) and not keeps_ids:
                place.update({name: ids[name] for name in place.keys() & ids.keys()})
        answer = send(case)
        documented = operation.responses.find_by_status_code(answer.status_code)
        if answer.status_code == 404 and answer.headers.get("content-type") == [PROBLEM]:
            return  # What was made up is no address of the operation.
        is_promised_fault = answer.status_code == 503 and documented is not None
        checks = [*CONFORMANCE, *([] if is_promised_fault else [not_a_server_error])]
        try:
            case.validate_response(answer, checks=checks)
        except schemathesis.core.failures.FailureGroup as failures:
            for each in failures.exceptions:
                text = f"{each.title}: {each.message}"[:FAULT_CHARS_MAX]
                told[f"{operation.label} answered {answer.status_code}: {text}"] = None

    # Nothing can be wrong in a request that has no fields.
    with suppress(Unsatisfiable):
        attempt()
    yield from told


def _shorten_texts(node: object) -> None:
    """Let no text be longer than it takes to be made up fast."""
    if isinstance(node, dict):
        if isinstance(node.get("maxLength"), int):
            node["maxLength"] = min(node["maxLength"], TEXT_CHARS_MAX)
        for child in node.values():
            _shorten_texts(child)
    elif isinstance(node, list):
        for child in node:
            _shorten_texts(child)
