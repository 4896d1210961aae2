"""The statement of a question: SQL that can be read, and that means the same on every engine.

It reads top to bottom: source (rows with what is linked), answer (one row per unit and period), stratum (how many answered
of how many), weighted, and then the sums of the largest breakdown sets, crossed with the stratum; every other set is a sum
of these. Without a design there are no strata, and every set is grouped by the engine itself. Periods travel as whole
numbers, year × 10000 + quarter × 100 + month, because engines group numbers faster than text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from indicators.catalogue.plan import Indicator
from indicators.catalogue.question import Question
from indicators.statements import exact, frame
from indicators.statements.source import calendar, in_scope, listed, period_number, period_sets, source
from pipelines.database import literal, quoted
from pipelines.design import Design
from pipelines.dictionary import Link


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where the rows of a statement hold the sums of an indicator; indicators share what is the same for both."""

    n: str
    y: str
    x: str
    yy: str | None = None
    xx: str | None = None
    xy: str | None = None


def cells_statement(question: Question) -> str:
    """The SQL text of a question; the same text runs on every engine."""
    grid = f",\n{exact.grid('grid', 'weighted', *_grid(question))}" if question.design else ""
    return f"{weighted_answers(question)}{grid}\n{_cells(question)}"


def shared_statement(question: Question) -> str:
    """Units of holding groups that have several in one period, counted per group and category."""
    counts = [f"{text} AS {name}" for name, text in _layout(question)[0].items() if text.startswith("count(")]
    splits = [f"b_{name}" for name in question.breakdowns]
    several = "SELECT period, holding\n  FROM answer\n  GROUP BY period, holding\n  HAVING count(*) > 1"
    kept = ["answer.period AS period", "answer.holding AS holding", *splits, *counts]
    on = "answer.period = several.period AND answer.holding = several.holding"
    return (
        f"{weighted_answers(question)},\nseveral AS (\n  {several}\n)\nSELECT {listed(kept, '  ')}\n"
        f"FROM answer JOIN several ON {on}\nWHERE answer.stratum IS NOT NULL\n"
        f"GROUP BY {', '.join(['answer.period', 'answer.holding', *splits])}"
    )


def largest_sets(question: Question) -> list[tuple[str, ...]]:
    """Breakdown sets that are part of no other: the cells of all others are sums of theirs."""
    return [names for names in question.sets if not any(set(names) < set(other) for other in question.sets)]


def columns(question: Question) -> list[Columns]:
    """For each indicator of a question, the columns of its sums."""
    return _layout(question)[1]


def rows_statement(question: Question) -> str:
    """Every row with what is linked to it, for the few methods that need single rows (durations)."""
    assert question.design is not None
    design = [f"{text} AS {name}" for name, text in _design_columns(question.design)]
    splits = [f"{text} AS {name}" for name, text in breakdown_columns(question)]
    columns = [f"{period_number(question)} AS period", f"{quoted(question.design.unit)} AS unit", *design, *splits]
    columns += [quoted(name) for name in question.columns if name in question.table.columns and name != question.design.unit]
    where = " AND ".join(f"({text})" for text in (question.respondents, question.indicators[0].where) if text)
    condition = f"\nWHERE {where}" if where else ""
    return f"WITH {source(question)}\nSELECT {listed(columns, '  ')}\nFROM source{condition}"


def unlinked_statement(question: Question, link: Link, where: str | None) -> str:
    """From how many rows in scope of each year a link leads nowhere: year, lost."""
    missing = f"CASE WHEN {quoted(link.table)}.{quoted(next(iter(link.on)))} IS NULL THEN 1 ELSE 0 END"
    reachable = question.plan.dictionary.reachable(question.table.id)
    unsaid = {name for name, (table, _) in reachable.items() if table == link.table}
    rows = in_scope(question, [("_year", dict(calendar(question))["_year"]), ("_lost", missing)], unsaid, where)
    return f"SELECT _year AS year, sum(_lost) AS lost\nFROM {rows}\nGROUP BY _year"


def weighted_answers(question: Question, listed_units: Sequence[str] = ()) -> str:
    """The WITH clause that ends in `weighted`: one row per unit and period with its weight, for any statement over answers.

    `listed_units` are the parts of `frame.frame_parts`, for a statement that goes on to use them.
    """
    if question.design is None:
        return f"WITH {source(question)},\n{_rows(question)}"
    if frame.uses_frame(question) and not listed_units:
        listed_units = frame.frame_parts(question)
    late = _register(question)
    # first, and under a name that no table can have: nothing then stands before it that could hide the table it reads
    register = [_units(question, late)] if late else []
    return "WITH " + ",\n".join([*listed_units, *register, source(question, late), _answers(question, late), _strata(question)])


def _value(question: Question, indicator: Indicator, part: str) -> str:
    """Numerator (y) or denominator (x) in scope; null when the other one is missing, for missing is not zero."""
    numerator = f"CAST({indicator.numerator} AS DOUBLE)"
    denominator = "CAST(1 AS DOUBLE)" if indicator.denominator is None else f"CAST({indicator.denominator} AS DOUBLE)"
    conditions = [f"({indicator.where})"] if indicator.where else []
    if question.kept != "all":
        conditions.append(f"{'' if question.kept == 'imputed' else 'NOT '}({' OR '.join(question.flags(indicator))})")
    if part == "x" and _may_be_blank(question, indicator.numerator):
        conditions.append(f"{numerator} IS NOT NULL")
    elif part == "y" and isinstance(indicator.denominator, str) and _may_be_blank(question, indicator.denominator):
        conditions.append(f"{denominator} IS NOT NULL")
    wanted = numerator if part == "y" else denominator
    return f"CASE WHEN {' AND '.join(conditions)} THEN {wanted} END" if conditions else wanted


def _may_be_blank(question: Question, text: str | float | None) -> bool:
    """Whether a formula may be null: not where it is one required column of the table itself, for a blank is set aside there."""
    column = question.table.columns.get(str(text))
    return isinstance(text, str) and (column is None or not column.required)


def _may_be_null(question: Question, indicator: Indicator) -> bool:
    """Whether a row of `source` may be outside the domain of an indicator."""
    parts = (indicator.numerator, indicator.denominator)
    return question.kept != "all" or indicator.where is not None or any(_may_be_blank(question, part) for part in parts)


def _values(question: Question) -> dict[str, str]:
    """y and x of every indicator by name, each formula once: y_0, x_0, y_1 …"""
    texts: dict[str, str] = {}
    for i, indicator in enumerate(question.indicators):
        for part in "yx":
            texts.setdefault(_value(question, indicator, part), f"{part}_{i}")
    return {name: text for text, name in texts.items()}


def names_of(question: Question) -> dict[str, str]:
    """Under which columns of `answer` the y and x of each indicator stand."""
    owners = {text: name for name, text in _values(question).items()}
    return {f"{part}_{i}": owners[_value(question, one, part)] for i, one in enumerate(question.indicators) for part in "yx"}


def _rows(question: Question) -> str:
    """Without a design every row is a unit of its own, all were recorded, and nothing need be summed before the cells."""
    values = [f"{text} AS {name}" for name, text in _values(question).items()]
    splits = [f"{expression} AS {name}" for name, expression in breakdown_columns(question)]
    dated_by = [name for name, _ in calendar(question)]
    where = f"\n  WHERE {question.respondents}" if question.respondents else ""
    return f"weighted AS (\n  SELECT {listed([*dated_by, *splits, *values])}\n  FROM source{where}\n)"


def _answers(question: Question, late: Link | None) -> str:
    """One row per unit and period: its design, its categories, and y and x of every indicator; null outside the domain."""
    assert question.design is not None
    attributes = [*_design_columns(question.design), *breakdown_columns(question)]
    carried = [] if late else [name for name, _ in attributes]
    values = list(_values(question))
    kept = [(name, text) for name, text in attributes if name in carried]
    where = f"\n  WHERE {question.respondents}" if question.respondents else ""
    parts = _finest(question, kept, where)
    parts += _coarser(question, carried)
    said = [*carried, *values, *(["imputed"] if question.imputed else [])]
    levels = [f"SELECT {', '.join(['unit', *columns])} FROM {name}" for name, columns in _levels(question, said)]
    united = "\n    UNION ALL ".join(levels)
    outer = ["answers.unit", f"{period_number(question)} AS period", *(name for name, _ in attributes), *said[len(carried) :]]
    joined = ""
    if late:
        joined = "\n  LEFT JOIN _listed ON _listed.unit = answers.unit"
        joined += " AND _listed.year = answers._year" if "period" in late.on.values() else ""
    parts.append(f"answer AS (\n  SELECT {', '.join(outer)}\n  FROM (\n    {united}\n  ) AS answers{joined}\n)")
    return ",\n".join(parts)


def _finest(question: Question, kept: list[tuple[str, str]], where: str) -> list[str]:
    """The sums of a unit over its rows of the finest level: exact ones, unless the key of the table allows one row alone."""
    assert question.design is not None
    dated_by, unit = [name for name, _ in calendar(question)], quoted(question.design.unit)
    flags = [("imputed", _unheard(question))] if question.imputed else []
    if _one_row(question):
        picked = [f"{unit} AS unit", *dated_by, *(f"any_value({text}) AS {name}" for name, text in kept)]
        picked += [f"sum({text}) AS {name}" for name, text in _values(question).items()]
        picked += [f"min({text}) AS {name}" for name, text in flags]
        return [f"finest AS (\n  SELECT {listed(picked)}\n  FROM source{where}\n  GROUP BY {', '.join([unit, *dated_by])}\n)"]
    texts = [*kept, *_values(question).items(), *flags]
    plain = [f"{unit} AS unit", *dated_by, *(f"{text} AS {name}" for name, text in texts)]
    valued = f"valued AS (\n  SELECT {listed(plain)}\n  FROM source{where}\n)"
    return [valued, _summed(question, "finest", "valued", dated_by, [name for name, _ in kept])]


def _summed(question: Question, name: str, below: str, dated: list[str], carried: list[str]) -> str:
    """A part of the statement: one row per unit and date with the sums of the rows of another part."""
    picked = ["unit", *dated, *(f"any_value({one}) AS {one}" for one in carried)]
    picked += [f"{exact.added_few(value)} AS {value}" for value in _values(question)]
    picked += ["min(imputed) AS imputed"] if question.imputed else []
    return f"{name} AS (\n  SELECT {listed(picked)}\n  FROM {below}\n  GROUP BY {', '.join(['unit', *dated])}\n)"


def _one_row(question: Question) -> bool:
    """Whether a unit has no more than one row at the finest level that is asked for."""
    table, design = question.table, question.design
    assert design is not None
    if table.period is None or not set(table.key) <= {design.unit, table.period} or question.panel:
        return False
    return {"month": "month", "year": "year"}.get(table.columns[table.period].type) == question.levels[-1]


def _unheard(question: Question) -> str:
    """1 for a row that, without its imputed values, would answer for no indicator of the question; 0 for any other."""
    imputed = [f"({' OR '.join(question.flags(indicator))})" for indicator in question.indicators] or ["_added"]
    return f"CASE WHEN {' AND '.join(imputed)} THEN 1 ELSE 0 END"


def _levels(question: Question, names: list[str]) -> list[tuple[str, list[str]]]:
    """The statement part of each level asked for, and its columns; the calendar below the level is blank."""
    dated_by = [name for name, _ in calendar(question)]
    found = []
    for level, dated in zip(question.levels, period_sets(question), strict=True):
        blank = [f"CAST(NULL AS BIGINT) AS {name}" for name in dated_by if name not in dated]
        found.append(("finest" if dated == dated_by else f"by_{level}", [*dated, *blank, *names]))
    return found


def _coarser(question: Question, carried: list[str]) -> list[str]:
    """The levels above the finest, each from the one below: a unit's sums of a year are the sums of its months."""
    parts, below = [], "finest"
    dated_by = [name for name, _ in calendar(question)]
    for level, dated in reversed(list(zip(question.levels, period_sets(question), strict=True))):
        if dated == dated_by:
            continue
        parts.append(_summed(question, f"by_{level}", below, dated, carried))
        below = f"by_{level}"
    return parts


def _register(question: Question) -> Link | None:
    """The link that alone says what a unit is (its stratum, its categories), where nothing else is asked of it.

    It is followed once per unit and period, after the sums, instead of once per row.
    """
    design, table = question.design, question.table
    if design is None or design.census or not design.stratum or question.dated_by_link:
        return None
    stands_in = {name: found for name, (found, _) in question.plan.dictionary.reachable(table.id).items()}
    said = [design.stratum, design.population, design.weight, design.sampling_fraction, design.group]
    said += [question.plan.breakdowns[name].column for name in question.breakdowns]
    tables = {stands_in[name] for name in said if name and name != design.unit}
    links = [link for link in table.link if {link.table} == tables]
    others = {stands_in.get(name) for link in table.link for name in link.on.values() if link not in links}
    calculated = {stands_in.get(name) for name in question.calculated}
    if len(links) != 1 or tables & (others | calculated) or question.panel:
        return None
    ours = set(links[0].on.values())
    return links[0] if design.unit in ours and ours <= {design.unit, "period"} and stands_in[design.unit] == table.id else None


def _units(question: Question, late: Link) -> str:
    """What the linked table says of each unit (and year), under the names that `answer` has for it."""
    assert question.design is not None
    reachable = question.plan.dictionary.reachable(question.table.id)
    theirs = {ours: name for name, ours in late.on.items()}
    said = [name for name in question.columns if name in reachable and reachable[name][0] == late.table]
    plain = [f"{quoted(theirs[question.design.unit])} AS {quoted(question.design.unit)}", *(quoted(name) for name in said)]
    kept = [f"{quoted(question.design.unit)} AS unit"]
    if "period" in theirs:
        plain.append(f"{quoted(theirs['period'])} AS _year")
        kept.append("_year AS year")
    kept += [f"{text} AS {name}" for name, text in [*_design_columns(question.design), *breakdown_columns(question)]]
    inner = f"SELECT {', '.join(plain)} FROM {quoted(late.table)}"
    return f"_listed AS (\n  SELECT {listed(kept)}\n  FROM ({inner}) AS plain\n)"


def _design_columns(design: Design) -> list[tuple[str, str]]:
    nothing = "CAST(NULL AS DOUBLE)"
    stated = design.population or design.sampling_fraction
    # a unit that belongs to no group stands for itself
    alone = f"CAST({quoted(design.unit)} AS VARCHAR)"
    holding = f"coalesce(CAST({quoted(design.group)} AS VARCHAR), {alone})" if design.group else alone
    return [
        ("stratum", "'all'" if design.census or not design.stratum else f"CAST({quoted(design.stratum)} AS VARCHAR)"),
        ("stated", f"CAST({quoted(stated)} AS DOUBLE)" if stated and not design.census else nothing),
        ("stated_weight", f"CAST({quoted(design.weight)} AS DOUBLE)" if design.weight and not design.census else nothing),
        ("holding", holding),
    ]


def breakdown_columns(question: Question) -> list[tuple[str, str]]:
    columns = []
    for name in question.breakdowns:
        split = question.plan.breakdowns[name]
        if split.rollup is None:
            columns.append((f"b_{name}", f"CAST({quoted(split.column)} AS VARCHAR)"))
            continue
        _, column = question.plan.dictionary.reachable(question.table.id)[split.column]
        assert column.codes is not None
        entries = question.plan.dictionary.codes[column.codes].codes
        cases = " ".join(f"WHEN {literal(code)} THEN {literal(entry.parent)}" for code, entry in entries.items() if entry.parent)
        columns.append((f"b_{name}", f"CASE {quoted(split.column)} {cases} END"))
    return columns


def _strata(question: Question) -> str:
    """How many answered of how many, per period and stratum, and so the weight of each answer."""
    assert question.design is not None
    counted = "CAST(count(*) AS DOUBLE)"
    if question.design.census:
        population = counted
    elif question.design.population:
        # a frame smaller than its respondents cannot be; the count of respondents then stands for it
        population = f"greatest(max(stated), {counted})"
    else:
        population = f"{counted} / max(stated)"
    heard = ", CAST(count(*) - sum(imputed) AS DOUBLE) AS heard" if question.imputed else ""
    sizes = f"{counted} AS answered, {population} AS population{heard}"
    classed = frame.uses_frame(question) and frame.classed(question)
    answer = "valid AS answer" if classed else "answer"
    strata = f"SELECT period, stratum, {sizes}\n  FROM {answer}\n  GROUP BY period, stratum"
    weight = "coalesce(answer.stated_weight, stratum.population / stratum.answered)"
    weight = f"coalesce({frame.CLASS_WEIGHT}, {weight})" if classed else weight
    splits = [f"answer.b_{name}" for name in question.breakdowns]
    columns = [
        "answer.period",
        "answer.stratum",
        "answer.unit",
        "answer.holding",
        *splits,
        "stratum.answered",
        "stratum.population",
        *(["stratum.heard", "answer.imputed"] if question.imputed else []),
    ]
    columns += [f"{weight} AS weight", *(f"{weight} * answer.{owner} AS {name}" for name, owner in names_of(question).items())]
    on = "answer.period = stratum.period AND answer.stratum = stratum.stratum"
    weighted = f"SELECT {listed(columns)}\n  FROM {answer} JOIN stratum ON {on}{frame.CLASS_JOINS if classed else ''}"
    parts = [*frame.class_parts(), f"stratum AS (\n  {strata}\n)"] if classed else [f"stratum AS (\n  {strata}\n)"]
    if frame.uses_frame(question) and not classed:
        parts = [f"reached AS (\n  {strata}\n)", *frame.joined_parts(question)]
    return ",\n".join([*parts, f"weighted AS (\n  {weighted}\n)"])


def _layout(question: Question) -> tuple[dict[str, str], list[Columns]]:
    """The sums a statement carries, each once: name → text; and for each indicator which are its own."""
    names, owners, found = names_of(question), dict[str, str](), []

    def sum_of(name: str, text: str) -> str:
        return owners.setdefault(text, name)

    for i, indicator in enumerate(question.indicators):
        y, x = names[f"y_{i}"], names[f"x_{i}"]
        own = {"n": sum_of(f"n_{i}", f"count({y})" if _may_be_null(question, indicator) else "count(*)")}
        own |= {part: sum_of(f"{part}_{i}", f"coalesce({_sum(question, value)}, 0)") for part, value in (("y", y), ("x", x))}
        pairs = {"yy": (y, y)} if question.design else {}
        if question.design and indicator.kind != "total":
            pairs |= {"xx": (x, x), "xy": (min(x, y), max(x, y))}
        own |= {part: sum_of(f"{part}_{i}", f"coalesce({_sum(question, a, b)}, 0)") for part, (a, b) in pairs.items()}
        found.append(Columns(**own))
    return {name: text for text, name in owners.items()}, found


def _sum(question: Question, *factors: str) -> str:
    """The sum of a value, or of a product of two; without a design mostly of counts, which no order changes."""
    text = " * ".join(factors)
    return exact.added(text, *factors) if question.design else f"sum({text})"


def _grid(question: Question) -> tuple[list[str], list[tuple[str, str]]]:
    """The values that are summed, and the pairs whose products are."""
    values, pairs = dict[str, None](), dict[tuple[str, str], None]()
    for i, indicator in enumerate(question.indicators):
        y, x = (names_of(question)[f"{part}_{i}"] for part in "yx")
        values |= dict.fromkeys((y, x))
        pairs[y, y] = None
        if indicator.kind != "total":
            pairs |= dict.fromkeys(((x, x), (min(x, y), max(x, y))))
    return list(values), list(pairs)


def _cells(question: Question) -> str:
    sums = [f"{text} AS {name}" for name, text in _layout(question)[0].items()]
    if question.design is None:
        return _grouped(question, [*_split_columns(question), *sums])
    head = ["stratum", *_split_columns(question), "max(answered) AS answered", "max(population) AS population"]
    head += ["max(heard) AS heard"] if question.imputed else []
    return _grouped(question, [*head, *sums], "stratum")


def _split_columns(question: Question) -> list[str]:
    names = question.breakdowns
    return [*(f"b_{name}" for name in names), *(f"GROUPING(b_{name}) AS over_{name}" for name in names)]


def _grouped(question: Question, columns: list[str], *keys: str) -> str:
    """A select over `weighted` grouped by every period, every breakdown set, and `keys`."""
    periods = [["period"]] if question.design else period_sets(question)
    period = "period" if question.design else f"{period_number(question)} AS period"
    wanted = largest_sets(question) if question.design else question.sets
    combined = [[*dates, *keys, *(f"b_{name}" for name in names)] for dates in periods for names in wanted]
    sets = ", ".join(f"({', '.join(names)})" for names in combined)
    weighted = "weighted CROSS JOIN grid" if question.design else "weighted"
    return f"SELECT {listed([period, *columns], '  ')}\nFROM {weighted}\nGROUP BY GROUPING SETS ({sets})"
