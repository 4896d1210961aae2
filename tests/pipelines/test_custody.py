"""How records are kept: what a table states goes before what the plan states of all; what is made is graded by the highest."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.custody import TIERS, Custody, Retention, Tier, highest, tier_of
from pipelines.dictionary import Dictionary, Table
from pipelines.yamlfile import Text

WORDS = {"zh": "字", "en": "word"}


def text(word: str) -> Text:
    return Text(zh=word, en=word)


def table(columns: dict[str, dict[str, Any]], **more: Any) -> Table:
    full = {name: {"name": WORDS, "type": "text", "tier": "general", **column} for name, column in columns.items()}
    return Table.model_validate({"id": "t", "name": WORDS, "key": [next(iter(columns))], "columns": full, **more})


def test_the_highest_of_several_tiers_is_that_which_none_exceeds() -> None:
    order = {"general": 0, "important": 1, "core": 2}
    for some in product(TIERS, repeat=3):
        found = highest(some)
        assert found in some
        assert all(order[one] <= order[found] for one in some)
    assert highest([]) == "general"


def test_what_a_table_states_goes_before_what_is_stated_of_all() -> None:
    of_all = Custody(
        owner=text("all"),
        use=text("all"),
        retention=Retention(years=7, reason=text("all")),
        proposed=["owner", "use", "retention"],
    )
    own = Custody(use=text("own"), retention=Retention(reason=text("own")), proposed=["retention"])
    kept = Dictionary(tables={}, codes={}, custody=of_all).custody_of(table({"a": {}}, custody=own.model_dump()))
    assert kept.owner == text("all")
    assert kept.use == text("own")
    assert kept.retention is not None
    assert kept.retention.years is None, "a table may keep without end what the plan deletes after seven years"
    assert kept.legal_basis is None
    # use is the table's own and confirmed; owner is the plan's proposal; retention the table's
    assert kept.proposed == ["owner", "retention"]


@pytest.mark.parametrize("years", [0, 101, 2.5])
def test_a_retention_that_is_no_number_of_years_is_refused(years: float) -> None:
    with pytest.raises(ValidationError):
        Retention.model_validate({"years": years, "reason": WORDS})


@pytest.mark.parametrize(("index", "series"), list(product(TIERS, TIERS)))
def test_a_derived_column_bears_the_highest_tier_of_what_it_is_made_from(index: Tier, series: Tier) -> None:
    columns = {
        "line": {"tier": series, "personal": series == "core"},
        "year": {"type": "year"},
        "price": {"type": "number", "tier": index},
    }
    chain = {"name": WORDS, "of": "price", "base": 2025, "by": ["line"]}
    made = table(columns, key=["line", "year"], period="year", chains={"level": chain}).derived["level"]
    assert made.tier == max(index, series, key=["general", "important", "core"].index)
    assert made.personal == (series == "core")
    assert made.kind == "derived"


def test_a_table_is_graded_by_its_highest_column() -> None:
    assert tier_of(table({"a": {}, "b": {"tier": "core"}, "c": {"tier": "important"}})) == "core"
    assert tier_of(table({"a": {}})) == "general"
