"""A played scenario as a sheet to read: what it says, the number now and then, who moves, what to know, where it is from."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.lists.listing import Listing
from dashboard.papers.markdowntext import escaped, table
from dashboard.rows.assessed import Assessment
from dashboard.wording import definition, doubt, phrases
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Indicator, Target, Unit
from indicators.catalogue.scenariofaults import scope_of, targets_of
from indicators.catalogue.scenariotext import to_link
from indicators.editions.edition import Edition
from indicators.scenarios.played import Moved, Played, Standing


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """Texts in one language."""

    title: str
    about: str
    target: str  # indicator and what is demanded of it
    standings: Listing
    moved: Listing
    left: str
    notes: tuple[str, ...]
    source: tuple[str, ...]
    link: str  # stands in the source, too


def sheet(edition: Edition, played: Played, words: Words) -> Sheet:
    """The sheet of a scenario that was played on the edition."""
    plan, language, scenario = edition.plan, words.language, played.scenario
    indicator, target = targets_of(plan)[scenario.target]
    unit = format.unit_of(plan, indicator.id)
    of = _Of(edition=edition, played=played, indicator=indicator, target=target, unit=unit, words=words)
    name = indicator.name.in_language(language)
    told = f"{name} · {phrases.scope(target, plan, words)}" if scope_of(target) else name
    bound = phrases.bound(target, unit, words, signed=of.signed)
    return Sheet(
        title=scenario.name.in_language(language),
        about=scenario.description.in_language(language) if scenario.description else "",
        target=words("whatif.target", id=scenario.target, name=told, bound=bound),
        standings=of.standings(),
        moved=of.moved(),
        left=of.left(),
        notes=tuple(note.in_language(language) for note in played.notes),
        source=of.source(),
        link=to_link(scenario),
    )


def markdown(of: Sheet) -> str:
    """The sheet as Markdown to be put into a report: headings, two tables, notes, source."""
    blocks = [f"# {escaped(of.title)}", escaped(of.about), escaped(of.target), table(of.standings)]
    blocks += [f"## {escaped(of.moved.title or '')}", table(of.moved), escaped(of.left)] if of.moved.rows else []
    blocks.append("\n".join(f"- {escaped(note)}" for note in of.notes))
    # a link is to be copied, so it stands as it is
    blocks += [escaped(line).replace(escaped(of.link), f"`{of.link}`") for line in of.source]
    return "\n\n".join(block for block in blocks if block) + "\n"


@dataclass(frozen=True, kw_only=True)
class _Of:
    """Everything the texts of one sheet are made from."""

    edition: Edition
    played: Played
    indicator: Indicator
    target: Target
    unit: Unit
    words: Words

    @property
    def signed(self) -> bool:
        return self.indicator.kind == "change"

    def standings(self) -> Listing:
        """Value with interval, gap, verdict and probability, now and in the scenario."""
        words, ends = self.words, (self.played.before, self.played.after)
        rows = [self._row(one) for one in ends]
        now = words("whatif.now", period=periods.label(self.played.before.period, words.language))
        until = self.played.until
        then = words("whatif.until", period=periods.label(str(until), words.language)) if until else words("whatif.then")
        cells = [
            [words("whatif.value"), *(self._number(one) for one in ends)],
            [words("tile.gap"), *(doubt.gap(row, self.edition.plan, words) or "–" for row in rows)],
            [words("whatif.verdict"), *(self._outcome(row, supposed=row != rows[0]) for row in rows)],
            [words("whatif.p_met"), *("–" if one.p_met is None else doubt.chance(one.p_met) for one in ends)],
        ]
        return Listing(title=None, headings=["", now, then], rows=cells, right=[])

    def moved(self) -> Listing:
        """Every category that was meant: from where to where, what that adds to the whole, and how many more that is."""
        words, counted = self.words, self.indicator.counted
        right = [words(f"whatif.{name}") for name in ("from", "to", "adds")]
        if counted is not None:
            right.append(words("whatif.more", counted=counted.in_language(words.language)))
        headings = [definition.breakdown_name(self.edition.plan, self.played.breakdown, words), *right]
        rows = [self._moved(one) for one in self.played.moved]
        return Listing(title=words("whatif.moved"), headings=headings, rows=rows, right=right)

    def left(self) -> str:
        """The categories that were meant and stay, with the reason."""
        words = self.words
        told = []
        for reason in ("withheld", "no_pace"):
            names = [self._name(one.category) for one in self.played.left if one.reason == reason]
            if names:
                told.append(words(f"whatif.left.{reason}", names=words("mark.list").join(names)))
        return doubt.joined(told, words)

    def source(self) -> tuple[str, ...]:
        """Plan and edition, the scenario as a link, how to cite, and whether the data were invented."""
        words, edition = self.words, self.edition
        facts = {
            "plan": edition.plan.identity.name.in_language(words.language),
            "id": edition.id,
            "day": periods.label(edition.created[:10], words.language),
            "seal": edition.sha256[:12],
            "name": self.played.scenario.name.in_language(words.language),
            "link": to_link(self.played.scenario),
        }
        invented = edition.manifest.get("provenance", {}).get("synthetic")
        return (words("whatif.cite", **facts), *([words("edition.synthetic")] if invented else []))

    def _row(self, one: Standing) -> Assessment:
        told = {name: getattr(one, name) for name in vars(one) if name not in ("low", "high")}
        return Assessment(
            indicator=self.indicator.id,
            breakdown="total",
            category="total",
            target=self.played.scenario.target,
            threshold=self.target.value,
            **told,
        )

    def _outcome(self, row: Assessment, *, supposed: bool) -> str:
        """Of the scenario, that it would be so; where nothing moves it is so."""
        return doubt.outcome(row, self.edition.plan, self.words, supposed=supposed) or "–"

    def _number(self, one: Standing) -> str:
        language = self.words.language
        value = format.number(one.value, self.unit, language, signed=self.signed, beside=self.target.value)
        between = format.interval(one.low, one.high, self.unit, language, signed=self.signed)
        return self.words("whatif.with_interval", value=value, interval=between) if between else value

    def _moved(self, one: Moved) -> list[str]:
        words, language = self.words, self.words.language
        value = format.number(one.value, self.unit, language, signed=self.signed)
        cells = [
            self._name(one.category),
            format.number(one.former, self.unit, language, signed=self.signed),
            words(f"whatif.how.{one.how}", value=value) if one.how != "moved" else value,
            format.difference(one.adds, self.unit, language, signed=True),
        ]
        return cells if self.indicator.counted is None else [*cells, "–" if one.more is None else _signed(one.more)]

    def _name(self, category: str) -> str:
        return definition.category(self.edition.plan, self.played.breakdown, category, self.words)


def _signed(count: int) -> str:
    return f"{count:+,}".replace("-", format.MINUS) if count else "0"
