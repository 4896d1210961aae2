"""A second reader of JSON-LD, for documents that bring their context: every statement as (subject, property, object).

It does by hand what the expansion of JSON-LD 1.1 asks for as far as such documents go: prefixes, @id, @type, @value with
language or datatype, lists. It refuses what it does not know, such as a key without a declared prefix.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
XSD = "http://www.w3.org/2001/XMLSchema#"


@dataclass(frozen=True)
class Literal:
    text: str
    language: str | None = None
    datatype: str | None = None


@dataclass(frozen=True)
class Items:
    """An ordered list of nodes."""

    nodes: tuple[str, ...]


Object = str | Literal | Items
Triple = tuple[str, str, Object]


def triples(text: str) -> list[Triple]:
    """Every statement of a document. Raises ValueError for what a strict reader would not understand."""
    document = json.loads(text)
    if set(document) != {"@context", "@graph"}:
        raise ValueError(f"keys {sorted(document)}")
    reader = _Reader(document["@context"])
    return [triple for node in document["@graph"] for triple in reader.node(node)[1]]


class _Reader:
    def __init__(self, context: dict[str, str]) -> None:
        self.context, self.blank = context, count()
        if not all(iri.endswith(("#", "/", ":")) for iri in context.values()):
            raise ValueError("a prefix is a namespace")

    def iri(self, name: str) -> str:
        prefix, colon, local = name.partition(":")
        if not colon:
            raise ValueError(f"{name!r} is relative: it would mean another thing in every place")
        if prefix in self.context:
            return self.context[prefix] + local
        if prefix in ("urn", "http", "https"):
            return name
        raise ValueError(f"the prefix of {name!r} is not declared")

    def node(self, node: dict[str, Any]) -> tuple[str, list[Triple]]:
        subject = self.iri(node["@id"]) if "@id" in node else f"_:b{next(self.blank)}"
        found: list[Triple] = []
        for key, value in node.items():
            if key == "@id":
                continue
            if key == "@type":
                found += [(subject, RDF_TYPE, self.iri(name)) for name in ([value] if isinstance(value, str) else value)]
                continue
            for one in value if isinstance(value, list) else [value]:
                for item, more in self.value(one):
                    found += [(subject, self.iri(key), item), *more]
        return subject, found

    def value(self, value: Any) -> Iterator[tuple[Object, list[Triple]]]:
        if isinstance(value, bool):
            yield Literal(str(value).lower(), datatype=f"{XSD}boolean"), []
        elif isinstance(value, int):
            yield Literal(str(value), datatype=f"{XSD}integer"), []
        elif isinstance(value, str):
            yield Literal(value, datatype=f"{XSD}string"), []
        elif "@value" in value:
            if set(value) - {"@value", "@language", "@type"} or len(value) > 2:
                raise ValueError(f"no value: {value}")
            datatype = self.iri(value["@type"]) if "@type" in value else None
            yield Literal(value["@value"], value.get("@language"), datatype), []
        elif "@list" in value:
            nodes = [self.node(one) for one in value["@list"]]
            yield Items(tuple(name for name, _ in nodes)), [triple for _, more in nodes for triple in more]
        elif set(value) == {"@id"}:
            yield self.iri(value["@id"]), []
        else:
            name, more = self.node(value)
            yield name, more
