"""Reports are served to who is logged in to Airflow, and nothing else is."""

import asyncio
import os
import warnings
from collections.abc import Callable, Mapping
from types import SimpleNamespace

import httpx
import pytest
from hotarea_airflow.lazy import ReportsApp
from hotarea_airflow.validation import ReportLink

from hotarea.domain.records import Validation
from hotarea.domain.settings import Settings
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

pytestmark = pytest.mark.airflow

Get = Callable[..., httpx.Response]


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home with two pages, secrets beside them, and a link that leads out."""
    monkeypatch.setenv("HOTAREA_HOME", str(settings.home))
    reports = Layout(settings.home).reports
    (reports / "validations").mkdir(parents=True)
    (reports / "index.html").write_text("the index")
    (reports / "validations" / "p@1.html").write_text("a page")
    (reports / "notes.txt").write_text("secret")
    (settings.home / "secret.html").write_text("secret")
    (reports / "out.html").symlink_to(settings.home / "secret.html")
    return settings


@pytest.fixture(scope="module")
def token(airflow_database: Callable[[Mapping[str, str]], None]) -> str:
    """What Airflow gives to a viewer who logs in."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Airflow's web server, whose packages import what is deprecated
        from airflow.api_fastapi.app import create_auth_manager
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    # its database knows the tokens that were given back
    airflow_database(os.environ)
    manager = create_auth_manager()
    manager.init()
    return str(manager.generate_jwt(SimpleAuthManagerUser(username="someone", role="VIEWER")))


@pytest.fixture
def get(home: Settings, token: str) -> Get:
    async def ask(path: str, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(app=ReportsApp())
        async with httpx.AsyncClient(transport=transport, base_url="http://airflow.example.org") as client:
            return await client.get(path, headers=headers)

    return lambda path, **headers: asyncio.run(ask(path, headers))


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/reports/", "the index"),
        ("/reports/index.html", "the index"),
        ("/reports/validations/p@1.html", "a page"),
        ("/reports/validations/p%401.html", "a page"),
        ("/reports/validations/../index.html", "the index"),
    ],
)
def test_pages_are_served_to_who_is_logged_in(get: Get, token: str, path: str, content: str) -> None:
    answer = get(path, authorization=f"Bearer {token}")
    assert (answer.status_code, answer.text) == (200, content)
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_cookie_of_the_ui_is_a_login(get: Get, token: str) -> None:
    assert get("/reports/", cookie=f"_token={token}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/reports/../secret.html",
        "/reports/..%2fsecret.html",
        "/reports/%2e%2e/secret.html",
        "/reports/validations/..%2f..%2fsecret.html",
        "/reports/out.html",
        "/reports/notes.txt",
        "/reports/validations",
        "/reports/absent.html",
        "/reports/%2fetc%2fpasswd",
        "/reports/index.html%00",
        "/reports/" + 300 * "x" + ".html",
    ],
)
def test_nothing_else_is_served(get: Get, token: str, path: str) -> None:
    answer = get(path, authorization=f"Bearer {token}")
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_who_is_not_logged_in_is_sent_to_the_login_and_back(get: Get) -> None:
    answer = get("/reports/validations/p@1.html", accept="text/html")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/auth/login?next=http%3A%2F%2Fairflow.example.org%2Freports%2Fvalid")
    assert "page" not in answer.text


@pytest.mark.parametrize("login", ["", "Bearer nonsense"])
def test_a_program_without_a_login_is_refused(get: Get, login: str) -> None:
    assert get("/reports/index.html", authorization=login).status_code in {401, 403}


def validated(settings: Settings, name: str, *, success: bool, run_id: str = "r1", dataset: str = "documents") -> None:
    with Ledger(settings.ledger) as ledger:
        report = str(Layout(settings.home).reports / "validations" / f"{name}.html")
        ledger.add(
            Validation(
                validation_id=name,
                dataset=dataset,
                subject=name,
                success=success,
                failures=[],
                report=report,
                run_id=run_id,
            )
        )


def link(*datasets: str) -> str:
    return ReportLink().get_link(SimpleNamespace(datasets=datasets), ti_key=SimpleNamespace(run_id="r1"))


def test_a_task_links_to_what_it_validated_and_not_to_what_a_run_of_another_dag_did(home: Settings) -> None:
    validated(home, "features", success=False, dataset="document_features")
    validated(home, "rows", success=True, dataset="training_set")
    assert link("documents", "citations") == ""
    assert link("training_set").endswith("/validations/rows.html")
    assert link("document_features").endswith("/validations/features.html")


def test_a_task_links_to_what_its_run_validated(home: Settings) -> None:
    base = "http://127.0.0.1:8080/hotarea/reports"
    validated(home, "other", success=False, run_id="r0")
    assert link("documents") == ""
    validated(home, "2012-12-31@2013", success=True)
    assert link("documents") == f"{base}/validations/2012-12-31%402013.html"
    validated(home, "b", success=True)
    assert link("documents") == f"{base}/index.html"
    validated(home, "c", success=False)
    validated(home, "d", success=False)
    assert link("documents") == f"{base}/validations/c.html"
