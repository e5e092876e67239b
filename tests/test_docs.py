"""README and the code say the same."""

import re
from datetime import UTC

from handlers.access import Role
from handlers.call import Command
from handlers.registry import COMMANDS
from handlers.views.i18n import language
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
WHO = {
    Role.STRANGER: "anyone",
    Role.VIEWER: "viewer",
    Role.OPERATOR: "operator",
    Role.ADMIN: "admin",
}


def row(command: Command) -> str:
    """Return the README's line about a command."""
    names = " ".join(f"`/{name}`" for name in command.names)
    said = language("en", UTC).plain(f"help.{command.name}")
    return f"| {names} | {WHO[command.role]} | {said} |"


def test_readme_lists_every_command() -> None:
    """Names, role and meaning of each command, in the order of the one table."""
    found = re.search(r"<!-- commands -->\n(.*?)<!-- /commands -->", README, re.DOTALL)
    assert found is not None
    assert found[1].splitlines() == [row(command) for command in COMMANDS]


def test_readme_names_every_make_target_it_uses() -> None:
    """Each `make …` of the README and the docs is a target."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    texts = [README, *(path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md"))]
    used = {name for text in texts for name in re.findall(r"`?make ([a-z]+)\b", text)}
    assert used - {"it", "the", "sure"} <= targets


def test_pictures_and_pages_exist() -> None:
    """No link of the README or the docs points to nothing."""
    for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} → {target}"
