"""The sample org: verbs such as `call` and `meeting` that leave the records Salesforce would hold
afterwards.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulator.sample_clock import Clock, salesforce_stamp
from simulator.sample_ids import PREFIXES, SalesforceIds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.sample_people import Colleague, Customer

Row = dict[str, Any]
OBJECTS = tuple(PREFIXES)


class Org:
    """Tables of finished records; each verb takes its time from the caller, and none lies after `now`."""

    def __init__(self, clock: Clock, admin_id: str, ids: SalesforceIds) -> None:
        self.clock = clock
        self.tables: dict[str, list[Row]] = {name: [] for name in OBJECTS}
        self._admin_id = admin_id
        self._ids = ids
        self._threads = 0

    def add(
        self,
        object_name: str,
        created: datetime,
        *,
        by: str | None = None,
        modified: datetime | None = None,
        record_id: str | None = None,
        **fields: Any,
    ) -> Row:
        changed = modified or created
        if not created <= changed <= self.clock.now:
            raise ValueError(f"a {object_name} of {created} changed at {changed} lies after {self.clock.now}")
        author = by or self._admin_id
        row: Row = {"Id": record_id or self._ids.next(object_name), "IsDeleted": False}
        row |= fields
        row |= {
            "CreatedById": author,
            "CreatedDate": salesforce_stamp(created),
            "LastModifiedById": author,
            "LastModifiedDate": salesforce_stamp(changed),
            "SystemModstamp": salesforce_stamp(changed),
        }
        self.tables[object_name].append(row)
        return row

    # Activities. AccountId of an activity is derived by the platform: from WhatId, else from the contact.

    def task(
        self,
        at: datetime,
        owner: Colleague,
        account_id: str,
        who: Customer | None,
        subject: str,
        *,
        done: bool = True,
        due: date | None = None,
        what_id: str | None = None,
        by_contact_only: bool = False,
        date_only: bool = False,
        **fields: Any,
    ) -> Row:
        """`date_only` is a task logged without the minute at which it was completed."""
        what = None if by_contact_only else what_id or account_id
        day = due or at.date()
        facts: Row = {
            "AccountId": account_id,
            "ActivityDate": day.isoformat(),
            "CallDisposition": None,
            "CallDurationInSeconds": None,
            "CallType": None,
            "CompletedDateTime": salesforce_stamp(at) if done and not date_only else None,
            "Description": None,
            "IsArchived": done and (self.clock.today - day).days >= 365,
            "IsClosed": done,
            "IsHighPriority": False,
            "IsRecurrence": False,
            "OwnerId": owner.user_id,
            "Priority": "Normal",
            "Status": "Completed" if done else "Not Started",
            "Subject": subject,
            "TaskSubtype": "Task",
            "Type": None,
            "WhatId": what,
            "WhoId": who.id if who else None,
        }
        created = min(at, at - timedelta(minutes=5)) if done else at
        row = self.add("Task", created, by=owner.user_id, modified=at, **(facts | fields))
        if who:
            self.add(
                "TaskRelation",
                created,
                by=owner.user_id,
                TaskId=row["Id"],
                RelationId=who.id,
                IsWhat=False,
                AccountId=account_id,
            )
        return row

    def call(
        self,
        at: datetime,
        owner: Colleague,
        who: Customer,
        subject: str,
        *,
        inbound: bool = False,
        **more: Any,
    ) -> Row:
        calls: Row = {"TaskSubtype": "Call", "Type": "Call", "CallType": "Inbound" if inbound else "Outbound"}
        talk: Row = {"CallDisposition": "Connected", "CallDurationInSeconds": 420}
        return self.task(at, owner, who.account_id, who, subject, **(calls | talk | more))

    def meeting(
        self,
        start: datetime,
        owner: Colleague,
        account_id: str,
        people: Sequence[Customer],
        subject: str,
        *,
        booked: datetime | None = None,
        minutes: int = 60,
        by_contact_only: bool = False,
        **fields: Any,
    ) -> Row:
        end = start + timedelta(minutes=minutes)
        created = booked or start - timedelta(days=6)
        facts: Row = {
            "AccountId": account_id,
            "ActivityDate": start.date().isoformat(),
            "ActivityDateTime": salesforce_stamp(start),
            "Description": None,
            "DurationInMinutes": minutes,
            "EndDateTime": salesforce_stamp(end),
            "EventSubtype": "Event",
            "IsAllDayEvent": False,
            "IsArchived": (self.clock.now - end).days > 365,
            "IsChild": False,
            "IsGroupEvent": len(people) > 1,
            "IsPrivate": False,
            "IsRecurrence": False,
            "Location": None,
            "OwnerId": owner.user_id,
            "ShowAs": "Busy",
            "StartDateTime": salesforce_stamp(start),
            "Subject": subject,
            "Type": "Meeting",
            "WhatId": None if by_contact_only else account_id,
            "WhoId": people[0].id if people else None,
        }
        changed = min(max(created, end), self.clock.now)
        row = self.add("Event", created, by=owner.user_id, modified=changed, **(facts | fields))
        for person in people:
            self._invite(row["Id"], person.id, created, is_parent=person is people[0], account_id=account_id)
        return row

    def copy_for(self, event: Row, colleague: Colleague) -> Row:
        """The copy that Salesforce keeps for each invited user; it is no second meeting."""
        created = datetime.strptime(event["CreatedDate"], "%Y-%m-%dT%H:%M:%S.%f%z")
        own = {"Id": self._ids.next("Event"), "IsChild": True, "OwnerId": colleague.user_id}
        self._invite(event["Id"], str(colleague.user_id), created, is_parent=False, account_id=None)
        row = event | own
        self.tables["Event"].append(row)
        return row

    def _invite(
        self, event_id: str, relation: str, at: datetime, *, is_parent: bool, account_id: str | None
    ) -> None:
        self.add(
            "EventRelation",
            at,
            EventId=event_id,
            RelationId=relation,
            AccountId=account_id,
            IsParent=is_parent,
            IsWhat=False,
            IsInvitee=not is_parent,
            Status=None if is_parent else "Accepted",
        )

    def thread(self) -> str:
        self._threads += 1
        return f"thread-{self._threads:05d}"

    def email(
        self,
        at: datetime,
        owner: Colleague,
        who: Customer,
        subject: str,
        *,
        incoming: bool,
        thread: str | None = None,
        logged: bool = True,
        **fields: Any,
    ) -> Row:
        """An e-mail leaves an EmailMessage and, when `logged`, the closed Task that belongs to it: one
        contact, not two.
        """
        task = None
        if logged:
            task = self.task(
                at,
                owner,
                who.account_id,
                who,
                f"Email: {subject}",
                TaskSubtype="Email",
                Type="Email",
                Description=None,
            )
        ours, theirs = owner.staff.email, who.email
        facts: Row = {
            "ActivityId": task["Id"] if task else None,
            "BccAddress": None,
            "CcAddress": None,
            "FromAddress": theirs if incoming else ours,
            "HasAttachment": False,
            "Headers": None,
            "Incoming": incoming,
            "IsClientManaged": True,
            "IsExternallyVisible": False,
            "MessageDate": salesforce_stamp(at),
            "ParentId": None,
            "RelatedToId": who.account_id,
            "Status": "1" if incoming else "3",
            "Subject": subject,
            "ThreadIdentifier": thread or self.thread(),
            "ToAddress": ours if incoming else theirs,
        }
        return self.add("EmailMessage", at, by=owner.user_id, **(facts | fields))

    def finish(self) -> None:
        """LastActivityDate as the platform derives it: also from closed to-dos that were no contact at
        all.
        """
        latest: dict[str, str] = {}
        today = self.clock.today.isoformat()
        for name in ("Task", "Event"):
            for row in self.tables[name]:
                counts = (
                    not row["IsDeleted"]
                    and (name == "Event" or row["IsClosed"])
                    and row["ActivityDate"] <= today
                )
                for owner in (row["AccountId"], row["WhoId"]) if counts else ():
                    if owner:
                        latest[owner] = max(latest.get(owner, ""), row["ActivityDate"])
        for name in ("Account", "Contact"):
            for row in self.tables[name]:
                row["LastActivityDate"] = latest.get(row["Id"])
