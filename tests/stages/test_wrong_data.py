"""Wrong data that looks right, made of real corpora, is refused by name; the corpora themselves are not."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hotarea import cli
from hotarea.domain.errors import HotareaError, NotReadyError, RawDataError, ValidationError
from hotarea.domain.records import Comparison, Problem, Release
from hotarea.domain.settings import Settings
from hotarea.stages import compare, ingest, jobs, staged_releases
from hotarea.stores.ledger import Ledger
from tests import faults, wrong
from tests.conftest import PROJECT

pytestmark = pytest.mark.real_data

LAST = "2010-12-31"


def remembered(settings: Settings) -> list[Comparison]:
    with Ledger(settings.ledger) as ledger:
        return sorted(ledger.all(Comparison), key=lambda c: c.compared_at)


def releases(settings: Settings) -> list[str]:
    with Ledger(settings.ledger) as ledger:
        return [r.release_id for r in ledger.all(Release)]


@pytest.fixture(scope="module")
def arxiv(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> tuple[Path, Path]:
    """A home with arXiv's releases of 2005 to 2009, and the raw folder."""
    folder = tmp_path_factory.mktemp("arxiv")
    raw = wrong.years(shared_data / "arxiv_cs", folder / "raw", 2005, 2009)
    settings = Settings.load(home=folder / "home")
    assert len(ingest.run(settings, "test", raw)) == 5
    assert [c.findings for c in remembered(settings)] == [[]] * 5
    return folder / "home", raw


@pytest.fixture
def home(arxiv: tuple[Path, Path], tmp_path: Path) -> Settings:
    shutil.copytree(arxiv[0], tmp_path / "home")
    return Settings.load(home=tmp_path / "home")


@pytest.fixture
def raw(arxiv: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(arxiv[1], tmp_path / "raw"))


def refused(settings: Settings, raw: Path, kind: type[HotareaError] = ValidationError) -> str:
    """Ingest a folder, which must fail and publish nothing; return what is said."""
    before = releases(settings)
    with pytest.raises(kind) as error:
        ingest.run(settings, "test", raw)
    assert releases(settings) == before
    return str(error.value)


def test_the_next_release_as_it_is_passes(home: Settings, raw: Path, shared_data: Path) -> None:
    found = wrong.records(shared_data / "arxiv_cs", LAST)
    assert ingest.run(home, "test", wrong.add(raw, LAST, wrong.lines(found))) == [LAST]
    newest = remembered(home)[-1]
    assert (newest.release_id, newest.findings, newest.works["new"]) == (LAST, [], len(found))
    assert newest.promised == newest.arrived == {"files": 1, "bytes": newest.arrived["bytes"], "records": len(found)}


@pytest.mark.parametrize(
    ("years", "said"),
    [(-1, "3,564 of 3,564 are 1, so they are dated 1 year earlier than others were: the years were shifted"),
     (1, "3,564 of 3,564 are -1, so they are dated 1 year later")],
)  # fmt: skip
def test_a_release_whose_years_are_shifted_by_one(
    home: Settings, raw: Path, shared_data: Path, years: int, said: str
) -> None:
    found = wrong.shifted(wrong.records(shared_data / "arxiv_cs", LAST), years)
    message = refused(home, wrong.add(raw, LAST, wrong.lines(found)))
    assert said in message
    assert f"release {LAST} is not to be trusted: years_shifted" in message
    assert {f["check"] for f in remembered(home)[-1].findings if f["severity"] == "critical"} <= {
        "years_shifted",
        "years_ahead",
    }


def test_works_that_come_again_a_year_later(home: Settings, raw: Path, shared_data: Path) -> None:
    """The whole history is delivered again, with the years shifted: a correction of all releases."""
    for year in range(2005, 2010):
        found = wrong.shifted(wrong.records(shared_data / "arxiv_cs", f"{year}-12-31"), -1)
        wrong.add(raw, f"{year}-12-31", wrong.lines(found))
    message = refused(home, raw)
    assert "years_shifted: 9,410 of 9,410 are dated 1 year earlier than before: the years were shifted" in message


def test_a_topic_mapping_that_lost_half_of_its_ids(home: Settings, raw: Path, shared_data: Path) -> None:
    found = wrong.without_half_of_the_topics(wrong.records(shared_data / "arxiv_cs", LAST))
    message = refused(home, wrong.add(raw, LAST, wrong.lines(found)))
    assert "topics_vanished: " in message
    assert "have none: the topic mapping lost ids" in message


def test_such_a_mapping_from_the_first_release_on_is_a_warning(tmp_path: Path, shared_data: Path) -> None:
    """Nothing is usual yet: an honest source may have as many works without a topic."""
    works = wrong.without_half_of_the_topics(wrong.records(shared_data / "arxiv_cs", LAST))
    raw = faults.deliver(tmp_path / "raw", {LAST: wrong.lines(works)})
    settings = Settings.load(home=tmp_path / "home")
    assert ingest.run(settings, "test", raw) == [LAST]
    (found,) = remembered(settings)[-1].findings
    assert (found["check"], found["severity"]) == ("topics_lost", "warning")
    assert "the topic mapping may have lost ids" in found["observed"]


def test_a_partition_that_is_delivered_twice_under_another_name(home: Settings, raw: Path, shared_data: Path) -> None:
    content = faults.lines_of(shared_data / "arxiv_cs" / faults.partition(LAST))
    wrong.add(wrong.add(raw, LAST, content), LAST, content, part=1)
    message = refused(home, raw, RawDataError)
    assert f"updated_date={LAST}/part_0001.gz is the same file as updated_date={LAST}/part_0000.gz" in message
    assert "delivered twice under another name" in message


def test_a_partition_of_nearly_the_same_records_as_another(home: Settings, raw: Path, shared_data: Path) -> None:
    content = faults.lines_of(shared_data / "arxiv_cs" / faults.partition(LAST))
    wrong.add(wrong.add(raw, LAST, content), LAST, content[:-100][::-1], part=1)
    message = refused(home, raw, RawDataError)
    assert f"updated_date={LAST}/part_0001.gz holds 3464 of 3464 records with the same id and moment of" in message
    assert "delivered twice under another name" in message


def test_a_release_that_is_last_years_file_again(home: Settings, raw: Path, shared_data: Path) -> None:
    shutil.copytree(
        (raw / faults.partition("2009-12-31")).parent, (raw / faults.partition(LAST)).parent, dirs_exist_ok=True
    )
    faults._agree(raw, faults.partitions(raw))
    assert "is the same file as updated_date=2009-12-31/part_0000.gz" in refused(home, raw, RawDataError)


@pytest.mark.parametrize("changed_on", [None, LAST])
def test_a_release_that_is_last_years_again(
    home: Settings, raw: Path, shared_data: Path, changed_on: str | None
) -> None:
    """In another order; also where every record says that it is new."""
    found = wrong.records(shared_data / "arxiv_cs", "2009-12-31")[::-1]
    found = wrong.told_anew(found, changed_on) if changed_on else found
    message = refused(home, wrong.add(raw, LAST, wrong.lines(found)))
    assert "release_repeated: " in message
    assert "release 2009-12-31" in message
    assert "under a new date" in message


def test_last_years_works_that_were_all_touched_beside_new_ones_pass(
    home: Settings, raw: Path, shared_data: Path
) -> None:
    again = wrong.told_anew(wrong.records(shared_data / "arxiv_cs", "2009-12-31"), LAST)
    new = wrong.records(shared_data / "arxiv_cs", LAST)
    ingest.run(home, "test", wrong.add(raw, LAST, wrong.lines([*again, *new])))
    newest = remembered(home)[-1]
    assert (newest.works["again"], newest.works["unchanged"], newest.works["new"]) == (len(again), len(again), len(new))
    assert newest.findings == []


# ---- an edge list


@pytest.fixture(scope="module")
def hepth(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    """hep-th up to 1995: a tenth of its citations."""
    source = shared_data / "hepth"
    early = [p for p in wrong.papers(source) if p["date"] < "1996"]
    ids = {p["id"] for p in early}
    known = [e for e in wrong.edges(source) if e["citing"] in ids and e["cited"] in ids]
    return wrong.edge_list(tmp_path_factory.mktemp("hepth"), early, known)


def test_an_edge_list_as_it_is_passes_and_shifted_by_a_year_does_not(
    hepth: Path, settings: Settings, tmp_path: Path
) -> None:
    ingest.run(settings, "test", hepth)
    assert {c.release_id: c.findings for c in remembered(settings) if c.findings} == {}
    assert {v.subject: v.failures for v in compare.verdicts(settings, "again").outcomes if v.failures} == {}
    later = [{"id": p["id"], "date": f"{int(p['date'][:4]) + 1}-01-02"} for p in wrong.papers(hepth)]
    raw = wrong.edge_list(tmp_path / "later", later, wrong.edges(hepth))
    assert "dated 1 year later than before: the years were shifted" in refused(settings, raw)


def test_citations_at_random(hepth: Path, settings: Settings, tmp_path: Path) -> None:
    dated = wrong.papers(hepth)
    raw = wrong.edge_list(tmp_path / "random", dated, wrong.random_edges(wrong.edges(hepth), dated))
    message = refused(settings, raw)
    assert "random_citations: " in message
    assert "in-degrees have no tail, so the citations are random or their ids are mixed up" in message


@pytest.mark.parametrize(("share", "said"), [(0.41, "of the ends of"), (1.0, "dates over a year later")])
def test_dates_of_another_corpus_that_join_by_accident(
    hepth: Path, settings: Settings, tmp_path: Path, share: float, said: str
) -> None:
    dated = wrong.of_another_corpus(wrong.papers(hepth), share)
    message = refused(settings, wrong.edge_list(tmp_path / "other", dated, wrong.edges(hepth)), RawDataError)
    assert said in message
    assert "of another corpus" in message


def _of_2010(shared_data: Path) -> list[wrong.Record]:
    return wrong.records(shared_data / "arxiv_cs", LAST)


WRONG_RELEASES: dict[str, tuple[Callable[[Path], list[wrong.Record]], int, str]] = {
    "years": (lambda data: wrong.shifted(_of_2010(data), -1), 0, "years_shifted: "),
    "topics": (lambda data: wrong.without_half_of_the_topics(_of_2010(data)), 0, "topics_vanished: "),
    "delivered twice": (_of_2010, 1, "delivered twice under another name"),
    "last year's": (lambda data: wrong.records(data / "arxiv_cs", "2009-12-31")[::-1], 0, "release_repeated: "),
}
"""Records of the next release, how often each is delivered once more, and what is said."""


@pytest.mark.parametrize("kind", WRONG_RELEASES)
def test_a_trial_of_a_wrong_release_fails_and_names_the_cause(  # noqa: PLR0917 - fixtures
    kind: str,
    home: Settings,
    raw: Path,
    shared_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Only what the home knows shows that: the folder is new to it by one release."""
    records_of, again, said = WRONG_RELEASES[kind]
    for part in range(again + 1):
        wrong.add(raw, LAST, wrong.lines(records_of(shared_data)), part)
    assert said in tried(home, raw, monkeypatch, capsys)


def test_a_trial_of_the_next_release_as_it_is_passes(
    home: Settings, raw: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = releases(home)
    monkeypatch.setattr(sys, "argv", ["hotarea", "--home", str(home.home), "validate", "--raw", str(raw)])
    wrong.add(raw, LAST, wrong.lines(_of_2010(shared_data)))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert releases(home) == before


@pytest.mark.parametrize("kind", ["years", "citations at random", "dates of another corpus"])
def test_a_trial_of_a_wrong_edge_list_fails_and_names_the_cause(  # noqa: PLR0917 - fixtures
    kind: str,
    hepth: Path,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    papers, edges, said = wrong.papers(hepth), wrong.edges(hepth), ""
    if kind == "years":  # of what is known
        ingest.run(settings, "test", hepth)
        papers = [{"id": p["id"], "date": f"{int(p['date'][:4]) + 1}-01-02"} for p in papers]
        said = "years_shifted: "
    elif kind == "citations at random":
        edges, said = wrong.random_edges(edges, papers), "random_citations: "
    else:
        papers, said = wrong.of_another_corpus(papers, 0.41), "of another corpus"
    assert said in tried(settings, wrong.edge_list(tmp_path / "wrong", papers, edges), monkeypatch, capsys)


def tried(settings: Settings, raw: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """Try a folder by the command, which must fail, publish nothing and tell of no alert; return what its error is."""
    before = releases(settings)
    monkeypatch.setattr(sys, "argv", ["hotarea", "--home", str(settings.home), "validate", "--raw", str(raw)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert releases(settings) == before
    with Ledger(settings.ledger) as ledger:
        assert ledger.all(Problem) == []
    return capsys.readouterr().err


def test_the_command_line_fails_and_names_the_cause(home: Settings, raw: Path, shared_data: Path) -> None:
    found = wrong.shifted(wrong.records(shared_data / "arxiv_cs", LAST), -1)
    wrong.add(raw, LAST, wrong.lines(found))
    told = hotarea(home, "ingest", "--raw", str(raw))
    assert (told.returncode, "the years were shifted" in told.stderr) == (1, True)
    shown = hotarea(home, "releases", "compare", LAST)
    assert shown.returncode == 0
    assert "critical years_shifted (published)" in shown.stdout
    assert "not to be trusted: nothing of it was published" in shown.stdout
    assert "Not to be trusted: nothing of it was published." in Path(remembered(home)[-1].report).read_text()


def test_what_is_in_service_is_compared_again_by_todays_rules(home: Settings, raw: Path, shared_data: Path) -> None:
    """A wrong release that came before there were such rules."""
    found = wrong.without_half_of_the_topics(wrong.records(shared_data / "arxiv_cs", LAST))
    plan = ingest.plan(home, "test", wrong.add(raw, LAST, wrong.lines(found)))
    assert plan
    jobs.run(ingest.job(home, plan))
    staged_releases.publish(home, plan, "test")
    with pytest.raises(ValidationError, match=rf"^release {LAST} is not to be trusted: topics_lost: .*Deliver it"):
        compare.again(home, "again")
    assert [v.subject for v in compare.verdicts(home, "again", "2009-12-31").outcomes] == ["2009-12-31"]
    with pytest.raises(NotReadyError, match=r"release 1999-12-31 is not in the lake; expected one of 2005-12-31, 2006"):
        compare.again(home, "again", "1999-12-31")
    assert "not to be trusted, but in service" in hotarea(home, "releases", "compare", LAST).stdout
    (newest,) = [c for c in remembered(home) if c.release_id == LAST]
    assert "Not to be trusted, but in service: deliver it right" in Path(newest.report).read_text()
    told = hotarea(home, "releases", "compare", "--anew")
    assert told.returncode == 1
    assert "the topic mapping lost ids" in told.stderr


def hotarea(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = [str(Path(sys.executable).with_name("hotarea")), "--home", str(settings.home), *arguments]
    return subprocess.run(program, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_real_openalex_records_with_several_versions_pass(
    settings: Settings, tmp_path: Path, shared_data: Path
) -> None:
    """One file for each year in which they last changed: of a fifth of the newest an older version came before."""
    ingest.run(settings, "test", shared_data / "openalex_works")
    assert [c.findings for c in remembered(settings)] == [[]] * 4
    newest = remembered(settings)[-1]
    assert (newest.works["again"], newest.works["unchanged"], newest.recurated["year"]) == (127, 96, 1)
