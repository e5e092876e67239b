"""RESTORE.txt: how a person brings everything back with plain tools, in English and in French."""

from storage.archives.manifest import Head
from storage.archives.sums import GONE, SUMS

NAME = "RESTORE.txt"
TARGET = "restored"
DAY = "%Y-%m-%d %H:%M"
_PARTIAL_EN = "; some files are missing or older, see the manifest"
_PARTIAL_FR = " ; des fichiers manquent ou sont plus anciens, voir le manifeste"
_TEXT = """\
RESTORE WITHOUT VIGIE                                   (en français plus bas)

Needed: zstd, tar, sha256sum (Debian, Ubuntu: apt install zstd). Where this disk
is nearly full, copy this folder to another one first. Open a terminal in this
folder and run, line by line:

{commands}

The last line must say COMPLETE. If it does not, it names the files that are not
right, and all others are good. Then stop the tracker and Vigie, put the files
that are there now aside, and move in what was restored:

{places}

This is the newest good backup, of {day} UTC{partial_en}.
For an earlier one: `diff-<time>` is the backup of that time, and its base is the
newest `base-<time>` that is not later. A `base-<time>` alone is the backup of its
own time: leave out the line that names a `diff-` file.
With Vigie it is one command: python -m bot restore


RESTAURER SANS VIGIE

Il faut : zstd, tar, sha256sum (Debian, Ubuntu : apt install zstd). Si ce disque
est presque plein, copiez d’abord ce dossier sur un autre. Ouvrez un terminal
dans ce dossier et lancez, ligne par ligne, les commandes ci-dessus.

La dernière doit afficher COMPLETE. Sinon, elle nomme les fichiers qui ne sont
pas bons, et tous les autres le sont. Arrêtez alors le tracker et Vigie, mettez
de côté les fichiers présents, et déplacez à leur place ce qui a été restauré
(« -> » ci-dessus).

C’est la dernière bonne sauvegarde, du {day} UTC{partial_fr}.
Pour une plus ancienne : `diff-<heure>` est la sauvegarde de cette heure, et sa
base est le plus récent `base-<heure>` qui ne lui est pas postérieur. Un fichier
`base-<heure>` seul est la sauvegarde de son heure : omettez la ligne qui nomme
un fichier `diff-`.
Avec Vigie, une commande suffit : python -m bot restore
"""


def commands(manifest: Head) -> tuple[str, ...]:
    """Return the lines for a shell in the folder of the backups."""
    return (
        f"mkdir {TARGET} && cd {TARGET}",
        *(f"zstd -dc ../{archive.name} | tar xf -" for archive in manifest.archives),
        f"xargs -0 -r rm -f -- < {GONE}",
        f"sha256sum --quiet -c {SUMS} && echo COMPLETE",
    )


def text(manifest: Head) -> str:
    """Return the note for the newest snapshot."""
    partial = manifest.partial
    return _TEXT.format(
        commands="\n".join(f"    {line}" for line in commands(manifest)),
        places="\n".join(
            f"    {TARGET}/{name}  ->  {place}" for name, place in sorted(manifest.roots.items())
        ),
        day=manifest.started.strftime(DAY),
        partial_en=_PARTIAL_EN if partial else "",
        partial_fr=_PARTIAL_FR if partial else "",
    )
