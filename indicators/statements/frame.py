"""The frame: what the register knows of every unit, asked or not, as the first parts of a statement.

Non-response by response-homogeneity groups follows Särndal, Swensson and Wretman (1992), §15.6: a design weight N/n is
divided by the share, itself by design weight, of those asked in a group that answered. The stratum is the group unless a
column names another; then N/n · n/r = N/r, which needs no register.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indicators.catalogue.question import Question
from indicators.statements.exact import added_few
from indicators.statements.source import listed
from pipelines.database import literal, quoted
from pipelines.design import Design


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The table that lists the units of a question year by year, and its columns of unit and year."""

    table: str
    unit: str
    year: str


def frame_of(question: Question) -> Frame | None:
    """The register of a question; None where it has none that lists units by year, and for a fixed panel."""
    link, design = question.register, question.design
    if link is None or design is None or question.panel:
        return None
    theirs = {ours: name for name, ours in link.on.items()}
    if set(theirs) != {design.unit, "period"}:
        return None
    return Frame(table=link.table, unit=theirs[design.unit], year=theirs["period"])


def chain(collapse: Mapping[str, str], stratum: str) -> list[str]:
    """The strata that a stratum may join, nearest first; a chain that turns back ends before it does."""
    passed = [stratum]
    while (target := collapse.get(passed[-1])) and target not in passed:
        passed.append(target)
    return passed[1:]


def same_year(period: str, frame: str = "_frame") -> str:
    """The condition that a period number lies in the year of a row of the frame."""
    return f"{frame}.year * 10000 = {period} - {period} % 10000"


def frame_parts(question: Question, more: Sequence[tuple[str, str]] = ()) -> list[str]:
    """`_frame` (units), `_counted` (strata), `_asked` (units asked, with their design weight); `more` are further columns.

    They stand before everything else, under names that no table can have, so that they hide no table that is read later.
    """
    frame, design = frame_of(question), question.design
    assert frame is not None and design is not None
    added = [*([("response_class", _class(design))] if classed(question) else []), *more]
    units = [f"{text} AS {name}" for name, text in [*_columns(frame, design), *added]]
    asked, counted = "CAST(sum(asked) AS DOUBLE)", "CAST(count(*) AS DOUBLE)"
    population = f"greatest(coalesce(max(stated), {counted}), coalesce({asked}, 0)) AS population"
    sizes = ["year", "stratum", f"{counted} AS listed", f"{asked} AS asked", population]
    weight = "coalesce(_frame.stated_weight, _counted.population / _counted.asked)"
    kept = [f"_frame.{name}" for name in ("unit", "year", "stratum", *(name for name, _ in more))]
    # who stands for itself alone makes up for nobody's refusal in another stratum
    own = f"CASE WHEN {weight} <= 1 THEN {_OWN} ELSE _frame.response_class END AS response_class"
    kept += [*([own] if classed(question) else []), f"{weight} AS design_weight"]
    on = "_counted.year = _frame.year AND _counted.stratum = _frame.stratum"
    return [
        f"_frame AS (\n  SELECT {listed(units)}\n  FROM {quoted(frame.table)}\n)",
        f"_counted AS (\n  SELECT {listed(sizes)}\n  FROM _frame\n  GROUP BY year, stratum\n)",
        f"_asked AS (\n  SELECT {listed(kept)}\n  FROM _frame JOIN _counted ON {on}\n  WHERE _frame.asked = 1\n)",
    ]


def uses_frame(question: Question) -> bool:
    """Whether the weights of a question cannot be told from its answers alone."""
    return frame_of(question) is not None and (joins_strata(question) or classed(question))


def joins_strata(question: Question) -> bool:
    """Whether a stratum from which nobody answered joins another with its population; a response group has no need of it."""
    design = question.design
    return bool(design and design.collapse and design.population and not classed(question))


def classed(question: Question) -> bool:
    return bool(question.design and question.design.response_group and question.design.sampled)


def joined_parts(question: Question) -> list[str]:
    """From `reached` (strata that answered) to `stratum`, with the population of those from which nobody did added.

    `moved` says which of them joined which; one whose neighbour is empty too goes on along the chain.
    """
    design = question.design
    assert design is not None
    ways = [
        f"SELECT {literal(name)} AS stratum, {step} AS step, {literal(target)} AS target"
        for name in design.collapse
        for step, target in enumerate(chain(design.collapse, name), 1)
    ]
    candidates = (
        "SELECT reached.period, _counted.stratum, way.target, _counted.population, way.step,\n"
        "    min(way.step) OVER (PARTITION BY reached.period, _counted.stratum) AS nearest\n"
        "  FROM _counted\n  JOIN way ON way.stratum = _counted.stratum\n"
        f"  JOIN reached ON reached.stratum = way.target AND {same_year('reached.period', '_counted')}\n"
        "  LEFT JOIN reached AS own ON own.period = reached.period AND own.stratum = _counted.stratum\n"
        "  WHERE own.stratum IS NULL"
    )
    added = "SELECT period, target, sum(population) AS population FROM moved GROUP BY period, target"
    names = ["period", "stratum", "answered", *(["heard"] if question.imputed else [])]
    whole = [*(f"reached.{name}" for name in names), "reached.population + coalesce(added.population, 0) AS population"]
    on = "added.period = reached.period AND added.target = reached.stratum"
    return [
        "way AS (\n  " + "\n  UNION ALL ".join(ways) + "\n)",
        f"moved AS (\n  SELECT period, stratum, target, population\n  FROM (\n  {candidates}\n  ) AS candidate\n"
        "  WHERE step = nearest\n)",
        f"stratum AS (\n  SELECT {listed(whole)}\n  FROM reached\n  LEFT JOIN (\n    {added}\n  ) AS added ON {on}\n)",
    ]


#: the response class of a stratum that makes one of its own
_OWN = "concat('stratum ', _frame.stratum)"
#: the weight of a unit of a response group, and what `weighted` is joined with to know it
CLASS_WEIGHT = "_asked.design_weight * response.asked / response.answered"
CLASS_JOINS = (
    f"\n  LEFT JOIN _asked ON _asked.unit = answer.unit AND {same_year('answer.period', '_asked')}"
    "\n  LEFT JOIN response ON response.period = answer.period AND response.response_class = _asked.response_class"
)


def class_parts() -> list[str]:
    """`valid`, the answers of units that were asked, and `response`, per period and response group the design weight of those
    asked and of those that answered. A unit of which the register does not say that it was asked counts nowhere."""
    summed = added_few("design_weight")
    asked = f"SELECT year, response_class, {summed} AS asked FROM _asked GROUP BY year, response_class"
    valid = f"SELECT answer.*\n  FROM answer JOIN _frame ON _frame.unit = answer.unit AND {same_year('answer.period')}"
    answered = (
        f"SELECT valid.period, _asked.response_class, {added_few('_asked.design_weight')} AS answered\n"
        f"  FROM valid JOIN _asked ON _asked.unit = valid.unit AND {same_year('valid.period', '_asked')}\n"
        "  GROUP BY valid.period, _asked.response_class"
    )
    on = f"_class.response_class = replied.response_class AND {same_year('replied.period', '_class')}"
    columns = "replied.period, replied.response_class, _class.asked, replied.answered"
    return [
        f"valid AS (\n  {valid}\n  WHERE _frame.asked = 1\n)",
        f"replied AS (\n  {answered}\n)",
        f"response AS (\n  SELECT {columns}\n  FROM replied JOIN (\n    {asked}\n  ) AS _class\n  ON {on}\n)",
    ]


def _columns(frame: Frame, design: Design) -> list[tuple[str, str]]:
    def double(name: str | None) -> str:
        return f"CAST({quoted(name)} AS DOUBLE)" if name else "CAST(NULL AS DOUBLE)"

    assert design.stratum is not None
    sampled = quoted(design.sampled) if design.sampled else ""
    asked = f"CASE WHEN {sampled} THEN 1 WHEN NOT {sampled} THEN 0 END" if sampled else "CAST(NULL AS INTEGER)"
    return [
        ("unit", quoted(frame.unit)),
        ("year", quoted(frame.year)),
        ("stratum", f"CAST({quoted(design.stratum)} AS VARCHAR)"),
        ("stated", double(design.population)),
        ("stated_weight", double(design.weight)),
        ("asked", asked),
    ]


def _class(design: Design) -> str:
    """The response group of a unit, and where it has none its stratum; no group can be taken for a stratum."""
    assert design.stratum is not None and design.response_group is not None
    named, stratum = (f"CAST({quoted(name)} AS VARCHAR)" for name in (design.response_group, design.stratum))
    return f"CASE WHEN {named} IS NULL THEN concat('stratum ', {stratum}) ELSE concat('group ', {named}) END"
