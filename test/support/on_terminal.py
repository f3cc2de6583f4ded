"""Runs a program on a real pseudo-terminal of 80x24, plays steps, and reports as JSON what came out and how it left the terminal.

Reads one JSON object from standard input: argv, env, steps; a step is {"wait": text}, {"send": text}, {"signal": name},
{"hangup": true} or {"mark": true} (forget the output so far when waiting). Gives up after 15 seconds.
"""
import json, os, pty, select, signal, sys, termios, time, fcntl, struct

job = json.load(sys.stdin)
deadline = time.monotonic() + 15
master, slave = pty.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
before = termios.tcgetattr(slave)
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in (0, 1, 2):
        os.dup2(slave, fd)
    os.close(master)
    os.execvpe(job["argv"][0], job["argv"], {**os.environ, **job["env"]})

output = b""
seen = 0
master_open = True


def read_some(seconds):
    global output, master_open
    if not master_open:
        time.sleep(seconds)
        return
    ready, _, _ = select.select([master], [], [], seconds)
    if ready:
        try:
            output += os.read(master, 65536)
        except OSError:
            pass


def wait_for(text):
    global seen
    while text.encode() not in output[seen:]:
        if time.monotonic() > deadline:
            raise TimeoutError(text)
        read_some(0.05)


status = None
failure = None
try:
    for step in job["steps"]:
        if "wait" in step:
            wait_for(step["wait"])
        elif "mark" in step:
            seen = len(output)
        elif "send" in step:
            os.write(master, step["send"].encode())
        elif "signal" in step:
            os.kill(child, getattr(signal, step["signal"]))
        elif "hangup" in step:
            os.close(slave)
            os.close(master)
            master_open = False
    while status is None and time.monotonic() < deadline:
        read_some(0.02)
        pid, code = os.waitpid(child, os.WNOHANG)
        if pid:
            status = code
    if master_open:
        read_some(0.1)
except TimeoutError as error:
    failure = f"waited in vain for {error}"
if status is None:
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    failure = failure or "it did not end by itself"

same = None
if master_open:
    after = termios.tcgetattr(slave)
    same = before[:4] == after[:4]
print(json.dumps({
    "output": output.decode("utf-8", "replace"),
    "exit": os.waitstatus_to_exitcode(status),
    "terminalAsBefore": same,
    "failure": failure,
}))
