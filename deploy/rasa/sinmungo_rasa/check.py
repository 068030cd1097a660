"""`rasa check CONFIG DATA`: may Rasa train this pipeline, and do our entities end where its tokens end."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rasa.engine import validation
from rasa.engine.recipes.recipe import Recipe
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.data import TrainingType
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.training_data import TrainingData

from sinmungo_rasa.tokenizer import KoreanTokenizer


def check(config: Path, data: Path) -> dict[str, object]:
    """Figures of a sound pipeline. Raises Rasa's GraphSchemaValidationException, or its YAML errors, for another."""
    before = config.read_bytes()
    importer = TrainingDataImporter.load_nlu_importer_from_config(str(config), training_data_paths=[str(data)])
    read = importer.get_config()
    read, _, _ = Recipe.recipe_for_name(read.get("recipe")).auto_configure(str(config), read, TrainingType.NLU)
    graph = Recipe.recipe_for_name(read.get("recipe")).graph_config_for_recipe(read, {}, TrainingType.NLU)
    validation.validate(graph)
    lines = importer.get_nlu_data()
    spans, astray = aligned(lines)
    return {
        "components": [one["name"] for one in read["pipeline"]],
        "examples": len(lines.intent_examples),
        "entities": spans,
        "misaligned": astray,
        "config_unchanged": config.read_bytes() == before,
    }


def aligned(lines: TrainingData) -> tuple[int, list[str]]:
    """How many entities the lines mark, and those that do not begin and end with a token of ours."""
    tokenizer = KoreanTokenizer(KoreanTokenizer.get_default_config())
    total, astray = 0, []
    for example in lines.entity_examples:
        tokens: list[Token] = tokenizer.tokenize(example, "text")
        starts, ends = {one.start for one in tokens}, {one.end for one in tokens}
        for entity in example.get("entities"):
            total += 1
            if entity["start"] not in starts or entity["end"] not in ends:
                text, start, end = example.get("text"), entity["start"], entity["end"]
                astray.append(f"{text[:start]}[{text[start:end]}]{text[end:]}")
    return total, astray


if __name__ == "__main__":
    found = check(Path(sys.argv[1]), Path(sys.argv[2]))
    print(json.dumps(found, ensure_ascii=False, indent=1))  # noqa: T201 - its answer
