"""An in-process Telegram, a chat page and a sample tracker: the demo and the tests."""
