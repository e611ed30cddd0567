"""Set-up of TensorFlow for a job whose results can be repeated."""

import logging
import secrets

import tensorflow as tf

log = logging.getLogger(__name__)


def configure_device(threads: int) -> str:
    """Fix the thread count, make operations deterministic and say which device is used.

    A GPU is used if TensorFlow sees one, with no more of its memory than the job needs. Of several
    it is any one, so that jobs that run at the same time spread over them.

    Args:
        threads: Threads of TensorFlow on the CPU; part of the configuration because sums over a
            different number of threads round differently.

    Returns:
        The device in words.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    device = _take_gpu() or f"CPU with {threads} thread(s), no GPU found"
    log.info("device: %s", device)
    return device


def _take_gpu() -> str | None:
    """Make one GPU the only one that TensorFlow uses; its name, or None without one."""
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return None
    gpu = secrets.choice(gpus)
    tf.config.set_visible_devices(gpu, "GPU")
    tf.config.experimental.set_memory_growth(gpu, True)
    details = tf.config.experimental.get_device_details(gpu)
    return f"GPU {details.get('device_name', gpu.name)}"
