"""The commands. `main` is what the script `stocksup` calls; each command has a module of its own."""

from __future__ import annotations

import os
import sys

from supervisor.cli import exit_codes as exits


def main() -> int:
    """Run the command that the arguments name, and return its exit code (see `exits`).

    What goes wrong is one line on stderr: what could not be done, why, and what to do about it.
    """
    if sys.platform == "win32":
        from supervisor import locale

        locale.use(locale.of_terminal(os.environ))
        text = locale._("cannot run on Windows itself; install it inside WSL2 (wsl --install)")
        sys.stderr.write(f"stocksup: {text}\n")
        return exits.FAILED
    _prepare_output()
    try:
        code = _run()
        sys.stdout.flush()
    except BrokenPipeError:
        # whoever read us has seen enough; what is left unsaid must not be tried again at exit
        _write_no_more()
        return exits.FAILED
    except OSError as error:
        _write_no_more()
        from supervisor.locale import _

        text = _("cannot write what was to be said: %(why)s; make room") % {"why": error.strerror}
        sys.stderr.write(f"stocksup: {text}\n")
        return exits.FAILED
    return code


def _write_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _prepare_output() -> None:
    """Make sure that writing to stdout and stderr does not fail for what they are."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # it was closed before we began
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        elif hasattr(stream, "reconfigure"):
            # where a character cannot be shown stands a question mark
            stream.reconfigure(errors="replace")


def _run() -> int:
    from supervisor.cli.terminal.language import choose

    try:
        choose(sys.argv[1:])
    except OSError as error:
        return _complain(f"cannot open {error.filename}: {error.strerror}; install stocksup anew", exits.FAILED)
    return _run_command()


def _run_command() -> int:
    import click

    from supervisor.cli.errors import CommandError, of_door
    from supervisor.cli.root import root
    from supervisor.client import ControlError
    from supervisor.configfile import ConfigError
    from supervisor.locale import _
    from supervisor.locale.third_party import os_error_text

    try:
        return int(root.main(prog_name="stocksup", standalone_mode=False) or exits.FINE)
    except (KeyboardInterrupt, click.Abort):
        return exits.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        return exits.USAGE
    except click.UsageError as error:
        place = error.ctx.command_path if error.ctx else "stocksup"
        facts = {"problem": error.format_message().rstrip("."), "command": place}
        return _complain(_("%(problem)s; see %(command)s --help") % facts, exits.USAGE)
    except click.ClickException as error:
        return _complain(error.format_message(), error.exit_code)
    except CommandError as error:
        return _complain(str(error), error.code)
    except ConfigError as error:
        return _complain(str(error), exits.BAD_CONFIG)
    except ControlError as error:
        return _complain(of_door(error), exits.of_door_error(error.code))
    except BrokenPipeError:
        raise
    except OSError as error:
        text = _("cannot open %(path)s: %(why)s") if error.filename else "%(why)s"
        return _complain(text % {"path": error.filename, "why": os_error_text(error)}, exits.FAILED)


def _complain(message: str, code: int) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"stocksup: {message}\n")
    return code
