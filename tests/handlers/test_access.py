"""Who may what follows from the lists, and from nothing else."""

import pytest

from handlers.access import Access, Role

ACCESS = Access(chat_ids=frozenset({7, -100}), admin_ids=frozenset({9}))


@pytest.mark.parametrize(
    ("user", "chat", "role"),
    [
        (7, 7, Role.OPERATOR),
        (9, 9, Role.ADMIN),
        (7, -100, Role.OPERATOR),
        (9, -100, Role.ADMIN),
        (5, -100, Role.VIEWER),
        (5, 5, Role.STRANGER),
        (7, -200, Role.STRANGER),
        (9, -200, Role.STRANGER),
        (5, 7, Role.STRANGER),
    ],
)
def test_the_role_of_a_person_in_a_chat(user: int, chat: int, role: Role) -> None:
    """A listed private chat makes an operator, a listed group viewers; no other chat counts."""
    assert ACCESS.role(user, chat) is role


def test_empty_lists_let_nobody_in() -> None:
    """No configuration is no access."""
    nobody = Access(chat_ids=frozenset())
    assert nobody.role(7, 7) is Role.STRANGER
    assert nobody.role(7, -100) is Role.STRANGER
