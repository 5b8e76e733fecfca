import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from hotarea.domain import lines
from hotarea.domain.errors import RawDataError


def packed(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content))
    return path


@pytest.mark.parametrize("size", [1, 3, 7, 1 << 20])
@pytest.mark.parametrize("content", [b"", b"\n", b"one\n", b"one", b"one\n\ntwo longer\nthree", b"\r\n\xff\n" * 5])
def test_batches_are_whole_lines_that_add_up(tmp_path: Path, size: int, content: bytes) -> None:
    found = list(lines.batches(packed(tmp_path / "f.gz", content), size))
    assert b"".join(found) == content == lines.whole(tmp_path / "f.gz")
    assert all(batch.endswith(b"\n") for batch in found[:-1])


def test_members_one_after_another_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "f.gz").write_bytes(gzip.compress(b"one\n") + gzip.compress(b"two\n"))
    assert lines.whole(tmp_path / "f.gz") == b"one\ntwo\n"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda c: c[: len(c) // 2], "is truncated"),
        (lambda c: c[:-4], "is truncated"),
        (lambda c: c[:-8] + b"\0\0\0\0" + c[-4:], "cannot be inflated"),
        (lambda c: c[:40] + bytes(40) + c[80:], "cannot be inflated"),
        (lambda c: b"plain text\n", "cannot be inflated"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, damage: object, message: str) -> None:
    content = gzip.compress(b"".join(b"line %d\n" % (n * n) for n in range(2_000)))
    (tmp_path / "part_0000.gz").write_bytes(damage(content))  # type: ignore[operator]
    with pytest.raises(RawDataError, match=f"part_0000.gz {message}"):
        list(lines.batches(tmp_path / "part_0000.gz"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RawDataError, match=r"absent\.gz cannot be inflated"):
        lines.whole(tmp_path / "absent.gz")


def test_a_gzip_file_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "no.gz").write_bytes(b"text")
    assert lines.is_gzip(packed(tmp_path / "yes.gz", b"text"))
    assert not lines.is_gzip(tmp_path / "no.gz")


def test_a_platform_without_isal_reads_the_same(tmp_path: Path) -> None:
    packed(tmp_path / "f.gz", b"one\ntwo\n")
    program = (
        "import sys; sys.modules['isal'] = None\n"
        "import importlib.util; find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'isal' else find(name)\n"
        "from pathlib import Path; from hotarea.domain import lines\n"
        f"assert list(lines.batches(Path({str(tmp_path / 'f.gz')!r}))) == [b'one\\ntwo\\n']\n"
        "assert lines._damages() == (__import__('zlib').error,)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
