"""`telefonistka`: finds the command, loads only that one, and turns every error into a sentence and an exit code."""

import importlib
import sys

import click

from telefonistka_py.errors import TelefonistkaError, WorldUnwell

_COMMANDS = {
    "bump": "Make several edits in another repository, by one pull request.",
    "bump-overwrite": "Overwrite a file of another repository, by pull request.",
    "bump-regex": "Replace what a regular expression matches in a file of another repository, by pull request.",
    "bump-yaml": "Set values in a YAML file of another repository, by pull request.",
    "check": "Check every telefonistka.yaml of a local clone, and show which routes change.",
    "demo": "Show a whole promotion, offline, with a real server and a GitHub in a folder.",
    "doctor": "Check credentials, permissions, webhook, inbox and configurations, and say what to do.",
    "drift": "Show which environments differ from what is promoted to them, from a local clone.",
    "event": "Handle one event from a file, as in GitHub Actions.",
    "explain": "Say where a file or a component is promoted, and why or why not.",
    "fanout": "Show the endpoints that pushes are forwarded to; retry, pause or resume them.",
    "inbox": "Look into the server's inbox: list, show, retry or drop deliveries.",
    "init": "Propose a telefonistka.yaml for a repository, from its folders.",
    "migrate": "Make or update the inbox in PostgreSQL.",
    "plan": "Show what a merge or a pull request would promote, from a local clone. Sends nothing.",
    "sandbox": "Run GitHub in a folder: try a configuration without an account.",
    "schema": "Print the JSON Schema of telefonistka.yaml, for editors.",
    "server": "Receive GitHub's webhooks and promote.",
    "setup": "Register the GitHub App in a browser, and keep its credentials.",
    "templates": "List, export or check the texts that the bot writes.",
}

# Where a command gives its low exit codes a meaning of its own.
_USAGE_EXIT = {"check": 3, "drift": 3, "explain": 3, "plan": 3}
_ERROR_EXIT = {
    "check": 3,
    "doctor": 2,
    "drift": 3,
    "event": 2,
    "explain": 3,
    "fanout": 2,
    "inbox": 2,
    "init": 2,
    "migrate": 2,
    "plan": 3,
    "server": 2,
    "setup": 2,
    "templates": 2,
}
# What time may heal is no mistake: whoever supervises the server starts it again.
_UNWELL_EXIT = {"server": 1}


class _Lazy(click.Group):
    """Knows every command's name and summary without importing it, so that `--help` is instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = importlib.import_module(f"telefonistka_py.cli.{name}")
        command = getattr(module, name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Promotes changes between the environment folders of a GitOps repository, by pull request.",
)
@click.version_option(package_name="telefonistka-py", prog_name="telefonistka")
def telefonistka() -> None:
    pass


def main(arguments: list[str] | None = None) -> None:
    """Runs a command and ends the process with its exit code. No traceback reaches a user for a mistake of theirs."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Runs a command; returns its exit code."""
    try:
        code = telefonistka.main(arguments, prog_name="telefonistka", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return _USAGE_EXIT.get(_command(arguments), 2)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return 130
    except TelefonistkaError as error:
        click.echo(f"Error: {error}", err=True)
        command = _command(arguments)
        code = _ERROR_EXIT.get(command, 1)
        return _UNWELL_EXIT.get(command, code) if isinstance(error, WorldUnwell) else code
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has gone; there is nobody left to tell
        return 141
    return code if isinstance(code, int) else 0


def _command(arguments: list[str] | None) -> str:
    given = sys.argv[1:] if arguments is None else arguments
    return next((argument for argument in given if not argument.startswith("-")), "")


if __name__ == "__main__":
    main()
