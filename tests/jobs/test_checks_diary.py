"""How calendar jobs stand becomes an observation each, of the bot's family."""

from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.views import i18n
from jobs.checks.own import Itself
from jobs.facts import JobStanding, JobState
from storage.records import Observation, Outcome, Severity
from tests.jobs.looks import NOON, judge, own

STANDING = JobStanding(
    name="backup", state=JobState.WELL, level=Severity.ERROR, begin=NOON,
    last=NOON - timedelta(hours=10), following=NOON + timedelta(hours=14), tries=2,
    error="disk full", running_s=700.0, limit_s=600.0,
)  # fmt: skip
OK, FAIL = Outcome.OK, Outcome.FAIL


def stands(**changes: object) -> Observation:
    job = replace(STANDING, **changes)  # type: ignore[arg-type]
    return judge(Itself(), own(jobs=(job,)))["job:backup"]


@pytest.mark.parametrize(
    ("state", "outcome", "level", "clears"),
    [
        (JobState.WELL, OK, Severity.OK, True),
        (JobState.DUE, OK, Severity.OK, False),
        (JobState.RUNNING, OK, Severity.OK, False),
        (JobState.RETRYING, OK, Severity.OK, False),
        (JobState.LATE, FAIL, Severity.ERROR, True),
        (JobState.FAILED, FAIL, Severity.ERROR, True),
        (JobState.MISSED, FAIL, Severity.INFO, True),
    ],
)
def test_each_state(state: JobState, outcome: Outcome, level: Severity, clears: bool) -> None:  # noqa: FBT001
    """What failed for good is told by the job's level; only a success closes that again."""
    seen = stands(state=state)
    assert (seen.outcome, seen.level, seen.clears) == (outcome, level, clears)
    assert seen.fact.key == f"job.{state}"


def test_a_run_cut_short_has_no_error_to_show() -> None:
    """It is said to have been interrupted."""
    assert stands(state=JobState.RETRYING, error="").fact.key == "job.interrupted"


def test_a_job_that_is_gone_closes_its_alert() -> None:
    """The report of jobs is complete."""
    assert Itself().judge(own(), now=NOON).complete == {"job:"}


@pytest.mark.parametrize("code", i18n.LANGUAGES)
@pytest.mark.parametrize("last", [None, NOON])
def test_every_state_has_words(code: str, last: object) -> None:
    """Whole sentences, with what it means and what to do for those that fail."""
    language = i18n.language(code, NOON.tzinfo)  # type: ignore[arg-type]
    for state in JobState:
        if state is JobState.WELL and last is None:
            continue
        for error in ("", "disk full"):
            seen = stands(state=state, last=last, error=error)
            keys = [seen.fact.key]
            if seen.outcome is FAIL:
                keys += [f"{seen.fact.key}.effect", f"{seen.fact.key}.try"]
            for key in keys:
                assert language.has(key)
                said = language.plain(key, **seen.fact.values)
                assert "?" not in said
                assert "{" not in said
