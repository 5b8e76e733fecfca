"""Rollback moves champion, feature service and online predictions together, and back again."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotarea.cli import app
from hotarea.domain import records
from hotarea.domain.errors import DefinitionError, GateError, NotReadyError
from hotarea.domain.model_features import FEATURE_SERVICE
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import audit, binding, materialize, rollback, score, train
from hotarea.stores import definitions, feature_store, registry
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests.champions import DOCUMENTS, METRICS, decide, promoted, timeline
from tests.conftest import Published
from tests.histories import History, end
from tests.templates import copied


@pytest.fixture
def home(three_versions: Path, settings: Settings) -> Settings:
    return copied(three_versions, settings)


def served(settings: Settings, ids=DOCUMENTS) -> list[tuple[object, object]]:
    """Return score and model version of each document, as applications are answered."""
    found = feature_store.online(settings, "document_area_v1", list(ids))
    return list(zip(found["hot_area_score"], found["model_version"], strict=True))


def predicted(version: int) -> list[tuple[float, int]]:
    return [((i + version) % 10 / 10, version) for i in DOCUMENTS]


def back(settings: Settings, run_id: str = "rollback", reason: str = "wrong topics", version: int | None = None):
    return rollback.run(settings, run_id, reason, version, "ada")


def test_a_rollback_puts_the_champion_before_in_service_and_says_why_and_who(home):
    promoted(home, 1, 2)

    champion = back(home, reason="  wrong topics ")

    assert (champion.model_version, champion.metrics, champion.kind) == (1, METRICS, records.ROLLED_BACK)
    assert champion.reason == "rolled back from version 2: wrong topics"
    assert (champion.approved_by, champion.training_id) == ("ada", "t1")
    assert (registry.champion(home), timeline(home)) == (1, [1, 2, 1])


@pytest.mark.parametrize("name", ["gate", "Nobody"])
def test_a_name_that_stands_for_no_person_rolls_nothing_back(home, name):
    promoted(home, 1, 2)

    with pytest.raises(GateError, match=f"'{name}' is no person's name"):
        rollback.run(home, "rollback", "wrong topics", by=name)
    assert timeline(home) == [1, 2]


def test_online_predictions_move_with_it_and_back_again(home):
    promoted(home, 1, 2)
    materialize.run(home, "online", views=[score.VIEW])
    assert served(home) == predicted(2)

    back(home, "a")
    assert served(home) == predicted(1)

    back(home, "b", "forth again", version=2)
    assert served(home) == predicted(2)
    assert (registry.champion(home), timeline(home)) == (2, [1, 2, 1, 2])


def test_rollbacks_go_further_back(home):
    promoted(home, 1, 2, 3)

    assert back(home, "a").model_version == 2
    assert back(home, "b").model_version == 1
    with pytest.raises(GateError, match="no champion before this one"):
        back(home, "c")


def test_a_rollback_that_is_repeated_changes_nothing(home):
    promoted(home, 1, 2, 3)

    first = back(home, "same")

    assert back(home, "same") == first
    assert timeline(home) == [1, 2, 3, 2]


def test_a_rollback_after_which_the_registry_was_not_reached_is_mended(home):
    promoted(home, 1, 2)
    back(home, "same")
    registry.crown(home, 2)

    back(home, "same")

    assert registry.champion(home) == 1


def test_a_rollback_that_was_interrupted_before_the_online_store_is_gone_on_with(home, monkeypatch):
    promoted(home, 1, 2)
    materialize.run(home, "online", views=[score.VIEW])
    file = killed(home, monkeypatch)
    assert (timeline(home), served(home)) == ([1, 2, 1], predicted(2))

    rollback.move(home, file)

    assert (timeline(home), served(home)) == ([1, 2, 1], predicted(1))


def killed(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Roll back, and be killed before anything is written online; return the file of the move."""
    file = rollback.prepare(home, "same", "wrong topics", None, "ada")
    with monkeypatch.context() as broken:
        broken.setattr(materialize, "run", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            rollback.move(home, file)
    return file


def test_a_command_that_was_killed_and_is_given_again_goes_one_step_back_and_says_so(home, monkeypatch):
    """Each command is a run of its own, so that its id does not tell that it is the same rollback."""
    promoted(home, 1, 2, 3)
    materialize.run(home, "online", views=[score.VIEW])
    killed(home, monkeypatch)
    command = ["--home", str(home.home), "rollback"]

    dry = CliRunner().invoke(app, [*command, "--dry-run"])
    again = CliRunner().invoke(app, [*command, "--reason", "wrong topics", "--json"])

    assert dry.output.startswith("finishes the rollback to version 2 of ")
    assert again.exit_code == 0, again.output
    assert "which was interrupted (rolled back from version 3: wrong topics)" in again.stderr
    assert "to go further back, name a version" in again.stderr
    assert json.loads(again.stdout)["run_id"] == "same"
    assert (timeline(home), served(home)) == ([1, 2, 3, 2], predicted(2))
    assert back(home, "next").model_version == 1  # it is finished, so the next goes further


def test_one_that_was_killed_before_the_last_comparison_is_finished_too(home, monkeypatch):
    promoted(home, 1, 2, 3)
    with monkeypatch.context() as broken:
        broken.setattr(audit, "run", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            back(home, "killed")

    assert back(home, "again").run_id == "killed"
    assert (timeline(home), served(home)) == ([1, 2, 3, 2], predicted(2))
    assert back(home, "next").model_version == 1


def test_who_names_a_version_is_rolled_back_to_it_whatever_was_interrupted(home, monkeypatch, caplog):
    promoted(home, 1, 2, 3)
    materialize.run(home, "online", views=[score.VIEW])
    killed(home, monkeypatch)

    with caplog.at_level("INFO"):
        assert back(home, "named", version=1).model_version == 1

    assert (timeline(home), served(home)) == ([1, 2, 3, 2, 1], predicted(1))
    assert "finishes the rollback" not in caplog.text


@pytest.mark.parametrize(
    ("versions", "version", "reason", "said"),
    [
        ((), None, "why", "no champion before this one"),
        ((1,), None, "why", "no champion before this one"),
        ((1, 2), 3, "why", r"version 3 was never champion; expected one of \[1, 2\]"),
        ((), 1, "why", "version 1 was never champion; expected one of none yet"),
        ((1, 2), 2, "why", "version 2 is in service already"),
        ((1, 2), None, "  ", "a rollback needs a reason"),
    ],
)
def test_rollbacks_that_are_refused(home, versions, version, reason, said):
    promoted(home, *versions)

    with pytest.raises(GateError, match=said):
        back(home, "rollback", reason, version)
    assert timeline(home) == list(versions)


def test_a_promotion_after_the_decision_to_roll_back_is_not_undone(home):
    promoted(home, 1, 2)
    file = rollback.prepare(home, "late", "version 2 is wrong", None, "ada")
    decide(home, 3, against=2)
    Published(home).champion(3)

    with pytest.raises(GateError, match="the champion changed meanwhile"):
        rollback.move(home, file)
    assert timeline(home) == [1, 2, 3]


def test_a_cutoff_that_came_after_the_decision_is_scored_before_anything_moves(home):
    promoted(home, 1, 2)
    file = rollback.prepare(home, "late", "version 2 is wrong", None, "ada")
    Published(home).features("2021-12-31@2021-12-31", {"document_id": 1, "cite_count": 1})

    with pytest.raises(GateError, match="version 1 has not scored cutoff 2021-12-31"):
        rollback.move(home, file)
    assert timeline(home) == [1, 2]


# ---- the dry run


def test_a_dry_run_shows_what_would_change_and_changes_nothing(home):
    promoted(home, 1, 2)
    materialize.run(home, "online", views=[score.VIEW])
    before = (timeline(home), registry.champion(home), served(home))

    shown = CliRunner().invoke(app, ["--home", str(home.home), "rollback", "--dry-run"])

    assert shown.exit_code == 0, shown.output
    assert shown.output.splitlines() == [
        "champion: version 2 → 1 (the alias names 2)",
        "feature service: hot_area_model_v1 → hot_area_model_v1",
        "predictions of version 1 at 2020-12-31@2020-12-31: 6 predictions are there",
        "online: 6 of version 2 at 2020-12-31 → 6 of version 1 at 2020-12-31@2020-12-31",
        "nothing was changed",
    ]
    assert (timeline(home), registry.champion(home), served(home)) == before


def test_nothing_moves_where_the_definitions_cannot_be_applied(home, monkeypatch):
    promoted(home, 1, 2)
    file = rollback.prepare(home, "same", "wrong topics", None, "ada")

    def refused(_settings):
        raise DefinitionError("another view is gone")

    monkeypatch.setattr(definitions, "apply", refused)
    with pytest.raises(DefinitionError):
        rollback.move(home, file)

    assert (timeline(home), registry.champion(home)) == ([1, 2], 2)


def test_a_dry_run_compares_the_service_with_its_training_and_applies_nothing(home):
    promoted(home, 1, 2)
    registry.describe(home, 1, {}, {binding.FINGERPRINT: "another"})

    with pytest.raises(GateError, match="version 1 was trained on hot_area_model_v1 as another, which reads"):
        rollback.plan(home, "dry")

    registry.describe(home, 1, {}, {binding.FINGERPRINT: definitions.defined(home, FEATURE_SERVICE)})
    assert rollback.plan(home, "dry").to_version == 1
    assert not (home.home / "feature_repo" / "registry.db").exists()


def test_a_dry_run_says_that_predictions_must_be_made_first(home):
    promoted(home, 1, 2)
    Published(home).features("2021-12-31@2021-12-31", *({"document_id": i, "cite_count": 1} for i in range(4)))

    shown = CliRunner().invoke(app, ["--home", str(home.home), "rollback", "--dry-run", "--json"])

    found = json.loads(shown.output)
    assert (found["scored"], found["rows"], found["online"]) == (False, 4, None)
    assert (found["from_version"], found["to_version"], found["cutoff"]) == (2, 1, "2021-12-31@2021-12-31")


def test_there_is_nothing_to_roll_back_without_features(with_registry):
    Published(with_registry).champion(1)
    Published(with_registry).champion(2)

    with pytest.raises(NotReadyError, match="there are no features to score"):
        rollback.plan(with_registry, "dry")


# ---- with models that score


def test_predictions_that_are_not_there_are_scored_first_and_every_row_online_is_the_old_champions(with_registry):
    """Two models by real training; the first has never scored the newest cutoff."""
    settings = with_registry.model_copy(update={"horizon_years": 1, "training_cutoffs": 3})
    history = History(settings, documents=400)
    for number, years in enumerate((range(2010, 2016), [2016]), 1):
        history.publish(years)
        decided = train.plan(settings, f"train-{number}")
        train.dataset(settings, decided, "train")
        train.validate(settings, decided, "train")
        assert train.fit(settings, decided, "train") == number
        registry.describe(settings, number, {}, {registry.THRESHOLD: "0.5"})
        Published(settings).champion(number)
        if number == 2:
            score.run(settings, "score")
    before = online(settings, 2016)

    back(settings)

    cutoff = Cutoff(end(2016), end(2016))
    old = offline(settings, cutoff, 1)
    assert online(settings, 2016) == old != before
    assert {version for _, version in old.values()} == {1}
    back(settings, "forth", "as it was", version=2)
    assert online(settings, 2016) == before == offline(settings, cutoff, 2)
    assert registry.champion(settings) == 2


def online(settings: Settings, year: int) -> dict[int, tuple[object, object]]:
    """Return what is answered of every document that has a prediction."""
    ids = range(400)
    return {i: said for i, said in zip(ids, served(settings, ids), strict=True) if said[0] is not None}


def offline(settings: Settings, cutoff: Cutoff, version: int) -> dict[int, tuple[float, int]]:
    import pyarrow.dataset as ds

    folder: Path = Layout(settings.home).prediction_set(cutoff, version)
    rows = ds.dataset(sorted(folder.glob("part-*.parquet"))).to_table().to_pylist()
    return {row["document_id"]: (row["hot_area_score"], row["model_version"]) for row in rows}


def test_the_timeline_is_shown_with_who_when_why_and_from_what(home):
    promoted(home, 1, 2)
    back(home)

    shown = CliRunner().invoke(app, ["--home", str(home.home), "champions"])
    listed = json.loads(CliRunner().invoke(app, ["--home", str(home.home), "champions", "--json"]).output)

    assert [(c["sequence"], c["model_version"], c["kind"], c["approved_by"]) for c in listed] == [
        (1, 1, "promoted", "gate"),
        (2, 2, "promoted", "gate"),
        (3, 1, "rolled back", "ada"),
    ]
    assert listed[0]["decided_at"] is not None
    assert len(listed[0]["code_version"]) == 40  # the commit
    assert "rolled back from version 2: wrong topics" in shown.output


def test_an_empty_timeline_says_how_a_model_comes_to_serve(settings):
    shown = CliRunner().invoke(app, ["--home", str(settings.home), "champions"])

    assert "no model has served yet" in shown.output
    with Ledger(settings.ledger) as ledger:
        assert ledger.all(records.Champion) == []
