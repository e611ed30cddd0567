"""Try every value of a gradient or baseline method's free constant on held-out training data."""

from gradloss.losses.plain import build_loss
from gradloss.support.command import run
from gradloss.tuning.job import run_tuning_job

if __name__ == "__main__":
    run(lambda: run_tuning_job(__doc__, build_loss))
