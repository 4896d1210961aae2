"""What fewer than three holding groups stand behind is not in the published file: neither as a number nor as bytes."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from indicators.catalogue.plan import Plan
from indicators.compute import compute
from indicators.editions.edition import DATABASE, MANIFEST, write_edition
from indicators.estimation.disclosure import ALLIES, ERRORS, HIDDEN, few_answers, protect, shield
from indicators.estimation.estimate import KEYS

COLUMNS = {
    "firm": "identifier",
    "year": "year",
    "holding_group": "identifier",
    "layer": "identifier",
    "layer_size": "integer",
    "segment": {"type": "code", "codes": "segment"},
    "sold": "number",
    "staff": "integer",
}
DESIGN = {"unit": "firm", "stratum": "layer", "population": "layer_size", "group": "holding_group"}
#: numbers that occur nowhere else and are told apart by their bytes
PLANTED = 5943035.1415926
SECOND = 8271727.2818284


def sales_plan(make_plan: Any, *, public: bool = False, minimum_groups: int = 3) -> Plan:
    target = {"basis": "level", "source": "law", "operator": ">", "value": 1.0, "reading": "strict", "year": 2027}
    return make_plan(
        tables={"sales": {"key": ["firm", "year"], "period": "year", "design": DESIGN, "columns": COLUMNS, "public": public}},
        indicators={
            "sold": {"table": "sales", "numerator": "sold", "targets": [{**target, "scope": {"segment": "lone"}, "id": "T9"}]},
            "per_head": {"table": "sales", "numerator": "sold", "denominator": "staff"},
            "rise": {"change_of": "per_head", "base_period": "2025"},
        },
        breakdowns={"segment": "segment"},
        codes={"segment": {"car": None, "lamp": None, "lone": None, "pair": None, "late": None, "none": None}},
        minimum_groups=minimum_groups,
    )


def sales() -> pl.DataFrame:
    rows = []
    for year in (2025, 2027):
        for i in range(8):
            rows.append((f"c{i}", year, f"h{i}", "car", 100.0 + i, 10))
        for i in range(5):  # five legal entities of two holdings
            rows.append((f"l{i}", year, f"h{i % 2}", "lamp", PLANTED, 20))
        for i in range(3):  # three entities, one holding
            rows.append((f"s{i}", year, "h9", "lone", SECOND, 30))
        # the smallest that may be told: it is withheld with the others, lest one of these work out the other
        rows += [(f"p{i}", year, f"q{i}", "pair", 10.0 + i, 1) for i in range(3)]
    rows += [(f"t{i}", 2027, f"k{i}", "late", 70.0 + i, 10) for i in range(5)]  # enough now
    rows += [(f"t{i}", 2025, f"k{i}", "late", 77000.0 + i, 10) for i in range(2)]  # too few then
    frame = pl.DataFrame(rows, schema=["firm", "year", "holding_group", "segment", "sold", "staff"], orient="row")
    return frame.with_columns(layer=pl.col("segment"), layer_size=pl.lit(9))


@pytest.fixture(scope="module")
def results(make_plan: Any, results_of: Any) -> pl.DataFrame:
    return results_of(sales_plan(make_plan), {"sales": sales()})


def test_few_holdings_hide_everything_but_the_key(results: pl.DataFrame) -> None:
    hidden = results.filter(pl.col("category").is_in(["lamp", "lone"]), pl.col("status") != "absent")
    assert hidden.height == 2 * 5 + 0, "two levels in two years, one change; for each of two categories"
    assert (hidden["status"] == "suppressed").all()
    for name in (*HIDDEN, "gap"):
        assert hidden[name].null_count() == hidden.height, name


def test_holdings_are_counted_not_legal_entities(results: pl.DataFrame) -> None:
    open_ = results.filter(pl.col("category") == "car", pl.col("indicator") == "sold")
    assert (open_["status"] != "suppressed").all()
    assert (results.filter(pl.col("category") == "lamp", pl.col("indicator") == "sold")["status"] == "suppressed").all()


def test_a_change_is_hidden_when_either_end_is(results: pl.DataFrame) -> None:
    level = results.filter(pl.col("indicator") == "per_head", pl.col("category") == "late").sort("period")
    assert level["status"].to_list() == ["suppressed", "published"]
    change = results.filter(pl.col("indicator") == "rise", pl.col("category") == "late")
    assert change.select("status", "value", "se", "low", "high", "n").rows() == [("suppressed", None, None, None, None, None)]


def test_a_hidden_number_is_judged_by_nobody(results: pl.DataFrame) -> None:
    row = results.filter(pl.col("target") == "T9").row(0, named=True)
    assert (row["status"], row["verdict"], row["gap"], row["threshold"]) == ("suppressed", "undecided", None, 1.0)


@pytest.mark.parametrize(("groups", "se", "told"), [(3, 1.5, False), (4, 1.5, False), (5, 1.5, True), (3, 0.0, True)])
def test_the_error_of_few_is_not_told(groups: int, se: float, told: bool) -> None:
    """From mean and spread of three answers one of the three works out the other two."""
    key = {"indicator": "score", "period": "2026", "breakdown": "kind", "category": "k"}
    error = {"se": se, "low": 1.0, "high": 9.0, "df": 2.0, "significant": True}
    frame = pl.DataFrame([{**key, "value": 5.0, "n": groups, "quality": "B", **error}])
    counted = pl.DataFrame([{**key, "groups": groups}])
    nothing = pl.DataFrame(schema=dict.fromkeys(KEYS, pl.String))
    row = protect(frame, counted, nothing, minimum_groups=3, public=frozenset()).row(0, named=True)
    assert (row["status"], row["value"], row["n"]) == ("published", 5.0, groups)
    assert {name: row[name] for name in ERRORS} == (error if told else dict.fromkeys(ERRORS))
    assert groups - ALLIES >= 3 or not told or se == 0
    open_ = protect(frame, counted, nothing, minimum_groups=3, public=frozenset({"score"})).row(0, named=True)
    assert open_["se"] == se, "a public list has no secrets"


def test_a_category_without_answers_is_absent_not_suppressed(results: pl.DataFrame) -> None:
    assert set(results.filter(pl.col("category") == "none")["status"]) == {"absent"}


def test_public_lists_are_not_hidden(make_plan: Any, results_of: Any) -> None:
    results = results_of(sales_plan(make_plan, public=True), {"sales": sales()})
    assert "suppressed" not in set(results["status"])
    assert results.filter(pl.col("indicator") == "sold", pl.col("category") == "lone")["value"].drop_nulls().len() == 2
    assert results.filter(pl.col("indicator") == "rise", pl.col("category") == "late")["value"].drop_nulls().len() == 1


@pytest.mark.parametrize(("rule", "hidden"), [(3, False), (8, False), (9, True)])
def test_the_rule_is_the_operators(rule: int, hidden: bool, make_plan: Any, results_of: Any) -> None:
    results = results_of(sales_plan(make_plan, minimum_groups=rule), {"sales": sales()})
    status = results.filter(pl.col("indicator") == "sold", pl.col("category") == "car")["status"]
    assert (status == "suppressed").all() == hidden


def test_who_is_out_of_scope_or_silent_stands_behind_nothing(make_plan: Any, results_of: Any) -> None:
    """Four holdings in the category, two of which gave a number."""
    columns = {"firm": "identifier", "sold": "number", "seen": "boolean"}
    plan = make_plan(
        tables={"sales": {"key": ["firm"], "year": 2025, "design": {"unit": "firm", "census": True}, "columns": columns}},
        indicators={
            "silent": {"table": "sales", "numerator": "sold"},
            "scoped": {"table": "sales", "numerator": "sold", "where": "seen"},
        },
        minimum_groups=3,
    )
    frame = pl.DataFrame({"firm": list("abcd"), "sold": [1.0, 2.0, None, None], "seen": [True, True, False, False]})
    results = results_of(plan, {"sales": frame})
    assert set(results["status"]) == {"suppressed"}


def test_nothing_hidden_is_in_the_published_file(make_plan: Any, warehouse: Any, tmp_path: Path) -> None:
    plan = sales_plan(make_plan)
    computed = compute(plan, warehouse(plan, {"sales": sales()}))
    coverage = pl.DataFrame(
        {"table_id": ["sales"], "rows": [32], "units": [16], "first_period": ["2025"], "last_period": ["2027"]}
    )
    with_edition = write_edition(
        tmp_path, plan=plan, results=computed.results, coverage=coverage, statements=computed.statements, provenance={}
    )
    hidden = with_edition.query("SELECT * FROM results WHERE status = 'suppressed'")
    assert hidden.height >= 10
    for name in (*HIDDEN, "gap"):
        assert hidden[name].null_count() == hidden.height, name
    with_edition.close()
    whole = (with_edition.folder / DATABASE).read_bytes() + (with_edition.folder / MANIFEST).read_bytes()
    shown = computed.results.filter(pl.col("indicator") == "per_head", pl.col("category") == "late")["value"].drop_nulls().item()
    assert struct.pack("<d", shown) in whole, "this test must be able to find a number that is there"
    weights = 9 / 5, 9 / 3, 9 / 8, 9 / 2
    sums = {5 * PLANTED, 3 * SECOND, PLANTED, SECOND, PLANTED / 20, SECOND / 30}
    sums |= {number * weight for number in (PLANTED, SECOND, 5 * PLANTED, 3 * SECOND) for weight in weights}
    for number in sums:
        assert struct.pack("<d", number) not in whole
        assert str(number).encode() not in whole
    for word in ("minimum_groups", "h9"):
        assert word.encode() not in whole, "neither the operator's rule nor a holding may be read from an edition"


def test_a_breakdown_with_a_suppressed_category_is_decomposed_nowhere() -> None:
    """The rows of the category itself are gone before; what is left of its breakdown would give it by subtraction."""
    keys = {"indicator": "rise", "period": "2027"}
    parts = [("total", "total"), ("segment", "car"), ("segment", "late"), ("tier", "one")]
    frame = pl.DataFrame([{**keys, "method": "bennet", "breakdown": b, "category": c, "value": 1.0} for b, c in parts])
    results = pl.DataFrame([{**keys, "breakdown": "segment", "category": "lone", "status": "suppressed"}])
    assert shield({"decomposition": frame}, results)["decomposition"]["category"].to_list() == ["total", "one"]
    other = results.with_columns(period=pl.lit("2026"))
    assert shield({"decomposition": frame}, other)["decomposition"].height == 4


def test_weights_are_told_of_years_whose_total_is_published(make_plan: Any, warehouse: Any) -> None:
    """`units` would be the suppressed n."""
    plan = sales_plan(make_plan)
    few = sales().filter((pl.col("year") == 2027) | pl.col("segment").is_in(["lamp"]))  # two holdings in 2025
    computed = compute(plan, warehouse(plan, {"sales": few}))
    suppressed = computed.results.filter(pl.col("breakdown") == "total", pl.col("status") == "suppressed")
    assert {("sold", "2025"), ("per_head", "2025")} <= set(suppressed.select("indicator", "period").rows())
    told = computed.details["weighting"].select("indicator", "period", "units").rows()
    assert [row[:2] for row in told] == [("per_head", "2027"), ("sold", "2027")]
    assert [row[2] for row in told] == [24, 24]


RATES = ["asked", "answered", "rate", "rate_weighted", "rate_size"]


@pytest.mark.parametrize(
    ("asked", "answered", "hidden"),
    [
        (9, 6, []),
        (9, 0, []),  # that nobody answered is no answer of anybody
        (9, 2, RATES),
        (9, 1, RATES),
        (6, 6, []),
        (7, 6, ["rate_size"]),  # the one that was silent: 1 − the rate is its share of employment
        (8, 6, ["rate_size"]),
        (1, 1, RATES),
    ],
)
def test_few_that_answered_or_were_silent_have_no_rates(asked: int, answered: int, hidden: list[str]) -> None:
    row = {"indicator": "sold", "asked": asked, "answered": answered, "rate": 0.5, "rate_weighted": 0.6, "rate_size": 0.7}
    [found] = few_answers(pl.DataFrame([row]), minimum=3, public=frozenset()).to_dicts()
    assert [name for name, value in found.items() if value is None] == hidden
    assert few_answers(pl.DataFrame([row]), minimum=3, public=frozenset({"sold"})).to_dicts() == [row]
