"""The shell: sign-in is asked for, roles see what they may."""

import pytest

from app.console.roles import Role
from tests import factories as make


@pytest.mark.usefixtures("app")
def test_the_jobs_list_shows_for_a_manager(sign_in, count_sql) -> None:
    client = sign_in(make.staff(Role.MANAGER, make.shop()))

    with count_sql() as statements:
        response = client.get("/jobs/")

    assert response.status_code == 200, response.text[-500:]
    assert len(statements) <= 10, statements


@pytest.mark.usefixtures("app")
def test_a_stranger_is_sent_to_sign_in(app) -> None:
    response = app.test_client().get("/jobs/")

    assert response.status_code == 302
    assert "/login/" in response.location
