"""Exports of one small survey as survey programs write them, made here, each with what is in it.

Layouts follow what the programs' own documentation and readers of their exports say; what no document shows (the names
that 问卷星 gives SPSS variables, the heading of a Tencent matrix) is an assumption. All answers are made up.
"""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyreadstat

N = 80
SERVICE = ("Staff are friendly", "Staff are fast", "Staff know the products", "Staff solve problems")
LOYALTY = ("I will buy here again", "I prefer this shop to others", "I tell others about this shop")
服务 = ("服务态度好", "服务速度快", "店员熟悉产品", "店员能解决问题")
忠诚 = ("我会再次购买", "我更喜欢这家店", "我会向别人提起这家店")
AGREE = ("Strongly disagree", "Disagree", "Neither agree nor disagree", "Agree", "Strongly agree")
同意 = ("非常不同意", "不同意", "一般", "同意", "非常同意")
满意 = ("非常不满意", "不满意", "一般", "满意", "非常满意")
CHANNELS = ("Store", "Web", "App")
渠道 = ("门店", "网站", "小程序")


@dataclass(frozen=True)
class Export:
    """A file and what is in it.

    Attributes
    ----------
    scales : tuple of list of str
        Columns, by their names in the file, of each scale.
    recommend : str, optional
        Column of the question on recommendation.
    ticks : dict of str to int
        How many chose each option of the question of which several could be chosen.
    answers : dict of str to list
        What some columns say, as numbers.
    """

    path: Path
    respondents: int
    scales: tuple[list[str], ...]
    groups: list[str]
    recommend: str | None = None
    respondent: str | None = None
    language: str = "en"
    by_answers: bool = False
    ticks: dict[str, int] = field(default_factory=dict)
    answers: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Survey:
    """Answers of `N` customers: two scales of 1 to 5, a recommendation, two groups, a comment, ticks."""

    service: np.ndarray
    loyalty: np.ndarray
    recommend: np.ndarray
    gender: np.ndarray
    channel: np.ndarray
    ticks: np.ndarray
    seconds: np.ndarray


def survey() -> Survey:
    rng = np.random.default_rng(20261130)
    service, loyalty = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], N).T

    def items(latent: np.ndarray, count: int) -> np.ndarray:
        answers = np.rint(3.3 + latent[:, None] + 0.6 * rng.normal(size=(N, count)))
        return np.clip(answers, 1, 5).astype(int)

    held = items(service, 4), items(loyalty, 3), np.clip(np.rint(6 + 2.6 * loyalty), 0, 10).astype(int)
    groups = rng.integers(1, 3, N), rng.integers(1, 4, N)
    ticks = np.column_stack([rng.random((N, 2)) < 0.5, np.ones(N, dtype=bool)])
    return Survey(*held, *groups, ticks, rng.integers(60, 400, N))


def _chosen(held: Survey, options: Sequence[str]) -> dict[str, int]:
    return dict(zip(options, held.ticks.sum(axis=0).tolist(), strict=True))


def _when(row: int, style: str = "%Y-%m-%d %H:%M:%S") -> str:
    return (datetime(2026, 3, 2, 9) + timedelta(minutes=7 * row)).strftime(style)


def _comment(row: int) -> str:
    return "" if row % 3 else f"Comment {row}: the queue, as always, was rather long"


def _csv(path: Path, rows: Sequence[Sequence[object]], *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def _xlsx(path: Path, rows: Sequence[Sequence[object]], merged: Sequence[str] = ()) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    for cells in merged:
        book.active.merge_cells(cells)
    book.save(path)
    return path


_QUALTRICS = {
    "StartDate": "Start Date",
    "EndDate": "End Date",
    "Status": "Response Type",
    "IPAddress": "IP Address",
    "Progress": "Progress",
    "Duration (in seconds)": "Duration (in seconds)",
    "Finished": "Finished",
    "RecordedDate": "Recorded Date",
    "ResponseId": "Response ID",
    "RecipientLastName": "Recipient Last Name",
    "RecipientFirstName": "Recipient First Name",
    "RecipientEmail": "Recipient Email",
    "ExternalReference": "External Data Reference",
    "LocationLatitude": "Location Latitude",
    "LocationLongitude": "Location Longitude",
    "DistributionChannel": "Distribution Channel",
    "UserLanguage": "User Language",
}
_PREVIEWS = 2
_QUESTIONS = {
    **{f"Q2_{i}": f"How much do you agree about our staff? - {text}" for i, text in enumerate(SERVICE, 1)},
    **{f"Q3_{i}": f"How much do you agree? - {text}" for i, text in enumerate(LOYALTY, 1)},
    "Q4_NPS_GROUP": "How likely are you to recommend us to a friend? - Group",
    "Q4": "How likely are you to recommend us to a friend?",
    "Q5": "What is your gender?",
    "Q6": "Where do you buy mostly?",
    "Q7": "What else would you like to tell us?",
}


def _qualtrics_row(row: int, held: Survey, *, text: bool) -> list[object]:
    preview = row >= N
    row = row % N
    status = ("Survey Preview" if preview else "IP Address") if text else int(preview)
    finished = ("True" if text else 1, _when(row + 1), f"R_{'x' if preview else 'a'}{row:04d}")
    noted = [_when(row), _when(row + 1), status, f"10.0.0.{row}", 100, int(held.seconds[row]), *finished]
    noted += ["", "", "", "", "52.1", "4.3", "preview" if preview else "anonymous", "EN"]
    answers = [*held.service[row], *held.loyalty[row]]
    nps = int(held.recommend[row])
    group = ("Detractor", "Passive", "Promoter")[(nps > 6) + (nps > 8)] if text else 1 + (nps > 6) + (nps > 8)
    said = [AGREE[answer - 1] if text else int(answer) for answer in answers]
    gender, channel = ("Female", "Male")[held.gender[row] - 1], CHANNELS[held.channel[row] - 1]
    numbers = [int(held.gender[row]), int(held.channel[row])]
    return [*noted, *said, group, nps, *([gender, channel] if text else numbers), _comment(row)]


def _qualtrics(path: Path, *, text: bool) -> Export:
    held = survey()
    names = [*_QUALTRICS, *_QUESTIONS]
    head = [names, [*_QUALTRICS.values(), *_QUESTIONS.values()], [json.dumps({"ImportId": name}) for name in names]]
    rows = [_qualtrics_row(row, held, text=text) for row in range(N + _PREVIEWS)]
    scales = [name for name in names if name.startswith("Q2_")], [name for name in names if name.startswith("Q3_")]
    return Export(
        _csv(path, [*head, *rows]), N, scales, ["Q5", "Q6"], "Q4", "ResponseId", answers=_answers(names, rows, held)
    )


def _answers(names: Sequence[str], rows: Sequence[Sequence[object]], held: Survey) -> dict[str, list[float]]:
    first, second = names.index("Q2_1"), names.index("Q3_1")
    found = {names[first + i]: held.service[:, i].tolist() for i in range(4)}
    return found | {names[second + i]: held.loyalty[:, i].tolist() for i in range(3)}


def qualtrics_text(folder: Path) -> Export:
    return _qualtrics(folder / "qualtrics_text.csv", text=True)


def qualtrics_numeric(folder: Path) -> Export:
    return _qualtrics(folder / "qualtrics_numeric.csv", text=False)


def qualtrics_spss(folder: Path) -> Export:
    held = survey()
    names = [name.replace("Duration (in seconds)", "Duration__in_seconds_") for name in [*_QUALTRICS, *_QUESTIONS]]
    frame = pd.DataFrame([_qualtrics_row(row, held, text=False) for row in range(N + _PREVIEWS)], columns=names)
    agree = {float(number): text for number, text in enumerate(AGREE, 1)}
    labels = {name: agree for name in names if name.startswith(("Q2_", "Q3_"))}
    labels["Q5"] = {1.0: "Female", 2.0: "Male"}
    labels["Q6"] = {float(number): text for number, text in enumerate(CHANNELS, 1)}
    labels["Status"] = {0.0: "IP Address", 1.0: "Survey Preview"}
    labels["Q4_NPS_GROUP"] = {1.0: "Detractor", 2.0: "Passive", 3.0: "Promoter"}
    numeric = {name: frame[name].astype(float) for name in frame if pd.api.types.is_numeric_dtype(frame[name])}
    path = folder / "qualtrics.sav"
    column_labels = [*_QUALTRICS.values(), *_QUESTIONS.values()]
    pyreadstat.write_sav(frame.assign(**numeric), path, column_labels=column_labels, variable_value_labels=labels)
    scales = [name for name in names if name.startswith("Q2_")], [name for name in names if name.startswith("Q3_")]
    return Export(path, N, scales, ["Q5", "Q6"], "Q4", "ResponseId", answers=_answers(names, [], held))


_MONKEY = (
    "Respondent ID",
    "Collector ID",
    "Start Date",
    "End Date",
    "IP Address",
    "Email Address",
    "First Name",
    "Last Name",
    "Custom Data 1",
)


def _surveymonkey(path: Path, *, expanded: bool) -> Export:
    held = survey()
    matrix, likely = "How much do you agree about our staff?", "How likely is it that you would recommend us?"
    more, gender, where = "How much do you agree with these?", "What is your gender?", "Where do you buy?"
    tick_head = [where, "", ""] if expanded else [where]
    head = [*_MONKEY, matrix, "", "", "", more, "", "", likely, gender, *tick_head, "Anything else?"]
    ticks = list(CHANNELS) if expanded else ["Response"]
    second = [*[""] * len(_MONKEY), *SERVICE, *LOYALTY, "Response", "Response", *ticks, "Open-Ended Response"]
    service, loyalty = [f"{matrix} - {text}" for text in SERVICE], [f"{more} - {text}" for text in LOYALTY]
    rows: list[list[object]] = []
    for row in range(N):
        noted = [118000000000 + row, 4100, _when(row, "%m/%d/%Y %I:%M:%S %p"), _when(row + 1, "%m/%d/%Y %I:%M:%S %p")]
        said = [AGREE[answer - 1] for answer in (*held.service[row], *held.loyalty[row])]
        chosen = [name for name, tick in zip(CHANNELS, held.ticks[row], strict=True) if tick]
        ticked = [name if name in chosen else "" for name in CHANNELS] if expanded else [", ".join(chosen)]
        rest = [int(held.recommend[row]), ("Female", "Male")[held.gender[row] - 1], *ticked, _comment(row)]
        rows.append([*noted, f"10.0.0.{row}", "", "", "", "", *said, *rest])
    return Export(
        _csv(path, [head, second, *rows], encoding="utf-8-sig"),
        N,
        (service, loyalty),
        [gender],
        likely,
        "Respondent ID",
        ticks=_chosen(held, CHANNELS),
    )


def surveymonkey_expanded(folder: Path) -> Export:
    return _surveymonkey(folder / "surveymonkey_expanded.csv", expanded=True)


def surveymonkey_condensed(folder: Path) -> Export:
    return _surveymonkey(folder / "surveymonkey_condensed.csv", expanded=False)


def google_forms(folder: Path) -> Export:
    held = survey()
    service = [f"How much do you agree about our staff? [{text}]" for text in SERVICE]
    loyalty = [f"And about our shop? [{text}]" for text in LOYALTY]
    likely, gender = "How likely are you to recommend us to a friend?", "What is your gender?"
    head = ["Timestamp", *service, *loyalty, likely, gender, "Where do you buy?", "Anything else?"]
    rows = []
    for row in range(N):
        said = [AGREE[answer - 1] for answer in (*held.service[row], *held.loyalty[row])]
        chosen = ";".join(name for name, tick in zip(CHANNELS, held.ticks[row], strict=True) if tick)
        rest = [int(held.recommend[row]), ("Female", "Male")[held.gender[row] - 1], chosen, _comment(row)]
        rows.append([_when(row, "%Y/%m/%d %I:%M:%S %p GMT+1"), *said, *rest])
    return Export(
        _csv(folder / "google_forms.csv", [head, *rows]),
        N,
        (service, loyalty),
        [gender],
        likely,
        ticks=_chosen(held, CHANNELS),
    )


def microsoft_forms(folder: Path) -> Export:
    """Likert statements are columns of their own here: nothing but the answers tells what belongs together."""
    held = survey()
    likely, gender = "How likely are you to recommend us to a friend?", "What is your gender?"
    head = [
        "ID",
        "Start time",
        "Completion time",
        "Email",
        "Name",
        "Last modified time",
        *SERVICE,
        *LOYALTY,
        likely,
        gender,
        "Where do you buy?",
    ]
    rows = []
    for row in range(N):
        said = [AGREE[answer - 1] for answer in (*held.service[row], *held.loyalty[row])]
        chosen = "".join(f"{name};" for name, tick in zip(CHANNELS, held.ticks[row], strict=True) if tick)
        start = datetime(2026, 3, 2, 9) + timedelta(minutes=7 * row)
        rest = [int(held.recommend[row]), ("Female", "Male")[held.gender[row] - 1], chosen]
        rows.append([row + 1, start, start + timedelta(minutes=3), "anonymous", None, None, *said, *rest])
    path = _xlsx(folder / "microsoft_forms.xlsx", [head, *rows])
    return Export(
        path, N, (list(SERVICE), list(LOYALTY)), [gender], likely, "ID", by_answers=True, ticks=_chosen(held, CHANNELS)
    )


def limesurvey(folder: Path) -> Export:
    held = survey()
    noted = ["id", "submitdate", "lastpage", "startlanguage", "seed", "startdate", "datestamp", "ipaddr"]
    service, loyalty = [f"G01Q01[SQ00{i}]" for i in range(1, 5)], [f"G02Q03[SQ00{i}]" for i in range(1, 4)]
    head = [
        *noted,
        *service,
        *loyalty,
        "REC",
        "GENDER",
        "G04Q07[SQ001]",
        "G04Q07[SQ002]",
        "G04Q07[SQ003]",
        "COMMENT",
        "interviewtime",
    ]
    rows = []
    for row in range(N):
        said = [*held.service[row], *held.loyalty[row], held.recommend[row], ("Female", "Male")[held.gender[row] - 1]]
        ticks = ["Yes" if tick else "No" for tick in held.ticks[row]]
        rows.append(
            [
                row + 3,
                _when(row + 1),
                4,
                "en",
                918273 + row,
                _when(row),
                _when(row + 1),
                f"10.0.0.{row}",
                *said,
                *ticks,
                _comment(row),
                held.seconds[row],
            ]
        )
    rec, coded = "REC", [f"G04Q07[SQ00{i}]" for i in (1, 2, 3)]
    return Export(
        _csv(folder / "limesurvey.csv", [head, *rows]),
        N,
        (service, loyalty),
        ["GENDER"],
        rec,
        "id",
        ticks=_chosen(held, coded),
    )


def sosci(folder: Path) -> Export:
    """−9 is not answered, −1 'cannot say'."""
    held = survey()
    service, loyalty = [f"SV01_0{i}" for i in range(1, 5)], [f"LO01_0{i}" for i in range(1, 4)]
    head = [
        "CASE",
        "SERIAL",
        "REF",
        "QUESTNNR",
        "MODE",
        "STARTED",
        *service,
        *loyalty,
        "SD01",
        "TIME001",
        "TIME002",
        "TIME_SUM",
        "MAILSENT",
        "LASTDATA",
        "FINISHED",
        "Q_VIEWER",
        "LASTPAGE",
        "MAXPAGE",
        "MISSING",
        "MISSREL",
        "TIME_RSI",
    ]
    rows = []
    for row in range(N):
        said = [
            -9 if (row + place) % 23 == 0 else -1 if (row + place) % 31 == 0 else int(answer)
            for place, answer in enumerate((*held.service[row], *held.loyalty[row]))
        ]
        gender = ("Female", "Male")[held.gender[row] - 1]
        rows.append(
            [
                row + 123,
                "",
                "",
                "base",
                "interview",
                _when(row),
                *said,
                gender,
                11 + row % 7,
                20 + row % 5,
                held.seconds[row],
                "",
                _when(row + 1),
                1,
                0,
                4,
                4,
                row % 3,
                row % 4,
                0.9 + row / 100,
            ]
        )
    path = _csv(folder / "sosci.csv", [head, *rows], delimiter=";", encoding="utf-8-sig")
    return Export(path, N, (service, loyalty), ["SD01"], None, "CASE")


_WJX = ("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP")
_WJX_HEAD = (
    "1、您的性别：",
    *(f"2、请对我们的服务作出评价—{text}" for text in 服务),
    *(f"3、您是否同意以下说法—{text}" for text in 忠诚),
    "4、您向朋友推荐我们的可能性有多大（0-10分）？",
)


def _wjx_noted(row: int, held: Survey) -> list[object]:
    return [row + 1, _when(row, "%Y/%m/%d %H:%M:%S"), f"{held.seconds[row]}秒", "微信", "N/A", f"10.0.0.{row}(北京)"]


def wjx_text(folder: Path) -> Export:
    held = survey()
    head = [*_WJX, *_WJX_HEAD, "5、您在哪里购买？", "6、您还有什么建议？"]
    rows = []
    for row in range(N):
        said = [满意[answer - 1] for answer in held.service[row]] + [同意[answer - 1] for answer in held.loyalty[row]]
        chosen = "┋".join(name for name, tick in zip(渠道, held.ticks[row], strict=True) if tick)
        comment = "(空)" if row % 3 else f"第{row}条建议：排队时间还是太长了一点"
        rows.append(
            [
                *_wjx_noted(row, held),
                ("男", "女")[held.gender[row] - 1],
                *said,
                int(held.recommend[row]),
                chosen,
                comment,
            ]
        )
    path = _xlsx(folder / "问卷星_文本.xlsx", [head, *rows])
    return Export(
        path,
        N,
        (list(_WJX_HEAD[1:5]), list(_WJX_HEAD[5:8])),
        ["1、您的性别："],
        _WJX_HEAD[8],
        "序号",
        "zh",
        ticks=_chosen(held, 渠道),
    )


def wjx_number(folder: Path) -> Export:
    """By the numbers of the options; −3 where a question was skipped."""
    held = survey()
    head = [*_WJX, *_WJX_HEAD, *(f"5({name})" for name in 渠道)]
    rows = []
    for row in range(N):
        said = [
            -3 if (row + place) % 29 == 0 else int(answer)
            for place, answer in enumerate((*held.service[row], *held.loyalty[row]))
        ]
        ticks = [int(tick) for tick in held.ticks[row]]
        rows.append([*_wjx_noted(row, held), int(held.gender[row]), *said, int(held.recommend[row]), *ticks])
    path = _xlsx(folder / "问卷星_序号.xlsx", [head, *rows])
    return Export(
        path,
        N,
        (list(_WJX_HEAD[1:5]), list(_WJX_HEAD[5:8])),
        ["1、您的性别："],
        _WJX_HEAD[8],
        "序号",
        "zh",
        ticks=_chosen(held, 渠道),
    )


def wjx_spss(folder: Path) -> Export:
    held = survey()
    service, loyalty = [f"Q2_R{i}" for i in range(1, 5)], [f"Q3_R{i}" for i in range(1, 4)]
    frame = pd.DataFrame(
        np.column_stack([held.gender, held.service, held.loyalty, held.recommend]).astype(float),
        columns=["Q1", *service, *loyalty, "Q4"],
    )
    labels = {"Q1": {1.0: "男", 2.0: "女"}}
    labels |= {name: {float(i): text for i, text in enumerate(满意, 1)} for name in service}
    labels |= {name: {float(i): text for i, text in enumerate(同意, 1)} for name in loyalty}
    wordings = ["您的性别", *服务, *忠诚, "您向朋友推荐我们的可能性"]
    path = folder / "问卷星.sav"
    pyreadstat.write_sav(frame, path, column_labels=wordings, variable_value_labels=labels)
    return Export(path, N, (service, loyalty), ["Q1"], "Q4", None, "zh")


def tencent(folder: Path) -> Export:
    held = survey()
    service, loyalty = [f"2.请评价我们的服务:{text}" for text in 服务], [f"3.您同意以下说法吗:{text}" for text in 忠诚]
    noted = [
        "编号",
        "开始答题时间",
        "结束答题时间",
        "答题时长",
        "地理位置国家和地区",
        "地理位置省",
        "地理位置市",
        "用户类型",
        "用户标识",
        "昵称",
        "自定义字段",
    ]
    head = [*noted, "1.您的性别", *service, *loyalty, "4.您的建议"]
    rows = []
    for row in range(N):
        said = [满意[answer - 1] for answer in held.service[row]] + [同意[answer - 1] for answer in held.loyalty[row]]
        where = [
            row + 1,
            _when(row),
            _when(row + 1),
            f"{held.seconds[row]}秒",
            "中国",
            ("北京", "上海")[row % 2],
            ("北京", "上海")[row % 2],
        ]
        rows.append(
            [
                *where,
                "微信",
                f"u{row:05d}",
                "",
                "",
                ("男", "女")[held.gender[row] - 1],
                *said,
                "" if row % 3 else f"第{row}条：希望多开几家店",
            ]
        )
    return Export(
        _csv(folder / "腾讯问卷.csv", [head, *rows], encoding="gb18030"),
        N,
        (service, loyalty),
        ["1.您的性别"],
        None,
        "编号",
        "zh",
    )


def _plain(held: Survey) -> tuple[list[str], list[list[object]]]:
    names = ["gender", *(f"SERV{i}" for i in range(1, 5)), *(f"LOY{i}" for i in range(1, 4)), "NPS"]
    rows = [
        [("f", "m")[held.gender[row] - 1], *held.service[row], *held.loyalty[row], held.recommend[row]]
        for row in range(N)
    ]
    return names, rows


def jamovi(folder: Path) -> Export:
    names, rows = _plain(survey())
    holes = [
        ["" if (place + row) % 37 == 5 else cell for place, cell in enumerate(cells)] for row, cells in enumerate(rows)
    ]
    return Export(_csv(folder / "jamovi.csv", [names, *holes]), N, (names[1:5], names[5:8]), ["gender"], "NPS")


def r_write_csv(folder: Path) -> Export:
    """Row names without a heading, quotation marks, NA."""
    names, rows = _plain(survey())
    holes = [
        [
            "NA" if (place + row) % 37 == 5 else f'"{cell}"' if isinstance(cell, str) else cell
            for place, cell in enumerate(cells)
        ]
        for row, cells in enumerate(rows)
    ]
    lines = [",".join(['""', *(f'"{name}"' for name in names)])]
    lines += [",".join([f'"{row + 1}"', *map(str, cells)]) for row, cells in enumerate(holes)]
    path = folder / "r_write_csv.csv"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return Export(path, N, (names[1:5], names[5:8]), ["gender"], "NPS")


def typed_by_hand(folder: Path) -> Export:
    """A title, an empty row, a channel that stands in merged cells, and a total below."""
    held = survey()
    names, rows = _plain(held)
    ordered = np.argsort(held.channel, kind="stable")
    channels = held.channel[ordered]
    body = [[row + 1, CHANNELS[channels[row] - 1], *rows[ordered[row]]] for row in range(N)]
    starts = [row for row in range(N) if row == 0 or channels[row] != channels[row - 1]]
    merged = [f"B{4 + start}:B{3 + stop}" for start, stop in zip(starts, [*starts[1:], N], strict=True)]
    body = [[cells[0], cells[1] if row in starts else None, *cells[2:]] for row, cells in enumerate(body)]
    total = ["Total", None, None, *(int(sum(cells[place] for cells in body)) for place in range(3, 11))]
    grid = [["Customer survey, spring 2026"], [], ["No.", "Channel", *names], *body, total]
    path = _xlsx(folder / "typed_by_hand.xlsx", grid, ["A1:K1", *merged])
    return Export(path, N, (names[1:5], names[5:8]), ["Channel", "gender"], "NPS")


FORMATS: dict[str, Callable[[Path], Export]] = {
    made.__name__: made
    for made in (
        qualtrics_text,
        qualtrics_numeric,
        qualtrics_spss,
        surveymonkey_expanded,
        surveymonkey_condensed,
        google_forms,
        microsoft_forms,
        limesurvey,
        sosci,
        wjx_text,
        wjx_number,
        wjx_spss,
        tencent,
        jamovi,
        r_write_csv,
        typed_by_hand,
    )
}
