"""Money in the words of a report: amounts with their currency."""

import unicodedata


def in_currency(text: str, currency: str, *, negative: bool = False) -> str:
    r"""Amount with its sign and its currency: a sign before it, a name after it.

    Examples
    --------
    >>> in_currency("478", "€", negative=True), in_currency("478", "元").replace("\xa0", " "), in_currency("478", "")
    ('−€478', '478 元', '478')
    """
    sign = "−" if negative and text != "0" else ""
    if currency and unicodedata.category(currency[-1]) == "Sc":
        return f"{sign}{currency}{text}"
    return f"{sign}{text}" + (f"\N{NO-BREAK SPACE}{currency}" if currency else "")


def price(value: float, currency: str = "") -> str:
    """Price with four digits, or whole where it is larger.

    Examples
    --------
    >>> price(24.5, "¥"), price(27.0), price(0.98765, "€"), price(12345.6)
    ('¥24.5', '27', '€0.9877', '12,346')
    """
    shown = f"{float(f'{value:.4g}'):,.10g}" if abs(value) < 1000 else f"{value:,.0f}"
    return in_currency(shown, currency)
