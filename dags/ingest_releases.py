"""### Bring in what is new

Reads the releases of raw data that are not in the lake yet, each once: raw JSON becomes columnar documents and
citations, bad lines go to quarantine. What was delivered again with other content, or late, becomes known as a
correction. Nothing is published before it is compared with what was known and validated; with nothing new the run
is skipped.

**Runs** daily, and by hand. **Starts** `build_features` through the asset `works`.

**Hazards** A truncated or missing partition stops the run and names the files; the lake stays as it was.
One home follows one corpus: another raw folder must continue the same one.

**Example** `{"raw": "/data/openalex", "until": "2015-12-31"}`
"""

from datetime import date, timedelta
from pathlib import Path

from airflow.sdk import CronTriggerTimetable, dag, task

from hotarea_chains import into_the_lake
from hotarea_flow import DAG_DEFAULTS, may_be_empty, optional, settings


@dag(
    # No start date: with one, the first unpausing would start a run for a moment in the past.
    schedule=CronTriggerTimetable("17 5 * * *", timezone="UTC", run_immediately=timedelta(minutes=5)),
    **DAG_DEFAULTS,
    doc_md=__doc__,
    tags=["hotarea", "data"],
    params={
        "raw": may_be_empty(
            "string",
            "Raw folder",
            "A delivery in OpenAlex's layout, its works as *.jsonl.gz, or papers.csv.gz and edges.csv.gz. "
            "Empty: the folder of HOTAREA_RAW, or the synthetic sample corpus.",
            minLength=1,
        ),
        "until": may_be_empty(
            "string",
            "Until",
            "Releases after this date are left for later. Empty: all that are complete.",
            format="date",
        ),
    },
)
def ingest_releases():
    @task.short_circuit
    def plan(*, run_id, params):
        """Decide which releases are new and complete; skip the rest of the run if none is."""
        from hotarea.stages import ingest

        folder, until = optional(Path, params["raw"]), optional(date.fromisoformat, params["until"])
        return optional(str, ingest.plan(settings(), run_id, folder, until))

    into_the_lake(plan())


ingest_releases()
