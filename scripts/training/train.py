"""Train a gradient or baseline method on one dataset for a range of replicates."""

from gradloss.losses.plain import build_loss
from gradloss.support.command import run
from gradloss.training.job import run_training_job, save_plain, training_arguments

if __name__ == "__main__":
    run(lambda: run_training_job(training_arguments(__doc__), build_loss, save_plain))
