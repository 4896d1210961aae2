"""The actions and tasks of the plan: the numbers that speak of each, and the registers that are loaded so far."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import query
from dashboard.blocks.view import View
from dashboard.pieces import markup
from dashboard.pieces import tasks as pieces
from dashboard.rows import tasks
from dashboard.rows.tasks import Known, Number
from dashboard.wording import tasks as wording
from indicators.catalogue.plan import Action


def show(view: View) -> None:
    """Orders the page: what is known of how many tasks, all tasks on a strip, one card for each action."""
    plan, words = view.plan, view.words
    st.title(words("nav.actions"), anchor=False)
    if not any(action.tasks for action in plan.identity.actions):
        st.html(markup.box("pw-empty", markup.bold(words("actions.none")), "<br>", markup.line([words("actions.none.what")])))
        return
    tiles, coverage = view.tiles(), view.read(query.coverage)
    found = tasks.known(plan, tiles, view.read(query.headline), coverage)
    linked = tasks.linked(plan)
    st.html(_lead(view, found) if linked else _unlinked(view))
    for place, (action, listed) in enumerate(found, start=1):
        _action(view, place, action, listed, linked=linked)
    apart = wording.apart(*tasks.apart(plan, tiles, coverage), plan, words) if linked else []
    if apart:
        told = "".join(markup.text("", one, tag="p") for one in apart)
        st.html(f"<h2>{markup.line([words('actions.apart')])}</h2>{markup.box('pw-note', told)}")


def _lead(view: View, found: Sequence[tuple[Action, Sequence[Known]]]) -> str:
    words, counts = view.words, tasks.counts(one for _, listed in found for one in listed)
    notes = [words("actions.note"), *([words("actions.cut")] if view.access.scope.rows != "all" else [])]
    told = markup.text("pw-told", wording.lead(counts, words)) + pieces.strip(found, words) + pieces.key(words)
    return told + markup.box("pw-note", *(markup.text("", note, tag="p") for note in notes))


def _unlinked(view: View) -> str:
    """An edition of a plan that says of no task what belongs to it: that is not the same as that nothing is known."""
    told = markup.bold(view.words("actions.unlinked", id=view.edition.id))
    return markup.box("pw-empty", told, "<br>", markup.line([view.words("actions.unlinked.what")]))


def _action(view: View, place: int, action: Action, listed: Sequence[Known], *, linked: bool) -> None:
    with st.container(key=f"action_{place}", border=True):
        st.html(pieces.head(action, place, view.words))
        with st.container(key=f"tasks_{place}"):
            for at, one in enumerate(listed):
                with st.container(key=f"task_{place}_{at}", gap="xxsmall"):
                    if linked:
                        _task(view, one, f"{place}_{at}")
                    else:
                        st.html(pieces.task(one, view.words, marked=False))


def _task(view: View, found: Known, key: str) -> None:
    """The task in one piece, broken only where a link of the app stands in it."""
    plan, words = view.plan, view.words
    head, rest = pieces.task(found, words), pieces.rest(found, plan, words)
    if not found.numbers:
        st.html(head + rest)
        return
    st.html(head)
    for place, number in enumerate(found.numbers):
        with st.container(key=f"known_{key}_{place}", gap="xxsmall"):
            _open(view, number)
            st.html(pieces.number(number, plan, words))
    st.html(rest)


def _open(view: View, number: Number) -> None:
    name = number.indicator.name.in_language(view.words.language)
    page = "explore" if number.reading is None else "target"
    view.link(page, f"{number.tile} {name}" if number.tile else name, indicator=number.indicator.id)
