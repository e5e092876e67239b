"""One family of checks in full; what does not fit a message becomes a text file."""

from collections.abc import Sequence

from handlers.views.blocks import fits
from handlers.views.card import GLYPHS
from handlers.views.health import UNKNOWN, family_name, status
from handlers.views.i18n import Language
from handlers.views.message import Button, Document, Message
from handlers.views.text import TEXT_UNITS, Markup, clean, clip, code, escape, hostile
from jobs.facts import Unknown
from jobs.watch import Cycle
from storage.records import Observation, Outcome, Phrase, Severity
from storage.tracker import FileReport, FileState, Finding

ROOM = TEXT_UNITS - 300
MARKS = {Severity.OK: "·", Severity.INFO: "🔵"}


def render(family: str, cycle: Cycle, *, language: Language) -> Message:
    """Return everything the cycle found in this family."""
    seen = [each for each in cycle.observations if each.check == family]
    body = _observations(seen, language)
    plain = _plain_observations(seen, language)
    if family == "integrity" and not isinstance(cycle.facts.data, Unknown):
        body, plain = _integrity(seen, cycle, language)
    return _message(family, cycle, body, plain, language)


def _message(
    family: str, cycle: Cycle, body: Sequence[str], plain: Sequence[str], language: Language
) -> Message:
    seen = [each for each in cycle.observations if each.check == family]
    worst = status(seen)
    word = language.say(f"status.{worst}")
    name = hostile(upper_first(family_name(family, language)))
    title = language.say("family.title", name=name, status=word, at_at=cycle.at.wall)
    head = Markup(f"{UNKNOWN if worst == 'unknown' else GLYPHS[Severity[worst.upper()]]} {title}")
    buttons = ((Button(label=language.plain("button.health"), data="v1:newhealth"),),)
    text = Markup("\n".join([head, "", *(body or [language.say("family.fine")])]))
    if fits(text, TEXT_UNITS):
        return Message(html=text, buttons=buttons)
    caption = Markup(f"{head}\n{language.say('family.attached', n=len(plain))}")
    lines = [language.plain("family.title", name=name, status=word, at_at=cycle.at.wall), ""]
    content = "\n".join([*lines, *plain]) + "\n"
    document = Document(name=f"{family}.txt", content=content.encode("utf-8", "replace"))
    return Message(html=caption, document=document, buttons=buttons)


def upper_first(name: str) -> str:
    """Return a name as a title begins."""
    return name[:1].upper() + name[1:]


def _glyph(seen: Observation) -> str:
    return UNKNOWN if seen.outcome == Outcome.UNKNOWN else GLYPHS[seen.level]


def _observations(seen: Sequence[Observation], language: Language) -> list[str]:
    lines = []
    for each in sorted(seen, key=lambda one: (-one.level, one.key)):
        lines.append(f"{_glyph(each)} {language.say(each.fact)}")
        hint = f"{each.fact.key}.try"
        if each.level > Severity.INFO and language.has(hint):
            lines.append(f"      <i>{language.say(Phrase(hint, each.fact.values))}</i>")
        lines += [f"      <code>{language.say(proof)}</code>" for proof in each.evidence]
    return lines


def _plain_observations(seen: Sequence[Observation], language: Language) -> list[str]:
    lines = []
    for each in sorted(seen, key=lambda one: (-one.level, one.key)):
        lines.append(f"{_glyph(each)} {language.plain(each.fact)}")
        lines += [f"      {language.plain(proof)}" for proof in each.evidence]
    return lines


def _integrity(
    seen: Sequence[Observation], cycle: Cycle, language: Language
) -> tuple[list[str], list[str]]:
    """Return each file with its findings, once, then what is not about a file."""
    data = cycle.facts.data
    if isinstance(data, Unknown):
        return [], []
    body, plain, names = [], [], set()
    for report in sorted(data.files, key=lambda each: (-_worst(each), each.name)):
        if not report.findings and report.state == FileState.OK:
            continue
        names.add(f"integrity:{report.name}")
        glyph = GLYPHS[_worst(report)] if _worst(report) else MARKS[Severity.OK]
        title = language.say(
            "file.title", file=escape(clip(clean(report.name), 120)), state=_state(report, language)
        )
        body.append(f"{glyph} {title}")
        plain.append(f"{glyph} {_printable(report.name)} – {_state(report, language)}")
        body += [f"      {_finding(each, language)}" for each in report.findings]
        plain += [f"      {_plain_finding(each, language)}" for each in report.findings]
        if report.more_findings:
            body.append(f"      {language.say('list.more', n=report.more_findings)}")
            plain.append(f"      {language.plain('list.more', n=report.more_findings)}")
    for each in data.findings:
        body.append(f"{GLYPHS[each.level]} {code(each.file)} {_finding(each, language)}")
        plain.append(
            f"{GLYPHS[each.level]} {_printable(each.file)} {_plain_finding(each, language)}"
        )
    rest = [each for each in seen if each.key not in names]
    return _observations(rest, language) + body, _plain_observations(rest, language) + plain


def _printable(name: str) -> str:
    """Return a file's name for a text file, spelled out where it hides something."""
    return name if clean(name) == name else repr(name)


def _worst(report: FileReport) -> Severity:
    return max((each.level for each in report.findings), default=Severity.OK)


def _state(report: FileReport, language: Language) -> str:
    return language.plain(f"file.{report.state.value}", n=report.records)


def _place(finding: Finding, language: Language) -> Markup:
    if finding.record is None:
        return hostile(finding.field, 60)
    where = language.say("file.record", record=finding.record + 1)
    return Markup(f"{where} {hostile(finding.field, 60)}".strip())


def _finding(finding: Finding, language: Language) -> str:
    where = _place(finding, language)
    return (
        f"<i>{where}</i> {language.say(finding.reason)}" if where else language.say(finding.reason)
    )


def _plain_finding(finding: Finding, language: Language) -> str:
    where = [str(finding.field)] if finding.field else []
    if finding.record is not None:
        where.insert(0, language.plain("file.record", record=finding.record + 1))
    return " ".join([*where, language.plain(finding.reason)])
