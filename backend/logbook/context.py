"""What every line says that is written while something is served."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

REQUEST_FACTS = "facts"
"""Where the scope of a request has what its line is to say, for whoever learns more of it."""
NOTHING: Mapping[str, object] = MappingProxyType({})
_facts: ContextVar[Mapping[str, object]] = ContextVar("facts", default=NOTHING)


def facts() -> Mapping[str, object]:
    """Return what is known of what this task serves."""
    return _facts.get()


def request_id() -> str | None:
    """Return the id of the request that this task serves, or that what it does came with."""
    value = _facts.get().get("request_id")
    return value if isinstance(value, str) else None


def bind(**facts: object) -> None:
    """Have the lines of this task say so, until it ends."""
    _facts.set({**_facts.get(), **facts})


def renew(**facts: object) -> None:
    """Have the lines of this task say so from now on, and nothing of what was served before."""
    _facts.set(facts)


@contextmanager
def bound(**facts: object) -> Iterator[None]:
    """Have the lines say so that are written in the block, and by tasks that begin in it."""
    token = _facts.set({**_facts.get(), **facts})
    try:
        yield
    finally:
        _facts.reset(token)
