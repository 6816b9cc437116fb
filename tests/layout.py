"""Who may import whom (architecture section 2) as a contract type of import-linter: an allow-list per package."""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

PACKAGES = frozenset(
    {"activities", "analysis", "api", "cli", "domain", "migrations", "simulation", "storage", "tests", "worker"}
    | {"workflows"}
)
"""The top-level packages of the project, whether they exist yet or not."""


def within(module: str, package: str) -> bool:
    """Whether `module` is `package` or lies inside it."""
    return module == package or module.startswith(f"{package}.")


class OnlyImports(Contract):
    """`package` imports itself, the standard library, `project` and, where given, only `third_party`.

    Direct imports are looked at: each package has a contract of its own. A package that does not exist yet keeps it.
    """

    type_name = "only"

    package: str = fields.StringField()  # type: ignore[assignment]  # import-linter sets the value
    project: list[str] = fields.ListField(subfield=fields.StringField())  # type: ignore[assignment]  # the same
    third_party: list[str] | None = fields.ListField(  # type: ignore[assignment]  # the same
        subfield=fields.StringField(), required=False
    )

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 - import-linter's form
        """Collect every import that the contract does not allow."""
        wrong = sorted(
            (importer, imported)
            for importer in graph.modules
            if within(importer, self.package)
            for imported in graph.find_modules_directly_imported_by(importer)
            if not self._allowed(imported)
        )
        return ContractCheck(kept=not wrong, metadata={"wrong": wrong})

    def _allowed(self, imported: str) -> bool:
        top = imported.partition(".")[0]
        if within(imported, self.package) or top in sys.stdlib_module_names:
            return True
        if top in PACKAGES:
            return any(within(imported, allowed) for allowed in self.project)
        return self.third_party is None or top in self.third_party

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that is not allowed."""
        for importer, imported in check.metadata["wrong"]:
            output.print_error(f"{importer} must not import {imported}")
