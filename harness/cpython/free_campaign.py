# free_campaign.py: `ftfuzz cpython free`: generated programs in a long-lived
# worker, and the same beside one process for each, to see what that brings.

import os
import subprocess
import time

from engine import Schedule
from findings import Finding
from free import Ended, Worker, alone


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

    def one_program(self):
        program = self.generator.next()
        self.programs += 1
        try:
            failures = self.worker.run(self.programs, program, self.repeat)
        except Ended as ended:
            failures = ended.failures
        new = 0
        for failure in failures:
            count = self.signatures.get(failure.signature, 0)
            self.signatures[failure.signature] = count + 1
            if count == 0:
                new += 1
                self.save(program, failure)
        self.generator.learn(new)

    def save(self, program, failure):
        finding = Finding.make(self.findings, program, program.text(),
                               Schedule(), {"races": True, "plain": False},
                               failure, {})
        finding.save()
        print("NEW %s  %s" % (failure.signature, finding.folder), flush=True)

    def run(self):
        """Programs a second, and a second of the processor."""
        os.makedirs(self.findings, exist_ok=True)
        start, processor = time.monotonic(), processor_seconds()
        while time.monotonic() - start < self.seconds:
            self.one_program()
        self.worker.stop()
        seconds = time.monotonic() - start
        processor = processor_seconds() - processor
        print("%d programs, %d runs of them, in %.0f s, %.0f of the processor: "
              "%.1f programs a minute, %d signatures, %d workers" % (
                  self.programs, self.programs * self.repeat, seconds,
                  processor, 60 * self.programs / seconds,
                  len(self.signatures), self.worker.starts), flush=True)
        return self.programs / seconds, self.programs / processor

    def beside_processes(self, seconds):
        """The same for one process each, for programs of the same generator."""
        programs = 0
        start, processor = time.monotonic(), processor_seconds()
        while time.monotonic() - start < seconds:
            text = self.generator.next().text()
            try:
                alone(self.worker.program, text, self.worker.suppressions)
            except subprocess.TimeoutExpired:
                pass
            programs += 1
        return (programs / (time.monotonic() - start),
                programs / (processor_seconds() - processor))


def processor_seconds():
    """Of children that have ended."""
    times = os.times()
    return times.children_user + times.children_system
