"""Fetches Flink's distribution and Beam's job server into a folder that outlives the clone."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

FLINK = "1.19.3"
"""Both kinds of job server below exist for Flink 1.19, and only for it."""

PARTS = "2.62.0"
"""The newest Beam of which a Maven mirror without the assembled job server was seen to hold all parts."""

_MANIFEST = "META-INF/MANIFEST.MF"
_LINE = FLINK.rsplit(".", 1)[0]
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
_INSTALL = {
    "java": "Java 17, for example Debian's openjdk-17-jre-headless",
    "mvn": "Apache Maven, for example Debian's maven",
}


class EngineError(Exception):
    """The engine is absent, and why."""


@dataclass(frozen=True)
class Engine:
    """Where Flink's jars and the job server's lie: `lib/` and `job-server-VERSION.jar` of one folder."""

    folder: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Engine":
        """Return the engine of HOTAREA_FLINK_HOME, or of the user's cache."""
        named = environment.get("HOTAREA_FLINK_HOME")
        return cls(Path(named) if named else Path.home() / ".cache" / "hotarea" / f"flink-{FLINK}")

    @property
    def lib(self) -> Path:
        """Return the folder of Flink's jars."""
        return self.folder / "lib"

    @property
    def job_server(self) -> Path | None:
        """Return the job server's jar, that of our own Beam if it is there; None if there is none."""
        found = [self.folder / f"job-server-{beam}.jar" for beam in (version("apache-beam"), PARTS)]
        return next((jar for jar in found if jar.is_file()), None)

    @property
    def lacks(self) -> str | None:
        """Say what keeps the engine from running; None if it can."""
        if shutil.which("java") is None:
            return f"there is no `java`; expected {_INSTALL['java']}. Install it."
        if not self.lib.is_dir() or self.job_server is None:
            return f"{self.folder} holds no Flink {FLINK} with a job server. Say `make flink-engine`."
        return None


def fetch(engine: Engine) -> None:
    """Bring what is missing of the engine through pip and Maven; raise `EngineError` that says what to install."""
    absent = [what for program, what in _INSTALL.items() if shutil.which(program) is None]
    if absent:
        raise EngineError(f"Flink needs {' and '.join(absent)}. Install it and repeat.")
    engine.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=engine.folder) as aside:
        if not engine.lib.is_dir():
            _fetch_flink(engine, Path(aside))
        if engine.job_server is None:
            _fetch_job_server(engine, Path(aside))


def _fetch_flink(engine: Engine, aside: Path) -> None:
    """Take Flink's jars out of the package that PyFlink keeps them in; nothing of it is installed."""
    say(f"fetching Flink {FLINK} (230 MB)")
    wanted = ("--no-deps", "--no-build-isolation", f"--dest={aside}", f"apache-flink-libraries=={FLINK}")
    _call(sys.executable, "-m", "pip", "download", "--quiet", *wanted)
    (package,) = aside.glob("apache*flink*libraries-*")
    jars = aside / "lib"
    jars.mkdir()
    with tarfile.open(package) as sdist:
        for member in sdist:
            content = sdist.extractfile(member)
            if content and Path(member.name).match("deps/lib/*.jar"):
                (jars / Path(member.name).name).write_bytes(content.read())
    jars.rename(engine.lib)


def _fetch_job_server(engine: Engine, aside: Path) -> None:
    """Fetch the assembled job server of our Beam, or assemble an older one where Maven does not know it."""
    ours, jars = version("apache-beam"), aside / "jars"
    say(f"fetching Beam's job server {ours} for Flink {_LINE}")
    try:
        _maven(jars, f"beam-runners-flink-{_LINE}-job-server", ours, "-DexcludeTransitive=true")
        found = ours
    except EngineError:
        say(f"Maven knows no job server {ours} for Flink {_LINE}; assembling {PARTS}'s from its parts (95 MB)")
        _maven(jars, f"beam-runners-flink-{_LINE}", PARTS)
        found = PARTS
    assembled = aside / "job-server.jar"
    assemble(sorted(jars.glob("*.jar")), assembled)
    assembled.rename(engine.folder / f"job-server-{found}.jar")


def assemble(jars: Iterable[Path], target: Path) -> None:
    """Put jars together as one: a job is sent to the cluster with its jars, each of which costs a tenth of a second.

    Of files with the same name the first counts, but lists of services are joined; signatures are left out.
    """
    services: dict[str, list[bytes]] = {}
    seen = {_MANIFEST}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        out.writestr(_MANIFEST, "Manifest-Version: 1.0\nMulti-Release: true\n")
        for jar in jars:
            with zipfile.ZipFile(jar) as found:
                for name in found.namelist():
                    if name.startswith("META-INF/services/") and not name.endswith("/"):
                        services.setdefault(name, []).append(found.read(name))
                    elif name not in seen and not name.endswith(("/", ".SF", ".RSA", ".DSA")):
                        seen.add(name)
                        out.writestr(name, found.read(name))
        for name, lists in services.items():
            out.writestr(name, b"\n".join(lists))


def _maven(jars: Path, artifact: str, beam: str, *more: str) -> None:
    pom = Path(__file__).with_name("job_server.xml")
    properties = (f"-Dartifact={artifact}", f"-Dbeam={beam}", f"-DoutputDirectory={jars}", "-DincludeScope=runtime")
    _call("mvn", "--batch-mode", "--quiet", f"--file={pom}", *properties, *more, _COPY)


def _call(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise EngineError(f"`{' '.join(command)}` ended with status {done.returncode}:\n{done.stdout[-2000:]}")


def say(line: str) -> None:
    """Tell the user, who may wait for minutes, what goes on."""
    sys.stderr.write(f"flink: {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    try:
        fetch(Engine.of(os.environ))
    except EngineError as error:
        sys.exit(f"error: {error}")
