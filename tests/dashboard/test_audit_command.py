"""The command `audit`: a table and JSON in both languages, and exit code 1 where anything can be worked out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from indicators.attack.kinds import Kind
from indicators.catalogue.plan import Plan
from tests.dashboard.conftest import Run
from tests.indicators.conftest import MakePlan, make_plan  # noqa: F401
from tests.indicators.leaking import Industry, a_plan, publish, units

LEAK = {("sum", "2025", "a", "a0"), ("sum", "2025", "a", "a2")}
SAFE = {("sum", "2025", "a", "a0"), ("sum", "2025", "a", "a1")}


@pytest.fixture(scope="session")
def small(make_plan: MakePlan) -> Plan:  # noqa: F811
    return a_plan(make_plan)


def stored(folder: Path, plan: Plan, hidden: Any) -> Path:
    publish(folder / "editions", Industry(plan=plan, rows=units(31), indicators=("sum", "share")), hidden)
    return folder


def test_an_edition_from_which_nothing_follows_passes(run: Run, tmp_path: Path, small: Plan) -> None:
    said = run("audit", "--dir", stored(tmp_path, small, SAFE), "--lang", "en")
    assert (said.code, said.err) == (0, "")
    assert "12 are published and 2 withheld: 85.7 % are published" in said.out
    assert "No withheld number can be worked out." in said.out
    rows = [line.split("  ")[0].strip() for line in said.out.splitlines()]
    assert {"Totals minus parts", "Ratio × denominator", "Edition minus edition"} <= set(rows)
    assert "sum, 2025, a0" in said.out, "the number that is enclosed most closely"


@pytest.mark.parametrize(
    ("lang", "words"), [("en", "Withheld numbers that can be worked out: "), ("zh", "能被推算出的未公布数值：")]
)
def test_what_follows_is_named_and_the_exit_code_says_so(run: Run, tmp_path: Path, small: Plan, lang: str, words: str) -> None:
    said = run("audit", "--dir", stored(tmp_path, small, LEAK), "--lang", lang)
    assert said.code == 1
    assert f"{words}4" in said.out, "two sums and the units behind them"
    assert "a0" in said.out
    truth = Industry(plan=small, rows=units(31), indicators=("sum",)).values
    assert not any(f"{truth[key]:.1f}" in said.out for key in LEAK), "what was worked out is not printed"


def test_json_holds_every_kind_of_attack(run: Run, tmp_path: Path, small: Plan) -> None:
    said = run("audit", "--dir", stored(tmp_path, small, LEAK), "--format", "json")
    found = json.loads(said.out)
    assert said.code == 1
    assert (found["edition"], found["editions"], found["withheld"], found["published"]) == ("0001", ["0001"], 2, 12)
    assert [one["kind"] for one in found["attacks"]] == [kind.name for kind in Kind]
    assert sum(one["recovered"] for one in found["attacks"]) == len(found["recovered"]) == 4
    assert "inside" not in found


def test_an_edition_is_chosen_by_its_id(run: Run, tmp_path: Path, small: Plan) -> None:
    stored(tmp_path, small, SAFE)
    folder = stored(tmp_path, small, SAFE)
    said = run("audit", "--dir", folder, "--edition", "0001", "--lang", "en")
    assert said.code == 0
    assert "Edition 0001 as an outsider sees it" in said.out
    assert "0001, 0002" in said.out
    missing = run("audit", "--dir", folder, "--edition", "0009")
    assert (missing.code, missing.err.count("\n")) == (2, 1)
