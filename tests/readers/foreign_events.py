"""Events as other systems might send them: one list, from which every foreign writer takes what it can express."""


def event(event_id, timestamp, domain="order", event_type="placed", **fields):
    return {"event_id": event_id, "timestamp": timestamp, "domain": domain, "event_type": event_type, **fields}


def uniform(id, note="", tags=()):
    """Data of one shape, which a writer with typed columns can hold."""
    return {"id": id, "note": note, "amount": id / 4, "tags": list(tags), "buyer": {"name": note, "vip": id % 2 == 0}}


# Each pair becomes the partition `domain-event_type`, so it is a folder name, a part of a URL and a value in SQL.
NASTY_KINDS = [
    ("Order", "Placed"),
    ("order line", "price change"),
    (" padded ", " padded "),
    ("a/b", "c/d"),
    ("..", "/../"),
    ("a\\b", "c"),
    ("50%", "off"),
    ("a%2Fb", "%20"),
    ("k=v", "year=1"),
    ("urn:event", "12:30"),
    ("café", "été"),
    ("cafe\u0301", "decomposed"),
    ("🎉", "party 🎈"),
    ("日本", "イベント"),
    ('"quoted"', "it's"),
    ("line\nbreak", "tab\there"),
    ("a+b", "c&d;e,f"),
    ("*?[x]", "{y}^#~|`<>$!@()"),
    ("2024", "01-02"),
    ("1", "5"),
    ("null", "NaN"),
    ("-", "-"),
    # Two ways to the same partition.
    ("a-b", "c"),
    ("a", "b-c"),
]

UNIFORM_EVENTS = [
    event(f"kind {number}", f"2024-01-{number + 1:02}T08:00:00Z", domain, event_type, data=uniform(number, domain))
    for number, (domain, event_type) in enumerate(NASTY_KINDS)
] + [
    # Timestamps: offsets that change the day, the month and the year, and the ends of the calendar.
    event("offset east", "2024-01-01T00:30:00+01:00", data=uniform(101)),
    event("offset west", "2024-02-28T23:30:00-00:45", data=uniform(102)),
    event("offset half hour", "2023-12-31T18:45:00.5-05:30", data=uniform(103)),
    event("fraction 1", "2024-02-29T12:00:00.1Z", data=uniform(104)),
    event("fraction 6", "2024-02-29T12:00:00.123456Z", data=uniform(105)),
    event("fraction 9", "2024-02-29T12:00:00.123456999Z", data=uniform(106)),
    event("space", "2024-02-29 12:00:00Z", data=uniform(107)),
    event("lower case", "2024-02-29t12:00:00z", data=uniform(108)),
    event("no offset", "2024-02-29T12:00:00.25", data=uniform(109)),
    event("first day", "0001-01-01T00:00:00Z", data=uniform(110)),
    event("last day", "9999-12-31T23:59:59.999999Z", data=uniform(111)),
    event("before the epoch", "1969-12-31T23:59:59.75Z", data=uniform(112)),
    # Duplicates: the latest wins, wherever it stands, also over a border of partitions.
    event("newer later", "2024-03-01T10:00:00Z", data=uniform(201, "loses")),
    event("newer later", "2024-03-01T10:00:00.000001Z", data=uniform(202, "wins")),
    event("newer first", "2024-03-02T10:00:00Z", data=uniform(203, "wins")),
    event("newer first", "2024-03-01T10:00:00Z", data=uniform(204, "loses")),
    event("newer by its offset", "2024-03-01T10:00:00-02:00", data=uniform(205, "wins")),
    event("newer by its offset", "2024-03-01T11:00:00+02:00", data=uniform(206, "loses")),
    event("moves to another kind", "2024-03-01T10:00:00Z", "café", "été", data=uniform(207, "loses")),
    event("moves to another kind", "2025-03-01T10:00:00Z", "café", "hiver", data=uniform(208, "wins")),
    # Ids: a UUID has one spelling, everything else is kept as it is.
    event("0F8FAD5B-D9CB-469F-A165-70867728950E", "2024-03-03T10:00:00Z", data=uniform(301, "loses")),
    event("0f8fad5b-d9cb-469f-a165-70867728950e", "2024-03-03T11:00:00Z", data=uniform(302, "wins")),
    event("Evt-1", "2024-03-03T10:00:00Z", data=uniform(303)),
    event("evt-1", "2024-03-03T10:00:00Z", data=uniform(304)),
    event("é 🎉 \"'/", "2024-03-03T10:00:00Z", data=uniform(305)),
    # Texts that a splitter on brackets, quotes or lines gets wrong.
    event("brackets", "2024-03-04T10:00:00Z", data=uniform(401, '}{ }\n{ ][ ","', ["}{", "\\", '\\"', "\u001e", ""])),
    event("escapes", "2024-03-04T10:00:00Z", data=uniform(402, "\b\f\n\r\t\u2028\u2029\u00a0\ufeff/\u007f", ["𝄞", "\U0010ffff"])),
    # Unknown fields at the top, also with names of columns.
    event("extra", "2024-03-05T10:00:00Z", data=uniform(501), source="web", version=3),
    event("extra nested", "2024-03-05T10:00:00Z", data=uniform(502), trace={"id": "x", "spans": [1, 2]}, sampled=True),
    event("extra columns", "2024-03-05T10:00:00Z", data=uniform(503), extra={"a": 1}, year=1999, domain_event_type="none"),
]

# Data and timestamps of mixed types, which a column of JSON holds but a typed one does not.
FREE_EVENTS = [
    event("epoch seconds", 1_709_208_000, data={"id": 601}),
    event("epoch milliseconds", 1_709_208_000_123, data={"id": 602}),
    event("epoch microseconds", 1_709_208_000_123_456, data={"id": 603}),
    event("newer as a number", "2024-02-29T12:00:00Z", data={"id": 604}),
    event("newer as a number", 1_709_208_001, data={"id": 605}),
    event("data absent", "2024-04-01T10:00:00Z"),
    event("data null", "2024-04-01T10:00:00Z", data=None),
    event("data text", "2024-04-01T10:00:00Z", data="}{"),
    event("data empty text", "2024-04-01T10:00:00Z", data=""),
    event("data JSON in a text", "2024-04-01T10:00:00Z", data='{"id": 1}'),
    event("data number", "2024-04-01T10:00:00Z", data=-12.5),
    event("data false", "2024-04-01T10:00:00Z", data=False),
    event("data array", "2024-04-01T10:00:00Z", data=[1, "two", None, [3, {"four": []}]]),
    event("data empty", "2024-04-01T10:00:00Z", data={}),
    event("data nested", "2024-04-01T10:00:00Z", data={"a": {"b": {"c": [{"d": {"e": [[], {}, None]}}]}}, "id": -606}),
    event("data keys", "2024-04-01T10:00:00Z", data={"": 0, "a b": 1, "é": 2, '"': 3, "event_id": "x", "timestamp": 0}),
    event("data numbers", "2024-04-01T10:00:00Z", data=[0, 1.0, 1e300, 5e-324, 0.1, 2**63 - 1, -(2**63), 2**64 - 1]),
    event("data mixed", "2024-04-01T10:00:00Z", data={"id": 607, "lines": [{"sku": 1}, {"sku": "two"}, {}]}),
    event("extra null", "2024-04-01T10:00:00Z", data={"id": 608}, trace=None),
]

# Values that readers of JSON outside Python round or refuse.
LARGE_EVENTS = [
    event("integer of 40 digits", "2024-05-01T10:00:00Z", data={"n": 10**39 + 1}),
    event("deep", "2024-05-01T10:00:00Z", data=[[[[[[[[[[[[[[[[[[[[{"deep": True}]]]]]]]]]]]]]]]]]]]]),
    event("long", "2024-05-01T10:00:00Z", data={"text": "é}{" * 100_000}),
    event("NUL in a text", "2024-05-01T10:00:00Z", data={"text": "a\u0000b"}),
]

EVENTS = UNIFORM_EVENTS + FREE_EVENTS + LARGE_EVENTS
