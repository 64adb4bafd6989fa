"""The mirror: one transaction per source, the newest of each record, rebuilt when its form changes."""

from __future__ import annotations

import stat
from datetime import datetime, timedelta

import duckdb
import pyarrow as pa
import pytest
from company import NOW

from connectors.batches import Column
from connectors.jira_tables import JIRA_COMMENT, JIRA_ISSUE, JIRA_PERSON
from sync import mirror as mirror_module
from sync.mirror import ISSUE_TABLES, JIRA_TABLES, Cursor, Mirror, MirrorBroken, StoreEmpty, stored_schema
from sync.objects import OBJECTS, SourceObject, wanted_objects

THEN = NOW.replace(tzinfo=None)  # as the tables hold it
THING = SourceObject(
    "Thing",
    "sf_thing",
    (
        Column("Id", "id"),
        Column("SystemModstamp", "timestamp"),
        Column("Name", "text"),
        Column("IsDeleted", "boolean"),
    ),
)


def cursor(digest="d", high_water=THEN) -> Cursor:
    return Cursor(digest, high_water, pulled_at=THEN, swept_at=THEN)


@pytest.fixture
def mirror(tmp_path):
    with Mirror.open(tmp_path) as opened:
        yield opened


def things(*rows: tuple) -> pa.Table:
    keys = ("Id", "SystemModstamp", "Name", "IsDeleted")
    padded = [(*row, False)[:4] if len(row) == 3 else row for row in rows]
    return pa.table(
        {key: pa.array([row[n] for row in padded], field.type) for n, (key, field) in enumerate(zip(keys, stored_schema(THING), strict=True))}
    )  # fmt: skip


def store(mirror: Mirror, *batches: pa.Table, **more) -> None:
    with mirror.staging(("sf_thing", stored_schema(THING))) as stage:
        for batch in batches:
            stage.add(sf_thing=batch)
        mirror.store_object(THING, stage, **{"cursor": cursor(), **more})


def fail_after(mirror: Mirror, step) -> None:
    def whole() -> None:
        with mirror.transaction():
            step()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        whole()


def stored(mirror: Mirror) -> list[tuple]:
    return mirror.connection.execute("select Id, Name from sf_thing order by Id, Name").fetchall()


def hour(n: int) -> datetime:
    return THEN + timedelta(hours=n)


# -- merging ----------------------------------------------------------------------------------------------------------


def test_of_one_id_the_newest_stamp_is_kept_and_of_equal_stamps_the_row_that_came_last(mirror):
    store(
        mirror,
        things(("a", hour(2), "newer"), ("b", hour(1), "first")),
        things(("a", hour(1), "older"), ("b", hour(1), "last"), ("c", None, "no stamp")),
        things(("c", hour(0), "stamp")),
    )
    assert stored(mirror) == [("a", "newer"), ("b", "last"), ("c", "stamp")]


def test_a_part_replaces_what_it_brings_and_a_whole_replaces_all(mirror):
    store(mirror, things(("a", hour(1), "1"), ("b", hour(1), "1")))
    store(mirror, things(("b", hour(2), "2"), ("c", hour(2), "2")))
    assert stored(mirror) == [("a", "1"), ("b", "2"), ("c", "2")]
    store(mirror, things(("z", hour(3), "3")), whole=True)
    assert stored(mirror) == [("z", "3")]
    store(mirror, whole=True)
    assert stored(mirror) == []


def test_what_is_gone_is_dropped_with_what_came(mirror):
    store(mirror, things(("a", hour(1), "1"), ("b", hour(1), "1")))
    store(mirror, things(("c", hour(2), "2")), gone=["a", "never there"])
    assert stored(mirror) == [("b", "1"), ("c", "2")]


def test_a_deleted_mark_that_the_org_does_not_deliver_reads_as_not_deleted(mirror):
    store(mirror, things(("a", hour(1), "1", None), ("b", hour(1), "1", True)))
    assert mirror.connection.execute("select Id, IsDeleted from sf_thing order by Id").fetchall() == [
        ("a", False),
        ("b", True),
    ]


def test_a_failure_while_storing_leaves_rows_and_cursor_as_they_were(mirror):
    store(mirror, things(("a", hour(1), "1")))

    def half() -> None:
        store(mirror, things(("a", hour(2), "2"), ("b", hour(2), "2")), cursor=cursor(high_water=hour(2)))
        mirror.note_source("sf_thing", present=False)

    fail_after(mirror, half)
    assert stored(mirror) == [("a", "1")]
    assert mirror.cursor("sf_thing", "d") == cursor()
    assert mirror.one("select count(*) from mirror_source") == 0
    store(mirror, things(("b", hour(2), "2")))
    assert stored(mirror) == [("a", "1"), ("b", "2")]


def test_a_table_whose_columns_changed_is_made_anew_with_the_rows_of_its_whole_pull(mirror):
    store(mirror, things(("a", hour(1), "1")))
    wider = SourceObject("Thing", "sf_thing", (*THING.columns, Column("Size", "decimal")))
    mirror.ensure_object(wider, reshape=False)
    assert stored(mirror) == [("a", "1")]
    with mirror.staging(("sf_thing", stored_schema(wider))) as stage:
        mirror.store_object(wider, stage, cursor=cursor("other"), whole=True)
    assert mirror.connection.execute("select * from sf_thing").fetchall() == []
    assert mirror.cursor("sf_thing", "d") is None


def test_a_reshaped_table_is_as_before_when_its_pull_fails(mirror):
    store(mirror, things(("a", hour(1), "1")))
    wider = SourceObject("Thing", "sf_thing", (*THING.columns, Column("Size", "decimal")))
    fail_after(mirror, lambda: mirror.ensure_object(wider))
    assert stored(mirror) == [("a", "1")]
    store(mirror, things(("b", hour(1), "1")))
    assert stored(mirror) == [("a", "1"), ("b", "1")]


def test_many_batches_are_stored_without_loss(mirror, monkeypatch):
    monkeypatch.setattr("sync.staging.Staging.GATHER", 7)
    store(mirror, *(things(*((f"{n:03}{k}", hour(1), "x") for k in range(3))) for n in range(20)))
    assert len(stored(mirror)) == 60


# -- cursors ----------------------------------------------------------------------------------------------------------


def test_a_cursor_is_none_for_another_digest_and_for_a_source_without_stamps(mirror):
    mirror.move_cursor("sf_thing", cursor("one"))
    assert mirror.cursor("sf_thing", "one") == cursor("one")
    assert mirror.cursor("sf_thing", "two") is None
    mirror.move_cursor("sf_thing", cursor("one", high_water=None))
    assert mirror.cursor("sf_thing", "one") is None
    mirror.move_cursor("sf_thing", None)
    assert mirror.one("select count(*) from mirror_cursor") == 0


# -- issues -----------------------------------------------------------------------------------------------------------


def rows(schema: pa.Schema, *records: dict) -> pa.Table:
    return pa.Table.from_pylist(
        [{name: record.get(name) for name in schema.names} for record in records], schema=schema
    )


def issue(identity: str, updated: datetime, **more) -> dict:
    return {
        "site": "s",
        "id": identity,
        "key": f"X-{identity}",
        "created": THEN,
        "updated": updated,
        "subtask": False,
        **more,
    }


def batch(issues=(), comments=(), people=()) -> dict[str, pa.Table]:
    filled = {"jira_issue": rows(JIRA_ISSUE, *issues), "jira_comment": rows(JIRA_COMMENT, *comments),
              "jira_person": rows(JIRA_PERSON, *people)}  # fmt: skip
    return {name: filled.get(name, schema.empty_table()) for name, schema in ISSUE_TABLES.items()}


def store_issues(mirror: Mirror, *batches: dict[str, pa.Table], **more) -> None:
    with mirror.staging(*ISSUE_TABLES.items()) as stage:
        for each in batches:
            stage.add(**each)
        mirror.store_issues(stage, **{"site": "s", "allowed_levels": (), "cursor": cursor(), **more})


def comment(identity: str, of: str, author: str | None = None) -> dict:
    return {
        "site": "s",
        "issue_id": of,
        "id": identity,
        "author_id": author,
        "created": THEN,
        "restricted": False,
    }


def told(mirror: Mirror, query: str) -> list:
    return [value for (value,) in mirror.connection.execute(query).fetchall()]


def test_an_issue_that_comes_twice_keeps_its_newest_state_with_the_comments_of_that_state(mirror):
    store_issues(
        mirror,
        batch([issue("1", hour(1), summary="old")], [comment("10", "1"), comment("11", "1")]),
        batch([issue("1", hour(2), summary="new")], [comment("11", "1")]),
    )
    assert told(mirror, "select summary from jira_issue") == ["new"]
    assert told(mirror, "select id from jira_comment") == ["11"]


def test_an_older_state_does_not_undo_a_newer_one_but_one_of_the_same_instant_replaces_it(mirror):
    store_issues(mirror, batch([issue("1", hour(2), summary="stored")], [comment("10", "1")]))
    store_issues(mirror, batch([issue("1", hour(1), summary="stale")]))
    assert told(mirror, "select summary from jira_issue") == ["stored"]
    assert told(mirror, "select id from jira_comment") == ["10"]
    store_issues(mirror, batch([issue("1", hour(2), summary="same instant")]))
    assert told(mirror, "select summary from jira_issue") == ["same instant"]
    assert told(mirror, "select id from jira_comment") == []


def test_a_whole_pull_of_one_site_leaves_the_other_alone(mirror):
    other = {**issue("1", hour(1)), "site": "t"}
    store_issues(
        mirror,
        batch([other], [{**comment("10", "1", "x"), "site": "t"}], [{"site": "t", "id": "x"}]),
        site="t",
    )
    store_issues(mirror, batch([issue("1", hour(1)), issue("2", hour(1))]))
    store_issues(mirror, batch([issue("3", hour(1))]), whole=True)
    assert told(mirror, "select site || id from jira_issue order by 1") == ["s3", "t1"]
    assert told(mirror, "select site || id from jira_comment") == ["t10"]
    assert told(mirror, "select site || id from jira_person") == ["tx"]


def test_a_person_keeps_an_address_that_another_answer_hides_and_is_forgotten_when_nobody_names_them(mirror):
    shown = {"site": "s", "id": "p", "account_type": "customer", "domain": "acme.example", "address_key": "k"}
    hidden = {"site": "s", "id": "p", "account_type": None}
    store_issues(mirror, batch([issue("1", hour(1), reporter_id="p")], [], [shown]))
    store_issues(mirror, batch([issue("1", hour(2))], [comment("10", "1", "p")], [hidden]))
    assert mirror.connection.execute("select * from jira_person").fetchall() == [
        ("s", "p", "customer", "acme.example", "k")
    ]
    store_issues(mirror, batch([issue("1", hour(3))], [], [hidden]))
    assert told(mirror, "select id from jira_person") == []


@pytest.mark.parametrize(
    ("allowed", "kept"), [((), ["1"]), (("board",), ["1", "2"]), (("77",), ["1", "2"]), (("x",), ["1"])]
)
def test_only_issues_of_allowed_levels_are_stored(mirror, allowed, kept):
    secret = issue("2", hour(1), security_id="77", security_name="Board", reporter_id="q")
    people = [{"site": "s", "id": "q", "domain": "acme.example"}]
    store_issues(
        mirror,
        batch([issue("1", hour(1)), secret], [comment("10", "2", "q")], people),
        allowed_levels=allowed,
    )
    assert told(mirror, "select id from jira_issue order by id") == kept
    assert bool(told(mirror, "select id from jira_comment")) is (len(kept) == 2)
    assert bool(told(mirror, "select id from jira_person")) is (len(kept) == 2)


# -- the file ---------------------------------------------------------------------------------------------------------


def test_a_mirror_of_another_version_is_rebuilt_and_read_by_nobody_before(tmp_path, monkeypatch):
    with Mirror.open(tmp_path) as written:
        written.set_meta("pull_id", "1")
        store(written, things(("a", hour(1), "1")))
    with Mirror.open(tmp_path, read_only=True) as read:
        assert stored(read) == [("a", "1")]
    monkeypatch.setattr(mirror_module, "VERSION", mirror_module.VERSION + 1)
    with pytest.raises(StoreEmpty, match="run rapport pull first"), Mirror.open(tmp_path, read_only=True):
        pass
    with Mirror.open(tmp_path) as rebuilt:
        assert rebuilt.meta("pull_id") is None
        assert rebuilt.cursor("sf_thing", "d") is None
        tables = {
            name
            for (name,) in rebuilt.connection.execute("select table_name from duckdb_tables()").fetchall()
        }
        assert "sf_thing" not in tables
        assert set(JIRA_TABLES) <= tables
    with pytest.raises(StoreEmpty), Mirror.open(tmp_path, read_only=True):
        pass


def test_readers_of_no_mirror_and_of_an_empty_one_are_told_to_pull(tmp_path):
    with pytest.raises(StoreEmpty, match="run rapport pull first"), Mirror.open(tmp_path, read_only=True):
        pass
    with Mirror.open(tmp_path):
        pass
    with pytest.raises(StoreEmpty), Mirror.open(tmp_path, read_only=True):
        pass


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_mirror_is_told_with_what_to_do(tmp_path, read_only):
    (tmp_path / "mirror.duckdb").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(MirrorBroken, match="delete that file"), Mirror.open(tmp_path, read_only=read_only):
        pass


def test_the_file_is_for_its_owner_alone_and_readers_cannot_write(tmp_path):
    with Mirror.open(tmp_path) as written:
        written.set_meta("pull_id", "1")
    assert stat.S_IMODE((tmp_path / "mirror.duckdb").stat().st_mode) == 0o600
    with Mirror.open(tmp_path, read_only=True) as read, pytest.raises(duckdb.Error):
        read.set_meta("pull_id", "2")


def test_values_of_the_books_are_replaced_and_empty_where_never_set(mirror):
    assert mirror.meta("x") is None
    mirror.set_meta("x", "1")
    mirror.set_meta("x", "2")
    assert mirror.meta("x") == "2"
    assert mirror.one("select count(*) from mirror_meta where name = 'x'") == 1


# -- which objects ----------------------------------------------------------------------------------------------------


def test_objects_have_tables_of_their_own_and_no_column_twice():
    assert len({each.table for each in OBJECTS}) == len(OBJECTS)
    for each in OBJECTS:
        names = [column.name for column in each.columns]
        assert len(set(names)) == len(names)
        assert {"Id", "IsDeleted", "CreatedDate", "SystemModstamp"} <= set(names)


def test_no_object_asks_for_a_body():
    bodies = {"Description", "TextBody", "HtmlBody", "CommentBody", "Body"}
    asked = {
        (each.table, column.name) for each in OBJECTS for column in each.columns if column.name in bodies
    }
    assert asked == {("sf_own_task", "Description")}
    assert next(each for each in OBJECTS if each.table == "sf_own_task").only_with == "Rapport_Key__c"
    mail = next(each for each in OBJECTS if each.table == "sf_email_message")
    assert "Headers" not in stored_schema(mail).names


def test_an_orgs_own_names_are_put_in_where_the_config_says():
    wanted = {
        each.table: each
        for each in wanted_objects({"Rapport_Health__c": "Score__c", "Rapport_Key__c": "Key__c"}, {"region": "Region__c"}, "Number__c")
    }  # fmt: skip
    account = wanted["sf_account"]
    assert account.api_name("Rapport_Health__c") == "Score__c"
    assert account.api_name("x_region") == "Region__c"
    assert account.api_name("AccountNumber") == "Number__c"
    assert account.api_name("Name") == "Name"
    assert wanted["sf_own_task"].api_name("Rapport_Key__c") == "Key__c"
    assert wanted["sf_contact"].columns == next(each for each in OBJECTS if each.name == "Contact").columns
