"""What random companies have of service and delivery: SLAs, ratings, hours, releases, budgets, and Cases with what is said in them."""

from __future__ import annotations

from datetime import datetime, timedelta

from company import cycle, jira_stamp, sla

RELEASES = tuple(
    {"id": str(70 + n), "name": f"{n}.0", "releaseDate": None, "released": True} for n in range(3)
)
STATUSES = ("New", "Working", "Closed", "Closed", "Waiting for customer", "blocked")
HOUR = timedelta(hours=1)


def add_service(maker) -> None:
    """Give a made company's issues and accounts what they lack; `maker` is a `random_company._Maker`."""
    book, pick, chance = maker.book, maker.pick, maker.chance
    releases = [
        release | {"releaseDate": maker.day().isoformat()} if chance(0.8) else release for release in RELEASES
    ]
    portal = book.add("User", Name="Portal", Username="p@x.example", IsActive=True, UserType="CspLitePortal",
                      ContactId=pick(maker.contacts))  # fmt: skip
    partner = book.add("User", Name="Partner", Username="q@x.example", IsActive=True, UserType="PowerPartner")
    robot = book.add("User", Name="Robot", Username="r@x.example", IsActive=True, UserType="AutomatedProcess")
    cases = [
        _case(maker, (portal, partner, robot, book.user, book.user)) for _ in range(maker.dice.randrange(7))
    ]
    for account in book.salesforce["Account"]:
        if chance(0.15):
            account["Rapport_CSAT__c"] = pick((1, 3.5, 4.25))
            account["Rapport_CSAT_Date__c"] = pick((None, maker.day().isoformat()))
    for contract in book.salesforce.get("Contract", []):
        contract["StartDate"] = pick((None, maker.day().isoformat()))
        contract["ContractTerm"] = pick((None, 1, 12))
        contract["Rapport_Budget_Hours__c"] = pick((None, 0, 2, 40))
    for _ in range(maker.dice.randrange(4)):
        at = maker.moment(future=True)
        book.add("SurveyResponse", Rating=pick((None, 1, 4, 5)), CompletionDateTime=at, CreatedDate=min(at, maker.now),
                 AccountId=pick((None, *maker.accounts)), SubmitterId=pick((None, *maker.contacts)),
                 CaseId=pick((None, *cases)))  # fmt: skip
    _busy(maker)
    for issue in book.issues:
        _issue(maker, issue, cases, releases)


def _case(maker, writers: tuple[str, ...]) -> str:
    pick, book = maker.pick, maker.book
    status = pick(STATUSES)
    created = maker.moment()
    closed = maker.after(created) if status == "Closed" else None
    case = book.case(
        pick((*maker.accounts, None)), ContactId=pick((None, *maker.contacts)), Status=status, CreatedDate=created,
        ClosedDate=closed, Priority=pick(("Highest", "High", "P1", None)), Type=pick(("Bug", "Change", "Question", None)),
        IsEscalated=maker.chance(0.2), IsDeleted=maker.chance(0.1),
    )  # fmt: skip
    for _ in range(pick((0, 0, 1, 2, 3))):
        book.add("CaseComment", ParentId=case, CreatedById=pick(writers), IsPublished=maker.chance(0.8),
                 CreatedDate=maker.after(created), IsDeleted=maker.chance(0.1))  # fmt: skip
    for _ in range(pick((0, 0, 1, 2))):
        start = maker.after(created)
        target = start + timedelta(hours=maker.dice.randrange(1, 400))
        done = maker.after(start) if maker.chance(0.5) else None
        late = target <= (done or maker.now)
        book.add("CaseMilestone", CaseId=case, StartDate=start, TargetDate=target, CompletionDate=done, CreatedDate=start,
                 IsCompleted=done is not None or maker.chance(0.1), IsViolated=late and maker.chance(0.9))  # fmt: skip
    return case


def _lately(maker) -> datetime:
    return maker.now - timedelta(seconds=maker.dice.randrange(60, 110 * 86_400))


def _busy(maker) -> None:
    """One account that much is done for, so that shares and windows have something in them."""
    account = maker.pick(maker.accounts)
    for number in range(900, 912):
        created = _lately(maker)
        issue = maker.book.issue(
            f"ACME-{number}", account, created=created, status=maker.pick(("Done", "Done", "Open")),
            due=(created + timedelta(days=maker.dice.randrange(40))).date(), priority="Medium",
            type=maker.pick(("Bug", "Incident", "Change", "Improvement")), components=maker.pick(([], ["other"], ["acme-portal", "other"])),
        )  # fmt: skip
        if maker.chance(0.8):
            maker.book.step(issue, "status", "Open", "Done", maker.after(created))
        if maker.chance(0.5):
            old = created.date() + timedelta(days=maker.dice.randrange(9))
            new = created.date() + timedelta(days=maker.dice.randrange(19))
            maker.book.step(issue, "duedate", old.isoformat(), new.isoformat(), maker.after(created))
        for _ in range(maker.pick((0, 0, 4))):
            maker.book.step(
                issue, "assignee", "a", "b", maker.now - timedelta(days=maker.dice.randrange(1, 33))
            )
        issue["fields"]["customfield_10080"] = _sla(maker, created)
        maker.book.worklog(issue, 2400, maker.after(created))
    maker.book.add("Contract", AccountId=account, Status="Activated", StatusCode="Activated", StartDate=_lately(maker).date(),
                   EndDate=(maker.now + timedelta(days=maker.dice.randrange(90))).date(), CreatedDate=maker.created(),
                   Rapport_Budget_Hours__c=maker.pick((1, 8, 50)))  # fmt: skip


def _issue(maker, issue: dict, cases: list[str], releases: list[dict]) -> None:
    pick, chance, fields = maker.pick, maker.chance, issue["fields"]
    created = datetime.strptime(fields["created"], "%Y-%m-%dT%H:%M:%S.%f%z")
    if chance(0.3):
        fields["customfield_10080"] = _sla(maker, created)
    if chance(0.15):
        fields["customfield_10081"] = pick(({"errorMessage": "no"}, None, _sla(maker, created)))
    if chance(0.3):
        fields["customfield_10082"] = pick(({"rating": 5}, {"rating": 2}, 4, {"rating": None}))
        fields["customfield_10083"] = pick((None, jira_stamp(maker.moment())))
        fields["resolutiondate"] = pick((None, jira_stamp(maker.after(created))))
    if cases and chance(0.3):
        case = pick(cases)
        number = next(each["CaseNumber"] for each in maker.book.salesforce["Case"] if each["Id"] == case)
        if chance(0.5):
            fields["customfield_10090"] = pick(
                (case, case[:15], number, number.lstrip("0"), f"Case {number}", "99")
            )
        else:
            address = pick(
                (
                    f"https://o.example/lightning/r/Case/{case}/view",
                    f"https://o.example/{number}",
                    "https://x.example/7",
                )
            )
            issue["remotelinks"] = [{"id": 1, "object": {"url": address, "title": "Case"}}]
    if chance(0.2):
        fields["customfield_10091"] = {
            "id": "1",
            "value": pick(("Out of scope", "In scope", "Scope-Accepted", "yes")),
        }
    fields["labels"] += [label for label in ("Out-of-scope", "scope-declined") if chance(0.1)]
    fields["versions"] = [release for release in releases if chance(0.25)]
    for name in ("timeoriginalestimate", "timeestimate", "timespent"):
        fields[name] = pick((None, 0, 3600, 5400, 36_000))
    if chance(0.4):
        parent = pick(maker.book.issues)
        fields["parent"] = {"id": parent["id"], "key": parent["key"]}
    for _ in range(pick((0, 0, 0, 1, 2))):
        started = maker.moment(future=True)
        maker.book.worklog(
            issue,
            pick((60, 1200, 3600, 5400)),
            started,
            created=pick((started, min(started + HOUR, maker.now))),
        )
    for _ in range(pick((0, 0, 0, 3, 4, 6))):
        maker.book.step(issue, "assignee", "a", "b", maker.moment())
    if chance(0.3):
        old, new = pick((None, maker.day().isoformat())), pick((None, maker.day().isoformat()))
        maker.book.step(issue, "duedate", old, new, maker.moment())


def _sla(maker, created: datetime) -> dict:
    cycles = []
    for _ in range(maker.pick((0, 1, 1, 2, 3))):
        started = maker.after(created)
        breach = maker.pick(
            (None, *(started + timedelta(hours=maker.dice.randrange(1, 900)) for _ in range(5)))
        )
        stopped = maker.after(started)
        more = {"breached": False} if maker.chance(0.1) else {}
        cycles.append(cycle(started, breach, stopped, **more))
    running = None
    if maker.chance(0.5):
        started = maker.after(created)
        breach = started + timedelta(hours=maker.dice.randrange(1, 900))
        running = cycle(
            started, breach, paused=maker.chance(0.3), breached=breach <= maker.now and maker.chance(0.6)
        )
    return sla(*cycles, running=running)
