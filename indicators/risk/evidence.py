"""The evidence of a risk assessment: what the plan says, what the files of a store show, what edition and log record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from indicators.catalogue.disclosure import Disclosure, read_rules
from indicators.catalogue.grading import tier_of_inputs
from indicators.catalogue.plan import Plan
from indicators.editions.clearance import Clearance, clearance
from indicators.editions.edition import BrokenEdition, Edition, NoEdition, open_edition
from indicators.editions.inventory import Holding, inventory
from indicators.editions.witness import witnesses
from pipelines.custody import ITEMS, Item, Tier, highest, tier_of
from pipelines.log import FILE as LOG
from pipelines.log import LogBroken, read
from pipelines.logcheck import Checked, verify
from pipelines.reach import Kept, reached
from pipelines.seal import SealBroken
from pipelines.secret import KeyUnusable
from pipelines.yamlfile import PlanFaults

#: none: nobody signs in anywhere; listed: accounts and roles are there; faulty: the list of accounts cannot be used
AccountState = Literal["none", "listed", "faulty"]
EditionState = Literal["none", "sound", "broken"]
LogState = Literal["none", "whole", "broken"]
RuleState = Literal["default", "own", "weaker", "unread"]


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """Who may enter the app: how many accounts have which role."""

    state: AccountState = "none"
    roles: Mapping[str, int]
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Everything that the risks are judged by; nothing in it is a record."""

    plan: Plan
    today: date
    holdings: tuple[Holding, ...]
    files: tuple[Kept, ...]
    accounts: Accounts
    edition: Edition | None
    edition_state: EditionState
    edition_told: str
    cleared: Clearance | None
    rules: RuleState
    log: LogState
    log_told: str
    log_marked: bool  # whether its last line bears a mark, which vouches for all before it
    checked: Checked | None
    synthetic: bool

    @property
    def records(self) -> tuple[Holding, ...]:
        return tuple(one for one in self.holdings if one.group == "records")

    @property
    def highest(self) -> Tier:
        """The highest tier of anything held."""
        return highest(one.tier for one in self.records)

    @property
    def tables(self) -> tuple[Holding, ...]:
        """The tables of the plan."""
        return tuple(one for one in self.holdings if one.group in ("records", "public"))

    @property
    def unreasoned(self) -> list[tuple[str, str]]:
        """Columns above general, or personal, of which nothing says why."""
        graded = [(table.id, one) for table in self.tables for one in table.entries if one.tier != "general" or one.personal]
        return [(table, one.id) for table, one in graded if one.reason is None and not one.sources]

    @property
    def unstated(self) -> dict[str, list[Item]]:
        """By table, what of its custody nobody states; a public list needs no legal basis."""
        found: dict[str, list[Item]] = {}
        for table in self.tables:
            needed = [one for one in ITEMS if not (table.group == "public" and one == "legal_basis")]
            if missing := [one for one in needed if getattr(table.custody, one) is None]:
                found[table.id] = missing
        return found

    @property
    def unconfirmed(self) -> dict[str, list[Item]]:
        """By table, what of its custody is only proposed."""
        return {table.id: list(table.custody.proposed) for table in self.tables if table.custody.proposed}

    @property
    def overdue(self) -> tuple[str, ...]:
        """Tables whose oldest rows are of a year that is longer over than they may be kept; as far as an edition tells."""
        found = []
        for table in self.tables:
            kept = table.custody.retention
            if kept is not None and kept.years is not None and table.first is not None:
                found += [table.id] if int(table.first[:4]) + kept.years < self.today.year else []
        return tuple(found)

    def tier(self, file: Kept) -> Tier:
        """The tier of what a file holds: of an accepted part that of its table, of any other the highest of the records."""
        if not file.confidential:
            return "general"
        if file.role == "accepted part" and (table := self.plan.dictionary.tables.get(file.name.split("/")[1])) is not None:
            return tier_of(table)
        return self.highest

    @property
    def sensitive(self) -> list[Kept]:
        """Files that hold more than general data, or may."""
        return [file for file in self.files if self.tier(file) != "general"]

    @property
    def above(self) -> dict[str, Tier]:
        """Indicators that are made from more than general columns, with the tier of these."""
        tiers = {name: tier_of_inputs(self.plan, one) for name, one in self.plan.indicators.items()}
        return {name: tier for name, tier in tiers.items() if tier != "general"}


def gather(store: Path, plan: Plan | None, fallback: Plan, accounts: Accounts, today: date) -> Evidence:
    """What can be seen of a store. `plan`: the one asked for; without it that of the current edition, else `fallback`.

    Nothing is changed, no record is opened; what cannot be read becomes evidence itself.
    """
    edition, state, told = _edition(store / "editions")
    said = plan or (edition.plan if edition else fallback)
    cleared = clearance(edition) if edition else None
    coverage = edition.query("SELECT * FROM coverage") if edition and edition.plan.identity.id == said.identity.id else None
    log, log_told, checked = _log(store)
    entries = read(store) if log == "whole" else ()
    return Evidence(
        plan=said,
        today=today,
        holdings=inventory(said, coverage, cleared),
        files=reached(store),
        accounts=accounts,
        edition=edition,
        edition_state=state,
        edition_told=told,
        cleared=cleared,
        rules=_rules(store),
        log=log,
        log_told=log_told,
        log_marked=bool(entries and entries[-1].mark),
        checked=checked,
        synthetic=(store / "SYNTHETIC.txt").exists(),
    )


def _edition(root: Path) -> tuple[Edition | None, EditionState, str]:
    try:
        return open_edition(root), "sound", ""
    except NoEdition:
        return None, "none", ""
    except BrokenEdition as error:
        return None, "broken", str(error)


def _rules(store: Path) -> RuleState:
    """Which rules protect respondents; their values are confidential and stay where they are."""
    if not (store / "disclosure.yaml").exists():
        return "default"
    usual = Disclosure()
    try:
        rules = read_rules(store)
    except (PlanFaults, OSError, SealBroken, ValueError):
        return "unread"
    strict = rules.percent is not None and usual.percent is not None and rules.percent >= usual.percent
    strict = strict and rules.minimum_groups >= usual.minimum_groups and rules.unanimity != "never"
    return "own" if strict and rules.differences == usual.differences else "weaker"


def _log(store: Path) -> tuple[LogState, str, Checked | None]:
    """Whether the log is there and whole, also held against the heads that editions keep of it."""
    if not (store / LOG).exists():
        return "none", "", None
    try:
        return "whole", "", verify(store, witnesses(store / "editions"))
    except (LogBroken, BrokenEdition, KeyUnusable, OSError) as error:
        return "broken", str(error), None
