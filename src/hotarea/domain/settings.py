"""All settings in one frozen object, built once at the edge; nothing else reads the environment."""

import shlex
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic import ValidationError as PydanticError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hotarea.domain.errors import SettingsError


class Settings(BaseSettings):
    """Where things are and how the loop behaves; each field `x` is the environment variable `HOTAREA_X`."""

    model_config = SettingsConfigDict(env_prefix="HOTAREA_", env_ignore_empty=True, frozen=True, extra="ignore")

    home: Path = Field(Path(".hotarea"), description="folder of all state")
    project: Path = Field(Path(), description="folder that holds dags/, plugins/ and feature_repo/")
    raw: Path | None = Field(None, description="raw data to follow; the synthetic sample corpus if unset")

    rejected_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="a release of which a larger share of records is rejected, and at least 10, is blocked",
    )

    horizon_years: int = Field(3, ge=1, le=20, description="how far ahead the label looks")
    hot_quantile: float = Field(0.9, gt=0, lt=1, description="an area is hot above this quantile of future_rate")
    training_cutoffs: int = Field(5, ge=1, description="at most this many cutoffs are trained on, the newest ones")
    training_cutoffs_min: int = Field(1, ge=1, description="with fewer cutoffs to train on, nothing is trained yet")
    excluded_releases: Annotated[tuple[date, ...], NoDecode] = Field(
        (),
        description="dates of releases known to be bad: what became known with one is not learned from; later cutoffs "
        "still count its works",
    )
    seed: int = Field(20, description="seed of everything random")
    search_trials: int = Field(
        0,
        ge=0,
        le=500,
        description="so many recipes are tried before a model is fitted, on 15,000 training rows or more",
    )
    early_stopping_cutoffs: int = Field(
        4, ge=0, description="with so many training cutoffs, the newest decides on the number of rounds; 0: never"
    )
    device: Literal["cpu", "cuda"] = Field("cpu", description="where models are trained; cuda is a GPU of NVIDIA")

    runner: str = Field("FnApiRunner", description="Beam runner of the jobs")
    workers: int | None = Field(
        None, ge=1, le=256, description="processes of a Beam job on the local runner; as many as cores if unset"
    )
    shards: int | None = Field(
        None, ge=1, le=4096, description="by how many shards the Beam jobs split documents; by the data's size if unset"
    )
    beam_options: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Beam's own options for all jobs, quoted as in a shell"
    )
    job_timeout_s: int = Field(3600, gt=0, description="a Beam job that runs longer is ended")

    ledger_url: SecretStr | None = Field(None, description="SQLAlchemy URL of the ledger; SQLite in home if unset")
    mlflow_url: SecretStr | None = Field(None, description="MLflow tracking URI; SQLite in home if unset")
    registry_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL of Feast's registry; a server's ledger if unset, or else a file in home"
    )
    online_store: Literal["sqlite", "redis", "postgres"] = Field("sqlite", description="Feast's online store")
    online_store_url: SecretStr | None = Field(None, description="connection of the online store if not SQLite")

    audit_documents: int = Field(
        300, ge=0, description="documents drawn at random whose online answers are compared with the offline store"
    )
    audit_newest: int = Field(
        100, ge=0, description="of the newest documents, and of those that vanished, so many are compared as well"
    )
    audit_threshold: float = Field(
        0.0, ge=0, le=1, description="a materialization fails if a larger share of the compared documents differs"
    )

    alert_urls: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="Apprise URLs to alert, separated by blanks"
    )
    alert_timeout_s: float = Field(
        20.0, gt=0, le=300, description="an alert holds its task no longer; what is undelivered then is sent later"
    )
    alert_reminder_h: float = Field(
        60.0, gt=0, description="a problem that stays open and is seen again is told again after this many hours"
    )
    silence_release_days: float = Field(45.0, gt=0, description="alert if no release has come for longer")
    silence_promotion_weeks: float = Field(60.0, gt=0, description="alert if no model was promoted for longer")
    silence_online_h: float = Field(
        24.0, gt=0, description="alert if the online store has been behind what has arrived for longer"
    )

    reports_kept_days: int = Field(
        90, ge=1, description="reports of validations are kept so long, and the newest of what may be in service always"
    )

    airflow_port: int = Field(8080, ge=1, le=65535, description="port of Airflow's UI and API on loopback")
    airflow_url: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="address of Airflow's UI as people reach it; loopback and the port if unset",
    )

    @field_validator("alert_urls", "excluded_releases", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(value.split()) if isinstance(value, str) else value

    @field_validator("beam_options", mode="before")
    @classmethod
    def _split_as_shells_do(cls, value: object) -> object:
        return tuple(shlex.split(value)) if isinstance(value, str) else value

    @field_validator("home", "project", "raw", mode="after")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        """Make paths absolute: Airflow's processes and Beam's workers run in other folders than the user."""
        return value if value is None else value.expanduser().resolve()

    @field_validator("training_cutoffs_min")
    @classmethod
    def _at_most_all(cls, value: int, info: ValidationInfo) -> int:
        most = info.data.get("training_cutoffs", value)
        if value > most:
            raise ValueError(f"expected at most HOTAREA_TRAINING_CUTOFFS, which is {most}")
        return value

    @classmethod
    def load(cls, **overrides: object) -> Self:
        """Read the environment; raise `SettingsError` that names every wrong variable."""
        try:
            return cls(**{k: v for k, v in overrides.items() if v is not None})  # type: ignore[arg-type]
        except PydanticError as error:
            wrong = "; ".join(
                f"HOTAREA_{'_'.join(map(str, e['loc'])).upper()}={e['input']!r}: {e['msg']}" for e in error.errors()
            )
            raise SettingsError(f"settings cannot be used: {wrong}. Correct them in the environment.") from error

    @cached_property
    def ledger(self) -> str:
        """SQLAlchemy URL of the ledger."""
        if self.ledger_url:
            return self.ledger_url.get_secret_value()
        return f"sqlite:///{self.home / 'state' / 'ledger.db'}"

    @cached_property
    def registry(self) -> str | None:
        """SQLAlchemy URL of Feast's registry; None for the file in home.

        A ledger on a server is shared by several machines, so the registry lies beside it.
        """
        if self.registry_url:
            return self.registry_url.get_secret_value()
        return None if self.ledger.startswith("sqlite") else self.ledger

    @cached_property
    def airflow(self) -> str:
        """Address of Airflow's UI, for links."""
        return (self.airflow_url or f"http://127.0.0.1:{self.airflow_port}").rstrip("/")

    @cached_property
    def mlflow(self) -> str:
        """MLflow's tracking URI, which is its registry's as well."""
        if self.mlflow_url:
            return self.mlflow_url.get_secret_value()
        return f"sqlite:///{self.home / 'state' / 'mlflow.db'}"
