"""The sections of the retention review, one function each: from a book to exhibits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING

from saasmetrics.board.exhibits import Exhibit, Section, drawn_as, of
from saasmetrics.errors import DataError, InvalidTablesError
from saasmetrics.money import format_part

if TYPE_CHECKING:
    import pandas as pd

    from saasmetrics.book import Book
    from saasmetrics.result import Result

_SEGMENTS = ("segment", "plan", "product", "channel", "region", "source")
_MOST_SEGMENTS = 12
_MONTHLY = 24  # cohorts: with more months than this, quarters

Build = Callable[["Book"], Iterator[Callable[[], Exhibit]]]
Asked = Callable[
    [Callable[["Book"], "Result"]], "Result"
]  # a metric of the whole book, answered once


def segment_column(book: Book) -> str | None:
    """Return the column that best cuts the company into segments: two to twelve values, or None.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> segment_column(sm.demo(customers=50))
    'segment'
    """
    for name in _SEGMENTS:
        for table in ("customers", "subscriptions", "mrr", "invoices"):
            if table in book.tables and name in book.tables[table].data.column_names:
                values = book.tables[table].data[name].unique().drop_null()
                if 2 <= len(values) <= _MOST_SEGMENTS:
                    return name
    return None


def cohort_freq(book: Book) -> str:
    """Return monthly cohorts for up to two years of history, quarterly ones for more.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> cohort_freq(sm.demo(customers=50))
    'Q'
    """
    months = len(book.movements("M"))
    return "M" if months <= _MONTHLY else "Q"


def bridge(book: Book) -> Iterator[Callable[[], Exhibit]]:
    """ARR from opening to closing over the last twelve complete months."""
    from saasmetrics.metrics import revenue

    yield lambda: of("bridge", revenue.bridge(book), drawn_as("bridge", last=12, annual=True))


def movements(book: Book) -> Iterator[Callable[[], Exhibit]]:
    """MRR movements of the last months."""
    from saasmetrics.metrics import revenue

    yield lambda: of("movements", revenue.movements(book), drawn_as("movements", last=24))


def retention(book: Book, asked: Asked | None = None) -> Iterator[Callable[[], Exhibit]]:
    """NRR and GRR over time, and by segment; `asked` answers what others ask of the book too."""
    from saasmetrics.metrics import retention as rates

    by = segment_column(book)
    rated = {} if by is None else {"nrr_by_segment": rates.nrr, "grr_by_segment": rates.grr}
    parts = {key: cache(partial(ask, book, by=by)) for key, ask in rated.items()}
    for part in parts.values():  # first: the sums of the company follow from those of its segments
        with suppress(DataError):
            part()
    answer = asked or (lambda ask: ask(book))
    yield lambda: _nrr_and_grr(answer)
    for key, part in parts.items():
        yield partial(_recent, key, part)
    yield lambda: of("logo_churn", answer(rates.logo_churn), drawn_as("series", last=36))


def _recent(key: str, ask: Callable[[], Result]) -> Exhibit:
    return of(key, ask(), drawn_as("series", last=24))


def _nrr_and_grr(answer: Asked) -> Exhibit:
    import pandas as pd

    from saasmetrics.metrics import retention as rates

    results = {"NRR": answer(rates.nrr), "GRR": answer(rates.grr)}
    table = pd.concat([result.df.assign(metric=name) for name, result in results.items()])
    table = table[["metric", *(name for name in table.columns if name != "metric")]]
    draw = partial(drawn_as("compared", last=36), results)
    return Exhibit("nrr_grr", "NRR and GRR", results["NRR"], draw, table)


def cohorts(book: Book) -> Iterator[Callable[[], Exhibit]]:
    """Cohorts of customers and of net MRR."""
    from saasmetrics.metrics import retention as rates

    ask = cache(partial(rates.cohorts, book, freq=cohort_freq(book)))
    with suppress(
        DataError
    ):  # first: customers by cohort follow from the sums behind its intervals
        ask(measure="net")
    for measure, title in (("logos", "Customers by cohort"), ("net", "Net MRR by cohort")):
        yield partial(_cohort, ask, measure, title)


def _cohort(ask: Callable[..., Result], measure: str, title: str) -> Exhibit:
    return of(f"cohorts_{measure}", ask(measure=measure), title=title)


def survival(book: Book) -> Iterator[Callable[[], Exhibit]]:
    """How long customers stay, by segment, and how long their MRR stays."""
    import saasmetrics.survival as lives

    by = segment_column(book)
    yield lambda: of("survival", lives.curve(book, by=by), title="Survival of customers")
    yield lambda: of(
        "survival_mrr", lives.curve(book, by=by, weight="mrr"), title="Survival of starting MRR"
    )


def unit_economics(book: Book, margin: float | None = None) -> Iterator[Callable[[], Exhibit]]:
    """LTV:CAC against 3:1 and CAC payback against twelve months."""
    from saasmetrics.metrics import economics

    yield lambda: of("ltv_cac", economics.ltv_cac(book, margin=margin))
    yield lambda: of("payback", economics.payback(book, margin=margin))
    by = segment_column(book)
    if by is not None and _is_cut(book, by):
        yield lambda: of(f"ltv_cac_by_{by}", economics.ltv_cac(book, by=by, margin=margin))
        yield lambda: of(f"payback_by_{by}", economics.payback(book, by=by, margin=margin))


def _is_cut(book: Book, by: str) -> bool:
    """Return whether spend is known by the column: CAC of a group needs the group's own spend."""
    return "spend" in book.tables and by in book.tables["spend"].data.column_names


def concentration(book: Book) -> Iterator[Callable[[], Exhibit]]:
    """How much hangs on the largest customers, and who they are."""
    from saasmetrics.metrics import revenue

    result = revenue.concentration(book)
    yield lambda: Exhibit("concentration", _share_sentence(result.df), result, None, result.df)
    yield lambda: _largest(book, result)


def _share_sentence(frame: pd.DataFrame) -> str:
    shares = dict(zip(frame["measure"], frame["value"], strict=True))
    if "top 10" not in shares or shares["top 10"] != shares["top 10"]:
        return "There is no MRR whose concentration could be told"
    return (
        f"The largest customer brings {format_part(shares['top 1'])} of MRR, the ten largest "
        f"{format_part(shares['top 10'])}"
    )


def _largest(book: Book, result: Result) -> Exhibit:
    rows, many = result.extra["largest"], result.df["n"].iloc[-1]
    if "customers" in book.tables and "name" in book.tables["customers"].data.column_names:
        names = book.frame("customers")[["customer_id", "name"]].drop_duplicates("customer_id")
        rows = rows.merge(names, on="customer_id", how="left", validate="one_to_one")
    order = [name for name in ("customer_id", "name", "closing", "share") if name in rows.columns]
    table = rows[order].rename(columns={"closing": "mrr"})
    title = (
        "The one paying customer"
        if many == 1
        else f"The {len(table)} largest of {many:,} paying customers"
    )
    return Exhibit("largest_customers", title, result, None, table)


def layers(book: Book) -> Iterator[Callable[[], Exhibit]]:
    """Which years of customers the MRR comes from."""
    from saasmetrics.metrics import revenue

    yield lambda: of("layers", revenue.layers(book))


def plan(
    margin: float | None = None, asked: Asked | None = None
) -> tuple[tuple[str, str, Build], ...]:
    """Return id, title and builder of every section, in order.

    Examples
    --------
    >>> [id for id, _, _ in plan()][:2]
    ['bridge', 'movements']
    """
    return (
        ("bridge", "ARR bridge", bridge),
        ("movements", "MRR movements", movements),
        ("retention", "Revenue and customer retention", partial(retention, asked=asked)),
        ("cohorts", "Cohorts", cohorts),
        ("survival", "Survival", survival),
        ("economics", "Unit economics", partial(unit_economics, margin=margin)),
        ("concentration", "Concentration", concentration),
        ("layers", "MRR by cohort", layers),
    )


def built(book: Book, id: str, title: str, build: Build) -> Section:
    """Return a section; what cannot be computed is replaced by what to add.

    Raises
    ------
    InvalidTablesError
        If the tables hold errors that stop every number.

    Examples
    --------
    >>> import saasmetrics as sm
    >>> built(sm.demo(customers=50), "layers", "MRR by cohort", layers).exhibits[0].id
    'layers'
    """
    exhibits: list[Exhibit] = []
    missing: list[str] = []
    try:
        for make in build(book):
            try:
                exhibits.append(make())
            except InvalidTablesError:
                raise
            except DataError as error:
                missing.append(str(error))
    except InvalidTablesError:
        raise
    except DataError as error:
        missing.append(str(error))
    return Section(id, title, tuple(exhibits), tuple(dict.fromkeys(missing)))
