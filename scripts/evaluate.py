"""Evaluate the gradient or baseline models of one training job, clean and perturbed."""

from gradloss.command import run
from gradloss.evaluation_job import evaluation_parser, run_evaluation_job
from gradloss.plain_evaluation import plain_rows

if __name__ == "__main__":
    run(lambda: run_evaluation_job(evaluation_parser(__doc__).parse_args(), plain_rows))
