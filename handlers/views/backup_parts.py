"""A backup on its way into a chat: how many parts, each with its checksum, and what to do then."""

from collections.abc import Sequence
from dataclasses import dataclass

from handlers.views.backup_lines import advice, button
from handlers.views.blocks import Builder, caption, listing
from handlers.views.callback import pack
from handlers.views.i18n import Language
from handlers.views.message import Button, Document, Message, Style
from handlers.views.text import Markup, code, escape
from storage.archives.results import Listed
from storage.records import Phrase

ROOM = 2400
NAME_UNITS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece of a file: the `number`th of `of`, as it is named in the chat."""

    file: str
    number: int
    of: int
    sha256: str
    size_bytes: int

    @property
    def name(self) -> str:
        """Return `base-….tar.zst.001`, or the file's own name where it is in one piece."""
        return self.file if self.of == 1 else f"{self.file}.{self.number:03d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is to be sent: `sent` of `parts` parts so far."""

    id: str
    parts: int
    size_bytes: int
    sent: tuple[Part, ...] = ()

    @property
    def sent_bytes(self) -> int:
        """Return how much has gone."""
        return sum(part.size_bytes for part in self.sent)


def part(piece: Part, content: bytes, language: Language) -> Message:
    """Return one part as a document, which says how parts become the file again."""
    builder = caption().add(f"💾 {code(piece.name)}")
    if piece.of > 1:
        builder.add(language.say("backup.part", number=piece.number, of=piece.of))
        if piece.number == piece.of:
            file = escape(piece.file)
            join = Markup(f"<code>cat {file}.??? &gt; {file}</code>")
            builder.add(language.say("backup.part.join", command=join))
    builder.add(f"sha256 <code>{escape(piece.sha256)}</code>")
    document = Document(name=piece.name, content=content)
    return Message(html=builder.build(), document=document, silent=True)


def sending(parcel: Parcel, language: Language) -> Message:
    """Return how much has been sent."""
    builder = Builder().add(f"💾 <b>{language.say('backup.sending')}</b>")
    builder.add(_progress(parcel, language)).add(_sent(parcel.sent, language))
    return Message(html=builder.build())


def _progress(parcel: Parcel, language: Language) -> Markup:
    return language.say(
        "backup.sent_of", id=code(parcel.id), done=len(parcel.sent), total=parcel.parts,
        sent_bytes=parcel.sent_bytes, all_bytes=parcel.size_bytes,
    )  # fmt: skip


def _sent(parts: Sequence[Part], language: Language) -> Markup:
    lines = [f"✓ {code(each.name, NAME_UNITS)}" for each in parts]
    return listing(lines, limit=ROOM, more=lambda n: language.say("list.more", n=n), per_line=1)


def all_sent(parcel: Parcel, files: Sequence[str], language: Language) -> Message:
    """Return that everything is there, and how it becomes files again."""
    builder = Builder().add(f"💾 <b>{language.say('backup.all_sent')}</b>")
    builder.add(_progress(parcel, language)).gap()
    builder.add(language.say("backup.all_sent.then"))
    split = {each.file for each in parcel.sent if each.of > 1}
    joins = [f"cat {name}.??? > {name}" for name in files if name in split]
    archives = [name for name in files if name.endswith(".tar.zst")]
    unpack = [f"zstd -dc {name} | tar xf -" for name in archives]
    after = ["xargs -0 -r rm -f -- < .vigie/GONE", "sha256sum -c .vigie/SHA256SUMS"]
    for line in (*joins, *unpack, *after):
        builder.add(f"<code>{escape(line)}</code>")
    builder.gap().add(language.say("backup.all_sent.note"))
    return Message(html=builder.build())


def stopped(parcel: Parcel, trouble: Phrase, language: Language) -> Message:
    """Return why not everything was sent, and which parts are there."""
    builder = Builder().add(f"🔴 <b>{language.say('backup.not_sent')}</b>")
    builder.add(advice(trouble, language)).add(_progress(parcel, language))
    builder.add(_sent(parcel.sent, language))
    return Message(html=builder.build(), buttons=((button("get", language),),))


def ask(newest: Listed, *, parts: int, size_bytes: int, language: Language) -> Message:
    """Return the question whether to send so much."""
    html = language.say("backup.large", n=parts, size_bytes=size_bytes)
    label = language.plain("button.bk.send", n=parts)
    yes = Button(label=label, data=pack("bksend", newest.id), style=Style.PRIMARY)
    return Message(html=Markup(f"💾 {html}"), buttons=((yes, button("overview", language)),))
