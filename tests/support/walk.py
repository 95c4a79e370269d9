"""A nurse's hands on one page, screen by screen, and what the ledger has of it in the end."""

import re
import sqlite3
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.support import nurse
from tests.support.browser import Device, serious


class Walk:
    """The nurse's hands on one page; every screen on the way is looked at."""

    def __init__(self, page: Page, device: Device, pictures: Path | None) -> None:
        self.page, self.device, self.pictures = page, device, pictures
        self.faults: list[str] = []

    def see(self, words: str | re.Pattern[str], name: str = "") -> None:
        """Until the screen says this; a picture of it is kept under the name."""
        expect(self.page.locator("#screen")).to_contain_text(words)
        self.faults += serious(self.page)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        if width > self.device.width:
            self.faults.append(f"{nurse.address(self.page)}: {width} px wide")
        if name and self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            path = self.pictures / f"{name}-{self.device.name}.png"
            self.page.screenshot(path=path, caret="initial", full_page=True)

    def tap(self, name: str, *, role: Any = "button", exact: bool = False) -> None:
        self.page.get_by_role(
            role, name=re.compile(f"^{name}") if not exact else name, exact=exact
        ).first.click()

    def row(self, words: str) -> None:
        self.page.locator("#screen a.row").filter(has_text=words).first.click()

    def figure(self, label: str, quantity: int) -> None:
        field = self.page.get_by_role("textbox", name=label, exact=True)
        field.click()
        self.page.get_by_role("button", name="Clear", exact=True).click()
        nurse.type_figure(self.page, quantity)
        expect(field).to_have_value(str(quantity))

    def home(self, tile: str) -> None:
        self.page.goto(re.sub(r"(/app).*", r"\1", nurse.address(self.page)))
        nurse.open_tile(self.page, tile)

    def more(self, task: str) -> None:
        self.home("More tasks")
        self.see("More tasks")
        self.row(task)


def balances(url: str) -> dict[tuple[str, str, str], int]:
    """What F1 has, by product, lot and location."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        rows = connection.execute(
            """
            SELECT product.code, card.lot, card.location, card.on_hand FROM card
            JOIN product ON product.id = card.product_id JOIN facility ON facility.id = card.facility_id
            WHERE facility.code = 'F1'
            """
        ).fetchall()
    return {(product, lot, location): on_hand for product, lot, location, on_hand in rows}
