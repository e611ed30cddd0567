"""Measures the rate of a large float32 matrix product in TensorFlow."""

import sys
import time

import tensorflow as tf
from turns import Turns

from gradloss.support.command import run
from gradloss.support.device import configure_device

SIZE = 2048
PRODUCTS = 5


def main() -> None:
    """Answer each turn with operations per second; the threads are the argument."""
    turns = Turns()
    configure_device(int(sys.argv[1]))
    matrix = tf.random.stateless_uniform((SIZE, SIZE), seed=(0, 1))
    tf.matmul(matrix, matrix).numpy()
    for _ in turns:
        start = time.perf_counter()
        for _ in range(PRODUCTS):
            product = tf.matmul(matrix, matrix)
        product.numpy()
        seconds = time.perf_counter() - start
        turns.answer(operations_per_second=2 * SIZE**3 * PRODUCTS / seconds)


if __name__ == "__main__":
    run(main)
