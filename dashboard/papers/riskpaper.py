"""The risk assessment of a store as a paper that a person can sign, and for machines."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dashboard.lists.listing import Listing
from dashboard.papers import riskstate
from dashboard.papers.paper import Section, markdown
from dashboard.words import LANGUAGES, Words, words
from indicators.catalogue import periods
from indicators.risk.evidence import Evidence
from indicators.risk.risks import LIKELIHOODS, Finding, Risk, impact_of, level_of
from pipelines.custody import TIERS

#: where somebody writes by hand
_LINE = "…" * 10


@dataclass(frozen=True, kw_only=True)
class Assessed:
    """What was gathered and judged, of which store and by which version of the program."""

    store: Path
    version: str
    evidence: Evidence
    risks: tuple[Risk, ...]  # the highest score first

    def number(self, risk: Risk) -> str:
        return f"R{self.risks.index(risk) + 1}"


def as_markdown(of: Assessed, spoken: Words) -> str:
    """The paper with every section."""
    judged = [_head(of, spoken), _result(of, spoken), _matrix(of, spoken)]
    stands = riskstate.sections(of.evidence, spoken)
    rest = [*_risks(of, spoken), _next(of, spoken), _rules(spoken), _limits(spoken), _signatures(spoken)]
    return markdown(spoken("risk.title"), [*judged, *stands, *rest])


def _head(of: Assessed, words: Words) -> Section:
    evidence = of.evidence
    said = {
        "plan": words("risk.of", plan=evidence.plan.identity.name.in_language(words.language)),
        "store": str(of.store.resolve()),
        "time": periods.label(evidence.today.isoformat(), words.language),
        "edition": _edition(evidence, words),
        "version": f"planwatch {of.version}",
    }
    points = tuple(words("risk.measure", name=words(f"risk.head.{name}"), told=told) for name, told in said.items())
    marks = [words("risk.inside"), *([words("risk.synthetic")] if evidence.synthetic else [])]
    return Section(title="", blocks=(*marks, points))


def _edition(evidence: Evidence, words: Words) -> str:
    edition = evidence.edition
    if edition is None:
        return words(f"risk.head.edition.{evidence.edition_state}", told=evidence.edition_told)
    day = periods.label(edition.created[:10], words.language)
    return words("risk.head.edition.of", id=edition.id, day=day, seal=edition.sha256[:12])


def _result(of: Assessed, words: Words) -> Section:
    counts = Counter(risk.level for risk in of.risks)
    told = words("risk.result.told", n=len(of.risks), high=counts["high"], medium=counts["medium"], low=counts["low"])
    worst = [_named(of, risk, words) for risk in of.risks if risk.score == of.risks[0].score]
    more = words("risk.result.worst", names=words("mark.list").join(worst)) if of.risks[0].level != "low" else ""
    return Section(title=words("risk.result"), blocks=(told, more))


def _named(of: Assessed, risk: Risk, words: Words) -> str:
    return f"{of.number(risk)} {words(f'risk.name.{risk.id}')}"


def _matrix(of: Assessed, words: Words) -> Section:
    """Likelihood downwards, impact to the right; each field with its score and the risks in it."""

    def field(likelihood: int, impact: int) -> str:
        score = likelihood * impact
        told = words("risk.matrix.cell", score=score, level=words(f"risk.level.{level_of(score)}"))
        here = [of.number(one) for one in of.risks if (one.likelihood, one.impact) == (likelihood, impact)]
        return words("risk.matrix.with", told=told, risks=" ".join(here)) if here else told

    headings = [words("risk.matrix.axis"), *(f"{impact_of(tier)} {words(f'catalogue.tier.{tier}')}" for tier in TIERS)]
    rows = [[words(f"risk.likelihood.{one}"), *(field(one, impact_of(tier)) for tier in TIERS)] for one in LIKELIHOODS]
    return Section(title=words("risk.matrix"), blocks=(Listing(title=None, headings=headings, rows=rows, right=[]),))


def _risks(of: Assessed, words: Words) -> list[Section]:
    """One section for each risk, below a heading for all."""
    found = [Section(title=words("risk.risks"), blocks=())]
    for risk in of.risks:
        scored = {"likelihood": risk.likelihood, "impact": risk.impact, "score": risk.score}
        title = words("risk.risks.head", name=_named(of, risk, words), level=words(f"risk.level.{risk.level}"), **scored)
        told = tuple(sentence(risk, one, of.evidence, words) for one in risk.findings)
        found.append(Section(title=title, blocks=(told,), deep=True))
    return found


def sentence(risk: Risk, finding: Finding, evidence: Evidence, words: Words) -> str:
    """What a finding says."""
    files = riskstate.listed(finding.files, words)
    if finding.count > len(finding.files) > 0:
        files = words("risk.files.more", names=files, n=finding.count)
    known = evidence.plan.dictionary.tables
    named = [known[name].name.in_language(words.language) if name in known else name for name in finding.tables]
    every = len(named) == len(evidence.tables)
    tables = words("risk.tables.all", n=len(named)) if every else riskstate.listed(named, words)
    return words(f"risk.{risk.id}.{finding.key}", n=finding.count, files=files, tables=tables, told=finding.told)


def _next(of: Assessed, words: Words) -> Section:
    """What to do, of the highest risk first, each once with the risks that it lowers."""
    steps: dict[str, list[str]] = {}
    for risk in of.risks:
        for key in dict.fromkeys(one.todo for one in risk.findings if one.todo is not None):
            steps.setdefault(key, []).append(of.number(risk))
    points = tuple(
        words("risk.next.step", risks=" ".join(numbers), told=words(f"risk.todo.{key}")) for key, numbers in steps.items()
    )
    return Section(title=words("risk.next"), blocks=(points or words("risk.next.none"), words("risk.next.again")))


def _rules(words: Words) -> Section:
    told = tuple(words(f"risk.rules.{name}") for name in ("impact", "likelihood", "several", "score"))
    return Section(title=words("risk.rules"), blocks=(told,))


def _limits(words: Words) -> Section:
    return Section(title=words("risk.limits"), blocks=((words("risk.limits.told"), words("risk.limits.grades")),))


def _signatures(words: Words) -> Section:
    headings = ["", *(words(f"risk.signed.{name}") for name in ("name", "signature", "date"))]
    rows = [[words(f"risk.signed.{name}"), _LINE, _LINE, _LINE] for name in ("assessed", "responsible")]
    return Section(title=words("risk.signed"), blocks=(Listing(title=None, headings=headings, rows=rows, right=[]),))


def as_json(of: Assessed) -> str:
    """The same as one JSON object: evidence, and every risk with its findings in both languages."""
    evidence = of.evidence
    whole = {
        "plan": evidence.plan.identity.id,
        "assessed_on": evidence.today.isoformat(),
        "version": of.version,
        "synthetic": evidence.synthetic,
        "edition": {"state": evidence.edition_state, "id": evidence.edition.id if evidence.edition else None},
        "disclosure_control": {"audit": evidence.cleared, "rules": evidence.rules},
        "accounts": {"state": evidence.accounts.state, "roles": dict(evidence.accounts.roles)},
        "log": {"state": evidence.log, **(asdict(evidence.checked) if evidence.checked else {})},
        "files": [asdict(file) | {"mode": f"{file.mode:04o}", "tier": evidence.tier(file)} for file in evidence.files],
        "tables": [{"table": one.id, "tier": one.tier, "proposed": list(one.custody.proposed)} for one in evidence.tables],
        "risks": [_risk(of, risk) for risk in of.risks],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _risk(of: Assessed, risk: Risk) -> dict[str, Any]:
    return {
        "number": of.number(risk),
        "risk": risk.id,
        "name": {language: words(language)(f"risk.name.{risk.id}") for language in LANGUAGES},
        "likelihood": risk.likelihood,
        "impact": risk.impact,
        "tier": risk.tier,
        "personal": risk.personal,
        "score": risk.score,
        "level": risk.level,
        "findings": [
            {
                **asdict(one),
                "found": {language: sentence(risk, one, of.evidence, words(language)) for language in LANGUAGES},
                "next": {language: words(language)(f"risk.todo.{one.todo}") for language in LANGUAGES} if one.todo else None,
            }
            for one in risk.findings
        ],
    }
