"""How settings reach the Beam jobs."""

import pytest
from apache_beam.options.pipeline_options import PortableOptions

from beam_jobs import program
from hotarea.domain.errors import SettingsError
from hotarea.domain.settings import Settings
from hotarea.stages import jobs


def test_a_job_is_told_what_is_set_and_no_more() -> None:
    assert jobs.how_to_run(Settings.load()) == ("--runner=FnApiRunner",)
    assert jobs.how_to_run(Settings.load(workers=2, shards=6)) == ("--runner=FnApiRunner", "--workers=2", "--shards=6")


def test_options_of_a_cluster_reach_beam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTAREA_RUNNER", "PortableRunner")
    monkeypatch.setenv(
        "HOTAREA_BEAM_OPTIONS", "--job_endpoint=127.0.0.1:8099 --environment_option 'process_command=/opt/our worker'"
    )
    runner, *extra = jobs.how_to_run(Settings.load())
    assert runner == "--runner=PortableRunner"
    options = program.pipeline_options("PortableRunner", extra).view_as(PortableOptions)
    assert options.job_endpoint == "127.0.0.1:8099"
    assert options.environment_options == ["process_command=/opt/our worker"]


def test_options_that_no_shell_would_take_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTAREA_BEAM_OPTIONS", "--job_name='never closed")
    with pytest.raises(SettingsError, match=r"HOTAREA_BEAM_OPTIONS=.*No closing quotation"):
        Settings.load()
