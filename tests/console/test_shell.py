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


@pytest.mark.usefixtures("app")
def test_an_administrator_without_any_shop_is_led_to_opening_one(sign_in) -> None:
    client = sign_in(make.staff(Role.ADMINISTRATOR))

    home, shops = client.get("/"), client.get("/shops/")

    for page in (home, shops):
        assert page.status_code == 200
        assert 'href="/shops/' in page.text
        assert 'href="/staff/"' in page.text
        assert 'href="/products/"' not in page.text
