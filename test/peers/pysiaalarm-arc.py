"""Runs the receiver of PyPI `pysiaalarm`: `python pysiaalarm-arc.py PORT KEY ACCOUNT...`; prints what it understood, a line of JSON each."""
import asyncio
import json
import sys

from pysiaalarm.aio import SIAClient, SIAAccount
from pysiaalarm.utils import CommunicationsProtocol

port, key, *names = sys.argv[1:]


def say(document):
    print(json.dumps(document), flush=True)


async def take(event):
    say({
        "type": event.message_type.value,
        "sequence": event.sequence,
        "account": event.account,
        "code": event.code,
        "area": event.ri,
        "message": event.message,
        "qualifier": event.event_qualifier,
        "event": event.event_type,
        "encrypted": event.encrypted,
        "response": event.response.value if event.response else None,
        "extended": event.x_data,
    })


async def main():
    # Its keys are text: 16, 24 or 32 characters.
    accounts = [SIAAccount(name, key or None) for name in names]
    # Over UDP it answers nothing: it takes its own transport for a foreign one.
    client = SIAClient("127.0.0.1", int(port), accounts, take, protocol=CommunicationsProtocol.TCP)
    await client.async_start()
    say({"ready": True})
    await asyncio.Event().wait()


asyncio.run(main())
