"""How often Snakemake looks for jobs to start."""

from snakemake.exceptions import WorkflowError


def look_when_jobs_end(scheduler: object) -> None:
    """Let Snakemake look for jobs to start whenever one ends, and at no other time.

    A limit on jobs per time span, which has a default and no value for none, lets every look
    start a timer for another one. So each job that ends starts one more chain of looks, which
    lasts while jobs wait, and each look weighs all of them: in a long run half a core.

    Args:
        scheduler: Of a run that starts.

    Raises:
        WorkflowError: The scheduler has no such limit to lift.
    """
    if not hasattr(scheduler, "job_rate_limiter"):
        raise WorkflowError(
            "this version of Snakemake limits the rate of jobs in a way that the workflow does not "
            "know; install the version of requirements.lock, or remove `onstart` from the Snakefile"
        )
    scheduler.job_rate_limiter = None
