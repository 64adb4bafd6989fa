"""Fixtures that many tests share."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from company import NOW, Book, Company
from hypothesis import settings

from simulator import dataset
from simulator.server import Simulator

if TYPE_CHECKING:
    from datetime import datetime


# What lands is judged by the same examples each time; new ones are drawn on developers' machines.
settings.register_profile("daily", max_examples=40)
settings.register_profile("ci", settings.get_profile("daily"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "daily")


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def serve(tmp_path):
    """serve(book) -> Company; everything it starts ends with the test."""
    with ExitStack() as stack:
        count = iter(range(100))

        def start(book: Book, *, now: datetime = NOW, **options) -> Company:
            folder = tmp_path / f"company-{next(count)}"
            loaded = dataset.load(book.write(folder / "dataset"))
            simulator = stack.enter_context(Simulator(loaded, now=now, **options))
            company = Company(folder, simulator, book)
            company.configure(now=now)
            return company

        yield start
