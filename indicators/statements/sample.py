"""The sample: statements over register and answers together, which tell who was asked, who answered, and with what weight.

Generated text like that of `statement`, and run on every engine. Their rows are units only where a method needs units:
calibration, and the weights that a publication keeps.
"""

from __future__ import annotations

from dataclasses import replace

from indicators.catalogue import formula
from indicators.catalogue.plan import Indicator
from indicators.catalogue.question import Question
from indicators.statements.exact import added, added_few, grid
from indicators.statements.frame import Frame, classed, frame_of, frame_parts, same_year
from indicators.statements.source import listed
from indicators.statements.statement import breakdown_columns, names_of, weighted_answers
from pipelines.database import literal, quoted
from pipelines.design import Margin

_ON_FRAME = f"_frame.unit = weighted.unit AND {same_year('weighted.period')}"
_WEIGHT = ("design_weight",)
_ON_ASKED = f"_asked.unit = weighted.unit AND {same_year('weighted.period', '_asked')}"


def strata_statement(question: Question) -> str:
    """Per year and stratum of the register: units listed, asked, in the population, and in the scope of the question.

    `asked` is null where the register does not say who was asked.
    """
    sizes = [f"max(_counted.{name}) AS {name}" for name in ("listed", "asked", "population")]
    columns = ["_counted.year AS year", "_counted.stratum AS stratum", *sizes, "CAST(sum(_frame.in_scope) AS BIGINT) AS in_scope"]
    on = "_frame.year = _counted.year AND _frame.stratum = _counted.stratum"
    return (
        f"{_with(frame_parts(question, [_inside(question)])[:2])}\nSELECT {listed(columns, '  ')}\n"
        f"FROM _counted JOIN _frame ON {on}\nWHERE _counted.stratum IS NOT NULL\nGROUP BY _counted.year, _counted.stratum"
    )


def classes_statement(question: Question) -> str:
    """Per year and response group: the units of the population for which those asked stand, all and in scope."""
    sums = f"{added_few('design_weight')} AS population, {added_few('design_weight * in_scope')} AS in_scope"
    head = _with(frame_parts(question, [_inside(question)]))
    return f"{head}\nSELECT year, response_class AS stratum, {sums}\nFROM _asked\nGROUP BY year, response_class"


def weights_statement(question: Question) -> str:
    """Who answered in each year: stratum, sizes, weight, and from the register the design weight and whether it was asked.

    Of a question without register both are null. `layer` is what stands for those who did not answer: the response group,
    or the stratum. With response groups, answers of units that were not asked are here, too, and have no weight.
    """
    bare = replace(question, indicators=(), sets=((),))
    framed = frame_of(question) is not None
    grouped = framed and classed(question)
    told = [f"weighted.{name} AS {name}" for name in ("answered", "population", "weight")]
    told += [f"{'answer' if grouped else 'weighted'}.{name} AS {name}" for name in ("period", "unit", "stratum")]
    layer = "_asked.response_class" if grouped else "weighted.stratum"
    design, asked = ("_asked.design_weight", "_frame.asked") if framed else ("CAST(NULL AS DOUBLE)", "CAST(NULL AS INTEGER)")
    told += [f"{layer} AS layer", f"{design} AS design_weight", f"{asked} AS asked"]
    joined = f"\nLEFT JOIN _frame ON {_ON_FRAME}\nLEFT JOIN _asked ON {_ON_ASKED}" if framed else ""
    rows = "weighted"
    if grouped:
        rows = "answer LEFT JOIN weighted ON weighted.unit = answer.unit AND weighted.period = answer.period"
        joined = joined.replace("weighted.", "answer.")
    head = weighted_answers(bare, frame_parts(bare) if framed else ())
    yearly = f"{'answer' if grouped else 'weighted'}.period % 10000 = 0"
    return f"{head}\nSELECT {listed(told, '  ')}\nFROM {rows}{joined}\nWHERE {yearly}"


def asked_statement(question: Question) -> str | None:
    """One row per unit and year that was asked: stratum, design weight, size, categories that the register knows, and for
    each scope k of the indicators in_k. None where no register says who was asked."""
    frame, design = frame_of(question), question.design
    if frame is None or design is None or design.sampled is None:
        return None
    more = _people(question, question, frame)
    names = ["year", "unit", "stratum", "design_weight", *(name for name, _ in more)]
    return f"{_with(frame_parts(question, more))}\nSELECT {listed(names, '  ')}\nFROM _asked"


def units_statement(question: Question, margins: list[Margin]) -> str:
    """One row per unit and period: stratum, sizes, categories, values y_ and x_ (null outside the domain), design weight and
    weight, and for every margin the category c_ and the known quantity v_ of the unit."""
    values = [f"answer.{owner} AS {name}" for name, owner in names_of(question).items()]
    heads = ["period", "unit", "stratum", "holding", "answered", "population", "weight"]
    heads += [*(["heard", "imputed"] if question.imputed else []), *(f"b_{name}" for name in question.breakdowns)]
    known = [f"_frame.{part}_{i}" for i in range(len(margins)) for part in "cv"]
    told = [*(f"weighted.{name} AS {name}" for name in heads), "_asked.design_weight AS design_weight", *values, *known]
    return (
        f"{weighted_answers(question, frame_parts(question, _margins(question, margins)))}\nSELECT {listed(told, '  ')}\n"
        "FROM weighted JOIN answer ON answer.unit = weighted.unit AND answer.period = weighted.period\n"
        f"LEFT JOIN _frame ON {_ON_FRAME}\nLEFT JOIN _asked ON {_ON_ASKED}"
    )


def totals_statement(question: Question, margins: list[Margin]) -> str:
    """The known totals by year and stratum: for each margin (`margin` is its number) the category, its total, and blanks.

    `blank` counts the units whose quantity the register does not know.
    """
    parts = []
    for i in range(len(margins)):
        columns = [f"{i} AS margin", "year", "stratum", f"c_{i} AS category", f"coalesce(sum(v_{i}), 0) AS total"]
        blank = f"sum(CASE WHEN v_{i} IS NULL THEN 1 ELSE 0 END) AS blank"
        parts.append(f"SELECT {listed([*columns, blank], '  ')}\nFROM _frame\nGROUP BY year, stratum, c_{i}")
    return f"{_with(frame_parts(question, _margins(question, margins))[:1])}\n" + "\nUNION ALL\n".join(parts)


def response_statement(question: Question, answers: Question) -> str | None:
    """How many were asked and answered, by design weight and by size too, for every period and set of breakdowns.

    `answers` is the question whose rows say who answered; mostly the same. Columns: period, b_ and over_ of the breakdowns
    that the register knows, and for each scope k of the indicators asked_k, answered_k, and the same with weighted_ and sized_
    before. None where no register says who was asked.
    """
    frame, design = frame_of(answers), answers.design
    if frame is None or design is None or design.sampled is None:
        return None
    names = [name for name, _ in _splits(question, frame)]
    more = _people(question, answers, frame)
    bare = replace(answers, sets=((),))
    imputed = " AND answer.imputed = 0" if bare.imputed else ""
    periods = "SELECT DISTINCT period FROM weighted"
    ever = "SELECT DISTINCT stratum FROM weighted"
    on = "answer.unit = _asked.unit AND answer.period = periods.period"
    columns = ["periods.period", "_asked.design_weight", *(f"_asked.{name}" for name, _ in more)]
    seen = {"reply": "answer.unit", "ever": "ever.stratum"}
    columns += [f"CASE WHEN {found} IS NULL THEN 0 ELSE 1 END AS {name}" for name, found in seen.items()]
    joined = [
        f"JOIN ({periods}) AS periods ON {same_year('periods.period', '_asked')}",
        f"LEFT JOIN answer ON {on}{imputed}",
        f"LEFT JOIN ({ever}) AS ever ON ever.stratum = _asked.stratum",
    ]
    people = "\n  ".join([f"SELECT {listed(columns)}", "FROM _asked", *joined])
    sums = [text for k, scope in _numbered(question) for text in _rates(k, scope)]
    told = [*names, *(f"GROUPING({name}) AS over_{name.removeprefix('b_')}" for name in names), *sums]
    kept = [of for of in question.sets if {f"b_{name}" for name in of} <= set(names)]
    grouped = ", ".join(f"({', '.join(['period', *(f'b_{name}' for name in of)])})" for of in kept)
    return (
        f"{weighted_answers(bare, frame_parts(bare, more))},\npeople AS (\n  {people}\n),\n"
        f"{grid('grid', 'people', _WEIGHT, [(*_WEIGHT, 'size')])}\n"
        f"SELECT {listed(['period', *told], '  ')}\nFROM people CROSS JOIN grid\nGROUP BY GROUPING SETS ({grouped})"
    )


def _inside(question: Question) -> tuple[str, str]:
    """Whether a unit is in the scope of any indicator, as a column of the frame."""
    found = list(dict.fromkeys(scopes(question)))
    text = " OR ".join(f"({scope})" for scope in found)
    return "in_scope", f"CASE WHEN {text} THEN 1 ELSE 0 END" if found and all(found) else "1"


def scopes(question: Question) -> list[str]:
    """For each indicator the part of its `where` that the register alone decides; empty where there is none."""
    found = frame_of(question)
    return [_scope(question, indicator, found.table if found else None) for indicator in question.indicators]


def _scope(question: Question, indicator: Indicator, register: str | None) -> str:
    reachable = question.plan.dictionary.reachable(question.table.id)
    parts = formula.conjuncts(indicator.where) if indicator.where else []
    decided = [part.text for part in parts if all(name in reachable and reachable[name][0] == register for name in part.columns)]
    return " AND ".join(f"({text})" for text in decided)


def _people(question: Question, answers: Question, frame: Frame) -> list[tuple[str, str]]:
    """Size, categories and scopes of a unit, as columns of the frame."""
    size = answers.design.size if answers.design else None
    flags = [(f"in_{k}", f"CASE WHEN {text} THEN 1 ELSE 0 END" if text else "1") for k, text in _numbered(question)]
    sized = f"CAST({quoted(size)} AS DOUBLE)" if size else "CAST(NULL AS DOUBLE)"
    return [("size", sized), *_splits(question, frame), *flags]


def _numbered(question: Question) -> list[tuple[int, str]]:
    return list(enumerate(dict.fromkeys(scopes(question))))


def _splits(question: Question, frame: Frame) -> list[tuple[str, str]]:
    """The breakdowns of a question that the register knows."""
    reachable = question.plan.dictionary.reachable(question.table.id)
    known = {f"b_{n}" for n in question.breakdowns if reachable[question.plan.breakdowns[n].column][0] == frame.table}
    return [(name, text) for name, text in breakdown_columns(question) if name in known]


def _rates(k: int, scope: str) -> list[str]:
    """Sums of one scope. Who is in a scope may not be in that of the table: a stratum never heard of was not addressed."""
    inside = f"in_{k} = 1 AND ever = 1" if scope else f"in_{k} = 1"
    parts = {"": ("1", ()), "weighted_": ("design_weight", _WEIGHT), "sized_": ("design_weight * size", (*_WEIGHT, "size"))}
    found = []
    for prefix, (value, factors) in parts.items():
        for name, reply in (("asked", ""), ("answered", " AND reply = 1")):
            text = f"CASE WHEN {inside}{reply} THEN {value} END"
            found.append(f"{added(text, *factors) if factors else f'sum({text})'} AS {prefix}{name}_{k}")
    return found


def _margins(question: Question, margins: list[Margin]) -> list[tuple[str, str]]:
    """For each margin the category of a unit (`all` where it has none) and what it adds to the total."""
    found = []
    for i, margin in enumerate(margins):
        found.append((f"c_{i}", _category(question, margin)))
        found.append((f"v_{i}", f"CAST({quoted(margin.of)} AS DOUBLE)" if margin.of else "CAST(1 AS DOUBLE)"))
    return found


def _category(question: Question, margin: Margin) -> str:
    if margin.by is None:
        return "'all'"
    column = quoted(margin.by)
    if margin.rollup is None:
        return f"CAST({column} AS VARCHAR)"
    frame = frame_of(question)
    assert frame is not None
    codes = question.plan.dictionary.tables[frame.table].columns[margin.by].codes
    entries = question.plan.dictionary.codes[str(codes)].codes
    cases = " ".join(f"WHEN {literal(code)} THEN {literal(entry.parent)}" for code, entry in entries.items() if entry.parent)
    return f"CASE {column} {cases} END"


def _with(parts: list[str]) -> str:
    return "WITH " + ",\n".join(parts)
