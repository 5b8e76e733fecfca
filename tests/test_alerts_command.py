"""`hotarea alerts …`, as a person types it."""

import json
from collections.abc import Iterator

import pytest
from click.testing import Result
from typer.testing import CliRunner

from hotarea.cli import app
from hotarea.domain.alert import Alert, FailedCheck
from hotarea.domain.settings import Settings
from hotarea.stages import alert
from tests.servers import Webhook, refusing, webhook


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture
def home(settings: Settings, hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("HOTAREA_HOME", str(settings.home))
    monkeypatch.setenv("HOTAREA_ALERT_URLS", hook.url)
    monkeypatch.setenv("HOTAREA_ALERT_TIMEOUT_S", "8")
    monkeypatch.setenv("COLUMNS", "160")
    return Settings.load()


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["alerts", *arguments])


def problem(settings: Settings, name: str = "validation/citations") -> None:
    findings = tuple(FailedCheck(check=f"check {n}", observed="2 rows", examples=("id 1", "id 2")) for n in range(7))
    told = Alert(problem=name, title="hotarea: citations failed", what="w", where="h", findings=findings, run_id="r1")
    alert.tell(settings, told)


def test_with_nothing_wrong_the_list_says_so(home: Settings) -> None:
    assert "none is open" in call("list").output
    assert json.loads(call("list", "--json").output) == {"open": [], "recent": [], "undelivered": []}


def test_the_list_has_what_is_open_what_was_and_what_waits(home: Settings, hook: Webhook) -> None:
    problem(home, "task/a.b")
    alert.settle(home, alert.Recovery(problem="task/a.b", what="w", where="h"))
    hook.status = 500
    problem(home)
    found = json.loads(call("list", "--json").output)
    assert [(p["problem"], p["seen"], p["closed_at"]) for p in found["open"]] == [("validation/citations", 1, None)]
    assert [p["problem"] for p in found["recent"]] == ["task/a.b"]
    assert [(n["channel"], n["attempts"]) for n in found["undelivered"]] == [("1 (json)", 1)]
    shown = call("list").output
    for words in ("validation/citations", "task/a.b", "not delivered to channel 1 (json)"):
        assert words in shown


def test_show_spells_out_every_check(home: Settings) -> None:
    problem(home)
    shown = call("show", "validation/citations").output
    assert [f"check {n}" in shown for n in range(7)] == [True] * 7
    assert "Examples: id 1; id 2" in shown


def test_show_of_a_problem_that_never_was_names_those_that_were(home: Settings) -> None:
    problem(home)
    asked = call("show", "validation/nothing")
    assert "expected one of those that there were: validation/citations" in str(asked.exception)


def test_test_says_of_each_channel_whether_it_arrived(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    good = call("test")
    assert (good.exit_code, good.stdout.strip()) == (0, "channel 1 (json): arrived")
    monkeypatch.setenv("HOTAREA_ALERT_URLS", f"{home.alert_urls[0].get_secret_value()} {refusing()}")
    bad = call("test")
    assert bad.exit_code == 1
    assert bad.stdout.splitlines() == [
        "channel 1 (json): arrived",
        "channel 2 (json): did not arrive: it cannot be reached",
    ]


def test_flush_delivers_and_says_what_still_waits(home: Settings, hook: Webhook) -> None:
    hook.status = 500
    problem(home)
    stuck = call("flush")
    assert (stuck.exit_code, "1 message waits" in stuck.stdout) == (1, True)
    hook.status = 200
    done = call("flush")
    assert (done.exit_code, done.stdout.splitlines()) == (0, ["channel 1 (json): 1 delivered", "no message waits"])
    assert call("flush").stdout.splitlines() == ["no message waits"]


def test_watch_shows_how_long_each_has_been_silent(home: Settings) -> None:
    shown = call("watch").output
    assert "no release has come yet" in shown
    assert [quiet["name"] for quiet in json.loads(call("watch", "--json").stdout)] == [
        "releases",
        "promotions",
        "online_store",
    ]
