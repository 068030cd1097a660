"""Routing rules and what a trial of them says, as staff read and write them."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.fields import LongText, Word
from civic.routing.rule import Latitude, Longitude, Rule, RuleDraft, Track
from civic.routing.service import Routed, Tried


class RuleRow(RuleDraft):
    """A stored rule. `source`: folder while it stands as the city's data folder wrote it, then desk."""

    id: UUID
    source: str
    version: int
    updated_at: datetime

    @classmethod
    def of_rule(cls, rule: Rule) -> Self:
        return cls.model_validate(rule.model_dump())


class TrialDraft(BaseModel):
    """A case that might come. `at`: when it would be received; now, if it does not say."""

    model_config = ConfigDict(extra="forbid")

    category: Word = Field(examples=["noise"])
    text: LongText = Field(examples=["밤마다 공사장 소음이 심합니다"])
    place: Word = ""
    lat: Latitude | None = None
    lon: Longitude | None = None
    channel: Word = "web"
    has_photos: bool = False
    at: AwareDatetime | None = None


class Trial(BaseModel):
    """`rule`: one that is not stored, tried at its position among those that are."""

    model_config = ConfigDict(extra="forbid")

    draft: TrialDraft
    rule: RuleDraft | None = None


class TriedRule(BaseModel):
    """One rule that was held against the case. `id` null: the one that is not stored."""

    id: UUID | None
    name: str
    is_match: bool
    because_ko: list[str]
    because_en: list[str]

    @classmethod
    def of(cls, tried: Tried, trial_id: UUID) -> Self:
        return cls(
            id=None if tried.rule.id == trial_id else tried.rule.id,
            name=tried.rule.name,
            is_match=tried.is_match,
            because_ko=[one.ko for one in tried.because],
            because_en=[one.en for one in tried.because],
        )


class TrialResult(BaseModel):
    """Where the case would go and why. `staff_id`: who would get it now, null when its department's queue."""

    department_id: str
    staff_id: UUID | None
    track: Track
    area_id: str | None
    is_urgent: bool
    rule_name: str | None
    reason_ko: str
    reason_en: str
    track_reason_ko: str
    track_reason_en: str
    tried: list[TriedRule]

    @classmethod
    def of(cls, routed: Routed, staff_id: UUID | None, trial_id: UUID) -> Self:
        return cls(
            department_id=routed.department_id,
            staff_id=staff_id,
            track=routed.track,
            area_id=routed.area_id,
            is_urgent=routed.is_urgent,
            rule_name=routed.rule.name if routed.rule else None,
            reason_ko=routed.reason.ko,
            reason_en=routed.reason.en,
            track_reason_ko=routed.track_reason.ko,
            track_reason_en=routed.track_reason.en,
            tried=[TriedRule.of(one, trial_id) for one in routed.tried],
        )
