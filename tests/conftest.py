"""Set-up that every test shares."""

import os

# TensorFlow's own notes would bury a failure's message.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
