"""GitHub's REST API, a module per topic. Importing one registers its routes; `load` imports all."""


def load() -> None:
    from telefonistka_py.sandbox.rest import (  # noqa: F401
        apps,
        checks,
        contents,
        gitdata,
        history,
        issues,
        pulls,
        repos,
        reviews,
        statuses,
    )
