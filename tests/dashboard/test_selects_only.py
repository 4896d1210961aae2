"""The app and the exports select published cells and never aggregate: whatever they show is a number of the edition.

Every page, filter, link parameter and file is driven on an edition whose numbers are printed with six decimals, so that a number
made on the fly would match none of them. What was seen, with its key, is then attacked as an outsider would. The one exception
is what if: a scenario is arithmetic on published numbers, marked as such, and enters no other number.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.commands.details import Detail
from dashboard.serve import APP
from dashboard.visitors.sessions import SESSIONS
from dashboard.words import Words, words
from indicators.attack.attack import attack
from indicators.attack.collection import CELLS, TABLES, Collection, Number
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.editions.edition import Edition, open_edition
from indicators.estimation.estimate import KEYS
from indicators.publish import publish
from tests.dashboard.conftest import Run

REPOSITORY = Path(__file__).parents[2]
DECIMALS = 6
#: of each kind of number one: a ratio with targets, a relative change with parts, a fixed mix, a panel, a total, volunteers
DRIVEN = (
    "rd_tool_rate",
    "labour_productivity_change",
    "rd_cycle_change",
    "maturity_step",
    "solution_providers",
    "maturity_level_4plus",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, published under all rules of protection, by a plan that prints six decimals."""
    from dashboard import cli

    folder = tmp_path_factory.mktemp("selects")
    assert cli.main(["load", str(REPOSITORY / "sample_data" / "small"), "--dir", str(folder)]) == 0
    plan = load_plan(AUTOMOTIVE)
    units = {name: unit.model_copy(update={"decimals": DECIMALS}) for name, unit in plan.identity.units.items()}
    fine = plan.model_copy(update={"identity": plan.identity.model_copy(update={"units": units})})
    publish(store=folder, plan=fine, plan_folder=AUTOMOTIVE).close()
    return folder


@pytest.fixture(scope="module")
def edition(store: Path) -> Iterator[Edition]:
    with closing(open_edition(store / "editions")) as opened:
        yield opened


class Cells:
    """Every number of an edition, to be found by its key, or by how it is printed."""

    def __init__(self, edition: Edition) -> None:
        self.tables = {name: edition.query(f'SELECT * FROM "{name}"') for name in TABLES}
        self.changes = {i.id: i.change_of for i in edition.plan.indicators.values() if i.change_of}
        self.factors = {1.0, 100.0, *(unit.factor for unit in edition.plan.identity.units.values())}
        further = [edition.query(f"SELECT * FROM {name}") for name in ("paths", "paces", "methods")]
        numbers = [self._floats(frame) for frame in (*self.tables.values(), *further)]
        asked = [float(t.value) for i in edition.plan.indicators.values() for t in i.targets if t.value is not None]
        cited = [one.value for reference in edition.plan.references.values() for one in reference.observations]
        # a range may be told by half its width, which is a number of the one cell alone
        ranged = [frame for frame in self.tables.values() if {"low", "high"} <= {*frame.columns}]
        halves = [((frame["high"] - frame["low"]) / 2).drop_nulls().to_numpy() for frame in ranged]
        every = np.abs(np.concatenate([*numbers, *halves, np.array([*asked, *cited])]))
        self.known = np.unique(np.concatenate([every * factor for factor in self.factors]))

    def behind(self, indicator: str, breakdown: str, row: Mapping[str, str], said: Words) -> list[pl.DataFrame]:
        """The rows of the edition that a row of a file is of, by its codes; beside a number stands its published change."""
        code = row[said("table.codes")]
        changes = [name for name, of in self.changes.items() if of == indicator]
        if said("carry.part") in row:
            key = {"period": row[said("table.period")], "breakdown": row[said("table.breakdown")], "category": code}
            return [self.of("decomposition", {"indicator": name, **key}) for name in (indicator, *changes)]
        key = {"breakdown": "total" if code == "total" else breakdown, "category": code}
        own = self.of("results", {"indicator": indicator, "period": row[said("table.period.code")], **key})
        beside = [self.of("results", {"indicator": name, **key}) for name in changes if said("explore.column.known") in row]
        return [] if own.is_empty() else [own, *beside]

    @staticmethod
    def _floats(frame: pl.DataFrame) -> Any:
        columns = [frame[name].drop_nulls().to_numpy() for name, kind in frame.schema.items() if kind == pl.Float64()]
        return np.concatenate(columns) if columns else np.zeros(0)

    @staticmethod
    def printable(frame: pl.DataFrame, factors: set[float]) -> Any:
        """The numbers of some rows in every unit in which they may be printed, without their sign."""
        numbers = Cells._floats(frame)
        return np.abs(np.concatenate([numbers * factor for factor in sorted(factors)]))

    def holds(self, value: float, rounded: float = 5.1 * 10 ** -(DECIMALS + 1)) -> bool:
        """Whether some number of the edition is printed so."""
        at = np.searchsorted(self.known, abs(value)) + np.array([-1, 0])
        near = abs(abs(value) - self.known[np.clip(at, 0, len(self.known) - 1)])
        return bool(near.min() <= max(rounded, 1e-12 * abs(value)))

    def of(self, table: str, row: Mapping[str, Any]) -> pl.DataFrame:
        """The rows of a table with the key of this one."""
        keys = [name for name, kind in self.tables[table].schema.items() if kind in (pl.String(), pl.Boolean()) and name in row]
        return self.tables[table].filter(*(pl.col(name).eq_missing(pl.lit(row[name])) for name in keys))


@pytest.fixture(scope="module")
def cells(edition: Edition) -> Cells:
    return Cells(edition)


def opened(store: Path, monkeypatch: pytest.MonkeyPatch, **choices: str) -> AppTest:
    monkeypatch.setenv("PLANWATCH_DIR", str(store))
    monkeypatch.setattr(SESSIONS, "active", lambda session: True)
    app = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in choices.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    shown = " ".join(str(block.proto.body) for block in app.get("html"))
    assert words(choices.get("lang", "zh"))("edition.mistake") not in shown
    return app


#: of the number that a scenario starts from
STARTED = ("value", "gap", "p_met")
#: where the numbers of a scenario stand
SCENARIO = "whatif_result"


def outside(node: Any) -> Iterator[Any]:
    """Everything on a page but what a scenario gives."""
    if SCENARIO in str(getattr(getattr(node, "proto", None), "id", "")):
        return
    if hasattr(node, "children"):
        for child in node.children.values():
            yield from outside(child)
    else:
        yield node


def texts(app: AppTest) -> str:
    """All that is written on a page, without what only lays it out, and without the scenario."""
    nodes = [node for root in (app.main, app.sidebar) for node in outside(root)]
    written = " ".join(str(node.proto.body) for node in nodes if hasattr(getattr(node, "proto", None), "body"))
    return re.sub(r'(style|href|d|viewBox|points|transform)="[^"]*"', "", written)


def printed(text: str) -> set[float]:
    """Numbers with all their decimals."""
    return {float(one.replace(",", "")) for one in re.findall(rf"\d[\d,]*\.\d{{{DECIMALS}}}(?!\d)", text)}


def drawn(app: AppTest) -> Iterator[float]:
    """The numbers at which figures have bars and marks; places on an axis of categories, which are even, are none."""
    for chart in app.get("plotly_chart"):
        for trace in json.loads(chart.proto.spec)["data"]:
            if trace.get("type") == "bar" or "markers" in str(trace.get("mode", "")):
                for held in (trace.get("x"), trace.get("y")):
                    numbers = [float(one) for one in held or [] if isinstance(one, int | float)]
                    if not all(abs(one * 20 - round(one * 20)) < 1e-9 for one in numbers):
                        yield from numbers


def rows_of_file(data: bytes) -> list[dict[str, str]]:
    lines = [line for line in data.decode("utf-8-sig").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def check_files(app: AppTest, cells: Cells, lang: str, indicator: str, breakdown: str) -> int:
    """The files of a page; how many numbers of them were held against the cell with their key.

    Rows of a trend or of groups bear period and code; of others each number is a cell of the edition.
    """
    checked, said = 0, words(lang)
    coarse = (said("table.response"), said("table.imputed"))  # with one decimal, whatever the unit
    for token in re.findall(r'href="export/([\w-]+)"', " ".join(str(block.proto.body) for block in app.get("html"))):
        offer = SESSIONS._offers[token]
        if not offer.kind.startswith("text/csv"):
            continue
        for row in rows_of_file(offer.make()):
            numbers = {name: float(text) for name, text in row.items() if re.fullmatch(r"-?\d+\.\d{2,}", text or "")}
            if said("table.codes") not in row:
                assert all(cells.holds(one, 5.1e-5) for one in numbers.values()), row  # contributions have four decimals
                continue
            frames = cells.behind(indicator, breakdown, row, said)
            assert any(frame.height for frame in frames), f"{indicator} by {breakdown}: {row} is no cell of the edition"
            own = np.concatenate([Cells.printable(frame, cells.factors) for frame in frames])
            for name, one in numbers.items():
                assert np.abs(own - abs(one)).min() <= (0.051 if name in coarse else 5.1e-7), (name, row)
            checked += len(numbers)
    return checked


def test_every_filter_of_the_indicator_page_selects(
    store: Path, edition: Edition, cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each breakdown in its newest period, each period, both orders, both languages."""
    checked = 0
    for indicator in DRIVEN:
        offered = edition.query("SELECT DISTINCT breakdown, period FROM results WHERE indicator = ? ORDER BY ALL", [indicator])
        newest = str(offered["period"].max())
        asked = [(by, newest) for by in offered.filter(period=newest)["breakdown"].unique().sort() if by != "total"]
        asked += [("segment_group", period) for period in offered.filter(breakdown="segment_group")["period"].unique().sort()]
        for at, (breakdown, period) in enumerate(asked or [("", newest)]):
            choices = {
                "page": "explore",
                "indicator": indicator,
                "lang": ("zh", "en")[at % 2],
                "sort": ("plan", "value")[at % 2],
            }
            choices |= {"breakdown": breakdown, "period": period} if breakdown else {}
            app = opened(store, monkeypatch, **choices)
            strange = {one for one in printed(texts(app)) if not cells.holds(one)}
            assert not strange, f"{indicator} by {breakdown} in {period} writes {sorted(strange)[:5]}"
            odd = {one for one in drawn(app) if not cells.holds(one, 1e-9 * max(1.0, abs(one))) and not 1990 < one < 2100}
            assert not odd, f"{indicator} by {breakdown} in {period} draws {sorted(odd)[:5]}"
            checked += check_files(app, cells, choices["lang"], indicator, breakdown)
    assert checked > 500, "numbers of files were held against their cells"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_overview_and_catalogue_select(store: Path, cells: Cells, monkeypatch: pytest.MonkeyPatch, lang: str) -> None:
    for page in ("overview", "catalogue"):
        app = opened(store, monkeypatch, lang=lang, page=page)
        assert not {one for one in printed(texts(app)) if not cells.holds(one)}, page


def test_a_scenario_is_the_one_exception(store: Path, cells: Cells, run: Run) -> None:
    """Its numbers are arithmetic on cells; what it starts from are cells."""
    said = run("whatif", "small_parts_best_fifth", "--format", "json", "--dir", store)
    assert said.code == 0, said.err
    played = json.loads(said.out)
    before = played["before"]
    judged = cells.tables["assessments"].filter(indicator="rd_tool_rate", target="T3", period=before["period"], category="total")
    assert {name: judged[name][0] for name in STARTED} == {name: before[name] for name in STARTED}
    former = [part["former"] for part in played["moved"] if part["former"] is not None]
    assert former and all(cells.holds(one, 1e-12) for one in former)


def numbers_in(table: str, rows: list[dict[str, Any]], cells: Cells, edition: str) -> Iterator[Number]:
    """Rows of an export, each held against the row of the edition with its key."""
    schema = TABLES[table]
    texts_of = [name for name, kind in schema.items() if kind == pl.String() or name == "year"]
    kept = {json.dumps([row[name] for name in texts_of]): row for row in cells.tables[table].iter_rows(named=True)}
    for row in rows:
        own = kept.get(json.dumps([row[name] for name in texts_of]))
        assert own is not None, f"{table}: {row} is no row of the edition"
        key = {name: row[name] for name in (KEYS if table == "results" else texts_of) if row[name] is not None}
        for name, kind in schema.items():
            if kind in (pl.Float64(), pl.Int64()):
                assert row[name] == own[name], f"{table} {key} {name}"
                if row[name] is not None:
                    yield Number(table=table, key=key, kind=name, value=float(row[name]), edition=edition)
        if table == "results" and row["quality"] == "census":
            yield Number(table=table, key=key, kind="quality", value=1.0, edition=edition)


def test_every_export_gives_cells_from_which_nothing_follows(store: Path, edition: Edition, cells: Cells, run: Run) -> None:
    """show, details, gap, methods, revisions and alerts; and an attack on all that they gave."""
    seen: list[Number] = []
    shown = run("show", "all", "--by", "all", "--period", "all", "--format", "json", "--dir", store)
    seen += numbers_in("results", json.loads(shown.out), cells, edition.id)
    for table in Detail:
        said = run("details", table.value, "--format", "json", "--dir", store)
        assert said.code == 0, said.err
        if table.value in TABLES:
            seen += numbers_in(table.value, json.loads(said.out), cells, edition.id)
    aimed = [name for name, one in edition.plan.indicators.items() if any(target.value is not None for target in one.targets)]
    for indicator in aimed:
        said = run("gap", indicator, "--format", "json", "--dir", store)
        if said.code == 0:
            for table, rows in json.loads(said.out).items():
                place = {"readings": "assessments"}.get(table, table)
                seen += numbers_in(place, rows, cells, edition.id) if place in TABLES else []
        told = run("methods", indicator, "--period", "all", "--format", "csv", "--dir", store)
        assert told.code == 0, told.err
    for command in ("alerts", "revisions"):
        assert run(command, "--format", "csv", "--dir", store).code == 0
    statuses = edition.query("SELECT * FROM results").select(list(CELLS))
    collection = Collection.of_numbers(edition.plan, {edition.id: statuses}, seen, edition.id, _through(edition))
    found = attack(collection)
    assert len(seen) > 100_000
    assert found.recovered == []
    assert len(found.unanimous) > 0


def _through(edition: Edition) -> dict[str, str]:
    return dict(edition.query("SELECT table_id, last_period FROM coverage").drop_nulls().iter_rows())


def test_no_unsafe_number_is_enclosed_more_closely_than_the_rules_ask(store: Path, run: Run) -> None:
    """All that is shown are cells of the edition, so what the edition as a whole allows bounds what any view of it does."""
    said = run("audit", "--inside", "--format", "json", "--dir", store)
    found = json.loads(said.out)
    assert (said.code, found["recovered"], found["inside"]["exposed"], found["inside"]["narrow"]) == (0, [], [], [])
    assert found["inside"]["margin"] >= 1
    assert found["inside"]["primary"] > 0


@pytest.mark.parametrize("path", sorted((REPOSITORY / "dashboard").rglob("*.py")), ids=lambda path: path.name)
def test_no_statement_of_the_dashboard_aggregates_numbers(path: Path) -> None:
    """Rows may be counted; numbers are neither added up, averaged nor ranked."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"\bSELECT\b", node.value):
            found = re.search(r"\b(sum|avg|mean|median|min|max|stddev\w*|quantile\w*)\s*\(", node.value, re.IGNORECASE)
            assert found is None, node.value


def test_a_number_that_was_added_up_would_be_seen(cells: Cells) -> None:
    """The control: sums and means of neighbouring cells are no cells."""
    values = cells.tables["results"].filter(indicator="rd_tool_rate")["value"].drop_nulls().to_numpy() * 100
    made = [(float(a) + float(b)) / 2 for a, b in pairwise(values) if abs(a - b) > 1e-6]
    missed = [one for one in made if cells.holds(round(one, DECIMALS))]
    assert len(made) > 100
    assert len(missed) < len(made) / 20
