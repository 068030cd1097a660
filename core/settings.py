"""config.yml as typed settings: one file a city, secrets from the environment, one clear message when it is wrong."""

import os
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator

from core.air_rules import Air
from core.arrears_rules import Arrears
from core.config_file import line_of, node_of, parse, refused
from core.errors import ConfigError
from core.loading import ROOT
from core.parking_rules import Parking
from core.section import Bilingual as Bilingual
from core.section import Section as Section

M = TypeVar("M", bound=BaseModel)


class City(Section):
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    name: Bilingual
    receipt_prefix: Annotated[str, Field(pattern=r"^[A-Z]{1,4}$")]
    data: Path
    phone: str
    office_hours: Bilingual
    center_lat: Annotated[float, Field(ge=33, le=39)]
    center_lon: Annotated[float, Field(ge=124, le=132)]
    retention_days: Annotated[int, Field(ge=1)]
    retention_source: str
    days_off: dict[date, str] = {}


class Database(Section):
    url: str = ""
    api_pool: Annotated[int, Field(ge=2, le=100)] = 10
    worker_pool: Annotated[int, Field(ge=2, le=100)] = 10


class QuietHours(Section):
    start: time
    end: time


class PurposeRule(Section):
    """How one purpose of message is treated: held at night or not, and when it is too old to send."""

    held_at_night: bool
    valid_minutes: Annotated[int, Field(ge=1)]
    priority: Annotated[int, Field(ge=0, le=9)]


class Retry(Section):
    waits_s: Annotated[list[float], Field(min_length=1)]


class SmsBytes(Section):
    """How many bytes of CP949 one domestic text message, and a long one's subject, takes; `source` says who says so."""

    sms: Annotated[int, Field(ge=1)] = 90
    lms: Annotated[int, Field(ge=1)] = 2000
    subject: Annotated[int, Field(ge=1)] = 40
    source: str = ""


class Incidents(Section):
    """When a channel counts as down: so many outages in a row, or `share` of at least `calls` within `window_s`.

    Then one message is tried after each of `probe_waits_s` (the last one again and again). What waits longer than
    `fall_back_after_minutes` takes its next way (0: it waits).
    """

    failures: Annotated[int, Field(ge=2, le=1000)] = 5
    window_s: Annotated[float, Field(gt=0, le=3600)] = 120
    calls: Annotated[int, Field(ge=2)] = 20
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    probe_waits_s: Annotated[list[float], Field(min_length=1)] = [15, 30, 60, 120, 300]
    fall_back_after_minutes: Annotated[int, Field(ge=0)] = 60


Way = Literal["text", "alimtalk", "sms", "letter"]
"""`text`: without its template on the same channel. `alimtalk`, `sms`: to the person's phone on `sms_channel`, with the
template of the notice or as plain text. `letter`: the list of letters."""


class Statutory(Section):
    """Notices that must reach their reader by law: of these `kinds` a letter is written as the last way.

    `despite_opt_out`: ways that are taken although he opted out. `after_unknown`: ways that are taken when it is not
    known whether the message arrived; with none, an officer is asked to see to it. `source` says by what rule.
    """

    kinds: list[str] = []
    despite_opt_out: list[Way] = []
    after_unknown: list[Way] = []
    source: str = ""


class Fallback(Section):
    """What is tried, once each and in this order, when a message did not arrive; `channels` instead of `purposes`
    for what was first sent on that channel. `within_hours`: a failure reported later than that changes nothing.
    """

    purposes: dict[Literal["reply", "case_notice", "alert", "arrears", "campaign", "emergency"], list[Way]] = {}
    channels: dict[str, list[Way]] = {}
    within_hours: Annotated[int, Field(ge=1, le=720)] = 168
    statutory: Statutory = Statutory()


class NoticeTemplate(Section):
    """The template of one kind of notice: its key in the channels' own `templates`, and each of its variables with
    the value of the notice that goes in (receipt_no, title, department, phone, status, text, due, received …).
    """

    key: Annotated[str, Field(min_length=1)]
    values: dict[str, str] = {}


class Messaging(Section):
    quiet_hours: QuietHours
    purposes: dict[Literal["reply", "case_notice", "alert", "arrears", "campaign", "emergency"], PurposeRule]
    retry: Retry
    lease_s: Annotated[float, Field(gt=0, le=15)] = 15
    sweep_s: Annotated[int, Field(ge=1, le=60)] = 3
    form_idle_minutes: Annotated[int, Field(ge=1)] = 30
    in_response_deadline_s: Annotated[float, Field(gt=0, le=4.5)] = 4.0
    topic_minutes: Annotated[int, Field(ge=1)] = 30
    sms_bytes: SmsBytes = SmsBytes()
    sms_channel: str = ""
    incidents: Incidents = Incidents()
    fallback: Fallback = Fallback()
    templates: dict[str, NoticeTemplate] = {}


class People(Section):
    """One person on several channels, proven by a code to his telephone. `proof_days`: a number changes its owner, so
    that an older proof links nobody any more. `codes_per_city_day` bounds what a flood of strangers can cost.
    """

    code_minutes: Annotated[int, Field(ge=1, le=10)] = 3
    code_failures: Annotated[int, Field(ge=1, le=10)] = 5
    lock_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    codes_per_hour: Annotated[int, Field(ge=1, le=20)] = 3
    codes_per_number_day: Annotated[int, Field(ge=1, le=50)] = 5
    codes_per_city_day: Annotated[int, Field(ge=1)] = 2000
    proof_days: Annotated[int, Field(ge=1, le=1825)] = 180


class LanguageHttp(Section):
    """Our engine behind Rasa's language API (`/model/parse`). `token` is asked of every caller."""

    enabled: bool = False
    token: Annotated[str, Field(repr=False)] = ""

    @field_validator("token")
    @classmethod
    def _is_strong(cls, token: str, info: ValidationInfo) -> str:
        if info.data.get("enabled") and (len(token) < 16 or not token.isascii() or " " in token):
            raise ValueError("at least 16 ASCII characters without blanks")
        return token


class Nlu(Section):
    """`engine` other than light: `integrations/language/<engine>.py`, with the section of its name as its settings."""

    engine: Literal["light", "rasa"] = "light"
    data: Path = Path("nlu/data")
    rasa: dict[str, Any] = {}
    http: LanguageHttp = LanguageHttp()


class Web(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    public_url: str = "http://localhost:8000"
    trusted_proxies: list[str] = []
    session_hours: Annotated[int, Field(ge=1, le=24)] = 9
    idempotency_hours: Annotated[int, Field(ge=1, le=168)] = 24
    export_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000
    form_minutes: Annotated[int, Field(ge=5, le=1440)] = 30


class SecondFactor(Section):
    """Whose role must have a second factor, so many days after his first sign-in; 0: before anything else."""

    roles: list[Literal["agent", "manager", "admin", "auditor"]] = ["manager", "admin", "auditor"]
    grace_days: Annotated[int, Field(ge=0, le=90)] = 14


class StaffAccounts(Section):
    """Signing in of staff, beside `web.session_hours`. `source_failures` locks an address for 15 minutes.

    `room_link_days`: how long an account of a messenger stands for a member of staff before he links it anew.
    """

    second_factor: SecondFactor = SecondFactor()
    idle_minutes: Annotated[int, Field(ge=5, le=1440)] = 30
    source_failures: Annotated[int, Field(ge=5, le=10_000)] = 30
    temporary_hours: Annotated[int, Field(ge=1, le=720)] = 72
    room_link_days: Annotated[int, Field(ge=1, le=366)] = 90


class Duplicates(Section):
    """When two cases may be the same matter: near in place and time, of one category, alike in words (0–1)."""

    radius_m: Annotated[int, Field(ge=10, le=5000)] = 250
    days: Annotated[int, Field(ge=1, le=365)] = 14
    similarity: Annotated[float, Field(ge=0, le=1)] = 0.3


class Appeal(Section):
    """How a citizen can object to a refusal (불복 절차), valid from `since` on; `source` names the articles."""

    since: date
    ko: str
    en: str
    source: str


class Cases(Section):
    """The city's own rules of the case desk. What law sets stands in `civic/cases/clock/law.csv`, dated."""

    duplicates: Duplicates = Duplicates()
    progress_share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    warn_hours: Annotated[int, Field(ge=1, le=200)] = 8
    head_hours: Annotated[int, Field(ge=0, le=200)] = 0
    auditor_hours: Annotated[int, Field(ge=0, le=400)] = 24
    reopen_days: Annotated[int, Field(ge=0, le=365)] = 10
    low_rating: Annotated[int, Field(ge=1, le=4)] = 2
    supply_days: Annotated[int, Field(ge=1, le=60)] = 7
    appeals: list[Appeal] = []


class FileStore(Section):
    """Where pictures and papers lie: a folder below `var`, or an S3-compatible bucket (`s3://bucket/prefix`)."""

    url: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: Annotated[str, Field(repr=False)] = ""
    secret_key: Annotated[str, Field(repr=False)] = ""
    max_mb: Annotated[int, Field(ge=1, le=200)] = 20
    link_minutes: Annotated[int, Field(ge=1, le=1440)] = 10
    virus_scanner: str = ""


class Asked(Section):
    """One further question of a category, as GeoReport v2 describes an attribute. `values`: key to name, for lists."""

    code: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")]
    datatype: Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"] = "string"
    required: bool = False
    description: Bilingual
    hint: str = ""
    values: dict[str, Bilingual] = {}


class Open311(Section):
    """GeoReport v2 at /open311/v2. `jurisdiction_id` names the city there. `answer`: batch gives tokens, not numbers.

    `decimals` of the coordinates that the public sees (3: about 100 m). `questions`: category to what is asked there.
    """

    enabled: bool = True
    jurisdiction_id: str = "gimpo.go.kr"
    answer: Literal["realtime", "batch"] = "realtime"
    decimals: Annotated[int, Field(ge=0, le=4)] = 3
    max_rows: Annotated[int, Field(ge=1, le=1000)] = 1000
    reads_per_minute: Annotated[int, Field(ge=1, le=6000)] = 120
    questions: dict[str, list[Asked]] = {}


class Webhooks(Section):
    """Messages to other systems. `waits_s`: between attempts, in all about a day; then that message is given up.

    `off_after_hours`: an address that took nothing for so long is switched off, and the administrators are told.
    """

    waits_s: Annotated[list[float], Field(min_length=1)] = [5, 60, 300, 1800, 7200, 18000, 28800, 28800]
    timeout_s: Annotated[float, Field(gt=0, le=30)] = 10
    off_after_hours: Annotated[int, Field(ge=1, le=720)] = 72
    keep_days: Annotated[int, Field(ge=1, le=366)] = 30


class Board(Section):
    """The public board. `k`: a department's figures of fewer cases are not shown."""

    k: Annotated[int, Field(ge=5)] = 5
    days: Annotated[int, Field(ge=7, le=366)] = 90


class Privacy(Section):
    """How long records about people are kept; `source` says by what rule."""

    access_log_days: Annotated[int, Field(ge=365)] = 730
    access_log_source: str = ""
    audit_log_days: Annotated[int, Field(ge=365)] = 1825


class Consent(Section):
    """Advertising (정보통신망법 §50). `free_number`: the 080 service to refuse by; without it no campaign goes to
    telephones. `renewal_months`: how often those who agreed are reminded; `source` says by what rule.
    """

    free_number: Annotated[str, Field(pattern=r"^$|^080-?\d{3,4}-?\d{4}$")] = ""
    renewal_months: Annotated[int, Field(ge=1, le=24)] = 24
    source: str = ""


class OutsideWorld(Section):
    """`allowed_hosts`: names or addresses inside the city's own network that may be called although private."""

    allowed_hosts: list[str] = []


class Settings(Section):
    """The whole of config.yml. `recipe`, `language`, `assistant_id` and `policies` are Rasa's; both read `pipeline`."""

    city: City
    database: Database = Database()
    messaging: Messaging
    channels: dict[str, dict[str, Any]]
    web: Web = Web()
    staff: StaffAccounts = StaffAccounts()
    people: People = People()
    nlu: Nlu = Nlu()
    outside: OutsideWorld = OutsideWorld()
    cases: Cases = Cases()
    files: FileStore = FileStore()
    open311: Open311 = Open311()
    webhooks: Webhooks = Webhooks()
    board: Board = Board()
    privacy: Privacy = Privacy()
    consent: Consent = Consent()
    parking: Parking = Parking()
    air: Air = Air()
    arrears: Arrears = Arrears()
    var: Path = Path("var")
    recipe: str = "default.v1"
    language: str = "ko"
    assistant_id: str = "sinmungo"
    pipeline: list[dict[str, Any]] = []
    policies: list[dict[str, Any]] = []

    def path(self, value: Path) -> Path:
        """A path of the file, taken from the checkout when it is relative."""
        return value if value.is_absolute() else ROOT / value


def read(path: Path | None = None) -> Settings:
    """Read and check the file (default: SINMUNGO_CONFIG, else config.yml of the checkout).

    Raises ConfigError naming the file, the key, the line and what is expected.
    """
    path = path or Path(os.environ.get("SINMUNGO_CONFIG") or ROOT / "config.yml")
    document, node = parse(path)
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise refused(path, node, (), error) from None


def pipeline_of(path: Path) -> list[dict[str, Any]]:
    """The `pipeline:` of any Rasa config.yml, which need not be ours. Raises ConfigError with file and line."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        document = parse(path)[0]
    pipeline = document.get("pipeline") if isinstance(document, dict) else None
    if pipeline is None:
        return []
    if not isinstance(pipeline, list):
        line = line_of(node_of(path), ("pipeline",))
        raise ConfigError(
            f"{path.name} {line}번째 줄: 'pipeline'은 '- name: …' 목록이어야 합니다",
            f"{path.name}:{line}: pipeline must be a list of components",
        )
    return pipeline


def channel_settings(model: type[M], name: str, section: dict[str, Any]) -> M:
    """One channel's section as its own settings model. Raises ConfigError like `read`."""
    values = {key: value for key, value in section.items() if key not in ("enabled", "polling")}
    return section_settings(model, ("channels", name), values)


def section_settings(model: type[M], where: tuple[str, ...], values: dict[str, Any]) -> M:
    """A part of the file, at the keys `where`, as the model of whoever it is for. Raises ConfigError like `read`."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        path = Path(os.environ.get("SINMUNGO_CONFIG") or ROOT / "config.yml")
        raise refused(path, node_of(path), where, error) from None
