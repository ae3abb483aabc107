"""Values that would hurt if mixed up. All are plain strings at run time."""

from typing import NewType

Sha = NewType("Sha", str)
"""A git object id, lower-case hexadecimal: 40 digits (SHA-1), or 64 in a SHA-256 repository."""

Branch = NewType("Branch", str)
"""A branch's short name, without `refs/heads/`."""

RepoPath = NewType("RepoPath", str)
"""A path inside a repository: no leading and no trailing slash; the root is the empty string."""

RepoName = NewType("RepoName", str)
"""`owner/name`, as GitHub spells it in `full_name`."""

Login = NewType("Login", str)
"""A GitHub account's login; a bot's ends with `[bot]`."""

Lane = NewType("Lane", str)
"""Work with the same lane runs one at a time, in the order it arrived: `owner/name#7`, `owner/name@main`."""
