"""The command `catalogue`: in words, as JSON and as DCAT, each held against the files of the plan read by other means."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboard.catalogue.catalogue import Catalogue, column, found, lead, name
from dashboard.words import words
from indicators.catalogue.catalogue import AUTOMOTIVE
from indicators.catalogue.plan import Plan
from indicators.editions.edition import Edition
from tests.dashboard.conftest import Run
from tests.dashboard.jsonld import RDF_TYPE, XSD, Items, Literal, Triple, triples

FILES: dict[str, Any] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (AUTOMOTIVE / "tables").glob("*.yaml")
}
OF_ALL = yaml.safe_load((AUTOMOTIVE / "plan.yaml").read_text(encoding="utf-8"))["custody"]
DCAT, DCT = "http://www.w3.org/ns/dcat#", "http://purl.org/dc/terms/"
CSVW, ODRL = "http://www.w3.org/ns/csvw#", "http://www.w3.org/ns/odrl/2/"
SKOS, SPDX = "http://www.w3.org/2004/02/skos/core#", "http://spdx.org/rdf/terms#"
PROV, FOAF = "http://www.w3.org/ns/prov#", "http://xmlns.com/foaf/0.1/"
OWN = "urn:planwatch:"
#: terms that the catalogue uses, as the specifications have them: DCAT 3, ODRL 2.2, CSVW, SPDX 2, SKOS, PROV-O
TERMS = {
    DCAT: {"Catalog", "Dataset", "DatasetSeries", "Distribution", "dataset", "distribution", "inSeries", "version", "byteSize"}
    | {"startDate", "endDate", "themeTaxonomy"},
    DCT: {"title", "description", "identifier", "issued", "modified", "publisher", "language", "accessRights", "rights"}
    | {"rightsHolder", "RightsStatement", "temporal", "PeriodOfTime", "format", "MediaTypeOrExtent", "type"},
    CSVW: {"Schema", "Column", "tableSchema", "column", "name", "title", "datatype", "required"},
    ODRL: {"Set", "Constraint", "hasPolicy", "permission", "obligation", "action", "constraint", "leftOperand", "operator"}
    | {"rightOperand", "use", "delete", "purpose", "delayPeriod", "isA", "gteq"},
    SPDX: {"Checksum", "checksum", "algorithm", "checksumValue", "checksumAlgorithm_sha256"},
    SKOS: {"Concept", "ConceptScheme", "inScheme", "notation", "prefLabel"},
    PROV: {"wasDerivedFrom"},
    FOAF: {"Agent", "name"},
    "http://www.w3.org/2000/01/rdf-schema#": {"label", "comment"},
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": {"type"},
    XSD: {"string", "boolean", "integer", "double", "date", "gYear", "gYearMonth", "dateTime", "duration", "nonNegativeInteger"}
    | {"hexBinary"},
    f"{OWN}terms:": {"personal", "proposed", "rows", "units", "tierOfInputs"},
}
FORMS = {
    "boolean": r"true|false", "integer": r"-?\d+", "nonNegativeInteger": r"\d+", "gYear": r"\d{4}", "gYearMonth": r"\d{4}-\d\d",
    "date": r"\d{4}-\d\d-\d\d", "dateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+]00:00", "duration": r"P\d+Y", "string": r"[\s\S]+",
    "hexBinary": r"([0-9a-f]{2})+",
}  # fmt: skip


@pytest.fixture(scope="module")
def graph(edition: Edition) -> list[Triple]:
    from dashboard.catalogue.dcat import as_dcat

    return triples(as_dcat(Catalogue.of_edition(edition, edition.query("SELECT * FROM coverage"))))


def objects(graph: list[Triple], subject: str, term: str) -> list[Any]:
    return [one for of, said, one in graph if (of, said) == (subject, term)]


def one(graph: list[Triple], subject: str, term: str) -> Any:
    [found] = objects(graph, subject, term)
    return found


def spoken(values: list[Any]) -> set[str]:
    return {value.language for value in values if isinstance(value, Literal) and value.text}


def of_type(graph: list[Triple], kind: str) -> list[str]:
    return [subject for subject, said, value in graph if said == RDF_TYPE and value == kind]


def test_every_term_is_one_of_its_vocabulary(graph: list[Triple]) -> None:
    used = {term for _, term, _ in graph} | {value for _, said, value in graph if said == RDF_TYPE}
    used |= {value for _, _, value in graph if isinstance(value, str) and value.startswith((ODRL, SPDX, XSD))}
    known = {namespace + term for namespace, terms in TERMS.items() for term in terms}
    assert used - known == set()


def test_every_typed_value_has_the_form_of_its_type(graph: list[Triple]) -> None:
    typed = [value for _, _, value in graph if isinstance(value, Literal) and value.datatype]
    assert len(typed) > 500
    wrong = [value for value in typed if not re.fullmatch(FORMS[str(value.datatype).removeprefix(XSD)], value.text)]
    assert wrong == []


def test_every_name_that_is_pointed_at_is_described(graph: list[Triple]) -> None:
    described = {subject for subject, _, _ in graph}
    pointed = {value for _, said, value in graph if isinstance(value, str) and said != RDF_TYPE and value.startswith((OWN, "_:"))}
    assert pointed - described == set()


def test_the_catalogue_lists_every_dataset_and_each_says_what_it_must(graph: list[Triple]) -> None:
    [catalog] = of_type(graph, f"{DCAT}Catalog")
    datasets = of_type(graph, f"{DCAT}Dataset")
    assert sorted(objects(graph, catalog, f"{DCAT}dataset")) == sorted(datasets)
    assert len(datasets) == len(set(datasets))
    for subject in (catalog, *datasets):
        assert spoken(objects(graph, subject, f"{DCT}title")) == {"zh", "en"}
    for dataset in datasets:
        assert one(graph, dataset, f"{DCT}accessRights") in {f"{OWN}tier:{tier}" for tier in ("general", "important", "core")}
        owner = one(graph, dataset, f"{DCT}rightsHolder")
        assert spoken(objects(graph, owner, f"{FOAF}name")) == {"zh", "en"}
        policy = one(graph, dataset, f"{ODRL}hasPolicy")
        purpose = one(graph, one(graph, policy, f"{ODRL}permission"), f"{ODRL}constraint")
        assert spoken(objects(graph, purpose, f"{ODRL}rightOperand")) == {"zh", "en"}


@pytest.mark.parametrize("table", FILES)
def test_a_table_is_listed_as_its_file_says(graph: list[Triple], table: str) -> None:
    """Columns, their tiers, required marks and reasons, and the end of retention, against the YAML read without planwatch."""
    file = FILES[table]
    dataset = f"{OWN}automotive:{'public' if file.get('public') else 'records'}:{table}"
    columns = one(graph, one(graph, dataset, f"{CSVW}tableSchema"), f"{CSVW}column")
    assert isinstance(columns, Items)
    named = {one(graph, node, f"{CSVW}name").text: node for node in columns.nodes}
    assert list(named) == [*file["columns"], *file.get("chains", {})]
    tiers = []
    for column_id, entry in file["columns"].items():
        node = named[column_id]
        tiers.append(entry["tier"])
        assert one(graph, node, f"{DCT}accessRights") == f"{OWN}tier:{entry['tier']}"
        assert one(graph, node, f"{CSVW}required").text == str(entry.get("required", False)).lower()
        titles = {value.language: value.text for value in objects(graph, node, f"{CSVW}title")}
        assert titles == entry["name"]
        comments = {value.language: value.text for value in objects(graph, node, "http://www.w3.org/2000/01/rdf-schema#comment")}
        assert comments == entry.get("reason", {})
    assert one(graph, dataset, f"{DCT}accessRights") == f"{OWN}tier:{max(tiers, key=['general', 'important', 'core'].index)}"
    years = (file.get("custody", {}).get("retention") or OF_ALL["retention"]).get("years")
    duties = objects(graph, one(graph, dataset, f"{ODRL}hasPolicy"), f"{ODRL}obligation")
    told = [one(graph, one(graph, duty, f"{ODRL}constraint"), f"{ODRL}rightOperand").text for duty in duties]
    assert told == ([f"P{years}Y"] if years else [])


def test_what_is_published_names_its_file_by_its_hash(graph: list[Triple], edition: Edition) -> None:
    published = [one for one in of_type(graph, f"{DCAT}Dataset") if one.startswith(f"{OWN}automotive:published:{edition.id}:")]
    assert len(published) == 17
    content = (edition.folder / "edition.duckdb").read_bytes()
    for dataset in published:
        assert one(graph, dataset, f"{DCAT}version").text == edition.id
        assert one(graph, dataset, f"{DCAT}inSeries") in of_type(graph, f"{DCAT}DatasetSeries")
        file = one(graph, dataset, f"{DCAT}distribution")
        assert one(graph, file, f"{DCAT}byteSize").text == str(len(content))
        checksum = one(graph, file, f"{SPDX}checksum")
        assert one(graph, checksum, f"{SPDX}checksumValue").text == hashlib.sha256(content).hexdigest()
        assert f"{OWN}automotive:records:declarations" in objects(graph, dataset, f"{PROV}wasDerivedFrom")


def test_the_document_comes_by_the_command_and_is_the_same_in_every_language(run: Run, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "catalogue.jsonld"
    said = run("catalogue", "--dir", store, "--format", "dcat", "--to", file, "--lang", "zh")
    assert (said.code, said.err) == (0, "")
    printed = run("catalogue", "--dir", store, "--format", "dcat", "--lang", "en")
    assert printed.out == file.read_text(encoding="utf-8")
    assert len(triples(printed.out)) > 2000


def test_json_counts_as_the_files_do(run: Run, store: Path) -> None:
    whole = json.loads(run("catalogue", "--dir", store, "--format", "json").out)
    plan_tables = [table for table in whole["tables"] if table["group"] in ("records", "public")]
    assert {table["table"]: len(table["columns"]) for table in plan_tables} == {
        name: len(file["columns"]) + len(file.get("chains", {})) for name, file in FILES.items()
    }
    assert sum(entry["tier"] == "core" for table in plan_tables for entry in table["columns"]) == 3
    for table in whole["tables"]:
        for key in ("owner", "use", "legal_basis"):
            assert set(table[key]) == {"zh", "en"}
        assert table["retention"]["reason"]
    assert whole["edition"]["id"] == "0001"
    assert whole["disclosure_control"] == "unrecorded"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_lists_name_every_table_and_column_in_words(run: Run, store: Path, edition: Edition, language: str) -> None:
    out = " ".join(run("catalogue", "--dir", store, "--lang", language).out.split())
    catalogue, told = Catalogue.of_edition(edition, edition.query("SELECT * FROM coverage")), words(language)
    for table in catalogue.holdings:
        assert name(table, told) in out
        for entry in table.entries:
            assert column(entry, told)
            assert entry.id in out
    assert told("catalogue.terms") in out
    assert all(" ".join(line.split()) in out for line in lead(catalogue, told))


def test_as_a_file_the_lists_are_markdown(run: Run, store: Path, tmp_path: Path) -> None:
    from markdown_it import MarkdownIt

    file = tmp_path / "catalogue.md"
    assert run("catalogue", "--dir", store, "--to", file, "--lang", "en").code == 0
    tokens = MarkdownIt("commonmark").enable("table").parse(file.read_text(encoding="utf-8"))
    kinds = [token.type for token in tokens]
    assert kinds.count("table_open") == 2 + 10 + 4 + 17  # all tables, terms, then each: of the plan, worked out, published


def test_without_an_edition_it_is_that_of_the_plan_folder(run: Run, tmp_path: Path) -> None:
    whole = json.loads(run("catalogue", "--dir", tmp_path, "--format", "json").out)
    assert whole["edition"] is None
    assert {table["group"] for table in whole["tables"]} == {"records", "public", "working"}
    assert run("catalogue", "--dir", tmp_path, "--edition", "0007").code == 2


def test_an_edition_made_before_custody_was_stated_is_listed_all_the_same(run: Run, tmp_path: Path, plan: Plan) -> None:
    from pipelines.custody import Custody
    from tests.dashboard.plausible import write_plausible

    dictionary = plan.dictionary.model_copy(update={"custody": Custody()})
    identity = plan.identity.model_copy(update={"custody": Custody(), "publication": Custody()})
    old = plan.model_copy(update={"dictionary": dictionary, "identity": identity})
    write_plausible(tmp_path / "editions", old).close()
    said = run("catalogue", "--dir", tmp_path, "--lang", "en")
    assert said.code == 0
    assert "Not stated" in said.out
    assert triples(run("catalogue", "--dir", tmp_path, "--format", "dcat").out)


SEARCHES = [
    ({"search": "declarations"}, {"declarations"}),
    ({"search": "数控"}, {"survey"}),
    ({"search": "SHARES", "group": "records"}, {"production"}),  # in a reason: it may move the price of its shares
    ({"tier": "core", "group": "records"}, {"declarations"}),
    ({"search": "no such thing"}, set()),
]


@pytest.mark.parametrize(("wanted", "tables"), SEARCHES)
def test_a_search_finds_tables_columns_and_reasons(edition: Edition, wanted: dict[str, str], tables: set[str]) -> None:
    language = "zh" if wanted.get("search") == "数控" else "en"
    catalogue = Catalogue.of_edition(edition, edition.query("SELECT * FROM coverage"))
    kept = found(catalogue, words(language), **wanted)
    assert {one.id for one in kept} == tables
    if "tier" in wanted:
        assert {entry.tier for one in kept for entry in one.entries} == {wanted["tier"]}
