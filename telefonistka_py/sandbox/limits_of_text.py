"""How long GitHub lets texts be.

The limits are not in the reference documentation; the messages name them. Sizes are in Unicode code points:
people who tried found 65,536 accepted and 65,537 refused for pull request bodies, ASCII or not
(github.com/dead-claudia/github-limits, pull request 13). Comments were once seen to allow more; we don't rely on it.
"""

from telefonistka_py.sandbox.refusal import custom, failed, wrong

TITLE = 256
BODY = 65_536


def check_issue(resource: str, title: str | None, body: str | None) -> None:
    """Raises the 422 for a title or a body that is missing or too long."""
    if title is not None and not title.strip():
        raise failed(wrong(resource, "title", "missing_field"))
    if title is not None and len(title) > TITLE:
        raise failed(custom("Issue", f"title is too long (maximum is {TITLE} characters)", "title"))
    if body is not None and len(body) > BODY:
        raise failed(custom("Issue", f"body is too long (maximum is {BODY} characters)", "body"))


def check_comment(body: str) -> None:
    """Raises the 422 for a comment that is empty or too long."""
    if not body.strip():
        raise failed({"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": "Body is blank"})
    if len(body) > BODY:
        message = f"Body is too long (maximum is {BODY} characters)"
        raise failed({"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message})
