"""A broken release, run for real: it stops where it is judged and is told once; its repair is told once."""

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hotarea.console.airflow import environment
from hotarea.domain.records import Champion, FeatureSet, Materialization, Problem, Release, Validation
from hotarea.domain.settings import Settings
from hotarea.domain.training import MODEL_NAME, Recipe, fit, save
from hotarea.stages import features, ingest, materialize, promote, report_links
from hotarea.stores import registry
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests.conftest import PROJECT
from tests.faults import deliver, work
from tests.servers import Mailbox, Webhook, mail_server, webhook
from tests.templates import copied

pytestmark = pytest.mark.airflow

PER_YEAR = 40
CONF: dict[str, Any] = {}
SUBJECT = "hotarea: citations 2013-12-31 failed validation"


def delivery(folder: Path, last: int, *, lost: bool = False) -> Path:
    """Write yearly releases from 2010 on, of works that cite the five before; the last one may have lost those."""
    lines: dict[str, list[bytes]] = {}
    for n in range(1, (last - 2009) * PER_YEAR + 1):
        year = 2010 + (n - 1) // PER_YEAR
        before = range(90_000 + n, 90_005 + n) if lost and year == last else range(max(1, n - 5), n)
        published = date(year, 1 + 12 * ((n - 1) % PER_YEAR) // PER_YEAR, 15)
        lines.setdefault(f"{year}-12-31", []).append(json.dumps(work(n, published, before)).encode())
    shutil.rmtree(folder, ignore_errors=True)
    return deliver(folder, lines)


@dataclass(frozen=True)
class State:
    """What must not change: who is champion, what is published, and every row of the online store."""

    champions: list[Champion]
    alias: int | None
    releases: list[str]
    features: list[FeatureSet]
    writes: list[Materialization]
    online: dict[str, str]

    @classmethod
    def of(cls, settings: Settings) -> "State":
        with Ledger(settings.ledger) as ledger:
            return cls(
                champions=ledger.all(Champion),
                alias=registry.champion(settings),
                releases=[r.release_id for r in ledger.all(Release)],
                features=ledger.all(FeatureSet),
                writes=ledger.all(Materialization),
                online={file.name: dump(file) for file in Layout(settings.home).feature_repo.glob("online*.db")},
            )


def dump(file: Path) -> str:
    connection = sqlite3.connect(file)
    rows = "\n".join(connection.iterdump())
    connection.close()
    return rows


@dataclass(frozen=True)
class Story:
    """What happened: the runs of a good home with a broken release, the same again, and with a repaired one."""

    settings: Settings
    before: State
    after: State
    broken: dict[str, Any]
    again: dict[str, Any]
    repaired: dict[str, Any]
    told_of_broken: tuple[list[str], list[str]]  # at the webhook and by mail
    hook: Webhook
    box: Mailbox


@pytest.fixture(scope="module")
def story(
    tmp_path_factory: pytest.TempPathFactory,
    empty_registry: Path,
    airflow_database: Callable[[Mapping[str, str]], None],
) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("broken-release")
    with webhook() as hook, mail_server() as box:
        settings = good_home(folder, empty_registry)
        variables = {**environment(settings), "HOTAREA_ALERT_URLS": f"{hook.url} {box.url}"}
        airflow_database(variables)
        assert settings.raw is not None
        before = State.of(settings)
        delivery(settings.raw, 2013, lost=True)
        broken, again = run(variables, folder, ["ingest_releases", "ingest_releases"])
        after, told = State.of(settings), (list(hook.titles), list(box.titles))
        delivery(settings.raw, 2013)
        (repaired,) = run(variables, folder, ["ingest_releases"])
        yield Story(settings, before, after, broken, again, repaired, told, hook, box)


def good_home(folder: Path, empty_registry: Path) -> Settings:
    """Return a home with three good releases, a champion, and features served online."""
    settings = Settings.load(home=folder / "home", project=PROJECT, raw=delivery(folder / "raw", 2012))
    copied(empty_registry, settings)
    ingest.run(settings, "before")
    features.run(settings, "before")
    materialize.run(settings, "before")
    values = np.random.default_rng(1).random((50, 2))
    model = save(fit(values, values[:, 0] > 0.8, ("a", "b"), Recipe(rounds=1, nthread=1), seed=1), folder / "m.ubj")
    version = registry.register(settings, "t1", model, {}, {})
    given = {"feature_service": "hot_area_model_v1", "metrics": {}, "reason": "the first", "run_id": "before"}
    with Ledger(settings.ledger) as ledger:
        promote.enthrone(settings, ledger, Champion(sequence=1, model_name=MODEL_NAME, model_version=version, **given))
    return settings


def run(variables: dict[str, str], folder: Path, dag_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Run DAGs one after another in an Airflow of their own; return their states and results."""
    output = folder / "runs.json"
    program = [sys.executable, Path(__file__).with_name("run_dag.py"), PROJECT / "dags"]
    wanted = json.dumps([(dag_id, CONF) for dag_id in dag_ids])
    ended = subprocess.run([*program, wanted, output], env=variables, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found: list[dict[str, Any]] = json.loads(output.read_text())
    return found


def test_the_run_is_red_where_the_data_is_judged_and_goes_no_further(story: Story) -> None:
    assert story.broken["state"] == "failed"
    assert story.broken["tasks"] == {
        "plan": "success",
        "ingest_works": "success",
        "validate": "failed",
        "publish": "upstream_failed",
    }
    assert story.broken["tries"]["validate"] == 1


def test_champion_online_store_and_all_that_is_published_are_untouched(story: Story) -> None:
    assert [c.model_version for c in story.before.champions] == [1]
    assert story.before.alias == 1
    assert story.before.writes
    assert any("INSERT" in rows for rows in story.before.online.values())
    assert story.after == story.before


def test_exactly_one_alert_arrives_on_each_channel_even_if_it_is_tried_again(story: Story) -> None:
    assert story.again["tasks"]["validate"] == "failed"
    assert story.told_of_broken == ([SUBJECT], [SUBJECT])


def test_the_alert_alone_tells_what_to_do(story: Story) -> None:
    with Ledger(story.settings.ledger) as ledger:
        failed = [v for v in ledger.all(Validation) if not v.success]
    first = min(failed, key=lambda v: v.validated_at)
    lines = story.hook.bodies[0]["message"].splitlines()
    assert "citations 2013-12-31 was rejected; the data in service stays as it was." in lines
    assert "Where: dataset citations, release 2013-12-31" in lines
    assert "Slice: dangles of 2013-12-31" in lines
    assert f"Report: {report_links.address(story.settings, first.report)}" in lines
    assert f"Run: {first.run_id}" in lines
    assert "Look closer: hotarea alerts show validation/citations" in lines
    (examples,) = {line for line in lines if line.startswith("Examples: ")}
    assert examples.count("citing_id") == 3
    for label in ("Check: ", "Expected: ", "Observed: "):
        assert any(line.startswith(label) for line in lines)


def test_the_task_leads_to_the_page_of_what_failed(story: Story) -> None:
    link = story.broken["links"]["validate"]
    page = Layout(story.settings.home).reports / link.split("/hotarea/reports/")[1]
    assert "dangles" in page.read_text()
    assert link.startswith(f"{story.settings.airflow}/hotarea/reports/validations/citations/2013-12-31/")


def test_a_repaired_release_is_published_and_one_recovery_is_told(story: Story) -> None:
    assert set(story.repaired["tasks"].values()) == {"success"}
    assert State.of(story.settings).releases[-1] == "2013-12-31"
    recovered = "hotarea: recovered: citations 2013-12-31 failed validation"
    assert story.hook.titles == story.box.titles == [SUBJECT, recovered]
    assert "seen 2 times" in story.hook.bodies[1]["message"]


def test_no_problem_is_left_open(story: Story) -> None:
    with Ledger(story.settings.ledger) as ledger:
        assert [(p.problem, p.closed_at is None) for p in ledger.all(Problem)] == [("validation/citations", False)]


def test_what_tasks_leave_with_airflow_holds_no_address_of_a_channel(story: Story) -> None:
    assert "s3cr3t" not in dump(Layout(story.settings.home).airflow / "airflow.db")
