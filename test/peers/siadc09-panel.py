"""A panel by PyPI `siadc09` (DC-09-2026): `python siadc09-panel.py PORT ACCOUNT KEY`; sends messages and prints what it read in each answer."""
import json
import socket
import sys

from siadc09 import account, message, xdata

port, number, key = sys.argv[1:]
own = account.Account(acct=int(number, 16), pref=0x2, rcvr=0x1, key=key or None)
answers = []


def event(idtoken, seq, content, extra=()):
    config = {"idtoken": idtoken, "seqno": seq, "data": xdata.Data(content=content), "xdata": list(extra)}
    return message.EventMessage(own, config=config)


link = xdata.XData("V", value="http://v/1")
messages = [
    event("SIA-DCS", 1, f"#{number}|Nri1/BA015".encode(), [link]),
    event("ADM-CID", 2, f"#{number}|1130 01 015".encode()),
    message.NullMessage(own),
    message.ExtendedNullMessage(own),
]
with socket.create_connection(("127.0.0.1", int(port)), timeout=5) as link:
    for each in messages:
        name = each.idtoken
        link.sendall(each.encode(timestamp=message.now()))
        try:
            answer = message.parse_frame(link.recv(2048), keys=own.key)
            kind, seq, encrypted = answer.idtoken, answer.seq, bool(answer.encrypted)
            stamped = answer.timestamp is not None
        except TimeoutError:
            kind, seq, encrypted, stamped = "silence", -1, False, False
        answers.append({"sent": name, "answer": kind, "sequence": seq, "encrypted": encrypted, "stamped": stamped})
print(json.dumps(answers))
