"""All results of a plan from its tables: cells, estimates, changes, quality, protection, targets, in this order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import polars as pl

from indicators.catalogue.disclosure import Disclosure
from indicators.catalogue.plan import Indicator, Plan
from indicators.catalogue.question import Question, questions
from indicators.change import basevalues, change, composition, contributions, imputation, optin, transitions
from indicators.change.estimates import estimates
from indicators.change.overlap import NO_OVERLAP, Overlap
from indicators.cycles import cycle_change, duration
from indicators.editions.details import as_details
from indicators.editions.results import DIGITS, RESULTS, TOTAL, as_results
from indicators.engines import Engine, Once
from indicators.estimation import comparisons, response
from indicators.estimation.disclosure import few_answers, protect, shield
from indicators.estimation.estimate import KEYS, Floats
from indicators.estimation.quality import rate
from indicators.judgement import judge
from indicators.revisions.frozen import FrozenBase
from indicators.revisions.past import SHOWN, Ties
from indicators.revisions.release import released, unwatched
from indicators.revisions.vintages import keep_withheld
from indicators.statements.months import months_of
from indicators.statements.notices import silent, unlinked, without
from indicators.statements.unpriced import unpriced
from indicators.targets.evidence import Evidence
from indicators.targets.target import assess
from indicators.weights.stated import misstated
from indicators.weights.weighting import Weighed, versioned, weigh_units
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
    shared: Overlap
    groups: pl.DataFrame


@dataclass(kw_only=True)
class _Gathered:
    edited: imputation.Edited
    rule: int  # how many holding groups protect each other
    levels: list[pl.DataFrame] = field(default_factory=list)
    groups: list[pl.DataFrame] = field(default_factory=list)
    overlaps: dict[str, list[Overlap]] = field(default_factory=dict)  # by base year
    matched: list[pl.DataFrame] = field(default_factory=list)
    comparisons: list[pl.DataFrame] = field(default_factory=list)
    assessed: list[pl.DataFrame] = field(default_factory=list)  # changes of assessed units, split, and series of volunteers
    replicates: dict[str, dict[tuple[str, str, str], Floats]] = field(default_factory=dict)
    statements: dict[str, str] = field(default_factory=dict)
    part_years: dict[str, list[_PartYear]] = field(default_factory=dict)
    unfinished: set[tuple[str, str]] = field(default_factory=set)
    details: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    notices: dict[Text, None] = field(default_factory=dict)
    weights: list[pl.DataFrame] = field(default_factory=list)
    weighting: list[pl.DataFrame] = field(default_factory=list)
    responses: list[pl.DataFrame] = field(default_factory=list)

    def weigh(self, weighed: Weighed) -> None:
        """The weights of a question, how they were made, and what there is to say of it."""
        self.weights.append(weighed.weights)
        self.weighting.append(weighed.steps)
        self.notices |= dict.fromkeys(weighed.notices)

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Rows for a further table of the edition."""
        self.details.setdefault(table, []).append(as_details(table, frame))


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
    gathered = _Gathered(edited=edited, rule=rule)
    kinds = _kinds(plan)
    asked = imputation.of_questions(questions(plan, ("ratio", "total", "duration")), edited)
    for done, question in enumerate(asked):
        if progress:
            progress(question.table.id, done, len(asked))
        if question.indicators[0].duration:
            _ask_duration(question, engine, gathered)
        else:
            _ask_cells(question, engine, gathered, kinds)
        gathered.levels.append(imputation.shares(question, engine, kinds, gathered.levels.pop(), edited, rule))
    broken, notices = unlinked(asked, engine)
    unknown, told = unpriced(asked, engine)
    broken |= unknown
    odd, warned = misstated(asked, engine, broken)
    broken |= odd
    levels = without(pl.concat(gathered.levels, how="diagonal") if gathered.levels else _empty(), broken)
    gathered.responses = [few_answers(rates, minimum=rule, public=_public(plan)) for rates in gathered.responses]
    levels = response.beside(levels, gathered.responses)
    _assessed(asked, engine, gathered, levels, broken, rule)
    levels, today = _on_frozen_base(ties.base, plan, levels, gathered, broken)
    changes, groups = _changes(plan, levels, gathered, broken)
    rated = imputation.hidden(rate(imputation.complete(plan, levels, changes), kinds))
    if ties.base:
        rated = basevalues.as_published(ties.base, rated)
    guarded = protect(rated, groups, minimum_groups=rule, public=_public(plan))
    guarded = keep_withheld(plan, guarded, ties.withheld)
    complete = pl.concat([guarded, _absent(plan, guarded)], how="diagonal").with_columns(
        pl.col("value", "se", "low", "high").round_sig_figs(DIGITS)
    )
    complete = released(plan, complete, levels, unfinished=gathered.unfinished, declared=ties.final, base=ties.base)
    known = [name for name in RESULTS if name in complete.columns and name not in KEYS]
    assessed = assess(plan, complete.select(*KEYS, *known), frozenset(gathered.unfinished))
    judged = judge(plan, assessed, _evidence(gathered, levels, groups, rule, _public(plan)))
    results = as_results(judged.results)
    for table, frame in judged.details.items():
        gathered.add(table, frame)
    gathered.notices |= dict.fromkeys(judged.notices)
    if gathered.responses:
        gathered.add("response", _standing(pl.concat(gathered.responses), results))
    weights, steps = versioned(gathered.weights, gathered.weighting)
    gathered.add("weighting", _of_totals(steps, results))
    if gathered.comparisons:
        gathered.add("comparisons", _standing(pl.concat(gathered.comparisons), results))
    if gathered.matched:
        gathered.add("decomposition", _standing(_told(pl.concat(gathered.matched), rule, _public(plan)), results))
    if gathered.assessed:
        gathered.add("decomposition", _standing(pl.concat(gathered.assessed), results))
    _decompose(plan, engine, gathered, results, rule, ties.base)
    statements = pl.DataFrame(
        {"indicator": list(gathered.statements), "sql": list(gathered.statements.values())},
        schema={"indicator": pl.String, "sql": pl.String},
    )
    if progress:
        progress("", len(asked), len(asked))
    details = shield({name: pl.concat(frames) for name, frames in gathered.details.items()}, results)
    if ties.base:
        details = basevalues.beside(ties.base, plan, details, today, results)
    return Computed(
        results=results,
        statements=statements,
        notices=(*notices, *told, *warned, *gathered.notices, *silent(plan, results)),
        details=details,
        weights=weights,
    )


def _ask_cells(question: Question, engine: Engine, gathered: _Gathered, kinds: pl.DataFrame) -> None:
    answered = estimates(question, engine, kinds)
    found = answered.levels
    levels = optin.unknown_errors(question, _attrition(question, found))
    gathered.levels.append(levels)
    gathered.weigh(answered.weighed())
    gathered.responses.append(response.rates(question, engine))
    gathered.comparisons.append(answered.compared(levels))
    gathered.notices |= dict.fromkeys(comparisons.left_out(question, levels))
    gathered.groups.append(imputation.groups(question, engine, kinds, found))
    gathered.statements |= dict.fromkeys((indicator.id for indicator in question.indicators), answered.sql)
    changed = [i for i in question.plan.indicators.values() if i.change_of in {one.id for one in question.indicators}]
    for base in sorted({base for one in question.indicators for base in question.plan.bases(one.id)}):
        gathered.overlaps.setdefault(base, []).append(answered.shared(base))
    months = months_of(question, engine)
    everyone = [one.id for one in (*question.indicators, *changed)]
    gathered.unfinished |= {(name, str(year)) for year, there in months.items() for name in everyone if len(there) < 12}
    for indicator in changed:
        began = int(str(indicator.base_period))
        for year in sorted(months.keys() - {began}):
            if months[year] != months.get(began, ()):
                part = _part_year(question, engine, kinds, gathered, year=year, base=began, months=months)
                gathered.part_years.setdefault(indicator.id, []).append(part)


def _assessed(
    asked: list[Question], engine: Engine, gathered: _Gathered, levels: pl.DataFrame, broken: set[tuple[str, str]], rule: int
) -> None:
    """What stands behind numbers over assessed units: where a panel went, and what of a change is composition."""
    for question in asked:
        for indicator in question.indicators:
            if indicator.transitions and question.panel:
                moved = transitions.answer(question, indicator, engine, rule)
                lost = [year for name, year in broken if name == indicator.id]
                gathered.add("transitions", moved.frame.filter(~pl.col("period").is_in(lost)))
                gathered.notices |= dict.fromkeys(moved.notices)
        volunteers = optin.answer(question, engine, levels, rule)
        gathered.assessed += [composition.answer(question, engine, levels, rule), volunteers.frame]
        gathered.notices |= dict.fromkeys(volunteers.notices)


def _part_year(
    question: Question,
    engine: Engine,
    kinds: pl.DataFrame,
    gathered: _Gathered,
    *,
    year: int,
    base: int,
    months: dict[int, tuple[int, ...]],
) -> _PartYear:
    """Nine months are held against the same nine months; a year without a month in common is held against nothing."""
    common = tuple(month for month in months[year] if month in months.get(base, ()))
    short = replace(question, months=common or (0,))
    answered = estimates(short, engine, kinds)
    levels = imputation.shares(short, engine, kinds, answered.levels, gathered.edited, gathered.rule)
    return _PartYear(
        year=str(year),
        levels=levels.filter(pl.col("period").is_in([str(year), str(base)])),
        shared=answered.shared(str(base)),
        groups=imputation.groups(short, engine, kinds, levels).filter(pl.col("period").is_in([str(year), str(base)])),
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


def _ask_duration(question: Question, engine: Engine, gathered: _Gathered) -> None:
    indicator = question.indicators[0]
    found = duration.answer(question, engine)
    gathered.levels.append(found.frame)
    gathered.groups.append(found.groups)
    gathered.replicates[indicator.id] = found.replicates
    gathered.notices |= dict.fromkeys(found.notices)
    gathered.statements[indicator.id] = found.sql
    gathered.weigh(weigh_units(question, engine, found.answers))
    gathered.responses.append(response.rates(question, engine, found.answers))
    everyone = [indicator.id, *(one.id for one in question.plan.indicators.values() if one.change_of == indicator.id)]
    gathered.unfinished |= {(name, year) for year in unwatched(question, engine) for name in everyone}


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
    for indicator in plan.indicators.values():
        if indicator.change_of is None:
            continue
        if indicator.change_of in gathered.replicates:
            cycle = cycle_change.changes(plan, indicator, levels, gathered.replicates[indicator.change_of])
            found.append(cycle.frame)
            gathered.add("decomposition", cycle.parts)
            gathered.notices |= dict.fromkeys(cycle.notices)
        else:
            shared = [NO_OVERLAP, *gathered.overlaps.get(str(indicator.base_period), [])]
            parts = gathered.part_years.get(indicator.id, [])
            cut = [part.year for part in parts]
            uncut = ~pl.col("period").is_in(cut)
            found.append(change.changes(indicator, levels.filter(uncut), pl.concat(one.covariance for one in shared)))
            gathered.matched.append(change.of_matched(indicator, pl.concat(one.matched for one in shared).filter(uncut)))
            for part in parts:
                ends = without(part.levels, broken)
                moved = change.changes(indicator, ends, part.shared.covariance)
                found.append(imputation.of_change(indicator, moved, ends))
                own = part.shared.matched.filter(pl.col("period") == part.year)
                gathered.matched.append(change.of_matched(indicator, own))
                more.append(_thinner(indicator, part.groups))
        gathered.statements[indicator.id] = gathered.statements.get(indicator.change_of, "")
        whole = groups.filter(~pl.col("period").is_in([part.year for part in gathered.part_years.get(indicator.id, [])]))
        more.append(_thinner(indicator, whole))
    return found, pl.concat(more)


def _decompose(
    plan: Plan, engine: Engine, gathered: _Gathered, results: pl.DataFrame, rule: int, frozen: FrozenBase | None
) -> None:
    """What each published change is made of, where the plan asks for it."""
    shown = results.filter(pl.col("breakdown") == TOTAL, pl.col("value").is_not_null()).unique(KEYS)
    for indicator in plan.indicators.values():
        if indicator.decomposition is None:
            continue
        published = dict(shown.filter(pl.col("indicator") == indicator.id).sort("period").select("period", "value").iter_rows())
        on_frozen = frozen is not None and frozen.period == indicator.base_period
        hidden = results.filter(
            pl.col("indicator") == indicator.id,
            pl.col("breakdown") == indicator.decomposition.by,
            pl.col("status") == "suppressed",
        )
        found = contributions.answer(
            plan,
            indicator,
            engine,
            published=published,
            minimum_groups=rule,
            frozen=on_frozen,
            hidden=hidden["period"].unique(),
        )
        gathered.add("decomposition", found.frame)
        gathered.notices |= dict.fromkeys(found.notices)
        gathered.statements[indicator.id] = "\n\n".join(text for text in (gathered.statements[indicator.id], found.sql) if text)


def _told(matched: pl.DataFrame, minimum_groups: int, public: frozenset[str]) -> pl.DataFrame:
    """What those who answered twice said, without breakdowns of which a category has too few of them: its parts add up."""
    enough = pl.col("groups").min().over("indicator", "period", "breakdown") >= minimum_groups
    return matched.filter(enough | pl.col("indicator").is_in(public)).drop("groups")


def _standing(frame: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """Rows about numbers that stand in the results; of what is not published there, nothing is told beside it either."""
    shown = results.filter(pl.col("status").is_in(SHOWN)).select(KEYS).unique()
    kept = frame.join(shown, on=KEYS, how="semi")
    if "other" in frame.columns:
        kept = kept.join(shown.rename({"category": "other"}), on=[*KEYS[:3], "other"], how="semi")
    return kept


def _of_totals(steps: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """Rows of years whose total stands in the results: their units would tell how many are behind one that does not."""
    shown = results.filter(pl.col("status").is_in(SHOWN), pl.col("breakdown") == TOTAL)
    return steps.join(shown.select(KEYS[:2]).unique(), on=KEYS[:2], how="semi")


def _on_frozen_base(
    base: FrozenBase | None, plan: Plan, levels: pl.DataFrame, gathered: _Gathered, broken: set[tuple[str, str]]
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The levels with the frozen base in its place, and the changes as they would be on the base as revised today."""
    if base is None:
        return levels, []
    aside = replace(gathered, details={}, matched=[], statements={}, notices={})  # what it tells is told once, below
    today, _ = _changes(plan, levels, aside, broken)
    parts = {name: [part.year for part in found] for name, found in gathered.part_years.items()}
    gathered.notices |= dict.fromkeys(basevalues.notices(base, plan, levels, parts))
    frozen = basevalues.in_place(base, plan, levels)
    gathered.groups = [basevalues.behind(base, pl.concat(gathered.groups))]
    gathered.overlaps[base.period] = basevalues.capped(base, gathered.overlaps.get(base.period, []), frozen)
    gathered.replicates = {name: basevalues.scaled(base, name, drawn, levels) for name, drawn in gathered.replicates.items()}
    return frozen, today


def _evidence(gathered: _Gathered, levels: pl.DataFrame, groups: pl.DataFrame, rule: int, public: frozenset[str]) -> Evidence:
    """What the judgement of the results goes by beside them."""
    shared = [NO_OVERLAP.covariance.with_columns(base_period=pl.lit(None, pl.String))]
    shared += [
        one.covariance.with_columns(base_period=pl.lit(base)) for base, found in gathered.overlaps.items() for one in found
    ]
    return Evidence(
        levels=levels,
        part_years={name: {part.year: part.levels for part in parts} for name, parts in gathered.part_years.items()},
        covariance=pl.concat(shared),
        groups=groups,
        unfinished=frozenset(gathered.unfinished),
        minimum_groups=rule,
        public=public,
    )


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
    counts = dict.fromkeys(("n", "df", "open_df"), pl.Int64)
    return pl.DataFrame(schema={**dict.fromkeys(KEYS, pl.String), **numbers, **counts, "sampled": pl.Boolean})
