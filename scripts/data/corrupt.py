"""Corrupt the test images of a dataset, once for all evaluations."""

from gradloss.data.corruptions import corrupt_test_part
from gradloss.data.pool import load_pool
from gradloss.support.command import run
from gradloss.support.files import write_npz
from gradloss.support.product_options import parse_options


def main() -> None:
    arguments = parse_options(__doc__, "data", "settings", "output")
    write_npz(arguments.output, corrupt_test_part(load_pool(arguments.data), **arguments.settings))


if __name__ == "__main__":
    run(main)
