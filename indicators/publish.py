"""Publishing: the warehouse becomes the next edition."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import polars as pl

from indicators.alerts.alerts import alerts, read_former
from indicators.alerts.late import late
from indicators.catalogue.disclosure import read_rules
from indicators.catalogue.plan import Plan
from indicators.compute import Progress, compute
from indicators.editions import edits
from indicators.editions.edition import Edition, write_edition
from indicators.protection.former import keep
from indicators.revisions.frozen import frozen_base
from indicators.revisions.past import Past, Ties, formers, read_past, remembered
from indicators.revisions.revisions import revisions, summary
from indicators.statements.notices import outgrown
from pipelines import log
from pipelines.database import Database, quoted
from pipelines.dictionary import Table
from pipelines.editrun import open_edited, with_rules
from pipelines.parts import read_manifest
from pipelines.trail import Run
from pipelines.warehouse import keep_weights, open_warehouse
from pipelines.warehouse import outgrown as warehouse_outgrown

_INPUT = ("sequence", "table", "file_sha256", "dictionary_sha256", "part_sha256", "read", "accepted", "set_aside", "replaced")


class NothingLoaded(ValueError):
    """There is nothing in the warehouse from which anything could be published."""


class NoSuchYear(ValueError):
    """A year was declared final of which nothing is published."""


class EditingMixed(ValueError):
    """An edition of raw values and one of edited values would lie in one store, and tell single values by their difference."""


def publish(
    *,
    store: Path,
    plan: Plan,
    plan_folder: Path,
    final: Collection[str] = (),
    raw: bool = False,
    today: date | None = None,
    progress: Progress | None = None,
) -> Edition:
    """The next edition under `store/editions`, after editing and disclosure control; `raw` leaves the editing out.

    `final`: years that are declared final from now on; `none` among them takes former declarations back. `today`: the day by
    which reports are late; without it the day of now.

    Raises NothingLoaded when every table is empty, PublishInProgress when another process publishes here, BaseUnreadable when
    the frozen base cannot be read, NoSuchYear for a declared year without a result, EditingMixed for a `raw` edition beside
    edited ones or the other way round.
    """
    log.ready(store, "publish")
    plan = plan.model_copy(update={"disclosure": read_rules(store)})
    base, told = frozen_base(store / "editions", plan)
    past = read_past(store / "editions", plan.identity.id)
    former, today = read_former(store / "editions", past), today or datetime.now(UTC).date()
    _refuse_mixed(store, plan, past, raw=raw)
    declared = frozenset(final) - {"none"} | (frozenset() if "none" in final else past.declared_final)
    runs: dict[str, Run] = {}
    if raw:
        warehouse = open_warehouse(store, plan.dictionary)
    else:
        warehouse, runs = open_edited(store, plan.dictionary, plan_sha256=folder_sha256(plan_folder), progress=progress)
    with warehouse:
        coverage = _coverage(plan, warehouse)
        if coverage["rows"].sum() == 0:
            raise NothingLoaded(_nothing(store, plan))
        provenance = _provenance(store, plan_folder)  # of what this warehouse holds, whatever is loaded meanwhile
        ties = Ties(base=base, formers=formers(store, past), final=declared)
        imputed = {name: run.imputed > 0 for name, run in runs.items()}
        computed = compute(plan, warehouse, progress=progress, ties=ties, edited=imputed)
        lateness = late(plan, warehouse, today)
    if not computed.results["status"].is_in(["published", "unreliable"]).any():
        empty = ", ".join(coverage.filter(pl.col("rows") == 0)["table_id"]) or "none"
        said = " ".join(notice.en for notice in computed.notices)
        raise NothingLoaded(f"Nothing can be published from what is loaded in {store}. Tables without a row: {empty}. {said}")
    if unknown := set(final) - {"none"} - set(computed.results["period"].str.slice(0, 4)):
        years = ", ".join(sorted(set(computed.results["period"].str.slice(0, 4))))
        raise NoSuchYear(f"--final {min(unknown)}: nothing is published of this year. Years with results: {years}.")
    if computed.weights is not None:
        keep_weights(store, plan.dictionary, computed.weights)
    head = log.head(store)
    provenance |= {
        "log_head": asdict(head) if head else None,  # a log that is cut off or made anew later on does not hold it
        # how many systems passed disclosure control; where one does not, nothing is published
        "audit": {"systems": len(computed.joint.guarded)} if computed.joint and plan.disclosure.active else None,
        "former": past.former,  # the newest edition that its numbers were held against
        "verdicts": former.edition if former and not former.silent else None,  # the one its verdicts were held against
        "final": sorted(declared),
        "frozen": base.provenance if base else None,
        "editing": {"raw": raw, "runs": {name: {"sequence": run.sequence, "sha256": run.hash} for name, run in runs.items()}},
    }
    grown = outgrown(plan, warehouse_outgrown(store, plan.dictionary))
    edited = edits.unedited(plan) if raw else edits.told(plan, store, runs)
    revised = revisions(plan, computed.results, past, provenance)
    fired = alerts(plan, computed.results, {**computed.details, "revisions": revised}, former, lateness, today)
    changed = edits.edits(store, runs, minimum=plan.disclosure.minimum_groups)
    edition = write_edition(
        store / "editions",
        plan=plan,
        results=computed.results,
        coverage=coverage,
        statements=computed.statements,
        details={
            **computed.details,
            "revisions": revised,
            "revision_summary": summary(plan, remembered([("", computed.results, provenance)], past)),
            "edits": changed,
            "alerts": fired.frame,
        },
        notices=(*grown, *computed.notices, *told, *past.notices, *fired.notices, *edited),
        provenance=provenance,
    )
    keep(store, edition.id, computed.joint.asked if computed.joint else ())
    log.append(store, action="publish", objects={"edition": edition.id, "edition_sha256": edition.sha256})
    return edition


def _refuse_mixed(store: Path, plan: Plan, past: Past, *, raw: bool) -> None:
    """One value of one enterprise may be all that editing changed: two numbers that differ by it give it away."""
    made = {name: told.get("editing", {}) for name, told in past.provenance.items()}
    if raw:
        others = [name for name, editing in made.items() if editing.get("runs")]
    else:
        others = [name for name, editing in made.items() if editing.get("raw") and with_rules(plan.dictionary)]
    if others:
        theirs, ours = ("edited", "raw") if raw else ("raw", "edited")
        raise EditingMixed(
            f"{store / 'editions'} holds editions made from {theirs} values: {', '.join(others)}. One made from {ours} values "
            "beside them would give values of single enterprises by difference. Load the files into another store and publish "
            "there (--dir DIR), or remove the folders of those editions first."
        )


def _nothing(store: Path, plan: Plan) -> str:
    foreign = sorted({part.table for part in read_manifest(store)} - set(plan.dictionary.tables))
    if foreign:
        held = ", ".join(foreign)
        return f"{store} holds {held}, which the plan {plan.identity.id} does not have. Name the plan with --plan DIR."
    return f"Nothing is loaded in {store}. Run `planwatch load FILE…` first, or `planwatch demo`."


def folder_sha256(folder: Path) -> str:
    """One SHA-256 over the names and bytes of every YAML file of a plan folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.yaml")):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _coverage(plan: Plan, warehouse: Database) -> pl.DataFrame:
    """Per table: raw rows, reporting units, first and last period. Counts of a whole table, never of a category."""
    parts = [warehouse.query(_coverage_statement(table)) for table in plan.dictionary.tables.values()]
    schema = pl.Schema(
        {"table_id": pl.String, "rows": pl.Int64, "units": pl.Int64, "first_period": pl.String, "last_period": pl.String}
    )
    return pl.concat([part.cast(schema) for part in parts]) if parts else pl.DataFrame(schema=schema)


def _coverage_statement(table: Table) -> str:
    source = f"main.{quoted(table.id)}"  # what was loaded, also where edited rows are read under the name of the table
    unit = quoted(table.design.unit if table.design and table.design.unit in table.columns else table.key[0])
    ends = "CAST(NULL AS VARCHAR) AS first_period, CAST(NULL AS VARCHAR) AS last_period"
    dated = table.period or next((name for name in ("as_of",) if name in table.columns), None)
    if dated:
        form = {"month": "%Y-%m", "date": "%Y-%m-%d", "timestamp": "%Y-%m-%d"}.get(table.columns[dated].type)
        first, last = f"min({quoted(dated)})", f"max({quoted(dated)})"
        ends = ", ".join(
            f"{f'strftime({e}, {form!r})' if form else f'CAST({e} AS VARCHAR)'} AS {n}"
            for e, n in ((first, "first_period"), (last, "last_period"))
        )
    return f"SELECT '{table.id}' AS table_id, count(*) AS rows, count(DISTINCT {unit}) AS units, {ends} FROM {source}"


def _provenance(store: Path, plan_folder: Path) -> dict[str, Any]:
    packages = ("planwatch", "duckdb", "polars", "numpy", "scipy")
    parts = read_manifest(store)
    return {
        # NOTE: names of files and sheets may name a respondent, so an edition knows its inputs by their hashes
        "inputs": [{name: getattr(part, name) for name in _INPUT} for part in parts],
        "synthetic": any(part.file.startswith("SYNTHETIC") for part in parts),
        "plan_sha256": folder_sha256(plan_folder),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in packages}},
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
