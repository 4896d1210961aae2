"""Two waves of one survey: the statements that tell who answered in both, and which units stayed in the population.

Both are generated text like that of `statement`, and run on every engine.
"""

from __future__ import annotations

from indicators.catalogue.question import Question
from indicators.statements import exact
from indicators.statements.source import listed
from indicators.statements.statement import weighted_answers
from pipelines.database import quoted

_BOTH = "y0_{0} IS NOT NULL AND y1_{0} IS NOT NULL"
#: sums over the units of both waves: of the former wave, of the later one, of products of the two
THEN, NOW, PRODUCTS = ("y0", "x0"), ("y1", "x1"), ("yy", "yx", "xy", "xx")
#: the same over those alone of whom both waves are known: how many, and what they said then and now
MATCHED = ("matched", "then_y", "then_x", "now_y", "now_x")
_FACTORS = {"yy": ("y0", "y1"), "yx": ("y0", "x1"), "xy": ("x0", "y1"), "xx": ("x0", "x1")}
_TEXTS = {
    **{name: exact.added(f"{name}_{{0}}", f"{name}_{{0}}") for name in (*THEN, *NOW)},
    **{name: exact.added(f"{a}_{{0}} * {b}_{{0}}", f"{a}_{{0}}", f"{b}_{{0}}") for name, (a, b) in _FACTORS.items()},
    "matched": f"sum(CASE WHEN {_BOTH} THEN 1 END)",
    **{
        name: exact.added(f"CASE WHEN {_BOTH} THEN {value}_{{0}} END", f"{value}_{{0}}")
        for name, value in zip(MATCHED[1:], (*THEN, *NOW), strict=True)
    },
}


def pair_statement(question: Question, base: int) -> str:
    """Sums over units that answered both in the base year and in each other year.

    Grouped by the categories of both years, then_ and now_, because a unit may have changed them: by stratum for those who
    stayed in theirs (a blank one holds those who did not), and over everyone (`over_strata` is 1). Of the `shared` units
    those count as `twice` that were heard both times and not imputed.
    """
    numbers, names = range(len(question.indicators)), question.breakdowns
    sums = [f"coalesce({text.format(i)}, 0) AS {name}_{i}" for i in numbers for name, text in _TEXTS.items()]
    splits = [f"{label}_{name}" for name in names for label in ("then", "now")]
    flags = [f"GROUPING(now_{name}) AS over_{name}" for name in names]
    counts = ["count(*) AS shared", "CAST(count(*) - sum(unheard) AS BIGINT) AS twice"]
    head = ["period", "stratum", "GROUPING(stratum) AS over_strata", *splits, *flags, *counts]
    both = [[f"{label}_{name}" for name in of for label in ("then", "now")] for of in question.sets]
    sets = ", ".join(f"({', '.join(['period', *strata, *of])})" for strata in ([], ["stratum"]) for of in both)
    values = [f"{name}_{i}" for i in numbers for name in (*THEN, *NOW)]
    grid = exact.grid("grid", "pairs", values, [(f"{a}_{i}", f"{b}_{i}") for i in numbers for a, b in _FACTORS.values()])
    return (
        f"{weighted_answers(question)},\n{_pairs(question, base)},\n{grid}\nSELECT {listed([*head, *sums], '  ')}\n"
        f"FROM pairs CROSS JOIN grid\nGROUP BY GROUPING SETS ({sets})"
    )


def shared_statement(question: Question, base: int) -> str:
    """Those who answered in both years and of whose holding group others did, too: `matched` per group and categories."""
    splits = [f"{label}_{name}" for name in question.breakdowns for label in ("then", "now")]
    counts = [f"coalesce({_TEXTS['matched'].format(i)}, 0) AS matched_{i}" for i in range(len(question.indicators))]
    several = "SELECT period AS period_, holding AS holding_\n  FROM pairs\n  GROUP BY period, holding\n  HAVING count(*) > 1"
    grouped = ["period", "holding", *splits]
    return (
        f"{weighted_answers(question)},\n{_pairs(question, base)},\nseveral AS (\n  {several}\n)\n"
        f"SELECT {listed([*grouped, *counts], '  ')}\nFROM pairs JOIN several ON period = period_ AND holding = holding_\n"
        f"WHERE holding IS NOT NULL\nGROUP BY {', '.join(grouped)}"
    )


def frame_statement(question: Question, base: int) -> str | None:
    """Per year and stratum of the register: how many units it lists, and how many of them stood there in the base year, too.

    None where no register lists the units year by year.
    """
    design, link = question.design, question.register
    theirs = {ours: name for name, ours in link.on.items()} if link else {}
    if design is None or design.stratum is None or link is None or not {design.unit, "period"} <= theirs.keys():
        return None
    unit, year, stratum = (quoted(name) for name in (theirs[design.unit], theirs["period"], design.stratum))
    units = f"SELECT DISTINCT {unit} AS unit, {year} AS year, CAST({stratum} AS VARCHAR) AS stratum FROM {quoted(link.table)}"
    same = "a.unit = b.unit AND a.stratum = b.stratum"
    return (
        # under names that no table can have: nothing then hides the table that is read
        f"WITH _frame AS (\n  {units}\n),\n"
        f"_stayed AS (\n  SELECT b.year, b.stratum, count(*) AS stayed\n  FROM _frame AS a JOIN _frame AS b ON {same}\n"
        f"  WHERE a.year = {base}\n  GROUP BY b.year, b.stratum\n),\n"
        "_listed AS (\n  SELECT year, stratum, count(*) AS listed\n  FROM _frame\n  GROUP BY year, stratum\n)\n"
        "SELECT _listed.year AS year, _listed.stratum AS stratum, listed, coalesce(stayed, 0) AS stayed\n"
        "FROM _listed LEFT JOIN _stayed ON _listed.year = _stayed.year AND _listed.stratum = _stayed.stratum\n"
        "WHERE _listed.stratum IS NOT NULL"
    )


def _pairs(question: Question, base: int) -> str:
    """One row per unit that answered both in the base year and in another; a month is not held against a year."""
    numbers = range(len(question.indicators))
    values = [f"{side}.{part}_{i} AS {part}{end}_{i}" for i in numbers for side, end in (("a", 0), ("b", 1)) for part in "yx"]
    splits = [
        f"{side}.b_{name} AS {label}_{name}" for name in question.breakdowns for side, label in (("a", "then"), ("b", "now"))
    ]
    stratum = "CASE WHEN a.stratum = b.stratum THEN b.stratum END AS stratum"
    unheard = "greatest(a.imputed, b.imputed)" if question.imputed else "0"
    columns = listed(["b.period AS period", stratum, "b.holding AS holding", f"{unheard} AS unheard", *splits, *values])
    # a period number of a year ends in four zeros
    years = f"a.period = {base * 10000} AND b.period <> a.period AND b.period % 10000 = 0"
    joined = "weighted AS a JOIN weighted AS b ON a.unit = b.unit"
    return f"pairs AS (\n  SELECT {columns}\n  FROM {joined}\n  WHERE {years}\n)"
