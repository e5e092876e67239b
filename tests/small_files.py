"""A folder of very many small files, as a tracker that writes one per opportunity leaves it."""

import hashlib
import json
from pathlib import Path


def small(folder: Path, files: int) -> Path:
    """Fill a folder with so many small files, a hundred to each folder in it; return it."""
    for number in range(files):
        below = folder / f"{number // 100:04d}"
        if number % 100 == 0:
            below.mkdir(parents=True)
        digest = hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()
        content = json.dumps({"id": number, "title": f"Quest {number}", "hash": digest})
        (below / f"opportunity_{digest[:12]}.json").write_text(content, encoding="utf-8")
    return folder
