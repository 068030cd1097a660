"""What every part of config.yml is made of: closed to unknown keys, never changed after reading."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bilingual(Section):
    ko: str
    en: str
