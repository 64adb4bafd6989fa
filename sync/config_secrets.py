"""Secrets at the moment they are used: from the environment, or from a file that the config names.

They are not read earlier, so that `validate` needs none, and they are kept in no config, digest or message.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from connectors.salesforce_jwt import signing_key
from sync.config_layers import variable

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr

    from sync.config_errors import ConfigFault
    from sync.config_layers import Places


class Credentials:
    """Collects what is missing for a sign-in, so that it is all named at once."""

    def __init__(self, places: Places, folder: Path) -> None:
        self.places = places
        self.folder = folder
        self.faults: list[ConfigFault] = []

    def plain(self, path: tuple[str, ...], value: str | None) -> str:
        if value is None:
            self._fault(path, f"missing; set {variable(path)}, or {path[-1]} in the file")
        return value or ""

    def secret(
        self, path: tuple[str, ...], value: SecretStr | None, file: str | None, *, hint: str = ""
    ) -> str:
        """The environment goes first; then its file need not even be there."""
        if value is not None:
            return self._clean(path, value.get_secret_value())
        if file is None:
            self._fault(
                path,
                f"missing; set {variable(path)}, or name a file that holds it with {path[-1]}_file{hint}",
            )
            return ""
        return self._from_file((*path[:-1], f"{path[-1]}_file"), file)

    def private_key(self, path: tuple[str, ...], name: str | None) -> str:
        """The PEM text of a file; only its name may stand in the environment, never the key itself."""
        if name is None:
            self.plain(path, None)
            return ""
        text = self._text_of(path, name)
        if text is None:
            return ""
        try:
            signing_key(text)
        except ValueError as fault:
            self._fault(path, f'the file "{name}" {fault}')
        return text

    def _from_file(self, path: tuple[str, ...], name: str) -> str:
        text = self._text_of(path, name)
        return "" if text is None else self._clean(path, text)

    def _text_of(self, path: tuple[str, ...], name: str) -> str | None:
        file = self.folder / name
        try:
            with file.open("rb") as opened:
                mode = stat.S_IMODE(file.stat().st_mode)
                content = opened.read(64 * 1024)
        except OSError as fault:
            self._fault(path, f'the file "{name}" cannot be read: {fault.strerror}')
            return None
        if mode & stat.S_IROTH:
            self._fault(path, f'everybody on this machine can read "{name}"; run chmod 600 on it')
            return None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            self._fault(path, f'the file "{name}" is not text')
            return None

    def _clean(self, path: tuple[str, ...], text: str) -> str:
        secret = text.strip()
        if not secret:
            self._fault(path, "the secret is empty")
        elif not secret.isprintable() or " " in secret:
            self._fault(path, "the secret holds blanks or line breaks; it must be one word on one line")
        return secret

    def _fault(self, path: tuple[str, ...], message: str) -> None:
        self.faults.append(self.places.fault(path, message))
