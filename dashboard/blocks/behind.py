"""What stands behind a number: what its change is made of, the same change by other methods, the moves of a panel."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard import query
from dashboard.blocks import carry
from dashboard.blocks.item import Item
from dashboard.pieces import markup
from dashboard.wording import definition
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Unit
from indicators.editions.results import TOTAL

#: the order in which parts are read; the first two are levels
ENDS = ("then", "now")
PARTS = (
    *ENDS,
    "change",
    "raw",
    "reweighted",
    "within",
    "between",
    "entry",
    "exit",
    "pooled",
    "fixed_mix",
    "matched",
    "composition",
)


def of(item: Item) -> Item:
    """What can be taken apart: the indicator itself, or for want of its own parts the change of it that has some."""
    changes = [one for one in item.view.plan.indicators.values() if one.change_of == item.indicator.id]
    found = [item, *(Item(view=item.view, indicator=one) for one in changes)]
    return next((one for one in found if not item.view.read(query.detail, "decomposition", one.indicator.id).is_empty()), item)


def show(item: Item) -> None:
    """One block for each method of the newest period, then the transitions; nothing where the edition holds nothing."""
    parts = _newest(item.view.read(query.detail, "decomposition", item.indicator.id))
    moves = _newest(item.view.read(query.detail, "transitions", item.indicator.id))
    if parts.is_empty() and moves.is_empty():
        return
    st.header(item.words("behind.title"), anchor=False)
    if item.indicator.change_of:
        st.html(markup.text("pw-note", item.words("behind.of", name=item.name)))
    with st.container(border=True, key="behind"):
        for (method, base), frame in parts.group_by("method", "base_period", maintain_order=True):
            _method(item, str(method), base and str(base), frame)
        for breakdown in moves["breakdown"].unique().sort().to_list()[-1:]:
            _transitions(item, moves.filter(pl.col("breakdown") == breakdown))
        if not parts.is_empty():
            _carry(item, parts)


def _carry(item: Item, parts: pl.DataFrame) -> None:
    """All parts as files, in the unit in which they are shown."""
    words, unit, plan = item.words, item.scale.unit, item.view.plan
    rows = parts.iter_rows(named=True)
    level = plan.unit(item.indicator.change_of or item.indicator.id)
    frame = pl.DataFrame(
        [
            (
                words(f"behind.{row['method']}"),
                row["base_period"],
                row["period"],
                row["breakdown"],
                row["category"],
                definition.category(plan, row["breakdown"], row["category"], words),
                words(f"part.{row['part']}"),
                format.shown(row["value"], level if row["part"] in ENDS else _finer(unit)),
            )
            for row in rows
        ],
        schema={
            words("carry.method"): pl.String,
            words("carry.base"): pl.String,
            words("table.period"): pl.String,
            words("table.breakdown"): pl.String,
            words("table.codes"): pl.String,
            words("table.category"): pl.String,
            words("carry.part"): pl.String,
            words("table.value", unit=unit.symbol.in_language(words.language)): pl.Float64,
        },
        orient="row",
    )
    carry.frame(
        item.view,
        "behind_files",
        name=f"{item.indicator.id}_behind",
        title=words("carry.behind", name=item.name),
        frame=frame,
        facts=definition.metadata(item.view.edition, item.indicator, TOTAL, words),
        what=f"{item.indicator.id}:behind",
        places=max(unit.decimals + 1, level.decimals),
    )


def _finer(unit: Unit) -> Unit:
    return unit.model_copy(update={"decimals": unit.decimals + 1})


def _newest(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("period") == pl.col("period").max())


def _method(item: Item, method: str, base: str | None, frame: pl.DataFrame) -> None:
    """The parts as bars, levels as numbers, and where one breakdown alone is split, its categories as a table."""
    words = item.words
    dated = {"period": periods.label(frame["period"][0], words.language)}
    if base:
        dated["base"] = periods.label(base, words.language)
    note = words(f"behind.{method}.note" if base else "behind.levels.note", **dated)
    whole = [row for row in frame.filter(pl.col("breakdown") == TOTAL).iter_rows(named=True) if row["value"] is not None]
    whole.sort(key=lambda row: PARTS.index(row["part"]) if row["part"] in PARTS else len(PARTS))
    levels = [row for row in whole if base is None or row["part"] in ENDS]
    parts = [row for row in whole if row not in levels]
    largest = max((abs(row["value"]) for row in parts), default=0.0) or 1.0
    numbers = [(words(f"part.{row['part']}"), _level(item, row["value"])) for row in levels]
    drawn = [(words(f"part.{row['part']}"), row["value"] / largest, _change(item, row["value"])) for row in parts]
    head = f"<h3>{markup.line([words(f'behind.{method}')])}</h3>{markup.text('pw-note', note)}"
    st.html(head + (markup.facts(numbers, kind="pw-facts") if numbers else "") + (markup.bars(drawn) if drawn else ""))
    split = frame.filter(pl.col("breakdown") != TOTAL)
    if base is not None and split["breakdown"].n_unique() == 1:
        _by_category(item, split)


def _by_category(item: Item, split: pl.DataFrame) -> None:
    words, breakdown = item.words, split["breakdown"][0]
    parts = sorted(split["part"].unique(), key=lambda part: PARTS.index(part) if part in PARTS else len(PARTS))
    heads = [definition.breakdown_name(item.view.plan, breakdown, words), *(words(f"part.{part}") for part in parts)]
    order = {code: place for place, code in enumerate(item.view.plan.categories(breakdown))}
    rows = []
    for code in sorted(split["category"].unique().to_list(), key=lambda code: (order.get(code, len(order)), code)):
        found = {row["part"]: row["value"] for row in split.filter(pl.col("category") == code).iter_rows(named=True)}
        cells = ["–" if found.get(part) is None else _told(item, part, found[part]) for part in parts]
        rows.append(("", [definition.category(item.view.plan, breakdown, code, words), *cells]))
    with st.expander(markup.markdown(words("behind.by", breakdown=heads[0]))):
        st.html(markup.table(heads, rows))


def _told(item: Item, part: str, value: float) -> str:
    return _level(item, value) if part in ENDS else _change(item, value)


def _change(item: Item, value: float) -> str:
    return format.difference(value, item.scale.unit, item.words.language, signed=True)


def _level(item: Item, value: float) -> str:
    """In the unit of the level that the indicator is a change of."""
    level = item.indicator.change_of or item.indicator.id
    return format.number(value, item.view.plan.unit(level), item.words.language)


def _transitions(item: Item, moves: pl.DataFrame) -> None:
    """Rows are the values of the base, columns those of now."""
    words = item.words
    dated = {
        "period": periods.label(moves["period"][0], words.language),
        "base": periods.label(moves["base_period"][0], words.language),
    }
    before, after = (sorted(moves[name].unique().to_list(), key=_place) for name in ("before", "after"))
    found = {(row["before"], row["after"]): row["units"] for row in moves.iter_rows(named=True)}
    heads = [words("behind.transitions.head"), *(words("part.lost") if name == "lost" else name for name in after)]
    rows = []
    for start in before:
        counts = (found.get((start, end), 0) for end in after)
        rows.append(("", [start, *(str(count or "·") for count in counts)]))
    st.html(f"<h3>{markup.line([words('behind.transitions')])}</h3>")
    st.html(markup.text("pw-note", words("behind.transitions.note", **dated)))
    st.html(markup.table(heads, rows))


def _place(name: str) -> tuple[bool, int, str]:
    """Numbers in their order, then words."""
    return not name.isdigit(), int(name) if name.isdigit() else 0, name
