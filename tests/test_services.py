"""The tests use the database that they say they use."""

import os

import pytest
import redis
from django.db import connection


class TestServices:
    @pytest.mark.embedded
    @pytest.mark.django_db
    def test_database_is_the_one_of_database_url(self):
        scheme = os.environ["DATABASE_URL"].partition(":")[0]
        assert connection.vendor == {"postgres": "postgresql"}.get(scheme, scheme)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,)

    def test_redis_answers(self):
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            assert client.ping()
