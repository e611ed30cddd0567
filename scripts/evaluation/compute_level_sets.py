"""Compute what the first 1-Lipschitz network of a job gives on a grid, before and after export."""

import argparse
from pathlib import Path

import gradloss.lipschitz  # noqa: F401  registers the layers that the saved models consist of
from gradloss.data.pool import load_pool
from gradloss.evaluation.level_sets import sample_of, values_on_grid
from gradloss.networks.replicate import constrained_path, model_path
from gradloss.networks.saving import load_model
from gradloss.support.command import run
from gradloss.support.device import configure_device
from gradloss.support.files import write_npz


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="prepared .npz file")
    parser.add_argument("--models", type=Path, required=True, help="folder of the trained models")
    parser.add_argument("--threads", type=int, required=True, help="of TensorFlow")
    parser.add_argument("--output", type=Path, required=True, help=".npz file to write")
    arguments = parser.parse_args()
    configure_device(arguments.threads)
    pool = load_pool(arguments.data)
    constrained, plain = (
        load_model(path(arguments.models, 0)) for path in (constrained_path, model_path)
    )
    values = values_on_grid(constrained, plain, pool.x)
    write_npz(arguments.output, values | sample_of(pool))


if __name__ == "__main__":
    run(main)
