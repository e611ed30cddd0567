"""Train an HKR method on one dataset for a range of replicates."""

from gradloss.losses.hkr import build_loss, build_terms
from gradloss.support.command import run
from gradloss.training.job import run_training_job, save_constrained, training_arguments

if __name__ == "__main__":
    run(
        lambda: run_training_job(
            training_arguments(__doc__), build_loss, save_constrained, build_terms
        )
    )
