"""Reading one Jira site, Cloud or Data Center: sign-in, what the site consists of, issues in full.

`/myself` is asked before anything else, because Jira Cloud takes failed credentials for an
anonymous visitor and answers searches with empty lists: without that order, an expired token looks
like a site from which every issue was deleted.

The jira library asks who we are, where we are and which fields there are, on our transport and with
its answers judged before it sees them. Everything else is read by `jira_pages`: the library takes
any object for an empty list of statuses, cuts pages short and follows a repeating token for ever.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec
from jira import JIRA, JIRAError

from connectors import jira_pages, jira_rights, jql
from connectors.errors import (
    ConnectorError,
    PermissionRefused,
    RequestRefused,
    UnexpectedAnswer,
)
from connectors.http import Calls, HttpSettings, Seam, attach, base_address, session
from connectors.jira_answers import NOT_JIRA, convert, judge, odd_shape, shaped
from connectors.jira_issues import IssueReader
from connectors.jira_pages import JiraApi, is_absent
from connectors.jira_rate import Rate
from connectors.jira_shapes import (
    BrokenRecordError,
    IssueType,
    LabelPage,
    Named,
    ProjectRef,
    StatusRef,
    User,
    VersionRow,
    day,
    identity,
)
from connectors.jira_sign_in import JiraSettings, auth, caller, other_deployment
from connectors.jira_site import JiraField, JiraIdentity, Project, Status, Version, WantedFields, discover
from connectors.jira_tables import JiraBatch

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime


__all__ = [
    "Jira",
    "JiraBatch",
    "JiraField",
    "JiraIdentity",
    "JiraSettings",
    "Project",
    "Status",
    "Version",
    "WantedFields",
    "discover",
]

_READ_BY_POST = (
    "/search",
    "search/jql",
    "issue/bulkfetch",
    "changelog/bulkfetch",
    "search/approximate-count",
)
_Answer = TypeVar("_Answer")


class _FieldSchema(msgspec.Struct):
    type: str | None = None
    custom: str | None = None


class _Field(msgspec.Struct):
    id: str
    name: str = ""
    schema: _FieldSchema | None = None


class _Myself(User, rename="camel"):
    time_zone: str | None = None
    display_name: str | None = None


class _ServerInfo(msgspec.Struct, rename="camel"):
    base_url: str | None = None
    deployment_type: str | None = None


class Jira:
    """One site, read with one account. `notices` has what Jira remarked about the searches."""

    def __init__(
        self,
        settings: JiraSettings,
        http: HttpSettings | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random | None = None,
    ) -> None:
        http = http or HttpSettings()
        if settings.jql:
            jql.check(settings.jql)
        self.calls = Calls()
        self.notices: set[str] = set()
        self.settings = settings
        self._site_url = base_address(settings.url)
        self._base_url = base_address(settings.address)
        self.rate = Rate()
        self._seam = Seam(
            base_url=self._base_url,
            settings=http,
            calls=self.calls,
            is_read=_is_read,
            sleep=sleep,
            rng=rng,
            service=settings.name,
            observe=self.rate.note,
        )
        version = "3" if settings.is_cloud else "2"
        signed = auth(settings)
        own = session(self._seam, signed)
        own.headers["Accept"] = "application/json"
        # get_server_info would ask before /myself has; max_retries and timeout are the seam's business.
        self._library = JIRA(
            options={"server": self._base_url, "rest_api_version": version, "check_update": False},
            get_server_info=False,
            max_retries=0,
            timeout=(http.connect_timeout, http.read_timeout),
        )
        attach(self._library._session, self._seam, signed)  # noqa: SLF001 - the library has no way to be given one
        for one in (own, self._library._session):  # noqa: SLF001 - as above
            one.hooks["response"].append(judge(caller(settings)))
        self._api = JiraApi(own, self._base_url, version)
        self._identity: JiraIdentity | None = None
        self._reader: IssueReader | None = None

    def sign_in(self) -> JiraIdentity:
        """Ask who we are; SignInRefused or PermissionRefused when Jira does not take us for somebody."""
        kind = "Jira Cloud" if self.settings.is_cloud else "Jira Data Center"
        try:
            myself = convert(self._library_says("myself", self._library.myself), _Myself, "myself")
        except PermissionRefused as error:
            if self.settings.is_cloud:
                raise
            # A site of Jira Cloud answers a bearer token so.
            raise PermissionRefused(
                error.message, f"check the token; if this is Jira Cloud, {other_deployment(self.settings)}."
            ) from None
        except RequestRefused as error:
            if not is_absent(error):
                raise
            raise UnexpectedAnswer(
                f"There is no Jira at {self._base_url} ({error.status}).",
                f"{NOT_JIRA} If it is the other kind of Jira, {other_deployment(self.settings)}.",
            ) from None
        if myself.id is None:
            raise odd_shape("myself", "it names no account")
        info = self._server_info()
        found = info.deployment_type
        if found is not None and (found == "Cloud") != self.settings.is_cloud:
            raise UnexpectedAnswer(
                f"{self._base_url} is Jira {found}, not {kind}.", f"{other_deployment(self.settings)}."
            )
        self._identity = JiraIdentity(
            base_url=_site_address(info.base_url) or self._site_url,
            account_id=myself.id,
            time_zone=myself.time_zone or "",
            deployment_type=found or ("Cloud" if self.settings.is_cloud else "Server"),
            name=myself.display_name or myself.email_address or myself.id,
        )
        return self._identity

    def fields(self) -> list[JiraField]:
        self._signed_in()
        known = convert(self._library_says("field", self._library.fields), list[_Field], "field")
        return [
            JiraField(
                id=one.id,
                name=one.name,
                custom=one.schema.custom if one.schema else None,
                type=one.schema.type if one.schema else None,
            )
            for one in known
        ]

    def statuses(self) -> list[Status]:
        self._signed_in()
        return [
            Status(
                id=identity(one.id) or "",
                name=one.name or "",
                category=one.status_category.key if one.status_category else None,
            )
            for one in self._api.get("status", list[StatusRef])
        ]

    def priorities(self) -> list[str] | None:
        """Names of priorities; None where the site has no such list."""
        self._signed_in()
        try:
            known = self._api.get("priority", list[Named])
        except RequestRefused as error:
            if is_absent(error):
                return None
            raise
        return [one.name for one in known if one.name]

    def issue_types(self) -> list[str] | None:
        """Names of issue types, sub-tasks left out; None where the site has no such list."""
        self._signed_in()
        try:
            known = self._api.get("issuetype", list[IssueType])
        except RequestRefused as error:
            if is_absent(error):
                return None
            raise
        return [one.name for one in known if one.name and not one.subtask]

    def labels(self, most: int = 1000) -> list[str] | None:
        """The first labels of the site; None where it does not list them, as no Data Center does."""
        self._signed_in()
        try:
            page = self._api.get("label", LabelPage, maxResults=most)
        except RequestRefused as error:
            if is_absent(error):
                return None
            raise
        return [one for one in page.values if one]

    def projects(self) -> list[Project]:
        self._signed_in()
        found: dict[str, Project] = {}
        if self.settings.is_cloud:
            endpoint = "project/search"
            listed = jira_pages.rows(self._api, endpoint, size=50, orderBy="key")
        else:
            endpoint = "project"
            listed = iter(self._api.get(endpoint, list[msgspec.Raw]))
        for raw in listed:
            one = shaped(raw, ProjectRef, endpoint)
            key = identity(one.id)
            if key is None or not one.key:
                raise odd_shape(endpoint, "a project has no id or no key")
            found[key] = Project(key, one.key, one.name or one.key, one.project_type_key)
        return list(found.values())

    def versions(self, project_id: str) -> list[Version] | None:
        """Releases of a project, planned ones too; None where the project or its releases may not be seen."""
        self._signed_in()
        endpoint = f"project/{project_id}/versions"
        try:
            listed = self._api.get(endpoint, list[VersionRow])
        except PermissionRefused:
            return None
        except RequestRefused as error:
            if is_absent(error):
                return None
            raise
        return [
            Version(key, project_id, one.name or key, one.released, _day(one.release_date))
            for one in listed
            if (key := identity(one.id)) is not None
        ]

    def group_members(self, name: str) -> list[str] | None:
        """Ids of a group's members; None when there is no such group."""
        self._signed_in()
        try:
            members = list(jira_pages.rows(self._api, "group/member", size=50, groupname=name))
        except RequestRefused as error:
            if is_absent(error):
                return None
            raise
        ids = (shaped(raw, User, "group/member").id for raw in members)
        return [one for one in dict.fromkeys(ids) if one]

    def permissions(self, names: Sequence[str]) -> Mapping[str, bool] | None:
        """Which of these permissions the account has anywhere on the site; None where Jira does not tell."""
        self._signed_in()
        return jira_rights.held(self._api, names)

    def count(self) -> int | None:
        """About how many issues are in scope; None where Jira does not count."""
        self._signed_in()
        in_scope = jql.wrap(self.settings.jql, jql.updated_since_minute(jql.BEGINNING, None), order_by=())
        return jira_rights.visible(self._api, in_scope, by_offset=not self.settings.is_cloud)

    def count_where(self, condition: str) -> int | None:
        """About how many issues in scope a condition of JQL finds; None where Jira does not count."""
        self._signed_in()
        bound = jql.updated_since_minute(jql.BEGINNING, None)  # Jira refuses a search that nothing bounds
        query = jql.wrap(self.settings.jql, condition, bound, order_by=())
        return jira_rights.visible(self._api, query, by_offset=not self.settings.is_cloud)

    def issue_batches(self, wanted: WantedFields, *, updated_since: datetime | None) -> Iterator[JiraBatch]:
        """Give the issues changed since then, page by page, each with all it has.

        Ordered by `updated`. An issue that changes while we read comes again, newer.
        """
        return self._issues().batches(wanted, updated_since=updated_since)

    def issues_by_id(self, wanted: WantedFields, issue_ids: Sequence[str]) -> Iterator[JiraBatch]:
        """Give these issues, each with all it has, whether or not they are in scope; what is gone is left out."""
        return self._issues().by_id(wanted, issue_ids)

    def issue_ids(self, jql_extra: str | None = None) -> Iterator[list[str]]:
        """Give the ids of all issues in scope, each once, in big pages."""
        return self._issues().ids(jql_extra)

    def server_time(self) -> datetime | None:
        """Jira's clock, from its latest answer."""
        return self._seam.server_time

    def _signed_in(self) -> JiraIdentity:
        return self._identity or self.sign_in()

    def _library_says(self, endpoint: str, call: Callable[[], _Answer]) -> _Answer:
        """Call the jira library; nothing but our own errors comes out of it."""
        try:
            return call()
        except ConnectorError:
            raise
        except (JIRAError, ValueError, TypeError, KeyError, AttributeError) as error:
            # Never str(error): a JIRAError's text holds whole headers and bodies.
            raise odd_shape(endpoint, f"it cannot be read ({type(error).__name__})") from None

    def _server_info(self) -> _ServerInfo:
        """Read where people find the site; not worth failing for."""
        try:
            return convert(
                self._library_says("serverInfo", self._library.server_info), _ServerInfo, "serverInfo"
            )
        except (RequestRefused, PermissionRefused, UnexpectedAnswer):
            return _ServerInfo()

    def _issues(self) -> IssueReader:
        zone = self._signed_in().time_zone
        if self._reader is None:
            # Only Data Center leaves it to the kind of project whom a comment is for.
            known = [] if self.settings.is_cloud else self.projects()
            self._reader = IssueReader(
                self._api,
                site=self.settings.site,
                user_jql=self.settings.jql,
                zone=zone,
                server_time=self.server_time,
                notices=self.notices,
                by_offset=not self.settings.is_cloud,
                service_projects=frozenset(one.id for one in known if one.type_key == "service_desk"),
            )
        return self._reader


def _day(text: str | None) -> date | None:
    try:
        return day(text, "releaseDate")
    except BrokenRecordError:
        return None


def _is_read(method: str, path: str) -> bool:
    return method in {"GET", "HEAD"} or (method == "POST" and path.endswith(_READ_BY_POST))


def _site_address(url: str | None) -> str | None:
    """Take the address for people's links only if it is one."""
    parts = urlsplit(url or "")
    return url.rstrip("/") if url and parts.scheme in {"https", "http"} and parts.hostname else None
