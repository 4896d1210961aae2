"""Pseudonyms: identifiers as they leave the house, other ones for every recipient, always the same for one.

HMAC-SHA256 with a key for each recipient, derived by HKDF from a secret of the store (ENISA 2019, Pseudonymisation techniques
and best practices: of a plain hash the identifier is found by hashing the list of all identifiers). The secret is a
file of the store, sealed with it, and stays the same when the store gets another key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipelines import vault
from pipelines.dictionary import Dictionary
from pipelines.lock import held
from pipelines.request import naming
from pipelines.secret import BYTES, derive
from pipelines.warehouse import open_warehouse
from pipelines.yamlfile import suggest

FILE = "pseudonyms.secret"
DIGITS = 32  # hexadecimal; 128 bits, so that among a million identifiers two meet with a chance below 2e-27


class PseudonymRefused(ValueError):
    """A list that would not be one of pseudonyms; the message says why and what to do."""


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
    return derive(_secret(store), "planwatch mark", *what, length=8).hex()


def _secret(store: Path) -> bytes:
    """The secret of the store, made where there is none yet."""
    if not (store / FILE).exists():
        with held(store, "making the secret of the pseudonyms"):
            if not (store / FILE).exists():
                vault.put(store, FILE, secrets.token_bytes(BYTES).hex().encode(), mode=0o600)
    return bytes.fromhex(vault.read(store, FILE).decode())
