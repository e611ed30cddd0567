"""What several files of unit tests share."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_server import Server

from gradloss.data import sources


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Where a download goes."""
    return tmp_path / "data" / "tiny.npz"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A running server; downloads try again without a pause."""
    monkeypatch.setattr(sources, "RETRY_PAUSES_SECONDS", (0, 0))
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()
