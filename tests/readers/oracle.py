"""The rows that a list of events must become, by a rule short enough to be seen right: a dict from id to the latest event."""

import json
import re
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

EPOCH = datetime(1970, 1, 1)
CENTURY_MICROS = range(946_684_800_000_000, 4_102_444_800_000_000)
CONTRACT_FIELDS = ("event_id", "timestamp", "domain", "event_type", "data")
TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:([Zz])|([+-])(\d\d)(?::(\d\d))?)?")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class Row(NamedTuple):
    """A row of the table. JSON is canonical text, so that rows compare whatever spelling a writer chose."""

    event_id: str
    timestamp_micros: int
    domain: str
    event_type: str
    data: str
    extra: str | None
    domain_event_type: str
    year: int
    month: int
    day: int


def rows_of(events):
    """Returns the winning row of each id. The events must not tie: one id and instant has one content."""
    winners = {}
    for event in events:
        row = row_of(event)
        winner = winners.get(row.event_id)
        if winner is None or row.timestamp_micros > winner.timestamp_micros:
            winners[row.event_id] = row
        elif row.timestamp_micros == winner.timestamp_micros and row != winner:
            raise ValueError(f"`{row.event_id}` has two contents at one instant")
    return winners


def row_of(event):
    micros = micros_of(event["timestamp"])
    day = EPOCH + timedelta(microseconds=micros)
    extra = {name: value for name, value in event.items() if name not in CONTRACT_FIELDS}
    return Row(
        event_id=event["event_id"].lower() if UUID.fullmatch(event["event_id"]) else event["event_id"],
        timestamp_micros=micros,
        domain=event["domain"],
        event_type=event["event_type"],
        data=canonical(event.get("data")),
        extra=canonical(extra) if extra else None,
        domain_event_type=f"{event['domain']}-{event['event_type']}",
        year=day.year,
        month=day.month,
        day=day.day,
    )


def row_of_table(event_id, micros, domain, event_type, data, extra, *path):
    """Makes a `Row` of what a reader returned. JSON `null` and an absent value are the same here."""
    data = canonical(None if data is None else json.loads(data))
    return Row(event_id, micros, domain, event_type, data, None if extra is None else canonical(json.loads(extra)), *path)


def micros_of(timestamp):
    """Returns microseconds since the epoch, by whole numbers only: `datetime` cannot hold an offset beside year 1."""
    if isinstance(timestamp, int):
        # Seconds, milliseconds or microseconds: the one in which the number is a day of this century.
        return next(timestamp * unit for unit in (1_000_000, 1_000, 1) if timestamp * unit in CENTURY_MICROS)
    date, time, fraction, _, sign, hours, minutes = TIMESTAMP.fullmatch(timestamp).groups()
    seconds = (datetime.fromisoformat(f"{date}T{time}") - EPOCH) // timedelta(seconds=1)
    if sign:
        seconds -= int(sign + "1") * (int(hours) * 3_600 + int(minutes or 0) * 60)
    return seconds * 1_000_000 + int((fraction or "").ljust(6, "0")[:6])


def instant_of(timestamp):
    """Returns the timestamp as Python's own type, for writers with typed columns."""
    return EPOCH.replace(tzinfo=timezone.utc) + timedelta(microseconds=micros_of(timestamp))


def canonical(value):
    return json.dumps(value, sort_keys=True)


def expected_of(rows):
    """Returns the counts of `rows` as `events generate --expected` states them."""
    data = [json.loads(row.data) for row in rows]
    return {
        "rows": len(rows),
        "rows_by_kind": Counter(row.domain_event_type for row in rows),
        "partitions": len({(row.domain_event_type, row.year, row.month, row.day) for row in rows}),
        "timestamp_micros_sum": str(sum(row.timestamp_micros for row in rows)),
        "data_id_sum": str(sum(value["id"] for value in data if isinstance(value, dict) and "id" in value)),
    }
