from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.storage.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path)
    yield folder
    folder.history.close()
