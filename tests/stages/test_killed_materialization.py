"""Kill -9 at random moments, then one normal run: every document answers online as it does offline."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.servers import postgres_server, redis_server
from tests.stages import programs

KILLS = {"sqlite": 20, "redis": 6, "postgres": 6}


def killed(home: Path, kills: int, **environment: str) -> dict[str, object]:
    work = {"HOTAREA_SHARDS": "8", "HOTAREA_WORKERS": "2"}
    done = programs.ended("tests.stages.killed", home, kills, 7, **work, **environment)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("kind", KILLS)
def test_after_many_kills_and_one_run_online_equals_offline(kind, tmp_path):
    home, kills = tmp_path / "home", KILLS[kind]
    servers = {"sqlite": nullcontext, "redis": redis_server, "postgres": postgres_server}

    with servers[kind]() as url:
        store = {"HOTAREA_ONLINE_STORE": kind, "HOTAREA_ONLINE_STORE_URL": url} if url else {}
        found = killed(home, kills, **store)

    assert found["killed"] == kills
    assert found["complete"] < 2 * kills  # else most kills came when all was done
    assert found["resumed"]  # else no kill came between two chunks of a write
    assert found["differ"] == []
