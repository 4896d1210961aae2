"""How the app was started: which store, who is whom where nobody signs in, and under which names it is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

#: how a visitor becomes somebody: by signing in, or everyone is a steward (on this machine) or an analyst (told so)
Who = Literal["sign-in", "steward", "analyst"]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, kw_only=True)
class Started:
    """What the command passes on to the app. Without it nobody may enter but by signing in, and nobody can."""

    store: Path = Path("data")
    who: Who = "sign-in"
    hosts: tuple[str, ...] = LOOPBACK
    https: bool = False  # whether visitors come by https, through a proxy

    def arguments(self) -> list[str]:
        """The same as arguments of the script."""
        told = ["--dir", str(self.store), "--who", self.who]
        return [*told, *(part for host in self.hosts for part in ("--host", host)), *(["--https"] if self.https else [])]


def started(arguments: Sequence[str], environment: Mapping[str, str]) -> Started:
    """What the arguments say, and where they say nothing PLANWATCH_DIR and PLANWATCH_WHO."""
    given: dict[str, list[str]] = {}
    for name, value in pairwise(arguments):
        if name in ("--dir", "--who", "--host"):
            given.setdefault(name, []).append(value)
    who = given.get("--who", [environment.get("PLANWATCH_WHO", "sign-in")])[-1]
    return Started(
        store=Path(given.get("--dir", [environment.get("PLANWATCH_DIR", "data")])[-1]),
        who="steward" if who == "steward" else "analyst" if who == "analyst" else "sign-in",
        hosts=tuple(given.get("--host", LOOPBACK)),
        https="--https" in arguments,
    )
