"""Contributions: what the change of an indicator is made of, category by category, from one more statement per base year.

Who entered and who left is asked of the register and not of the sample: a unit that was drawn anew did not enter. So the parts
of those who stayed, came and left are weighted sums over the answers of each year, of units that the register lists in the
other year too, or does not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from indicators.catalogue.plan import Decomposition, Indicator, Plan
from indicators.catalogue.question import Question
from indicators.change.decomposition import BENNET, GEAD, bennet, chained, gead
from indicators.change.entry import known_years, statement
from indicators.editions.details import DETAILS, as_details
from indicators.editions.results import DIGITS, TOTAL
from indicators.engines import Engine
from indicators.statements.cells import ordered
from indicators.statements.months import months_of
from pipelines.yamlfile import Text

_SUMS = ("n", "y", "x", "c")


@dataclass(frozen=True, kw_only=True)
class Contributions:
    """Rows for the table `decomposition`, what a reader should know of them, and the statement that was run."""

    frame: pl.DataFrame
    notices: tuple[Text, ...]
    sql: str


@dataclass(frozen=True, kw_only=True)
class _Span:
    """A base year and years held against it, cut to the same months; empty: whole years."""

    months: tuple[int, ...]
    years: tuple[int, ...]  # those of which the change is published
    between: tuple[int, ...]  # those needed for a chain


@dataclass(kw_only=True)
class _Lost:
    """The years of which not all parts can be told, by the reason."""

    hidden: list[str]  # a category is suppressed, so none is told
    unknown: list[str] = field(default_factory=list)  # no register lists the population
    few: list[str] = field(default_factory=list)  # too few came, left or stayed, over all categories
    few_within: list[str] = field(default_factory=list)  # in some category that is told

    def count(self, year: str, *, known: bool, safe: bool, safe_within: bool) -> None:
        if not known:
            self.unknown.append(year)
        elif not safe:
            self.few.append(year)
        elif not safe_within and year not in self.hidden:
            self.few_within.append(year)

    def notices(self, name: Text) -> tuple[Text, ...]:
        return tuple(
            Text(zh=f"{name.zh}：{'、'.join(years)}年{text.zh}", en=f"{name.en}, {', '.join(years)}: {text.en}")
            for reason, text in _REASONS.items()
            if (years := getattr(self, reason))
        )


_REASONS = {
    "unknown": Text(
        zh="或基期的全部总体单位名录没有列全，进入、退出无法与样本轮换区分；变化只分解为各组内部和各组之间两部分。",
        en="no register lists the whole population of the year and of its base, so entry and exit cannot be told from the "
        "rotation of the sample; the change is split within and between categories only.",
    ),
    "few": Text(
        zh="进入、退出或存续的企业过少，为保护企业信息，进入和退出计入所在的组，不单列。",
        en="too few enterprises came, left or stayed to be told apart, so they are counted within their category.",
    ),
    "few_within": Text(
        zh="有的组进入、退出或存续的企业过少，为保护企业信息，按组分解时把进入和退出计入该组，只在合计中单列。",
        en="in some category too few enterprises came, left or stayed to be told apart, so by category they are counted within "
        "it; entry and exit are shown over all categories only.",
    ),
    "hidden": Text(
        zh="有的组因企业过少未公布，为保护企业信息，不公布按组的分解，只公布合计的分解。",
        en="of some category too few enterprises may be told, so the parts are shown over all categories only.",
    ),
}


def answer(
    plan: Plan,
    indicator: Indicator,
    engine: Engine,
    *,
    published: Mapping[str, float],
    minimum_groups: int,
    frozen: bool = False,
    hidden: Collection[str] = (),
) -> Contributions:
    """The parts of a change in every year of `published`, and the chained check; they add up to the published value.

    Relative to the base level, or in its unit for a difference. Where the base is frozen, the part `revision` is what the
    frozen base differs from today's data by. Behind each part stand at least `minimum_groups` holding groups: where fewer
    came or left, they are counted within their category. `hidden` are the years of which some category is suppressed: nothing
    by category will then be told, and the notices say so.
    """
    assert indicator.decomposition is not None
    question = _question(plan, indicator, indicator.decomposition)
    base, rule = int(str(indicator.base_period)), 1 if question.table.public else minimum_groups
    told = known_years(question, engine)
    frames, texts, lost = [as_details("decomposition", None)], dict[str, None](), _Lost(hidden=sorted({*hidden} & {*published}))
    for span in _spans(question, engine, base, sorted(map(int, published))):
        short = replace(question, months=span.months)
        texts[sql := statement(short, base, sorted({*span.years, *span.between} - {base}))] = None
        rows = ordered(engine.query(sql), ["year", "later", "stays", "category", "over_category"])
        for year in span.years:
            pieces = rows.filter(pl.col("year") == year)
            known = {base, year} <= told
            safe, safe_within = (known and _safe(pieces, rule, level) for level in (1, 0))
            lost.count(str(year), known=known, safe=safe, safe_within=safe_within)
            found = _parts(indicator, pieces, apart=safe, apart_within=safe and safe_within)
            change = published[str(year)] if frozen else None
            frames.append(_rows(indicator, year, found, _chain(rows, span, base, year), change))
    return Contributions(frame=pl.concat(frames), notices=lost.notices(indicator.name), sql="\n\n".join(texts))


def _question(plan: Plan, indicator: Indicator, asked: Decomposition) -> Question:
    """The level and, where the decomposition names it, the same at current prices, by year and category."""
    level = plan.indicators[str(indicator.change_of)]
    both = [level, *([plan.indicators[asked.current]] if asked.current else [])]
    table = plan.dictionary.tables[str(level.table)]
    return Question(
        plan=plan,
        table=table,
        design=level.design or table.design,
        respondents=level.respondents,
        indicators=tuple(one.model_copy(update={"periods": ["year"]}) for one in both),
        sets=((asked.by,),),
    )


def _spans(question: Question, engine: Engine, base: int, years: Sequence[int]) -> list[_Span]:
    """Nine months are held against the same nine months; whole years are asked for together."""
    months = months_of(question, engine)
    began = months.get(base, ())
    whole = tuple(year for year in years if months.get(year, ()) == began)
    between = range(min(*years, base), max(*years, base) + 1) if years else ()
    complete = tuple(year for year in between if months.get(year, ()) == began)
    spans = [_Span(months=(), years=whole, between=complete)] if whole else []
    for year in years:
        if year not in whole and (common := tuple(month for month in months[year] if month in began)):
            through = range(min(year, base), max(year, base) + 1)
            reported = tuple(one for one in through if set(common) <= set(months.get(one, ())))
            spans.append(_Span(months=common, years=(year,), between=reported))
    return spans


def _safe(pieces: pl.DataFrame, rule: int, over_category: int) -> bool:
    """Whether enough holding groups stand behind all who stayed, came and left, or nobody."""
    groups = pieces.filter(pl.col("over_category") == over_category)["groups"]
    return not groups.is_between(1, rule - 1).any()


def _pieces(rows: pl.DataFrame, *, apart: bool) -> pl.DataFrame:
    """category and the sums n0, y0, x0, c0, n1 … of both ends: those who stayed, came and left apart, or each category whole."""
    kind = pl.when(pl.col("stays") == 1).then(pl.lit(-1)).otherwise("later") if apart else pl.lit(-1)
    ends = [
        pl.col(name).filter(pl.col("later") == end).sum().cast(pl.Float64).alias(f"{name}{end}")
        for name in _SUMS
        for end in (0, 1)
    ]
    single = rows.filter(pl.col("over_category") == 0).with_columns(kind=kind)
    return single.group_by("category", "kind").agg(ends).sort("category", "kind", nulls_last=True)


def _parts(indicator: Indicator, rows: pl.DataFrame, *, apart: bool, apart_within: bool) -> pl.DataFrame:
    """breakdown, category, part, value and n of the declared method; the parts of a category add up to its part `total`."""
    assert indicator.decomposition is not None
    bennets = indicator.decomposition.method == "bennet"
    method, names = (bennet, BENNET) if bennets else (gead, GEAD)
    found = []
    for breakdown, separate in ((TOTAL, apart and bennets), (indicator.decomposition.by, apart_within and bennets)):
        pieces = method(_pieces(rows, apart=separate))
        level = float(pieces["y0"].sum()) / float(pieces["x0"].sum()) if indicator.change_as == "relative" else 1.0
        # over whole categories entry and exit are those of a category, which mostly do not happen
        shown = [name for name in names if separate or name not in ("entry", "exit") or (pieces[name] != 0).any()]
        grouped = pieces.with_columns(category=pl.lit(TOTAL)) if breakdown == TOTAL else pieces.drop_nulls("category")
        counts = {name: _count(name) for name in shown} | {"total": _count("total")}
        sums = grouped.group_by("category").agg(
            *((pl.col(name).sum() / level).round(DIGITS - 1) for name in shown),
            *(count.alias(f"n_{name}") for name, count in counts.items()),
        )
        sums = sums.with_columns(total=pl.sum_horizontal(shown).round(DIGITS - 1))
        told = {name: {"value": name, "n": f"n_{name}"} for name in [*shown, "total"]}
        kept = [sums.select("category", pl.lit(name).alias("part"), **columns) for name, columns in told.items()]
        found.append(pl.concat(kept).with_columns(pl.lit(breakdown).alias("breakdown")))
    return pl.concat(found)


def _count(part: str) -> pl.Expr:
    """The units behind a part: those who came or left, of those who stayed the thinner end."""
    before, after = pl.col("n0").sum(), pl.col("n1").sum()
    if part == "entry":
        return pl.col("n1").filter(pl.col("x0") == 0).sum()
    if part == "exit":
        return pl.col("n0").filter(pl.col("x1") == 0).sum()
    if part == "total":
        return pl.min_horizontal(before, after)
    both = (pl.col("x0") != 0) & (pl.col("x1") != 0)
    return pl.min_horizontal(pl.col("n0").filter(both).sum(), pl.col("n1").filter(both).sum())


def _chain(rows: pl.DataFrame, span: _Span, base: int, year: int) -> float | None:
    """Growth on the base by chained volumes; None where a year between is not there, or a unit is in no category."""
    between = range(min(base, year), max(base, year) + 1)
    single = rows.filter(pl.col("over_category") == 0)
    start = single.filter(pl.col("later") == 0, pl.col("year") == year).with_columns(year=pl.lit(base))
    later = single.filter(pl.col("later") == 1, pl.col("year").is_in(list(between)))
    parts = pl.concat([start, later], how="vertical_relaxed")
    if not set(between) <= set(span.between) or parts["category"].null_count():
        return None
    growth = chained(parts.group_by("year", "category").agg(pl.col("y", "c", "x").sum()).sort("year", "category"))
    return growth if growth is None or year > base else 1 / (1 + growth) - 1


def _rows(indicator: Indicator, year: int, parts: pl.DataFrame, chain: float | None, published: float | None) -> pl.DataFrame:
    """The rows of one year under the names of the table `decomposition`."""
    assert indicator.decomposition is not None
    frames = [parts.with_columns(method=pl.lit(indicator.decomposition.method))]
    whole = parts.filter(pl.col("breakdown") == TOTAL, pl.col("part") == "total")
    if published is not None and (moved := round(published - whole["value"].item(), DIGITS - 1)):
        values = whole.with_columns(part=pl.lit("revision"), value=pl.lit(moved)), whole.with_columns(value=pl.lit(published))
        frames = [frames[0].join(whole, on=["breakdown", "part"], how="anti")]
        frames += [frame.with_columns(method=pl.lit(indicator.decomposition.method)) for frame in values]
    if indicator.decomposition.current and chain is not None and indicator.change_as == "relative":
        frames.append(whole.with_columns(method=pl.lit("chained"), value=pl.lit(round(chain, DIGITS - 1))))
    keys = {"indicator": indicator.id, "period": str(year), "base_period": str(indicator.base_period)}
    named = pl.concat(frames, how="diagonal").with_columns(**{name: pl.lit(value) for name, value in keys.items()})
    return as_details("decomposition", named.with_columns(se=pl.lit(None, pl.Float64)).select(list(DETAILS["decomposition"])))
