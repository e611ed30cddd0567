"""Evaluate the gradient or baseline models of one training job, clean and perturbed."""

from gradloss.evaluation.job import evaluation_parser, run_evaluation_job
from gradloss.evaluation.plain import plain_rows
from gradloss.support.command import run

if __name__ == "__main__":
    run(lambda: run_evaluation_job(evaluation_parser(__doc__).parse_args(), plain_rows))
