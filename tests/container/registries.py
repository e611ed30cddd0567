"""Where this machine takes packages and data from."""

import ast
import os
import re
import subprocess
import sys

from gradloss.support.errors import UserError

SETTING = re.compile(
    r"PIP_(.*(INDEX|CERT|TIMEOUT).*|CONSTRAINT|FIND_LINKS|PROXY|RETRIES|TRUSTED_HOST)"
    r"|(?i:https?|no|all)_(?i:proxy)|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|GRADLOSS_MIRROR"
)


def archives_of(suite: str) -> dict[str, list[str]]:
    """The addresses that apt takes a suite of Debian from here, each with its parts of it."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)"]
    told = subprocess.run([*command, "Created-By: Packages"], capture_output=True, text=True)
    archives: dict[str, list[str]] = {}
    for address, name in map(str.split, dict.fromkeys(told.stdout.splitlines())):
        if name in (suite, f"{suite}-updates", f"{suite}-security"):
            archives.setdefault(address, []).append(name)
    if not archives:
        raise UserError(f"apt knows no archive of Debian {suite} here; run apt-get update on one")
    return archives


def proxies_of_apt() -> list[str]:
    """Lines of apt's configuration."""
    told = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    return re.findall(r"(?mi)^Acquire::https?::.*proxy.*$", told.stdout)


def settings() -> dict[str, str]:
    """Of pip, proxies, certificates and the mirror of data, as environment variables."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    found = {}
    for key, value in (line.split("=", 1) for line in told.stdout.splitlines()):
        name = key.rpartition(".")[2].upper().replace("-", "_")
        found[f"PIP_{name}"] = ast.literal_eval(value)
    found |= os.environ
    return {name: value for name, value in found.items() if SETTING.fullmatch(name)}
