"""Pseudonyms: identifiers as they leave the house, other ones for every recipient, always the same for one.

HMAC-SHA256 with a key for each recipient, derived by HKDF from a secret of the store (ENISA 2019, Pseudonymisation techniques
and best practices: of a plain hash the identifier is found by hashing the list of all identifiers). The secret is a
file of the store, sealed with it, and stays the same when the store gets another key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipelines import log, vault
from pipelines.dictionary import Dictionary
from pipelines.lock import held
from pipelines.request import naming
from pipelines.seal import SealBroken
from pipelines.secret import BYTES, DIFFERENT, KeyNeeded, derive
from pipelines.warehouse import open_warehouse
from pipelines.yamlfile import suggest

FILE = "pseudonyms.secret"
DIGITS = 32  # hexadecimal; 128 bits, so that among a million identifiers two meet with a chance below 2e-27


class PseudonymRefused(ValueError):
    """A list that would not be one of pseudonyms; the message says why and what to do."""


class SecretUnusable(ValueError):
    """The secret of the pseudonyms is not what was made; with another one nobody is found again. The message says what to do."""


class NoRecipient(ValueError):
    """A recipient without a name; pseudonyms are made for somebody."""


@dataclass(frozen=True, kw_only=True)
class Pseudonyms:
    """The pseudonyms of one recipient."""

    recipient: str
    _key: bytes = field(repr=False)

    def of(self, identifier: str) -> str:
        """The pseudonym of an identifier: 32 hexadecimal digits."""
        return hmac.digest(self._key, identifier.encode(), hashlib.sha256).hex()[:DIGITS]

    def of_all(self, identifiers: pl.Series) -> pl.Series:
        """Those of a whole column; null where it is null."""
        known = {text: self.of(text) for text in identifiers.drop_nulls().unique().to_list()}
        return identifiers.replace_strict(known, default=None, return_dtype=pl.String)

    @property
    def mark(self) -> str:
        """By what the log knows the recipient without naming it."""
        return hmac.digest(self._key, b"recipient", hashlib.sha256).hex()[:16]


def pseudonyms_for(store: Path, recipient: str) -> Pseudonyms:
    """The pseudonyms of a recipient, named in whatever letters: spaces around, width and case do not count.

    Raises NoRecipient, KeyNeeded for a sealed store without its key, and SealBroken.
    """
    name = " ".join(unicodedata.normalize("NFKC", recipient).casefold().split())
    if not name:
        raise NoRecipient("Pseudonyms are made for a recipient: name who will get the list, e.g. --for CAAM.")
    return Pseudonyms(recipient=name, _key=derive(_secret(store), "planwatch pseudonym", name))


def pseudonymised(
    store: Path, dictionary: Dictionary, table: str, pseudonyms: Pseudonyms, columns: Sequence[str] = ()
) -> pl.DataFrame:
    """The rows of a table, each once: its identifiers as pseudonyms, these further columns as they are, and nothing else.

    In the order of the pseudonyms, because that of the rows tells of the identifiers. Raises PseudonymRefused for a table or
    column that is not there, and for a column that says whom a row is of; and what `open_warehouse` raises.
    """
    known = dictionary.tables.get(table)
    if known is None:
        raise PseudonymRefused(f"The plan has no table `{table}`.{suggest(table, dictionary.tables)}")
    hidden = [name for name in naming(known) if known.columns[name].type == "identifier"]
    for name in columns:
        if name not in known.columns:
            raise PseudonymRefused(f"The table `{table}` has no column `{name}`.{suggest(name, known.columns)}")
        if name in naming(known) and name not in hidden:
            raise PseudonymRefused(
                f"The column `{name}` of `{table}` says whom a row is of, and has no pseudonyms. Leave it out."
            )
    if not hidden:
        raise PseudonymRefused(f"The table `{table}` has no identifier, so there is nothing to give a pseudonym to.")
    chosen = ", ".join(f'"{name}"' for name in dict.fromkeys((*hidden, *columns)))
    with open_warehouse(store, dictionary) as warehouse:
        found = warehouse.query(f'SELECT DISTINCT {chosen} FROM main."{table}"')
    return found.with_columns(pseudonyms.of_all(found[name]).alias(name) for name in hidden).sort(found.columns, nulls_last=True)


def whose(store: Path, dictionary: Dictionary, pseudonyms: Pseudonyms, pseudonym: str) -> list[tuple[str, str, str]]:
    """Whose pseudonym it is, as (table, column, identifier): found by giving every identifier of the store its own again."""
    found = []
    with open_warehouse(store, dictionary) as warehouse:
        for table in dictionary.tables.values():
            for name in (name for name in naming(table) if table.columns[name].type == "identifier"):
                values = warehouse.query(f'SELECT DISTINCT "{name}" AS value FROM main."{table.id}" WHERE "{name}" IS NOT NULL')
                found += [(table.id, name, text) for text in values["value"] if pseudonyms.of(text) == pseudonym]
    return found


def mark_of(store: Path, *what: str) -> str:
    """By what the log knows something that it must not name: 16 hexadecimal digits, the same for the same words."""
    return _mark(_secret(store), *what)


def _mark(secret: bytes, *what: str) -> str:
    return derive(secret, "planwatch mark", *what, length=8).hex()


def forgotten(store: Path) -> frozenset[str]:
    """By what the log knows the units that were forgotten."""
    done = (one for one in log.read(store) if (one.action, one.outcome) == ("forget", "done"))
    return frozenset(str(one.objects["mark"]) for one in done if "mark" in one.objects)


def back(store: Path, marks: frozenset[str], units: Sequence[str]) -> list[str]:
    """Those of the units that bear one of these marks. Raises SecretUnusable."""
    secret = _secret(store)
    return [unit for unit in units if _mark(secret, "unit", unit) in marks]


def fault(store: Path) -> str | None:
    """That the secret of a store is gone or none; None where it is right, was never needed, or cannot be read at all."""
    try:
        if (store / FILE).exists():
            _read(store)
        else:
            _refuse_used(store)
    except SecretUnusable as error:
        return str(error)
    except (SealBroken, KeyNeeded, log.LogBroken):
        return None
    return None


def _secret(store: Path) -> bytes:
    """The secret of the store, made where none was ever used."""
    if not (store / FILE).exists():
        _refuse_used(store)
        with held(store, "making the secret of the pseudonyms"):
            if not (store / FILE).exists():
                vault.put(store, FILE, secrets.token_bytes(BYTES).hex().encode(), mode=0o600)
    return _read(store)


def _read(store: Path) -> bytes:
    text = vault.read(store, FILE).strip()
    if re.fullmatch(rb"[0-9a-f]{%d}" % (2 * BYTES), text) is None or len(set(bytes.fromhex(text.decode()))) < DIFFERENT:
        raise SecretUnusable(
            f"{store / FILE} holds no secret: found {len(text)} bytes, expected {2 * BYTES} hexadecimal digits by chance. "
            "Restore the file from a copy of the store."
        )
    return bytes.fromhex(text.decode())


def _refuse_used(store: Path) -> None:
    """Raises SecretUnusable where the log tells of pseudonyms or marks made from a secret that is no longer there."""
    used = next((one for one in log.read(store) if one.action == "pseudonymise" or "mark" in one.objects), None)
    if used is not None:
        raise SecretUnusable(
            f"{store / FILE} is missing, though line {used.sequence} of {log.FILE} tells of something made from it; with a "
            "new one everybody would bear other pseudonyms. Restore the file from a copy of the store."
        )
