"""What is not verified about Salesforce's API, one switch each: clients are tested with both positions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class SalesforceSwitches:
    """The defaults are what the vendor's documentation, or else most witnesses, say."""

    oldest_version: int = 31  # older ones are retired: 410
    newest_version: int = 68
    hidden_describe: Literal["404", "INVALID_TYPE"] = "404"  # describe of an object the user may not see
    bad_field_fails: Literal["record", "request"] = "record"  # unknown column in one of 200 records
    task_upsert_allowed: bool = True  # external ids of Activity as the key of an upsert
    upsert_finds_archived: bool = True
    daily_limit: int = 100_000
    calls_spent: int = 0  # of the daily limit, before the first request
    page_rows: int | None = None  # wide rows come in pages smaller than asked
    smallest_batch: int = 200  # batchSize below it is raised to it
    most_rows: int | None = None  # a query that finds more takes too long: QUERY_TIMEOUT
    open_cursors: int = 10  # the oldest locator is dropped beyond them
    descending_nulls_first: bool = True
    duplicate_names_record: bool = True  # DUPLICATE_VALUE says which record holds the value
    archive_after_days: int = 365
    token_per_sign_in: bool = True  # False: each sign-in gives the same token
    bulk_enabled: bool = True
    bulk_unsupported: frozenset[str] = frozenset()  # objects that bulk queries do not read
    bulk_parents: bool = True  # fields of parents may be selected
    bulk_jobs: int = 10_000  # query jobs of a day
    bulk_polls: int = 2  # the job is done when its state is asked for the so-manieth time
    bulk_never_ends: bool = False
    bulk_failure: str | None = None  # every job fails with this message
    bulk_aborted: bool = False  # somebody aborts every job while it runs
    bulk_page_rows: int = 100_000  # of one answer, whatever is asked for
    bulk_compressed: bool = True  # answers to clients that accept gzip
    lists_allowed: bool = True  # False: the lists of objects and of their sizes are for admins
    unshared_rows: int = 0  # of each object, which recordCount counts and the user does not see
    jwt_longest_seconds: int = 300  # until `exp`; some say 180
    jwt_users: frozenset[str] | None = None  # who is pre-authorised for the app; None: everybody
