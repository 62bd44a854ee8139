"""YAML from outside: small, without aliases, and every plain value as the text that was written."""

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import Any

import yaml
from typing_extensions import override

DOCUMENT_BYTES_MAX = 128 * 1024
DEPTH_MAX = 8
_NULLS = frozenset({"~", "null", "Null", "NULL"})


class DocumentError(Exception):
    """The document can't be taken; the message says why."""


def parse_mapping(data: bytes) -> dict[str, Any]:
    """Give the mapping of a document; its values are texts, lists and mappings. Nothing is empty.

    Raises:
        DocumentError: It is too large or too deep, no UTF-8, no YAML, no mapping, or has an alias
            or the same key twice.
    """
    if len(data) > DOCUMENT_BYTES_MAX:
        raise DocumentError(f"It has {len(data)} bytes; make it at most {DOCUMENT_BYTES_MAX}.")
    try:
        loader = _Loader(data.decode("utf-8-sig"))
        value = loader.get_single_data()
    except UnicodeDecodeError as error:
        raise DocumentError("It is not UTF-8; save it as UTF-8.") from error
    except yaml.YAMLError as error:
        raise DocumentError(f"It is no YAML that is taken: {_in_one_line(error)}") from error
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise DocumentError("It has to be a mapping of keys to values.")
    return value


def write_mapping(values: Mapping[str, Any]) -> bytes:
    """Give a document of texts, truth values, integers, decimals and mappings, keys in order."""
    text = yaml.dump(
        dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000
    )
    return text.encode()


class _Loader(yaml.BaseLoader):
    """Reads every scalar as text, so that a title `No` and a version `1.10` stay what they are."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    @override
    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="it has an alias; write the value out")
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise yaml.MarkedYAMLError(problem=f"it has more than {DEPTH_MAX} levels")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    @override
    def construct_scalar(self, node: yaml.ScalarNode) -> str:
        value = super().construct_scalar(node)
        return "" if node.style is None and value in _NULLS else str(value)

    @override
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep=True)
        if len(mapping) != len(node.value):
            raise yaml.MarkedYAMLError(problem="it has a key twice", problem_mark=node.start_mark)
        return mapping


class _Dumper(yaml.SafeDumper):
    """Writes decimals exactly."""


def _represent_decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
    text = format(value.normalize(), "f")
    kind = "float" if "." in text else "int"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", text)


_Dumper.add_representer(Decimal, _represent_decimal)


def _in_one_line(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())
