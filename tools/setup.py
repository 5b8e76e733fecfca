"""Make the virtual environment from the lock: complete, or not at all.

Run by `make` with whatever Python is there, so this file stays readable for old ones: no annotations, no f-strings.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys

PYTHONS = ((3, 11), (3, 13))
FREE_BYTES = 3 * 1024**3
STAMP = "complete"


def main():
    """Install what the lock names unless that has been done; exit with one line if it cannot be."""
    with open("requirements.txt", "rb") as lock, open("pyproject.toml", "rb") as project:
        wanted = hashlib.sha256(lock.read() + project.read()).hexdigest()
    stamp = os.path.join(".venv", STAMP)
    if os.path.exists(stamp):
        with open(stamp) as kept:
            if kept.read() == wanted:
                return
    _check()
    shutil.rmtree(".venv", ignore_errors=True)
    try:
        _install()
        with open(stamp, "w") as kept:
            kept.write(wanted)
    except (subprocess.CalledProcessError, OSError, KeyboardInterrupt) as error:
        shutil.rmtree(".venv", ignore_errors=True)
        sys.exit(
            "error: the virtual environment could not be made (%s); nothing was left. See above, then repeat." % error
        )


def _check():
    if not PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]:
        sys.exit(
            "error: this is Python %d.%d; expected 3.11, 3.12 or 3.13. Say `make PYTHON=python3.11 ...`."
            % sys.version_info[:2]
        )
    free = shutil.disk_usage(".").free
    if free < FREE_BYTES:
        sys.exit(
            "error: only %.1f GB are free here; the virtual environment needs %d GB. Free some and repeat."
            % (free / 1024.0**3, FREE_BYTES // 1024**3)
        )


def _install():
    sys.stdout.write("installing the lock into .venv\n")
    sys.stdout.flush()
    python = os.path.join(".venv", "bin", "python")
    subprocess.check_call([sys.executable, "-m", "venv", ".venv"])
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    _pip_installs_uv(pip)
    uv = [os.path.join(".venv", "bin", "uv"), "pip"]
    environment = dict(os.environ, VIRTUAL_ENV=os.path.abspath(".venv"))
    environment.update(_index(pip))
    # uv installs the same wheels by the same hashes as pip does, in a tenth of the time
    subprocess.check_call(
        uv + ["install", "--quiet", "--compile-bytecode", "--require-hashes", "-r", "requirements.txt"], env=environment
    )
    subprocess.check_call(
        uv + ["install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", "."], env=environment
    )


def _pip_installs_uv(pip):
    with open("requirements.txt") as lock:
        pinned = re.search(r"^uv==.*?(?=^[a-z0-9])|^uv==.*", lock.read(), re.MULTILINE | re.DOTALL).group()
    path = os.path.join(".venv", "uv.txt")
    with open(path, "w") as requirement:
        requirement.write(pinned)
    subprocess.check_call(pip + ["install", "--require-hashes", "--no-deps", "-r", path])


def _index(pip):
    """Return uv's variables for the package index and the certificates that pip is configured with."""
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "cert": "SSL_CERT_FILE"}
    found = {}
    listed = subprocess.check_output(pip + ["config", "list"]).decode()
    for key, value in re.findall(r"^(?:\w|:)+\.([\w-]+)='(.*)'$", listed, re.MULTILINE):
        if key in names:
            found[names[key]] = value
    return found


if __name__ == "__main__":
    main()
