"""Kill -9 at random moments, then one normal run: every document answers online as it does offline."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import postgres_server, redis_server

KILLS = {"sqlite": 20, "redis": 6, "postgres": 6}


def killed(home: Path, kills: int, **environment: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.stages.killed", home, str(kills), "7"],
        env=os.environ | {"HOTAREA_SHARDS": "8", "HOTAREA_WORKERS": "2"} | environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("kind", KILLS)
def test_after_many_kills_and_one_run_online_equals_offline(kind, tmp_path):
    home, kills = tmp_path / "home", KILLS[kind]
    if kind == "sqlite":
        found = killed(home, kills)
    elif kind == "redis":
        with redis_server(tmp_path) as port:
            url = f"redis://:secret@127.0.0.1:{port}/0"
            found = killed(home, kills, HOTAREA_ONLINE_STORE="redis", HOTAREA_ONLINE_STORE_URL=url)
    else:
        with postgres_server() as port:
            url = f"postgresql://hotarea:secret@127.0.0.1:{port}/postgres"
            found = killed(home, kills, HOTAREA_ONLINE_STORE="postgres", HOTAREA_ONLINE_STORE_URL=url)

    assert found["killed"] == kills
    assert found["complete"] < 2 * kills  # else most kills came when all was done
    assert found["differ"] == []
