"""Decompositions: the published worked example to the last digits, and what must hold of any frame."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.change.decomposition import BENNET, GEAD, bennet, chained, gead

NEAR = 1e-12


@pytest.fixture(scope="module")
def known(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "statistics" / "ref_j_productivity.json").read_text(encoding="utf-8"))
    return found


def segments(known: dict[str, Any]) -> pl.DataFrame:
    """Volume y, current value c and labour x of each segment and year, from the inputs alone."""
    given = known["inputs"]
    rows = [
        (int(year), name, value / given["price"][year][name], value, given["labour"][year][name])
        for year, values in given["nominal"].items()
        for name, value in values.items()
    ]
    return pl.DataFrame(rows, schema=["year", "category", "y", "c", "x"], orient="row")


def pieces(known: dict[str, Any], before: int = 2025, after: int = 2027) -> pl.DataFrame:
    ends = [
        segments(known).filter(pl.col("year") == year).select("category", pl.col("y", "c", "x").name.suffix(str(end)))
        for end, year in enumerate((before, after))
    ]
    return ends[0].join(ends[1], on="category")


def growth(frame: pl.DataFrame) -> float:
    total = frame.sum()
    return float((total["y1"] / total["x1"] - total["y0"] / total["x0"]).item())


def level(frame: pl.DataFrame) -> float:
    return float(frame["y0"].sum()) / float(frame["x0"].sum())


def agrees(found: pl.DataFrame, by_segment: dict[str, dict[str, float]], names: dict[str, str]) -> None:
    base = level(found)
    for row in found.iter_rows(named=True):
        for ours, theirs in names.items():
            assert row[ours] / base == pytest.approx(by_segment[row["category"]][theirs], abs=NEAR), (row["category"], ours)


def test_volumes_and_levels_of_the_worked_example(known: dict[str, Any]) -> None:
    frame = segments(known)
    for year, names in known["volumes"].items():
        rows = frame.filter(pl.col("year") == int(year))
        assert dict(rows.select("category", "y").iter_rows()) == pytest.approx(names, abs=NEAR)
        whole = known["aggregate"][year]
        assert rows["y"].sum() == pytest.approx(whole["volume_2025_prices"], abs=1e-9)
        assert rows["c"].sum() / rows["y"].sum() == pytest.approx(whole["implicit_deflator_paasche"], abs=NEAR)
        assert rows["y"].sum() / rows["x"].sum() == pytest.approx(whole["lp_constant"], abs=NEAR)
        assert rows["c"].sum() / rows["x"].sum() == pytest.approx(whole["lp_current"], abs=NEAR)
    assert growth(pieces(known)) / level(pieces(known)) == pytest.approx(known["growth_2025_2027"], abs=NEAR)


def test_bennet_of_the_worked_example(known: dict[str, Any]) -> None:
    found = bennet(pieces(known))
    agrees(found, known["bennet"]["by_segment"], {"within": "within", "between": "between"})
    for part, value in known["bennet"]["sums"].items():
        assert found[part].sum() / level(found) == pytest.approx(value, abs=NEAR)
    assert found["entry"].sum() == found["exit"].sum() == 0.0
    contributions = dict(found.select("category", (pl.sum_horizontal(BENNET)) / level(found)).iter_rows())
    assert contributions == pytest.approx(known["bennet"]["contribution_by_segment"], abs=NEAR)
    assert sum(contributions.values()) == pytest.approx(known["bennet"]["total"], abs=NEAR)


def test_gead_of_the_worked_example_in_three_terms_and_in_two(known: dict[str, Any]) -> None:
    found = gead(pieces(known))
    three, two = known["gead_three_term"], known["gead_tang_wang_two_term"]
    agrees(found, three["by_segment"], {name: name for name in GEAD[:3]})
    for part, value in three["sums"].items():
        assert found[part].sum() / level(found) == pytest.approx(value, abs=NEAR)
    together = found.with_columns(change_in_size=pl.col("relative_size") + pl.col("interaction"))
    agrees(together, two["by_segment"], {"pure_productivity": "pure_productivity", "change_in_size": "change_in_size"})
    contributions = dict(found.select("category", pl.sum_horizontal(GEAD) / level(found)).iter_rows())
    assert contributions == pytest.approx(three["contribution_by_segment"], abs=NEAR)
    assert sum(contributions.values()) == pytest.approx(three["total"], abs=NEAR)


def test_at_prices_of_one_year_gead_is_the_shift_share_analysis(known: dict[str, Any]) -> None:
    """TRAD: Σl⁰ΔX + ΣX⁰Δl + ΣΔlΔX. With relative prices of 1 the shares of GEAD are those of labour."""
    constant = pieces(known).with_columns(c0="y0", c1="y1")
    found = gead(constant)
    names = {"pure_productivity": "within", "relative_size": "between_static", "interaction": "interaction"}
    agrees(found, known["trad"]["by_segment"], names)
    for ours, theirs in names.items():
        assert found[ours].sum() / level(found) == pytest.approx(known["trad"]["sums"][theirs], abs=NEAR)
    assert found.select(pl.sum_horizontal(GEAD).sum()).item() / level(found) == pytest.approx(known["trad"]["total"], abs=NEAR)


def test_relative_prices_move_the_attribution_and_hardly_the_whole(known: dict[str, Any]) -> None:
    frame = pieces(known)
    prices = pl.col("c1") / pl.col("y1") / (pl.col("c1").sum() / pl.col("y1").sum())
    effect = frame.select((pl.col("c0") / pl.col("c0").sum() * (prices - 1)).sum()).item()
    assert effect == pytest.approx(known["gead_price_effect_sum"], abs=NEAR)
    maker = pl.col("category") == "OEM"
    by_volume = bennet(frame).filter(maker).select(pl.sum_horizontal(BENNET)).item() / level(frame)
    by_chain = gead(frame).filter(maker).select(pl.sum_horizontal(GEAD)).item() / level(frame)
    assert (round(100 * by_volume, 2), round(100 * by_chain, 2)) == (6.23, 4.98)


def test_chained_laspeyres_of_the_worked_example(known: dict[str, Any]) -> None:
    frame = segments(known)
    for year in (2026, 2027):
        found = chained(frame.filter(pl.col("year") <= year))
        assert found == pytest.approx(known["lp_index_chained"][str(year)] - 1, abs=NEAR)
        rows = frame.filter(pl.col("year").is_in([2025, year]))
        labour = dict(rows.group_by("year").agg(pl.col("x").sum()).iter_rows())
        assert (1 + found) * labour[year] / labour[2025] == pytest.approx(
            known["volume_index_chained_laspeyres"][str(year)], abs=NEAR
        )
    fixed = growth(pieces(known)) / level(pieces(known))
    assert fixed == pytest.approx(known["lp_index_fixed_base"]["2027"] - 1, abs=NEAR)
    assert chained(frame) != pytest.approx(fixed, abs=1e-4), "the check is another number"


def test_no_chain_over_a_year_that_is_not_there_or_a_price_that_nobody_knows(known: dict[str, Any]) -> None:
    frame = segments(known)
    assert chained(frame.filter(pl.col("year") != 2026)) is None
    assert chained(frame.filter((pl.col("year") != 2025) | (pl.col("category") != "PS"))) is None
    # who is gone later was still weighed before
    left = frame.filter((pl.col("year") != 2027) | (pl.col("category") != "PS"))
    assert chained(left) is not None


def test_entry_and_exit_of_enterprises(known: dict[str, Any]) -> None:
    micro = known["micro_bennet_entry_exit"]
    blank = [None, None]
    rows = [(name, *micro["A"].get(name, blank), *micro["B"].get(name, blank)) for name in ("e1", "e2", "e3", "e4")]
    frame = pl.DataFrame(rows, schema=["unit", "y0", "x0", "y1", "x1"], orient="row")
    found = bennet(frame).sum()
    for part in BENNET:
        assert found[part].item() == pytest.approx(micro[part], abs=NEAR)
    assert found.select(pl.sum_horizontal(BENNET)).item() == pytest.approx(micro["change"], abs=NEAR)
    assert micro["lp_2027"] - micro["lp_2025"] == pytest.approx(micro["change"], abs=NEAR)


# --- of any frame -----------------------------------------------------------------------------------------------------------

amounts, people = st.floats(-50, 500), st.floats(0.5, 300)
end = st.tuples(amounts, people)
rows_of = st.lists(st.tuples(end | st.none(), end | st.none()), min_size=1, max_size=12)


def frame_of(drawn: list[tuple[Any, Any]]) -> pl.DataFrame:
    """At least one piece is there in both years, so that both aggregates exist."""
    blank = (None, None)
    rows = [(*(before or blank), *(after or blank)) for before, after in [*drawn, ((40.0, 8.0), (60.0, 9.0))]]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(("y0", "x0", "y1", "x1"), pl.Float64), orient="row")
    return frame.with_columns(c0=pl.col("y0") * 1.1, c1=pl.col("y1") * (1 + 0.1 * pl.int_range(pl.len())))


def scale(frame: pl.DataFrame) -> float:
    total = frame.select(pl.col("y0", "y1").abs().sum(), pl.col("x0", "x1").sum()).row(0, named=True)
    return float(total["y0"] / total["x0"] + total["y1"] / total["x1"])


@given(rows_of)
def test_parts_add_up_to_the_change(drawn: list[tuple[Any, Any]]) -> None:
    frame = frame_of(drawn)
    found = bennet(frame)
    assert found.select(pl.sum_horizontal(BENNET).sum()).item() == pytest.approx(growth(frame), abs=1e-13 * scale(frame) * 50)
    # a piece is in one state
    both = found.filter(pl.col("x0").is_not_null(), pl.col("x1").is_not_null())
    assert both.select(pl.col("entry", "exit").abs().sum()).sum_horizontal().item() == 0.0
    assert found.filter(pl.col("x0").is_null())["exit"].abs().sum() == 0.0
    assert found.filter(pl.col("x1").is_null())["within"].abs().sum() == 0.0


@given(st.lists(st.tuples(st.tuples(st.floats(1, 500), people), st.tuples(st.floats(1, 500), people)), min_size=1, max_size=12))
def test_parts_of_gead_add_up_to_the_change_whatever_the_prices(drawn: list[tuple[Any, Any]]) -> None:
    frame = frame_of(drawn)
    found = gead(frame)
    assert found.select(pl.sum_horizontal(GEAD).sum()).item() == pytest.approx(growth(frame), rel=1e-11, abs=1e-10)


@given(rows_of)
def test_the_other_way_round_every_part_has_the_other_sign(drawn: list[tuple[Any, Any]]) -> None:
    frame = frame_of(drawn)
    there = bennet(frame).sum()
    back = bennet(frame.rename({"y0": "y1", "x0": "x1", "y1": "y0", "x1": "x0"})).sum()
    near = {"abs": 1e-12 * scale(frame)}
    assert back["within"].item() == pytest.approx(-there["within"].item(), **near)
    assert back["between"].item() == pytest.approx(-there["between"].item(), **near)
    assert back["entry"].item() == pytest.approx(-there["exit"].item(), **near)
    assert back["exit"].item() == pytest.approx(-there["entry"].item(), **near)


@given(st.lists(st.tuples(amounts, amounts, people), min_size=1, max_size=12), st.floats(0.2, 5))
def test_without_a_change_of_shares_all_is_within(drawn: list[tuple[float, float, float]], grown: float) -> None:
    rows = [(before, people, after, people * grown) for before, after, people in drawn]
    frame = pl.DataFrame(rows, schema=["y0", "x0", "y1", "x1"], orient="row")
    found = bennet(frame)
    assert found["between"].abs().sum() == pytest.approx(0.0, abs=1e-12 * scale(frame))
    assert found["within"].sum() == pytest.approx(growth(frame), abs=1e-12 * scale(frame))


@given(rows_of, st.randoms())
def test_the_order_of_rows_does_not_matter(drawn: list[tuple[Any, Any]], chance: Any) -> None:
    frame = frame_of(drawn)
    shuffled = frame.with_row_index("at")
    order = list(range(frame.height))
    chance.shuffle(order)
    found = bennet(shuffled[order]).sort("at")
    assert found.select(BENNET).to_dicts() == [
        pytest.approx(row, abs=1e-12 * scale(frame)) for row in bennet(frame).select(BENNET).to_dicts()
    ]
