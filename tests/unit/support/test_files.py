"""Files and folders that are there whole or not at all."""

import pytest

from gradloss.support.files import atomic_folder, atomic_write


def test_atomic_write_makes_folders_and_leaves_nothing_else(tmp_path):
    target = tmp_path / "deep" / "folder" / "text.txt"
    with atomic_write(target) as temporary:
        temporary.write_text("new")
        assert temporary.parent == target.parent
        assert temporary.suffix == target.suffix
        assert not target.exists()
    assert target.read_text() == "new"
    assert list(target.parent.iterdir()) == [target]


def test_atomic_write_keeps_the_old_file_on_failure(tmp_path):
    target = tmp_path / "text.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError, match="half way"), atomic_write(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError("half way")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_atomic_folder_replaces_the_old_one_when_complete(tmp_path):
    target = tmp_path / "deep" / "models"
    for text in ("old", "new"):
        with atomic_folder(target) as temporary:
            (temporary / text).write_text(text)
            assert temporary.parent == target.parent
        assert [path.name for path in target.iterdir()] == [text]
    assert list(target.parent.iterdir()) == [target]


def test_atomic_folder_keeps_the_old_one_on_failure(tmp_path):
    target = tmp_path / "models"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(RuntimeError, match="half way"), atomic_folder(target) as temporary:
        (temporary / "half").touch()
        raise RuntimeError("half way")
    assert [path.name for path in target.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [target]
