"""Serves the validation reports of the home below `hotarea/reports/`, to who is logged in to Airflow."""

from pathlib import Path

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException

# Reports show what the data holds: nothing of it is run, and nothing is fetched from elsewhere.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'self'; form-action 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}


def create_app(folder: Path) -> FastAPI:
    """Return the application that serves the pages below a folder, and nothing else."""
    app = FastAPI(title="hotarea's reports", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(AnyHTTPException, _refused)

    @app.get("/reports/{path:path}")
    def page(path: str, user: GetUserDep) -> Response:  # noqa: ARG001 - it is what asks for the login
        return FileResponse(_file(folder, path or "index.html"), media_type="text/html", headers=_HEADERS)

    return app


def _file(folder: Path, path: str) -> Path:
    """Return the page at a path; what lies elsewhere, however it is asked for, is not found."""
    root = folder.resolve()
    try:
        wanted = (root / path).resolve()
        found = wanted.is_relative_to(root) and wanted.suffix == ".html" and wanted.is_file()
    except (OSError, ValueError):  # a name that is too long, or none that a file can have
        found = False
    if not found:
        raise HTTPException(
            404, "There is no such report; reports are kept for a while. `hotarea status` names the last."
        )
    return wanted


def _refused(request: Request, error: Exception) -> Response:
    """Send who is not logged in to the login, and from there back; answer programs with the error."""
    assert isinstance(error, AnyHTTPException)  # noqa: S101 - it is registered for those
    if error.status_code == 401 and "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(get_auth_manager().get_url_login(next_url=str(request.url)), status_code=303)
    return JSONResponse({"detail": error.detail}, status_code=error.status_code)
