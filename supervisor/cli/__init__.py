"""The command line. `main` is the entry point of the script `stocksup`; each command is a module of `commands`."""

from __future__ import annotations

import os
import sys

#: `exit_codes.INTERRUPTED`: nothing is imported before an interruption is handled
_INTERRUPTED = 130


def main() -> int:
    """Run the command in `sys.argv` and return its exit code.

    An error is one line on stderr: what failed, why, and what to do. Ctrl-C ends every command; a command whose request
    continues without it says so.
    """
    try:
        return _main()
    except KeyboardInterrupt:
        return _INTERRUPTED
    finally:
        _let_signals_end_us()


def _let_signals_end_us() -> None:
    """Have Ctrl-C end the process without a traceback while the interpreter cleans up."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _main() -> int:
    from supervisor.cli import exit_codes as exits

    if sys.platform == "win32":
        from supervisor import locale

        locale.use(locale.of_terminal(os.environ))
        text = locale._("cannot run on Windows itself; install it inside WSL2 (wsl --install)")
        sys.stderr.write(f"stocksup: {text}\n")
        return exits.FAILED
    _prepare_output()
    from supervisor.cli.terminal.output import only_printable

    with only_printable():
        return _run_and_flush()


def _run_and_flush() -> int:
    """Run the command and write all of its output; return its exit code."""
    from supervisor.cli import exit_codes as exits

    try:
        code = _run()
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):
        # the reader closed the pipe, for which click exits; the interpreter must not flush stdout again at exit
        _discard_output()
        return exits.FAILED
    except OSError as error:
        _discard_output()
        from supervisor.locale import _

        text = _("cannot write the output: %(why)s; free some disk space") % {"why": error.strerror}
        sys.stderr.write(f"stocksup: {text}\n")
        return exits.FAILED
    return code


def _discard_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _prepare_output() -> None:
    """Make stdout and stderr writable, whatever the caller passed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # closed by the caller
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        elif hasattr(stream, "reconfigure"):
            # write a question mark for what the terminal cannot show
            stream.reconfigure(errors="replace")


def _run() -> int:
    from supervisor.cli import exit_codes as exits
    from supervisor.cli.terminal.language import choose

    try:
        choose(sys.argv[1:])
    except OSError as error:
        return _fail(f"cannot open {error.filename}: {error.strerror}; reinstall stocksup", exits.FAILED)
    return _run_command()


def _run_command() -> int:
    import click

    from supervisor.cli import exit_codes as exits
    from supervisor.cli.errors import CommandError, control_error_text, usage_problem
    from supervisor.cli.instance import elsewhere_hint
    from supervisor.cli.root import root
    from supervisor.client import ControlError
    from supervisor.configfile import ConfigError
    from supervisor.locale import _
    from supervisor.locale.third_party import os_error_remedy, os_error_text

    try:
        return int(root.main(prog_name="stocksup", standalone_mode=False) or exits.FINE)
    except (KeyboardInterrupt, click.Abort):
        return exits.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(f"{error.format_message()}\n")
        return exits.USAGE
    except click.UsageError as error:
        place = error.ctx.command_path if error.ctx else "stocksup"
        params = {"problem": usage_problem(error), "command": place}
        return _fail(_("%(problem)s; see %(command)s --help") % params, exits.USAGE)
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except CommandError as error:
        return _fail(str(error), error.code)
    except ConfigError as error:
        return _fail(str(error), exits.BAD_CONFIG)
    except ControlError as error:
        hint = elsewhere_hint() if error.code == "not_running" else ""
        return _fail(f"{control_error_text(error)}{hint}", exits.of_control_error(error.code))
    except BrokenPipeError:
        raise
    except OSError as error:
        text = _("cannot open %(path)s: %(why)s; %(remedy)s") if error.filename else "%(why)s"
        params = {"path": error.filename, "why": os_error_text(error), "remedy": os_error_remedy(error)}
        return _fail(text % params, exits.FAILED)


def _fail(message: str, code: int) -> int:
    from supervisor.config import owner
    from supervisor.locale import _

    if (user := owner.borrowed_user()) is not None:
        # root must not wonder what it has no permission for
        text = _("%(message)s (the shop belongs to %(user)s, so this command had only the rights of that user)")
        message = text % {"message": message, "user": user}
    sys.stdout.flush()
    sys.stderr.write(f"stocksup: {message}\n")
    return code
