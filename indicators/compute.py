"""All results of a plan from its tables: cells, estimates, changes, quality, protection, targets, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import polars as pl

from indicators import cells, change, duration
from indicators.details import as_details
from indicators.disclosure import protect, shield
from indicators.engines import Engine
from indicators.estimate import KEYS, Floats, estimate_rows
from indicators.months import months_of
from indicators.notices import silent, unlinked, without
from indicators.plan import Indicator, Plan
from indicators.quality import rate
from indicators.question import Question, questions
from indicators.results import DIGITS, RESULTS, TOTAL, as_results
from indicators.statement import cells_statement
from indicators.target import assess
from pipelines.yamlfile import Text

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Computed:
    """Results ready to publish, and the statement that was run for each indicator (indicator, sql)."""

    results: pl.DataFrame
    statements: pl.DataFrame
    notices: tuple[Text, ...]  # what a reader of the edition should know about its inputs
    details: dict[str, pl.DataFrame] = field(default_factory=dict)  # the further tables, see details.DETAILS
    weights: pl.DataFrame | None = None  # one row per unit and period; stays in the house


@dataclass(frozen=True, kw_only=True)
class _PartYear:
    """A year and the base year of a change, both cut to the months that both have."""

    year: str
    levels: pl.DataFrame
    covariance: pl.DataFrame
    groups: pl.DataFrame


@dataclass(kw_only=True)
class _Gathered:
    levels: list[pl.DataFrame] = field(default_factory=list)
    groups: list[pl.DataFrame] = field(default_factory=list)
    covariances: list[pl.DataFrame] = field(default_factory=list)
    replicates: dict[str, dict[tuple[str, str, str], Floats]] = field(default_factory=dict)
    statements: dict[str, str] = field(default_factory=dict)
    part_years: dict[str, list[_PartYear]] = field(default_factory=dict)
    unfinished: set[tuple[str, str]] = field(default_factory=set)
    details: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    notices: dict[Text, None] = field(default_factory=dict)
    weights: list[pl.DataFrame] = field(default_factory=list)

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Rows for a further table of the edition."""
        self.details.setdefault(table, []).append(as_details(table, frame))


def compute(plan: Plan, engine: Engine, *, minimum_groups: int | None = None, progress: Progress | None = None) -> Computed:
    """Every published number of a plan. `minimum_groups` overrides the operator's rule, for worked cases only."""
    gathered = _Gathered()
    kinds = _kinds(plan)
    asked = questions(plan, ("ratio", "total", "duration"))
    for done, question in enumerate(asked):
        if progress:
            progress(question.table.id, done, len(asked))
        if question.indicators[0].duration:
            _ask_duration(question, engine, gathered)
        else:
            _ask_cells(question, engine, gathered, kinds)
    broken, notices = unlinked(asked, engine)
    levels = without(pl.concat(gathered.levels, how="diagonal") if gathered.levels else _empty(), broken)
    changes, groups = _changes(plan, levels, gathered, broken)
    rated = rate(pl.concat([levels, *changes], how="diagonal"), kinds)
    rule = plan.identity.disclosure.minimum_groups if minimum_groups is None else minimum_groups
    guarded = protect(rated, groups, minimum_groups=rule, public=_public(plan))
    complete = pl.concat([guarded, _absent(plan, guarded)], how="diagonal").with_columns(
        pl.col("value", "se", "low", "high").round_sig_figs(DIGITS)
    )
    known = [name for name in RESULTS if name in complete.columns and name not in KEYS]
    assessed = assess(plan, complete.select(*KEYS, *known), frozenset(gathered.unfinished))
    results = as_results(assessed).with_columns(pl.col("gap").round_sig_figs(DIGITS))
    statements = pl.DataFrame(
        {"indicator": list(gathered.statements), "sql": list(gathered.statements.values())},
        schema={"indicator": pl.String, "sql": pl.String},
    )
    if progress:
        progress("", len(asked), len(asked))
    return Computed(
        results=results,
        statements=statements,
        notices=(*notices, *gathered.notices, *silent(plan, results)),
        details=shield({name: pl.concat(frames) for name, frames in gathered.details.items()}, results, minimum_groups=rule),
        weights=pl.concat(gathered.weights) if gathered.weights else None,
    )


def _ask_cells(question: Question, engine: Engine, gathered: _Gathered, kinds: pl.DataFrame) -> None:
    found = estimate_rows(question, cells.fetch(question, engine), kinds)
    gathered.levels.append(_attrition(question, found))
    gathered.groups.append(cells.count_groups(question, engine, found))
    gathered.statements |= dict.fromkeys((indicator.id for indicator in question.indicators), cells_statement(question))
    changed = [i for i in question.plan.indicators.values() if i.change_of in {one.id for one in question.indicators}]
    for base in sorted({str(indicator.base_period) for indicator in changed}):
        gathered.covariances.append(_covariances(question, engine, base, found).with_columns(base=pl.lit(base)))
    months = months_of(question, engine)
    everyone = [one.id for one in (*question.indicators, *changed)]
    gathered.unfinished |= {(name, str(year)) for year, there in months.items() for name in everyone if len(there) < 12}
    for indicator in changed:
        began = int(str(indicator.base_period))
        for year in sorted(months.keys() - {began}):
            if months[year] != months.get(began, ()):
                part = _part_year(question, engine, kinds, year=year, base=began, months=months)
                gathered.part_years.setdefault(indicator.id, []).append(part)


def _part_year(
    question: Question, engine: Engine, kinds: pl.DataFrame, *, year: int, base: int, months: dict[int, tuple[int, ...]]
) -> _PartYear:
    """Nine months are held against the same nine months; a year without a month in common is held against nothing."""
    common = tuple(month for month in months[year] if month in months.get(base, ()))
    short = replace(question, months=common or (0,))
    levels = estimate_rows(short, cells.fetch(short, engine), kinds)
    return _PartYear(
        year=str(year),
        levels=levels.filter(pl.col("period").is_in([str(year), str(base)])),
        covariance=_covariances(short, engine, str(base), levels),
        groups=cells.count_groups(short, engine, levels).filter(pl.col("period").is_in([str(year), str(base)])),
    )


def _attrition(question: Question, found: pl.DataFrame) -> pl.DataFrame:
    """A panel that lost members is no full count any more: what they would have answered nobody knows."""
    panel = question.panel
    if panel is None:
        return found
    keys = ["indicator", "breakdown", "category"]
    first = found.filter(pl.col("period") == str(panel.base_period)).select(*keys, pl.col("n").alias("members"))
    marked = found.join(first, on=keys, how="left")
    lost = pl.col("n") < pl.col("members").fill_null(0)
    unknown = [pl.when(~lost).then(pl.col(name)).alias(name) for name in ("se", "low", "high")]
    return marked.with_columns(*unknown, sampled=pl.col("sampled") | lost).drop("members")


def _covariances(question: Question, engine: Engine, base: str, levels: pl.DataFrame) -> pl.DataFrame:
    if question.design is None or question.design.census:
        return pl.DataFrame(schema={**dict.fromkeys(KEYS, pl.String), "covariance": pl.Float64})
    return change.covariances(question, engine, int(base), levels)


def _ask_duration(question: Question, engine: Engine, gathered: _Gathered) -> None:
    indicator = question.indicators[0]
    found = duration.answer(question, engine)
    gathered.levels.append(found.frame)
    gathered.groups.append(found.groups)
    gathered.replicates[indicator.id] = found.replicates
    gathered.statements[indicator.id] = found.sql


def _changes(
    plan: Plan, levels: pl.DataFrame, gathered: _Gathered, broken: set[tuple[str, str]]
) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Estimates of every change, and the groups behind all numbers: behind a change stand those of its thinner end."""
    groups = (
        pl.concat(gathered.groups)
        if gathered.groups
        else pl.DataFrame(schema={**dict.fromkeys(KEYS, pl.String), "groups": pl.Int64})
    )
    found, more = [], [groups]
    schema = {**dict.fromkeys(KEYS, pl.String), "covariance": pl.Float64, "base": pl.String}
    shared = pl.concat(gathered.covariances) if gathered.covariances else pl.DataFrame(schema=schema)
    for indicator in plan.indicators.values():
        if indicator.change_of is None:
            continue
        if indicator.change_of in gathered.replicates:
            found.append(change.relative_of_replicates(indicator, levels, gathered.replicates[indicator.change_of]))
        else:
            covariance = shared.filter(pl.col("base") == indicator.base_period).drop("base")
            parts = gathered.part_years.get(indicator.id, [])
            cut = [part.year for part in parts]
            found.append(change.relative(indicator, levels.filter(~pl.col("period").is_in(cut)), covariance))
            for part in parts:
                found.append(change.relative(indicator, without(part.levels, broken), part.covariance))
                more.append(_thinner(indicator, part.groups))
        gathered.statements[indicator.id] = gathered.statements.get(indicator.change_of, "")
        whole = groups.filter(~pl.col("period").is_in([part.year for part in gathered.part_years.get(indicator.id, [])]))
        more.append(_thinner(indicator, whole))
    return found, pl.concat(more)


def _thinner(indicator: Indicator, groups: pl.DataFrame) -> pl.DataFrame:
    """The groups behind a change: those of its thinner end."""
    level = groups.filter(pl.col("indicator") == indicator.change_of)
    base = level.filter(pl.col("period") == indicator.base_period).select("breakdown", "category", pl.col("groups").alias("then"))
    thinner = level.join(base, on=["breakdown", "category"]).filter(pl.col("period") != indicator.base_period)
    return thinner.select(pl.lit(indicator.id).alias("indicator"), *KEYS[1:], pl.min_horizontal("groups", "then").alias("groups"))


def _kinds(plan: Plan) -> pl.DataFrame:
    """What the estimator must know of each indicator: is it a total, a share between 0 and 1, a change."""
    rows = [
        {
            "indicator": indicator.id,
            "total": indicator.kind == "total",
            "bounded": indicator.kind == "ratio" and plan.identity.units[indicator.unit].bounded,
            "change": indicator.kind == "change",
        }
        for indicator in plan.indicators.values()
    ]
    return pl.DataFrame(rows, schema={"indicator": pl.String, "total": pl.Boolean, "bounded": pl.Boolean, "change": pl.Boolean})


def _public(plan: Plan) -> frozenset[str]:
    tables, indicators = plan.dictionary.tables, plan.indicators
    tabled = {i.id: indicators[i.change_of].table if i.change_of else i.table for i in indicators.values()}
    return frozenset(name for name, table in tabled.items() if table and tables[table].public)


def _absent(plan: Plan, present: pl.DataFrame) -> pl.DataFrame:
    """A row for every category of a breakdown from which nobody answered, so that a gap is seen as one."""
    periods = present.filter(pl.col("breakdown") == TOTAL).select("indicator", "period")
    used = present.select("indicator", "breakdown").unique()
    listed = [{"breakdown": name, "category": code} for name in plan.breakdowns for code in plan.categories(name)]
    codes = pl.DataFrame(listed, schema={"breakdown": pl.String, "category": pl.String})
    wanted = periods.join(used, on="indicator").join(codes, on="breakdown")
    return wanted.join(present, on=KEYS, how="anti").select(*KEYS, pl.lit("absent").alias("status"))


def _empty() -> pl.DataFrame:
    numbers = dict.fromkeys(("value", "se", "low", "high"), pl.Float64)
    return pl.DataFrame(
        schema={**dict.fromkeys(KEYS, pl.String), **numbers, "n": pl.Int64, "df": pl.Int64, "sampled": pl.Boolean}
    )
