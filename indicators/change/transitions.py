"""Transitions of a fixed panel: from which value to which its members went, who was lost, and what could not be compared.

Members are the units that count as an answer in the base period; those at the ceiling and those lost stay in the matrix, so
that the eligible base of a share can be seen. Source: the turnover table of a closed panel (Bishop, Fienberg and Holland
1975, ch. 7). A value is compared only with one under the same edition, or with its translation by a bridge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from indicators.catalogue import closeness
from indicators.catalogue.plan import Indicator, Panel
from indicators.catalogue.question import Question
from indicators.editions.details import DETAILS
from indicators.editions.results import TOTAL
from indicators.engines import Engine
from indicators.statements.cells import category, period_name, pick
from indicators.statements.source import listed
from indicators.statements.statement import weighted_answers
from pipelines.yamlfile import Text

LOST = "lost"
#: every row of a member and every year, whatever is in the scope of the indicator
_PLAIN = {"where": None, "periods": ["year"]}


@dataclass(frozen=True, kw_only=True)
class Transitions:
    """Rows for the table `transitions`, and what a reader should know of them."""

    frame: pl.DataFrame
    notices: tuple[Text, ...] = ()


def answer(question: Question, indicator: Indicator, engine: Engine, minimum_groups: int) -> Transitions:
    """The matrices of one indicator of a question: of each period the total, and the breakdowns, no cell of which is small.

    Behind each cell stand at least `minimum_groups` holding groups. Where one has fewer there is no matrix at all: a blank
    could be solved from the other cells, the share that is published, and the matrices of other categories.
    """
    least = 1 if question.table.public else minimum_groups
    known = engine.query(known_statement(question, indicator)).sort("period")
    if known.is_empty():
        return Transitions(frame=pl.DataFrame(schema=DETAILS["transitions"]))
    asked = _of_values(question, indicator)
    rows = engine.query(matrix_statement(asked, known["period"].to_list()))
    sets = sorted(asked.sets, key=len)
    found = {names: _of_set(rows, asked, names) for names in sets}
    few = {names: _few(rows, asked, names, least) for names in sets}
    shown = [found[names].filter(~pl.col("period").is_in(few[names])) for names in sets]
    frame = pl.concat(shown).select(
        pl.lit(indicator.id).alias("indicator"),
        period_name(pl.col("period")).alias("period"),
        pl.lit(str(_panel(question).base_period)).alias("base_period"),
        "breakdown",
        "category",
        _written(asked, "before"),
        _written(asked, "after").fill_null(LOST),
        "units",
    )
    whole = found[()]
    said = _editions(question, indicator, known, whole, least)
    if scale := closeness.scale_of(question.table, str(indicator.transitions)):
        said += closeness.notices(scale, indicator, whole, least)
    said += _withheld(question, indicator, few)
    return Transitions(frame=frame, notices=tuple(said))


def matrix_statement(question: Question, periods: list[int]) -> str:
    """How many members went from which value to which until each of `periods`, by category; `after` is null for the lost."""
    splits = [f"b_{name}" for name in question.breakdowns]
    near = {"close_changed": "y_1", "close_same": "x_1"} if len(question.indicators) > 1 else {}
    moved = ["_later.period AS period", "_member.holding AS holding", *(f"_member.{name} AS {name}" for name in splits)]
    moved += [
        "coalesce(answer.x_0, _member.x_0) AS before",
        "answer.y_0 AS after",
        *(f"answer.{part} AS {name}" for name, part in near.items()),
    ]
    sums = ["CAST(count(*) AS BIGINT) AS units", "CAST(count(DISTINCT holding) AS BIGINT) AS groups"]
    sums += [f"CAST(coalesce(sum({name}), 0) AS BIGINT) AS {name}" for name in near]
    flags = [f"GROUPING(b_{name}) AS over_{name}" for name in question.breakdowns]
    keys = ["period", "before", "after"]
    sets = ", ".join(f"({', '.join([*keys, *(f'b_{name}' for name in names)])})" for names in question.sets)
    return (
        f"{weighted_answers(question)},\n"
        f"_member AS (\n  SELECT * FROM answer WHERE period = {_panel(question).base_period * 10000} AND y_0 IS NOT NULL\n),\n"
        f"_later AS (\n  {' UNION ALL '.join(f'SELECT {period} AS period' for period in periods)}\n),\n"
        f"_moved AS (\n  SELECT {listed(moved)}\n  FROM _member CROSS JOIN _later\n"
        f"  LEFT JOIN answer ON answer.unit = _member.unit AND answer.period = _later.period\n)\n"
        f"SELECT {listed([*keys, *splits, *flags, *sums], '  ')}\n"
        f"FROM _moved\nGROUP BY GROUPING SETS ({sets})"
    )


def known_statement(question: Question, indicator: Indicator) -> str:
    """Per later period, members of whom a value is known at all, and of these the ones under what they had in the base period."""
    panel, column = _panel(question), str(indicator.transitions)
    other = _other(question)
    loose = panel.model_copy(update={"on": [name for name in panel.on if name not in other], "bridge": None})
    same = " AND ".join(f"{name} = base_{name}" for name in other)
    value = {"numerator": column, "denominator": f"base_{column}", **_PLAIN, "panel": loose}
    probes = (indicator.model_copy(update=value), indicator.model_copy(update={**value, "where": same or None}))
    asked = replace(question, indicators=probes, sets=((),))
    direct = "y_1" if same else "y_0"
    base = panel.base_period * 10000
    return (
        f"{weighted_answers(asked)}\n"
        f"SELECT period, CAST(count(y_0) AS BIGINT) AS known, CAST(count({direct}) AS BIGINT) AS direct\nFROM answer\n"
        f"WHERE period > {base} AND y_0 IS NOT NULL\n"
        f"  AND unit IN (SELECT unit FROM answer WHERE period = {base} AND {direct} IS NOT NULL)\nGROUP BY period"
    )


def _of_values(question: Question, indicator: Indicator) -> Question:
    """Asks for the value (y_0) and that of the base period (x_0), and whether a score stands close to a bound (y_1, x_1)."""
    column = str(indicator.transitions)
    asked = [(column, f"base_{column}")]
    if scale := closeness.scale_of(question.table, column):
        asked.append(closeness.formulas(scale))
    probes = [indicator.model_copy(update={"numerator": y, "denominator": x, **_PLAIN}) for y, x in asked]
    return replace(question, indicators=tuple(probes), sets=tuple(names for names in question.sets if len(names) <= 1))


def _other(question: Question) -> list[str]:
    """Columns in which a later assessment may differ from that of the base period, so that the two are not comparable."""
    panel = _panel(question)
    return [panel.bridge.edition] if panel.bridge else [name for name in question.table.comparable if name in panel.on]


def _panel(question: Question) -> Panel:
    assert question.panel is not None
    return question.panel


def _of_set(rows: pl.DataFrame, question: Question, names: tuple[str, ...]) -> pl.DataFrame:
    kept = pick(rows, question, names).with_columns(pl.lit(",".join(names) or TOTAL).alias("breakdown"), category(names))
    return kept.drop(f"{mark}_{name}" for name in question.breakdowns for mark in ("b", "over"))


def _few(rows: pl.DataFrame, question: Question, names: tuple[str, ...], least: int) -> list[int]:
    """Periods in which a cell has too few groups; also one of members without a category, who are the rest to the total."""
    cells = pick(rows, question, names, blanks=True)
    return sorted(cells.filter(pl.col("groups") < least)["period"].unique().to_list())


def _withheld(question: Question, indicator: Indicator, few: dict[tuple[str, ...], list[int]]) -> list[Text]:
    """A notice for each period in which a matrix is not shown. Of a total that is not shown no breakdown is either."""
    found, name, breakdowns = [], indicator.name, question.plan.breakdowns
    for period in sorted({period for periods in few.values() for period in periods}):
        by = [] if period in few[()] else [breakdowns[one].name for names in few if period in few[names] for one in names]
        zh = f"（按{'、'.join(one.zh for one in by)}）" if by else ""
        en = f" by {', '.join(one.en for one in by)}" if by else ""
        said_zh = f"{period // 10000}年名单内企业的等级变动{zh}不予公布，因为有的变动只涉及少数几家企业。"
        said_en = f"the moves of the panel{en} are not shown, because some of them concern too few."
        found.append(Text(zh=f"{name.zh}：{said_zh}", en=f"{name.en}, {period // 10000}: {said_en}"))
    return found


def _written(question: Question, name: str) -> pl.Expr:
    """A value as text: 3 and not 3.0 where the column holds whole numbers."""
    kind = question.table.columns[str(question.indicators[0].transitions)].type
    return (pl.col(name).cast(pl.Int64) if kind in ("integer", "year") else pl.col(name)).cast(pl.String)


def _editions(question: Question, indicator: Indicator, known: pl.DataFrame, whole: pl.DataFrame, least: int) -> list[Text]:
    """What was compared by a bridge, and what could not be compared at all, for each period."""
    panel, found = _panel(question), []
    counted = whole.filter(pl.col("after").is_not_null()).group_by("period").agg(compared=pl.col("units").sum())
    told = known.join(counted, on="period", how="left").with_columns(pl.col("compared").fill_null(0)).sort("period")
    columns = [question.table.columns[name].name for name in _other(question)]
    zh, en = "、".join(name.zh for name in columns), " or ".join(name.en.lower() for name in columns)
    name, base = indicator.name, panel.base_period
    for row in told.iter_rows(named=True):
        year = row["period"] // 10000
        if bridged := row["compared"] - row["direct"]:
            many = closeness.counted(bridged, least)
            said_zh = f"有{many.zh}名单内企业的{zh}与{base}年不同，按衔接表换算{base}年的结果后比较（序列中断）。"
            said_en = f"assessed under another {en} than in {base}, so that the bridge translates the result of {base}"
            said_en += f" (break in series): {many.en} of the panel."
            found.append(Text(zh=f"{name.zh}：{year}年{said_zh}", en=f"{name.en}, {year}: {said_en}"))
        if apart := row["known"] - row["compared"]:
            many = closeness.counted(apart, least)
            said_zh = f"有{many.zh}名单内企业因{zh}与{base}年不同、又无衔接表可用而不能比较，按退出计（序列中断）。"
            said_en = (
                f"assessed, but not comparable, for the {en} is not that of {base} and no bridge leads from one to the other"
            )
            said_en += f" (break in series; counted as lost): {many.en} of the panel."
            found.append(Text(zh=f"{name.zh}：{year}年{said_zh}", en=f"{name.en}, {year}: {said_en}"))
    return found
