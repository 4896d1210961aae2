"""What if: chosen groups go somewhere, and the national number follows; the address holds the scenario."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import query
from dashboard.blocks import controls, played, split
from dashboard.blocks.held import Held
from dashboard.pieces import markup
from dashboard.rows.judged import categories
from dashboard.wording.wish import Ground, Wish, sizes
from indicators.catalogue.scenario import Scenario, ScenarioRefused
from indicators.catalogue.scenariofaults import scope_of
from indicators.catalogue.scenariotext import from_link, to_link
from indicators.scenarios.played import Played
from indicators.scenarios.whatif import play

KEY = "whatif"
OWN = "own"


def show(held: Held) -> None:
    """The controls, then the number as it would be; nothing where no category can be moved."""
    words, view = held.item.words, held.item.view
    if not view.access.whatif:
        return
    st.header(words("target.page.if"), anchor=False)
    if not held.splits:
        st.html(markup.text("pw-note", words("target.page.if.none")))
        return
    st.html(markup.text("pw-note", words("target.page.if.note")))
    ground = _ground(held)
    scenario = _asked(held, ground)
    wish = ground.wish(scenario)
    with st.container(key="whatif_controls"):
        _presets(held, ground, scenario, free=wish is not None)
        if wish is not None:
            controls.show(held, ground, wish, write=_writer(held, ground), first=lambda by: _first(held, ground, by))
        else:
            played.several(held, scenario)
    if not ground.splits(scenario):
        _refused(held, words("target.page.if.unsplit", by=played.by(held, scenario)))
        return
    if unmoved := ground.withheld(scenario):
        _refused(held, words("target.page.if.withheld", names=played.names(held, unmoved)))
        return
    try:
        found = view.made(("played", to_link(scenario)), lambda _: _play(held, scenario))
    except ScenarioRefused as error:
        _refused(held, error.told.in_language(words.language))
        return
    played.show(held, found)
    played.share(held, found)


def _play(held: Held, scenario: Scenario) -> Played:
    return play(held.item.view.plan, held.item.view.read(query.tables, scenario.target), scenario)


def _ground(held: Held) -> Ground:
    view, row = held.item.view, held.row
    tables = view.read(query.tables, row.target)
    return Ground(
        plan=view.plan,
        target=held.target,
        id=row.target,
        offered={by: [part.category for part in categories(parts)] for by, parts in held.splits.items()},
        left=held.target.year is not None and int(row.period) < held.target.year,
        sizes=sizes(tables.results, held.target, row.period),
        speeds={one.among for one in held.reading.paces if one.among and one.fastest is not None},
    )


def _refused(held: Held, told: str) -> None:
    st.info(markup.markdown(held.item.words("target.page.if.refused", told=told)))


def _writer(held: Held, ground: Ground) -> Callable[[Wish], None]:
    return lambda wish: held.item.view.changed(KEY, to_link(ground.scenario(wish)))


def _asked(held: Held, ground: Ground) -> Scenario:
    """The scenario of the address; the first of the plan, or one of the groups that hold most of the gap, where it says none."""
    text, words, view = st.query_params.get(KEY), held.item.words, held.item.view
    if text is not None:
        try:
            scenario = from_link(text)
            if scenario.target == held.row.target:
                return next((one for one in _plans(held).values() if to_link(one) == to_link(scenario)), scenario)
        except ScenarioRefused as error:
            _refused(held, error.told.in_language(words.language))
        if view.by_hand:
            del st.query_params[KEY]  # another target was chosen here
    ready = [one for one in _plans(held).values() if ground.splits(one) and not ground.withheld(one)]
    return ready[0] if ready else ground.scenario(_begun(held, ground))


def _plans(held: Held) -> dict[str, Scenario]:
    """The scenarios that the plan itself names for this target, by name."""
    return {name: one for name, one in held.item.view.plan.scenarios.items() if one.target == held.row.target}


def _begun(held: Held, ground: Ground) -> Wish:
    """A wish to begin with, of the breakdown that the gap is split by on this page."""
    by = st.query_params.get("by", "")
    return _first(held, ground, by if by in held.splits else split.first(held))


def _first(held: Held, ground: Ground, by: str) -> Wish:
    """The groups that hold most of the gap, to the best fifth, or where there is none to the threshold."""
    parts, asked, names = categories(held.splits[by]), scope_of(held.target), by.split(",")
    essential = [part for part in parts if part.essential] or list(parts)
    most = essential if len(names) - len(asked) == 1 else essential[:1]
    codes = [part.category.split(",") for part in most]
    chosen = {name: tuple(dict.fromkeys(code[at] for code in codes)) for at, name in enumerate(names) if name not in asked}
    wish = Wish(breakdown=by, chosen=chosen)
    found = ground.places(wish)
    return found.get("best_fifth") or found.get("threshold") or wish


def _presets(held: Held, ground: Ground, scenario: Scenario, *, free: bool) -> None:
    """The scenarios of the plan by name, to begin with; `free`: can the controls say what is played now."""
    plans, words, view = _plans(held), held.item.words, held.item.view
    if not plans and free:
        return
    now = next((name for name, one in plans.items() if to_link(one) == to_link(scenario)), OWN)
    named = {OWN: words("target.page.if.own")} | {name: one.name.in_language(words.language) for name, one in plans.items()}
    st.session_state["whatif_plan"] = now

    def changed() -> None:
        chosen = plans.get(st.session_state["whatif_plan"]) or ground.scenario(_begun(held, ground))
        view.changed(KEY, to_link(chosen))

    label = words("target.page.if.start")
    st.selectbox(label, list(named), format_func=named.__getitem__, key="whatif_plan", on_change=changed)
    if now != OWN and (told := plans[now].description):
        st.html(markup.text("pw-note", told.in_language(words.language)))
