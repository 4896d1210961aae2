"""A played scenario: the number beside what it is now, which groups moved, and how to keep or pass on the scenario."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace
from urllib.parse import urlencode

import polars as pl
import streamlit as st

from dashboard.blocks import carry, explained, export
from dashboard.blocks.held import Held
from dashboard.blocks.view import View
from dashboard.papers.sheet import Sheet, markdown, sheet
from dashboard.pieces import cards, markup
from dashboard.pieces.popover import Why
from dashboard.pieces.ruler import Mark, ruler
from dashboard.rows import assessed
from dashboard.rows.assessed import Assessment
from dashboard.wording import definition, doubt
from dashboard.words import Words
from indicators.catalogue import format
from indicators.catalogue.scenario import ALL, Move, Scenario
from indicators.catalogue.scenariotext import UNNAMED, to_link, to_yaml
from indicators.scenarios.played import Played, Standing
from pipelines.yamlfile import Text


def show(held: Held, found: Played) -> None:
    """One line with both numbers and the bound, a table of now and then, the groups that moved, and the notes."""
    words, scale = held.item.words, held.item.scale
    told = sheet(held.item.view.edition, found, words)
    names = told.standings.headings[1:]
    pairs = (("now", names[0], found.before), ("then", names[1], found.after))
    drawn = [
        Mark(kind=kind, name=name, told=_number(held, one), value=one.value, low=one.low, high=one.high)
        for kind, name, one in pairs
    ]
    bound = scale.bound(held.target)
    alt = words("target.page.if.alt", now=drawn[0].told, then=drawn[1].told, bound=bound)
    with st.container(border=True, key="whatif_result"):
        head = ruler(drawn, held.target.value or 0.0, f"{words('chart.target')} {bound}", alt)
        st.html(head + _table(held, pairs, found))
        if found.moved:
            with st.expander(f"{words('whatif.moved')} ({len(found.moved)})"):
                st.html(markup.table(told.moved.headings, [("", row) for row in told.moved.rows]))
        notes = [*([told.left] if told.left else []), *told.notes]
        st.html("".join(markup.text("pw-note", note) for note in notes))
        _carry(held, told, pairs)


def _carry(held: Held, told: Sheet, pairs: tuple[tuple[str, str, Standing], ...]) -> None:
    """Now and then as files, with what the scenario says and its notes above."""
    words, plan, scale = held.item.words, held.item.view.plan, held.item.scale
    unit, language = scale.unit, words.language
    differing = (unit.difference or unit.symbol).in_language(language)
    columns: dict[str, list[str] | list[float | None]] = {
        words("whatif.standing"): [name for _, name, _ in pairs],
        words("table.value", unit=unit.symbol.in_language(language)): [format.shown(one.value, unit) for _, _, one in pairs],
        words("table.low"): [format.shown(one.low, unit) for _, _, one in pairs],
        words("table.high"): [format.shown(one.high, unit) for _, _, one in pairs],
        words("carry.gap", unit=differing): [format.shown(one.gap, unit) for _, _, one in pairs],
        words("whatif.verdict"): [doubt.outcome(_assessment(held, one), plan, words) for _, _, one in pairs],
        words("carry.p_met"): [None if one.p_met is None else round(100 * one.p_met, 1) for _, _, one in pairs],
    }
    texts = (words("whatif.standing"), words("whatif.verdict"))
    carry.frame(
        held.item.view,
        "whatif_files",
        name=f"{held.row.target}_scenario",
        title=words("carry.scenario", name=held.name),
        frame=pl.DataFrame(columns, schema={name: pl.String if name in texts else pl.Float64 for name in columns}),
        facts=[*held.facts(held.row.breakdown), *((words("whatif.note"), note) for note in (*told.notes, told.link))],
        what=f"{held.row.target}:whatif",
        places=unit.decimals,
    )


def _number(held: Held, one: Standing) -> str:
    scale = held.item.scale
    return format.number(one.value, scale.unit, scale.words.language, signed=scale.signed, beside=held.target.value)


def _table(held: Held, pairs: tuple[tuple[str, str, Standing], ...], found: Played) -> str:
    """Value with interval, gap and verdict, now and in the scenario."""
    words, plan = held.item.words, held.item.view.plan
    rows = [_assessment(held, one) for _, _, one in pairs]
    values = [_value(held, one, why) for (_, _, one), why in zip(pairs, _asked(held, pairs, found), strict=True)]
    gaps = [markup.line([doubt.gap(row, plan, words)]) for row in rows]
    outcomes = [cards.mark(assessed.position(row.outcome, None), doubt.outcome(row, plan, words)) for row in rows]
    lines = ((words("whatif.value"), values), (words("tile.gap"), gaps), (words("whatif.verdict"), outcomes))
    heads = "<td></td>" + "".join(f"<th>{markup.line([name])}</th>" for _, name, _ in pairs)
    body = "".join(
        f"<tr><th>{markup.line([name])}</th>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>" for name, cells in lines
    )
    return f'<table class="pw-table pw-now-then"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def _asked(held: Held, pairs: tuple[tuple[str, str, Standing], ...], found: Played) -> tuple[Why | None, Why | None]:
    """What stands behind the number now, and behind that of the scenario."""
    words, (_, named, then) = held.item.words, pairs[1]
    scale = held.item.scale
    between = format.interval(then.low, then.high, scale.unit, words.language, signed=scale.signed)
    notes = [("" if place else words("whatif.note"), note.in_language(words.language)) for place, note in enumerate(found.notes)]
    sure = (
        words("explained.scenario.sure", interval=words("interval.label", interval=between))
        if between
        else words("explained.no_error")
    )
    what = [(words("explained.scenario"), f"{found.scenario.name.in_language(words.language)} · {named}")]
    told = ([*what, ("", words("explained.scenario.what"))], notes, [(words("explained.error"), sure)])
    now = explained.why(held.item, held.reading.now, "now") if held.reading.now else None
    return now, explained.supposed(held.item, "then", told)


def _value(held: Held, one: Standing, why: Why | None) -> str:
    words, scale = held.item.words, held.item.scale
    between = format.interval(one.low, one.high, scale.unit, words.language, signed=scale.signed)
    told = markup.bold(_number(held, one))
    told = why.around(told) if why else told
    return f"{told}<br><small>{markup.line([between])}</small>" if between else told


def _assessment(held: Held, one: Standing) -> Assessment:
    """A standing of the scenario as a row that words are found for."""
    told = {name: value for name, value in asdict(one).items() if name not in ("low", "high")}
    return replace(held.row, **told)


def several(held: Held, scenario: Scenario) -> None:
    """A scenario that says more than the controls can, in words, as it was given."""
    words = held.item.words
    lines = [words("target.page.if.several", n=len(scenario.moves)), *(_move(held, move) for move in scenario.moves)]
    st.html("".join(markup.text("pw-note", line) for line in lines))


def _move(held: Held, move: Move) -> str:
    words, plan = held.item.words, held.item.view.plan
    named = []
    for name, codes in move.where.items():
        listed = [codes] if isinstance(codes, str) else codes
        told = [words("target.page.if.all") if code == ALL else definition.category(plan, name, code, words) for code in listed]
        named.append(words("mark.list").join(told))
    return words("target.page.if.move", categories=" × ".join(named), where=_where(held, move, words))


def _where(held: Held, move: Move, words: Words) -> str:
    if isinstance(move.to, float | int):
        return held.item.scale.number(float(move.to))
    if isinstance(move.pace, float | int):
        told = format.difference(float(move.pace), held.item.scale.unit, words.language, signed=True)
        return words("target.page.pace.year", speed=told)
    return words(f"target.page.if.to.{move.to or move.pace}")


def names(held: Held, found: Iterable[tuple[str, str]]) -> str:
    """Categories by name, each with its breakdown given."""
    return held.item.words("mark.list").join(held.category(breakdown, category) for breakdown, category in found)


def by(held: Held, scenario: Scenario) -> str:
    """The breakdowns that a scenario names, by name where the plan has them."""
    plan, language = held.item.view.plan, held.item.words.language
    called = [
        plan.breakdowns[name].name.in_language(language) if name in plan.breakdowns else name for name in scenario.moves[0].where
    ]
    return " × ".join(called)


def share(held: Held, found: Played) -> None:
    """A name, a link that restores the scenario on this page, and the scenario as a file to play and as a sheet to print."""
    words, view, scenario = held.item.words, held.item.view, found.scenario
    with st.expander(words("target.page.if.keep")):
        name = st.text_input(words("target.page.if.name"), max_chars=60, key="whatif_name").strip()
        if name or scenario.name == UNNAMED:
            called = name or words("target.page.if.unnamed")
            scenario = scenario.model_copy(update={"name": Text(zh=called, en=called)})
        choices = {"lang": words.language, "page": "who", "indicator": held.item.indicator.id, "target": scenario.target}
        st.html(markup.text("pw-note", words("target.page.if.link")))
        address = f"{_address()}?{urlencode({**choices, 'whatif': to_link(scenario)}, safe='~.')}"
        st.code(address, language=None, wrap_lines=True)
        printed = markdown(sheet(view.edition, replace(found, scenario=scenario), words))
        file = f"{scenario.target}_{view.edition.id}"
        with st.container(horizontal=True):
            _file(view, words("target.page.if.download"), to_yaml(scenario), f"{file}.yaml", "application/yaml")
            _file(view, words("target.page.if.sheet"), printed, f"{file}_{words.language}.md", "text/markdown")


def _file(view: View, label: str, text: str, name: str, kind: str) -> None:
    export.link(view, label, key=f"file_{name}", name=name, kind=kind, what=f"whatif:{name}", make=text.encode)


def _address() -> str:
    """The address of the app, without what is chosen in it."""
    return (st.context.url or "").partition("?")[0]
