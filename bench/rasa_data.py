"""Our training lines as one Rasa YAML file, so that Rasa can train on JSONL and on a part of a folder."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from nlu.markup import Example, Span
from nlu.rasa_yaml import TrainingData


def write(data: TrainingData, file: Path) -> None:
    """All of `data` in Rasa 3.1 YAML. Lines of an intent keep their order; equal data gives equal bytes."""
    by_intent = defaultdict[str, list[str]](list)
    for example in data.examples:
        by_intent[example.intent].append(marked(example))
    synonyms = defaultdict[str, list[str]](list)
    for surface, value in data.synonyms.items():
        synonyms[value].append(surface)
    blocks = [
        *_blocks("intent", by_intent.items()),
        *_blocks("synonym", synonyms.items()),
        *_blocks("lookup", data.lookups.items()),
        *_blocks("regex", data.regexes.items()),
    ]
    file.write_text('version: "3.1"\n\nnlu:\n' + "\n".join(blocks) + "\n", "utf-8")


def _blocks(kind: str, named: Iterable[tuple[str, list[str]]]) -> Iterator[str]:
    for name, lines in named:
        body = "\n".join(f"    - {' '.join(line.split())}" for line in lines)
        yield f"- {kind}: {json.dumps(name, ensure_ascii=False)}\n  examples: |\n{body}"


def marked(example: Example) -> str:
    """The line with Rasa's entity markup."""
    line, last = "", 0
    for span in sorted(example.entities, key=lambda one: one.start):
        line += example.text[last : span.start] + _mark(example.text[span.start : span.end], span)
        last = span.end
    return line + example.text[last:]


def _mark(surface: str, span: Span) -> str:
    if span.role is None and span.value == surface:
        return f"[{surface}]({span.type})"
    label = {"entity": span.type, "value": span.value} | ({"role": span.role} if span.role is not None else {})
    return f"[{surface}]{json.dumps(label, ensure_ascii=False)}"
