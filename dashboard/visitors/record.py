"""What visitors of the app do, written into the log of the store: who came in, who was refused, what was carried away."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from dashboard.visitors.access import Granted, Scope
from indicators.editions.edition import Edition
from pipelines import log

_FOREIGN = re.compile(r"[^0-9A-Za-z_.,:@+ -]")


def came(store: Path, granted: Granted) -> None:
    """Somebody signed in. Raises OSError or ValueError where it cannot be recorded."""
    log.append(store, action="sign-in", actor=granted.name, objects={"role": granted.role, **_scope(granted.scope)})


def left(store: Path, granted: Granted) -> None:
    log.append(store, action="sign-out", actor=granted.name, objects={"role": granted.role})


def refused(store: Path, name: str, reason: str) -> None:
    """Somebody whom the provider knows may not enter here."""
    log.append(store, action="sign-in", actor=name, objects={"reason": _plain(reason)}, outcome="refused")


def exported(store: Path, granted: Granted, edition: Edition, view: str, form: str) -> None:
    """A file left the app. Where nobody signs in a store that cannot be written is no reason to keep what is published."""
    told = {"edition": edition.id, "edition_sha256": edition.sha256, "view": _plain(view), "form": _plain(form)}
    actor = granted.name or ("visitor" if granted.role != "steward" else None)
    try:
        log.append(store, action="export", actor=actor, objects={**told, "role": granted.role, **_scope(granted.scope)})
    except (OSError, ValueError):
        if granted.name is not None:
            raise
        logging.getLogger("planwatch").warning("an export was not recorded in %s", store, exc_info=True)


def _scope(scope: Scope) -> dict[str, str]:
    if scope.rows != "within":
        return {}
    return {"scope": _plain(" ".join(f"{name}:{','.join(codes)}" for name, codes in scope.within))}


def _plain(text: str) -> str:
    """As much as the log takes: what it has no letters for is a stroke."""
    return _FOREIGN.sub("_", text)[:128]
