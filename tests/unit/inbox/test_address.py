"""A database's address is read in one way or refused, and no form of it shows a password (N30)."""

import psycopg
import pytest
from psycopg import conninfo

from telefonistka_py.inbox import address

FINE = {
    "postgresql://tele:Sup3r%2FS3cret@127.0.0.1:55432/tele": "tele at 127.0.0.1:55432",
    "postgres://tele:Sup3r:S3cret@db/tele": "tele at db",
    "postgresql://tele:Sup3r\\S3cret[]@db/tele": "tele at db",
    "postgresql://tele%40tenant:S3cret@db.example.com/tele": "tele at db.example.com",
    "postgresql://tele:S3cret@[2001:db8::1]:5432/tele": "tele at 2001:db8::1:5432",
    "postgresql://bot@db1:5432,db2:5433/inbox?target_session_attrs=read-write": "inbox at db1,db2:5432,5433",
    "postgresql:///inbox?host=/run/postgresql&password=Sup3r/S3cret": "inbox at /run/postgresql",
    "postgresql://tele:S3cret@%2Frun%2Fpostgresql/inbox": "inbox at /run/postgresql",
    "postgresql://db/in%20box": "in box at db",
}

ODD = (
    "postgresql://tele:Sup3r/S3cret@127.0.0.1:55432/tele",
    "postgresql://tele:Sup3r/S3cret@db/tele?sslmode=require",
    "postgresql://tele:123/S3cret@db:5432/tele",
    "postgresql://tele:Sup3r@S3cret@db/tele",
    "postgresql://tele:Sup3r?S3cret@db/tele",
    "postgresql://tele:99/S3cret?Sup3r=1@db/tele",
    "postgresql://tele:Sup3r#S3cret@db/tele",
    "postgresql://tele:Sup3r%S3cret@db/tele",
    "postgresql://tele:Sup3r S3cret@db/tele",
    "postgresql://tele:Sup3r\nS3cret@db/tele",
    "postgresql://tele:Sup3r%00S3cret@db/tele",
    "postgresql://tele:Sup3r/S3cret",
    "postgresql://db/tele?user=tele&password=Sup3r@S3cret",
    "postgresql://tele:S3cret@db",
    "POSTGRESQL://tele:S3cret@db/tele",
    "mysql://tele:S3cret@db/tele",
    "host=db user=tele password=Sup3r/S3cret dbname=tele",
    "host=db password='Sup3r S3cret' dbname=tele",
)


@pytest.mark.parametrize("url", FINE)
def test_an_address_is_shown_without_its_password(url: str) -> None:
    assert address.is_fine(url)
    assert address.shown(conninfo.conninfo_to_dict(url)) == FINE[url]


@pytest.mark.parametrize("url", ODD)
def test_an_address_that_could_be_read_in_two_ways_is_refused(url: str) -> None:
    assert not address.is_fine(url)
    assert address.secrets(url) == ()


@pytest.mark.parametrize("url", ODD)
def test_whatever_libpq_makes_of_an_address_no_part_of_the_password_is_shown(url: str) -> None:
    try:
        known = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        known = {}
    shown = address.shown(known)
    assert "S3cret" not in shown
    assert "Sup3r" not in shown


def test_passwords_are_known_as_they_are_and_as_they_are_written() -> None:
    url = "postgresql://bot:a%2Fb@db/inbox?password=third&sslpassword=f%20our&sslmode=require&passfile=/etc/pg"
    assert address.secrets(url) == ("a%2Fb", "a/b", "third", "f%20our", "f our")
