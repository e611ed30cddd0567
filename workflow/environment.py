"""The environment of all jobs, whatever the shell says that starts them."""

import getpass
import os
from pathlib import Path

from gradloss.support.errors import UserError

# What would change bytes, or fail, in jobs that mean to be the same everywhere.
FOREIGN = (
    "PYTHON",  # modules, options and a home of another Python
    "TF_",  # such as TF_ENABLE_ONEDNN_OPTS=0: other kernels, which round differently
    "XLA_",
    "KERAS_",  # another backend than TensorFlow
    *("ONEDNN_", "DNNL_"),  # other instructions of the processor
    *("OMP_", "KMP_", "MKL_", "OPENBLAS_", "NPY_"),  # threads and instructions of NumPy
    "MPL",  # another backend of Matplotlib
    *("JUPYTER_", "IPYTHON"),  # kernels and profiles
)


def refuse_separator(folder: Path) -> None:
    """Raise UserError if lists of folders, as in PYTHONPATH, cannot hold this one."""
    if os.pathsep in str(folder):
        raise UserError(
            f"{folder}: this path holds the character {os.pathsep}, which separates the folders of"
            " PATH; move the repository to another one"
        )


def set_environment(source: Path, state: Path) -> None:
    """Clean and set the variables that this process gives to its jobs.

    Args:
        source: Folder of the package.
        state: Folder of what is neither source nor result.
    """
    try:
        getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in containers, where Snakemake asks
        os.environ["USER"] = str(os.getuid())
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        del os.environ[name]
    os.environ.update(
        {
            "PYTHONPATH": str(source),
            "PYTHONNOUSERSITE": "1",  # packages in the home come before those of the environment
            "PYTHONUTF8": "1",  # text is UTF-8 in every locale
            "TF_CPP_MIN_LOG_LEVEL": "3",  # TensorFlow's notes would hide ours in the logs
            "OPENBLAS_NUM_THREADS": "1",  # NumPy's threads would compete with jobs
            # In the home, settings and caches would be shared with everything else.
            "KERAS_HOME": str(state.resolve() / "keras"),
            "MPLCONFIGDIR": str(state.resolve() / "matplotlib"),
            "MATPLOTLIBRC": os.devnull,  # comes before the file in the folder above
        }
    )
