"""JSON Schemas (draft 2020-12) made of the attrs classes by which documents are read.

Each class is an object with exactly its fields. All of them are required, save those with a default
of the classes that are named ``growing``, and fields named there themselves. A schema says in
addition what a type cannot: limits of a field, and the shape of what a document spells its own way.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, TypeAlias, Union, get_args, get_origin, get_type_hints

import attrs

Schema: TypeAlias = dict[str, Any]

_PLAIN: Final = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def closed(optional: Collection[str] = (), **properties: Schema) -> Schema:
    """Return the schema of an object with these members and no others."""
    return {
        "type": "object",
        "required": [each for each in properties if each not in optional],
        "additionalProperties": False,
        "properties": properties,
    }


@attrs.define
class Generator:
    """Schemas of types; those of classes are collected in ``definitions``.

    ``limits`` are added to the schema of a field, ``shapes`` stand for that of a type. The classes
    of a union in ``tags`` are told apart by a member of that name, which holds the class's name.
    """

    limits: Mapping[tuple[type, str], Schema]
    shapes: Mapping[Any, Schema]
    tags: Mapping[Any, str]
    growing: Collection[type | tuple[type, str]] = ()
    definitions: dict[str, Schema] = attrs.field(factory=dict)

    def schema(self, kind: Any) -> Schema:
        """Return the schema of a type."""
        origin, inner = get_origin(kind), get_args(kind)
        if kind in self.shapes:
            return self.shapes[kind]
        if kind in self.tags:
            return {"oneOf": [self._reference(each, self.tags[kind]) for each in inner]}
        if attrs.has(kind):
            return self._reference(kind)
        if origin in {Union, UnionType}:
            either = [self.schema(each) for each in inner]
            if all(each.keys() == {"type"} for each in either):
                return {"type": [each["type"] for each in either]}
            return {"oneOf": either}
        if origin is tuple:
            return {"type": "array", "items": self.schema(inner[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.schema(inner[1])}
        if issubclass(kind, Enum):
            return {"enum": [each.value for each in kind]}
        return {"type": _PLAIN[kind]}

    def closed(self, kind: type, **head: Schema) -> Schema:
        """Return the schema of the members in ``head`` and of a class's fields."""
        hints, fields = get_type_hints(kind), attrs.fields(kind)
        members = {
            name: self.schema(hints[name]) | self.limits.get((kind, name), {})
            for name in (each.name for each in fields)
        }
        free = {
            each.name
            for each in fields
            if each.default is not attrs.NOTHING
            and (kind in self.growing or (kind, each.name) in self.growing)
        }
        return closed(free, **head, **members)

    def _reference(self, kind: type, tag: str | None = None) -> Schema:
        if kind.__name__ not in self.definitions:
            head = {} if tag is None else {tag: {"const": kind.__name__}}
            told = " ".join((inspect.getdoc(kind) or "").split())
            self.definitions[kind.__name__] = {
                "description": told,
                **self.closed(kind, **head),
            }
        return {"$ref": f"#/$defs/{kind.__name__}"}
