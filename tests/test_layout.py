"""The house rules that no linter knows."""

import importlib
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("bot", "handlers", "jobs", "storage")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TEXTS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "Makefile", "*.toml", ".ci/run", "deploy/**/*")
    for path in ROOT.glob(pattern)
    if path.is_file()
)


def test_packages_are_ours() -> None:
    """The generic package names are found under this folder, not in some site-packages."""
    for name in PACKAGES:
        module = importlib.import_module(name)
        assert module.__file__ is not None
        assert Path(module.__file__).is_relative_to(ROOT)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_one_idea(path: Path) -> None:
    """At most 250 lines, and no name that says nothing."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 250
    assert path.stem not in {"utils", "helpers", "common", "misc"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_settings_read_the_environment(path: Path) -> None:
    """One door for configuration."""
    if path != ROOT / "bot" / "settings.py":
        assert not re.search(r"os\.environ|os\.getenv|getenv\(", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [*SOURCES, *TEXTS], ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_looks_like_a_token(path: Path) -> None:
    """Not even an example may be taken for a bot token."""
    text = path.read_text(encoding="utf-8", errors="replace")
    assert not re.search(r"\d{8,10}:[A-Za-z0-9_-]{35}", text)
