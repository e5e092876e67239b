"""How it looks: values to messages. Pure; HTML parse mode; no telegram import."""
