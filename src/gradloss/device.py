"""Set-up of TensorFlow for a job whose results can be repeated."""

import logging

import tensorflow as tf

log = logging.getLogger(__name__)


def configure_device(threads: int) -> str:
    """Fix the thread count, make operations deterministic and say which device is used.

    Args:
        threads: Threads of TensorFlow on the CPU; part of the configuration because sums over a
            different number of threads round differently.

    Returns:
        The device in words.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    device = f"GPU {gpus[0].name}" if gpus else f"CPU with {threads} thread(s), no GPU found"
    log.info("device: %s", device)
    return device
