"""Alert states, incidents and the saved moment of the logical clock."""

from dataclasses import dataclass, replace

from storage.database import Database
from storage.incidents import AlertState, Incident
from storage.records import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When the last whole cycle was, and how often they come; logical seconds.

    `gap_s` is the time between the last two; `every_s` the longer of the last two gaps, as a
    look that somebody asked for in between is no rhythm.
    """

    last_s: float
    every_s: float = 0.0
    gap_s: float = 0.0


class Alerts:
    """Four tables that change together; every change is made inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._states = database.table("alerts", AlertState)
        self._incidents = database.table("incidents", Incident)
        self._clock = database.table("clock", Moment)
        self._rhythm = database.table("rhythm", Rhythm)

    def moment(self) -> Moment | None:
        """Return the last moment saved, to resume the logical clock from."""
        return self._clock.get("now")

    def keep_moment(self, at: Moment) -> None:
        """Save how far the logical clock got."""
        self._clock.put("now", at)

    def rhythm(self) -> Rhythm | None:
        """Return how often whole cycles came, None before the first."""
        return self._rhythm.get("cycle")

    def keep_rhythm(self, at: Moment, *, away: bool = False) -> None:
        """Save that a whole cycle ended; `away`: the time before it was an absence, no rhythm."""
        last = self.rhythm() or Rhythm(last_s=at.logical_s)
        if away:
            rhythm = replace(last, last_s=at.logical_s)
        else:
            gap_s = at.logical_s - last.last_s
            rhythm = Rhythm(last_s=at.logical_s, every_s=max(gap_s, last.gap_s), gap_s=gap_s)
        self._rhythm.put("cycle", rhythm)

    def states(self) -> list[AlertState]:
        """Return the counters of every key that is not idle."""
        return self._states.all()

    def state(self, key: str) -> AlertState:
        """Return the key's counters, fresh ones for a key never seen."""
        return self._states.get(key) or AlertState(key=key)

    def put_state(self, state: AlertState) -> None:
        """Keep the counters; those as good as fresh need no row."""
        if state == AlertState(key=state.key):
            self._states.remove(state.key)
        else:
            self._states.put(state.key, state)

    def incidents(self) -> list[Incident]:
        """Return every incident kept, by number."""
        return sorted(self._incidents.all(), key=lambda incident: incident.number)

    def open(self) -> list[Incident]:
        """Return the open incidents, by number."""
        return [incident for incident in self.incidents() if incident.closed is None]

    def incident(self, number: int | None) -> Incident | None:
        """Return one incident, None where it is not known (any more)."""
        return None if number is None else self._incidents.get(str(number))

    def add_incident(self, incident: Incident) -> Incident:
        """Give it the next number and keep it."""
        numbered = replace(incident, number=self._database.number("incident"))
        self.put_incident(numbered)
        return numbered

    def put_incident(self, incident: Incident) -> None:
        """Keep an incident that has its number."""
        self._incidents.put(str(incident.number), incident)

    def drop_incident(self, number: int) -> None:
        """Forget an incident."""
        self._incidents.remove(str(number))
