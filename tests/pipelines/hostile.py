"""Workbooks written part by part, so that a test can break any of them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'

#: number formats by position of the cell style: 1 percent, 2 date, 3 Chinese year and month, 4 time
STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m"/>'
    '<numFmt numFmtId="165" formatCode="0.0%"/></numFmts><cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="165"/>'
    '<xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="20"/></cellXfs></styleSheet>'
)  # fmt: skip


def cell(place: str, value: str | float | None = None, *, kind: str = "", style: int = 0, formula: str = "") -> str:
    """One cell element; a text without a kind is written in line."""
    if isinstance(value, str) and not kind:
        return f'<c r="{place}" s="{style}" t="inlineStr"><is><t>{value}</t></is></c>'
    inner = f"<f>{formula}</f>" if formula else ""
    inner += "" if value is None else f"<v>{value}</v>"
    return f'<c r="{place}" s="{style}"' + (f' t="{kind}"' if kind else "") + f">{inner}</c>"


def sheet(rows: Mapping[int, Sequence[str]] | str, *, before: str = "", after: str = "") -> str:
    """A worksheet part of rows given as number → cell elements, or of ready XML."""
    body = rows if isinstance(rows, str) else "".join(f'<row r="{n}">{"".join(cells)}</row>' for n, cells in rows.items())
    return f'{_HEAD}<worksheet xmlns="{_MAIN}">{before}<sheetData>{body}</sheetData>{after}</worksheet>'


def parts(sheets: Sequence[tuple[str, str, str]], *, workbook: str = "", strings: Sequence[str] | None = None) -> dict[str, str]:
    """The parts of a workbook of (name, state, sheet part)."""
    entries = "".join(
        f'<sheet name="{name}" sheetId="{i}" state="{state}" r:id="rId{i}"/>' for i, (name, state, _) in enumerate(sheets, 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{i}" Type="{_REL}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in range(1, len(sheets) + 1)
    )
    root = f'<Relationship Id="rId1" Type="{_REL}/officeDocument" Target="xl/workbook.xml"/>'
    relations += f'<Relationship Id="rId98" Type="{_REL}/styles" Target="styles.xml"/>'
    found = {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}">{root}</Relationships>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_REL}">{workbook}<sheets>{entries}</sheets></workbook>',
        "xl/styles.xml": STYLES,
        **{f"xl/worksheets/sheet{i}.xml": content for i, (_, _, content) in enumerate(sheets, 1)},
    }
    if strings is not None:
        items = "".join(f"<si><t>{text}</t></si>" for text in strings)
        found["xl/sharedStrings.xml"] = f'{_HEAD}<sst xmlns="{_MAIN}">{items}</sst>'
        relations += f'<Relationship Id="rId99" Type="{_REL}/sharedStrings" Target="sharedStrings.xml"/>'
    found["xl/_rels/workbook.xml.rels"] = f'{_HEAD}<Relationships xmlns="{_PACKAGE}">{relations}</Relationships>'
    return found


def write(path: Path, content: Mapping[str, str | bytes]) -> Path:
    """The parts as a ZIP at `path`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def simple(rows: Mapping[int, Sequence[str]] | str, **more: str) -> dict[str, str]:
    """A workbook of one visible sheet."""
    return parts([("Sheet1", "visible", sheet(rows, **more))])


#: the header and one row of the table `measured` of tests/plans/bad_inputs
GOOD = {1: [cell("A1", "enterprise_id"), cell("B1", "v")], 2: [cell("A2", "E1"), cell("B2", 5)]}
