# What a run does before it reads its configuration.

import atexit
import gc
import logging
import os
import shutil
import sys
import tempfile

sys.path.insert(0, str(Path(workflow.basedir) / "src"))
sys.path.insert(0, str(Path(workflow.basedir) / "workflow"))

from disk import check_writable, warn_if_full
from exclusive import looks_only, take_folder
from gradloss.command import describe
from gradloss.config_files import check_config_file
from gradloss.errors import UserError

STATE = Path(".snakemake")
COMPUTES = workflow.is_main_process and not looks_only(sys.argv)

# A plan of ten thousands of jobs is millions of objects that live to its end.
gc.set_threshold(100_000, 50, 100)

# A full disk would fill the terminal with tracebacks of Snakemake's log file.
logging.raiseExceptions = False

try:
    if workflow.is_main_process:
        take_folder(sys.argv, Path.cwd())
    for file in ("config.yaml", *workflow.overwrite_configfiles):
        check_config_file(Path(file))
except UserError as error:
    sys.exit(f"error: {error}")
except OSError as error:
    error.filename = error.filename or str(STATE)
    sys.exit(f"error: {describe(error)}")

if workflow.is_main_process:
    # Jobs on this machine end when the run ends, however it ends.
    os.environ["GRADLOSS_RUN"] = str(os.getpid())
else:
    os.environ.pop("GRADLOSS_RUN", None)  # of a run on another machine

# TensorFlow's own notes would hide ours in the logs; NumPy's threads would compete with jobs.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["PYTHONPATH"] = str(Path(workflow.basedir) / "src")
if COMPUTES:
    # Programs that are cut off leave files among the temporary ones of everybody else.
    tempfile.tempdir = tempfile.mkdtemp(prefix="gradloss-")
    atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)
# In the user's home, their settings and caches would be shared with everything else.
os.environ["KERAS_HOME"] = str(STATE.resolve() / "keras")
os.environ["MPLCONFIGDIR"] = str(STATE.resolve() / "matplotlib")
