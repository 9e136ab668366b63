"""E-mail by the server that OPSROOM_SMTP_URL names."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

TIMEOUT = 30.0  # seconds for each answer of the server
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
FINAL = range(500, 600)  # the server will say the same again


class NotSent(Exception):  # noqa: N818  a try that did not do it
    """The sentence says what happened; `is_final`: the same would happen again."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class Mailer:
    """url: smtp://, smtp+starttls:// or smtps://, with user and password where they are asked for; sender: From"""

    url: str | None = field(repr=False)  # it may hold a password
    sender: str

    async def send(self, message: EmailMessage) -> None:
        """Hand a message to the server.

        Raises:
            NotSent: there is no server set, it does not answer, or it does not take the message.
        """
        await asyncio.to_thread(self._send, message)

    def _send(self, message: EmailMessage) -> None:
        if self.url is None:
            raise NotSent("No mail server is set: OPSROOM_SMTP_URL.")
        message["From"] = self.sender
        try:
            with _connected(self.url) as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise NotSent(
                f"The mail server refused the recipient: {_said(code, said)}.", is_final=code in FINAL
            ) from None
        except smtplib.SMTPResponseException as error:
            answer = _said(error.smtp_code, error.smtp_error)
            # A wrong password is put right by an administrator, so it is tried again.
            is_final = error.smtp_code in FINAL and not isinstance(error, smtplib.SMTPAuthenticationError)
            raise NotSent(f"The mail server answered {answer}.", is_final=is_final) from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(f"The mail server does not answer: {error}.") from None


def checked_url(url: str) -> str:
    """
    Raises:
        ValueError: it names no mail server; the sentence never repeats it, for it may hold a password.
    """
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("expected smtp://host, smtp+starttls://user:password@host:587 or smtps://host")
    return url


def _connected(url: str) -> smtplib.SMTP:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    try:
        if parts.scheme == "smtp+starttls":
            server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _said(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())[:200]}"
