"""Pieces of the page of actions as escaped HTML: the strip of all tasks, the key to its marks, the parts of a task."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.pieces import cards, markup
from dashboard.pieces.markup import escape
from dashboard.rows.tasks import STATES, Known, Number
from dashboard.wording import tasks
from dashboard.words import Words
from indicators.catalogue import format
from indicators.catalogue.plan import Action, Plan


def anchor(task: Known) -> str:
    """By which the strip finds the task further down."""
    return f"task-{task.task.id}"


def strip(found: Sequence[tuple[Action, Sequence[Known]]], words: Words) -> str:
    """One cell a task under the number of its action: a full, a half or an empty mark, and a link to the task below."""
    groups = []
    for place, (action, listed) in enumerate(found, start=1):
        cells = (
            f'<li><a class="pw-task-{one.state}" href="#{anchor(one)}" title="{escape(tasks.state(one, words))}" '
            f'aria-label="{escape(tasks.state(one, words))}"><i></i><span>{one.task.id}</span></a></li>'
            for one in listed
        )
        head = markup.text("pw-small", words("actions.number", n=place))
        named = escape(action.name.in_language(words.language))
        width = max(len(listed), 1)
        groups.append(f'<li style="flex-grow:{width}">{head}<ul aria-label="{named}">{"".join(cells)}</ul></li>')
    return f'<ul class="pw-tasks" aria-label="{escape(words("actions.strip"))}">{"".join(groups)}</ul>'


def key(words: Words) -> str:
    """What the three marks mean."""
    told = (f'<span class="pw-task-{name}"><i></i>{escape(words(f"actions.state.{name}"))}</span>' for name in STATES)
    return markup.box("pw-tasks-key", *told)


def head(action: Action, place: int, words: Words) -> str:
    number = markup.text("pw-id", words("actions.number", n=place), tag="span")
    return f'<h2 class="pw-action">{number}{escape(action.name.in_language(words.language))}</h2>'


def task(found: Known, words: Words, *, marked: bool = True) -> str:
    """Number and name of a task, its mark, and what the plan would have it bring about."""
    name = escape(found.task.name.in_language(words.language))
    mark = f'<span class="pw-task-{found.state}"><i></i>{escape(words(f"actions.state.{found.state}"))}</span>'
    number = escape(words("actions.task", n=found.task.id))
    top = f'<div class="pw-head"><span class="pw-id">{number}</span>{mark if marked else ""}</div>'
    outputs = found.task.outputs
    told = words("actions.outputs", told=outputs.in_language(words.language)) if outputs else ""
    return f'<div id="{anchor(found)}"></div>{top}<h3>{name}</h3>' + (markup.text("pw-small", told) if told else "")


def number(found: Number, plan: Plan, words: Words) -> str:
    """The number of an indicator with its error, and how it stands to its target where it has one."""
    if found.reading is not None:
        judged = cards.outcome(found.reading, plan, words, short=True)
        return markup.box("pw-row", cards.value_of(found.reading, words), judged)
    unit = format.unit_of(plan, found.indicator.id)
    untargeted = markup.text("pw-small", words("actions.untargeted"), tag="span")
    alone = cards.value(found.now, unit, words, signed=found.indicator.kind == "change")
    return markup.box("pw-row", alone, untargeted)


def rest(found: Known, plan: Plan, words: Words) -> str:
    """Goals without a number, and the tables that are loaded; or that nothing is yet."""
    goals = (
        markup.text("pw-small", words("actions.goal", id=goal.id, name=goal.name.in_language(words.language)))
        for goal in found.goals
    )
    listed = [markup.text("pw-loaded", tasks.table(one, plan, words), tag="li") for one in found.tables]
    if not listed:
        return "".join(goals) + markup.text("pw-unloaded", words("actions.unloaded"))
    return "".join(goals) + markup.box("pw-registers", *listed, tag="ul")
