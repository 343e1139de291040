"""The company's template of territory plans: one for everybody of this data folder."""

from __future__ import annotations

from terr.errors import RoleError, StoreError, TerrError
from terr.model.json_values import parse, read, to_plain, to_text
from terr.planbook.template import PlanTemplate
from terr.store.atomic import replace_file
from terr.workspace.access.distances import may_choose
from terr.workspace.workspace import Workspace

__all__ = ["PlanTemplate"]  # of another floor, for the page
_FILE = "territory-plan-template.json"


def template_of(ws: Workspace) -> PlanTemplate:
    """The company's template; the usual one where none was saved, or it can't be read."""
    try:
        return read(PlanTemplate, parse((ws.root / _FILE).read_bytes(), "the template"), "the template")
    except (OSError, TerrError):
        return PlanTemplate()


def may_change(ws: Workspace) -> bool:
    """Whether the template is this person's to change: everybody's where nobody signs in, else an administrator's."""
    return may_choose(ws)


def save_template(ws: Workspace, template: PlanTemplate) -> None:
    """Keep the template for all territory plans; what people wrote in a section that it leaves out stays stored.

    Raises:
        RoleError: if it isn't this person's to change.
        StoreError: if it can't be written.
    """
    if not may_change(ws):
        raise RoleError("Only an administrator can change the company's template; ask one.")
    try:
        data = (to_text(to_plain(template), "the template", indent=2) + "\n").encode()
        replace_file(ws.root / _FILE, data, prefix=".territory-plan-")
    except OSError as error:
        raise StoreError(f"the template can't be saved in {ws.root} ({error.strerror}); check the folder") from error
