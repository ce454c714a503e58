"""Questions among a file's columns: scales, single ones, ticks and groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from loyalty_kit.core.messages import message
from loyalty_kit.survey.drafting.blocks import are_ticks, named_blocks, several_in_a_cell, shared_answers
from loyalty_kit.survey.drafting.by_answers import against, together
from loyalty_kit.survey.drafting.keys import Keys
from loyalty_kit.survey.drafting.looks.answers import Answers, answers_of
from loyalty_kit.survey.drafting.looks.columns import Column
from loyalty_kit.survey.drafting.looks.label_sets import known_set, stands_for_missing
from loyalty_kit.survey.drafting.looks.names import Place, code_stem
from loyalty_kit.survey.drafting.looks.wordlists import speaks_of
from loyalty_kit.survey.drafting.proposals import Block, Question, Ticked
from loyalty_kit.survey.drafting.roles import Roles, group_name, has_levels
from loyalty_kit.survey.ticks import CHOSEN, NOT_CHOSEN

_LEVELS = frozenset({"none", "unsure", "not sure", "undecided", "不清楚", "空", "missing", "no opinion"})
"""Words for no answer that may be a level of a group as well."""


@dataclass
class Questions:
    """What was found among the columns that are asked of respondents."""

    scales: tuple[Block, ...] = ()
    singles: tuple[Question, ...] = ()
    ticked: tuple[Ticked, ...] = ()
    groups: tuple[str, ...] = ()
    missing_levels: tuple[str, ...] = ()

    @property
    def answers(self) -> list[Answers]:
        """Answers of each scale and each single question."""
        return [block.questions[0].answers for block in self.scales] + [one.answers for one in self.singles]


def questions_of(columns: Sequence[Column], places: Mapping[str, Place], roles: Roles, keys: Keys) -> Questions:
    """Find scales, single questions, ticks and groups; `roles` gets the use of every column that has none yet."""
    return _Search(columns, places, roles, keys).found()


class _Search:
    """The search for questions, step by step; each step takes columns that none before it took."""

    def __init__(self, columns: Sequence[Column], places: Mapping[str, Place], roles: Roles, keys: Keys) -> None:
        self.columns, self.places, self.roles, self.keys = columns, places, roles, keys
        self.scales: list[Block] = []
        self.singles: list[Question] = []
        self.ticked: list[Ticked] = []
        self.groups: list[str] = []
        self.missing_levels: list[str] = []

    def found(self) -> Questions:
        for members in named_blocks(self.roles.left(self.columns), dict(self.places)):
            self._named(members)
        for column in self.roles.left(self.columns):
            self._alone(column)
        self._by_answers()
        for column in self.roles.left(self.columns):
            self._rest(column)
        order = {column.name: place for place, column in enumerate(self.columns)}
        scales = sorted(self.scales, key=lambda block: order[block.questions[0].column.name])
        missing = tuple(dict.fromkeys(self.missing_levels))
        return Questions(tuple(scales), tuple(self.singles), tuple(self.ticked), tuple(self.groups), missing)

    def _named(self, members: list[Column]) -> None:
        """Scale or ticks of columns that names or headings put together."""
        place = self.places[members[0].name]
        if are_ticks(members):
            self._tick(place, members)
            return
        shared = shared_answers([column for column in members if not self._is_apart(column)])
        if shared is not None:
            alike, answers = shared
            self._scale(alike, answers, sure=True)

    def _tick(self, place: Place, members: list[Column]) -> None:
        for column in members:
            self.roles.uses[column.name] = "ticks"
            self.keys.of_question(column.name)
        key = self.keys.of_block(_block_name(place), ())
        options = tuple(self.places[column.name].wording or column.label or _option(column) for column in members)
        heading = "" if place.heading.isdigit() else place.heading
        self.ticked.append(Ticked(key, heading, tuple(members), options))

    def _scale(self, members: Sequence[Column], answers: Answers, *, sure: bool) -> None:
        questions = tuple(self._question(column, answers) for column in members)
        keys = [question.key for question in questions]
        place = self.places[members[0].name]
        values = [column.values(answers.values(column)) for column in members]
        turned = against(values) if len(members) > 2 else {}
        name = _block_name(place) or code_stem(keys[0])
        name = name if sure else f"group{1 + sum(not block.sure for block in self.scales)}"
        label = place.heading or (place.block if place.named else "")
        block = Block(
            key=self.keys.of_block(name, ()),
            label=label.rstrip("?？:：。. ") if sure else "",
            questions=questions,
            sure=sure,
            against={questions[number].key: r for number, r in turned.items()},
            outcome=sure and any(speaks_of(text, "loyalty") for text in (name, label)),
            notes=answers.notes,
        )
        self.scales.append(block)

    def _question(self, column: Column, answers: Answers) -> Question:
        self.roles.uses[column.name] = "item"
        return Question(column, self.places[column.name], answers, self.keys.of_question(column.name))

    def _is_apart(self, column: Column) -> bool:
        """Whether a question on recommendation, from 0 to 10, is no part of a scale of other answers."""
        return column.low == 0 and column.high == 10 and self._speaks(column, "recommend")

    def _speaks(self, column: Column, kind: str) -> bool:
        return speaks_of(column.name, kind) or speaks_of(column.label, kind)

    def _said(self, column: Column) -> str:
        return f"{column.name} {column.label}"

    def _alone(self, column: Column) -> None:
        """Recommendation, satisfaction, another question in words, ticks in a cell, or a group."""
        place = self.places[column.name]
        answers = answers_of([column])
        group = group_name(column, place)
        if answers is not None and self._recommends(column, answers):
            return
        if answers is not None and (answers.in_words or not (group or column.value_labels)):
            self._satisfied(column, answers)
        elif answers is None and not group and column.kind in ("words", "text") and self._speaks(column, "open"):
            self.roles.uses[column.name] = "open"
        elif group and has_levels(column):
            self._group(column, group)
        elif answers is None and (several := several_in_a_cell(column)):
            self.roles.uses[column.name] = "ticks"
            key = self.keys.of_question(column.name)
            self.ticked.append(Ticked(key, place.wording, (column,), several[1], several[0]))
        elif answers is None and column.distinct == 1:
            self.roles.uses[column.name] = "constant"
        elif has_levels(column) and (column.kind == "words" or column.value_labels):
            self._group(column, group or "")

    def _recommends(self, column: Column, answers: Answers) -> bool:
        """Take the question on recommendation; whether it was one. Its range must be surely 0 to 10."""
        if not self._speaks(column, "recommend") or answers.labels or not 6 < answers.high <= 10:
            return False
        # Qualtrics puts promoters and detractors beside a question from 0 to 10, and beside no other.
        grouped = any(other.name == f"{column.name}_NPS_GROUP" for other in self.columns)
        known = column.low == 0 or answers.low == 0 or grouped or bool(re_zero(self._said(column)))
        question = self._question(column, answers if not known else replace(answers, low=0, high=10))
        if known:
            question = replace(question, role="recommend", notes=() if column.low == 0 else answers.notes)
        else:
            told = message('nobody answered 0: if 0 could be chosen, min = 0 and role = "recommend"')
            question = replace(question, notes=(told,))
        self.singles.append(question)
        return True

    def _satisfied(self, column: Column, answers: Answers) -> None:
        """Take the one question on satisfaction; several of them may be a scale."""
        if self._speaks(column, "satisfaction") and not self._is_generic_list(column):
            self.singles.append(replace(self._question(column, answers), role="satisfaction", notes=answers.notes))

    def _is_generic_list(self, column: Column) -> bool:
        """Whether several columns without a block speak of satisfaction: they may be a scale."""
        spoken = [other for other in self.columns if self._speaks(other, "satisfaction")]
        return sum(not self.places[other.name].block for other in spoken) > 2

    def _group(self, column: Column, kind: str) -> None:
        self.roles.uses[column.name] = "group"
        self.groups.append(self.keys.of_role(column.name, kind))
        self.missing_levels += [
            text for text in column.texts if stands_for_missing(text) and text.casefold() not in _LEVELS
        ]

    def _by_answers(self) -> None:
        """Scales of questions whose names tell nothing, by their correlations."""
        pools: dict[object, list[Column]] = {}
        for column in self.roles.left(self.columns):
            answers = answers_of([column])
            if answers is not None and (answers.in_words or not group_name(column, self.places[column.name])):
                pools.setdefault(_pool(answers), []).append(column)
        for members in pools.values():
            shared = shared_answers(members) if len(members) > 1 else None
            if shared is None:
                continue
            alike, answers = shared
            values = [column.values(answers.values(column)) for column in alike]
            for cluster in together(values):
                self._scale([alike[place] for place in cluster], answers, sure=False)

    def _rest(self, column: Column) -> None:
        """Place what is left: a question in words by itself, a number, or undecided."""
        answers = answers_of([column])
        if answers is not None and answers.in_words:
            self.singles.append(replace(self._question(column, answers), notes=answers.notes))
        elif column.distinct == 1:
            self.roles.uses[column.name] = "constant"
        elif column.kind in ("words", "text"):
            self.roles.uses[column.name] = "open"
        elif answers is None and column.kind in ("whole", "numbers") and column.distinct > 12:
            self.roles.uses[column.name] = "number"
        else:
            self.roles.uses[column.name] = "unsure"


def re_zero(text: str) -> bool:
    """Whether a question says that its answers begin at 0."""
    plain = text.replace(" ", "")
    return any(
        mark in plain
        for mark in ("0-10", "0–10", "0to10", "0～10", "0~10", "0到10", "0至10", "0分", "0—10", "(0", "0=")
    )


def _option(column: Column) -> str:
    """Text of the option that a column stands for: the only one that it holds, else its name."""
    texts = [text for text in column.texts if text.casefold() not in CHOSEN | NOT_CHOSEN]
    return texts[0] if len(texts) == 1 else column.name


def _pool(answers: Answers) -> object:
    """Tell questions of one kind by their words, or by the length of their range."""
    if len(answers.labels) > 2:
        return known_set(answers.labels) or tuple(answers.labels)
    return answers.high > 7


def _block_name(place: Place) -> str:
    stem = place.block.split("\t")[0]
    return f"Q{stem}" if stem.isdigit() else stem
