import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
from hotarea_airflow.process import ProcessGroup

# a program that starts a child, which writes its number and ignores SIGTERM if asked to
CHILD = """
import os, signal, sys, time
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1] + ".part", "w") as file:
    file.write(str(os.getpid()))
os.rename(sys.argv[1] + ".part", sys.argv[1])
time.sleep(60)
"""
FAMILY = f"""
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {CHILD!r}, *sys.argv[1:3]])
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
if sys.argv[3] == "stay":
    time.sleep(60)
print("the parent is done")
"""


def start(code: str, *arguments: str) -> ProcessGroup:
    return ProcessGroup([sys.executable, "-c", code, *arguments])


def written(path: Path) -> int:
    """The process number that a program wrote, waiting for it."""
    until = time.monotonic() + 20
    while not path.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return int(path.read_text())


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def gone(pid: int, within_s: float = 5.0) -> bool:
    until = time.monotonic() + within_s
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_running(pid)


def test_both_streams_come_as_lines_in_their_order() -> None:
    group = start("import sys; print('one'); print('two', file=sys.stderr); print('thr\\xe9e\\r'); print(end='four')")
    assert list(group.lines(20)) == ["one", "two", "thrée", "four"]
    assert group.wait() == 0


def test_lines_come_while_the_program_runs() -> None:
    group = start("import time; print('at once'); time.sleep(60)")
    began = time.monotonic()
    assert next(group.lines(30)) == "at once"
    assert time.monotonic() - began < 20
    group.end()


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_much_output_on_either_stream_does_not_block(stream: str) -> None:
    group = start(f"import sys; [print('x' * 99, file=sys.{stream}) for _ in range(2_000)]")  # 200 KB > a pipe's 64 KiB
    lines = list(group.lines(30))
    assert (len(lines), set(lines)) == (2_000, {"x" * 99})
    assert group.wait() == 0


def test_a_line_longer_than_the_pipe_comes_whole() -> None:
    group = start("print('y' * 300_000)")
    assert [len(line) for line in group.lines(30)] == [300_000]
    assert group.wait() == 0


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    group = start(r"import sys; sys.stdout.buffer.write(b'caf\xe9\n')")
    assert list(group.lines(20)) == ["caf�"]
    assert group.wait() == 0


@pytest.mark.parametrize(("code", "status"), [("exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", -9)])
def test_the_exit_status_tells_how_it_ended(code: str, status: int) -> None:
    group = start(code)
    assert list(group.lines(20)) == []
    assert group.wait() == status


def test_a_program_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        ProcessGroup(["no-such-program"])


def test_too_long_a_run_is_a_timeout() -> None:
    group = start("import time; time.sleep(60)")
    with pytest.raises(TimeoutError, match=r"still running after 0\.3 s"):
        list(group.lines(0.3))
    group.end()
    assert group.wait() == -signal.SIGTERM


def test_a_program_that_never_stops_writing_times_out_too() -> None:
    group = start("while True: print('again')")
    with pytest.raises(TimeoutError):
        for _ in group.lines(0.5):
            pass
    group.end()


@pytest.mark.parametrize("manners", ["polite", "stubborn"])
def test_end_reaches_the_grandchildren(tmp_path: Path, manners: str) -> None:
    group = start(FAMILY, str(tmp_path / "pid"), manners, "stay")
    grandchild = written(tmp_path / "pid")
    began = time.monotonic()
    group.end(grace_s=0.5)
    assert gone(grandchild)
    assert time.monotonic() - began < 4  # Airflow kills the task five seconds after it asked
    assert group.wait() == -signal.SIGTERM


def test_a_left_behind_grandchild_is_neither_waited_for_nor_spared(tmp_path: Path) -> None:
    group = start(FAMILY, str(tmp_path / "pid"), "polite", "leave")
    assert list(group.lines(30)) == ["the parent is done"]  # though the grandchild holds the stream open
    assert group.wait() == 0
    grandchild = written(tmp_path / "pid")
    assert is_running(grandchild)
    group.end()
    assert gone(grandchild)


def test_end_after_the_end_is_harmless() -> None:
    group = start("pass")
    assert group.wait() == 0
    group.end()
    group.end()
    assert group.wait() == 0


def test_the_group_is_not_the_callers() -> None:
    group = start("import os; print(os.getpgid(0))")
    theirs = [int(line) for line in group.lines(20)]
    assert group.wait() == 0
    assert theirs != [os.getpgid(0)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_the_program_ends_with_a_parent_that_is_killed() -> None:
    parent = """
        import sys, time
        from hotarea_airflow.process import ProcessGroup
        group = ProcessGroup([sys.executable, "-c", "import os, time; print(os.getpid()); time.sleep(60)"])
        print(next(group.lines(30)), flush=True)
        time.sleep(60)
    """
    plugins = Path(__file__).parents[2] / "plugins"
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(parent)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(plugins)},
    ) as process:
        assert process.stdout is not None
        program = int(process.stdout.readline())
        assert is_running(program)
        process.kill()
    assert gone(program)
