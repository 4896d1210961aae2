"""Risks with likelihood and impact, each by a stated rule on the evidence; no number in them is an estimate.

Impact is the tier of the data concerned: general 1, important 2, core 3; with personal information 2 at least. Likelihood is 3
where nothing that can be checked here stands in the way, or the evidence shows that it is open; 2 where a measure is missing or
unproven while another stands; 1 where every measure that can be checked stands. The score is their product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from indicators.editions.inventory import Holding
from indicators.risk.evidence import Evidence
from pipelines.custody import TIERS, Tier, highest
from pipelines.reach import Kept

Level = Literal["low", "medium", "high"]
Likelihood = Literal[1, 2, 3]
LIKELIHOODS: Final[tuple[Likelihood, ...]] = (3, 2, 1)
#: files named in a finding; of more only the number is told
NAMED: Final = 5
#: personal information of more persons counts as important data (order no. 7 of 2021 on automotive data, art. 3)
MANY_PERSONS: Final = 100_000


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that the evidence shows: a sentence by its key, and what it names. `todo`: the key of what to do next."""

    key: str
    likelihood: Likelihood
    tier: Tier | None = None  # of what it is about; None: of all that the risk concerns
    todo: str | None = None
    files: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    count: int = 0
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class Risk:
    """One risk: what was found, how likely that makes it, and what it would harm."""

    id: str
    findings: tuple[Finding, ...]
    concerned: Tier  # the highest tier of what it is about
    personal: bool  # whether personal information is among that

    @property
    def likelihood(self) -> Likelihood:
        return max(finding.likelihood for finding in self.findings)

    @property
    def tier(self) -> Tier:
        """The tier of what is concerned as likely as this: that of the worst findings, where they say."""
        worst = [one.tier for one in self.findings if one.likelihood == self.likelihood]
        return highest(one or self.concerned for one in worst)

    @property
    def impact(self) -> int:
        return max(impact_of(self.tier), 2 if self.personal else 1)

    @property
    def score(self) -> int:
        return self.likelihood * self.impact

    @property
    def level(self) -> Level:
        return level_of(self.score)


def impact_of(tier: Tier) -> int:
    return TIERS.index(tier) + 1


def level_of(score: int) -> Level:
    """6 and 9 are high, 3 and 4 medium, 1 and 2 low."""
    return "high" if score >= 6 else "medium" if score >= 3 else "low"


def risks(evidence: Evidence) -> tuple[Risk, ...]:
    """Every risk, the highest score first."""
    personal = any(table.personal for table in evidence.records)
    found = [
        Risk(
            id=name,
            findings=tuple(rule(evidence)),
            concerned=_published(evidence) if name == "entry" else evidence.highest,
            personal=personal and name != "entry",
        )
        for name, rule in _RULES.items()
    ]
    return tuple(sorted(found, key=lambda one: -one.score))


def _published(evidence: Evidence) -> Tier:
    return highest(one.tier for one in evidence.holdings if one.group == "published")


def _of_files(key: str, likelihood: Likelihood, files: Sequence[Kept], evidence: Evidence, todo: str | None) -> Finding:
    tier = highest(evidence.tier(file) for file in files)
    names = tuple(file.name for file in files[:NAMED])
    return Finding(key=key, likelihood=likelihood, tier=tier, todo=todo, files=names, count=len(files))


def _reading(evidence: Evidence) -> Iterable[Finding]:
    """Other accounts of the machine read records."""
    held = [file for file in evidence.sensitive if file.role is not None]
    plain = [file for file in held if not file.sealed]
    everyone = [file for file in plain if file.readers == "everyone"]
    group = [file for file in plain if file.readers == "group"]
    if everyone:
        yield _of_files("everyone", 3, everyone, evidence, "modes")
    if group:
        yield _of_files("group", 2, group, evidence, "group")
    if not everyone and not group:
        yield Finding(key="closed", likelihood=1, count=len(held))


def _strays(evidence: Evidence) -> Iterable[Finding]:
    """Records lie in files that nobody manages."""
    unknown = [file for file in evidence.files if file.role is None]
    everyone = [file for file in unknown if file.readers == "everyone"]
    others = [file for file in unknown if file.readers != "everyone"]
    if everyone:
        yield _of_files("everyone", 3, everyone, evidence, "strays")
    if others:
        yield _of_files("others", 2, others, evidence, "strays")
    if not unknown:
        yield Finding(key="none", likelihood=1)


def _media(evidence: Evidence) -> Iterable[Finding]:
    """A disk, a backup or a copy of the store falls into other hands."""
    held = [file for file in evidence.sensitive if file.role is not None]
    sealed, plain = [file for file in held if file.sealed], [file for file in held if not file.sealed]
    if not held:
        yield Finding(key="none", likelihood=1)
    elif not sealed:
        yield _of_files("plain", 3, plain, evidence, "seal")
    elif plain:
        yield _of_files("mixed", 2, plain, evidence, "seal")
    else:
        yield Finding(key="sealed", likelihood=1, count=len(sealed))


def _inference(evidence: Evidence) -> Iterable[Finding]:
    """A respondent is worked out from what is published."""
    if evidence.cleared is None:
        yield Finding(key="none", likelihood=1)
        return
    passed = evidence.cleared == "passed"
    yield Finding(key=evidence.cleared, likelihood=1 if passed else 3, todo=None if passed else "audit")
    if evidence.rules in ("weaker", "unread"):
        yield Finding(key=evidence.rules, likelihood=2, todo="rules")


def _entry(evidence: Evidence) -> Iterable[Finding]:
    """Somebody sees in the app what is not meant for him."""
    state, roles = evidence.accounts.state, evidence.accounts.roles
    likelihood: dict[str, Likelihood] = {"none": 2, "listed": 1, "faulty": 3}
    todo = {"none": "accounts", "listed": None, "faulty": "accounts_mend"}[state]
    yield Finding(key=state, likelihood=likelihood[state], todo=todo, count=sum(roles.values()), told=evidence.accounts.told)


def _unseen(evidence: Evidence) -> Iterable[Finding]:
    """Misuse is not noticed."""
    checked = evidence.checked
    if evidence.log != "whole" or checked is None:
        yield Finding(key=evidence.log, likelihood=3, todo=f"log_{evidence.log}", told=evidence.log_told)
    elif not evidence.log_marked:
        yield Finding(key="unmarked", likelihood=2, todo="log_key", count=checked.lines)
    elif not checked.proven:
        yield Finding(key="unproven", likelihood=2, todo="log_prove", count=checked.lines)
    else:
        yield Finding(key="marked", likelihood=1, count=checked.lines)


def _grading(evidence: Evidence) -> Iterable[Finding]:
    """Data are kept too loosely, because they are not graded, or nobody answers for them."""
    many = [one for one in evidence.records if one.personal and one.tier == "general" and (one.rows or 0) > MANY_PERSONS]
    if many:
        yield Finding(key="persons", likelihood=3, todo="grade", tables=_ids(many))
    if unreasoned := evidence.unreasoned:
        yield Finding(
            key="unreasoned", likelihood=3, todo="grade", count=len(unreasoned), tables=tuple(dict(unreasoned)),
        )  # fmt: skip
    if evidence.unstated:
        yield Finding(key="unstated", likelihood=3, todo="custody", tables=tuple(evidence.unstated))
    if evidence.unconfirmed:
        yield Finding(key="unconfirmed", likelihood=2, todo="confirm", tables=tuple(evidence.unconfirmed))
    if not (many or unreasoned or evidence.unstated or evidence.unconfirmed):
        yield Finding(key="whole", likelihood=1)


def _retention(evidence: Evidence) -> Iterable[Finding]:
    """Records are kept longer than they may be."""
    overdue = evidence.overdue
    endless = [one for one in evidence.records if one.custody.retention is None or one.custody.retention.years is None]
    undated = [one for one in evidence.records if one.first is None]
    if overdue:
        yield Finding(key="overdue", likelihood=3, tier=_tier(evidence, overdue), todo="delete", tables=overdue)
    if endless:
        yield Finding(key="endless", likelihood=2, tier=highest(one.tier for one in endless), todo="end", tables=_ids(endless))
    if undated:
        yield Finding(key="undated", likelihood=2, tier=highest(one.tier for one in undated), tables=_ids(undated))
    if not (overdue or endless or undated):
        yield Finding(key="kept", likelihood=1)


def _tampering(evidence: Evidence) -> Iterable[Finding]:
    """Records or editions are changed by somebody who may not."""
    everyone = [file for file in evidence.files if file.writers == "everyone"]
    group = [file for file in evidence.files if file.writers == "group"]
    if everyone:
        yield _of_files("everyone", 3, everyone, evidence, "modes")
    if group:
        yield _of_files("group", 2, group, evidence, "group")
    if evidence.edition_state == "broken":
        yield Finding(key="broken", likelihood=3, todo="publish", told=evidence.edition_told)
    if not (everyone or group or evidence.edition_state == "broken"):
        yield Finding(key="closed", likelihood=1)


def _ids(holdings: Iterable[Holding]) -> tuple[str, ...]:
    return tuple(one.id for one in holdings)


def _tier(evidence: Evidence, tables: Iterable[str]) -> Tier:
    wanted = set(tables)
    return highest(one.tier for one in evidence.tables if one.id in wanted)


_RULES: Final[dict[str, Callable[[Evidence], Iterable[Finding]]]] = {
    "reading": _reading,
    "strays": _strays,
    "media": _media,
    "inference": _inference,
    "entry": _entry,
    "unseen": _unseen,
    "grading": _grading,
    "retention": _retention,
    "tampering": _tampering,
}
