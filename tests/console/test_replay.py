"""What `hotarea replay` prints, of a made-up history, on a terminal of 80 columns."""

from rich.console import Console

from hotarea.console import replay
from tests.domain.test_replay import STEPS, made


def shown() -> list[str]:
    console = Console(record=True, width=80)
    replay.show(console, made())
    return [line.rstrip() for line in console.export_text().splitlines()]


def row(name: str) -> list[str]:
    return next(line.split() for line in shown() if line.strip().startswith(name))


def test_the_timeline_says_in_one_line_who_came_who_served_and_why():
    assert row("2012-12-31") == ["2012-12-31", "v2", "refused", "rate_1y", "0.500", "beats", "rate_1y"]
    assert row("2013-12-31") == ["2013-12-31", "v3", "promoted", "v3", "0.600"]
    assert row("2016-12-31") == ["2016-12-31", "v5", "in", "words"]
    assert "drift (alarm): features" in " ".join(" ".join(shown()).split())


def test_tables_fit_eighty_columns_and_titles_stand_in_one_line():
    lines = shown()
    tables = lines[: next(place for place, line in enumerate(lines) if line.startswith("The gate promoted"))]
    assert max(map(len, tables)) <= 80
    assert "Replay of made up <b> (synthetic, 2010 to 2016)" in lines
    assert "How fast a model goes stale: its average precision by years since training" in lines


def test_policies_and_ages_stand_beside_each_other():
    assert row("gated") == ["gated", "2", "0.5500", "0.4500", "0.0500"]
    assert row("v3 served") == ["v3", "served", "2013-12-31", "0.600", "0.600"]
    assert row("per a new one's")[-4:] == ["100.0%", "79.6%", "61.5%", "50.0%"]


def test_a_step_that_is_over_is_one_line():
    assert replay.line(STEPS[1]) == "2011-12-31  v1 refused  rate_1y    1.0 s  beats rate_1y, drift: a, drift: b"
    assert replay.line(STEPS[-1]) == "2016-12-31  –           v5         1.0 s  in words"
