"""The Grafana dashboard without Grafana: each query is asked of Prometheus, must have an answer, and is drawn where its panel is."""

import json
import math
import re

import matplotlib

matplotlib.use("Agg")
import matplotlib.dates
import matplotlib.pyplot as plot

from machine import REPOSITORY

COLUMNS = 24
POINTS = 400


def value(number, unit):
    if number is None or math.isnan(number):
        return "–"
    if unit == "percentunit":
        return f"{number:.0%}"
    if unit == "bytes":
        return f"{number / 1024 ** 2:.0f} MiB"
    if unit == "s":
        for size, name in [(86400, "d"), (3600, "h"), (60, "min"), (1, "s")]:
            if abs(number) >= size:
                return f"{number / size:.3g} {name}"
        return f"{number * 1000:.3g} ms"
    return f"{number:,.4g}"


def query(expression, step):
    for name, text in [
        ("$__rate_interval", f"{max(4 * step, 4):.0f}s"), ("$__range", "1h"), ("$job", "purge-old-records"), ("$instance", ".*"),
        ("$node", ".*"),
    ]:
        expression = expression.replace(name, text)
    assert "$" not in expression, expression
    return expression


def legend(target, metric):
    text = target.get("legendFormat", "__auto")
    if text == "__auto":
        return ", ".join(f"{k}={v}" for k, v in metric.items())
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: metric.get(match[1], ""), text)


def draw_stat(axes, panel, answers, unit):
    axes.axis("off")
    axes.text(0.5, 0.45, value(float(answers[0][1][0]["value"][1]), unit), ha="center", va="center", fontsize=22)


def draw_table(axes, panel, answers, unit):
    axes.axis("off")
    rows = {}
    for index, (_, series) in enumerate(answers):
        for one in series:
            key = ", ".join(one["metric"].values())
            rows.setdefault(key, [""] * len(answers))[index] = value(float(one["value"][1]), "short")
    table = axes.table(cellText=[[key, *cells] for key, cells in rows.items()], loc="upper center", edges="horizontal")
    table.auto_set_font_size(False)
    table.set_fontsize(8)


def draw_lines(axes, panel, answers, unit):
    for target, series in answers:
        for one in series:
            times, numbers = zip(*[(float(t) / 86400, float(v)) for t, v in one["values"]])
            axes.plot(times, numbers, label=legend(target, one["metric"]), linewidth=1.2)
    axes.legend(fontsize=6, loc="best", ncols=2)
    axes.yaxis.set_major_formatter(lambda number, _: value(number, unit))


def draw_states(axes, panel, answers, unit):
    mappings = {}
    for mapping in panel["fieldConfig"]["defaults"].get("mappings", []):
        options = mapping["options"]
        if mapping["type"] == "range":
            # From one on, as the queries have it.
            mappings[float(options["from"])] = options["result"]["text"]
        else:
            mappings.update({float(number): result.get("text", number) for number, result in options.items()})
    names = []
    for target, series in answers:
        for one in series:
            values = [(float(t) / 86400, float(v)) for t, v in one["values"]]
            for (begin, number), (end, _) in zip(values, values[1:]):
                axes.barh(len(names), end - begin, left=begin, height=0.7, color=plot.cm.tab10(int(number) % 10))
            names.append(legend(target, one["metric"]))
    axes.set_yticks(range(len(names)), names, fontsize=6)
    handles = [plot.Rectangle((0, 0), 1, 1, color=plot.cm.tab10(int(n) % 10)) for n in mappings]
    axes.legend(handles, mappings.values(), fontsize=6, loc="upper right", ncols=3)


DRAW = {"stat": draw_stat, "table": draw_table, "timeseries": draw_lines, "state-timeline": draw_states}


def draw(watch, begin, end, folder):
    """One picture for each row of the dashboard. How many panels there are."""
    panels = json.load(open(f"{REPOSITORY}/deploy/grafana/purge-old-records.json"))["panels"]
    step = max(0.5, (end - begin) / POINTS)
    rows, drawn, empty = [], 0, []
    for panel in panels:
        if panel["type"] == "row":
            rows.append((panel["title"], []))
        else:
            rows[-1][1].append(panel)
    for title, members in rows:
        top = min(p["gridPos"]["y"] for p in members)
        bottom = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in members)
        figure = plot.figure(figsize=(16, 0.42 * (bottom - top) + 0.6))
        grid = figure.add_gridspec(bottom - top, COLUMNS)
        for panel in members:
            place = panel["gridPos"]
            y, x = place["y"] - top, place["x"]
            axes = figure.add_subplot(grid[y : y + place["h"] - 1, x : x + place["w"] - (1 if x + place["w"] < COLUMNS else 0)])
            axes.set_title(panel["title"], fontsize=8, loc="left")
            answers = []
            for target in panel["targets"]:
                expression = query(target["expr"], step)
                if target.get("instant"):
                    answer = watch.ask("query", query=expression, time=end)
                else:
                    answer = watch.ask("query_range", query=expression, start=begin, end=end, step=step)
                series = answer["result"]
                numbers = [v for one in series for _, v in one.get("values", [one.get("value")])]
                if not numbers or all(n == "NaN" for n in numbers):
                    empty.append(f"{panel['title']}: {expression}")
                answers.append((target, series))
            if all(series for _, series in answers):
                DRAW[panel["type"]](axes, panel, answers, panel.get("fieldConfig", {}).get("defaults", {}).get("unit"))
                drawn += 1
            if panel["type"] in ("timeseries", "state-timeline"):
                axes.set_xlim(begin / 86400, end / 86400)
                axes.xaxis.set_major_formatter(matplotlib.dates.DateFormatter("%H:%M"))
                axes.tick_params(labelsize=6)
        figure.suptitle(title, fontsize=10, x=0.02, ha="left")
        figure.tight_layout(rect=(0, 0, 1, 0.97))
        figure.savefig(f"{folder}/dashboard-{title.lower().replace(' ', '-')}.png", dpi=90)
        plot.close(figure)
    assert not empty, "these have nothing to show:\n" + "\n".join(empty)
    return drawn
