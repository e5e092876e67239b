"""Did what is done once a day get done?"""

from jobs.checks.saying import Subject
from jobs.facts import JobStanding, JobState
from storage.records import Observation, Phrase, Severity, Value

PREFIX = "job:"
# What has not ended well yet closes no alert.
HOPEFUL = frozenset({JobState.DUE, JobState.RUNNING, JobState.RETRYING})


def judge(job: JobStanding, *, check: str) -> Observation:
    """Call a job that failed for good, or does not end, by its level; one that was missed INFO."""
    subject = Subject(key=f"{PREFIX}{job.name}", check=check)
    values: dict[str, Value] = {
        "job": job.name, "next_at": job.following.timestamp(), "n": job.tries, "error": job.error,
    }  # fmt: skip
    if job.state in HOPEFUL or job.state is JobState.WELL:
        if job.last is not None:
            values["last_at"] = job.last.timestamp()
        return subject.ok(Phrase(_key(job), values), clears=job.state is JobState.WELL)
    if job.state is JobState.MISSED:
        values["missed_at"] = job.begin.timestamp()
        return subject.fail(Severity.INFO, Phrase(_key(job), values))
    if job.state is JobState.LATE:
        values |= {"running_s": job.running_s, "limit_s": job.limit_s}
    return subject.fail(job.level, Phrase(_key(job), values))


def _key(job: JobStanding) -> str:
    cut_short = job.state is JobState.RETRYING and not job.error
    return "job.interrupted" if cut_short else f"job.{job.state}"
