"""Objects of an archive from and to JSON documents, as the annotations of the model say."""

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from apps.archives.contest_archive.codecs import Codec, Key
from apps.archives.contest_archive.report import Place, Report

ITEMS_MAX = 100_000
# Stands for a value that was refused, or for a loose reference that leads nowhere.
_REFUSED = object()
_DROPPED = object()

Shape = TypeVar("Shape")


@dataclass(frozen=True, slots=True)
class _Many:
    """A list of values of one kind."""

    each: "_Node"


_Node = Codec | _Many | type


@dataclass(frozen=True, slots=True, kw_only=True)
class _Property:
    """A property of an object: its names here and in JSON, its kind, what it is without a value."""

    attribute: str
    key: str
    node: _Node
    default: Any

    @property
    def is_required(self) -> bool:
        return self.default is dataclasses.MISSING


class DocumentReader:
    """Makes objects of documents, and reports what is wrong with them.

    `known_ids` has the ids of each collection; only they may be referred to.
    """

    def __init__(self, *, known_ids: Mapping[str, Collection[str]], report: Report) -> None:
        self._known_ids = known_ids
        self._report = report

    def find(self, shape: type[Shape], document: object, place: Place) -> Shape | None:
        """Make an object, or report why it can't be made; unknown properties are ignored."""
        made = self._object(shape, document, place, "")
        return made if isinstance(made, shape) else None

    def _object(self, shape: type, document: object, place: Place, path: str) -> Any:
        if not isinstance(document, dict):
            return self._refuse(place, path or "the object", "is no JSON object")
        values: dict[str, Any] = {}
        for each in _properties(shape):
            key = f"{path}.{each.key}" if path else each.key
            value = document.get(each.key)
            if value is not None:
                value = self._value(each.node, value, place, key)
            elif each.is_required:
                value = self._refuse(place, key, "is missing")
            else:
                value = each.default
            values[each.attribute] = each.default if value is _DROPPED else value
        if any(value is _REFUSED for value in values.values()):
            return _REFUSED
        return shape(**values)

    def _value(self, node: _Node, value: object, place: Place, path: str) -> Any:
        if isinstance(node, Codec):
            return self._scalar(node, value, place, path)
        if isinstance(node, _Many):
            return self._list(node, value, place, path)
        return self._object(node, value, place, path)

    def _scalar(self, codec: Codec, value: object, place: Place, path: str) -> Any:
        try:
            read = codec.read(value)
        except ValueError as error:
            return self._refuse(place, path, str(error))
        if codec.refers_to is None or read in self._known_ids.get(codec.refers_to, ()):
            return read
        message = f"refers to '{read}', which is not in {codec.refers_to}"
        if codec.is_loose:
            self._report.add_warning(place, f"{path} {message}; it is left out.")
            return _DROPPED
        return self._refuse(place, path, f"{message}; add it there or correct the id")

    def _list(self, node: _Many, value: object, place: Place, path: str) -> Any:
        if not isinstance(value, list) or len(value) > ITEMS_MAX:
            return self._refuse(place, path, f"is no list of at most {ITEMS_MAX}")
        read = [
            self._value(node.each, item, place, f"{path}[{index}]")
            for index, item in enumerate(value)
        ]
        if any(item is _REFUSED for item in read):
            return _REFUSED
        return tuple(item for item in read if item is not _DROPPED)

    def _refuse(self, place: Place, path: str, reason: str) -> object:
        self._report.add_error(place, f"{path} {reason}.")
        return _REFUSED


def document_of(value: object) -> dict[str, Any]:
    """Make the document of an object; what has no value is left out."""
    shape: type = type(value)
    return {
        each.key: _written(each.node, held)
        for each in _properties(shape)
        if (held := getattr(value, each.attribute)) is not None
    }


def _written(node: _Node, value: Any) -> Any:
    if isinstance(node, Codec):
        return node.write(value)
    if isinstance(node, _Many):
        return [_written(node.each, item) for item in value]
    return document_of(value)


@cache
def _properties(shape: type) -> tuple[_Property, ...]:
    hints = get_type_hints(shape, include_extras=True)
    return tuple(_property(field, hints[field.name]) for field in dataclasses.fields(shape))


def _property(field: "dataclasses.Field[Any]", hint: Any) -> _Property:
    plain = _without_none(hint)
    names = [each.name for each in get_args(plain)[1:] if isinstance(each, Key)]
    return _Property(
        attribute=field.name,
        key=names[0] if names else field.name,
        node=_node(plain),
        default=field.default,
    )


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in {Union, UnionType}:
        return hint
    (plain,) = [each for each in get_args(hint) if each is not type(None)]
    return plain


def _node(hint: Any) -> _Node:
    if get_origin(hint) is Annotated:
        (codec,) = [each for each in get_args(hint)[1:] if isinstance(each, Codec)]
        return codec
    if get_origin(hint) is tuple:
        return _Many(_node(get_args(hint)[0]))
    shape: type = hint
    return shape
