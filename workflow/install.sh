#!/usr/bin/env bash
# Sets up what the Makefile needs: `install.sh python VENV`, `install.sh tex`, `install.sh browser`,
# `install.sh slurm` or `install.sh container`.
set -euo pipefail

TEX_PACKAGES="texlive-latex-extra texlive-science lmodern latexmk"

# Debian packages, as root or by a sudo that asks for nothing; fails where neither is possible.
apt_install() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    command -v apt-get >/dev/null || return 1
    "${as_root[@]}" apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive "${as_root[@]}" \
            apt-get install -y -qq -o DPkg::Lock::Timeout=600 --no-install-recommends "$@" >/dev/null
}

install_python() {
    local venv=$1 python=${PYTHON:-python3}
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        echo "Python has no venv module; installing python3-venv"
        apt_install python3-venv || {
            echo "error: $python cannot make virtual environments; install the package" \
                "python3-venv and run make again" >&2
            exit 1
        }
    fi
    local clear=--clear
    [ "$(cat "$venv/installed" 2>/dev/null)" != "$(pwd -P)" ] || clear=
    # shellcheck disable=SC2086
    "$python" -m venv $clear "$venv"
    local pip=("$venv/bin/python" -m pip install -q --no-user --disable-pip-version-check)
    "${pip[@]}" --require-hashes -r requirements.lock
    "${pip[@]}" --no-deps --no-build-isolation -e .
}

install_tex() {
    command -v latexmk >/dev/null && kpsewhich siunitx.sty lmodern.sty cleveref.sty >/dev/null &&
        return
    echo "Installing TeX: $TEX_PACKAGES"
    # shellcheck disable=SC2086
    apt_install $TEX_PACKAGES ||
        echo "TeX cannot be installed here; everything but the PDF will be built"
}

install_slurm() {
    command -v sbatch slurmctld slurmd munged >/dev/null && return
    echo "Installing SLURM: slurm-wlm munge"
    apt_install slurm-wlm munge || {
        echo "error: SLURM cannot be installed here; install the packages slurm-wlm and munge" >&2
        exit 1
    }
}

# For clean roots without a container engine.
install_container() {
    command -v mmdebstrap >/dev/null && return
    echo "Installing mmdebstrap"
    apt_install mmdebstrap || {
        echo "error: mmdebstrap cannot be installed here; install the package mmdebstrap" >&2
        exit 1
    }
}

# For the tests of the report.
install_browser() {
    local name
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null && return
    done
    echo "Installing Chromium"
    apt_install chromium ||
        echo "Chromium cannot be installed here; the tests of the report will fail"
}

"install_$1" "${@:2}"
