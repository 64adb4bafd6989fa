"""The papers of an ordinary customer: deals, contract, what was bought, what it is entitled to, its old Cases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from simulator.sample_clock import salesforce_stamp
from simulator.sample_deals import ANALYTICS, CARE, CONNECT, SUITE, TRAINING, deal, product_id
from simulator.sample_issues import REQUESTS

if TYPE_CHECKING:
    from simulator.sample_people import Customer
    from simulator.sample_salesforce import Row
    from simulator.sample_scene import Scene

RESPONSE_GOAL: Final = timedelta(hours=8)
_EXPANSIONS: Final = (ANALYTICS, CARE, CONNECT, TRAINING)


def business(scene: Scene) -> None:
    """Two deals won, perhaps one open; a contract that runs, an asset, an entitlement; perhaps an old Case."""
    rng, name = scene.rng, scene.firm.name
    first, second = rng.randint(420, 640), rng.randint(60, 330)
    for days, kind, product in (
        (first, "New Business", SUITE),
        (second, "Expansion", _EXPANSIONS[len(name) % len(_EXPANSIONS)]),
    ):
        amount = rng.randint(8, 90) * 1_000
        deal(scene, f"{name}: {kind}", stage="Closed Won", amount=amount, created=days + 70, close=days,
             product=product, Type=kind)  # fmt: skip
    if rng.random() < 0.5:
        amount, created, close = rng.randint(5, 60) * 1_000, rng.randint(10, 80), -rng.randint(15, 120)
        deal(scene, f"{name}: Additional licences", stage="Proposal", amount=amount, created=created, close=close,
             people=scene.speakers[:1])  # fmt: skip
    contract(scene, started=rng.randint(200, 500), days=rng.randint(560, 900))
    asset(scene, SUITE, days=rng.randint(300, 600), quantity=rng.randint(5, 200))
    entitle(scene, days=300)
    if rng.random() < 0.4:
        _old_case(scene, scene.speakers[0])


def courtship(scene: Scene) -> None:
    """A prospect: one deal in its first stage."""
    rng, age = scene.rng, scene.firm.age_days
    amount, close = rng.randint(10, 70) * 1_000, -rng.randint(20, 90)
    deal(scene, f"{scene.firm.name}: First project", stage="Qualification", amount=amount,
         created=min(age - 2, 45), close=close, people=scene.contacts[:1])  # fmt: skip


def contract(scene: Scene, *, started: int, days: int, budget_hours: float | None = None) -> Row:
    """An activated contract that began so many days ago and runs for `days`."""
    clock = scene.clock
    first = clock.day(started)
    return scene.org.add(
        "Contract",
        clock.ago(started + 5),
        by=scene.manager.user_id,
        AccountId=scene.account_id,
        ActivatedDate=salesforce_stamp(clock.ago(started + 4)),
        ContractNumber=f"{len(scene.org.tables['Contract']) + 1:08d}",
        ContractTerm=days // 30,
        StartDate=first.isoformat(),
        OwnerId=scene.manager.user_id,
        EndDate=(first + timedelta(days=days)).isoformat(),
        Rapport_Budget_Hours__c=budget_hours,
        Status="Activated",
        StatusCode="Activated",
    )


def asset(scene: Scene, product: str, *, days: int, quantity: int = 1, status: str = "Installed") -> Row:
    bought = scene.clock.ago(days)
    return scene.org.add(
        "Asset",
        bought,
        by=scene.manager.user_id,
        AccountId=scene.account_id,
        ContactId=None,
        Name=product,
        InstallDate=bought.date().isoformat(),
        Product2Id=product_id(scene.org, product),
        Quantity=float(quantity),
        Status=status,
        Price=None,
        PurchaseDate=bought.date().isoformat(),
        SerialNumber=None,
        UsageEndDate=None,
    )


def entitle(scene: Scene, *, days: int, until: int = -400) -> Row:
    """Support to which the account is entitled since so many days, `until` so many days ago (negative: ahead)."""
    clock = scene.clock
    return scene.org.add(
        "Entitlement",
        clock.ago(days),
        by=scene.manager.user_id,
        AccountId=scene.account_id,
        EndDate=clock.day(until).isoformat(),
        Name=f"Support for {scene.firm.name}",
        StartDate=clock.day(days).isoformat(),
        Status="Expired" if until > 0 else "Active",
        Type="Web Support",
    )


# Cases.


def _old_case(scene: Scene, who: Customer) -> None:
    closed = scene.clock.working(scene.rng.randint(100, 500))
    opened = closed - timedelta(days=3)
    case = add_case(scene, who, opened, closed, scene.rng.choice(REQUESTS))
    milestone(scene, case, answered=opened + timedelta(hours=2))


def add_case(
    scene: Scene,
    who: Customer,
    opened: datetime,
    closed: datetime | None,
    subject: str,
    *,
    escalated: bool = False,
) -> Row:
    owner = scene.manager
    return scene.org.add(
        "Case",
        opened,
        by=owner.user_id,
        modified=closed,
        AccountId=who.account_id,
        CaseNumber=f"{len(scene.org.tables['Case']) + 1:08d}",
        ClosedDate=closed and salesforce_stamp(closed),
        ContactId=who.id,
        IsClosed=closed is not None,
        IsEscalated=escalated,
        Origin="Phone",
        OwnerId=owner.user_id,
        Priority="Medium",
        Status="Closed" if closed else "Working",
        Subject=subject,
        Type="Question",
    )


def milestone(scene: Scene, case: Row, *, answered: datetime | None) -> None:
    """The first answer, promised within eight hours of the Case."""
    opened = datetime.fromisoformat(case["CreatedDate"])
    target = opened + RESPONSE_GOAL
    kinds = scene.org.tables["MilestoneType"]
    kind = (
        kinds[0] if kinds else scene.org.add("MilestoneType", scene.clock.ago(2_700), Name="First response")
    )
    scene.org.add(
        "CaseMilestone",
        opened,
        modified=answered,
        CaseId=case["Id"],
        CompletionDate=answered and salesforce_stamp(answered),
        IsCompleted=answered is not None,
        IsViolated=(answered or scene.clock.now) > target,
        MilestoneTypeId=kind["Id"],
        StartDate=case["CreatedDate"],
        TargetDate=salesforce_stamp(target),
    )


def case_comment(
    scene: Scene, case: Row, at: datetime, author_id: str | None, *, public: bool = True
) -> None:
    scene.org.add("CaseComment", at, by=author_id, CommentBody="…", IsPublished=public, ParentId=case["Id"])


def portal_user(scene: Scene, who: Customer, *, days: int) -> str:
    """The user as whom a contact signs in to the help portal."""
    first, _, last = who.name.partition(" ")
    row = scene.org.add(
        "User",
        scene.clock.ago(days),
        ContactId=who.id,
        Department=who.department,
        Email=who.email,
        FirstName=first,
        IsActive=True,
        LastName=last,
        ManagerId=None,
        Name=who.name,
        TimeZoneSidKey="Europe/Berlin",
        Title=who.title,
        Username=f"{who.email}.portal",
        UserType="CSPLitePortal",
    )
    del row["IsDeleted"]
    return str(row["Id"])
