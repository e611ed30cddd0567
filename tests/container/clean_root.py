"""A clean Debian root in which a Containerfile's instructions are performed by chroot.

Where an engine has the internet, a root has the registry configuration of this machine: apt's
archives, settings of pip and proxies, and the local files that they name.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import psutil
from containerfile import left_out, suite_of
from registries import archives_of, proxies_of_apt, settings

from gradloss.support.errors import UserError

# As engines have them.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
}
MOUNTS = {
    "proc": "proc",
    "sysfs -o ro": "sys",
    "devpts": "dev/pts",
    "tmpfs -o size=64m": "dev/shm",
}
FILES = ["/etc/hosts", "/etc/resolv.conf"]
LOCAL = re.compile(r"(?<!\S)(file://)?(/\S+)")
SHOWN = "/mnt"  # where a root sees local files
# What Debian's slim images leave out.
SLIM = [f"/usr/share/{name}/*" for name in ("doc", "groff", "info", "lintian", "locale", "man")]
# As in Debian's images, but that only the comment leads to packages.
SOURCES = """\
Types: deb
# {address}
URIs: file:/nowhere
Suites: {suites}
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

"""


class Root:
    """A folder that becomes what an engine would build.

    Attributes:
        environment: Of its steps.
        mounts: Commands that each step runs first; no other process sees what they mount.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._workdir = "/"
        self.environment = dict(ENVIRONMENT)
        self.mounts = [
            ["mount", "-t", *kind.split(), "none", f"{folder}/{place}"]
            for kind, place in MOUNTS.items()
        ]

    def inside(self, path: str) -> Path:
        """Where a path, relative to the working folder, lies for who is outside."""
        return self._folder / str(PurePosixPath(self._workdir) / path).lstrip("/")

    def perform(self, name: str, value: str, context: Path) -> None:
        """Do what an engine does for an instruction, with files of the folder `context`."""
        match name:
            case "FROM":
                self._make(suite_of(value))
                for file in FILES:
                    self._show(file, file)
                self.let_in(settings())
            case "WORKDIR":
                self._workdir = value
                self.inside(".").mkdir(parents=True, exist_ok=True)
            case "COPY":
                source, target = value.split()
                shutil.copytree(
                    context / source,
                    self.inside(target),
                    symlinks=True,
                    ignore=left_out(context),
                    dirs_exist_ok=True,
                )
            case "RUN":
                self.execute(["/bin/sh", "-c", value])

    def execute(self, command: Sequence[str]) -> None:
        """Run a command in the working folder.

        Raises:
            UserError: It fails.
        """
        changed = ["exec", "chroot", str(self._folder), "env", f"--chdir={self._workdir}"]
        script = " && ".join(map(shlex.join, [*self.mounts, [*changed, *command]]))
        if status := run_apart(["sh", "-c", script], self.environment):
            told = " ".join(command)
            raise UserError(f"in a clean root this step ends with status {status}: {told}")

    def _make(self, suite: str) -> None:
        archives = archives_of(suite)
        lines = [f"deb {address} {name} main" for address in archives for name in archives[address]]
        apt = [*proxies_of_apt(), 'Acquire::Check-Valid-Until "false";']
        options = [f"--dpkgopt=path-exclude={path}" for path in SLIM]
        options += [f"--aptopt={line}" for line in apt]
        command = ["mmdebstrap", "--mode=root", "--variant=minbase", "--quiet", *options, suite]
        if run_apart([*command, str(self._folder), *lines], os.environ):
            raise UserError(f"mmdebstrap cannot make a root of Debian {suite}")
        (self._folder / "etc/apt/sources.list").unlink()
        (self._folder / "etc/apt/sources.list.d/debian.sources").write_text(
            "".join(
                SOURCES.format(address=address, suites=" ".join(names))
                for address, names in archives.items()
            )
        )

    def let_in(self, given: Mapping[str, str]) -> None:
        """Give all steps these settings, and the local files that they name."""
        for name, value in given.items():
            for scheme, path in LOCAL.findall(value):
                # The pages of an index name files beside it.
                shown = str(Path(path).parent) if scheme else path
                self._show(shown, SHOWN + shown)
            self.environment[name] = LOCAL.sub(rf"\1{SHOWN}\2", value)

    def _show(self, source: str, target: str) -> None:
        place = self.inside(target)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.mkdir(exist_ok=True) if Path(source).is_dir() else place.touch()
        self.mounts.append(["mount", "--bind", "-o", "ro", source, str(place)])


def run_apart(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """The status of a command whose mounts and processes, if any are left, end with it."""
    # In a session of its own, as the terminal's Ctrl-C would end unshare before what it started.
    process = subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait()
    except BaseException:
        # The first process of a namespace ends after all others.
        for first in psutil.Process(process.pid).children() or [process]:
            first.kill()
        process.wait()
        raise
