"""What the web asks of the database is asked of PostgreSQL too: the same tests over another database."""
# ruff: noqa: F401 - pytest collects what is imported

from __future__ import annotations

from pathlib import Path

import pytest

from backend.settings import Settings
from tests.web.test_api import (
    test_a_card_row_is_as_documented,
    test_an_operation_is_given_without_the_patient,
    test_devices_and_tokens,
    test_each_sees_their_own_places,
    test_exceptions_by_state,
    test_pages_follow_each_other_without_gap_or_repeat,
    test_someone_narrowed_to_a_program_sees_its_products_only,
    test_users_carry_no_secret_and_are_for_administrators,
)
from tests.web.test_people_pages import (
    test_a_role_is_given_and_taken_back_and_its_time_is_kept,
    test_an_administrator_adds_someone_who_can_sign_in,
    test_disabling_shuts_out_and_enabling_lets_in,
    test_the_list_is_searched,
)
from tests.web.test_rights import test_an_insider_does_see, test_an_outsider_sees_and_changes_nothing
from tests.web.test_sessions import (
    test_a_secret_brought_along_is_not_used_on,
    test_a_session_rests_only_so_long,
    test_too_many_wrong_passwords_are_told_with_how_long_to_wait,
)


@pytest.fixture
def settings(tmp_path: Path, postgres_url: str) -> Settings:
    """Settings over a fresh PostgreSQL database, in the place of SQLite's."""
    return Settings(
        data=tmp_path, database_url=postgres_url, secret_key="k" * 43, sign_in_attempts=3, levels_seconds=0
    )
