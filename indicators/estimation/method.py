"""How an indicator is computed: every choice of method by name, with its source, as the plan and the program make it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from indicators.catalogue.formula import parse
from indicators.catalogue.plan import Indicator, Plan
from indicators.estimation.resampling import REPLICATES
from pipelines.design import Design
from pipelines.edit.trail import NAMES
from pipelines.yamlfile import Text


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice: what it is about, what was chosen, the figures and names in it, and where the method comes from."""

    topic: str  # estimator, weights, response, calibration, variance, alone, freedom, interval, quality, change, …
    name: str
    values: Mapping[str, str | Text] = field(default_factory=dict)
    source: str = ""


def choices(plan: Plan, indicator: Indicator) -> tuple[Choice, ...]:
    """Every choice behind an indicator, in the order in which they are made."""
    if indicator.change_of is not None:
        level = plan.indicators[indicator.change_of]
        head = Choice(topic="level", name="of", values={"name": level.name})
        return (*_change(plan, indicator, level), head, *_of_level(plan, level))
    return tuple(_of_level(plan, indicator))


def _of_level(plan: Plan, indicator: Indicator) -> Iterator[Choice]:
    assert indicator.table is not None
    table = plan.dictionary.tables[indicator.table]
    design = indicator.design or table.design
    yield _estimator(indicator)
    yield from _inputs(plan, indicator)
    if indicator.panel is not None:
        told = {"base": str(indicator.panel.base_period), "columns": ", ".join(indicator.panel.on)}
        yield Choice(topic="panel", name="bridged" if indicator.panel.bridge else "fixed", values=told)
    if indicator.opt_in:
        yield Choice(topic="opt_in", name="volunteers")
    if design is None or design.census:
        yield Choice(topic="variance", name="census")
        return
    yield from _weights(plan, design)
    if indicator.duration is not None:
        yield from _resampled(indicator)
        yield _letters()
        return
    yield from _taylor(plan, indicator, design)


def _estimator(indicator: Indicator) -> Choice:
    if indicator.duration is not None:
        name = "period" if indicator.duration.method == "period" else "cohort"
        told = {"quantile": f"{indicator.duration.quantile:g}"}
        return Choice(topic="estimator", name=name, values=told, source="Kaplan & Meier 1958; Tsai, Jewell & Wang 1987")
    if indicator.denominator is None:
        return Choice(topic="estimator", name="total", source="Horvitz & Thompson 1952")
    mean = str(indicator.denominator).strip() in ("1", "1.0")
    return Choice(topic="estimator", name="mean" if mean else "ratio", source="Särndal, Swensson & Wretman 1992, §5.6–5.8")


def _inputs(plan: Plan, indicator: Indicator) -> Iterator[Choice]:
    """What is done to the records before: prices made into a chain, values edited and imputed."""
    table = plan.dictionary.tables[str(indicator.table)]
    texts = [text for text in (indicator.numerator, indicator.denominator, indicator.where) if isinstance(text, str)]
    named = {name for text in texts for name in parse(text).columns}
    for linked in (table, *(plan.dictionary.tables[link.table] for link in table.link)):
        for name, chain in linked.chains.items():
            if name in named:
                told: dict[str, str | Text] = {"name": chain.name, "base": str(chain.base), "by": ", ".join(chain.by)}
                yield Choice(topic="prices", name="chain", values=told, source="OECD 2001, ch. 3")
                if chain.fallback:
                    coarser = ", ".join(f"{column} = {code}" for column, code in chain.fallback.items())
                    yield Choice(topic="prices", name="fallback", values={"name": chain.name, "series": coarser})
    if (rules := table.editing) is not None:
        found = [*(rule.id for rule in rules.fixes), *(rule.id for rule in rules.outliers)]
        if found:
            source = "Hidiroglou & Berthelot 1986; Fellegi & Holt 1976"
            yield Choice(topic="editing", name="rules", values={"rules": ", ".join(found)}, source=source)
        if rules.impute or rules.missing_units:
            stated = dict.fromkeys(method for one in rules.impute for method in one.methods)
            methods = [NAMES[name] for name in stated or ("former",)]
            said = Text(zh="、".join(one.zh for one in methods), en=", ".join(one.en for one in methods))
            yield Choice(topic="editing", name="imputed", values={"methods": said})


def _weights(plan: Plan, design: Design) -> Iterator[Choice]:
    told: dict[str, str | Text]
    if design.response_group and design.sampled:
        told = {"stratum": str(design.stratum), "group": design.response_group, "weight": str(design.weight)}
        name = "stated_response_group" if design.weight else "response_group"
        yield Choice(topic="weights", name=name, values=told, source="Särndal & Lundström 2005")
    elif design.weight:
        told = {"weight": design.weight, "fraction": str(design.sampling_fraction)}
        yield Choice(topic="weights", name="stated_fraction" if design.sampling_fraction else "stated", values=told)
    else:
        told = {"stratum": str(design.stratum), "population": str(design.population)}
        yield Choice(topic="weights", name="stratum", values=told, source="Cochran 1977, §5.3")
        if design.collapse:
            pairs = ", ".join(f"{name} → {target}" for name, target in design.collapse.items())
            yield Choice(topic="weights", name="joined", values={"pairs": pairs})
    if design.answered_in:
        yield Choice(topic="response", name="elsewhere", values={"table": plan.dictionary.tables[design.answered_in].name})
    if (fitted := design.calibration) is not None:
        totals = ", ".join(f"{one.of or design.unit}{f' / {one.rollup or one.by}' if one.by else ''}" for one in fitted.totals)
        low, high = fitted.bounds
        told = {"totals": totals, "low": f"{low:g}", "high": f"{high:g}"}
        yield Choice(topic="calibration", name=fitted.method, values=told, source="Deville & Särndal 1992")
        yield Choice(topic="calibration", name="everyone" if fitted.take_all else "take_some")


def _taylor(plan: Plan, indicator: Indicator, design: Design) -> Iterator[Choice]:
    residual = design.calibration is not None
    source = "Deville & Särndal 1992" if residual else "Särndal, Swensson & Wretman 1992, §5.5, §10.3"
    yield Choice(topic="variance", name="residuals" if residual else "taylor", source=source)
    yield Choice(topic="alone", name="collapse" if design.collapse else "adjust", source="Cochran 1977, §5A.12; Lumley 2010")
    yield Choice(topic="freedom", name="strata", source="Lumley 2010")
    bounded = indicator.kind == "ratio" and plan.identity.units[indicator.unit].bounded
    if bounded:
        yield Choice(topic="interval", name="logit", source="Korn & Graubard 1998")
        yield Choice(topic="quality", name="nchs", source="NCHS 2017, Series 2 No. 175")
    else:
        yield Choice(topic="interval", name="student")
        yield _letters()


def _resampled(indicator: Indicator) -> Iterator[Choice]:
    yield Choice(topic="variance", name="bootstrap", values={"replicates": str(REPLICATES)}, source="Rao & Wu 1988")
    cohort = indicator.duration is not None and indicator.duration.method == "cohort"
    yield Choice(topic="interval", name="woodruff" if cohort else "percentile", source="Woodruff 1952" if cohort else "")


def _letters() -> Choice:
    return Choice(topic="quality", name="letters", source="Statistics Canada")


def _change(plan: Plan, indicator: Indicator, level: Indicator) -> Iterator[Choice]:
    told: dict[str, str | Text] = {"base": str(indicator.base_period)}
    yield Choice(topic="change", name=indicator.change_as, values=told)
    if level.duration is not None:
        if indicator.mix:
            yield Choice(topic="change", name="mix", values={**told, "breakdown": plan.breakdowns[indicator.mix].name})
        yield Choice(topic="change", name="replicates", source="Rao & Wu 1988")
    else:
        source = "Tam 1984; Qualité & Tillé 2008; Knottnerus & van Delden 2012"
        yield Choice(topic="change", name="covariance", source=source)
    yield Choice(topic="change", name="significant")
    if (split := indicator.decomposition) is not None:
        sources = {"bennet": "Bennet 1920; Diewert & Fox 2010; Balk 2016", "gead": "Tang & Wang 2004; Diewert 2015"}
        by: dict[str, str | Text] = {"breakdown": plan.breakdowns[split.by].name}
        yield Choice(topic="decomposition", name=split.method, values=by, source=sources[split.method])
    others = [name for target in indicator.targets for name in target.sensitivity]
    if others:
        yield Choice(topic="sensitivity", name="others", values={"names": ", ".join(others)})
