"""All results of a plan from its tables: cells, estimates, changes, quality, protection, targets, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

from indicators.asking import ask_cells, ask_duration, of_assessed
from indicators.catalogue.disclosure import Disclosure
from indicators.catalogue.plan import Plan
from indicators.catalogue.question import questions
from indicators.change import basevalues, imputation
from indicators.change.overlap import NO_OVERLAP
from indicators.changes import changes, decompose, on_frozen_base
from indicators.editions.results import DIGITS, RESULTS, TOTAL, as_results
from indicators.engines import Engine, Once
from indicators.estimation import response
from indicators.estimation.disclosure import few_answers, protect, shield
from indicators.estimation.estimate import KEYS
from indicators.estimation.quality import rate
from indicators.gathered import Gathered
from indicators.guard import guard
from indicators.judgement import judge
from indicators.protection.joint import Joint
from indicators.revisions.past import SHOWN, Ties
from indicators.revisions.release import released
from indicators.statements.notices import silent, unlinked, without
from indicators.statements.unpriced import unpriced
from indicators.targets.evidence import Evidence
from indicators.targets.target import assess
from indicators.weights.stated import misstated
from indicators.weights.weighting import versioned
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
    joint: Joint | None = None  # what is withheld, and why; stays in the house


def compute(
    plan: Plan,
    engine: Engine,
    *,
    minimum_groups: int | None = None,
    progress: Progress | None = None,
    ties: Ties | None = None,
    edited: imputation.Edited = MappingProxyType({}),
) -> Computed:
    """Every published number of a plan. `minimum_groups` overrides the operator's rule, for worked cases only.

    `ties`: what earlier editions and declarations ask of this one. `edited` names the tables that the engine reads with their
    edited rows, and says of each whether values were imputed.
    """
    engine = Once(engine)
    ties = ties or Ties()
    rules = plan.disclosure if minimum_groups is None else Disclosure.of_groups(minimum_groups)
    rule = rules.minimum_groups
    gathered = Gathered(edited=edited, rule=rule)
    kinds = kinds_of(plan)
    asked = imputation.of_questions(questions(plan, ("ratio", "total", "duration")), edited)
    for done, question in enumerate(asked):
        if progress:
            progress(question.table.id, done, len(asked))
        if question.indicators[0].duration:
            ask_duration(question, engine, gathered)
        else:
            ask_cells(question, engine, gathered, kinds)
        gathered.levels.append(imputation.shares(question, engine, kinds, gathered.levels.pop(), edited, rule))
    broken, notices = unlinked(asked, engine)
    unknown, told = unpriced(asked, engine)
    broken |= unknown
    odd, warned = misstated(asked, engine, broken)
    broken |= odd
    levels = without(pl.concat(gathered.levels, how="diagonal") if gathered.levels else _empty(), broken)
    gathered.responses = [few_answers(rates, minimum=rule, public=public_indicators(plan)) for rates in gathered.responses]
    levels = response.beside(levels, gathered.responses)
    of_assessed(asked, engine, gathered, levels, broken, rule)
    levels, today = on_frozen_base(ties.base, plan, levels, gathered, broken)
    moved, groups = changes(plan, levels, gathered, broken)
    rated = imputation.hidden(rate(imputation.complete(plan, levels, moved), kinds))
    if ties.base:
        rated = basevalues.as_published(ties.base, rated)
    kept = guard(plan, engine, gathered.behind, rules, ties.formers, _after(len(asked), progress))
    guarded = protect(rated, groups, kept.withheld, minimum_groups=rule, public=public_indicators(plan))
    complete = pl.concat([guarded, _absent(plan, guarded)], how="diagonal").with_columns(
        pl.col("value", "se", "low", "high").round_sig_figs(DIGITS)
    )
    complete = released(plan, complete, levels, unfinished=gathered.unfinished, declared=ties.final, base=ties.base)
    known = [name for name in RESULTS if name in complete.columns and name not in KEYS]
    assessed = assess(plan, complete.select(*KEYS, *known), frozenset(gathered.unfinished))
    judged = judge(plan, assessed, _evidence(gathered, levels))
    results = as_results(judged.results)
    for table, frame in judged.details.items():
        gathered.add(table, frame)
    gathered.notices |= dict.fromkeys(judged.notices)
    if gathered.responses:
        gathered.add("response", _standing(pl.concat(gathered.responses), results))
    weights, steps = versioned(gathered.weights, gathered.weighting)
    gathered.add("weighting", _of_totals(steps, results))
    if gathered.comparisons:
        gathered.add("comparisons", _standing(pl.concat(gathered.comparisons), _with_errors(results)))
    if gathered.matched:
        gathered.add("decomposition", _standing(_told(plan, pl.concat(gathered.matched), groups, rule), results))
    if gathered.assessed:
        gathered.add("decomposition", _standing(pl.concat(gathered.assessed), results))
    decompose(plan, engine, gathered, results, rule, ties.base)
    statements = pl.DataFrame(
        {"indicator": list(gathered.statements), "sql": list(gathered.statements.values())},
        schema={"indicator": pl.String, "sql": pl.String},
    )
    if progress:
        whole = len(asked) + len(kept.guarded)
        progress("", whole, whole)
    details = shield({name: pl.concat(frames) for name, frames in gathered.details.items()}, results)
    if ties.base:
        details = basevalues.beside(ties.base, plan, details, today, results)
    return Computed(
        results=results,
        statements=statements,
        notices=(*notices, *told, *warned, *gathered.notices, *silent(plan, results)),
        details=details,
        weights=weights,
        joint=kept,
    )


def _after(done: int, progress: Progress | None) -> Progress | None:
    """Progress that goes on where `done` steps are done."""
    return (lambda name, at, of: progress(name, done + at, done + of)) if progress else None


def _told(plan: Plan, matched: pl.DataFrame, groups: pl.DataFrame, minimum_groups: int) -> pl.DataFrame:
    """What those who answered twice said, without breakdowns of which a category has too few of them: its parts add up.

    Nor where too few answered once only: what all said, less what these said, would be theirs.
    """
    levels = {one.id: one.change_of for one in plan.indicators.values() if one.change_of}
    counted = matched.with_columns(level=pl.col("indicator").replace_strict(levels, default=None, return_dtype=pl.String))
    enough = pl.col("groups") >= minimum_groups
    for end in ("period", "base_period"):
        names = {"indicator": "level", "period": end, "groups": f"in_{end}"}
        counted = counted.join(groups.rename(names), on=["level", end, *KEYS[2:]], how="left", maintain_order="left")
        once = pl.col(f"in_{end}") - pl.col("groups")
        enough &= ~once.is_between(1, minimum_groups - 1).fill_null(False)
    safe = enough.all().over("indicator", "period", "breakdown") | pl.col("indicator").is_in(public_indicators(plan))
    return counted.filter(safe).select(matched.columns).drop("groups")


def _standing(frame: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """Rows about numbers that stand in the results; of what is not published there, nothing is told beside it either."""
    shown = results.filter(pl.col("status").is_in(SHOWN)).select(KEYS).unique()
    kept = frame.join(shown, on=KEYS, how="semi")
    if "other" in frame.columns:
        kept = kept.join(shown.rename({"category": "other"}), on=[*KEYS[:3], "other"], how="semi")
    return kept


def _with_errors(results: pl.DataFrame) -> pl.DataFrame:
    """The numbers of which the error is told: of others nothing may follow from that of a difference."""
    return results.filter(pl.col("se").is_not_null())


def _of_totals(steps: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """Rows of years whose total stands in the results: their units would tell how many are behind one that does not."""
    shown = results.filter(pl.col("status").is_in(SHOWN), pl.col("breakdown") == TOTAL)
    return steps.join(shown.select(KEYS[:2]).unique(), on=KEYS[:2], how="semi")


def _evidence(gathered: Gathered, levels: pl.DataFrame) -> Evidence:
    """What the judgement of the results goes by beside them."""
    shared = [NO_OVERLAP.covariance.with_columns(base_period=pl.lit(None, pl.String))]
    shared += [
        one.covariance.with_columns(base_period=pl.lit(base)) for base, found in gathered.overlaps.items() for one in found
    ]
    return Evidence(
        levels=levels,
        part_years={name: {part.year: part.levels for part in parts} for name, parts in gathered.part_years.items()},
        covariance=pl.concat(shared),
        unfinished=frozenset(gathered.unfinished),
    )


def kinds_of(plan: Plan) -> pl.DataFrame:
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


def public_indicators(plan: Plan) -> frozenset[str]:
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
    counts = dict.fromkeys(("n", "df", "open_df"), pl.Int64)
    return pl.DataFrame(schema={**dict.fromkeys(KEYS, pl.String), **numbers, **counts, "sampled": pl.Boolean})
