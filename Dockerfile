# One image for every part of the system: Airflow's components, MLflow's server and their preparation.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /build
# The lock alone first: a change of the code does not install its 300 packages again.
COPY requirements.txt ./
RUN pip install --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md ./
COPY src src
COPY beam_jobs beam_jobs
COPY expectations expectations
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . && pip install --no-deps /wheels/*.whl

FROM ${PYTHON_IMAGE}
RUN useradd --uid 10001 --user-group --create-home hotarea \
    && install --directory --owner hotarea --group hotarea --mode 0700 /var/lib/hotarea
COPY --from=build /opt/venv /opt/venv
WORKDIR /opt/hotarea
COPY containers containers
COPY feature_repo feature_repo
COPY policy policy
COPY plugins plugins
COPY dags dags
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOTAREA_HOME=/var/lib/hotarea \
    HOTAREA_PROJECT=/opt/hotarea \
    AIRFLOW_HOME=/var/lib/hotarea/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/hotarea/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/hotarea/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False
USER hotarea
VOLUME /var/lib/hotarea
CMD ["hotarea", "--help"]
