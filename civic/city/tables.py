"""Who the city is: its areas, departments, named places and complaint categories, loaded from its data folder."""

from sqlalchemy import ARRAY, Column, Float, Integer, Table, Text

from core.db import Json, metadata

areas = Table(
    "areas",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name_ko", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
)

departments = Table(
    "departments",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name_ko", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("duties_ko", Text, nullable=False),
    Column("duties_en", Text, nullable=False),
    Column("keywords", ARRAY(Text), nullable=False),
    Column("hours", Text, nullable=False),
    Column("source", Text, nullable=False),
)

places = Table(
    "places",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("aliases", ARRAY(Text), nullable=False),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("address", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("source", Text, nullable=False),
)

categories = Table(
    "categories",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name_ko", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("department_id", Text, nullable=False),
    Column("keywords", ARRAY(Text), nullable=False),
    Column("deadline", Json, nullable=False),
    Column("position", Integer, nullable=False),
)

loads = Table(
    "city_loads",
    metadata,
    Column("city_id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
)
