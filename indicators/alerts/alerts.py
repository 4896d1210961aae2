"""Alerts: what a reader of the former edition should be told, each with the reason why it fired.

A verdict fires where it changed beyond error: what was said then has now a probability below 5 %. A revision fires where a
number left the interval that was published with it. A table fires while reports are late, in every edition of that time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from indicators.alerts.sentence import late_sentence, revised_sentence, revision_sentence, verdict_sentence
from indicators.catalogue.plan import Plan, Target
from indicators.editions.details import DETAILS, as_details
from indicators.editions.edition import Edition, open_edition
from indicators.editions.results import GRADES, TOTAL
from indicators.estimation.estimate import KEYS
from indicators.revisions.past import Past
from indicators.targets.held import numbered
from indicators.targets.target import scope_key
from pipelines.yamlfile import Text

#: so improbable must be what was said, by the numbers of now
LIMIT = 0.05
#: under `breakdown`, of an alert that concerns a table; `category` is its id
TABLE = "table"
_MET = ("met", "met_within_error", "met_at_base")
_NOT_MET = ("not_met", "not_met_within_error", "lost", "no_date")


@dataclass(frozen=True, kw_only=True)
class Former:
    """What the former edition said of its targets: the scope rows of its assessments, and the targets of its plan."""

    edition: str
    judged: pl.DataFrame
    numbers: pl.DataFrame  # as of past.NUMBERS: every number as it was published last
    targets: Mapping[tuple[str, str], Target] = field(default_factory=dict)  # by indicator and target
    silent: bool = False  # it judged nothing, though it has numbers to be judged: an earlier version made it


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """Rows of the table `alerts`, and what could not be looked at."""

    frame: pl.DataFrame
    notices: tuple[Text, ...] = ()


def read_former(root: Path, past: Past) -> Former | None:
    """The newest of the editions in `past`; None where there is none. Raises BrokenEdition when it was damaged since."""
    if past.former is None:
        return None
    with closing(open_edition(root, past.former)) as edition:
        judged = edition.query("SELECT * FROM assessments WHERE scope")
        due = "SELECT count(*) FROM results WHERE gap IS NOT NULL AND length(period) = 4 AND outcome IS NULL"
        silent = judged.is_empty() and bool(edition.query(due).item())
        targets = _targets(edition.plan)
        return Former(edition=edition.id, judged=judged, numbers=past.last, targets=targets, silent=silent)


def alerts(
    plan: Plan,
    results: pl.DataFrame,
    details: Mapping[str, pl.DataFrame],
    former: Former | None,
    late: pl.DataFrame,
    today: date,
) -> Alerts:
    """The table `alerts` of a new edition from its results, its tables assessments and revisions, and the frame LATE of today."""
    found = _of_late(plan, late, today)
    notices: tuple[Text, ...] = ()
    if former is not None:
        found += _of_verdicts(plan, results, details["assessments"], former) + _of_revisions(plan, details["revisions"], former)
        notices = (_unjudged(former.edition),) if former.silent else ()
    frame = pl.DataFrame([_row(**one) for one in found], schema=DETAILS["alerts"])
    return Alerts(frame=as_details("alerts", frame), notices=notices)


def told(edition: Edition) -> list[Text]:
    """The alerts of an edition as they are printed: every verdict, a line for the revisions of an indicator, every late table.

    Foremost of an indicator is what a target asks, then the total, then the other readings of a target; a year before its
    quarters and months, and the largest. Indicators come in this order of what was revised of them, then as in the plan.
    """
    lines = edition.query("SELECT kind, why_zh, why_en FROM alerts ORDER BY ALL")
    why = {kind: [Text(zh=zh, en=en) for one, zh, en in lines.iter_rows() if one == kind] for kind in ("verdict", "late")}
    using = ", ".join([*KEYS, "edition"])
    revised = edition.query(
        f"SELECT {using}, r.former, value, revision, reason, why_zh, why_en FROM alerts AS a JOIN revisions AS r USING ({using}) "
        f"WHERE kind = 'revision' ORDER BY abs(revision) DESC, {using}"
    )
    return [*why["verdict"], *_summed(edition.plan, revised), *why["late"]]


def probability(then: Mapping[str, Any], now: Mapping[str, Any]) -> float | None:
    """That what the outcome of `then` says is true by `now`, both rows of the table assessments.

    None where the outcome says nothing that could be wrong (base_only, no_error, depends), and where no error is known now.
    Grades say two things, and the less probable counts: that the threshold is not reached, and how fast the number moves (a
    number that reaches it is on track, too; one whose base has reached it has no pace at all). `cannot_tell` names two grades.
    """
    met: float | None = now["p_met"]
    outcome = then["outcome"]
    grades = [then["grade"], then["other"]] if outcome == "cannot_tell" else [outcome] if outcome in GRADES else []
    if met is None or None in grades or outcome not in (*_MET, *_NOT_MET, *GRADES, "cannot_tell"):
        return None
    if outcome in _MET:
        return met
    if not grades:
        return 1 - met
    return min(1 - met, _paced(grades, now, met))


def _paced(grades: Sequence[str], now: Mapping[str, Any], met: float) -> float:
    """The probability that the pace is of one of the grades; where the base has reached the target, it is of none."""
    chances: list[float | None] = [now[f"p_{grade}"] for grade in grades]
    known = [chance for chance in chances if chance is not None]
    if len(known) < len(chances):
        return 0.0 if now["base"] is not None and now["distance"] is None else 1.0
    return math.fsum(known) + (met if GRADES[0] in grades else 0.0)


def _of_verdicts(plan: Plan, results: pl.DataFrame, assessments: pl.DataFrame, former: Former) -> list[dict[str, Any]]:
    """The newest year that the former edition judged, against the same year and against the newest one, where that is newer."""
    targets, same = _targets(plan), ["indicator", "target", "breakdown", "category"]
    hidden = results.filter(pl.col("status") == "suppressed").select(KEYS)
    ends = results.select(*KEYS, "low", "high").unique(KEYS)
    newest = former.judged.filter(pl.col("outcome").is_not_null()).sort("period").group_by(same, maintain_order=True).last()
    judged = assessments.filter("scope", pl.col("outcome").is_not_null()).join(ends, on=KEYS, how="left").sort("period")
    found = []
    for then in newest.join(hidden, on=KEYS, how="anti").sort(same).iter_rows(named=True):
        mine = judged.filter(pl.col(name) == then[name] for name in same)
        later = mine.filter(pl.col("period") > then["period"]).tail(1)
        for now in pl.concat([mine.filter(pl.col("period") == then["period"]), later]).iter_rows(named=True):
            chance = probability(then, now)
            if now["outcome"] == then["outcome"] or chance is None or chance >= LIMIT:
                continue
            key = (now["indicator"], now["target"])
            before = {**then, **_demand(former.targets[key]), "edition": former.edition}
            why = verdict_sentence(plan, before, {**now, **_demand(targets[key])}, chance)
            outcomes = {"former": then["outcome"], "now": now["outcome"]}
            found.append({**now, "kind": "verdict", "edition": former.edition, "why": why, **outcomes})
    return found


def _of_revisions(plan: Plan, revisions: pl.DataFrame, former: Former) -> list[dict[str, Any]]:
    """Numbers that left the interval which the former edition gave them; of a full count every one that differs."""
    ends = former.numbers.select(*KEYS, "edition", "low", "high", "exact")
    beyond = revisions.filter(pl.col("edition") == former.edition, pl.col("beyond_error"))
    rows = beyond.join(ends, on=[*KEYS, "edition"], how="left").iter_rows(named=True)
    return [
        {**row, "kind": "revision", "why": revision_sentence(plan, row), "former": repr(row["former"]), "now": repr(row["value"])}
        for row in rows
    ]


def _of_late(plan: Plan, late: pl.DataFrame, today: date) -> list[dict[str, Any]]:
    """A count of late units by table, withheld where it is of too few groups; never who they are."""
    found = []
    for rows in late.partition_by("table", maintain_order=True):
        table, due = plan.dictionary.tables[rows["table"][0]], rows.row(0, named=True)
        minimum = 1 if table.public else plan.disclosure.minimum_groups
        count = str(rows["unit"].n_unique()) if rows["holding"].n_unique() >= minimum else f"<{minimum}"
        why = late_sentence(table, due, today, count)
        found.append(
            {"period": due["period"], "breakdown": TABLE, "category": table.id, "kind": "late", "now": count, "why": why}
        )
    return found


def _summed(plan: Plan, revised: pl.DataFrame) -> list[Text]:
    """A line for each indicator; `revised` comes with the largest revisions first."""
    ranks = pl.Series("rank", [_rank(plan, *key) for key in revised.select(KEYS).iter_rows()], dtype=pl.Int64)
    part = pl.col("period").str.len_chars() > 4
    ordered = revised.with_columns(ranks).sort("rank", part, maintain_order=True)
    places = {name: place for place, name in enumerate(plan.indicators)}
    lines = []
    for rows in ordered.partition_by("indicator", maintain_order=True):
        foremost = rows.row(0, named=True)
        only = Text(zh=foremost["why_zh"], en=foremost["why_en"])
        line = only if rows.height == 1 else revised_sentence(plan, rows.height, foremost)
        lines.append((foremost["rank"], places[foremost["indicator"]], line))
    return [line for _, _, line in sorted(lines, key=lambda one: one[:2])]


def _rank(plan: Plan, indicator: str, period: str, breakdown: str, category: str) -> int:
    """0 what a target asks, 1 a total, 2 what another reading of a target asks, 3 the rest."""
    asked = [target for target in plan.indicators[indicator].targets if scope_key(target) == (breakdown, category)]
    if any(target.reading_of is None for target in asked):
        return 0
    return 1 if breakdown == TOTAL else 2 if asked else 3


def _targets(plan: Plan) -> dict[tuple[str, str], Target]:
    return {(indicator.id, target.id or indicator.id): target for indicator, target in numbered(plan)}


def _demand(target: Target) -> dict[str, Any]:
    return {"operator": target.operator, "target_year": target.year}


def _row(*, why: Text, **values: Any) -> dict[str, Any]:
    """One row of the table from more than it holds."""
    return {name: values.get(name) for name in DETAILS["alerts"]} | {"why_zh": why.zh, "why_en": why.en}


def _unjudged(edition: str) -> Text:
    return Text(
        zh=f"版次 {edition} 由较早版本的程序制作，没有判定结果，本版未与其比较判定的变化。",
        en=f"Edition {edition} was made by an earlier version and judged nothing, so changes of verdicts since are not told.",
    )
