"""Quantiles of finished cases: R's published results, an independent estimator, plain arithmetic, and the tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from indicators.cycles.quantile import Strata, weighted_quantile, woodruff
from tests.indicators.cycles import cycle_plan, projects

#: R, survey 4.x: svyquantile(~api00, svydesign(id = ~1, strata = ~stype, weights = ~pw, data = apistrat, fpc = ~fpc), …)
R = {0.25: (565, 535, 597, 15.71945), 0.5: (668, 642, 694, 13.18406), 0.75: (756, 726, 778, 13.18406)}


def read(shared_data: Path, name: str) -> pl.DataFrame:
    frame = pl.read_csv(shared_data / "survey_api" / name, null_values=["NA", ""], infer_schema_length=None)
    return frame.with_columns(pl.col("cds").cast(pl.String), pl.col("dnum").cast(pl.String))


def strata_of(frame: pl.DataFrame, stratum: str, unit: str, fpc: str) -> tuple[Strata, Any]:
    """Strata as woodruff wants them, and the number of the unit of each row."""
    numbers = {name: i for i, name in enumerate(frame[unit].unique().sort())}
    layers = {name: i for i, name in enumerate(frame[stratum].unique().sort())}
    of_unit = np.zeros(len(numbers), dtype=np.int64)
    population = np.zeros(len(layers))
    for row in frame.iter_rows(named=True):
        of_unit[numbers[row[unit]]] = layers[row[stratum]]
        population[layers[row[stratum]]] = row[fpc]
    answered = np.bincount(of_unit, minlength=len(layers)).astype(float)
    return Strata(answered=answered, population=population, of_unit=of_unit), frame[unit].replace_strict(numbers).to_numpy()


def api(shared_data: Path) -> tuple[Strata, Any, Any, Any]:
    frame = read(shared_data, "apistrat.csv")
    strata, unit = strata_of(frame, "stype", "cds", "fpc")
    weight = (strata.population / strata.answered)[strata.of_unit[unit]]
    return strata, unit, frame["api00"].cast(pl.Float64).to_numpy(), weight


@pytest.mark.parametrize("share", R)
def test_quantiles_of_a_stratified_sample_are_those_of_r(share: float, shared_data: Path) -> None:
    strata, unit, values, weight = api(shared_data)
    found = woodruff(values, weight, unit, strata, share)
    value, low, high, se = R[share]
    assert (found.value, found.low, found.high, found.df) == (value, low, high, 197)
    assert found.se == pytest.approx(se, abs=5e-6)


def independent(frame: pl.DataFrame, **design: str) -> Iterator[tuple[float, Any]]:
    svy = pytest.importorskip("svy")
    sample = svy.Sample(frame, svy.Design(wgt="w", pop_size="fpc", **design)).estimation
    for share in (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95):
        yield share, sample.quantile("api00", p=share, q_method="higher").estimates[0]


def same(found: Any, expected: Any) -> None:
    assert found.value == expected.est
    ends = [None if np.isnan(end) else end for end in (expected.lci, expected.uci)]
    assert [found.low, found.high] == ends
    assert found.df == expected.df
    if None not in ends:
        assert found.se == pytest.approx(expected.se, rel=1e-12)


def test_a_stratified_sample_by_an_independent_estimator(shared_data: Path) -> None:
    strata, unit, values, weight = api(shared_data)
    frame = read(shared_data, "apistrat.csv").select("stype", "api00", "fpc", w=pl.Series(weight))
    for share, expected in independent(frame, stratum="stype"):
        same(woodruff(values, weight, unit, strata, share), expected)


def test_a_sample_of_clusters_by_an_independent_estimator(shared_data: Path) -> None:
    """Districts take the place of enterprises and their schools that of orders: the district is the ultimate unit."""
    frame = read(shared_data, "apiclus1.csv").with_columns(one=pl.lit("a"), w=pl.col("fpc") / 15)
    strata, unit = strata_of(frame, "one", "dnum", "fpc")
    assert strata.answered.tolist() == [15]
    for share, expected in independent(frame.select("dnum", "api00", "fpc", "w"), psu="dnum"):
        values = frame["api00"].cast(pl.Float64).to_numpy()
        same(woodruff(values, frame["w"].to_numpy(), unit, strata, share), expected)


def test_a_domain_keeps_the_strata_and_units_outside_it(shared_data: Path) -> None:
    svy = pytest.importorskip("svy")
    strata, unit, values, weight = api(shared_data)
    frame = read(shared_data, "apistrat.csv").select("stype", "api00", "fpc", "awards", w=pl.Series(weight))
    sample = svy.Sample(frame, svy.Design(stratum="stype", wgt="w", pop_size="fpc")).estimation
    inside = (frame["awards"] == "Yes").to_numpy()
    for share in (0.25, 0.5, 0.9):
        expected = sample.quantile("api00", p=share, where=svy.col("awards") == "Yes", q_method="higher").estimates[0]
        same(woodruff(values[inside], weight[inside], unit[inside], strata, share), expected)


def test_every_order_of_a_cluster_counts_through_the_tables(
    shared_data: Path, make_plan: Any, results_of: Any, row_of: Any
) -> None:
    """From the tables to the results frame: districts as firms, schools as orders that take as many days as their score."""
    svy = pytest.importorskip("svy")
    frame = read(shared_data, "apiclus1.csv").with_columns(w=pl.col("fpc") / 15)
    begun = date(2025, 3, 1)
    rows = [(name, begun, begun + timedelta(days=int(score)), None) for name, score in frame.select("dnum", "api00").rows()]
    firms = frame["dnum"].unique().sort()
    listed = pl.DataFrame({"firm": firms, "year": 2025, "layer": "all", "layer_size": 757, "holding_group": firms})
    sample = svy.Sample(frame.select("dnum", "api00", "fpc", "w"), svy.Design(psu="dnum", wgt="w", pop_size="fpc")).estimation
    for share in (0.5, 0.9):
        plan = cycle_plan(make_plan, "cohort", quantile=share)
        row = row_of(results_of(plan, {"register": listed, "projects": projects(rows, date(2028, 1, 1))}), "cycle", "2025")
        expected = sample.quantile("api00", p=share, q_method="higher").estimates[0]
        assert (row["value"], row["low"], row["high"]) == (expected.est, expected.lci, expected.uci)
        assert row["se"] == pytest.approx(expected.se, rel=1e-12)
        assert (row["n"], row["df"], row["status"]) == (15, 14, "published")
        assert row["quality"] == ("B" if share == 0.5 else "A"), "5.5 % and 2.7 % of the value"


# --- plain arithmetic ------------------------------------------------------------------------------------------------------


def by_hand(values: Any, weight: Any, p: float) -> float:
    """Value by value, until enough of the weight lies below."""
    below, total = 0.0, sum(weight)
    for value, w in sorted(zip(values, weight, strict=True)):
        below += w
        if below >= p * total - 1e-9:
            return float(value)
    return float("nan")


weighted = st.lists(st.tuples(st.integers(0, 12), st.sampled_from([0.5, 1.0, 2.0, 4.5])), min_size=1, max_size=30)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(rows=weighted, p=st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]))
def test_the_weighted_quantile_by_hand(rows: list[tuple[int, float]], p: float) -> None:
    values, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    assert weighted_quantile(values, weight, p) == by_hand(values, weight, p)


def test_equal_weights_reach_a_half_where_counting_does() -> None:
    """Thirty weights of 2.2 add up to 65.99999999999999; the median is the 15th all the same."""
    assert weighted_quantile(np.arange(1.0, 31.0), np.full(30, 2.2), 0.5) == 15.0
    assert np.isnan(weighted_quantile(np.arange(3.0), np.ones(3), 1.01))
    assert np.isnan(weighted_quantile(np.arange(3.0), np.ones(3), -0.01))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000))
def test_the_error_by_hand(seed: int) -> None:
    """Strata of units with several cases, some without any; Σ (1 − f) n/(n − 1) Σ (u − ū)², unit by unit."""
    rng = np.random.default_rng(seed)
    answered = rng.integers(2, 6, 3).astype(float)
    population = answered + rng.integers(0, 8, 3)
    of_unit = np.repeat(np.arange(3), answered.astype(int))
    unit = rng.integers(0, of_unit.size, 25)
    values, weight = rng.integers(1, 15, 25).astype(float), (population / answered)[of_unit[unit]]
    found = woodruff(values, weight, unit, Strata(answered=answered, population=population, of_unit=of_unit), 0.5)
    inside = [1.0 if value <= found.value else 0.0 for value in values]
    share = sum(w * i for w, i in zip(weight, inside, strict=True)) / weight.sum()
    variance = 0.0
    for h in range(3):
        sums = [
            sum(w * (i - share) / weight.sum() for w, i, u in zip(weight, inside, unit, strict=True) if u == member)
            for member in np.flatnonzero(of_unit == h)
        ]
        middle = sum(sums) / len(sums)
        f = answered[h] / population[h]
        variance += (1 - f) * answered[h] / (answered[h] - 1) * sum((u - middle) ** 2 for u in sums)
    if found.sampled and found.df > 0:
        t = stats.t.ppf(0.975, found.df)
        for end, side in ((found.low, -1), (found.high, 1)):
            at = share + side * t * np.sqrt(variance)
            if abs(at - round(at, 2)) > 1e-9:  # not on the edge of a step
                assert end == (weighted_quantile(values, weight, at) if 0 <= at <= 1 else None)
    held = {int(of_unit[u]) for u in unit}
    assert found.df == len(set(unit.tolist())) - len(held)
    assert found.sampled == any(answered[h] < population[h] for h in held)


def test_a_full_count_has_no_error() -> None:
    strata = Strata(answered=np.array([4.0]), population=np.array([4.0]), of_unit=np.zeros(4, dtype=np.int64))
    found = woodruff(np.array([3.0, 1.0, 2.0, 5.0]), np.ones(4), np.arange(4), strata, 0.5)
    assert (found.value, found.se, found.low, found.high, found.sampled) == (2.0, 0.0, None, None, False)


def test_a_limit_beyond_all_values_is_unknown_and_the_other_side_is_the_error() -> None:
    """As in R the upper limit of a high quantile in a small sample does not exist; R gives no error then."""
    strata = Strata(answered=np.array([10.0]), population=np.array([1000.0]), of_unit=np.zeros(10, dtype=np.int64))
    found = woodruff(np.arange(1.0, 11.0), np.full(10, 100.0), np.arange(10), strata, 0.9)
    assert (found.value, found.high) == (9.0, None)
    below = 0.9 - stats.t.ppf(0.975, 9) * np.sqrt(0.99 * 0.9 * 0.1 / 9)
    assert found.low == np.ceil(below * 10)
    assert found.se == pytest.approx((9 - found.low) / stats.t.ppf(0.975, 9))


def test_one_answer_of_several_counts_with_its_own_deviation() -> None:
    """Never dropped: alone in a stratum of three it deviates from the mean of all, which is zero."""
    alone = Strata(answered=np.array([8.0, 1.0]), population=np.array([8.0, 3.0]), of_unit=np.array([0] * 8 + [1]))
    weight = np.array([1.0] * 8 + [3.0])
    found = woodruff(np.arange(1.0, 10.0), weight, np.arange(9), alone, 0.5)
    share = 6 / 11
    assert found.value == 6.0
    assert (found.df, found.open_df, found.sampled) == (7, 0, True)
    error = np.sqrt((1 - 1 / 3) * (3 * (0 - share) / 11) ** 2)
    t = stats.t.ppf(0.975, 7)
    assert (share + t * error) * 11 > 8, "so the last one, which stands for three, is the limit"
    assert (found.low, found.high) == (np.ceil((share - t * error) * 11), 9)
