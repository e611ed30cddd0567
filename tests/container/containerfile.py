"""A Containerfile's instructions, as far as this one needs them, and what its COPY leaves out."""

import re
from collections.abc import Callable
from pathlib import Path, PurePath

from gradloss.support.errors import UserError

VALUES = {
    "FROM": r"debian:[a-z]+-\d{8}-slim",
    "WORKDIR": r"/[\w./-]+",
    "COPY": r"(\.|\w[\w./-]*) [\w./-]+",
    "RUN": r"(?![-\[])(?!.*<<).+",  # no flags, no list, no lines that follow
    "CMD": r'\["[^"]+"(, "[^"]+")*\]',
}


def read_containerfile(text: str) -> list[tuple[str, str]]:
    """Each instruction with its value, the image first.

    Raises:
        UserError: There is an instruction, or a form of one, that is not performed here.
    """
    without_comments = re.sub(r"(?m)^[ \t]*#.*\n", "", text)
    lines = re.sub(r"\\[ \t]*\n", "", without_comments).splitlines()
    instructions = [_read_instruction(line.strip()) for line in lines if line.strip()]
    if [number for number, (name, _) in enumerate(instructions) if name == "FROM"] != [0]:
        raise UserError("Containerfile: it begins with FROM, and has one")
    return instructions


def _read_instruction(line: str) -> tuple[str, str]:
    name, _, value = line.partition(" ")
    value = value.strip()
    if name not in VALUES or not re.fullmatch(VALUES[name], value):
        raise UserError(f"Containerfile: {line!r} is nothing that tests/container performs")
    return name, value


def suite_of(image: str) -> str:
    """The name of the Debian that a dated image holds."""
    return image.removeprefix("debian:").partition("-")[0]


def left_out(context: Path) -> Callable[[str, list[str]], set[str]]:
    """What `.dockerignore` keeps out of a copy of the folder, as `shutil.copytree` asks for it."""
    lines = (context / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]

    def ignore(folder: str, names: list[str]) -> set[str]:
        below = PurePath("/") / Path(folder).relative_to(context)
        return {name for name in names if any(_matches(below / name, each) for each in patterns)}

    return ignore


def _matches(path: PurePath, pattern: str) -> bool:
    """`**/name` is that name in any folder, any other pattern one at the top."""
    if pattern.startswith("**/"):
        return path.match(pattern.removeprefix("**/"))
    return path.match(f"/{pattern}")
