"""How fast the app is, in a real browser and for 20 visitors at once, as ratios to an empty Streamlit app in the same run.

`make bench-app` prints one line a figure with its goal. The edition has 871,000 rows. Nothing is asserted: times are not tests.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import websockets
from playwright.sync_api import Browser, Page, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard.serve import SETTINGS, command, service
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan
from tests.dashboard.conftest import chromium
from tests.dashboard.plausible import write_plausible
from tests.dashboard.serving import free_port, running

ROWS = 871_000
EMPTY = """
import streamlit as st
chosen = st.selectbox("Choice", ["first", "second", "third", "fourth"], key="choice")
st.title(f"Empty {chosen}")
"""
#: what visitors look at: every page, and choices on them
VIEWS = (
    "page=overview",
    "page=target&indicator=rd_tool_rate",
    "page=target&indicator=labour_productivity_change",
    "page=who&indicator=nc_rate",
    "page=explore&indicator=nc_rate&breakdown=segment,size_class&period=2026",
    "page=explore&indicator=labour_productivity&breakdown=province",
    "page=actions",
    "page=data",
    "page=reports",
)
#: the last moment at which the page changed, and the moment at which a choice was made, in milliseconds of the page's clock
CLOCK = """
(() => {
  window.lastChange = 0; window.chosenAt = 0;
  new MutationObserver(() => { window.lastChange = performance.now(); })
    .observe(document, {subtree: true, childList: true, characterData: true, attributes: true});
  addEventListener('keydown', event => { if (event.key === 'Enter') window.chosenAt = performance.now(); }, true);
})()
"""
IDLE = """
!document.querySelector('[data-testid=stSkeleton]') && document.fonts.status === 'loaded' && document.querySelector('h1')
  && !document.querySelector('[data-testid=stApp][data-test-script-state=running]') && performance.now() - lastChange > 600
"""


def rows(plan: Plan, count: int) -> list[dict[str, Any]]:
    """Months of a fine crossing of every indicator that fill the table of results; what the pages show lies among them."""
    codes = product(plan.categories("province"), plan.categories("segment"), plan.categories("size_class"))
    periods = [f"{year}-{month:02d}" for year in range(2024, 2027) for month in range(1, 13)]
    names = list(plan.indicators)
    keys = product(names, periods, [",".join(code) for code in codes])
    drawn = random.Random(7)
    return [
        {
            "indicator": name, "period": period, "breakdown": "province,segment,size_class", "category": code,
            "value": (value := drawn.uniform(20, 80)), "se": 1.0, "low": value - 2, "high": value + 2, "n": 40,
            "quality": "A", "status": "published", "release": "final",
        }
        for _, (name, period, code) in zip(range(count), keys, strict=False)
    ]  # fmt: skip


def edition(store: Path) -> int:
    """Writes the edition; how many rows its results have."""
    plan = load_plan(AUTOMOTIVE)
    small = write_plausible(store / "small", plan)
    own = small.query("SELECT count(*) FROM results").item()
    small.close()
    large = write_plausible(store / "editions", plan, more=rows(plan, ROWS - own))
    found = int(large.query("SELECT count(*) FROM results").item())
    large.close()
    return found


@contextmanager
def app(program: Sequence[str], port: int, times: Path) -> Iterator[str]:
    """The address of an app while it runs, with the clock of tests/timed.py, which writes to `times`."""
    address = f"http://127.0.0.1:{port}"
    timed = ["env", f"PLANWATCH_TIMES={times}", program[0], "-m", "tests.timed", *program[3:]]
    with running(timed, f"{address}/_stcore/health", times.with_suffix(".log")):
        yield address


def empty(folder: Path, port: int) -> list[str]:
    """Streamlit with the same settings and nothing to show."""
    script = folder / "empty.py"
    script.write_text(EMPTY, encoding="utf-8")
    options = [f"--{name}={value}" for name, value in {**SETTINGS, "server.address": "127.0.0.1", "server.port": port}.items()]
    return [sys.executable, "-m", "streamlit", "run", str(script), *options]


def settled(page: Page) -> float:
    """Waits until nothing changes any more; the moment of the last change."""
    end = time.monotonic() + 30
    while not page.evaluate(IDLE):
        if time.monotonic() > end:
            raise TimeoutError("the page does not come to rest")
        page.wait_for_timeout(50)
    return float(page.evaluate("lastChange"))


def opened(browser: Browser, address: str) -> tuple[Page, float]:
    """A page in a browser that has never been there, and the milliseconds until it stood."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN", reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(CLOCK)
    page.goto(address)
    return page, settled(page)


def first_pages(browser: Browser, address: str, times: int) -> list[float]:
    found = []
    for _ in range(times):
        page, took = opened(browser, address)
        found.append(took)
        page.context.close()
    return found


def choices(page: Page, box: str, told: Sequence[str]) -> list[float]:
    """Milliseconds from each choice in a select box until the page stood again."""
    found = []
    for text in told:
        field = page.locator(box).get_by_role("combobox")
        field.click()
        page.keyboard.type(text)
        page.wait_for_timeout(150)
        page.keyboard.press("Enter")
        page.wait_for_timeout(100)
        found.append(settled(page) - float(page.evaluate("chosenAt")))
    return found


async def visitor(address: str, views: Sequence[str], think: Callable[[], float], told: list[float]) -> None:
    """One person at the socket of the app: asks for views one after the other; milliseconds until each run was finished."""
    with urllib.request.urlopen(address) as answer:
        cookie = (answer.headers.get("set-cookie") or "").partition(";")[0]
    stream = address.replace("http", "ws") + "/_stcore/stream"
    headers = {"Cookie": cookie} if cookie else {}
    async with websockets.connect(
        stream, subprotocols=[websockets.Subprotocol("streamlit")], origin=address, additional_headers=headers, max_size=None
    ) as socket:
        for place, view in enumerate(views):
            await asyncio.sleep(think() if place else random.random())
            message = BackMsg()
            message.rerun_script.query_string = view
            begun = time.perf_counter()
            await socket.send(message.SerializeToString())
            while True:
                answered = ForwardMsg()
                answered.ParseFromString(await socket.recv())
                kind = answered.WhichOneof("type")
                if kind == "script_finished":
                    break
            told.append((time.perf_counter() - begun) * 1000)


def alone(address: str, times: Path, views: Sequence[str], rounds: int) -> list[float]:
    """Milliseconds that the script ran, by the clock of the server, of one visitor after every view was seen once."""
    asyncio.run(visitor(address, views, lambda: 0.0, []))
    times.write_text("")
    asyncio.run(visitor(address, [*views] * rounds, lambda: 0.0, []))
    time.sleep(0.5)  # the clock stops after what the visitor waits for
    return [float(line) for line in times.read_text().split()]


def crowd(address: str, views: Sequence[str], people: int, each: int) -> list[float]:
    """Milliseconds a run while many visitors look around, who think two to six seconds between two views."""
    found: list[float] = []
    drawn = random.Random(11)

    async def all_of_them() -> None:
        walks = [[drawn.choice(views) for _ in range(each)] for _ in range(people)]
        await asyncio.gather(*(visitor(address, walk, lambda: drawn.uniform(2, 6), found) for walk in walks))

    asyncio.run(all_of_them())
    return found


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def line(what: str, ours: float, floor: float | None, goal: str) -> None:
    ratio = f"{ours / floor:5.2f} ×  (empty {floor:7.1f} ms)" if floor else " " * 30
    print(f"{what:<58} {ours:8.1f} ms  {ratio}   goal {goal}", flush=True)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--times", type=int, default=7, help="how often a page is opened and a choice made")
    asked.add_argument("--people", type=int, default=20)
    given = asked.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        count = edition(folder / "store")
        print(f"edition of {count:,} rows", flush=True)
        ports = free_port(), free_port()
        planwatch = command(service(folder / "store", ports[0], address="127.0.0.1"))
        ours = stack.enter_context(app(planwatch, ports[0], folder / "ours.times"))
        floor = stack.enter_context(app(empty(folder, ports[1]), ports[1], folder / "floor.times"))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            first_pages(browser, ours, 1)
            first_pages(browser, floor, 1)
            pairs = [(first_pages(browser, ours, 1)[0], first_pages(browser, floor, 1)[0]) for _ in range(given.times)]
            line("first page, cold browser", *(statistics.median(one) for one in zip(*pairs, strict=True)), "≤ 2.5 ×")
            mine, _ = opened(browser, f"{ours}/?lang=zh&page=explore&indicator=nc_rate")
            other, _ = opened(browser, floor)
            names = ["省份", "企业规模", "行业小类", "区域"]
            told = [names[place % len(names)] for place in range(given.times + 1)]
            changed = choices(mine, ".st-key-choice_breakdown", told)[1:]
            bare = choices(other, ".st-key-choice", [("second", "third")[place % 2] for place in range(given.times + 1)])[1:]
            line("filter change on Explore", statistics.median(changed), statistics.median(bare), "≤ 2 ×")
            browser.close()
        line("server, the empty app", statistics.median(alone(floor, folder / "floor.times", [""], 30)), None, "–")
        for view in VIEWS:
            took = statistics.median(alone(ours, folder / "ours.times", [f"lang=zh&{view}"], 15))
            line(f"server, a rerun of {view}"[:58], took, None, "≤ 25 ms")
        together = crowd(ours, [f"lang=zh&{one}" for one in VIEWS], given.people, 12)
        apart = crowd(floor, [""], given.people, 12)
        line(f"{given.people} visitors, 95th percentile", percentile(together, 0.95), percentile(apart, 0.95), "≤ 3 ×")


if __name__ == "__main__":
    try:
        main()
    except subprocess.SubprocessError as error:
        sys.exit(str(error))
