"""### Replay past releases

Runs the loop over past releases as if time passed, and shows the champion's timeline beside "never retrain" and "always
promote", and how fast a model goes stale. All of it happens in a folder of its own that is thrown away: no model, no
champion and no feature of the home changes, and nobody is alerted. What stays is a page among the reports.

**Runs** by hand only. **Starts** nothing.

**Hazards** It takes as long as all the trainings together: minutes for ten years of a hundred thousand works.

**Example** `{"first": 2009, "last": 2019}`
"""

from airflow.sdk import dag, task

from hotarea_flow import DAG_DEFAULTS, may_be_empty, optional, settings


@dag(
    schedule=None,
    **DAG_DEFAULTS,
    doc_md=__doc__,
    tags=["hotarea", "model", "by hand"],
    params={
        "first": may_be_empty(
            "integer",
            "From",
            "Year of the first release at which the loop runs. Empty: the first there is.",
            minimum=1000,
            maximum=9999,
        ),
        "last": may_be_empty(
            "integer",
            "To",
            "Year after which nothing is known. Empty: that of the newest release.",
            minimum=1000,
            maximum=9999,
        ),
        "raw": may_be_empty(
            "string",
            "Raw folder",
            "Releases to replay instead of the home's. Empty: the home's, or the sample if it has none.",
            minLength=1,
        ),
    },
)
def replay_releases():
    @task
    def replay(*, run_id, params):
        """Train, decide and promote at each release, and score whoever served; return the report's page."""
        from pathlib import Path

        from hotarea.stages import replay

        asked = replay.Asked(optional(Path, params["raw"]), params["first"], params["last"])
        return str(replay.report(settings(), replay.run(settings(), run_id, asked)))

    replay()


replay_releases()
