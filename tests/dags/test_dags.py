import difflib
import json
import re
import subprocess
import sys
from datetime import date
from typing import Any

import jsonschema
import pytest

from hotarea.console import up
from hotarea.stages.validate import DATASETS
from tests.conftest import PROJECT

pytestmark = pytest.mark.airflow


EDGES: dict[str, dict[str, list[str]]] = {
    "ingest_releases": {
        "plan": ["ingest_works", "publish", "validate"],
        "ingest_works": ["validate"],
        "validate": ["publish"],
        "publish": [],
    },
    "build_features": {
        "plan": ["document_features", "document_labels", "publish", "validate"],
        "document_features": ["validate"],
        "document_labels": ["publish"],
        "validate": ["publish"],
        "publish": ["materialize"],
        "materialize": ["audit"],
        "audit": [],
    },
    "train_model": {
        "plan": ["dataset", "evaluate", "fit", "validate"],
        "dataset": ["validate"],
        "validate": ["fit"],
        "fit": ["evaluate"],
        "evaluate": ["ask", "gate", "model_card", "promote", "rejected"],
        "gate": ["ask", "promote", "rejected"],
        "ask": ["promote", "rejected"],
        "promote": ["model_card"],
        "rejected": ["model_card"],
        "model_card": [],
    },
    "score_documents": {
        "champion": ["plan"],
        "plan": ["publish", "score", "validate"],
        "score": ["validate"],
        "validate": ["publish"],
        "publish": ["materialize"],
        "materialize": ["audit"],
        "audit": [],
    },
    "rollback_champion": {
        "decide": ["plan", "rollback"],
        "plan": ["publish", "score", "validate"],
        "score": ["validate"],
        "validate": ["publish"],
        "publish": ["rollback"],
        "rollback": ["audit", "model_cards"],
        "audit": [],
        "model_cards": [],
    },
    "replay_releases": {"replay": []},
    "monitor_model": {
        "plan": ["drift", "first_told"],
        "first_told": ["drift"],
        "drift": ["performance"],
        "performance": ["ask"],
        "ask": ["request"],
        "request": [],
    },
    "watch_silence": {"watch": []},
    "retry_quarantine": {
        "plan": ["ingest_works", "publish", "validate"],
        "ingest_works": ["validate"],
        "validate": ["publish"],
        "publish": [],
    },
}

# which assets start a DAG, and which tasks announce one
LINKS = {
    "ingest_releases": ([], {"publish": ["works"]}),
    "build_features": (["works"], {"materialize": ["document_features"]}),
    "monitor_model": (["document_features"], {"request": ["training_request"]}),
    "train_model": (["training_request"], {"promote": ["champion"]}),
    "score_documents": (["champion", "document_features"], {}),
    "rollback_champion": ([], {"rollback": ["champion"]}),
    "replay_releases": ([], {}),
    "watch_silence": ([], {}),
    "retry_quarantine": ([], {"publish": ["works"]}),
}

BEAM_TASKS = {
    ("ingest_releases", "ingest_works"),
    ("retry_quarantine", "ingest_works"),
    ("build_features", "document_features"),
    ("build_features", "document_labels"),
    ("score_documents", "score"),
    ("rollback_champion", "score"),
    ("monitor_model", "first_told"),
}

every_dag = pytest.mark.parametrize("dag_id", EDGES)


def test_all_dags_are_there_and_import(parsed: dict[str, Any]) -> None:
    assert parsed["import_errors"] == {}
    assert sorted(parsed["dags"]) == sorted(EDGES)


def test_every_dag_is_unpaused_when_the_product_starts() -> None:
    assert sorted(up.DAGS) == sorted(EDGES)


def test_parsing_imports_nothing_heavy(parsed: dict[str, Any]) -> None:
    assert parsed["heavy"] == []


def test_each_file_parses_in_half_a_second(parsed: dict[str, Any]) -> None:
    assert sorted(parsed["seconds"]) == sorted(f"{dag_id}.py" for dag_id in EDGES)
    assert {file: seconds for file, seconds in parsed["seconds"].items() if seconds >= 0.5} == {}


def test_airflow_registers_main_and_takes_nothing_else_in_plugins_for_a_plugin(parsed: dict[str, Any]) -> None:
    assert parsed["plugin_errors"] == {}
    assert parsed["plugins"]["hotarea"] == ["hotarea_airflow.warm_up"]
    assert parsed["web_imports"] == []
    assert parsed["stray_modules"] == []


@every_dag
def test_the_scheduler_gets_what_it_needs_of_a_dag(parsed: dict[str, Any], dag_id: str) -> None:
    tasks = [task["__var"] for task in parsed["serialized"][dag_id]["dag"]["tasks"]]
    assert sorted(task["task_id"] for task in tasks) == sorted(EDGES[dag_id])
    planned = {t["task_id"]: t["plan"] for t in tasks if t["_task_module"] == "hotarea_airflow.beam"}
    assert set(planned) == {task for dag, task in BEAM_TASKS if dag == dag_id}
    assert all("plan" in re.findall(r"\w+", str(value)) for value in planned.values())


@every_dag
def test_the_edges_are_exactly_these(dags: dict[str, Any], dag_id: str) -> None:
    expected, found = (
        json.dumps(e, indent=1, sort_keys=True).splitlines() for e in (EDGES[dag_id], dags[dag_id]["edges"])
    )
    assert EDGES[dag_id] == dags[dag_id]["edges"], "\n".join(
        [
            "the DAG's edges differ:",
            *difflib.unified_diff(expected, found, "expected", f"dags/{dag_id}.py", lineterm=""),
        ]
    )


@every_dag
def test_assets_link_the_dags(dags: dict[str, Any], dag_id: str) -> None:
    outlets = {name: task["outlets"] for name, task in dags[dag_id]["tasks"].items() if task["outlets"]}
    assert (dags[dag_id]["schedule_assets"], outlets) == LINKS[dag_id]


def test_only_ingest_and_what_watches_run_by_the_clock_and_never_for_the_past(dags: dict[str, Any]) -> None:
    clocked = {dag_id for dag_id in EDGES if dags[dag_id]["clock"]}
    assert clocked == {"ingest_releases", "monitor_model", "watch_silence"}
    assert dags["monitor_model"]["clock"] == "7 6 * * *"
    assert dags["ingest_releases"]["clock"] == "17 5 * * *"
    assert dags["watch_silence"]["clock"] == "43 * * * *"
    assert {dag["start_date"] for dag in dags.values()} == {None}
    assert {dag["catchup"] for dag in dags.values()} == {False}


@every_dag
def test_one_run_at_a_time(dags: dict[str, Any], dag_id: str) -> None:
    assert dags[dag_id]["max_active_runs"] == 1


@every_dag
def test_the_docs_say_what_when_hazards_and_an_example(dags: dict[str, Any], dag_id: str) -> None:
    doc = dags[dag_id]["doc"]
    assert [heading for heading in ("### ", "**Runs**", "**Hazards**", "**Example**") if heading not in doc] == []
    assert "hotarea" in dags[dag_id]["tags"]


@every_dag
def test_the_example_in_the_docs_is_a_valid_configuration(dags: dict[str, Any], dag_id: str) -> None:
    example = json.loads(dags[dag_id]["doc"].rsplit("**Example** `", 1)[1].split("`")[0])
    params = dags[dag_id]["params"]
    assert set(example) <= set(params)
    for name, value in example.items():
        jsonschema.validate(value, params[name], format_checker=jsonschema.FormatChecker())


@every_dag
def test_every_param_explains_itself(dags: dict[str, Any], dag_id: str) -> None:
    for name, param in dags[dag_id]["params"].items():
        assert {"type", "title", "description"} <= {key for key, value in param.items() if value}, name


@pytest.mark.parametrize(
    ("dag_id", "name", "value", "accepted"),
    [
        ("ingest_releases", "raw", None, True),
        ("ingest_releases", "raw", "", False),
        ("ingest_releases", "until", "2015-12-31", True),
        ("ingest_releases", "until", "2015-12", False),
        ("build_features", "cutoffs", None, True),
        ("build_features", "cutoffs", ["2012-12-31@2013-12-31"], True),
        ("build_features", "cutoffs", ["2012-12-31"], True),
        ("build_features", "cutoffs", ["2012"], False),
        ("build_features", "cutoffs", [], False),
        ("replay_releases", "first", None, True),
        ("replay_releases", "first", 2009, True),
        ("replay_releases", "last", "2019", False),
        ("replay_releases", "raw", "", False),
        ("rollback_champion", "version", None, True),
        ("rollback_champion", "version", 0, False),
        ("rollback_champion", "version", "3", False),
        ("train_model", "reason", "no", False),
        ("train_model", "reason", "the topics changed", True),
        ("train_model", "force", "yes", False),
        ("train_model", "same_data", True, True),
        ("rollback_champion", "reason", None, False),
        ("rollback_champion", "reason", "no", False),
        ("rollback_champion", "dry_run", True, True),
        ("rollback_champion", "dry_run", "yes", False),
        ("rollback_champion", "reason", "scores reviews as hot", True),
    ],
)
def test_params_accept_only_what_makes_sense(
    dags: dict[str, Any], dag_id: str, name: str, value: object, accepted: bool
) -> None:
    validator = jsonschema.Draft202012Validator(dags[dag_id]["params"][name], format_checker=jsonschema.FormatChecker())
    assert validator.is_valid(value) is accepted


@every_dag
def test_every_task_is_owned_documented_retried_and_ends_some_day(dags: dict[str, Any], dag_id: str) -> None:
    for name, task in dags[dag_id]["tasks"].items():
        assert task["owner"] == "hotarea", name
        assert task["doc"].endswith("."), name
        assert task["retries"] >= 1, name
        assert task["timeout_s"] > 0, name
        assert task["on_failure"] == ["FailureAlert"], name
        assert task["on_success"] == ["Recovered"], name


FINAL = [
    *("DefinitionError", "GateError", "NotReadyError", "PublishError", "RawDataError", "SettingsError"),
    "ValidationError",
]


@every_dag
def test_what_the_data_caused_is_not_tried_again(dags: dict[str, Any], dag_id: str) -> None:
    for name, task in dags[dag_id]["tasks"].items():
        rules = [(rule["exception"].rsplit(".", 1)[1], rule["action"]) for rule in task["policy"]["rules"]]
        assert rules[0] == ("UnreachableError", "retry"), name  # before the SettingsError that it is one of
        assert rules[1:] == [(kind, "fail") for kind in FINAL], name
        assert task["policy"]["default"] == "default", name


def test_what_validates_or_decides_links_to_its_report(dags: dict[str, Any]) -> None:
    linked = {(d, t): task["links"] for d, dag in dags.items() for t, task in dag["tasks"].items() if task["links"]}
    validating = {(dag_id, "validate") for dag_id, edges in EDGES.items() if "validate" in edges}
    decides = {("train_model", task): ["Decision"] for task in ("gate", "ask")}
    validating.add(("monitor_model", "drift"))
    assert linked == {key: ["Validation report"] for key in validating} | decides


def test_no_two_scheduled_dags_validate_the_same(dags: dict[str, Any]) -> None:
    """Their runs may have the same id, and the reports of a run are found by that and by what was validated."""
    validated = {d: {name for task in dag["tasks"].values() for name in task["validates"]} for d, dag in dags.items()}
    by_hand = validated.pop("retry_quarantine")
    assert by_hand == validated["ingest_releases"]
    assert validated.pop("rollback_champion") == validated["score_documents"]
    assert sorted(name for names in validated.values() for name in names) == sorted([*DATASETS, "drift"])


def test_beam_jobs_run_through_the_beam_operator(dags: dict[str, Any]) -> None:
    found = {(d, t) for d, dag in dags.items() for t, task in dag["tasks"].items() if task["kind"] == "BeamJobOperator"}
    assert found == BEAM_TASKS


@pytest.mark.parametrize(
    ("dag_id", "task_id", "rule"),
    [
        ("build_features", "materialize", "none_failed"),  # serves what an interrupted run published
        ("score_documents", "materialize", "none_failed"),  # serves old predictions again after a rollback
        ("build_features", "audit", "none_failed"),  # sees what the online store has lost, though nothing is new
        ("score_documents", "audit", "none_failed"),
        ("rollback_champion", "rollback", "none_failed"),  # also where the earlier champion has scored already
        ("train_model", "promote", "none_failed_min_one_success"),  # by the gate, or by a person that it asks
        ("train_model", "rejected", "none_failed_min_one_success"),
        ("train_model", "ask", "all_success"),
        ("score_documents", "publish", "all_success"),
        ("monitor_model", "drift", "none_failed"),  # also where no job was needed to tell corrections apart
        ("ingest_releases", "publish", "all_success"),
        ("train_model", "model_card", "none_failed_min_one_success"),  # whichever of the two before it ran
    ],
)
def test_trigger_rules(dags: dict[str, Any], dag_id: str, task_id: str, rule: str) -> None:
    assert dags[dag_id]["tasks"][task_id]["trigger_rule"] == rule


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("import pandas\n", "TID253"),
        ("from apache_beam import Pipeline\n", "TID253"),
        ("from hotarea.stages import ingest\n", "TID253"),
        ("from airflow.sdk import Variable\n", "TID251"),
        ("from airflow.models import DagRun\n", "TID251"),
    ],
)
def test_the_linter_keeps_heavy_imports_out(code: str, rule: str) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--stdin-filename", "dags/some_dag.py", "--output-format=json", "-"],
        input=code,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert rule in {finding["code"] for finding in json.loads(checked.stdout)}


@every_dag
def test_a_dag_file_is_a_table_of_contents(dag_id: str) -> None:
    lines = (PROJECT / "dags" / f"{dag_id}.py").read_text().splitlines()
    assert len(lines) <= 150


def test_the_formats_are_checked_at_all() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate("31.12.2015", {"format": "date"}, format_checker=jsonschema.FormatChecker())
    jsonschema.validate(date(2015, 12, 31).isoformat(), {"format": "date"}, format_checker=jsonschema.FormatChecker())
