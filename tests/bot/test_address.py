"""A fallback's URL: what it leads to, what is wrong with it, and what of it is secret."""

import pytest

from bot import address
from bot.address import AddressError, Form, Hook, Mail, Security


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        (
            "mailtos://me%40example.org:p%40ss@smtp.example.org?to=a@example.org,b@example.net",
            Mail(
                host="smtp.example.org",
                port=587,
                security=Security.STARTTLS,
                user="me@example.org",
                password="p@ss",  # noqa: S106
                sender="me@example.org",
                recipients=("a@example.org", "b@example.net"),
            ),
        ),
        (
            "mailto://127.0.0.1:2525?from=vigie@example.org&to=a@example.org",
            Mail(
                host="127.0.0.1",
                port=2525,
                security=Security.NONE,
                sender="vigie@example.org",
                recipients=("a@example.org",),
            ),
        ),
        (
            "mailtos://ada:secret@example.org:465",
            Mail(
                host="example.org",
                port=465,
                security=Security.SSL,
                user="ada",
                password="secret",  # noqa: S106
                sender="ada@example.org",
                recipients=("ada@example.org",),
            ),
        ),
        (
            "mailto://ada@example.org?smtp=mail.example.org&mode=starttls",
            Mail(
                host="mail.example.org",
                port=587,
                security=Security.STARTTLS,
                sender="ada@example.org",
                recipients=("ada@example.org",),
            ),
        ),
        ("ntfy://My-Topic", Hook(form=Form.NTFY, url="https://ntfy.sh", topic="My-Topic")),
        (
            "ntfys://tk_abc@ntfy.example.org/Alerts",
            Hook(
                form=Form.NTFY,
                url="https://ntfy.example.org",
                topic="Alerts",
                headers={"Authorization": "Bearer tk_abc"},
            ),
        ),
        (
            "ntfy://ada:pw@127.0.0.1:8080/t",
            Hook(form=Form.NTFY, url="http://127.0.0.1:8080", topic="t", login=("ada", "pw")),
        ),
        (
            "jsons://ada:pw@example.org/in/box?+X-Key=a+b&:message=text&:version=&-tag=x",
            Hook(
                form=Form.JSON,
                url="https://example.org/in/box?tag=x",
                headers={"X-Key": "a+b"},
                login=("ada", "pw"),
                names={"message": "text", "version": ""},
            ),
        ),
        ("json://[::1]:80", Hook(form=Form.JSON, url="http://[::1]:80/")),
        (
            "slack://T01/B02/XyZ",
            Hook(form=Form.SLACK, url="https://hooks.slack.com/services/T01/B02/XyZ"),
        ),
        (
            "discord://123/AbC",
            Hook(form=Form.DISCORD, url="https://discord.com/api/webhooks/123/AbC"),
        ),
    ],
)
def test_a_url_leads_somewhere(url: str, meant: object) -> None:
    """Mail servers, ntfy topics and webhooks, as Apprise writes them."""
    assert address.read(url) == meant


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://hunter2.example.org", "starts with none of mailto://"),
        ("hunter2", "starts with none of"),
        ("mailto://", "names nothing after mailto://"),
        ("mailto://hunter2.example.org", "names no mailbox"),
        ("mailto://u:hunter2@example.org?to=,", "names no mailbox"),
        ("mailtos://u:hunter2@example.org?mode=best", "mode=starttls"),
        ("mailtos://u:hunter2/x@example.org", "%2F"),
        ("json://u:hunter2@example.org:99999/", "is no URL"),
        ("ntfy://hunter2:80", "ntfy://topic"),
        ("ntfys://hunter2/a/b", "ntfys://server/topic"),
        ("slack://hunter2/x", "slack://T…/B…/token"),
        ("discord://hunter2", "discord://id/token"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(url: str, said: str) -> None:
    """The error says how to write it, and repeats nothing of it."""
    with pytest.raises(AddressError) as caught:
        address.read(url)
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_nothing_secret_is_in_a_repr() -> None:
    """A log line may show an address."""
    for url in ("mailto://ada:hunter2@example.org", "slack://hunter2/hunter2/hunter2",
                "ntfy://hunter2", "json://u:hunter2@example.org/hunter2?+X=hunter2"):  # fmt: skip
        assert "hunter2" not in repr(address.read(url))


def test_a_list_is_separated_by_commas_before_a_scheme() -> None:
    """Several recipients of one mail stay one URL."""
    listed = " mailto://h?to=a@x.org,b@x.org , ntfy://t,\n json://h/ ,"
    assert address.split(listed) == ("mailto://h?to=a@x.org,b@x.org", "ntfy://t", "json://h/")


@pytest.mark.parametrize(
    ("url", "hidden"),
    [
        ("mailtos://ada:p%40ssword@smtp.example.org?to=a@x.org", {"p%40ssword", "p@ssword"}),
        ("ntfy://my-secret-topic", {"my-secret-topic"}),
        ("ntfys://ntfy.example.org/my-secret-topic", {"my-secret-topic"}),
        ("jsons://example.org/hook-path?+X-Key=key-of-mine", {"hook-path", "key-of-mine"}),
        ("slack://T0001AB/B0002AB/XyZ", {"T0001AB", "B0002AB/XyZ"}),
    ],
)
def test_what_opens_something_is_secret(url: str, hidden: set[str]) -> None:
    """The whole URL, and each part that alone would do, as written and as meant."""
    assert {url} | hidden <= set(address.secrets(url))
    assert not {"", "ntfy.example.org", "smtp.example.org"} & set(address.secrets(url))
