"""The draft as a commented codebook: what is sure stands as it will be read, what is not stands behind '# ?'."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from loyalty_kit.core.cells import cell_text
from loyalty_kit.core.errors import rows
from loyalty_kit.core.language import translate
from loyalty_kit.core.messages import Message, message
from loyalty_kit.survey.codebook_text import toml_key, toml_value
from loyalty_kit.survey.drafting.looks.answers import Answers
from loyalty_kit.survey.drafting.proposals import LEFT_OUT, Block, Draft, Question, Ticked, Use

ASKED = "# ?"
"""What a line begins with that somebody must look at."""
_WIDTH = 118
_MOST_ROWS = 20
_USES: dict[Use, Message] = {
    "metadata": message("What the survey program noted down"),
    "own": message("A value of its own in each row, as an id has"),
    "constant": message("The same in every row"),
    "empty": message("Without any answer"),
    "open": message("Texts, which are kept and not scored"),
    "number": message("Numbers that are no answers on a scale"),
    "unsure": message("Not decided: a group, an item or neither"),
}


def draft_text(draft: Draft) -> str:
    """Commented codebook of a draft, in its language."""
    return "\n".join([*_Writer(draft, _usual(draft.questions)).lines(), ""])


def new_lines(draft: Draft) -> list[str]:
    """Scales and items of a part of a draft, each with its own range: what stands below a codebook that there is."""
    return _Writer(draft, usual=None).added()


class _Writer:
    """Lines of a draft, section by section; `usual` are the answers that items have where nothing else is said."""

    def __init__(self, draft: Draft, usual: Answers | None) -> None:
        self.draft, self.usual = draft, usual
        self.apart = _apart(draft)

    def lines(self) -> list[str]:
        head = [self._head(), self._columns(), self._answers(), self._file(), self._names(), self._roles()]
        ticks = [self._ticks(ticked) for ticked in self.draft.ticked]
        return [*_spaced(head), *self.added(), *_spaced([*ticks, self._left_out()])][1:]

    def added(self) -> list[str]:
        scales = [self._scale(block) for block in self.draft.scales]
        return _spaced([*scales, *(self._item(question) for question in self.draft.questions)])

    def _roles(self) -> list[str]:
        if not self.draft.scales:
            return []
        told = 'A scale may have role = "driver" or "outcome": what moves loyalty, or what is to be moved.'
        return self._say(message(told))

    def _head(self) -> list[str]:
        told = {"file": self.draft.file, "rows": self.draft.rows, "columns": len(self.draft.columns)}
        return [
            *self._say(message("Drafted from '{file}': {rows} rows, {columns} columns.", **told)),
            *self._say(
                message("Lines that begin with '# ?' ask you something; search for them. All other lines are read.")
            ),
        ]

    def _columns(self) -> list[str]:
        draft = self.draft
        lines = [f"title = {toml_value(draft.file.rpartition('.')[0])}", f'language = "{draft.language}"']
        lines += _given("respondent", draft.respondent)
        lines += _given("weight", draft.weight)
        lines += _given("duration", draft.seconds)
        lines += [line for told in draft.notes.values() for line in self._ask(told)]
        if draft.respondent is None:
            lines += self._say(message("No column holds an id of one respondent each: rows are the respondents."))
            lines += [f"{ASKED} respondent = {toml_value(column.name)}" for column in draft.named("own")]
        if draft.groups:
            lines.append(f"groups = {toml_value(list(draft.groups))}")
        return lines

    def _answers(self) -> list[str]:
        codes = [*self.draft.missing, *self.apart.values()]
        lines = []
        if codes:
            named = [f"{cell_text(code)}: {label}" for code, label in self.draft.missing.items() if label]
            kept = [_code(code) for code in dict.fromkeys(codes) if code not in self.apart]
            lines += self._say(message("No answer, as the file itself says: {codes}", codes=named)) if named else []
            lines.append(f"missing = {toml_value(kept)}")
        if self.usual is not None:
            lines.append(f"response = {toml_value(_ranged(self.usual))}")
        return lines

    def _file(self) -> list[str]:
        left_out, filled = self.draft.left_out, self.draft.options.fill_down
        lines = ["[file]"] if left_out or filled else []
        if filled:
            lines += self._say(message("Cells are merged in these columns: each row below belongs to the one above."))
            lines += _listed("fill_down", filled)
        if not left_out:
            return lines
        lines.append('rows = "leave_out"')
        told = 'Left out, for they look like no respondents: {rows}. rows = "keep" keeps them.'
        lines += self._ask(message(told, rows=rows(len(left_out))))
        for row in left_out[:_MOST_ROWS]:
            lines += self._say(message("row {row}: {reason}", row=row.number, reason=row.reason), indent="#     ")
        if len(left_out) > _MOST_ROWS:
            lines += self._say(message("and {n} more", n=len(left_out) - _MOST_ROWS), indent="#     ")
        return lines

    def _names(self) -> list[str]:
        keys = self.draft.keys
        short = {keys[column.name]: column.name for column in self.draft.columns if column.name in keys}
        if not short:
            return []
        told = message("Short names, each with the column's name in the file. Change them as you like, here and below.")
        return [*self._say(told), "[names]", *(f"{toml_key(key)} = {toml_value(name)}" for key, name in short.items())]

    def _scale(self, block: Block) -> list[str]:
        keys = [question.key for question in block.questions]
        lines = [f"[scales.{toml_key(block.key)}]"]
        if not block.sure:
            lines += self._ask(
                message("by the answers only: check. Nothing in the names says that these belong together.")
            )
        lines += _given("label", block.label or None)
        lines += _given("role", "outcome" if block.outcome else None)
        lines += _listed("items", keys)
        if block.against:
            runs = [f"{key} (r = {value:.2f})" for key, value in block.against.items()]
            lines += self._ask(
                message("These run against the others: are they worded the other way round? {items}", items=runs)
            )
            lines.append(f"{ASKED} reverse = {toml_value(list(block.against))}")
        return lines + [line for note in block.notes for line in self._ask(note)]

    def _item(self, question: Question) -> list[str]:
        wording = question.place.wording or question.column.label
        lines = _given("wording", wording if wording and wording not in (question.key, question.column.name) else None)
        if self.usual is None or question.answers.key != self.usual.key:
            lines += [f"{key} = {toml_value(value)}" for key, value in _ranged(question.answers).items()]
        if odd := self._recoded(question):
            lines = [line for line in lines if not line.startswith("labels =")]
            lines.append(f"labels = {toml_value({**question.answers.labels, **odd})}")
        lines += _given("role", question.role)
        lines += [line for note in question.notes for line in self._ask(note)]
        alone = all(question not in block.questions for block in self.draft.scales)
        return [f"[items.{toml_key(question.key)}]", *lines] if lines or alone else []

    def _recoded(self, question: Question) -> dict[str, float]:
        """Labels for codes that are missing here and an answer elsewhere."""
        return {cell_text(code): self.apart[code] for code in question.answers.missing if code in self.apart}

    def _ticks(self, ticked: Ticked) -> list[str]:
        lines = [f"[items.{toml_key(ticked.key)}]", 'kind = "ticks"', *_given("wording", ticked.label or None)]
        if ticked.separator is None:
            keys = [self.draft.keys.get(column.name, column.name) for column in ticked.columns]
            lines.append(f"[items.{toml_key(ticked.key)}.columns]")
            return lines + [
                f"{toml_key(key)} = {toml_value(text)}" for key, text in zip(keys, ticked.options, strict=True)
            ]
        return [*lines, f"separator = {toml_value(ticked.separator)}", *_listed("options", ticked.options)]

    def _left_out(self) -> list[str]:
        lines = []
        for use in LEFT_OUT:
            names = [column.name for column in self.draft.named(use)]
            if names:
                said = message("{what} ({n}): {columns}", what=_USES[use], n=len(names), columns=", ".join(names))
                lines += self._ask(said) if use == "unsure" else self._say(said)
        return [*self._say(message("Columns of the file that nothing here names:")), *lines] if lines else []

    def _say(self, told: Message, indent: str = "# ") -> list[str]:
        return [f"{indent}{line}" for line in _wrapped(translate(told, language=self.draft.language))]

    def _ask(self, told: Message) -> list[str]:
        first, *rest = _wrapped(translate(told, language=self.draft.language))
        return [f"{ASKED} {first}", *(f"#   {line}" for line in rest)]


def _spaced(sections: Iterable[list[str]]) -> list[str]:
    """Lines of sections, each after an empty one; those without lines are left out."""
    return [line for section in sections if section for line in ("", *section)]


def _usual(questions: Sequence[Question]) -> Answers | None:
    """Answers that most questions share, where more than one does."""
    times = Counter(question.answers.key for question in questions)
    key = max(times, key=lambda one: times[one], default=None)
    return next((question.answers for question in questions if question.answers.key == key), None)


def _apart(draft: Draft) -> dict[float | str, float]:
    """Codes that are missing for some questions and an answer for others, each with a number of its own."""
    clash = [
        code
        for code in draft.missing
        if isinstance(code, int | float)
        and any(
            question.answers.low <= code <= question.answers.high and code not in question.answers.missing
            for question in draft.questions
        )
    ]
    return {code: -900.0 - number for number, code in enumerate(clash, 1)}


def _code(code: float | str) -> float | str:
    return code if isinstance(code, str) else int(code) if float(code).is_integer() else code


def _ranged(answers: Answers) -> dict[str, Any]:
    ends = {"min": answers.low, "max": answers.high}
    return {**ends, "labels": answers.labels} if answers.labels else ends


def _given(key: str, value: str | None) -> list[str]:
    return [] if value is None else [f"{key} = {toml_value(value)}"]


def _listed(key: str, values: Iterable[str]) -> list[str]:
    line = f"{key} = {toml_value(list(values))}"
    return [line] if len(line) <= _WIDTH else [f"{key} = [", *(f"    {toml_value(value)}," for value in values), "]"]


def _wrapped(text: str) -> list[str]:
    """Text on lines of a width, parted at blanks or, in Chinese, anywhere; no line ends the comment."""
    plain = "".join(mark if mark.isprintable() else " " for mark in text)
    lines, line, width = [], "", 0
    for word in _words(plain):
        wide = sum(1 + (mark > "\u2e80") for mark in word)
        if line and width + wide > _WIDTH - 6:
            lines.append(line.rstrip())
            line, width = "", 0
        line, width = line + word, width + wide
    return [*lines, line.rstrip()]


def _words(text: str) -> list[str]:
    words: list[str] = []
    for mark in text:
        if words and not words[-1].endswith(" ") and mark <= "\u2e80" and words[-1][-1] <= "\u2e80":
            words[-1] += mark
        else:
            words.append(mark)
    return words


def count_asked(text: str) -> int:
    """Lines of a draft that somebody must look at."""
    return sum(line.startswith(ASKED) for line in text.splitlines())
