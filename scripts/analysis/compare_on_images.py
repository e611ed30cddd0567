"""Compare the methods of the claims on images over replicates and over test images."""

from gradloss.analysis.sampling import compare_on_images, read_images
from gradloss.support.command import run
from gradloss.support.product_options import parse_options
from gradloss.support.results import write_csv


def main() -> None:
    arguments = parse_options(__doc__, "images", "output")
    write_csv(compare_on_images(read_images(arguments.images)), arguments.output)


if __name__ == "__main__":
    run(main)
