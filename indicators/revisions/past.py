"""What earlier editions of a plan said: every number when it was first published, last, and first as final.

Editions are read one after the other, oldest first, and only these three are kept, with the keys of what each published and
withheld, so that ten years of publishing need little more memory than one edition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from indicators.editions.edition import BrokenEdition, Edition, list_editions, open_edition
from indicators.estimation.estimate import KEYS
from indicators.protection.former import Former, kept
from indicators.revisions.frozen import FrozenBase
from pipelines.yamlfile import Text

#: one row is a number as an edition published it; `exact`: it had no sampling error
NUMBERS: dict[str, pl.DataType] = {
    **dict.fromkeys(KEYS, pl.String()),
    "edition": pl.String(),
    "value": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "exact": pl.Boolean(),
    "release": pl.String(),
}
#: one row is a number that an edition published, or withheld
SAID: dict[str, pl.DataType] = {**dict.fromkeys(KEYS, pl.String()), "edition": pl.String(), "withheld": pl.Boolean()}

_KINDS = ("first", "last", "settled", "said")
#: a number with one of these was published
SHOWN = ("published", "unreliable")
_READ = f"SELECT {', '.join(KEYS)}, value, se, low, high, n, quality, release, status FROM results WHERE status <> 'absent'"


@dataclass(frozen=True, kw_only=True)
class Past:
    """The editions of one plan that can be opened, in the order in which they were made."""

    first: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NUMBERS))  # as it was published first
    last: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NUMBERS))  # as it was published last
    settled: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NUMBERS))  # as it was published first as final
    said: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SAID))
    provenance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by edition
    notices: tuple[Text, ...] = ()  # editions that could not be read

    @property
    def former(self) -> str | None:
        """The newest edition."""
        return list(self.provenance)[-1] if self.provenance else None

    @property
    def declared_final(self) -> frozenset[str]:
        """Years that were declared final by hand, and are so until that is taken back."""
        return frozenset(self.provenance[self.former].get("final", ())) if self.former else frozenset()


@dataclass(frozen=True, kw_only=True)
class Ties:
    """What earlier editions and declarations ask of a new edition."""

    base: FrozenBase | None = None
    formers: tuple[Former, ...] = ()  # editions still in circulation
    final: frozenset[str] = frozenset()  # years declared final by hand


def read_past(root: Path, plan: str) -> Past:
    """All editions of the plan with this id under `root`; those that cannot be opened are named in a notice."""
    broken: list[str] = []
    said = ((one.id, one.query(_READ), one.manifest.get("provenance", {})) for one in editions_of(root, plan, broken))
    return replace(remembered(said), notices=unread(broken))


def editions_of(root: Path, plan: str, broken: list[str]) -> Iterator[Edition]:
    """The editions of the plan with this id, oldest first, each closed when the next is asked for.

    Those that cannot be opened are added to `broken`.
    """
    for name in list_editions(root):
        try:
            edition = open_edition(root, name)
        except BrokenEdition:
            broken.append(name)
            continue
        with closing(edition):
            if edition.plan.identity.id == plan:
                yield edition


def remembered(editions: Iterable[tuple[str, pl.DataFrame, Mapping[str, Any]]], past: Past | None = None) -> Past:
    """What is kept of editions, oldest first: of each its id, its results and its provenance. `past` came before them."""
    before = past or Past()
    frames = {kind: [getattr(before, kind)] for kind in _KINDS}
    provenance = dict(before.provenance)
    for name, rows, told in editions:
        provenance[name] = told
        _add(frames, *_said(name, rows))
    return replace(before, **{kind: pl.concat(frames[kind]) for kind in _KINDS}, provenance=provenance)


def _add(frames: dict[str, list[pl.DataFrame]], numbers: pl.DataFrame, said: pl.DataFrame) -> None:
    def unheard(kind: str, of: pl.DataFrame) -> pl.DataFrame:
        return of.join(pl.concat(frames[kind]), on=KEYS, how="anti")

    frames["first"].append(unheard("first", numbers))
    frames["settled"].append(unheard("settled", numbers.filter(pl.col("release") == "final")))
    older = [former.join(numbers, on=KEYS, how="anti") for former in frames["last"]]
    frames["last"] = [*(former for former in older if former.height), numbers]
    frames["said"].append(said)


def _said(edition: str, results: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The numbers of an edition, and of which cells it published one or withheld it."""
    rows = results.unique(KEYS, maintain_order=True)  # a number with two targets stands there twice
    hidden = pl.col("status") == "suppressed"
    named = rows.with_columns(pl.lit(edition).alias("edition"))
    exact = (pl.col("quality") == "census") | ((pl.col("se") == 0) & pl.col("low").is_null())
    known = named.filter(pl.col("status").is_in(SHOWN), pl.col("value").is_not_null())
    known = known.with_columns(exact=exact.fill_null(False))
    said = named.with_columns(hidden.alias("withheld"))
    return (
        known.select(pl.col(name).cast(dtype) for name, dtype in NUMBERS.items()),
        said.select(pl.col(name).cast(dtype) for name, dtype in SAID.items()),
    )


def formers(store: Path, past: Past) -> tuple[Former, ...]:
    """The editions of the past as the protection of a new one looks at them."""
    parts = past.said.partition_by("edition", as_dict=True, maintain_order=True)
    return tuple(
        Former(
            edition=str(name),
            contributions=kept(store, str(name)),
            published=said.filter(~pl.col("withheld")).select(KEYS),
            withheld=said.filter("withheld").select(KEYS),
        )
        for (name,), said in parts.items()
    )


def unread(broken: list[str]) -> tuple[Text, ...]:
    """A notice that names the editions that could not be opened; none where there are none."""
    if not broken:
        return ()
    zh, en = "、".join(broken), ", ".join(broken)
    return (
        Text(
            zh=f"无法打开以往版次 {zh}，未与其比较修订。",
            en=f"Earlier editions that cannot be opened, so that revisions are not compared with them: {en}.",
        ),
    )
