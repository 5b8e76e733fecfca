"""Published features are read through one function, which filters by event time and by knowledge time."""

import ast
from pathlib import Path

PROJECT = Path(__file__).parents[1]

ALLOWED = {
    "src/hotarea/stores/layout.py": "names the folders",
    "src/hotarea/stores/lake.py": "names the files",
    "src/hotarea/stores/offline_sets.py": "says which sets are in service, and from when on each is known",
    "src/hotarea/stores/feast_home.py": "hands the sets to the join, and to Feast's own materialization",
    "src/hotarea/stores/feature_store.py": "asks the join for a cutoff's documents",
    "src/hotarea/stages/features.py": "publishes features",
    "src/hotarea/stages/score.py": "publishes predictions; its job filters the rows by both times",
    "src/hotarea/stages/predictions.py": "names what published predictions are judged beside",
    "src/hotarea/stages/validate.py": "judges whole sets",
    "src/hotarea/stages/published.py": "names the sets that are judged",
    "src/hotarea/stages/replay.py": "links whole sets into a home that is to know no later ones",
    "src/hotarea/stages/recuration.py": "counts the rows of a set that a job built in a home aside",
    "src/hotarea/stages/training_rows.py": "hashes the files that rows were made of",
    "src/hotarea/stages/materialize.py": "serves the present",
    "src/hotarea/stages/serving.py": "serves the present",
    "src/hotarea/stages/status.py": "counts what is published",
    "beam_jobs/document_features.py": "builds features",
}


def _calls(file: Path) -> set[str]:
    """Return the names of the functions that a module calls."""
    calls = [node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    return {c.attr if isinstance(c, ast.Attribute) else c.id for c in calls if isinstance(c, ast.Attribute | ast.Name)}


def _modules() -> dict[str, set[str]]:
    found = [f for folder in ("src", "beam_jobs", "expectations", "dags") for f in (PROJECT / folder).rglob("*.py")]
    return {str(file.relative_to(PROJECT)): _calls(file) for file in found}


def test_who_names_the_files_of_published_features_is_known_and_has_a_reason():
    naming = {name for name, calls in _modules().items() if calls & {"feature_set", "feature_files"}}

    assert naming <= ALLOWED.keys()


def test_no_stage_that_learns_compares_or_scores_reads_features_by_itself():
    """They may read labels, the lake, and rows that were joined: never a folder of features."""
    modules = _modules()
    joined = [
        "train",
        "training_rows",
        "evidence",
        "hindsight",
        "rebuild",
        "gate",
        "promote",
        "rollback",
        "drift_references",
        "live_performance",
    ]

    for stage in joined:
        calls = modules[f"src/hotarea/stages/{stage}.py"]
        assert "feature_set" not in calls, stage
    assert "join" in modules["src/hotarea/stores/retrieval.py"]
    asking = {name for name, calls in modules.items() if "get_historical_features" in calls}
    assert asking == {"src/hotarea/stores/feature_store.py"}
    assert {name for name, calls in modules.items() if "read_parquet" in calls} == {"src/hotarea/stores/feast_home.py"}
