"""What the editions say of the log: each holds how far it went when it was published."""

from __future__ import annotations

import json
from pathlib import Path

from indicators.editions.edition import MANIFEST, SEAL, BrokenEdition, list_editions
from pipelines.durable import sha256
from pipelines.log import Head
from pipelines.logcheck import Witness


def witnesses(root: Path) -> dict[str, Witness]:
    """Edition → what it says of the log. Raises BrokenEdition for one whose manifest is not the one that was published."""
    return {name: _of(root / name, name) for name in list_editions(root)}


def _of(folder: Path, name: str) -> Witness:
    try:
        digest = sha256(folder / MANIFEST)
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["provenance"].get("log_head")
        head = Head(sequence=int(told["sequence"]), hash=str(told["hash"])) if told else None
        sound = digest == (folder / SEAL).read_text(encoding="ascii")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise BrokenEdition(f"Edition {name}: the manifest is not the one that was published, so it cannot speak for the log.")
    return Witness(head=head, manifest_sha256=digest)
