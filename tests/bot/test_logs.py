"""Logging: one line a record, and no token in any of them."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Literal
from urllib.parse import quote

import pytest

from bot import logs

TOKEN = "123456:" + "A-_b" * 9
OTHER = "7654321:" + "zYxW" * 9


@pytest.fixture(autouse=True)
def _root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_token_in_messages_arguments_extras_or_tracebacks(form: Literal["text", "json"]) -> None:
    """The known token, its URL form and any other token-shaped text are taken out."""
    out = io.StringIO()
    logs.set_up(level="DEBUG", form=form, secrets=[TOKEN], stream=out)
    log = logging.getLogger("test")
    log.info("plain %s", TOKEN, extra={"url": f"https://x/bot{quote(TOKEN, safe='')}/getMe"})
    try:
        int(OTHER)
    except ValueError:
        log.exception("failed")
    said = out.getvalue()
    assert said.count("<token>") >= 3
    assert TOKEN not in said
    assert OTHER not in said
    assert quote(TOKEN, safe="") not in said


def test_a_record_is_one_line_of_json() -> None:
    """JSON records carry their extra fields and survive line breaks."""
    out = io.StringIO()
    logs.set_up(level="INFO", form="json", secrets=[], stream=out)
    logging.getLogger("vigie.watch").info("two\nlines", extra={"took_ms": 12})
    record = json.loads(out.getvalue())
    assert record["message"] == "two\nlines"
    assert record["took_ms"] == 12
    assert record["severity"] == "INFO"


def test_http_clients_are_silent_below_warning() -> None:
    """httpx logs whole URLs at INFO; it may not, even at DEBUG."""
    out = io.StringIO()
    logs.set_up(level="DEBUG", form="text", secrets=[], stream=out)
    logging.getLogger("httpx").info("GET https://example.org")
    assert out.getvalue() == ""
