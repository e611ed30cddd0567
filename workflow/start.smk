# What a run does before it reads its configuration, and before its first job.

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
from environment import refuse_separator, set_environment
from exclusive import take_folder
from gradloss.support.command import describe
from gradloss.configuration.files import read_config_file
from gradloss.support.errors import UserError
from scheduling import look_when_jobs_end
from watching import watch

STATE = Path(".snakemake")

# A plan of ten thousands of jobs is millions of objects that live to its end.
gc.set_threshold(100_000, 50, 100)

# A full disk would fill the terminal with tracebacks of Snakemake's log file.
logging.raiseExceptions = False

try:
    refuse_separator(Path.cwd())
    CONFIG_FILES = [
        read_config_file(Path(file)) for file in ("config.yaml", *workflow.overwrite_configfiles)
    ]
except UserError as error:
    sys.exit(f"error: {error}")
except OSError as error:
    error.filename = error.filename or str(STATE)
    sys.exit(f"error: {describe(error)}")

if workflow.is_main_process:
    # Jobs on this machine end when the run ends, however it ends.
    os.environ["GRADLOSS_RUN"] = str(os.getpid())
    # Programs that are cut off leave files among the temporary ones of everybody else.
    tempfile.tempdir = tempfile.mkdtemp(prefix="gradloss-")
    atexit.register(shutil.rmtree, tempfile.tempdir, ignore_errors=True)
    for handler in workflow.logger_manager.plugin_handlers:
        if "rich" in type(handler).__module__:
            watch(handler, Path(tempfile.tempdir))
else:
    os.environ.pop("GRADLOSS_RUN", None)  # of a run on another machine

set_environment(Path(workflow.basedir) / "src", STATE)


def begin_run():
    """Take this folder, or end the run, before its first job; who only looks does not come here."""
    try:
        take_folder(Path.cwd())
    except UserError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        sys.exit(f"error: {describe(error)}")
    look_when_jobs_end(workflow.scheduler)
