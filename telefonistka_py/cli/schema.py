"""`telefonistka schema`: the JSON Schema of `telefonistka.yaml`, for editors."""

import click


@click.command(short_help="Print the JSON Schema of telefonistka.yaml, for editors.")
@click.option("--component", is_flag=True, help="The schema of a component's own file instead of the root's.")
@click.option("--markdown", is_flag=True, help="Print every key of both files as tables, for people.")
def schema(component: bool, markdown: bool) -> None:
    """Print the JSON Schema of telefonistka.yaml, so that editors complete and check its keys.

    \b
    Save it beside the file, and name it in the file's first line:
      telefonistka schema > .telefonistka.schema.json
      # yaml-language-server: $schema=.telefonistka.schema.json
    """
    from telefonistka_py.config import reference
    from telefonistka_py.config import schema as schemas

    if markdown:
        if component:
            raise click.UsageError("--markdown shows both files; leave out --component")
        click.echo(reference.text(), nl=False)
        return
    made = schemas.component() if component else schemas.root()
    click.echo(schemas.text(made), nl=False)
