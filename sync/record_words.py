"""The texts on a record: one entry each. A new one is a module of its own and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.brief import BRIEF
from sync.next_action import NEXT_ACTION
from sync.project_history import PROJECTS
from sync.quadrant_words import QUADRANT
from sync.score_line import HISTORY
from sync.why import WHY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.text_fields import TextField

TEXT_FIELDS: Mapping[str, TextField] = {
    each.ours: each for each in (QUADRANT, WHY, NEXT_ACTION, BRIEF, PROJECTS, HISTORY)
}
