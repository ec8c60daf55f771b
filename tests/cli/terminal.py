# SPDX-License-Identifier: GPL-3.0-or-later
"""terminal.py FOLDER ACTION ROWS COLUMNS COMMAND...

Runs edgeprof sensors --watch on a terminal of its own, as a job of a shell,
waits for a picture and does ACTION.  Prints what became of it; the last picture
goes to FOLDER/picture.
"""
import fcntl, os, pty, re, select, signal, struct, sys, termios, time

folder, action = sys.argv[1:3]
rows, columns = int(sys.argv[3]), int(sys.argv[4])
command = sys.argv[5:]
master, slave = pty.openpty()
output = b""
ended = []


def set_size(r, c):
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", r, c, 0, 0))


def publish(name, text):
    with open(f"{folder}/{name}.new", "w") as f:
        f.write(text)
    os.rename(f"{folder}/{name}.new", f"{folder}/{name}")


def shell():
    """The leader of the session: starts the job, and lets it go on after a
    stop when FOLDER/resume is there."""
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in range(3):
        os.dup2(slave, fd)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.environ["TERM"] = "xterm"
        os.execv(command[0], command)
    publish("pid", str(job))
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            break
        os.tcsetpgrp(0, os.getpgrp())
        publish("stopped", "")
        while not os.path.exists(folder + "/resume"):
            time.sleep(0.01)
        os.tcsetpgrp(0, job)
        os.kill(job, signal.SIGCONT)
    if os.WIFSIGNALED(status):
        os._exit(128 + os.WTERMSIG(status))
    os._exit(os.WEXITSTATUS(status))


def silent(seconds):
    return not select.select([master], [], [], seconds)[0]


def pump(until, what):
    """Reads what the program draws, until it is so."""
    global output
    deadline = time.monotonic() + 20
    while not until():
        if time.monotonic() > deadline:
            print("never:", what)
            os.kill(pid, signal.SIGKILL)
            os.kill(int(open(folder + "/pid").read()), signal.SIGKILL)
            sys.exit(1)
        if not silent(0.02):
            output += os.read(master, 65536)


def gone():
    if not ended:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            ended.append(os.WEXITSTATUS(status))
    return ended and silent(0)


def like_before():
    return termios.tcgetattr(slave) == before


def picture():
    """The screen before it was wiped for the last time."""
    screen = last = [""] * rows
    y = x = 0
    for part in re.finditer(r"\033\[\??([0-9;]*)([A-Za-z])|[^\033]",
                            output.decode("utf-8", "replace")):
        code, text = part.group(2), part.group(0)
        if code == "H":
            y, x = (int(n) - 1 for n in part.group(1).split(";"))
        elif code == "J":
            last = screen if any(screen) else last
            screen = [""] * rows
        elif code == "K" and y < rows:
            screen[y] = screen[y][:x]
        elif not code and text not in "\r\n" and y < rows:
            screen[y] = screen[y][:x].ljust(x) + text + screen[y][x + 1:]
            x += 1
    return last


set_size(rows, columns)
before = termios.tcgetattr(slave)
pid = os.fork()
if pid == 0:
    shell()
# Blocks come each half second.
frames = 9 if action == "q" else 2
pump(lambda: b"q: quit" in output and (
    output.count(b"J so far") >= frames or b"not fit" in output), "a picture")
job = int(open(folder + "/pid").read())
print("quiet", not termios.tcgetattr(slave)[3] & termios.ECHO)
if action == "q":
    # An arrow key and some that mean nothing come before.
    os.write(master, b"\033[Axyzq")
elif action == "interrupt":
    os.write(master, b"\003")
elif action in ("TERM", "HUP", "QUIT"):
    os.kill(job, getattr(signal, "SIG" + action))
elif action == "stuck":
    # Ctrl-S: the terminal takes nothing any more.
    os.write(master, b"\023")
    pump(lambda: silent(0.3), "silence")
    os.kill(job, signal.SIGTERM)
    time.sleep(0.2)
    os.write(master, b"\021")
elif action == "resize":
    mark = len(output)
    rows, columns = 10, 60
    set_size(rows, columns)
    os.kill(job, signal.SIGWINCH)
    pump(lambda: b"not fit" in output[mark:], "a smaller picture")
    os.write(master, b"q")
elif action == "stop":
    os.write(master, b"\032")
    pump(lambda: os.path.exists(folder + "/stopped") and silent(0.1), "a stop")
    print("stopped", like_before(), output.endswith(b"\033[?1049l"))
    mark = len(output)
    publish("resume", "")
    pump(lambda: b"q: quit" in output[mark:], "a picture again")
    print("resumed", b"\033[?1049h" in output[mark:])
    os.write(master, b"q")
pump(gone, "an end")
print("status", ended[0])
entered, left = output.count(b"\033[?1049h"), output.count(b"\033[?1049l")
hidden, shown = output.count(b"\033[?25l"), output.count(b"\033[?25h")
print("restored", like_before() and entered == left > 0 and hidden == shown)
lines = [line.rstrip() for line in picture()]
print("fits", all(len(line) <= columns for line in lines))
publish("picture", "\n".join(lines) + "\n")
