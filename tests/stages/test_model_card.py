"""Model cards: every number on the page is the one in the evidence, and what is missing is said."""

import json
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import mlflow
import msgspec
import pytest
from typer.testing import CliRunner

from hotarea.cli import app
from hotarea.domain import records
from hotarea.domain.errors import NotReadyError
from hotarea.domain.evidence import Agreement, Interval, Rehearsal, Slice
from hotarea.domain.model_card import ModelCard, reigns, unmeasured
from hotarea.domain.settings import Settings
from hotarea.stages import gate, model_card, promote, train
from hotarea.stores import model_card_page
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder, write
from tests.conftest import PROJECT
from tests.histories import History
from tests.templates import copied


class _Tables(HTMLParser):
    """The texts of each table's cells, by the table's id."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self._table: list[list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._table = self.found.setdefault(dict(attrs).get("id") or "", [])
        elif tag == "tr" and self._table is not None:
            self._table.append([])
        elif tag in {"td", "th"} and self._table:
            self._table[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._table = None

    def handle_data(self, data: str) -> None:
        if self._table and self._table[-1]:
            self._table[-1][-1] += data.strip()


def tables(page: Path) -> dict[str, list[list[str]]]:
    parser = _Tables()
    parser.feed(page.read_text())
    return parser.found


def shown(value: float | None) -> str:
    if value is None:
        return "not measured"
    return "< 0.0001" if 0 < value < 1e-4 else f"{value:.4g}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Settings:
    """A home with a candidate that was evaluated, decided on and promoted."""
    settings = Settings.load(home=tmp_path_factory.mktemp("cards"), project=PROJECT, horizon_years=1)
    copied(empty_registry, settings)
    History(settings).publish(range(2010, 2014))
    training_id = train.run(settings, "run-1")
    folder = TrainingFolder.of(Layout(settings.home), training_id)
    rehearsal = Rehearsal(loading_s=0.1, requests=300, p50_ms=0.3, p99_ms=0.5, differing=0)  # that of a quiet machine
    write(folder.evidence, replace(folder.read_evidence(), rehearsal=rehearsal, serves=False, online_views=()))
    gate.run(settings, training_id, "run-1")
    return settings


@pytest.fixture(scope="module")
def card(home: Settings) -> ModelCard:
    return model_card.run(home)


def test_the_json_is_the_evidence_the_plan_and_the_decision(card, home):
    folder = TrainingFolder.of(Layout(home.home), card.plan.training_id)
    said = json.loads(folder.card.with_suffix(".json").read_text())
    assert msgspec.json.decode(msgspec.json.encode(card), type=ModelCard) == card
    assert said["evidence"] == json.loads(folder.evidence.read_text())
    assert said["plan"] == json.loads(folder.plan.read_text())
    assert said["decision"]["checks"] == json.loads(folder.decision.read_text())["checks"]
    assert said["data"]["dataset_sha256"] == folder.read_facts().digest
    assert len(said["origin"]["feature_service_sha256"]) == 64


def bounds(card: ModelCard, who: str, name: str) -> str:
    found = card.evidence.intervals[who].get(name)
    return f"{found.lower:.4f} to {found.upper:.4f}" if found else ""


def test_every_metric_on_the_page_is_the_evidences(card, home):
    [heading, *rows] = tables(model_card.page(home, card))["metrics"]
    names = [name.replace(" ", "_") for name in heading[1:]]
    assert {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows} == {
        who: {name: shown(values.get(name)) + bounds(card, who, name) for name in names}
        for who, values in card.evidence.metrics.items()
    }
    assert card.evidence.intervals.keys() == card.evidence.metrics.keys()
    assert set(names) == {name for values in card.evidence.metrics.values() for name in values}


def test_drift_and_importance_are_the_evidences_for_every_feature(card, home):
    [_, *rows] = tables(model_card.page(home, card))["features"]
    found = card.evidence
    assert {row[0]: (row[1], row[3], row[4]) for row in rows} == {
        name: tuple(shown(part.get(name)) for part in (found.importance, found.drift_evaluation, found.drift))
        for name in found.features
    }


def test_every_check_of_the_decision_is_on_the_page(card, home):
    [_, *rows] = tables(model_card.page(home, card))["checks"]
    assert card.decision
    assert [row[:2] for row in rows] == [[check["name"], check["verdict"]] for check in card.decision.checks]
    assert [row[4] for row in rows] == [check["reason"] for check in card.decision.checks]


def full(card: ModelCard) -> ModelCard:
    """The card as if everything had been measured."""
    evidence = replace(
        card.evidence,
        intervals={"model": {"average_precision": Interval(0.9, 0.88, 0.915)}},
        differences={
            "champion": {"average_precision": Interval(0.0123, -0.0045, 0.0301)},
            "rate_1y": {"average_precision": Interval(0.2, 0.15, 0.25), "log_loss": Interval(-0.03, -0.04, -0.02)},
        },
        slices={
            "age: under 2 years": Slice(
                900,
                90,
                {"model": {"average_precision": 0.5}, "champion": {"average_precision": 0.45}},
                Interval(0.05, 0.01, 0.09),
            ),
            "topic: <rare>": Slice(12, 1, {}),
        },
        overlap={"model": 0, "champion": 3},
        importance={name: 1 / len(card.evidence.features) for name in card.evidence.features},
        prediction_drift=0.0812,
        hindsight={"future_rate": 0.31},
        rehearsal=Rehearsal(1.5, 200, 0.42, 0.97, 0),
        serves=True,
        online_features=card.evidence.features[:1],
        agreement={"size_5y_cite_count": Agreement(400, 0.0, "2013-12-31")},
    )
    return replace(card, evidence=evidence)


def test_intervals_slices_and_rehearsal_are_the_evidences(card, tmp_path):
    whole = full(card)
    model_card_page.write(tmp_path / "card.html", whole)
    found, text = tables(tmp_path / "card.html"), (tmp_path / "card.html").read_text()
    assert found["differences"] == [
        ["rival", "average precision", "log loss"],
        ["champion", "+0.0123 [-0.0045, +0.0301]", "not measured"],
        ["rate_1y", "+0.2000 [+0.1500, +0.2500]", "-0.0300 [-0.0400, -0.0200]"],
    ]
    heading, model = found["metrics"][0], next(row for row in found["metrics"] if row[0] == "model")
    assert model[heading.index("average precision")].endswith("0.8800 to 0.9150")
    assert found["slices"][1:] == [
        ["age: under 2 years", "900", "90", "0.5", "0.45", "+0.0500 [+0.0100, +0.0900]"],
        ["topic: <rare>", "12", "1", "too small", "", ""],
    ]
    told = {row[0]: row[1] for row in found["trust"]}
    assert told["evaluation rows that were learned from"] == "model 0, champion 3"
    assert "0.42 ms at the median of all answers, 0.97 ms at the 99th" in told["in a fresh process"]
    assert "all of processor time" in told["in a fresh process"]
    assert told["documents that differ online"] == "size_5y_cite_count 0 of 400 compared at 2013-12-31"
    assert told["features that are served online"].startswith("Of the model's 16 features, 1 with 6.2% of the gain")
    assert "PSI of 0.0812" in text
    assert "topic: &lt;rare&gt;" in text
    assert "Too few documents to judge: topic: &lt;rare&gt;." in text
    assert unmeasured(whole.evidence) == []
    assert "Not measured:" not in text
    assert "<script" not in text


def test_what_was_not_measured_is_said_and_not_made_up(card, tmp_path):
    bare = replace(
        card.evidence,
        intervals={},
        differences={},
        slices={},
        overlap={},
        importance={},
        prediction_drift=None,
        hindsight={},
        rehearsal=None,
        serves=True,
        online_views=None,
        online_features=None,
        agreement={},
        metrics={},
        drift={},
    )
    model_card_page.write(tmp_path / "card.html", replace(card, evidence=bare, decision=None, reigns=()))
    text = (tmp_path / "card.html").read_text()
    assert len(unmeasured(bare)) == 11
    assert all(name in text for name in unmeasured(bare))
    assert {row[1] for row in tables(tmp_path / "card.html")["trust"]} == {"not measured"}
    assert "The gate has not decided." in text
    assert "It was never in service." in text


def test_the_registry_keeps_the_card_with_the_version(card, home, tmp_path):
    client = mlflow.MlflowClient(home.mlflow)
    version = client.get_model_version("hot_area_model", str(card.version))
    assert version.description == card.summary
    kept = mlflow.artifacts.download_artifacts(
        run_id=version.run_id, artifact_path="card", dst_path=str(tmp_path), tracking_uri=home.mlflow
    )
    assert sorted(path.name for path in Path(kept).iterdir()) == ["card.html", "card.json"]


def test_the_timeline_says_when_a_version_was_in_service():
    entries = [
        records.Champion(
            sequence=number,
            model_name="m",
            model_version=version,
            feature_service="s",
            metrics={},
            reason=f"reason {number}",
            run_id="r",
        )
        for number, version in enumerate((1, 2, 1), start=1)
    ]
    assert [(r.entry.sequence, r.until) for r in reigns(entries, 1)] == [(1, entries[1].promoted_at), (3, None)]
    assert [(r.entry.sequence, r.until) for r in reigns(entries, 2)] == [(2, entries[2].promoted_at)]
    assert reigns([], 1) == ()


def test_a_card_is_made_anew_after_a_promotion(home, card):
    with Ledger(home.ledger) as ledger:
        decision = ledger.newest(records.Decision)
    assert decision
    assert decision.reasons == []
    assert card.state == "accepted, not in service yet"
    kept = model_card.page(home, card).with_suffix(".json")
    kept.unlink()

    def state_after(*command: str) -> str:
        told = CliRunner().invoke(app, ["--home", str(home.home), *command])
        assert told.exit_code == 0, told.output
        return msgspec.json.decode(kept.read_bytes(), type=ModelCard).state

    assert state_after("gate", decision.training_id) == "accepted, not in service yet"
    assert state_after("promote", decision.training_id) == "in service"


def test_who_was_replaced_is_no_longer_in_service_on_its_card(home, card, caplog):
    """The version that came has no folder here, which keeps nobody from telling it of the other."""
    promote.run(home, card.plan.training_id, "run-2")
    with Ledger(home.ledger) as ledger:
        [first] = ledger.all(records.Champion)
        ledger.add(replace(first, sequence=2, model_version=2))

    [found] = model_card.of_reigns(home)

    assert (found.version, found.state) == (card.version, "was in service")
    assert "the card of version 2 stays as it is: hot_area_model has no version 2" in caplog.text


def test_a_persons_answer_is_what_became_of_a_candidate_that_was_held(card):
    assert card.decision
    held = replace(card, decision=replace(card.decision, verdict="hold", accepted=False), reigns=(), answers=())
    answer = records.Approval(
        training_id="t", decided_at=held.decision.decided_at, model_version=1, approved=False, by="ada", reason="no",
        run_id="r",
    )  # fmt: skip

    assert held.state == "held by the gate"
    assert replace(held, answers=(answer,)).state == "refused by ada"
    assert replace(held, answers=(replace(answer, approved=True),)).state == "approved by ada, not in service yet"


def test_the_page_shows_the_answer_to_the_last_decision_alone(card, tmp_path):
    assert card.decision
    before = records.Approval(
        training_id="t", decided_at=card.decision.decided_at - timedelta(days=1), model_version=1, approved=True,
        by="ada", reason="an earlier answer", run_id="r",
    )  # fmt: skip
    answer = replace(before, decided_at=card.decision.decided_at, approved=False, reason="the last answer")
    model_card_page.write(tmp_path / "card.html", replace(card, answers=(before, answer)))

    page = (tmp_path / "card.html").read_text()
    assert "the last answer" in page
    assert "an earlier answer" not in page


def test_the_command_says_where_the_card_is(home, card):
    told = CliRunner().invoke(app, ["--home", str(home.home), "card", str(card.version)], env={"COLUMNS": "400"})
    assert told.exit_code == 0, told.output
    assert str(model_card.page(home, card)) in told.output
    assert f"Version {card.version} of hot_area_model" in told.output


def test_an_unknown_version_is_named(home, card):
    with pytest.raises(NotReadyError, match=r"has no version 9; expected one of \[1\]"):
        model_card.run(home, 9)
