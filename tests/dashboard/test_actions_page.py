"""The page of actions: what is known of each task, counted a second time from plan.yaml and the tables of the edition."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from dashboard.rows import headline, tasks
from dashboard.words import words
from indicators.catalogue.catalogue import AUTOMOTIVE
from indicators.catalogue.plan import Action, Plan, Task
from indicators.editions.edition import Edition
from pipelines.yamlfile import Text
from tests.dashboard.browsing import ready, until
from tests.dashboard.furnished import empty, furnished
from tests.dashboard.plausible import write_plausible
from tests.dashboard.test_app import run, sound
from tests.dashboard.test_scopes import House, crossed, house, not_for, sent

LANGUAGES = ("zh", "en")
__all__ = ["house"]  # a fixture


def shown(store: Path, monkeypatch: pytest.MonkeyPatch, **choices: str) -> AppTest:
    return run(store, monkeypatch, **{"page": "actions", "lang": "en", **choices})


def written() -> list[dict[str, Any]]:
    """The tasks as plan.yaml has them, read by another reader."""
    listed: list[dict[str, Any]] = yaml.safe_load((AUTOMOTIVE / "plan.yaml").read_text(encoding="utf-8"))["actions"]
    return [task for action in listed for task in action["tasks"]]


def states(edition: Edition) -> dict[int, str]:
    """The state of each task by its indicators' rows and the rows of its tables, without tiles or readings."""
    valued = set(
        edition.query("SELECT indicator FROM results WHERE period = '2026' AND value IS NOT NULL")["indicator"].to_list()
    )
    loaded = set(edition.query('SELECT table_id FROM coverage WHERE "rows" > 0')["table_id"].to_list())
    found = {}
    for task in written():
        numbered, registered = valued & set(task.get("indicators", [])), loaded & set(task.get("tables", []))
        found[task["id"]] = "number" if numbered else "register" if registered else "nothing"
    return found


def cells(body: str) -> dict[int, str]:
    """The strip: each task with its mark."""
    return {int(task): state for state, task in re.findall(r'<a class="pw-task-(\w+)" href="#task-(\d+)"', body)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_and_task_stands_with_what_is_known(
    store: Path, edition: Edition, plan: Plan, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    told, app = words(language), shown(store, monkeypatch, lang=language)
    body, wanted = sound(app), states(edition)
    assert len(wanted) == 15
    assert cells(body) == wanted
    counted = {name: list(wanted.values()).count(name) for name in ("number", "nothing")}
    registered = sum(bool(task.get("tables")) for task in written())
    assert escape(told("actions.lead", tasks=15, register=registered, **counted)) in body
    assert body.count(told("actions.unloaded")) == sum(not task.get("tables") for task in written())
    for action in plan.identity.actions:
        assert escape(action.name.in_language(language)) in body
        for task in action.tasks:
            assert f'id="task-{task.id}"' in body
            assert escape(task.name.in_language(language)) in body


def test_numbers_link_to_their_target_and_others_to_explore(store: Path, monkeypatch: pytest.MonkeyPatch, plan: Plan) -> None:
    app = shown(store, monkeypatch)
    links = [str(link.proto.page) + str(link.proto.query_string) for link in app.get("page_link")]
    for task in written():
        for name in task.get("indicators", []):
            page = "target" if plan.indicators[name].targets else "explore"
            assert any(f"page={page}&indicator={name}" in link for link in links), name


def test_rows_units_and_periods_are_those_of_the_edition(tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: 1,200 assessments, 45 providers, an empty survey; nothing of the declarations."""
    furnished(tmp_path / "editions", plan).close()
    body = sound(shown(tmp_path, monkeypatch))
    assert body.count("Assessments: 1,200 rows, 800 units, 2024 to 2026") == 3, "tasks 1, 2 and 4"
    assert body.count("Register of solution providers: 45 rows, 20 units, 2024 to 2026") == 1
    assert body.count("Data-security declarations: nothing loaded yet") == 1
    assert "Annual survey" not in body, "an empty table that belongs to no task is not told of"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_belongs_to_no_single_task_is_said(store: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    told, body = words(language), sound(shown(store, monkeypatch, lang=language))
    ids = told("mark.names").join(["T3", "T4", "T5", "T6", "T7"])
    assert told("actions.apart.targets", ids=ids) in body


def test_a_register_alone_and_nothing_are_told_apart(plan: Plan) -> None:
    """Pure: three tasks by hand."""
    told = Text(zh="任务", en="Task")
    listed = [
        Task(id=1, name=told, indicators=["solution_providers"], tables=["providers"]),
        Task(id=2, name=told, tables=["providers"]),
        Task(id=3, name=told, indicators=["nc_rate"], tables=["survey"], goals=["T9"]),
    ]
    own = plan.model_copy(
        update={"identity": plan.identity.model_copy(update={"actions": [Action(id="A", name=told, tasks=listed)]})}
    )
    row = {"indicator": "solution_providers", "breakdown": "total", "category": "total", "status": "published"}
    totals = _results([{**row, "period": "2025", "value": 12.0}, {**row, "period": "2026", "value": 18.0}])
    coverage = pl.DataFrame([_span("providers", 45), _span("survey", 0)])
    [(_, known)] = tasks.known(own, (), totals, coverage)
    assert [one.state for one in known] == ["number", "register", "nothing"]
    assert known[0].numbers[0].now is not None
    assert known[0].numbers[0].now.value == 18.0, "the newest"
    assert [goal.id for goal in known[2].goals] == ["T9"]
    assert tasks.counts(known) == {"tasks": 3, "number": 1, "register": 2, "nothing": 1}
    free, rest = tasks.apart(own, headline.tiles(own, totals), coverage)
    assert "T9" not in [tile.id for tile in free]
    assert "T8" not in [tile.id for tile in free]
    assert "T4" not in [tile.id for tile in free]
    assert {"T1", "T2", "T3"} <= {tile.id for tile in free}
    assert rest == []


def test_the_plan_names_only_what_it_has(plan: Plan) -> None:
    """Each task's references once more, against the files of the plan folder."""
    indicators = {path.stem for path in (AUTOMOTIVE / "indicators").glob("*.yaml")}
    tables = {path.stem for path in (AUTOMOTIVE / "tables").glob("*.yaml")}
    for task in written():
        assert set(task.get("indicators", [])) <= indicators
        assert set(task.get("tables", [])) <= tables
        assert set(task.get("goals", [])) <= {goal.id for goal in plan.identity.goals}
    assert [task["id"] for task in written()] == list(range(1, 16))


def test_a_plan_without_actions_and_one_without_links_say_so(tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_actions(actions: list[Action]) -> Plan:
        return plan.model_copy(update={"identity": plan.identity.model_copy(update={"actions": actions})})

    write_plausible(tmp_path / "a" / "editions", with_actions([])).close()
    body = sound(shown(tmp_path / "a", monkeypatch))
    assert 'class="pw-empty"' in body
    assert words("en")("actions.none") in body
    bare = [
        action.model_copy(update={"tasks": [Task(id=task.id, name=task.name) for task in action.tasks]})
        for action in plan.identity.actions
    ]
    write_plausible(tmp_path / "b" / "editions", with_actions(bare)).close()
    body = sound(shown(tmp_path / "b", monkeypatch))
    assert words("en")("actions.unlinked", id="0001") in body
    assert cells(body) == {}, "where it is not said what belongs to a task, nothing is said of how much is known"
    assert words("en")("actions.unloaded") not in body
    twice = [Action(id="A", name=bare[0].name, tasks=[bare[0].tasks[0]] * 2), Action(id="A", name=bare[0].name, tasks=[])]
    write_plausible(tmp_path / "c" / "editions", with_actions(twice)).close()
    assert sound(shown(tmp_path / "c", monkeypatch)).count("<h3>") == 2, "the same number twice is no mistake of the page"


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_edition_has_its_state(tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    empty(tmp_path / "editions", plan).close()
    body = sound(shown(tmp_path, monkeypatch, lang=language))
    assert set(cells(body).values()) == {"nothing"}
    assert escape(words(language)("actions.lead", tasks=15, number=0, register=0, nothing=15)) in body


def test_who_sees_a_part_is_told_so_and_sees_nothing_else(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for visitor in ("analyst", "parts", "provinces", "vehicles", "viewer"):
        text, _ = sent(house, visitor, {"page": "actions", "lang": "zh"}, monkeypatch)
        assert not_for(text, visitor, house) == set()
        assert (words("zh")("actions.cut") in text) == (visitor in ("parts", "provinces", "vehicles"))
    assert crossed(house, monkeypatch, "parts", ({"page": "actions"},)) == set()


def _results(rows: list[dict[str, Any]]) -> pl.DataFrame:
    from indicators.editions.results import as_results

    return as_results(pl.DataFrame(rows))


def _span(table: str, rows: int) -> dict[str, Any]:
    ends = {"first_period": "2024", "last_period": "2026"} if rows else {"first_period": None, "last_period": None}
    return {"table_id": table, "rows": rows, "units": rows, **ends}


# in a browser

VIEWS = [("zh", 1280, "light"), ("en", 1280, "dark"), ("en", 768, "light"), ("zh", 390, "dark"), ("en", 390, "light")]


@pytest.mark.browser
@pytest.mark.parametrize(("language", "width", "scheme"), VIEWS)
def test_the_page_in_a_browser(page: Page, app_url: str, language: str, width: int, scheme: str) -> None:
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    ready(page, f"{app_url}/?lang={language}&page=actions")
    expect(page.get_by_role("heading", level=1)).to_have_text(words(language)("nav.actions"))
    expect(page.get_by_role("heading", level=3)).to_have_count(15)
    assert page.locator("[data-testid=stMain]").evaluate("node => node.scrollWidth <= node.clientWidth")
    page.locator(".pw-tasks a").last.click()
    until(page, "document.getElementById('task-15').getBoundingClientRect().top < 900")
    page.locator("[class*=st-key-known_] a").last.click()
    until(page, "location.search.includes('page=target') && location.search.includes('indicator=risk_assessment_rate')")
    assert faults == []
