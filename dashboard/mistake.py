"""What a user can mend, told in plain lines; whatever is not told here is a bug and keeps its traceback."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

ROOMS = ("pipelines", "indicators", "dashboard", "sample_data")
#: by name, because importing them while an error is told could fail and hide it; a test holds the names to the classes
PLAN = "pipelines.yamlfile.PlanFaults"
#: files of the operator in the store, which belong to no plan
OWN = frozenset({"access.yaml", "disclosure.yaml"})
MENDABLE = frozenset(
    {
        "dashboard.mistake.Mistake",
        "dashboard.launch.PortTaken",
        "dashboard.rows.selection.NotPublished",
        "indicators.editions.edition.BrokenEdition",
        "indicators.editions.edition.NoEdition",
        "indicators.editions.edition.PublishInProgress",
        "indicators.revisions.frozen.BaseUnreadable",
        "indicators.revisions.frozen.FreezeRefused",
        "indicators.publish.EditingMixed",
        "indicators.publish.NoSuchYear",
        "indicators.publish.NothingLoaded",
        "indicators.protection.joint.CannotProtect",
        "pipelines.forget.ForgetRefused",
        "pipelines.lock.StoreBusy",
        "pipelines.log.LogBroken",
        "pipelines.parts.StoreDamaged",
        "pipelines.pseudonym.NoRecipient",
        "pipelines.pseudonym.PseudonymRefused",
        "pipelines.pseudonym.SecretUnusable",
        "pipelines.report.FileRefused",
        "pipelines.seal.SealBroken",
        "pipelines.sealing.NotSealed",
        "pipelines.secret.KeyNeeded",
        "pipelines.secret.KeyUnusable",
    }
)


class Mistake(ValueError):
    """Something the user can mend; the message says where, what was found, what was expected, what to do."""


def plain(error: Exception) -> str | None:
    """What to tell the user; None for an error that is ours."""
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    if PLAN in kinds:
        count = sum(bool(fault.file) for fault in getattr(error, "faults", ()))  # a folder that is not there has no file
        own = {Path(fault.file).name for fault in getattr(error, "faults", ())} <= OWN
        told = f"{count} fault{'s' if count != 1 else ''} to mend in {'this file' if own else 'the plan'}."
        return f"{error}" if not count else f"{error}\n{told}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}." if error.filename is not None else f"{error.strerror}."
    return str(error) if kinds & MENDABLE else None


def foreign_rooms() -> str | None:
    """What is wrong when one of our packages is not ours, else None.

    Public packages called `pipelines` and `dashboard` exist; one of them in our place would break in strange ways.
    """
    home = Path(__file__).resolve().parent.parent
    for room in ROOMS:
        spec = find_spec(room)
        place = Path(spec.origin).resolve().parent.parent if spec and spec.origin else None
        if place != home:
            found = f"comes from {place}" if place else "is not there"
            return (
                f"The package `{room}` {found}, but belongs in {home}. Another package of that name is in the way: "
                f"remove it (pip uninstall {room}), or install planwatch in a virtual environment of its own (make install)."
            )
    return None
