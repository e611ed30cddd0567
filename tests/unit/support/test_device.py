"""TensorFlow is set up for results that can be repeated, and the device is named."""

import subprocess
import sys
from types import SimpleNamespace

import tensorflow as tf

from gradloss.support.device import configure_device

# A process of its own: threads can only be set before TensorFlow has computed anything.
ON_CPU = """
import tensorflow as tf
from gradloss.support.device import configure_device
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


def test_one_of_the_gpus_is_used_and_its_memory_grows(monkeypatch):
    gpus = [SimpleNamespace(name=f"/physical_device:GPU:{index}") for index in (0, 1)]
    visible, grown = [], []
    monkeypatch.setattr(tf.config, "list_physical_devices", {"GPU": gpus}.get)
    monkeypatch.setattr(tf.config, "set_visible_devices", lambda *call: visible.append(call))
    experimental = SimpleNamespace(
        enable_op_determinism=lambda: None,
        set_memory_growth=lambda gpu, enable: grown.append((gpu, enable)),
        get_device_details=lambda gpu: {"device_name": f"Model {gpus.index(gpu)}"},
    )
    threading = SimpleNamespace(
        set_intra_op_parallelism_threads=lambda threads: None,
        set_inter_op_parallelism_threads=lambda threads: None,
    )
    monkeypatch.setattr(tf.config, "experimental", experimental)
    monkeypatch.setattr(tf.config, "threading", threading)
    devices = {configure_device(1) for _ in range(100)}
    assert devices == {"GPU Model 0", "GPU Model 1"}
    assert {gpu.name for gpu, _ in visible} == {gpu.name for gpu in gpus}
    assert {kind for _, kind in visible} == {"GPU"}
    assert grown == [(gpu, True) for gpu, _ in visible]
