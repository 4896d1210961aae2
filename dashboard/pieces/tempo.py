"""Paces as bars from one line: the one so far, the one needed for the time left, and the best that the fastest ever had."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.pieces import markup
from dashboard.pieces.markup import escape
from dashboard.rows.assessed import Assessment, Pace
from dashboard.wording import definition, doubt
from dashboard.words import Words
from indicators.catalogue import periods
from indicators.catalogue.plan import Plan


def tempo(row: Assessment, paces: Sequence[Pace], plan: Plan, words: Words) -> str:
    """The bars as escaped HTML; a line across all of them where the pace is that is needed. Empty without a pace so far."""
    own = next((one for one in paces if one.achieved is not None), None)
    if own is None or own.achieved is None or row.base_period is None:
        return ""
    bars = [("so_far", words("target.page.pace.so_far", base=periods.label(row.base_period, words.language)), own.achieved, own)]
    needed = own.required if row.gap is not None and row.gap > 0 else None
    if needed is not None:
        year = doubt.target_of(plan, row).year
        bars.append(("needed", words("target.page.pace.needed", year=year or ""), needed, own))
    for one in paces:
        if one.fastest is not None and one.among:
            named = definition.breakdown_name(plan, one.among, words)
            bars.append(
                ("fastest", words("target.page.pace.fastest", breakdown=named, n=one.categories or "–"), one.fastest, one)
            )
    sign = 1.0 if plan.indicators[row.indicator].better == "higher" else -1.0  # bars grow to the right the way that is wanted
    ends = [sign * value for _, _, value, _ in bars]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    span = (high - low) or 1.0
    line = "" if needed is None else f'<i class="pw-tempo-line" style="left:{(sign * needed - low) / span * 100:.2f}%"></i>'
    rows = []
    for kind, name, value, one in bars:
        start, length = (min(sign * value, 0.0) - low) / span * 100, abs(value) / span * 100
        bar = f'<i class="pw-tempo-{kind}" style="left:{start:.2f}%;width:{max(length, 0.4):.2f}%"></i>'
        told = words("target.page.pace.year", speed=doubt.speed(one, value, plan, words))
        rows.append(f"<dt>{escape(name)}</dt><dd><span>{bar}{line}</span><b>{escape(told)}</b></dd>")
    return markup.box("pw-tempo", *rows, tag="dl")
