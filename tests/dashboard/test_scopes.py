"""Who sees what: every cache is warmed as one visitor and read as every other, over pages, filters and exports; nothing foreign.

Which rows are whose is worked out here a second time, from the code lists alone; the same checks have to catch planted leaks.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from itertools import chain, product
from pathlib import Path
from typing import Any, get_type_hints

import polars as pl
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import dashboard
from dashboard import query
from dashboard.serve import APP
from dashboard.visitors.access import Scope, entered, read_access
from dashboard.visitors.scoped import Shown, restricted
from dashboard.visitors.sessions import SESSIONS
from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.editions.edition import open_edition
from indicators.scenarios.stage import Tables
from pipelines.yamlfile import Text
from tests.dashboard.plausible import rows, write_plausible

ROOM = Path(dashboard.__file__).parent
ACCESS = """
accounts:
  - {email: viewer@example.cn, role: viewer}
  - {email: analyst@example.cn, role: analyst}
  - {email: steward@example.cn, role: steward}
  - {email: parts@example.cn, role: association, scope: {segment_group: parts}}
  - {email: provinces@example.cn, role: association, scope: {province: ["320000", "330000"]}}
  - {email: vehicles@example.cn, role: association, scope: {region: [east, west], segment_group: [vehicle]}}
"""
PDFTOTEXT = shutil.which("pdftotext")
VISITORS = ("viewer", "analyst", "steward", "parts", "provinces", "vehicles")
#: one of each scope; those who see all rows have the same one
SCOPES = ("analyst", "parts", "provinces", "vehicles")
#: what an association's enterprises have in common; of the others nothing is kept back
WITHIN: dict[str, dict[str, set[str]]] = {
    "parts": {"segment_group": {"parts"}},
    "provinces": {"province": {"320000", "330000"}},
    "vehicles": {"region": {"east", "west"}, "segment_group": {"vehicle"}},
}
VIEWS: tuple[dict[str, str], ...] = (
    {},
    {"page": "explore", "indicator": "nc_rate", "breakdown": "segment"},
    {"page": "explore", "indicator": "nc_rate", "breakdown": "province,segment_group,size_class"},
    {"page": "explore", "indicator": "rd_tool_rate", "breakdown": "size_class", "sort": "value"},
    {"page": "explore", "indicator": "labour_productivity_change", "breakdown": "region", "lang": "en", "view": "time"},
    {"page": "explore", "indicator": "nc_rate", "breakdown": "province", "view": "map", "number": "320000"},
    {"page": "explore", "indicator": "nc_rate", "breakdown": "segment", "view": "compare"},
    {"page": "explore", "indicator": "nc_rate", "breakdown": "segment", "view": "change"},
    {"page": "target", "indicator": "nc_rate", "target": "T4_parts"},
    {"page": "who", "indicator": "rd_tool_rate", "by": "region,segment_group"},
    *({"page": "data", "part": part} for part in ("dictionary", "quality", "response", "revisions", "protection", "downloads")),
    {"page": "actions"},
    {"page": "reports"},
    {"page": "reports", "kind": "sheet"},
    {"page": "catalogue"},
)


@dataclass(frozen=True, kw_only=True)
class House:
    """A store whose every category bears a name, and whose every number a count, that stand nowhere else."""

    store: Path
    plan: Plan
    names: Mapping[tuple[str, str], str]  # breakdown and code → the name
    counts: Mapping[int, tuple[str, str]]  # count → breakdown and category
    known: dict[tuple[str, str | None, str | None], bool]  # what was worked out already

    def scope(self, visitor: str) -> Scope:
        found = entered(read_access(self.store), claims(visitor), time.time())
        assert not isinstance(found, str)
        return found.scope

    def sees(self, visitor: str, breakdown: str | None, category: str | None) -> bool:
        """Whether a row is of the whole, or each part of what the members have in common is one of its parts or holds it."""
        key = (visitor, breakdown, category)
        if key not in self.known:
            self.known[key] = self._sees(*key)
        return self.known[key]

    def _sees(self, visitor: str, breakdown: str | None, category: str | None) -> bool:
        if visitor not in WITHIN or breakdown == "total":
            return category == "total" or visitor not in WITHIN
        pairs = list(zip(str(breakdown).split(","), str(category).split(","), strict=False))
        if len(pairs) != str(breakdown).count(",") + 1 or len(pairs) != str(category).count(",") + 1:
            return False
        return all(any(self._lies(*pair, asked, codes) for pair in pairs) for asked, codes in WITHIN[visitor].items())

    def _lies(self, breakdown: str, code: str, asked: str, codes: set[str]) -> bool:
        own, wide = self.plan.breakdowns[breakdown], self.plan.breakdowns[asked]
        if breakdown == asked:
            return code in codes
        entry = self.plan.categories(breakdown).get(code)
        return own.column == wide.column and wide.rollup is not None and entry is not None and entry.parent in codes


def claims(visitor: str) -> dict[str, Any]:
    now = int(time.time())
    return {"is_logged_in": True, "sub": f"sub-{visitor}", "iat": now, "email": f"{visitor}@example.cn", "email_verified": True}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> House:
    store = tmp_path_factory.mktemp("house")
    (store / "access.yaml").write_text(ACCESS, encoding="utf-8")
    named = _named(plan)
    counts: dict[int, tuple[str, str]] = {}
    numbers = []
    for at, row in enumerate(rows(named)):
        if row["n"] is not None:
            row["n"] = 1_000_000 + at
            counts[row["n"]] = (row["breakdown"], row["category"])
        numbers.append(row)
    # texts with commas in them hide which code is of which breakdown
    odd = (("segment_group", "parts,x"), ("segment_group,size_class", "parts"), ("province", "320000,parts,small"))
    more = [{**numbers[-1], "breakdown": by, "category": category, "n": None, "target": None} for by, category in odd]
    notice = Text(zh="提示：整车企业的数不可靠", en="A notice that speaks of one category")
    write_plausible(store / "editions", named, numbers=numbers, more=more, notices=[notice]).close()
    names = {(by, code): entry.name.en for by in named.breakdowns for code, entry in named.categories(by).items()}
    return House(store=store, plan=named, names=names, counts=counts, known={})


def _named(plan: Plan) -> Plan:
    """The plan with the codes of its breakdowns called Q100Q, Q101Q …"""
    turn = iter(range(100, 1000))
    codes = {}
    for name, listed in plan.dictionary.codes.items():
        entries = {}
        for code, entry in listed.codes.items():
            told = f"Q{next(turn)}Q" if len(listed.codes) < 60 else code
            entries[code] = entry.model_copy(update={"name": Text(zh=told, en=told)})
        codes[name] = listed.model_copy(update={"codes": entries})
    return plan.model_copy(update={"dictionary": plan.dictionary.model_copy(update={"codes": codes})})


def modules() -> Iterator[Any]:
    """Every module of the room that can be imported without running the app."""
    for found in pkgutil.walk_packages([str(ROOM)], "dashboard."):
        if found.name not in ("dashboard.app", "dashboard.entrance"):
            yield importlib.import_module(found.name)


def cached() -> dict[str, Any]:
    """Every function of the room whose answers Streamlit keeps, by name."""
    return {
        f"{module.__name__}.{name}": found
        for module in modules()
        for name, found in vars(module).items()
        if hasattr(found, "clear") and hasattr(found, "__wrapped__") and type(found).__module__.startswith("streamlit")
    }


def unscoped(functions: Mapping[str, Any]) -> list[str]:
    """Those that do not take a scope into their key."""
    return [name for name, found in functions.items() if get_type_hints(found.__wrapped__).get("scope") is not Scope]


@pytest.fixture(autouse=True)
def _cold() -> Iterator[None]:
    _clear()
    yield
    _clear()


def _clear() -> None:
    for found in cached().values():
        found.clear()


# every cached function, asked by every visitor after every other


def asked(name: str, found: Any, house: House, seal: str) -> list[dict[str, Any]]:
    """Arguments for a function, by the names of its parameters; a name that is not known here has to be added."""
    offered: dict[str, list[Any]] = {
        "indicator": ["nc_rate", "labour_productivity_change"],
        "breakdown": [
            "total",
            "segment_group",
            "segment",
            "size_class",
            "region,segment_group",
            "province,segment_group,size_class",
        ],
        "category": ["total", "parts", "vehicle", "3611", "320000", "east,vehicle"],
        "period": ["2026", "2025"],
        "one": ["parts", "320000"],
        "other": ["vehicle", "330000"],
        "former": ["0001"],
        "table": ["splits", "methods", "paths"] if name.endswith("judged") else ["decomposition", "transitions", "comparisons"],
        "target": ["T4", "T3"],
        "root": [str(house.store / "editions")],
        "identifier": ["0001"],
        "seal": [seal],
        "language": ["zh"],
        "what": [("all",)],
        "_make": [lambda edition: edition.query("SELECT * FROM results")],
    }
    wanted = [one for one in inspect.signature(found.__wrapped__).parameters if one not in ("_edition", "sha256", "scope")]
    made: list[dict[str, Any]] = [{}]
    for one in wanted:
        made = [{**given, one: value} for given in made for value in offered[one]]
    return made


def foreign(answer: object, visitor: str, house: House) -> list[object]:
    """The rows of an answer that the visitor may not see."""
    frames: list[pl.DataFrame] = []
    if isinstance(answer, Shown):
        tables = ("results", "assessments", "splits", "paths", "paces", "methods", "decomposition", "transitions")
        frames = [answer.query(f"SELECT * FROM {table}") for table in tables]
    elif isinstance(answer, Tables):
        frames = [answer.results, answer.assessments, answer.splits, answer.paces, answer.comparisons]
    elif isinstance(answer, pl.DataFrame):
        frames = [answer]
    return list(chain.from_iterable(_foreign(frame, visitor, house) for frame in frames))


def _foreign(frame: pl.DataFrame, visitor: str, house: House) -> Iterator[object]:
    if visitor not in WITHIN:
        return
    for row in frame.iter_rows(named=True):
        if "category" in row and row.get("part") != "total" and not house.sees(visitor, row["breakdown"], row["category"]):
            yield row
        if row.get("n") in house.counts and not house.sees(visitor, *house.counts[row["n"]]):
            yield row
        if row.get("among") or row.get("cumulative") is not None or row.get("fastest") is not None:
            yield row
    if set(frame.columns) == {"breakdown", "period"}:
        allowed = {by for by, category in house.counts.values() if house.sees(visitor, by, category)}
        withheld = {"segment", *allowed}  # of these every row may be withheld
        yield from (by for by in set(frame["breakdown"]) - allowed - withheld)


def leaks(functions: Mapping[str, Any], house: House) -> list[object]:
    """What some visitor is shown of others when every function was asked by each other visitor before."""
    edition = open_edition(house.store / "editions")
    seal = edition.sha256
    edition.close()
    shown = {visitor: restricted(open_edition(house.store / "editions"), house.scope(visitor)) for visitor in VISITORS}
    found: list[object] = []
    for (name, function), warm in product(functions.items(), SCOPES):
        function.clear()
        parameters = inspect.signature(function.__wrapped__).parameters
        for given in asked(name, function, house, seal):
            for visitor in (warm, *(one for one in SCOPES if one != warm)):
                USER["name"] = visitor
                own = {"_edition": shown[visitor], "sha256": seal, "scope": shown[visitor].scope}
                answer = function(**{key: value for key, value in own.items() if key in parameters}, **given)
                found += foreign(answer, visitor, house)
                if visitor not in WITHIN and isinstance(answer, pl.DataFrame) and answer.is_empty():
                    found += _missing(name, given, house)
    for one in shown.values():
        one.close()
    return found


def _missing(name: str, given: Mapping[str, str], house: House) -> list[object]:
    """An answer that is empty for somebody who sees all, where there is something: the cache gave that of an association."""
    there = any((by, category) == (given.get("breakdown"), given.get("category")) for by, category in house.counts.values())
    return [f"{name} {given} is empty"] if name.endswith(".path") and there else []


#: who asks, for the leaks that are planted below
USER = {"name": ""}


def test_every_cached_function_takes_a_scope_and_none_reads_who_asks() -> None:
    found = cached()
    assert len(found) >= 11
    assert unscoped(found) == []
    for name, function in found.items():
        source = inspect.getsource(function.__wrapped__)
        assert not re.search(r"st\.(user|context|session_state|query_params)|get_script_run_ctx", source), name
        unkept = [one for one in inspect.signature(function.__wrapped__).parameters if one.startswith("_")]
        # what is made of an edition is made by a function: which, its name in `what` says
        allowed = [[], ["_edition"], *([["_edition", "_make"]] if name.endswith("._made") else [])]
        assert unkept in allowed, f"{name}: an argument that begins with a stroke is no part of the key"


def test_answers_are_kept_in_one_module_only_and_by_nothing_else() -> None:
    """Any other keeping of answers, of Streamlit or of the standard library, would need the same proof."""
    kept = {}
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [ast.unparse(one) for one in getattr(node, "decorator_list", [])]
            if any(re.match(r"st\.cache|cache$|lru_cache|functools", name) for name in names):
                kept[path.relative_to(ROOM).as_posix(), node.name] = names  # type: ignore[attr-defined]
    outside = {place for place, names in kept.items() if not any("st.cache" in name for name in names)}
    assert {place for place, _ in set(kept) - outside} == {"query.py"}
    # the words of a language, and the list of accounts by the hash of its bytes
    assert outside <= {("words.py", "words"), ("visitors/access.py", "_parsed")}


def test_views_ask_the_edition_nothing_themselves() -> None:
    for path in [*(ROOM / "views").glob("*.py"), *(ROOM / "blocks").glob("*.py"), ROOM / "app.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("query", "_database"):
                raise AssertionError(f"{path.name}:{node.lineno} asks the edition itself; use view.read")


def test_no_visitor_reads_the_rows_of_another_whoever_came_first(house: House) -> None:
    assert leaks(cached(), house) == []


def test_the_edition_of_an_association_holds_nothing_else_and_not_too_little(house: House) -> None:
    whole = open_edition(house.store / "editions")
    with closing(whole):
        keys = whole.query("SELECT DISTINCT breakdown, category FROM results").rows()
    for visitor in WITHIN:
        with closing(restricted(open_edition(house.store / "editions"), house.scope(visitor))) as shown:
            kept = shown.query("SELECT DISTINCT breakdown, category FROM results").rows()
            assert set(kept) == {key for key in keys if house.sees(visitor, *key)}
            assert len({by for by, _ in kept}) >= 3, "the total, a breakdown, a crossing"
            assert shown.notices == () != whole.notices
            assert foreign(shown, visitor, house) == []
    for rows_of in ("none", "within"):
        nobody = Scope(rows=rows_of)  # type: ignore[arg-type]
        with closing(restricted(open_edition(house.store / "editions"), nobody)) as shown:
            kept = shown.query("SELECT DISTINCT breakdown FROM results").rows()
            assert kept == ([] if rows_of == "none" else [("total",)]), "who is given nothing sees nothing but the total"


def test_who_sees_all_rows_has_one_scope(house: House) -> None:
    assert {house.scope(visitor) for visitor in VISITORS if visitor not in WITHIN} == {house.scope("analyst")}
    assert len({house.scope(visitor) for visitor in VISITORS}) == len(SCOPES)


def test_asking_under_another_scope_than_that_of_the_edition_is_a_mistake(house: House) -> None:
    with closing(restricted(open_edition(house.store / "editions"), house.scope("parts"))) as shown:
        for function in (query.headline, query.tiles, query.coverage):
            with pytest.raises(query.OutOfScope):
                function(shown, shown.sha256, house.scope("analyst"))


# planted leaks


def _whose(_edition: Shown, sha256: str, indicator: str) -> pl.DataFrame:
    """It reads who asks, and keeps the answer for everybody."""
    return _edition.query("SELECT * FROM results WHERE indicator = $indicator", {"indicator": indicator})


def _forgotten(root: str, scope: Scope, indicator: str) -> pl.DataFrame:
    """It has the scope in its key, and forgets it in the question."""
    with closing(open_edition(Path(root))) as edition:
        return edition.query("SELECT * FROM results WHERE indicator = $indicator", {"indicator": indicator})


@pytest.mark.parametrize("leak", [_whose, _forgotten])
def test_a_planted_leak_is_caught(house: House, leak: Callable[..., pl.DataFrame]) -> None:
    function = st.cache_data(show_spinner=False)(leak)
    assert leaks({"planted": function}, house) != []
    assert unscoped({"planted": function}) == (["planted"] if leak is _whose else [])


def test_a_function_that_reads_the_user_inside_is_caught(house: House) -> None:
    """The finding that this proof is for: the second visitor was shown the enterprises of the first."""

    @st.cache_data(show_spinner=False)
    def mine(root: str, indicator: str) -> pl.DataFrame:
        with closing(restricted(open_edition(Path(root)), house.scope(USER["name"]))) as shown:
            return shown.query("SELECT * FROM results WHERE indicator = $indicator", {"indicator": indicator})

    assert unscoped({"mine": mine}) == ["mine"]
    assert leaks({"mine": mine}, house) != []


# the app itself: pages, filters, exports


def sent(house: House, visitor: str, view: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[str, dict[str, bytes]]:
    """Everything that one run of a page hands to a browser, and the files that it offers."""
    monkeypatch.setenv("PLANWATCH_DIR", str(house.store))
    monkeypatch.setenv("PLANWATCH_WHO", "sign-in")
    monkeypatch.setattr(SESSIONS, "active", lambda session: True)
    monkeypatch.setattr(SESSIONS, "_offers", {})
    monkeypatch.setattr(SESSIONS, "_tokens", {})
    app = AppTest.from_file(str(APP), default_timeout=60)
    app.user = claims(visitor)
    for name, value in view.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    told = [str(element.proto) for element in app.main if hasattr(element, "proto")]
    told += [frame.value.to_csv() for frame in app.dataframe]
    text = re.sub(r"export/[\w-]+", "export/", "\n".join(told))  # words drawn by chance may look like a name
    assert words("zh")("edition.mistake") not in text
    return text, {offer.name: offer.make() for offer in SESSIONS._offers.values()}


def readable(name: str, data: bytes) -> str:
    """The words of a file. A picture as points is made of the one as text, which is offered beside it."""
    if name.endswith(".xlsx"):
        with zipfile.ZipFile(BytesIO(data)) as book:
            return "\n".join(book.read(part).decode() for part in book.namelist() if part.endswith(".xml"))
    if name.endswith(".pdf"):
        found = subprocess.run(["pdftotext", "-", "-"], input=data, capture_output=True, check=False) if PDFTOTEXT else None
        return found.stdout.decode() if found else ""
    return "" if name.endswith(".png") else data.decode()


def not_for(text: str, visitor: str, house: House) -> set[str]:
    """Counts of rows and names of categories in a text that are not for the visitor."""
    counts = {int(found) for found in re.findall(r"\b1[0-9]{6}\b", text)} & set(house.counts)
    found = {str(count) for count in counts if not house.sees(visitor, *house.counts[count])}
    if visitor not in WITHIN:
        return found
    seen = {key for key in house.counts.values() if house.sees(visitor, *key)}
    pairs = {pair for by, category in seen for pair in zip(by.split(","), category.split(","), strict=False)}
    own = {name for pair, name in house.names.items() if pair in pairs}
    law = {house.names["segment_group", "parts"]}  # the sentence of the law itself names them
    return found | (set(re.findall(r"Q[0-9]{3}Q", text)) - own - law)


def crossed(house: House, monkeypatch: pytest.MonkeyPatch, warm: str, views: tuple[dict[str, str], ...]) -> set[str]:
    """What anybody is shown, or could carry away, of what is not for him, after somebody went through all views."""
    found: set[str] = set()
    _clear()
    for visitor in (warm, *(one for one in VISITORS if one != warm)):
        for view in views:
            text, files = sent(house, visitor, view, monkeypatch)
            found |= {f"{visitor} {view} {one}" for one in not_for(text, visitor, house)}
            for name, data in files.items():
                found |= {f"{visitor} {name} {one}" for one in not_for(readable(name, data), visitor, house)}
            if visitor == "viewer" and files:
                found.add(f"viewer could carry away {sorted(files)}")
    return found


@pytest.mark.parametrize("warm", SCOPES)
def test_no_page_filter_or_file_shows_what_is_anothers(house: House, monkeypatch: pytest.MonkeyPatch, warm: str) -> None:
    assert crossed(house, monkeypatch, warm, VIEWS) == set()


def test_what_is_ones_own_is_there(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control of the control: the markers are found where they belong, on pages and in files."""
    view = {"page": "explore", "indicator": "nc_rate", "breakdown": "province,segment_group,size_class"}
    for visitor, some in (("analyst", ("110000", "320000")), ("provinces", ("320000", "330000"))):
        text, files = sent(house, visitor, view, monkeypatch)
        written = next(data.decode() for name, data in files.items() if re.fullmatch(r"nc_rate_province.*\.csv", name))
        for code in some:
            assert house.names["province", code] in text
            assert house.names["province", code] in written
        assert re.findall(r"\b1[0-9]{6}\b", written)


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("cut", {"page": "explore", "indicator": "nc_rate", "breakdown": "segment"}),
        ("judged", {"page": "who", "indicator": "nc_rate"}),
    ],
)
def test_a_leak_planted_in_the_app_is_caught_by_the_same_crossing(
    house: House, monkeypatch: pytest.MonkeyPatch, name: str, view: dict[str, str]
) -> None:
    """One question that forgets the scope in its key: whoever comes first decides what all see."""
    sound = getattr(query, name)

    @st.cache_data(show_spinner=False)
    def kept(_edition: Shown, sha256: str, _scope: Scope, *rest: str) -> pl.DataFrame:
        return sound.__wrapped__(_edition, sha256, _scope, *rest)

    monkeypatch.setattr(query, name, kept)
    assert unscoped({name: kept}) == [name]
    assert crossed(house, monkeypatch, "analyst", (view,)) != set()


def test_pages_go_by_role(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    told = words("zh")
    for visitor in VISITORS:
        text, files = sent(house, visitor, {"page": "catalogue", "lang": "zh"}, monkeypatch)
        inside = visitor in ("analyst", "steward")
        assert (told("nav.catalogue") in text) == inside
        assert any(name.endswith(".jsonld") for name in files) == inside
        view = {"page": "who", "indicator": "nc_rate", "lang": "zh"}
        text, files = sent(house, visitor, view, monkeypatch)
        assert (told("target.page.if.note") in text) == (visitor not in WITHIN)
        assert bool(files) == (visitor != "viewer")
        overview, _ = sent(house, visitor, {}, monkeypatch)
        assert ("提示：整车企业" in overview) == (visitor not in WITHIN)
