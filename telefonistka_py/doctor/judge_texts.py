"""Which of the operator's own texts are used, and why the others are not."""

from collections.abc import Iterable, Iterator, Sequence

from telefonistka_py import templates
from telefonistka_py.app.texts import Custom
from telefonistka_py.doctor.model import Finding, doubtful, fine


def texts(found: Sequence[Custom]) -> Iterator[Finding]:
    """`found` are the files of TEMPLATES_PATH."""
    used = [each.file.name for each in found if not each.unused]
    yield fine(f"Texts of yours that are used: {', '.join(used)}.") if used else fine("The built-in texts are used.")
    for each in found:
        if each.unused:
            yield doubtful(f"{each.file} is not used: {each.unused}.", "Correct or remove it.")
        elif each.unknown:
            known = ", ".join(sorted(templates.given(each.stem))) or "nothing"
            said = f"{each.file} uses {', '.join(each.unknown)}, and is given {known}: the built-in text stands in."
            yield doubtful(said, "Correct it; `telefonistka templates check` looks at it alone.")


def status_link(found: Custom) -> Iterable[Finding]:
    """`found` is the file of CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH."""
    if found.unused:
        said = f"{found.file} is not used, and the commit status links to our home page: {found.unused}."
        return (doubtful(said, "Correct it, or unset CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH."),)
    return (fine(f"The commit status links to the address that {found.file} makes."),)
