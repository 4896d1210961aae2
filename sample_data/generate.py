"""Sample files of an invented industry: `python sample_data/generate.py --enterprises N --seed S [--out DIR]`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

if __package__ in (None, ""):  # run as a program: the folder above holds the packages, this one only its modules
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import polars as pl

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from pipelines.dictionary import CodeList, Dictionary
from sample_data import answers, lists, records
from sample_data.faults import FOLDER, write_faulty
from sample_data.files import LABEL, labelled, write_csv, write_xlsx
from sample_data.industry import LAST_MONTH, YEARS, Industry, make_industry
from sample_data.mistakes import mistaken
from sample_data.sampling import reporters, with_sample
from sample_data.truth import truth

#: what the committed set in sample_data/small/ was made with
ENTERPRISES, SEED = 1500, 2025
SMALL = Path(__file__).parent / "small"
#: stands beside the files and says what they are; it is no table
ABOUT = "SYNTHETIC.json"


@dataclass(frozen=True, kw_only=True)
class Population:
    """The invented industry with every answer and the sample drawn from it."""

    industry: Industry
    frame: pl.DataFrame


def dictionary() -> Dictionary:
    """Tables and code lists of the automotive plan, which give headers and codes."""
    return load_plan(AUTOMOTIVE).dictionary


def population(enterprises: int = ENTERPRISES, seed: int = SEED, language: str = "zh") -> Population:
    """The whole population: what every enterprise would answer, and which ones were asked and did."""
    segments = dictionary().codes["segment"].codes
    groups = {code: entry.parent or "" for code, entry in segments.items()}
    industry = make_industry(enterprises, seed, language, groups)
    frame = answers.with_survey(with_sample(industry), industry)
    frame = answers.with_scores(answers.with_declarations(frame, industry), industry)
    return Population(industry=industry, frame=frame)


def tables(found: Population, codes: dict[str, CodeList]) -> dict[str, pl.DataFrame]:
    """The rows of every table of the automotive plan, under its column ids."""
    industry, frame = found.industry, found.frame
    with_projects = reporters(frame, records.PROJECT_REPORTERS, industry.stream("project reporters"))
    others = reporters(frame, records.PROJECT_REPORTERS, industry.stream("project reporters of other waves"), of_other_waves=True)
    with_orders = reporters(frame, records.ORDER_REPORTERS, industry.stream("order reporters"))
    asked = frame.filter("answered")
    return {
        "register": frame.sort("year", "enterprise_id"),
        "survey": answers.survey(frame, industry),
        "production": mistaken(records.reported(records.production(asked, industry), frame, industry), industry),
        "rd_projects": records.projects(with_projects, others, frame, industry),
        "orders": records.orders(with_orders, frame, industry),
        "price_index": lists.price_index(industry.language),
        "providers": lists.providers(industry, list(codes["provider_class"].codes), list(codes["provider_grade"].codes)),
        "assessments": answers.assessments(frame, industry),
        "declarations": answers.declarations(frame, industry),
    }


def generate(out: Path, *, enterprises: int = ENTERPRISES, seed: int = SEED, language: str = "zh") -> list[Path]:
    """The paths of the files made in `out`, linked tables first; the same arguments give the same bytes.

    Raises ValueError below 100 enterprises or for a language other than zh and en.
    """
    if language not in LABEL:
        raise ValueError(f"the language is zh or en, found {language!r}")
    plan = dictionary()
    found = population(enterprises, seed, language)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for table, rows in tables(found, plan.codes).items():
        for name, part in _split(table, rows):
            form = labelled(part, plan.tables[table], plan, language)
            paths.append(_write(form, out, name, language))
    _about(out, found, paths, language)
    return paths


def faulty(folder: Path) -> Path:
    """The path of the file with deliberate faults, made in `folder` from the committed population."""
    frame = population().frame
    silent = frame.filter(pl.col("year") == YEARS[-1], "sampled", ~pl.col("answered"))
    return write_faulty(folder, silent, dictionary().tables["survey"])


def _split(table: str, rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """The register, the survey and production come a file a year, as they would; the rest in one file."""
    if table == "production":
        return [(f"{table}_{year}", rows.filter(pl.col("month").dt.year() == year)) for year in YEARS]
    if table in ("register", "survey"):
        return [(f"{table}_{year}", rows.filter(pl.col("year") == year)) for year in YEARS]
    return [(table, rows)]


def _write(form: pl.DataFrame, out: Path, name: str, language: str) -> Path:
    """One file in the form in which such a thing arrives: an old GB18030 export, a workbook, else CSV in UTF-8."""
    stem = out / f"SYNTHETIC_{name}"
    if name == f"survey_{YEARS[-1]}":
        return write_xlsx(form, stem.with_suffix(".xlsx"), language)
    encoding = "gb18030" if name == f"survey_{YEARS[0]}" and language == "zh" else "utf-8"
    return write_csv(form, stem.with_suffix(".csv"), encoding)


def _about(out: Path, found: Population, paths: list[Path], language: str) -> None:
    """What the files are, how they were made, and the true values of the population, for checks."""
    year, month = LAST_MONTH
    values = truth(found.industry, found.frame).with_columns(pl.col("truth").round(6))
    about = {
        "label": LABEL["zh"] + " / " + LABEL["en"],
        "enterprises": found.industry.enterprises,
        "seed": found.industry.seed,
        "language": language,
        "last_month": f"{year}-{month:02d}",
        "files": [path.name for path in paths],
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in about.items()]
    rows = ",\n".join("  " + json.dumps(list(row)) for row in values.rows())
    text = "{\n" + ",\n".join(lines) + ',\n "truth": [\n' + rows + "\n ]\n}\n"
    (out / ABOUT).write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Makes sample files of an invented automotive industry. All of it is synthetic.")
    parser.add_argument("--enterprises", type=int, default=ENTERPRISES, help="population in 2025 (default %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="the same number gives the same files (default %(default)s)")
    parser.add_argument("--out", type=Path, default=Path("data") / "sample", help="folder for the files (default %(default)s)")
    parser.add_argument("--committed", action="store_true", help="make sample_data/small/ and sample_data/faulty/ anew")
    parser.add_argument("--language", choices=sorted(LABEL), default="zh", help="of headers and names (default %(default)s)")
    given = parser.parse_args(arguments)
    if given.committed:
        given = argparse.Namespace(out=SMALL, enterprises=ENTERPRISES, seed=SEED, language="zh")
        print(faulty(FOLDER))
    try:
        paths = generate(given.out, enterprises=given.enterprises, seed=given.seed, language=given.language)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    for path in paths:
        print(f"{path}  {path.stat().st_size / 1024:,.0f} KB")
    print("All enterprises, answers and records in these files are invented (合成数据).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
