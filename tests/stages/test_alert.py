"""People are told once, again when it matters, and once that it is over; what no channel took is not lost."""

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from hotarea.domain.alert import Alert, FailedCheck, Recovery
from hotarea.domain.errors import SettingsError
from hotarea.domain.records import Notice, Problem
from hotarea.domain.settings import Settings
from hotarea.stages import alert, open_problems
from hotarea.stores.ledger import Ledger
from tests.servers import TOKEN, Webhook, mail_server, postgres_server, refusing, silent_server, took, webhook

PROBLEM = "validation/citations"
OVER = Recovery(problem=PROBLEM, what="citations pass again.", where="release 2013-12-31", run_id="r9")
STARTS_S = 4.0


def broken(check: str = "unique", run_id: str = "r1", subject: str = "2012-12-31") -> Alert:
    return Alert(
        problem=PROBLEM,
        title="hotarea: citations failed validation",
        what="citations were rejected.",
        where="release 2012-12-31",
        findings=(FailedCheck(check=check, slice="citing_id", subject=subject, observed="2 rows"),),
        run_id=run_id,
    )


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture
def watched(settings: Settings, hook: Webhook) -> Settings:
    return with_channels(settings, hook.url)


def with_channels(settings: Settings, *urls: str, **changes: object) -> Settings:
    given = {"home": settings.home, "project": settings.project, "alert_timeout_s": 8}
    return Settings.load(**given | changes, alert_urls=" ".join(urls))


def remembered(settings: Settings) -> list[Problem]:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(Problem)


def notices(settings: Settings) -> list[Notice]:
    with Ledger(settings.ledger) as ledger:
        return sorted(ledger.all(Notice), key=lambda n: n.written_at)


def backdate(settings: Settings, hours: float) -> None:
    """Let all that is remembered of problems have happened earlier."""
    from datetime import timedelta

    with Ledger(settings.ledger) as ledger:
        for p in ledger.all(Problem):
            assert ledger.replace(p, replace(p, told_at=p.told_at - timedelta(hours=hours)))


def test_the_same_problem_is_told_once_and_counted(watched, hook, caplog):
    assert alert.tell(watched, broken())
    assert not alert.tell(watched, broken(run_id="r2"))
    assert not alert.tell(watched, broken(run_id="r3"))
    assert hook.titles == ["hotarea: citations failed validation"]
    (problem,) = remembered(watched)
    assert (problem.seen, problem.run_id, problem.closed_at) == (3, "r3", None)
    assert caplog.text.count("citations were rejected.") == 3  # the log has them all


def test_another_check_of_the_same_problem_is_news(watched, hook):
    alert.tell(watched, broken())
    assert alert.tell(watched, broken("never null"))
    assert alert.tell(watched, broken(subject="2013-12-31"))
    assert not alert.tell(watched, broken())
    assert hook.titles[1:] == ["hotarea: citations failed validation (still open)"] * 2


def test_a_problem_that_stays_open_is_told_again_after_the_reminder(watched, hook):
    alert.tell(watched, broken())
    backdate(watched, 61)
    assert alert.tell(watched, broken())
    assert not alert.tell(watched, broken())
    assert "seen 2 times" in hook.bodies[1]["message"]


def test_recovery_is_told_once_and_the_next_time_is_a_new_problem(watched, hook):
    assert not alert.settle(watched, OVER)
    alert.tell(watched, broken())
    alert.tell(watched, broken())
    assert alert.settle(watched, OVER)
    assert not alert.settle(watched, OVER)
    assert alert.tell(watched, broken())
    assert hook.titles == [
        "hotarea: citations failed validation",
        "hotarea: recovered: citations failed validation",
        "hotarea: citations failed validation",
    ]
    assert [body["type"] for body in hook.bodies] == ["failure", "success", "failure"]
    assert "seen 2 times" in hook.bodies[1]["message"]
    assert [(p.occurrence, p.closed_at is None) for p in remembered(watched)] == [(1, False), (2, True)]


def test_problems_do_not_mix(watched, hook):
    alert.tell(watched, broken())
    alert.tell(watched, replace(broken(), problem="task/train_model.fit", title="hotarea: fit failed"))
    alert.settle(watched, OVER)
    assert [p.problem for p in remembered(watched) if p.closed_at is None] == ["task/train_model.fit"]
    assert len(hook.bodies) == 3


PROGRAM = """
import sys, time
from hotarea.domain.settings import Settings
from hotarea.stages import alert
from tests.stages.test_alert import OVER, broken
settings = Settings.load()
alert.is_open(settings, "validation/none")
time.sleep(max(0.0, float(sys.argv[2]) - time.time()))
print(alert.tell(settings, broken()) if sys.argv[1] == "tell" else alert.settle(settings, OVER))
"""


def at_once(settings: Settings, url: str, what: str, processes: int = 4) -> list[bool]:
    """Do the same in several processes at the same moment; return what each said."""
    import time

    variables = {
        "HOTAREA_HOME": str(settings.home),
        "HOTAREA_LEDGER_URL": settings.ledger,
        "HOTAREA_ALERT_URLS": url,
        "PYTHONWARNINGS": "ignore",
    }
    start = str(time.time() + 4)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, what, start],
            cwd=Path(__file__).parents[2],
            env=variables,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    return [process.communicate(timeout=60)[0].strip() == "True" for process in started]


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def shared(request, settings, hook):
    """Settings with a ledger that several machines may share."""
    with ExitStack() as stack:
        changes = {}
        if request.param == "PostgreSQL":
            url = stack.enter_context(postgres_server())
            changes["ledger_url"] = url.replace("postgresql://", "postgresql+psycopg://")
        yield with_channels(settings, hook.url, **changes)


def test_of_several_tasks_that_see_it_at_once_one_tells_and_one_tells_of_the_recovery(shared, hook):
    assert sorted(at_once(shared, hook.url, "tell")) == [False, False, False, True]
    assert sorted(at_once(shared, hook.url, "settle")) == [False, False, False, True]
    alert.flush(shared)
    assert hook.titles == ["hotarea: citations failed validation", "hotarea: recovered: citations failed validation"]
    (problem,) = remembered(shared)
    assert problem.seen == 4


def test_what_a_channel_did_not_take_is_delivered_with_the_next_alert_in_order(settings, hook, caplog):
    hook.status = 500
    down = with_channels(settings, hook.url)
    alert.tell(down, broken())
    assert (
        "alert channel 1 of HOTAREA_ALERT_URLS (json) did not take the message: it answered with status 500"
        in caplog.text
    )
    hook.status, hook.bodies[:] = 200, []
    alert.settle(down, OVER)
    assert hook.titles == ["hotarea: citations failed validation", "hotarea: recovered: citations failed validation"]
    assert [n.delivered_at is None for n in notices(down)] == [False, False]
    assert notices(down)[0].attempts == 2


def test_each_channel_gets_each_message_once_whatever_the_others_do(settings, hook):
    with mail_server() as box, webhook(status=500) as down:
        known = with_channels(settings, box.url, down.url, hook.url)
        alert.tell(known, broken())
        down.status, down.bodies[:] = 200, []
        alert.flush(known)
        alert.flush(known)
        assert (box.titles, down.titles, hook.titles) == (["hotarea: citations failed validation"],) * 3


def test_a_hanging_channel_holds_the_caller_for_its_time_only_and_the_message_is_kept(settings, hook):
    with silent_server() as silent:
        known = with_channels(settings, f"json://127.0.0.1:{silent}/", hook.url, alert_timeout_s=4)
        with took() as seconds:
            assert alert.tell(known, broken())
    assert seconds[0] < 4 + STARTS_S
    assert len(hook.bodies) == 1
    assert [
        (n.place, n.delivered_at is None, n.claimed_until) for n in sorted(notices(known), key=lambda n: n.place)
    ] == [
        (1, True, None),
        (2, False, None),
    ]


def test_a_message_that_another_process_is_sending_is_left_to_it(watched, hook):
    from datetime import timedelta

    from hotarea.domain.records import now

    with Ledger(watched.ledger) as ledger:
        sending = alert._notices(watched, broken(), now())[0]
        ledger.add(replace(sending, claimed_until=now() + timedelta(seconds=30)))
        assert alert.flush(watched) == []
        (stored,) = ledger.all(Notice)
        ledger.replace(stored, replace(stored, claimed_until=now() - timedelta(seconds=1)))  # it died meanwhile
    alert.flush(watched)
    assert len(hook.bodies) == 1


def test_a_message_waits_for_its_own_kind_of_channel_and_not_for_ever(settings, hook):
    from datetime import timedelta

    alert.tell(with_channels(settings, refusing(), alert_timeout_s=5), broken())
    with mail_server() as box:
        alert.flush(with_channels(settings, box.url))
        assert box.mails == []
    found = open_problems.collect(settings)["undelivered"]
    assert [(n["channel"], n["attempts"]) for n in found] == [("1 (json)", 1)]
    with Ledger(settings.ledger) as ledger:
        (old,) = ledger.all(Notice)
        ledger.replace(old, replace(old, written_at=old.written_at - timedelta(days=15)))
    alert.flush(with_channels(settings, hook.url))
    assert hook.bodies == []
    assert open_problems.collect(settings)["undelivered"] == []


def test_without_a_ledger_people_are_told_all_the_same(settings, hook, caplog):
    broken_ledger = settings.home / "state" / "ledger.db"
    broken_ledger.mkdir(parents=True)
    known = with_channels(settings, hook.url)
    assert alert.tell(known, broken())
    assert alert.tell(known, broken())
    assert not alert.settle(known, OVER)
    assert len(hook.bodies) == 2
    assert "Without it nobody knows what was told already" in caplog.text
    assert "that is told when it passes the next time" in caplog.text


@pytest.mark.parametrize("table", ["problem", "notice"])
def test_a_ledger_that_takes_nothing_holds_nobody_and_people_are_told_all_the_same(table, watched, hook, caplog):
    alert.is_open(watched, PROBLEM)
    connection = sqlite3.connect(watched.home / "state" / "ledger.db")
    connection.execute(f"CREATE TRIGGER refuses BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no more'); END")
    with took() as seconds:
        assert alert.tell(watched, broken())
    assert seconds[0] < watched.alert_timeout_s + STARTS_S
    assert hook.titles == ["hotarea: citations failed validation"]
    assert "the ledger did not take what became of validation/citations, in 50 tries" in caplog.text
    connection.close()


def test_a_problem_that_cannot_be_changed_holds_nobody(watched, hook, caplog):
    alert.tell(watched, broken())
    connection = sqlite3.connect(watched.home / "state" / "ledger.db")
    connection.execute("CREATE TRIGGER keeps BEFORE UPDATE ON problem BEGIN SELECT RAISE(IGNORE); END")
    connection.close()
    assert alert.tell(watched, broken("never null"))
    assert len(hook.bodies) == 2
    assert not alert.settle(watched, OVER)
    assert "that is told when it passes the next time" in caplog.text
    assert [p.closed_at for p in remembered(watched)] == [None]


def test_without_channels_problems_are_remembered_and_logged(settings, caplog):
    assert alert.tell(settings, broken())
    assert alert.settle(settings, OVER)
    assert notices(settings) == []
    assert [p.closed_at is None for p in remembered(settings)] == [False]
    assert "hotarea: citations failed validation" in caplog.text


def test_no_address_and_no_secret_is_kept_or_logged(settings, caplog):
    caplog.set_level(logging.DEBUG)
    with webhook(status=403) as rejecting:
        known = with_channels(settings, refusing(), rejecting.url, f"nosuchservice://{TOKEN}", TOKEN)
        alert.tell(known, broken())
        tried = alert.test(known)
    connection = sqlite3.connect(settings.home / "state" / "ledger.db")
    kept = "\n".join(connection.iterdump())
    connection.close()
    assert "citations were rejected" in kept
    assert TOKEN not in kept + caplog.text + repr(tried)
    assert "127.0.0.1" not in kept + caplog.text + repr(tried)


def test_the_test_message_says_of_each_channel_whether_it_arrived(settings, hook):
    with mail_server() as box:
        tried = alert.test(with_channels(settings, hook.url, refusing(), box.url, "nonsense"))
        assert box.titles == hook.titles == ["hotarea: test of the alert channels"]
    assert [(t.place, t.kind, t.arrived, t.reason) for t in tried] == [
        (1, "json", True, ""),
        (2, "json", False, "it cannot be reached"),
        (3, "mailto", True, ""),
        (4, "no URL", False, "it is not an Apprise URL; correct it"),
    ]
    assert remembered(settings) == []


def test_a_test_without_channels_says_what_to_set(settings):
    with pytest.raises(SettingsError, match=r"HOTAREA_ALERT_URLS names no channel.*mailto://"):
        alert.test(settings)
