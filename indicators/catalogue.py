"""The catalogue: a plan folder read whole, and refused whole when anything in it does not hold."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from indicators.plan import BreakdownFile, Case, Identity, Indicator, Plan, Reference
from indicators.planfaults import PlanFiles, plan_faults
from pipelines.dictionary import CodeList, Dictionary, Table, read_folder, table_faults
from pipelines.yamlfile import Fault, Model, PlanFaults, YamlFile, read_yaml

AUTOMOTIVE = Path(__file__).parent / "plans" / "automotive"

Found = TypeVar("Found", bound=Model)


def load_plan(folder: Path | str) -> Plan:
    """The plan in `folder`. Raises PlanFaults with every fault found, each with file, line and column."""
    root = Path(folder).resolve()
    if not (root / "plan.yaml").is_file():
        message = "there is no plan.yaml here; a plan folder holds plan.yaml, tables/, codes/ and indicators/."
        raise PlanFaults([Fault(file=str(folder), line=1, column=1, message=message)])
    faults: list[Fault] = []
    identity, identity_file = _one(root / "plan.yaml", Identity, faults)
    splits: BreakdownFile | None = BreakdownFile()
    splits_file: YamlFile | None = None
    if (root / "breakdowns.yaml").is_file():
        splits, splits_file = _one(root / "breakdowns.yaml", BreakdownFile, faults)
    tables, table_files, found_tables = read_folder("tables", Table, root)
    codes, code_files, found_codes = read_folder("codes", CodeList, root)
    indicators, indicator_files, found_indicators = read_folder("indicators", Indicator, root)
    references, reference_files, found_references = read_folder("references", Reference, root)
    cases, case_files, found_cases = read_folder("cases", Case, root)
    faults += [*found_tables, *found_codes, *found_indicators, *found_references, *found_cases]
    if faults or identity is None or identity_file is None or splits is None:
        raise PlanFaults(faults)  # names cannot be checked against files that could not be read
    plan = Plan(
        identity=identity,
        dictionary=Dictionary(tables=tables, codes=codes, missing=identity.missing),
        breakdowns=splits.breakdowns,
        crossings=splits.crossings,
        indicators=indicators,
        references=references,
        cases=cases,
    )
    files = PlanFiles(
        identity=identity_file,
        breakdowns=splits_file,
        tables=table_files,
        codes=code_files,
        indicators=indicator_files,
        references=reference_files,
        cases=case_files,
    )
    faults = table_faults(plan.dictionary, table_files) or plan_faults(plan, files)
    if faults:
        raise PlanFaults(faults)
    return plan


def _one(path: Path, model: type[Found], faults: list[Fault]) -> tuple[Found | None, YamlFile | None]:
    try:
        file = read_yaml(path, f"{path.parent.name}/{path.name}")
        return file.validate(model), file
    except PlanFaults as error:
        faults.extend(error.faults)
        return None, None
