"""Who may see what: accounts and their roles in access.yaml, and what follows from a role. Whoever is not listed sees nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from indicators.catalogue.plan import Plan
from pipelines.design import Identifier
from pipelines.yamlfile import Fault, Model, PlanFaults, YamlFile, read_yaml, suggest

#: beside the editions, in the folder of the store
FILE = "access.yaml"
Role = Literal["viewer", "association", "analyst", "steward"]
EVERYONE: frozenset[Role] = frozenset({"viewer", "association", "analyst", "steward"})
INSIDE: frozenset[Role] = frozenset({"analyst", "steward"})
_AHEAD = 300  # seconds that the clock of a provider may be ahead of ours
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class Account(Model):
    """One account of the identity provider and its role here."""

    email: str | None = None
    subject: str | None = None  # `sub` of the token, where an e-mail address may change hands
    role: Role
    scope: dict[Identifier, str | list[str]] = {}  # of an association: what its members have in common

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.email) == bool(self.subject):
            raise ValueError("an account is named by its `email` or by its `subject`, by one of them")
        if (self.role == "association") != bool(self.scope):
            raise ValueError("an association needs a `scope`, and only an association has one")
        if not all(self.scope.values()):
            raise ValueError("a breakdown of the `scope` names no code; write at least one, or leave the breakdown out")
        if self.email and not _ADDRESS.fullmatch(self.email):
            raise ValueError(f"`email` must be one address such as name@example.cn, found `{self.email}`")
        return self

    @property
    def name(self) -> str:
        return self.email or self.subject or ""


class Access(Model):
    """access.yaml: who may enter, and for how long a sign-in holds."""

    hours: int = Field(default=12, ge=1, le=720)
    accounts: list[Account] = Field(min_length=1)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Which rows of an edition may be read; by itself none. It is part of the key of everything that is cached."""

    rows: Literal["none", "within", "all"] = "none"
    within: tuple[tuple[str, tuple[str, ...]], ...] = ()  # breakdown and codes; a row must lie within each of them


@dataclass(frozen=True, kw_only=True)
class Granted:
    """What somebody may see, and as whom it stands in the log."""

    role: Role
    scope: Scope
    name: str | None = None  # as access.yaml has it; None: nobody signed in, because nobody has to here
    called: str = ""  # as the provider has it
    sign_in: tuple[str, int] | None = None  # subject and second of the token

    @property
    def exports(self) -> bool:
        """Whether anything may be carried away."""
        return self.role != "viewer"

    @property
    def whatif(self) -> bool:
        """Scenarios are played on all categories, so they are for those who see all."""
        return self.scope.rows == "all"


#: why somebody may not enter: not signed in, too long ago, or not listed
Refusal = Literal["signed_out", "expired", "unlisted"]


def local(role: Role) -> Granted:
    """What everyone may see where nobody signs in."""
    return Granted(role=role, scope=Scope(rows="all"))


def entered(access: Access, claims: Mapping[str, object], now: float) -> Granted | Refusal:
    """What the person of a token may see, by what access.yaml says now; or why nothing.

    `claims` are those of the token that Streamlit verified, `now` is the time in seconds.
    """
    issued, subject = claims.get("iat"), claims.get("sub")
    if claims.get("is_logged_in") is not True or not isinstance(subject, str):
        return "signed_out"
    if not isinstance(issued, int | float) or not -_AHEAD <= now - issued <= access.hours * 3600:
        return "expired"
    account = _account(access, claims)
    if account is None:
        return "unlisted"
    scope = Scope(rows="within", within=_listed(account)) if account.role == "association" else Scope(rows="all")
    return Granted(role=account.role, scope=scope, name=account.name, called=named(claims), sign_in=(subject, int(issued)))


def named(claims: Mapping[str, object]) -> str:
    """How the person of a token is called: by the e-mail address, where nothing speaks against it, else by the subject."""
    return next((told for told in (_email(claims), claims.get("sub")) if isinstance(told, str) and told), "")


def _email(claims: Mapping[str, object]) -> str | None:
    """The e-mail address of a token; none where the provider says that it did not verify it, for anybody may claim one."""
    email = claims.get("email")
    return email if isinstance(email, str) and claims.get("email_verified") in (None, True) else None


def _account(access: Access, claims: Mapping[str, object]) -> Account | None:
    """By subject first, then by e-mail address."""
    email = _email(claims)
    for account in access.accounts:
        if account.subject is not None and account.subject == claims.get("sub"):
            return account
    for account in access.accounts:
        if account.email is not None and email is not None and account.email.casefold() == email.casefold():
            return account
    return None


def _listed(account: Account) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, (codes,) if isinstance(codes, str) else tuple(codes)) for name, codes in sorted(account.scope.items()))


def read_access(store: Path) -> Access:
    """What `store/access.yaml` says now. Raises PlanFaults with the place of every fault, OSError where it cannot be read."""
    path = store / FILE
    return _parsed(path, hashlib.sha256(path.read_bytes()).hexdigest())


@lru_cache(maxsize=8)
def _parsed(path: Path, digest: str) -> Access:
    """It is asked for at every run of a page, so the same bytes are parsed once."""
    return _checked(read_yaml(path, str(path)))


def _checked(file: YamlFile) -> Access:
    access = file.validate(Access)
    if faults := list(_twice(access, file)):
        raise PlanFaults(faults)
    return access


def _twice(access: Access, file: YamlFile) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for place, account in enumerate(access.accounts):
        name = account.name.casefold()
        if name in seen:
            told = f"`{account.name}` is an account already (entry {seen[name] + 1}); a role must not depend on the order."
            yield file.fault(["accounts", place], told)
        seen.setdefault(name, place)


def check_scopes(store: Path, plan: Plan) -> None:
    """Raises PlanFaults for scopes in access.yaml that name breakdowns or codes which the plan does not have."""
    file = read_yaml(store / FILE, str(store / FILE))
    faults = []
    for place, account in enumerate(_checked(file).accounts):
        for breakdown, codes in _listed(account):
            at: list[str | int] = ["accounts", place, "scope", breakdown]
            if breakdown not in plan.breakdowns:
                told = f"the plan has no breakdown `{breakdown}`.{suggest(breakdown, plan.breakdowns)}"
                faults.append(file.fault(at, told, key=True))
                continue
            known = plan.categories(breakdown)
            for code in (code for code in codes if known and code not in known):
                faults.append(file.fault(at, f"`{breakdown}` has no code `{code}`.{suggest(code, known)}"))
    if faults:
        raise PlanFaults(faults)
