"""What a reader of a played scenario should know: what is held as it is, and that it is no forecast."""

from __future__ import annotations

import polars as pl

from indicators.catalogue.scenariofaults import named
from indicators.scenarios.moved import best_fifth
from indicators.scenarios.played import Standing
from indicators.scenarios.stage import Stage
from pipelines.yamlfile import Text

_SCENARIO = Text(zh="这是情景推算，不是预测。", en="This is a scenario, not a forecast.")
_SHARES = {
    "linear": Text(zh="各类别占总体的份额保持不变。", en="The shares of the categories in the whole are held as they are."),
    "log": Text(zh="各类别的构成保持基年不变。", en="The mix of the categories is held as in the base year."),
}
_ERROR = Text(
    zh="区间和概率只反映抽样误差，情景中的水平和速度视为给定。",
    en="Interval and probabilities tell of sampling error alone; levels and paces of the scenario are taken as given.",
)


def remarks(at: Stage, parts: pl.DataFrame, after: Standing) -> tuple[Text, ...]:
    """Notes in both languages, the most general first."""
    return (
        _SCENARIO,
        _SHARES["log" if (parts["scale"] == "log").all() else "linear"],
        *([_ERROR] if after.low is not None else []),
        *_until(at),
        *_fifths(at),
        *_categories(parts),
        *_judged(at, after),
    )


def _until(at: Stage) -> list[Text]:
    if not at.scenario.paced:
        return []
    year, now = at.target.year, at.period
    return [
        Text(
            zh=f"速度保持到{year}年底，数值按该年末判定；未调整的类别保持{now}年的水平。",
            en=f"Paces are kept until the end of {year}, and the number is judged there; what does not move stays as in {now}.",
        )
    ]


def _fifths(at: Stage) -> list[Text]:
    """Of how many categories the best fifth was taken."""
    found = []
    for i, move in enumerate(at.scenario.moves):
        if move.to == "best_fifth":
            names = [move.among] if move.among else list(named(move, at.target))
            called = [at.plan.breakdowns[name].name for name in names]
            zh, en = "×".join(name.zh for name in called), " × ".join(name.en for name in called)
            _, count = best_fifth(at, i, move)
            best = -(-count // 5)
            found.append(
                Text(
                    zh=f"前20%：按{zh}可靠公布的{count}个类别中，居前的{best}个都达到的水平。",
                    en=f"The best fifth: a level that the best {best} of {count} published, reliable categories of {en} reach.",
                )
            )
    return list(dict.fromkeys(found))


def _categories(parts: pl.DataFrame) -> list[Text]:
    how = parts["how"].to_list()
    kept, limited = how.count("kept"), how.count("limited")
    found = []
    if kept:
        zh, en = f"{kept}个类别已优于该水平，保持不变。", f"Categories that are better already stay as they are: {kept}."
        found.append(Text(zh=zh, en=en))
    if limited:
        zh, en = f"{limited}个类别到达0或1的界限为止。", f"Categories that stop at the limit of a share, 0 or 1: {limited}."
        found.append(Text(zh=zh, en=en))
    return found


def _judged(at: Stage, after: Standing) -> list[Text]:
    found = []
    if at.target.sensitivity:
        zh = "只调整了主要方法的数值，未与其他公认方法对照。"
        found.append(
            Text(zh=zh, en="Only the number by the headline method was moved; it is not held against other accepted methods.")
        )
    if after.gap == 0 and bool(at.held["strict"][0]):
        zh = "数值恰好等于目标值，而目标要求严格超过，因此没有达到。"
        found.append(
            Text(zh=zh, en="The number equals the threshold, and the target asks for more than that, so it is not reached.")
        )
    return found
