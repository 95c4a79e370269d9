"""Period reports as facts: what each figure becomes, and that months in any order leave the same cards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.period_reports import (
    Figures,
    ReportFact,
    closing_before,
    computer_generated,
    facts_of,
    periods_to_post,
)
from backend.domain.periods import shifted
from sync.fold import CardFact, fold

DECEMBER = 201812


@pytest.mark.parametrize(
    ("figures", "before", "expected"),
    [
        # INTERFACES.md, reports: the opening is a count for the first row or after a missing month.
        (
            Figures(10, 5, 3, 2, 14),
            None,
            [
                (0, "counted", 10, ""),
                (1, "received", 5, ""),
                (2, "adjusted", 2, "reported"),
                (3, "dispensed", -3, ""),
            ],
        ),
        # Where it joins the month before, there is nothing to say of the opening.
        (Figures(10, 0, 3, 0, 7), 10, [(3, "dispensed", -3, "")]),
        # Where it differs from the month before, the difference is a computer-generated adjustment.
        (Figures(10, 0, 0, 0, 10), 12, [(0, "adjusted", -2, "computer_generated")]),
        (Figures(10, 0, 0, 0, 10), 7, [(0, "adjusted", 3, "computer_generated")]),
        # A negative adjustment comes after the dispensing.
        (Figures(10, 0, 4, -6, 0), 10, [(3, "dispensed", -4, ""), (4, "adjusted", -6, "reported")]),
        # A report that does not close: the difference is booked last, never silently dropped.
        (Figures(10, 0, 4, 0, 8), 10, [(3, "dispensed", -4, ""), (5, "adjusted", 2, "computer_generated")]),
        (Figures(0, 0, 0, 0, 0), 0, []),
        (Figures(0, 0, 0, 0, 0), None, [(0, "counted", 0, "")]),
    ],
)
def test_each_figure_becomes_a_fact(
    figures: Figures, before: int | None, expected: list[tuple[int, str, int, str]]
) -> None:
    assert facts_of(figures, before) == [ReportFact(*fact) for fact in expected]


def test_the_computers_own_adjustments_are_counted() -> None:
    assert computer_generated(facts_of(Figures(10, 0, 4, 1, 8), 12)) == 2
    assert computer_generated(facts_of(Figures(10, 0, 4, 1, 7), 10)) == 0


def test_a_new_month_decides_its_follower_anew() -> None:
    january, february = Figures(5, 0, 0, 0, 5), Figures(9, 0, 0, 0, 9)
    assert periods_to_post({201902: february}, {201901: january}) == [201901, 201902]


def test_a_month_with_another_closing_decides_its_follower_anew() -> None:
    stored = {DECEMBER: Figures(5, 0, 0, 0, 5), 201901: Figures(5, 0, 1, 0, 4)}
    assert periods_to_post(stored, {DECEMBER: Figures(6, 0, 0, 0, 6)}) == [DECEMBER, 201901]


def test_a_changed_month_with_the_same_closing_leaves_its_follower_alone() -> None:
    stored = {DECEMBER: Figures(5, 0, 0, 0, 5), 201901: Figures(5, 0, 1, 0, 4)}
    assert periods_to_post(stored, {DECEMBER: Figures(4, 1, 0, 0, 5)}) == [DECEMBER]


def test_a_repeated_month_posts_nothing() -> None:
    stored = {DECEMBER: Figures(5, 0, 0, 0, 5), 201901: Figures(5, 0, 1, 0, 4)}
    assert periods_to_post(stored, dict(stored)) == []


quantities = st.integers(0, 1_000)
figures_of_a_month = st.builds(
    Figures,
    opening=quantities,
    received=quantities,
    dispensed=quantities,
    adjustment=st.integers(-1_000, 1_000),
    closing=quantities,
)
reports = st.dictionaries(
    st.integers(0, 14).map(lambda n: shifted(201801, n)), figures_of_a_month, min_size=1
)


def _balances(ledger: dict[int, list[ReportFact]]) -> dict[int, int]:
    """The card's balance after each reported month."""
    balances = {}
    facts: list[CardFact] = []
    for period in sorted(ledger):
        for fact in ledger[period]:
            counted = fact.flow == "counted"
            facts.append(CardFact(period * 10 + fact.line, str(period), counted, fact.quantity))
        balances[period] = fold(facts)[0].on_hand
    return balances


@given(reports, st.randoms(use_true_random=False))
def test_months_in_any_order_give_the_same_facts_and_close_as_reported(
    months: dict[int, Figures], random
) -> None:  # type: ignore[no-untyped-def]
    order = list(months)
    random.shuffle(order)
    stored: dict[int, Figures] = {}
    ledger: dict[int, list[ReportFact]] = {}
    for period in order:
        merged = {**stored, period: months[period]}
        for posted in periods_to_post(stored, {period: months[period]}):
            ledger[posted] = facts_of(merged[posted], closing_before(merged, posted))
        stored = merged
    at_once = {period: facts_of(months[period], closing_before(months, period)) for period in months}
    assert ledger == at_once
    assert _balances(ledger) == {period: figures.closing for period, figures in months.items()}
