"""The data catalogue for other catalogues: DCAT 3 (W3C recommendation of 2024-08-22) as JSON-LD.

Beside DCAT: columns by CSV on the Web, retention and use as an ODRL policy, derivation by PROV. What no vocabulary has (tier,
personal, what is proposed) bears a name of our own. Namespaces are names; nothing is fetched from them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from dashboard.catalogue import catalogue as told
from dashboard.catalogue.catalogue import Catalogue
from dashboard.catalogue.cataloguejson import both, pair
from dashboard.words import LANGUAGES, words
from indicators.editions.edition import DATABASE
from indicators.editions.inventory import Holding
from pipelines.custody import TIERS, Custody
from pipelines.yamlfile import Text

Node = dict[str, Any]

OWN = "urn:planwatch:"
CONTEXT: dict[str, str] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "prov": "http://www.w3.org/ns/prov#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "spdx": "http://spdx.org/rdf/terms#",
    "csvw": "http://www.w3.org/ns/csvw#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "pw": f"{OWN}terms:",
}
#: of column types; any other is text
_DATATYPES = {
    "integer": "xsd:integer", "number": "xsd:double", "rate": "xsd:double", "boolean": "xsd:boolean", "date": "xsd:date",
    "month": "xsd:gYearMonth", "year": "xsd:gYear", "timestamp": "xsd:dateTime",
}  # fmt: skip
_SPANS = {4: "xsd:gYear", 7: "xsd:gYearMonth", 10: "xsd:date"}


def as_dcat(catalogue: Catalogue) -> str:
    """The catalogue as a JSON-LD document with its context in itself."""
    nodes = [_catalog(catalogue), *_concepts(catalogue), *_series(catalogue)]
    nodes += [_dataset(catalogue, one) for one in catalogue.holdings]
    return json.dumps({"@context": CONTEXT, "@graph": nodes}, ensure_ascii=False, indent=1) + "\n"


def _literals(pair: dict[str, str] | None) -> list[Node]:
    return [{"@value": text, "@language": language} for language, text in (pair or {}).items()]


def _typed(value: str, datatype: str) -> Node:
    return {"@value": value, "@type": datatype}


def _filled(node: Node) -> Node:
    """The node without what it has nothing to say of."""
    return {key: value for key, value in node.items() if value not in (None, [], "")}


def _id(catalogue: Catalogue, *parts: str) -> str:
    return OWN + ":".join((catalogue.plan.identity.id, *parts))


def _dataset_id(catalogue: Catalogue, holding: Holding) -> str:
    edition = (catalogue.edition.id,) if holding.group == "published" and catalogue.edition else ()
    return _id(catalogue, holding.group, *edition, holding.id)


def _catalog(catalogue: Catalogue) -> Node:
    owner = catalogue.plan.identity.custody.owner
    made = catalogue.edition.created if catalogue.edition else None
    node = {
        "@id": _id(catalogue),
        "@type": "dcat:Catalog",
        "dct:title": _literals(both(lambda spoken: told.of(catalogue, spoken))),
        "dct:description": _literals(both(lambda spoken: " ".join(told.lead(catalogue, spoken)))),
        "dct:publisher": _agent(owner),
        "dct:language": [{"@id": f"http://id.loc.gov/vocabulary/iso639-1/{language}"} for language in LANGUAGES],
        "dct:modified": _typed(made, "xsd:dateTime") if made else None,
        "dcat:themeTaxonomy": [{"@id": f"{OWN}tier"}, {"@id": f"{OWN}kind"}],
        "dcat:dataset": [{"@id": _dataset_id(catalogue, one)} for one in catalogue.holdings],
    }
    return _filled(node)


def _agent(owner: Text | None) -> Node | None:
    return {"@type": "foaf:Agent", "foaf:name": _literals(pair(owner))} if owner else None


def _concepts(catalogue: Catalogue) -> Iterable[Node]:
    """Tiers, which are also what a right to access is stated by, and the classes of columns."""
    kinds = sorted({entry.kind for one in catalogue.holdings for entry in one.entries if entry.kind})
    for scheme, names, more in (("tier", TIERS, ["dct:RightsStatement"]), ("kind", kinds, [])):
        title = f"catalogue.head.{scheme}"
        yield {"@id": f"{OWN}{scheme}", "@type": "skos:ConceptScheme", "dct:title": _literals(_spoken(title))}
        for name in names:
            yield {
                "@id": f"{OWN}{scheme}:{name}",
                "@type": ["skos:Concept", *more],
                "skos:inScheme": {"@id": f"{OWN}{scheme}"},
                "skos:notation": name,
                "skos:prefLabel": _literals(_spoken(f"catalogue.{scheme}.{name}")),
            }


def _spoken(key: str) -> dict[str, str]:
    return {language: words(language)(key) for language in LANGUAGES}


def _series(catalogue: Catalogue) -> Iterable[Node]:
    if catalogue.edition is not None:
        title = _literals(_spoken("catalogue.series"))
        yield {"@id": _id(catalogue, "editions"), "@type": "dcat:DatasetSeries", "dct:title": title}


def _dataset(catalogue: Catalogue, holding: Holding) -> Node:
    tables = {one.id: one for one in catalogue.tables}
    sources = [{"@id": _dataset_id(catalogue, tables[name])} for name in holding.sources if name in tables]
    basis = holding.custody.legal_basis
    node = {
        "@id": _dataset_id(catalogue, holding),
        "@type": "dcat:Dataset",
        "dct:identifier": holding.id,
        "dct:title": _literals(both(lambda spoken: told.name(holding, spoken))),
        "dct:description": _literals(pair(holding.description) if holding.description else None),
        "dct:accessRights": {"@id": f"{OWN}tier:{holding.tier}"},
        "pw:tierOfInputs": {"@id": f"{OWN}tier:{holding.inputs}"} if holding.inputs else None,
        "pw:personal": holding.personal,
        "pw:proposed": list(holding.custody.proposed),
        "pw:rows": holding.rows,
        "pw:units": holding.units,
        "dct:rightsHolder": _agent(holding.custody.owner),
        "dct:rights": {"@type": "dct:RightsStatement", "rdfs:label": _literals(pair(basis))} if basis else None,
        "odrl:hasPolicy": _policy(holding.custody),
        "dct:temporal": _temporal(holding),
        "prov:wasDerivedFrom": sources,
        "csvw:tableSchema": _schema(catalogue, holding),
        **(_publication(catalogue) if holding.group == "published" else {}),
    }
    return _filled(node)


def _publication(catalogue: Catalogue) -> Node:
    edition = catalogue.edition
    assert edition is not None
    file = edition.folder / DATABASE
    checksum = {
        "@type": "spdx:Checksum",
        "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
        "spdx:checksumValue": _typed(edition.manifest["files"][DATABASE], "xsd:hexBinary"),
    }
    distribution = {
        "@type": "dcat:Distribution",
        "dct:title": f"{edition.id}/{DATABASE}",
        "dct:format": {"@type": "dct:MediaTypeOrExtent", "rdfs:label": "DuckDB 2"},
        "dcat:byteSize": _typed(str(file.stat().st_size), "xsd:nonNegativeInteger"),
        "spdx:checksum": checksum,
    }
    return {
        "dct:issued": _typed(edition.created, "xsd:dateTime"),
        "dcat:version": edition.id,
        "dcat:inSeries": {"@id": _id(catalogue, "editions")},
        "dcat:distribution": [distribution],
    }


def _policy(custody: Custody) -> Node | None:
    """The use as the purpose of a permission, the retention as a duty to delete once it has passed."""
    policy: Node = {"@type": "odrl:Set"}
    if custody.use is not None:
        purpose = _literals(pair(custody.use))
        policy["odrl:permission"] = [
            {"odrl:action": {"@id": "odrl:use"}, "odrl:constraint": _constraint("purpose", "isA", purpose)}
        ]
    if custody.retention is not None and custody.retention.years is not None:
        passed = _constraint("delayPeriod", "gteq", _typed(f"P{custody.retention.years}Y", "xsd:duration"))
        reason = _literals(pair(custody.retention.reason))
        policy["odrl:obligation"] = [{"odrl:action": {"@id": "odrl:delete"}, "odrl:constraint": passed, "rdfs:comment": reason}]
    elif custody.retention is not None:
        policy["rdfs:comment"] = _literals(pair(custody.retention.reason))
    return policy if len(policy) > 1 else None


def _constraint(left: str, operator: str, right: Any) -> Node:
    return {
        "@type": "odrl:Constraint",
        "odrl:leftOperand": {"@id": f"odrl:{left}"},
        "odrl:operator": {"@id": f"odrl:{operator}"},
        "odrl:rightOperand": right,
    }


def _temporal(holding: Holding) -> Node | None:
    if holding.first is None or holding.last is None:
        return None
    ends = {"dcat:startDate": holding.first, "dcat:endDate": holding.last}
    return {"@type": "dct:PeriodOfTime", **{key: _typed(end, _SPANS[len(end)]) for key, end in ends.items()}}


def _schema(catalogue: Catalogue, holding: Holding) -> Node:
    columns = [
        _filled(
            {
                "@type": "csvw:Column",
                "csvw:name": entry.id,
                "csvw:title": _literals(both(lambda spoken, one=entry: told.column(one, spoken))),  # type: ignore[misc]
                "csvw:datatype": {"@id": _DATATYPES.get(entry.type, "xsd:string")},
                "csvw:required": entry.required,
                "dct:description": _literals(pair(entry.description) if entry.description else None),
                "dct:accessRights": {"@id": f"{OWN}tier:{entry.tier}"},
                "dct:type": {"@id": f"{OWN}kind:{entry.kind}"} if entry.kind else None,
                "pw:personal": entry.personal,
                "rdfs:comment": _literals(both(lambda spoken, one=entry: told.why(catalogue, holding, one, spoken))),  # type: ignore[misc]
            }
        )
        for entry in holding.entries
    ]
    return {"@type": "csvw:Schema", "csvw:column": {"@list": columns}}
