"""The catalogue: a plan folder read whole, and refused whole when anything in it does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from indicators.catalogue.plan import BreakdownFile, Case, Identity, Indicator, Plan, Reference
from indicators.catalogue.planfaults import PlanFiles, plan_faults
from indicators.catalogue.scenario import Scenario
from pipelines.dictionary import CodeList, Dictionary, Table, read_folder, table_faults
from pipelines.yamlfile import Fault, Model, PlanFaults, Text, YamlFile, read_yaml

AUTOMOTIVE = Path(__file__).parent.parent / "plans" / "automotive"

Found = TypeVar("Found", bound=Model)

#: stands for plan.yaml while the other files of a plan are checked without it
_NOTHING = Identity(id="nothing", name=Text(zh="无", en="None"), issuers=[], issued="", units={}, headline=[])


def load_plan(folder: Path | str) -> Plan:
    """The plan in `folder`. Raises PlanFaults with every fault found, each with file, line and column."""
    root = Path(folder).resolve()
    if not root.exists():
        raise _nowhere(f"no such folder: {folder}")
    if not root.is_dir():
        raise _nowhere(f"{folder} is a file; give the plan folder, which holds plan.yaml, tables/, codes/ and indicators/")
    if not (root / "plan.yaml").is_file():
        message = "there is no plan.yaml here; a plan folder holds plan.yaml, tables/, codes/ and indicators/."
        raise PlanFaults([Fault(file=str(folder), line=1, column=1, message=message)])
    faults: list[Fault] = []
    identity, identity_file = _one(root / "plan.yaml", Identity, faults)
    splits, splits_file = _one(root / "breakdowns.yaml", BreakdownFile, faults)
    tables, table_files, found_tables = read_folder("tables", Table, root)
    codes, code_files, found_codes = read_folder("codes", CodeList, root)
    indicators, indicator_files, found_indicators = read_folder("indicators", Indicator, root)
    references, reference_files, found_references = read_folder("references", Reference, root)
    cases, case_files, found_cases = read_folder("cases", Case, root)
    scenarios, scenario_files, found_scenarios = read_folder("scenarios", Scenario, root)
    faults += [*found_tables, *found_codes, *found_indicators, *found_references, *found_cases, *found_scenarios]
    read: dict[str, Mapping[str, Model]] = {
        "tables": tables,
        "codes": codes,
        "indicators": indicators,
        "references": references,
        "cases": cases,
        "scenarios": scenarios,
    }
    said = identity or _NOTHING
    dictionary = Dictionary.model_construct(tables=tables, codes=codes, missing=said.missing, custody=said.custody)
    whole = identity_file is not None and all(fault.file != identity_file.label for fault in faults)
    plan = Plan.model_construct(  # every part is validated already, or is a part with faults, which are raised below
        identity=said,
        dictionary=dictionary,
        breakdowns=splits.breakdowns if splits else {},
        crossings=splits.crossings if splits else [],
        indicators=indicators,
        references=references,
        cases=cases,
        scenarios=scenarios,
    )
    files = PlanFiles(
        identity=identity_file,
        breakdowns=splits_file,
        tables=table_files,
        codes=code_files,
        indicators=indicator_files,
        references=reference_files,
        cases=case_files,
        scenarios=scenario_files,
        unread={name: {path.stem for path in (root / name).glob("*.yaml")} - models.keys() for name, models in read.items()},
        unread_breakdowns=splits is None and (root / "breakdowns.yaml").exists(),
        faulty=frozenset(),
    )
    faults += table_faults(dictionary, table_files, files.unread, whole=whole)
    faults += plan_faults(plan, replace(files, faulty=frozenset(fault.file for fault in faults)))
    if faults:
        raise PlanFaults(faults)
    return plan


def _nowhere(message: str) -> PlanFaults:
    return PlanFaults([Fault(file="", line=1, column=1, message=message)])


def _one(path: Path, model: type[Found], faults: list[Fault]) -> tuple[Found | None, YamlFile | None]:
    """The file as a model, or what of it could be read; nothing of a file that cannot be read or does not exist."""
    if not path.exists():
        return None, None
    try:
        file = read_yaml(path, f"{path.parent.name}/{path.name}")
    except PlanFaults as error:
        faults.extend(error.faults)
        return None, None
    try:
        return file.validate(model), file
    except PlanFaults as error:
        faults.extend(error.faults)
        part = file.salvage(model, {})
        return part, file if part else None
