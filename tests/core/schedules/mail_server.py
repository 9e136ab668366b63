"""A mail server that answers as told and prints every letter that it took as a line of JSON.

python mail_server.py "451 Later" "250 OK"    the answers in order; the last one goes on for ever
"""

import asyncio
import email
import json
import sys
from email import policy
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


class Box:
    answers = sys.argv[1:]

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  the library's
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.startswith("2"):
            content: Any = envelope.content  # bytes, unless the library is told to decode
            message: Any = email.message_from_bytes(content, policy=policy.default)
            files = {each.get_filename(): each.get_payload(decode=True) for each in message.iter_attachments()}
            seen = {
                "to": envelope.rcpt_tos,
                "headers": {name.lower(): str(value) for name, value in message.items()},
                "text": message.get_body(("plain",)).get_content(),
                "files": {name: content.decode() for name, content in files.items()},
            }
            print(json.dumps(seen), flush=True)  # noqa: T201  this is how the test hears of it
        return answer


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Box()), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
