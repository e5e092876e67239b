import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.archives.disk import Disk
from storage.offsite.copies import Offsite
from storage.offsite.folder import FolderPlace
from storage.offsite.place import Place
from tests.storage.offsite import servers
from tests.storage.offsite.backups import START, Backups
from tests.storage.offsite.servers import Line, Server


@pytest.fixture(scope="session")
def moto() -> Iterator[Server]:
    with servers.moto() as server:
        yield server


@pytest.fixture(scope="session")
def s3rver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if shutil.which("node") is None or not servers.S3RVER.is_file():
        pytest.skip("s3rver is not installed: npm install --no-save s3rver")
    with servers.s3rver(tmp_path_factory.mktemp("s3rver")) as server:
        yield server


@pytest.fixture
def prefix() -> str:
    return uuid.uuid4().hex


@pytest.fixture(params=["moto", "s3rver"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["moto", "s3rver", "folder"])
def place(request: pytest.FixtureRequest, tmp_path: Path, prefix: str) -> Place:
    if request.param == "folder":
        (tmp_path / "usb").mkdir()
        return FolderPlace(tmp_path / "usb")
    server: Server = request.getfixturevalue(request.param)
    return servers.bucket(server.port, prefix)


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    line = Line(server.port)
    yield line
    line.close()


@pytest.fixture
def backups(tmp_path: Path) -> Backups:
    return Backups(tmp_path / "backups")


@pytest.fixture
def copies(backups: Backups) -> Callable[[Place], Offsite]:
    return lambda place: Offsite(place, backups.folder, clock=lambda: START)


@pytest.fixture(autouse=True)
def no_leftovers(backups: Backups) -> Iterator[None]:
    """Nothing that was written on the way stays behind."""
    yield
    left = [path for path in backups.folder.iterdir() if path.name.endswith(".tmp")]
    assert left == []


@pytest.fixture
def disk() -> Disk:
    return Disk()
