"""Logging: one line a record, text or JSON, with every token taken out of it."""

import json
import logging
import re
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal, TextIO
from urllib.parse import quote

TOKEN = re.compile(r"(?<!\d)\d{5,}(?::|%3[Aa])[A-Za-z0-9_-]{20,}")
HIDDEN = "<token>"
PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Redactor:
    """Takes the known secrets, and whatever looks like a bot token, out of a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in (secret, quote(secret, safe=""))}
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return `text` without secrets."""
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return TOKEN.sub(HIDDEN, text)


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in PLAIN}


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class TextFormatter(logging.Formatter):
    """`time level logger message key=value …`, then the traceback; all of it redacted."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished lines; line breaks inside the message are kept visible."""
        words = [_time(record), f"{record.levelname:<8}", record.name]
        words.append(record.getMessage())
        words += [f"{name}={value}" for name, value in _extras(record).items()]
        text = "⏎".join(" ".join(words).splitlines())
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return self._redact(text)


class JsonFormatter(logging.Formatter):
    """One JSON object a record, redacted."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        fields: dict[str, object] = {
            "time": _time(record),
            "severity": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        } | _extras(record)
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return self._redact(json.dumps(fields, ensure_ascii=False, default=str))


def set_up(
    *,
    level: str,
    form: Literal["text", "json"],
    secrets: Iterable[str],
    stream: TextIO | None = None,
) -> Redactor:
    """Send every record to `stream` (default: standard error); return the redactor in use.

    httpx and httpcore log whole URLs, and the Bot API's carry the token: they speak from
    WARNING on, and the redactor stands behind that.
    """
    redact = Redactor(secrets)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(redact) if form == "json" else TextFormatter(redact))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for noisy in ("httpx", "httpcore", "apscheduler", "matplotlib", "PIL", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_crash
    threading.excepthook = lambda crash: _log_thread(crash.thread, crash.exc_value)
    sys.unraisablehook = lambda crash: _log_thread(None, crash.exc_value)
    return redact


def _log_crash(kind: type[BaseException], error: BaseException, _trace: object) -> None:
    """Print an uncaught exception through the same redaction; Ctrl-C stays quiet."""
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("vigie").critical("crashed", exc_info=error)


def _log_thread(thread: threading.Thread | None, error: BaseException | None) -> None:
    """Print what a thread, or a destructor, let fall through the same redaction."""
    where = "a thread" if thread is None else thread.name
    logging.getLogger("vigie").error("%s crashed", where, exc_info=error)
