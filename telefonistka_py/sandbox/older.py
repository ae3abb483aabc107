"""A GitHub Enterprise Server of an older version, which lacks fields of GraphQL that others have."""

from collections.abc import Collection
from typing import Any

from graphql import DocumentNode, FieldNode, GraphQLSchema, TypeInfo, TypeInfoVisitor, Visitor, visit

from telefonistka_py.sandbox.refusal import Json


def errors(schema: GraphQLSchema, document: DocumentNode, lacks: Collection[str]) -> list[Json]:
    """What such a server says of each field of `lacks` (`PullRequest.isInMergeQueue`) that `document` asks for."""
    info = TypeInfo(schema)
    finder = _Finder(info, lacks)
    visit(document, TypeInfoVisitor(info, finder))
    return finder.errors


class _Finder(Visitor):
    def __init__(self, info: TypeInfo, lacks: Collection[str]) -> None:
        super().__init__()
        self.info, self.lacks, self.errors = info, lacks, list[Json]()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent, field = self.info.get_parent_type(), node.name.value
        if parent is None or f"{parent.name}.{field}" not in self.lacks:
            return
        self.errors.append(
            {
                "path": ["query", field],
                "extensions": {"code": "undefinedField", "typeName": parent.name, "fieldName": field},
                "message": f"Field '{field}' doesn't exist on type '{parent.name}'",
            }
        )
