"""GitHub's REST API, a module per topic. Importing one registers its routes; `load` imports all."""


def load() -> None:
    from telefonistka_py.sandbox.rest import apps, contents, gitdata, history, issues, pulls, repos, statuses  # noqa: F401
