"""A publication keeps the weights it used in the store, and no weight of an enterprise in the edition."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from indicators.catalogue.catalogue import load_plan
from indicators.publish import publish
from pipelines.load import load
from pipelines.warehouse import open_warehouse

PLAN = Path(__file__).parents[1] / "broken_plans" / "good"
#: a stratum of 12, of which seven answered, and one of 3, all of which did
UNITS = [f"S{i:02}" for i in range(12)] + [f"L{i}" for i in range(3)]
ANSWERED = [unit for unit in UNITS if unit.startswith("L") or int(unit[1:]) < 7]


def load_all(store: Path, folder: Path, *, tools: str) -> None:
    plan = load_plan(PLAN)
    firms = [f"{unit},2025,cars,{unit[0]},{12 if unit[0] == 'S' else 3}" for unit in UNITS]
    answers = [f"{unit},2025,{tools[i % len(tools)]},4,2,10.5,2025-06-01" for i, unit in enumerate(ANSWERED)]
    files = {
        "firms": ["firm,year,branch,layer,layer_size", *firms],
        "answers": ["firm,year,tools,steps,done,sales,sent", *answers],
    }
    for name, lines in files.items():
        path = folder / f"{name}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        (report,) = load([(name, path)], store=store, dictionary=plan.dictionary)
        assert report.refused is None and report.set_aside == 0, report


@pytest.fixture
def store(tmp_path: Path) -> Path:
    load_all(tmp_path / "store", tmp_path, tools="yyn")
    return tmp_path / "store"


def test_the_weights_of_an_edition_can_be_looked_up(store: Path) -> None:
    plan = load_plan(PLAN)
    with closing(publish(store=store, plan=plan, plan_folder=PLAN)) as edition:
        (version,) = edition.query("SELECT DISTINCT version FROM weighting")["version"]
        value = edition.query("SELECT value FROM results WHERE indicator = 'rate' AND breakdown = 'total'").item()
    with open_warehouse(store, plan.dictionary) as warehouse:
        found = warehouse.query(f"SELECT * FROM weights WHERE version = '{version}' AND question = 'answers: rate'")
        answers = warehouse.query("SELECT firm, tools FROM answers")
    joined = found.join(answers, left_on="unit", right_on="firm")
    assert joined.height == len(ANSWERED)
    assert dict(found.select("stratum", "weight").unique().rows()) == {"S": pytest.approx(12 / 7), "L": 1.0}
    assert (joined["weight"] * joined["tools"]).sum() / joined["weight"].sum() == pytest.approx(value, rel=1e-12)


def test_equal_weights_are_one_part_and_others_another(store: Path, tmp_path: Path) -> None:
    plan = load_plan(PLAN)
    (store / "disclosure.yaml").write_text("differences: accept\n", encoding="utf-8")  # one enterprise comes late
    for _ in range(2):
        publish(store=store, plan=plan, plan_folder=PLAN).close()
    assert len(list((store / "weights").iterdir())) == 1
    load_all(store, tmp_path, tools="n")  # other answers of the same enterprises: the same weights
    publish(store=store, plan=plan, plan_folder=PLAN).close()
    assert len(list((store / "weights").iterdir())) == 1
    gone = tmp_path / "more.csv"
    gone.write_text("firm,year,tools,steps,done,sales,sent\nS08,2025,y,4,2,10.5,2025-06-01\n", encoding="utf-8")
    load([("answers", gone)], store=store, dictionary=plan.dictionary)
    publish(store=store, plan=plan, plan_folder=PLAN).close()
    assert len(list((store / "weights").iterdir())) == 2


def test_no_weight_of_an_enterprise_enters_an_edition(store: Path) -> None:
    plan = load_plan(PLAN)
    with closing(publish(store=store, plan=plan, plan_folder=PLAN)) as edition:
        tables = edition.query("SELECT table_name FROM information_schema.tables")["table_name"].to_list()
        assert "weights" not in tables
        for name in tables:
            frame = edition.query(f'SELECT * FROM "{name}"').select(pl.selectors.string())
            assert not any(frame[column].is_in(UNITS).any() for column in frame.columns), name
