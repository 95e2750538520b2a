# free_campaign.py: `ftfuzz cpython free`: generated programs in a long-lived
# worker, and in turn with it one process for each, to see what that brings.

import os
import subprocess
import time

from engine import Schedule
from findings import Finding
from free import Worker, alone

AT_ONCE = 8


class FreeCampaign:
    def __init__(self, interpreter, generator, suppressions, findings, seconds,
                 repeat):
        self.worker = Worker(interpreter, suppressions)
        self.generator = generator
        self.findings = findings
        self.seconds = seconds
        self.repeat = repeat
        self.signatures = {}
        self.programs = 0

    def some_programs(self):
        programs = [self.generator.next() for _ in range(AT_ONCE)]
        self.programs += AT_ONCE
        for program, failures in zip(programs,
                                     self.worker.run(programs, self.repeat)):
            self.note(program, failures)

    def note(self, program, failures):
        new = 0
        for failure in failures:
            count = self.signatures.get(failure.signature, 0)
            self.signatures[failure.signature] = count + 1
            if count == 0:
                new += 1
                self.save(program, failure)
        self.generator.learn(program, new)

    def save(self, program, failure):
        finding = Finding.make(self.findings, program, program.text(),
                               Schedule(), {"races": True, "plain": False},
                               failure, {})
        finding.save()
        print("NEW %s  %s" % (failure.signature, finding.folder), flush=True)

    def run(self, part):
        """part: this part of the time goes to processes of one program each,
        in turn with the worker: what else the machine does then costs both the
        same."""
        os.makedirs(self.findings, exist_ok=True)
        worker, single = Spent(), Spent()
        start = time.monotonic()
        while time.monotonic() - start < self.seconds:
            if single.seconds < part * (time.monotonic() - start):
                with single:
                    self.one_process()
            else:
                with worker:
                    self.some_programs()
        worker.times = self.programs
        worker.processor += self.worker.processor_seconds()
        self.worker.stop()
        print("%d programs, %d runs of them, in %.0f s, %.0f of the processor: "
              "%.1f programs a minute, %d signatures, %d workers" % (
                  self.programs, self.programs * self.repeat, worker.seconds,
                  worker.processor, 60 * worker.times / worker.seconds,
                  len(self.signatures), self.worker.starts), flush=True)
        if single.times > 0:
            self.compare(worker, single)

    def compare(self, worker, single):
        print("one process each: %d programs in %.0f s, %.0f of the processor: "
              "%.1f a minute" % (single.times, single.seconds, single.processor,
                                 60 * single.times / single.seconds))
        programs = worker.times / single.times
        seconds = worker.seconds / single.seconds
        processor = worker.processor / single.processor
        print("the worker executes programs %.1f times as often (%.1f by time "
              "of the processor), %.1f (%.1f) times as many different ones" % (
                  self.repeat * programs / seconds,
                  self.repeat * programs / processor,
                  programs / seconds, programs / processor))

    def one_process(self):
        """The same for a process of its own, of the same generator."""
        text = self.generator.next().text()
        try:
            alone(self.worker.program, text, self.worker.suppressions)
        except subprocess.TimeoutExpired:
            pass


class Spent:
    """Time on the wall, and of the processor by children that have ended."""

    def __init__(self):
        self.times = 0
        self.seconds = self.processor = 0.0

    def __enter__(self):
        self.seconds -= time.monotonic()
        self.processor -= processor_seconds()

    def __exit__(self, *args):
        self.times += 1
        self.seconds += time.monotonic()
        self.processor += processor_seconds()


def processor_seconds():
    times = os.times()
    return times.children_user + times.children_system
