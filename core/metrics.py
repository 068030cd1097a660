"""The house's figures for Prometheus. Labels are few and from fixed sets: never an id, an address or a raw path."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry(auto_describe=True)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 4, 10)

INBOUND = Counter("inbound_total", "Messages stored, by channel and kind.", ["channel", "kind"], registry=REGISTRY)
WEBHOOK_REFUSED = Counter(
    "webhook_refused_total", "Webhook calls turned away, by reason.", ["channel", "reason"], registry=REGISTRY
)
TURN_SECONDS = Histogram("turn_seconds", "One turn from lease to commit.", buckets=_QUICK, registry=REGISTRY)
OUTBOUND = Counter("outbound_total", "Attempts to send, by their end.", ["channel", "status"], registry=REGISTRY)
OUTBOUND_WAITING = Gauge("outbound_waiting", "Messages waiting to be sent.", ["channel"], registry=REGISTRY)
CHANNEL_DOWN = Gauge("channel_down", "1 while a channel's provider fails.", ["channel"], registry=REGISTRY)
HTTP_REQUESTS = Counter(
    "http_requests_total", "Requests answered, by route pattern.", ["route", "method", "status"], registry=REGISTRY
)
HTTP_SECONDS = Histogram(
    "http_request_seconds", "Time to answer a request.", ["route", "method"], buckets=_QUICK, registry=REGISTRY
)
OUTSIDE_CALLS = Counter(
    "outside_calls_total", "Calls to other people's systems, by host and end.", ["host", "outcome"], registry=REGISTRY
)
WEBHOOKS_SENT = Counter(
    "webhooks_sent_total", "Attempts to tell other systems of a change, by their end.", ["outcome"], registry=REGISTRY
)
LANGUAGE_READS = Counter(
    "language_reads_total",
    "Messages that a language server was to read, by what came of it; all but answered were read by the light engine.",
    ["engine", "outcome"],
    registry=REGISTRY,
)
PARKING_PULLS = Counter(
    "parking_pulls_total", "Pulls of parking sources, by source and end.", ["source", "outcome"], registry=REGISTRY
)
PARKING_NUMBERS = Counter(
    "parking_numbers_total", "Realtime numbers taken, believed or doubted.", ["source", "standing"], registry=REGISTRY
)
AIR_PULLS = Counter(
    "air_pulls_total", "Pulls of air sources, by source and end.", ["source", "outcome"], registry=REGISTRY
)
AIR_VALUES = Counter(
    "air_values_total", "Values of hours taken from air sources.", ["source", "standing"], registry=REGISTRY
)
BANK_CALLS = Counter(
    "bank_calls_total",
    "Calls to banks, by bank and end; unknown: it may have been done.",
    ["bank", "outcome"],
    registry=REGISTRY,
)
JOBS_FAILED = Counter("jobs_failed_total", "Jobs that ended on the dead-letter list.", ["kind"], registry=REGISTRY)


def render() -> bytes:
    """The text exposition format, to be served as `CONTENT_TYPE`."""
    return generate_latest(REGISTRY)
