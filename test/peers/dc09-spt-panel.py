"""A panel by PyPI `dc09_spt`: `python dc09-spt-panel.py PORT ACCOUNT KEY tcp|udp COUNT`; sends events and polls, and prints how they were answered."""
import json
import logging
import sys

from Crypto.Cipher import AES

# The library was written for a cipher that took text; the one that replaced it takes bytes.
real_new = AES.new


class Suite:
    def __init__(self, key, mode, iv):
        self.suite = real_new(key, mode, iv.encode("latin-1"))

    def encrypt(self, text):
        return self.suite.encrypt(text.encode("latin-1"))

    def decrypt(self, data):
        return self.suite.decrypt(data)


AES.new = Suite

from dc09_spt.dc09_spt import dc09_spt  # noqa: E402
from dc09_spt.msg.dc03_msg import dc03_msg  # noqa: E402
from dc09_spt.msg.dc05_msg import dc05_msg  # noqa: E402

logging.disable(logging.CRITICAL)
port, account, key, transport, count = sys.argv[1:]
panel = dc09_spt(account, receiver=1, line=2)
panel.set_path(
    "main", "primary", "127.0.0.1", int(port), account=account,
    key=bytes.fromhex(key) if key else None, type=transport,
)
path = panel.tpaths["main"]["primary"]["path"]
ok = {"events": 0, "polls": 0}
for number in range(1, int(count) + 1):
    if number % 2 == 1:
        kind, payload = "SIA-DCS", {"area": 1, "zone": number, "code": "BA", "text": f"spt {number}", "zonename": "hall"}
        message = dc03_msg.dc03event(account, payload)
    else:
        kind, payload = "ADM-CID", {"area": 1, "zone": number, "code": 130, "q": 1}
        message = dc05_msg.dc05event(account, payload)
    ok["events"] += panel.transfer_msg(number, kind, message, path)
    ok["polls"] += panel.transfer_msg(0, "NULL", "]", path)
print(json.dumps(ok))
