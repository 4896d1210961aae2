"""What a condition holds fixed, and which plans would compare what is not comparable."""

from __future__ import annotations

from typing import Any

import pytest

from indicators.catalogue import comparability, formula
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("edition = '2020'", {"edition"}),
        ("'2020' = edition AND (method = 'self') AND level IS NOT NULL", {"edition", "method"}),
        ("(edition = '2020' AND (method = 'self' AND segment = '3670'))", {"edition", "method", "segment"}),
        ("edition = '2020' OR method = 'self'", set()),
        ("NOT edition = '2020'", set()),
        ("edition <> '2020' AND edition IN ('2022', '2024')", set()),
        ("edition = base_edition", set()),
        ("CASE WHEN edition = '2020' THEN level ELSE 0 END > 0", set()),
        ("edition = '2020' AND", set()),
        (None, set()),
    ],
)
def test_a_column_is_fixed_only_by_one_literal_that_always_holds(text: str | None, held: set[str]) -> None:
    assert formula.fixed(text) == held


PLAN = load_plan(AUTOMOTIVE)
ASSESSED = [name for name, one in PLAN.indicators.items() if one.table == "assessments"]


@pytest.mark.parametrize("name", ASSESSED)
@pytest.mark.parametrize("column", ["standard", "edition", "method"])
def test_no_indicator_of_the_plan_can_lose_what_makes_it_comparable(name: str, column: str) -> None:
    """Each of the three is fixed once; without it the plan is refused."""
    indicator = PLAN.indicators[name]
    table = PLAN.dictionary.tables["assessments"]
    assert list(comparability.faults(indicator, table, PLAN.dictionary)) == []

    def without(text: str | None) -> str | None:
        return text and " AND ".join(part for part in text.split(" AND ") if not part.startswith(f"{column} ="))

    panel = indicator.panel and indicator.panel.model_copy(
        update={"on": [one for one in indicator.panel.on if one != column], "bridge": None}
    )
    loose: dict[str, Any] = {"respondents": without(indicator.respondents), "where": without(indicator.where), "panel": panel}
    found = list(comparability.faults(indicator.model_copy(update={**loose, "transitions": None}), table, PLAN.dictionary))
    assert [place for place, _ in found] == [["table"]]
    assert f"`{column}`" in found[0][1]


def test_a_count_of_assessments_is_no_comparison() -> None:
    count = PLAN.indicators["parts_digital_level"].model_copy(update={"denominator": None, "respondents": None, "numerator": "1"})
    assert list(comparability.faults(count, PLAN.dictionary.tables["assessments"], PLAN.dictionary)) == []
