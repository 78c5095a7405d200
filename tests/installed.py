"""The project as a user gets it: a wheel made from the files that git knows, in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

SHARE = Path(sysconfig.get_path("data")) / "share" / "jupyter"
OURS = "jupyter-saasmetrics"


@dataclass(frozen=True)
class Installed:
    """A wheel, and the environment that it is installed in."""

    wheel: Path
    home: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.home / "bin" / "python"

    @property
    def environment(self) -> dict[str, str]:
        """Variables for its commands: no Node anywhere, and the JupyterLab that is borrowed."""
        around = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        etc = SHARE.parents[1] / "etc" / "jupyter"
        borrowed = {"JUPYTERLAB_DIR": str(SHARE / "lab"), "JUPYTER_CONFIG_PATH": str(etc)}
        return around | borrowed | {"PATH": str(self.home / "bin")}

    def run(self, *words: str) -> str:
        """Run a module in the environment and return all that it says."""
        command = [str(self.python), "-m", *words]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
            cwd=self.home,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


def installed(root: Path, folder: Path) -> Installed:
    """Build the wheel of a clean copy and install it, the libraries being those of this interpreter."""
    clean, home = folder / "clean", folder / "home"
    _copy(root, clean)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    _run(build, clean)
    wheel = next((folder / "dist").glob("*.whl"))
    venv.create(home, symlinks=True)
    # A path in a .pth file lends the libraries and not what is installed editable, for nested .pth files are not read.
    site = next((home / "lib").glob("python*/site-packages"))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    python = str(home / "bin" / "python")
    if uv := shutil.which("uv"):
        _run([uv, "pip", "install", "--offline", "--no-deps", "--python", python, str(wheel)], home)
    else:
        pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
        options = ["--no-deps", "--no-index", "--ignore-installed"]
        _run([*pip, "install", *options, str(wheel)], home)
    _lend_extensions(home / "share" / "jupyter" / "labextensions")
    return Installed(wheel, home)


def _lend_extensions(folder: Path) -> None:
    """Link the front ends of the libraries, such as that of ipywidgets; ours must come from the wheel."""
    for path in (SHARE / "labextensions").iterdir():
        if path.name != OURS:
            (folder / path.name).symlink_to(path)


def _copy(root: Path, target: Path) -> None:
    """Copy what git knows or would add, so that files which it ignores cannot get into the wheel."""
    if not (root / ".git").exists():  # a source distribution
        shutil.copytree(root, target)
        return
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (root / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name)


def _run(command: list[str], cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
