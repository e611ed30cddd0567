"""What verdicts, measures and identifiers are called in figures, tables and texts."""

REPRODUCED, COMPATIBLE, FAILED, UNDECIDED = VERDICTS = (
    "reproduced",
    "compatible",
    "not reproduced",
    "inconclusive",
)
NOT_COMPUTED = "not computed"  # in place of a verdict, of what the configuration leaves out


def words(name: str) -> str:
    """An identifier as words, for names that no configuration labels."""
    return name.replace("_", " ")


def measure_of(task: str) -> tuple[str, str]:
    """Name of a task's test measure in the results, and its label on an axis."""
    if task == "regression":
        return "mse", r"test MSE of log$\,$(1 + target)"
    return "accuracy", "test accuracy"
