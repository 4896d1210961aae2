"""Base values: the numbers of the frozen year in the place of those that today's data would give.

The change of a year t on the frozen base is θ_t against the frozen θ_0. Its error takes the error of θ_0 from the frozen
edition and the covariance of the waves from today's data, which may not say more than that both go together wholly:
|Cov| ≤ se_t · se_0 (Cauchy and Schwarz). Of a duration the replicates of the base keep their relative spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from indicators.catalogue.plan import Plan
from indicators.change.overlap import Overlap
from indicators.editions.details import DETAILS, as_details
from indicators.editions.results import DIGITS
from indicators.estimation.disclosure import HIDDEN
from indicators.estimation.estimate import KEYS, Floats
from indicators.revisions.frozen import FrozenBase
from indicators.revisions.past import SHOWN
from indicators.revisions.revisions import SAME, differ
from pipelines.yamlfile import Text

_MOVED = Text(
    zh="{at}年基期已冻结于版次 {edition}；按现有数据，{n}个指标的基期数值有所不同：{names}。"
    "按修订后基期计算的变化列于 decomposition 表。",
    en="The base {at} is frozen at edition {edition}; today's data give other values of {at} for {n} indicators: {names}. "
    "Changes on the revised base stand in the table decomposition.",
)
_REMEASURED = Text(
    zh="以下指标的计算方法在版次 {edition} 之后改变，其{at}年基期按现有数据重新计算，未使用冻结值：{names}。",
    en="Measured otherwise than in edition {edition}, so the base {at} is computed anew and not the frozen one: {names}.",
)
_NEW = Text(
    zh="版次 {edition} 中没有以下指标的{at}年数值（或其中某些分组），该基期按现有数据计算：{names}。",
    en="Edition {edition} has no values of {at} for these indicators, or for some of their breakdowns; there the base is "
    "computed from today's data: {names}.",
)
_PART_YEARS = Text(
    zh="以下指标在数据不足全年的年份与{at}年相同月份比较，基期取自现有数据，而非冻结的全年数值：{names}。",
    en="In years of which not all months are there, these are held against the same months of {at} from today's data, not "
    "against the frozen year: {names}.",
)

Replicates = Mapping[tuple[str, str, str], Floats]
_OVER = ("value", "se", "low", "high", "n")
_SET = ["indicator", "period", "breakdown"]


def in_place(base: FrozenBase, plan: Plan, levels: pl.DataFrame) -> pl.DataFrame:
    """The estimates with the frozen values (value, se, low, high, n, df, sampled) where the frozen edition gives them.

    A breakdown that it does not have stays as it is computed today; of one that it has, no category comes in anew. What it
    withheld is not known, so within the house today's value stands for it. A category that has no row today keeps its
    frozen value; but a duration, whose error comes from today's cases, has no change without any.
    """
    apart = levels.join(base.covered, on=_SET, how="anti")
    here = levels.join(base.covered, on=_SET, how="semi")
    withheld = here.join(base.rows.filter(pl.col("status") == "suppressed"), on=KEYS, how="semi")
    census = pl.col("quality").eq_missing(pl.lit("census"))
    said = _known(base).select(*KEYS, *_OVER, pl.col("df").alias("frozen_df"), sampled=~census)
    placed = said.join(here.drop(*_OVER, "sampled", strict=False), on=KEYS, how="left")
    placed = placed.with_columns(df=pl.coalesce("frozen_df", "df")).drop("frozen_df")
    durations = [one.id for one in plan.indicators.values() if one.duration]
    lost = placed.filter(pl.col("indicator").is_in(durations)).join(here, on=KEYS, how="anti")
    return pl.concat([apart, withheld, placed.join(lost, on=KEYS, how="anti")], how="diagonal_relaxed")


def behind(base: FrozenBase, groups: pl.DataFrame) -> pl.DataFrame:
    """Groups behind each number, so that the stricter of both decisions holds: what was withheld has none.

    Of a frozen number with no row left today nothing new can be told; behind it stand those who stood there then.
    """
    withheld = base.rows.filter(pl.col("status") == "suppressed")
    kept = groups.join(withheld, on=KEYS, how="anti")
    gone = _known(base).join(groups, on=KEYS, how="anti")
    return pl.concat([kept, gone.select(*KEYS, pl.col("n").alias("groups"))])


def capped(base: FrozenBase, shared: Sequence[Overlap], levels: pl.DataFrame) -> list[Overlap]:
    """What the waves have in common with the frozen year, the covariances no larger than the errors of both ends allow."""
    se = levels.select(*KEYS, pl.col("se").alias("se1"))
    then = levels.filter(pl.col("period") == base.period).select("indicator", *KEYS[2:], pl.col("se").alias("se0"))
    found = []
    for one in shared:
        ends = one.covariance.join(se, on=KEYS, how="left").join(then, on=["indicator", *KEYS[2:]], how="left")
        limit = (pl.col("se1") * pl.col("se0")).fill_null(np.inf)
        bounded = ends.with_columns(pl.col("covariance").clip(-limit, limit)).drop("se0", "se1")
        found.append(replace(one, covariance=bounded))
    return found


def scaled(base: FrozenBase, indicator: str, replicates: Replicates, levels: pl.DataFrame) -> dict[tuple[str, str, str], Floats]:
    """Replicates of a duration, those of the frozen year moved to the frozen value; `levels` are those computed today."""
    today = {row[:3]: row[3] for row in _values(levels, indicator)}
    moved = {
        (period, breakdown, category): replicates[period, breakdown, category] * (value / now)
        for period, breakdown, category, value in _values(_known(base), indicator)
        if value and (now := today.get((period, breakdown, category)))
    }
    return {**replicates, **moved}


def as_published(base: FrozenBase, rated: pl.DataFrame) -> pl.DataFrame:
    """The rated estimates, of which the frozen ones bear all that the frozen edition said of them."""
    columns = [name for name in HIDDEN if name in rated.columns]
    said = _known(base).select(*KEYS, *(pl.col(name).alias(f"frozen_{name}") for name in columns), is_frozen=pl.lit(True))
    joined = rated.join(said, on=KEYS, how="left", maintain_order="left")
    taken = [pl.when("is_frozen").then(f"frozen_{name}").otherwise(name).alias(name) for name in columns]
    gone = base.rows.filter(pl.col("status") != "absent").join(rated, on=KEYS, how="anti").select(*KEYS, *columns)
    return pl.concat([joined.with_columns(taken).select(rated.columns), gone], how="diagonal_relaxed")


def beside(
    base: FrozenBase, plan: Plan, details: Mapping[str, pl.DataFrame], today: Sequence[pl.DataFrame], results: pl.DataFrame
) -> dict[str, pl.DataFrame]:
    """The further tables with the changes on the base as revised today, and the comparisons of the frozen year as they were.

    `today` are estimates of the changes from today's data alone.
    """
    parts = pl.concat([as_details("decomposition", details.get("decomposition")), revised(base, plan, today, results)])
    held = as_details("comparisons", details.get("comparisons"))
    return {**details, "decomposition": parts, "comparisons": compared(base, held, results)}


def revised(base: FrozenBase, plan: Plan, changes: Sequence[pl.DataFrame], results: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table `decomposition`: each published change on the base as revised today, where that differs.

    `changes` are estimates from today's data alone. Nothing stands beside a change that is withheld.
    """
    own = [name for name, one in plan.indicators.items() if one.base_period == base.period and one.change_of]
    shown = results.filter(pl.col("status").is_in(SHOWN), pl.col("indicator").is_in(own))
    headline = shown.select(*KEYS, pl.col("value").alias("former")).unique(KEYS)
    numbers = [pl.col("value", "se").cast(pl.Float64).round_sig_figs(DIGITS), pl.col("n").cast(pl.Int64)]
    today = [frame.select(*KEYS, *numbers).drop_nulls("value").join(headline, on=KEYS) for frame in changes]
    if not today:
        return as_details("decomposition", None)
    rows = differ(plan, pl.concat(today), results).filter("differs")
    named = {"base_period": pl.lit(base.period), "method": pl.lit("revised_base"), "part": pl.lit("change")}
    rows = rows.with_columns(**named)
    return as_details("decomposition", rows.select(*DETAILS["decomposition"]))


def compared(base: FrozenBase, comparisons: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """The table `comparisons`, whose rows of the frozen year are those of the frozen edition, as far as both ends stand."""
    shown = results.filter(pl.col("status").is_in(SHOWN)).select(KEYS).unique()
    frozen = base.comparisons.join(base.covered, on=_SET, how="semi").join(shown, on=KEYS, how="semi")
    frozen = frozen.join(shown.rename({"category": "other"}), on=[*_SET, "other"], how="semi")
    return as_details("comparisons", pl.concat([comparisons.join(base.covered, on=_SET, how="anti"), frozen]))


def notices(base: FrozenBase, plan: Plan, levels: pl.DataFrame, part_years: Mapping[str, Sequence[str]]) -> tuple[Text, ...]:
    """What readers should know of the frozen base; `levels` are computed from today's data alone.

    `part_years`: of a change the years that are held against the same months of the base, which no frozen year can give.
    """
    at, edition = base.period, base.declaration.edition
    now = levels.select(*KEYS, pl.col("value").round_sig_figs(DIGITS).alias("now"))
    shown = base.rows.filter(pl.col("status").is_in(SHOWN)).join(now, on=KEYS, how="left")
    apart = (pl.col("value") - pl.col("now")).abs() > SAME * pl.max_horizontal(pl.col("value").abs(), pl.col("now").abs())
    moved = set(shown.filter(apart.fill_null(True))["indicator"])
    here = levels.filter(pl.col("period").str.slice(0, 4) == at)
    new = set(here.join(base.covered, on=_SET, how="anti")["indicator"]) - base.remeasured
    parts = {name for name, years in part_years.items() if years and plan.indicators[name].base_period == at}
    groups = ((_MOVED, moved), (_REMEASURED, set(base.remeasured)), (_NEW, new), (_PART_YEARS, parts))
    return tuple(_named(plan, names, text, at=at, edition=edition) for text, names in groups if names)


def _known(base: FrozenBase) -> pl.DataFrame:
    """Frozen rows that say something: published, or a quantile that was not reached; not withheld, not without anybody."""
    said = pl.col("n").is_not_null() | pl.col("value").is_not_null()
    return base.rows.filter(pl.col("status") != "suppressed", said)


def _values(frame: pl.DataFrame, indicator: str) -> list[tuple[str, str, str, float | None]]:
    return frame.filter(pl.col("indicator") == indicator).select(*KEYS[1:], "value").rows()


def _named(plan: Plan, indicators: set[str], text: Text, *, at: str, edition: str) -> Text:
    names = [one.name for one in plan.indicators.values() if one.id in indicators]
    zh, en = "、".join(name.zh for name in names), "; ".join(name.en for name in names)
    return Text(
        zh=text.zh.format(at=at, edition=edition, n=len(names), names=zh),
        en=text.en.format(at=at, edition=edition, n=len(names), names=en),
    )
