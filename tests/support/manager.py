"""What a manager does on the pages of /manage."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.support import clinic


def sign_in(page: Page, url: str, *, user: str = clinic.MANAGER, password: str = clinic.PASSWORD) -> None:
    """Sign in and stand on the first page."""
    page.goto(f"{url}/manage")
    page.get_by_label("User name").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/manage")
