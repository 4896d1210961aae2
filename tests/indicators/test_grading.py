"""Indicators are graded by the highest column that they are made from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.grading import inputs, tier_of_inputs

PLAN = load_plan(AUTOMOTIVE)
TABLES: dict[str, Any] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((AUTOMOTIVE / "tables").glob("*.yaml"))
}
ORDER = ["general", "important", "core"]


def written(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((AUTOMOTIVE / "indicators" / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def by_words(name: str) -> str:
    """The tier by another road: every word of the file of the indicator that is the name of a column it can reach."""
    entry = written(name)
    if "change_of" in entry:
        return by_words(entry["change_of"])
    duration = entry.get("duration", {})
    texts = [str(entry.get(key, "")) for key in ("numerator", "denominator", "where", "respondents")]
    texts += [str(duration.get(key, "")) for key in ("start", "end", "stopped", "as_of")] + [str(entry.get("transitions", ""))]
    said = {
        word.removeprefix("base_") for text in texts for word in re.findall(r"[a-z_][a-z_0-9]*", re.sub(r"'[^']*'", "", text))
    }
    tables = [entry["table"], *(link["table"] for link in TABLES[entry["table"]].get("link", []))]
    tiers = ["general"]
    for word in said:
        table = next((TABLES[one] for one in tables if word in TABLES[one]["columns"]), None)
        tiers += [table["columns"][word]["tier"]] if table else []
    return max(tiers, key=ORDER.index)


@pytest.mark.parametrize("name", PLAN.indicators)
def test_every_indicator_is_graded_as_a_second_reading_of_its_file_grades_it(name: str) -> None:
    assert tier_of_inputs(PLAN, PLAN.indicators[name]) == by_words(name)


def test_the_three_coverages_of_data_security_rest_on_core_columns_and_nothing_else_does() -> None:
    core = {name for name, one in PLAN.indicators.items() if tier_of_inputs(PLAN, one) == "core"}
    assert core == {"data_catalogue_rate", "tiered_protection_rate", "risk_assessment_rate"}


def test_inputs_are_named_with_the_table_that_holds_them() -> None:
    assert set(inputs(PLAN, PLAN.indicators["labour_productivity_change"])) == {
        ("production", "value_added"),
        ("production", "employees"),
        ("price_index", "output_price"),
    }
    assert set(inputs(PLAN, PLAN.indicators["maturity_step"])) >= {("assessments", "level"), ("register", "benchmark_oem")}


def test_a_column_that_is_graded_higher_grades_what_is_made_from_it(tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "plan"
    shutil.copytree(AUTOMOTIVE, folder)
    file = folder / "tables" / "survey.yaml"
    text = file.read_text(encoding="utf-8")
    start = text.index("  nc_key_processes:")
    file.write_text(text[:start] + text[start:].replace("tier: important", "tier: core", 1), encoding="utf-8")
    higher = load_plan(folder)
    tiers = {name: tier_of_inputs(higher, one) for name, one in higher.indicators.items()}
    assert {name for name in tiers if tiers[name] != tier_of_inputs(PLAN, PLAN.indicators[name])} == {
        "nc_rate",
        "nc_rate_change",
        "nc_rate_pooled",
        "nc_rate_pooled_change",
    }
