"""Weights: what each answer stands for after non-response, whom nobody stands for, and how it is written down."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.catalogue.question import Question, questions
from indicators.compute import compute
from indicators.statements.cells import fetch
from indicators.statements.frame import chain
from indicators.weights.weighting import versioned, weigh
from pipelines.weights import version_of

REGISTER = {"unit": "identifier", "year": "year", "layer": "identifier", "layer_size": "integer", "asked": "boolean",
            "mood": "identifier", "area": "identifier"}  # fmt: skip
SURVEY = {"unit": "identifier", "year": "year", "y": "number"}
DESIGN = {"unit": "unit", "stratum": "layer", "population": "layer_size", "sampled": "asked"}


def plan_of(make_plan: Any, where: str | None = None, periods: list[str] | None = None, **design: Any) -> Any:
    return make_plan(
        tables={
            "register": {
                "key": ["unit", "year"],
                "period": "year",
                "design": {"unit": "unit", "census": True},
                "columns": REGISTER,
            },
            "survey": {
                "key": ["unit", "year"],
                "period": "year",
                "link": [{"table": "register", "on": {"unit": "unit", "year": "period"}}],
                "design": {**DESIGN, **design},
                "columns": SURVEY,
            },
        },
        indicators={
            "sum": {"table": "survey", "numerator": "y", **({"where": where} if where else {})},
            "mean": {"table": "survey", "numerator": "y", "denominator": 1, **({"where": where} if where else {})},
        },
        breakdowns={"area": "area"},
    )


def frames_of(strata: dict[str, tuple[int, int, int]], *, year: int = 2025, moods: str = "m") -> dict[str, pl.DataFrame]:
    """Strata as population, asked, answered; the moods of the units go round, y of a unit is its number."""
    register, survey = [], []
    for layer, (size, asked, answered) in strata.items():
        for i in range(size):
            unit, mood = f"{layer}{i:02d}", moods[i % len(moods)]
            register.append((unit, year, layer, size, i < asked, None if mood == "-" else mood, "n" if i % 2 else "s"))
            if i < answered:
                survey.append((unit, year, float(i + 1)))
    return {
        "register": pl.DataFrame(register, schema=list(REGISTER), orient="row"),
        "survey": pl.DataFrame(survey, schema=list(SURVEY), orient="row"),
    }


def weights_of(plan: Any, engine: Any) -> pl.DataFrame:
    (question,) = questions(plan)
    return weigh(question, engine).weights


def by_stratum(weights: pl.DataFrame, column: str = "weight") -> dict[str, float]:
    spread = weights.group_by("stratum").agg(pl.col(column).min().alias("low"), pl.col(column).max().alias("high"))
    assert spread["low"].to_list() == pytest.approx(spread["high"].to_list())
    return dict(spread.select("stratum", "low").rows())


# --- weights ------------------------------------------------------------------------------------------------------------------


def test_who_answered_stands_for_those_of_the_stratum_who_did_not(make_plan: Any, warehouse: Any) -> None:
    plan = plan_of(make_plan)
    weights = weights_of(plan, warehouse(plan, frames_of({"a": (20, 8, 5), "b": (3, 3, 3)})))
    assert by_stratum(weights, "design_weight") == {"a": 20 / 8, "b": 1.0}
    assert by_stratum(weights, "response_weight") == {"a": 20 / 5, "b": 1.0}
    assert weights["weight"].equals(weights["response_weight"].alias("weight"))
    assert weights["weight"].sum() == 23
    assert set(weights["question"]) == {"survey: sum, mean"}


def test_a_refusal_where_all_were_asked_makes_it_no_census(make_plan: Any, results_of: Any, row_of: Any) -> None:
    results = results_of(plan_of(make_plan), frames_of({"b": (4, 4, 3)}))
    told = row_of(results, "sum", "2025")
    assert told["value"] == pytest.approx(4 / 3 * (1 + 2 + 3))
    assert told["se"] == pytest.approx((4**2 * (1 - 3 / 4) / 3 * 1.0) ** 0.5)  # s² of 1, 2, 3 is 1
    assert told["quality"] != "census"
    assert told["response_rate"] == 0.75
    whole = row_of(results_of(plan_of(make_plan), frames_of({"b": (4, 4, 4)})), "sum", "2025")
    assert (whole["se"], whole["quality"]) == (0.0, "census")


def test_response_groups_across_strata(make_plan: Any, warehouse: Any) -> None:
    """d over the share, by d, of those asked in the group that answered: here by hand."""
    frames = frames_of({"a": (20, 8, 5), "b": (9, 6, 3)}, moods="xy")
    plan = plan_of(make_plan, response_group="mood")
    weights = weights_of(plan, warehouse(plan, frames)).join(frames["register"], on="unit")
    design = {"a": 20 / 8, "b": 9 / 6}
    # asked a00 … a07 and b00 … b05, half of each mood; answered a00 … a04 (3 x, 2 y) and b00 … b02 (2 x, 1 y)
    asked = 4 * design["a"] + 3 * design["b"]
    share = {"x": (3 * design["a"] + 2 * design["b"]) / asked, "y": (2 * design["a"] + design["b"]) / asked}
    wanted = [design[layer] / share[mood] for layer, mood in weights.select("stratum", "mood").rows()]
    assert weights["response_weight"].to_list() == pytest.approx(wanted, rel=1e-10)
    assert weights["design_weight"].to_list() == pytest.approx([design[layer] for layer in weights["stratum"]])
    assert weights["weight"].sum() == pytest.approx(29, rel=1e-10)


def test_a_stratum_asked_whole_makes_up_for_no_refusal_elsewhere(
    make_plan: Any, warehouse: Any, results_of: Any, row_of: Any
) -> None:
    frames = frames_of({"a": (20, 8, 5), "b": (6, 6, 6), "c": (4, 4, 3)}, moods="x")
    plan = plan_of(make_plan, response_group="mood")
    assert by_stratum(weights_of(plan, warehouse(plan, frames))) == {"a": 4.0, "b": 1.0, "c": pytest.approx(4 / 3)}
    alone = {name: frame.filter(pl.col("unit").str.starts_with("b")) for name, frame in frames.items()}
    told = row_of(results_of(plan, alone), "sum", "2025")
    assert (told["value"], told["quality"]) == (21.0, "census")


def test_a_blank_mark_counts_nowhere_in_a_response_group_and_is_told_of(make_plan: Any, warehouse: Any) -> None:
    frames = frames_of({"a": (20, 8, 5)}, moods="x")
    blank = pl.when(pl.col("unit") != "a04").then(pl.col("asked")).alias("asked")
    frames["register"] = frames["register"].with_columns(blank)
    for design, counted in (({"response_group": "mood"}, 4), ({}, 5)):
        plan = plan_of(make_plan, **design)
        (question,) = questions(plan)
        weighed = weigh(question, warehouse(plan, frames))
        assert weighed.weights.height == counted
        assert weighed.weights["weight"].sum() == pytest.approx(20)
        (notice,) = weighed.notices
        assert "1 enterprises answered whose mark in the register is blank" in notice.en


def test_a_blank_response_group_is_the_stratum(make_plan: Any, warehouse: Any) -> None:
    frames = frames_of({"a": (20, 8, 5), "b": (6, 6, 3)}, moods="-")
    grouped, plain = plan_of(make_plan, response_group="mood"), plan_of(make_plan)
    found = [weights_of(plan, warehouse(plan, frames)) for plan in (grouped, plain)]
    assert found[0]["weight"].to_list() == pytest.approx(found[1]["weight"].to_list(), rel=1e-12)


def test_who_was_not_asked_does_not_count_in_a_response_group(make_plan: Any, warehouse: Any) -> None:
    frames = frames_of({"a": (20, 8, 9), "b": (6, 6, 3)}, moods="x")  # a08 answered and was not asked
    grouped, plain = plan_of(make_plan, response_group="mood"), plan_of(make_plan)
    for plan, counted, told in ((grouped, 11, "they do not count"), (plain, 12, "they count as answers of their stratum")):
        (question,) = questions(plan)
        weighed = weigh(question, warehouse(plan, frames))
        assert weighed.weights.height == counted
        assert weighed.weights["weight"].sum() == pytest.approx(26)
        (notice,) = weighed.notices
        assert "1 enterprises answered that the register marks as not asked" in notice.en and told in notice.en


def test_estimates_use_the_weights_of_response_groups(make_plan: Any, warehouse: Any, results_of: Any, row_of: Any) -> None:
    frames = frames_of({"a": (20, 8, 5), "b": (6, 6, 3)}, moods="xxy")
    plan = plan_of(make_plan, response_group="mood")
    weights = weights_of(plan, warehouse(plan, frames)).join(frames["survey"], on="unit")
    told = row_of(results_of(plan, frames), "sum", "2025")
    assert told["value"] == pytest.approx((weights["weight"] * weights["y"]).sum(), rel=1e-10)
    variance = 0.0
    for layer, (n, size) in {"a": (5, 20), "b": (3, 6)}.items():
        u = weights.filter(pl.col("stratum") == layer).select(pl.col("weight") * pl.col("y")).to_series()
        variance += (1 - n / size) * n * float(u.var() or 0)
    assert told["se"] == pytest.approx(variance**0.5, rel=1e-10)


# --- strata without an answer -------------------------------------------------------------------------------------------------


def test_a_stratum_without_an_answer_joins_its_neighbour(make_plan: Any, warehouse: Any) -> None:
    frames = frames_of({"a": (20, 8, 5), "b": (6, 4, 0), "c": (9, 3, 2)})
    plan = plan_of(make_plan, collapse={"b": "a"})
    (question,) = questions(plan)
    weighed = weigh(question, warehouse(plan, frames))
    assert by_stratum(weighed.weights) == {"a": 26 / 5, "c": 9 / 2}
    (notice,) = weighed.notices
    assert notice.en.endswith("b: 6 enterprises represented by a.") and "b 的 6 家企业由 a 代表" in notice.zh
    rows = fetch(question, warehouse(plan, frames))
    assert dict(rows.filter(pl.col("over_area") == 0).select("stratum", "population").rows()) == {"a": 26.0, "c": 9.0}


def test_the_chain_is_followed_past_empty_neighbours(make_plan: Any, warehouse: Any) -> None:
    frames = frames_of({"a": (20, 8, 5), "b": (6, 4, 0), "c": (9, 3, 0), "d": (7, 2, 2)})
    plan = plan_of(make_plan, collapse={"b": "c", "c": "d", "d": "a"})
    assert by_stratum(weights_of(plan, warehouse(plan, frames))) == {"a": 4.0, "d": (7 + 6 + 9) / 2}


def test_a_chain_that_turns_back_ends(make_plan: Any, warehouse: Any) -> None:
    assert chain({"a": "b", "b": "a"}, "a") == ["b"]
    assert chain({"a": "b", "b": "c", "c": "b"}, "a") == ["b", "c"]
    frames = frames_of({"a": (20, 8, 5), "b": (6, 4, 0), "c": (9, 3, 0)})
    plan = plan_of(make_plan, collapse={"b": "c", "c": "b"})
    (question,) = questions(plan)
    weighed = weigh(question, warehouse(plan, frames))
    assert weighed.weights["weight"].sum() == 20
    (notice,) = weighed.notices
    assert "no neighbour is named" not in notice.en and "nobody answered in the neighbours" in notice.en
    assert "b, c" in notice.en and "15 enterprises are not represented" in notice.en
    assert "b、c" in notice.zh and "15 家企业未被代表" in notice.zh


def test_without_an_entry_a_notice_names_whom_nobody_represents(make_plan: Any, warehouse: Any) -> None:
    frames = frames_of({"a": (20, 8, 5), "b": (6, 4, 0)})
    computed = compute(plan_of(make_plan), warehouse(plan_of(make_plan), frames))
    (notice,) = [one for one in computed.notices if "represented" in one.en]
    assert notice.en == (
        "survey, 2025: nobody answered in b, and no neighbour is named that could stand for them; "
        "6 enterprises are not represented in: sum; mean."
    )


def test_each_year_joins_by_itself(make_plan: Any, warehouse: Any) -> None:
    one, two = frames_of({"a": (20, 8, 5), "b": (6, 4, 0)}), frames_of({"a": (20, 8, 0), "b": (6, 4, 3)}, year=2026)
    frames = {name: pl.concat([one[name], two[name]]) for name in one}
    plan = plan_of(make_plan, collapse={"b": "a", "a": "b"})
    weights = weights_of(plan, warehouse(plan, frames))
    assert by_stratum(weights.filter(pl.col("period") == "2025")) == {"a": 26 / 5}
    assert by_stratum(weights.filter(pl.col("period") == "2026")) == {"b": pytest.approx(26 / 3)}


def test_what_an_indicator_does_not_ask_is_not_missing(make_plan: Any, warehouse: Any) -> None:
    """Scope by a column of the register: strata outside it, and strata never heard of, were not addressed."""
    frames = frames_of({"a": (20, 8, 5), "b": (6, 4, 0), "c": (5, 5, 2)})
    later = frames_of({"a": (20, 8, 5), "b": (6, 4, 0), "c": (5, 5, 0)}, year=2026)
    both = {name: pl.concat([frames[name], later[name]]) for name in frames}
    plan = plan_of(make_plan, where="area = 'n' AND y > 0")
    (question,) = questions(plan)
    (notice,) = weigh(question, warehouse(plan, both)).notices
    assert "survey, 2026: nobody answered in c," in notice.en
    assert " 2 enterprises" in notice.en  # those of area n in c


def test_a_silent_response_group_is_named(make_plan: Any, warehouse: Any) -> None:
    frames = frames_of({"a": (20, 10, 10)}, moods="xy")
    frames["survey"] = frames["survey"].filter(pl.col("unit").str.slice(1).cast(pl.Int64) % 2 == 0)  # only x answered
    plan = plan_of(make_plan, response_group="mood")
    (question,) = questions(plan)
    weighed = weigh(question, warehouse(plan, frames))
    assert weighed.weights["weight"].sum() == pytest.approx(10)
    (notice,) = weighed.notices
    assert "group y" in notice.en and "10 enterprises are not represented" in notice.en


# --- what is kept -------------------------------------------------------------------------------------------------------------


def test_steps_tell_the_factors_of_non_response(make_plan: Any, warehouse: Any) -> None:
    plan = plan_of(make_plan)
    (question,) = questions(plan)
    steps = weigh(question, warehouse(plan, frames_of({"a": (20, 8, 5), "b": (4, 4, 4)}))).steps
    assert steps["indicator"].to_list() == ["sum", "mean"]
    assert steps.select("period", "method", "units", "smallest", "largest").row(0) == ("2025", "design", 9, 1.0, 1.6)
    assert steps["totals"].null_count() == steps["worst"].null_count() == steps["dropped"].null_count() == 2


def test_a_register_that_does_not_tell_who_was_asked_leaves_the_design_weight_open(make_plan: Any, warehouse: Any) -> None:
    frames = frames_of({"a": (20, 8, 5)})
    frames["register"] = frames["register"].with_columns(asked=pl.lit(None, pl.Boolean))
    plan = plan_of(make_plan)
    (question,) = questions(plan)
    weighed = weigh(question, warehouse(plan, frames))
    assert weighed.weights["design_weight"].null_count() == 5
    assert set(weighed.weights["weight"]) == {4.0}
    assert weighed.steps["smallest"].null_count() == 2


def test_a_census_has_no_weights(make_plan: Any, warehouse: Any) -> None:
    plan = plan_of(make_plan)
    (question,) = questions(plan)
    assert question.design is not None
    whole = question.design.model_copy(update={"census": True})
    asked = Question(plan=plan, table=question.table, design=whole, respondents=None, indicators=question.indicators, sets=((),))
    assert weigh(asked, warehouse(plan, frames_of({"a": (3, 3, 3)}))).weights.is_empty()


def test_weights_of_a_publication_have_one_version(make_plan: Any, warehouse: Any) -> None:
    plan = plan_of(make_plan)
    frames = frames_of({"a": (20, 8, 5), "b": (4, 4, 4)})
    first, second = (compute(plan, warehouse(plan, turned)) for turned in (frames, {n: f.reverse() for n, f in frames.items()}))
    assert first.weights is not None and second.weights is not None
    version = version_of(first.weights)
    assert set(first.details["weighting"]["version"]) == {version} == set(second.details["weighting"]["version"])
    other = compute(plan, warehouse(plan, frames_of({"a": (20, 8, 6), "b": (4, 4, 4)})))
    assert set(other.details["weighting"]["version"]).isdisjoint({version})


def test_without_a_sample_there_is_no_version() -> None:
    weights, told = versioned([], [])
    assert weights is None
    assert told.is_empty()


# --- what holds for every sample ------------------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(
        st.integers(1, 12).flatmap(
            lambda size: st.integers(1, size).flatmap(lambda n: st.integers(0, n).map(lambda r: (size, n, r)))
        ),
        min_size=1,
        max_size=4,
    )
)
def test_weights_add_up_to_the_strata_that_are_represented(
    make_plan: Any, warehouse: Any, sizes: list[tuple[int, int, int]]
) -> None:
    strata = dict(zip("abcd", sizes, strict=False))
    frames = frames_of(strata)
    ring = {name: "abcd"[(i + 1) % len(strata)] for i, name in enumerate(strata)}
    ring = {name: target for name, target in ring.items() if name != target}
    everyone = sum(size for size, _, _ in sizes) if any(r for _, _, r in sizes) else 0
    for design, wanted in (({}, sum(size for size, _, r in sizes if r)), ({"collapse": ring}, everyone)):
        plan = plan_of(make_plan, **design)
        weights = weights_of(plan, warehouse(plan, frames))
        assert weights["weight"].sum() == pytest.approx(wanted)
        assert (weights["weight"] >= 1 - 1e-10).all()
        assert (weights["response_weight"] >= weights["design_weight"] - 1e-10).all()
