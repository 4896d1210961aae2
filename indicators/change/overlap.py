"""What two waves of a survey have in common: the covariance of their estimates, and the sample that answered both times.

Within a stratum of N1 and N2 units in the two years, N12 of them in both, of which h1, h2 and h12 were heard:
Cov = N1·N2·(h12/(h1·h2) − N12/(N1·N2))·s12 of the linearised values, which is n1·n2 times the same bracket times s12 of the
weighted ones where n1 and n2 have a value (Tam 1984; Qualité and Tillé 2008; Knottnerus and van Delden 2012 for populations
with births, deaths and units that change stratum). Units that changed stratum add nothing, and who was imputed has a value but
was not heard, as in `moments`.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from indicators.catalogue.plan import Indicator
from indicators.catalogue.question import Question
from indicators.editions.results import TOTAL
from indicators.engines import Engine
from indicators.estimation.estimate import KEYS
from indicators.statements import cells
from indicators.statements.waves import MATCHED, NOW, PRODUCTS, THEN, frame_statement, pair_statement, shared_statement

#: a stratum of both years, by the strata it is joined with in each
_JOINT = ["period", "joint0", "joint1"]
_ENDS = ["answered0", "answered1", "population0", "population1", "heard0", "heard1", "common"]


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """What two waves have in common: KEYS (the period is that of the later wave) of the level, and `covariance` of the two
    estimates; or, over those alone who answered both times, their number `n`, their `groups`, and the values `then`, `now`."""

    covariance: pl.DataFrame
    matched: pl.DataFrame


NO_OVERLAP = Overlap(
    covariance=pl.DataFrame(schema={**dict.fromkeys(KEYS, pl.String), "covariance": pl.Float64}),
    matched=pl.DataFrame(
        schema={
            **dict.fromkeys(KEYS, pl.String),
            **dict.fromkeys(("n", "groups"), pl.Int64),
            **dict.fromkeys(("then", "now"), pl.Float64),
        }
    ),
)


def overlap(question: Question, engine: Engine, base: int, levels: pl.DataFrame, layers: pl.DataFrame) -> Overlap:
    """What each year of a question has in common with the base year.

    `levels` are its estimates (KEYS, value, x), `layers` its strata as of `strata.layers`. Where the register lists every unit
    of a stratum in both years, those in both are counted in it; otherwise the smaller population is taken to be wholly in the
    larger one.
    """
    rows = engine.query(pair_statement(question, base)).with_columns(cells.period_name(pl.col("period")).alias("period"))
    keys = [name for name in rows.columns if name.startswith(("period", "stratum", "over_", "then_", "now_"))]
    # sums of the base and the later year begin with then_ and now_, too; only the categories are keys
    rows = cells.ordered(rows, [name for name in keys if not rows.schema[name].is_float()])
    text = frame_statement(question, base) if question.panel is None else None
    ends = both_strata(layers, base, engine.query(text) if text else None)
    inside = rows.filter(pl.col("over_strata") == 0).join(
        ends.select("stratum", *_JOINT), on=["period", "stratum"], maintain_order="left"
    )
    sizes = ends.group_by(_JOINT, maintain_order=True).agg(pl.col(_ENDS).sum())
    both = _of_set(inside, question, ()).group_by(_JOINT, maintain_order=True).agg(pl.col("shared", "twice").sum())
    strata = both.join(sizes, on=_JOINT, maintain_order="left")
    shared = _shared(question, engine, base)
    pairs, matched = [], [NO_OVERLAP.matched]
    for names in question.sets:
        breakdown = pl.lit(",".join(names) or TOTAL).alias("breakdown")
        sums = _sums(_of_set(inside, question, names), names, len(question.indicators))
        sums = sums.join(strata, on=_JOINT, maintain_order="left").with_columns(breakdown)
        everyone = _of_set(rows.filter(pl.col("over_strata") == 1), question, names)
        for number, indicator in enumerate(question.indicators):
            own = [pl.col(f"{name}_{number}").alias(name) for name in (*THEN, *NOW, *PRODUCTS)]
            ids = pl.lit(indicator.id).alias("indicator"), pl.lit(indicator.kind == "total").alias("is_total")
            pairs.append(sums.select(*ids, *KEYS[1:], "shared", "twice", *_ENDS, *own))
            twice = _matched(everyone.with_columns(breakdown), names, number, indicator)
            matched.append(_grouped(twice, shared, names, number).select(NO_OVERLAP.matched.columns))
    return Overlap(covariance=_sum_over_strata(pl.concat(pairs), levels, str(base)), matched=pl.concat(matched))


def both_strata(layers: pl.DataFrame, base: int, frame: pl.DataFrame | None) -> pl.DataFrame:
    """Per later year and stratum of both years: the strata it is joined with in each, n, N and h of each, and N12 as `common`."""
    unlisted = dict.fromkeys(("year", "listed", "stayed"), pl.Int64)
    frame = pl.DataFrame(schema={**unlisted, "stratum": pl.String}) if frame is None else frame
    listed = frame.select("stratum", "listed", "stayed", (pl.col("year").cast(pl.Int64) * 10000).alias("period"))
    numbered = layers.with_columns(pl.col("period").cast(pl.Int64)).filter(pl.col("period") % 10000 == 0)
    yearly = numbered.join(listed, on=["period", "stratum"], how="left")
    then = yearly.filter(pl.col("period") == base * 10000).drop("period", "stayed")
    then = then.rename({name: f"{name}0" for name in then.columns if name != "stratum"})
    now = yearly.filter(pl.col("period") != base * 10000)
    counts = ("joint", "answered", "population", "heard", "listed")
    both = now.rename({name: f"{name}1" for name in counts}).join(then, on="stratum")
    whole = [(pl.col(f"listed{end}") - pl.col(f"population{end}")).abs() < 0.5 for end in (0, 1)]
    smaller = pl.min_horizontal("population0", "population1")
    return both.with_columns(
        cells.period_name(pl.col("period")).alias("period"),
        common=pl.when(*whole).then(pl.col("stayed").cast(pl.Float64)).otherwise(smaller),
    )


def weight_of_shared() -> pl.Expr:
    """n1·n2·(h12/(h1·h2) − N12/(N1·N2)) from columns of `both_strata` and `twice`, the number h12 of those heard both times.

    Who was asked whole in one of the years has no error there, and so none in common with the other; and of a stratum in which
    nobody was heard nothing is known.
    """
    heard0, heard1, whole0, whole1 = (pl.col(f"{name}{end}") for name in ("heard", "population") for end in (0, 1))
    sampled = heard0.is_between(1, whole0, closed="left") & heard1.is_between(1, whole1, closed="left")
    known = pl.col("twice") / (heard0 * heard1) - pl.col("common") / (whole0 * whole1)
    return pl.when(sampled).then(pl.col("answered0") * pl.col("answered1") * known).otherwise(0.0)


def _of_set(rows: pl.DataFrame, question: Question, names: tuple[str, ...]) -> pl.DataFrame:
    """Rows of one breakdown set; the first column is there so that a plan without breakdowns filters nothing."""
    return rows.filter(pl.lit(True), *(pl.col(f"over_{name}") == (0 if name in names else 1) for name in question.breakdowns))


def _stayed(names: tuple[str, ...]) -> list[pl.Expr]:
    return [pl.lit(True), *(pl.col(f"then_{name}") == pl.col(f"now_{name}") for name in names)]


def _sums(rows: pl.DataFrame, names: tuple[str, ...], indicators: int) -> pl.DataFrame:
    """Per period, joint and category: each wave's sums over those who bore it in that wave, products over those in both."""

    def of(part: pl.DataFrame, label: str, parts: tuple[str, ...]) -> pl.DataFrame:
        named = part.rename({f"{label}_{name}": f"b_{name}" for name in names})
        summed = [pl.col(f"{part}_{number}").sum() for number in range(indicators) for part in parts]
        kept = named.drop_nulls([f"b_{name}" for name in names])
        return kept.group_by(*_JOINT, cells.category(names), maintain_order=True).agg(summed)

    keys = [*_JOINT, "category"]
    stayed = rows.filter(_stayed(names))
    ends = of(rows, "then", THEN).join(of(rows, "now", NOW), on=keys, maintain_order="left")
    found = ends.join(of(stayed, "now", PRODUCTS), on=keys, how="left", maintain_order="left")
    return found.with_columns(pl.exclude(keys).fill_null(0.0))


def _matched(everyone: pl.DataFrame, names: tuple[str, ...], number: int, indicator: Indicator) -> pl.DataFrame:
    """Values then and now of those in a category whose answers of both waves are known, also where they changed stratum."""
    found = everyone.filter(_stayed(names), pl.col(f"matched_{number}") > 0)
    found = found.rename({f"now_{name}": f"b_{name}" for name in names}).with_columns(cells.category(names))
    n, then_y, then_x, now_y, now_x = (pl.col(f"{name}_{number}") for name in MATCHED)
    ids = pl.lit(indicator.id).alias("indicator"), "period", "breakdown", "category", n.cast(pl.Int64).alias("n")
    if indicator.kind == "total":
        return found.select(*ids, then=then_y, now=now_y)
    then, now = (pl.when(x != 0).then(y / x) for y, x in ((then_y, then_x), (now_y, now_x)))
    return found.select(*ids, then=then, now=now)


def _shared(question: Question, engine: Engine, base: int) -> pl.DataFrame | None:
    """Those of whose holding group several answered in both years; None where every unit stands for itself."""
    if question.design is None or question.design.group is None:
        return None
    rows = engine.query(shared_statement(question, base))
    return rows.with_columns(cells.period_name(pl.col("period")).alias("period"))


def _grouped(found: pl.DataFrame, shared: pl.DataFrame | None, names: tuple[str, ...], number: int) -> pl.DataFrame:
    """Adds `groups`: most units are a group of their own, so of the others it is taken off by how much they outnumber theirs."""
    if shared is None or shared.is_empty():
        return found.with_columns(groups="n")
    inside = shared.filter(_stayed(names), pl.col(f"matched_{number}") > 0)
    inside = inside.rename({f"now_{name}": f"b_{name}" for name in names}).with_columns(cells.category(names))
    more = pl.col(f"matched_{number}").sum().cast(pl.Int64) - pl.col("holding").n_unique().cast(pl.Int64)
    surplus = inside.group_by("period", "category").agg(more=more)
    joined = found.join(surplus, on=["period", "category"], how="left", maintain_order="left")
    return joined.with_columns(groups=pl.col("n") - pl.col("more").fill_null(0))


def _sum_over_strata(pairs: pl.DataFrame, levels: pl.DataFrame, base: str) -> pl.DataFrame:
    now = levels.select(*KEYS, pl.col("value").alias("r1"), pl.col("x").alias("t1"))
    then = levels.filter(pl.col("period") == base).select(
        "indicator", "breakdown", "category", pl.col("value").alias("r0"), pl.col("x").alias("t0")
    )
    both = pairs.join(now, on=KEYS, maintain_order="left")
    both = both.join(then, on=["indicator", "breakdown", "category"], maintain_order="left")
    r0, r1, t0, t1 = (
        pl.when("is_total").then(pl.lit(v)).otherwise(pl.col(c)) for c, v in (("r0", 0.0), ("r1", 0.0), ("t0", 1.0), ("t1", 1.0))
    )
    n = pl.col("shared")
    product = (pl.col("yy") - r1 * pl.col("yx") - r0 * pl.col("xy") + r0 * r1 * pl.col("xx")) / (t0 * t1)
    sums = (pl.col("y0") - r0 * pl.col("x0")) * (pl.col("y1") - r1 * pl.col("x1")) / (t0 * t1)
    together = (product - sums / n) / (n - 1)
    part = pl.when(n > 1).then(weight_of_shared() * together).otherwise(0.0)
    return both.group_by(KEYS, maintain_order=True).agg(covariance=part.sum())
