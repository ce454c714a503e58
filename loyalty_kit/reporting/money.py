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
    """Price in whole units where it is whole, else with two decimals, or four digits where it is below one.

    Examples
    --------
    >>> price(24.5, "¥"), price(27.0), price(0.04567, "€"), price(1234.567)
    ('¥24.50', '27', '€0.04567', '1,234.57')
    """
    if 0 < abs(value) < 1:
        return in_currency(f"{value:.4g}", currency)
    text = f"{value:,.2f}"
    return in_currency(text.removesuffix(".00"), currency)


def money(value: float, currency: str = "") -> str:
    r"""Money in all, to three digits, in its currency: a sign before it, a name after it.

    Examples
    --------
    >>> [money(v, c).replace("\xa0", " ") for v, c in ((181_940, "US$"), (-94_130, "元"), (1, ""))]
    ['US$182,000', '−94,100 元', '1']
    """
    return in_currency(f"{abs(float(f'{value:.3g}')):,.10g}", currency, negative=value < 0)
