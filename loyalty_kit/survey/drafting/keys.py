"""Short keys for columns whose names are whole questions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from loyalty_kit.survey.drafting.looks.names import Place, is_short
from loyalty_kit.survey.drafting.looks.wordlists import word_list


@dataclass
class Keys:
    """Keys given so far; none is given twice, nor taken from another column.

    Attributes
    ----------
    taken : set of str
        Names of the file's columns and keys that were given.
    short : dict of column to key
        Columns that the codebook calls otherwise than the file does.
    """

    taken: set[str]
    places: Mapping[str, Place]
    language: str
    short: dict[str, str] = field(default_factory=dict)
    _next: int = 0
    _rows: dict[str, int] = field(default_factory=dict)

    def of_question(self, name: str) -> str:
        """Key of a question: its own name where that is short, else 'Q5', or 'Q5_2' in a matrix."""
        return self.short.get(name) or (name if is_short(name) else self._give(name, self._numbered(name)))

    def of_role(self, name: str, kind: str) -> str:
        """Key of a column that is no question, or a group: its own name, else what its kind is called."""
        if is_short(name) or name in self.short:
            return self.short.get(name, name)
        known = word_list("columns")["groups_zh"].get(kind, kind) if self.language == "zh" else kind
        return self._give(name, known or self._numbered(name))

    def of_block(self, name: str, others: Collection[str]) -> str:
        """Key of a scale or a question of several columns, which no column and no other block may have."""
        wanted = name if is_short(name) and name else "scale"
        number = 2
        key = wanted
        while key in others or key in self.taken:
            key, number = f"{wanted}_{number}", number + 1
        self.taken.add(key)
        return key

    def _numbered(self, name: str) -> str:
        place = self.places[name]
        if place.heading or place.number:
            base = f"Q{place.number}" if place.number else self._block(place.heading)
            if not place.heading:
                return base
            self._rows[base] = self._rows.get(base, 0) + 1
            return f"{base}_{self._rows[base]}"
        return self._block(name)

    def _block(self, heading: str) -> str:
        """'Q1' and so on, the same for the rows of one matrix."""
        if heading not in self._rows:
            self._next += 1
            while f"Q{self._next}" in self.taken:
                self._next += 1
            self._rows[heading] = -self._next
        return f"Q{-self._rows[heading]}"

    def _give(self, name: str, wanted: str) -> str:
        key, number = wanted, 2
        while key in self.taken:
            key, number = f"{wanted}_{number}", number + 1
        self.taken.add(key)
        self.short[name] = key
        return key
