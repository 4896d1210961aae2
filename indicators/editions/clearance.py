"""Whether disclosure control cleared an edition: what its manifest says of the audit that it passed before it was published."""

from __future__ import annotations

from typing import Literal

from indicators.editions.edition import Edition

#: passed: audited, and nothing withheld can be found; unrecorded: nothing is said of an audit
Clearance = Literal["passed", "unrecorded"]


def clearance(edition: Edition) -> Clearance:
    """`passed` where the manifest records an audit; an edition whose audit fails is not published at all."""
    return "passed" if edition.manifest.get("provenance", {}).get("audit") else "unrecorded"
