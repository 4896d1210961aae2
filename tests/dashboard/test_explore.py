"""Explore: every view in both languages, restored from its address, for whoever may see much or little of an edition."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import query
from dashboard.serve import APP
from dashboard.visitors.access import Granted, Scope, entered, read_access
from dashboard.visitors.scoped import restricted
from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.editions.edition import Edition, NoEdition, open_edition, write_edition
from tests.dashboard.judged import judgements
from tests.dashboard.plausible import Row, details, rows, write_plausible
from tests.dashboard.test_scopes import ACCESS, claims

ALL = Scope(rows="all")
VIEWS = {"rank": "bars", "time": "multiples", "change": "dumbbell", "map": "tiles_map", "compare": "duo"}
SHIFTED, OTHER = "320000", "330000"


def told_changes(plan: Plan) -> list[Row]:
    """The plausible rows with changes that say whether they are beyond their error: every second one is."""
    found = list(rows(plan))
    changes = [row for row in found if plan.indicators[str(row["indicator"])].kind == "change"]
    for at, row in enumerate(changes):
        row["significant"] = None if row["value"] is None else at % 2 == 0
    return found


def published(root: Path, plan: Plan, numbers: list[Row], **more: pl.DataFrame) -> Edition:
    coverage = pl.DataFrame(
        {"table_id": ["survey"], "rows": [9], "units": [9], "first_period": ["2024"], "last_period": ["2026"]}
    )
    statements = pl.DataFrame({"indicator": ["nc_rate"], "sql": ["SELECT 1"]})
    return write_edition(
        root,
        plan=plan,
        results=pl.DataFrame(numbers, infer_schema_length=None),
        coverage=coverage,
        statements=statements,
        provenance={},
        details={**details(plan), **judgements(plan, numbers), **more},
    )


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> Path:
    """A store with two editions: one number is revised beyond its error, and one pair of provinces is compared."""
    folder = tmp_path_factory.mktemp("twice")
    numbers = told_changes(plan)
    published(folder / "editions", plan, numbers).close()
    key = {"indicator": "nc_rate", "period": "2026", "breakdown": "province"}
    at = next(row for row in numbers if all(row[name] == told for name, told in key.items()) and row["category"] == SHIFTED)
    former = at["value"]
    at["value"] = former + 0.1
    revision = {
        "edition": "0001",
        "former": former,
        "value": at["value"],
        "revision": 0.1,
        "beyond_error": True,
        "reason": "data",
    }
    compared = {
        "category": SHIFTED,
        "other": OTHER,
        "difference": 0.05,
        "se": 0.01,
        "low": 0.03,
        "high": 0.07,
        "significant": True,
    }
    published(
        folder / "editions",
        plan,
        numbers,
        revisions=pl.DataFrame([{**key, "category": SHIFTED, **revision}]),
        comparisons=pl.DataFrame([{**key, **compared}]),
    ).close()
    return folder


@pytest.fixture(scope="module")
def totals(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> Path:
    """A store of an edition without any breakdown."""
    folder = tmp_path_factory.mktemp("totals")
    write_plausible(folder / "editions", plan, numbers=[row for row in rows(plan) if row["breakdown"] == "total"]).close()
    return folder


def run(store: Path, monkeypatch: pytest.MonkeyPatch, **choices: str) -> AppTest:
    """Explore after one run with these choices in its address."""
    monkeypatch.setenv("PLANWATCH_DIR", str(store))
    app = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in {"page": "explore", **choices}.items():
        app.query_params[name] = value
    app.run()
    return checked(app)


def checked(app: AppTest) -> AppTest:
    assert not app.exception
    assert words("zh")("edition.mistake") not in written(app)
    assert words("en")("edition.mistake") not in written(app)
    return app


def written(app: AppTest) -> str:
    return " ".join(str(block.proto.body) for block in app.get("html"))


def figures(app: AppTest) -> list[str]:
    return [chart.proto.id.rsplit("-", 1)[-1] for chart in app.get("plotly_chart")]


def chosen(app: AppTest, key: str) -> str:
    """What a control says: a list to choose from, or a row of buttons."""
    boxes = [*app.selectbox, *app.segmented_control]
    return str(next(box.value for box in boxes if box.key == f"choice_{key}"))


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("indicator", ["nc_rate", "labour_productivity", "delivery_cycle_change"])
def test_every_view_is_one_figure_with_its_table(
    twice: Path, monkeypatch: pytest.MonkeyPatch, indicator: str, view: str, language: str
) -> None:
    app = run(twice, monkeypatch, lang=language, indicator=indicator, breakdown="province", view=view)
    assert figures(app) == [VIEWS[view]]
    assert len(app.dataframe) == 1
    assert not app.info
    assert chosen(app, "view") == view
    assert chosen(app, "breakdown") == "province"


@pytest.mark.parametrize("view", ["rank", "time", "change", "map"])
def test_the_table_has_the_rows_of_the_figure(twice: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch, view: str) -> None:
    app = run(twice, monkeypatch, lang="zh", indicator="nc_rate", breakdown="province", view=view, sort="plan")
    codes = app.dataframe[0].value[words("zh")("table.codes")].to_list()
    listed = list(plan.categories("province"))
    assert codes == ([code for code in listed for _ in range(3)] if view == "time" else listed)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_indicator_with_the_total_alone_is_shown_over_time_and_says_so(
    totals: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    for indicator in ("nc_rate", "solution_providers", "labour_productivity"):
        app = run(totals, monkeypatch, lang=language, indicator=indicator)
        assert figures(app) == ["trend"]
        assert words(language)("indicator.no_breakdown") in written(app)
        assert len(app.dataframe) == 1


def test_all_choices_are_restored_from_the_address(twice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {
        "indicator": "nc_rate_pooled", "breakdown": "segment,size_class", "view": "rank",
        "period": "2025", "sort": "change", "number": "3611,large",
    }  # fmt: skip
    for language in ("zh", "en"):
        app = run(twice, monkeypatch, lang=language, **asked)
        assert {key: chosen(app, key) for key in asked} == asked
        assert not app.info


def test_a_comparison_is_restored_from_the_address(twice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"indicator": "nc_rate", "breakdown": "province", "view": "compare", "first": OTHER, "second": SHIFTED}
    app = run(twice, monkeypatch, lang="en", **asked)
    assert {key: chosen(app, key) for key in asked} == asked
    shown = written(app)
    assert "5.0 pp below" in shown, "published as the other less this one, and turned"
    assert "−7.0 to −3.0 pp" in shown
    assert words("en")("explore.shift.beyond") in shown
    app.selectbox(key="choice_second").set_value("110000").run()
    assert app.query_params["second"] == "110000"
    assert words("en")("explore.compare.unpublished", first="Zhejiang", second="Beijing") in written(checked(app))


def test_codes_that_are_not_there_are_told_and_nothing_breaks(twice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = "![x](http://x/t.png)"
    for name in ("breakdown", "view", "period", "sort", "number"):
        app = run(twice, monkeypatch, lang="en", indicator="nc_rate", **{name: odd})
        assert len(app.info) == 1, name
        assert "](http" not in app.info[0].value
    for name in ("compare", "first", "second"):
        app = run(twice, monkeypatch, indicator="nc_rate", view="compare", **{name: odd})
        assert len(app.info) == 1, name
    app = run(twice, monkeypatch, indicator="nc_rate", view="compare", compare="editions", against="9999")
    assert len(app.info) == 1
    app = run(twice, monkeypatch, indicator="nc_rate", breakdown="segment", view="map")
    assert len(app.info) == 1, "a map is of provinces"
    assert figures(app) == ["bars"]


def test_a_choice_changes_the_address_and_another_view_keeps_the_others(twice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = run(twice, monkeypatch, indicator="nc_rate", breakdown="province")
    for view, figure in [*list(VIEWS.items())[1:], ("rank", "bars")]:
        app.segmented_control(key="choice_view").set_value(view).run()
        assert app.query_params["view"] == view
        assert figures(checked(app)) == [figure]
        assert chosen(app, "breakdown") == "province"
        assert not app.info
    app.segmented_control(key="choice_view").set_value("map").run()
    app.selectbox(key="choice_breakdown").set_value("segment").run()
    assert figures(checked(app)) == ["bars"], "no map of segments; the ranking instead, without a complaint"
    assert not app.info


def test_a_link_to_a_map_without_a_breakdown_is_of_provinces(twice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = run(twice, monkeypatch, indicator="nc_rate", view="map")
    assert chosen(app, "breakdown") == "province"
    assert figures(app) == ["tiles_map"]


def test_a_level_is_chosen_where_there_are_several(twice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = run(twice, monkeypatch, indicator="labour_productivity", breakdown="segment", view="time", level="quarter")
    assert chosen(app, "level") == "quarter"
    periods = set(app.dataframe[0].value[words("zh")("table.period")])
    assert len(periods) == 11
    assert all("季度" in period for period in periods)
    assert "choice_level" not in {box.key for box in run(twice, monkeypatch, indicator="nc_rate", view="time").segmented_control}


def test_sorted_by_change_the_largest_published_rise_is_first(twice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = run(twice, monkeypatch, lang="en", indicator="nc_rate", breakdown="province", view="change", sort="change")
    table = app.dataframe[0].value
    changes = table.filter(like="On 2025").iloc[:, 0].to_list()
    known = [value for value in changes if value == value]
    assert known == sorted(known, reverse=True)
    assert changes[: len(known)] == known, "those without a number are last"
    with closing(open_edition(twice / "editions")) as edition:
        wanted = edition.query(
            "SELECT category, value, significant FROM results WHERE indicator = 'nc_rate_change' AND period = '2026'"
            " AND breakdown = 'province' AND value IS NOT NULL"
        )
    assert len(known) == wanted.height
    assert (
        dict(zip(table["Code"], table["Change and its error"].str[0], strict=True)).items()
        >= {
            category: ("▲" if value > 0 else "▼") if significant else "≈" for category, value, significant in wanted.iter_rows()
        }.items()
    )


def test_every_number_can_be_asked_what_it_is(twice: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    for view in ("rank", "time", "change", "map"):
        app = run(twice, monkeypatch, lang="en", indicator="nc_rate", breakdown="province", view=view)
        before = written(app)
        app.selectbox(key="choice_number").set_value(SHIFTED).run()
        assert app.query_params["number"] == SHIFTED
        assert len(written(checked(app))) > len(before)


def test_the_other_readings_are_links_that_keep_the_view(twice: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"indicator": "nc_rate", "breakdown": "segment", "view": "rank", "period": "2024"}
    app = run(twice, monkeypatch, lang="en", **asked)
    links = {link.proto.label: link.proto.query_string for link in app.get("page_link")}
    pooled = links[plan.indicators["nc_rate_pooled"].name.en.replace("-", "\\-").replace("(", "\\(").replace(")", "\\)")]
    assert "indicator=nc_rate_pooled" in pooled
    assert all(f"{name}={told}" in pooled for name, told in asked.items() if name != "indicator")
    change = next(told for told in links.values() if "indicator=nc_rate_change" in told)
    assert "breakdown=segment" in change
    assert "period=2024" not in change, "of which no change is published here"


def test_two_editions_are_held_together_with_the_revisions_that_were_published(
    twice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"indicator": "nc_rate", "breakdown": "province", "view": "compare", "compare": "editions", "against": "0001"}
    app = run(twice, monkeypatch, lang="en", **asked)
    assert figures(app) == ["editions"]
    table = app.dataframe[0].value.set_index("Code")
    row = table.loc[SHIFTED]
    assert row["Revision (pp)"] == 10.0
    assert row["Revision and error"] == f"▲ {words('en')('explore.shift.beyond')}"
    assert row["Edition 0002 (this edition) (%)"] - row["Edition 0001 (%)"] == pytest.approx(10.0, abs=0.11)
    key = "indicator = 'nc_rate' AND breakdown = 'province' AND period = '2026'"
    with closing(open_edition(twice / "editions")) as edition:
        statuses = dict(edition.query(f"SELECT category, status FROM results WHERE {key}").iter_rows())
    expected = {
        code: {"suppressed": "× withheld", "absent": "○ no data"}.get(one, "= not revised") for code, one in statuses.items()
    }
    assert table.drop(SHIFTED)["Revision and error"].to_dict() == {code: expected[code] for code in expected if code != SHIFTED}
    app = run(twice, monkeypatch, lang="en", indicator="nc_rate", breakdown="total", view="compare")
    assert figures(app) == ["editions"]
    assert words("en")("explore.editions.none", id="0001", period="2026", all=1) in written(app)


def test_an_edition_that_cannot_be_opened_is_told(twice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "broken"
    shutil.copytree(twice, store)
    manifest = store / "editions" / "0001" / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text("{}", encoding="utf-8")
    app = run(store, monkeypatch, lang="en", indicator="nc_rate", view="compare", compare="editions")
    assert [box.value for box in app.info] == [words("en")("explore.editions.broken", id="0001")]


def test_questions_answer_what_stands_in_the_edition(twice: Path) -> None:
    root = twice / "editions"
    assert query.editions(root) == ["0001", "0002"]
    now, former = (query.opened(root, name, ALL) for name in ("0002", "0001"))
    assert query.opened(root, "0002", ALL) is now
    assert (former.id, now.id) == ("0001", "0002")
    with pytest.raises(NoEdition):
        query.opened(root, "0007", ALL)
    key = (now, now.sha256, ALL)
    found = query.history(*key, "nc_rate", "province")
    by_hand = now.query("SELECT DISTINCT category, period FROM results WHERE indicator='nc_rate' AND breakdown='province'")
    assert found.select("category", "period").sort("category", "period").equals(by_hand.sort("category", "period"))
    pairs = [query.between(*key, "nc_rate", "province", one, other) for one, other in ((SHIFTED, OTHER), (OTHER, SHIFTED))]
    assert pairs[0].equals(pairs[1])
    assert pairs[0].height == 1
    assert query.since(*key, "nc_rate", "province", "2026", "0001")["category"].to_list() == [SHIFTED]
    assert query.since(*key, "nc_rate", "province", "2026", "0002").is_empty()


@pytest.mark.parametrize("visitor", ["parts", "provinces", "vehicles"])
def test_an_association_sees_its_own_categories_in_every_view_and_is_told(
    twice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visitor: str
) -> None:
    store = tmp_path / "members"
    shutil.copytree(twice, store)
    (store / "access.yaml").write_text(ACCESS, encoding="utf-8")
    monkeypatch.setenv("PLANWATCH_DIR", str(store))
    monkeypatch.setenv("PLANWATCH_WHO", "sign-in")
    granted = entered(read_access(store), claims(visitor), time.time())
    assert isinstance(granted, Granted)
    with closing(restricted(open_edition(store / "editions"), granted.scope)) as own:
        seen = own.query("SELECT DISTINCT breakdown, category FROM results WHERE indicator = 'nc_rate'").rows()
    for view in ("rank", "time", "change", "map", "compare"):
        for breakdown in ("total", "province", "segment_group", "region,segment_group"):
            app = AppTest.from_file(str(APP), default_timeout=60)
            app.user = claims(visitor)
            asked = {"page": "explore", "lang": "en", "indicator": "nc_rate", "view": view, "breakdown": breakdown}
            for name, value in asked.items():
                app.query_params[name] = value
            checked(app.run())
            shown = chosen(app, "breakdown")
            for table in app.dataframe:
                if "Code" in table.value:
                    assert {(shown, code) for code in table.value["Code"]} <= set(seen)
            if shown != "total":
                assert words("en")("explore.yours") in written(app)


def test_questions_are_answered_within_the_scope_of_the_edition_only(twice: Path) -> None:
    root = twice / "editions"
    nobody = Scope(rows="none")
    shown = query.opened(root, "0002", nobody)
    assert query.history(shown, shown.sha256, nobody, "nc_rate", "province").is_empty()
    query.history.clear()
    with pytest.raises(query.OutOfScope):
        query.history(shown, shown.sha256, ALL, "nc_rate", "province")
