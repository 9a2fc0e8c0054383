# Tasks for gdb, in a live process and in a core file:
#
#   (gdb) source gonet-gdb.py
#   (gdb) gonet tasks             lists the tasks
#   (gdb) gonet bt 1.5            backtrace of one task; "gonet bt all" of all of them
#   (gdb) gonet task 1.5          looks at that task: up, down, info locals, print, …
#   (gdb) gonet thread            looks at the threads again
#
# It needs the library's symbols (not stripped), but no debugging information: everything is found by
# the table gonet__debug_layout. A task that is not running is shown as the frames above one made-up
# frame: gdb is told that this frame's caller has the registers which the task left behind. Nothing
# in the process is changed, so it works on core files, too; on those that the kernel writes: gdb's own
# generate-core-file leaves out every mapping with a lightweight guard page (Linux 6.13), unless the
# program was started with GONET_GUARD=mprotect.
import struct
import time

import gdb
import gdb.unwinder

POINTER = 8
PARK = {0: "runnable", 1: "wait", 2: "poll"}
SWITCH_UCONTEXT = 3
REGISTERS = {"i386:x86-64": ("rsp", "rip", "rbp"), "aarch64": ("sp", "pc", "x29")}
WORDS = (
    "runtime_count runtime_workers runtime_max "
    "worker_id worker_current worker_tasks worker_thread "
    "task_all task_worker task_begun task_id task_context task_stack task_fn task_park "
    "task_side task_why task_parked_in task_parked_at task_entered "
    "pd_fd switch_kind ucontext_sp ucontext_pc ucontext_fp task_name"
).split()


def memory(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def pointer(address):
    return struct.unpack("<Q", memory(address, POINTER))[0]


def word(address):
    return struct.unpack("<I", memory(address, 4))[0]


def byte(address):
    return memory(address, 1)[0]


def text(address, limit=200):
    """A string that ends with NUL, read bytewise: it may end where the mapping does."""
    out = bytearray()
    while len(out) < limit:
        c = byte(address + len(out))
        if c == 0:
            break
        out.append(c)
    return out.decode("utf-8", "replace")


def symbol(address):
    """The function at an address, without the offset that gdb adds."""
    shown = gdb.execute("info symbol 0x%x" % address, to_string=True)
    return shown.split(" in section")[0].strip() if " in section" in shown else "0x%x" % address


class Layout:
    """The library's table, read anew for each command: another process may be looked at by now."""

    def __init__(self):
        try:
            at = int(gdb.parse_and_eval("(unsigned long)&gonet__debug_layout"))
            version, count, self.runtime = struct.unpack("<IIQ", memory(at, 16))
        except (gdb.error, gdb.MemoryError) as e:
            raise gdb.GdbError("no gonet here, or a stripped one: %s" % e)
        if version != 2 or count < len(WORDS):
            raise gdb.GdbError("this gonet-gdb.py is not of the same version as the library")
        for name, value in zip(WORDS, struct.unpack("<%dI" % len(WORDS), memory(at + 16, 4 * len(WORDS)))):
            setattr(self, name, value)


class Task:
    def __init__(self, layout, worker, at):
        l = layout
        self.layout, self.worker, self.at = l, worker, at
        number = struct.unpack("<Q", memory(at + l.task_id, 8))[0]
        self.name = "%d.%d" % (number >> 32, number & 0xFFFFFFFF)
        self.running = pointer(worker + l.worker_current) == at
        self.entered = byte(at + l.task_entered) != 0
        self.function = pointer(at + l.task_fn)
        given = pointer(at + l.task_name)
        self.called = text(given) if given else None

    def title(self):
        """The name that it was given, and its function's."""
        function = symbol(self.function)
        return "%s (%s)" % (self.called, function) if self.called else function

    def registers(self):
        """Stack pointer, program counter and frame pointer, or None."""
        l, at = self.layout, self.at + self.layout.task_context
        if l.switch_kind != SWITCH_UCONTEXT:
            return struct.unpack("<QQQ", memory(at, 24))
        if l.ucontext_pc == 0:
            return None
        u = pointer(at)
        return tuple(pointer(u + o) for o in (l.ucontext_sp, l.ucontext_pc, l.ucontext_fp))

    def state(self):
        l, at = self.layout, self.at
        if self.running:
            return "running"
        park = byte(at + l.task_park)
        if park == 2:
            fd = struct.unpack("<i", memory(pointer(at + l.task_parked_in) + l.pd_fd, 4))[0]
            what = "%s of descriptor %d" % ("write" if byte(at + l.task_side) else "read", fd)
        elif park == 1 and pointer(at + l.task_why):
            what = text(pointer(at + l.task_why))
        else:
            return PARK.get(park, "?")
        now = clock_ms()
        if now is None:
            return what
        ms = (now - word(at + l.task_parked_at)) & 0xFFFFFFFF
        return "%s, %d.%03d s" % (what, ms // 1000, ms % 1000)


def clock_ms():
    """The clock by which tasks note when they parked, or None: nobody knows when a core was made."""
    connection = getattr(gdb.selected_inferior(), "connection", None)
    if connection is None or connection.type != "native":
        return None
    return int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1000)


def workers(l):
    for i in range(l.runtime_max):
        w = pointer(l.runtime + l.runtime_workers + i * POINTER)
        if w != 0:
            yield w


def listed(l):
    """The addresses of all tasks, each with the worker in whose list it is."""
    for w in workers(l):
        head = w + l.worker_tasks
        node = pointer(head)
        while node != head:
            yield w, node - l.task_all
            node = pointer(node)


def tasks(l):
    for home, at in listed(l):
        if byte(at + l.task_begun) != 0:
            yield Task(l, pointer(at + l.task_worker) or home, at)


def fresh(l):
    """The tasks that have not begun: where they were spawned, and their functions."""
    for home, at in listed(l):
        if byte(at + l.task_begun) == 0:
            yield home, pointer(at + l.task_fn)


def find(l, name):
    for t in tasks(l):
        if t.name == name:
            return t
    raise gdb.GdbError("no task %s; see: gonet tasks" % name)


def thread_of(l, worker):
    """gdb's thread that a worker runs on, or None where gdb can't tell (no libthread_db)."""
    wanted = memory(worker + l.worker_thread, POINTER)
    for t in gdb.selected_inferior().threads():
        try:
            if t.handle()[:POINTER] == wanted:
                return t
        except (gdb.error, NotImplementedError):
            pass
    return None


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Unwinder(gdb.unwinder.Unwinder):
    """While a task is looked at, the selected thread's innermost frame has the task as its caller."""

    def __init__(self):
        super().__init__("gonet")
        self.registers = None
        self.sp = None  # of the innermost frame

    def look_at(self, registers):
        self.registers = None
        gdb.invalidate_cached_frames()
        if registers is not None:
            names = REGISTERS[gdb.selected_inferior().architecture().name()]
            self.sp = int(gdb.newest_frame().read_register(names[0]))
            self.registers = registers
            gdb.invalidate_cached_frames()

    def __call__(self, pending):
        if self.registers is None:
            return None
        names = REGISTERS.get(pending.architecture().name())
        if names is None or int(pending.read_register(names[0])) != self.sp:
            return None
        # A frame of a lower address than all of the task's, or gdb would find the stack corrupt.
        kinds = [pending.read_register(name).type for name in names]
        frame = FrameId(gdb.Value(self.registers[0] - 64).cast(kinds[0]),
                        gdb.Value(self.registers[1]).cast(kinds[1]))
        info = pending.create_unwind_info(frame)
        for name, kind, value in zip(names, kinds, self.registers):
            info.add_saved_register(name, gdb.Value(value).cast(kind))
        return info


unwinder = Unwinder()
gdb.unwinder.register_unwinder(None, unwinder, replace=True)


def frames():
    """The frames of the task that is looked at, without the made-up one."""
    frame = gdb.newest_frame().older()
    while frame is not None and frame.is_valid() and frame.pc() != 0:
        yield frame
        frame = frame.older()


def describe(frame):
    line = frame.find_sal()
    where = ""
    if line.symtab is not None:
        where = " at %s:%d" % (line.symtab.filename, line.line)
    else:
        library = gdb.solib_name(frame.pc())
        where = " from %s" % library if library else ""
    name = (frame.name() or "??").replace("gonet.", "gonet__", 1)  # what gdb takes for Ada
    return "0x%016x in %s ()%s" % (frame.pc(), name, where)


def backtrace(task):
    print("task %s [%s] %s" % (task.name, task.state(), task.title()))
    if task.running:
        thread = thread_of(task.layout, task.worker)
        if thread is None:
            print("    it has a thread: see thread apply all bt")
            return
        before = gdb.selected_thread()
        thread.switch()
        print(gdb.execute("bt", to_string=True).rstrip())
        before.switch()
        return
    if not task.entered:
        print("    has not begun: %s" % symbol(task.function))
        return
    registers = task.registers()
    if registers is None:
        print("    its registers are not known on this processor")
        return
    try:
        unwinder.look_at(registers)
        for i, frame in enumerate(frames()):
            print("#%-3d %s" % (i, describe(frame)))
    finally:
        unwinder.look_at(None)


class Gonet(gdb.Command):
    """Tasks of the gonet library: gonet tasks, gonet bt TASK|all, gonet task TASK, gonet thread."""

    def __init__(self):
        super().__init__("gonet", gdb.COMMAND_STACK, prefix=True)


class Tasks(gdb.Command):
    """Lists the tasks: number, what it waits for and since when, and its function."""

    def __init__(self):
        super().__init__("gonet tasks", gdb.COMMAND_STACK)

    def invoke(self, arg, from_tty):
        l = Layout()
        count = 0
        for t in tasks(l):
            print("task %-8s [%s] %s" % (t.name, t.state(), t.title()))
            count += 1
        for w, function in fresh(l):
            print("task %-8s [not begun] %s" % ("%d.-" % word(w + l.worker_id), symbol(function)))
            count += 1
        print("%d task%s" % (count, "" if count == 1 else "s"))


class Backtrace(gdb.Command):
    """gonet bt TASK, gonet bt all: backtraces of tasks."""

    def __init__(self):
        super().__init__("gonet bt", gdb.COMMAND_STACK)

    def invoke(self, arg, from_tty):
        l = Layout()
        arg = arg.strip()
        if arg == "":
            raise gdb.GdbError("which task? gonet bt 1.5, or gonet bt all")
        unwinder.look_at(None)
        for t in list(tasks(l)) if arg == "all" else [find(l, arg)]:
            backtrace(t)


class Look(gdb.Command):
    """gonet task TASK: look at a task with up, down, bt, info locals; gonet thread ends it."""

    def __init__(self):
        super().__init__("gonet task", gdb.COMMAND_STACK)

    def invoke(self, arg, from_tty):
        t = find(Layout(), arg.strip())
        if t.running:
            raise gdb.GdbError("task %s is running: look at its thread" % t.name)
        registers = t.registers() if t.entered else None
        if registers is None:
            raise gdb.GdbError("task %s has no registers to look at" % t.name)
        unwinder.look_at(registers)
        gdb.newest_frame().older().select()
        gdb.execute("frame")


class Thread(gdb.Command):
    """gonet thread: look at the threads again, after gonet task."""

    def __init__(self):
        super().__init__("gonet thread", gdb.COMMAND_STACK)

    def invoke(self, arg, from_tty):
        unwinder.look_at(None)
        gdb.newest_frame().select()


Gonet()
Tasks()
Backtrace()
Look()
Thread()
