"""Looks at processes, the machine and the bot itself; the only door to psutil."""
