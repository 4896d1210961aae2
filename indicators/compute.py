"""All results of a plan from its tables: cells, estimates, changes, quality, protection, targets, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from indicators import cells, change, duration
from indicators.disclosure import protect
from indicators.engines import Engine
from indicators.estimate import KEYS, Floats, estimate_rows
from indicators.plan import Plan
from indicators.quality import rate
from indicators.question import Question, questions
from indicators.results import TOTAL, as_results
from indicators.statement import cells_statement, unlinked_statement
from indicators.target import assess
from pipelines.yamlfile import Text

DIGITS = 12
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Computed:
    """Results ready to publish, and the statement that was run for each indicator (indicator, sql)."""

    results: pl.DataFrame
    statements: pl.DataFrame
    notices: tuple[Text, ...]  # what a reader of the edition should know about its inputs


@dataclass(kw_only=True)
class _Gathered:
    levels: list[pl.DataFrame] = field(default_factory=list)
    groups: list[pl.DataFrame] = field(default_factory=list)
    covariances: list[pl.DataFrame] = field(default_factory=list)
    replicates: dict[str, dict[tuple[str, str, str], Floats]] = field(default_factory=dict)
    statements: dict[str, str] = field(default_factory=dict)


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
    levels = pl.concat(gathered.levels, how="diagonal") if gathered.levels else _empty()
    changes, groups = _changes(plan, levels, gathered)
    rated = rate(pl.concat([levels, *changes], how="diagonal"), kinds)
    rule = plan.identity.disclosure.minimum_groups if minimum_groups is None else minimum_groups
    guarded = protect(rated, groups, minimum_groups=rule, public=_public(plan))
    complete = pl.concat([guarded, _absent(plan, guarded)], how="diagonal").with_columns(
        # engines add in parallel, so the last digits are chance; a published number does not carry them
        pl.col("value", "se", "low", "high").round_sig_figs(DIGITS)
    )
    known = [name for name in ("value", "se", "low", "high", "n", "quality", "status") if name in complete.columns]
    results = as_results(assess(plan, complete.select(*KEYS, *known)))
    statements = pl.DataFrame(
        {"indicator": list(gathered.statements), "sql": list(gathered.statements.values())},
        schema={"indicator": pl.String, "sql": pl.String},
    )
    if progress:
        progress("", len(asked), len(asked))
    return Computed(results=results, statements=statements, notices=_unlinked(asked, engine))


def _unlinked(asked: list[Question], engine: Engine) -> tuple[Text, ...]:
    """A notice for every link that leads nowhere from some rows: those rows count in nothing that needs it."""
    found = []
    for question in {question.table.id: question for question in asked}.values():
        needed = [(i, link) for i, link in enumerate(question.table.link) if link.required and not question.dated_by_link]
        if not needed:
            continue
        [counts] = engine.query(unlinked_statement(question)).rows(named=True)
        tables = question.plan.dictionary.tables
        for i, link in needed:
            if lost := int(counts[f"link_{i}"]):
                ours, theirs = question.table.name, tables[link.table].name
                zh = f"{ours.zh}：{lost} 行在{theirs.zh}中找不到对应记录，未计入用到该表的结果。请补报{theirs.zh}后重新发布。"
                what = f"{lost} rows have no row in {theirs.en}, so results that need it leave them out"
                en = f"{ours.en}: {what}. Load it, publish again."
                found.append(Text(zh=zh, en=en))
    return tuple(found)


def _ask_cells(question: Question, engine: Engine, gathered: _Gathered, kinds: pl.DataFrame) -> None:
    found = estimate_rows(question, cells.fetch(question, engine), kinds)
    gathered.levels.append(found)
    gathered.groups.append(cells.count_groups(question, engine, found))
    gathered.statements |= dict.fromkeys((indicator.id for indicator in question.indicators), cells_statement(question))
    here = {indicator.id for indicator in question.indicators}
    bases = {i.base_period for i in question.plan.indicators.values() if i.change_of in here}
    if question.design is not None and not question.design.census:
        gathered.covariances += [
            change.covariances(question, engine, int(base), found).with_columns(base=pl.lit(base)) for base in bases if base
        ]


def _ask_duration(question: Question, engine: Engine, gathered: _Gathered) -> None:
    indicator = question.indicators[0]
    found = duration.measure(question, engine)
    gathered.levels.append(found.frame)
    gathered.groups.append(found.groups)
    gathered.replicates[indicator.id] = found.replicates
    gathered.statements[indicator.id] = found.sql


def _changes(plan: Plan, levels: pl.DataFrame, gathered: _Gathered) -> tuple[list[pl.DataFrame], pl.DataFrame]:
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
            found.append(change.relative(indicator, levels, covariance))
        gathered.statements[indicator.id] = gathered.statements.get(indicator.change_of, "")
        level = groups.filter(pl.col("indicator") == indicator.change_of)
        base = level.filter(pl.col("period") == indicator.base_period).select(
            "breakdown", "category", pl.col("groups").alias("then")
        )
        thinner = level.join(base, on=["breakdown", "category"]).with_columns(groups=pl.min_horizontal("groups", "then"))
        more.append(thinner.select(pl.lit(indicator.id).alias("indicator"), *KEYS[1:], "groups"))
    return found, pl.concat(more)


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
