"""What lies beside the copies, for a person without Vigie: how to restore by hand."""

NOTE_NAME = "RESTORE.txt"
NOTE = """\
These are backups made by Vigie. Without Vigie it takes zstd and tar and, for what ends in
.age, age and the secret key (AGE-SECRET-KEY-1...). Replace the names by those you see here.

1. Choose a snapshot: its list is snap-20260102T030405Z.sha256, the date its name (UTC). The list
   names the archives it needs: a base and, mostly, a differential (diff).
2. Download the list and these archives into an empty folder, and compare:
       sha256sum -c --ignore-missing snap-20260102T030405Z.sha256
3. What ends in .age is encrypted. key.txt holds the secret key:
       age -d -i key.txt -o base-20260101T030405Z.tar.zst base-20260101T030405Z.tar.zst.0a1b2c3d.age
   and the same for the differential. Compare again as above.
4. Unpack the base, then the differential where there is one; then compare every file:
       zstd -dc base-20260101T030405Z.tar.zst | tar xf -
       zstd -dc diff-20260102T030405Z.tar.zst | tar xf -
       xargs -0 -r rm -f -- < .vigie/GONE
       sha256sum -c .vigie/SHA256SUMS
   data/ is the tracker's folder, state/ Vigie's own.
"""
