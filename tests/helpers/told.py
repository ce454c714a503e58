"""What a report says of a result in all: its headline and what that rests on."""

from typing import Any

import loyalty_kit as lk


def whole(verdict: Any) -> str:
    return f"{lk.describe(verdict, 'answer')} {lk.describe(verdict, 'reasons')}"
