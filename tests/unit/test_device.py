"""TensorFlow is set up for results that can be repeated, and the device is named."""

import subprocess
import sys
from types import SimpleNamespace

import tensorflow as tf

from gradloss.device import configure_device

# A process of its own: threads can only be set before TensorFlow has computed anything.
ON_CPU = """
import tensorflow as tf
from gradloss.device import configure_device
print(configure_device(3))
print(tf.config.threading.get_intra_op_parallelism_threads())
print(tf.config.threading.get_inter_op_parallelism_threads())
from tensorflow.python.framework.config import is_op_determinism_enabled
print(is_op_determinism_enabled())
"""


def test_threads_and_determinism_on_a_cpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    command = [sys.executable, "-c", ON_CPU]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert output.splitlines() == ["CPU with 3 thread(s), no GPU found", "3", "3", "True"]


def test_the_memory_of_every_gpu_grows_and_the_first_is_named(monkeypatch):
    gpus = [SimpleNamespace(name=f"/physical_device:GPU:{index}") for index in (0, 1)]
    grown = []
    monkeypatch.setattr(tf.config, "list_physical_devices", {"GPU": gpus}.get)
    experimental = SimpleNamespace(
        enable_op_determinism=lambda: None,
        set_memory_growth=lambda gpu, enable: grown.append((gpu, enable)),
    )
    threading = SimpleNamespace(
        set_intra_op_parallelism_threads=lambda threads: None,
        set_inter_op_parallelism_threads=lambda threads: None,
    )
    monkeypatch.setattr(tf.config, "experimental", experimental)
    monkeypatch.setattr(tf.config, "threading", threading)
    assert configure_device(1) == "GPU /physical_device:GPU:0"
    assert grown == [(gpus[0], True), (gpus[1], True)]
