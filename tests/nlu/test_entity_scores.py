"""How entities are counted: exact spans, only types the file marks, each type by itself as well."""

import math

from core.contracts.understanding import Entity, IntentScore, Understanding
from nlu.evaluation import evaluate
from nlu.markup import Example, Span


class Parrot:
    """An engine that finds what it is told to find."""

    def __init__(self, *found: tuple[str, int, int]) -> None:
        self._found = found

    def understand(self, text: str, *, now_iso: str) -> Understanding:
        entities = tuple(Entity(kind, start, end, text[start:end], "") for kind, start, end in self._found)
        return Understanding(text, "ko", "act", (IntentScore("ask", 1.0),), entities)

    def scope(self, text: str, *, now_iso: str) -> float:
        return 1.0


def test_f1_is_of_exact_spans_and_given_for_each_type() -> None:
    example = Example("내일 구래동 약국", "ask", (Span(0, 2, "date", "내일"), Span(3, 6, "place", "구래동")))
    report = evaluate(Parrot(("date", 0, 2), ("place", 3, 5)), [example])
    assert report.entity_f1 == 0.5
    assert report.entity_f1_by_type == {"date": 1.0, "place": 0.0}


def test_types_the_file_does_not_mark_do_not_count() -> None:
    example = Example("내일 두 시간", "ask", (Span(0, 2, "date", "내일"),))
    report = evaluate(Parrot(("date", 0, 2), ("duration", 3, 7)), [example])
    assert (report.entity_f1, report.entity_f1_by_type) == (1.0, {"date": 1.0})


def test_bare_lines_out_of_scope_do_not_count_and_nothing_marked_is_nothing_measured() -> None:
    bare = Example("내일 비 와요?", "out_of_scope")
    marked = Example("내일 구래동", "ask", (Span(0, 2, "date", "내일"),))
    assert evaluate(Parrot(("date", 0, 2)), [bare, marked]).entity_f1 == 1.0
    assert math.isnan(evaluate(Parrot(("date", 0, 2)), [bare]).entity_f1)
